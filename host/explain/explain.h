/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why did the chip refuse, and what would have worked?
 *
 * The command is played again on a virtual chip with the same configuration
 * and locks, after whatever went before it. The virtual chip names the rule
 * that refused. Then preparations and forms of the command are tried on
 * copies of it until it accepts; the shortest that it accepts is the answer.
 * Nothing here knows the rules.
 *
 *     struct hd_explain_case c = {.model = HD_VMODEL_608B};
 *     memcpy(c.config, config, sizeof c.config);
 *     c.group = group; c.len = len;
 *     struct hd_explanation e;
 *     int err = hd_explain(&c, &e);
 *     ... e.reason, e.verdict, e.steps[0 .. e.count)
 *
 * The copies hold keys of their own in every slot, as if all of them were
 * known: a sequence that needs a key says which, and its data is computed.
 */
#ifndef HD_EXPLAIN_H
#define HD_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "halfdollar/base.h"
#include "halfdollar/vchip.h"

#define HD_EXPLAIN_STEPS   16
#define HD_EXPLAIN_OR_ELSE 4

enum hd_moment_kind {
    HD_MOMENT_COMMAND,
    HD_MOMENT_WAKE,
    HD_MOMENT_SLEEP,
    HD_MOMENT_IDLE,
    HD_MOMENT_POWER /* off and on */
};

/* Something that happened to the chip. */
struct hd_moment {
    uint8_t kind; /* enum hd_moment_kind */
    bool answered;
    uint8_t status; /* of the answer; 0 also for data */
    uint8_t len;
    uint8_t group[HD_V_GROUP_MAX];
};

struct hd_explain_case {
    uint8_t config[HD_V_CONFIG_BYTES]; /* with the lock bytes as they are */
    uint8_t model;                     /* enum hd_vmodel */
    bool swi;
    const struct hd_moment *before; /* what went before, NULL: nothing */
    size_t before_count;
    const uint8_t *group; /* the command: count to checksum */
    size_t len;
    bool answered; /* status is what the real chip said */
    uint8_t status;
    bool reason_only; /* do not search for what would have worked */
};

enum hd_explain_verdict {
    HD_EXPLAIN_WORKS, /* the virtual chip accepts it as it is */
    HD_EXPLAIN_STEPS_WORK,
    HD_EXPLAIN_RECONFIGURE, /* not locked yet: other bits would allow it */
    HD_EXPLAIN_NEVER,       /* locked, and no sequence works */
    HD_EXPLAIN_NOT_FOUND    /* no bit forbids it, and no sequence was found */
};

struct hd_explain_step {
    uint8_t kind;  /* enum hd_moment_kind */
    bool computed; /* its data depends on a key or a nonce */
    bool for_ever; /* it cannot be undone */
    uint8_t len;
    uint8_t group[HD_V_GROUP_MAX];
};

struct hd_explanation {
    char command[240];     /* in words */
    struct hd_refusal why; /* why.why is HD_WHY_NONE: it was not refused */
    char reason[512];
    /* What refuses once that is put right, if something does: the reason
     * that counts when nothing works. then.why is HD_WHY_NONE: nothing */
    struct hd_refusal then;
    char then_reason[512];
    const char *assumed; /* what had to be so for the chip to answer as it
                            did; NULL: nothing */
    const char *or_else[HD_EXPLAIN_OR_ELSE]; /* that would fit, too */
    unsigned or_else_count;
    bool disagrees; /* the real chip answered otherwise, whatever is
                       assumed */
    enum hd_explain_verdict verdict;
    struct hd_explain_step steps[HD_EXPLAIN_STEPS];
    unsigned count; /* the last one is the command */
    bool changed;   /* the last one is another form of the command */
    /* RECONFIGURE, NEVER: bits under which it works (mask 0: none found) */
    uint8_t byte;
    uint16_t mask, value;
    uint8_t models; /* the variants that would take it (enum hd_vmodel) */
    uint32_t tried; /* sequences */
};

/* HD_ERR_LENGTH: no command group. HD_ERR_PORT: no memory or randomness. */
HD_MUST_CHECK int hd_explain(const struct hd_explain_case *c,
                             struct hd_explanation *out);

/* The reasons that share a status byte: calls each() with the name and the
 * sentence. Returns how many. */
typedef void hd_reason_fn(void *ctx, const char *name, const char *sentence);
unsigned hd_explain_status(uint8_t status, hd_reason_fn *each, void *ctx);

/* What to do about a code of enum hd_err; NULL: it is none. */
const char *hd_explain_advice(int err);
/* The code of a name, "HD_ERR_EXEC"; 1: there is none. */
int hd_explain_err_named(const char *name);
/* The status byte that becomes this error in the driver; 0: none does. */
uint8_t hd_explain_status_of(int err);

/* One step in words: "Nonce: random", "power off and on". */
void hd_explain_step_text(const struct hd_explain_step *s, char *out,
                          size_t size);
/* "the slot holds no key yet, or the counters stand at their end"; "" if
 * nothing was assumed. */
void hd_explain_assumed_text(const struct hd_explanation *e, char *out,
                             size_t size);
/* The bits of e->mask, if it is not 0. */
void hd_explain_bits_text(const struct hd_explanation *e, char *out,
                          size_t size);

/* Appends the checksum that makes len bytes (count byte too) a group. */
void hd_explain_seal(uint8_t *group, size_t len);

#endif
