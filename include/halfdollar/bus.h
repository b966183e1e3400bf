/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bus: how bytes reach a chip.
 *
 * A port gives the driver one constant table of functions and a context
 * pointer of its own. The same table serves I2C and the single-wire
 * interface: the driver speaks in I2C word addresses, a single-wire port
 * turns them into flags (docs/PORTING.md shows both).
 *
 * Every function returns HD_OK or one of the codes named below; none may
 * block longer than one bus transfer, except wait_us(), which only the
 * blocking calls of the driver use, and lock(). Ports are not required to be
 * re-entrant: one handle, one thread.
 */
#ifndef HALFDOLLAR_BUS_H
#define HALFDOLLAR_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* I2C word addresses (DS20005927A table 6-1) and what a single-wire port
 * sends in their place (table 5-2). */
enum hd_word {
    HD_WORD_RESET = 0x00,  /* rewind the answer; single-wire: nothing */
    HD_WORD_SLEEP = 0x01,  /* single-wire: flag 0xCC */
    HD_WORD_IDLE = 0x02,   /* single-wire: flag 0xBB */
    HD_WORD_COMMAND = 0x03 /* single-wire: flag 0x77 */
};

struct hd_bus {
    /*
     * Holds SDA low for at least 60 us (tWLO) and lets go. It does not wait
     * for the chip to come up: the driver does. A NACK is normal and is not
     * an error. HD_ERR_BUS_STUCK: the line did not move. HD_ERR_PORT.
     */
    int (*wake)(void *ctx);

    /*
     * One write transfer: address, word, then len bytes (0 to 155).
     * HD_ERR_NACK: any byte was not acknowledged; what was sent is then
     * unknown. HD_ERR_BUS_STUCK: arbitration lost or line held. HD_ERR_PORT.
     */
    int (*send)(void *ctx, uint8_t word, const uint8_t *data, size_t len);

    /*
     * One read transfer of exactly len bytes (1 to 155). On I2C the chip
     * pads with 0xFF past its answer. On single-wire (flag 0x88) the port
     * reads until the line is silent and pads with 0xFF itself.
     * HD_ERR_NACK: address not acknowledged, or (single-wire) silence: the
     * chip is busy, asleep or absent. HD_ERR_BUS_STUCK, HD_ERR_PORT.
     */
    int (*recv)(void *ctx, uint8_t *data, size_t len);

    /* A clock that counts up in microseconds and may wrap. */
    uint32_t (*now_us)(void *ctx);

    /* Sleeps at least us microseconds. May do other work meanwhile. */
    void (*wait_us)(void *ctx, uint32_t us);

    /*
     * Takes (true) or gives back (false) the bus for a whole sequence, so
     * that no other process comes between two commands. NULL: not shared.
     * Called by the first poll of an operation; a port for programs that may
     * not block says HD_ERR_LOCK at once instead of waiting.
     * HD_ERR_LOCK: not free within the port's own deadline. HD_ERR_PORT.
     */
    int (*lock)(void *ctx, bool take);
};

#ifdef __cplusplus
}
#endif
#endif
