/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trace as waveforms: Value Change Dump (IEEE 1364-2005 section 18) with
 * the wires SDA and SCL, as a logic analyser would have seen them. Opens in
 * PulseView, GTKWave and
 *
 *     sigrok-cli -I vcd -i trace.vcd -P i2c:scl=SCL:sda=SDA,atsha204a
 *
 * One tick is 100 ns: fine enough for 1 MHz, coarse enough that readers which
 * expand the file to samples can take seconds of it.
 */
#include "trace_forms.h"

#include <inttypes.h>

#define TICK_NS    100
#define BIT_NS     2500 /* when a transfer's duration is not known */
#define BIT_MIN_NS 800  /* so that quarters of a bit stay apart */
#define WAKE_NS    80000
#define SWI_START  4300 /* docs/chip part 1, 3.2 */
#define SWI_BIT    39000

static const char header[] = "$comment halfdollar trace of the bus $end\n"
                             "$timescale 100 ns $end\n"
                             "$scope module bus $end\n"
                             "$var wire 1 d SDA $end\n"
                             "$var wire 1 c SCL $end\n"
                             "$upscope $end\n"
                             "$enddefinitions $end\n";

void hd_vcd_begin(struct hd_vcd *v, FILE *f)
{
    v->f = f;
    v->sda = true;
    v->scl = true;
    fputs(header, f);
    fputs("#0\n$dumpvars\n1d\n1c\n$end\n", f);
}

/* Sets a wire at now_ns + at_ns. */
static void wire(struct hd_vcd *v, uint64_t at_ns, char id, bool *level,
                 bool high)
{
    if (*level == high) {
        return;
    }
    *level = high;
    uint64_t tick = (v->now_ns + at_ns) / TICK_NS;
    if (tick != v->tick) {
        fprintf(v->f, "#%" PRIu64 "\n", tick);
        v->tick = tick;
    }
    fprintf(v->f, "%c%c\n", high ? '1' : '0', id);
}

static void sda(struct hd_vcd *v, uint64_t at_ns, bool high)
{
    wire(v, at_ns, 'd', &v->sda, high);
}

static void scl(struct hd_vcd *v, uint64_t at_ns, bool high)
{
    wire(v, at_ns, 'c', &v->scl, high);
}

/* -------------------------------------------------------------------- I2C */

/*
 * One bit: the clock is low from a quarter to three quarters of it, the data
 * change in the middle. So a start, whose data line falls at the very
 * beginning, needs no time of its own, and a transfer of n bytes takes as
 * long as it does on a virtual bus: 9 (n + 1) bits and one for the stop.
 */
static void draw_bit(struct hd_vcd *v, uint64_t bit_ns, bool high)
{
    scl(v, bit_ns / 4, false);
    sda(v, bit_ns / 2, high);
    scl(v, bit_ns * 3 / 4, true);
    v->now_ns += bit_ns;
}

static void draw_byte(struct hd_vcd *v, uint64_t bit_ns, uint8_t byte, bool ack)
{
    for (int i = 7; i >= 0; i--) {
        draw_bit(v, bit_ns, (byte >> i & 1) != 0);
    }
    draw_bit(v, bit_ns, !ack);
}

static void draw_stop(struct hd_vcd *v, uint64_t bit_ns)
{
    scl(v, bit_ns / 4, false);
    sda(v, bit_ns / 2, false);
    scl(v, bit_ns * 3 / 4, true);
    sda(v, bit_ns * 9 / 10, true);
    v->now_ns += bit_ns;
}

static uint64_t bit_of(const struct hd_transfer *t)
{
    uint64_t bits = 9 * ((uint64_t)t->len + 1) + 1;
    uint64_t bit = t->dur_ns != 0 ? t->dur_ns / bits : BIT_NS;
    return bit < BIT_MIN_NS ? BIT_MIN_NS : bit;
}

static void draw_i2c(struct hd_vcd *v, const struct hd_transfer *t,
                     const uint8_t *bytes)
{
    bool reads = t->kind == HD_TRANSFER_READ;
    uint64_t bit = bit_of(t);
    sda(v, 0, false); /* start */
    draw_byte(v, bit, (uint8_t)(t->addr7 << 1 | (reads ? 1 : 0)), t->ack);
    for (size_t i = 0; i < t->len; i++) {
        /* The master ends a read by not acknowledging its last byte. */
        bool ack = reads ? i + 1 < t->len : i < t->taken;
        draw_byte(v, bit, bytes[i], ack);
    }
    draw_stop(v, bit);
}

static void draw_wake(struct hd_vcd *v, const struct hd_transfer *t)
{
    uint64_t low = t->dur_ns != 0 ? t->dur_ns : WAKE_NS;
    sda(v, 0, false);
    sda(v, low, true);
    v->now_ns += low;
}

/* ------------------------------------------------------------ single wire */

static void draw_token(struct hd_vcd *v, bool one)
{
    sda(v, 0, false);
    sda(v, SWI_START, true);
    if (!one) {
        sda(v, 2 * SWI_START, false);
        sda(v, 3 * SWI_START, true);
    }
    v->now_ns += SWI_BIT;
}

static void draw_swi(struct hd_vcd *v, const struct hd_transfer *t,
                     const uint8_t *bytes)
{
    for (size_t i = 0; i < 8 * (size_t)t->len; i++) {
        draw_token(v, (bytes[i / 8] >> i % 8 & 1) != 0);
    }
}

/* ------------------------------------------------------------------- both */

void hd_vcd_transfer(struct hd_vcd *v, const struct hd_transfer *t,
                     const uint8_t *bytes)
{
    if (t->t_ns > v->now_ns) {
        v->now_ns = t->t_ns;
    }
    if (t->kind == HD_TRANSFER_WAKE) {
        draw_wake(v, t);
    } else if (t->swi) {
        draw_swi(v, t, bytes);
    } else {
        draw_i2c(v, t, bytes);
    }
}

/* A last moment, so that readers see the lines at rest. */
void hd_vcd_end(struct hd_vcd *v)
{
    fprintf(v->f, "#%" PRIu64 "\n", v->now_ns / TICK_NS + 100);
}
