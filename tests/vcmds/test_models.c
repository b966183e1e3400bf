/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a golden vector cannot be put into a chip (the chip draws its own
 * number, signs with its own key), the way has two steps: the test's model
 * must give the vector's bytes, and the chip must give the model's.
 */
#include "vectors.h"

#define IO_KEY_ENABLED 0x0002

/* ------------------------------------------------------------- the models */

static void model_nonce(const uint8_t random[32], const uint8_t num_in[20],
                        uint8_t mode, uint8_t tempkey[32])
{
    uint8_t m[55];

    memcpy(m, random, 32);
    memcpy(m + 32, num_in, 20);
    m[52] = 0x16;
    m[53] = mode;
    m[54] = 0;
    test_sha256(m, sizeof m, tempkey);
}

static void model_genkey(const uint8_t tempkey[32], const uint8_t three[3],
                         const uint8_t sn[9], const uint8_t xy[64],
                         uint8_t out[32])
{
    uint8_t m[128] = {0};

    memcpy(m, tempkey, 32);
    m[32] = 0x40;
    memcpy(m + 33, three, 3);
    m[36] = sn[8];
    m[37] = sn[0];
    m[38] = sn[1];
    memcpy(m + 64, xy, 64);
    test_sha256(m, sizeof m, out);
}

struct internal {
    uint8_t tempkey[32], mode, flags;
    uint16_t key_id;
    unsigned about; /* TempKey.KeyID */
    const uint8_t *config;
    bool pubkey_valid;
};

static void model_internal(const struct internal *s, uint8_t m[55])
{
    const uint8_t *c = s->config;

    memset(m, 0, 55);
    memcpy(m, s->tempkey, 32);
    m[32] = 0x41;
    m[33] = s->mode;
    m[34] = (uint8_t)s->key_id;
    m[35] = (uint8_t)(s->key_id >> 8);
    memcpy(m + 36, c + 20 + 2 * s->about, 2);
    memcpy(m + 38, c + 96 + 2 * s->about, 2);
    m[40] = s->flags;
    m[43] = c[12];
    m[48] = c[0];
    m[49] = c[1];
    if ((s->mode & 0x40) != 0) {
        memcpy(m + 44, c + 8, 4);
        memcpy(m + 50, c + 2, 2);
    }
    m[52] = c[88 + s->about / 8] >> s->about % 8 & 1;
    m[53] = s->pubkey_valid;
}

/* From the internal message to OtherData of Verify, and back. */
static void other_data(const uint8_t m[55], uint8_t other[19])
{
    memcpy(other, m + 33, 10);
    memcpy(other + 10, m + 44, 4);
    memcpy(other + 14, m + 50, 5);
}

static void model_verify_mac(const uint8_t io_key[32], const uint8_t msg[32],
                             const uint8_t nonce[32], const uint8_t rs[64],
                             uint8_t mode, uint16_t key_id, uint8_t mac[32])
{
    uint8_t m[164];

    memcpy(m, io_key, 32);
    memcpy(m + 32, msg, 32);
    memcpy(m + 64, nonce, 32);
    memcpy(m + 96, rs, 64);
    m[160] = 0x45;
    m[161] = mode;
    m[162] = (uint8_t)key_id;
    m[163] = (uint8_t)(key_id >> 8);
    test_sha256(m, sizeof m, mac);
}

/* rs NULL: none in the MAC */
static void model_boot_mac(const uint8_t k[32], const uint8_t digest[32],
                           const uint8_t *rs, uint8_t mode, uint8_t mac[32])
{
    uint8_t m[132] = {0};
    size_t n = 64;

    memcpy(m, k, 32);
    memcpy(m + 32, digest, 32);
    if (rs != NULL) {
        memcpy(m + n, rs, 64);
        n += 64;
    }
    m[n] = 0x80;
    m[n + 1] = mode;
    test_sha256(m, n + 4, mac);
}

static void model_io_decrypt(const uint8_t io_key[32], const uint8_t nonce[32],
                             uint8_t *data, size_t len)
{
    uint8_t m[48], pad[32];

    memcpy(m, io_key, 32);
    for (size_t i = 0; i < len; i++) {
        memcpy(m + 32, nonce + i / 32 * 16, 16);
        test_sha256(m, sizeof m, pad);
        data[i] ^= pad[i % 32];
    }
}

/* -------------------------------------------- step one: model and vector */

static enum verdict nonce_model(struct rig *r, const struct vector *c)
{
    uint8_t random[32], num_in[20], tk[32];

    (void)r;
    if (!vec_has(c->in, "rand_out")) {
        return NO_CHIP_SIDE;
    }
    vec_bytes(c->in, "rand_out", random, 32);
    vec_bytes(c->in, "num_in", num_in, 20);
    model_nonce(random, num_in, (uint8_t)vec_int(c->in, "mode"), tk);
    assert_vec(c->out, "temp_key", tk, 32);
    return RAN;
}

static enum verdict genkey_model(struct rig *r, const struct vector *c)
{
    uint8_t tk[32], sn[9], xy[64], three[3];
    uint8_t mode = (uint8_t)vec_int(c->in, "mode");

    vec_bytes(c->in, "temp_key", tk, 32);
    vec_bytes(c->in, "sn", sn, 9);
    vec_bytes(c->in, "public_key", xy, 64);
    three[0] = mode;
    three[1] = (uint8_t)vec_int(c->in, "key_id");
    three[2] = (uint8_t)(vec_int(c->in, "key_id") >> 8);
    if ((mode & 0x10) != 0) {
        vec_bytes(c->in, "other_data", three, 3);
    }
    /* the chip's mode 0x10 takes those three bytes from outside, so it can
     * make every digest of this family */
    poke_key_config(r, 9, 0x0030);
    poke_public(r, 9, xy);
    poke_tempkey(r, tk, 32, vec_int(c->in, "source_flag") != 0 ? 0x10 : 0);
    expect_ok(r, OP_GENKEY, 0x10, 9, three, 3);
    assert_vec(c->out, "temp_key", r->chip.tk.bytes, 32);
    assert_true(r->chip.tk.genkey_data);
    assert_false(r->chip.tk.gendig_data);
    model_genkey(tk, three, sn, xy, tk);
    assert_vec(c->out, "temp_key", tk, 32);
    return RAN;
}

static enum verdict internal_model(struct rig *r, const struct vector *c)
{
    uint8_t config[128], m[55], digest[32], other[19];
    struct internal s = {
            .mode = (uint8_t)vec_int(c->in, "mode"),
            .key_id = (uint16_t)vec_int(c->in, "key_id"),
            .about = (unsigned)vec_int(c->in, "tk_key_id"),
            .config = config,
            .pubkey_valid = vec_int(c->in, "pubkey_valid_byte") != 0,
    };

    (void)r;
    vec_bytes(c->in, "config", config, 128);
    vec_bytes(c->in, "temp_key", s.tempkey, 32);
    s.flags = (uint8_t)(s.about | vec_int(c->in, "source_flag") << 4 |
                        vec_int(c->in, "gen_dig_data") << 5 |
                        vec_int(c->in, "gen_key_data") << 6 |
                        vec_int(c->in, "no_mac_flag") << 7);
    model_internal(&s, m);
    assert_vec(c->out, "message", m, 55);
    test_sha256(m, 55, digest);
    assert_vec(c->out, "digest", digest, 32);
    other_data(m, other);
    assert_vec(c->out, "other_data", other, 19);
    return RAN;
}

/* Validate and its like hash a message first; its SN is the verifier's. */
static void verify_message(const struct vector *c, uint8_t mode,
                           const uint8_t buffer[64], uint8_t msg[32])
{
    uint8_t m[55], other[19], sn[9];

    if ((mode & 1) == 0) {
        memcpy(msg, buffer, 32);
        if ((mode & 0x20) == 0) {
            vec_bytes(c->in, "temp_key", msg, 32);
        }
        return;
    }
    vec_bytes(c->in, "other_data", other, 19);
    vec_bytes(c->in, "sn", sn, 9);
    vec_bytes(c->in, "temp_key", m, 32);
    m[32] = 0x41;
    memcpy(m + 33, other, 10);
    m[43] = sn[8];
    memcpy(m + 44, other + 10, 4);
    m[48] = sn[0];
    m[49] = sn[1];
    memcpy(m + 50, other + 14, 5);
    test_sha256(m, 55, msg);
}

static enum verdict verify_mac_model(struct rig *r, const struct vector *c)
{
    uint8_t mode = (uint8_t)vec_int(c->in, "mode");
    uint8_t io_key[32], buffer[64], rs[64], msg[32], mac[32];

    (void)r;
    vec_bytes(c->in, "io_key", io_key, 32);
    vec_bytes(c->in, "msg_dig_buf", buffer, 64);
    vec_bytes(c->in, "signature", rs, 64);
    verify_message(c, mode, buffer, msg);
    model_verify_mac(io_key, msg, buffer + ((mode & 0x20) != 0 ? 32 : 0), rs,
                     mode, (uint16_t)vec_int(c->in, "key_id"), mac);
    assert_vec(c->out, "mac", mac, 32);
    return RAN;
}

static enum verdict secureboot_model(struct rig *r, const struct vector *c)
{
    uint8_t mode = (uint8_t)vec_int(c->in, "mode");
    long config = vec_int(c->in, "secure_boot_config");
    bool digest_only = (mode & 7) == 6 && (config & 3) == 3;
    uint8_t m[64], digest[32], rs[64], k[32], mac[32];
    uint8_t wire[32];

    vec_bytes(c->in, "io_key", m, 32);
    vec_bytes(c->in, "temp_key", m + 32, 32);
    vec_bytes(c->in, "digest", digest, 32);
    vec_bytes(c->in, "signature", rs, 64);
    test_sha256(m, 64, k);
    assert_vec(c->out, "hashed_key", k, 32);
    model_boot_mac(k, digest, digest_only ? NULL : rs, mode, mac);
    assert_vec(c->out, "mac", mac, 32);
    if (!digest_only) {
        return NO_CHIP_SIDE; /* the vector's signature is not a real one */
    }
    poke_config16(r, 70, (unsigned)config);
    poke_config16(r, 90, 0xE000 | IO_KEY_ENABLED);
    poke_slot(r, 14, 0, m, 32);
    poke_slot(r, (unsigned)config >> 8 & 15, 0, digest, 32);
    poke_tempkey(r, m + 32, 32, 0);
    vec_bytes(c->out, "digest_enc", wire, 32);
    expect_ok(r, OP_SECUREBOOT, mode, 0, wire, 32);
    assert_vec(c->out, "mac", r->answer, r->len);
    return RAN;
}

static enum verdict io_model(struct rig *r, const struct vector *c)
{
    uint8_t io_key[32], nonce[32], data[64];
    size_t len = vec_bytes(c->in, "encrypted", data, sizeof data);

    (void)r;
    vec_bytes(c->in, "io_key", io_key, 32);
    vec_bytes(c->in, "out_nonce", nonce, 32);
    model_io_decrypt(io_key, nonce, data, len);
    assert_vec(c->out, "plain", data, len);
    return RAN;
}

static void test_the_models_give_the_golden_vectors(void **state)
{
    (void)state;
    run_vectors("nonce", "608b", nonce_model);
    run_vectors("genkey_digest", "608b", genkey_model);
    run_vectors("genkey_digest", "508a", genkey_model);
    run_vectors("sign_internal", "608b", internal_model);
    run_vectors("verify_mac", "608b", verify_mac_model);
    run_vectors("secureboot", "608b", secureboot_model);
    run_vectors("io_decrypt", "608b", io_model);
}

/* ---------------------------------------------- step two: chip and model */

static const uint8_t io_key[32] = "a key that host and chip share";

/* Slot 0 private and known to the test as key 1, slot 9 its public key, slot
 * 14 a public key to validate (key 2) by the key in slot 9, slot 6 IO key. */
static void set_up_keys(struct rig *r, const char *variant)
{
    uint8_t d[32], xy[64];

    rig_start_open(r, variant, 3);
    test_key(1, d, xy);
    poke_private(r, 0, 1);
    poke_key_config(r, 9, 0x0030);
    poke_public(r, 9, xy);
    test_key(2, d, xy);
    poke_slot_config(r, 14, 0x0009);
    poke_key_config(r, 14, 0x0012);
    poke_public(r, 14, xy);
    poke_slot(r, 6, 0, io_key, 32);
    if (is_608(&r->chip)) {
        poke_config16(r, 90, 0x6000 | IO_KEY_ENABLED);
    }
    poke_locks(r, LOCKED);
}

static void serial_of(const struct rig *r, uint8_t sn[9])
{
    memcpy(sn, r->chip.ee, 4);
    memcpy(sn + 4, r->chip.ee + 8, 5);
}

static const char *const both[] = {"508a", "608b"};

static void test_nonce_leaves_the_digest_of_both_numbers(void **state)
{
    static struct rig r;
    uint8_t num_in[20] = {7, 8, 9}, want[32];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        set_up_keys(&r, both[i]);
        for (uint8_t mode = 0; mode < 2; mode++) {
            expect_ok(&r, OP_NONCE, mode, 0, num_in, 20);
            assert_int_equal(r.len, 32);
            model_nonce(r.answer, num_in, mode, want);
            assert_memory_equal(r.chip.tk.bytes, want, 32);
        }
        rig_stop(&r);
    }
}

static void test_genkey_digests_the_key_it_gives(void **state)
{
    static struct rig r;
    static const uint8_t modes[] = {0x08, 0x0C};
    uint8_t tk[32] = {1}, want[32], sn[9];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        set_up_keys(&r, both[i]);
        serial_of(&r, sn);
        for (size_t m = 0; m < 2; m++) {
            const uint8_t three[3] = {modes[m], 0, 0};

            poke_tempkey(&r, tk, 32, 0);
            expect_ok(&r, OP_GENKEY, modes[m], 0, NULL, 0);
            model_genkey(tk, three, sn, r.answer, want);
            assert_memory_equal(r.chip.tk.bytes, want, 32);
            assert_true(r.chip.tk.genkey_data);
        }
        rig_stop(&r);
    }
}

static void
test_sign_external_signs_what_tempkey_or_the_buffer_holds(void **state)
{
    static struct rig r;
    uint8_t digest[32] = {0x5A}, d[32], xy[64];

    (void)state;
    test_key(1, d, xy);
    for (size_t i = 0; i < 2; i++) {
        set_up_keys(&r, both[i]);
        expect_ok(&r, OP_NONCE, 0x03, 0, digest, 32);
        expect_ok(&r, OP_SIGN, 0x80, 0, NULL, 0);
        assert_int_equal(r.len, 64);
        assert_true(test_verify(xy, digest, r.answer));
        rig_stop(&r);
    }
    set_up_keys(&r, "608b");
    digest[0] ^= 1;
    expect_ok(&r, OP_NONCE, 0x43, 0, digest, 32);
    expect_ok(&r, OP_SIGN, 0xA0, 0, NULL, 0);
    assert_true(test_verify(xy, digest, r.answer));
    rig_stop(&r);
}

static void test_sign_internal_signs_the_model_message(void **state)
{
    static struct rig r;
    static const uint8_t modes[] = {0x00, 0x01, 0x40, 0x41};
    uint8_t m[55], digest[32], d[32], xy[64];

    (void)state;
    test_key(1, d, xy);
    for (size_t i = 0; i < 8; i++) {
        struct internal s = {.mode = modes[i % 4],
                             .flags = 0x4E, /* GenKey of slot 14 */
                             .about = 14,
                             .key_id = 0,
                             .config = r.chip.ee,
                             .pubkey_valid = i >= 4};

        set_up_keys(&r, both[i % 2]);
        r.chip.ee[88] = 0x12;
        r.chip.ee[89] = (uint8_t)(i * 0x41);
        memset(s.tempkey, (int)i, 32);
        poke_slot(&r, 14, 0, i >= 4 ? "\x50" : "\xA0", 1);
        poke_tempkey(&r, s.tempkey, 32, s.flags);
        expect_ok(&r, OP_SIGN, s.mode, 0, NULL, 0);
        model_internal(&s, m);
        test_sha256(m, 55, digest);
        assert_true(test_verify(xy, digest, r.answer));
        rig_stop(&r);
    }
}

static void test_verify_answers_with_the_model_mac(void **state)
{
    static struct rig r;
    static const struct {
        uint8_t mode;
        uint16_t key;
    } cases[] = {{0xA2, 4}, {0x82, 4}, {0xA0, 9}, {0x80, 9}};
    uint8_t buffer[64], data[128], want[32], d[32], tk[32] = {0x77};

    (void)state;
    memset(buffer, 0x3C, sizeof buffer);
    for (size_t i = 0; i < 4; i++) {
        bool from_buffer = (cases[i].mode & 0x20) != 0;
        const uint8_t *msg = from_buffer ? buffer : tk;
        size_t len = cases[i].key == 4 ? 128 : 64;

        set_up_keys(&r, "608b");
        test_sign(1, msg, data);
        test_key(1, d, data + 64);
        expect_ok(&r, OP_NONCE, 0x63, 0, buffer, 64);
        expect_ok(&r, OP_NONCE, 0x03, 0, tk, 32);
        expect_ok(&r, OP_VERIFY, cases[i].mode, cases[i].key, data, len);
        model_verify_mac(io_key, msg, buffer + (from_buffer ? 32 : 0), data,
                         cases[i].mode, cases[i].key, want);
        assert_int_equal(r.len, 32);
        assert_memory_equal(r.answer, want, 32);
        data[5] ^= 1;
        expect_ok(&r, OP_NONCE, 0x03, 0, tk, 32);
        expect_why(&r, OP_VERIFY, cases[i].mode, cases[i].key, data, len,
                   HD_WHY_SIGNATURE);
        rig_stop(&r);
    }
}

/* The parent's owner signs, the chip changes the validity nibble. */
static void validate(struct rig *r, bool invalidate, uint8_t extra)
{
    uint8_t tk[32], m[55], data[83], digest[32], d[32], xy[64], sn[9];
    const uint8_t three[3] = {0x10, 14, 0};
    struct internal s = {.mode = invalidate,
                         .flags = 0x4E,
                         .about = 14,
                         .config = r->chip.ee,
                         .pubkey_valid = invalidate};

    memset(tk, 0x11, 32);
    serial_of(r, sn);
    test_key(2, d, xy);
    model_genkey(tk, three, sn, xy, s.tempkey);
    model_internal(&s, m);
    test_sha256(m, 55, digest);
    test_sign(1, digest, data);
    other_data(m, data + 64);
    expect_ok(r, OP_NONCE, 0x63, 0,
              "0123456789ABCDEF0123456789ABCDEF"
              "0123456789ABCDEF0123456789ABCDEF",
              64);
    expect_ok(r, OP_NONCE, 0x03, 0, tk, 32);
    expect_ok(r, OP_GENKEY, 0x10, 14, three, 3);
    expect_ok(r, OP_VERIFY, (uint8_t)((invalidate ? 7 : 3) | extra), 14, data,
              83);
    if (extra != 0) {
        model_verify_mac(io_key, digest, r->chip.mdb, data,
                         (uint8_t)((invalidate ? 7 : 3) | extra), 14, m);
        assert_memory_equal(r->answer, m, 32);
    }
}

static void test_validation_moves_the_nibble_both_ways(void **state)
{
    static struct rig r;
    uint8_t data[64], digest[32] = {0x99};

    (void)state;
    set_up_keys(&r, "608b");
    test_sign(2, digest, data);
    for (uint8_t extra = 0; extra <= 0x80; extra = (uint8_t)(extra + 0x80)) {
        expect_ok(&r, OP_NONCE, 0x43, 0, digest, 32);
        expect_why(&r, OP_VERIFY, 0x20, 14, data, 64, HD_WHY_PUBKEY_NOT_VALID);
        validate(&r, false, extra);
        assert_int_equal(slot_bytes(&r.chip, 14)[0], 0x50);
        expect_ok(&r, OP_NONCE, 0x43, 0, digest, 32);
        expect_ok(&r, OP_VERIFY, 0x20, 14, data, 64);
        validate(&r, true, extra);
        assert_int_equal(slot_bytes(&r.chip, 14)[0], 0xA0);
        if (extra == 0x80) {
            break;
        }
    }
    rig_stop(&r);
}

/* A certificate's digest: 64 bytes, the key, 30 bytes. */
static void hash_certificate(struct rig *r, uint16_t key_slot_,
                             const uint8_t head[64], const uint8_t tail[30])
{
    expect_ok(r, OP_SHA, 0, 0, NULL, 0);
    expect_ok(r, OP_SHA, 1, 64, head, 64);
    expect_ok(r, OP_SHA, 3, key_slot_, NULL, 0);
    expect_ok(r, OP_SHA, 2, 30, tail, 30);
}

static void test_validation_by_certificate_follows_the_blocks(void **state)
{
    /* X509format: the key's block, the number of blocks */
    static const struct {
        uint8_t format;
        uint16_t hashed;
        enum hd_why why;
    } cases[] = {{0x31, 14, HD_WHY_NONE},
                 {0x30, 14, HD_WHY_VALIDATE_POSITION},
                 {0x21, 14, HD_WHY_VALIDATE_POSITION},
                 {0x31, 9, HD_WHY_VALIDATE_POSITION}, /* another key */
                 {0x00, 14, HD_WHY_VALIDATE_X509}};
    static struct rig r;
    uint8_t head[64], tail[30], m[64 + 64 + 30], digest[32], rs[64], d[32];

    (void)state;
    memset(head, 0x48, sizeof head);
    memset(tail, 0x54, sizeof tail);
    memcpy(m, head, 64);
    test_key(2, d, m + 64);
    memcpy(m + 128, tail, 30);
    test_sha256(m, sizeof m, digest);
    test_sign(1, digest, rs);
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        size_t n = i / 2;

        set_up_keys(&r, both[i % 2]);
        r.chip.ee[92] = cases[n].format;
        hash_certificate(&r, cases[n].hashed, head, tail);
        expect_why(&r, OP_VERIFY, 0x01, 14, rs, 64, cases[n].why);
        assert_int_equal(slot_bytes(&r.chip, 14)[0],
                         cases[n].why == HD_WHY_NONE ? 0x50 : 0);
        r.chip.ee[92] = 0x31;
        hash_certificate(&r, 14, head, tail);
        expect_ok(&r, OP_NONCE, 0x03, 0, digest, 32); /* not by SHA */
        expect_why(&r, OP_VERIFY, 0x01, 14, rs, 64, HD_WHY_VALIDATE_POSITION);
        rig_stop(&r);
    }
}

/* ------------------------------------------------- ECDH and KDF encrypted */

static void test_ecdh_gives_the_shared_secret_by_every_way(void **state)
{
    static struct rig r;
    uint8_t d[32], peer[64], want[32];

    (void)state;
    test_key(3, d, peer);
    test_ecdh(1, peer, want);
    set_up_keys(&r, "608b");
    expect_ok(&r, OP_ECDH, 0x00, 0, peer, 64);
    assert_memory_equal(r.answer, want, 32);
    expect_ok(&r, OP_ECDH, 0x0C, 0, peer, 64);
    assert_memory_equal(r.answer, want, 32);
    expect_ok(&r, OP_ECDH, 0x0E, 0, peer, 64);
    assert_int_equal(r.len, 64);
    assert_memory_not_equal(r.answer, want, 32);
    model_io_decrypt(io_key, r.answer + 32, r.answer, 32);
    assert_memory_equal(r.answer, want, 32);
    expect_ok(&r, OP_ECDH, 0x08, 0, peer, 64);
    assert_memory_equal(r.chip.tk.bytes, want, 32);
    expect_ok(&r, OP_ECDH, 0x04, 0, peer, 64);
    assert_memory_equal(slot_bytes(&r.chip, 1), want, 32);
    poke_slot_config(&r, 0, 0x208F); /* result to the next slot */
    poke_slot(&r, 1, 0, d, 32);
    expect_ok(&r, OP_ECDH, 0x00, 0, peer, 64);
    assert_int_equal(r.len, 1);
    assert_memory_equal(slot_bytes(&r.chip, 1), want, 32);
    rig_stop(&r);
}

static void test_ecdh_with_an_ephemeral_key_by_every_way(void **state)
{
    static struct rig r;
    static const uint8_t modes[] = {0x0D, 0x0F, 0x09, 0x05};
    uint8_t d[32], peer[64], want[32];

    (void)state;
    test_key(3, d, peer);
    set_up_keys(&r, "608b");
    for (size_t i = 0; i < sizeof modes; i++) {
        expect_ok(&r, OP_GENKEY, 0x04, 0xFFFF, NULL, 0);
        test_ecdh(3, r.answer, want);
        expect_ok(&r, OP_ECDH, modes[i], modes[i] == 0x05 ? 2 : 0, peer, 64);
        if (modes[i] == 0x0F) {
            model_io_decrypt(io_key, r.answer + 32, r.answer, 32);
        }
        assert_memory_equal(modes[i] == 0x09   ? r.chip.tk.bytes
                            : modes[i] == 0x05 ? slot_bytes(&r.chip, 2)
                                               : r.answer,
                            want, 32);
        assert_int_equal(r.chip.tk.valid, modes[i] == 0x09);
    }
    rig_stop(&r);
}

/* choices.h: the owner who sets ReadKey bit 3 has agreed to a write into the
 * next slot; where the command alone names the slot, nobody has. */
static void test_ecdh_into_a_closed_slot_needs_its_owners_consent(void **state)
{
    static struct rig r;
    uint8_t d[32], peer[64];

    (void)state;
    test_key(2, d, peer);
    set_up_keys(&r, "608b");
    poke_slot_config(&r, 1, 0x8F8F); /* WriteConfig: never */
    expect_why(&r, OP_ECDH, 0x04, 0, peer, 64, HD_WHY_WRITE_NEVER);
    expect_ok(&r, OP_GENKEY, 0x04, 0xFFFF, NULL, 0);
    expect_why(&r, OP_ECDH, 0x05, 1, peer, 64, HD_WHY_WRITE_NEVER);
    poke_slot_config(&r, 0, 0x208F);
    expect_ok(&r, OP_ECDH, 0x04, 0, peer, 64);
    rig_stop(&r);
}

static void test_kdf_gives_the_same_by_every_way(void **state)
{
    static struct rig r;
    uint8_t key[64], data[4 + 16] = {0x01, 0x01, 0x00, 0x10}, want[64];

    (void)state;
    memset(key, 0x6B, sizeof key);
    set_up_keys(&r, "608b");
    poke_key_config(&r, 10, 0x001E);
    expect_ok(&r, OP_NONCE, 0x23, 0, key, 64);
    expect_ok(&r, OP_KDF, 4 << 2, 0, data, sizeof data);
    assert_int_equal(r.len, 64);
    memcpy(want, r.answer, 64);
    expect_ok(&r, OP_KDF, 5 << 2, 0, data, sizeof data);
    assert_int_equal(r.len, 96);
    model_io_decrypt(io_key, r.answer + 64, r.answer, 64);
    assert_memory_equal(r.answer, want, 64);
    expect_ok(&r, OP_KDF, 2 << 2, 0x0A00, data, sizeof data);
    assert_memory_equal(slot_bytes(&r.chip, 10), want, 64);
    data[1] = 0x02; /* the halves part: target and output */
    expect_ok(&r, OP_KDF, 3 << 2, 0, data, sizeof data);
    assert_memory_equal(r.chip.altkey, want, 32);
    assert_memory_equal(r.answer, want + 32, 32);
    data[1] = 0x00; /* 32 bytes */
    expect_ok(&r, OP_KDF, 1 << 2, 0, data, sizeof data);
    assert_memory_equal(r.chip.tk.bytes + 32, want, 32);
    assert_memory_equal(r.chip.tk.bytes, key, 32);
    expect_ok(&r, OP_KDF, 0, 0, data, sizeof data);
    assert_memory_equal(r.chip.tk.bytes, want, 32);
    rig_stop(&r);
}

/* ---------------------------------------------------------- secure boot */

struct boot {
    uint8_t digest[32], rs[64], wire[96], k[32];
    size_t len;
};

/* Sends an image's digest, protected on the wire or not. */
static uint8_t send_boot(struct rig *r, struct boot *b, uint8_t mode)
{
    uint8_t m[64], want[32];
    uint8_t status;
    bool stored = (mode & 7) == 6;
    bool with_rs = !stored || (r->chip.ee[70] & 3) == 2;

    memcpy(b->wire, b->digest, 32);
    memcpy(b->wire + 32, b->rs, 64);
    b->len = stored ? 32 : 96;
    if ((mode & 0x80) != 0) {
        expect_ok(r, OP_NONCE, 0, 0, "twenty bytes of host", 20);
        memcpy(m, io_key, 32);
        memcpy(m + 32, r->chip.tk.bytes, 32);
        test_sha256(m, 64, b->k);
        for (size_t i = 0; i < 32; i++) {
            b->wire[i] ^= b->k[i];
        }
    }
    status = rig_run(r, OP_SECUREBOOT, mode, 0, b->wire, b->len);
    if (status == 0 && (mode & 0x80) != 0) {
        model_boot_mac(b->k, b->digest, with_rs ? b->rs : NULL, mode, want);
        assert_int_equal(r->len, 32);
        assert_memory_equal(r->answer, want, 32);
    }
    return status;
}

static void test_secure_boot_in_every_mode_with_and_without_mac(void **state)
{
    /* status by configuration 1 to 3 (docs/chip part 2, 10.3) */
    static const struct {
        uint8_t mode, status[3];
    } table[] = {{5, {0, 0, 0}}, {7, {0x0F, 0, 0}}, {6, {0x0F, 0, 0}}};
    static struct rig r;
    struct boot b = {.digest = {0xB0, 0x07}};

    (void)state;
    test_sign(1, b.digest, b.rs);
    for (unsigned config = 1; config <= 3; config++) {
        set_up_keys(&r, "608b");
        poke_config16(&r, 70, 0x9A00 | config); /* key 9, store 10 */
        for (size_t i = 0; i < 6; i++) {
            uint8_t mode = (uint8_t)(table[i % 3].mode | (i >= 3 ? 0x80 : 0));

            assert_int_equal(send_boot(&r, &b, mode),
                             table[i % 3].status[config - 1]);
        }
        if (config > 1) {
            assert_memory_equal(slot_bytes(&r.chip, 10),
                                config == 2 ? b.rs : b.digest,
                                config == 2 ? 64 : 32);
        }
        b.digest[0] ^= 1; /* another image */
        assert_int_equal(send_boot(&r, &b, 5), 1);
        assert_int_equal(send_boot(&r, &b, 0x85), 1);
        b.digest[0] ^= 1;
        rig_stop(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_the_models_give_the_golden_vectors),
            cmocka_unit_test(test_nonce_leaves_the_digest_of_both_numbers),
            cmocka_unit_test(test_genkey_digests_the_key_it_gives),
            cmocka_unit_test(
                    test_sign_external_signs_what_tempkey_or_the_buffer_holds),
            cmocka_unit_test(test_sign_internal_signs_the_model_message),
            cmocka_unit_test(test_verify_answers_with_the_model_mac),
            cmocka_unit_test(test_validation_moves_the_nibble_both_ways),
            cmocka_unit_test(test_validation_by_certificate_follows_the_blocks),
            cmocka_unit_test(test_ecdh_gives_the_shared_secret_by_every_way),
            cmocka_unit_test(test_ecdh_with_an_ephemeral_key_by_every_way),
            cmocka_unit_test(
                    test_ecdh_into_a_closed_slot_needs_its_owners_consent),
            cmocka_unit_test(test_kdf_gives_the_same_by_every_way),
            cmocka_unit_test(
                    test_secure_boot_in_every_mode_with_and_without_mac),
    };

    return cmocka_run_group_tests_name("models", tests, NULL, NULL);
}
