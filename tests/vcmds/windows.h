/* SPDX-License-Identifier: Apache-2.0 */
/* A set of all runs of `size` bytes in some secrets, to search answers for. */
#ifndef TESTS_VCMDS_WINDOWS_H
#define TESTS_VCMDS_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TABLE = 1 << 14 };

struct windows {
    size_t size; /* bytes a window, WINDOW or WORD */
    size_t count;
    uint64_t table[TABLE]; /* 0: free */
};

/* Adds the windows of len bytes; runs of zeros are no secret. */
void remember(struct windows *s, const uint8_t *p, size_t len);

/* Do len bytes hold any of the windows? */
bool leaks(const struct windows *s, const uint8_t *p, size_t len);

#endif
