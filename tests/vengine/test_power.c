/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power and time: what idle, sleep and power-off keep (docs/chip part 1,
 * 6.2), the watchdog, execution times, addresses, self tests.
 */
#include "bench_chip.h"

static int set_up(void **state)
{
    static struct bench b;

    bench_start(&b, "608b");
    *state = &b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    hd_vchip_free(&b->chip);
    return 0;
}

/* ------------------------------------------------------- what survives what */

/* Puts something in every register, awake. */
static void fill(struct hd_vchip *v)
{
    v->tk.valid = true;
    v->tk.bytes[0] = 1;
    v->mdb_len = 32;
    v->mdb[0] = 2;
    v->altkey_valid = true;
    v->altkey[0] = 3;
    v->sha.running = 1;
    v->sha.total = 64;
    v->auth_valid = true;
    v->auth_key = 5;
    v->sram_seeded = true;
    v->latch = true;
    v->boot_prohibit = true;
    v->gpio_latch = true;
}

static void assert_sram(const struct hd_vchip *v, bool kept)
{
    assert_int_equal(v->tk.valid, kept);
    assert_int_equal(v->tk.bytes[0], kept ? 1 : 0);
    assert_int_equal(v->mdb_len, kept ? 32 : 0);
    assert_int_equal(v->mdb[0], kept ? 2 : 0);
    assert_int_equal(v->altkey_valid, kept);
    assert_int_equal(v->altkey[0], kept ? 3 : 0);
    assert_int_equal(v->sha.running, kept ? 1 : 0);
    assert_int_equal(v->auth_valid, kept);
    assert_int_equal(v->auth_key, kept ? 5 : 0);
    assert_int_equal(v->sram_seeded, kept);
}

static void assert_latches(const struct hd_vchip *v, bool kept)
{
    assert_int_equal(v->latch, kept);
    assert_int_equal(v->boot_prohibit, kept);
    assert_int_equal(v->gpio_latch, kept);
}

static void test_idle_keeps_every_register(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    fill(&b->chip);
    assert_int_equal(bench_word(b, 0x02), HD_OK);
    hd_vbus_advance(&b->bus, 3600 * 1000 * MS); /* no time limit */
    bench_wake(b);
    assert_sram(&b->chip, true);
    assert_latches(&b->chip, true);
}

static void test_sleep_keeps_the_latches_alone(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    fill(&b->chip);
    assert_int_equal(bench_word(b, 0x01), HD_OK);
    assert_sram(&b->chip, false);
    assert_latches(&b->chip, true);
}

static void test_power_off_keeps_the_eeprom_alone(void **state)
{
    struct bench *b = *state;
    uint8_t before[HD_V_EEPROM_BYTES];

    bench_wake(b);
    fill(&b->chip);
    memcpy(before, b->chip.ee, sizeof before);
    hd_vchip_power(&b->chip, false);
    hd_vbus_wake(&b->bus);
    hd_vbus_advance(&b->bus, 2 * MS);
    assert_int_equal(bench_word(b, 0x00), HD_ERR_NACK);
    hd_vchip_power(&b->chip, true);
    bench_wake(b);
    assert_wake_answer(b);
    assert_sram(&b->chip, false);
    assert_latches(&b->chip, false);
    assert_memory_equal(b->chip.ee, before, sizeof before);
}

/* ---------------------------------------------------------------- watchdog */

static void test_the_watchdog_puts_the_chip_to_sleep_after_1300_ms(void **state)
{
    struct bench *b = *state;

    hd_vbus_wake(&b->bus);
    fill(&b->chip);
    hd_vbus_advance(&b->bus, 1299 * MS);
    assert_int_equal(b->chip.state, HD_V_READY);
    assert_sram(&b->chip, true);
    hd_vbus_advance(&b->bus, 2 * MS);
    assert_int_equal(b->chip.state, HD_V_SLEEP);
    assert_sram(&b->chip, false);
    assert_latches(&b->chip, true);
}

static void test_commands_do_not_restart_the_watchdog(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    for (int i = 0; i < 12; i++) {
        hd_vbus_advance(&b->bus, 100 * MS);
        bench_run(b, 0x30, 0, 0, NULL, 0);
    }
    hd_vbus_advance(&b->bus, 100 * MS);
    assert_int_equal(b->chip.state, HD_V_SLEEP);
}

static void test_idle_and_wake_restart_the_watchdog(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    hd_vbus_advance(&b->bus, 1200 * MS);
    assert_int_equal(bench_word(b, 0x02), HD_OK);
    bench_wake(b);
    hd_vbus_advance(&b->bus, 1200 * MS);
    assert_int_equal(b->chip.state, HD_V_READY);
}

static void
test_chip_mode_bit_2_makes_the_watchdog_10_s_from_the_next_wake(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    b->chip.ee[19] |= 0x04;
    hd_vbus_advance(&b->bus, 1300 * MS);
    assert_int_equal(b->chip.state, HD_V_SLEEP);
    hd_vbus_wake(&b->bus);
    hd_vbus_advance(&b->bus, 9999 * MS);
    assert_int_equal(b->chip.state, HD_V_READY);
    hd_vbus_advance(&b->bus, 2 * MS);
    assert_int_equal(b->chip.state, HD_V_SLEEP);
}

static void test_a_command_that_no_longer_fits_is_answered_ee(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    hd_vbus_advance(&b->bus, b->chip.watchdog_ns - b->chip.now_ns - 24 * MS);
    fill(&b->chip);
    /* Random may take 23 ms, Nonce 20: one fits no more, the other still */
    hd_vbus_advance(&b->bus, 2 * MS);
    assert_int_equal(bench_status(b, 0x1B, 0, 0, NULL, 0), 0xEE);
    assert_int_equal(hd_vchip_refusal(&b->chip)->why, HD_WHY_WATCHDOG);
    assert_sram(&b->chip, true);
    assert_int_equal(bench_run(b, 0x30, 0, 0, NULL, 0), 7);
}

static void test_a_slow_command_is_overtaken_by_the_watchdog(void **state)
{
    struct bench *b = *state;

    b->chip.speed = HD_V_SLOW;
    bench_wake(b);
    hd_vbus_advance(&b->bus, 1270 * MS - 1500 * US);
    assert_int_equal(bench_send(b, 0x1B, 0, 0, NULL, 0), HD_OK); /* 69 ms */
    hd_vbus_advance(&b->bus, 60 * MS);
    assert_int_equal(b->chip.state, HD_V_SLEEP);
}

static void test_the_watchdog_cuts_a_transfer_short(void **state)
{
    struct bench *b = *state;
    static const uint8_t message[64] = {0};
    uint8_t group[160];
    const size_t len = bench_group(group, 0x47, 0x01, 64, message, 64);
    size_t taken = 0;

    bench_wake(b);
    hd_vbus_advance(&b->bus, b->chip.watchdog_ns - b->chip.now_ns - 500 * US);
    /* 500 us are 22 bytes at 400 kHz: the address and 21 more */
    assert_int_equal(hd_vbus_write(&b->bus, 0x60, group, len, &taken),
                     HD_ERR_NACK);
    assert_int_equal(taken, 21);
    assert_int_equal(b->chip.state, HD_V_SLEEP);
}

/* ---------------------------------------------------------- execution times */

/* Microseconds from the stop of a command to the first acknowledge. */
static uint64_t busy_us(struct bench *b, uint8_t op, uint8_t p1)
{
    uint8_t byte;
    uint64_t t;

    assert_int_equal(bench_send(b, op, p1, 0, NULL, 0), HD_OK);
    t = b->bus.now_ns;
    if (b->chip.state == HD_V_BUSY) {
        assert_int_equal(hd_vbus_read(&b->bus, 0x60, &byte, 1), HD_ERR_NACK);
    }
    while (bench_word(b, 0x00) == HD_ERR_NACK) {
        hd_vbus_advance(&b->bus, 1 * US);
    }
    return (b->bus.now_ns - t) / 1000;
}

static void test_busy_lasts_as_long_as_the_speed_says_and_nacks(void **state)
{
    static const struct {
        enum hd_vspeed speed;
        uint64_t us;
    } cases[] = {{HD_V_TYPICAL, 11500},
                 {HD_V_MAXIMUM, 23000},
                 {HD_V_SLOW, 69000},
                 {HD_V_INSTANT, 0}};
    struct bench *b = *state;

    bench_wake(b);
    for (size_t i = 0; i < 4; i++) {
        b->chip.speed = (uint8_t)cases[i].speed;
        /* a poll takes up to 75 us at 400 kHz */
        assert_in_range(busy_us(b, 0x1B, 0), cases[i].us, cases[i].us + 75);
    }
}

static void test_the_508a_takes_its_own_times(void **state)
{
    struct bench b;

    (void)state;
    bench_start(&b, "508a");
    bench_wake(&b);
    assert_in_range(busy_us(&b, 0x1B, 0), 1000, 1075);
    b.chip.speed = HD_V_MAXIMUM;
    assert_in_range(busy_us(&b, 0x30, 0), 2000, 2075);
    hd_vchip_free(&b.chip);
}

static void
test_the_clock_divider_slows_commands_from_the_next_wake(void **state)
{
    struct bench *b = *state;

    b->chip.speed = HD_V_MAXIMUM;
    b->chip.ee[87] = 0x00; /* configuration locked: GenKey works */
    bench_wake(b);
    b->chip.ee[19] = 0x28;
    assert_in_range(busy_us(b, 0x40, 0x04), 115000, 115075);
    bench_word(b, 0x01);
    bench_wake(b);
    assert_in_range(busy_us(b, 0x40, 0x04), 215000, 215075);
    b->chip.ee[19] = 0x68;
    bench_word(b, 0x01);
    bench_wake(b);
    assert_in_range(busy_us(b, 0x40, 0x04), 653000, 653075);
}

static void test_refusals_come_faster_than_answers(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    assert_true(busy_us(b, 0x1B, 0x80) < 11500 / 2);
    assert_true(busy_us(b, 0x99, 0) < 1000);
}

/* ---------------------------------------------------------------- addresses */

static void test_a_new_address_counts_after_sleep_and_wake(void **state)
{
    struct bench *b = *state;
    uint8_t byte;
    static const uint8_t word[4] = {0x6A, 0x00, 0x00, 0x00};

    bench_wake(b);
    assert_int_equal(bench_status(b, 0x12, 0x00, 0x0004, word, 4), 0x00);
    assert_int_equal(b->chip.addr7, 0x60);
    bench_word(b, 0x02);
    bench_wake(b);
    assert_int_equal(b->chip.addr7, 0x60); /* idle does not take it over */
    bench_word(b, 0x01);
    bench_wake(b);
    assert_int_equal(b->chip.addr7, 0x35);
    assert_int_equal(hd_vbus_read(&b->bus, 0x60, &byte, 1), HD_ERR_NACK);
    assert_wake_answer(b);
}

static void test_a_new_address_counts_after_a_power_cycle(void **state)
{
    struct bench *b = *state;

    b->chip.ee[16] = 0x20;
    hd_vchip_power(&b->chip, false);
    hd_vchip_power(&b->chip, true);
    bench_wake(b);
    assert_int_equal(b->chip.addr7, 0x10);
    assert_wake_answer(b);
}

static void
test_user_extra_add_overrides_the_address_if_chip_mode_says_so(void **state)
{
    struct bench *b = *state;

    b->chip.ee[85] = 0x72;
    bench_wake(b);
    assert_int_equal(b->chip.addr7, 0x60); /* ChipMode bit 0 is 0 */
    b->chip.ee[19] |= 0x01;
    bench_word(b, 0x01);
    bench_wake(b);
    assert_int_equal(b->chip.addr7, 0x39);
    b->chip.ee[85] = 0x00; /* zero: byte 16 again */
    bench_word(b, 0x01);
    bench_wake(b);
    assert_int_equal(b->chip.addr7, 0x60);
}

static void test_the_508a_selector_is_no_address(void **state)
{
    struct bench b;

    (void)state;
    bench_start(&b, "508a");
    b.chip.ee[85] = 0x72;
    b.chip.ee[19] |= 0x01;
    bench_wake(&b);
    assert_int_equal(b.chip.addr7, 0x60);
    hd_vchip_free(&b.chip);
}

/* --------------------------------------------------------------- self tests */

static void test_power_on_self_test_makes_waking_take_20_ms(void **state)
{
    struct bench *b = *state;

    b->chip.ee[90] |= 0x01;
    hd_vbus_wake(&b->bus);
    hd_vbus_advance(&b->bus, 19 * MS);
    assert_int_equal(bench_word(b, 0x00), HD_ERR_NACK);
    hd_vbus_advance(&b->bus, 1 * MS);
    assert_wake_answer(b);
    /* from idle there is no test */
    bench_word(b, 0x02);
    bench_wake(b);
    assert_wake_answer(b);
}

static void
test_a_failed_self_test_at_wake_says_07_and_stops_commands(void **state)
{
    struct bench *b = *state;
    static const uint8_t failed[4] = {0x04, 0x07, 0x40, 0xC2};
    const struct hd_fault f = {
            .kind = HD_FAULT_SELFTEST, .count = 1, .arg = 0x10};
    uint8_t got[4];

    b->chip.ee[90] |= 0x01;
    hd_vchip_fault(&b->chip, &f);
    hd_vbus_wake(&b->bus);
    hd_vbus_advance(&b->bus, 20 * MS);
    hd_vbus_read(&b->bus, 0x60, got, 4);
    assert_memory_equal(got, failed, 4);
    assert_int_equal(bench_status(b, 0x30, 0, 0, NULL, 0), 0x07);
    assert_int_equal(bench_status(b, 0x02, 0x01, 0, NULL, 0), 0x07);
    assert_int_equal(bench_run(b, 0x02, 0x00, 0, NULL, 0), 7);
    /* the tests pass at the next wake from sleep */
    bench_word(b, 0x01);
    hd_vbus_wake(&b->bus);
    hd_vbus_advance(&b->bus, 20 * MS);
    assert_wake_answer(b);
    assert_int_equal(bench_run(b, 0x30, 0, 0, NULL, 0), 7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(test_idle_keeps_every_register),
            TEST(test_sleep_keeps_the_latches_alone),
            TEST(test_power_off_keeps_the_eeprom_alone),
            TEST(test_the_watchdog_puts_the_chip_to_sleep_after_1300_ms),
            TEST(test_commands_do_not_restart_the_watchdog),
            TEST(test_idle_and_wake_restart_the_watchdog),
            TEST(test_chip_mode_bit_2_makes_the_watchdog_10_s_from_the_next_wake),
            TEST(test_a_command_that_no_longer_fits_is_answered_ee),
            TEST(test_a_slow_command_is_overtaken_by_the_watchdog),
            TEST(test_the_watchdog_cuts_a_transfer_short),
            TEST(test_busy_lasts_as_long_as_the_speed_says_and_nacks),
            TEST(test_the_508a_takes_its_own_times),
            TEST(test_the_clock_divider_slows_commands_from_the_next_wake),
            TEST(test_refusals_come_faster_than_answers),
            TEST(test_a_new_address_counts_after_sleep_and_wake),
            TEST(test_a_new_address_counts_after_a_power_cycle),
            TEST(test_user_extra_add_overrides_the_address_if_chip_mode_says_so),
            TEST(test_the_508a_selector_is_no_address),
            TEST(test_power_on_self_test_makes_waking_take_20_ms),
            TEST(test_a_failed_self_test_at_wake_says_07_and_stops_commands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
