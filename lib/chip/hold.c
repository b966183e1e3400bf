/* SPDX-License-Identifier: Apache-2.0 */
/* What holds or ends a connection rather than using it. */
#include "internal.h"

/* Not a command: how the operation ends. */
static int sleep(struct hd_chip *c, uint8_t *p, bool answered)
{
    (void)p;
    (void)answered;
    c->end = HD_WORD_SLEEP ^ HD_WORD_IDLE;
    c->seeded = false;
    return HD_PENDING;
}

const struct hd_step hd_op_sleep[] = {
        {sleep, 0, 0, 0, BRIEF, LAST, {0}, 1},
};

static int nothing(struct hd_chip *c, uint8_t *p, bool answered)
{
    (void)p;
    (void)c;
    (void)answered;
    return HD_PENDING;
}

static const struct hd_step op_nothing[] = {
        {nothing, 0, 0, 0, BRIEF, LAST, {0}, 1},
};

int hd_chip_hold(struct hd_chip *c)
{
    bool before = c->held;
    int rc;

    c->held = true;
    rc = hd_chip_run(c, op_nothing, 0);
    if (rc) {
        c->held = before;
        if (!before) {
            (void)hd_chip_release(c);
        }
    }
    return rc;
}

/* Gives back the bus of an operation that is abandoned. */
static void unlock(struct hd_chip *c)
{
    c->held = false;
    if (c->locked) {
        c->locked = false;
        (void)c->bus->lock(c->bus_ctx, false);
    }
}

int hd_chip_release(struct hd_chip *c)
{
    if (c->op) {
        return HD_ERR_STATE;
    }
    c->held = false;
    if (c->awake && hd_chip_run(c, op_nothing, 0)) {
        /* gone: then it needs no word address to leave it in peace */
    }
    unlock(c);
    return HD_OK;
}

void hd_chip_close(struct hd_chip *c)
{
    if (c->bus) {
        c->op = NULL;
        c->held = false;
        if (hd_chip_sleep(c)) {
            /* gone already: there is nothing left to tell it */
        }
        unlock(c);
    }
    memset(c, 0, sizeof(*c));
}
