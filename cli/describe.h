/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 128 configuration bytes in words: what a slot is and what its bits say
 * about it (docs/chip part 1, 7.12 to 7.14). Words for people; whether the
 * chip would allow a command is for a virtual chip to say.
 */
#ifndef HALF_DESCRIBE_H
#define HALF_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLOTS 16

struct slot_view {
    uint16_t slot_config, key_config;
    bool is_private;
    bool is_locked; /* the slot's own lock */
    bool is_lockable;
    char type[24];  /* "P-256 private", "P-256 public", "AES", "data" */
    char read[32];  /* "never", "clear", "encrypted, key 4" */
    char write[40]; /* "never", "clear", "encrypted, key 4", ... */
    char use[160];  /* "signs; ECDH, secret in clear; ..." */
};

void describe_slot(const uint8_t config[128], unsigned slot,
                   struct slot_view *view);

/* Bytes in a slot: 36, 416 or 72. */
size_t describe_slot_size(unsigned slot);

bool describe_is_private(const uint8_t config[128], unsigned slot);

/* 7-bit address in force after the next wake, 608: UserExtraAdd counts. */
uint8_t describe_address(const uint8_t config[128], bool is_608);

#endif
