/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every reason for a refusal can be met, with the status the data sheet
 * gives it, and says in a whole sentence what refused and what to do.
 */
#include "scenes.h"

static bool seen[HD_WHY_COUNT];

/* A whole sentence: the command first, nothing left to fill in, every bit by
 * its name. */
static void judge_sentence(const struct hd_refusal *r, enum hd_why why)
{
    static const char *const blemishes[] = {"{",
                                            "}",
                                            "no slot",
                                            "no configuration bit",
                                            "configuration bits = ",
                                            "slot slot",
                                            "  "};
    char text[500], start[24];
    size_t len = hd_refusal_text(r, text, sizeof text);
    const struct vcmd_row *row = vchip_command(r->opcode);

    print_message("%-20s 0x%02X %s\n", hd_why_name(why), r->status, text);
    assert_int_equal(r->why, why);
    assert_in_range(len, 30, 400);
    assert_int_equal(text[len - 1], '.');
    for (size_t i = 0; i < sizeof blemishes / sizeof blemishes[0]; i++) {
        if (strstr(text, blemishes[i]) != NULL) {
            fail_msg("%s: \"%s\" in: %s", hd_why_name(why), blemishes[i], text);
        }
    }
    if (row != NULL) {
        (void)snprintf(start, sizeof start, "%s", row->name);
        assert_memory_equal(text, start, strlen(start));
    }
    seen[why] = true;
}

static void test_each_reason_is_met_and_explains_itself(void **state)
{
    static struct rig r;

    (void)state;
    for (size_t i = 0; i < scene_count; i++) {
        const struct scene *s = &scenes[i];
        uint8_t data[160] = {s->head[0], s->head[1]};

        set_stage(&r, s);
        expect_why(&r, s->op, s->p1, s->p2, data, s->len, s->why);
        judge_sentence(hd_vchip_refusal(&r.chip), s->why);
        rig_stop(&r);
    }
}

static void test_a_broken_checksum_is_refused_before_all_else(void **state)
{
    static const uint8_t group[] = {HD_WORD_COMMAND, 7, 0x30, 0, 0, 0, 0, 0};
    static struct rig r;
    uint8_t answer[4];

    (void)state;
    rig_start(&r, "608b", 6);
    assert_int_equal(hd_vbus_write(&r.bus, 0x60, group, sizeof group, NULL),
                     HD_OK);
    hd_vbus_advance(&r.bus, 1000000);
    assert_int_equal(hd_vbus_read(&r.bus, 0x60, answer, 4), HD_OK);
    assert_int_equal(answer[1], 0xFF);
    judge_sentence(hd_vchip_refusal(&r.chip), HD_WHY_CRC);
    rig_stop(&r);
}

static void test_too_little_time_before_the_watchdog_is_refused(void **state)
{
    static const uint8_t group[] = {HD_WORD_COMMAND, 7, 0x40, 4, 0, 0, 5, 0};
    static struct rig r;
    uint8_t answer[4], sent[8];
    uint16_t crc = test_crc(group + 1, 5);

    (void)state;
    memcpy(sent, group, 6);
    sent[6] = (uint8_t)crc;
    sent[7] = (uint8_t)(crc >> 8);
    rig_start(&r, "608b", 6);
    hd_vbus_advance(&r.bus, 1220ULL * 1000 * 1000); /* of 1.3 s */
    assert_int_equal(hd_vbus_write(&r.bus, 0x60, sent, sizeof sent, NULL),
                     HD_OK);
    hd_vbus_advance(&r.bus, 1000000);
    assert_int_equal(hd_vbus_read(&r.bus, 0x60, answer, 4), HD_OK);
    assert_int_equal(answer[1], 0xEE);
    judge_sentence(hd_vchip_refusal(&r.chip), HD_WHY_WATCHDOG);
    rig_stop(&r);
}

/* ----------------------------------------------------------- single wire */

static size_t swi_byte(struct rig *r, uint8_t byte, uint8_t *out)
{
    static uint8_t chars[8 * HD_V_GROUP_MAX];
    size_t n = 0;

    for (unsigned bit = 0; bit < 8; bit++) {
        n = hd_vbus_swi_char(&r->bus, (byte >> bit & 1) != 0 ? 0x7F : 0x7D,
                             chars, sizeof chars);
    }
    for (size_t i = 0; i < n; i++) {
        out[i / 8] = (uint8_t)(out[i / 8] >> 1 | (chars[i] == 0x7F ? 0x80 : 0));
    }
    return n / 8;
}

/* Info mode 3, param2, on a single-wire part whose GPIO byte is `gpio`. */
static uint8_t ask_gpio(struct rig *r, uint8_t gpio, uint8_t p2)
{
    uint8_t group[7] = {7, 0x30, 3, p2, 0}, answer[HD_V_GROUP_MAX] = {0};
    uint16_t crc = test_crc(group, 5);

    group[5] = (uint8_t)crc;
    group[6] = (uint8_t)(crc >> 8);
    r->chip.ee[16] = gpio;
    swi_byte(r, 0xBB, answer); /* idle, then the wake pulse */
    hd_vbus_swi_char(&r->bus, 0x00, answer, sizeof answer);
    hd_vbus_advance(&r->bus, 20000000);
    swi_byte(r, 0x77, answer);
    for (size_t i = 0; i < sizeof group; i++) {
        swi_byte(r, group[i], answer);
    }
    hd_vbus_advance(&r->bus, 1000000);
    assert_true(swi_byte(r, 0x88, answer) >= 4);
    return answer[0] == 4 ? answer[1] : 0;
}

static void test_the_gpio_pin_has_its_rules(void **state)
{
    static struct rig r;

    (void)state;
    rig_start(&r, "608b-swi", 6);
    poke_locks(&r, LOCKED);
    assert_int_equal(ask_gpio(&r, 0x02, 2), 0x0F); /* an input is driven */
    judge_sentence(hd_vchip_refusal(&r.chip), HD_WHY_GPIO_INPUT);
    assert_int_equal(ask_gpio(&r, 0x02, 0), 0);
    assert_int_equal(ask_gpio(&r, 0x31, 3), 0x0F); /* slot 3 must say so */
    judge_sentence(hd_vchip_refusal(&r.chip), HD_WHY_GPIO_AUTH);
    assert_int_equal(ask_gpio(&r, 0x31, 2), 0); /* the default level */
    poke_auth(&r, 3);
    assert_int_equal(ask_gpio(&r, 0x31, 3), 0);
    assert_true(r.chip.gpio_latch);
    assert_int_equal(ask_gpio(&r, 0x03, 2), 0); /* a plain output */
    assert_false(r.chip.gpio_latch);
    rig_stop(&r);
}

static void test_no_reason_is_left_without_a_test(void **state)
{
    (void)state;
    for (unsigned why = 1; why < HD_WHY_COUNT; why++) {
        if (!seen[why]) {
            fail_msg("%s was never met", hd_why_name((enum hd_why)why));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_each_reason_is_met_and_explains_itself),
            cmocka_unit_test(test_a_broken_checksum_is_refused_before_all_else),
            cmocka_unit_test(
                    test_too_little_time_before_the_watchdog_is_refused),
            cmocka_unit_test(test_the_gpio_pin_has_its_rules),
            cmocka_unit_test(test_no_reason_is_left_without_a_test),
    };

    return cmocka_run_group_tests_name("reasons", tests, NULL, NULL);
}
