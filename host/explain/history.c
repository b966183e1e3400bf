/* SPDX-License-Identifier: Apache-2.0 */
/* From a recording to what happened to one chip. See history.h. */
#include "explain/history.h"

#include <stdlib.h>
#include <string.h>

#include "decode.h"

#define OP_READ     0x02
#define OP_INFO     0x30
#define OP_SELFTEST 0x77
#define ST_WAKE     0x11

/* Like realloc(), but no bytes stay behind. */
static bool grow(struct hd_history *h)
{
    const size_t room = h->room > 0 ? 2 * h->room : 64;
    struct hd_moment *grown = malloc(room * sizeof *grown);

    if (grown == NULL) {
        return false;
    }
    if (h->count > 0) {
        memcpy(grown, h->at, h->count * sizeof *grown);
        hd_wipe(h->at, h->count * sizeof *grown);
    }
    free(h->at);
    h->at = grown;
    h->room = room;
    return true;
}

/* What the configuration was before counts no more, either. */
static void forget(struct hd_history *h)
{
    hd_wipe(h->at, h->count * sizeof *h->at);
    memset(h->known, 0, sizeof h->known);
    h->count = 0;
    h->forgot = true;
}

int hd_history_add(struct hd_history *h, const struct hd_moment *m)
{
    if (h->most > 0 && h->count == h->most) {
        forget(h);
    }
    if (h->count == h->room && !grow(h)) {
        return HD_ERR_PORT;
    }
    h->at[h->count++] = *m;
    return HD_OK;
}

void hd_history_free(struct hd_history *h)
{
    if (h->at != NULL) {
        hd_wipe(h->at, h->count * sizeof *h->at);
    }
    free(h->at);
    hd_decoder_free(h->decoder);
    memset(h, 0, sizeof *h);
}

unsigned hd_history_unknown(const struct hd_history *h)
{
    unsigned count = 0;

    for (size_t i = 0; i < sizeof h->known; i++) {
        count += !h->known[i];
    }
    return count;
}

bool hd_moment_refused(const struct hd_moment *m)
{
    return m->kind == HD_MOMENT_COMMAND && m->answered && m->status != 0;
}

/* ---------------------------------------------------------------- answers */

/* The first reading counts: what came later is played again. */
static void take_config(struct hd_history *h, const struct hd_moment *m,
                        const uint8_t *payload, size_t len)
{
    const unsigned at =
            len == 32 ? (m->group[3] >> 3 & 3U) * 32 : (m->group[3] & 31U) * 4;

    for (unsigned i = 0; i < len && at + i < sizeof h->config; i++) {
        if (!h->known[at + i]) {
            h->known[at + i] = true;
            h->config[at + i] = payload[i];
        }
    }
}

static void take_revision(struct hd_history *h, const uint8_t *payload)
{
    if (payload[2] == 0x50) {
        h->model = HD_VMODEL_508A;
    } else if (payload[2] == 0x60) {
        h->model = payload[3] >= 3 ? HD_VMODEL_608B : HD_VMODEL_608A;
    }
}

static void take_answer(struct hd_history *h, const struct hd_meaning *means)
{
    struct hd_moment *m = &h->at[h->count - 1];
    const uint8_t *payload = means->group + 1;
    const size_t len = means->len - 3;

    if (m->kind != HD_MOMENT_COMMAND || m->answered || means->again ||
        means->check != HD_OK) {
        return;
    }
    if (len == 1 && payload[0] == ST_WAKE) {
        return; /* it restarted: no answer to the command */
    }
    m->answered = true;
    m->status = len == 1 && m->group[1] != OP_SELFTEST ? payload[0] : 0;
    if (m->group[1] == OP_READ && (m->group[2] & 3) == 0 &&
        (len == 32 || len == 4)) {
        take_config(h, m, payload, len);
    }
    if (m->group[1] == OP_INFO && m->group[2] == 0 && len == 4) {
        take_revision(h, payload);
    }
}

/* --------------------------------------------------------------- transfers */

static int take_moment(struct hd_history *h, enum hd_moment_kind kind,
                       const struct hd_meaning *means)
{
    struct hd_moment m = {.kind = (uint8_t)kind};
    int err;

    if (kind == HD_MOMENT_COMMAND) {
        if (means->len < 7 || means->len > sizeof m.group) {
            return HD_OK;
        }
        m.len = (uint8_t)means->len;
        memcpy(m.group, means->group, means->len);
    }
    err = hd_history_add(h, &m);
    hd_wipe(m.group, m.len);
    return err;
}

static int take(struct hd_history *h, const struct hd_meaning *means)
{
    switch (means->kind) {
    case HD_MEANS_WAKE:
        return take_moment(h, HD_MOMENT_WAKE, means);
    case HD_MEANS_SLEEP:
        return take_moment(h, HD_MOMENT_SLEEP, means);
    case HD_MEANS_IDLE:
        return take_moment(h, HD_MOMENT_IDLE, means);
    case HD_MEANS_COMMAND:
        if (h->addr7 == 0) {
            h->addr7 = means->transfer->addr7;
        }
        return take_moment(h, HD_MOMENT_COMMAND, means);
    case HD_MEANS_ANSWER:
        if (h->count > 0 && means->has_command) {
            take_answer(h, means);
        }
        return HD_OK;
    default:
        return HD_OK;
    }
}

int hd_history_hear(struct hd_history *h, const struct hd_transfer *t,
                    bool timed, const uint8_t *bytes)
{
    struct hd_meaning means;

    if (h->decoder == NULL) {
        h->decoder = hd_decoder_new();
    }
    if (h->decoder == NULL) {
        return HD_ERR_PORT;
    }
    if (h->addr7 != 0 && t->addr7 != 0 && t->addr7 != h->addr7 &&
        t->kind != HD_TRANSFER_WAKE) {
        return HD_OK; /* another chip's */
    }
    hd_decoder_next(h->decoder, t, timed, bytes, &means);
    return take(h, &means);
}

int hd_history_take(struct hd_history *h, const struct hd_recording *r,
                    uint8_t addr7)
{
    int err = HD_OK;

    memset(h, 0, sizeof *h);
    h->addr7 = addr7;
    for (size_t i = 0; err == HD_OK && i < r->count; i++) {
        const struct hd_transfer *t = &r->transfers[i];

        err = hd_history_hear(h, t, r->timed, hd_recording_bytes(r, t));
    }
    return err;
}
