/* SPDX-License-Identifier: Apache-2.0 */
/* The I2C side as docs/chip part 1, section 2 tells it, rule by rule. */
#include "bench_chip.h"

#define WAKE_TIME (1500 * US)

static const uint8_t wake_answer[4] = {0x04, 0x11, 0x33, 0x43};
static const uint8_t ones[160] = {
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
/* Info(Revision) of a 608B as real parts answer it (docs/chip part 1, 4.2) */
static const uint8_t revision[7] = {0x07, 0x00, 0x00, 0x60, 0x03, 0x83, 0xBB};
static const uint8_t info[8] = {0x03, 0x07, 0x30, 0x00, 0x00, 0x00, 0x03, 0x5D};

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

static int send_info(struct bench *b)
{
    return hd_vbus_write(&b->bus, 0x60, info, sizeof info, NULL);
}

static void ask_info(struct bench *b)
{
    assert_int_equal(send_info(b), HD_OK);
    hd_vbus_advance(&b->bus, 5 * MS);
}

static void assert_reads(struct bench *b, const uint8_t *want, size_t len)
{
    uint8_t got[200];

    assert_int_equal(hd_vbus_read(&b->bus, 0x60, got, len), HD_OK);
    assert_memory_equal(got, want, len);
}

/* ------------------------------------------------------------------- wake */

static void test_wake_answers_04_11_33_43(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    assert_wake_answer(b);
}

static void test_asleep_the_address_is_not_acknowledged(void **state)
{
    struct bench *b = *state;
    uint8_t byte;

    assert_int_equal(bench_word(b, 0x00), HD_ERR_NACK);
    assert_int_equal(hd_vbus_read(&b->bus, 0x60, &byte, 1), HD_ERR_NACK);
    assert_int_equal(byte, 0xFF);
}

static void test_waking_takes_1500_us_and_nacks_until_then(void **state)
{
    struct bench *b = *state;

    hd_vbus_wake(&b->bus);
    hd_vbus_advance(&b->bus, WAKE_TIME - 100 * US);
    assert_int_equal(bench_word(b, 0x00), HD_ERR_NACK);
    hd_vbus_advance(&b->bus, 100 * US);
    assert_wake_answer(b);
}

static void test_any_write_to_address_0_wakes(void **state)
{
    struct bench *b = *state;
    static const uint8_t data[3] = {0x01, 0x00, 0x00};

    for (size_t len = 0; len <= sizeof data; len++) {
        size_t taken = 99;

        assert_int_equal(hd_vbus_write(&b->bus, 0, data, len, &taken),
                         HD_ERR_NACK);
        assert_int_equal(taken, 0);
        hd_vbus_advance(&b->bus, WAKE_TIME);
        assert_wake_answer(b);
        assert_int_equal(bench_word(b, 0x01), HD_OK);
    }
}

static void test_general_call_reads_are_never_acknowledged(void **state)
{
    struct bench *b = *state;
    uint8_t byte;

    bench_wake(b);
    assert_int_equal(hd_vbus_read(&b->bus, 0x00, &byte, 1), HD_ERR_NACK);
}

static void test_a_wake_pulse_while_awake_changes_nothing(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    ask_info(b);
    hd_vbus_wake(&b->bus);
    assert_reads(b, revision, sizeof revision);
}

static void test_other_addresses_are_not_ours(void **state)
{
    struct bench *b = *state;
    uint8_t byte;

    bench_wake(b);
    for (unsigned a = 1; a < 128; a++) {
        const int want = a == 0x60 ? HD_OK : HD_ERR_NACK;

        assert_int_equal(hd_vbus_read(&b->bus, (uint8_t)a, &byte, 1), want);
    }
}

/* ---------------------------------------------------------- word addresses */

static void test_sleep_loses_the_answer_and_wake_says_11_again(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    ask_info(b);
    assert_int_equal(bench_word(b, 0x01), HD_OK);
    assert_int_equal(b->chip.state, HD_V_SLEEP);
    bench_wake(b);
    assert_wake_answer(b);
}

static void test_idle_loses_the_answer_and_wake_says_11_again(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    ask_info(b);
    assert_int_equal(bench_word(b, 0x02), HD_OK);
    assert_int_equal(b->chip.state, HD_V_IDLE);
    assert_int_equal(bench_word(b, 0x00), HD_ERR_NACK);
    bench_wake(b);
    assert_wake_answer(b);
}

static void
test_reserved_word_addresses_are_acknowledged_and_ignored(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    ask_info(b);
    for (unsigned w = 0x04; w <= 0xFF; w++) {
        const uint8_t bytes[3] = {(uint8_t)w, 0x07, 0x30};

        assert_int_equal(hd_vbus_write(&b->bus, 0x60, bytes, 3, NULL), HD_OK);
    }
    assert_reads(b, revision, sizeof revision);
}

static void test_word_address_0_rewinds_the_answer(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    ask_info(b);
    for (int i = 0; i < 3; i++) {
        assert_reads(b, revision, sizeof revision);
        assert_reads(b, ones, 4);
        assert_int_equal(bench_word(b, 0x00), HD_OK);
    }
}

/* ----------------------------------------------------------------- answers */

static void test_an_answer_can_be_read_in_any_pieces(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    ask_info(b);
    for (size_t first = 1; first < sizeof revision; first++) {
        assert_int_equal(bench_word(b, 0x00), HD_OK);
        assert_reads(b, revision, first);
        assert_reads(b, revision + first, sizeof revision - first);
    }
}

static void test_reading_past_the_end_gives_ff(void **state)
{
    struct bench *b = *state;
    uint8_t want[20];

    memset(want, 0xFF, sizeof want);
    memcpy(want, revision, sizeof revision);
    bench_wake(b);
    ask_info(b);
    assert_reads(b, want, sizeof want);
    assert_reads(b, ones, 20);
}

static void test_the_wake_answer_too_can_be_read_again(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    assert_wake_answer(b);
    assert_int_equal(bench_word(b, 0x00), HD_OK);
    assert_wake_answer(b);
}

/* ---------------------------------------------------------- command groups */

static void test_a_command_group_may_come_in_several_writes(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    for (size_t cut = 1; cut + 1 < sizeof info; cut++) {
        uint8_t rest[sizeof info] = {0x03};

        memcpy(rest + 1, info + 1 + cut, sizeof info - 1 - cut);
        assert_int_equal(hd_vbus_write(&b->bus, 0x60, info, 1 + cut, NULL),
                         HD_OK);
        assert_int_equal(b->chip.state, HD_V_READY);
        assert_int_equal(
                hd_vbus_write(&b->bus, 0x60, rest, sizeof info - cut, NULL),
                HD_OK);
        hd_vbus_advance(&b->bus, 5 * MS);
        assert_reads(b, revision, sizeof revision);
    }
}

static void test_word_address_0_drops_a_command_half_sent(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    for (size_t len = 2; len < sizeof info; len++) {
        assert_int_equal(hd_vbus_write(&b->bus, 0x60, info, len, NULL), HD_OK);
        assert_int_equal(bench_word(b, 0x00), HD_OK);
        ask_info(b);
        assert_reads(b, revision, sizeof revision);
    }
}

static void test_reads_of_a_half_sent_command_give_ff(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    assert_int_equal(hd_vbus_write(&b->bus, 0x60, info, 4, NULL), HD_OK);
    assert_reads(b, ones, 10);
}

static void test_a_new_command_takes_the_place_of_the_old_answer(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    ask_info(b);
    assert_int_equal(hd_vbus_write(&b->bus, 0x60, info, 2, NULL), HD_OK);
    assert_int_equal(bench_word(b, 0x00), HD_OK);
    assert_reads(b, ones, 7);
}

static void test_bytes_beyond_the_count_are_not_acknowledged(void **state)
{
    struct bench *b = *state;
    uint8_t bytes[sizeof info + 5] = {0};
    size_t taken = 0;

    bench_wake(b);
    memcpy(bytes, info, sizeof info);
    assert_int_equal(hd_vbus_write(&b->bus, 0x60, bytes, sizeof bytes, &taken),
                     HD_ERR_NACK);
    assert_int_equal(taken, sizeof info);
    hd_vbus_advance(&b->bus, 5 * MS);
    assert_reads(b, revision, sizeof revision); /* and executed all the same */
}

static void
test_a_count_out_of_range_is_answered_with_ff_at_the_stop(void **state)
{
    struct bench *b = *state;
    static const uint8_t refused[4] = {0x04, 0xFF, 0x01, 0x42};

    bench_wake(b);
    for (unsigned count = 0; count < 256; count++) {
        const uint8_t bytes[2] = {0x03, (uint8_t)count};

        if (count >= 4 && count <= 155) {
            continue;
        }
        assert_int_equal(hd_vbus_write(&b->bus, 0x60, bytes, 2, NULL), HD_OK);
        hd_vbus_advance(&b->bus, 1 * MS);
        assert_reads(b, refused, sizeof refused);
        assert_int_equal(hd_vchip_refusal(&b->chip)->why, HD_WHY_CRC);
    }
}

static void test_no_more_than_155_bytes_are_taken(void **state)
{
    struct bench *b = *state;
    uint8_t bytes[200] = {0x03, 200};
    size_t taken = 0;

    bench_wake(b);
    assert_int_equal(hd_vbus_write(&b->bus, 0x60, bytes, 200, &taken),
                     HD_ERR_NACK);
    assert_int_equal(taken, 156);
}

static void
test_a_wrong_checksum_is_answered_with_ff_and_changes_nothing(void **state)
{
    struct bench *b = *state;
    uint8_t bytes[48];
    uint8_t nonce[32] = {1};
    size_t len;

    bench_wake(b);
    assert_int_equal(bench_status(b, 0x16, 0x03, 0, nonce, 32), 0x00);
    assert_true(b->chip.tk.valid);
    len = bench_group(bytes, 0x16, 0x00, 0, nonce, 20);
    for (size_t bit = 8; bit < 8 * (len - 1); bit++) {
        bytes[1 + bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(hd_vbus_write(&b->bus, 0x60, bytes, len, NULL), HD_OK);
        hd_vbus_advance(&b->bus, 1 * MS);
        assert_int_equal(hd_vbus_read(&b->bus, 0x60, b->reply, 4), HD_OK);
        assert_int_equal(b->reply[1], 0xFF);
        assert_true(b->chip.tk.valid);
        assert_int_equal(b->chip.tk.bytes[0], 1);
        bytes[1 + bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void test_a_group_too_short_for_a_command_is_a_parse_error(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    for (uint8_t count = 4; count < 7; count++) {
        uint8_t bytes[8] = {0x03, count, 0x30};
        const uint16_t crc = bench_crc(bytes + 1, count - 2u);

        bytes[count - 1] = (uint8_t)crc;
        bytes[count] = (uint8_t)(crc >> 8);
        assert_int_equal(hd_vbus_write(&b->bus, 0x60, bytes, count + 1u, NULL),
                         HD_OK);
        hd_vbus_advance(&b->bus, 1 * MS);
        assert_int_equal(hd_vbus_read(&b->bus, 0x60, b->reply, 4), HD_OK);
        assert_int_equal(b->reply[1], 0x03);
    }
}

/* -------------------------------------------------------------------- time */

static void test_transfers_take_the_time_of_their_bits(void **state)
{
    struct bench *b = *state;
    uint64_t t;

    bench_wake(b);
    t = b->bus.now_ns;
    (void)send_info(b);
    /* address and 8 bytes of 9 bits, one more for start and stop, at 2.5 us */
    assert_int_equal(b->bus.now_ns - t, (9 * 9 + 1) * 2500);
}

static void test_two_chips_at_one_address_pull_together(void **state)
{
    struct bench *b = *state;
    struct hd_vchip other;
    static const uint8_t seed[32] = {7};
    uint8_t got[7];

    hd_vchip_init(&other, hd_vchip_variant("608a"), seed);
    hd_vbus_attach(&b->bus, &other);
    bench_wake(b);
    ask_info(b);
    assert_int_equal(hd_vbus_read(&b->bus, 0x60, got, 7), HD_OK);
    assert_int_equal(got[3], 0x60);
    assert_int_equal(got[4], 0x02 & 0x03);
    assert_int_equal(got[5], 0x80 & 0x83);
    hd_vchip_free(&other);
}

static void test_a_bus_takes_sixteen_chips(void **state)
{
    struct bench *b = *state;
    static struct hd_vchip more[HD_VBUS_CHIPS];

    for (size_t i = 0; i < HD_VBUS_CHIPS; i++) {
        hd_vchip_init(&more[i], hd_vchip_variant("608b"), NULL);
        assert_int_equal(hd_vbus_attach(&b->bus, &more[i]),
                         i < HD_VBUS_CHIPS - 1 ? HD_OK : HD_ERR_TOO_SMALL);
    }
}

/* ------------------------------------------------------------------- trace */

struct seen {
    struct hd_event events[16];
    uint8_t bytes[16][40];
    size_t count;
};

static void see(void *ctx, const struct hd_event *event)
{
    struct seen *s = ctx;

    assert_true(s->count < 16);
    s->events[s->count] = *event;
    if (event->len > 0) {
        memcpy(s->bytes[s->count], event->bytes, event->len);
    }
    s->count++;
}

static void test_the_trace_tells_a_whole_exchange_in_order(void **state)
{
    struct bench *b = *state;
    static const enum hd_event_kind order[] = {
            HD_EVENT_WAKE,    HD_EVENT_POWER,  HD_EVENT_READ, HD_EVENT_WRITE,
            HD_EVENT_COMMAND, HD_EVENT_ANSWER, HD_EVENT_READ};
    struct seen s = {.count = 0};

    b->bus.trace = see;
    b->bus.trace_ctx = &s;
    bench_wake(b);
    assert_wake_answer(b);
    ask_info(b);
    assert_reads(b, revision, sizeof revision);
    assert_int_equal(s.count, sizeof order / sizeof *order);
    for (size_t i = 0; i < s.count; i++) {
        assert_int_equal(s.events[i].kind, order[i]);
        assert_true(i == 0 || s.events[i].t_ns >= s.events[i - 1].t_ns);
    }
    assert_memory_equal(s.bytes[2], wake_answer, 4);
    assert_memory_equal(s.bytes[3], info, sizeof info);
    assert_memory_equal(s.bytes[4], info + 1, sizeof info - 1);
    assert_memory_equal(s.bytes[5], revision, sizeof revision);
    assert_true(s.events[3].ack);
    assert_int_equal(s.events[3].addr7, 0x60);
    assert_ptr_equal(s.events[3].chip, &b->chip);
    assert_null(s.events[4].why);
    b->bus.trace = NULL;
}

static void
test_the_trace_shows_refusals_and_transfers_nobody_answered(void **state)
{
    struct bench *b = *state;
    struct seen s = {.count = 0};

    b->bus.trace = see;
    b->bus.trace_ctx = &s;
    assert_int_equal(bench_word(b, 0x00), HD_ERR_NACK);
    assert_int_equal(s.events[0].kind, HD_EVENT_WRITE);
    assert_false(s.events[0].ack);
    assert_null(s.events[0].chip);
    bench_wake(b);
    s.count = 0;
    (void)bench_send(b, 0x99, 0, 0, NULL, 0);
    assert_int_equal(s.events[1].kind, HD_EVENT_COMMAND);
    assert_int_equal(s.events[1].status, 0x03);
    assert_non_null(s.events[1].why);
    assert_int_equal(s.events[1].why->why, HD_WHY_OPCODE);
    b->bus.trace = NULL;
}

static void test_the_trace_shows_a_command_that_gets_no_answer(void **state)
{
    static const uint8_t pause[7] = {0x07, 0x01, 0x55, 0x00, 0x00};
    struct seen s = {.count = 0};
    struct bench b;

    (void)state;
    bench_start(&b, "508a");
    bench_wake(&b);
    b.bus.trace = see;
    b.bus.trace_ctx = &s;
    (void)bench_send(&b, 0x01, 0x55, 0, NULL, 0); /* not our selector */
    assert_int_equal(b.chip.state, HD_V_IDLE);
    assert_int_equal(s.count, 3);
    assert_int_equal(s.events[1].kind, HD_EVENT_POWER);
    assert_int_equal(s.events[2].kind, HD_EVENT_COMMAND);
    assert_int_equal(s.events[2].len, 7);
    assert_memory_equal(s.bytes[2], pause, 5);
    hd_vchip_free(&b.chip);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(test_wake_answers_04_11_33_43),
            TEST(test_asleep_the_address_is_not_acknowledged),
            TEST(test_waking_takes_1500_us_and_nacks_until_then),
            TEST(test_any_write_to_address_0_wakes),
            TEST(test_general_call_reads_are_never_acknowledged),
            TEST(test_a_wake_pulse_while_awake_changes_nothing),
            TEST(test_other_addresses_are_not_ours),
            TEST(test_sleep_loses_the_answer_and_wake_says_11_again),
            TEST(test_idle_loses_the_answer_and_wake_says_11_again),
            TEST(test_reserved_word_addresses_are_acknowledged_and_ignored),
            TEST(test_word_address_0_rewinds_the_answer),
            TEST(test_an_answer_can_be_read_in_any_pieces),
            TEST(test_reading_past_the_end_gives_ff),
            TEST(test_the_wake_answer_too_can_be_read_again),
            TEST(test_a_command_group_may_come_in_several_writes),
            TEST(test_word_address_0_drops_a_command_half_sent),
            TEST(test_reads_of_a_half_sent_command_give_ff),
            TEST(test_a_new_command_takes_the_place_of_the_old_answer),
            TEST(test_bytes_beyond_the_count_are_not_acknowledged),
            TEST(test_a_count_out_of_range_is_answered_with_ff_at_the_stop),
            TEST(test_no_more_than_155_bytes_are_taken),
            TEST(test_a_wrong_checksum_is_answered_with_ff_and_changes_nothing),
            TEST(test_a_group_too_short_for_a_command_is_a_parse_error),
            TEST(test_transfers_take_the_time_of_their_bits),
            TEST(test_two_chips_at_one_address_pull_together),
            TEST(test_a_bus_takes_sixteen_chips),
            TEST(test_the_trace_tells_a_whole_exchange_in_order),
            TEST(test_the_trace_shows_a_command_that_gets_no_answer),
            TEST(test_the_trace_shows_refusals_and_transfers_nobody_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
