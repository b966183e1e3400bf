/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of fault: when it strikes, what it does, and that it ends. */
#include "bench_chip.h"

static const uint8_t info[8] = {0x03, 0x07, 0x30, 0x00, 0x00, 0x00, 0x03, 0x5D};
static const uint8_t revision[7] = {0x07, 0x00, 0x00, 0x60, 0x03, 0x83, 0xBB};

static int set_up(void **state)
{
    static struct bench b;

    bench_start(&b, "608b");
    b.chip.ee[87] = 0x00; /* locked: random numbers are random */
    *state = &b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    hd_vchip_free(&b->chip);
    return 0;
}

static void add(struct bench *b, const char *text)
{
    struct hd_fault f;
    const char *error = NULL;

    if (hd_fault_parse(text, &f, &error) != HD_OK) {
        fail_msg("%s: %s", text, error);
    }
    assert_int_equal(hd_vchip_fault(&b->chip, &f), HD_OK);
}

static void send_info(struct bench *b)
{
    assert_int_equal(hd_vbus_write(&b->bus, 0x60, info, sizeof info, NULL),
                     HD_OK);
    hd_vbus_advance(&b->bus, 5 * MS);
}

static void assert_reads(struct bench *b, const uint8_t *want, size_t len)
{
    uint8_t got[160];

    assert_int_equal(hd_vbus_read(&b->bus, 0x60, got, len), HD_OK);
    assert_memory_equal(got, want, len);
}

static void assert_good(struct bench *b)
{
    send_info(b);
    assert_reads(b, revision, sizeof revision);
}

/* ---------------------------------------------------------------- counting */

static void test_skip_and_count_say_when_and_how_often(void **state)
{
    struct bench *b = *state;
    uint8_t byte;

    bench_wake(b);
    add(b, "nack,skip=2,count=3");
    for (int i = 0; i < 8; i++) {
        const int want = i >= 2 && i < 5 ? HD_ERR_NACK : HD_OK;

        assert_int_equal(hd_vbus_read(&b->bus, 0x60, &byte, 1), want);
    }
    assert_int_equal(b->chip.fault_mask, 0);
}

static void test_count_0_strikes_for_ever_until_cleared(void **state)
{
    struct bench *b = *state;
    uint8_t byte;

    bench_wake(b);
    add(b, "nack,count=0");
    for (int i = 0; i < 100; i++) {
        assert_int_equal(hd_vbus_read(&b->bus, 0x60, &byte, 1), HD_ERR_NACK);
    }
    hd_vchip_clear_faults(&b->chip);
    assert_int_equal(hd_vbus_read(&b->bus, 0x60, &byte, 1), HD_OK);
}

static void test_an_opcode_limits_a_fault_to_that_command(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    add(b, "nack,opcode=random");
    assert_good(b);
    assert_int_equal(bench_send(b, 0x1B, 0, 0, NULL, 0), HD_ERR_NACK);
    assert_good(b);
}

static void test_eight_faults_fit_and_a_used_up_one_makes_room(void **state)
{
    struct bench *b = *state;
    const struct hd_fault f = {.kind = HD_FAULT_NACK, .count = 1};
    uint8_t byte;

    bench_wake(b);
    for (int i = 0; i < HD_V_FAULTS; i++) {
        assert_int_equal(hd_vchip_fault(&b->chip, &f), HD_OK);
    }
    assert_int_equal(hd_vchip_fault(&b->chip, &f), HD_ERR_TOO_SMALL);
    assert_int_equal(hd_vbus_read(&b->bus, 0x60, &byte, 1), HD_ERR_NACK);
    assert_int_equal(hd_vchip_fault(&b->chip, &f), HD_OK);
}

/* --------------------------------------------------------------- the kinds */

static void test_flip_inverts_one_bit_of_one_reading(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    for (uint32_t bit = 0; bit < 8 * sizeof revision; bit++) {
        const struct hd_fault f = {
                .kind = HD_FAULT_FLIP, .count = 1, .arg = bit};
        uint8_t want[7];

        if (bit % 8 == 0) { /* the watchdog */
            bench_word(b, 0x02);
            bench_wake(b);
        }
        memcpy(want, revision, 7);
        want[bit / 8] ^= (uint8_t)(1 << bit % 8);
        hd_vchip_fault(&b->chip, &f);
        send_info(b);
        assert_reads(b, want, 1); /* in two parts, as drivers read */
        assert_reads(b, want + 1, 6);
        bench_word(b, 0x00); /* noise is not in the chip: it reads well now */
        assert_reads(b, revision, 7);
    }
}

static void test_flip_in_makes_the_checksum_fail(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    for (uint32_t bit = 0; bit < 48; bit++) {
        const struct hd_fault f = {
                .kind = HD_FAULT_FLIP_IN, .count = 1, .arg = bit};

        hd_vchip_fault(&b->chip, &f);
        send_info(b);
        assert_int_equal(hd_vbus_read(&b->bus, 0x60, b->reply, 4), HD_OK);
        assert_int_equal(b->reply[1], 0xFF);
    }
    assert_good(b);
}

static void test_truncate_ends_one_reading_with_ff(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    for (uint32_t n = 0; n < 7; n++) {
        const struct hd_fault f = {
                .kind = HD_FAULT_TRUNCATE, .count = 1, .arg = n};
        uint8_t want[7];

        memset(want, 0xFF, 7);
        memcpy(want, revision, n);
        hd_vchip_fault(&b->chip, &f);
        send_info(b);
        assert_reads(b, want, 7);
        bench_word(b, 0x00);
        assert_reads(b, revision, 7);
    }
}

static void test_late_adds_its_microseconds(void **state)
{
    struct bench *b = *state;

    b->chip.speed = HD_V_INSTANT;
    bench_wake(b);
    add(b, "late,arg=300000");
    (void)hd_vbus_write(&b->bus, 0x60, info, sizeof info, NULL);
    hd_vbus_advance(&b->bus, 299 * MS);
    assert_int_equal(b->chip.state, HD_V_BUSY);
    hd_vbus_advance(&b->bus, 1 * MS);
    assert_reads(b, revision, 7);
}

static void test_duplicate_runs_the_command_twice(void **state)
{
    struct bench *b = *state;
    uint8_t first[32], second[32];
    uint64_t draws;

    bench_wake(b);
    bench_run(b, 0x1B, 0, 0, NULL, 0);
    memcpy(first, b->reply + 1, 32);
    draws = b->chip.draws;
    add(b, "duplicate,opcode=random");
    bench_run(b, 0x1B, 0, 0, NULL, 0);
    memcpy(second, b->reply + 1, 32);
    assert_int_equal(b->chip.draws, draws + 2);
    assert_memory_not_equal(first, second, 32);
}

static void test_replay_gives_the_previous_answer_again(void **state)
{
    struct bench *b = *state;
    uint8_t first[35];

    bench_wake(b);
    bench_run(b, 0x1B, 0, 0, NULL, 0);
    memcpy(first, b->reply, 35);
    add(b, "replay");
    bench_run(b, 0x1B, 0, 0, NULL, 0);
    assert_memory_equal(b->reply, first, 35);
    bench_run(b, 0x1B, 0, 0, NULL, 0);
    assert_memory_not_equal(b->reply, first, 35);
}

static void test_a_lost_wake_leaves_the_chip_asleep(void **state)
{
    struct bench *b = *state;

    add(b, "lost-wake,count=2");
    for (int i = 0; i < 2; i++) {
        bench_wake(b);
        assert_int_equal(b->chip.state, HD_V_SLEEP);
    }
    bench_wake(b);
    assert_wake_answer(b);
}

static void test_wake_noise_garbles_the_wake_answer(void **state)
{
    struct bench *b = *state;
    /* what the analyser saw on a real 508A (tests/data/traces) */
    static const uint8_t seen[4] = {0xFC, 0x11, 0x33, 0x43};

    add(b, "wake-noise");
    bench_wake(b);
    assert_reads(b, seen, 4);
    bench_word(b, 0x01);
    bench_wake(b);
    assert_wake_answer(b);
}

static void test_a_chip_that_vanished_stays_off(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    add(b, "vanish,skip=1");
    assert_wake_answer(b);
    assert_int_equal(bench_word(b, 0x00), HD_ERR_NACK);
    bench_wake(b);
    assert_int_equal(b->chip.state, HD_V_OFF);
    hd_vchip_power(&b->chip, true);
    bench_wake(b);
    assert_wake_answer(b);
}

static void test_stuck_lines_stop_every_transfer_and_take_time(void **state)
{
    struct bench *b = *state;
    const uint64_t t = b->bus.now_ns;
    uint8_t byte;

    add(b, "stuck,count=3");
    assert_int_equal(hd_vbus_wake(&b->bus), HD_ERR_BUS_STUCK);
    assert_int_equal(hd_vbus_read(&b->bus, 0x60, &byte, 1), HD_ERR_BUS_STUCK);
    assert_int_equal(bench_word(b, 0x00), HD_ERR_BUS_STUCK);
    assert_true(b->bus.now_ns > t);
    bench_wake(b);
    assert_wake_answer(b);
}

static void test_a_brown_out_restarts_the_chip_awake_with_11(void **state)
{
    struct bench *b = *state;
    uint8_t before[HD_V_EEPROM_BYTES];

    bench_wake(b);
    b->chip.tk.valid = true;
    b->chip.latch = true;
    memcpy(before, b->chip.ee, sizeof before);
    add(b, "brownout,opcode=genkey");
    assert_int_equal(bench_send(b, 0x40, 0x04, 0, NULL, 0), HD_OK);
    assert_int_equal(bench_word(b, 0x00), HD_ERR_NACK);
    hd_vbus_advance(&b->bus, 10 * MS);
    assert_wake_answer(b);
    assert_false(b->chip.tk.valid);
    assert_false(b->chip.latch);
    assert_memory_equal(b->chip.ee, before, sizeof before);
    assert_good(b);
}

static void test_rewrite_inverts_the_payload_under_a_good_checksum(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    add(b, "rewrite");
    assert_int_equal(bench_run(b, 0x30, 0, 0, NULL, 0), 7);
    for (size_t i = 1; i < 5; i++) {
        assert_int_equal(b->reply[i], (uint8_t)~revision[i]);
    }
}

static void test_rewrite_puts_a_payload_of_its_own(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    add(b, "rewrite,payload=00");
    assert_int_equal(bench_status(b, 0x99, 0, 0, NULL, 0), 0x00);
}

static void test_selftest_makes_the_tests_of_its_mask_fail(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    add(b, "selftest,arg=0x20");
    b->chip.ee[90] |= 0x01;
    bench_word(b, 0x01);
    hd_vbus_wake(&b->bus);
    hd_vbus_advance(&b->bus, 20 * MS);
    assert_int_equal(b->chip.selftest_fail, 0x20);
}

static void test_health_fails_a_command_that_needs_random_numbers(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    add(b, "health,opcode=random");
    assert_int_equal(bench_status(b, 0x1B, 0, 0, NULL, 0), 0x08);
    assert_int_equal(hd_vchip_refusal(&b->chip)->why, HD_WHY_HEALTH_FAILED);
}

/* ------------------------------------------------------- power cut at a byte
 */

static void test_power_can_be_cut_at_every_byte_of_an_exchange(void **state)
{
    struct bench *b = *state;
    bool whole = false;
    uint32_t n;

    for (n = 1; !whole; n++) {
        const struct hd_fault f = {
                .kind = HD_FAULT_CUT_BYTE, .count = 1, .arg = n};
        uint8_t got[7];

        hd_vchip_power(&b->chip, false);
        hd_vchip_power(&b->chip, true);
        hd_vchip_clear_faults(&b->chip);
        bench_wake(b);
        hd_vchip_fault(&b->chip, &f);
        (void)hd_vbus_write(&b->bus, 0x60, info, sizeof info, NULL);
        hd_vbus_advance(&b->bus, 5 * MS);
        (void)hd_vbus_read(&b->bus, 0x60, got, 7);
        whole = b->chip.state == HD_V_READY;
        assert_true(whole || b->chip.state == HD_V_OFF);
        assert_int_equal(whole, memcmp(got, revision, 7) == 0);
    }
    /* 9 bytes written and 8 read, addresses counted; then nothing is cut */
    assert_int_equal(n - 1, 9 + 8 + 1);
}

static void test_a_cut_in_the_command_keeps_it_from_running(void **state)
{
    struct bench *b = *state;

    bench_wake(b);
    add(b, "cut-byte,arg=9");
    (void)hd_vbus_write(&b->bus, 0x60, info, sizeof info, NULL);
    assert_int_equal(b->chip.state, HD_V_OFF);
    assert_int_equal(b->chip.commands, 0);
}

/* ------------------------------------------------------------- written form */

static void test_faults_are_read_and_written_the_same(void **state)
{
    static const char *const texts[] = {
            "nack,count=1",
            "flip,arg=13,opcode=sign,skip=2,count=1",
            "flip-in,arg=4294967295,count=65535",
            "truncate,arg=3,opcode=0x99,count=0",
            "late,arg=1000000,count=1",
            "duplicate,count=1",
            "replay,count=1",
            "lost-wake,count=1",
            "wake-noise,count=1",
            "vanish,count=1",
            "stuck,count=1",
            "brownout,opcode=genkey,count=1",
            "cut-byte,arg=7,count=1",
            "cut-eeprom,arg=2,count=1",
            "rewrite,count=1,payload=00FF10",
            "selftest,arg=32,count=1",
            "health,count=1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct hd_fault f;
        char text[200];
        const char *error = "?";

        assert_int_equal(hd_fault_parse(texts[i], &f, &error), HD_OK);
        assert_null(error);
        assert_int_equal(f.kind, i + 1);
        assert_int_equal(hd_fault_text(&f, text, sizeof text),
                         strlen(texts[i]));
        assert_string_equal(text, texts[i]);
    }
    assert_int_equal(sizeof texts / sizeof *texts, HD_FAULT_KINDS - 1);
}

static void test_wrong_faults_are_refused_with_a_sentence(void **state)
{
    static const struct {
        const char *text, *hint;
    } cases[] = {{"", "kind"},
                 {"none", "kind"},
                 {"nack ", "kind"},
                 {"bogus,arg=1", "cut-eeprom"},
                 {"nack,", "commas"},
                 {"nack,arg", "arg:"},
                 {"nack,arg=", "arg:"},
                 {"nack,arg=-1", "arg:"},
                 {"nack,arg=1x", "arg:"},
                 {"nack,arg=0x", "arg:"},
                 {"nack,arg=4294967296", "arg:"},
                 {"nack,skip=65536", "skip:"},
                 {"nack,count=65536", "count:"},
                 {"nack,opcode=bogus", "opcode:"},
                 {"nack,opcode=256", "opcode:"},
                 {"nack,color=red", "payload="},
                 {"rewrite,payload=", "payload:"},
                 {"rewrite,payload=0", "payload:"},
                 {"rewrite,payload=0g", "payload:"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hd_fault f = {.kind = 99};
        const char *error = NULL;

        assert_int_equal(hd_fault_parse(cases[i].text, &f, &error),
                         HD_ERR_FORMAT);
        assert_non_null(error);
        if (strstr(error, cases[i].hint) == NULL) {
            fail_msg("'%s' is told: %s", cases[i].text, error);
        }
        assert_int_equal(f.kind, 99); /* untouched */
        assert_int_equal(hd_fault_parse(cases[i].text, &f, NULL),
                         HD_ERR_FORMAT);
    }
}

static void
test_a_text_that_does_not_fit_is_cut_and_its_length_told(void **state)
{
    const struct hd_fault f = {
            .kind = HD_FAULT_REWRITE, .payload_len = 66, .count = 1};
    char whole[200], part[200];
    const size_t need = hd_fault_text(&f, whole, sizeof whole);

    (void)state;
    assert_int_equal(need, strlen(whole));
    for (size_t size = 0; size <= need; size++) {
        memset(part, '#', sizeof part);
        assert_int_equal(hd_fault_text(&f, part, size), need);
        assert_int_equal(part[size], '#');
        if (size > 0) {
            assert_int_equal(strlen(part), size - 1);
            assert_memory_equal(part, whole, size - 1);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(test_skip_and_count_say_when_and_how_often),
            TEST(test_count_0_strikes_for_ever_until_cleared),
            TEST(test_an_opcode_limits_a_fault_to_that_command),
            TEST(test_eight_faults_fit_and_a_used_up_one_makes_room),
            TEST(test_flip_inverts_one_bit_of_one_reading),
            TEST(test_flip_in_makes_the_checksum_fail),
            TEST(test_truncate_ends_one_reading_with_ff),
            TEST(test_late_adds_its_microseconds),
            TEST(test_duplicate_runs_the_command_twice),
            TEST(test_replay_gives_the_previous_answer_again),
            TEST(test_a_lost_wake_leaves_the_chip_asleep),
            TEST(test_wake_noise_garbles_the_wake_answer),
            TEST(test_a_chip_that_vanished_stays_off),
            TEST(test_stuck_lines_stop_every_transfer_and_take_time),
            TEST(test_a_brown_out_restarts_the_chip_awake_with_11),
            TEST(test_rewrite_inverts_the_payload_under_a_good_checksum),
            TEST(test_rewrite_puts_a_payload_of_its_own),
            TEST(test_selftest_makes_the_tests_of_its_mask_fail),
            TEST(test_health_fails_a_command_that_needs_random_numbers),
            TEST(test_power_can_be_cut_at_every_byte_of_an_exchange),
            TEST(test_a_cut_in_the_command_keeps_it_from_running),
            TEST(test_faults_are_read_and_written_the_same),
            TEST(test_wrong_faults_are_refused_with_a_sentence),
            TEST(test_a_text_that_does_not_fit_is_cut_and_its_length_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
