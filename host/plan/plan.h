/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the chip as it is to the chip that a policy describes.
 *
 *     hd_plan_look(&seen, &chip, &policy)     what the chip is now
 *     hd_plan_make(&plan, &policy, &contents, &seen)
 *     plan.problem_count                      what its locks make impossible
 *     plan.steps[i].done                      what is left to do
 *
 * A plan is always the whole way from a blank chip, so its hash (which is
 * what a person confirms before anything is locked) stays the same when a run
 * was cut off in the middle; `done` says how far the chip is. Nothing but the
 * chip remembers that: there is no journal to lose.
 *
 * Until the data zone is locked nobody can read what is in it, and a cut may
 * have left half of a value there. So until then keys and contents are made
 * anew on each run. From then on keys never are, and contents only where
 * anyone may write and read the slot and reads something else in it.
 *
 * The caller owns all memory. A struct hd_plan_contents holds secrets: wipe
 * it. One thread.
 */
#ifndef HD_PLAN_H
#define HD_PLAN_H

#include "halfdollar/chip.h"
#include "policy/policy.h"

#define HD_PLAN_STEPS     64
#define HD_PLAN_PROBLEMS  32
#define HD_PLAN_TEXT      320
#define HD_PLAN_SLOT_SIZE 416 /* the largest slot's */

/* In the order in which they are done. */
enum hd_plan_kind {
    HD_PLAN_CONFIG,      /* write the configuration */
    HD_PLAN_LOCK_CONFIG, /* ... for ever */
    HD_PLAN_KEY,         /* let the chip make a private key */
    HD_PLAN_FILL,        /* write a slot */
    HD_PLAN_OTP,         /* write the OTP zone */
    HD_PLAN_LOCK_DATA,   /* slots and OTP: the rules come into force */
    HD_PLAN_LOCK_SLOT    /* one slot, for ever */
};

struct hd_plan_step {
    uint8_t kind; /* enum hd_plan_kind */
    uint8_t slot;
    bool done;
};

/* What goes into the slots: their whole length each, zeros at the end. */
struct hd_plan_contents {
    uint8_t slot[HD_POLICY_SLOTS][HD_PLAN_SLOT_SIZE];
    uint16_t given;  /* bit n: slot n is filled in; hd_plan_contents_init()
                        does that for slots that need nothing from outside */
    uint16_t filled; /* bit n: the policy leaves slot n for later, and later
                        is now; hd_plan_fill() sets it */
    uint8_t otp[HD_OTP_BYTES];
    bool otp_stated; /* what a file says, not what the factory left */
};

/* The chip as it was found. */
struct hd_plan_seen {
    uint8_t config[HD_CONFIG_BYTES];
    uint16_t keys;     /* bit n: slot n holds a valid private key */
    uint16_t readable; /* bit n: content[n] was read, whole */
    uint8_t content[HD_POLICY_SLOTS][HD_PLAN_SLOT_SIZE];
    uint8_t otp[HD_OTP_BYTES];
    bool otp_readable; /* otp was read */
};

struct hd_plan {
    struct hd_policy policy; /* with the chip's own bytes */
    struct hd_plan_step steps[HD_PLAN_STEPS];
    unsigned count;
    char problems[HD_PLAN_PROBLEMS][HD_PLAN_TEXT];
    unsigned problem_count;   /* may be more than there is room for */
    unsigned config_problems; /* the first ones: of the configuration */
    uint16_t waiting; /* bit n: slot n is to be locked once it is filled, and
                         is neither: hd_plan_fill() */
    uint16_t filled;  /* as in the contents */
    uint8_t hash[32];
};

/* Bytes of a slot: 36, 416 (slot 8), 72. */
size_t hd_plan_slot_size(unsigned slot);

static inline bool hd_plan_is_lock(const struct hd_plan_step *step)
{
    return step->kind == HD_PLAN_LOCK_CONFIG ||
           step->kind == HD_PLAN_LOCK_DATA || step->kind == HD_PLAN_LOCK_SLOT;
}

/* A lock, or bytes that UpdateExtra sets once (84 and 85). */
bool hd_plan_is_for_ever(const struct hd_plan *plan,
                         const struct hd_plan_step *step);

/* For people: "lock the configuration zone". */
void hd_plan_step_text(const struct hd_plan *plan,
                       const struct hd_plan_step *step, char *out, size_t size);

/* Zeros, and what the policy says without anybody's help: slots that are
 * filled later or not at all, an OTP zone as the factory left it. */
void hd_plan_contents_init(struct hd_plan_contents *contents,
                           const struct hd_policy *policy);

/*
 * Brings the content of a slot that the policy leaves for later (`content:
 * later`): a certificate that was issued when the chip's key was known. The
 * bytes are in contents->slot[slot] already. HD_ERR_FORMAT: the policy leaves
 * nothing for later there, or not everybody may write and read the slot, so
 * that it could not be filled after the data lock, or not be checked (*why).
 */
int hd_plan_fill(struct hd_plan_contents *contents,
                 const struct hd_policy *policy, unsigned slot,
                 struct hd_policy_error *why) HD_MUST_CHECK;

/*
 * Reads the configuration, and of a chip whose data zone is locked which
 * private keys are there and what anyone may read. HD_OK, or the driver's
 * error; changes nothing.
 */
int hd_plan_look(struct hd_plan_seen *seen, struct hd_chip *chip) HD_MUST_CHECK;

/*
 * HD_OK; HD_ERR_FORMAT if the policy is for another kind of chip or cannot be
 * carried out on any (*why). Of slots that are not in contents->given nothing
 * is compared, and the hash is not one to confirm.
 */
int hd_plan_make(struct hd_plan *plan, const struct hd_policy *policy,
                 const struct hd_plan_contents *contents,
                 const struct hd_plan_seen *seen,
                 struct hd_policy_error *why) HD_MUST_CHECK;

/* How many steps are not done, and how many of those cannot be undone. */
unsigned hd_plan_left(const struct hd_plan *plan);
unsigned hd_plan_left_for_ever(const struct hd_plan *plan);

/* ------------------------------------------------------------ differences */

struct hd_plan_difference {
    uint8_t field; /* of hd_policy_fields */
    uint8_t slot;  /* for a slot's field */
    uint64_t chip, policy;
};

/*
 * Field by field; returns how many differ, of which at most max are in out.
 * What a chip in service changes by itself is left out: counters, bits of
 * slots that the policy lets be locked later.
 */
unsigned hd_plan_differences(const struct hd_policy *policy,
                             const uint8_t config[HD_CONFIG_BYTES],
                             struct hd_plan_difference *out, unsigned max);

/* "slot 2 (ldevid): WriteConfig is 0, the policy says 2 (byte 25 bits 7-4)" */
void hd_plan_difference_text(const struct hd_policy *policy,
                             const struct hd_plan_difference *d, char *out,
                             size_t size);

#endif
