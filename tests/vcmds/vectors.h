/* SPDX-License-Identifier: Apache-2.0 */
/* The golden vectors of tests/data/vectors: reading them, counting them. */
#ifndef TESTS_VCMDS_VECTORS_H
#define TESTS_VCMDS_VECTORS_H

#include <jansson.h>

#include "rig.h"

/* One case of a family; in and out are its halves. */
struct vector {
    json_t *in, *out;
    const char *name;
};

/* How one case went. */
enum verdict { RAN, NO_CHIP_SIDE };

typedef enum verdict vector_fn(struct rig *r, const struct vector *c);

/* Runs fn for every case of the family on a chip of that variant, with
 * AES on, both zones locked and an open policy; prints the count. */
void run_vectors(const char *family, const char *variant, vector_fn *fn);

long vec_int(json_t *half, const char *key);
bool vec_has(json_t *half, const char *key);
/* Hex to bytes; fails unless it fits. Returns the length. */
size_t vec_bytes(json_t *half, const char *key, uint8_t *out, size_t size);

/* Asserts that `got` is what the vector says. */
void assert_vec(json_t *half, const char *key, const uint8_t *got, size_t len);

/* Sends a whole group as the vendor's library made it; the status byte. */
uint8_t vec_packet(struct rig *r, const char *hex);

#endif
