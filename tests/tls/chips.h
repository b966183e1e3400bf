/* SPDX-License-Identifier: Apache-2.0 */
/* Finished devices for tests: chips of the policy connected-device. */
#ifndef TESTS_TLS_CHIPS_H
#define TESTS_TLS_CHIPS_H

#include "provision.h"

/* The policy's configuration, and secrets and keys of its own: bytes of
 * secret are 0x51, of io_key 0x10. Trust anchors are P-256's generator. */
void load_policy(struct provision_plan *plan);

/* A chip provisioned and sealed, in a new file. seed: another chip. */
void make_chip(const char *path, uint8_t seed);

extern const uint8_t generator[64];

#endif
