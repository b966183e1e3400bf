/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every fault against every call: the answer is right or the error precise,
 * the deadline holds, and the chip works afterwards. calls.c checks that the
 * answer is right whenever a call says HD_OK.
 */
#include "calls.h"

#define MS 1000000ULL

/* A fault, how often it strikes, and what calls may say about it beyond
 * HD_OK: a mask of the classes below. */
enum {
    BUS = 1,    /* an error of the bus */
    UNSURE = 2, /* HD_ERR_UNSURE: the command must not be repeated */
    LOST = 4,   /* HD_ERR_RESTARTED, or a refusal since registers are gone */
    TWICE = 8,  /* a refusal, since the command ran already */
    PROOF = 16  /* HD_ERR_MAC */
};

static const struct {
    const char *name;
    struct hd_fault fault;
    unsigned allowed;
} faults[] = {
        {"one NACK", {HD_FAULT_NACK, 0, 0, 1, 0, 0, {0}}, 0},
        {"a later NACK", {HD_FAULT_NACK, 0, 4, 1, 0, 0, {0}}, 0},
        {"two NACKs", {HD_FAULT_NACK, 0, 2, 2, 0, 0, {0}}, LOST},
        {"NACKs for ever", {HD_FAULT_NACK, 0, 0, 0, 0, 0, {0}}, BUS},
        {"NACKs from the middle on",
         {HD_FAULT_NACK, 0, 5, 0, 0, 0, {0}},
         BUS | UNSURE | LOST},
        {"a flipped bit", {HD_FAULT_FLIP, 0, 0, 1, 11, 0, {0}}, 0},
        {"a flipped length", {HD_FAULT_FLIP, 0, 1, 1, 5, 0, {0}}, 0},
        {"a bit flipped later", {HD_FAULT_FLIP, 0, 3, 1, 20, 0, {0}}, 0},
        {"bits flipped for ever",
         {HD_FAULT_FLIP, 0, 1, 0, 9, 0, {0}},
         BUS | UNSURE},
        {"a garbled command", {HD_FAULT_FLIP_IN, 0, 0, 1, 17, 0, {0}}, 0},
        {"a garbled later command", {HD_FAULT_FLIP_IN, 0, 1, 1, 40, 0, {0}}, 0},
        {"garbled commands for ever",
         {HD_FAULT_FLIP_IN, 0, 0, 0, 17, 0, {0}},
         BUS | UNSURE},
        {"a cut answer", {HD_FAULT_TRUNCATE, 0, 1, 1, 2, 0, {0}}, 0},
        {"an empty answer", {HD_FAULT_TRUNCATE, 0, 1, 1, 0, 0, {0}}, 0},
        {"answers cut for ever",
         {HD_FAULT_TRUNCATE, 0, 1, 0, 3, 0, {0}},
         BUS | UNSURE},
        {"20 ms late", {HD_FAULT_LATE, 0, 0, 0, 20000, 0, {0}}, 0},
        {"two seconds late",
         {HD_FAULT_LATE, 0, 0, 1, 2000000, 0, {0}},
         BUS | UNSURE | LOST},
        {"executed twice", {HD_FAULT_DUPLICATE, 0, 0, 1, 0, 0, {0}}, TWICE},
        {"a later command executed twice",
         {HD_FAULT_DUPLICATE, 0, 1, 1, 0, 0, {0}},
         TWICE},
        {"a lost wake", {HD_FAULT_LOST_WAKE, 0, 0, 1, 0, 0, {0}}, LOST},
        {"wakes lost for ever",
         {HD_FAULT_LOST_WAKE, 0, 0, 0, 0, 0, {0}},
         BUS | UNSURE},
        {"a noisy wake", {HD_FAULT_WAKE_NOISE, 0, 0, 1, 0x40, 0, {0}}, 0},
        {"noisy wakes for ever",
         {HD_FAULT_WAKE_NOISE, 0, 0, 0, 0x40, 0, {0}},
         BUS},
        {"vanished", {HD_FAULT_VANISH, 0, 0, 1, 0, 0, {0}}, BUS},
        {"vanished in the middle",
         {HD_FAULT_VANISH, 0, 4, 1, 0, 0, {0}},
         BUS | UNSURE | LOST},
        {"stuck once", {HD_FAULT_STUCK, 0, 2, 1, 0, 0, {0}}, LOST},
        {"stuck for ever", {HD_FAULT_STUCK, 0, 0, 0, 0, 0, {0}}, BUS},
        {"stuck from the middle on",
         {HD_FAULT_STUCK, 0, 4, 0, 0, 0, {0}},
         BUS | UNSURE | LOST},
        {"a brown-out", {HD_FAULT_BROWNOUT, 0, 0, 1, 0, 0, {0}}, UNSURE | LOST},
        {"a later brown-out",
         {HD_FAULT_BROWNOUT, 0, 1, 1, 0, 0, {0}},
         UNSURE | LOST},
        {"a brown-out in every command",
         {HD_FAULT_BROWNOUT, 0, 0, 0, 0, 0, {0}},
         UNSURE | LOST | BUS},
};

static bool is_allowed(int rc, unsigned allowed)
{
    if (rc == HD_OK) {
        return true;
    }
    if (rc == HD_ERR_UNSURE) {
        return allowed & UNSURE;
    }
    if (rc == HD_ERR_RESTARTED) {
        return allowed & LOST;
    }
    if (hd_err_is_retryable(rc)) {
        return allowed & BUS;
    }
    if (rc == HD_ERR_EXEC || rc == HD_ERR_MISMATCH) {
        return allowed & (LOST | TWICE);
    }
    return rc == HD_ERR_MAC && allowed & PROOF;
}

static char where[100]; /* printed when an assertion strikes */

static int say_where(void **state)
{
    (void)state;
    print_message("last: %s\n", where);
    return 0;
}

/* Longest that one call of calls.c (up to six driver calls) may take. */
#define DEADLINE (60000 * MS)

static void assert_usable(struct rig *r, const char *call, const char *fault)
{
    uint8_t sig[64], digest[32] = {3};
    int rc;

    hd_vchip_clear_faults(&r->v);
    hd_vchip_power(&r->v, true);
    (void)hd_chip_release(&r->c); /* a failed hold leaves nothing to release */
    if (!r->c.bus) {              /* open was what failed */
        rc = hd_chip_open(&r->c, &r->port, r, &hd_crypto_openssl);
    } else {
        rc = hd_chip_sign(&r->c, 0, digest, sig);
    }
    if (rc) {
        fail_msg("%s, %s: the next call says %s", call, fault, hd_errname(rc));
    }
    assert_int_equal(r->locks, 0);
}

static bool applies(const struct rig *r, const struct call *call,
                    unsigned allowed)
{
    return (r->is_608 ? call->on_608 : call->on_508) &&
           !(call->unproven && allowed & TWICE);
}

static void run_all(enum rig_kind kind)
{
    static struct rig r;
    const size_t count = sizeof faults / sizeof faults[0];
    unsigned bad = 0;

    for (size_t i = 0; i < call_count * count; i++) {
        const struct call *call = &calls[i / count];
        const size_t f = i % count;
        uint64_t before;
        int rc;

        rig_start(&r, kind);
        if (applies(&r, call, faults[f].allowed)) {
            assert_int_equal(hd_vchip_fault(&r.v, &faults[f].fault), HD_OK);
            snprintf(where, sizeof where, "%s, %s", call->name, faults[f].name);
            before = r.bus.now_ns;
            rc = call->run(&r);
            if (!is_allowed(rc, faults[f].allowed)) {
                bad++;
                print_error("%s on %s under %s: %s, status %02x\n", call->name,
                            rig_name(kind), faults[f].name, hd_errname(rc),
                            hd_chip_last_status(&r.c));
            }
            if (r.bus.now_ns - before > DEADLINE) {
                fail_msg("%s on %s under %s took %u ms", call->name,
                         rig_name(kind), faults[f].name,
                         (unsigned)((r.bus.now_ns - before) / MS));
            }
            assert_usable(&r, call->name, faults[f].name);
        }
        rig_stop(&r);
    }
    assert_int_equal(bad, 0);
}

static void test_every_fault_against_every_call_on_a_508a(void **state)
{
    (void)state;
    run_all(RIG_508A);
}

static void test_every_fault_against_every_call_on_a_608b(void **state)
{
    (void)state;
    run_all(RIG_608B);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test_teardown(
                    test_every_fault_against_every_call_on_a_508a, say_where),
            cmocka_unit_test_teardown(
                    test_every_fault_against_every_call_on_a_608b, say_where),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
