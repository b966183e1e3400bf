/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is written of a running bus: JSON that jansson reads, text with one
 * line a transfer, refusals with their reason. The waveforms are judged by
 * sigrok itself, in sigrok.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include <jansson.h>

#include "live.h"

static struct live l;

static void write_trace(const char *path)
{
    struct hd_trace_writer *w;
    unlink(path);
    assert_int_equal(hd_trace_open(&w, path), HD_OK);
    live_start(&l, 400000, w);
    live_run(&l);
    hd_vchip_free(&l.chip);
    assert_int_equal(hd_trace_close(w), HD_OK);
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));
    assert_non_null(text);
    return text;
}

static bool event_is(const json_t *o, const char *kind)
{
    return strcmp(text_of(o, "event"), kind) == 0;
}

static void same_bytes(const json_t *o, const struct passed *p)
{
    const char *hex = text_of(o, "bytes");
    assert_int_equal(strlen(hex), 2 * p->len);
    for (size_t i = 0; i < p->len; i++) {
        const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        assert_int_equal(strtoul(pair, NULL, 16), p->bytes[i]);
    }
}

/* All lines of a file as JSON. */
static json_t *load_lines(const char *path)
{
    json_t *lines = json_array();
    char text[4096];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(text, sizeof text, f) != NULL) {
        json_error_t why;
        json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, &why);
        if (o == NULL) {
            fail_msg("%s: %s", why.text, text);
        }
        json_array_append_new(lines, o);
    }
    fclose(f);
    return lines;
}

static void test_json_lines_tell_every_transfer(void **state)
{
    (void)state;
    write_trace(OUT "live.jsonl");
    json_t *lines = load_lines(OUT "live.jsonl");
    const json_t *head = json_array_get(lines, 0);
    assert_string_equal(text_of(head, "format"), "halfdollar-trace");
    assert_int_equal(json_integer_value(json_object_get(head, "version")), 1);
    size_t seen = 0;
    unsigned wakes = 0;
    json_int_t last = 0;
    for (size_t i = 1; i < json_array_size(lines); i++) {
        const json_t *o = json_array_get(lines, i);
        if (!event_is(o, "transfer")) {
            continue;
        }
        json_int_t t = json_integer_value(json_object_get(o, "t_ns"));
        assert_true(t >= last);
        last = t;
        if (strcmp(text_of(o, "kind"), "wake") == 0) {
            wakes++;
            continue;
        }
        const struct passed *p = &l.log[seen++];
        assert_string_equal(text_of(o, "kind"), p->read ? "read" : "write");
        assert_int_equal(json_is_true(json_object_get(o, "ack")), p->ack);
        assert_int_equal(json_integer_value(json_object_get(o, "addr")), ADDR);
        same_bytes(o, p);
    }
    assert_int_equal(seen, l.count);
    assert_int_equal(wakes, 1);
    json_decref(lines);
}

static void test_json_explains_commands_and_answers(void **state)
{
    (void)state;
    write_trace(OUT "words.jsonl");
    json_t *lines = load_lines(OUT "words.jsonl");
    unsigned commands = 0;
    unsigned answers = 0;
    for (size_t i = 1; i < json_array_size(lines); i++) {
        const json_t *o = json_array_get(lines, i);
        const json_t *command = json_object_get(o, "command");
        const json_t *answer = json_object_get(o, "answer");
        if (json_is_object(command) && commands++ == 1) {
            assert_string_equal(text_of(command, "name"), "Counter");
            assert_string_equal(text_of(command, "mode"), "read");
            assert_int_equal(
                    json_integer_value(json_object_get(command, "param2")), 1);
            assert_string_equal(text_of(o, "check"), "ok");
        }
        if (json_is_object(answer) && answers++ == 1) {
            assert_string_equal(text_of(answer, "to"), "Counter");
            assert_string_equal(text_of(answer, "text"), "counter 0");
            assert_true(json_is_integer(json_object_get(o, "since_ns")));
        }
    }
    assert_int_equal(commands, 4);
    assert_int_equal(answers, 4);
    json_decref(lines);
}

static void test_a_refusal_is_told_with_its_reason(void **state)
{
    (void)state;
    write_trace(OUT "refusal.jsonl");
    json_t *lines = load_lines(OUT "refusal.jsonl");
    unsigned refusals = 0;
    for (size_t i = 1; i < json_array_size(lines); i++) {
        const json_t *o = json_array_get(lines, i);
        if (!event_is(o, "refused")) {
            continue;
        }
        refusals++;
        assert_string_equal(text_of(o, "command"), "GenKey");
        assert_int_equal(json_integer_value(json_object_get(o, "status")),
                         0x0F);
        assert_true(strlen(text_of(o, "reason")) > 3);
        assert_true(strlen(text_of(o, "text")) > 20);
    }
    assert_int_equal(refusals, 1);
    json_decref(lines);
}

static void test_text_has_one_line_a_transfer(void **state)
{
    (void)state;
    char line[2048];
    unsigned transfers = 0;
    unsigned remarks = 0;
    bool said = false;
    write_trace(OUT "live.txt");
    FILE *f = fopen(OUT "live.txt", "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        char mark = strlen(line) > 13 ? line[13] : ' ';
        transfers += mark == 'W' || mark == 'R' || mark == '~';
        remarks += mark == '!';
        said = said || strstr(line, "Counter: read, counter 1 | 03 07 24 00 "
                                    "01 00 05 7D") != NULL;
    }
    fclose(f);
    assert_int_equal(transfers, l.count + 1);
    assert_true(remarks >= 1);
    assert_true(said);
}

static void test_polls_that_end_alike_are_counted(void **state)
{
    (void)state;
    static const char *const expected[] = {
            "no acknowledge: busy, asleep or absent\n",
            "the same, 3 times more\n", "probe: somebody has this address\n",
            "no acknowledge: busy, asleep or absent\n",
            "no acknowledge: busy, asleep or absent\n"};
    struct hd_trace_writer *w;
    char line[200];
    assert_int_equal(hd_trace_open(&w, OUT "polls.txt"), HD_OK);
    struct hd_transfer t = {.kind = HD_TRANSFER_READ, .addr7 = ADDR};
    for (int i = 0; i < 7; i++) {
        t.ack = i == 4;
        t.addr7 = i == 6 ? ADDR + 1 : ADDR;
        hd_trace_transfer(w, &t, false, NULL);
    }
    assert_int_equal(hd_trace_close(w), HD_OK);
    FILE *f = fopen(OUT "polls.txt", "r");
    assert_non_null(fgets(line, sizeof line, f));
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_non_null(fgets(line, sizeof line, f));
        assert_non_null(strstr(line, expected[i]));
    }
    assert_null(fgets(line, sizeof line, f));
    fclose(f);
}

static void test_the_file_is_its_owners_alone(void **state)
{
    (void)state;
    struct stat st;
    write_trace(OUT "private.txt");
    assert_int_equal(stat(OUT "private.txt", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_a_full_disk_is_noticed(void **state)
{
    (void)state;
    struct hd_trace_writer *w;
    if (access("/dev/full", W_OK) != 0) {
        skip();
    }
    assert_int_equal(hd_trace_open(&w, "/dev/full"), HD_OK);
    live_start(&l, 400000, w);
    live_run(&l);
    hd_vchip_free(&l.chip);
    assert_int_equal(hd_trace_close(w), HD_ERR_IO);
    assert_int_equal(hd_trace_open(&w, OUT "no/such/place.vcd"), HD_ERR_IO);
}

static void test_the_suffix_decides_the_form(void **state)
{
    (void)state;
    assert_int_equal(hd_trace_format_of("a.vcd"), HD_TRACE_VCD);
    assert_int_equal(hd_trace_format_of("a.b/c.VCD"), HD_TRACE_VCD);
    assert_int_equal(hd_trace_format_of("a.jsonl"), HD_TRACE_JSON);
    assert_int_equal(hd_trace_format_of("a.json"), HD_TRACE_JSON);
    assert_int_equal(hd_trace_format_of("a.txt"), HD_TRACE_TEXT);
    assert_int_equal(hd_trace_format_of("-"), HD_TRACE_TEXT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_json_lines_tell_every_transfer),
            cmocka_unit_test(test_json_explains_commands_and_answers),
            cmocka_unit_test(test_a_refusal_is_told_with_its_reason),
            cmocka_unit_test(test_text_has_one_line_a_transfer),
            cmocka_unit_test(test_polls_that_end_alike_are_counted),
            cmocka_unit_test(test_the_file_is_its_owners_alone),
            cmocka_unit_test(test_a_full_disk_is_noticed),
            cmocka_unit_test(test_the_suffix_decides_the_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
