/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which line of a policy file a finding is about: that of the key by which
 * the author said so, or could have said otherwise.
 */
#include <stdio.h>

#include "inner.h"

/* Keys of the slot, or of the file for what is about the chip; a rule that
 * has none is about the slot as a whole. */
static const char *const keys[HD_LINT_COUNT] = {
        [HD_LINT_CONFIG_UNLOCKED] = "locks/configuration",
        [HD_LINT_DATA_UNLOCKED] = "locks/data",
        [HD_LINT_FLEET_SECRET] = "content",
        [HD_LINT_PRIV_REGEN] = "regenerate",
        [HD_LINT_PRIV_REGEN_AUTH] = "regenerate",
        [HD_LINT_PRIV_OVERWRITE] = "write",
        [HD_LINT_PRIV_WRITE_KEYED] = "write",
        [HD_LINT_KEY_WRITABLE] = "write",
        [HD_LINT_SECRET_WRITABLE] = "write",
        [HD_LINT_KEY_READABLE] = "read",
        [HD_LINT_SECRET_READABLE] = "read",
        [HD_LINT_KEY_ROLLABLE] = "derive",
        [HD_LINT_KEY_ROLLABLE_AUTH] = "derive",
        [HD_LINT_CONTENT_ROLLABLE] = "derive",
        [HD_LINT_IO_KEY_WRITABLE] = "write",
        [HD_LINT_IO_KEY_READABLE] = "read",
        [HD_LINT_IO_KEY_DESTROYABLE] = "derive",
        [HD_LINT_SECUREBOOT_PUBKEY_WRITABLE] = "write",
        [HD_LINT_SECUREBOOT_DIGEST_WRITABLE] = "write",
        [HD_LINT_PARENT_KEY_WRITABLE] = "write",
        [HD_LINT_VALIDATED_KEY_BYPASS] = "validated-by",
        [HD_LINT_PUBKEY_WRITABLE] = "write",
        [HD_LINT_VALIDATED_KEY_ALWAYS] = "write",
        [HD_LINT_COUNT_MATCH] = "write",
        [HD_LINT_AUTH_CYCLE] = "authorised-by",
        [HD_LINT_ROLLBACK_COUNTER] = "limited-use",
        [HD_LINT_LIMITED_USE] = "limited-use",
        [HD_LINT_ADDRESS_CHANGEABLE_ONCE] = "interface/address-change",
        [HD_LINT_I2C_ADDRESS] = "interface/address",
        [HD_LINT_ATTEST_FORGEABLE] = "signs",
        [HD_LINT_ECDH_CLEAR] = "agrees",
        [HD_LINT_ECDH_TO_NEXT] = "agrees",
        [HD_LINT_WRITE_REPLAY] = "fresh-nonce",
        [HD_LINT_REQRANDOM_OFF] = "fresh-nonce",
        [HD_LINT_DATA_OPEN] = "write",
        [HD_LINT_PRIV_SIGN_OPEN] = "signs",
        [HD_LINT_PERSISTENT_DISABLE] = "needs-latch",
        [HD_LINT_VOLATILE_KEY_PERMISSION] = "write",
        [HD_LINT_USELOCK_SET] = "bits/UseLockEnable",
        [HD_LINT_SELF_TEST_AT_WAKE] = "self-test/at-wake",
        [HD_LINT_OTP_CONSUMPTION] = "otp/mode",
        [HD_LINT_COUNTERS_OPEN] = "counters",
        [HD_LINT_SELECTOR_OPEN] = "extra/selector",
        [HD_LINT_USEREXTRA_FREE] = "extra/user-byte",
        [HD_LINT_SECUREBOOT] = "secure-boot/mode",
        [HD_LINT_CLOCK_DIVIDER] = "interface/clock",
        [HD_LINT_COUNTMATCH_RESERVED] = "bits/CountMatchRFU",
        [HD_LINT_VOLATILE_RESERVED] = "bits/VolatileKeyPermitRFU",
        [HD_LINT_SECUREBOOT_RESERVED] = "bits/SecureBootRFU2",
        [HD_LINT_CHIPOPTIONS_RESERVED] = "bits/ChipOptionsRFU",
        [HD_LINT_KEYTYPE_RESERVED] = "bits/KeyType",
        [HD_LINT_KEYTYPE_CONTRADICTION] = "bits/KeyType",
        [HD_LINT_KEYCONFIG_RFU] = "bits/KeyConfigRFU",
        [HD_LINT_DATA_WRITABLE] = "write",
        [HD_LINT_PRIV_NOT_SECRET] = "bits/IsSecret",
        [HD_LINT_READ_UNDEFINED] = "read",
        [HD_LINT_OTP_MODE_RESERVED] = "otp/mode",
};

const char *hd_lint_key(enum hd_lint_id id)
{
    return keys[id];
}

/* The field that a key sets, for a file that says it in bits; NULL: none. */
static const char *field_of(unsigned group, const char *key)
{
    const struct hd_policy_key *k =
            hd_policy_key_named(group, key, HD_POLICY_ANY, HD_KIND_ALL);

    return k && k->field != HD_F_NONE ? hd_policy_fields[k->field].name : NULL;
}

static const char *field_of_path(const char *path)
{
    const char *slash = strchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;

    for (unsigned g = HD_G_INTERFACE; slash && g < HD_G_COUNTER0; g++) {
        const char *name = hd_policy_groups[g].name;
        if (strncmp(name, path, len) == 0 && !name[len]) {
            return field_of(g, slash + 1);
        }
    }
    return NULL;
}

static unsigned slot_line(const struct hd_policy_report *r, int slot,
                          const char *key)
{
    const char *field = key ? field_of(HD_G_SLOT, key) : NULL;
    char path[HD_POLICY_PATH_SIZE], bits[HD_POLICY_PATH_SIZE];

    (void)snprintf(bits, sizeof bits, "slots/%d/bits/%s", slot,
                   field ? field : "");
    (void)snprintf(path, sizeof path, "slots/%d/%s", slot, key ? key : "");
    unsigned line = hd_policy_line(r, bits);
    return line ? line : hd_policy_line_near(r, path);
}

unsigned hd_lint_line(const struct hd_finding *f,
                      const struct hd_policy_report *r)
{
    const char *key = keys[f->rule];
    char path[HD_POLICY_PATH_SIZE];
    unsigned line = 0;

    if (r->place_count == 0) {
        return 0;
    }
    if (f->slot >= 0) {
        return slot_line(r, f->slot, key);
    }
    if (strncmp(f->where, "counter ", 8) == 0) {
        (void)snprintf(path, sizeof path, "counters/%s/start", f->where + 8);
        return hd_policy_line_near(r, path);
    }
    if (key && field_of_path(key)) {
        (void)snprintf(path, sizeof path, "bits/%s", field_of_path(key));
        line = hd_policy_line(r, path);
    }
    return line ? line : hd_policy_line_near(r, key ? key : "");
}
