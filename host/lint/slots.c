/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about what a slot holds and who gets at it. */
#include <stdio.h>

#include "inner.h"

#define BOTH_SIGN 0x3 /* ReadKey of a private key: digests and reports */

/* ------------------------------------------------------------ private keys */

static void regen(struct job *j, unsigned slot)
{
    const struct hd_attack_yes *y = can(j, HD_GOAL_REGENERATE, slot);
    struct hd_finding *f;

    if (y) {
        f = found(j, HD_LINT_PRIV_REGEN, HD_HIGH, (int)slot);
        say(f, "anyone on the bus can destroy the private key and put a new "
               "one in its place with GenKey");
        if (!get(j, HD_F_Lockable, slot)) {
            say(f, "; the slot cannot be locked (Lockable = 0)");
        }
        f->proof = y;
    } else if (is_private(j, slot) &&
               (get(j, HD_F_WriteConfig, slot) & 2) != 0 &&
               get(j, HD_F_ReqAuth, slot) && get(j, HD_F_SlotLocked, slot)) {
        f = found(j, HD_LINT_PRIV_REGEN_AUTH, HD_LOW, (int)slot);
        say(f, "who can authorise with slot %u can put a new private key here",
            get(j, HD_F_AuthKey, slot));
    } else {
        return;
    }
    cite_slot(j, f, slot);
    cite_key(j, f, slot);
}

static void priv_write(struct job *j, unsigned slot)
{
    const struct hd_attack_yes *y = can(j, HD_GOAL_OVERWRITE, slot);
    struct hd_finding *f;
    char how[48];

    if (y) {
        f = found(j, HD_LINT_PRIV_OVERWRITE, HD_HIGH, (int)slot);
        say(f,
            "anyone on the bus can install a private key of his choice: "
            "PrivWrite, %s, which the attacker can have",
            way(y, how));
        cite_slot(j, f, slot);
        cite_other(j, f, y->via);
        f->proof = y;
    } else if ((get(j, HD_F_WriteConfig, slot) & 4) != 0 &&
               get(j, HD_F_SlotLocked, slot)) {
        f = found(j, HD_LINT_PRIV_WRITE_KEYED, HD_LOW, (int)slot);
        say(f, "who has key %u can install a private key of his choice",
            get(j, HD_F_WriteKey, slot));
        cite_slot(j, f, slot);
    }
}

static void signing(struct job *j, unsigned slot)
{
    const struct hd_attack_yes *y = can(j, HD_GOAL_SIGN, slot);
    unsigned at = 20 + 2 * slot;
    struct hd_finding *f;

    if ((get(j, HD_F_ReadKey, slot) & BOTH_SIGN) == BOTH_SIGN) {
        f = found(j, HD_LINT_ATTEST_FORGEABLE, HD_MEDIUM, (int)slot);
        say(f, "the same key signs external and internal messages: who can "
               "ask for an external signature can have a forged internal "
               "(attestation) message signed");
        cite(f, "bytes %u-%u = %02X %02X (bits 0 and 1)", at, at + 1, j->c[at],
             j->c[at + 1]);
        f->proof = y;
    }
    if (y) {
        f = found(j, HD_LINT_PRIV_SIGN_OPEN, HD_INFO, (int)slot);
        say(f, "anyone on the bus can have any digest signed");
        cite(f, "bytes %u-%u = %02X %02X (bit 0)", at, at + 1, j->c[at],
             j->c[at + 1]);
        f->proof = y;
    }
}

/* The result leaves in the clear for the rightful host, whose authorisation
 * or latch the attacker lacks. */
static bool is_clear_for_host(const struct job *j, unsigned slot)
{
    bool guarded =
            get(j, HD_F_ReqAuth, slot) || get(j, HD_F_PersistentDisable, slot);
    bool open = !j->is_608 || get(j, HD_F_EcdhProt, 0) == 0;

    return guarded && open && (get(j, HD_F_ReadKey, slot) & 0xC) == 0x4;
}

static void ecdh_clear(struct job *j, unsigned slot)
{
    const struct hd_attack_yes *y = can(j, HD_GOAL_AGREE, slot);
    unsigned at = 20 + 2 * slot;
    struct hd_finding *f;
    bool anyone = y && y->via < 0;

    if (anyone || is_clear_for_host(j, slot)) {
        f = found(j, HD_LINT_ECDH_CLEAR, HD_MEDIUM, (int)slot);
        say(f,
            "the ECDH result leaves in the clear: who listens on the bus "
            "has the shared secret%s",
            anyone ? ", and anyone on the bus can use the key" : "");
        cite(f, "bytes %u-%u = %02X %02X (bits 2, 3)", at, at + 1, j->c[at],
             j->c[at + 1]);
        if (j->is_608) {
            cite_bytes(j, f, 90, 2);
        }
        f->proof = anyone ? y : NULL;
    }
}

/* Why nobody on the bus gets the result into the next slot, as it seems. */
static const char *next_is_closed(const struct job *j, unsigned slot)
{
    if ((slot & 1) != 0) {
        return ", but only even slots have a next one";
    }
    if (is_private(j, slot + 1)) {
        return ", which is a private key: whether it survives is not public";
    }
    return get(j, HD_F_SlotLocked, slot + 1)
                   ? ", for who may use the key"
                   : ", which is locked: whether it survives is not public";
}

static void ecdh_next(struct job *j, unsigned slot)
{
    const struct hd_attack_yes *y = can(j, HD_GOAL_PLANT, slot);
    unsigned at = 20 + 2 * slot;
    const struct hd_attack_yes *read;
    struct hd_finding *f;
    char how[48];

    if ((get(j, HD_F_ReadKey, slot) & 0xC) != 0xC) {
        return;
    }
    read = y ? can(j, HD_GOAL_READ, slot + 1) : NULL;
    f = found(j, HD_LINT_ECDH_TO_NEXT, read ? HD_HIGH : HD_MEDIUM, (int)slot);
    say(f, "ECDH writes its result into slot %u", slot | 1);
    if (!y) {
        say(f, "%s", next_is_closed(j, slot));
    } else if (read) {
        say(f,
            ": anyone can so overwrite it with a value he knows; slot %u can "
            "be read, %s",
            slot + 1, way(read, how));
    } else {
        say(f,
            ": anyone can so overwrite it with a value he knows; slot %u is "
            "not readable by the attacker",
            slot + 1);
    }
    say(f, " (inferred: whether ECDH asks the write policy of that slot is "
           "not public)");
    cite(f, "bytes %u-%u = %02X %02X (bits 2 and 3)", at, at + 1, j->c[at],
         j->c[at + 1]);
    f->inferred = true;
    f->proof = y;
}

/* ------------------------------------------------------ keys and secrets */

static void describe(const struct job *j, struct hd_finding *f, unsigned slot)
{
    char roles[200];

    roles_of(j, slot, roles, sizeof roles);
    if (kind(j, slot) == HD_KIND_AES) {
        say(f, "AES key");
    } else {
        say(f, "%s",
            f->rule == HD_LINT_SECRET_WRITABLE ||
                            f->rule == HD_LINT_SECRET_READABLE
                    ? "secret slot"
                    : "key");
    }
    if (roles[0]) {
        say(f, " (%s)", roles);
    }
}

static void writable(struct job *j, unsigned slot)
{
    const struct hd_attack_yes *y = can(j, HD_GOAL_OVERWRITE, slot);
    bool key = is_key(j, slot);
    struct hd_finding *f;
    char how[48];

    if (!y || is_derived(y)) {
        return; /* KEY-ROLLABLE says so */
    }
    f = found(j, key ? HD_LINT_KEY_WRITABLE : HD_LINT_SECRET_WRITABLE, HD_HIGH,
              (int)slot);
    describe(j, f, slot);
    say(f, " can be replaced by anyone on the bus (%s)", way(y, how));
    f->proof = y;
    cite_slot(j, f, slot);
    if (key || y->via < 0) {
        cite_key(j, f, slot);
        cite(f, "SlotLocked bit = 1");
    } else {
        cite_other(j, f, y->via);
    }
}

static void readable(struct job *j, unsigned slot)
{
    const struct hd_attack_yes *y = can(j, HD_GOAL_READ, slot);
    bool key = is_key(j, slot);
    struct hd_finding *f;
    char how[48];

    if (!y) {
        return;
    }
    f = found(j, key ? HD_LINT_KEY_READABLE : HD_LINT_SECRET_READABLE, HD_HIGH,
              (int)slot);
    describe(j, f, slot);
    say(f, " can be read by anyone on the bus (%s)", way(y, how));
    f->proof = y;
    cite_slot(j, f, slot);
    if (y->via < 0) {
        cite_key(j, f, slot);
    } else {
        cite_other(j, f, y->via);
    }
}

/* What happens to a key, and to other content. */
static void say_rolled(struct job *j, struct hd_finding *f, unsigned slot,
                       const struct hd_attack_yes *y)
{
    const struct hd_attack_yes *set = can(j, HD_GOAL_OVERWRITE, slot);
    bool create = (get(j, HD_F_WriteConfig, slot) & 1) != 0;

    say(f, "anyone on the bus can destroy the %s with DeriveKey (%s",
        f->rule == HD_LINT_KEY_ROLLABLE ? "key" : "content",
        create ? "Create" : "Roll");
    if (create) {
        say(f, " from slot %u", get(j, HD_F_WriteKey, slot));
    }
    say(f, ")%s", set && is_derived(set) ? ", and knows the new one" : "");
    if (kind(j, slot) != HD_KIND_SECRET) {
        say(f, " (inferred: what DeriveKey does on a slot of another KeyType "
               "is not public)");
        f->inferred = true;
    }
    f->proof = set && is_derived(set) ? set : y;
}

static void rollable(struct job *j, unsigned slot)
{
    const struct hd_attack_yes *y = can(j, HD_GOAL_ROLL, slot);
    unsigned write = get(j, HD_F_WriteConfig, slot), at = 20 + 2 * slot;
    bool secret = is_secret(j, slot) || is_key(j, slot);
    struct hd_finding *f;

    secret = secret && kind(j, slot) != HD_KIND_PUBLIC;
    if (!y && (!secret || (write & 2) == 0 || !get(j, HD_F_SlotLocked, slot))) {
        return;
    }
    if (!y) {
        f = found(j, HD_LINT_KEY_ROLLABLE_AUTH, HD_LOW, (int)slot);
        say(f, "who has the parent key or the authorisation can replace the "
               "key with DeriveKey");
    } else {
        f = found(j, secret ? HD_LINT_KEY_ROLLABLE : HD_LINT_CONTENT_ROLLABLE,
                  secret ? HD_HIGH : HD_MEDIUM, (int)slot);
        say_rolled(j, f, slot, y);
    }
    cite(f, "bytes %u-%u = %02X %02X (bits 15-12 = %u%u%u%u)", at, at + 1,
         j->c[at], j->c[at + 1], write >> 3, write >> 2 & 1, write >> 1 & 1,
         write & 1);
    cite_key(j, f, slot);
}

/* Who recorded an encrypted write sends it again. */
static void replay(struct job *j, unsigned slot)
{
    unsigned key = get(j, HD_F_WriteKey, slot);
    struct hd_finding *f;

    if ((get(j, HD_F_WriteConfig, slot) & 4) == 0 ||
        can(j, HD_GOAL_OVERWRITE, slot) || get(j, HD_F_ReqRandom, key) ||
        !get(j, HD_F_SlotLocked, slot)) {
        return;
    }
    f = found(j, HD_LINT_WRITE_REPLAY, HD_MEDIUM, (int)slot);
    say(f,
        "the write key, slot %u, takes a nonce of the host's choice: an "
        "encrypted write can be recorded and sent again",
        key);
    cite_slot(j, f, slot);
    cite_key(j, f, key);
}

/* ------------------------------------------------------------------- data */

static void data_open(struct job *j, unsigned slot)
{
    const struct hd_attack_yes *w = can(j, HD_GOAL_OVERWRITE, slot);
    const struct hd_attack_yes *r = can(j, HD_GOAL_READ, slot);
    struct hd_finding *f;

    if (!w || !r || r->via >= 0 || is_derived(w)) {
        return;
    }
    if (w->via >= 0) {
        f = found(j, HD_LINT_DATA_WRITABLE, HD_MEDIUM, (int)slot);
        say(f,
            "only who has key %d can write here, and anyone on the bus can "
            "have it",
            w->via);
        cite_slot(j, f, slot);
        cite_other(j, f, w->via);
        f->proof = w;
        return;
    }
    f = found(j, HD_LINT_DATA_OPEN, HD_LOW, (int)slot);
    say(f, "clear read and clear write by anyone");
    if (can(j, HD_GOAL_FREEZE, slot)) {
        say(f, "; anyone can also freeze it with Lock");
    }
    cite_slot(j, f, slot);
    cite_key(j, f, slot);
    f->proof = w;
}

/* ----------------------------------------------------------- use of a key */

static void nonce(struct job *j, unsigned slot)
{
    bool secret = is_secret(j, slot);
    unsigned at = 96 + 2 * slot;
    struct hd_finding *f;

    if (get(j, HD_F_ReqRandom, slot) || (!secret && !is_private(j, slot))) {
        return;
    }
    f = found(j, HD_LINT_REQRANDOM_OFF, secret ? HD_LOW : HD_INFO, (int)slot);
    say(f, secret ? "ReqRandom = 0: the key answers to a nonce chosen by the "
                    "host, so answers can be collected in advance and replayed"
                  : "ReqRandom = 0: internal signatures and key digests may "
                    "be made with a nonce chosen by the host");
    cite(f, "bytes %u-%u = %02X %02X (bit 6 = 0)", at, at + 1, j->c[at],
         j->c[at + 1]);
}

/* The policy keeps firmware versions in counter 0, which every use of this
 * key steps; on the 508A uses are counted elsewhere. */
static void rollback(struct job *j, unsigned slot)
{
    unsigned at = 20 + 2 * slot;
    struct hd_finding *f;

    if (!j->policy || !j->is_608 || !get(j, HD_F_LimitedUse, slot) ||
        !strstr(j->policy->counters[0].name, "rollback")) {
        return;
    }
    f = found(j, HD_LINT_ROLLBACK_COUNTER, HD_HIGH, (int)slot);
    say(f,
        "the policy calls counter 0 '%s', and every use of this key advances "
        "it",
        j->policy->counters[0].name);
    cite(f, "bytes %u-%u = %02X %02X (bit 5)", at, at + 1, j->c[at],
         j->c[at + 1]);
}

/* 508A, slot 15: uses are bits of LastKeyUse, not counts. */
static unsigned bits_left(const struct job *j)
{
    unsigned count = 0;

    for (unsigned i = 0; i < 128; i++) {
        count += j->c[68 + i / 8] >> i % 8 & 1;
    }
    return count;
}

static void limited_by_bits(struct job *j, unsigned slot)
{
    unsigned left = bits_left(j), at = 20 + 2 * slot;
    struct hd_finding *f = found(j, HD_LINT_LIMITED_USE,
                                 left ? HD_INFO : HD_MEDIUM, (int)slot);

    say(f, "%u uses left (LastKeyUse)%s", left,
        left ? "" : ": nobody can use the key");
    cite(f, "bytes %u-%u = %02X %02X (bit 5)", at, at + 1, j->c[at],
         j->c[at + 1]);
    f->proof = can(j, HD_GOAL_EXHAUST, slot);
}

static void limited(struct job *j, unsigned slot)
{
    bool match = j->is_608 && get(j, HD_F_CountMatchEnable, 0);
    unsigned at = 20 + 2 * slot;
    struct hd_finding *f;

    rollback(j, slot);
    if (!get(j, HD_F_LimitedUse, slot)) {
        return;
    }
    if (!j->is_608 && slot == 15) {
        limited_by_bits(j, slot);
        return;
    }
    f = found(j, HD_LINT_LIMITED_USE, match ? HD_MEDIUM : HD_LOW, (int)slot);
    say(f,
        "uses are counted by Counter[0], which anyone can run up with "
        "Counter(increment) or by using the key until the key is dead%s",
        match ? " (limit set by CountMatch)" : "");
    cite(f, "bytes %u-%u = %02X %02X (bit 5)", at, at + 1, j->c[at],
         j->c[at + 1]);
    f->proof = can(j, HD_GOAL_EXHAUST, slot);
}

/* 508A: the latch is the pin's. */
static bool latch_can_be_set(const struct job *j)
{
    return !j->is_608 || get(j, HD_F_VolatileKeyPermitEnable, 0) ||
           (get(j, HD_F_SecureBootMode, 0) &&
            get(j, HD_F_SecureBootPersistentEnable, 0));
}

static void persistent(struct job *j, unsigned slot)
{
    unsigned at = 96 + 2 * slot;
    struct hd_finding *f;

    if (!get(j, HD_F_PersistentDisable, slot)) {
        return;
    }
    f = found(j, HD_LINT_PERSISTENT_DISABLE,
              latch_can_be_set(j) ? HD_INFO : HD_MEDIUM, (int)slot);
    say(f, "the key works only while the persistent latch is 1%s",
        latch_can_be_set(j) ? ""
                            : ", and neither a key nor secure boot can set "
                              "that: nobody can ever use it");
    if (j->is_608 && get(j, HD_F_VolatileKeyPermitEnable, 0)) {
        say(f, "; latch guarded by slot %u",
            get(j, HD_F_VolatileKeyPermitSlot, 0));
    }
    cite(f, "bytes %u-%u = %02X %02X (bit 12)", at, at + 1, j->c[at],
         j->c[at + 1]);
}

/* ------------------------------------------------------------ public keys */

/* Replaced, or at least made invalid, by who is its parent now. */
static void validated_key(struct job *j, unsigned slot,
                          const struct hd_attack_yes *trust)
{
    const struct hd_attack_yes *y =
            trust ? trust : can(j, HD_GOAL_DESTROY, slot);
    unsigned parent = get(j, HD_F_ReadKey, slot);
    bool self = parent == slot;
    struct hd_finding *f;

    if (!y || (y->via < 0 && !(trust && self)) || is_derived(y)) {
        return;
    }
    f = found(j, HD_LINT_VALIDATED_KEY_BYPASS, HD_HIGH, (int)slot);
    say(f,
        "validated public key can be %s: its parent, slot %u, is replaceable "
        "by anyone, who can then %s",
        trust ? "replaced" : "taken out of service", parent,
        trust ? "write and validate a new one" : "invalidate it");
    if (get(j, HD_F_PubInfo, parent) &&
        (self || !can(j, HD_GOAL_TRUST, parent))) {
        say(f, " (inferred: whether a parent must be valid itself is not "
               "public)");
        f->inferred = true;
    }
    cite_slot(j, f, slot);
    cite_key(j, f, slot);
    cite_other(j, f, y->via);
    f->proof = y;
}

static void trusted_key(struct job *j, unsigned slot,
                        const struct hd_attack_yes *y)
{
    struct hd_finding *f;
    char how[48];

    if (is_parent(j, slot)) {
        f = found(j, HD_LINT_PARENT_KEY_WRITABLE, HD_HIGH, (int)slot);
        say(f,
            "others trust this key as their parent or for authorisation, "
            "and anyone can replace it (%s)",
            way(y, how));
    } else if (!is_boot_key(j, slot)) {
        f = found(j, HD_LINT_PUBKEY_WRITABLE, HD_MEDIUM, (int)slot);
        say(f, "public key can be replaced by anyone on the bus (%s)",
            way(y, how));
    } else {
        return;
    }
    cite_slot(j, f, slot);
    cite_key(j, f, slot);
    f->proof = y;
}

static void public_key(struct job *j, unsigned slot)
{
    const struct hd_attack_yes *y = can(j, HD_GOAL_TRUST, slot);
    const struct hd_attack_yes *w = can(j, HD_GOAL_OVERWRITE, slot);
    struct hd_finding *f;

    if (get(j, HD_F_PubInfo, slot)) {
        validated_key(j, slot, y);
    } else if (y || w) {
        trusted_key(j, slot, y ? y : w);
    }
    if (w && get(j, HD_F_PubInfo, slot) && w->via < 0) {
        f = found(j, HD_LINT_VALIDATED_KEY_ALWAYS, HD_INFO, (int)slot);
        say(f, "needs validation, but any write resets it to invalid: anyone "
               "can disable it");
        cite_slot(j, f, slot);
        f->proof = w;
    }
}

/* ------------------------------------------------------------------- types */

/* False: what such a slot does is not defined, and nothing more is said. */
static bool type_is_sound(struct job *j, unsigned slot)
{
    unsigned type = get(j, HD_F_KeyType, slot);
    bool private = get(j, HD_F_Private, slot) != 0;
    struct hd_finding *f;

    if (get(j, HD_F_KeyConfigRFU, slot)) {
        f = found(j, HD_LINT_KEYCONFIG_RFU, HD_MEDIUM, (int)slot);
        say(f, "KeyConfig bit 13 must be 0");
        cite_key(j, f, slot);
    }
    if (private && type != 4) {
        f = found(j, HD_LINT_KEYTYPE_CONTRADICTION, HD_MEDIUM, (int)slot);
        say(f,
            "Private = 1 with KeyType %u: not a P-256 private key, "
            "behaviour undefined",
            type);
    } else if (kind(j, slot) == HD_KIND_ODD) {
        f = found(j, HD_LINT_KEYTYPE_RESERVED, HD_MEDIUM, (int)slot);
        say(f, "KeyType %u is reserved; key use undefined", type);
    } else {
        return true;
    }
    cite_key(j, f, slot);
    return false;
}

static void fleet_secret(struct job *j, unsigned slot)
{
    struct hd_finding *f;

    if (!j->policy || j->policy->slots[slot].content != HD_CONTENT_SHARED ||
        !(is_secret(j, slot) || is_key(j, slot) || is_private(j, slot))) {
        return;
    }
    f = found(j, HD_LINT_FLEET_SECRET, HD_HIGH, (int)slot);
    say(f, "the policy puts the same secret into every device");
    cite(f, "content: shared");
}

/* The slot whose key must be proved first; -1: none. */
static int proved_first(const struct job *j, int slot)
{
    unsigned n = (unsigned)slot;

    return kind(j, n) != HD_KIND_ODD && get(j, HD_F_ReqAuth, n)
                   ? (int)get(j, HD_F_AuthKey, n)
                   : -1;
}

/* Whoever must prove this key, or one that must be proved before it, would
 * have to prove it before that. */
static void auth_cycle(struct job *j, unsigned slot)
{
    unsigned at = 96 + 2 * slot;
    int first = proved_first(j, (int)slot), next = first;
    struct hd_finding *f;

    for (unsigned steps = 0; next >= 0 && steps < SLOTS; steps++) {
        next = proved_first(j, next);
    }
    if (next < 0) {
        return; /* some key of the chain needs no proof */
    }
    f = found(j, HD_LINT_AUTH_CYCLE, HD_MEDIUM, (int)slot);
    say(f,
        "slot %d must be proved before this key is used, and that proof waits "
        "for itself: nobody can ever use it",
        first);
    cite(f, "bytes %u-%u = %02X %02X (bits 7 and 11-8)", at, at + 1, j->c[at],
         j->c[at + 1]);
}

static void lint_slot(struct job *j, unsigned slot)
{
    static void (*const private_rules[])(struct job *, unsigned) = {
            regen,     priv_write, signing, ecdh_clear,
            ecdh_next, nonce,      limited, persistent};
    static void (*const secret_rules[])(struct job *, unsigned) = {
            writable, readable, rollable, replay, nonce, limited, persistent};

    if (!type_is_sound(j, slot)) {
        return;
    }
    fleet_secret(j, slot);
    auth_cycle(j, slot);
    lint_fields(j, slot);
    if (is_private(j, slot)) {
        for (unsigned i = 0; i < 8; i++) {
            private_rules[i](j, slot);
        }
    } else if (kind(j, slot) == HD_KIND_PUBLIC) {
        public_key(j, slot);
        rollable(j, slot);
        limited(j, slot);
        persistent(j, slot);
    } else if (is_secret(j, slot) || is_key(j, slot)) {
        for (unsigned i = 0; i < 7; i++) {
            secret_rules[i](j, slot);
        }
    } else {
        data_open(j, slot);
        rollable(j, slot);
        limited(j, slot);
        persistent(j, slot);
    }
}

void lint_slots(struct job *j)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        lint_slot(j, slot);
    }
}
