/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sleeping in virtual time: a thread that has used the bus and sleeps is
 * reported to the server as time passing, and goes on at once. Threads that
 * never touched the bus, and all threads under `--clock real`, sleep really.
 *
 * poll() and select() keep their meaning: programs wait for each other with
 * them. Clocks do too, since deadlines for the kernel are made from them; all
 * but CLOCK_MONOTONIC_RAW, on which nothing can wait: it counts the bus's
 * time, so who measures with it sees the sleeps it did not have.
 */
#define _GNU_SOURCE
#include "preload.h"

#include <errno.h>
#include <unistd.h>

static int (*next_nanosleep)(const struct timespec *, struct timespec *);
static int (*next_clock_nanosleep)(clockid_t, int, const struct timespec *,
                                   struct timespec *);
static int (*next_clock_gettime)(clockid_t, struct timespec *);

#define NS 1000000000

__attribute__((constructor)) static void at_load(void)
{
    if (!next_clock_gettime) {
        NEXT(nanosleep);
        NEXT(clock_nanosleep);
        NEXT(clock_gettime);
    }
}

static bool is_valid(const struct timespec *t)
{
    return t->tv_sec >= 0 && t->tv_nsec >= 0 && t->tv_nsec < NS;
}

static uint64_t ns_of(const struct timespec *t)
{
    return (uint64_t)t->tv_sec * NS + (uint64_t)t->tv_nsec;
}

EXPORT int nanosleep(const struct timespec *t, struct timespec *left)
{
    at_load();
    if (is_valid(t) && bus_waited(ns_of(t))) {
        return 0;
    }
    return next_nanosleep(t, left);
}

EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *t,
                           struct timespec *left)
{
    at_load();
    struct timespec now = {0, 0};
    if (!is_valid(t) ||
        ((flags & TIMER_ABSTIME) && next_clock_gettime(clock, &now) != 0)) {
        return next_clock_nanosleep(clock, flags, t, left);
    }
    uint64_t from = ns_of(&now), to = ns_of(t);
    if (bus_waited(to > from ? to - from : 0)) {
        return 0;
    }
    return next_clock_nanosleep(clock, flags, t, left);
}

EXPORT int usleep(useconds_t us)
{
    struct timespec t = {us / 1000000, (long)(us % 1000000) * 1000};
    return nanosleep(&t, NULL);
}

EXPORT unsigned sleep(unsigned seconds)
{
    struct timespec t = {seconds, 0}, left = {0, 0};
    return nanosleep(&t, &left) == 0 ? 0 : (unsigned)left.tv_sec;
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *t)
{
    at_load();
    int err = next_clock_gettime(clock, t);
    if (err == 0 && clock == CLOCK_MONOTONIC_RAW) {
        uint64_t ns = ns_of(t) + bus_ahead_ns();
        t->tv_sec = (time_t)(ns / NS);
        t->tv_nsec = (long)(ns % NS);
    }
    return err;
}
