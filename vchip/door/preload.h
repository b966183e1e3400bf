/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The preload library in two halves: preload.c stands in for libc calls and
 * decides which of them concern the bus; preload_bus.c does what the i2c-dev
 * driver of Linux does, over the socket. preload_time.c is about sleeping.
 *
 * Environment, set by `half sim exec` (and by hand beside `half sim serve`):
 *   HALF_VBUS_SOCKET  the server's socket
 *   HALF_VBUS_NUMBER  N of /dev/i2c-N; 1 if unset
 */
#ifndef VCHIP_DOOR_PRELOAD_H
#define VCHIP_DOOR_PRELOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))

/* The next definition of a libc function, found once. fn: pointer to a
 * function pointer. */
void preload_next(const char *name, void *fn, size_t size);
#define NEXT(fn) preload_next(#fn, &next_##fn, sizeof(next_##fn))

/* ---- preload_bus.c: a negative errno, or the result of the system call */

ssize_t bus_read(unsigned addr7, void *data, size_t len);
ssize_t bus_write(unsigned addr7, const void *data, size_t len);
/* I2C_RDWR, I2C_SMBUS, I2C_FUNCS and what takes no address. *addr7 is the
 * slave address of the open file; changed by I2C_SLAVE. */
int bus_ioctl(unsigned *addr7, unsigned long request, void *arg);

/* Tells the server that this thread waited. False: the wait must be real
 * (real clock, or this thread never used the bus). */
bool bus_waited(uint64_t ns);

/* ns that the bus is ahead of the wall for this process */
uint64_t bus_ahead_ns(void);

#endif
