/* SPDX-License-Identifier: Apache-2.0 */
/* Arrows against bits set by hand, and text that must stay text. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "view/page.h"

/* A chip whose 16 slots are closed secrets: SlotConfig 0x8F9F, KeyConfig
 * 0x005C, little-endian. No slot depends on any other. */
static void closed(uint8_t config[128])
{
    memset(config, 0, 128);
    config[88] = config[89] = 0xFF;
    for (unsigned slot = 0; slot < 16; slot++) {
        config[20 + 2 * slot] = 0x9F;
        config[21 + 2 * slot] = 0x8F;
        config[96 + 2 * slot] = 0x5C;
    }
}

static void expect(const uint8_t config[128], unsigned from, unsigned to,
                   enum hd_arrow_kind kind)
{
    struct hd_arrow all[HD_ARROWS_MAX];

    assert_int_equal(hd_page_arrows(config, HD_POLICY_608, all), 1);
    assert_int_equal(all[0].from, from);
    assert_int_equal(all[0].to, to);
    assert_int_equal(all[0].kind, kind);
}

static void test_closed_slots_have_no_arrows(void **state)
{
    struct hd_arrow all[HD_ARROWS_MAX];
    uint8_t config[128];

    (void)state;
    closed(config);
    assert_int_equal(hd_page_arrows(config, HD_POLICY_608, all), 0);
}

static void test_each_relation_has_its_arrow(void **state)
{
    static const struct {
        uint8_t slot, low, high, key_low, key_high; /* the slot's registers */
        uint8_t from, to, kind;
    } cases[] = {
            {5, 0xD6, 0x8F, 0x5C, 0, 6, 5, HD_ARROW_READS},
            {5, 0x9F, 0x46, 0x5C, 0, 6, 5, HD_ARROW_WRITES},
            {5, 0x9F, 0x36, 0x5C, 0, 6, 5, HD_ARROW_DERIVES},
            {5, 0x9F, 0x8F, 0xDC, 6, 6, 5, HD_ARROW_AUTHORISES},
            {14, 0x0D, 0x1F, 0x12, 0, 13, 14, HD_ARROW_VALIDATES},
            {4, 0x8F, 0x00, 0x53, 0, 4, 5, HD_ARROW_FILLS},
            {5, 0xBF, 0x8F, 0x5C, 0, HD_PAGE_COUNTER0, 5, HD_ARROW_COUNTS},
    };
    uint8_t config[128];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        closed(config);
        config[20 + 2 * cases[i].slot] = cases[i].low;
        config[21 + 2 * cases[i].slot] = cases[i].high;
        config[96 + 2 * cases[i].slot] = cases[i].key_low;
        config[97 + 2 * cases[i].slot] = cases[i].key_high;
        expect(config, cases[i].from, cases[i].to,
               (enum hd_arrow_kind)cases[i].kind);
    }
}

static void test_keys_of_the_chip_have_theirs(void **state)
{
    struct hd_arrow all[HD_ARROWS_MAX];
    uint8_t config[128];

    (void)state;
    closed(config);
    config[90] = 0x02; /* IO protection, with slot 6 */
    config[91] = 0x60;
    expect(config, 6, HD_PAGE_CHIP, HD_ARROW_GUARDS);
    closed(config);
    config[70] = 0x01; /* FullBoth: keeps nothing */
    config[71] = 0xF7;
    expect(config, 15, HD_PAGE_CHIP, HD_ARROW_GUARDS);
    config[70] = 0x03; /* FullDig: slot 7 keeps the digest */
    assert_int_equal(hd_page_arrows(config, HD_POLICY_608, all), 2);
    assert_int_equal(all[1].from, 7);
    assert_int_equal(hd_page_arrows(config, HD_POLICY_508A, all), 0);
}

static void test_any_bytes_fit_into_the_arrows(void **state)
{
    struct hd_arrow all[HD_ARROWS_MAX + 1];
    uint8_t config[128];
    uint32_t random = 1;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        for (unsigned i = 0; i < sizeof config; i++) {
            random = random * 1664525 + 1013904223;
            config[i] = (uint8_t)(random >> 24);
        }
        all[HD_ARROWS_MAX].from = 0xEE;
        unsigned count = hd_page_arrows(config, HD_POLICY_608, all);
        assert_true(count <= HD_ARROWS_MAX);
        assert_int_equal(all[HD_ARROWS_MAX].from, 0xEE);
        for (unsigned i = 0; i < count; i++) {
            assert_true(all[i].from < HD_PAGE_NODES);
            assert_true(all[i].to < HD_PAGE_NODES);
        }
    }
}

static void test_text_stays_text(void **state)
{
    static const char *const cases[][2] = {
            {"<script>", "&lt;script&gt;"},
            {"\" onload='x' &amp;", "&quot; onload=&#39;x&#39; &amp;amp;"},
            {"a\x01\x1b\x7f", "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
            {"\xE2\x80\xAEgro", "\xEF\xBF\xBDgro"}, /* right to left */
            {"\xE2\x81\xA6x\xC2\x85", "\xEF\xBF\xBDx\xEF\xBF\xBD"},
            {"\xC3\xA9t\xC3\xA9 \xE2\x82\xAC",
             "\xC3\xA9t\xC3\xA9 \xE2\x82\xAC"},
            {"\xE2", "\xE2"}, /* cut off: what follows is not swallowed */
            {"\xE2\x80", "\xE2\x80"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&text, &len);
        assert_non_null(out);
        hd_html_text(out, cases[i][0]);
        assert_int_equal(fclose(out), 0);
        assert_string_equal(text, cases[i][1]);
        free(text);
    }
}

/* A page of findings, which a reviewer may have quoted from the policy. */
static void test_findings_stand_on_their_slot(void **state)
{
    static const struct hd_page_finding findings[] = {
            {3, "RULE-A", "high", "bad <b>", "why", "do", "byte 27", NULL,
             false, NULL},
            {-1, "RULE-B", "low", "chip", NULL, NULL, NULL, "so be it", true,
             NULL}};
    struct hd_policy policy = {.name = "x", .chips = HD_POLICY_608};
    uint8_t config[128];
    char *text = NULL;
    size_t len = 0;

    (void)state;
    closed(config);
    memcpy(policy.config, config, sizeof config);
    const struct hd_page page = {.policy = &policy,
                                 .config = config,
                                 .source = "s",
                                 .findings = findings,
                                 .finding_count = 2};
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    assert_int_equal(hd_page_write(&page, out), HD_OK);
    assert_int_equal(fclose(out), 0);
    const char *a = strstr(text, "RULE-A");
    const char *b = strstr(text, "RULE-B");
    assert_non_null(a);
    assert_non_null(b);
    assert_true(a > strstr(text, "id=\"slot-3\""));
    assert_true(a < strstr(text, "id=\"slot-4\""));
    assert_true(b > strstr(text, "id=\"zone\""));
    assert_non_null(strstr(text, "bad &lt;b&gt;"));
    assert_non_null(strstr(text, "Accepted: so be it"));
    assert_null(strstr(text, "attacker can do")); /* none was asked */
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_closed_slots_have_no_arrows),
            cmocka_unit_test(test_each_relation_has_its_arrow),
            cmocka_unit_test(test_keys_of_the_chip_have_theirs),
            cmocka_unit_test(test_any_bytes_fit_into_the_arrows),
            cmocka_unit_test(test_text_stays_text),
            cmocka_unit_test(test_findings_stand_on_their_slot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
