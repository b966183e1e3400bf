/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries out a plan.
 *
 * First on a virtual chip that has this chip's configuration, serial number
 * and locks (hd_plan_rehearse): every step, then every key and slot is used as
 * the policy says it can be, and tried as the policy says it cannot. Then on
 * the chip (hd_plan_apply).
 *
 * The caller holds the chip (hd_chip_hold) from looking at it to the end, so
 * that nobody comes between.
 */
#ifndef HD_PLAN_APPLY_H
#define HD_PLAN_APPLY_H

#include "plan/plan.h"

#define HD_PLAN_WHY   800 /* longest sentence of a failure */
#define HD_PLAN_TRIED 96  /* kinds of use, at most */
#define HD_PLAN_GAPS  24

/*
 * Locks, for ever: a zone with the checksum of what it must hold (the chip
 * refuses where it holds something else), a slot as it is. The only place
 * outside the driver that asks for a lock; scripts/lint.sh looks.
 *
 * kind: HD_PLAN_LOCK_CONFIG, _DATA or _SLOT; crc counts for zones, slot for
 * slots. Locks are looked at afterwards rather than believed, since an answer
 * can get lost: HD_OK means locked. HD_ERR_UNSURE: the chip said yes and is
 * not locked. Otherwise the driver's error.
 */
int hd_plan_lock(struct hd_chip *chip, enum hd_plan_kind kind, unsigned slot,
                 uint16_t crc) HD_MUST_CHECK;

/* Called once a step: whether it was done now or before. */
typedef void hd_plan_report(void *ctx, const struct hd_plan *plan,
                            const struct hd_plan_step *step, bool done_now);

struct hd_plan_run {
    struct hd_chip *chip;
    const struct hd_plan *plan;
    const struct hd_plan_contents *contents;
    hd_plan_report *report; /* may be NULL */
    void *ctx;
    const struct hd_plan_step *step; /* where it stopped; NULL: at no step */
    char problem[HD_PLAN_WHY];       /* why, if it was not the driver */
};

/*
 * Does all steps that are not done, in order, and reads the result back.
 * HD_OK. HD_ERR_STATE: the plan has problems. HD_ERR_CORRUPT: the chip does
 * not hold what was written (run->problem). Otherwise the driver's error in
 * run->step: look, make the plan and run again.
 */
int hd_plan_apply(struct hd_plan_run *run) HD_MUST_CHECK;

/* What a rehearsal tried, and what it could not. */
struct hd_plan_rehearsal {
    unsigned uses; /* in all */
    struct hd_plan_tried {
        const char *what; /* "sign a digest"; static */
        unsigned worked, refused;
    } tried[HD_PLAN_TRIED];
    unsigned tried_count;
    /* "slot 3 (name): why", "the chip: why" */
    char gaps[HD_PLAN_GAPS][HD_PLAN_TEXT];
    unsigned gap_count; /* may be more than there is room for */
};

/*
 * The same on a virtual copy of the chip that was seen, and then all uses: what
 * the policy allows must work and what it forbids must be refused. Uses plan
 * and contents of *run; its chip is not touched. A policy that locks later is
 * tried as if it had locked. HD_ERR_CORRUPT: run->problem says what did not go
 * as the policy says, and which of its words to change.
 */
int hd_plan_rehearse(struct hd_plan_run *run, const struct hd_plan_seen *seen,
                     struct hd_plan_rehearsal *out) HD_MUST_CHECK;

#endif
