/* SPDX-License-Identifier: Apache-2.0 */
/* Key URIs: what parses, what is refused and in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "uri.h"

static void test_good_uris_parse_to_what_they_say(void **state)
{
    static const struct {
        const char *text;
        int slot;
        const char *chip, *io_key_file;
    } cases[] = {
            {"half:", -1, "", ""},
            {"half:slot=0", 0, "", ""},
            {"HALF:slot=15", 15, "", ""},
            {"half:slot=3;chip=i2c:1@0x60", 3, "i2c:1@0x60", ""},
            {"half:chip=sim:a%3Bb%25.vchip", -1, "sim:a;b%.vchip", ""},
            {"half:io-key-file=/etc/io.key;slot=3;chip=unix:/run/x.sock", 3,
             "unix:/run/x.sock", "/etc/io.key"},
            {"half:chip=sim:na%c3%AFve.vchip;slot=1", 1,
             "sim:na\xC3\xAFve.vchip", ""},
    };
    struct hdp_uri uri;
    char why[256];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(hdp_uri_parse(cases[i].text, &uri, why, sizeof(why)));
        assert_int_equal(uri.slot, cases[i].slot);
        assert_string_equal(uri.chip, cases[i].chip);
        assert_string_equal(uri.io_key_file, cases[i].io_key_file);
    }
}

static void test_bad_uris_are_refused_with_what_would_be_right(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
            {"", "begins with \"half:\""},
            {"file:slot=0", "begins with \"half:\""},
            {"half", "begins with \"half:\""},
            {"half:slot=16", "a chip has slots 0 to 15"},
            {"half:slot=-1", "a number from 0 to 15"},
            {"half:slot=", "a number from 0 to 15"},
            {"half:slot=0x1", "a number from 0 to 15"},
            {"half:slot=000", "a number from 0 to 15"},
            {"half:slot", "slot needs a value"},
            {"half:slot=0;slot=1", "slot appears twice"},
            {"half:solt=0", "\"solt\" is not an attribute"},
            {"half:;slot=0", "\"\" is not an attribute"},
            {"half:slot=0;", "\"\" is not an attribute"},
            {"half:chip=", "chip= is empty"},
            {"half:chip=a%", "two hex digits"},
            {"half:chip=a%2", "two hex digits"},
            {"half:chip=a%2g", "two hex digits"},
            {"half:chip=a%00b", "two hex digits"},
            {"half:io-key-file=", "io-key-file= is empty"},
    };
    struct hdp_uri uri;
    char why[256];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_false(hdp_uri_parse(cases[i].text, &uri, why, sizeof(why)));
        if (strstr(why, cases[i].says) == NULL) {
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].text, why,
                     cases[i].says);
        }
        assert_int_equal(uri.slot, -1);
        assert_string_equal(uri.chip, "");
    }
}

static void
test_a_value_that_fits_exactly_is_kept_and_one_more_refused(void **state)
{
    char text[HDP_VALUE_MAX + 32] = "half:chip=";
    const size_t prefix = strlen(text);
    struct hdp_uri uri;
    char why[256];

    (void)state;
    memset(text + prefix, 'x', HDP_VALUE_MAX - 1);
    assert_true(hdp_uri_parse(text, &uri, why, sizeof(why)));
    assert_int_equal(strlen(uri.chip), HDP_VALUE_MAX - 1);
    text[prefix + HDP_VALUE_MAX - 1] = 'x';
    assert_false(hdp_uri_parse(text, &uri, why, sizeof(why)));
    assert_non_null(strstr(why, "longer than 255"));
}

static void test_a_written_uri_parses_to_the_same(void **state)
{
    struct hdp_uri uri = {.slot = 7,
                          .chip = "sim:odd ;%\x01\xFF=name",
                          .io_key_file = "/k;e%y"};
    struct hdp_uri again;
    char text[512], why[256];

    (void)state;
    assert_true(hdp_uri_format(&uri, text, sizeof(text)) < sizeof(text));
    assert_true(hdp_uri_parse(text, &again, why, sizeof(why)));
    assert_int_equal(again.slot, uri.slot);
    assert_string_equal(again.chip, uri.chip);
    assert_string_equal(again.io_key_file, uri.io_key_file);
}

static void test_a_short_buffer_is_cut_terminated_and_told(void **state)
{
    const struct hdp_uri uri = {.slot = 12, .chip = "sim:x"};
    char text[8];

    (void)state;
    assert_int_equal(hdp_uri_format(&uri, text, sizeof(text)),
                     strlen("half:slot=12;chip=sim:x"));
    assert_string_equal(text, "half:sl");
    assert_int_equal(hdp_uri_format(&uri, NULL, 0),
                     strlen("half:slot=12;chip=sim:x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_good_uris_parse_to_what_they_say),
            cmocka_unit_test(
                    test_bad_uris_are_refused_with_what_would_be_right),
            cmocka_unit_test(
                    test_a_value_that_fits_exactly_is_kept_and_one_more_refused),
            cmocka_unit_test(test_a_written_uri_parses_to_the_same),
            cmocka_unit_test(test_a_short_buffer_is_cut_terminated_and_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
