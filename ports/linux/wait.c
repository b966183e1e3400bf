/* SPDX-License-Identifier: Apache-2.0 */
/* Time and locks of Linux, as the ports need them. */
#define _GNU_SOURCE /* CLOCK_MONOTONIC_RAW, ppoll, flock */
#include "ports.h"

#include <errno.h>
#include <poll.h>
#include <sys/file.h>
#include <time.h>

uint32_t port_now_us(void *ctx)
{
    struct timespec t;
    (void)ctx;
    clock_gettime(CLOCK_MONOTONIC_RAW, &t);
    return (uint32_t)((uint64_t)t.tv_sec * 1000000u +
                      (uint64_t)t.tv_nsec / 1000u);
}

void port_wait_us(void *ctx, uint32_t us)
{
    struct timespec t = {us / 1000000u, (long)(us % 1000000u) * 1000};
    (void)ctx;
    int failed;
    do {
        failed = nanosleep(&t, &t);
    } while (failed && errno == EINTR);
}

static uint64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

/* Tried again and again, since only a signal could end a blocking flock().
 * ppoll(), because a sleep may be virtual and this wait must not be. */
int port_flock(int fd, bool take)
{
    const struct timespec pause = {0, 200000};
    uint64_t deadline = clock_ms() + HD_PORT_LOCK_MS;

    if (!take) {
        return flock(fd, LOCK_UN) == 0 ? HD_OK : HD_ERR_PORT;
    }
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return HD_ERR_PORT;
        }
        if (clock_ms() > deadline) {
            return HD_ERR_LOCK;
        }
        ppoll(NULL, 0, &pause, NULL);
    }
    return HD_OK;
}
