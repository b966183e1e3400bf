/* SPDX-License-Identifier: Apache-2.0 */
/* Finished devices for tests: chips of the policy connected-device. */
#ifndef TESTS_TLS_CHIPS_H
#define TESTS_TLS_CHIPS_H

#include <stdint.h>

/* The chips' IO protection key, in hex. */
#define CHIPS_IO_KEY                                                           \
    "101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"
/* The byte at i of it. */
#define CHIPS_IO_KEY_BYTE(i) ((uint8_t)(0x10 + (i)))

/* A chip that the policy was applied to, in a new file. Its trust anchors are
 * the generator of P-256. seed: another chip. */
void make_chip(const char *path, uint8_t seed);

#endif
