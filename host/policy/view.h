/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot in words for people: `half policy show`, and whatever else prints a
 * table of slots. Words about bits; whether the chip would allow a command in
 * its present state is for a vchip to say.
 */
#ifndef HD_POLICY_VIEW_H
#define HD_POLICY_VIEW_H

#include "policy/policy.h"

struct hd_policy_view {
    const char *type; /* "private key", "public key", "AES key", ... */
    char read[64];    /* "nobody", "anyone", "with io-key" */
    char write[64];   /* after the data lock: the same words */
    char renew[64];   /* GenKey or DeriveKey: "never", "anyone", ... */
    char lock[40];
    char use[256]; /* what it does, and on what conditions */
};

void hd_policy_view_slot(const struct hd_policy *policy, unsigned slot,
                         struct hd_policy_view *view);

/* Fields of the zone (slot < 0) or of a slot that hold what no word of the
 * file says, as "Name=value", joined by ", ". Empty: all is in words. */
void hd_policy_view_rest(const struct hd_policy *policy, int slot, char *out,
                         size_t size);

#endif
