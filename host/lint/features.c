/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about slots that the zone or other slots name for something. */
#include <stdio.h>

#include "inner.h"

enum { BOOT_OFF, BOOT_BOTH, BOOT_SIGNATURE, BOOT_DIGEST };

bool is_io_key(const struct job *j, unsigned slot)
{
    return j->is_608 && get(j, HD_F_IoProtectionKeyEnable, 0) &&
           get(j, HD_F_IoProtectionKey, 0) == slot;
}

static unsigned boot_mode(const struct job *j)
{
    return j->is_608 ? get(j, HD_F_SecureBootMode, 0) : BOOT_OFF;
}

bool is_boot_key(const struct job *j, unsigned slot)
{
    return boot_mode(j) != BOOT_OFF && get(j, HD_F_SecureBootPubKey, 0) == slot;
}

bool is_boot_store(const struct job *j, unsigned slot)
{
    return boot_mode(j) >= BOOT_SIGNATURE &&
           get(j, HD_F_SecureBootSigDig, 0) == slot;
}

/* Slot `of` names this one as a key: one question a function. */

static const char *as_write_key(const struct job *j, unsigned slot, unsigned of)
{
    if ((get(j, HD_F_WriteConfig, of) & 4) == 0 ||
        get(j, HD_F_WriteKey, of) != slot || !get(j, HD_F_SlotLocked, of)) {
        return NULL; /* a locked slot is not written any more */
    }
    return get(j, HD_F_Private, of) ? "PrivWrite key" : "write key";
}

static const char *as_read_key(const struct job *j, unsigned slot, unsigned of)
{
    return !get(j, HD_F_Private, of) && get(j, HD_F_EncryptRead, of) &&
                           get(j, HD_F_ReadKey, of) == slot
                   ? "read key"
                   : NULL;
}

static const char *as_auth_key(const struct job *j, unsigned slot, unsigned of)
{
    return get(j, HD_F_ReqAuth, of) && get(j, HD_F_AuthKey, of) == slot
                   ? "authorisation"
                   : NULL;
}

static const char *as_parent(const struct job *j, unsigned slot, unsigned of)
{
    unsigned write = get(j, HD_F_WriteConfig, of);

    return !get(j, HD_F_Private, of) && (write & 2) != 0 && (write & 9) != 0 &&
                           get(j, HD_F_WriteKey, of) == slot &&
                           get(j, HD_F_SlotLocked, of)
                   ? "parent"
                   : NULL;
}

/* "write key of slots 1, 3, 8": one role, from all that name this slot. */
static void one_role(const struct job *j, unsigned slot,
                     const char *(*role)(const struct job *, unsigned,
                                         unsigned),
                     char out[120])
{
    const char *first = NULL;
    char slots[64] = "";
    size_t len = 0;
    unsigned count = 0;

    for (unsigned of = 0; of < SLOTS; of++) {
        const char *name = of == slot || kind(j, of) == HD_KIND_ODD
                                   ? NULL
                                   : role(j, slot, of);
        if (name) {
            first = first ? first : name;
            len += (size_t)snprintf(slots + len, sizeof slots - len, "%s%u",
                                    count++ ? ", " : "", of);
        }
    }
    (void)snprintf(out, first ? 120 : 1, "%s of slot%s %s", first ? first : "",
                   count > 1 ? "s" : "", slots);
}

void roles_of(const struct job *j, unsigned slot, char *out, size_t size)
{
    static const char *(*const roles[])(const struct job *, unsigned,
                                        unsigned) = {as_write_key, as_read_key,
                                                     as_auth_key, as_parent};
    size_t len = 0;

    out[0] = 0;
    for (unsigned i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        char text[120];

        one_role(j, slot, roles[i], text);
        if (text[0] && len + strlen(text) + 3 < size) {
            len += (size_t)snprintf(out + len, size - len, "%s%s",
                                    len ? "; " : "", text);
        }
    }
}

/* A public key by which others are validated or authorised. */
bool is_parent(const struct job *j, unsigned slot)
{
    for (unsigned of = 0; of < SLOTS; of++) {
        bool child = kind(j, of) == HD_KIND_PUBLIC &&
                     get(j, HD_F_PubInfo, of) &&
                     get(j, HD_F_ReadKey, of) == slot;
        bool ward = kind(j, of) != HD_KIND_ODD && get(j, HD_F_ReqAuth, of) &&
                    get(j, HD_F_AuthKey, of) == slot;

        if (of != slot && (child || ward)) {
            return true;
        }
    }
    return false;
}

/* ---------------------------------------------------------- IO protection */

static struct hd_finding *io_finding(struct job *j, enum hd_lint_id id,
                                     enum hd_severity severity, unsigned slot,
                                     const struct hd_attack_yes *y)
{
    struct hd_finding *f = found(j, id, severity, (int)slot);

    cite_bytes(j, f, 90, 2);
    cite_slot(j, f, slot);
    cite_key(j, f, slot);
    f->proof = y;
    return f;
}

static void io_protection(struct job *j)
{
    unsigned slot = j->is_608 ? get(j, HD_F_IoProtectionKey, 0) : 0;
    const struct hd_attack_yes *y;
    char how[48];

    if (!is_io_key(j, slot) || kind(j, slot) == HD_KIND_ODD) {
        return;
    }
    if (kind(j, slot) == HD_KIND_PRIVATE) {
        say(io_finding(j, HD_LINT_IO_KEY_TYPE, HD_MEDIUM, slot, NULL),
            "the IO protection key is a private key, with which nothing can "
            "be encrypted");
        return;
    }
    y = can(j, HD_GOAL_OVERWRITE, slot);
    if (y) {
        say(io_finding(j, HD_LINT_IO_KEY_WRITABLE, HD_HIGH, slot, y),
            "anyone on the bus can replace the IO protection key (%s) and "
            "then forge Verify/SecureBoot answers and open encrypted ECDH/KDF "
            "output",
            way(y, how));
    } else if ((y = can(j, HD_GOAL_DESTROY, slot)) != NULL) {
        say(io_finding(j, HD_LINT_IO_KEY_DESTROYABLE, HD_HIGH, slot, y),
            "anyone on the bus can destroy the IO protection key (%s)",
            way(y, how));
    }
    y = can(j, HD_GOAL_READ, slot);
    if (y) {
        say(io_finding(j, HD_LINT_IO_KEY_READABLE, HD_HIGH, slot, y),
            "anyone on the bus can read the IO protection key (%s)",
            way(y, how));
    }
}

/* ------------------------------------------------------------ secure boot */

static void boot_key(struct job *j, unsigned slot)
{
    const struct hd_attack_yes *y = can(j, HD_GOAL_TRUST, slot);
    struct hd_finding *f;
    char how[48];

    y = y ? y : can(j, HD_GOAL_OVERWRITE, slot);
    if (y && kind(j, slot) != HD_KIND_ODD && !is_private(j, slot)) {
        f = found(j, HD_LINT_SECUREBOOT_PUBKEY_WRITABLE, HD_HIGH, (int)slot);
        say(f, "anyone on the bus can replace the secure boot public key (%s)",
            way(y, how));
        cite_slot(j, f, slot);
        cite_key(j, f, slot);
        cite(f, "SlotLocked bit %u = 1", slot);
        f->proof = y;
    }
    if (kind(j, slot) != HD_KIND_PUBLIC || slot < 8) {
        f = found(j, HD_LINT_SECUREBOOT_PUBKEY_TYPE, HD_MEDIUM, (int)slot);
        say(f,
            "the secure boot key slot is not a P-256 public key slot "
            "(KeyType %u, Private %u): SecureBoot cannot verify a "
            "signature with it",
            get(j, HD_F_KeyType, slot), get(j, HD_F_Private, slot));
        cite_key(j, f, slot);
    }
}

static void boot_store(struct job *j, unsigned slot)
{
    const struct hd_attack_yes *y = can(j, HD_GOAL_OVERWRITE, slot);
    bool digest = boot_mode(j) == BOOT_DIGEST;
    struct hd_finding *f;
    char how[48];

    if (!y || boot_mode(j) < BOOT_SIGNATURE || kind(j, slot) == HD_KIND_ODD) {
        return;
    }
    /* what DeriveKey or PrivWrite leaves is a digest of nothing that exists */
    digest = digest && !is_derived(y) && !is_private(j, slot);
    f = found(j, HD_LINT_SECUREBOOT_DIGEST_WRITABLE,
              digest ? HD_HIGH : HD_MEDIUM, (int)slot);
    if (digest) {
        say(f,
            "anyone on the bus can store the digest of his own firmware "
            "(%s); FullStore then accepts it without any signature",
            way(y, how));
    } else {
        say(f,
            "anyone on the bus can replace what SecureBoot stored (%s), so "
            "that the device does not start",
            way(y, how));
    }
    cite_slot(j, f, slot);
    f->proof = y;
}

static void secure_boot(struct job *j)
{
    static const char *const modes[] = {"off", "FullBoth", "FullSig",
                                        "FullDig"};
    struct hd_finding *f;

    if (boot_mode(j) == BOOT_OFF) {
        return;
    }
    boot_key(j, get(j, HD_F_SecureBootPubKey, 0));
    boot_store(j, get(j, HD_F_SecureBootSigDig, 0));
    f = found(j, HD_LINT_SECUREBOOT, HD_INFO, -1);
    say(f, "mode %s, public key in slot %u", modes[boot_mode(j)],
        get(j, HD_F_SecureBootPubKey, 0));
    if (boot_mode(j) >= BOOT_SIGNATURE) {
        say(f, ", stored %s in slot %u",
            boot_mode(j) == BOOT_DIGEST ? "digest" : "signature",
            get(j, HD_F_SecureBootSigDig, 0));
    }
    say(f, "%s%s",
        get(j, HD_F_SecureBootPersistentEnable, 0)
                ? ", persistent latch set by success"
                : "",
        get(j, HD_F_SecureBootRandNonce, 0) ? ", random nonce required" : "");
    cite_bytes(j, f, 70, 2);
}

/* ---------------------------------------------------- limits and the latch */

static void count_match(struct job *j)
{
    unsigned slot = j->c[18] >> 4;
    const struct hd_attack_yes *y = can(j, HD_GOAL_OVERWRITE, slot);
    const struct hd_attack_yes *end = can(j, HD_GOAL_DESTROY, slot);
    struct hd_finding *f;
    char how[48];

    if (!j->is_608 || !get(j, HD_F_CountMatchEnable, 0)) {
        return;
    }
    y = y && (is_derived(y) || is_private(j, slot)) ? NULL : y;
    f = found(j, HD_LINT_COUNT_MATCH, y ? HD_HIGH : HD_MEDIUM, (int)slot);
    say(f, "Counter[0] stops at the value held in slot %u (first 8 bytes); ",
        slot);
    if (y) {
        say(f,
            "that slot can be written (%s) by anyone on the bus, who can "
            "so lift the limit or stop the counter and every limited-use "
            "key at once",
            way(y, how));
    } else if (end) {
        say(f,
            "anyone on the bus can destroy it (%s) and so stop the counter "
            "and every limited-use key at once",
            end->how);
    } else {
        say(f, "nobody on the bus can write that slot, so the limit is "
               "whatever was there at lock time");
    }
    cite(f, "byte 18 = %02X (bit 0 = 1, bits 7-4 = %u)", j->c[18], slot);
    f->proof = y ? y : end;
}

static void latch(struct job *j)
{
    const struct hd_attack_yes *y = can(j, HD_GOAL_LATCH, 0);
    unsigned slot = j->c[69] & 0x0F;
    struct hd_finding *f;

    if (!j->is_608 || !get(j, HD_F_VolatileKeyPermitEnable, 0)) {
        return;
    }
    f = found(j, HD_LINT_VOLATILE_KEY_PERMISSION, y ? HD_MEDIUM : HD_INFO,
              (int)slot);
    say(f,
        "the persistent latch may be switched only after authorisation "
        "with slot %u",
        slot);
    if (y) {
        say(f, "; anyone can have that key, so the permission protects "
               "nothing");
    }
    cite_bytes(j, f, 69, 1);
    f->proof = y;
}

void lint_features(struct job *j)
{
    io_protection(j);
    secure_boot(j);
    count_match(j);
    latch(j);
}
