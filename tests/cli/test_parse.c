/* SPDX-License-Identifier: Apache-2.0 */
/* Text that people and attackers type: what is taken, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "cli/parse.h"

#define NOTHING SIZE_MAX

static void hex_takes_separators_and_a_prefix_and_nothing_else(void **state)
{
    static const struct {
        const char *text;
        size_t len; /* NOTHING: refused */
        uint8_t bytes[4];
    } cases[] = {
            {"", 0, {0}},
            {" \n", 0, {0}},
            {"00ff10AB", 4, {0x00, 0xFF, 0x10, 0xAB}},
            {"0x0102", 2, {1, 2}},
            {" 0X01\r\n02\t", 2, {1, 2}},
            {"01:02 03", 3, {1, 2, 3}},
            {"0", NOTHING, {0}},
            {"0x", 0, {0}},
            {"0x0", NOTHING, {0}},
            {"0 1", NOTHING, {0}},
            {"01-02", NOTHING, {0}},
            {"0g", NOTHING, {0}},
            {"010x02", NOTHING, {0}},
            {"0102030405", NOTHING, {0}}, /* longer than there is room */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t out[4];
        size_t len = NOTHING;
        bool taken = parse_hex(cases[i].text, strlen(cases[i].text), out,
                               sizeof out, &len);
        assert_int_equal(taken, cases[i].len != NOTHING);
        assert_int_equal(len, cases[i].len);
        if (taken) {
            assert_memory_equal(out, cases[i].bytes, len);
        }
    }
}

static void hex_stops_at_the_length_given(void **state)
{
    uint8_t out[4];
    size_t len = 0;

    (void)state;
    assert_true(parse_hex("0102zz", 4, out, sizeof out, &len));
    assert_int_equal(len, 2);
}

static void numbers_are_whole_and_fit(void **state)
{
    static const struct {
        const char *text;
        bool taken;
        unsigned long value;
    } cases[] = {
            {"0", true, 0},
            {"15", true, 15},
            {"0x60", true, 0x60},
            {"007", true, 7},
            {"18446744073709551615", true, UINT64_MAX},
            {"0xffffffffffffffff", true, UINT64_MAX},
            {"18446744073709551616", false, 0},
            {"0x10000000000000000", false, 0},
            {"", false, 0},
            {"0x", false, 0},
            {"-1", false, 0},
            {"+1", false, 0},
            {" 1", false, 0},
            {"1 ", false, 0},
            {"1a", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned long value = 0;
        assert_int_equal(parse_number(cases[i].text, &value), cases[i].taken);
        if (cases[i].taken) {
            assert_true(value == cases[i].value);
        }
    }
}

static void sizes_know_k_and_m_and_overflow(void **state)
{
    unsigned long value = 0;

    (void)state;
    assert_true(parse_size("4K", &value) && value == 4096);
    assert_true(parse_size("1m", &value) && value == 1048576);
    assert_true(parse_size("512", &value) && value == 512);
    assert_false(parse_size("K", &value));
    assert_false(parse_size("", &value));
    assert_false(parse_size("1G", &value));
    assert_false(parse_size("18446744073709551615K", &value));
}

static void distance_counts_typing_mistakes(void **state)
{
    (void)state;
    assert_int_equal(edit_distance("sign", "sign"), 0);
    assert_int_equal(edit_distance("sing", "sign"), 1); /* swapped */
    assert_int_equal(edit_distance("sgn", "sign"), 1);
    assert_int_equal(edit_distance("siggn", "sign"), 1);
    assert_int_equal(edit_distance("sogn", "sign"), 1);
    assert_int_equal(edit_distance("kitten", "sitting"), 3);
    assert_int_equal(edit_distance("", "abc"), 3);
    assert_int_equal(
            edit_distance("a word of more than thirty-one letters", "a"), 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(
                    hex_takes_separators_and_a_prefix_and_nothing_else),
            cmocka_unit_test(hex_stops_at_the_length_given),
            cmocka_unit_test(numbers_are_whole_and_fit),
            cmocka_unit_test(sizes_know_k_and_m_and_overflow),
            cmocka_unit_test(distance_counts_typing_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
