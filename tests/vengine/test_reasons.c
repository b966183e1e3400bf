/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals as sentences: complete, and naming the bit that decided. */
#include "bench_chip.h"
#include "internal.h"

static const char *text_of(const struct hd_refusal *r)
{
    static char text[600];

    assert_true(hd_refusal_text(r, text, sizeof text) < sizeof text);
    return text;
}

static void test_every_reason_is_a_whole_sentence(void **state)
{
    (void)state;
    for (unsigned why = 1; why < HD_WHY_COUNT; why++) {
        const struct hd_refusal r = {.why = (uint8_t)why,
                                     .opcode = 0x41,
                                     .slot = 3,
                                     .byte = 26,
                                     .mask = 0x80,
                                     .value = 0x80};
        const char *text = text_of(&r);

        if (strpbrk(text, "{}") != NULL || text[strlen(text) - 1] != '.') {
            fail_msg("%s: %s", hd_why_name((enum hd_why)why), text);
        }
        /* of a command with a wrong checksum nothing can be believed */
        if (why != HD_WHY_CRC && strncmp(text, "Sign (internal", 14) != 0) {
            fail_msg("%s: %s", hd_why_name((enum hd_why)why), text);
        }
    }
    assert_string_equal(hd_why_name(HD_WHY_COUNT), "UNKNOWN");
    assert_string_equal(hd_why_name(HD_WHY_NONE), "NONE");
}

static void test_the_status_of_a_refusal_is_the_one_the_bus_shows(void **state)
{
    struct bench b;

    (void)state;
    bench_start(&b, "608b");
    bench_wake(&b);
    assert_int_equal(bench_status(&b, 0x41, 0x80, 0, NULL, 0), 0x0F);
    assert_int_equal(hd_vchip_refusal(&b.chip)->status, 0x0F);
    assert_int_equal(hd_vchip_refusal(&b.chip)->opcode, 0x41);
    assert_int_equal(hd_vchip_refusal(&b.chip)->param1, 0x80);
    /* a success takes the refusal back */
    bench_run(&b, 0x30, 0, 0, NULL, 0);
    assert_int_equal(hd_vchip_refusal(&b.chip)->why, HD_WHY_NONE);
    hd_vchip_free(&b.chip);
}

static void test_bits_are_named_as_the_data_sheet_names_them(void **state)
{
    static const struct {
        uint8_t byte;
        uint16_t mask, value;
        const char *text;
    } cases[] = {
            {26, 0x0080, 0x0080,
             "SlotConfig[3].IsSecret = 1, bit 7 of configuration byte 26"},
            {26, 0x00C0, 0x0080,
             "SlotConfig[3].EncryptRead = 0, SlotConfig[3].IsSecret = 1, "
             "bits 7-6 of configuration byte 26"},
            {50, 0xF000, 0x8000,
             "SlotConfig[15].WriteConfig = 8, bits 15-12 of configuration "
             "bytes 50-51"},
            {20, 0x0001, 0x0000,
             "SlotConfig[0].ReadKey.ExternalSign = 0, bit 0 of configuration "
             "byte 20"},
            {98, 0x001C, 0x001C,
             "KeyConfig[1].KeyType = 7, bits 4-2 of configuration byte 98"},
            {96, 0x0F80, 0x0580,
             "KeyConfig[0].ReqAuth = 1, KeyConfig[0].AuthKey = 5, bits 11-7 of "
             "configuration bytes 96-97"},
            {86, 0x00FF, 0x0055,
             "LockValue = 0x55, bits 7-0 of configuration byte 86"},
            {86, 0xFF00, 0x5500,
             "LockConfig = 0x55, bits 15-8 of configuration bytes 86-87"},
            {88, 0x0020, 0x0000,
             "SlotLocked[5] = 0, bit 5 of configuration byte 88"},
            {90, 0x0002, 0x0000,
             "ChipOptions.IoProtKeyEnable = 0, bit 1 of configuration byte 90"},
            {93, 0x00FF, 0x0082,
             "X509format[1] = 0x82, bits 7-0 of configuration byte 93"},
            {75, 0x0003, 0x0001,
             "value 0x1, bits 1-0 of configuration byte 75"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct hd_refusal r = {.why = HD_WHY_SLOT_LOCKED,
                                     .opcode = 0x12,
                                     .slot = 1,
                                     .byte = cases[i].byte,
                                     .mask = cases[i].mask,
                                     .value = cases[i].value};

        if (strstr(text_of(&r), cases[i].text) == NULL) {
            fail_msg("wanted '%s' in '%s'", cases[i].text, text_of(&r));
        }
    }
}

static void
test_a_sentence_that_does_not_fit_is_cut_and_its_length_told(void **state)
{
    const struct hd_refusal r = {
            .why = HD_WHY_OPCODE, .opcode = 0x99, .slot = -1, .byte = 0xFF};
    const size_t need = strlen(text_of(&r));
    char part[600];

    (void)state;
    for (size_t size = 0; size <= need + 1; size++) {
        memset(part, '#', sizeof part);
        assert_int_equal(hd_refusal_text(&r, part, size), need);
        assert_int_equal(part[size], '#');
        if (size > 0) {
            assert_int_equal(strlen(part), size - 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_every_reason_is_a_whole_sentence),
            cmocka_unit_test(
                    test_the_status_of_a_refusal_is_the_one_the_bus_shows),
            cmocka_unit_test(test_bits_are_named_as_the_data_sheet_names_them),
            cmocka_unit_test(
                    test_a_sentence_that_does_not_fit_is_cut_and_its_length_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
