/* SPDX-License-Identifier: Apache-2.0 */
/*
 * P-256 by OpenSSL, repeatable under the chip's seed.
 *
 * Keys and signatures need secret random numbers, and the same seed must give
 * the same bytes. So signing and key generation run in a library context
 * whose generator is OpenSSL's TEST-RAND: before each operation it is fed with
 * bytes from the chip's own generator (rng.c), which OpenSSL then uses as it
 * would use any other. The arithmetic stays OpenSSL's; verification and ECDH
 * run in the ordinary context.
 *
 * The last private and the last public key that a chip used are kept as key
 * objects and found again by their bytes (ec_cache.c).
 */
#include <pthread.h>
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>

#include "crypto.h"

#define POINT_BYTES 65 /* 04, X, Y */
#define DER_MAX     72 /* an ECDSA-Sig-Value over P-256 */

static OSSL_LIB_CTX *seeded;
static EC_GROUP *p256;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void set_up(void)
{
    seeded = OSSL_LIB_CTX_new();
    v_must(seeded != NULL &&
           RAND_set_DRBG_type(seeded, "TEST-RAND", NULL, NULL, NULL) == 1);
    p256 = EC_GROUP_new_by_curve_name_ex(v_lib(), NULL, NID_X9_62_prime256v1);
    v_must(p256 != NULL);
}

static const EC_GROUP *group(void)
{
    pthread_once(&once, set_up);
    return p256;
}

/* Gives the seeded context's generator of this thread its next bytes. */
static void feed(struct hd_vchip *v, size_t len)
{
    uint8_t bytes[512];
    EVP_RAND_CTX *rand;

    (void)group();
    rand = RAND_get0_private(seeded);
    rng_draw(v, bytes, len);
    const OSSL_PARAM params[] = {
            OSSL_PARAM_construct_octet_string(OSSL_RAND_PARAM_TEST_ENTROPY,
                                              bytes, len),
            OSSL_PARAM_construct_end()};
    v_must(rand != NULL && EVP_RAND_CTX_set_params(rand, params) == 1);
    v_wipe(bytes, sizeof bytes);
}

/* ---------------------------------------------------------- key objects */

/* NULL when OpenSSL does not take the numbers. */
static EVP_PKEY *make_key(OSSL_LIB_CTX *lib, int selection, OSSL_PARAM_BLD *b)
{
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(lib, "EC", NULL);
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params;

    v_must(c != NULL &&
           OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME,
                                           "P-256", 0) == 1);
    params = OSSL_PARAM_BLD_to_param(b);
    v_must(params != NULL && EVP_PKEY_fromdata_init(c) == 1);
    if (EVP_PKEY_fromdata(c, &key, selection, params) != 1) {
        key = NULL;
    }
    OSSL_PARAM_free(params); /* wipes what is secret in it */
    EVP_PKEY_CTX_free(c);
    return key;
}

static EVP_PKEY *private_key(OSSL_LIB_CTX *lib, const uint8_t d[32])
{
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    BIGNUM *n = BN_secure_new();
    EVP_PKEY *key;

    v_must(b != NULL && n != NULL && BN_bin2bn(d, 32, n) != NULL &&
           OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, n) == 1);
    key = make_key(lib, EVP_PKEY_KEYPAIR, b);
    BN_clear_free(n);
    OSSL_PARAM_BLD_free(b);
    return key;
}

static EVP_PKEY *public_key(OSSL_LIB_CTX *lib, const uint8_t xy[64])
{
    uint8_t point[POINT_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    EVP_PKEY *key;

    memcpy(point + 1, xy, 64);
    v_must(b != NULL &&
           OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point,
                                            sizeof point) == 1);
    key = make_key(lib, EVP_PKEY_PUBLIC_KEY, b);
    OSSL_PARAM_BLD_free(b);
    return key;
}

typedef int init_fn(EVP_PKEY_CTX *ctx);

/* Takes the key over. NULL for a NULL key. */
static EVP_PKEY_CTX *ready(OSSL_LIB_CTX *lib, EVP_PKEY *key, init_fn *init)
{
    EVP_PKEY_CTX *c;

    if (key == NULL) {
        return NULL;
    }
    c = EVP_PKEY_CTX_new_from_pkey(lib, key, NULL);
    EVP_PKEY_free(key);
    v_must(c != NULL && init(c) == 1);
    return c;
}

static EVP_PKEY_CTX *signer(struct ec_cache *c, const uint8_t d[32])
{
    if (c->sign != NULL && v_equal(c->d, d, 32)) {
        return c->sign;
    }
    (void)group();
    EVP_PKEY_CTX_free(c->sign);
    c->sign = ready(seeded, private_key(seeded, d), EVP_PKEY_sign_init);
    memcpy(c->d, d, 32);
    return c->sign;
}

static EVP_PKEY_CTX *verifier(struct ec_cache *c, const uint8_t xy[64])
{
    if (c->verify != NULL && memcmp(c->xy, xy, 64) == 0) {
        return c->verify;
    }
    EVP_PKEY_CTX_free(c->verify);
    c->verify = ready(v_lib(), public_key(v_lib(), xy), EVP_PKEY_verify_init);
    memcpy(c->xy, xy, 64);
    return c->verify;
}

/* ------------------------------------------------------------ signatures */

static bool der_to_rs(const uint8_t *der, size_t len, uint8_t rs[64])
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
    const bool ok = sig != NULL &&
                    BN_bn2binpad(ECDSA_SIG_get0_r(sig), rs, 32) == 32 &&
                    BN_bn2binpad(ECDSA_SIG_get0_s(sig), rs + 32, 32) == 32;

    ECDSA_SIG_free(sig);
    return ok;
}

static size_t rs_to_der(const uint8_t rs[64], uint8_t der[DER_MAX])
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(rs, 32, NULL);
    BIGNUM *s = BN_bin2bn(rs + 32, 32, NULL);
    int n;

    v_must(sig != NULL && r != NULL && s != NULL &&
           ECDSA_SIG_set0(sig, r, s) == 1);
    n = i2d_ECDSA_SIG(sig, &der);
    ECDSA_SIG_free(sig);
    v_must(n > 0);
    return (size_t)n;
}

/* One nonce takes 64 bytes of randomness. OpenSSL throws a nonce away, and
 * wants more, once in 2^32 times: then it finds more. */
static bool sign(struct hd_vchip *v, EVP_PKEY_CTX *c, const uint8_t digest[32],
                 uint8_t rs[64])
{
    static const size_t enough[] = {64, 512};
    uint8_t der[DER_MAX];

    for (size_t i = 0; i < sizeof enough / sizeof *enough; i++) {
        size_t len = sizeof der;

        feed(v, enough[i]);
        if (EVP_PKEY_sign(c, der, &len, digest, 32) == 1) {
            return der_to_rs(der, len, rs);
        }
    }
    return false;
}

bool v_ec_sign(struct hd_vchip *v, const uint8_t d[32],
               const uint8_t digest[32], uint8_t rs[64])
{
    struct ec_cache *cache;
    EVP_PKEY_CTX *c;
    bool ok;

    if (!v_ec_valid_private(d)) {
        return false;
    }
    cache = ec_cache_take(v);
    c = signer(cache, d);
    ok = c != NULL && sign(v, c, digest, rs);
    ec_cache_give(cache);
    return ok;
}

bool v_ec_verify(struct hd_vchip *v, const uint8_t xy[64],
                 const uint8_t digest[32], const uint8_t rs[64])
{
    struct ec_cache *cache = ec_cache_take(v);
    EVP_PKEY_CTX *c = verifier(cache, xy);
    uint8_t der[DER_MAX];
    bool ok = false;

    if (c != NULL) {
        const size_t len = rs_to_der(rs, der);

        ok = EVP_PKEY_verify(c, der, len, digest, 32) == 1;
    }
    ec_cache_give(cache);
    return ok;
}

/* ------------------------------------------------------------------ keys */

bool v_ec_valid_private(const uint8_t d[32])
{
    BIGNUM *n = BN_secure_new();
    bool ok;

    v_must(n != NULL && BN_bin2bn(d, 32, n) != NULL);
    ok = !BN_is_zero(n) && BN_cmp(n, EC_GROUP_get0_order(group())) < 0;
    BN_clear_free(n);
    return ok;
}

static EC_POINT *read_point(const uint8_t xy[64])
{
    uint8_t bytes[POINT_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
    EC_POINT *point = EC_POINT_new(group());

    v_must(point != NULL);
    memcpy(bytes + 1, xy, 64);
    /* oct2point refuses coordinates out of range and off the curve */
    if (EC_POINT_oct2point(p256, point, bytes, sizeof bytes, NULL) != 1) {
        EC_POINT_free(point);
        return NULL;
    }
    return point;
}

bool v_ec_valid_public(const uint8_t xy[64])
{
    EC_POINT *point = read_point(xy);

    EC_POINT_free(point);
    return point != NULL;
}

/* d times base (NULL: the generator), written as X and Y. */
static bool multiply(const uint8_t d[32], const EC_POINT *base, uint8_t xy[64])
{
    uint8_t bytes[POINT_BYTES];
    EC_POINT *point = EC_POINT_new(group());
    BIGNUM *n = BN_secure_new();
    bool ok;

    v_must(point != NULL && n != NULL && BN_bin2bn(d, 32, n) != NULL);
    BN_set_flags(n, BN_FLG_CONSTTIME);
    ok = EC_POINT_mul(p256, point, base == NULL ? n : NULL, base,
                      base == NULL ? NULL : n, NULL) == 1 &&
         EC_POINT_point2oct(p256, point, POINT_CONVERSION_UNCOMPRESSED, bytes,
                            sizeof bytes, NULL) == sizeof bytes;
    if (ok) {
        memcpy(xy, bytes + 1, 64);
    }
    v_wipe(bytes, sizeof bytes);
    BN_clear_free(n);
    EC_POINT_clear_free(point);
    return ok;
}

bool v_ec_public(struct hd_vchip *v, const uint8_t d[32], uint8_t xy[64])
{
    (void)v;
    return v_ec_valid_private(d) && multiply(d, NULL, xy);
}

bool v_ec_dh(const uint8_t d[32], const uint8_t peer[64], uint8_t x[32])
{
    EC_POINT *point = read_point(peer);
    uint8_t xy[64];
    bool ok;

    if (point == NULL) {
        return false;
    }
    ok = v_ec_valid_private(d) && multiply(d, point, xy);
    if (ok) {
        memcpy(x, xy, 32);
    }
    v_wipe(xy, sizeof xy);
    EC_POINT_free(point);
    return ok;
}

void v_ec_generate(struct hd_vchip *v, uint8_t d[32])
{
    BIGNUM *n = NULL;
    EVP_PKEY *key;

    feed(v, 512);
    key = EVP_PKEY_Q_keygen(seeded, NULL, "EC", "P-256");
    v_must(key != NULL &&
           EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &n) == 1 &&
           BN_bn2binpad(n, d, 32) == 32);
    BN_clear_free(n);
    EVP_PKEY_free(key);
}
