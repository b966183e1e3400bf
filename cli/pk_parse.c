/* SPDX-License-Identifier: Apache-2.0 */
/*
 * P-256 keys and signatures out of bytes and into DER, by OpenSSL; see
 * pk_parse.h. No file and no message here: fuzz/cli_keys.c feeds it noise.
 */
#include "pk_parse.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "halfdollar/base.h"
#include "parse.h"

/* ------------------------------------------------------------ public keys */

static EVP_PKEY *key_from_xy(const uint8_t pub[PK_PUBLIC])
{
    uint8_t point[1 + PK_PUBLIC] = {4};
    char group[] = "P-256";
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

    memcpy(point + 1, pub, PK_PUBLIC);
    OSSL_PARAM params[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group,
                                             0),
            OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point,
                                              sizeof point),
            OSSL_PARAM_construct_end(),
    };
    if (!ctx || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    return key;
}

bool public_key_is_valid(const uint8_t pub[PK_PUBLIC])
{
    EVP_PKEY *key = key_from_xy(pub);
    EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    bool valid = ctx && EVP_PKEY_public_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    return valid;
}

static bool is_p256(EVP_PKEY *key)
{
    char group[32];

    return EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
           strcmp(group, SN_X9_62_prime256v1) == 0;
}

static bool xy_from_key(EVP_PKEY *key, uint8_t pub[PK_PUBLIC])
{
    uint8_t point[1 + PK_PUBLIC];
    size_t len = 0;

    /* A compressed point in the file is expanded by asking for this form. */
    if (!is_p256(key) ||
        EVP_PKEY_set_utf8_string_param(
                key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                "uncompressed") != 1 ||
        EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point,
                                        sizeof point, &len) != 1 ||
        len != sizeof point || point[0] != 4) {
        return false;
    }
    memcpy(pub, point + 1, PK_PUBLIC);
    return true;
}

/* NULL if the bytes are neither a PEM key, a PEM certificate nor DER. */
static EVP_PKEY *standard_public(const uint8_t *bytes, size_t len)
{
    BIO *bio = BIO_new_mem_buf(bytes, (int)len);
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;

    if (bio && !key && BIO_reset(bio) == 1) {
        X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        key = cert ? X509_get_pubkey(cert) : NULL;
        X509_free(cert);
    }
    BIO_free(bio);
    if (!key) {
        const uint8_t *at = bytes;
        key = d2i_PUBKEY(NULL, &at, (long)len);
    }
    return key;
}

/* X||Y raw or in hex, with or without 04 in front. */
static bool parse_point(const uint8_t *text, size_t text_len,
                        uint8_t pub[PK_PUBLIC])
{
    uint8_t bytes[1 + PK_PUBLIC];
    size_t len = text_len;

    if (len == PK_PUBLIC || len == sizeof bytes) {
        memcpy(bytes, text, len);
    } else if (!parse_hex((const char *)text, text_len, bytes, sizeof bytes,
                          &len)) {
        return false;
    }
    if (len == sizeof bytes && bytes[0] == 4) {
        memcpy(pub, bytes + 1, PK_PUBLIC);
        return true;
    }
    memcpy(pub, bytes, PK_PUBLIC);
    return len == PK_PUBLIC;
}

enum pk_parsed parse_public_key(const uint8_t *bytes, size_t len,
                                uint8_t pub[PK_PUBLIC])
{
    bool known = parse_point(bytes, len, pub);

    if (!known) {
        EVP_PKEY *key = standard_public(bytes, len);
        known = key && xy_from_key(key, pub);
        EVP_PKEY_free(key);
    }
    if (!known) {
        return PK_UNKNOWN;
    }
    return public_key_is_valid(pub) ? PK_GOOD : PK_OFF_CURVE;
}

size_t public_key_der(const uint8_t pub[PK_PUBLIC], uint8_t der[PK_DER_MAX])
{
    EVP_PKEY *key = key_from_xy(pub);
    int len = key ? i2d_PUBKEY(key, NULL) : 0;

    if (len > 0 && len <= PK_DER_MAX) {
        uint8_t *at = der;
        len = i2d_PUBKEY(key, &at);
    } else {
        len = 0;
    }
    EVP_PKEY_free(key);
    return len > 0 ? (size_t)len : 0;
}

void public_key_store(const uint8_t pub[PK_PUBLIC], uint8_t slot[PK_STORED])
{
    memset(slot, 0, PK_STORED);
    memcpy(slot + 4, pub, 32);
    memcpy(slot + 40, pub + 32, 32);
}

bool public_key_stored(const uint8_t slot[PK_STORED], uint8_t pub[PK_PUBLIC])
{
    memcpy(pub, slot + 4, 32);
    memcpy(pub + 32, slot + 40, 32);
    /* The upper half of byte 0 says whether the key was validated. */
    return (slot[0] & 0x0F) == 0 && !slot[1] && !slot[2] && !slot[3] &&
           !slot[36] && !slot[37] && !slot[38] && !slot[39] &&
           public_key_is_valid(pub);
}

/* ----------------------------------------------------------- private keys */

static bool d_from_key(EVP_PKEY *key, uint8_t d[32])
{
    BIGNUM *number = NULL;
    bool done = is_p256(key) &&
                EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) ==
                        1 &&
                BN_bn2binpad(number, d, 32) == 32;

    BN_clear_free(number);
    return done;
}

/* An encrypted file would make OpenSSL ask the terminal; we say so instead. */
static int no_password(char *text, int size, int writing, void *ctx)
{
    (void)text;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

static EVP_PKEY *standard_private(const uint8_t *bytes, size_t len)
{
    BIO *bio = BIO_new_mem_buf(bytes, (int)len);
    EVP_PKEY *key =
            bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;

    BIO_free(bio);
    if (!key) {
        const uint8_t *at = bytes;
        key = d2i_AutoPrivateKey(NULL, &at, (long)len);
    }
    return key;
}

bool parse_private_key(const uint8_t *bytes, size_t len, uint8_t d[32])
{
    size_t got = 0;
    bool known = len == 32;

    if (known) {
        memcpy(d, bytes, 32);
    } else if (parse_hex((const char *)bytes, len, d, 32, &got)) {
        known = got == 32;
    } else {
        EVP_PKEY *key = standard_private(bytes, len);
        known = key && d_from_key(key, d);
        EVP_PKEY_free(key);
    }
    if (!known) {
        hd_wipe(d, 32);
    }
    return known;
}

/* ------------------------------------------------------------- signatures */

size_t signature_der(const uint8_t sig[PK_SIGNATURE], uint8_t der[PK_DER_MAX])
{
    ECDSA_SIG *parts = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(sig, 32, NULL);
    BIGNUM *s = BN_bin2bn(sig + 32, 32, NULL);
    uint8_t *at = der;
    int len = 0;

    if (parts && r && s && ECDSA_SIG_set0(parts, r, s) == 1) {
        len = i2d_ECDSA_SIG(parts, &at); /* at most 72 bytes */
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(parts);
    return len > 0 ? (size_t)len : 0;
}

/* False if it is not DER to the last byte, or R or S have over 256 bits. */
static bool signature_from_der(const uint8_t *der, size_t len,
                               uint8_t sig[PK_SIGNATURE])
{
    const uint8_t *at = der;
    ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &at, (long)len);
    bool done = parts && at == der + len &&
                !BN_is_negative(ECDSA_SIG_get0_r(parts)) &&
                !BN_is_negative(ECDSA_SIG_get0_s(parts)) &&
                BN_bn2binpad(ECDSA_SIG_get0_r(parts), sig, 32) == 32 &&
                BN_bn2binpad(ECDSA_SIG_get0_s(parts), sig + 32, 32) == 32;

    ECDSA_SIG_free(parts);
    return done;
}

static bool signature_from(const uint8_t *bytes, size_t len,
                           uint8_t sig[PK_SIGNATURE])
{
    /* DER of 64 bytes exists (short R and S), and begins with 30 3E. */
    if (signature_from_der(bytes, len, sig)) {
        return true;
    }
    if (len == PK_SIGNATURE) {
        memcpy(sig, bytes, PK_SIGNATURE);
        return true;
    }
    return false;
}

bool parse_signature(const uint8_t *bytes, size_t len,
                     uint8_t sig[PK_SIGNATURE])
{
    uint8_t unhexed[PK_DER_MAX];
    size_t got = 0;

    return signature_from(bytes, len, sig) ||
           (parse_hex((const char *)bytes, len, unhexed, sizeof unhexed,
                      &got) &&
            signature_from(unhexed, got, sig));
}
