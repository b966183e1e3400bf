/* SPDX-License-Identifier: Apache-2.0 */
/* Every call against every chip, over I2C and single-wire. */
#include "calls.h"

static void run_all(enum rig_kind kind)
{
    static struct rig r;

    for (size_t i = 0; i < call_count; i++) {
        rig_start(&r, kind);
        if (r.is_608 ? calls[i].on_608 : calls[i].on_508) {
            int rc = calls[i].run(&r);
            if (rc) {
                char why[300];
                hd_refusal_text(hd_vchip_refusal(&r.v), why, sizeof why);
                fail_msg("%s on %s: %s, status %02x: %s", calls[i].name,
                         rig_name(kind), hd_errname(rc),
                         hd_chip_last_status(&r.c), why);
            }
            assert_int_equal(r.locks, 0);
        }
        rig_stop(&r);
    }
}

static void test_every_call_works_on_a_508a(void **state)
{
    (void)state;
    run_all(RIG_508A);
}

static void test_every_call_works_on_a_608a(void **state)
{
    (void)state;
    run_all(RIG_608A);
}

static void test_every_call_works_on_a_608b(void **state)
{
    (void)state;
    run_all(RIG_608B);
}

static void test_every_call_works_on_a_508a_over_a_single_wire(void **state)
{
    (void)state;
    run_all(RIG_508A_SWI);
}

static void test_every_call_works_on_a_608b_over_a_single_wire(void **state)
{
    (void)state;
    run_all(RIG_608B_SWI);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_every_call_works_on_a_508a),
            cmocka_unit_test(test_every_call_works_on_a_608a),
            cmocka_unit_test(test_every_call_works_on_a_608b),
            cmocka_unit_test(
                    test_every_call_works_on_a_508a_over_a_single_wire),
            cmocka_unit_test(
                    test_every_call_works_on_a_608b_over_a_single_wire),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
