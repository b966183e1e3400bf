/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the lint share.
 *
 *   lint.c       collects, sorts, allows
 *   slots.c      rules about single slots
 *   fields.c     rules about a slot's bits, whoever the attacker is
 *   features.c   rules about what slots are named for
 *   zone.c       rules about the rest of the bytes
 *   where.c      which line of a policy file a finding is about
 */
#ifndef HD_LINT_INNER_H
#define HD_LINT_INNER_H

#include <string.h>

#include "lint/lint.h"

/* Short names inside, prefixed ones for the linker: programs that use this
 * library have functions of these names too. */
#define found         lint_found
#define say           lint_say
#define cite          lint_cite
#define cite_bytes    lint_cite_bytes
#define cite_slot     lint_cite_slot
#define cite_key      lint_cite_key
#define cite_other    lint_cite_other
#define can           lint_can
#define way           lint_way
#define get           lint_get
#define kind          lint_kind
#define is_private    lint_is_private
#define is_secret     lint_is_secret
#define is_key        lint_is_key
#define is_derived    lint_is_derived
#define roles_of      lint_roles_of
#define is_parent     lint_is_parent
#define is_io_key     lint_is_io_key
#define is_boot_key   lint_is_boot_key
#define is_boot_store lint_is_boot_store

#define SLOTS 16

struct job {
    struct hd_lint *l;
    const uint8_t *c; /* the 128 bytes */
    const struct hd_policy *policy;
    const struct hd_attack *a;
    /* The same with the persistent latch on, as a host leaves it in use; NULL
     * if that is no matter. */
    const struct hd_attack *in_use;
    bool is_608;
    bool failed; /* no memory */
};

/* A new finding; text follows by say(). slot -1: the zone. */
struct hd_finding *found(struct job *j, enum hd_lint_id id,
                         enum hd_severity severity, int slot);
void say(struct hd_finding *f, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* Adds "; " and this to the bits. */
void cite(struct hd_finding *f, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* "bytes 24-25 = 87 20" */
void cite_bytes(struct job *j, struct hd_finding *f, unsigned from,
                unsigned count);
void cite_slot(struct job *j, struct hd_finding *f, unsigned slot);
void cite_key(struct job *j, struct hd_finding *f, unsigned slot);
/* "slot 4 bytes 28-29 = 8F 0F" */
void cite_other(struct job *j, struct hd_finding *f, int slot);

/* The attack of anyone on the bus that certainly works, or NULL. */
const struct hd_attack_yes *can(const struct job *j, enum hd_goal goal,
                                unsigned slot);
/* " (clear)", "through key 4": static. */
const char *way(const struct hd_attack_yes *y, char out[48]);

unsigned get(const struct job *j, enum hd_policy_field_id id, unsigned slot);
uint8_t kind(const struct job *j, unsigned slot);
bool is_private(const struct job *j, unsigned slot);
bool is_secret(const struct job *j, unsigned slot);
/* Others depend on it, or it is made for a cipher. */
bool is_key(const struct job *j, unsigned slot);
/* The value put there comes out of DeriveKey: known, but not of his choice. */
bool is_derived(const struct hd_attack_yes *y);

/* What others use a slot for: "write key of slot 5, ..." ; "" if nothing. */
void roles_of(const struct job *j, unsigned slot, char *out, size_t size);
bool is_io_key(const struct job *j, unsigned slot);
bool is_boot_key(const struct job *j, unsigned slot);
bool is_boot_store(const struct job *j, unsigned slot);
bool is_parent(const struct job *j, unsigned slot);

void lint_fields(struct job *j, unsigned slot);
void lint_slots(struct job *j);
void lint_features(struct job *j);
void lint_zone(struct job *j);

#endif
