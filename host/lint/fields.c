/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about a slot's bits that mean nothing, or nothing good, together. */
#include <stdio.h>

#include "inner.h"

static void private_fields(struct job *j, unsigned slot)
{
    struct hd_finding *f;

    if (get(j, HD_F_IsSecret, slot)) {
        return;
    }
    f = found(j, HD_LINT_PRIV_NOT_SECRET, HD_MEDIUM, (int)slot);
    say(f, "a private key with IsSecret = 0: GenKey, PrivWrite and Sign refuse "
           "the slot");
    cite_slot(j, f, slot);
    cite_key(j, f, slot);
}

static void read_fields(struct job *j, unsigned slot)
{
    struct hd_finding *f;

    if (get(j, HD_F_IsSecret, slot) || !get(j, HD_F_EncryptRead, slot)) {
        return;
    }
    f = found(j, HD_LINT_READ_UNDEFINED, HD_MEDIUM, (int)slot);
    say(f, "EncryptRead = 1 with IsSecret = 0: what a read does is not "
           "defined");
    cite_slot(j, f, slot);
}

static void public_fields(struct job *j, unsigned slot)
{
    struct hd_finding *f;

    if (slot >= 8) {
        return;
    }
    f = found(j, HD_LINT_KEYTYPE_CONTRADICTION, HD_MEDIUM, (int)slot);
    say(f, "KeyType 4 with Private = 0 is a public key of 72 bytes; slots 0 "
           "to 7 hold 36");
    cite_key(j, f, slot);
}

/* Slot `of` wants key `slot` for what only a symmetric key can do. */
static void key_role(struct job *j, unsigned of, unsigned slot,
                     const char *what)
{
    uint8_t k = kind(j, slot);
    struct hd_finding *f;

    if (k != HD_KIND_PRIVATE && k != HD_KIND_PUBLIC) {
        return;
    }
    f = found(j, HD_LINT_KEY_ROLE_TYPE, HD_MEDIUM, (int)of);
    say(f, "%s is slot %u, a %s", what, slot,
        k == HD_KIND_PRIVATE
                ? "private key: it can encrypt nothing"
                : "public key, which everybody knows (inferred: whether the "
                  "chip takes it is not public)");
    f->inferred = k == HD_KIND_PUBLIC;
    cite_slot(j, f, of);
    cite_key(j, f, slot);
}

static void roles(struct job *j, unsigned slot)
{
    bool open = get(j, HD_F_SlotLocked, slot) != 0;

    if (!is_private(j, slot) && get(j, HD_F_EncryptRead, slot)) {
        key_role(j, slot, get(j, HD_F_ReadKey, slot), "the key of its reads");
    }
    if (open && (get(j, HD_F_WriteConfig, slot) & 4) != 0) {
        key_role(j, slot, get(j, HD_F_WriteKey, slot), "the key of its writes");
    }
}

void lint_fields(struct job *j, unsigned slot)
{
    roles(j, slot);
    if (is_private(j, slot)) {
        private_fields(j, slot);
        return;
    }
    read_fields(j, slot);
    if (kind(j, slot) == HD_KIND_PUBLIC) {
        public_fields(j, slot);
    }
}
