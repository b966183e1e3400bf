/* SPDX-License-Identifier: Apache-2.0 */
/* The shortest way through the virtual chip: wake it, ask it something. */
#include "bench_chip.h"

static void test_a_woken_chip_says_04_11_33_43(void **state)
{
    struct bench b;

    (void)state;
    bench_start(&b, "608b");
    bench_wake(&b);
    assert_wake_answer(&b);
    hd_vchip_free(&b.chip);
}

static void
test_an_unknown_opcode_is_a_parse_error_with_a_sentence(void **state)
{
    struct bench b;
    char text[200];

    (void)state;
    bench_start(&b, "608b");
    bench_wake(&b);
    assert_int_equal(bench_status(&b, 0x99, 0, 0, NULL, 0), 0x03);
    assert_int_equal(hd_vchip_refusal(&b.chip)->why, HD_WHY_OPCODE);
    assert_true(hd_refusal_text(hd_vchip_refusal(&b.chip), text, sizeof text) <
                sizeof text);
    assert_non_null(strstr(text, "command 0x99"));
    hd_vchip_free(&b.chip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_a_woken_chip_says_04_11_33_43),
            cmocka_unit_test(
                    test_an_unknown_opcode_is_a_parse_error_with_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
