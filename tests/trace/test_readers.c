/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The readers of recordings: forms of text, and captures that are damaged or
 * hostile. Archives are made by libzip itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <zip.h>

#include "recording.h"

static struct hd_recording rec;

static int fresh(void **state)
{
    (void)state;
    hd_recording_init(&rec);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    hd_recording_free(&rec);
    return 0;
}

static void again(void)
{
    hd_recording_free(&rec);
    hd_recording_init(&rec);
}

static int read_text(const char *text)
{
    return hd_recording_read_text(&rec, text, strlen(text));
}

static void expect(size_t i, int kind, uint8_t addr7, bool ack,
                   const char *bytes, size_t len)
{
    assert_true(i < rec.count);
    const struct hd_transfer *t = &rec.transfers[i];
    assert_int_equal(t->kind, kind);
    assert_int_equal(t->addr7, addr7);
    assert_int_equal(t->ack, ack);
    assert_int_equal(t->len, len);
    assert_memory_equal(hd_recording_bytes(&rec, t), bytes, len);
}

/* ----------------------------------------------------------------- text */

static void test_pasted_lines_of_many_kinds_are_understood(void **state)
{
    (void)state;
    assert_int_equal(read_text("# remark\n"
                               "\n"
                               "wake\n"
                               "W 60: 03 07 30 00 00 00 03 5D\r\n"
                               "read 0x60 0x07,0x00,0x00,0x60,0x02,0x80,0x5B\n"
                               "read 35 nack\n"
                               "03 07 30 00 00 00 03 5D\n"
                               "04000340\n"
                               "02\n"
                               "command 0730000000035d\n"
                               "answer 04 00 03 40"),
                     HD_OK);
    assert_int_equal(rec.count, 9);
    assert_false(rec.timed);
    assert_int_equal(rec.skipped, 0);
    const char *info = "\3\7\x30\0\0\0\3\x5D";
    expect(0, HD_TRANSFER_WAKE, 0, true, "", 0);
    expect(1, HD_TRANSFER_WRITE, 0x60, true, info, 8);
    expect(2, HD_TRANSFER_READ, 0x60, true, "\7\0\0\x60\2\x80\x5B", 7);
    expect(3, HD_TRANSFER_READ, 0x35, false, "", 0);
    expect(4, HD_TRANSFER_WRITE, 0x60, true, info, 8);
    expect(5, HD_TRANSFER_READ, 0x60, true, "\4\0\3\x40", 4);
    expect(6, HD_TRANSFER_WRITE, 0x60, true, "\2", 1);
    expect(7, HD_TRANSFER_WRITE, 0x60, true, info, 8);
    expect(8, HD_TRANSFER_READ, 0x60, true, "\4\0\3\x40", 4);
}

static void test_lines_without_bytes_are_counted_not_guessed(void **state)
{
    (void)state;
    assert_int_equal(read_text("my first try\ncommand 0730000000035d\n"
                               "did not work\n"),
                     HD_OK);
    assert_int_equal(rec.count, 1);
    assert_int_equal(rec.skipped, 2);
    assert_int_equal(rec.first_skipped, 1);
}

static void refused(const char *text, const char *expected)
{
    again();
    assert_int_equal(read_text(text), HD_ERR_FORMAT);
    if (strstr(rec.error, expected) == NULL) {
        fail_msg("%.40s: says \"%s\"", text, rec.error);
    }
}

static void test_wrong_lines_are_refused_with_their_number(void **state)
{
    (void)state;
    refused("", "no transfer");
    refused("hello\n", "no transfer");
    refused("W 60 03\nW C0 03\n", "line 2: after write or read");
    refused("W 60 03 0\n", "line 1: the bytes are not pairs");
    refused("R 60 04 xx\n", "line 1: the bytes are not pairs");
    refused("12 34 56\n", "neither a command");
    refused("1.0\twrite\n", "tab between");
    refused("x\twrite\t0x60\tack\t03\n", "milliseconds");
    refused("-1\twrite\t0x60\tack\t03\n", "milliseconds");
    refused("nan\twrite\t0x60\tack\t03\n", "milliseconds");
    refused("1\tsend\t0x60\tack\t03\n", "neither write nor read");
    refused("1\twrite\t0xC0\tack\t03\n", "0x00..0x7F");
    refused("1\twrite\t0x60\tmaybe\t03\n", "neither ack nor nack");
    refused("1\twrite\t0x60\tack\t3\n", "not pairs");
}

static void test_a_line_longer_than_the_limit_is_refused(void **state)
{
    (void)state;
    char text[HD_RECORDING_LINE + 10];
    memset(text, 'A', sizeof text);
    text[sizeof text - 1] = '\0';
    refused(text, "line 1: too long");
    memcpy(text, "W 60 ", 5);
    text[5 + 2 * (HD_TRANSFER_MAX + 1)] = '\0';
    refused(text, "more bytes than any transfer");
    text[5 + 2 * HD_TRANSFER_MAX] = '\0';
    again();
    assert_int_equal(read_text(text), HD_OK);
}

static void test_binary_is_not_taken_for_text(void **state)
{
    (void)state;
    assert_int_equal(hd_recording_read_text(&rec, "\0\1\2\3", 4),
                     HD_ERR_FORMAT);
}

static void test_times_of_a_table_are_milliseconds(void **state)
{
    (void)state;
    assert_int_equal(read_text("0.376\tread\t0x60\tnack\t\n"
                               "1234.567\twrite\t0x60\tack\t03\n"),
                     HD_OK);
    assert_true(rec.timed);
    assert_int_equal(rec.transfers[0].t_ns, 376000);
    assert_int_equal(rec.transfers[1].t_ns, 1234567000);
}

/* -------------------------------------------------------------- captures */

struct file {
    const char *name, *text;
    size_t len; /* 0: up to its NUL */
};

static uint8_t *make_zip(const struct file *files, size_t *len)
{
    zip_error_t why;
    zip_source_t *src = zip_source_buffer_create(NULL, 0, 0, &why);
    zip_t *zip = zip_open_from_source(src, ZIP_TRUNCATE, &why);
    assert_non_null(zip);
    zip_source_keep(src);
    for (; files->name != NULL; files++) {
        size_t n = files->len ? files->len : strlen(files->text);
        zip_source_t *entry = zip_source_buffer(zip, files->text, n, 0);
        assert_true(zip_file_add(zip, files->name, entry, 0) >= 0);
    }
    assert_int_equal(zip_close(zip), 0);
    zip_stat_t st;
    assert_int_equal(zip_source_stat(src, &st), 0);
    *len = (size_t)st.size;
    uint8_t *bytes = malloc(*len);
    assert_int_equal(zip_source_open(src), 0);
    assert_int_equal(zip_source_read(src, bytes, *len), (zip_int64_t)*len);
    zip_source_close(src);
    zip_source_free(src);
    return bytes;
}

static int read_zip(const struct file *files,
                    const struct hd_capture_options *opt)
{
    size_t len;
    uint8_t *bytes = make_zip(files, &len);
    int err = hd_recording_read_sr(&rec, bytes, len, opt);
    free(bytes);
    return err;
}

#define META(rate, unit, a, b)                                                 \
    "[global]\n[device 1]\ncapturefile=logic-1\nsamplerate=" rate              \
    "\nunitsize=" unit "\nprobe1=" a "\nprobe2=" b "\n"

/* Samples with SDA in bit 0 and SCL in bit 1: the read of one byte 0x55 from
 * 0x60, then stop. Four samples a bit. */
static size_t draw_read(char *out)
{
    static const char bits[] = {1, 1, 0, 0, 0, 0, 0, 1, 0,
                                0, 1, 0, 1, 0, 1, 0, 1, 1};
    size_t n = 0;
    out[n++] = 3;
    out[n++] = 3;
    out[n++] = 2; /* start */
    for (size_t i = 0; i < sizeof bits; i++) {
        out[n++] = 0;
        out[n++] = bits[i];
        out[n++] = (char)(bits[i] | 2);
        out[n++] = (char)(bits[i] | 2);
    }
    out[n++] = 0;
    out[n++] = 2;
    out[n++] = 3; /* stop */
    out[n++] = 3;
    return n;
}

static void test_a_small_capture_is_read(void **state)
{
    (void)state;
    char s[200];
    size_t n = draw_read(s);
    const struct file files[] = {
            {"metadata", META("1 MHz", "1", "SDA", "SCL"), 0},
            {"logic-1-1", s, 20},
            {"logic-1-2", s + 20, n - 20},
            {0}};
    assert_int_equal(read_zip(files, NULL), HD_OK);
    assert_int_equal(rec.count, 1);
    expect(0, HD_TRANSFER_READ, 0x60, true, "\x55", 1);
    assert_int_equal(rec.transfers[0].t_ns, 2000);
}

static void test_channels_may_be_named_by_hand(void **state)
{
    (void)state;
    char s[200];
    size_t n = draw_read(s);
    const struct file files[] = {
            {"metadata", META("1 MHz", "1", "D0", "D1"), 0},
            {"logic-1", s, n},
            {0}};
    assert_int_equal(read_zip(files, NULL), HD_ERR_FORMAT);
    assert_non_null(strstr(rec.error, "D0 D1"));
    const struct hd_capture_options opt = {.sda = "D0", .scl = "d1"};
    assert_int_equal(read_zip(files, &opt), HD_OK);
    expect(0, HD_TRANSFER_READ, 0x60, true, "\x55", 1);
}

static void bad_capture(const struct file *files, const char *expected)
{
    again();
    assert_int_equal(read_zip(files, NULL), HD_ERR_FORMAT);
    if (strstr(rec.error, expected) == NULL) {
        fail_msg("says \"%s\", not \"%s\"", rec.error, expected);
    }
}

static void test_captures_with_wrong_metadata_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *metadata, *expected;
    } cases[] = {
            {"\n", "samplerate"},
            {META("0", "1", "SDA", "SCL"), "samplerate"},
            {META("-1", "1", "SDA", "SCL"), "samplerate"},
            {META("99 GHz", "1", "SDA", "SCL"), "samplerate"},
            {META("1 parsec", "1", "SDA", "SCL"), "samplerate"},
            {META("1 MHz", "0", "SDA", "SCL"), "unitsize"},
            {META("1 MHz", "9", "SDA", "SCL"), "unitsize"},
            {META("1 MHz", "4294967297", "SDA", "SCL"), "unitsize"},
            {META("1 MHz", "1", "SDA", "x"), "no channel named SCL"},
            {META("1 MHz", "2", "SDA", "SCL"), "end in the middle"},
            {"[device 1]\nsamplerate=1\nprobe1=SDA\nprobe2=SCL\n",
             "no logic samples"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct file files[] = {{"metadata", cases[i].metadata, 0},
                                     {"logic-1-1", "\3\3\3", 3},
                                     {0}};
        bad_capture(files, cases[i].expected);
    }
    const struct file nothing[] = {{"readme", "hello", 0}, {0}};
    bad_capture(nothing, "not a sigrok capture");
    const struct file empty[] = {
            {"metadata", META("1 MHz", "1", "SDA", "SCL"), 0}, {0}};
    bad_capture(empty, "no samples");
}

static void test_a_capture_larger_than_its_limit_is_refused(void **state)
{
    (void)state;
    char zeros[4096] = {0};
    const struct file files[] = {
            {"metadata", META("1 MHz", "1", "SDA", "SCL"), 0},
            {"logic-1-1", zeros, sizeof zeros},
            {0}};
    const struct hd_capture_options opt = {.max_samples = 4095};
    assert_int_equal(read_zip(files, &opt), HD_ERR_FORMAT);
    assert_non_null(strstr(rec.error, "more than 4095"));
}

/* The real capture with one bit turned over, or cut short: anything may come
 * of it but a crash, or silence about an error. */
static void test_damaged_captures_are_refused_or_read(void **state)
{
    (void)state;
    static uint8_t file[20000];
    FILE *f = fopen(TRACES "atecc508a-silicon.sr", "rb");
    assert_non_null(f);
    size_t len = fread(file, 1, sizeof file, f);
    fclose(f);
    unsigned refusals = 0;
    for (size_t i = 0; i < len; i += i < 600 || i + 600 > len ? 7 : 509) {
        again();
        file[i] ^= 0x10;
        int err = hd_recording_read_sr(&rec, file, len, NULL);
        file[i] ^= 0x10;
        refusals += err != HD_OK;
        assert_true(err == HD_OK || rec.error[0] != '\0');
    }
    assert_true(refusals > 20);
    for (size_t cut = 0; cut < len; cut += 331) {
        again();
        assert_int_equal(hd_recording_read_sr(&rec, file, cut, NULL),
                         HD_ERR_FORMAT);
    }
}

static void test_a_missing_file_is_said_to_be_missing(void **state)
{
    (void)state;
    assert_int_equal(hd_recording_read_file(&rec, OUT "no-such-file", NULL),
                     HD_ERR_IO);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(test_pasted_lines_of_many_kinds_are_understood),
            TEST(test_lines_without_bytes_are_counted_not_guessed),
            TEST(test_wrong_lines_are_refused_with_their_number),
            TEST(test_a_line_longer_than_the_limit_is_refused),
            TEST(test_binary_is_not_taken_for_text),
            TEST(test_times_of_a_table_are_milliseconds),
            TEST(test_a_small_capture_is_read),
            TEST(test_channels_may_be_named_by_hand),
            TEST(test_captures_with_wrong_metadata_are_refused),
            TEST(test_a_capture_larger_than_its_limit_is_refused),
            TEST(test_damaged_captures_are_refused_or_read),
            TEST(test_a_missing_file_is_said_to_be_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
