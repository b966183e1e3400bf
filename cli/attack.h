/* SPDX-License-Identifier: Apache-2.0 */
/* What `half policy attack` and `half policy lint` share. */
#ifndef HALF_ATTACK_H
#define HALF_ATTACK_H

#include "attack/attack.h"
#include "policy/policy.h"

#include "half.h"

/* What is judged: the policy in words, and the bytes as they will be (a
 * policy's) or are (a chip's, --hex). */
struct subject {
    struct hd_policy policy;
    struct hd_policy_report report; /* of a policy file; else empty */
    uint8_t config[128];
    uint8_t model; /* enum hd_vmodel */
    const char *source;
    bool is_chip; /* source is no file's name */
    /* The policy that somebody wrote; NULL: it is made up from the bytes, and
     * says no more than they do. */
    const struct hd_policy *written;
};

/* From FILE, --hex or --chip. EXIT_DONE, or told. In both cases free it. */
int subject_from_call(struct call *c, struct subject *s);
void subject_free(struct subject *s);
/* Of a policy that was read elsewhere. Nothing to free. */
void subject_from_policy(struct subject *s, const struct hd_policy *policy);

/*
 * Each yes as two files in dir, which is made: WHO-WHERE-GOAL.vchip, the
 * virtual chip that it begins with, and .txt, what is sent to it, for
 * `half sim replay`. EXIT_DONE, or told.
 */
int attack_save(struct call *c, const struct hd_attack *a, const char *dir);

/* "2 (identity)" */
const char *slot_label(const struct subject *s, unsigned slot, char *out,
                       size_t size);

#endif
