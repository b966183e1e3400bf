/* SPDX-License-Identifier: Apache-2.0 */
/* The EEPROM: where things lie, and power cuts at every word. */
#include "bench_chip.h"
#include "internal.h"

static void test_slots_lie_one_after_the_other_without_gaps(void **state)
{
    size_t at = HD_V_CONFIG_BYTES + HD_V_OTP_BYTES;

    (void)state;
    for (unsigned slot = 0; slot < 16; slot++) {
        assert_int_equal(ee_slot_at(slot), at);
        at += slot_size(slot);
    }
    assert_int_equal(at, HD_V_EEPROM_BYTES);
    assert_int_equal(slot_size(0), 36);
    assert_int_equal(slot_size(8), 416);
    assert_int_equal(slot_size(15), 72);
}

/* Stores 32 bytes over others, cut at word n; 0: no cut. */
static bool store(struct hd_vchip *v, size_t at, uint32_t n)
{
    uint8_t data[32];
    const struct hd_fault f = {
            .kind = HD_FAULT_CUT_EEPROM, .count = 1, .arg = n};

    memset(v->ee + at, 0xA5, 32);
    memset(data, 0x3C, sizeof data);
    v->ee_writes = 0;
    if (n > 0) {
        assert_int_equal(hd_vchip_fault(v, &f), HD_OK);
    }
    return ee_store(v, at, data, sizeof data);
}

static void test_a_store_can_be_cut_at_every_word(void **state)
{
    struct bench b;

    (void)state;
    bench_start(&b, "608b");
    for (uint32_t n = 1; n <= 8; n++) {
        const uint8_t *p = b.chip.ee + 200;

        hd_vchip_power(&b.chip, true);
        bench_wake(&b);
        assert_false(store(&b.chip, 200, n));
        assert_int_equal(b.chip.state, HD_V_OFF);
        assert_int_equal(b.chip.ee_writes, n);
        for (size_t i = 0; i < 32; i++) {
            const size_t word = i / 4 + 1;

            if (word < n) {
                assert_int_equal(p[i], 0x3C);
            } else if (word > n) {
                assert_int_equal(p[i], 0xA5);
            } else { /* bits that agree stay, the others may be either */
                assert_int_equal(p[i] & (uint8_t) ~(0xA5 ^ 0x3C), 0xA5 & 0x3C);
            }
        }
    }
    hd_vchip_free(&b.chip);
}

static void test_the_torn_word_is_a_mix_that_the_seed_decides(void **state)
{
    uint8_t words[2][4];

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bench b;

        bench_start(&b, "608b");
        bench_wake(&b);
        assert_false(store(&b.chip, 200, 1));
        memcpy(words[i], b.chip.ee + 200, 4);
        hd_vchip_free(&b.chip);
    }
    assert_memory_equal(words[0], words[1], 4);
    assert_memory_not_equal(words[0], "\xA5\xA5\xA5\xA5", 4);
    assert_memory_not_equal(words[0], "\x3C\x3C\x3C\x3C", 4);
}

static void
test_stores_that_are_not_aligned_count_each_word_touched(void **state)
{
    struct bench b;
    const uint8_t data[6] = {1, 2, 3, 4, 5, 6};

    (void)state;
    bench_start(&b, "608b");
    b.chip.ee_writes = 0;
    assert_true(ee_store(&b.chip, 199, data, sizeof data));
    assert_int_equal(b.chip.ee_writes, 3);
    assert_memory_equal(b.chip.ee + 199, data, sizeof data);
    assert_true(b.chip.dirty);
    hd_vchip_free(&b.chip);
}

static void test_after_a_cut_nothing_more_is_stored(void **state)
{
    struct bench b;
    const uint8_t zero[4] = {0};

    (void)state;
    bench_start(&b, "608b");
    bench_wake(&b);
    assert_false(store(&b.chip, 200, 1));
    assert_false(ee_store(&b.chip, 300, zero, 4));
    assert_memory_equal(b.chip.ee + 300, "\xFF\xFF\xFF\xFF", 4);
    hd_vchip_free(&b.chip);
}

static void test_a_command_whose_write_is_cut_leaves_the_chip_off(void **state)
{
    struct bench b;
    const struct hd_fault f = {
            .kind = HD_FAULT_CUT_EEPROM, .count = 1, .arg = 3};

    (void)state;
    bench_start(&b, "608b");
    b.chip.ee[87] = 0x00;
    bench_wake(&b);
    hd_vchip_fault(&b.chip, &f);
    assert_int_equal(bench_send(&b, 0x40, 0x04, 0, NULL, 0), HD_OK);
    assert_int_equal(b.chip.state, HD_V_OFF);
    assert_int_equal(bench_word(&b, 0x00), HD_ERR_NACK);
    assert_false(b.chip.tk.valid);
    hd_vchip_power(&b.chip, true);
    bench_wake(&b);
    assert_wake_answer(&b);
    hd_vchip_free(&b.chip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_slots_lie_one_after_the_other_without_gaps),
            cmocka_unit_test(test_a_store_can_be_cut_at_every_word),
            cmocka_unit_test(test_the_torn_word_is_a_mix_that_the_seed_decides),
            cmocka_unit_test(
                    test_stores_that_are_not_aligned_count_each_word_touched),
            cmocka_unit_test(test_after_a_cut_nothing_more_is_stored),
            cmocka_unit_test(
                    test_a_command_whose_write_is_cut_leaves_the_chip_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
