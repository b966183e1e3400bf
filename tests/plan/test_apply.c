/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carrying out a plan, on virtual chips: what comes out, that a second run
 * changes nothing, and that a run which is cut off anywhere is finished by the
 * next one, without a key being made again that was locked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "halfdollar/crypto_openssl.h"

#include "rig.h"

#define ROOT   13
#define SECRET 5

/* -------------------------------------------------------------- the result */

static void test_a_blank_chip_becomes_what_the_policy_says(void **state)
{
    const uint8_t digest[32] = {1};
    uint8_t sig[64], pub[64], got[72];
    struct bench b;

    (void)state;
    new_bench(&b, "connected-device");
    b.vchip.speed = HD_V_MAXIMUM; /* longer than a watchdog period */
    assert_int_equal(apply(&b), HD_OK);
    assert_int_equal(b.vchip.ee[86], 0);
    assert_int_equal(b.vchip.ee[87], 0);
    assert_memory_equal(b.vchip.ee + 16, b.policy.config + 16, 70);
    assert_memory_equal(b.vchip.ee + 88, b.policy.config + 88, 40);
    assert_int_equal(
            hd_chip_open(&b.chip, &hd_sim_bus, &b.sim, &hd_crypto_openssl),
            HD_OK);
    assert_int_equal(hd_chip_pubkey(&b.chip, 0, pub), HD_OK);
    assert_int_equal(hd_chip_sign(&b.chip, 0, digest, sig), HD_OK);
    assert_int_equal(hd_chip_verify(&b.chip, digest, sig, pub), HD_OK);
    assert_int_equal(hd_chip_read(&b.chip, HD_ZONE_DATA, ROOT, 0, got, 72),
                     HD_OK);
    assert_memory_equal(got + 4, generator, 32);
    assert_int_equal(
            hd_chip_authorize(&b.chip, SECRET, b.contents.slot[SECRET]), HD_OK);
    hd_chip_close(&b.chip);
    hd_vchip_free(&b.vchip);
}

static void test_a_second_run_finds_everything_done(void **state)
{
    uint8_t before[HD_V_EEPROM_BYTES], hash[32];
    struct bench b;

    (void)state;
    new_bench(&b, "connected-device");
    assert_int_equal(apply(&b), HD_OK);
    assert_true(b.work > 15);
    memcpy(before, b.vchip.ee, sizeof before);
    memcpy(hash, b.plan.hash, sizeof hash);
    assert_int_equal(apply(&b), HD_OK);
    assert_int_equal(b.work, 0);
    assert_memory_equal(before, b.vchip.ee, sizeof before);
    assert_memory_equal(hash, b.plan.hash, sizeof hash);
    hd_vchip_free(&b.vchip);
}

static void test_another_secret_than_the_kept_one_is_named(void **state)
{
    struct bench b;

    (void)state;
    new_bench(&b, "connected-device");
    assert_int_equal(apply(&b), HD_OK);
    b.contents.slot[SECRET][0] ^= 1;
    assert_int_equal(apply(&b), HD_ERR_CORRUPT);
    assert_non_null(strstr(b.run.problem, "slot 5 (secret) holds another"));
    hd_vchip_free(&b.vchip);
}

static void test_locks_that_forbid_the_plan_are_named(void **state)
{
    struct bench b;

    (void)state;
    new_bench(&b, "connected-device");
    assert_int_equal(apply(&b), HD_OK);
    hd_policy_set(b.policy.config, HD_F_ReadKey, 0, 5);
    b.contents.slot[ROOT][10] ^= 1;
    assert_int_equal(apply(&b), HD_ERR_STATE);
    assert_int_equal(b.plan.problem_count, 2);
    assert_non_null(strstr(b.plan.problems[0],
                           "slot 0 (identity): ReadKey is 1, the policy says 5 "
                           "(byte 20 bits 3-0)"));
    assert_non_null(strstr(b.plan.problems[1], "slot 13 (root-key) holds"));
    hd_vchip_free(&b.vchip);
}

static void test_a_slot_is_locked_once_it_is_filled(void **state)
{
    struct bench b;

    (void)state;
    new_bench(&b, "connected-device");
    b.policy.slots[8].lock = HD_LOCK_FILLED;
    b.policy.slots[8].content = HD_CONTENT_FILE;
    memset(b.contents.slot[8], 0x88, 416);
    assert_int_equal(apply(&b), HD_OK);
    assert_int_equal(b.vchip.ee[89] & 1, 0);
    assert_int_equal(b.vchip.ee[place(8) + 415], 0x88);
    assert_int_equal(apply(&b), HD_OK);
    assert_int_equal(b.work, 0);
    hd_vchip_free(&b.vchip);
}

static void test_a_plan_takes_less_than_two_seconds_of_the_chip(void **state)
{
    struct bench b;

    (void)state;
    new_bench(&b, "connected-device");
    b.vchip.speed = HD_V_MAXIMUM;
    b.bus.hz = 400000;
    assert_int_equal(
            hd_chip_open(&b.chip, &hd_sim_bus, &b.sim, &hd_crypto_openssl),
            HD_OK);
    assert_int_equal(look_and_plan(&b), HD_OK);
    hd_chip_close(&b.chip);
    print_message("blank chip: %u ms\n", (unsigned)(b.bus.now_ns / 1000000));
    assert_true(b.bus.now_ns < 2000000000U);
    b.bus.hz = 1000000;
    assert_int_equal(apply(&b), HD_OK);
    b.bus.hz = 400000;
    uint64_t start = b.bus.now_ns;
    assert_int_equal(
            hd_chip_open(&b.chip, &hd_sim_bus, &b.sim, &hd_crypto_openssl),
            HD_OK);
    assert_int_equal(look_and_plan(&b), HD_OK);
    hd_chip_close(&b.chip);
    print_message("locked chip: %u ms\n",
                  (unsigned)((b.bus.now_ns - start) / 1000000));
    assert_true(b.bus.now_ns - start < 2000000000U);
    hd_vchip_free(&b.vchip);
}

/* ------------------------------------------------------------- power cuts */

/* Everything but private keys, which are drawn anew by a second run, and the
 * value of a lock byte that was torn: all but 0x55 is locked. */
static void assert_same_bytes(const struct bench *b, const uint8_t *clean)
{
    assert_memory_equal(b->vchip.ee, clean, 86);
    assert_int_not_equal(b->vchip.ee[86], 0x55);
    assert_int_not_equal(b->vchip.ee[87], 0x55);
    assert_memory_equal(b->vchip.ee + 88, clean + 88, DATA_AT - 88);
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        if (!hd_policy_get(b->policy.config, HD_F_Private, slot)) {
            assert_memory_equal(b->vchip.ee + place(slot), clean + place(slot),
                                hd_plan_slot_size(slot));
        }
    }
}

static void assert_keys_kept(const struct bench *b, const uint8_t *cut)
{
    bool locked = cut[86] != 0x55;

    for (unsigned slot = 0; slot < HD_POLICY_SLOTS && locked; slot++) {
        if (hd_policy_get(b->policy.config, HD_F_Private, slot)) {
            assert_memory_equal(b->vchip.ee + place(slot), cut + place(slot),
                                36);
        }
    }
}

/* False: there is no nth chance, the run was not disturbed. */
static bool cut_and_finish(enum hd_fault_kind kind, uint32_t nth,
                           const uint8_t *clean)
{
    uint8_t cut[HD_V_EEPROM_BYTES], hash[32];
    struct bench b;

    new_bench(&b, "connected-device");
    cut_at(&b, kind, nth);
    int err = apply(&b);
    bool planned = b.plan.count > 0;
    memcpy(hash, b.plan.hash, sizeof hash);
    memcpy(cut, b.vchip.ee, sizeof cut);
    replug(&b);
    if (err != HD_OK) {
        int again = apply(&b);

        if (again != HD_OK) {
            char step[HD_PLAN_TEXT] = "-";

            if (b.run.step) {
                hd_plan_step_text(&b.plan, b.run.step, step, sizeof step);
            }
            fail_msg("cut of kind %d at %u: the next run stops at \"%s\": %s "
                     "(%s)",
                     (int)kind, nth, step, hd_strerror(again), b.run.problem);
        }
        assert_keys_kept(&b, cut);
        if (planned) {
            assert_memory_equal(b.plan.hash, hash, sizeof hash);
        }
    }
    assert_same_bytes(&b, clean);
    hd_vchip_free(&b.vchip);
    return err != HD_OK;
}

static uint32_t cut_everywhere(enum hd_fault_kind kind, uint32_t stride)
{
    struct bench b;
    uint32_t n = 1, cuts = 0;

    new_bench(&b, "connected-device");
    assert_int_equal(apply(&b), HD_OK);
    while (cut_and_finish(kind, n, b.vchip.ee)) {
        n += stride;
        cuts++;
    }
    hd_vchip_free(&b.vchip);
    return cuts;
}

static void test_a_cut_at_every_eeprom_write_is_finished(void **state)
{
    uint32_t cuts = cut_everywhere(HD_FAULT_CUT_EEPROM, 1);

    (void)state;
    print_message("%u EEPROM words, a cut at each\n", cuts);
    assert_true(cuts > 300);
}

static void test_a_chip_that_vanishes_at_any_transfer_is_finished(void **state)
{
    uint32_t cuts = cut_everywhere(HD_FAULT_VANISH, 1);

    (void)state;
    print_message("unplugged at each of %u transfers\n", cuts);
    assert_true(cuts > 100);
}

static void test_a_cut_within_the_bus_bytes_is_finished(void **state)
{
    /* coprime to the lengths of groups: hits every phase of a transfer */
    uint32_t cuts = cut_everywhere(HD_FAULT_CUT_BYTE, 13);

    (void)state;
    print_message("%u cuts in the bus bytes\n", cuts);
    assert_true(cuts > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_a_blank_chip_becomes_what_the_policy_says),
            cmocka_unit_test(test_a_second_run_finds_everything_done),
            cmocka_unit_test(test_another_secret_than_the_kept_one_is_named),
            cmocka_unit_test(test_locks_that_forbid_the_plan_are_named),
            cmocka_unit_test(test_a_slot_is_locked_once_it_is_filled),
            cmocka_unit_test(
                    test_a_plan_takes_less_than_two_seconds_of_the_chip),
            cmocka_unit_test(test_a_cut_at_every_eeprom_write_is_finished),
            cmocka_unit_test(
                    test_a_chip_that_vanishes_at_any_transfer_is_finished),
            cmocka_unit_test(test_a_cut_within_the_bus_bytes_is_finished),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
