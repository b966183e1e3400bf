/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tables of docs/chip (part 1, sections 7.12 to 7.14, 9 and 10) say
 * that anyone on the bus can do, read from the bytes alone: the other opinion
 * beside the attacker's, who asks a virtual chip and reads no table.
 */
#ifndef HD_TEST_READER_H
#define HD_TEST_READER_H

#include <stdbool.h>
#include <stdint.h>

struct reader {
    const uint8_t *c;
    bool is_608;
    bool knows[16]; /* what the slot holds then, by reading or by setting it */
    bool by_read[16]; /* ... without having to touch it */
    bool own[16];     /* the value is of his choice */
    bool trusted[16]; /* his own public key there is */
    bool latch;
};

void read_configuration(struct reader *r, const uint8_t config[128],
                        bool is_608);

bool reader_reads(const struct reader *r, unsigned slot);
bool reader_writes(const struct reader *r, unsigned slot);
/* The value comes out of DeriveKey, and he knows it. */
bool reader_derives(const struct reader *r, unsigned slot);
bool reader_rolls(const struct reader *r, unsigned slot);
bool reader_regenerates(const struct reader *r, unsigned slot);
bool reader_puts_private(const struct reader *r, unsigned slot);

#endif
