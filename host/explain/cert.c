/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate and its chip. See cert.h. */
#include "explain/cert.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include "halfdollar/chip.h"
#include "halfdollar/err.h"

#define CHAIN_MAX    16
#define SOON_DAYS    30
#define CLOCK_UNSET  1577836800 /* 2020: no clock that was set is before */
#define POINT        65         /* 04, X, Y */
#define KEYTYPE_P256 4
#define IS_SECRET    0x80
#define ENCRYPT_READ 0x40
#define LIMITED_USE  0x20

struct papers {
    STACK_OF(X509) * chain; /* the device's first */
    STACK_OF(X509) * anchors;
    struct hd_doctor *d;
    struct hd_chip *chip; /* NULL: it did not answer */
    time_t now;
};

__attribute__((format(printf, 4, 5))) static void
find(struct papers *p, enum hd_cert_check check,
     enum hd_finding_verdict verdict, const char *format, ...)
{
    struct hd_finding *f = &p->d->cert[check];
    va_list args;

    f->verdict = (uint8_t)verdict;
    va_start(args, format);
    (void)vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
}

static X509 *leaf_of(const struct papers *p)
{
    return sk_X509_value(p->chain, 0);
}

/* ----------------------------------------------------------------- reading */

static bool keep(STACK_OF(X509) * all, X509 *one)
{
    if (one != NULL && sk_X509_num(all) < CHAIN_MAX &&
        sk_X509_push(all, one) > 0) {
        return true;
    }
    X509_free(one);
    return false;
}

/* All certificates of a file; NULL: there is none. */
static STACK_OF(X509) * read_all(const uint8_t *bytes, size_t len)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    BIO *in = len <= INT32_MAX ? BIO_new_mem_buf(bytes, (int)len) : NULL;

    if (in == NULL || all == NULL) {
        BIO_free(in);
        sk_X509_pop_free(all, X509_free);
        return NULL;
    }
    if (len > 0 && bytes[0] == 0x30) {
        (void)keep(all, d2i_X509_bio(in, NULL));
    } else {
        while (keep(all, PEM_read_bio_X509(in, NULL, NULL, NULL))) {
        }
    }
    BIO_free(in);
    ERR_clear_error();
    if (sk_X509_num(all) == 0) {
        sk_X509_pop_free(all, X509_free);
        return NULL;
    }
    return all;
}

/* ------------------------------------------------------------- what it is */

/* X and Y of a P-256 key. */
static bool point_of(X509 *cert, uint8_t xy[64])
{
    EVP_PKEY *key = X509_get0_pubkey(cert);
    uint8_t point[POINT];
    char group[32] = "";
    size_t len = 0;

    if (key == NULL ||
        EVP_PKEY_get_group_name(key, group, sizeof group, NULL) != 1 ||
        strcmp(group, "prime256v1") != 0 ||
        EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, NULL, 0,
                                        &len) != 1) {
        return false;
    }
    (void)EVP_PKEY_set_utf8_string_param(
            key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed");
    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
                                        sizeof point, &len) != 1 ||
        len != POINT) {
        return false;
    }
    memcpy(xy, point + 1, 64);
    return true;
}

static void check_form(struct papers *p)
{
    X509 *cert = leaf_of(p);
    uint8_t xy[64];
    int md = 0;

    if (!point_of(cert, xy)) {
        find(p, HD_CERT_FORM, HD_FINDING_BAD,
             "its key is not of curve P-256: no key of this chip can be the "
             "one; request it with a key of the chip (docs/openssl.md)");
        return;
    }
    if (X509_get_signature_info(cert, &md, NULL, NULL, NULL) != 1 ||
        md == NID_md5 || md == NID_sha1) {
        find(p, HD_CERT_FORM, HD_FINDING_BAD,
             "it is signed with an unknown or broken digest; let the authority "
             "sign with SHA-256");
        return;
    }
    if (X509_get_version(cert) != X509_VERSION_3) {
        find(p, HD_CERT_FORM, HD_FINDING_WARNING,
             "it is of version %ld, without extensions: brokers may refuse it",
             X509_get_version(cert) + 1);
        return;
    }
    find(p, HD_CERT_FORM, HD_FINDING_GOOD, "version 3, key of curve P-256, %s",
         OBJ_nid2sn(md));
}

static void check_use(struct papers *p)
{
    X509 *cert = leaf_of(p);

    if (X509_check_ca(cert) != 0) {
        find(p, HD_CERT_USE, HD_FINDING_BAD,
             "it is a certificate of an authority: whoever uses the device's "
             "key can issue others; let it be CA:FALSE");
    } else if ((X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE) == 0) {
        find(p, HD_CERT_USE, HD_FINDING_BAD,
             "its keyUsage lacks digitalSignature, which TLS with this key "
             "needs");
    } else if (X509_check_purpose(cert, X509_PURPOSE_SSL_CLIENT, 0) != 1) {
        find(p, HD_CERT_USE, HD_FINDING_BAD,
             "its extendedKeyUsage lacks clientAuth: servers refuse it");
    } else if ((X509_get_extension_flags(cert) & EXFLAG_XKUSAGE) == 0) {
        find(p, HD_CERT_USE, HD_FINDING_GOOD,
             "a TLS client may use it (it says nothing of extendedKeyUsage, so "
             "a server may, too)");
    } else {
        find(p, HD_CERT_USE, HD_FINDING_GOOD, "a TLS client may use it");
    }
}

/* -------------------------------------------------------------- its dates */

/* Days from now to t; the end of all time is far away. */
static bool days_to(const struct papers *p, const ASN1_TIME *t, int *days,
                    int *seconds)
{
    ASN1_TIME *now = ASN1_TIME_set(NULL, p->now);
    const bool ok = now != NULL && ASN1_TIME_diff(days, seconds, now, t) == 1;

    ASN1_TIME_free(now);
    return ok;
}

/* The one of the chain that ends first. */
static X509 *first_to_end(const struct papers *p)
{
    X509 *first = leaf_of(p);

    for (int i = 1; i < sk_X509_num(p->chain); i++) {
        X509 *other = sk_X509_value(p->chain, i);

        if (ASN1_TIME_compare(X509_get0_notAfter(other),
                              X509_get0_notAfter(first)) < 0) {
            first = other;
        }
    }
    return first;
}

static void judge_end(struct papers *p, X509 *cert, int days)
{
    const char *whose =
            cert == leaf_of(p) ? "it" : "a certificate of its chain";
    const bool endless = strcmp((const char *)ASN1_STRING_get0_data(
                                        X509_get0_notAfter(cert)),
                                "99991231235959Z") == 0;

    if (endless) {
        find(p, HD_CERT_DATES, HD_FINDING_GOOD, "in force, and has no end");
    } else if (days < SOON_DAYS) {
        find(p, HD_CERT_DATES, HD_FINDING_WARNING,
             "%s ends in %d days: renew it now", whose, days);
    } else {
        find(p, HD_CERT_DATES, HD_FINDING_GOOD, "in force; %s ends in %d days",
             whose, days);
    }
}

static void check_dates(struct papers *p)
{
    X509 *first = first_to_end(p);
    int days = 0, seconds = 0, since = 0, since_seconds = 0;

    if (p->now < CLOCK_UNSET) {
        find(p, HD_CERT_DATES, HD_FINDING_SKIPPED,
             "the clock of this machine is not set");
    } else if (!days_to(p, X509_get0_notAfter(first), &days, &seconds) ||
               !days_to(p, X509_get0_notBefore(leaf_of(p)), &since,
                        &since_seconds)) {
        find(p, HD_CERT_DATES, HD_FINDING_BAD, "its dates are no dates");
    } else if (since > 0 || since_seconds > 0) {
        find(p, HD_CERT_DATES, HD_FINDING_BAD,
             "it begins in %d days: is this machine's clock right, and was the "
             "authority's?",
             since);
    } else if (days < 0 || seconds < 0) {
        find(p, HD_CERT_DATES, HD_FINDING_BAD,
             "%s ended %d days ago: servers refuse it; a device without a "
             "clock does not notice",
             first == leaf_of(p) ? "it" : "a certificate of its chain", -days);
    } else {
        judge_end(p, first, days);
    }
}

/* ------------------------------------------------------------- its signers */

/* 0 or what is wrong with the way from the device to an anchor. */
static int chain_error(struct papers *p, STACK_OF(X509) * anchors)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int err = X509_V_ERR_OUT_OF_MEM;

    if (store != NULL && ctx != NULL) {
        for (int i = 0; i < sk_X509_num(anchors); i++) {
            (void)X509_STORE_add_cert(store, sk_X509_value(anchors, i));
        }
        /* Dates have a line of their own. */
        (void)X509_STORE_set_flags(store, X509_V_FLAG_NO_CHECK_TIME |
                                                  X509_V_FLAG_PARTIAL_CHAIN);
        if (X509_STORE_CTX_init(ctx, store, leaf_of(p), p->chain) == 1) {
            err = X509_verify_cert(ctx) == 1 ? X509_V_OK
                                             : X509_STORE_CTX_get_error(ctx);
        }
    }
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    ERR_clear_error();
    return err;
}

static void check_own_chain(struct papers *p)
{
    const int count = sk_X509_num(p->chain);
    STACK_OF(X509) *last = sk_X509_new_null();
    int err;

    if (count == 1) {
        sk_X509_free(last);
        find(p, HD_CERT_CHAIN, HD_FINDING_SKIPPED,
             "who signed it was not given: --ca FILE");
        return;
    }
    if (last != NULL) {
        (void)sk_X509_push(last, sk_X509_value(p->chain, count - 1));
    }
    err = last != NULL ? chain_error(p, last) : X509_V_ERR_OUT_OF_MEM;
    sk_X509_free(last);
    if (err != X509_V_OK) {
        find(p, HD_CERT_CHAIN, HD_FINDING_BAD,
             "it does not lead to the last certificate of its file: %s",
             X509_verify_cert_error_string(err));
        return;
    }
    find(p, HD_CERT_CHAIN, HD_FINDING_GOOD,
         "signed up to the last of the %d certificates; --ca FILE would say "
         "whether that is the right one",
         count);
}

static void check_chain(struct papers *p)
{
    int err;

    if (X509_self_signed(leaf_of(p), 0) == 1) {
        find(p, HD_CERT_CHAIN, HD_FINDING_BAD,
             "it is signed by its own key: nobody vouches for it");
        return;
    }
    if (p->anchors == NULL) {
        check_own_chain(p);
        return;
    }
    err = chain_error(p, p->anchors);
    if (err != X509_V_OK) {
        find(p, HD_CERT_CHAIN, HD_FINDING_BAD,
             "it does not lead to the authority: %s; is a certificate between "
             "them missing in its file?",
             X509_verify_cert_error_string(err));
        return;
    }
    find(p, HD_CERT_CHAIN, HD_FINDING_GOOD, "signed up to the authority");
}

/* The certificate of the key that signed the device's; NULL: not given. */
static X509 *signer_of(const struct papers *p)
{
    STACK_OF(X509) *const sets[] = {p->chain, p->anchors};

    for (size_t set = 0; set < 2; set++) {
        for (int i = 0; sets[set] && i < sk_X509_num(sets[set]); i++) {
            X509 *other = sk_X509_value(sets[set], i);
            EVP_PKEY *key = X509_get0_pubkey(other);

            if (other != leaf_of(p) && key != NULL &&
                X509_verify(leaf_of(p), key) == 1) {
                return other;
            }
        }
    }
    ERR_clear_error();
    return NULL;
}

/* ---------------------------------------------------------------- its chip */

static uint8_t key_type(const struct hd_doctor *d, unsigned slot)
{
    return d->config[96 + 2 * slot] >> 2 & 7;
}

static bool is_private(const struct hd_doctor *d, unsigned slot)
{
    return (d->config[96 + 2 * slot] & 1) != 0;
}

static bool in_clear(const struct hd_doctor *d, unsigned slot)
{
    return !is_private(d, slot) &&
           (d->config[20 + 2 * slot] & (IS_SECRET | ENCRYPT_READ)) == 0;
}

/* Can the chip be asked at all? */
static bool is_askable(struct papers *p, enum hd_cert_check check,
                       unsigned lock)
{
    if (p->chip == NULL || !p->d->has_config) {
        find(p, check, HD_FINDING_SKIPPED, "the chip does not answer");
        return false;
    }
    if (p->d->config[lock] == 0x55) {
        find(p, check, HD_FINDING_SKIPPED,
             "the chip does not tell before its %s locked",
             lock == 87 ? "configuration is" : "data zone is");
        return false;
    }
    return true;
}

static void check_key(struct papers *p)
{
    uint8_t wanted[64], got[64];
    unsigned asked = 0, silent = 0;

    if (!is_askable(p, HD_CERT_KEY, 87)) {
        return;
    }
    if (!point_of(leaf_of(p), wanted)) {
        find(p, HD_CERT_KEY, HD_FINDING_BAD, "it is not of curve P-256");
        return;
    }
    for (unsigned slot = 0; slot < 16; slot++) {
        if (!is_private(p->d, slot) || key_type(p->d, slot) != KEYTYPE_P256) {
            continue;
        }
        /* Asking a limited key could cost it a use. */
        if ((p->d->config[20 + 2 * slot] & LIMITED_USE) != 0 ||
            hd_chip_pubkey(p->chip, (uint16_t)slot, got) != HD_OK) {
            silent++;
            continue;
        }
        asked++;
        if (memcmp(got, wanted, sizeof got) == 0) {
            find(p, HD_CERT_KEY, HD_FINDING_GOOD,
                 "slot %u holds its private key", slot);
            return;
        }
    }
    find(p, HD_CERT_KEY, silent ? HD_FINDING_WARNING : HD_FINDING_BAD,
         "none of %u private keys is its key%s: it belongs to another chip, or "
         "the key was made anew since; request a new one",
         asked, silent ? " (others do not tell their public key)" : "");
}

typedef bool slot_holds_fn(const uint8_t *slot, const uint8_t *wanted);

static bool holds_digest(const uint8_t *slot, const uint8_t *wanted)
{
    return memcmp(slot, wanted, SHA256_DIGEST_LENGTH) == 0;
}

/* The stored form: four bytes of padding before X and before Y. */
static bool holds_key(const uint8_t *slot, const uint8_t *wanted)
{
    return memcmp(slot + 4, wanted, 32) == 0 &&
           memcmp(slot + 40, wanted + 32, 32) == 0;
}

/* The first readable slot of that size that holds it; -1: none. */
static int slot_with(struct papers *p, size_t size, slot_holds_fn *holds,
                     const uint8_t *wanted)
{
    uint8_t got[72];

    for (unsigned slot = size > 36 ? 8 : 0; slot < 16; slot++) {
        if (in_clear(p->d, slot) &&
            hd_chip_read(p->chip, HD_ZONE_DATA, (uint16_t)slot, 0, got, size) ==
                    HD_OK &&
            holds(got, wanted)) {
            return (int)slot;
        }
    }
    return -1;
}

static int digest_slot(struct papers *p, X509 *cert)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];
    unsigned len = sizeof digest;

    return cert != NULL && X509_digest(cert, EVP_sha256(), digest, &len) == 1
                   ? slot_with(p, sizeof digest, holds_digest, digest)
                   : -1;
}

static void check_stored(struct papers *p)
{
    if (!is_askable(p, HD_CERT_STORED, 86)) {
        return;
    }
    const int own = digest_slot(p, leaf_of(p));
    const int signer = digest_slot(p, signer_of(p));

    if (own < 0) {
        find(p, HD_CERT_STORED, HD_FINDING_SKIPPED,
             "no slot begins with its SHA-256: this chip keeps it in another "
             "way, or not at all");
    } else if (signer < 0) {
        find(p, HD_CERT_STORED, HD_FINDING_GOOD, "slot %d holds its SHA-256",
             own);
    } else {
        find(p, HD_CERT_STORED, HD_FINDING_GOOD,
             "slot %d holds its SHA-256, slot %d that of its signer", own,
             signer);
    }
}

static void check_signer(struct papers *p)
{
    X509 *signer = signer_of(p);
    uint8_t xy[64];

    if (!is_askable(p, HD_CERT_SIGNER, 86)) {
        return;
    }
    if (signer == NULL || !point_of(signer, xy)) {
        find(p, HD_CERT_SIGNER, HD_FINDING_SKIPPED,
             "no signer with a key of curve P-256 was given");
        return;
    }
    const int slot = slot_with(p, 72, holds_key, xy);

    if (slot < 0) {
        find(p, HD_CERT_SIGNER, HD_FINDING_SKIPPED,
             "no slot holds its signer's public key");
        return;
    }
    find(p, HD_CERT_SIGNER, HD_FINDING_GOOD,
         "slot %d holds its signer's public key", slot);
}

/* -------------------------------------------------------------------- all */

static void examine(struct papers *p)
{
    static void (*const checks[])(struct papers * p) = {
            check_form, check_key,    check_chain, check_dates,
            check_use,  check_stored, check_signer};

    p->d->has_cert = true;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        checks[i](p);
    }
}

int hd_doctor_certificate(struct hd_doctor *d, const struct hd_cert_files *f,
                          const struct hd_bus *bus, void *ctx,
                          const struct hd_crypto *crypto, const char **why)
{
    struct papers p = {.d = d, .now = f->now};
    struct hd_chip chip;

    p.chain = read_all(f->cert, f->cert_len);
    p.anchors = f->ca != NULL ? read_all(f->ca, f->ca_len) : NULL;
    *why = p.chain == NULL ? "there is no certificate in it (PEM or DER)"
                           : "the authority's file holds no certificate";
    const bool readable = p.chain && (f->ca == NULL || p.anchors);

    if (readable) {
        const int err = hd_chip_open(&chip, bus, ctx, crypto);

        p.chip = err == HD_OK ? &chip : NULL;
        examine(&p);
        hd_chip_close(&chip);
    }
    sk_X509_pop_free(p.chain, X509_free);
    sk_X509_pop_free(p.anchors, X509_free);
    return readable ? HD_OK : HD_ERR_FORMAT;
}
