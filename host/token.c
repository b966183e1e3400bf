/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifies ES256 tokens: what a device with a key in its chip shows to a
 * broker. JSON by jansson, the signature by OpenSSL; here is only the
 * format, RFC 7515 section 3.1 and RFC 7518 section 3.4.
 */
#include "token.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/params.h>

struct part {
    const char *text;
    size_t len;
};

static int malformed(struct hd_token *t, const char *why)
{
    t->error = why;
    return HD_ERR_FORMAT;
}

/* ------------------------------------------------------------ base64url */

static int digit64(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* False if not canonical base64url. out has room for len bytes. */
static bool decode64(struct part p, uint8_t *out, size_t *out_len)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;
    for (size_t i = 0; i < p.len; i++) {
        int d = digit64(p.text[i]);
        if (d < 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)d;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[n++] = (uint8_t)(bits >> have);
            bits &= (1u << have) - 1;
        }
    }
    *out_len = n;
    return have < 6 && bits == 0;
}

/* ----------------------------------------------------------------- JSON */

static json_t *decode_object(struct part p)
{
    size_t len;
    uint8_t *text = malloc(p.len + 1);
    json_t *object = NULL;
    if (text != NULL && decode64(p, text, &len)) {
        object = json_loadb((const char *)text, len, JSON_REJECT_DUPLICATES,
                            NULL);
    }
    free(text);
    if (!json_is_object(object)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* A NumericDate; false if there is a member of another kind. */
static bool take_date(const json_t *claims, const char *name, bool *has,
                      int64_t *out)
{
    const json_t *value = json_object_get(claims, name);
    if (value == NULL) {
        return true;
    }
    double number = json_number_value(value);
    if (!json_is_number(value) || !(fabs(number) < 1e15)) {
        return false;
    }
    *has = true;
    *out = json_is_integer(value) ? json_integer_value(value)
                                  : (int64_t)floor(number);
    return true;
}

static int check_header(struct hd_token *t)
{
    const char *alg = json_string_value(json_object_get(t->header, "alg"));
    if (alg == NULL || strcmp(alg, "ES256") != 0) {
        return malformed(t, "its header does not say ES256, the only kind "
                            "that a key in this chip signs");
    }
    if (json_object_get(t->header, "crit") != NULL) {
        return malformed(t, "its header asks for extensions (\"crit\") that "
                            "this verifier does not know");
    }
    return HD_OK;
}

/* ------------------------------------------------------------ signature */

static EVP_PKEY *public_key(const uint8_t pub[64])
{
    uint8_t point[65] = {0x04};
    memcpy(point + 1, pub, 64);
    char group[] = "P-256";
    OSSL_PARAM params[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group,
                                             0),
            OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point,
                                              sizeof point),
            OSSL_PARAM_construct_end()};
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* R and S as the DER that OpenSSL takes; returns its length or -1. */
static int der_signature(const uint8_t raw[64], uint8_t **der)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, 32, NULL);
    BIGNUM *s = BN_bin2bn(raw + 32, 32, NULL);
    int len = -1;
    if (sig != NULL && r != NULL && s != NULL &&
        ECDSA_SIG_set0(sig, r, s) == 1) {
        r = NULL; /* owned by sig now */
        s = NULL;
        len = i2d_ECDSA_SIG(sig, der);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    return len;
}

static int verify_digest(struct hd_token *t, const uint8_t pub[64])
{
    EVP_PKEY *key = public_key(pub);
    if (key == NULL) {
        t->error = "the public key is not a point of P-256";
        return HD_ERR_ARG;
    }
    uint8_t *der = NULL;
    int der_len = der_signature(t->signature, &der);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    bool good = der_len > 0 && ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
                EVP_PKEY_verify(ctx, der, (size_t)der_len, t->digest,
                                sizeof t->digest) == 1;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    OPENSSL_free(der);
    if (!good) {
        t->error = "the signature was not made by this key over this text";
        return HD_ERR_SIGNATURE;
    }
    return HD_OK;
}

/* ------------------------------------------------------------- the whole */

static struct part trim(const char *text, size_t len)
{
    while (len > 0 && isspace((unsigned char)text[len - 1])) {
        len--;
    }
    while (len > 0 && isspace((unsigned char)text[0])) {
        text++;
        len--;
    }
    return (struct part){text, len};
}

/* header.claims.signature */
static bool split(struct part whole, struct part parts[3])
{
    for (int i = 0; i < 2; i++) {
        const char *dot = memchr(whole.text, '.', whole.len);
        if (dot == NULL) {
            return false;
        }
        size_t len = (size_t)(dot - whole.text);
        parts[i] = (struct part){whole.text, len};
        whole.text += len + 1;
        whole.len -= len + 1;
    }
    parts[2] = whole;
    return memchr(whole.text, '.', whole.len) == NULL;
}

static int parse(struct hd_token *t, const struct part parts[3])
{
    uint8_t signature[96];
    size_t len = 0;
    if (parts[2].len != 86 || !decode64(parts[2], signature, &len) ||
        len != 64) {
        return malformed(t, "its last part is not a signature of 64 bytes "
                            "in base64url");
    }
    memcpy(t->signature, signature, 64);
    t->header = decode_object(parts[0]);
    t->claims = decode_object(parts[1]);
    if (t->header == NULL || t->claims == NULL) {
        return malformed(t, "its first two parts are not JSON objects in "
                            "base64url");
    }
    if (!take_date(t->claims, "exp", &t->has_exp, &t->exp) ||
        !take_date(t->claims, "nbf", &t->has_nbf, &t->nbf) ||
        !take_date(t->claims, "iat", &t->has_iat, &t->iat)) {
        return malformed(t, "its exp, nbf or iat is not a number of seconds");
    }
    return check_header(t);
}

int hd_token_verify(struct hd_token *t, const char *text, size_t len,
                    const uint8_t pub[64])
{
    memset(t, 0, sizeof *t);
    struct part parts[3];
    struct part whole = trim(text, len);
    if (whole.len > HD_TOKEN_MAX) {
        return malformed(t, "longer than 16384 characters");
    }
    if (!split(whole, parts)) {
        return malformed(t, "not three parts with dots between them "
                            "(header.claims.signature)");
    }
    int err = parse(t, parts);
    if (err) {
        return err;
    }
    size_t signed_len = parts[0].len + 1 + parts[1].len;
    if (EVP_Digest(whole.text, signed_len, t->digest, NULL, EVP_sha256(),
                   NULL) != 1) {
        t->error = "SHA-256 is not available";
        return HD_ERR_PORT;
    }
    return verify_digest(t, pub);
}

void hd_token_free(struct hd_token *t)
{
    json_decref(t->header);
    json_decref(t->claims);
    memset(t, 0, sizeof *t);
}

enum hd_token_verdict hd_token_verdict(const struct hd_token *t, int64_t now)
{
    if (t->has_exp && now >= t->exp) {
        return HD_TOKEN_EXPIRED;
    }
    if (t->has_nbf && now < t->nbf) {
        return HD_TOKEN_TOO_EARLY;
    }
    return t->has_exp ? HD_TOKEN_GOOD : HD_TOKEN_UNDATED;
}
