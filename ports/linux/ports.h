/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the Linux ports share. An opener fills *port, or fails after writing
 * a sentence; rest is the address after its scheme, without "@0x60".
 */
#ifndef PORTS_LINUX_H
#define PORTS_LINUX_H

#include "halfdollar/port_linux.h"

/* Where an opener writes why it failed. */
struct reason {
    char *text;
    size_t size;
};

/* Writes the sentence, returns err. */
int because(const struct reason *why, int err, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

typedef int opener_fn(struct hd_port *port, const char *rest, uint8_t addr7,
                      const struct reason *why);

opener_fn open_i2c, open_swi, open_sim, open_socket;

/* Microseconds on CLOCK_MONOTONIC_RAW: under `half sim exec` that one counts
 * the sleeps that virtual time skips (vchip/door/preload_time.c). */
uint32_t port_now_us(void *ctx);

/* Sleeps, all of it, whatever signals come. */
void port_wait_us(void *ctx, uint32_t us);

/* flock() on fd with a deadline. HD_OK, HD_ERR_LOCK, HD_ERR_PORT. */
int port_flock(int fd, bool take);

#endif
