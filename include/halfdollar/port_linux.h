/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chips from Linux: one text says which, one call opens the way to it.
 *
 *     struct hd_port port;
 *     struct hd_chip chip;
 *     char why[256];
 *     int err = hd_port_open(&port, "i2c:1@0x60", why, sizeof(why));
 *     if (!err) {
 *         err = hd_chip_open(&chip, port.bus, port.ctx, crypto);
 *     }
 *     ...
 *     hd_chip_close(&chip);
 *     hd_port_close(&port);
 *
 * Addresses (7 bits always; 0x60 if none is given):
 *
 *   i2c:1@0x60          adapter /dev/i2c-1, also i2c:/dev/i2c-1@0x60
 *   swi:/dev/ttyUSB0    single-wire through a UART whose TX and RX are tied;
 *                       a Unix socket of raw characters too
 *   sim:thing.vchip     a virtual chip in a file (half sim create)
 *   unix:/run/thing.sock@0x60   a chip of `half sim serve`
 *
 * Sharing. lock() of every port keeps other processes from a chip for one
 * sequence of the driver, and fails with HD_ERR_LOCK after 10 s:
 *
 *   i2c, swi  flock() on the device node. It is advisory: it holds off those
 *             who use this port, not i2c-tools.
 *   sim       the lock file beside the chip's file (".thing.vchip.lock").
 *             State is read when the lock is taken and written when it is
 *             given back, so processes take turns with one powered chip;
 *             changes of the EEPROM are written at once.
 *   unix      the server's lock; it holds off everybody.
 *
 * I2C limits. The wake pulse is a byte written to address 0, which holds SDA
 * low for eight bits: long enough up to 133 kHz. On a faster bus Linux gives
 * programs no way to make the pulse: run the bus at 100 kHz, or wake by a
 * GPIO. Adapters that speak SMBus only cannot be used.
 *
 * One port, one thread; different ports may be used by different threads.
 */
#ifndef HALFDOLLAR_PORT_LINUX_H
#define HALFDOLLAR_PORT_LINUX_H

#include "halfdollar/base.h"
#include "halfdollar/bus.h"
#include "halfdollar/err.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HD_PORT_LOCK_MS 10000 /* how long lock() waits */

struct hd_port {
    const struct hd_bus *bus; /* for hd_chip_open */
    void *ctx;
    uint8_t addr7;   /* of the chip; 0 on single-wire */
    char about[128]; /* for people: "/dev/i2c-1, address 0x60" */
    /* private */
    int (*probe)(void *ctx, uint8_t addr7, uint8_t answer[4]);
    void (*why)(void *ctx, char *out, size_t size); /* NULL: cannot say */
    void (*close)(void *ctx);
};

/*
 * Opens the way to a chip; talks to no chip yet. On failure *port holds
 * zeros and why (may be NULL) a sentence that says what to do.
 * HD_ERR_FORMAT: the text is not an address. HD_ERR_IO: the file, device or
 * server cannot be opened. HD_ERR_CORRUPT: not a chip file. HD_ERR_LOCK: the
 * chip's file is held by a server. HD_ERR_UNSUPPORTED: an adapter that
 * cannot do it.
 */
HD_MUST_CHECK int hd_port_open(struct hd_port *port, const char *address,
                               char *why, size_t size);

/* Gives everything back; a port of zeros is left alone. */
void hd_port_close(struct hd_port *port);

/*
 * Why the chip refused its last command: the virtual chip's own sentence,
 * naming the bit or state. Empty when it did not refuse, and for real chips,
 * which give a status byte and nothing more. size > 0.
 */
void hd_port_why(const struct hd_port *port, char *out, size_t size);

/* One that answered on the bus. */
struct hd_port_found {
    uint8_t addr7;
    bool is_chip; /* it gave the wake answer 04 11 33 43 */
};

/*
 * Wakes the bus and reads from each address from 0x08 to 0x77: who answers
 * is listed, chips are sent to idle again. Other devices see a read of four
 * bytes. *count: how many answered, even if more than size.
 * HD_ERR_UNSUPPORTED: single-wire has no addresses. HD_ERR_LOCK,
 * HD_ERR_BUS_STUCK, HD_ERR_PORT.
 */
HD_MUST_CHECK int hd_port_scan(struct hd_port *port,
                               struct hd_port_found *found, size_t size,
                               size_t *count);

#ifdef __cplusplus
}
#endif
#endif
