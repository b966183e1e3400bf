/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From levels to transfers, drawn edge by edge: noise, repeated starts,
 * transfers that end where they should not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "recording.h"

struct pen {
    struct hd_recording rec;
    struct hd_tap tap;
    uint64_t t;
    bool sda, scl;
};

static struct pen p;

/* After dt the lines are so. */
static void at(uint64_t dt, bool sda, bool scl)
{
    p.t += dt;
    p.sda = sda;
    p.scl = scl;
    hd_tap_feed(&p.tap, p.t, sda, scl);
}

static int take_up(void **state)
{
    (void)state;
    memset(&p, 0, sizeof p);
    hd_tap_init(&p.tap, &p.rec, HD_SPIKE_NS);
    at(1000, true, true);
    return 0;
}

static int put_down(void **state)
{
    (void)state;
    hd_recording_free(&p.rec);
    return 0;
}

static void spike(uint64_t ns)
{
    at(200, !p.sda, p.scl);
    at(ns, !p.sda, p.scl);
    at(200, p.sda, !p.scl);
    at(ns, p.sda, !p.scl);
}

static void draw_byte(uint8_t byte, bool ack, uint64_t noise)
{
    for (int i = 8; i >= 0; i--) {
        bool bit = i > 0 ? (byte >> (i - 1) & 1) != 0 : !ack;
        at(600, p.sda, false);
        at(600, bit, false);
        if (noise) {
            spike(noise);
        }
        at(600, bit, true);
        if (noise) {
            spike(noise);
        }
    }
}

static void draw_start(void)
{
    at(600, false, true);
}

static void draw_stop(void)
{
    at(600, p.sda, false);
    at(600, false, false);
    at(600, false, true);
    at(600, true, true);
}

static void expect(size_t i, int kind, const char *bytes, size_t len)
{
    assert_true(i < p.rec.count);
    const struct hd_transfer *t = &p.rec.transfers[i];
    assert_int_equal(t->kind, kind);
    assert_int_equal(t->addr7, kind == HD_TRANSFER_WAKE ? 0 : 0x60);
    assert_int_equal(t->len, len);
    assert_memory_equal(hd_recording_bytes(&p.rec, t), bytes, len);
}

static void done(size_t count)
{
    assert_int_equal(hd_tap_flush(&p.tap, p.t + 1000), HD_OK);
    assert_int_equal(p.rec.count, count);
}

static void test_spikes_below_50_ns_change_nothing(void **state)
{
    (void)state;
    draw_start();
    draw_byte(0xC0, true, 40);
    draw_byte(0x03, true, 40);
    draw_byte(0xA5, false, 40);
    draw_stop();
    done(1);
    expect(0, HD_TRANSFER_WRITE, "\x03\xA5", 2);
    assert_int_equal(p.rec.transfers[0].taken, 1);
    assert_false(p.rec.transfers[0].ragged);
}

static void test_longer_pulses_are_taken_as_they_are(void **state)
{
    (void)state;
    draw_start();
    draw_byte(0xC0, true, 0);
    draw_byte(0x03, true, 120);
    draw_stop();
    assert_int_equal(hd_tap_flush(&p.tap, p.t + 1000), HD_OK);
    const struct hd_recording *r = &p.rec;
    assert_false(r->count == 1 && r->transfers[0].len == 1 &&
                 r->bytes[0] == 0x03);
}

static void test_a_repeated_start_ends_one_and_begins_another(void **state)
{
    (void)state;
    draw_start();
    draw_byte(0xC0, true, 0);
    draw_byte(0x00, true, 0);
    at(600, p.sda, false);
    at(600, true, false);
    at(600, true, true);
    draw_start();
    draw_byte(0xC1, true, 0);
    draw_byte(0x04, false, 0);
    draw_stop();
    done(2);
    expect(0, HD_TRANSFER_WRITE, "\0", 1);
    expect(1, HD_TRANSFER_READ, "\4", 1);
    assert_true(p.rec.transfers[0].restarted);
    assert_false(p.rec.transfers[1].restarted);
}

static void test_a_stop_inside_a_byte_is_marked(void **state)
{
    (void)state;
    draw_start();
    draw_byte(0xC0, true, 0);
    for (int i = 0; i < 3; i++) {
        at(600, false, false);
        at(600, false, true);
    }
    at(600, true, true);
    done(1);
    assert_true(p.rec.transfers[0].ragged);
}

static void test_sda_held_low_for_60_us_is_a_wake_pulse(void **state)
{
    (void)state;
    at(1000, false, true);
    at(59000, true, true);
    at(1000, false, true);
    at(60000, true, true);
    at(1000, true, true);
    done(1);
    expect(0, HD_TRANSFER_WAKE, "", 0);
    assert_int_equal(p.rec.transfers[0].dur_ns, 60000);
}

static void test_a_transfer_longer_than_the_limit_is_marked_cut(void **state)
{
    (void)state;
    draw_start();
    draw_byte(0xC0, true, 0);
    for (int i = 0; i < HD_TRANSFER_MAX + 3; i++) {
        draw_byte((uint8_t)i, true, 0);
    }
    draw_stop();
    done(1);
    assert_int_equal(p.rec.transfers[0].len, HD_TRANSFER_MAX);
    assert_true(p.rec.transfers[0].cut);
}

static void test_a_transfer_cut_off_by_the_end_is_kept(void **state)
{
    (void)state;
    draw_start();
    draw_byte(0xC0, true, 0);
    draw_byte(0x03, true, 0);
    done(1);
    expect(0, HD_TRANSFER_WRITE, "\3", 1);
}

static void test_a_capture_may_begin_with_lines_low(void **state)
{
    (void)state;
    hd_tap_init(&p.tap, &p.rec, HD_SPIKE_NS);
    at(1000, false, true);
    at(1000, false, false);
    at(1000, false, true);
    at(1000, true, true); /* a stop without a start */
    draw_start();
    draw_byte(0xC1, false, 0);
    draw_stop();
    done(1);
    expect(0, HD_TRANSFER_READ, "", 0);
    assert_false(p.rec.transfers[0].ack);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, take_up, put_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(test_spikes_below_50_ns_change_nothing),
            TEST(test_longer_pulses_are_taken_as_they_are),
            TEST(test_a_repeated_start_ends_one_and_begins_another),
            TEST(test_a_stop_inside_a_byte_is_marked),
            TEST(test_sda_held_low_for_60_us_is_a_wake_pulse),
            TEST(test_a_transfer_longer_than_the_limit_is_marked_cut),
            TEST(test_a_transfer_cut_off_by_the_end_is_kept),
            TEST(test_a_capture_may_begin_with_lines_low),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
