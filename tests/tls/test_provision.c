/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Provisioning the policy connected-device: what the finished chip allows,
 * and that a run which loses power anywhere is finished by the next.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "halfdollar/chip.h"
#include "halfdollar/port_sim.h"
#include "halfdollar/vchip.h"

#include "chips.h"

#define IDENTITY   0
#define SIMPLE_KEY 4

extern const struct hd_crypto hd_crypto_openssl;

struct bench {
    struct hd_vchip vchip;
    struct hd_vbus bus;
    struct hd_sim sim;
    struct hd_chip chip;
    struct provision_plan plan;
    struct provision run;
};

static void plug_in(struct bench *b)
{
    hd_vbus_init(&b->bus, 1000000);
    assert_int_equal(hd_vbus_attach(&b->bus, &b->vchip), HD_OK);
    b->sim = (struct hd_sim){&b->bus, 0x60};
}

static void new_bench(struct bench *b)
{
    const uint8_t seed[32] = {7};

    memset(b, 0, sizeof(*b));
    assert_int_equal(hd_vchip_init(&b->vchip, hd_vchip_variant("608b"), seed),
                     HD_OK);
    plug_in(b);
    load_policy(&b->plan);
}

static void free_bench(struct bench *b)
{
    hd_vchip_free(&b->vchip);
}

/* A fresh start of the station: opens the chip and does all that is missing. */
static int provision(struct bench *b)
{
    int err = hd_chip_open(&b->chip, &hd_sim_bus, &b->sim, &hd_crypto_openssl);

    b->run = (struct provision){.chip = &b->chip, .plan = &b->plan};
    if (err == HD_OK) {
        err = provision_chip(&b->run);
    }
    if (err == HD_OK) {
        err = provision_seal(&b->run);
    }
    hd_chip_close(&b->chip);
    return err;
}

static void open_again(struct bench *b)
{
    assert_int_equal(
            hd_chip_open(&b->chip, &hd_sim_bus, &b->sim, &hd_crypto_openssl),
            HD_OK);
}

/* A refusal by the chip, for this reason. */
#define assert_refused(bench, call, reason)                                    \
    do {                                                                       \
        assert_true(hd_err_is_refusal(call));                                  \
        assert_string_equal(                                                   \
                hd_why_name(hd_vchip_refusal(&(bench)->vchip)->why), reason);  \
    } while (0)

/* --------------------------------------------------------- the finished chip
 */

static void assert_finished(struct bench *b)
{
    struct hd_chip_locks locks;
    uint8_t config[128], got[72], pub[64], sig[64], digest[32] = {1};

    open_again(b);
    assert_int_equal(hd_chip_lock_state(&b->chip, &locks), HD_OK);
    assert_true(locks.config && locks.data);
    assert_int_equal(locks.slots, 1U << 10 | 1U << 11 | 1U << 12);
    assert_int_equal(hd_chip_read(&b->chip, HD_ZONE_CONFIG, 0, 0, config, 128),
                     HD_OK);
    assert_memory_equal(config + 16, b->plan.config + 16, 84 - 16);
    assert_memory_equal(config + 90, b->plan.config + 90, 128 - 90);
    for (uint16_t slot = 0; slot <= SIMPLE_KEY; slot++) {
        assert_int_equal(hd_chip_pubkey(&b->chip, slot, pub), HD_OK);
    }
    assert_int_equal(hd_chip_pubkey(&b->chip, IDENTITY, pub), HD_OK);
    assert_int_equal(hd_chip_sign(&b->chip, IDENTITY, digest, sig), HD_OK);
    assert_int_equal(hd_chip_verify(&b->chip, digest, sig, pub), HD_OK);
    assert_int_equal(hd_chip_read(&b->chip, HD_ZONE_DATA, 10, 0, got, 32),
                     HD_OK);
    assert_memory_equal(got, b->plan.certificate, 32);
    assert_int_equal(hd_chip_read(&b->chip, HD_ZONE_DATA, 13, 0, got, 72),
                     HD_OK);
    assert_memory_equal(got + 4, generator, 32);
    assert_memory_equal(got + 40, generator + 32, 32);
    assert_int_equal(hd_chip_authorize(&b->chip, 5, b->plan.secret), HD_OK);
    assert_int_equal(
            hd_chip_verify_mac(&b->chip, digest, sig, pub, 0, b->plan.io_key),
            HD_OK);
    hd_chip_close(&b->chip);
}

static void test_a_blank_chip_becomes_a_connected_device(void **state)
{
    struct bench b;

    (void)state;
    new_bench(&b);
    assert_int_equal(provision(&b), HD_OK);
    assert_finished(&b);
    free_bench(&b);
}

static void count_work(void *ctx, const char *what, bool done_now)
{
    (void)what;
    *(int *)ctx += done_now ? 1 : 0;
}

static void test_a_second_run_changes_nothing(void **state)
{
    uint8_t before[HD_V_EEPROM_BYTES];
    struct bench b;
    int work = 0;

    (void)state;
    new_bench(&b);
    assert_int_equal(provision(&b), HD_OK);
    memcpy(before, b.vchip.ee, sizeof(before));
    open_again(&b);
    b.run = (struct provision){&b.chip, &b.plan, count_work, &work, NULL, ""};
    assert_int_equal(provision_chip(&b.run), HD_OK);
    assert_int_equal(provision_seal(&b.run), HD_OK);
    assert_int_equal(work, 0);
    assert_memory_equal(before, b.vchip.ee, sizeof(before));
    hd_chip_close(&b.chip);
    free_bench(&b);
}

static void test_a_chip_locked_with_other_rules_is_named_not_used(void **state)
{
    struct bench b;

    (void)state;
    new_bench(&b);
    assert_int_equal(provision(&b), HD_OK);
    b.plan.config[20] ^= 0x04;
    assert_int_equal(provision(&b), HD_ERR_CORRUPT);
    assert_non_null(strstr(b.run.problem, "byte 20 is 81, the plan says 85"));
    free_bench(&b);
}

static void test_a_chip_of_another_certificate_is_named_not_used(void **state)
{
    struct bench b;

    (void)state;
    new_bench(&b);
    assert_int_equal(provision(&b), HD_OK);
    b.plan.certificate[0] ^= 1;
    assert_int_equal(provision(&b), HD_ERR_CORRUPT);
    assert_non_null(strstr(b.run.problem, "slot 10 is locked"));
    free_bench(&b);
}

static void test_nobody_can_read_replace_or_misuse_the_identity(void **state)
{
    uint8_t out[64], d[32] = {[31] = 1};
    struct bench b;

    (void)state;
    new_bench(&b);
    assert_int_equal(provision(&b), HD_OK);
    open_again(&b);
    assert_refused(&b, hd_chip_read(&b.chip, HD_ZONE_DATA, 0, 0, out, 32),
                   "SLOT_PRIVATE");
    assert_refused(&b, hd_chip_genkey(&b.chip, 0, out), "GENKEY_OFF");
    assert_refused(&b, hd_chip_privwrite(&b.chip, 0, d), "PRIVWRITE_OFF");
    assert_refused(&b,
                   hd_chip_privwrite_encrypted(&b.chip, 0, d, 5, b.plan.secret),
                   "PRIVWRITE_OFF");
    assert_refused(&b, hd_chip_ecdh(&b.chip, 0, generator, out), "ECDH_OFF");
    assert_refused(&b, hd_chip_lock_slot(&b.chip, 0), "SLOT_NOT_LOCKABLE");
    hd_chip_close(&b.chip);
    free_bench(&b);
}

static void test_trust_anchors_and_secrets_cannot_be_written(void **state)
{
    static const uint16_t slots[] = {5, 6, 7, 9, 13, 15};
    const uint8_t zeros[72] = {0};
    struct bench b;

    (void)state;
    new_bench(&b);
    assert_int_equal(provision(&b), HD_OK);
    open_again(&b);
    for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
        assert_refused(
                &b,
                hd_chip_write(&b.chip, HD_ZONE_DATA, slots[i], 0, zeros, 32),
                "WRITE_NEVER");
    }
    for (uint16_t slot = 10; slot <= 12; slot++) {
        assert_refused(&b,
                       hd_chip_write(&b.chip, HD_ZONE_DATA, slot, 0, zeros, 32),
                       "SLOT_LOCKED");
    }
    hd_chip_close(&b.chip);
    free_bench(&b);
}

static void test_ecdh_results_leave_the_chip_encrypted_only(void **state)
{
    uint8_t clear[32], secret[32];
    struct bench b;

    (void)state;
    new_bench(&b);
    assert_int_equal(provision(&b), HD_OK);
    open_again(&b);
    assert_int_not_equal(hd_chip_ecdh(&b.chip, 3, generator, clear), HD_OK);
    assert_int_equal(
            hd_chip_ecdh_io(&b.chip, 3, generator, b.plan.io_key, secret),
            HD_OK);
    /* ECDH with the generator gives the X of the public key itself */
    {
        uint8_t pub[64];

        assert_int_equal(hd_chip_pubkey(&b.chip, 3, pub), HD_OK);
        assert_memory_equal(secret, pub, 32);
    }
    hd_chip_close(&b.chip);
    free_bench(&b);
}

/* ------------------------------------------------------------- power cuts */

static void cut(struct bench *b, enum hd_fault_kind kind, uint32_t nth)
{
    const struct hd_fault fault = {
            .kind = (uint8_t)kind, .count = 1, .arg = nth};

    assert_int_equal(hd_vchip_fault(&b->vchip, &fault), HD_OK);
}

/* Power fails at the nth chance; then it comes back and the station starts
 * again. False: there is no such chance, the run was not disturbed. */
static bool cut_and_finish(enum hd_fault_kind kind, uint32_t nth)
{
    struct bench b;
    int err;

    new_bench(&b);
    cut(&b, kind, nth);
    err = provision(&b);
    hd_vchip_clear_faults(&b.vchip);
    hd_vchip_power(&b.vchip, false);
    hd_vchip_power(&b.vchip, true);
    if (err != HD_OK) {
        int again = provision(&b);

        if (again != HD_OK) {
            fail_msg("cut %s %u: the next run stops at \"%s\": %s (%s)",
                     kind == HD_FAULT_CUT_EEPROM ? "EEPROM word" : "bus byte",
                     nth, b.run.step, hd_strerror(again), b.run.problem);
        }
    }
    assert_finished(&b);
    free_bench(&b);
    return err != HD_OK;
}

static void
test_a_cut_at_every_eeprom_word_is_finished_by_the_next_run(void **state)
{
    uint32_t n = 1;

    (void)state;
    while (cut_and_finish(HD_FAULT_CUT_EEPROM, n)) {
        n++;
    }
    print_message("%u EEPROM words, a cut at each\n", n - 1);
    assert_true(n > 100);
}

static void test_a_cut_at_any_bus_byte_is_finished_by_the_next_run(void **state)
{
    uint32_t n = 1, cuts = 0;

    (void)state;
    while (cut_and_finish(HD_FAULT_CUT_BYTE, n)) {
        n += 13; /* coprime to the lengths of groups: hits every phase */
        cuts++;
    }
    print_message("%u cuts over %u bus bytes\n", cuts, n);
    assert_true(cuts > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_a_blank_chip_becomes_a_connected_device),
            cmocka_unit_test(test_a_second_run_changes_nothing),
            cmocka_unit_test(
                    test_a_chip_locked_with_other_rules_is_named_not_used),
            cmocka_unit_test(
                    test_a_chip_of_another_certificate_is_named_not_used),
            cmocka_unit_test(
                    test_nobody_can_read_replace_or_misuse_the_identity),
            cmocka_unit_test(test_trust_anchors_and_secrets_cannot_be_written),
            cmocka_unit_test(test_ecdh_results_leave_the_chip_encrypted_only),
            cmocka_unit_test(
                    test_a_cut_at_every_eeprom_word_is_finished_by_the_next_run),
            cmocka_unit_test(
                    test_a_cut_at_any_bus_byte_is_finished_by_the_next_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
