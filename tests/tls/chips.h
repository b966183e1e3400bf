/* SPDX-License-Identifier: Apache-2.0 */
/* Finished devices for tests: chips of the policy connected-device. */
#ifndef TESTS_TLS_CHIPS_H
#define TESTS_TLS_CHIPS_H

#include <stdint.h>

/* Every byte of the chips' IO protection key. */
#define CHIPS_IO_KEY 0x10

/* A chip that the policy was applied to, in a new file. Its trust anchors are
 * the generator of P-256. seed: another chip. */
void make_chip(const char *path, uint8_t seed);

#endif
