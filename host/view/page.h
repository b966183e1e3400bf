/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy as one HTML page that needs nothing else: no network, no script.
 *
 *     struct hd_page page = {.policy = &p, .config = config, .source = "x"};
 *     hd_page_write(&page, out);
 *
 * What the page says comes from tables of host/policy and from answers of
 * host/attack; nothing here knows a rule of the chip. Every string that a
 * policy brought along goes through hd_html_text(), and the page forbids
 * itself scripts and every request (its content security policy names the
 * digest of its own style sheet and nothing more).
 */
#ifndef HD_PAGE_H
#define HD_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "attack/attack.h"
#include "policy/policy.h"

/* ------------------------------------------------------------------ arrows */

/* Ends of an arrow that are no slot. */
#define HD_PAGE_CHIP     16 /* the chip: secure boot, latch, bus */
#define HD_PAGE_COUNTER0 17
#define HD_PAGE_NODES    18

/* X(id, class, verb: "<from> VERB <to>", what the legend says) */
#define HD_ARROWS(X)                                                           \
    X(READS, "rd", "encrypts what is read from", "encrypts reads")             \
    X(WRITES, "wr", "encrypts what is written to", "encrypts writes")          \
    X(DERIVES, "dv", "is what DeriveKey makes a key from, for",                \
      "new keys derive from it")                                               \
    X(AUTHORISES, "au", "must be proved before any use of", "authorises")      \
    X(VALIDATES, "va", "signs for the validity of", "validates")               \
    X(FILLS, "fi", "leaves ECDH results in", "ECDH result goes to")            \
    X(GUARDS, "gu", "guards", "guards the chip")                               \
    X(COUNTS, "co", "limits the uses of", "counts uses")

enum hd_arrow_kind {
#define HD_ARROW_ID(id, class, verb, legend) HD_ARROW_##id,
    HD_ARROWS(HD_ARROW_ID)
#undef HD_ARROW_ID
            HD_ARROW_KINDS
};

struct hd_arrow {
    uint8_t from, to; /* slot, or HD_PAGE_... */
    uint8_t kind;     /* enum hd_arrow_kind */
    uint8_t field;    /* enum hd_policy_field_id that names `from` or `to` */
    uint8_t slot;     /* whose field it is */
    const char *what; /* with HD_ARROW_GUARDS: the sentence after the name */
};

/* At most six for a slot, and the chip's. */
#define HD_ARROWS_MAX (6 * HD_POLICY_SLOTS + 8)

/* Who governs whom, by the bits. Returns how many. */
unsigned hd_page_arrows(const uint8_t config[HD_POLICY_CONFIG_BYTES],
                        uint8_t chips, struct hd_arrow out[HD_ARROWS_MAX]);

/* -------------------------------------------------------------------- page */

/* What a reviewer says about a slot or the chip. */
struct hd_page_finding {
    int slot;                          /* -1: the chip */
    const char *rule, *severity;       /* "high", "medium", "low", "info" */
    const char *what, *why, *fix;      /* why, fix: may be NULL */
    const char *bits;                  /* "bytes 24-25 = 87 20", or NULL */
    const char *allowed;               /* reason in the policy, or NULL */
    bool inferred;                     /* rests on what no document states */
    const struct hd_attack_yes *proof; /* what it says, done; or NULL */
};

struct hd_page {
    const struct hd_policy *policy;
    const uint8_t *config;          /* 128 bytes, with the locks as judged */
    const char *source;             /* the file's name, for the reader */
    const struct hd_attack *attack; /* NULL: the page has no such sheet */
    const struct hd_page_finding *findings;
    unsigned finding_count;
    bool linted; /* false: the head does not count findings */
};

/* HD_OK; HD_ERR_ARG if the style sheet could not be digested (libcrypto). */
int hd_page_write(const struct hd_page *page, FILE *out) HD_MUST_CHECK;

/*
 * Text between tags or in a quoted attribute: markup is escaped, and control
 * and direction characters, with which text lies about its order, become
 * U+FFFD.
 */
void hd_html_text(FILE *out, const char *text);

#endif
