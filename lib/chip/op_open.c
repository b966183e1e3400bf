/* SPDX-License-Identifier: Apache-2.0 */
/* Who is there: revision, serial number, clock, watchdog and locks. */
#include "internal.h"

/* Answers lie one after the other in c->id; make the serial number one. */
static int identified(struct hd_chip *c, uint8_t *p, bool answered)
{
    (void)p;
    if (answered) {
        memcpy(c->id + 8, c->id + 4, 4);
    }
    return HD_OK;
}

static const struct hd_step op_open[] = {
        {NULL, OP_INFO, 0, 0, BRIEF, OUT, {0}, 4},
        {NULL, OP_READ, 0x80, 0, BRIEF, OUT, {0}, 32},
        {identified, OP_READ, 0, 0x15, BRIEF, OUT | LAST, {0}, 4},
};

int hd_chip_open_start(struct hd_chip *c, const struct hd_bus *bus,
                       void *bus_ctx, const struct hd_crypto *crypto)
{
    memset(c, 0, sizeof(*c));
    c->bus = bus;
    c->bus_ctx = bus_ctx;
    c->crypto = crypto;
    HD_OUT(c->id, sizeof(c->id));
    return hd_chip_begin(c, op_open, 0);
}

int hd_chip_open(struct hd_chip *c, const struct hd_bus *bus, void *bus_ctx,
                 const struct hd_crypto *crypto)
{
    int rc = hd_chip_open_start(c, bus, bus_ctx, crypto);

    return rc ? rc : hd_chip_wait(c);
}
