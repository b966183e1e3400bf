/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bus between the driver and a port, which writes down what passes: so
 * every port can be traced, real chips too. It changes nothing: what the
 * port returns, the driver gets.
 *
 *     struct hd_spy spy;
 *     hd_spy_init(&spy, port.bus, port.ctx, port.addr7, writer);
 *     hd_chip_open(&chip, &spy.bus, &spy, crypto);
 *
 * Times are the port's own clock, from the first transfer on; it counts
 * microseconds, so what is faster than that shows as if it took one.
 */
#ifndef HD_HOST_SPY_H
#define HD_HOST_SPY_H

#include "halfdollar/bus.h"
#include "trace.h"

struct hd_spy {
    struct hd_bus bus; /* give this to the driver, with the spy as context */
    const struct hd_bus *inner;
    void *ctx;
    struct hd_trace_writer *writer; /* NULL: nothing is written down */
    uint8_t addr7;                  /* 0: single-wire */
    /* May be set: is told of every transfer, too. */
    void (*heard)(void *heard_ctx, const struct hd_transfer *t,
                  const uint8_t *bytes);
    void *heard_ctx;
    /* May be set: asks a virtual chip why it refused; "" if it did not. */
    void (*why)(void *why_ctx, char *out, size_t size);
    void *why_ctx;
    uint32_t last_us; /* private: the clock, and how often it wrapped */
    uint64_t now_us;
    bool begun;
};

void hd_spy_init(struct hd_spy *spy, const struct hd_bus *inner, void *ctx,
                 uint8_t addr7, struct hd_trace_writer *writer);

#endif
