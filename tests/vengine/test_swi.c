/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The single-wire interface at the level of UART characters (docs/chip part 1,
 * section 3), and the in-process port that speaks it.
 */
#include "bench_chip.h"
#include "halfdollar/port_sim.h"

static const uint8_t wake_answer[4] = {0x04, 0x11, 0x33, 0x43};
static const uint8_t info[7] = {0x07, 0x30, 0x00, 0x00, 0x00, 0x03, 0x5D};
static const uint8_t revision[7] = {0x07, 0x00, 0x00, 0x60, 0x03, 0x83, 0xBB};

struct wire {
    struct bench b;
    uint8_t chars[8 * HD_V_GROUP_MAX];
    size_t count; /* characters that the last byte brought back */
};

static int set_up(void **state)
{
    static struct wire w;

    bench_start(&w.b, "608b-swi");
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct wire *w = *state;

    hd_vchip_free(&w->b.chip);
    return 0;
}

static void send(struct wire *w, uint8_t byte)
{
    for (unsigned i = 0; i < 8; i++) {
        const uint8_t c = (byte >> i & 1) != 0 ? 0x7F : 0x7D;

        w->count = hd_vbus_swi_char(&w->b.bus, c, w->chars, sizeof w->chars);
    }
}

static void send_group(struct wire *w, const uint8_t *group, size_t len)
{
    send(w, 0x77);
    for (size_t i = 0; i < len; i++) {
        send(w, group[i]);
    }
}

/* The transmit flag, and what it brings. */
static size_t receive(struct wire *w, uint8_t *out)
{
    send(w, 0x88);
    memset(out, 0, w->count / 8);
    for (size_t i = 0; i < w->count; i++) {
        /* the vendor's rule: 7F and 7E are ones, all else is zero */
        out[i / 8] |= (uint8_t)((w->chars[i] ^ 0x7F) < 2 ? 1 << i % 8 : 0);
    }
    return w->count / 8;
}

static void wake(struct wire *w)
{
    assert_int_equal(
            hd_vbus_swi_char(&w->b.bus, 0x00, w->chars, sizeof w->chars), 0);
    hd_vbus_advance(&w->b.bus, 1500 * US);
}

static void assert_answers(struct wire *w, const uint8_t *want, size_t len)
{
    uint8_t got[HD_V_GROUP_MAX];

    assert_int_equal(receive(w, got), len);
    assert_memory_equal(got, want, len);
}

static void test_a_character_0_wakes_and_88_reads_04_11_33_43(void **state)
{
    struct wire *w = *state;

    wake(w);
    assert_answers(w, wake_answer, 4);
}

static void test_bits_travel_least_significant_first_as_7f_and_7d(void **state)
{
    struct wire *w = *state;
    static const uint8_t eleven[8] = {0x7F, 0x7D, 0x7D, 0x7D,
                                      0x7F, 0x7D, 0x7D, 0x7D};

    wake(w);
    send(w, 0x88);
    assert_int_equal(w->count, 32);
    assert_memory_equal(w->chars + 8, eleven, 8);
}

static void test_eight_bit_characters_ff_and_fd_are_understood(void **state)
{
    struct wire *w = *state;
    static const uint8_t flag[8] = {0xFD, 0xFD, 0xFD, 0xFF,
                                    0xFD, 0xFD, 0xFD, 0xFF}; /* 0x88 */

    wake(w);
    for (size_t i = 0; i < 8; i++) {
        w->count =
                hd_vbus_swi_char(&w->b.bus, flag[i], w->chars, sizeof w->chars);
    }
    assert_int_equal(w->count, 32);
}

static void test_a_command_runs_once_its_last_byte_is_in(void **state)
{
    struct wire *w = *state;

    wake(w);
    send_group(w, info, sizeof info - 1);
    assert_int_equal(w->b.chip.state, HD_V_READY);
    send(w, info[6]);
    assert_int_equal(w->b.chip.state, HD_V_BUSY);
    send(w, 0x88); /* busy: no response */
    assert_int_equal(w->count, 0);
    hd_vbus_advance(&w->b.bus, 5 * MS);
    assert_answers(w, revision, sizeof revision);
}

static void test_the_transmit_flag_may_be_repeated(void **state)
{
    struct wire *w = *state;

    wake(w);
    send_group(w, info, sizeof info);
    hd_vbus_advance(&w->b.bus, 5 * MS);
    for (int i = 0; i < 3; i++) {
        assert_answers(w, revision, sizeof revision);
    }
}

static void test_flag_ff_and_unknown_flags_are_swallowed(void **state)
{
    struct wire *w = *state;

    wake(w);
    for (unsigned flag = 0; flag < 256; flag++) {
        if (flag == 0x77 || flag == 0x88 || flag == 0xBB || flag == 0xCC) {
            continue;
        }
        send(w, (uint8_t)flag);
        assert_int_equal(w->count, 0);
    }
    assert_answers(w, wake_answer, 4);
}

static void test_idle_keeps_tempkey_and_sleep_loses_it(void **state)
{
    struct wire *w = *state;

    wake(w);
    w->b.chip.tk.valid = true;
    send(w, 0xFF);
    send(w, 0xBB);
    assert_int_equal(w->b.chip.state, HD_V_IDLE);
    wake(w);
    assert_answers(w, wake_answer, 4);
    assert_true(w->b.chip.tk.valid);
    send(w, 0xFF);
    send(w, 0xCC);
    assert_int_equal(w->b.chip.state, HD_V_SLEEP);
    wake(w);
    assert_false(w->b.chip.tk.valid);
}

static void
test_a_group_that_stops_for_65_ms_puts_the_chip_to_sleep(void **state)
{
    struct wire *w = *state;

    wake(w);
    send_group(w, info, 3);
    hd_vbus_advance(&w->b.bus, 60 * MS);
    assert_int_equal(w->b.chip.state, HD_V_READY);
    hd_vbus_advance(&w->b.bus, 6 * MS);
    assert_int_equal(w->b.chip.state, HD_V_SLEEP);
}

static void
test_a_byte_that_stops_for_65_ms_puts_the_chip_to_sleep(void **state)
{
    struct wire *w = *state;

    wake(w);
    (void)hd_vbus_swi_char(&w->b.bus, 0x7F, w->chars, sizeof w->chars);
    hd_vbus_advance(&w->b.bus, 66 * MS);
    assert_int_equal(w->b.chip.state, HD_V_SLEEP);
}

static void test_between_transfers_there_is_no_timeout(void **state)
{
    struct wire *w = *state;

    wake(w);
    send_group(w, info, sizeof info);
    hd_vbus_advance(&w->b.bus, 1000 * MS);
    assert_answers(w, revision, sizeof revision);
}

static void test_a_wake_token_while_awake_resets_the_channel(void **state)
{
    struct wire *w = *state;

    wake(w);
    send_group(w, info, 3);
    (void)hd_vbus_swi_char(&w->b.bus, 0x7F, w->chars, sizeof w->chars);
    wake(w);
    send_group(w, info, sizeof info);
    hd_vbus_advance(&w->b.bus, 5 * MS);
    assert_answers(w, revision, sizeof revision);
}

static void test_a_bad_count_is_answered_at_once(void **state)
{
    struct wire *w = *state;
    static const uint8_t refused[4] = {0x04, 0xFF, 0x01, 0x42};

    wake(w);
    send(w, 0x77);
    send(w, 0x03);
    hd_vbus_advance(&w->b.bus, 1 * MS);
    assert_answers(w, refused, 4);
}

static void test_a_single_wire_part_has_no_i2c_address(void **state)
{
    struct wire *w = *state;
    uint8_t byte;

    wake(w);
    for (unsigned a = 1; a < 128; a++) {
        assert_int_equal(hd_vbus_read(&w->b.bus, (uint8_t)a, &byte, 1),
                         HD_ERR_NACK);
    }
}

static void test_an_i2c_part_is_deaf_to_characters(void **state)
{
    struct bench b;
    uint8_t chars[8 * HD_V_GROUP_MAX];

    (void)state;
    bench_start(&b, "608b");
    bench_wake(&b);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(hd_vbus_swi_char(&b.bus, 0x88 >> i & 1 ? 0x7F : 0x7D,
                                          chars, sizeof chars),
                         0);
    }
    hd_vchip_free(&b.chip);
}

static void test_the_port_speaks_both_interfaces_alike(void **state)
{
    struct wire *w = *state;
    struct bench i2c;
    struct hd_sim sims[2] = {{.bus = &w->b.bus}, {.addr7 = 0x60}};
    const struct hd_bus *ports[2] = {&hd_sim_swi_bus, &hd_sim_bus};

    bench_start(&i2c, "608b");
    sims[1].bus = &i2c.bus;
    for (size_t i = 0; i < 2; i++) {
        const struct hd_bus *p = ports[i];
        uint8_t got[10];
        uint32_t t;

        assert_int_equal(p->recv(&sims[i], got, 4), HD_ERR_NACK);
        assert_int_equal(p->wake(&sims[i]), HD_OK);
        t = p->now_us(&sims[i]);
        p->wait_us(&sims[i], 1500);
        assert_int_equal(p->now_us(&sims[i]) - t, 1500);
        assert_int_equal(p->recv(&sims[i], got, 4), HD_OK);
        assert_memory_equal(got, wake_answer, 4);
        assert_int_equal(p->send(&sims[i], HD_WORD_COMMAND, info, 7), HD_OK);
        p->wait_us(&sims[i], 5000);
        assert_int_equal(p->send(&sims[i], HD_WORD_RESET, NULL, 0), HD_OK);
        assert_int_equal(p->recv(&sims[i], got, 10), HD_OK);
        assert_memory_equal(got, revision, 7);
        assert_int_equal(got[7] & got[8] & got[9], 0xFF);
        assert_int_equal(p->send(&sims[i], HD_WORD_SLEEP, NULL, 0), HD_OK);
        assert_int_equal(p->recv(&sims[i], got, 4), HD_ERR_NACK);
    }
    hd_vchip_free(&i2c.chip);
}

static void test_characters_and_answers_take_their_time(void **state)
{
    struct wire *w = *state;
    uint64_t t;

    wake(w);
    t = w->b.bus.now_ns;
    (void)hd_vbus_swi_char(&w->b.bus, 0x7F, w->chars, sizeof w->chars);
    assert_int_equal(w->b.bus.now_ns - t, 39060); /* 9 bits at 230400 baud */
    wake(w);
    t = w->b.bus.now_ns;
    assert_answers(w, wake_answer, 4);
    /* the flag, the turn-around of 96 us, 32 bits of 54 us */
    assert_int_equal(w->b.bus.now_ns - t, 8 * 39060 + 96000 + 32 * 54000);
}

static void test_faults_strike_on_a_single_wire_too(void **state)
{
    struct wire *w = *state;
    const struct hd_fault silence = {.kind = HD_FAULT_NACK, .count = 1};
    const struct hd_fault flip = {.kind = HD_FAULT_FLIP, .count = 1, .arg = 9};
    const struct hd_fault cut = {
            .kind = HD_FAULT_CUT_BYTE, .count = 1, .arg = 4};
    uint8_t got[HD_V_GROUP_MAX];

    wake(w);
    hd_vchip_fault(&w->b.chip, &silence);
    assert_int_equal(receive(w, got), 0);
    hd_vchip_fault(&w->b.chip, &flip);
    assert_int_equal(receive(w, got), 4);
    assert_int_equal(got[1], 0x11 ^ 2);
    assert_answers(w, wake_answer, 4);
    hd_vchip_fault(&w->b.chip, &cut);
    send_group(w, info, 2);
    assert_int_equal(w->b.chip.state, HD_V_READY);
    send(w, info[2]);
    assert_int_equal(w->b.chip.state, HD_V_OFF);
}

struct seen {
    enum hd_event_kind kinds[12];
    uint8_t first[12];
    size_t lens[12];
    size_t count;
};

static void see(void *ctx, const struct hd_event *event)
{
    struct seen *s = ctx;

    assert_true(s->count < 12);
    s->kinds[s->count] = event->kind;
    s->lens[s->count] = event->len;
    s->first[s->count++] = event->len > 0 ? event->bytes[0] : 0;
}

static void test_the_trace_shows_flags_and_groups(void **state)
{
    struct wire *w = *state;
    static const enum hd_event_kind kinds[] = {
            HD_EVENT_WAKE,    HD_EVENT_POWER,  HD_EVENT_WRITE,
            HD_EVENT_COMMAND, HD_EVENT_ANSWER, HD_EVENT_WRITE,
            HD_EVENT_READ,    HD_EVENT_WRITE,  HD_EVENT_POWER};
    static const uint8_t first[] = {0,    0,    0x77, 0x07, 0x07,
                                    0x88, 0x07, 0xBB, 0};
    static const size_t lens[] = {0, 0, 8, 7, 7, 1, 7, 1, 0};
    struct seen s = {.count = 0};

    w->b.bus.trace = see;
    w->b.bus.trace_ctx = &s;
    wake(w);
    send_group(w, info, sizeof info);
    hd_vbus_advance(&w->b.bus, 5 * MS);
    assert_answers(w, revision, sizeof revision);
    send(w, 0xBB);
    assert_int_equal(s.count, sizeof kinds / sizeof *kinds);
    for (size_t i = 0; i < s.count; i++) {
        assert_int_equal(s.kinds[i], kinds[i]);
        assert_int_equal(s.first[i], first[i]);
        assert_int_equal(s.lens[i], lens[i]);
    }
    w->b.bus.trace = NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(test_a_character_0_wakes_and_88_reads_04_11_33_43),
            TEST(test_bits_travel_least_significant_first_as_7f_and_7d),
            TEST(test_eight_bit_characters_ff_and_fd_are_understood),
            TEST(test_a_command_runs_once_its_last_byte_is_in),
            TEST(test_the_transmit_flag_may_be_repeated),
            TEST(test_flag_ff_and_unknown_flags_are_swallowed),
            TEST(test_idle_keeps_tempkey_and_sleep_loses_it),
            TEST(test_a_group_that_stops_for_65_ms_puts_the_chip_to_sleep),
            TEST(test_a_byte_that_stops_for_65_ms_puts_the_chip_to_sleep),
            TEST(test_between_transfers_there_is_no_timeout),
            TEST(test_a_wake_token_while_awake_resets_the_channel),
            TEST(test_a_bad_count_is_answered_at_once),
            TEST(test_a_single_wire_part_has_no_i2c_address),
            TEST(test_an_i2c_part_is_deaf_to_characters),
            TEST(test_characters_and_answers_take_their_time),
            TEST(test_faults_strike_on_a_single_wire_too),
            TEST(test_the_trace_shows_flags_and_groups),
            TEST(test_the_port_speaks_both_interfaces_alike),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
