/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The uses that a rehearsal tries: tables of what the policy's words say, and
 * of how to try it. Private to host/plan.
 *
 * `allowed` is read from the policy alone. Whether the chip does it, the
 * virtual chip decides by its own rules; where the two differ the policy does
 * not mean what it says.
 */
#ifndef HD_PLAN_USES_H
#define HD_PLAN_USES_H

#include "plan/stage.h"

/* What else binds a use, by words of the slot whose key it is. */
enum {
    BY_PROOF = 1,      /* authorised-by */
    BY_LATCH = 2,      /* needs-latch */
    BY_NONCE = 4,      /* fresh-nonce */
    BY_COUNT = 8,      /* limited-use */
    BY_LATCH_608 = 16, /* GenKey of a 508A is exempt: docs/chip part 1, 7.14 */
    BY_STATE = BY_PROOF | BY_LATCH,
    BY_USE = BY_STATE | BY_COUNT,
    BY_ALL = BY_USE | BY_NONCE
};

struct use {
    const char *what; /* "sign a digest" */
    const char *word; /* the key of the policy that says it ... */
    uint8_t group;    /* ... in this group, HD_G_... */
    uint8_t kinds;    /* of slots; 0: the chip's, tried once */
    uint8_t bound;    /* BY_... */
    /* whose key it is that is used; NULL: the slot's own */
    unsigned (*whose)(const struct stage *s, unsigned slot);
    /* NULL: all slots of the kind */
    bool (*concerns)(const struct stage *s, unsigned slot);
    /* NULL: never */
    bool (*allowed)(const struct stage *s, unsigned slot);
    int (*attempt)(struct stage *s, unsigned slot);
};

struct uses {
    const struct use *list;
    unsigned count;
};

extern const struct uses uses_private, uses_stored, uses_secret, uses_public,
        uses_chip;
extern const struct uses *const uses_tables[]; /* all of them, then NULL */

/* Tries them all. HD_ERR_CORRUPT: run->problem says which differed. */
int uses_try(struct stage *s, struct hd_plan_run *run) HD_MUST_CHECK;

/* One of them, in all ways that concern this slot; nothing if none does. */
int uses_try_one(struct stage *s, struct hd_plan_run *run,
                 const struct use *use, unsigned slot) HD_MUST_CHECK;

/* Writes " Change slots/3/agrees (yes), or io-protection/key (nobody)": the
 * words of the policy that say this, and those whose bits refused it. Both
 * may be missing (use or why NULL). */
void uses_advise(const struct stage *s, const struct use *use, unsigned slot,
                 const struct hd_refusal *why, char *out, size_t size);

/* Why something of a slot cannot be tried; NULL: all can. */
const char *uses_gap_private(const struct stage *s, unsigned slot);
const char *uses_gap_public(const struct stage *s, unsigned slot);

/* Shared by tables. */
bool uses_reports_itself(const struct stage *s, unsigned slot);
bool uses_always(const struct stage *s, unsigned slot);
bool uses_may_write(const struct stage *s, unsigned slot);
unsigned uses_read_key(const struct stage *s, unsigned slot);
unsigned uses_write_key(const struct stage *s, unsigned slot);
int uses_try_write(struct stage *s, unsigned slot);

#endif
