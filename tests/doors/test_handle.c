/* SPDX-License-Identifier: Apache-2.0 */
/* The socket protocol without sockets: requests, locks, time, noise. */
#include "rig.h"

#include <stdlib.h>

#include "door.h"

#define WORD(n) (uint8_t)(n), (uint8_t)((n) >> 8)
#define LONG(n) WORD(n), WORD((n) >> 16)

struct bench {
    struct hd_vdoor *door;
    struct hd_vchip chip;
    struct client *one, *two;
    uint8_t out[HD_VDOOR_FRAME_MAX + 2];
    size_t len;
};

static int set_up(void **state)
{
    struct bench *b = calloc(1, sizeof(*b));
    const uint8_t seed[32] = {7};
    assert_non_null(b);
    assert_int_equal(hd_vchip_init(&b->chip, hd_vchip_variant("608b"), seed),
                     HD_OK);
    assert_int_equal(hd_vdoor_open(&b->door, NULL), HD_OK);
    assert_int_equal(hd_vdoor_add_chip(b->door, &b->chip), HD_OK);
    b->one = door_client_add(b->door, -1, CLIENT_FRAMES);
    b->two = door_client_add(b->door, -1, CLIENT_FRAMES);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    assert_int_equal(hd_vdoor_close(b->door), HD_OK);
    hd_vchip_free(&b->chip);
    free(b);
    return 0;
}

/* Status of the answer, -1: none yet. */
static int ask(struct bench *b, struct client *c, const uint8_t *request,
               size_t len, uint64_t now_ms)
{
    memset(b->out, 0xEE, sizeof(b->out));
    b->len = door_handle(b->door, c, request, len, now_ms, b->out);
    if (b->len == 0) {
        return -1;
    }
    assert_int_equal(b->len, 2u + (size_t)(b->out[0] | b->out[1] << 8));
    return b->out[2];
}

#define ASK(b, c, ms, ...)                                                     \
    ask(b, c, (const uint8_t[]){__VA_ARGS__},                                  \
        sizeof((const uint8_t[]){__VA_ARGS__}), ms)

static const uint8_t *body(const struct bench *b)
{
    return b->out + 7;
}

#define READ_4  HD_VDOOR_TRANSFER, 1, 0x60 | HD_VDOOR_READ, WORD(4)
#define ZERO_00 HD_VDOOR_TRANSFER, 1, 0x00, WORD(1), 0x00

static void test_info_tells_version_clock_speed_and_addresses(void **state)
{
    struct bench *b = *state;
    static const uint8_t want[] = {1, 0, LONG(100000), 1, 0x60};
    assert_int_equal(ASK(b, b->one, 0, HD_VDOOR_INFO), HD_VDOOR_OK);
    assert_int_equal(b->len, 7 + sizeof(want));
    assert_memory_equal(body(b), want, sizeof(want));
}

static void test_wake_delay_and_read_give_04_11_33_43(void **state)
{
    struct bench *b = *state;
    static const uint8_t want[] = {1, 0x04, 0x11, 0x33, 0x43};
    assert_int_equal(ASK(b, b->one, 0, READ_4), HD_VDOOR_NACK);
    assert_int_equal(ASK(b, b->one, 0, HD_VDOOR_WAKE), HD_VDOOR_OK);
    assert_int_equal(ASK(b, b->one, 0, READ_4), HD_VDOOR_NACK);
    assert_int_equal(ASK(b, b->one, 0, HD_VDOOR_DELAY, LONG(1500)),
                     HD_VDOOR_OK);
    assert_int_equal(ASK(b, b->one, 0, READ_4), HD_VDOOR_OK);
    assert_int_equal(b->len, 7 + sizeof(want));
    assert_memory_equal(body(b), want, sizeof(want));
}

static void test_a_zero_to_address_0_wakes_up_to_133_khz(void **state)
{
    struct bench *b = *state;
    static const struct {
        uint32_t hz;
        int then;
    } cases[] = {{400000, HD_VDOOR_NACK}, {133000, HD_VDOOR_OK}};
    for (size_t i = 0; i < 2; i++) {
        b->door->bus.hz = cases[i].hz;
        assert_int_equal(ASK(b, b->one, 0, ZERO_00), HD_VDOOR_NACK);
        ASK(b, b->one, 0, HD_VDOOR_DELAY, LONG(1500));
        assert_int_equal(ASK(b, b->one, 0, READ_4), cases[i].then);
    }
}

/* 0x40 with the write bit is 70 us of zeros at 100 kHz: i2cdetect wakes chips
 * that way. 0x50 has no run that long. */
static void test_zeros_for_others_wake_on_a_slow_bus_only(void **state)
{
    struct bench *b = *state;
    static const struct {
        uint32_t hz;
        uint8_t addr7;
        int then;
    } cases[] = {
            {400000, 0x40, HD_VDOOR_NACK},
            {100000, 0x50, HD_VDOOR_NACK},
            {100000, 0x40, HD_VDOOR_OK},
    };
    for (size_t i = 0; i < 3; i++) {
        b->door->bus.hz = cases[i].hz;
        assert_int_equal(ASK(b, b->one, 0, HD_VDOOR_TRANSFER, 1, cases[i].addr7,
                             WORD(0)),
                         HD_VDOOR_NACK);
        ASK(b, b->one, 0, HD_VDOOR_DELAY, LONG(1500));
        assert_int_equal(ASK(b, b->one, 0, READ_4), cases[i].then);
    }
}

static void test_a_combined_transfer_stops_at_the_first_nack(void **state)
{
    struct bench *b = *state;
    ASK(b, b->one, 0, HD_VDOOR_WAKE);
    ASK(b, b->one, 0, HD_VDOOR_DELAY, LONG(1500));
    assert_int_equal(ASK(b, b->one, 0, HD_VDOOR_TRANSFER, 3,
                         0x60 | HD_VDOOR_READ, WORD(1), 0x11, WORD(0),
                         0x60 | HD_VDOOR_READ, WORD(3)),
                     HD_VDOOR_NACK);
    assert_int_equal(body(b)[0], 1);
    assert_int_equal(body(b)[1], 0x04);
    assert_int_equal(b->len, 7 + 2);
}

/* ------------------------------------------------------------ the document */

/* Hex bytes of a line of the document; the text behind them is dropped. */
static size_t bytes_of(const char *line, uint8_t *out, size_t size)
{
    size_t n = 0;
    unsigned byte;
    int used;
    while (n < size && sscanf(line, " %2x%n", &byte, &used) == 1 &&
           (line[used] == ' ' || line[used] == '\n')) {
        out[n++] = (uint8_t)byte;
        line += used;
    }
    return n;
}

static void test_the_documented_session_is_what_happens(void **state)
{
    struct bench *b = *state;
    uint8_t bytes[256] = {0};
    char line[256];
    int requests = 0;
    FILE *f = fopen("docs/protocol-socket.md", "r");
    assert_non_null(f);
    b->chip.speed = HD_V_INSTANT;
    while (fgets(line, sizeof(line), f)) {
        size_t n = bytes_of(line + 6, bytes, sizeof(bytes));
        if (strncmp(line, "    > ", 6) == 0) {
            assert_int_equal(n, 2u + (size_t)(bytes[0] | bytes[1] << 8));
            ask(b, b->one, bytes + 2, n - 2, 0);
            requests++;
        } else if (strncmp(line, "    < ", 6) == 0) {
            assert_int_equal(n, b->len);
            assert_memory_equal(bytes, b->out, n);
        }
    }
    fclose(f);
    assert_int_equal(requests, 4);
}

/* ----------------------------------------------------------------- noise */

static void test_malformed_requests_are_told_so(void **state)
{
    struct bench *b = *state;
    static const struct {
        uint8_t bytes[16];
        size_t len;
    } cases[] = {
            {{0}, 0},
            {{0}, 1},
            {{200}, 1},
            {{HD_VDOOR_TRANSFER}, 1},
            {{HD_VDOOR_TRANSFER, 0}, 2},
            {{HD_VDOOR_TRANSFER, 1, 0x60}, 3},
            {{HD_VDOOR_TRANSFER, 1, 0x60, 5, 0, 1}, 6},
            {{HD_VDOOR_TRANSFER, 1, 0xE0, 0xFF, 0xFF}, 5},
            {{HD_VDOOR_TRANSFER, 1, 0x60, 0, 0, 9}, 6},
            {{HD_VDOOR_TRANSFER, 255, 0x60, 0, 0}, 5},
            {{HD_VDOOR_DELAY, 1, 2, 3}, 4},
            {{HD_VDOOR_LOCK, 1}, 2},
            {{HD_VDOOR_FAULT}, 1},
            {{HD_VDOOR_FAULT, 0x11, 'n'}, 3},
            {{HD_VDOOR_FAULT, 0x60, 'x', 'y', 'z'}, 5},
            {{HD_VDOOR_POWER, 0x60}, 2},
            {{HD_VDOOR_POWER, 0x60, 2}, 3},
            {{HD_VDOOR_POWER, 0x61, 1}, 3},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(ask(b, b->one, cases[i].bytes, cases[i].len, 0),
                         HD_VDOOR_BAD);
        assert_true(b->len > 7);
    }
}

static void test_no_bytes_whatever_break_the_server(void **state)
{
    struct bench *b = *state;
    uint8_t request[600];
    unsigned seed = 1;
    for (int i = 0; i < 50000; i++) {
        size_t len = (size_t)rand_r(&seed) % (i % 8 ? 24 : sizeof(request));
        for (size_t j = 0; j < len; j++) {
            request[j] = (uint8_t)rand_r(&seed);
        }
        if (len > 0 && i % 4) {
            request[0] %= 11;
        }
        if (len > 4 && i % 3 == 0) {
            request[0] = HD_VDOOR_TRANSFER;
            request[1] = 1;
            request[3] = (uint8_t)(len - 5);
            request[4] = (uint8_t)((len - 5) >> 8);
        }
        (void)ask(b, i % 2 ? b->one : b->two, request, len, (uint64_t)i);
        assert_true(b->len <= sizeof(b->out));
    }
}

static void test_a_frame_too_long_ends_the_connection(void **state)
{
    struct bench *b = *state;
    static const uint8_t frame[] = {WORD(HD_VDOOR_FRAME_MAX + 1), 1};
    memcpy(b->one->in, frame, sizeof(frame));
    b->one->in_len = sizeof(frame);
    door_serve(b->door, b->one, 0);
    assert_true(b->one->closing);
    assert_int_equal(b->one->out_len, 0);
}

static void test_pipelined_requests_are_answered_in_order(void **state)
{
    struct bench *b = *state;
    static const uint8_t frames[] = {
            WORD(1), HD_VDOOR_WAKE, WORD(5), HD_VDOOR_DELAY, LONG(1500),
            WORD(5), READ_4,        WORD(1), /* the rest comes later */
    };
    memcpy(b->one->in, frames, sizeof(frames));
    b->one->in_len = sizeof(frames);
    door_serve(b->door, b->one, 0);
    assert_int_equal(b->one->in_len, 2);
    assert_int_equal(b->one->out_len, 7 + 7 + 7 + 5);
    assert_int_equal(b->one->out[14 + 2], HD_VDOOR_OK);
    assert_int_equal(b->one->out[14 + 8], 0x04);
}

/* ------------------------------------------------------------------ time */

static void test_two_clients_that_sleep_at_once_make_one_sleep(void **state)
{
    struct bench *b = *state;
    uint64_t start = b->door->bus.now_ns;
    ASK(b, b->one, 0, HD_VDOOR_DELAY, LONG(1000000));
    ASK(b, b->two, 0, HD_VDOOR_DELAY, LONG(1000000));
    assert_true(b->door->bus.now_ns == start);
    ASK(b, b->one, 0, READ_4);
    ASK(b, b->two, 0, READ_4);
    assert_in_range(b->door->bus.now_ns - start, 1000000000, 1100000000);
}

static void test_answers_carry_the_bus_time(void **state)
{
    struct bench *b = *state;
    uint32_t before, after;
    ASK(b, b->one, 0, HD_VDOOR_INFO);
    memcpy(&before, b->out + 3, 4);
    ASK(b, b->one, 0, HD_VDOOR_DELAY, LONG(123456));
    memcpy(&after, b->out + 3, 4);
    assert_int_equal(after - before, 123456);
}

/* ----------------------------------------------------------------- locks */

#define LOCK_100 HD_VDOOR_LOCK, WORD(100)

static void test_the_lock_keeps_everybody_else_waiting(void **state)
{
    struct bench *b = *state;
    assert_int_equal(ASK(b, b->one, 0, LOCK_100), HD_VDOOR_OK);
    assert_int_equal(ASK(b, b->two, 1, READ_4), -1);
    assert_int_equal(ASK(b, b->two, 1, HD_VDOOR_WAKE), -1);
    assert_int_equal(ASK(b, b->two, 1, HD_VDOOR_INFO), HD_VDOOR_OK);
    assert_int_equal(ASK(b, b->two, 1, HD_VDOOR_UNLOCK), HD_VDOOR_OK);
    assert_int_equal(ASK(b, b->two, 1, READ_4), -1);
    assert_int_equal(ASK(b, b->one, 2, HD_VDOOR_UNLOCK), HD_VDOOR_OK);
    assert_int_equal(ASK(b, b->two, 3, READ_4), HD_VDOOR_NACK);
}

static void test_waiting_for_the_lock_ends_in_time(void **state)
{
    struct bench *b = *state;
    assert_int_equal(ASK(b, b->one, 0, LOCK_100), HD_VDOOR_OK);
    assert_int_equal(ASK(b, b->two, 10, LOCK_100), -1);
    assert_int_equal(ASK(b, b->two, 109, LOCK_100), -1);
    assert_int_equal(ASK(b, b->two, 110, LOCK_100), HD_VDOOR_BUSY);
}

static void test_a_holder_that_goes_silent_loses_the_lock(void **state)
{
    struct bench *b = *state;
    assert_int_equal(ASK(b, b->one, 0, LOCK_100), HD_VDOOR_OK);
    assert_int_equal(ASK(b, b->one, 9000, READ_4), HD_VDOOR_NACK);
    assert_int_equal(ASK(b, b->two, 18999, HD_VDOOR_WAKE), -1);
    assert_int_equal(ASK(b, b->two, 19001, HD_VDOOR_WAKE), HD_VDOOR_OK);
}

/* --------------------------------------------------------- faults, power */

static void test_a_fault_sent_over_the_socket_strikes(void **state)
{
    struct bench *b = *state;
    ASK(b, b->one, 0, HD_VDOOR_WAKE);
    ASK(b, b->one, 0, HD_VDOOR_DELAY, LONG(1500));
    assert_int_equal(ASK(b, b->one, 0, HD_VDOOR_FAULT, 0x60, 'n', 'a', 'c', 'k',
                         ',', 'c', 'o', 'u', 'n', 't', '=', '1'),
                     HD_VDOOR_OK);
    assert_int_equal(ASK(b, b->one, 0, READ_4), HD_VDOOR_NACK);
    assert_int_equal(ASK(b, b->one, 0, READ_4), HD_VDOOR_OK);
}

static void test_power_off_silences_the_chip(void **state)
{
    struct bench *b = *state;
    ASK(b, b->one, 0, HD_VDOOR_POWER, 0x60, 0);
    ASK(b, b->one, 0, HD_VDOOR_WAKE);
    ASK(b, b->one, 0, HD_VDOOR_DELAY, LONG(1500));
    assert_int_equal(ASK(b, b->one, 0, READ_4), HD_VDOOR_NACK);
    ASK(b, b->one, 0, HD_VDOOR_POWER, 0x60, 1);
    ASK(b, b->one, 0, HD_VDOOR_DELAY, LONG(1000));
    ASK(b, b->one, 0, HD_VDOOR_WAKE);
    ASK(b, b->one, 0, HD_VDOOR_DELAY, LONG(1500));
    assert_int_equal(ASK(b, b->one, 0, READ_4), HD_VDOOR_OK);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            T(test_info_tells_version_clock_speed_and_addresses),
            T(test_wake_delay_and_read_give_04_11_33_43),
            T(test_a_zero_to_address_0_wakes_up_to_133_khz),
            T(test_zeros_for_others_wake_on_a_slow_bus_only),
            T(test_a_combined_transfer_stops_at_the_first_nack),
            T(test_the_documented_session_is_what_happens),
            T(test_malformed_requests_are_told_so),
            T(test_no_bytes_whatever_break_the_server),
            T(test_a_frame_too_long_ends_the_connection),
            T(test_pipelined_requests_are_answered_in_order),
            T(test_two_clients_that_sleep_at_once_make_one_sleep),
            T(test_answers_carry_the_bus_time),
            T(test_the_lock_keeps_everybody_else_waiting),
            T(test_waiting_for_the_lock_ends_in_time),
            T(test_a_holder_that_goes_silent_loses_the_lock),
            T(test_a_fault_sent_over_the_socket_strikes),
            T(test_power_off_silences_the_chip),
    };
    return cmocka_run_group_tests_name("doors: protocol", tests, NULL, NULL);
}
