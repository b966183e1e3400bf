/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual 508A and a list of transfers on its bus, for the tests of what is
 * written about them. The bytes of the commands come from
 * tests/data/vectors/packets.json and from the capture of a real chip.
 */
#ifndef TESTS_TRACE_LIVE_H
#define TESTS_TRACE_LIVE_H

#include <string.h>

#include "halfdollar/vchip.h"
#include "trace.h"

#define ADDR 0x60

/* What went over the bus, as this test saw it: not as the trace tells it. */
struct passed {
    bool read;
    bool ack;
    uint8_t bytes[160];
    size_t len;
};

struct live {
    struct hd_vchip chip;
    struct hd_vbus bus;
    struct passed log[64];
    size_t count;
};

static void live_start(struct live *l, uint32_t hz, struct hd_trace_writer *w)
{
    static const uint8_t seed[32] = {3};
    memset(l, 0, sizeof *l);
    assert_int_equal(hd_vchip_init(&l->chip, hd_vchip_variant("508a"), seed),
                     HD_OK);
    hd_vbus_init(&l->bus, hz);
    l->bus.trace = hd_trace_event;
    l->bus.trace_ctx = w;
    assert_int_equal(hd_vbus_attach(&l->bus, &l->chip), HD_OK);
}

static void live_wake(struct live *l)
{
    assert_int_equal(hd_vbus_wake(&l->bus), HD_OK);
    hd_vbus_advance(&l->bus, 1500000);
}

static void live_write(struct live *l, const char *bytes, size_t len)
{
    struct passed *p = &l->log[l->count++];
    memcpy(p->bytes, bytes, len);
    p->len = len;
    p->ack = hd_vbus_write(&l->bus, ADDR, p->bytes, len, NULL) == HD_OK;
    p->len = p->ack ? len : 0;
}

static void live_read(struct live *l, size_t len)
{
    struct passed *p = &l->log[l->count++];
    p->read = true;
    p->ack = hd_vbus_read(&l->bus, ADDR, p->bytes, len) == HD_OK;
    p->len = p->ack ? len : 0;
}

static void live_command(struct live *l, const char *bytes, size_t len,
                         size_t answer)
{
    live_write(l, bytes, len);
    hd_vbus_advance(&l->bus, 30000000);
    live_read(l, answer);
}

#define SEND(l, text, answer) live_command(l, text, sizeof(text) - 1, answer)

/* A short life: wake, four commands, one of them refused, a poll of a busy
 * chip, idle. The bytes are of a real chip's capture where it has them. */
static void live_run(struct live *l)
{
    live_wake(l);
    live_read(l, 4);
    SEND(l, "\x03\x07\x30\x00\x00\x00\x03\x5D", 7);       /* Info */
    SEND(l, "\x03\x07\x24\x00\x01\x00\x05\x7D", 7);       /* Counter */
    SEND(l, "\x03\x07\x40\x00\x0B\x00\x0C\xE5", 4);       /* GenKey */
    live_write(l, "\x03\x07\x1B\x00\x00\x00\x24\xCD", 8); /* Random */
    live_read(l, 4);                                      /* busy */
    hd_vbus_advance(&l->bus, 30000000);
    live_read(l, 35);
    live_write(l, "\x02", 1); /* idle */
    live_read(l, 4);          /* nobody */
}

#endif
