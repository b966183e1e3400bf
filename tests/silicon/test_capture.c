/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The logic analyser's capture of a real ATECC508A, read by our own readers.
 * The table beside it was made by sigrok's i2c decoder: software written
 * elsewhere, so agreement means something.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "decode.h"
#include "halfdollar/chip.h"

struct both {
    struct hd_recording capture, table;
};

static int read_both(void **state)
{
    static struct both both;
    hd_recording_init(&both.capture);
    hd_recording_init(&both.table);
    *state = &both;
    return hd_recording_read_file(&both.capture, TRACES "atecc508a-silicon.sr",
                                  NULL) ||
           hd_recording_read_file(&both.table, TRACES "atecc508a-silicon.tsv",
                                  NULL);
}

static int free_both(void **state)
{
    struct both *both = *state;
    hd_recording_free(&both->capture);
    hd_recording_free(&both->table);
    return 0;
}

static void test_the_capture_gives_107_transfers(void **state)
{
    struct both *both = *state;
    assert_int_equal(both->capture.count, 107);
    assert_int_equal(both->table.count, 107);
    assert_true(both->capture.timed);
}

static void test_each_transfer_is_the_one_sigrok_decoded(void **state)
{
    struct both *both = *state;
    for (size_t i = 0; i < both->table.count; i++) {
        const struct hd_transfer *ours = &both->capture.transfers[i];
        const struct hd_transfer *theirs = &both->table.transfers[i];
        assert_int_equal(ours->kind, theirs->kind);
        assert_int_equal(ours->addr7, theirs->addr7);
        assert_int_equal(ours->ack, theirs->ack);
        assert_int_equal(ours->len, theirs->len);
        assert_memory_equal(hd_recording_bytes(&both->capture, ours),
                            hd_recording_bytes(&both->table, theirs),
                            ours->len);
        assert_false(ours->ragged || ours->cut || ours->restarted);
    }
}

static void test_times_agree_to_one_sample(void **state)
{
    struct both *both = *state;
    uint64_t zero = both->capture.transfers[0].t_ns;
    for (size_t i = 0; i < both->table.count; i++) {
        uint64_t ours = both->capture.transfers[i].t_ns - zero;
        uint64_t theirs = both->table.transfers[i].t_ns;
        assert_in_range(ours + 2000 - theirs, 0, 4000);
    }
}

/* The driver's own check over every group of the capture: all pass but the
 * first wake answer, which was sampled with a glitch (FC for 04). */
static void
test_the_driver_accepts_every_group_but_the_garbled_one(void **state)
{
    struct both *both = *state;
    unsigned good = 0;
    unsigned bad = 0;
    for (size_t i = 0; i < both->capture.count; i++) {
        const struct hd_transfer *t = &both->capture.transfers[i];
        const uint8_t *b = hd_recording_bytes(&both->capture, t);
        size_t skip = t->kind == HD_TRANSFER_WRITE ? 1 : 0;
        if (t->len < 4) {
            continue;
        }
        if (hd_packet_check(b + skip, t->len - skip) == HD_OK) {
            good++;
            continue;
        }
        bad++;
        assert_int_equal(i, 3);
        assert_int_equal(b[0], 0xFC);
    }
    assert_int_equal(bad, 1);
    assert_int_equal(good, 43 + 42 + 5); /* commands, answers, wakes */
}

static void test_the_decoder_finds_what_the_transfers_mean(void **state)
{
    static const unsigned expected[HD_MEANS_COUNT] = {
            [HD_MEANS_WAKE] = 7,    [HD_MEANS_NOBODY] = 5,
            [HD_MEANS_IDLE] = 4,    [HD_MEANS_COMMAND] = 43,
            [HD_MEANS_ANSWER] = 42, [HD_MEANS_AWAKE] = 5,
            [HD_MEANS_GARBLED] = 1};
    struct both *both = *state;
    unsigned kinds[HD_MEANS_COUNT] = {0};
    struct hd_decoder *d = hd_decoder_new();
    for (size_t i = 0; i < both->capture.count; i++) {
        const struct hd_transfer *t = &both->capture.transfers[i];
        struct hd_meaning m;
        hd_decoder_next(d, t, true, hd_recording_bytes(&both->capture, t), &m);
        kinds[m.kind]++;
        bool group = m.kind == HD_MEANS_COMMAND || m.kind == HD_MEANS_ANSWER;
        assert_true(!group || (m.check == HD_OK && m.command.form != NULL &&
                               !m.command.odd_length));
        assert_true(m.kind != HD_MEANS_ANSWER || (m.has_command && m.timed));
    }
    hd_decoder_free(d);
    assert_memory_equal(kinds, expected, sizeof expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_the_capture_gives_107_transfers),
            cmocka_unit_test(test_each_transfer_is_the_one_sigrok_decoded),
            cmocka_unit_test(test_times_agree_to_one_sample),
            cmocka_unit_test(
                    test_the_driver_accepts_every_group_but_the_garbled_one),
            cmocka_unit_test(test_the_decoder_finds_what_the_transfers_mean),
    };
    return cmocka_run_group_tests(tests, read_both, free_both);
}
