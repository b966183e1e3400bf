/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands one step away from one that works, which must be refused: lengths
 * and numbers that no table of docs/chip has, and rules that a detour could
 * get around.
 */
#include "rig.h"

static uint8_t zeros[160];

/* Slot 0 a private key for ECDH, slot 5 a MAC key that asks for a random
 * nonce, all others open data. */
static void set_stage(struct rig *r, const char *variant, int phase)
{
    rig_start_open(r, variant, 21);
    poke_private(r, 0, 1);
    poke_slot_config(r, 5, 0x0080);
    poke_key_config(r, 5, 0x005C);
    poke_locks(r, phase);
}

static void
test_a_mac_behind_a_value_written_in_the_clear_is_refused(void **state)
{
    static struct rig r;
    static const struct {
        int phase;
        uint8_t p1;
        uint16_t p2;
    } cases[] = {
            {OPEN, 0x80, 0x08},
            {CONFIG_LOCKED, 0x81, 0},
            {CONFIG_LOCKED, 0x82, 0x20},
            {LOCKED, 0x82, 0x20},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_stage(&r, "608b", cases[i].phase);
        expect_why(&r, OP_WRITE, cases[i].p1, cases[i].p2, zeros, 64,
                   HD_WHY_LENGTH);
        expect_ok(&r, OP_WRITE, cases[i].p1, cases[i].p2, zeros, 32);
        rig_stop(&r);
    }
}

static void test_ecdh_into_slot_ffff_is_refused(void **state)
{
    static struct rig r;
    uint8_t d[32], peer[64];

    (void)state;
    set_stage(&r, "608b", LOCKED);
    test_key(2, d, peer);
    expect_ok(&r, OP_GENKEY, 4, 0xFFFF, NULL, 0);
    expect_why(&r, OP_ECDH, 5, 0xFFFF, peer, 64, HD_WHY_PARAM2);
    expect_ok(&r, OP_GENKEY, 4, 0xFFFF, NULL, 0);
    expect_ok(&r, OP_ECDH, 5, 15, peer, 64);
    rig_stop(&r);
}

static void
test_kdf_into_the_upper_half_frees_no_private_tempkey_below(void **state)
{
    static struct rig r;
    /* HKDF of the input, without a key; 32 bytes */
    uint8_t data[4 + 32] = {0x06, 0, 0, 32};

    (void)state;
    set_stage(&r, "608b", LOCKED);
    expect_ok(&r, OP_GENKEY, 4, 0xFFFF, NULL, 0);
    expect_why(&r, OP_KDF, 0x44, 0, data, sizeof data, HD_WHY_TEMPKEY_PRIVATE);
    expect_ok(&r, OP_NONCE, 3, 0, zeros, 32);
    expect_ok(&r, OP_KDF, 0x44, 0, data, sizeof data);
    rig_stop(&r);
}

static void test_sha_update_takes_64_bytes_and_not_one_more(void **state)
{
    static struct rig r;

    (void)state;
    set_stage(&r, "608b", LOCKED);
    expect_ok(&r, OP_SHA, 0, 0, NULL, 0);
    expect_ok(&r, OP_SHA, 1, 64, zeros, 64);
    expect_why(&r, OP_SHA, 1, 65, zeros, 65, HD_WHY_LENGTH);
    expect_why(&r, OP_SHA, 1, 128, zeros, 128, HD_WHY_LENGTH);
    rig_stop(&r);
}

/* A random nonce that is no part of the message keeps nothing from being
 * asked twice. */
static void test_reqrandom_asks_for_the_nonce_in_the_message(void **state)
{
    static struct rig r;

    (void)state;
    set_stage(&r, "608b", LOCKED);
    expect_ok(&r, OP_NONCE, 0, 0, zeros, 20);
    expect_why(&r, OP_MAC, 0, 5, zeros, 32, HD_WHY_RANDOM_MISSING);
    expect_why(&r, OP_CHECKMAC, 0, 5, zeros, 77, HD_WHY_RANDOM_MISSING);
    expect_ok(&r, OP_NONCE, 0, 0, zeros, 20);
    expect_ok(&r, OP_MAC, 1, 5, NULL, 0);
    rig_stop(&r);
}

/* The vendor's device tests run AES with TempKey on blank chips. */
static void test_aes_waits_for_both_locks_with_a_slot_alone(void **state)
{
    static struct rig r;

    (void)state;
    for (int phase = OPEN; phase <= LOCKED; phase++) {
        set_stage(&r, "608b", phase);
        r.chip.ee[13] |= 1;
        poke_key_config(&r, 3, 0x0018); /* an AES key */
        poke_tempkey(&r, zeros, 32, 0x10);
        expect_ok(&r, OP_AES, 0, 0xFFFF, zeros, 16);
        expect_why(&r, OP_AES, 0, 3, zeros, 16,
                   phase == LOCKED ? HD_WHY_NONE : HD_WHY_AES_NOT_LOCKED);
        rig_stop(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(
                    test_a_mac_behind_a_value_written_in_the_clear_is_refused),
            cmocka_unit_test(test_ecdh_into_slot_ffff_is_refused),
            cmocka_unit_test(
                    test_kdf_into_the_upper_half_frees_no_private_tempkey_below),
            cmocka_unit_test(test_sha_update_takes_64_bytes_and_not_one_more),
            cmocka_unit_test(test_aes_waits_for_both_locks_with_a_slot_alone),
            cmocka_unit_test(test_reqrandom_asks_for_the_nonce_in_the_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
