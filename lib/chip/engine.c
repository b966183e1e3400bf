/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interpreter of operations (tables of struct hd_step): one state
 * machine, one bus transfer a poll, for every command of every chip.
 *
 *   WAKE -> POLL -> SEND -> POLL -> SEND (next step) ... -> END
 *            |       |      |  ^
 *            |       |      v  |
 *            |       |    REWIND: bad checksum, read again
 *            +-------+------+--------> RECOVER -> WAKE
 *
 * RECOVER sends the chip to idle: whatever it was told half is forgotten,
 * the watchdog starts anew, registers stay. A chip that does not even hear
 * that was asleep, so its registers are gone and the operation starts again.
 */
#include <stddef.h>

#include "internal.h"

/* struct hd_chip.state */
enum { WAKE, POLL, SEND, REWIND, RECOVER, END };

/* Time is budgeted in units of 16.4 ms: shifts are shorter than divisions,
 * and nothing here is sharper than that. */
#define UNIT_SHIFT   14
#define WAKE_DELAY   1600U /* tWHI and the pulse, us */
#define WAKE_WINDOW  2U    /* 33 ms: a chip that tests itself needs 20 ... */
#define WAKE_LONGER  3U    /* ... more each time: a busy one may take 1.7 s */
#define SHORT_PERIOD 42U   /* 688 ms: the watchdog bites at 0.7 s at least */
#define LONG_PERIOD  255U
#define MARGIN       1U /* for the transfers of one command */

/* By kind and clock divider (M0, M1, unused, M2), ms rounded up to units. */
#define UNITS(ms) (((ms)*1000U + 16383U) / 16384U)
#define TIMES(m0, m1, m2)                                                      \
    {                                                                          \
        UNITS(m0), UNITS(m1), UNITS(m2), UNITS(m2)                             \
    }
static const uint8_t times[4][4] = {
        [BRIEF] = TIMES(55, 55, 75),
        [CURVE] = TIMES(165, 220, 665),
        [LONG] = TIMES(250, 625, 2324),
        [ANYTHING] = TIMES(250, 625, 653),
};

static uint32_t now_us(const struct hd_chip *c)
{
    return c->bus->now_us(c->bus_ctx);
}

/* Something went wrong: go on in that state, unless it was once too often. */
HD_NOINLINE static int fault(struct hd_chip *c, int err, unsigned state)
{
    c->state = (uint8_t)state;
    return ++c->tries > HD_CHIP_FAULTS ? err : HD_OK;
}

/* The command may or may not have been executed: what to say in the end. */
static int unsure(const struct hd_chip *c, int err)
{
    return c->flags & ONCE ? HD_ERR_UNSURE : err;
}

/* The chip's registers are gone, and with them all that was done. */
HD_NOINLINE static int start_over(struct hd_chip *c, int err)
{
    c->step = 0;
    c->pos = 0;
    c->seeded = false;
    c->lost = true;
    return c->flags & ONCE ? HD_ERR_UNSURE : fault(c, err, RECOVER);
}

/* The answer to a wake pulse is polled for like that to a command. */
static int do_wake(struct hd_chip *c, uint32_t now)
{
    int rc = c->bus->wake(c->bus_ctx);

    c->since_us = now;
    c->due_us = now + WAKE_DELAY;
    c->limit = (uint8_t)(WAKE_WINDOW + c->tries * WAKE_LONGER);
    c->answer = 1;
    c->flags = 0; /* no command is under way */
    c->state = POLL;
    return rc ? fault(c, rc, WAKE) : HD_OK;
}

HD_NOINLINE void hd_put(struct hd_chip *c, const uint8_t *data, size_t len)
{
    if (data) {
        memcpy(c->w.buf + c->n, data, len);
    }
    c->n = (uint8_t)(c->n + len);
}

/* Puts the group of the present step into c->w.buf. */
HD_NOINLINE static int build(struct hd_chip *c, const struct hd_step *s)
{
    uint8_t *p = c->w.buf;
    unsigned i;
    int rc = HD_OK;

    memset(p, 0, sizeof(c->w.buf));
    p[1] = s->opcode;
    p[2] = s->param1;
    p[3] = s->param2;
    c->n = 5;
    c->flags = s->flags | c->careful;
    c->answer = s->answer;
    if (s->flags & PARAM1) {
        p[2] = (uint8_t)(p[2] | op_param1(c));
    }
    if (s->flags & PARAM2) {
        p[3] = (uint8_t)c->params;
        p[4] = (uint8_t)(c->params >> 8);
    }
    for (i = 0; i < 3; i++) {
        hd_put(c, c->w.io.in[i], s->in[i]);
    }
    if (s->hook) {
        rc = s->hook(c, p, false);
    }
    p[0] = (uint8_t)(c->n + 2);
    (void)hd_crc_differs(p, c->n);
    return rc;
}

HD_NOINLINE static void next_step(struct hd_chip *c)
{
    c->step++;
    c->state = c->flags & LAST ? END : SEND;
}

static int do_send(struct hd_chip *c, uint32_t now)
{
    const struct hd_step *s = &c->op[c->step];
    unsigned mode = c->id[ID_CHIP_MODE];
    unsigned period = mode & 4 ? LONG_PERIOD : SHORT_PERIOD;
    unsigned awake = (now - c->awake_us) >> UNIT_SHIFT;
    int rc;

    /* clock dividers 0x00, 0x05, 0x0D: the two top bits tell them apart */
    if (awake + times[s->time][mode >> 5 & 3] + MARGIN > period) {
        c->state = RECOVER;
        return awake ? HD_OK : HD_ERR_WATCHDOG;
    }
    rc = build(c, s);
    if (rc == HD_PENDING) { /* the hook says: not needed */
        next_step(c);
        return HD_OK;
    }
    if (!rc && c->lost && c->flags & CHAIN) {
        rc = HD_ERR_RESTARTED;
    }
    if (rc) {
        return rc;
    }
    c->since_us = now;
    c->limit = (uint8_t)period; /* it cannot be busy for longer */
    c->state = POLL;
    rc = c->bus->send(c->bus_ctx, HD_WORD_COMMAND, c->w.buf, c->n + 2U);
    if (rc) { /* not executed */
        c->flags = 0;
        rc = fault(c, rc, RECOVER);
    }
    return rc;
}

/* What a status means and how to go on; the last row is any other. */
static const struct {
    uint8_t status, err, state;
} verdicts[] = {
        {0x01, -HD_ERR_MISMATCH, END},     {0x03, -HD_ERR_PARSE, END},
        {0x05, -HD_ERR_ECC, END},          {0x07, -HD_ERR_SELFTEST, END},
        {0x08, -HD_ERR_HEALTH, END},       {0x0F, -HD_ERR_EXEC, END},
        {0x11, -HD_ERR_RESTARTED, WAKE},   /* its registers are gone */
        {0xEE, -HD_ERR_WATCHDOG, RECOVER}, /* no time: not executed */
        {0xFF, -HD_ERR_COMM, SEND},        /* garbled: not executed */
        {0, -HD_ERR_STATUS, END},
};

static unsigned verdict_on(uint8_t status)
{
    unsigned i = 0;

    while (verdicts[i].status && verdicts[i].status != status) {
        i++;
    }
    return i;
}

int hd_packet_status(uint8_t status)
{
    return status ? -verdicts[verdict_on(status)].err : HD_OK;
}

static int refused(struct hd_chip *c)
{
    unsigned i = verdict_on(c->status);
    unsigned state = verdicts[i].state;
    int err = -verdicts[i].err;

    if (state == END) {
        return err;
    }
    return state == WAKE ? start_over(c, err) : fault(c, err, state);
}

static int accept(struct hd_chip *c, uint8_t *p)
{
    const struct hd_step *s = &c->op[c->step];
    int rc = HD_OK;

    if (c->flags & OUT) {
        memcpy(c->w.io.out + c->pos, p + 1, c->answer);
        c->pos += c->answer;
    }
    c->state = SEND;
    if (s->hook) {
        rc = s->hook(c, p, true);
    }
    if (rc == HD_OK) { /* else the hook chose the next step */
        next_step(c);
    }
    return rc < 0 ? rc : HD_OK;
}

/* A sound answer: to a wake pulse 0x11, or 0x07 if the chip's self test
 * failed (the commands it still knows can tell more). */
static int answered(struct hd_chip *c, uint8_t *p, uint32_t now)
{
    unsigned count = p[0];

    c->status = count == 4 ? p[1] : 0;
    if (!c->awake) {
        if (c->status != 0x11 && c->status != 0x07) {
            return fault(c, HD_ERR_WAKE, RECOVER);
        }
        c->awake = true;
        c->awake_us = now;
        c->state = SEND;
        return HD_OK;
    }
    if (c->status && !(c->flags & MAP && c->status < 0x40)) {
        return refused(c);
    }
    return count == c->answer + 3U || c->flags & ANY ? accept(c, p)
                                                     : unsure(c, HD_ERR_LENGTH);
}

static int do_poll(struct hd_chip *c, uint32_t now)
{
    uint8_t *p = c->w.buf;
    unsigned len = c->answer + 3U;
    int rc = c->bus->recv(c->bus_ctx, p, len);

    if (rc == HD_ERR_NACK) { /* busy: ask again, ever less often */
        uint32_t elapsed = now - c->since_us;
        c->due_us = now + elapsed / 64 + 100;
        return elapsed >> UNIT_SHIFT <= c->limit
                       ? HD_OK
                       : start_over(c,
                                    c->awake ? HD_ERR_TIMEOUT : HD_ERR_ABSENT);
    }
    if (!rc) {
        if (p[0] >= 4 && p[0] <= len && !hd_crc_differs(p, p[0] - 2U)) {
            return answered(c, p, now);
        }
        rc = !c->awake    ? HD_ERR_WAKE
             : p[0] > len ? HD_ERR_LENGTH /* for a reason, or by noise */
                          : HD_ERR_CRC;
    }
    return fault(c, unsure(c, rc), c->awake ? REWIND : RECOVER);
}

HD_NOINLINE static int send_word(struct hd_chip *c, uint8_t word)
{
    return c->bus->send(c->bus_ctx, word, NULL, 0);
}

/* If this is not heard, the next read tells why. */
static int do_rewind(struct hd_chip *c, uint32_t now)
{
    (void)now;
    (void)send_word(c, HD_WORD_RESET);
    c->state = POLL;
    return HD_OK;
}

static int do_recover(struct hd_chip *c, uint32_t now)
{
    int rc = send_word(c, HD_WORD_IDLE);

    (void)now;
    if (rc && c->awake) { /* it was asleep */
        rc = start_over(c, HD_ERR_RESTARTED);
    } else {
        rc = HD_OK;
    }
    c->awake = false;
    c->state = WAKE;
    return rc;
}

static int do_end(struct hd_chip *c, uint32_t now)
{
    (void)now;
    if (c->awake && (!c->held || c->end)) {
        if (send_word(c, c->end ^ HD_WORD_IDLE) && !fault(c, 1, END)) {
            return HD_OK;
        }
        c->awake = false;
    }
    if (!c->held && c->locked) {
        c->locked = false;
        (void)c->bus->lock(c->bus_ctx, false);
    }
    if (c->result && c->w.io.out) {
        memset(c->w.io.out, 0, c->w.io.out_len);
    }
    memset(&c->w, 0, sizeof(c->w));
    c->op = NULL;
    return HD_OK;
}

int hd_chip_poll(struct hd_chip *c)
{
    static int (*const states[])(struct hd_chip *, uint32_t) = {
            do_wake, do_poll, do_send, do_rewind, do_recover, do_end};
    uint32_t now;
    int rc;

    if (!c->op) {
        return HD_ERR_STATE;
    }
    now = now_us(c);
    if ((int32_t)(now - c->due_us) < 0) {
        return HD_PENDING;
    }
    rc = states[c->state](c, now);
    if (rc) {
        c->result = rc;
        c->state = END;
    }
    return c->op ? HD_PENDING : c->result;
}

int hd_chip_wait(struct hd_chip *c)
{
    int rc;

    while ((rc = hd_chip_poll(c)) == HD_PENDING) {
        int32_t us = (int32_t)(c->due_us - now_us(c));
        if (us > 0) {
            c->bus->wait_us(c->bus_ctx, (uint32_t)us);
        }
    }
    return rc;
}

int hd_chip_begin(struct hd_chip *c, const struct hd_step *op, uint32_t params)
{
    int rc = HD_ERR_STATE;

    if (!c->bus) {
        return rc;
    }
    c->result = rc;
    c->state = END; /* of an operation whose buffers are no longer known */
    if (c->op) {
        return rc;
    }
    c->result = rc = HD_OK;
    if (!c->locked && c->bus->lock) {
        rc = c->bus->lock(c->bus_ctx, true);
        c->locked = !rc;
    }
    if (rc) {
        memset(&c->w, 0, sizeof(c->w));
        return rc;
    }
    c->op = op;
    c->params = params;
    c->pos = 0;
    c->step = c->tries = c->end = c->flags = 0;
    c->lost = false;
    c->state = c->awake ? SEND : WAKE;
    c->due_us = now_us(c);
    return HD_OK;
}

int hd_chip_run(struct hd_chip *c, const struct hd_step *op, uint32_t params)
{
    int rc = hd_chip_begin(c, op, params);

    return rc ? rc : hd_chip_wait(c);
}
