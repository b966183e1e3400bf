/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all fuzzers of recordings do with what was read: explain it, in all
 * three forms.
 */
#ifndef FUZZ_TRACE_EXPLAIN_H
#define FUZZ_TRACE_EXPLAIN_H

#include <stdlib.h>

#include "host/trace.h"

static void explain_as(const struct hd_recording *r, enum hd_trace_format form)
{
    struct hd_trace_writer *w;
    if (hd_trace_open_as(&w, "/dev/null", form) != HD_OK) {
        abort();
    }
    for (size_t i = 0; i < r->count; i++) {
        const struct hd_transfer *t = &r->transfers[i];
        if (t->len > HD_TRANSFER_MAX || t->at + t->len > r->used) {
            abort();
        }
        hd_trace_transfer(w, t, r->timed, hd_recording_bytes(r, t));
    }
    if (hd_trace_close(w) != HD_OK) {
        abort();
    }
}

static void explain(struct hd_recording *r, int err)
{
    if (err != HD_OK && r->error[0] == '\0') {
        abort(); /* a failure without a sentence */
    }
    explain_as(r, HD_TRACE_TEXT);
    explain_as(r, HD_TRACE_JSON);
    explain_as(r, HD_TRACE_VCD);
    hd_recording_free(r);
}

#endif
