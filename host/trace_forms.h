/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the front of the trace writer and its three forms. Private to
 * host/.
 */
#ifndef HD_HOST_TRACE_FORMS_H
#define HD_HOST_TRACE_FORMS_H

#include <stdio.h>

#include "decode.h"
#include "trace.h"

/* What happened beside a transfer. */
struct hd_remark {
    const char *kind; /* "refused", "power" or "fault" */
    uint64_t t_ns;
    uint8_t addr7;
    const char *text;
    const struct hd_refusal *why; /* refused: the rule, if it is known */
};

/* A form: functions that may be NULL when it has nothing to say. */
struct hd_trace_form {
    void (*begin)(FILE *f);
    void (*transfer)(FILE *f, const struct hd_meaning *m, bool timed,
                     const uint8_t *bytes);
    void (*remark)(FILE *f, const struct hd_remark *r);
    /* The transfer just told came so many times more, with the same end;
     * t is the last. NULL: each of them is told. */
    void (*more)(FILE *f, const struct hd_transfer *t, bool timed,
                 unsigned times);
};

extern const struct hd_trace_form hd_trace_text_form;
extern const struct hd_trace_form hd_trace_json_form;

/* VCD has a memory: where the lines stand, and when. */
struct hd_vcd {
    FILE *f;
    uint64_t now_ns; /* nothing may be drawn before this */
    uint64_t tick;   /* the last time written */
    bool sda, scl;
};

void hd_vcd_begin(struct hd_vcd *v, FILE *f);
void hd_vcd_transfer(struct hd_vcd *v, const struct hd_transfer *t,
                     const uint8_t *bytes);
void hd_vcd_end(struct hd_vcd *v);

#endif
