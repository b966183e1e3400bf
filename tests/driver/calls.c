/* SPDX-License-Identifier: Apache-2.0 */
/* One function a call of the driver; see calls.h. */
#include "calls.h"

/* Goes on after a preparation that faults may have hit as well. */
#define TRY(call)                                                              \
    do {                                                                       \
        int rc_ = (call);                                                      \
        if (rc_) {                                                             \
            return rc_;                                                        \
        }                                                                      \
    } while (0)

static const uint8_t zeros[64];

static size_t slot_at(unsigned slot)
{
    size_t at = 128 + 64;

    for (unsigned i = 0; i < slot; i++) {
        at += i < 8 ? 36 : i == 8 ? 416 : 72;
    }
    return at;
}

static uint8_t *slot_of(struct rig *r, unsigned slot)
{
    return r->v.ee + slot_at(slot);
}

/* ---------------------------------------------------------------- identity */

static int call_open(struct rig *r)
{
    int rc;

    hd_chip_close(&r->c);
    rc = hd_chip_open(&r->c, &r->port, r, &hd_crypto_openssl);
    if (!rc) {
        assert_memory_equal(hd_chip_serial(&r->c), r->v.ee, 4);
        assert_memory_equal(hd_chip_serial(&r->c) + 4, r->v.ee + 8, 5);
        assert_true(hd_chip_config_is_locked(&r->c));
        assert_true(hd_chip_data_is_locked(&r->c));
    }
    return rc;
}

static int call_info(struct rig *r)
{
    uint8_t out[4];
    int rc = hd_chip_info(&r->c, 0, 0, out);

    assert_memory_equal(out, rc ? zeros : hd_chip_revision(&r->c), 4);
    return rc;
}

static int call_random(struct rig *r)
{
    uint8_t a[32];
    int rc = hd_chip_random(&r->c, a);

    assert_int_equal(!memcmp(a, zeros, 32), rc != HD_OK);
    return rc;
}

static int call_genkey(struct rig *r)
{
    uint8_t pub[64], digest[32], sig[64];
    int rc = hd_chip_genkey(&r->c, 0, pub);

    if (rc) {
        assert_memory_equal(pub, zeros, 64);
        return rc;
    }
    rig_sha256("x", 1, digest);
    TRY(hd_chip_sign(&r->c, 0, digest, sig));
    assert_true(rig_verify(pub, digest, sig));
    return HD_OK;
}

static int call_pubkey(struct rig *r)
{
    uint8_t pub[64];
    int rc = hd_chip_pubkey(&r->c, 0, pub);

    assert_memory_equal(pub, rc ? zeros : r->pub0, 64);
    return rc;
}

/* ------------------------------------------------- signatures, agreement */

static int call_sign(struct rig *r)
{
    uint8_t sig[64];
    int rc = hd_chip_sign(&r->c, 0, rig_digest, sig);

    if (rc) {
        assert_memory_equal(sig, zeros, 64);
    } else {
        assert_true(rig_verify(r->pub0, rig_digest, sig));
    }
    return rc;
}

static int call_sign_internal(struct rig *r)
{
    uint8_t sig[64], num_in[20] = {0}, out[32], message[55] = {0}, temp[32];
    uint8_t hashed[96] = {0}, digest[32];
    const uint8_t *sn = hd_chip_serial(&r->c);

    TRY(hd_chip_nonce_random(&r->c, num_in, out));
    TRY(hd_chip_gendig(&r->c, 2, 12, NULL, 0));
    TRY(hd_chip_sign_internal(&r->c, 0, 0x40, sig));
    memcpy(hashed, out, 32);
    hashed[52] = 0x16;
    rig_sha256(hashed, 55, temp);
    memset(hashed, 0, sizeof hashed);
    memcpy(hashed, rig_key12, 32);
    hashed[32] = 0x15;
    hashed[33] = 2;
    hashed[34] = 12;
    hashed[36] = sn[8];
    memcpy(hashed + 37, sn, 2);
    memcpy(hashed + 64, temp, 32);
    rig_sha256(hashed, 96, message);
    message[32] = 0x41;
    message[33] = 0x40;
    memcpy(message + 36, r->v.ee + 20 + 24, 2);
    memcpy(message + 38, r->v.ee + 96 + 24, 2);
    message[40] = 12 | 0x20; /* KeyID, GenDigData */
    message[43] = sn[8];
    memcpy(message + 44, sn + 4, 4);
    memcpy(message + 48, sn, 4);
    message[52] = 1;
    rig_sha256(message, 55, digest);
    assert_true(rig_verify(r->pub0, digest, sig));
    return HD_OK;
}

static int call_verify(struct rig *r)
{
    uint8_t sig[64];

    rig_sign(rig_parent_d, rig_digest, sig);
    return hd_chip_verify(&r->c, rig_digest, sig, rig_parent_pub);
}

static int call_verify_wrong(struct rig *r)
{
    uint8_t sig[64];
    int rc;

    rig_sign(rig_parent_d, rig_digest, sig);
    sig[40] ^= 1;
    rc = hd_chip_verify(&r->c, rig_digest, sig, rig_parent_pub);
    assert_int_not_equal(rc, HD_OK);
    return rc == HD_ERR_MISMATCH ? HD_OK : rc;
}

static int call_verify_stored(struct rig *r)
{
    uint8_t sig[64];

    rig_sign(rig_parent_d, rig_digest, sig);
    return hd_chip_verify_stored(&r->c, 11, rig_digest, sig);
}

static int call_verify_mac(struct rig *r)
{
    uint8_t sig[64];

    rig_sign(rig_parent_d, rig_digest, sig);
    TRY(hd_chip_verify_mac(&r->c, rig_digest, sig, rig_parent_pub, 0,
                           rig_io_key));
    return hd_chip_verify_mac(&r->c, rig_digest, sig, NULL, 11, rig_io_key);
}

/* Slot 14 gets a public key that slot 11's owner vouches for. */
static int call_validate(struct rig *r)
{
    uint8_t d[32], pub[64], stored[72] = {0}, other[19] = {0};
    uint8_t message[128] = {0}, digest[32], temp[32], sig[64];
    const uint8_t *sn = hd_chip_serial(&r->c);

    rig_keygen(d, pub);
    memcpy(stored + 4, pub, 32);
    memcpy(stored + 40, pub + 32, 32);
    TRY(hd_chip_write(&r->c, HD_ZONE_DATA, 14, 0, stored, 72));
    TRY(hd_chip_nonce_load(&r->c, HD_NONCE_TEMPKEY, rig_digest, 32));
    TRY(hd_chip_pubkey_digest(&r->c, 0x10, 14, other, NULL));
    memcpy(message, rig_digest, 32);
    message[32] = 0x40;
    message[36] = sn[8];
    memcpy(message + 37, sn, 2);
    memcpy(message + 64, pub, 64);
    rig_sha256(message, 128, temp);
    memset(message, 0, sizeof message);
    memcpy(message, temp, 32);
    message[32] = 0x41;
    message[43] = sn[8];
    memcpy(message + 48, sn, 2);
    rig_sha256(message, 55, digest);
    rig_sign(rig_parent_d, digest, sig);
    TRY(hd_chip_validate(&r->c, 14, sig, other, false));
    assert_int_equal(slot_of(r, 14)[0] >> 4, 5);
    return HD_OK;
}

static int call_ecdh(struct rig *r)
{
    uint8_t d[32], pub[64], secret[32], expected[32];
    int rc;

    rig_keygen(d, pub);
    rc = hd_chip_ecdh(&r->c, 0, pub, secret);
    rig_ecdh(d, r->pub0, expected);
    assert_memory_equal(secret, rc ? zeros : expected, 32);
    return rc;
}

static int call_ecdh_io(struct rig *r)
{
    uint8_t d[32], pub[64], mine[64], secret[32], expected[32];
    int rc;

    rig_keygen(d, pub);
    rc = hd_chip_ecdh_io(&r->c, 0, pub, rig_io_key, secret);
    rig_ecdh(d, r->pub0, expected);
    assert_memory_equal(secret, rc ? zeros : expected, 32);
    if (rc) {
        return rc;
    }
    TRY(hd_chip_genkey(&r->c, HD_SLOT_TEMPKEY, mine));
    rc = hd_chip_ecdh_io(&r->c, HD_SLOT_TEMPKEY, pub, rig_io_key, secret);
    rig_ecdh(d, mine, expected);
    assert_memory_equal(secret, rc ? zeros : expected, 32);
    return rc;
}

static int call_ecdh_keep(struct rig *r)
{
    uint8_t d[32], pub[64], secret[32];

    rig_keygen(d, pub);
    TRY(hd_chip_ecdh_keep(&r->c, HD_ECDH_TO_TEMPKEY, 0, pub));
    rig_ecdh(d, r->pub0, secret);
    assert_memory_equal(r->v.tk.bytes, secret, 32);
    return HD_OK;
}

/* ------------------------------------------------------------------ memory */

static int call_read_slot8(struct rig *r)
{
    uint8_t out[416];
    int rc;

    for (unsigned i = 0; i < 416; i++) {
        slot_of(r, 8)[i] = (uint8_t)(i * 7);
    }
    rc = hd_chip_read(&r->c, HD_ZONE_DATA, 8, 0, out, 416);
    if (rc) {
        for (unsigned i = 0; i < 416; i++) {
            assert_int_equal(out[i], 0);
        }
    } else {
        assert_memory_equal(out, slot_of(r, 8), 416);
    }
    return rc;
}

static int call_read_any(struct rig *r)
{
    static const uint16_t spans[][2] = {{0, 1},  {3, 2},   {31, 2},  {5, 60},
                                        {68, 4}, {127, 1}, {64, 64}, {9, 0}};
    uint8_t out[128];

    for (unsigned i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        memset(out, 0xA5, sizeof out);
        TRY(hd_chip_read(&r->c, HD_ZONE_CONFIG, 0, spans[i][0], out,
                         spans[i][1]));
        assert_memory_equal(out, r->v.ee + spans[i][0], spans[i][1]);
        assert_int_equal(out[spans[i][1]], 0xA5);
    }
    TRY(hd_chip_read(&r->c, HD_ZONE_OTP, 0, 8, out, 56));
    assert_memory_equal(out, r->v.ee + 128 + 8, 56);
    TRY(hd_chip_read(&r->c, HD_ZONE_DATA, 11, 0, out, 72));
    assert_memory_equal(out, slot_of(r, 11), 72);
    assert_int_equal(hd_chip_read(&r->c, HD_ZONE_DATA, 11, 70, out, 3),
                     HD_ERR_ARG);
    return HD_OK;
}

static int call_write_slot8(struct rig *r)
{
    uint8_t data[416];

    for (unsigned i = 0; i < 416; i++) {
        data[i] = (uint8_t)(i ^ 0x5A);
    }
    TRY(hd_chip_write(&r->c, HD_ZONE_DATA, 8, 0, data, 416));
    assert_memory_equal(slot_of(r, 8), data, 416);
    TRY(hd_chip_write(&r->c, HD_ZONE_DATA, 8, 20, data, 48));
    assert_memory_equal(slot_of(r, 8), data, 20);
    assert_memory_equal(slot_of(r, 8) + 20, data, 48);
    assert_memory_equal(slot_of(r, 8) + 68, data + 68, 416 - 68);
    assert_int_equal(hd_chip_write(&r->c, HD_ZONE_DATA, 8, 2, data, 4),
                     HD_ERR_ARG);
    return HD_OK;
}

static int call_encrypted(struct rig *r)
{
    uint8_t out[72], data[72];

    for (unsigned i = 0; i < 72; i++) {
        data[i] = (uint8_t)(200 - i);
    }
    TRY(hd_chip_write_encrypted(&r->c, 10, 0, data, 72, 5, rig_key5));
    assert_memory_equal(slot_of(r, 10), data, 72);
    TRY(hd_chip_read_encrypted(&r->c, 10, 0, out, 72, 5, rig_key5));
    assert_memory_equal(out, data, 72);
    TRY(hd_chip_read_encrypted(&r->c, 10, 30, out, 40, 5, rig_key5));
    assert_memory_equal(out, data + 30, 40);
    TRY(hd_chip_write_encrypted(&r->c, 3, 32, data, 4, 5, rig_key5));
    assert_memory_equal(slot_of(r, 3) + 32, data, 4);
    assert_int_equal(
            hd_chip_write_encrypted(&r->c, 10, 4, data, 32, 5, rig_key5),
            HD_ERR_ARG);
    return HD_OK;
}

static int call_encrypted_write(struct rig *r)
{
    TRY(hd_chip_write_encrypted(&r->c, 3, 0, rig_digest, 32, 5, rig_key5));
    assert_memory_equal(slot_of(r, 3), rig_digest, 32);
    return HD_OK;
}

static int call_privwrite_encrypted(struct rig *r)
{
    uint8_t d[32], pub[64], sig[64];

    rig_keygen(d, pub);
    TRY(hd_chip_privwrite_encrypted(&r->c, 1, d, 5, rig_key5));
    TRY(hd_chip_sign(&r->c, 1, rig_digest, sig));
    assert_true(rig_verify(pub, rig_digest, sig));
    return HD_OK;
}

/* --------------------------------------------------- locks and counters */

static int call_lock_state(struct rig *r)
{
    struct hd_chip_locks locks;

    TRY(hd_chip_lock_state(&r->c, &locks));
    assert_true(locks.config && locks.data);
    assert_int_equal(locks.slots, 0);
    return HD_OK;
}

static int call_lock_slot(struct rig *r)
{
    struct hd_chip_locks locks;

    TRY(hd_chip_lock_slot(&r->c, 8));
    assert_int_equal(r->v.ee[89] & 1, 0);
    TRY(hd_chip_lock_state(&r->c, &locks));
    assert_int_equal(locks.slots, 1 << 8);
    return HD_OK;
}

static int call_counter_read(struct rig *r)
{
    uint32_t value = 7;
    int rc = hd_chip_counter(&r->c, 1, false, &value);

    assert_int_equal(value, 0);
    return rc;
}

static int call_counter_step(struct rig *r)
{
    uint32_t before, value, value_now;

    TRY(hd_chip_counter(&r->c, 1, false, &before));
    TRY(hd_chip_counter(&r->c, 1, true, &value));
    TRY(hd_chip_counter(&r->c, 1, false, &value_now));
    assert_int_equal(value, value_now);
    assert_true(value > before);
    return HD_OK;
}

static int call_use_state(struct rig *r)
{
    uint32_t used, limit;
    uint8_t sig[64];

    TRY(hd_chip_use_state(&r->c, 0, &used, &limit));
    assert_int_equal(limit, HD_USE_UNLIMITED);
    TRY(hd_chip_sign(&r->c, 2, rig_digest, sig));
    TRY(hd_chip_use_state(&r->c, 2, &used, &limit));
    assert_in_range(used, 1, 12);
    assert_int_equal(limit, 2097151);
    return HD_OK;
}

static int call_updateextra(struct rig *r)
{
    TRY(hd_chip_updateextra(&r->c, 0, 0x42));
    assert_int_equal(r->v.ee[84], 0x42);
    return HD_OK;
}

static int call_latch(struct rig *r)
{
    bool set = true;

    TRY(hd_chip_latch(&r->c, HD_LATCH_READ, &set));
    assert_false(set);
    TRY(hd_chip_authorize(&r->c, 5, rig_key5));
    TRY(hd_chip_latch(&r->c, HD_LATCH_SET, &set));
    assert_true(set);
    return HD_OK;
}

/* -------------------------------------------------------- MACs and digests */

static void mac_of(struct rig *r, uint8_t mode, const uint8_t challenge[32],
                   uint8_t mac[32])
{
    const uint8_t *sn = hd_chip_serial(&r->c);
    uint8_t m[88] = {0};

    memcpy(m, rig_key12, 32);
    memcpy(m + 32, challenge, 32);
    m[64] = 0x08;
    m[65] = mode;
    m[66] = 12;
    m[79] = sn[8];
    memcpy(m + 84, sn, 2);
    rig_sha256(m, 88, mac);
}

static int call_mac(struct rig *r)
{
    uint8_t mac[32], expected[32], other[13] = {0x08, 0, 12};

    TRY(hd_chip_mac(&r->c, 0, 12, rig_digest, mac));
    mac_of(r, 0, rig_digest, expected);
    assert_memory_equal(mac, expected, 32);
    TRY(hd_chip_checkmac(&r->c, 0, 12, rig_digest, mac, other));
    mac[3] ^= 1;
    return hd_chip_checkmac(&r->c, 0, 12, rig_digest, mac, other) ==
                           HD_ERR_MISMATCH
                   ? HD_OK
                   : HD_ERR_COMM;
}

static int call_mac_tempkey(struct rig *r)
{
    uint8_t mac[32], expected[32];

    TRY(hd_chip_nonce_load(&r->c, HD_NONCE_TEMPKEY, rig_digest, 32));
    TRY(hd_chip_mac(&r->c, 0x05, 12, NULL, mac));
    mac_of(r, 0x05, rig_digest, expected);
    assert_memory_equal(mac, expected, 32);
    return HD_OK;
}

static int call_hmac(struct rig *r)
{
    const uint8_t *sn = hd_chip_serial(&r->c);
    uint8_t mac[32], expected[32], m[88] = {0};

    TRY(hd_chip_nonce_load(&r->c, HD_NONCE_TEMPKEY, rig_digest, 32));
    TRY(hd_chip_hmac(&r->c, 0x04, 12, mac));
    memcpy(m + 32, rig_digest, 32);
    m[64] = 0x11;
    m[65] = 0x04;
    m[66] = 12;
    m[79] = sn[8];
    memcpy(m + 84, sn, 2);
    rig_hmac(rig_key12, 32, m, 88, expected);
    assert_memory_equal(mac, expected, 32);
    return HD_OK;
}

static int call_authorize(struct rig *r)
{
    uint8_t wrong[32] = {1}, mac[32];

    TRY(hd_chip_authorize(&r->c, 5, rig_key5));
    TRY(hd_chip_mac(&r->c, 0, 9, rig_digest, mac));
    return hd_chip_authorize(&r->c, 5, wrong) == HD_ERR_MISMATCH ? HD_OK
                                                                 : HD_ERR_COMM;
}

static int call_derivekey(struct rig *r)
{
    const uint8_t *sn = hd_chip_serial(&r->c);
    uint8_t m[96] = {0}, expected[32];

    memcpy(m, slot_of(r, 13), 32);
    TRY(hd_chip_nonce_load(&r->c, HD_NONCE_TEMPKEY, rig_digest, 32));
    TRY(hd_chip_derivekey(&r->c, 4, 13, NULL));
    m[32] = 0x1C;
    m[33] = 4;
    m[34] = 13;
    m[36] = sn[8];
    memcpy(m + 37, sn, 2);
    memcpy(m + 64, rig_digest, 32);
    rig_sha256(m, 96, expected);
    assert_memory_equal(slot_of(r, 13), expected, 32);
    return HD_OK;
}

static int call_nonce_derive(struct rig *r)
{
    uint8_t num_in[20] = {9, 8, 7}, out[32], m[55] = {0}, expected[32];

    TRY(hd_chip_nonce_load(&r->c, HD_NONCE_TEMPKEY, rig_digest, 32));
    TRY(hd_chip_nonce_derive(&r->c, num_in, out));
    memcpy(m, rig_digest, 32);
    memcpy(m + 32, num_in, 20);
    m[52] = 0x16;
    rig_sha256(m, 55, expected);
    assert_memory_equal(out, expected, 32);
    return HD_OK;
}

static int call_sha256(struct rig *r)
{
    static const size_t lengths[] = {0, 1, 63, 64, 65, 1024};
    uint8_t data[1024], digest[32], expected[32];

    for (unsigned i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 11);
    }
    for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        TRY(hd_chip_sha256(&r->c, data, lengths[i], digest));
        rig_sha256(data, lengths[i], expected);
        assert_memory_equal(digest, expected, 32);
    }
    return HD_OK;
}

static int call_sha_hmac(struct rig *r)
{
    uint8_t data[100] = {1, 2, 3}, mac[32], expected[32];

    TRY(hd_chip_sha_hmac(&r->c, 12, data, 100, mac));
    rig_hmac(rig_key12, 32, data, 100, expected);
    assert_memory_equal(mac, expected, 32);
    return HD_OK;
}

static int call_sha_steps(struct rig *r)
{
    uint8_t data[96] = {5}, digest[32], expected[32], context[99];
    size_t len;

    TRY(hd_chip_sha_begin(&r->c));
    TRY(hd_chip_sha_update(&r->c, data, 64));
    if (r->is_608) {
        TRY(hd_chip_sha_read_context(&r->c, context, sizeof context));
        len = hd_chip_out_len(&r->c);
        assert_int_equal(len, 36);
        TRY(hd_chip_sha_write_context(&r->c, context, len));
    }
    TRY(hd_chip_sha_end(&r->c, HD_SHA_TO_TEMPKEY, data + 64, 32, digest));
    rig_sha256(data, 96, expected);
    assert_memory_equal(digest, expected, 32);
    return HD_OK;
}

/* ---------------------------------------------------------------- 608 only */

static int call_aes(struct rig *r)
{
    uint8_t in[16] = "sixteen bytes :)", out[16], back[16], expected[16];

    TRY(hd_chip_aes(&r->c, 0, 4, 1, in, out));
    rig_aes_ecb(rig_aes + 16, in, expected);
    assert_memory_equal(out, expected, 16);
    TRY(hd_chip_aes(&r->c, 1, 4, 1, out, back));
    assert_memory_equal(back, in, 16);
    return HD_OK;
}

static int call_gfm(struct rig *r)
{
    /* one, in GCM's order of bits, is the neutral element */
    uint8_t one[16] = {0x80}, in[16] = "sixteen bytes :)", out[16];

    TRY(hd_chip_gfm(&r->c, one, in, out));
    assert_memory_equal(out, in, 16);
    return HD_OK;
}

static int call_kdf(struct rig *r)
{
    uint8_t out[64], expected[32];
    size_t len;
    const uint8_t mode = 2 | 4 << 2 | 2 << 5; /* slot, clear, HKDF */

    TRY(hd_chip_kdf(&r->c, mode, 12, 0, 2, (const uint8_t *)"info", 4, out, 64,
                    &len));
    assert_int_equal(len, 32);
    rig_hmac(rig_key12, 32, "info", 4, expected);
    assert_memory_equal(out, expected, 32);
    TRY(hd_chip_kdf_io(&r->c, 2 | 5 << 2 | 2 << 5, 12, 0, 2,
                       (const uint8_t *)"info", 4, rig_io_key, out, 64, &len));
    assert_int_equal(len, 32);
    assert_memory_equal(out, expected, 32);
    return HD_OK;
}

static int call_secureboot(struct rig *r)
{
    uint8_t sig[64];

    rig_sign(rig_parent_d, rig_digest, sig);
    TRY(hd_chip_secureboot(&r->c, HD_SECUREBOOT_FULL, rig_digest, sig));
    TRY(hd_chip_secureboot_mac(&r->c, HD_SECUREBOOT_COPY, rig_digest, sig,
                               rig_io_key));
    assert_memory_equal(slot_of(r, 7), rig_digest, 32);
    return hd_chip_secureboot_mac(&r->c, HD_SECUREBOOT_STORE, rig_digest, NULL,
                                  rig_io_key);
}

static int call_secureboot_mac(struct rig *r)
{
    uint8_t sig[64];

    rig_sign(rig_parent_d, rig_digest, sig);
    return hd_chip_secureboot_mac(&r->c, HD_SECUREBOOT_FULL, rig_digest, sig,
                                  rig_io_key);
}

static int call_selftest(struct rig *r)
{
    uint8_t failed = 0xAA;
    int rc = hd_chip_selftest(&r->c, 0x3D, &failed);

    assert_int_equal(failed, 0);
    return rc;
}

/* ------------------------------------------------------------------- other */

static int call_command(struct rig *r)
{
    uint8_t out[152];
    size_t len;

    TRY(hd_chip_command(&r->c, 0x02, 0x80, 0, NULL, 0, out, sizeof out, &len));
    assert_int_equal(len, 32);
    assert_memory_equal(out, r->v.ee, 32);
    return HD_OK;
}

static int call_hold(struct rig *r)
{
    uint8_t sig[64];
    int rc;

    TRY(hd_chip_hold(&r->c));
    rc = hd_chip_nonce_load(&r->c, HD_NONCE_TEMPKEY, rig_digest, 32);
    rc = rc ? rc
            : hd_chip_command(&r->c, 0x41, 0x80, 0, NULL, 0, sig, 64,
                              &(size_t){0});
    TRY(hd_chip_release(&r->c));
    if (!rc) {
        assert_true(rig_verify(r->pub0, rig_digest, sig));
    }
    return rc;
}

static int call_sleep(struct rig *r)
{
    return hd_chip_sleep(&r->c);
}

const struct call calls[] = {
        {"open", true, true, false, call_open},
        {"info", true, true, false, call_info},
        {"random", true, true, false, call_random},
        {"genkey", true, true, false, call_genkey},
        {"pubkey", true, true, false, call_pubkey},
        {"sign", true, true, false, call_sign},
        {"sign_internal", true, true, true, call_sign_internal},
        {"verify", true, true, false, call_verify},
        {"verify (bad signature)", true, true, false, call_verify_wrong},
        {"verify_stored", true, true, false, call_verify_stored},
        {"verify_mac", false, true, false, call_verify_mac},
        {"validate", true, true, true, call_validate},
        {"ecdh", true, true, false, call_ecdh},
        {"ecdh_io", false, true, false, call_ecdh_io},
        {"ecdh_keep", false, true, false, call_ecdh_keep},
        {"read slot 8", true, true, false, call_read_slot8},
        {"read any span", true, true, false, call_read_any},
        {"write slot 8", true, true, false, call_write_slot8},
        {"encrypted read and write", true, true, true, call_encrypted},
        {"encrypted write", true, true, false, call_encrypted_write},
        {"privwrite_encrypted", true, true, false, call_privwrite_encrypted},
        {"lock_state", true, true, false, call_lock_state},
        {"lock_slot", true, true, false, call_lock_slot},
        {"counter", true, true, false, call_counter_read},
        {"counter increment", true, true, false, call_counter_step},
        {"use_state", true, true, false, call_use_state},
        {"updateextra", true, true, false, call_updateextra},
        {"latch", false, true, false, call_latch},
        {"mac, checkmac", true, true, false, call_mac},
        {"mac of TempKey", true, true, false, call_mac_tempkey},
        {"hmac", true, false, false, call_hmac},
        {"authorize", true, true, false, call_authorize},
        {"derivekey", true, true, false, call_derivekey},
        {"nonce_derive", true, true, true, call_nonce_derive},
        {"sha256", true, true, true, call_sha256},
        {"sha_hmac", true, true, true, call_sha_hmac},
        {"sha in steps", true, true, true, call_sha_steps},
        {"aes", false, true, false, call_aes},
        {"gfm", false, true, false, call_gfm},
        {"kdf", false, true, false, call_kdf},
        {"secureboot", false, true, false, call_secureboot},
        {"secureboot_mac", false, true, false, call_secureboot_mac},
        {"selftest", false, true, false, call_selftest},
        {"command", true, true, false, call_command},
        {"hold", true, true, false, call_hold},
        {"sleep", true, true, false, call_sleep},
};
const size_t call_count = sizeof calls / sizeof calls[0];
