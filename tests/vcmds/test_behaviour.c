/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What commands leave behind: TempKey, validity, latches, counters, OTP. Each
 * test is a paragraph or a table of docs/chip.
 */
#include "rig.h"

static uint8_t tk_bytes[32] = {0x70, 0x6B};

/* Slots 0 private (key 1), 9 its public key, 14 a public key to validate; all
 * others open data; IO key in slot 6; both zones locked. */
static void set_stage(struct rig *r, const char *variant)
{
    uint8_t d[32], xy[64];

    rig_start_open(r, variant, 11);
    test_key(1, d, xy);
    poke_private(r, 0, 1);
    poke_key_config(r, 9, 0x0030);
    poke_public(r, 9, xy);
    poke_slot_config(r, 14, 0x0009);
    poke_key_config(r, 14, 0x0012);
    poke_public(r, 14, xy);
    if (is_608(&r->chip)) {
        poke_config16(r, 90, 0x6002);
    }
    r->chip.ee[13] |= 1;
    poke_locks(r, LOCKED);
}

static uint32_t counter_now(struct rig *r, uint16_t id)
{
    expect_ok(r, OP_COUNTER, 0, id, NULL, 0);
    return r->answer[0] | (uint32_t)r->answer[1] << 8 |
           (uint32_t)r->answer[2] << 16;
}

/* --------------------------------------------- TempKey (part 2, table 1.3) */

struct fate {
    const char *what;
    uint8_t op, p1;
    uint16_t p2;
    uint8_t len;
    char on_508, on_608; /* k kept, l lost, - no such command */
};

static const struct fate fates[] = {
        {"Random", OP_RANDOM, 0, 0, 0, 'l', 'k'},
        {"Random, refused", OP_RANDOM, 2, 0, 0, 'l', 'k'},
        {"Info", OP_INFO, 2, 0, 0, 'k', 'k'},
        {"Info, refused", OP_INFO, 9, 0, 0, 'k', 'k'},
        {"Nonce, refused", OP_NONCE, 2, 0, 20, 'l', 'l'},
        {"Nonce to the digest buffer", OP_NONCE, 0x43, 0, 32, '-', 'k'},
        {"GenDig", OP_GENDIG, 2, 3, 4, 'k', 'k'},
        {"GenDig, refused", OP_GENDIG, 2, 0, 4, 'l', 'l'},
        {"GenKey public", OP_GENKEY, 0, 0, 0, 'k', 'k'},
        {"GenKey digest", OP_GENKEY, 8, 0, 0, 'k', 'k'},
        {"GenKey, refused", OP_GENKEY, 0, 3, 0, 'l', 'l'},
        {"Sign of TempKey", OP_SIGN, 0x80, 0, 0, 'l', 'l'},
        {"Verify of TempKey, wrong", OP_VERIFY, 0, 9, 64, 'l', 'l'},
        {"MAC of TempKey", OP_MAC, 5, 3, 0, 'l', 'l'},
        {"MAC without TempKey", OP_MAC, 0, 3, 32, 'l', 'k'},
        {"HMAC", OP_HMAC, 4, 3, 0, 'l', '-'},
        {"CheckMac, wrong", OP_CHECKMAC, 0, 3, 77, 'l', 'l'},
        {"DeriveKey, refused", OP_DERIVEKEY, 4, 3, 0, 'l', 'k'},
        {"Read configuration", OP_READ, 0x80, 0, 0, 'l', 'k'},
        {"Write", OP_WRITE, 0x82, 0x18, 32, 'l', 'k'},
        {"Counter", OP_COUNTER, 0, 1, 0, 'l', 'k'},
        {"UpdateExtra", OP_UPDATEEXTRA, 0, 0, 0, 'l', 'k'},
        {"SHA start", OP_SHA, 0, 0, 0, 'l', 'k'},
        {"SHA HMAC of TempKey", OP_SHA, 4, 0xFFFF, 0, '-', 'k'},
        {"AES with TempKey", OP_AES, 0, 0xFFFF, 16, '-', 'k'},
        {"KDF from TempKey", OP_KDF, 0x10, 0, 4, '-', 'k'},
        {"SelfTest", OP_SELFTEST, 0x01, 0, 0, '-', 'k'},
        {"ECDH", OP_ECDH, 0, 3, 64, 'l', 'k'},
};

static void ask_fate(const struct fate *f, const char *variant, char want)
{
    static struct rig r;
    uint8_t data[100] = {0};

    if (want == '-') {
        return;
    }
    set_stage(&r, variant);
    poke_tempkey(&r, tk_bytes, 32, 0x10);
    (void)rig_run(&r, f->op, f->p1, f->p2, data, f->len);
    if (r.chip.tk.valid != (want == 'k')) {
        fail_msg("%s on a %s: TempKey %s", f->what, variant,
                 want == 'k' ? "is lost" : "is kept");
    }
    rig_stop(&r);
}

static void
test_each_command_leaves_of_tempkey_what_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof fates / sizeof fates[0]; i++) {
        ask_fate(&fates[i], "508a", fates[i].on_508);
        ask_fate(&fates[i], "608b", fates[i].on_608);
    }
}

static void
test_a_tempkey_from_nomac_makes_no_mac_until_the_next_nonce(void **state)
{
    static struct rig r;

    (void)state;
    set_stage(&r, "608b");
    poke_slot_config(&r, 4, 0x0010); /* NoMac */
    expect_ok(&r, OP_NONCE, 3, 0, tk_bytes, 32);
    expect_ok(&r, OP_GENDIG, 2, 4, tk_bytes, 4);
    expect_ok(&r, OP_GENDIG, 2, 3, tk_bytes, 4); /* the taint stays */
    assert_true(r.chip.tk.no_mac);
    expect_why(&r, OP_MAC, 5, 3, NULL, 0, HD_WHY_TEMPKEY_NO_MAC);
    expect_ok(&r, OP_NONCE, 3, 0, tk_bytes, 32);
    expect_ok(&r, OP_MAC, 5, 3, NULL, 0);
    rig_stop(&r);
}

/* ------------------------------------------------- CheckMac and its copy */

static void answer_checkmac(struct rig *r, unsigned slot, uint8_t data[77])
{
    const uint8_t *c = r->chip.ee;
    uint8_t m[88] = {0};

    memcpy(m, slot_bytes(&r->chip, slot), 32);
    memcpy(m + 32, r->chip.tk.bytes, 32);
    m[79] = c[12];
    m[84] = c[0];
    m[85] = c[1];
    memset(data, 0, 77);
    test_sha256(m, sizeof m, data + 32);
}

/* mode 5 with this key; true if TempKey then holds slot `target` */
static bool copies(struct rig *r, unsigned slot, unsigned target)
{
    uint8_t data[77];

    expect_ok(r, OP_NONCE, 3, 0, tk_bytes, 32);
    answer_checkmac(r, slot, data);
    expect_ok(r, OP_CHECKMAC, 5, (uint16_t)slot, data, 77);
    return r->chip.tk.valid && r->chip.tk.source_input &&
           memcmp(r->chip.tk.bytes, slot_bytes(&r->chip, target), 32) == 0;
}

static void
test_checkmac_copies_the_next_key_only_if_its_readkey_is_0(void **state)
{
    static struct rig r;
    uint8_t secret[32] = {0x53};

    (void)state;
    set_stage(&r, "608b");
    poke_slot(&r, 3, 0, secret, 32);
    poke_slot_config(&r, 3, 0x8F80); /* secret, but ReadKey 0 */
    assert_true(copies(&r, 2, 3));
    assert_true(copies(&r, 3, 3)); /* an odd key is its own target */
    poke_slot_config(&r, 3, 0x8F81);
    assert_false(copies(&r, 2, 3));
    assert_false(r.chip.tk.valid);
    poke_slot_config(&r, 3, 0x0080); /* a private key is never copied */
    poke_key_config(&r, 3, 0x0013);
    assert_false(copies(&r, 2, 3));
    rig_stop(&r);
}

static void test_authorisation_lasts_over_idle_and_not_over_sleep(void **state)
{
    static struct rig r;
    uint8_t data[77];

    (void)state;
    set_stage(&r, "608b");
    expect_ok(&r, OP_NONCE, 3, 0, tk_bytes, 32);
    answer_checkmac(&r, 2, data);
    expect_ok(&r, OP_CHECKMAC, 5, 2, data, 77);
    rig_wake(&r);
    expect_ok(&r, OP_INFO, 2, 0, NULL, 0);
    assert_int_equal(r.answer[1] & 0x7C, 2 << 3 | 1 << 2);
    rig_reset(&r);
    expect_ok(&r, OP_INFO, 2, 0, NULL, 0);
    assert_int_equal(r.answer[1] & 0x04, 0);
    expect_ok(&r, OP_NONCE, 3, 0, tk_bytes, 32);
    answer_checkmac(&r, 2, data);
    expect_ok(&r, OP_CHECKMAC, 5, 2, data, 77);
    data[40] ^= 1;
    poke_tempkey(&r, tk_bytes, 32, 0x10);
    expect_why(&r, OP_CHECKMAC, 5, 2, data, 77, HD_WHY_MAC_MISMATCH);
    assert_false(r.chip.auth_valid);
    rig_stop(&r);
}

/* --------------------------------------------------- validity of a key */

static void expect_invalid_after(struct rig *r, uint8_t op, uint8_t p1,
                                 uint16_t p2, const void *data, size_t len)
{
    uint8_t *head = slot_bytes(&r->chip, 14);

    head[0] = 0x50;
    expect_ok(r, op, p1, p2, data, len);
    assert_int_equal(head[0] >> 4, 0xA);
}

static void test_whatever_writes_a_validated_key_makes_it_invalid(void **state)
{
    static struct rig r;
    uint8_t data[96], d[32], peer[64];

    (void)state;
    set_stage(&r, "608b");
    memset(data, 0x55, sizeof data); /* its top nibble says valid */
    test_key(2, d, peer);
    for (uint16_t block = 0; block < 3; block++) {
        expect_invalid_after(&r, OP_WRITE, 0x82, (uint16_t)(block << 8 | 0x70),
                             data, 32);
    }
    expect_invalid_after(&r, OP_WRITE, 0x02, 0x70, data, 4);
    expect_invalid_after(&r, OP_WRITE, 0x02, 0x0271, data, 4);
    for (unsigned i = 0; i < 40; i++) { /* a result may begin with 5 */
        expect_ok(&r, OP_GENKEY, 4, 0xFFFF, NULL, 0);
        expect_invalid_after(&r, OP_ECDH, 5, 14, peer, 64);
    }
    poke_slot_config(&r, 14, 0x2009);
    for (unsigned i = 0; i < 40; i++) {
        expect_ok(&r, OP_NONCE, 0, 0, data, 20);
        expect_invalid_after(&r, OP_DERIVEKEY, 0, 14, NULL, 0);
    }
    poke_config16(&r, 70, 0x9E03); /* SecureBoot keeps its digest there */
    test_sign(1, data, data + 32);
    expect_invalid_after(&r, OP_SECUREBOOT, 7, 0, data, 96);
    rig_stop(&r);
}

static void
test_a_key_that_needs_no_validation_is_stored_as_written(void **state)
{
    static struct rig r;
    uint8_t data[32];

    (void)state;
    set_stage(&r, "608b");
    memset(data, 0x55, sizeof data);
    expect_ok(&r, OP_WRITE, 0x82, 0x48, data, 32);
    assert_int_equal(slot_bytes(&r.chip, 9)[0], 0x55);
    rig_stop(&r);
}

static void test_writeconfig_pubinvalid_opens_only_while_invalid(void **state)
{
    static struct rig r;
    uint8_t data[32] = {0};

    (void)state;
    set_stage(&r, "608b");
    poke_slot_config(&r, 14, 0x1009);
    slot_bytes(&r.chip, 14)[0] = 0x50;
    expect_why(&r, OP_WRITE, 0x82, 0x70, data, 32, HD_WHY_WRITE_VALID_KEY);
    slot_bytes(&r.chip, 14)[0] = 0xA0;
    expect_ok(&r, OP_WRITE, 0x82, 0x70, data, 32);
    rig_stop(&r);
}

static void test_info_tells_whether_keys_are_valid(void **state)
{
    static const struct {
        uint16_t slot;
        uint8_t want;
    } cases[] = {{0, 1}, {1, 0}, {9, 1}, {14, 0}};
    static struct rig r;

    (void)state;
    set_stage(&r, "608b");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_ok(&r, OP_INFO, 1, cases[i].slot, NULL, 0);
        assert_int_equal(r.answer[0], cases[i].want);
    }
    slot_bytes(&r.chip, 14)[0] = 0x50;
    expect_ok(&r, OP_INFO, 1, 14, NULL, 0);
    assert_int_equal(r.answer[0], 1);
    slot_bytes(&r.chip, 9)[10] ^= 1; /* no point any more */
    expect_ok(&r, OP_INFO, 1, 9, NULL, 0);
    assert_int_equal(r.answer[0], 0);
    rig_stop(&r);
}

/* ------------------------------------- protection of results (part 2, 6.5) */

static void test_ecdh_protection_decides_which_ways_out_are_left(void **state)
{
    /* answer length by EcdhProt 0 to 3; 0: refused */
    static const struct {
        uint8_t p1, len[4];
    } table[] = {{0x00, {32, 64, 0, 0}}, {0x0C, {32, 64, 0, 0}},
                 {0x0E, {64, 64, 0, 0}}, {0x08, {1, 1, 1, 1}},
                 {0x04, {1, 1, 1, 1}},   {0x0D, {32, 64, 0, 0}},
                 {0x0F, {64, 64, 0, 0}}, {0x09, {1, 1, 1, 1}},
                 {0x05, {1, 1, 1, 1}}};
    static struct rig r;
    uint8_t d[32], peer[64];

    (void)state;
    test_key(2, d, peer);
    for (unsigned prot = 0; prot < 4; prot++) {
        set_stage(&r, "608b");
        poke_config16(&r, 90, 0x6002 | prot << 8);
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
            bool inner = (table[i].p1 & 1) != 0;

            if (inner) {
                expect_ok(&r, OP_GENKEY, 4, 0xFFFF, NULL, 0);
            }
            if (table[i].len[prot] == 0) {
                expect_why(&r, OP_ECDH, table[i].p1, inner ? 3 : 0, peer, 64,
                           HD_WHY_ECDH_PROTECTED);
                continue;
            }
            expect_ok(&r, OP_ECDH, table[i].p1, inner ? 3 : 0, peer, 64);
            assert_int_equal(r.len, table[i].len[prot]);
        }
        rig_stop(&r);
    }
}

static void test_kdf_protection_decides_which_ways_out_are_left(void **state)
{
    /* by KdfProt 0 to 3: clear, encrypted, split, TempKey */
    static const struct {
        uint8_t p1, details1;
        char want[5];
    } table[] = {{4 << 2, 0, ".FFF"},
                 {5 << 2, 0, "..FF"},
                 {3 << 2, 2, ".FFF"},
                 {0, 0, "...."}};
    static struct rig r;

    (void)state;
    for (unsigned prot = 0; prot < 4; prot++) {
        set_stage(&r, "608b");
        poke_config16(&r, 90, 0x6002 | prot << 10);
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
            uint8_t data[4] = {1, table[i].details1, 0, 0};

            poke_tempkey(&r, tk_bytes, 32, 0x10);
            expect_why(&r, OP_KDF, table[i].p1, 0, data, 4,
                       table[i].want[prot] == '.' ? HD_WHY_NONE
                                                  : HD_WHY_KDF_PROTECTED);
        }
        rig_stop(&r);
    }
}

static void test_hkdf_asks_for_the_configured_iv(void **state)
{
    static struct rig r;
    uint8_t data[4 + 16] = {3, 0, 0, 16};

    (void)state;
    set_stage(&r, "608b");
    r.chip.ee[72] = 9;
    r.chip.ee[73] = 'i';
    r.chip.ee[74] = 'v';
    poke_tempkey(&r, tk_bytes, 32, 0x10);
    expect_why(&r, OP_KDF, 0x50, 0, data, 20, HD_WHY_KDF_IV);
    data[4 + 9] = 'i';
    data[4 + 10] = 'v';
    expect_ok(&r, OP_KDF, 0x50, 0, data, 20);
    rig_stop(&r);
}

/* ----------------------------------------------------- latch, secure boot */

static void test_the_latch_outlives_sleep_and_not_power(void **state)
{
    static struct rig r;

    (void)state;
    set_stage(&r, "608b");
    r.chip.ee[69] = 0x84;
    poke_auth(&r, 4);
    expect_ok(&r, OP_INFO, 4, 3, NULL, 0);
    assert_int_equal(r.answer[0], 1);
    expect_why(&r, OP_INFO, 4, 2, NULL, 0, HD_WHY_LATCH_AUTH); /* one use */
    rig_reset(&r);
    expect_ok(&r, OP_INFO, 4, 0, NULL, 0);
    assert_int_equal(r.answer[0], 1);
    rig_power(&r);
    expect_ok(&r, OP_INFO, 4, 0, NULL, 0);
    assert_int_equal(r.answer[0], 0);
    rig_stop(&r);
}

static void test_secure_boot_moves_the_latch_and_can_be_shut(void **state)
{
    static struct rig r;
    uint8_t data[96] = {0x1D};

    (void)state;
    set_stage(&r, "608b");
    test_sign(1, data, data + 32);
    poke_config16(&r, 70, 0x9A09); /* FullBoth, latch, key 9 */
    expect_ok(&r, OP_SECUREBOOT, 5, 0, data, 96);
    assert_true(r.chip.latch);
    data[0] ^= 1;
    expect_why(&r, OP_SECUREBOOT, 5, 0, data, 96, HD_WHY_BOOT_MISMATCH);
    assert_false(r.chip.latch);
    data[0] ^= 1;
    expect_ok(&r, OP_SECUREBOOT, 0x45, 0, data, 96);
    expect_why(&r, OP_SECUREBOOT, 5, 0, data, 96, HD_WHY_BOOT_PROHIBITED);
    rig_reset(&r);
    expect_why(&r, OP_SECUREBOOT, 5, 0, data, 96, HD_WHY_BOOT_PROHIBITED);
    rig_power(&r);
    expect_ok(&r, OP_SECUREBOOT, 5, 0, data, 96);
    rig_stop(&r);
}

/* ------------------------------------------------------------------- SHA */

static void test_sha_steps_give_the_digest_of_the_whole(void **state)
{
    static const char *const both[] = {"508a", "608b"};
    static struct rig r;
    uint8_t message[64 * 4 + 63], want[32];

    (void)state;
    for (size_t i = 0; i < sizeof message; i++) {
        message[i] = (uint8_t)(i * 7);
    }
    for (size_t v = 0; v < 2; v++) {
        set_stage(&r, both[v]);
        for (size_t len = 0; len <= sizeof message; len += 13) {
            size_t at = 0;

            expect_ok(&r, OP_SHA, 0, 0, NULL, 0);
            for (; len - at >= 64; at += 64) {
                expect_ok(&r, OP_SHA, 1, 64, message + at, 64);
            }
            expect_ok(&r, OP_SHA, 2, (uint16_t)(len - at), message + at,
                      len - at);
            test_sha256(message, len, want);
            assert_memory_equal(r.answer, want, 32);
            assert_memory_equal(r.chip.tk.bytes, want, 32);
        }
        rig_stop(&r);
    }
}

static void
test_other_commands_end_a_sha_sequence_on_the_508a_alone(void **state)
{
    static struct rig r;

    (void)state;
    set_stage(&r, "508a");
    expect_ok(&r, OP_SHA, 0, 0, NULL, 0);
    expect_ok(&r, OP_COUNTER, 0, 0, NULL, 0);
    expect_why(&r, OP_SHA, 2, 0, NULL, 0, HD_WHY_SHA_NOT_STARTED);
    rig_stop(&r);
    set_stage(&r, "608b");
    expect_ok(&r, OP_SHA, 0, 0, NULL, 0);
    expect_ok(&r, OP_COUNTER, 0, 0, NULL, 0);
    expect_ok(&r, OP_SHA, 0xC2, 0, NULL, 0);
    rig_stop(&r);
}

static void test_a_sha_context_hides_a_slot_that_nobody_may_read(void **state)
{
    static struct rig r;

    (void)state;
    set_stage(&r, "608b");
    for (int secret = 0; secret < 2; secret++) {
        poke_slot_config(&r, 9, secret ? 0x0080 : 0);
        expect_ok(&r, OP_SHA, 0, 0, NULL, 0);
        expect_ok(&r, OP_SHA, 1, 5, tk_bytes, 5);
        expect_ok(&r, OP_SHA, 3, 9, NULL, 0);
        expect_why(&r, OP_SHA, 6, 0, NULL, 0,
                   secret ? HD_WHY_SHA_HMAC_CONTEXT : HD_WHY_NONE);
    }
    rig_stop(&r);
}

/* ------------------------------------------------------------------- uses */

/* The vendor's device test: Counter0 = 31, limit 32. */
static void test_count_match_ends_the_uses_of_a_key(void **state)
{
    static const uint8_t at31[8] = {0, 0, 0, 1, 0, 0, 0, 0};
    static const uint8_t limit[8] = {32, 0, 0, 0, 32, 0, 0, 0};
    static const uint8_t uneven[8] = {64, 0, 0, 0, 32, 0, 0, 0};
    static struct rig r;

    (void)state;
    set_stage(&r, "608b");
    memcpy(r.chip.ee + 52, at31, 8);
    poke_config16(&r, 18, 0x00A1);
    poke_slot(&r, 10, 0, limit, 8);
    poke_slot_config(&r, 0, 0x20A7);
    expect_ok(&r, OP_COUNTER, 0, 0, NULL, 0);
    assert_int_equal(r.answer[0], 31);
    poke_tempkey(&r, tk_bytes, 32, 0x10);
    expect_ok(&r, OP_SIGN, 0x80, 0, NULL, 0);
    poke_tempkey(&r, tk_bytes, 32, 0x10);
    expect_why(&r, OP_SIGN, 0x80, 0, NULL, 0, HD_WHY_USES_MATCH);
    expect_why(&r, OP_COUNTER, 1, 0, NULL, 0, HD_WHY_USES_MATCH);
    expect_ok(&r, OP_COUNTER, 1, 1, NULL, 0); /* the other one is free */
    expect_ok(&r, OP_COUNTER, 0, 0, NULL, 0);
    assert_int_equal(r.answer[0], 32);
    poke_slot(&r, 10, 0, uneven, 8); /* the first copy decides */
    expect_ok(&r, OP_COUNTER, 1, 0, NULL, 0);
    rig_stop(&r);
}

static void test_slot_15_of_a_508a_has_128_uses(void **state)
{
    static struct rig r;

    (void)state;
    set_stage(&r, "508a");
    poke_slot_config(&r, 15, 0x0020);
    for (unsigned i = 0; i < 128; i++) {
        expect_ok(&r, OP_MAC, 0, 15, tk_bytes, 32);
        assert_int_equal(r.chip.ee[68 + i / 8], 0xFF >> (i % 8 + 1));
    }
    expect_why(&r, OP_MAC, 0, 15, tk_bytes, 32, HD_WHY_USES_LAST_KEY);
    assert_int_equal(counter_now(&r, 0), 0);
    rig_stop(&r);
}

static void test_a_counter_counts_one_by_one(void **state)
{
    static struct rig r;

    (void)state;
    set_stage(&r, "608b");
    for (uint32_t n = 0; n < 300; n++) {
        assert_int_equal(counter_now(&r, 1), n);
        expect_ok(&r, OP_COUNTER, 1, 1, NULL, 0);
    }
    rig_stop(&r);
}

/* Power fails at the n-th EEPROM word, which tears bit by bit. */
static void test_a_torn_counter_never_goes_back(void **state)
{
    static struct rig r;
    uint32_t highest = 0, jump = 0;

    (void)state;
    set_stage(&r, "608b");
    for (unsigned i = 0; i < 3000; i++) {
        uint32_t before = counter_now(&r, 1), after;
        struct hd_fault cut = {
                .kind = HD_FAULT_CUT_EEPROM, .count = 1, .arg = 1 + i % 3};
        uint8_t step[8] = {HD_WORD_COMMAND, 7, 0x24, 1, 1, 0, 0x06, 0xF7};

        assert_true(before >= highest);
        highest = before;
        rig_wake(&r);
        assert_int_equal(hd_vchip_fault(&r.chip, &cut), HD_OK);
        (void)hd_vbus_write(&r.bus, 0x60, step, sizeof step, NULL);
        hd_vbus_advance(&r.bus, 1000000);
        hd_vchip_clear_faults(&r.chip);
        rig_power(&r);
        after = counter_now(&r, 1);
        assert_true(after >= before);
        jump = after - before > jump ? after - before : jump;
        expect_ok(&r, OP_COUNTER, 1, 1, NULL, 0);
        assert_true(counter_now(&r, 1) > after);
    }
    print_message("3000 power cuts: never back, at most %u too far\n", jump);
    rig_stop(&r);
}

/* -------------------------------------------------------------- odds, ends */

static void test_otp_can_only_be_consumed_on_a_508a(void **state)
{
    static struct rig r;
    uint8_t data[32];

    (void)state;
    memset(data, 0xF0, sizeof data);
    set_stage(&r, "508a");
    memset(r.chip.ee + 128, 0x3C, 64);
    r.chip.ee[18] = 0x55;
    expect_ok(&r, OP_WRITE, 0x81, 0, data, 32);
    assert_int_equal(r.chip.ee[128], 0x30); /* bits are only cleared */
    expect_ok(&r, OP_WRITE, 0x01, 9, data, 4);
    assert_int_equal(r.chip.ee[128 + 36], 0x30);
    assert_int_equal(r.chip.ee[128 + 40], 0x3C);
    r.chip.ee[18] = 0xAA;
    expect_why(&r, OP_WRITE, 0x81, 0, data, 32, HD_WHY_OTP_READ_ONLY);
    rig_stop(&r);
    set_stage(&r, "608b");
    r.chip.ee[18] = 0x00;
    expect_why(&r, OP_WRITE, 0x81, 0, data, 32, HD_WHY_OTP_READ_ONLY);
    poke_locks(&r, CONFIG_LOCKED);
    expect_ok(&r, OP_WRITE, 0x81, 8, data, 32);
    expect_why(&r, OP_READ, 0x81, 8, NULL, 0, HD_WHY_DATA_NOT_LOCKED);
    poke_locks(&r, LOCKED);
    expect_ok(&r, OP_READ, 0x81, 8, NULL, 0);
    assert_memory_equal(r.answer, data, 32);
    rig_stop(&r);
}

static void test_partial_blocks_read_zero_and_drop_the_rest(void **state)
{
    static struct rig r;
    uint8_t data[32], zero[28] = {0};

    (void)state;
    memset(data, 0xEE, sizeof data);
    set_stage(&r, "608b");
    expect_ok(&r, OP_WRITE, 0x82, 0x0118, data, 32); /* slot 3, 4 bytes */
    expect_ok(&r, OP_READ, 0x82, 0x0118, NULL, 0);
    assert_memory_equal(r.answer, data, 4);
    assert_memory_equal(r.answer + 4, zero, 28);
    assert_int_not_equal(slot_bytes(&r.chip, 4)[0], 0xEE);
    expect_why(&r, OP_READ, 0x02, 0x0119, NULL, 0, HD_WHY_ADDRESS);
    rig_stop(&r);
}

static void test_before_the_lock_random_is_a_constant(void **state)
{
    static const uint8_t pattern[8] = {0xFF, 0xFF, 0, 0, 0xFF, 0xFF, 0, 0};
    static struct rig r;
    uint8_t first[32];

    (void)state;
    rig_start(&r, "608a", 1);
    expect_ok(&r, OP_RANDOM, 0, 0, NULL, 0);
    assert_memory_equal(r.answer, pattern, 8);
    assert_memory_equal(r.answer + 24, pattern, 8);
    expect_ok(&r, OP_LOCK, 0x80, 0, NULL, 0);
    expect_ok(&r, OP_RANDOM, 0, 0, NULL, 0);
    memcpy(first, r.answer, 32);
    assert_memory_not_equal(first, pattern, 8);
    expect_ok(&r, OP_RANDOM, 0, 0, NULL, 0);
    assert_memory_not_equal(first, r.answer, 32);
    rig_stop(&r);
}

static void test_pause_sends_the_others_to_idle(void **state)
{
    static struct rig r;

    (void)state;
    set_stage(&r, "508a");
    r.chip.ee[85] = 7;
    expect_ok(&r, OP_PAUSE, 7, 0, NULL, 0);
    assert_int_equal(r.len, 1);
    expect_ok(&r, OP_PAUSE, 8, 0, NULL, 0);
    assert_int_equal(r.len, 0);
    assert_int_equal(r.chip.state, HD_V_IDLE);
    rig_stop(&r);
}

static void test_update_extra_sets_once_but_the_selector_of_a_508a(void **state)
{
    static struct rig r;

    (void)state;
    set_stage(&r, "508a");
    expect_ok(&r, OP_UPDATEEXTRA, 1, 5, NULL, 0);
    expect_ok(&r, OP_UPDATEEXTRA, 1, 6, NULL, 0);
    r.chip.ee[19] = 1; /* SelectorMode */
    expect_why(&r, OP_UPDATEEXTRA, 1, 7, NULL, 0, HD_WHY_EXTRA_SET);
    r.chip.ee[85] = 0;
    expect_ok(&r, OP_UPDATEEXTRA, 1, 7, NULL, 0);
    rig_stop(&r);
    set_stage(&r, "608b");
    expect_ok(&r, OP_UPDATEEXTRA, 0, 0x5A, NULL, 0);
    expect_why(&r, OP_UPDATEEXTRA, 0, 0x5B, NULL, 0, HD_WHY_EXTRA_SET);
    poke_slot_config(&r, 3, 0x0020); /* mode 2 uses a limited key up */
    expect_ok(&r, OP_UPDATEEXTRA, 2, 3, NULL, 0);
    expect_ok(&r, OP_UPDATEEXTRA, 2, 4, NULL, 0); /* no limit: nothing done */
    assert_int_equal(counter_now(&r, 0), 1);
    rig_stop(&r);
}

static void test_aes_takes_each_block_of_its_key(void **state)
{
    static struct rig r;
    uint8_t key[64], want[4][16];

    (void)state;
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)i;
    }
    set_stage(&r, "608b");
    poke_key_config(&r, 12, 0x0018);
    poke_slot(&r, 12, 0, key, 64);
    for (unsigned block = 0; block < 4; block++) {
        expect_ok(&r, OP_AES, (uint8_t)(block << 6), 12, key, 16);
        memcpy(want[block], r.answer, 16);
        expect_ok(&r, OP_AES, (uint8_t)(block << 6 | 1), 12, want[block], 16);
        assert_memory_equal(r.answer, key, 16);
    }
    assert_memory_not_equal(want[0], want[1], 16);
    poke_key_config(&r, 3, 0x0018); /* a small slot has two */
    expect_why(&r, OP_AES, 0x80, 3, key, 16, HD_WHY_PARAM1);
    expect_ok(&r, OP_NONCE, 0x23, 0, key, 64);
    for (unsigned block = 0; block < 4; block++) {
        expect_ok(&r, OP_AES, (uint8_t)(block << 6), 0xFFFF, key, 16);
        assert_memory_equal(r.answer, want[block], 16);
    }
    rig_stop(&r);
}

#define T(name) cmocka_unit_test(test_##name)

int main(void)
{
    const struct CMUnitTest tests[] = {
            T(each_command_leaves_of_tempkey_what_the_table_says),
            T(a_tempkey_from_nomac_makes_no_mac_until_the_next_nonce),
            T(checkmac_copies_the_next_key_only_if_its_readkey_is_0),
            T(authorisation_lasts_over_idle_and_not_over_sleep),
            T(whatever_writes_a_validated_key_makes_it_invalid),
            T(a_key_that_needs_no_validation_is_stored_as_written),
            T(writeconfig_pubinvalid_opens_only_while_invalid),
            T(info_tells_whether_keys_are_valid),
            T(ecdh_protection_decides_which_ways_out_are_left),
            T(kdf_protection_decides_which_ways_out_are_left),
            T(hkdf_asks_for_the_configured_iv),
            T(the_latch_outlives_sleep_and_not_power),
            T(secure_boot_moves_the_latch_and_can_be_shut),
            T(sha_steps_give_the_digest_of_the_whole),
            T(other_commands_end_a_sha_sequence_on_the_508a_alone),
            T(a_sha_context_hides_a_slot_that_nobody_may_read),
            T(count_match_ends_the_uses_of_a_key),
            T(slot_15_of_a_508a_has_128_uses),
            T(a_counter_counts_one_by_one),
            T(a_torn_counter_never_goes_back),
            T(otp_can_only_be_consumed_on_a_508a),
            T(partial_blocks_read_zero_and_drop_the_rest),
            T(before_the_lock_random_is_a_constant),
            T(pause_sends_the_others_to_idle),
            T(update_extra_sets_once_but_the_selector_of_a_508a),
            T(aes_takes_each_block_of_its_key),
    };

    return cmocka_run_group_tests_name("behaviour", tests, NULL, NULL);
}
