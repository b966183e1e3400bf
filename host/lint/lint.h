/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a careful reviewer would say about a configuration.
 *
 * Rules have stable ids (lint.def). Whatever a rule says that somebody can
 * do, an attacker has done to a virtual chip (attack/attack.h); only what the
 * bytes themselves say (reserved bits, which slot names which) is read from
 * them.
 *
 *     struct hd_lint *l = hd_lint_run(config, model, &policy);
 *     for (unsigned i = 0; i < l->count; i++) ... l->findings[i]
 *     hd_lint_free(l);
 */
#ifndef HD_LINT_H
#define HD_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attack/attack.h"
#include "policy/policy.h"

enum hd_severity { HD_INFO, HD_LOW, HD_MEDIUM, HD_HIGH };

extern const char *const hd_severity_words[4];

enum hd_lint_id {
#define RULE(id, name, why, fix) HD_LINT_##id,
#include "lint/lint.def"
#undef RULE
    HD_LINT_COUNT
};

struct hd_lint_rule {
    const char *name; /* "PRIV-REGEN" */
    const char *why;  /* why it matters, one sentence */
    const char *fix;  /* what to do */
};

extern const struct hd_lint_rule hd_lint_rules[HD_LINT_COUNT];

struct hd_finding {
    uint8_t rule;        /* enum hd_lint_id */
    uint8_t severity;    /* enum hd_severity */
    int8_t slot;         /* -1: not about a slot */
    char where[16];      /* "slot 2", "zone", "counter 0" */
    char bits[160];      /* "bytes 24-25 = 87 20; bytes 100-101 = 13 00" */
    char text[320];      /* what is so here */
    bool fails;          /* an error by default, unless it is allowed */
    bool inferred;       /* its severity rests on what is not public */
    const char *allowed; /* the policy's reason, or NULL */
    const struct hd_attack_yes *proof; /* the attack that shows it, or NULL */
};

struct hd_lint {
    struct hd_attack *attack;
    struct hd_finding *findings; /* the gravest first */
    unsigned count;
    unsigned counts[4]; /* by severity, without those allowed */
    unsigned failing;   /* errors by default, without those allowed */
};

/* policy: its allow list and what bytes cannot say; may be NULL. NULL: not
 * enough memory. */
struct hd_lint *hd_lint_run(const uint8_t config[HD_V_CONFIG_BYTES],
                            uint8_t model, const struct hd_policy *policy);
void hd_lint_free(struct hd_lint *l);

/*
 * The line of the policy file that a finding is about: of the key (or the
 * raw bits) that says so, else of what the key would stand in. 0: the report
 * is not of a file.
 */
unsigned hd_lint_line(const struct hd_finding *f,
                      const struct hd_policy_report *r);
/* The key of the slot, or of the file, that decides; NULL: none alone. */
const char *hd_lint_key(enum hd_lint_id id);

#endif
