/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every call of the driver, as a table: each row makes the call on a
 * provisioned rig and, when it says HD_OK, checks what came of it with
 * OpenSSL or by looking into the virtual chip.
 */
#ifndef TESTS_DRIVER_CALLS_H
#define TESTS_DRIVER_CALLS_H

#include "rig.h"

struct call {
    const char *name;
    bool on_508, on_608;
    bool unproven; /* wrong unseen if the chip runs a command twice: the chip
                      has nothing in its answer that would show it */
    int (*run)(struct rig *r); /* what the driver returned */
};

extern const struct call calls[];
extern const size_t call_count;

#endif
