/* SPDX-License-Identifier: Apache-2.0 */
/* The attacker's own arithmetic: OpenSSL, never the virtual chip's code. */
#include <stdio.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

#include "inner.h"

void a_sha256(const void *data, size_t len, uint8_t digest[32])
{
    (void)EVP_Digest(data, len, digest, NULL, EVP_sha256(), NULL);
}

void a_hmac(const uint8_t key[32], const void *data, size_t len,
            uint8_t mac[32])
{
    unsigned size = 32;

    (void)HMAC(EVP_sha256(), key, 32, data, len, mac, &size);
}

/* docs/chip part 2, section 1: data bits least significant first. */
uint16_t a_crc(const uint8_t *data, size_t len)
{
    unsigned crc = 0;

    for (size_t i = 0; i < 8 * len; i++) {
        unsigned bit = (unsigned)data[i / 8] >> i % 8 & 1U;
        unsigned top = crc >> 15;

        crc = crc << 1 & 0xFFFF;
        crc ^= top != bit ? 0x8005U : 0;
    }
    return (uint16_t)crc;
}

/* ------------------------------------------------------------------ P-256 */

static OSSL_PARAM *describe(const BIGNUM *d, const uint8_t xy[64])
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    uint8_t point[65] = {0x04};
    OSSL_PARAM *params = NULL;

    memcpy(point + 1, xy, 64);
    if (build &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
                                        "prime256v1", 0) &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
                                         sizeof point) &&
        (!d || OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, d))) {
        params = OSSL_PARAM_BLD_to_param(build);
    }
    OSSL_PARAM_BLD_free(build);
    return params;
}

/* d: NULL for a public key. NULL if it is no key. */
static EVP_PKEY *make_key(const uint8_t *d, const uint8_t xy[64])
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    BIGNUM *number = d ? BN_bin2bn(d, 32, NULL) : NULL;
    OSSL_PARAM *params = describe(number, xy);
    EVP_PKEY *key = NULL;

    if (ctx && params && EVP_PKEY_fromdata_init(ctx) == 1) {
        (void)EVP_PKEY_fromdata(
                ctx, &key, d ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params);
    }
    OSSL_PARAM_free(params);
    BN_clear_free(number);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

bool a_public(const uint8_t d[32], uint8_t xy[64])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = EC_POINT_new(group);
    BIGNUM *number = BN_bin2bn(d, 32, NULL);
    uint8_t out[65];
    bool good = EC_POINT_mul(group, point, number, NULL, NULL, NULL) == 1 &&
                EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED,
                                   out, sizeof out, NULL) == sizeof out;

    if (good) {
        memcpy(xy, out + 1, 64);
    }
    BN_clear_free(number);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return good;
}

void a_key(unsigned n, uint8_t d[32], uint8_t xy[64])
{
    char seed[32];

    (void)snprintf(seed, sizeof seed, "attack key %u", n);
    a_sha256(seed, strlen(seed), d);
    d[0] &= 0x7F; /* below the order */
    (void)a_public(d, xy);
}

bool a_sign(const uint8_t d[32], const uint8_t digest[32], uint8_t rs[64])
{
    uint8_t xy[64], der[80];
    const uint8_t *p = der;
    size_t len = sizeof der;
    EVP_PKEY *key = a_public(d, xy) ? make_key(d, xy) : NULL;
    EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    ECDSA_SIG *sig = NULL;
    bool good = false;

    if (ctx && EVP_PKEY_sign_init(ctx) == 1 &&
        EVP_PKEY_sign(ctx, der, &len, digest, 32) == 1) {
        sig = d2i_ECDSA_SIG(NULL, &p, (long)len);
    }
    if (sig) {
        good = BN_bn2binpad(ECDSA_SIG_get0_r(sig), rs, 32) == 32 &&
               BN_bn2binpad(ECDSA_SIG_get0_s(sig), rs + 32, 32) == 32;
    }
    ECDSA_SIG_free(sig);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    return good;
}

bool a_verify(const uint8_t xy[64], const uint8_t digest[32],
              const uint8_t rs[64])
{
    EVP_PKEY *key = make_key(NULL, xy);
    EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    uint8_t *der = NULL;
    int len = 0;
    bool good = false;

    if (sig && ECDSA_SIG_set0(sig, BN_bin2bn(rs, 32, NULL),
                              BN_bin2bn(rs + 32, 32, NULL))) {
        len = i2d_ECDSA_SIG(sig, &der);
    }
    if (ctx && len > 0 && EVP_PKEY_verify_init(ctx) == 1) {
        good = EVP_PKEY_verify(ctx, der, (size_t)len, digest, 32) == 1;
    }
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    return good;
}

bool a_ecdh(const uint8_t d[32], const uint8_t peer[64], uint8_t secret[32])
{
    uint8_t xy[64];
    size_t len = 32;
    EVP_PKEY *mine = a_public(d, xy) ? make_key(d, xy) : NULL;
    EVP_PKEY *theirs = make_key(NULL, peer);
    EVP_PKEY_CTX *ctx = mine ? EVP_PKEY_CTX_new(mine, NULL) : NULL;
    bool good = ctx && theirs && EVP_PKEY_derive_init(ctx) == 1 &&
                EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
                EVP_PKEY_derive(ctx, secret, &len) == 1;

    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(theirs);
    EVP_PKEY_free(mine);
    return good;
}
