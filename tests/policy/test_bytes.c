/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes to words and back: whatever a configuration zone holds, the file made
 * from it compiles to the same bytes. The truth here is the bytes given in.
 */
#include "policy_test.h"

static const char *const published[] = {
        "tests/data/configs/adafruit-csr-example.hex",
        "tests/data/configs/arduino-default-tls-508a.hex",
        "tests/data/configs/arduino-default-tls-608a.hex",
        "tests/data/configs/blank-608a.hex",
        "tests/data/configs/cryptoauthlib-test-608.hex",
        "tests/data/configs/seed-notebook.hex",
        "tests/data/configs/tflxtls-608b.hex",
        "configs/connected-device.hex",
};
#define PUBLISHED (sizeof published / sizeof published[0])

static void check_same(const uint8_t *want, const uint8_t *got,
                       const char *text, const char *what)
{
    for (unsigned i = 0; i < 128; i++) {
        if (hd_policy_decides(i) && want[i] != got[i]) {
            fail_msg("%s: byte %u was %02X and came back as %02X:\n%s", what, i,
                     want[i], got[i], text);
        }
    }
}

static void check_round_trip(const uint8_t config[128], const char *what)
{
    static struct hd_policy first, second;
    struct hd_policy_error why;
    size_t len = 0;

    if (hd_policy_from_config(config, &first, &why) != HD_OK) {
        fail_msg("%s: %s", what, why.text);
    }
    char *text = written(&first, &len);
    must_load(text, len, &second);
    check_same(config, second.config, text, what);
    assert_int_equal(first.chips, second.chips);
    free(text);
}

static void test_published_configurations_come_back_byte_for_byte(void **state)
{
    uint8_t config[128];

    (void)state;
    for (unsigned i = 0; i < PUBLISHED; i++) {
        read_config(published[i], config);
        check_round_trip(config, published[i]);
    }
}

static void test_every_single_bit_flipped_comes_back(void **state)
{
    uint8_t config[128];

    (void)state;
    for (unsigned i = 1; i < PUBLISHED; i += 2) { /* 508A, blank, seed, ours */
        read_config(published[i], config);
        for (unsigned bit = 0; bit < 1024; bit++) {
            char what[128];
            if (!hd_policy_decides(bit / 8)) {
                continue;
            }
            (void)snprintf(what, sizeof what, "%s with byte %u bit %u flipped",
                           published[i], bit / 8, bit % 8);
            config[bit / 8] ^= (uint8_t)(1U << bit % 8);
            check_round_trip(config, what);
            config[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
}

/* xorshift64: the same configurations every time. */
static uint64_t next(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static void test_random_configurations_come_back(void **state)
{
    uint64_t x = 20240229;
    uint8_t config[128];

    (void)state;
    for (unsigned n = 0; n < 2000; n++) {
        char what[64];
        for (unsigned i = 0; i < 128; i++) {
            config[i] = (uint8_t)(next(&x) >> 32);
        }
        config[6] = n % 4 ? 0x60 : 0x50;
        (void)snprintf(what, sizeof what, "random configuration %u", n);
        check_round_trip(config, what);
    }
}

static void test_every_bit_that_a_policy_decides_is_in_one_field(void **state)
{
    static const uint8_t chips[] = {HD_POLICY_508A, HD_POLICY_608A,
                                    HD_POLICY_608B};

    (void)state;
    for (unsigned c = 0; c < 3; c++) {
        for (unsigned bit = 0; bit < 1024; bit++) {
            unsigned holders = 0;
            uint8_t config[128] = {0};
            config[bit / 8] = (uint8_t)(1U << bit % 8);
            for (unsigned id = 0; id < HD_F_COUNT; id++) {
                unsigned slots = hd_policy_is_slot_field(id) ? 16 : 1;
                for (unsigned s = 0; s < slots; s++) {
                    holders += (hd_policy_fields[id].chips & chips[c]) &&
                               hd_policy_get(config, id, s) != 0;
                }
            }
            if (holders != (hd_policy_decides(bit / 8) ? 1 : 0)) {
                fail_msg("byte %u bit %u is in %u fields of the %s", bit / 8,
                         bit % 8, holders, hd_policy_chip_name(chips[c]));
            }
        }
    }
}

static void test_setting_a_field_changes_its_own_bits_only(void **state)
{
    (void)state;
    for (unsigned id = 0; id < HD_F_COUNT; id++) {
        unsigned slots = hd_policy_is_slot_field(id) ? 16 : 1;
        for (unsigned s = 0; s < slots; s++) {
            uint8_t zeros[128] = {0};
            uint8_t ones[128];
            unsigned set = 0;
            memset(ones, 0xFF, sizeof ones);
            hd_policy_set(zeros, id, s, UINT64_MAX);
            hd_policy_set(ones, id, s, 0);
            for (unsigned i = 0; i < 128; i++) {
                assert_int_equal(zeros[i], (uint8_t)~ones[i]);
                for (unsigned b = 0; b < 8; b++) {
                    set += zeros[i] >> b & 1;
                }
            }
            assert_int_equal(set, hd_policy_fields[id].width);
            assert_true(hd_policy_get(zeros, id, s) == hd_policy_field_max(id));
        }
    }
}

/* Pairs of docs/chip part 1, 7.5; the one marked HW was read from a part. */
static void test_counters_start_in_the_chips_own_code(void **state)
{
    static const struct {
        unsigned n;
        uint64_t code;
    } known[] = {{0, 0xFFFFFFFF00000000},     {1, 0x7FFFFFFF00000000},
                 {15, 0x0001FFFF00000000},    {16, 0x0000FFFF00000000},
                 {17, 0x00007FFF00000000},    {31, 0x0000000100000000},
                 {32, 0xFFFF000000010000},    {47, 0x0001000000010000},
                 {48, 0x0000FFFF00010001},    {64, 0xFFFF000000020001},
                 {1000, 0x00FF0000001F001E},  {1002, 0x003F0000001F001E},
                 {65535, 0x0000000107FF07FF}, {2097151, 0x00000001FFFFFFFF}};

    (void)state;
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        static struct hd_policy p;
        char text[256];
        (void)snprintf(text, sizeof text,
                       "policy: p\nchip: ATECC608\n"
                       "slots: {0: {name: a, purpose: identity}}\n"
                       "counters: {1: {start: %u}}\n",
                       known[i].n);
        must_load(text, strlen(text), &p);
        assert_true(hd_policy_get(p.config, HD_F_Counter1, 0) == known[i].code);
    }
}

static void test_the_recipe_and_the_demo_agree_on_connected_device(void **state)
{
    static struct hd_policy p;
    uint8_t config[128];
    size_t len = 0;
    char *text = slurp("policies/connected-device.yaml", &len);

    (void)state;
    read_config("configs/connected-device.hex", config);
    must_load(text, len, &p);
    check_same(config, p.config, text, "configs/connected-device.hex");
    free(text);
}

static void
test_a_policy_written_and_read_again_is_the_same_policy(void **state)
{
    static struct hd_policy first, second;

    (void)state;
    for (const struct hd_policy_recipe *r = hd_policy_recipes; r->name; r++) {
        size_t len = 0;
        must_load(r->text, r->len, &first);
        char *text = written(&first, &len);
        must_load(text, len, &second);
        assert_string_equal(first.name, r->name);
        assert_memory_equal(&first, &second, sizeof first);
        free(text);
    }
}

static void test_hex_is_written_as_it_is_read(void **state)
{
    static struct hd_policy p;
    uint8_t config[128];
    uint8_t again[128];
    struct hd_policy_error why;
    char *text = NULL;
    size_t len = 0;

    (void)state;
    read_config(published[6], config);
    assert_int_equal(hd_policy_from_config(config, &p, &why), HD_OK);
    FILE *out = open_memstream(&text, &len);
    hd_policy_write_hex(&p, out);
    (void)fclose(out);
    assert_int_equal(hd_policy_read_hex(text, len, again, &why), HD_OK);
    assert_memory_equal(config, again, 128);
    free(text);
}

static void
test_hex_that_is_not_128_bytes_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text, *says;
        unsigned line;
    } bad[] = {{"", "0 bytes", 1},
               {"00 11\n22 3\n", "byte 3", 2},
               {"zz", "byte 0", 1},
               {"# only a comment", "0 bytes", 1}};
    uint8_t config[128];
    struct hd_policy_error why;

    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(hd_policy_read_hex(bad[i].text, strlen(bad[i].text),
                                            config, &why),
                         HD_ERR_FORMAT);
        assert_non_null(strstr(why.text, bad[i].says));
        assert_int_equal(why.line, bad[i].line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(
                    test_published_configurations_come_back_byte_for_byte),
            cmocka_unit_test(test_every_single_bit_flipped_comes_back),
            cmocka_unit_test(test_random_configurations_come_back),
            cmocka_unit_test(
                    test_every_bit_that_a_policy_decides_is_in_one_field),
            cmocka_unit_test(test_setting_a_field_changes_its_own_bits_only),
            cmocka_unit_test(test_counters_start_in_the_chips_own_code),
            cmocka_unit_test(
                    test_the_recipe_and_the_demo_agree_on_connected_device),
            cmocka_unit_test(
                    test_a_policy_written_and_read_again_is_the_same_policy),
            cmocka_unit_test(test_hex_is_written_as_it_is_read),
            cmocka_unit_test(
                    test_hex_that_is_not_128_bytes_is_refused_with_its_line),
    };

    return cmocka_run_group_tests_name("policy: bytes", tests, NULL, NULL);
}
