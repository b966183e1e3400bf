/* SPDX-License-Identifier: Apache-2.0 */
/* A provisioned virtual chip for the driver's tests. */
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>

#include "rig.h"

const uint8_t rig_key5[32] = "five: the session key, 32 bytes";
const uint8_t rig_io_key[32] = "six: the IO protection key, 32b";
const uint8_t rig_key12[32] = "twelve: a key for MAC and HMAC.";
const uint8_t rig_aes[32] = "four: two AES keys of 16 bytes.";
const uint8_t rig_digest[32] = "any 32 bytes serve as a digest.";
uint8_t rig_parent_d[32], rig_parent_pub[64];

static const char *const names[] = {"508a", "608a", "608b", "508a-swi",
                                    "608b-swi"};

const char *rig_name(enum rig_kind kind)
{
    return names[kind];
}

/* ------------------------------------------------------------ OpenSSL */

static EVP_PKEY *pkey(const uint8_t *d, const uint8_t *pub)
{
    uint8_t point[65] = {4};
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    BIGNUM *bn = d ? BN_bin2bn(d, 32, NULL) : NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params;

    memcpy(point + 1, pub, 64);
    OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1",
                                    0);
    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, 65);
    if (bn) {
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, bn);
    }
    params = OSSL_PARAM_BLD_to_param(b);
    EVP_PKEY_fromdata_init(ctx);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params), 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(b);
    BN_free(bn);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static void public_of(const uint8_t d[32], uint8_t pub[64])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = EC_POINT_new(group);
    BIGNUM *bn = BN_bin2bn(d, 32, NULL);
    uint8_t bytes[65];

    assert_int_equal(EC_POINT_mul(group, point, bn, NULL, NULL, NULL), 1);
    assert_int_equal(EC_POINT_point2oct(group, point,
                                        POINT_CONVERSION_UNCOMPRESSED, bytes,
                                        65, NULL),
                     65);
    memcpy(pub, bytes + 1, 64);
    BN_free(bn);
    EC_POINT_free(point);
    EC_GROUP_free(group);
}

void rig_keygen(uint8_t d[32], uint8_t pub[64])
{
    hd_crypto_openssl.random(NULL, d, 32);
    d[0] &= 0x7F; /* below the order of the group */
    public_of(d, pub);
}

bool rig_verify(const uint8_t pub[64], const uint8_t digest[32],
                const uint8_t sig[64])
{
    EVP_PKEY *key = pkey(NULL, pub);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    ECDSA_SIG *s = ECDSA_SIG_new();
    uint8_t *der = NULL;
    int len, ok;

    ECDSA_SIG_set0(s, BN_bin2bn(sig, 32, NULL), BN_bin2bn(sig + 32, 32, NULL));
    len = i2d_ECDSA_SIG(s, &der);
    EVP_PKEY_verify_init(ctx);
    ok = EVP_PKEY_verify(ctx, der, (size_t)len, digest, 32);
    OPENSSL_free(der);
    ECDSA_SIG_free(s);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    return ok == 1;
}

void rig_sign(const uint8_t d[32], const uint8_t digest[32], uint8_t sig[64])
{
    uint8_t pub[64], der[80];
    const uint8_t *p = der;
    size_t len = sizeof der;
    EVP_PKEY *key;
    EVP_PKEY_CTX *ctx;
    ECDSA_SIG *s;

    public_of(d, pub);
    key = pkey(d, pub);
    ctx = EVP_PKEY_CTX_new(key, NULL);
    EVP_PKEY_sign_init(ctx);
    assert_int_equal(EVP_PKEY_sign(ctx, der, &len, digest, 32), 1);
    s = d2i_ECDSA_SIG(NULL, &p, (long)len);
    BN_bn2binpad(ECDSA_SIG_get0_r(s), sig, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(s), sig + 32, 32);
    ECDSA_SIG_free(s);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
}

void rig_ecdh(const uint8_t d[32], const uint8_t pub[64], uint8_t secret[32])
{
    uint8_t mine[64];
    size_t len = 32;
    EVP_PKEY *key, *peer = pkey(NULL, pub);
    EVP_PKEY_CTX *ctx;

    public_of(d, mine);
    key = pkey(d, mine);
    ctx = EVP_PKEY_CTX_new(key, NULL);
    EVP_PKEY_derive_init(ctx);
    EVP_PKEY_derive_set_peer(ctx, peer);
    assert_int_equal(EVP_PKEY_derive(ctx, secret, &len), 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
    EVP_PKEY_free(peer);
}

void rig_hmac(const uint8_t *key, size_t key_len, const void *data, size_t len,
              uint8_t mac[32])
{
    assert_non_null(
            HMAC(EVP_sha256(), key, (int)key_len, data, len, mac, NULL));
}

void rig_sha256(const void *data, size_t len, uint8_t digest[32])
{
    assert_int_equal(EVP_Digest(data, len, digest, NULL, EVP_sha256(), NULL),
                     1);
}

void rig_aes_ecb(const uint8_t key[16], const uint8_t in[16], uint8_t out[16])
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len;

    EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, key, NULL);
    EVP_CIPHER_CTX_set_padding(ctx, 0);
    assert_int_equal(EVP_EncryptUpdate(ctx, out, &len, in, 16), 1);
    EVP_CIPHER_CTX_free(ctx);
}

/* --------------------------------------------------------------- the bus */

/* Ports whose context is the rig: they count, then call the simulated bus. */
static const struct hd_bus *below(const struct rig *r)
{
    return r->v.swi ? &hd_sim_swi_bus : &hd_sim_bus;
}

static int count_wake(void *ctx)
{
    struct rig *r = ctx;

    r->transfers++;
    return below(r)->wake(&r->sim);
}

static int count_send(void *ctx, uint8_t word, const uint8_t *data, size_t len)
{
    struct rig *r = ctx;

    r->transfers++;
    return below(r)->send(&r->sim, word, data, len);
}

static int count_recv(void *ctx, uint8_t *data, size_t len)
{
    struct rig *r = ctx;

    r->transfers++;
    return below(r)->recv(&r->sim, data, len);
}

static uint32_t count_now(void *ctx)
{
    struct rig *r = ctx;

    return below(r)->now_us(&r->sim);
}

static void count_wait(void *ctx, uint32_t us)
{
    struct rig *r = ctx;

    below(r)->wait_us(&r->sim, us);
}

static int count_lock(void *ctx, bool take)
{
    struct rig *r = ctx;

    assert_int_equal(r->locks, take ? 0 : 1);
    r->locks = take ? 1 : 0;
    return HD_OK;
}

static const struct hd_bus counting = {count_wake, count_send, count_recv,
                                       count_now,  count_wait, count_lock};

/* ------------------------------------------------------------ the chips */

void rig_config(const struct rig *r, uint8_t config[128])
{
    static const uint16_t slot[16] = {
            0x2087, 0x4587, 0x20A7, 0x45C5, 0x0080, 0x8080, 0x8080, 0x8080,
            0x0000, 0x0080, 0x45C5, 0x0000, 0x8080, 0x2080, 0x000B, 0x0000};
    static const uint16_t key[16] = {
            0x0033, 0x0033, 0x0033, 0x003C, 0x0018, 0x001C, 0x001C, 0x001C,
            0x003C, 0x059C, 0x001C, 0x0010, 0x001C, 0x001C, 0x0012, 0x0010};

    memcpy(config, r->v.ee, 128);
    for (unsigned i = 0; i < 16; i++) {
        uint16_t k = i == 4 && !r->is_608 ? 0x001C : key[i];
        config[20 + 2 * i] = (uint8_t)slot[i];
        config[21 + 2 * i] = (uint8_t)(slot[i] >> 8);
        config[96 + 2 * i] = (uint8_t)k;
        config[97 + 2 * i] = (uint8_t)(k >> 8);
    }
    if (r->is_608) {
        config[18] = 0;
        config[69] = 0x85; /* latch: after authorising with 5 */
        config[70] = 0x03; /* secure boot: stored digest ... */
        config[71] = 0xF7; /* ... slot 7, public key slot 15 */
        config[90] = 0x06; /* IO protection key, KDF-AES */
        config[91] = 0x60; /* slot 6 */
    }
}

void rig_blank(struct rig *r, enum rig_kind kind)
{
    static const uint8_t seed[32] = {'r', 'i', 'g'};
    const struct hd_variant *variant = hd_vchip_variant(names[kind]);

    assert_non_null(variant);
    memset(r, 0, sizeof *r);
    r->is_608 = variant->model != HD_VMODEL_508A;
    assert_int_equal(hd_vchip_init(&r->v, variant, seed), HD_OK);
    hd_vbus_init(&r->bus, 400000);
    assert_int_equal(hd_vbus_attach(&r->bus, &r->v), HD_OK);
    r->sim.bus = &r->bus;
    r->sim.addr7 = 0x60;
    r->port = counting;
    assert_int_equal(hd_chip_open(&r->c, &r->port, r, &hd_crypto_openssl),
                     HD_OK);
}

static void write_key(struct rig *r, uint16_t slot, const uint8_t *key)
{
    assert_int_equal(hd_chip_write(&r->c, HD_ZONE_DATA, slot, 0, key, 32),
                     HD_OK);
}

static void provision(struct rig *r, enum rig_kind kind)
{
    uint8_t stored[72] = {0}, pub[64];

    rig_blank(r, kind);
    rig_config(r, r->config);
    assert_int_equal(hd_chip_write_config(&r->c, r->config), HD_OK);
    assert_int_equal(hd_chip_lock_config(&r->c, hd_chip_crc(r->config, 128)),
                     HD_OK);
    assert_int_equal(hd_chip_genkey(&r->c, 0, r->pub0), HD_OK);
    assert_int_equal(hd_chip_privwrite(&r->c, 1, rig_parent_d), HD_OK);
    assert_int_equal(hd_chip_genkey(&r->c, 2, pub), HD_OK);
    write_key(r, 4, rig_aes);
    write_key(r, 5, rig_key5);
    write_key(r, 6, rig_io_key);
    write_key(r, 9, rig_key12);
    write_key(r, 12, rig_key12);
    write_key(r, 13, rig_key12);
    memcpy(stored + 4, rig_parent_pub, 32);
    memcpy(stored + 40, rig_parent_pub + 32, 32);
    for (uint16_t slot = 11; slot <= 15; slot = (uint16_t)(slot + 2)) {
        if (slot != 13) {
            assert_int_equal(
                    hd_chip_write(&r->c, HD_ZONE_DATA, slot, 0, stored, 72),
                    HD_OK);
        }
    }
    assert_int_equal(hd_chip_command(&r->c, 0x17, 0x81, 0, NULL, 0, pub, 1,
                                     &(size_t){0}),
                     HD_OK);
    hd_chip_close(&r->c);
}

void rig_start(struct rig *r, enum rig_kind kind)
{
    static uint8_t made[5][HD_V_SNAPSHOT_MAX];
    static int len[5];
    static uint8_t pub0[5][64];

    if (!len[kind]) {
        if (!rig_parent_pub[0] && !rig_parent_pub[1]) {
            rig_keygen(rig_parent_d, rig_parent_pub);
        }
        provision(r, kind);
        len[kind] = hd_vchip_snapshot(&r->v, made[kind], HD_V_SNAPSHOT_MAX);
        assert_true(len[kind] > 0);
        memcpy(pub0[kind], r->pub0, 64);
        hd_vchip_free(&r->v);
    }
    rig_blank(r, kind);
    hd_chip_close(&r->c);
    assert_int_equal(hd_vchip_restore(&r->v, made[kind], (size_t)len[kind]),
                     HD_OK);
    memcpy(r->pub0, pub0[kind], 64);
    rig_config(r, r->config);
    assert_int_equal(hd_chip_open(&r->c, &r->port, r, &hd_crypto_openssl),
                     HD_OK);
}

void rig_stop(struct rig *r)
{
    hd_chip_close(&r->c);
    hd_vchip_free(&r->v);
}
