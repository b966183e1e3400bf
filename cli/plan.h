/* SPDX-License-Identifier: Apache-2.0 */
/* What plan, apply and diff share: reading a policy and the files it names,
 * and looking at the chip. */
#ifndef HALF_PLAN_H
#define HALF_PLAN_H

#include "plan/plan.h"

#include "policy.h"
#include "session.h"

struct planning {
    struct hd_policy policy;
    struct hd_plan_contents contents;
    struct hd_plan_seen seen;
    struct hd_plan plan;
    bool looked;      /* the chip could be read */
    uint16_t missing; /* bit n: slot n's file could not be read */
    bool otp_missing; /* nor the OTP zone's */
};

#define OPTION_POLICY                                                          \
    {                                                                          \
        "policy", 'p', "FILE", "the policy (docs/policy.md)"                   \
    }
#define OPTION_FILES                                                           \
    {                                                                          \
        "files", 0, "DIR",                                                     \
                "where the policy's `file:` are; default: where the policy is" \
    }

#define OPTION_FILL                                                            \
    {                                                                          \
        "fill", 0, "NAME=FILE...",                                             \
                "what a slot holds that the policy leaves for later: bytes "   \
                "as they are, or a public key. Then it is locked, if the "     \
                "policy says `lock: once-filled`"                              \
    }

/*
 * The policy of --policy, and what its files say. lenient: a file that is
 * not there is a bit in missing, not an error. EXIT_DONE, or told.
 */
int planning_read(struct call *c, struct planning *g, bool lenient);

/* Looks at the chip and makes the plan. */
int planning_make(struct session *s, struct planning *g);

/* The lists that people and programs read. */
void planning_show(struct call *c, const struct planning *g);
/* The slots that are still to be filled and locked. */
void planning_show_waiting(struct call *c, const struct planning *g);
/* What a reviewer would say of the policy; not always: only its errors.
 * *failing: how many errors there are that it does not accept (`allow:`).
 * EXIT_DONE, or told. */
int planning_lint(struct call *c, const struct planning *g, bool always,
                  unsigned *failing);
/* Says what is impossible; EXIT_REFUSED if anything is. */
int planning_refuse(struct call *c, const struct planning *g);

/* NULL when there is no memory, which has been told then. */
struct planning *planning_new(struct call *c);
void planning_free(struct planning *g);

/* Names the files that are not there; EXIT_USAGE if there are any. */
int planning_complain(struct call *c, const struct planning *g);

/* Reads the policy (lenient: as above), opens the chip, and lets work do the
 * rest; its context is the struct planning. */
int planning_run(struct call *c, bool lenient,
                 int (*work)(struct session *s, void *ctx));

#endif
