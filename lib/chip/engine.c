/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interpreter of operations (tables of struct hd_step): one state
 * machine, one bus transfer a poll, for every command of every chip.
 *
 *   LOCK -> WAKE -> POLL -> SEND -> POLL -> SEND (next step) ... -> END
 *                    |       |      |  ^
 *                    |       |      v  |
 *                    |       |    REWIND: bad checksum, read again
 *                    +-------+------+--------> RECOVER -> WAKE
 *
 * RECOVER sends the chip to idle: whatever it was told half is forgotten,
 * the watchdog starts anew, registers stay. A chip that does not even hear
 * that was asleep, so its registers are gone and the operation starts again.
 */
#include <stddef.h>

#include "internal.h"

/* struct hd_chip.state */
enum { LOCK, WAKE, POLL, SEND, REWIND, RECOVER, END };

/* Budgets are counted in units of 16.4 ms: shifts are shorter than divisions,
 * and none of this is sharper than that. */
#define UNIT_SHIFT   14
#define WAKE_DELAY   1500U /* tWHI, us */
#define WAKE_WINDOW  2U    /* 33 ms: a chip that tests itself needs 20 ... */
#define WAKE_LONGER  3U  /* ... more each time: a busy one wakes after 1.7 s */
#define SHORT_PERIOD 42U /* 688 ms: the watchdog bites at 0.7 s at least */
#define LONG_PERIOD  255U
#define MARGIN       1U /* for the transfers of one command */

static uint32_t now_us(const struct hd_chip *c)
{
    return c->bus->now_us(c->bus_ctx);
}

static int send_word(struct hd_chip *c, uint8_t word)
{
    return c->bus->send(c->bus_ctx, word, NULL, 0);
}

/* Something went wrong: go on in that state, unless it was once too often. */
static int fault(struct hd_chip *c, int err, uint8_t state)
{
    c->state = state;
    return ++c->tries > HD_CHIP_FAULTS ? err : HD_OK;
}

/* The chip's registers are gone, and with them all that was done. */
static void start_over(struct hd_chip *c)
{
    c->step = 0;
    c->pos = 0;
    c->seeded = false;
}

/* The command may or may not have been executed: what to say in the end. */
static int unsure(const struct hd_chip *c, int err)
{
    return c->awake && (c->careful || c->flags & ONCE) ? HD_ERR_UNSURE : err;
}

static int lost(struct hd_chip *c, int err)
{
    err = unsure(c, err);
    if (err == HD_ERR_UNSURE || (c->awake && c->flags & CHAIN)) {
        return err;
    }
    start_over(c);
    return fault(c, err, RECOVER);
}

static int do_lock(struct hd_chip *c)
{
    int rc = 0;

    if (!c->locked && c->bus->lock) {
        rc = c->bus->lock(c->bus_ctx, true);
    }
    c->locked = !rc;
    c->state = c->awake ? SEND : WAKE;
    return rc;
}

/* The answer to a wake pulse is polled for like that to a command. */
static int do_wake(struct hd_chip *c)
{
    int rc = c->bus->wake(c->bus_ctx);

    c->since_us = now_us(c);
    c->due_us = c->since_us + WAKE_DELAY;
    c->limit = (uint16_t)(WAKE_WINDOW + c->tries * WAKE_LONGER);
    c->answer = 1;
    c->state = POLL;
    return rc ? fault(c, rc, WAKE) : HD_OK;
}

/* Puts the group of the present step into c->w.buf. */
static int build(struct hd_chip *c, const struct hd_step *s)
{
    uint8_t *p = c->w.buf;
    unsigned i, crc;
    int rc = HD_OK;

    memset(p, 0, sizeof(c->w.buf));
    p[1] = s->opcode;
    p[2] = s->param1;
    if (s->flags & PARAM1) {
        p[2] = (uint8_t)(p[2] | op_param1(c));
    }
    p[3] = s->param2;
    if (s->flags & PARAM2) {
        p[3] = (uint8_t)c->params;
        p[4] = (uint8_t)(c->params >> 8);
    }
    c->n = 5;
    for (i = 0; i < 3; i++) {
        put(c, c->w.io.in[i], s->in[i]);
    }
    c->flags = s->flags;
    c->answer = s->answer;
    if (s->hook) {
        rc = s->hook(c, false);
    }
    i = c->n;
    p[0] = (uint8_t)(i + 2);
    crc = hd_chip_crc(p, i);
    p[i] = (uint8_t)crc;
    p[i + 1] = (uint8_t)(crc >> 8);
    return rc;
}

static void next_step(struct hd_chip *c)
{
    c->step++;
    c->state = c->flags & LAST ? END : SEND;
}

static int do_send(struct hd_chip *c)
{
    const struct hd_step *s = &c->op[c->step];
    unsigned mode = c->id[ID_CHIP_MODE];
    unsigned period = mode & 4 ? LONG_PERIOD : SHORT_PERIOD;
    /* clock dividers 0x00, 0x05, 0x0D: the two top bits tell them apart */
    unsigned time = s->time[mode >> 5 & 3];
    int rc;

    if (time + MARGIN > period) {
        return HD_ERR_WATCHDOG;
    }
    if (((now_us(c) - c->awake_us) >> UNIT_SHIFT) + time + MARGIN > period) {
        c->state = RECOVER;
        return HD_OK;
    }
    c->limit = (uint16_t)PATIENCE(time);
    rc = build(c, s);
    if (rc == HD_PENDING) { /* the hook says: not needed */
        next_step(c);
        return HD_OK;
    }
    if (rc) {
        return rc;
    }
    c->state = POLL;
    rc = c->bus->send(c->bus_ctx, HD_WORD_COMMAND, c->w.buf, c->n + 2U);
    c->since_us = now_us(c);
    return rc ? fault(c, rc, RECOVER) : HD_OK;
}

/* What a sound answer says to a wake pulse: 0x11, or 0x07 if the chip's self
 * test failed (the commands it still knows can tell more). */
static int woken(struct hd_chip *c)
{
    if (c->status != 0x11 && c->status != 0x07) {
        return fault(c, HD_ERR_WAKE, RECOVER);
    }
    c->awake = true;
    c->awake_us = now_us(c);
    c->state = SEND;
    return HD_OK;
}

/* The chip answered with a status in place of what was asked for. */
static int refused(struct hd_chip *c)
{
    if (c->status == 0xFF) { /* it received a garbled command */
        return fault(c, HD_ERR_COMM, SEND);
    }
    if (c->status == 0xEE) { /* not enough time was left: nothing done */
        return fault(c, HD_ERR_WATCHDOG, RECOVER);
    }
    if (c->status == 0x11) { /* it has just woken up */
        return lost(c, HD_ERR_RESTARTED);
    }
    return hd_packet_status(c->status);
}

static int accept(struct hd_chip *c)
{
    const struct hd_step *s = &c->op[c->step];
    int rc = HD_OK;

    if (c->flags & OUT) {
        memcpy(c->w.io.out + c->pos, c->w.buf + 1, c->answer);
        c->pos += c->answer;
    }
    c->state = SEND;
    if (s->hook) {
        rc = s->hook(c, true);
    }
    if (rc == HD_OK) { /* else the hook chose the next step */
        next_step(c);
    }
    return rc < 0 ? rc : HD_OK;
}

static int do_poll(struct hd_chip *c)
{
    size_t len = c->answer + 3U;
    int rc = c->bus->recv(c->bus_ctx, c->w.buf, len);

    if (rc == HD_ERR_NACK) { /* busy: ask again, ever less often */
        uint32_t now = now_us(c), elapsed = now - c->since_us;
        c->due_us = now + elapsed / 64 + 50;
        return elapsed >> UNIT_SHIFT <= c->limit
                       ? HD_OK
                       : lost(c, c->awake ? HD_ERR_TIMEOUT : HD_ERR_ABSENT);
    }
    if (!rc && hd_packet_check(c->w.buf, len)) {
        rc = c->awake ? HD_ERR_CRC : HD_ERR_WAKE;
    }
    if (rc) {
        return fault(c, unsure(c, rc), c->awake ? REWIND : RECOVER);
    }
    c->status = c->w.buf[0] == 4 ? c->w.buf[1] : 0;
    if (!c->awake) {
        return woken(c);
    }
    if (c->status && !(c->flags & MAP && c->status < 0x40)) {
        return refused(c);
    }
    return c->w.buf[0] == len || c->flags & ANY ? accept(c)
                                                : unsure(c, HD_ERR_LENGTH);
}

/* If this is not heard, the next read tells why. */
static int do_rewind(struct hd_chip *c)
{
    (void)send_word(c, HD_WORD_RESET);
    c->state = POLL;
    return HD_OK;
}

static int do_recover(struct hd_chip *c)
{
    bool awake = c->awake;

    c->awake = false;
    c->state = WAKE;
    if (send_word(c, HD_WORD_IDLE) && awake) { /* it was asleep */
        start_over(c);
        return c->flags & CHAIN ? HD_ERR_RESTARTED : HD_OK;
    }
    return HD_OK;
}

static int do_end(struct hd_chip *c)
{
    if (c->awake && (!c->held || c->end)) {
        if (send_word(c, c->end ^ HD_WORD_IDLE) && !fault(c, 1, END)) {
            return HD_OK;
        }
        c->awake = false;
    }
    if (!c->held && c->locked) {
        c->locked = false;
        if (c->bus->lock) {
            (void)c->bus->lock(c->bus_ctx, false);
        }
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
    static int (*const states[])(struct hd_chip *) = {
            do_lock, do_wake, do_poll, do_send, do_rewind, do_recover, do_end};
    int rc;

    if (!c->op) {
        return HD_ERR_STATE;
    }
    if ((int32_t)(now_us(c) - c->due_us) < 0) {
        return HD_PENDING;
    }
    rc = states[c->state](c);
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
    if (!c->bus) {
        return HD_ERR_STATE;
    }
    if (c->op) { /* its buffers are no longer known */
        c->result = HD_ERR_STATE;
        c->state = END;
        return HD_ERR_STATE;
    }
    c->op = op;
    c->params = params;
    c->pos = 0;
    c->result = HD_OK;
    c->state = LOCK;
    c->step = c->tries = c->end = 0;
    c->flags = op->flags;
    c->due_us = now_us(c);
    return HD_OK;
}

int hd_chip_run(struct hd_chip *c, const struct hd_step *op, uint32_t params)
{
    int rc = hd_chip_begin(c, op, params);

    return rc ? rc : hd_chip_wait(c);
}

int hd_chip_release(struct hd_chip *c)
{
    if (c->op) {
        return HD_ERR_STATE;
    }
    c->held = false;
    if (!c->locked) {
        return HD_OK;
    }
    c->op = hd_op_sleep; /* not run: there is only an end to come */
    c->result = HD_OK;
    c->end = 0;
    c->tries = 0;
    c->state = END;
    return hd_chip_wait(c);
}

void hd_chip_close(struct hd_chip *c)
{
    if (c->bus) {
        c->op = NULL;
        c->held = false;
        if (hd_chip_sleep(c)) {
            /* it is gone already: there is nothing left to tell it */
        }
    }
    memset(c, 0, sizeof(*c));
}
