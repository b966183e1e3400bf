/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder on the ways in which hosts talk: all at once, byte by byte as
 * the vendor's library does, split, repeated, garbled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "decode.h"

static struct hd_decoder *d;
static struct hd_meaning m;
static struct hd_transfer t;

static int fresh(void **state)
{
    (void)state;
    d = hd_decoder_new();
    return d == NULL;
}

static int clean(void **state)
{
    (void)state;
    hd_decoder_free(d);
    return 0;
}

static void pass(int kind, uint8_t addr7, bool ack, const char *bytes,
                 size_t len)
{
    memset(&t, 0, sizeof t);
    t.kind = (uint8_t)kind;
    t.addr7 = addr7;
    t.ack = ack;
    t.len = (uint16_t)len;
    t.taken = t.len;
    hd_decoder_next(d, &t, false, (const uint8_t *)bytes, &m);
}

#define W(text) pass(HD_TRANSFER_WRITE, 0x60, true, text, sizeof(text) - 1)
#define R(text) pass(HD_TRANSFER_READ, 0x60, true, text, sizeof(text) - 1)

static void says(const char *expected)
{
    char text[600];
    size_t needs = hd_meaning_text(&m, text, sizeof text);
    assert_string_equal(text, expected);
    assert_int_equal(needs, strlen(text));
}

#define INFO     "\x03\x07\x30\x00\x00\x00\x03\x5D"
#define REVISION "\x07\x00\x00\x50\x00\x03\x91"

static void test_a_command_and_its_answer(void **state)
{
    (void)state;
    W(INFO);
    assert_int_equal(m.kind, HD_MEANS_COMMAND);
    assert_int_equal(m.check, HD_OK);
    says("Info: revision");
    R(REVISION);
    assert_int_equal(m.kind, HD_MEANS_ANSWER);
    assert_false(m.again || m.timed);
    says("answer to Info: ATECC508A, revision 00 00 50 00");
}

static void test_the_count_byte_may_be_read_alone(void **state)
{
    (void)state;
    W(INFO);
    R("\x07");
    assert_int_equal(m.kind, HD_MEANS_PART);
    R("\x00\x00\x50\x00\x03\x91");
    assert_int_equal(m.kind, HD_MEANS_ANSWER);
    assert_int_equal(m.len, 7);
    says("answer to Info: ATECC508A, revision 00 00 50 00");
    R("\xFF\xFF");
    assert_int_equal(m.kind, HD_MEANS_EMPTY);
    W("\x00");
    assert_int_equal(m.kind, HD_MEANS_REWIND);
    R(REVISION);
    assert_true(m.again);
    says("answer again to Info: ATECC508A, revision 00 00 50 00");
}

static void test_a_command_may_come_in_two_writes(void **state)
{
    (void)state;
    W("\x03\x07\x30\x00");
    assert_int_equal(m.kind, HD_MEANS_PART);
    W("\x03\x00\x00\x03\x5D");
    assert_int_equal(m.kind, HD_MEANS_COMMAND);
    assert_int_equal(m.check, HD_OK);
    says("Info: revision");
}

static void test_a_reset_drops_half_a_command(void **state)
{
    (void)state;
    W("\x03\x07\x30\x00");
    W("\x00");
    W(INFO);
    assert_int_equal(m.kind, HD_MEANS_COMMAND);
    assert_int_equal(m.check, HD_OK);
}

static void test_a_wrong_checksum_is_said(void **state)
{
    (void)state;
    W("\x03\x07\x30\x00\x00\x00\x03\x5C");
    assert_int_equal(m.check, HD_ERR_CRC);
    says("Info: revision; CHECKSUM WRONG");
    R("\x04\xFF\xC3\xA8");
    says("answer to Info: communication error: checksum or count was wrong; "
         "CHECKSUM WRONG");
}

static void test_wake_and_the_answer_to_it(void **state)
{
    (void)state;
    pass(HD_TRANSFER_WRITE, 0, false, "", 0);
    assert_int_equal(m.kind, HD_MEANS_WAKE);
    R("\x04\x11\x33\x43");
    assert_int_equal(m.kind, HD_MEANS_AWAKE);
    pass(HD_TRANSFER_WAKE, 0, false, "", 0);
    assert_int_equal(m.kind, HD_MEANS_WAKE);
    R("\xFC\x11\x33\x43");
    assert_int_equal(m.kind, HD_MEANS_GARBLED);
    assert_int_equal(m.check, HD_ERR_LENGTH);
}

static void test_awake_in_place_of_an_answer_is_a_restart(void **state)
{
    (void)state;
    pass(HD_TRANSFER_WAKE, 0, false, "", 0);
    R("\x04\x11\x33\x43");
    W(INFO);
    R("\x04\x11\x33\x43");
    assert_int_equal(m.kind, HD_MEANS_ANSWER);
    says("answer to Info: awake; the chip restarted instead of answering");
}

static void test_sleep_and_idle_end_the_answer(void **state)
{
    (void)state;
    W(INFO);
    W("\x01");
    assert_int_equal(m.kind, HD_MEANS_SLEEP);
    R(REVISION);
    assert_false(m.has_command);
    W(INFO);
    W("\x02");
    assert_int_equal(m.kind, HD_MEANS_IDLE);
}

static void test_chips_on_one_bus_are_kept_apart(void **state)
{
    (void)state;
    W(INFO);
    pass(HD_TRANSFER_WRITE, 0x35, true, "\x03\x07\x24\x00\x01\x00\x05\x7D", 8);
    R(REVISION);
    assert_string_equal(m.command.name, "Info");
    pass(HD_TRANSFER_READ, 0x35, true, "\x07\x36\x00\x00\x00\x12\x5D", 7);
    says("answer to Counter: counter 54");
}

static void test_nobody_and_probes(void **state)
{
    (void)state;
    pass(HD_TRANSFER_READ, 0x60, false, "", 0);
    assert_int_equal(m.kind, HD_MEANS_NOBODY);
    pass(HD_TRANSFER_WRITE, 0x60, true, "", 0);
    assert_int_equal(m.kind, HD_MEANS_PROBE);
}

static void test_other_devices_are_not_explained(void **state)
{
    (void)state;
    pass(HD_TRANSFER_WRITE, 0x48, true, "\x55\x01", 2);
    assert_int_equal(m.kind, HD_MEANS_GARBLED);
    pass(HD_TRANSFER_READ, 0x48, true, "\x01\x02", 2);
    assert_int_equal(m.kind, HD_MEANS_GARBLED);
}

static void test_single_wire_flags_stand_for_word_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        enum hd_meaning_kind kind;
    } flags[] = {{"\x77\x07\x30\x00\x00\x00\x03\x5D", 8, HD_MEANS_COMMAND},
                 {"\x88", 1, HD_MEANS_REWIND},
                 {"\xBB", 1, HD_MEANS_IDLE},
                 {"\xCC", 1, HD_MEANS_SLEEP},
                 {"\x03", 1, HD_MEANS_GARBLED}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        t = (struct hd_transfer){.kind = HD_TRANSFER_WRITE,
                                 .ack = true,
                                 .swi = true,
                                 .len = (uint16_t)flags[i].len};
        hd_decoder_next(d, &t, false, (const uint8_t *)flags[i].bytes, &m);
        assert_int_equal(m.kind, flags[i].kind);
    }
}

/* Any transfer of any bytes: the decoder and its sentences never fail. */
static void test_noise_never_stops_it(void **state)
{
    (void)state;
    char bytes[300];
    char text[40];
    srand(1);
    for (int i = 0; i < 20000; i++) {
        size_t len = (size_t)rand() % sizeof bytes;
        for (size_t j = 0; j < len; j++) {
            bytes[j] = (char)rand();
        }
        if (len > 1 && rand() % 2) {
            bytes[0] = (char)(rand() % 5);
            bytes[1] = (char)(rand() % 40);
        }
        pass(rand() % 3, (uint8_t)(0x60 + rand() % 2), rand() % 8 != 0, bytes,
             len);
        assert_true(m.kind < HD_MEANS_COUNT);
        assert_true(hd_meaning_text(&m, text, sizeof text) > 0);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(test_a_command_and_its_answer),
            TEST(test_the_count_byte_may_be_read_alone),
            TEST(test_a_command_may_come_in_two_writes),
            TEST(test_a_reset_drops_half_a_command),
            TEST(test_a_wrong_checksum_is_said),
            TEST(test_wake_and_the_answer_to_it),
            TEST(test_awake_in_place_of_an_answer_is_a_restart),
            TEST(test_sleep_and_idle_end_the_answer),
            TEST(test_chips_on_one_bus_are_kept_apart),
            TEST(test_nobody_and_probes),
            TEST(test_other_devices_are_not_explained),
            TEST(test_single_wire_flags_stand_for_word_addresses),
            TEST(test_noise_never_stops_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
