/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder's memory of each chip on the bus: what was sent to it and how
 * far its answer has been read. Follows docs/chip/1-transport-and-memory.md
 * sections 2.3 to 2.5, from the side of a listener.
 */
#include "decode.h"

#include <stdlib.h>
#include <string.h>

#include "halfdollar/chip.h"

#define GROUP_ROOM  256 /* a count byte cannot ask for more */
#define COUNT_MIN   4   /* shortest answer */
#define COMMAND_MIN 7   /* shortest command */
#define COUNT_MAX   155

struct peer {
    uint8_t in[GROUP_ROOM];
    uint8_t out[GROUP_ROOM];
    size_t in_len, out_len;
    bool in_done, out_done;
    bool woken; /* since then no command */
    bool has_command;
    bool answered;
    bool timed;
    uint64_t sent_ns;
    struct hd_command_words command;
};

struct hd_decoder {
    struct peer peers[128];
};

struct hd_decoder *hd_decoder_new(void)
{
    return calloc(1, sizeof(struct hd_decoder));
}

void hd_decoder_free(struct hd_decoder *d)
{
    if (d != NULL) {
        hd_wipe(d, sizeof *d); /* a command may have held a key */
    }
    free(d);
}

static void forget(struct peer *p, bool woken)
{
    p->in_len = 0;
    p->out_len = 0;
    p->in_done = false;
    p->out_done = false;
    p->has_command = false;
    p->answered = false;
    p->woken = woken;
}

static void wake_all(struct hd_decoder *d)
{
    for (size_t i = 0; i < 128; i++) {
        forget(&d->peers[i], true);
    }
}

static size_t append(uint8_t *to, size_t used, const uint8_t *bytes, size_t n)
{
    size_t room = GROUP_ROOM - used;
    size_t take = n < room ? n : room;
    memcpy(to + used, bytes, take);
    return used + take;
}

/* --------------------------------------------------------------- writes */

static void command_bytes(struct peer *p, const uint8_t *bytes, size_t len,
                          struct hd_meaning *m)
{
    if (p->in_done || p->out_len > 0) {
        forget(p, false);
    }
    p->woken = false;
    p->in_len = append(p->in, p->in_len, bytes, len);
    m->kind = HD_MEANS_PART;
    if (p->in_len == 0) {
        return;
    }
    size_t count = p->in[0];
    if (count < COMMAND_MIN || count > COUNT_MAX) {
        m->kind = HD_MEANS_GARBLED;
        m->check = HD_ERR_LENGTH;
        p->in_done = true;
        return;
    }
    if (p->in_len < count) {
        return;
    }
    const struct hd_transfer *t = m->transfer;
    m->kind = HD_MEANS_COMMAND;
    m->group = p->in;
    m->len = count;
    m->check = hd_packet_check(p->in, p->in_len);
    hd_command_parse(p->in, count, &p->command);
    m->command = p->command;
    p->in_done = true;
    p->has_command = true;
    p->timed = m->timed && t->dur_ns != 0;
    p->sent_ns = t->t_ns + t->dur_ns;
}

static void rewind_answer(struct peer *p)
{
    p->out_len = 0;
    p->out_done = false;
    if (!p->in_done) {
        p->in_len = 0;
    }
}

static void written(struct peer *p, const uint8_t *bytes, size_t len,
                    struct hd_meaning *m)
{
    static const enum hd_meaning_kind kinds[] = {HD_MEANS_REWIND,
                                                 HD_MEANS_SLEEP, HD_MEANS_IDLE};
    uint8_t word = bytes[0];
    if (word == 0x03) {
        command_bytes(p, bytes + 1, len - 1, m);
        return;
    }
    if (word > 0x03) {
        m->kind = HD_MEANS_GARBLED;
        m->check = HD_ERR_FORMAT;
        return;
    }
    m->kind = kinds[word];
    if (m->kind == HD_MEANS_REWIND) {
        rewind_answer(p);
    } else {
        forget(p, false);
    }
}

/* ---------------------------------------------------------------- reads */

static bool only_ff(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0xFF) {
            return false;
        }
    }
    return true;
}

static void whole_answer(struct peer *p, struct hd_meaning *m)
{
    static const uint8_t awake[] = {0x04, 0x11, 0x33, 0x43};
    m->group = p->out;
    m->len = p->out[0];
    m->check = hd_packet_check(p->out, m->len);
    m->kind = HD_MEANS_ANSWER;
    if (p->woken && m->len == sizeof awake &&
        memcmp(p->out, awake, sizeof awake) == 0) {
        m->kind = HD_MEANS_AWAKE;
    }
    m->has_command = p->has_command;
    m->command = p->command;
    m->again = p->answered;
    m->timed = m->timed && p->timed && p->has_command;
    uint64_t now = m->transfer->t_ns;
    m->since_ns = now > p->sent_ns ? now - p->sent_ns : 0;
    p->answered = true;
    p->out_done = true;
}

static void has_read(struct peer *p, const uint8_t *bytes, size_t len,
                     struct hd_meaning *m)
{
    if (p->out_done || p->out_len == 0) {
        p->out_len = 0;
        if (only_ff(bytes, len)) {
            m->kind = HD_MEANS_EMPTY;
            return;
        }
        p->out_done = false;
    }
    p->out_len = append(p->out, p->out_len, bytes, len);
    size_t count = p->out[0];
    if (count < COUNT_MIN || count > COUNT_MAX) {
        m->kind = HD_MEANS_GARBLED;
        m->check = HD_ERR_LENGTH;
        p->out_done = true;
        return;
    }
    if (p->out_len < count) {
        m->kind = HD_MEANS_PART;
        return;
    }
    whole_answer(p, m);
}

/* ------------------------------------------------------------------ all */

/* Flags of the single-wire interface as the word addresses that they stand
 * for (docs/chip part 1, 3.1). */
static uint8_t word_of_flag(uint8_t flag)
{
    switch (flag) {
    case 0x77:
        return 0x03;
    case 0xBB:
        return 0x02;
    case 0xCC:
        return 0x01;
    case 0x88:
        return 0x00;
    default:
        return flag | 0x80;
    }
}

static void written_swi(struct peer *p, const uint8_t *bytes, size_t len,
                        struct hd_meaning *m)
{
    uint8_t words[HD_TRANSFER_MAX];
    memcpy(words, bytes, len);
    words[0] = word_of_flag(bytes[0]);
    written(p, words, len, m);
}

void hd_decoder_next(struct hd_decoder *d, const struct hd_transfer *t,
                     bool timed, const uint8_t *bytes, struct hd_meaning *out)
{
    struct peer *p = &d->peers[t->addr7 & 0x7F];
    memset(out, 0, sizeof *out);
    out->transfer = t;
    out->timed = timed;
    out->command.slot = -1;
    bool pulse = t->kind == HD_TRANSFER_WRITE && t->addr7 == 0 && !t->swi;
    if (t->kind == HD_TRANSFER_WAKE || pulse) {
        out->kind = HD_MEANS_WAKE;
        wake_all(d);
    } else if (!t->ack) {
        out->kind = HD_MEANS_NOBODY;
    } else if (t->len == 0) {
        out->kind = HD_MEANS_PROBE;
    } else if (t->kind == HD_TRANSFER_READ) {
        has_read(p, bytes, t->len, out);
    } else if (t->swi) {
        written_swi(p, bytes, t->len, out);
    } else {
        written(p, bytes, t->len, out);
    }
}
