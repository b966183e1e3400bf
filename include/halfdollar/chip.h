/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver for ATECC508A, ATECC608A and ATECC608B, on I2C or single-wire.
 *
 * The caller gives the memory (struct hd_chip), the bus (struct hd_bus) and,
 * for calls that compute a MAC or decrypt, a struct hd_crypto. The driver has
 * no globals and no heap, and finds the variant by itself.
 *
 * Every operation exists twice:
 *
 *   hd_chip_sign(c, ...)        blocks: polls and sleeps by bus->wait_us
 *   hd_chip_sign_start(c, ...)  begins it; then call hd_chip_poll(c) until it
 *                               no longer returns HD_PENDING. One poll makes
 *                               at most one bus transfer. Buffers given to
 *                               _start stay borrowed until then.
 *
 * An operation is one sequence under one wake and, where the bus is shared,
 * under one bus lock. It ends with the chip idle (registers kept, 0.8 mA);
 * hd_chip_sleep() ends that (registers lost, 30 nA). hd_chip_hold() keeps the
 * lock and the wake over several operations.
 *
 * Not re-entrant: one handle, one thread, not from an interrupt.
 */
#ifndef HALFDOLLAR_CHIP_H
#define HALFDOLLAR_CHIP_H

#include "halfdollar/base.h"
#include "halfdollar/bus.h"
#include "halfdollar/crypto.h"
#include "halfdollar/err.h"

/* (The driver's author completes this header; see the work plan.) */
#endif
