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

#include "recording.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_the_capture_gives_107_transfers),
            cmocka_unit_test(test_each_transfer_is_the_one_sigrok_decoded),
            cmocka_unit_test(test_times_agree_to_one_sample),
    };
    return cmocka_run_group_tests(tests, read_both, free_both);
}
