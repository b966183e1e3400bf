/* SPDX-License-Identifier: Apache-2.0 */
/* A station and a virtual chip, for tests of plans. */
#ifndef TESTS_PLAN_RIG_H
#define TESTS_PLAN_RIG_H

#include "halfdollar/chip.h"
#include "halfdollar/port_sim.h"
#include "halfdollar/vchip.h"
#include "plan/apply.h"

#define DATA_AT (HD_V_CONFIG_BYTES + HD_V_OTP_BYTES)

/* The generator of P-256 (FIPS 186-4, D.1.2.3): a public key that exists. */
extern const uint8_t generator[64];

struct bench {
    struct hd_policy policy;
    struct hd_plan_contents contents;
    struct hd_plan_seen seen;
    struct hd_plan plan;
    struct hd_plan_run run;
    struct hd_vchip vchip;
    struct hd_vbus bus;
    struct hd_sim sim;
    struct hd_chip chip;
    int work; /* steps done, not found done */
};

/* A blank 608B, and the recipe with contents for everything that needs some:
 * the generator for public keys, 0x10 + slot for secrets. */
void new_bench(struct bench *b, const char *recipe);
/* seed: another chip, another serial number and other keys. */
void new_bench_seeded(struct bench *b, const char *recipe, uint8_t seed);

/* The same with a policy of the test's own, on the chip that it is for. */
void new_bench_policy(struct bench *b, const struct hd_policy *policy);

/* With the chip open in b->chip: looks, and makes the plan. */
int look_and_plan(struct bench *b);

/* A fresh start of the station: opens the chip and does what is missing. */
int apply(struct bench *b);

/* Faults end; the power goes and comes. */
void replug(struct bench *b);

/* Where a slot lies in the EEPROM. */
size_t place(unsigned slot);

/* The nth chance for this fault. */
void cut_at(struct bench *b, enum hd_fault_kind kind, uint32_t nth);

#endif
