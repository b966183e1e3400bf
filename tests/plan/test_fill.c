/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy leaves for later, and what is then locked: certificates come
 * when the keys that were born in the chip are known.
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

#define DEVICE_CERT 10
#define SIGNER_KEY  11
#define SIGNER_CERT 12
#define LATER       (1U << DEVICE_CERT | 1U << SIGNER_KEY | 1U << SIGNER_CERT)

static void fill(struct bench *b, unsigned slot)
{
    struct hd_policy_error why;
    uint8_t *image = b->contents.slot[slot];

    assert_int_equal(hd_plan_fill(&b->contents, &b->policy, slot, &why), HD_OK);
    memset(image, (int)(0xC0 + slot), 32);
    if (slot == SIGNER_KEY) {
        memset(image, 0, 72);
        memcpy(image + 4, generator, 32);
        memcpy(image + 40, generator + 32, 32);
    }
}

static void fill_all(struct bench *b)
{
    fill(b, DEVICE_CERT);
    fill(b, SIGNER_KEY);
    fill(b, SIGNER_CERT);
}

static unsigned locked_slots(const struct bench *b)
{
    return ~(b->vchip.ee[88] | (unsigned)b->vchip.ee[89] << 8) & 0xFFFFU;
}

static void test_slots_wait_until_they_are_filled(void **state)
{
    struct bench b;

    (void)state;
    new_bench(&b, "connected-device");
    assert_int_equal(apply(&b), HD_OK);
    assert_int_equal(b.plan.waiting, LATER);
    assert_int_equal(locked_slots(&b), 0);
    fill_all(&b);
    assert_int_equal(apply(&b), HD_OK);
    assert_int_equal(b.work, 6);
    assert_int_equal(b.plan.waiting, 0);
    assert_int_equal(locked_slots(&b), LATER);
    assert_memory_equal(b.vchip.ee + place(SIGNER_KEY),
                        b.contents.slot[SIGNER_KEY], 72);
    assert_memory_equal(b.vchip.ee + place(DEVICE_CERT),
                        b.contents.slot[DEVICE_CERT], 72);
    assert_int_equal(apply(&b), HD_OK);
    assert_int_equal(b.work, 0);
    hd_vchip_free(&b.vchip);
}

static void test_without_the_contents_a_finished_chip_is_finished(void **state)
{
    struct bench b;

    (void)state;
    new_bench(&b, "connected-device");
    fill_all(&b);
    assert_int_equal(apply(&b), HD_OK);
    assert_int_equal(locked_slots(&b), LATER);
    b.contents.filled = 0; /* as a station begins that has no files */
    memset(b.contents.slot[DEVICE_CERT], 0, 3 * sizeof b.contents.slot[0]);
    assert_int_equal(apply(&b), HD_OK);
    assert_int_equal(b.work, 0);
    assert_int_equal(b.plan.waiting, 0);
    hd_vchip_free(&b.vchip);
}

static void test_contents_are_part_of_what_is_confirmed(void **state)
{
    struct bench b;
    uint8_t without[32], with[32];

    (void)state;
    new_bench(&b, "connected-device");
    assert_int_equal(apply(&b), HD_OK);
    memcpy(without, b.plan.hash, 32);
    fill_all(&b);
    assert_int_equal(
            hd_chip_open(&b.chip, &hd_sim_bus, &b.sim, &hd_crypto_openssl),
            HD_OK);
    assert_int_equal(look_and_plan(&b), HD_OK);
    assert_int_equal(hd_plan_left_for_ever(&b.plan), 3);
    memcpy(with, b.plan.hash, 32);
    assert_memory_not_equal(with, without, 32);
    b.contents.slot[DEVICE_CERT][0] ^= 1;
    assert_int_equal(look_and_plan(&b), HD_OK);
    assert_memory_not_equal(with, b.plan.hash, 32);
    hd_chip_close(&b.chip);
    hd_vchip_free(&b.vchip);
}

static void test_a_locked_slot_with_other_bytes_is_named(void **state)
{
    struct bench b;

    (void)state;
    new_bench(&b, "connected-device");
    fill_all(&b);
    assert_int_equal(apply(&b), HD_OK);
    b.contents.slot[DEVICE_CERT][0] ^= 1;
    assert_int_equal(apply(&b), HD_ERR_STATE);
    assert_non_null(strstr(b.run.problem, "slot 10 (device-cert) holds other"));
    assert_non_null(strstr(b.run.problem, "bytes 88-89 = ff e3"));
    hd_vchip_free(&b.vchip);
}

/* Anyone on the bus may lock a slot that waits. */
static void test_a_slot_that_was_frozen_empty_is_named(void **state)
{
    struct bench b;

    (void)state;
    new_bench(&b, "connected-device");
    assert_int_equal(apply(&b), HD_OK);
    b.vchip.ee[89] &= (uint8_t) ~(1U << (DEVICE_CERT - 8));
    assert_int_equal(apply(&b), HD_ERR_STATE);
    assert_non_null(
            strstr(b.run.problem,
                   "slot 10 (device-cert) is locked and holds nothing"));
    fill(&b, DEVICE_CERT);
    assert_int_equal(apply(&b), HD_ERR_STATE);
    assert_non_null(strstr(b.run.problem, "the slot is locked"));
    hd_vchip_free(&b.vchip);
}

static void test_an_otp_zone_that_reads_otherwise_is_named(void **state)
{
    struct bench b;

    (void)state;
    new_bench(&b, "connected-device");
    memset(b.contents.otp, 0x17, sizeof b.contents.otp);
    b.contents.otp_stated = true;
    (void)snprintf(b.policy.otp_file, sizeof b.policy.otp_file, "otp.bin");
    assert_int_equal(apply(&b), HD_OK);
    assert_int_equal(apply(&b), HD_OK);
    b.contents.otp[63] ^= 1;
    assert_int_equal(apply(&b), HD_ERR_STATE);
    assert_non_null(
            strstr(b.run.problem, "OTP holds other bytes than otp.bin"));
    b.contents.otp_stated = false; /* the policy says nothing of it */
    assert_int_equal(apply(&b), HD_OK);
    hd_vchip_free(&b.vchip);
}

/* The second of two equal commands is refused, because of the first. */
static void test_a_lock_that_came_twice_is_a_lock(void **state)
{
    const struct hd_fault fault = {
            .kind = HD_FAULT_DUPLICATE, .opcode = 0x17, .count = 3};
    struct bench b;

    (void)state;
    new_bench(&b, "connected-device");
    assert_int_equal(hd_vchip_fault(&b.vchip, &fault), HD_OK);
    assert_int_equal(apply(&b), HD_OK);
    assert_int_equal(b.vchip.ee[86], 0);
    hd_vchip_free(&b.vchip);
}

static void test_a_slot_that_stays_writable_is_written_again(void **state)
{
    struct bench b;

    (void)state;
    new_bench(&b, "connected-device");
    assert_int_equal(apply(&b), HD_OK);
    fill(&b, 8);
    assert_int_equal(apply(&b), HD_OK);
    assert_int_equal(b.work, 1);
    memset(b.contents.slot[8], 0x77, 416);
    assert_int_equal(apply(&b), HD_OK);
    assert_int_equal(b.work, 1);
    assert_int_equal(b.vchip.ee[place(8) + 415], 0x77);
    assert_int_equal(locked_slots(&b), 0);
    hd_vchip_free(&b.vchip);
}

static void test_what_cannot_be_filled_later_is_refused(void **state)
{
    struct hd_policy_error why;
    struct bench b;

    (void)state;
    new_bench(&b, "connected-device");
    assert_int_equal(hd_plan_fill(&b.contents, &b.policy, 5, &why),
                     HD_ERR_FORMAT);
    assert_non_null(strstr(why.text, "leaves nothing for later"));
    b.policy.slots[5].content = HD_CONTENT_LATER;
    assert_int_equal(hd_plan_fill(&b.contents, &b.policy, 5, &why),
                     HD_ERR_FORMAT);
    assert_non_null(strstr(why.text, "IsSecret"));
    assert_int_equal(hd_plan_fill(&b.contents, &b.policy, 14, &why),
                     HD_ERR_FORMAT);
    assert_non_null(strstr(why.text, "WriteConfig"));
    assert_int_equal(b.contents.filled, 0);
    hd_vchip_free(&b.vchip);
}

/* Somebody on the bus shows other bytes, one time: after the write, and
 * before the lock. */
static void test_what_reads_otherwise_is_not_locked(void **state)
{
    struct hd_fault fault = {.kind = HD_FAULT_REWRITE, .opcode = 0x02};
    struct bench b;

    (void)state;
    new_bench(&b, "connected-device");
    assert_int_equal(apply(&b), HD_OK);
    fill(&b, DEVICE_CERT);
    assert_int_equal(
            hd_chip_open(&b.chip, &hd_sim_bus, &b.sim, &hd_crypto_openssl),
            HD_OK);
    assert_int_equal(look_and_plan(&b), HD_OK);
    assert_int_equal(hd_vchip_fault(&b.vchip, &fault), HD_OK);
    assert_int_equal(hd_plan_apply(&b.run), HD_ERR_CORRUPT);
    assert_non_null(strstr(b.run.problem, "slot 10 reads otherwise"));
    assert_int_equal(locked_slots(&b), 0);
    hd_chip_close(&b.chip);
    hd_vchip_free(&b.vchip);
}

/* The copy holds what was found, so filling is rehearsed, too. */
static void test_filling_is_rehearsed_on_what_was_found(void **state)
{
    static struct hd_plan_rehearsal tried;
    struct bench b;

    (void)state;
    new_bench(&b, "connected-device");
    assert_int_equal(apply(&b), HD_OK);
    fill_all(&b);
    assert_int_equal(
            hd_chip_open(&b.chip, &hd_sim_bus, &b.sim, &hd_crypto_openssl),
            HD_OK);
    assert_int_equal(look_and_plan(&b), HD_OK);
    if (hd_plan_rehearse(&b.run, &b.seen, &tried) != HD_OK) {
        fail_msg("%s", b.run.problem);
    }
    /* somebody froze a slot in between: the plan made now is impossible, the
     * one made before fails where it would on the chip */
    b.seen.config[89] &= (uint8_t) ~(1U << (DEVICE_CERT - 8));
    assert_int_equal(hd_plan_rehearse(&b.run, &b.seen, &tried), HD_ERR_CORRUPT);
    assert_non_null(strstr(b.run.problem, "rehearsal"));
    assert_non_null(strstr(b.run.problem, "slot 10 (device-cert)"));
    hd_chip_close(&b.chip);
    hd_vchip_free(&b.vchip);
}

static void test_bytes_that_are_set_once_count_as_for_ever(void **state)
{
    char text[HD_PLAN_TEXT];
    struct bench b;

    (void)state;
    new_bench(&b, "connected-device");
    b.policy.config[84] = 0x11;
    assert_int_equal(
            hd_chip_open(&b.chip, &hd_sim_bus, &b.sim, &hd_crypto_openssl),
            HD_OK);
    assert_int_equal(look_and_plan(&b), HD_OK);
    assert_int_equal(hd_plan_left_for_ever(&b.plan), 3);
    hd_plan_step_text(&b.plan, &b.plan.steps[0], text, sizeof text);
    assert_non_null(strstr(text, "bytes 84 and 85"));
    hd_chip_close(&b.chip);
    assert_int_equal(apply(&b), HD_OK);
    assert_int_equal(b.vchip.ee[84], 0x11);
    hd_vchip_free(&b.vchip);
}

/* ------------------------------------------------------------- power cuts */

/* A provisioned chip gets its certificates; the nth chance is a cut. False:
 * there is no nth. */
static bool cut_and_finish(const struct bench *ready, const uint8_t *clean,
                           enum hd_fault_kind kind, uint32_t nth)
{
    struct bench b;

    new_bench(&b, "connected-device");
    fill_all(&b);
    memcpy(b.vchip.ee, ready->vchip.ee, sizeof b.vchip.ee);
    cut_at(&b, kind, nth);
    int err = apply(&b);
    replug(&b);
    if (err != HD_OK && apply(&b) != HD_OK) {
        fail_msg("cut of kind %d at %u: the next run fails: %s", (int)kind, nth,
                 b.run.problem);
    }
    assert_memory_equal(b.vchip.ee, clean, sizeof b.vchip.ee);
    hd_vchip_free(&b.vchip);
    return err != HD_OK;
}

static void test_a_cut_while_filling_is_finished(void **state)
{
    static const enum hd_fault_kind kinds[] = {HD_FAULT_CUT_EEPROM,
                                               HD_FAULT_VANISH};
    struct bench ready, clean;

    (void)state;
    new_bench(&ready, "connected-device");
    assert_int_equal(apply(&ready), HD_OK);
    new_bench(&clean, "connected-device");
    fill_all(&clean);
    memcpy(clean.vchip.ee, ready.vchip.ee, sizeof clean.vchip.ee);
    assert_int_equal(apply(&clean), HD_OK);
    for (unsigned i = 0; i < 2; i++) {
        uint32_t n = 1;

        while (cut_and_finish(&ready, clean.vchip.ee, kinds[i], n)) {
            n++;
        }
        print_message("%u cuts\n", n - 1);
        assert_true(n > 50);
    }
    hd_vchip_free(&ready.vchip);
    hd_vchip_free(&clean.vchip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_slots_wait_until_they_are_filled),
            cmocka_unit_test(
                    test_without_the_contents_a_finished_chip_is_finished),
            cmocka_unit_test(test_contents_are_part_of_what_is_confirmed),
            cmocka_unit_test(test_a_locked_slot_with_other_bytes_is_named),
            cmocka_unit_test(test_a_slot_that_was_frozen_empty_is_named),
            cmocka_unit_test(test_an_otp_zone_that_reads_otherwise_is_named),
            cmocka_unit_test(test_a_lock_that_came_twice_is_a_lock),
            cmocka_unit_test(test_a_slot_that_stays_writable_is_written_again),
            cmocka_unit_test(test_what_cannot_be_filled_later_is_refused),
            cmocka_unit_test(test_what_reads_otherwise_is_not_locked),
            cmocka_unit_test(test_filling_is_rehearsed_on_what_was_found),
            cmocka_unit_test(test_bytes_that_are_set_once_count_as_for_ever),
            cmocka_unit_test(test_a_cut_while_filling_is_finished),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
