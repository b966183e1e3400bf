/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power cut at every EEPROM write of every command that writes: each word is
 * then old or new, but for the one that was being written; the chip comes
 * back, and going again finishes unless the step can be done only once.
 */
#include "bench_chip.h"
#include "internal.h"

struct scene {
    const char *name;
    const char *variant;
    void (*set)(struct hd_vchip *v);  /* EEPROM before the command */
    void (*load)(struct hd_vchip *v); /* registers before it, NULL: none */
    uint8_t op, p1;
    uint16_t p2;
    size_t len;    /* of the data: 1, 2, 3 ... */
    bool once;     /* a torn result may stand in the way of going again */
    bool in_steps; /* a word is written more than once on the way */
};

/* ------------------------------------------------------------------ set-ups */

static void put16(struct hd_vchip *v, size_t at, unsigned value)
{
    v->ee[at] = (uint8_t)value;
    v->ee[at + 1] = (uint8_t)(value >> 8);
}

static void nothing(struct hd_vchip *v)
{
    (void)v;
}

static void config_locked_only(struct hd_vchip *v)
{
    v->ee[CFG_LOCK_CONFIG] = 0x00;
}

static void both_locked(struct hd_vchip *v)
{
    v->ee[CFG_LOCK_CONFIG] = 0x00;
    v->ee[CFG_LOCK_VALUE] = 0x00;
}

static void with_counter_at(struct hd_vchip *v, const char bytes[8])
{
    both_locked(v);
    memcpy(v->ee + CFG_COUNTER + 8, bytes, 8);
    memcpy(v->ee + CFG_COUNTER, bytes, 8);
}

static void counter_at_15(struct hd_vchip *v)
{
    with_counter_at(v, "\x00\x01\xFF\xFF\0\0\0\0");
}

static void counter_at_31(struct hd_vchip *v)
{
    with_counter_at(v, "\x00\x00\x00\x01\0\0\0\0");
}

static void counter_at_47(struct hd_vchip *v)
{
    with_counter_at(v, "\x00\x01\x00\x00\x00\x01\x00\x00");
}

static void put_key(struct hd_vchip *v, unsigned slot)
{
    memset(slot_bytes(v, slot), 0, 36);
    memset(slot_bytes(v, slot) + 4, 0x11 + (int)slot, 32);
}

static void limited_signer(struct hd_vchip *v)
{
    counter_at_31(v);
    put16(v, CFG_SLOT, 0x20A3); /* slot 0: LimitedUse */
    put_key(v, 0);
}

static void ecdh_into_slot_3(struct hd_vchip *v)
{
    both_locked(v);
    put_key(v, 2); /* factory configuration of slot 2 */
}

static void roll_slot_9(struct hd_vchip *v)
{
    both_locked(v);
    put16(v, CFG_SLOT + 18, 0x2080);
    put16(v, CFG_KEY + 18, 0x003C);
}

static void kdf_into_slot_9(struct hd_vchip *v)
{
    both_locked(v);
    put16(v, CFG_SLOT + 18, 0x0080);
    put16(v, CFG_KEY + 18, 0x003E);
}

static void consumption_508(struct hd_vchip *v)
{
    both_locked(v); /* OTPmode is 0x55 from the factory */
}

static void last_use_508(struct hd_vchip *v)
{
    both_locked(v);
    put16(v, CFG_SLOT + 30, 0x8FAF); /* slot 15: LimitedUse */
    put_key(v, 15);
}

/* ---------------------------------------------------------------- registers */

static void random_tempkey(struct hd_vchip *v)
{
    memset(v->tk.bytes, 0x42, sizeof v->tk.bytes);
    v->tk.valid = true;
    v->tk.source_input = false;
}

static void digest_in_mdb(struct hd_vchip *v)
{
    memset(v->mdb, 0x24, sizeof v->mdb);
    v->mdb_len = 32;
}

static void wide_altkey(struct hd_vchip *v)
{
    memset(v->altkey, 0x33, sizeof v->altkey);
    v->altkey_valid = true;
}

#define ZONE32 0x80

static const struct scene scenes[] = {
        {.name = "Write configuration block",
         .variant = "608b",
         .set = nothing,
         .op = OP_WRITE,
         .p1 = ZONE32 | 0,
         .p2 = 0x0008,
         .len = 32},
        {.name = "Write configuration word",
         .variant = "508a",
         .set = nothing,
         .op = OP_WRITE,
         .p2 = 0x0005,
         .len = 4},
        {.name = "Write OTP",
         .variant = "608b",
         .set = config_locked_only,
         .op = OP_WRITE,
         .p1 = ZONE32 | 1,
         .p2 = 0x0008,
         .len = 32},
        {.name = "Write data block",
         .variant = "608b",
         .set = config_locked_only,
         .op = OP_WRITE,
         .p1 = ZONE32 | 2,
         .p2 = 0x0140,
         .len = 32},
        {.name = "Write data word",
         .variant = "608b",
         .set = both_locked,
         .op = OP_WRITE,
         .p1 = 2,
         .p2 = 0x0143,
         .len = 4},
        {.name = "Write consumption OTP",
         .variant = "508a",
         .set = consumption_508,
         .op = OP_WRITE,
         .p1 = 1,
         .p2 = 0x0002,
         .len = 4},
        {.name = "GenKey create",
         .variant = "608b",
         .set = config_locked_only,
         .op = OP_GENKEY,
         .p1 = 0x04,
         .p2 = 1},
        {.name = "Lock configuration",
         .variant = "608b",
         .set = nothing,
         .op = OP_LOCK,
         .p1 = 0x80,
         .once = true},
        {.name = "Lock data",
         .variant = "608b",
         .set = config_locked_only,
         .op = OP_LOCK,
         .p1 = 0x81,
         .once = true},
        {.name = "Lock slot 8",
         .variant = "608b",
         .set = both_locked,
         .op = OP_LOCK,
         .p1 = 8 << 2 | 2,
         .once = true},
        {.name = "UpdateExtra byte 84",
         .variant = "608b",
         .set = nothing,
         .op = OP_UPDATEEXTRA,
         .p1 = 0,
         .p2 = 0x005A,
         .once = true},
        {.name = "UpdateExtra byte 85",
         .variant = "508a",
         .set = both_locked,
         .op = OP_UPDATEEXTRA,
         .p1 = 1,
         .p2 = 0x005A},
        {.name = "Counter 15 to 16",
         .variant = "608b",
         .set = counter_at_15,
         .op = OP_COUNTER,
         .p1 = 1,
         .p2 = 1,
         .in_steps = true},
        {.name = "Counter 31 to 32",
         .variant = "608b",
         .set = counter_at_31,
         .op = OP_COUNTER,
         .p1 = 1,
         .p2 = 1,
         .in_steps = true},
        {.name = "Counter 47 to 48",
         .variant = "608b",
         .set = counter_at_47,
         .op = OP_COUNTER,
         .p1 = 1,
         .p2 = 0,
         .in_steps = true},
        {.name = "Sign with a limited key",
         .variant = "608b",
         .set = limited_signer,
         .load = digest_in_mdb,
         .op = OP_SIGN,
         .p1 = 0xA0,
         .p2 = 0,
         .in_steps = true},
        {.name = "MAC with slot 15 of a 508A",
         .variant = "508a",
         .set = last_use_508,
         .op = OP_MAC,
         .p2 = 15,
         .len = 32},
        {.name = "DeriveKey roll",
         .variant = "608b",
         .set = roll_slot_9,
         .load = random_tempkey,
         .op = OP_DERIVEKEY,
         .p2 = 9},
        {.name = "KDF into a slot",
         .variant = "608b",
         .set = kdf_into_slot_9,
         .load = wide_altkey,
         .op = OP_KDF,
         .p1 = 0x40 | 2 << 2 | 3,
         .p2 = 9 << 8,
         .len = 20},
};

/* ------------------------------------------------------------------ playing */

static const uint8_t hkdf_input[20] = {0x02, 0x00, 0x00, 0x10};

/* Wakes, loads the registers and runs the command. False when power was cut;
 * else *status is that of the answer, 0 for one that carries data. */
static bool play(struct bench *b, const struct scene *s, uint8_t *status)
{
    uint8_t data[64], got[160];
    const uint8_t *in = s->op == OP_KDF ? hkdf_input : data;

    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i + 1);
    }
    bench_word(b, 0x01);
    bench_wake(b);
    if (s->load != NULL) {
        s->load(&b->chip);
    }
    (void)bench_send(b, s->op, s->p1, s->p2, in, s->len);
    hd_vbus_advance(&b->bus, 500 * MS);
    if (hd_vbus_read(&b->bus, b->chip.addr7, got, sizeof got) != HD_OK) {
        return false;
    }
    *status = got[0] == 4 ? got[1] : 0;
    return true;
}

static void cut_at(struct bench *b, uint32_t n)
{
    const struct hd_fault f = {
            .kind = HD_FAULT_CUT_EEPROM, .count = 1, .arg = n};

    assert_int_equal(hd_vchip_fault(&b->chip, &f), HD_OK);
}

static void power_up_again(struct bench *b)
{
    assert_int_equal(b->chip.state, HD_V_OFF);
    hd_vchip_power(&b->chip, true);
    bench_wake(b);
    assert_wake_answer(b);
}

/* How many words are neither old nor new; each of their bits must be. */
static int torn_words(const struct scene *s, const uint8_t *was,
                      const uint8_t *is, const uint8_t *will)
{
    int torn = 0;

    for (size_t i = 0; i < HD_V_EEPROM_BYTES; i += 4) {
        torn += memcmp(is + i, was + i, 4) != 0 &&
                memcmp(is + i, will + i, 4) != 0;
        for (size_t j = i; j < i + 4 && !s->in_steps; j++) {
            if (((is[j] ^ was[j]) & (is[j] ^ will[j])) != 0) {
                fail_msg("%s: byte %zu is %02X, was %02X, will be %02X",
                         s->name, j, is[j], was[j], will[j]);
            }
        }
    }
    return torn;
}

/* Random contents make no two runs alike: the wanted EEPROM is made under the
 * same seed and count of draws. */
static void start(struct bench *b, const struct scene *s)
{
    bench_start(b, s->variant);
    s->set(&b->chip);
    hd_vchip_power(&b->chip, false);
    hd_vchip_power(&b->chip, true);
}

static uint32_t play_cuts(const struct scene *s)
{
    uint8_t was[HD_V_EEPROM_BYTES], will[HD_V_EEPROM_BYTES], status = 0xAA;
    struct bench b;
    uint32_t n, words;

    start(&b, s);
    memcpy(was, b.chip.ee, sizeof was);
    b.chip.ee_writes = 0;
    if (!play(&b, s, &status) || status != 0) {
        char text[400];

        hd_refusal_text(hd_vchip_refusal(&b.chip), text, sizeof text);
        fail_msg("%s: status %02X, %s", s->name, status, text);
    }
    words = (uint32_t)b.chip.ee_writes;
    memcpy(will, b.chip.ee, sizeof will);
    hd_vchip_free(&b.chip);
    for (n = 1; n <= words; n++) {
        start(&b, s);
        cut_at(&b, n);
        assert_false(play(&b, s, &status));
        assert_true(s->in_steps || torn_words(s, was, b.chip.ee, will) <= 1);
        power_up_again(&b);
        if (!play(&b, s, &status) || (status != 0 && !s->once)) {
            fail_msg("%s: cut at word %u, then status %02X", s->name, n,
                     status);
        }
        hd_vchip_free(&b.chip);
    }
    return words;
}

static void test_a_cut_at_any_word_leaves_old_or_new_and_one_torn(void **state)
{
    uint32_t words = 0;

    (void)state;
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        const uint32_t n = play_cuts(&scenes[i]);

        if (n == 0) {
            fail_msg("%s wrote nothing", scenes[i].name);
        }
        words += n;
    }
    print_message("%zu commands, %u words, a cut at each\n",
                  sizeof scenes / sizeof *scenes, words);
}

static void test_ecdh_into_a_slot_tears_that_slot_alone(void **state)
{
    static const struct scene s = {.name = "ECDH into slot 3",
                                   .variant = "608b",
                                   .set = ecdh_into_slot_3,
                                   .op = OP_ECDH,
                                   .p2 = 2,
                                   .len = 64};
    uint8_t d[32] = {0}, peer[64], was[HD_V_EEPROM_BYTES], status = 0xAA;

    (void)state;
    d[31] = 5;
    for (uint32_t n = 1;; n++) {
        struct bench b;
        const size_t slot3 = ee_slot_at(3);

        start(&b, &s);
        assert_true(v_ec_public(&b.chip, d, peer));
        memcpy(was, b.chip.ee, sizeof was);
        cut_at(&b, n);
        bench_wake(&b);
        (void)bench_send(&b, OP_ECDH, 0, 2, peer, 64);
        hd_vbus_advance(&b.bus, 500 * MS);
        assert_memory_equal(b.chip.ee, was, slot3);
        assert_memory_equal(b.chip.ee + slot3 + 36, was + slot3 + 36,
                            sizeof was - slot3 - 36);
        if (hd_vbus_read(&b.bus, 0x60, b.reply, 4) == HD_OK) {
            status = b.reply[1];
            hd_vchip_free(&b.chip);
            assert_true(n > 8);
            break;
        }
        power_up_again(&b);
        hd_vchip_free(&b.chip);
    }
    assert_int_equal(status, 0);
}

/* docs/chip part 1, 10.4: a cut step may have moved too far, never back. */
static void test_a_counter_never_goes_back(void **state)
{
    static void (*const sets[])(struct hd_vchip *) = {
            counter_at_15, counter_at_31, counter_at_47};
    static const uint32_t at[] = {15, 31, 47};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (uint32_t n = 1; n <= 4; n++) {
            struct bench b;

            bench_start(&b, "608b");
            sets[i](&b.chip);
            bench_wake(&b);
            cut_at(&b, n);
            (void)bench_send(&b, OP_COUNTER, 1, 1, NULL, 0);
            hd_vchip_clear_faults(&b.chip);
            hd_vchip_power(&b.chip, false);
            hd_vchip_power(&b.chip, true);
            bench_wake(&b);
            assert_int_equal(bench_run(&b, OP_COUNTER, 0, 1, NULL, 0), 7);
            assert_in_range(b.reply[1] | b.reply[2] << 8 | b.reply[3] << 16,
                            at[i], 2097151);
            hd_vchip_free(&b.chip);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(
                    test_a_cut_at_any_word_leaves_old_or_new_and_one_torn),
            cmocka_unit_test(test_ecdh_into_a_slot_tears_that_slot_alone),
            cmocka_unit_test(test_a_counter_never_goes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
