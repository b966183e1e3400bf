/* SPDX-License-Identifier: Apache-2.0 */
/* The tests' own arithmetic: OpenSSL, and a checksum written from the text. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

#include "rig.h"

/* docs/chip part 2, 1: data bits least significant first, register not
 * reflected */
uint16_t test_crc(const uint8_t *data, size_t len)
{
    unsigned crc = 0;

    for (size_t i = 0; i < 8 * len; i++) {
        unsigned bit = (unsigned)data[i / 8] >> i % 8 & 1U;
        unsigned top = crc >> 15;

        crc = crc << 1 & 0xFFFF;
        if (top != bit) {
            crc ^= 0x8005;
        }
    }
    return (uint16_t)crc;
}

void test_sha256(const void *data, size_t len, uint8_t digest[32])
{
    assert_int_equal(EVP_Digest(data, len, digest, NULL, EVP_sha256(), NULL),
                     1);
}

void test_hmac(const void *key, size_t key_len, const void *data, size_t len,
               uint8_t mac[32])
{
    unsigned size = 32;

    assert_non_null(
            HMAC(EVP_sha256(), key, (int)key_len, data, len, mac, &size));
}

/* -------------------------------------------------------------- P-256 */

static EVP_PKEY *make_key(const uint8_t *d, const uint8_t xy[64])
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    BIGNUM *number = d == NULL ? NULL : BN_bin2bn(d, 32, NULL);
    uint8_t point[65] = {0x04};
    OSSL_PARAM *params;
    EVP_PKEY *key = NULL;

    memcpy(point + 1, xy, 64);
    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
                                    "prime256v1", 0);
    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 65);
    if (d != NULL) {
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number);
    }
    params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_fromdata_init(ctx);
    EVP_PKEY_fromdata(ctx, &key,
                      d != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                      params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    BN_free(number);
    return key;
}

void test_key(unsigned n, uint8_t d[32], uint8_t xy[64])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = EC_POINT_new(group);
    BIGNUM *number;
    uint8_t octets[65];

    test_sha256(&n, sizeof n, d);
    number = BN_bin2bn(d, 32, NULL);
    EC_POINT_mul(group, point, number, NULL, NULL, NULL);
    EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, octets,
                       sizeof octets, NULL);
    memcpy(xy, octets + 1, 64);
    BN_free(number);
    EC_POINT_free(point);
    EC_GROUP_free(group);
}

void test_sign(unsigned n, const uint8_t digest[32], uint8_t rs[64])
{
    uint8_t d[32], xy[64], der[80];
    const uint8_t *p = der;
    size_t len = sizeof der;
    EVP_PKEY *key;
    EVP_PKEY_CTX *ctx;
    ECDSA_SIG *sig;

    test_key(n, d, xy);
    key = make_key(d, xy);
    ctx = EVP_PKEY_CTX_new(key, NULL);
    EVP_PKEY_sign_init(ctx);
    assert_int_equal(EVP_PKEY_sign(ctx, der, &len, digest, 32), 1);
    sig = d2i_ECDSA_SIG(NULL, &p, (long)len);
    BN_bn2binpad(ECDSA_SIG_get0_r(sig), rs, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), rs + 32, 32);
    ECDSA_SIG_free(sig);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
}

bool test_verify(const uint8_t xy[64], const uint8_t digest[32],
                 const uint8_t rs[64])
{
    EVP_PKEY *key = make_key(NULL, xy);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    ECDSA_SIG *sig = ECDSA_SIG_new();
    uint8_t *der = NULL;
    int len;
    bool good;

    ECDSA_SIG_set0(sig, BN_bin2bn(rs, 32, NULL), BN_bin2bn(rs + 32, 32, NULL));
    len = i2d_ECDSA_SIG(sig, &der);
    EVP_PKEY_verify_init(ctx);
    good = EVP_PKEY_verify(ctx, der, (size_t)len, digest, 32) == 1;
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    return good;
}

void test_ecdh(unsigned n, const uint8_t peer[64], uint8_t secret[32])
{
    uint8_t d[32], xy[64];
    size_t len = 32;
    EVP_PKEY *mine, *theirs = make_key(NULL, peer);
    EVP_PKEY_CTX *ctx;

    test_key(n, d, xy);
    mine = make_key(d, xy);
    ctx = EVP_PKEY_CTX_new(mine, NULL);
    EVP_PKEY_derive_init(ctx);
    EVP_PKEY_derive_set_peer(ctx, theirs);
    assert_int_equal(EVP_PKEY_derive(ctx, secret, &len), 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(mine);
    EVP_PKEY_free(theirs);
}

/* ------------------------------------------------------------- numbers */

/* splitmix64 */
uint32_t test_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return (uint32_t)(z >> 32);
}

void test_bytes(uint64_t *state, void *out, size_t len)
{
    uint8_t *p = out;

    for (size_t i = 0; i < len; i++) {
        p[i] = (uint8_t)test_random(state);
    }
}
