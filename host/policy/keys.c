/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every key of a policy file with its words, each word with the value of the
 * field that it stands for. Reading, writing, showing and docs/policy.md all
 * follow these tables. Places and meanings: docs/chip part 1, section 7.
 */
#include <string.h>

#include "policy/policy.h"
#include "policy/numbers.h"

/* clang-format off */
#define TEXT(key, doc) \
    {key, doc, HD_FORM_TEXT, HD_POLICY_ANY, HD_KIND_ALL, HD_F_NONE, 0, 0, \
     NULL, HD_F_NONE, NULL}
#define OWN(key, kinds, doc) \
    {key, doc, HD_FORM_OWN, HD_POLICY_ANY, kinds, HD_F_NONE, 0, 0, \
     NULL, HD_F_NONE, NULL}
#define SLOT_WORDS(key, chips, kinds, field, column, rows, label, doc) \
    {key, doc, HD_FORM_WORDS, chips, kinds, HD_F_##field, column, \
     sizeof (rows) / sizeof (rows)[0], rows, HD_F_##label, NULL}
#define WORDS(key, chips, field, rows, label, doc) \
    SLOT_WORDS(key, chips, HD_KIND_ALL, field, 0, rows, label, doc)
#define SLOT_NAME(key, chips, label, doc) \
    {key, doc, HD_FORM_SLOT, chips, HD_KIND_ALL, HD_F_##label, 0, 0, \
     NULL, HD_F_##label, NULL}
#define NUMBER(key, chips, field, number, doc) \
    {key, doc, HD_FORM_NUMBER, chips, HD_KIND_ALL, HD_F_##field, 0, 0, \
     NULL, HD_F_NONE, number}
#define GROUP(name, keys, doc) {name, doc, keys, sizeof (keys) / sizeof (keys)[0]}

/* ------------------------------------------------------------------ words */

static hd_policy_row no_yes[] = {{"no"}, {"yes"}};
static hd_policy_row yes_no[] = {{"yes"}, {"no"}};
static hd_policy_row nobody_or_slot[] = {{"nobody"}, {"*"}};

/* Row = EncryptRead + 2 * IsSecret. The second is undefined in silicon. */
static hd_policy_row reads[] = {
    {"anyone"}, {NULL}, {"nobody"}, {"with *"},
};

/* Row = WriteConfig (docs/chip part 1, 7.13) of a slot that is no private
 * key: who may write, and what DeriveKey may make of it. */
static hd_policy_row writes[] = {
    {"anyone", "never"},         {"until-valid", "never"},
    {"nobody", "roll"},          {"nobody", "create"},
    {"with *", "never"},         {"with *", "never"},
    {"with *", "roll"},          {"with *", "create"},
    {"nobody", "never"},         {"nobody", "never"},
    {"nobody", "roll-with-mac"}, {"nobody", "create-with-mac"},
    {"with *", "never"},         {"with *", "never"},
    {"with *", "roll-with-mac"}, {"with *", "create-with-mac"},
};

/* The same field in a private key: PrivWrite, and GenKey. */
static hd_policy_row private_writes[] = {
    {"nobody", "no"}, {"nobody", "no"}, {"nobody", "yes"}, {"nobody", "yes"},
    {"with *", "no"}, {"with *", "no"}, {"with *", "yes"}, {"with *", "yes"},
    {"nobody", "no"}, {"nobody", "no"}, {"nobody", "yes"}, {"nobody", "yes"},
    {"with *", "no"}, {"with *", "no"}, {"with *", "yes"}, {"with *", "yes"},
};

/* Row = ReadKey of a private key. */
#define SIGNS(agrees) {"nothing", agrees}, {"digests", agrees}, \
    {"reports", agrees}, {"digests-and-reports", agrees}
static hd_policy_row private_uses[] = {
    SIGNS("no"), SIGNS("yes"), SIGNS("no"), SIGNS("into-next-slot"),
};

static hd_policy_row public_keys[] = {{"when-made"}, {"anyone"}};
static hd_policy_row never_once[] = {{"never"}, {"once"}};
static hd_policy_row levels[] = {{"fixed"}, {"follow-supply"}};
static hd_policy_row watchdogs[] = {{"1.3s"}, {"10s"}};
static hd_policy_row clocks[] = {
    {"fast"}, {NULL}, {NULL}, {NULL}, {NULL}, {"medium"}, {NULL},
    {NULL},   {NULL}, {NULL}, {NULL}, {NULL}, {NULL},     {"slow"},
};
static hd_policy_row boot_modes[] = {
    {"off"}, {"check-signature"}, {"store-signature"}, {"store-digest"},
};
static hd_policy_row results[] = {{"clear"}, {"encrypted"}, {"inside"}};
static hd_policy_row after_failure[] = {{"stay-failed"}, {"recover"}};
static hd_policy_row otp_modes[] = {
    [0x55] = {"consumption"}, [0xAA] = {"read-only"},
};
static hd_policy_row nothing_or_slot[] = {{"nothing"}, {"*"}};

const char *const hd_policy_content_words[6] = {
    "none", "born-in-chip", "unique", "shared", "file", "later",
};
const char *const hd_policy_lock_words[4] = {
    "never", "later", "once-filled", "from-start",
};

/* ------------------------------------------------------------------- keys */

static const struct hd_policy_key top_keys[] = {
    TEXT("policy", "name of this policy"),
    TEXT("about", "one sentence for people"),
    OWN("chip", HD_KIND_ALL, "ATECC608 (A or B), ATECC608A, ATECC608B or ATECC508A"),
};

static const struct hd_policy_key interface_keys[] = {
    NUMBER("address", HD_POLICY_ANY, I2C_Address, &hd_number_address,
           "7-bit bus address; a blank chip has 0x60"),
    WORDS("address-change", HD_POLICY_608, UserExtraAddEnable, never_once, NONE,
          "once: anyone may move the chip to another address, one time"),
    WORDS("address-change", HD_POLICY_508A, SelectorMode, never_once, NONE,
          "SelectorMode: once: Selector may be written only while it is 0"),
    WORDS("input-levels", HD_POLICY_ANY, TTLenable, levels, NONE,
          "fixed for hosts of 1.8 V to 5 V, or following the chip's supply"),
    WORDS("watchdog", HD_POLICY_ANY, WatchdogDuration, watchdogs, NONE,
          "how long after waking the chip falls asleep by itself"),
    WORDS("clock", HD_POLICY_608, ClockDivider, clocks, NONE,
          "slower draws less current; a signature takes 2 or 6 times as long"),
};

static const struct hd_policy_key secure_boot_keys[] = {
    WORDS("mode", HD_POLICY_608, SecureBootMode, boot_modes, NONE,
          "check a signature at every start, or once and keep it or the "
          "digest in a slot"),
    SLOT_NAME("public-key", HD_POLICY_608, SecureBootPubKey,
              "slot of the key that signs firmware"),
    SLOT_NAME("stored-in", HD_POLICY_608, SecureBootSigDig,
              "slot that keeps the signature or digest"),
    WORDS("random-nonce", HD_POLICY_608, SecureBootRandNonce, no_yes, NONE,
          "yes: SecureBoot needs a fresh nonce and answers with a MAC"),
    WORDS("sets-latch", HD_POLICY_608, SecureBootPersistentEnable, no_yes,
          NONE, "yes: keys that need the latch work only after a good start"),
};

static const struct hd_policy_key io_protection_keys[] = {
    WORDS("key", HD_POLICY_608, IoProtectionKeyEnable, nobody_or_slot,
          IoProtectionKey,
          "slot of the key that protects verdicts and results on the bus"),
    WORDS("ecdh-result", HD_POLICY_608, EcdhProt, results, NONE,
          "how a shared secret may leave: clear, encrypted, or not at all"),
    WORDS("kdf-result", HD_POLICY_608, KdfProt, results, NONE,
          "the same for KDF"),
};

static const struct hd_policy_key latch_keys[] = {
    WORDS("switched-by", HD_POLICY_608, VolatileKeyPermitEnable,
          nobody_or_slot, VolatileKeyPermitSlot,
          "whose authorisation may switch the latch with Info"),
};

static const struct hd_policy_key self_test_keys[] = {
    WORDS("at-wake", HD_POLICY_608, PowerOnSelfTest, no_yes, NONE,
          "yes: waking takes 20 ms instead of 1.5 ms"),
    WORDS("after-rng-failure", HD_POLICY_608, AutoClearFirstFail,
          after_failure, NONE,
          "recover: one command fails, then the generator is tried again"),
};

static const struct hd_policy_key kdf_keys[] = {
    WORDS("aes", HD_POLICY_608, KdfAesEnable, no_yes, NONE,
          "yes: KDF may use AES"),
    NUMBER("iv-at", HD_POLICY_608, KdfIvLoc, &hd_number_byte,
           "where in an HKDF message the iv must stand"),
    NUMBER("iv", HD_POLICY_608, KdfIvStr, &hd_number_iv,
           "the two bytes that must stand there, 0x6976 = \"iv\""),
};

static const struct hd_policy_key otp_keys[] = {
    WORDS("mode", HD_POLICY_508A, OTPmode, otp_modes, NONE,
          "after the data lock: read-only, or bits may still be cleared"),
    TEXT("file", "what provisioning writes there (64 bytes)"),
};

static const struct hd_policy_key extra_keys[] = {
    NUMBER("user-byte", HD_POLICY_ANY, UserExtra, &hd_number_byte,
           "UserExtra; while 0, anyone may set it once"),
    NUMBER("second-address", HD_POLICY_608, UserExtraAdd, &hd_number_address,
           "7-bit address in force when interface.address-change is once"),
    NUMBER("selector", HD_POLICY_508A, Selector, &hd_number_byte,
           "Selector of the Pause command"),
};

static const struct hd_policy_key locks_keys[] = {
    OWN("configuration", HD_KIND_ALL, "at-provisioning, or later"),
    OWN("data", HD_KIND_ALL, "at-provisioning, or later"),
};

#define COUNTER_TEXT TEXT("name", "for people and for the C header"), \
    TEXT("about", "one sentence for people")
static const struct hd_policy_key counter0_keys[] = {
    COUNTER_TEXT,
    NUMBER("start", HD_POLICY_ANY, Counter0, &hd_number_counter,
           "where it begins; it ends at 2097151"),
    WORDS("stops-at", HD_POLICY_608, CountMatchEnable, nothing_or_slot,
          CountMatchKey, "slot that holds the last value it may reach"),
};
static const struct hd_policy_key counter1_keys[] = {
    COUNTER_TEXT,
    NUMBER("start", HD_POLICY_ANY, Counter1, &hd_number_counter,
           "where it begins; it ends at 2097151"),
};

static const struct hd_policy_key slot_keys[] = {
    TEXT("name", "how other slots, tools and firmware call it"),
    OWN("purpose", HD_KIND_ALL, "what it is for: see Purposes"),
    TEXT("about", "one sentence for people"),
    SLOT_WORDS("signs", HD_POLICY_ANY, HD_KIND_PRIVATE, ReadKey, 0, private_uses, NONE,
               "digests: anything the host hashes; reports: only what the "
               "chip says about itself"),
    SLOT_WORDS("agrees", HD_POLICY_ANY, HD_KIND_PRIVATE, ReadKey, 1, private_uses, NONE,
               "ECDH, and whether its result goes to the next slot"),
    SLOT_WORDS("read", HD_POLICY_ANY, HD_KIND_STORED, EncryptRead, 0, reads, ReadKey,
               "who reads it; with NAME: encrypted with that slot's key"),
    SLOT_WORDS("write", HD_POLICY_ANY, HD_KIND_STORED, WriteConfig, 0, writes, WriteKey,
               "who writes it after the data lock; until-valid: while it is "
               "no validated key"),
    SLOT_WORDS("derive", HD_POLICY_ANY, HD_KIND_STORED, WriteConfig, 1, writes, NONE,
               "DeriveKey: from its own value (roll) or from `parent` "
               "(create)"),
    {"parent", "slot of the key for derive: create, and for its MAC",
     HD_FORM_SLOT, HD_POLICY_ANY, HD_KIND_STORED, HD_F_WriteKey, 0, 0,
     NULL, HD_F_WriteKey, NULL},
    SLOT_WORDS("write", HD_POLICY_ANY, HD_KIND_PRIVATE, WriteConfig, 0, private_writes, WriteKey,
               "who may install a private key made elsewhere (PrivWrite)"),
    SLOT_WORDS("regenerate", HD_POLICY_ANY, HD_KIND_PRIVATE, WriteConfig, 1, private_writes, NONE,
               "yes: GenKey may destroy it and make a new one"),
    SLOT_WORDS("public-key", HD_POLICY_ANY, HD_KIND_PRIVATE, PubInfo, 0, public_keys, NONE,
               "who may ask for its public key: anyone, any time, or only "
               "when it is made"),
    SLOT_WORDS("validated-by", HD_POLICY_ANY, HD_KIND_PUBLIC, PubInfo, 0, nobody_or_slot, ReadKey,
               "slot of the key that must vouch for it before it counts"),
    SLOT_WORDS("macs", HD_POLICY_ANY, HD_KIND_SECRET | HD_KIND_AES, NoMac, 0, yes_no, NONE, "no: MAC and HMAC refuse it"),
    WORDS("limited-use", HD_POLICY_ANY, LimitedUse, no_yes, NONE,
          "yes: every use steps counter 0"),
    WORDS("fresh-nonce", HD_POLICY_ANY, ReqRandom, no_yes, NONE,
          "yes: only with a nonce that the chip drew itself"),
    WORDS("authorised-by", HD_POLICY_ANY, ReqAuth, nobody_or_slot, AuthKey,
          "slot whose key must be proved first, for every use"),
    WORDS("needs-latch", HD_POLICY_ANY, PersistentDisable, no_yes, NONE,
          "yes: only while the latch is set"),
    OWN("lock", HD_KIND_ALL,
        "never, later, once-filled (by provisioning), from-start"),
    OWN("content", HD_KIND_ALL,
        "none, born-in-chip, unique, shared, file, later"),
    TEXT("file", "with content: file, where the bytes are"),
};

static const struct hd_policy_key waiver_keys[] = {
    TEXT("rule", "id of the lint rule"),
    TEXT("where", "the slot's name, or chip"),
    TEXT("reason", "why it is right here"),
};

const struct hd_policy_group hd_policy_groups[HD_G_COUNT] = {
    [HD_G_TOP] = GROUP("", top_keys, "the file itself"),
    [HD_G_INTERFACE] = GROUP("interface", interface_keys, "bus and timing"),
    [HD_G_SECURE_BOOT] = GROUP("secure-boot", secure_boot_keys,
                               "the chip's verdict on firmware (608)"),
    [HD_G_IO_PROTECTION] = GROUP("io-protection", io_protection_keys,
                                 "against somebody between host and chip "
                                 "(608)"),
    [HD_G_LATCH] = GROUP("latch", latch_keys, "the persistent latch (608)"),
    [HD_G_SELF_TEST] = GROUP("self-test", self_test_keys, "(608)"),
    [HD_G_KDF] = GROUP("kdf", kdf_keys, "key derivation (608)"),
    [HD_G_OTP] = GROUP("otp", otp_keys, "the one-time-programmable zone"),
    [HD_G_EXTRA] = GROUP("extra", extra_keys, "bytes 84 and 85"),
    [HD_G_LOCKS] = GROUP("locks", locks_keys, "when the zones are locked"),
    [HD_G_COUNTER0] = GROUP("counters/0", counter0_keys, "counter 0: steps "
                            "for limited-use keys too"),
    [HD_G_COUNTER1] = GROUP("counters/1", counter1_keys, "counter 1"),
    [HD_G_SLOT] = GROUP("slots/*", slot_keys, "one slot"),
    [HD_G_WAIVER] = GROUP("allow/*", waiver_keys, "a finding accepted"),
};
/* clang-format on */

const struct hd_policy_key *hd_policy_key_named(unsigned group,
                                                const char *name, uint8_t chips,
                                                uint8_t kinds)
{
    const struct hd_policy_group *g = &hd_policy_groups[group];

    for (unsigned i = 0; i < g->count; i++) {
        const struct hd_policy_key *key = &g->keys[i];
        if (strcmp(key->name, name) == 0 && (key->chips & chips) &&
            (key->kinds & kinds)) {
            return key;
        }
    }
    return NULL;
}

uint8_t hd_policy_kind(const uint8_t *config, unsigned slot)
{
    static const uint8_t kinds[2][8] = {
            {HD_KIND_ODD, HD_KIND_ODD, HD_KIND_ODD, HD_KIND_ODD, HD_KIND_PUBLIC,
             HD_KIND_ODD, HD_KIND_AES, HD_KIND_SECRET},
            {HD_KIND_ODD, HD_KIND_ODD, HD_KIND_ODD, HD_KIND_ODD,
             HD_KIND_PRIVATE, HD_KIND_ODD, HD_KIND_ODD, HD_KIND_ODD}};

    return kinds[hd_policy_get(config, HD_F_Private, slot)]
                [hd_policy_get(config, HD_F_KeyType, slot)];
}

int hd_policy_row_for(const struct hd_policy_key *key, uint64_t now,
                      const char *word)
{
    unsigned other = 1 - key->column;
    const char *keep = now < key->row_count ? key->rows[now][other] : NULL;

    for (unsigned i = 0; i < key->row_count; i++) {
        const char *w = key->rows[i][key->column];
        const char *o = key->rows[i][other];
        if (w && strcmp(w, word) == 0 &&
            (o == keep || (o && keep && strcmp(o, keep) == 0))) {
            return (int)i;
        }
    }
    return -1;
}

void hd_policy_key_set(uint8_t *config, const struct hd_policy_key *key,
                       unsigned slot, uint64_t value)
{
    if (key->field == HD_F_EncryptRead) {
        hd_policy_set(config, HD_F_IsSecret, slot, value >> 1);
        value &= 1;
    }
    hd_policy_set(config, key->field, slot, value);
}

/* A span of two fields: EncryptRead and IsSecret lie side by side. */
uint64_t hd_policy_key_value(const uint8_t *config,
                             const struct hd_policy_key *key, unsigned slot)
{
    uint64_t value = hd_policy_get(config, key->field, slot);

    if (key->field == HD_F_EncryptRead) {
        value |= hd_policy_get(config, HD_F_IsSecret, slot) << 1;
    }
    return value;
}

static bool say_word(const struct hd_policy *policy,
                     const struct hd_policy_key *key, unsigned slot, char *out,
                     size_t size)
{
    uint64_t value = hd_policy_key_value(policy->config, key, slot);
    const char *word =
            value < key->row_count ? key->rows[value][key->column] : NULL;

    if (!word) {
        return false;
    }
    size_t plain = strcspn(word, "*");
    const char *label = "";
    if (word[plain] == '*') {
        label = policy->slots[hd_policy_get(policy->config, key->label, slot)]
                        .name;
    }
    (void)snprintf(out, size, "%.*s%s", (int)plain, word, label);
    return word[plain] == 0 || label[0] != 0;
}

bool hd_policy_say(const struct hd_policy *policy,
                   const struct hd_policy_key *key, unsigned slot, char *out,
                   size_t size)
{
    uint64_t number = 0;

    out[0] = 0;
    switch (key->form) {
    case HD_FORM_WORDS:
        return say_word(policy, key, slot, out, size);
    case HD_FORM_SLOT:
        (void)snprintf(
                out, size, "%s",
                policy->slots[hd_policy_get(policy->config, key->label, slot)]
                        .name);
        return out[0] != 0;
    case HD_FORM_NUMBER:
        if (!key->number->from_field(
                    hd_policy_get(policy->config, key->field, slot), &number)) {
            return false;
        }
        (void)snprintf(out, size,
                       !key->number->hex        ? "%llu"
                       : key->number->max > 255 ? "0x%04llx"
                                                : "0x%02llx",
                       (unsigned long long)number);
        return true;
    case HD_FORM_TEXT:
    case HD_FORM_OWN:
        break;
    }
    return false;
}
