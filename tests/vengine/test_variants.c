/* SPDX-License-Identifier: Apache-2.0 */
/* Chips as they leave the factory, against published read-outs. */
#include <stdio.h>

#include "bench_chip.h"
#include "internal.h"

static void read_hex(const char *path, uint8_t out[128])
{
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    for (size_t i = 0; i < 128; i++) {
        unsigned byte = 0;

        assert_int_equal(fscanf(f, "%x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
    (void)fclose(f);
}

static bool is_serial(size_t i)
{
    return i == 2 || i == 3 || (i >= 8 && i <= 11);
}

static void compare(const char *variant, const char *path)
{
    struct bench b;
    uint8_t want[128];

    bench_start(&b, variant);
    read_hex(path, want);
    for (size_t i = 0; i < 128; i++) {
        if (!is_serial(i) && b.chip.ee[i] != want[i]) {
            fail_msg("%s: byte %zu is %02X, published is %02X", variant, i,
                     b.chip.ee[i], want[i]);
        }
    }
    hd_vchip_free(&b.chip);
}

static void test_the_blank_608a_is_the_published_one(void **state)
{
    (void)state;
    /* byte 13 varies between parts: ours has AES, as byte 13 = C1 says */
    struct bench b;
    uint8_t want[128];

    bench_start(&b, "608a");
    read_hex("tests/data/configs/blank-608a.hex", want);
    assert_int_equal(b.chip.ee[13], want[13]);
    hd_vchip_free(&b.chip);
    compare("608a", "tests/data/configs/blank-608a.hex");
}

static void test_the_trustflex_part_is_the_published_one(void **state)
{
    (void)state;
    compare("tflxtls", "tests/data/configs/tflxtls-608b.hex");
}

static void
test_trustflex_private_slots_hold_keys_and_others_do_not(void **state)
{
    struct bench b;

    (void)state;
    bench_start(&b, "tflxtls");
    for (unsigned slot = 0; slot < 16; slot++) {
        const uint8_t *d = slot_bytes(&b.chip, slot) + 4;

        if (slot_is_private(&b.chip, slot)) {
            assert_true(v_ec_valid_private(d));
            assert_memory_equal(d - 4, "\0\0\0\0", 4);
        }
    }
    assert_memory_equal(otp(&b.chip), "\x77\x64\x4E\x78\x41\x6A\x61\x65", 8);
    hd_vchip_free(&b.chip);
}

static void test_info_tells_the_families_apart(void **state)
{
    static const struct {
        const char *name;
        uint8_t family, revision;
    } cases[] = {
            {"508a", 0x50, 0x00}, {"608a", 0x60, 0x02}, {"608b", 0x60, 0x03}};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct bench b;

        bench_start(&b, cases[i].name);
        bench_wake(&b);
        assert_int_equal(bench_run(&b, 0x30, 0, 0, NULL, 0), 7);
        assert_int_equal(b.reply[3], cases[i].family);
        assert_int_equal(b.reply[4], cases[i].revision);
        hd_vchip_free(&b.chip);
    }
}

static void test_every_variant_wakes_and_single_wire_ones_say_so(void **state)
{
    (void)state;
    for (const struct hd_variant *p = hd_variants; p->name != NULL; p++) {
        struct bench b;

        bench_start(&b, p->name);
        assert_ptr_equal(hd_vchip_variant(p->name), p);
        assert_int_equal(b.chip.ee[14] & 1, p->swi ? 0 : 1);
        assert_int_equal(b.chip.ee[0], 0x01);
        assert_int_equal(b.chip.ee[1], 0x23);
        bench_wake(&b);
        assert_int_equal(b.chip.state, HD_V_READY);
        hd_vchip_free(&b.chip);
    }
    assert_null(hd_vchip_variant("608z"));
}

static void test_without_a_seed_every_chip_is_its_own(void **state)
{
    struct hd_vchip a, b;

    (void)state;
    assert_int_equal(hd_vchip_init(&a, hd_vchip_variant("608b"), NULL), HD_OK);
    assert_int_equal(hd_vchip_init(&b, hd_vchip_variant("608b"), NULL), HD_OK);
    assert_memory_not_equal(a.seed, b.seed, 32);
    assert_memory_not_equal(a.ee + 8, b.ee + 8, 4);
    hd_vchip_free(&a);
    hd_vchip_free(&b);
}

static void test_freeing_wipes_everything(void **state)
{
    struct bench b;
    static const struct hd_vchip zero;

    (void)state;
    bench_start(&b, "tflxtls");
    hd_vchip_free(&b.chip);
    assert_memory_equal(&b.chip, &zero, sizeof zero);
}

static void test_one_chip_is_one_page(void **state)
{
    (void)state;
    assert_true(sizeof(struct hd_vchip) <= 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_the_blank_608a_is_the_published_one),
            cmocka_unit_test(test_the_trustflex_part_is_the_published_one),
            cmocka_unit_test(
                    test_trustflex_private_slots_hold_keys_and_others_do_not),
            cmocka_unit_test(test_info_tells_the_families_apart),
            cmocka_unit_test(
                    test_every_variant_wakes_and_single_wire_ones_say_so),
            cmocka_unit_test(test_without_a_seed_every_chip_is_its_own),
            cmocka_unit_test(test_freeing_wipes_everything),
            cmocka_unit_test(test_one_chip_is_one_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
