/* SPDX-License-Identifier: Apache-2.0 */
/* The published configurations of tests/data/configs, and its README. */
#ifndef TESTS_ATTACK_CONFIGS_H
#define TESTS_ATTACK_CONFIGS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "attack/attack.h"

struct sample {
    const char *name; /* "seed-notebook" */
    uint8_t model;
};

extern const struct sample samples[]; /* ended by name NULL */

void load_sample(const struct sample *s, uint8_t config[128]);

/* A row of the README's table: what a reader says of one slot. */
struct row {
    unsigned slot;
    char type[40], lock[40], read[80], replace[120], use[120];
};

/* Calls each() for every slot row of this sample's section. */
void each_row(const char *name, void (*each)(void *ctx, const struct row *r),
              void *ctx);

/* Shorthands. */
const struct hd_attack_yes *sure(const struct hd_attack *a, enum hd_goal goal,
                                 unsigned slot);

#endif
