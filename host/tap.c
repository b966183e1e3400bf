/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the levels of SDA and SCL to I2C transfers. It knows nothing about
 * the chip. Written to survive real captures: too slow sampling, so that both
 * lines change in one sample; spikes; transfers that begin before the
 * recording or end after it; stops in the middle of a byte.
 */
#include "recording.h"

#include <string.h>

#define WAKE_NS 60000 /* tWLO: SDA low at least so long (DS20005927A 9.1.2) */

void hd_tap_init(struct hd_tap *tap, struct hd_recording *out,
                 uint64_t spike_ns)
{
    memset(tap, 0, sizeof *tap);
    tap->out = out;
    tap->spike_ns = spike_ns;
}

static void add(struct hd_tap *tap)
{
    if (tap->err == HD_OK) {
        tap->err = hd_recording_add(tap->out, &tap->now, tap->bytes);
    }
}

/* A transfer ends, by stop, repeated start or the recording's end. */
static void end_transfer(struct hd_tap *tap, uint64_t t_ns)
{
    if (!tap->busy) {
        return;
    }
    tap->busy = false;
    tap->now.dur_ns = t_ns - tap->now.t_ns;
    /* The clock of the stop condition itself looks like one more bit. */
    tap->now.ragged = tap->bits > 1;
    if (tap->got_address) {
        add(tap);
    } else if (tap->clocks == 0 && tap->now.dur_ns >= WAKE_NS) {
        tap->now.kind = HD_TRANSFER_WAKE;
        add(tap);
    }
}

static void begin_transfer(struct hd_tap *tap, uint64_t t_ns)
{
    if (tap->busy) {
        tap->now.restarted = true;
        end_transfer(tap, t_ns);
    }
    memset(&tap->now, 0, sizeof tap->now);
    tap->now.t_ns = t_ns;
    tap->busy = true;
    tap->bits = 0;
    tap->clocks = 0;
    tap->got_address = false;
}

static void take_byte(struct hd_tap *tap, bool ack)
{
    struct hd_transfer *t = &tap->now;
    if (!tap->got_address) {
        tap->got_address = true;
        t->addr7 = tap->shift >> 1;
        t->kind = (tap->shift & 1) ? HD_TRANSFER_READ : HD_TRANSFER_WRITE;
        t->ack = ack;
        return;
    }
    if (t->len == HD_TRANSFER_MAX) {
        t->cut = true;
        return;
    }
    tap->bytes[t->len++] = tap->shift;
    t->taken = (uint16_t)(t->taken + (ack ? 1 : 0));
}

static void take_bit(struct hd_tap *tap, bool bit)
{
    tap->clocks++;
    if (tap->bits < 8) {
        tap->shift = (uint8_t)(tap->shift << 1 | (bit ? 1 : 0));
        tap->bits++;
        return;
    }
    tap->bits = 0;
    take_byte(tap, !bit);
}

/* The lines as they are after spikes are taken out. */
static void levels(struct hd_tap *tap, uint64_t t_ns, bool sda, bool scl)
{
    bool sda_was = tap->sda.level;
    bool scl_was = tap->scl.level;
    tap->sda.level = sda;
    tap->scl.level = scl;
    if (scl && !scl_was) {
        if (tap->busy) {
            take_bit(tap, sda);
        }
    } else if (scl && sda_was && !sda) {
        begin_transfer(tap, t_ns);
    } else if (scl && !sda_was && sda) {
        end_transfer(tap, t_ns);
    }
}

static bool is_ripe(const struct hd_tap_line *line, uint64_t t_ns,
                    uint64_t spike_ns)
{
    return line->pending && t_ns - line->since >= spike_ns;
}

/* Lets changes through that have lasted long enough, the older one first;
 * two of the same moment pass as one. */
static void settle(struct hd_tap *tap, uint64_t t_ns)
{
    struct hd_tap_line *sda = &tap->sda;
    struct hd_tap_line *scl = &tap->scl;
    for (int i = 0; i < 2; i++) {
        bool a = is_ripe(sda, t_ns, tap->spike_ns);
        bool b = is_ripe(scl, t_ns, tap->spike_ns);
        if (!a && !b) {
            return;
        }
        if (a && b && sda->since != scl->since) {
            a = sda->since < scl->since;
            b = !a;
        }
        uint64_t when = a ? sda->since : scl->since;
        sda->pending = sda->pending && !a;
        scl->pending = scl->pending && !b;
        levels(tap, when, sda->level != a, scl->level != b);
    }
}

/* A change back before spike_ns has passed takes the change away. */
static void note_change(struct hd_tap_line *line, uint64_t t_ns, bool level)
{
    bool seen = line->pending ? !line->level : line->level;
    if (level == seen) {
        return;
    }
    line->pending = !line->pending;
    line->since = t_ns;
}

void hd_tap_feed(struct hd_tap *tap, uint64_t t_ns, bool sda, bool scl)
{
    if (!tap->started) {
        tap->started = true;
        tap->sda.level = sda;
        tap->scl.level = scl;
        return;
    }
    settle(tap, t_ns);
    note_change(&tap->sda, t_ns, sda);
    note_change(&tap->scl, t_ns, scl);
}

int hd_tap_flush(struct hd_tap *tap, uint64_t t_ns)
{
    settle(tap, UINT64_MAX);
    end_transfer(tap, t_ns);
    return tap->err;
}
