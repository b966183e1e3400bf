/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may do what: the chip's access rules, written once, as tables.
 * Everything in the project that asks "would the chip allow this" asks here.
 * References: docs/chip, part 1 (P1) and part 2 (P2).
 */
#include "rules.h"

#include "choices.h"

/* LockValue and LockConfig as the word at byte 86 */
#define MASK_LOCK_DATA   0x00FF
#define MASK_LOCK_CONFIG 0xFF00

/* -------------------------------------------------------- lock states */

enum phase { PHASE_OPEN, PHASE_CONFIG_LOCKED, PHASE_LOCKED, PHASES };

#define OK_             HD_WHY_NONE
#define CNL             HD_WHY_CONFIG_NOT_LOCKED
#define CL_             HD_WHY_CONFIG_LOCKED
#define DNL             HD_WHY_DATA_NOT_LOCKED
#define DL_             HD_WHY_DATA_LOCKED
#define ANL             HD_WHY_AES_NOT_LOCKED
#define IF(choice, why) ((choice) ? (why) : OK_)

/* P1 8.2: blank, configuration locked, both locked */
static const uint8_t lock_rules[ACT_COUNT][PHASES] = {
        [ACT_READ_CONFIG] = {OK_, OK_, OK_},
        [ACT_WRITE_CONFIG] = {OK_, CL_, CL_},
        [ACT_READ_ZONE] = {DNL, DNL, OK_},
        [ACT_WRITE_ZONE] = {CNL, OK_, OK_},
        [ACT_GENKEY] = {CNL, OK_, OK_},
        [ACT_PRIVWRITE] = {CNL, OK_, OK_},
        [ACT_SIGN_EXTERNAL] = {CNL, OK_, OK_},
        [ACT_SIGN_INTERNAL] = {CNL, DNL, OK_},
        [ACT_GENDIG] = {CNL, OK_, OK_},
        [ACT_MAC] = {CNL, IF(CHOICE_MAC_NEEDS_DATA_LOCK, DNL), OK_},
        [ACT_CHECKMAC] = {CNL, OK_, OK_},
        [ACT_ECDH] = {CNL, IF(CHOICE_ECDH_NEEDS_DATA_LOCK, DNL), OK_},
        [ACT_VERIFY_SLOT] = {CNL, OK_, OK_},
        [ACT_DERIVEKEY] = {CNL, OK_, OK_},
        [ACT_COUNTER_READ] = {OK_, OK_, OK_},
        [ACT_COUNTER_STEP] = {IF(CHOICE_COUNTER_STEP_NEEDS_LOCK, CNL), OK_,
                              OK_},
        [ACT_AES_SLOT] = {ANL, ANL, OK_},
        [ACT_KDF_SLOT] = {CNL, IF(CHOICE_KDF_SLOTS_NEED_DATA_LOCK, DNL), OK_},
        [ACT_SHA_SLOT] = {CNL, IF(CHOICE_MAC_NEEDS_DATA_LOCK, DNL), OK_},
        [ACT_SECUREBOOT] = {CNL, IF(CHOICE_BOOT_NEEDS_DATA_LOCK, DNL), OK_},
        [ACT_LATCH] = {CNL, OK_, OK_},
        [ACT_UPDATE_EXTRA] = {IF(!CHOICE_UPDATE_EXTRA_BEFORE_LOCK, CNL), OK_,
                              OK_},
        [ACT_LOCK_CONFIG] = {OK_, CL_, CL_},
        [ACT_LOCK_DATA] = {CNL, OK_, DL_},
        [ACT_LOCK_SLOT] = {CNL, IF(CHOICE_SLOT_LOCK_NEEDS_DATA_LOCK, DNL), OK_},
};

static enum phase phase(const struct hd_vchip *v)
{
    if (!config_locked(v)) {
        return PHASE_OPEN;
    }
    return data_locked(v) ? PHASE_LOCKED : PHASE_CONFIG_LOCKED;
}

uint8_t rule_locks(struct hd_vchip *v, enum rule_act act, int slot)
{
    enum hd_why why = (enum hd_why)lock_rules[act][phase(v)];

    switch (why) {
    case HD_WHY_NONE:
        return ST_OK;
    case HD_WHY_CONFIG_NOT_LOCKED:
    case HD_WHY_CONFIG_LOCKED:
        return refuse_bits(v, why, slot, CFG_LOCK_VALUE, MASK_LOCK_CONFIG);
    case HD_WHY_AES_NOT_LOCKED:
        return refuse_bits(v, why, slot, CFG_LOCK_VALUE,
                           MASK_LOCK_CONFIG | MASK_LOCK_DATA);
    default:
        return refuse_bits(v, why, slot, CFG_LOCK_VALUE, MASK_LOCK_DATA);
    }
}

/* ---------------------------------------------------- what a slot is */

bool slot_is_locked(const struct hd_vchip *v, unsigned slot)
{
    return (le16(v->ee + CFG_SLOT_LOCKED) >> slot & 1) == 0;
}

bool slot_is_private(const struct hd_vchip *v, unsigned slot)
{
    if ((key_config(v, slot) & KC_PRIVATE) == 0) {
        return false;
    }
    return CHOICE_PRIVATE_BIT_ALONE || key_type(v, slot) == KEY_TYPE_P256;
}

bool slot_needs_validation(const struct hd_vchip *v, unsigned slot)
{
    return slot >= 8 && !slot_is_private(v, slot) &&
           key_type(v, slot) == KEY_TYPE_P256 &&
           (key_config(v, slot) & KC_PUB_INFO) != 0;
}

bool pubkey_is_valid(const struct hd_vchip *v, unsigned slot)
{
    return slot >= 8 && v->ee[ee_slot_at(slot)] >> 4 == 0x5;
}

/* One row: if `need` is asked, the masked bits must equal value. */
struct slot_rule {
    unsigned need;
    uint8_t base; /* CFG_SLOT or CFG_KEY */
    bool once_locked;
    uint16_t mask, value;
    enum hd_why why;
};

#define TYPE(t) (uint16_t)((t) << 2)

/* In the order of P1 10.1: what the slot is, then what it may do. */
static const struct slot_rule slot_rules[] = {
        {NEED_PRIVATE, CFG_KEY, false, KC_PRIVATE, KC_PRIVATE,
         HD_WHY_SLOT_NOT_PRIVATE},
        {NEED_P256, CFG_KEY, false, KC_KEY_TYPE, TYPE(KEY_TYPE_P256),
         HD_WHY_SLOT_NOT_P256},
        {NEED_AES, CFG_KEY, false, KC_KEY_TYPE, TYPE(KEY_TYPE_AES),
         HD_WHY_SLOT_NOT_AES},
        {NEED_SECRET, CFG_SLOT, false, SC_SECRET, SC_SECRET,
         HD_WHY_SLOT_NOT_SECRET},
        {NEED_LOCKABLE, CFG_KEY, false, KC_LOCKABLE, KC_LOCKABLE,
         HD_WHY_SLOT_NOT_LOCKABLE},
        {NEED_SIGN_EXTERNAL, CFG_SLOT, false, SC_EXT_SIGN, SC_EXT_SIGN,
         HD_WHY_SIGN_EXTERNAL_OFF},
        {NEED_SIGN_INTERNAL, CFG_SLOT, false, SC_INT_SIGN, SC_INT_SIGN,
         HD_WHY_SIGN_INTERNAL_OFF},
        {NEED_ECDH, CFG_SLOT, false, SC_ECDH, SC_ECDH, HD_WHY_ECDH_OFF},
        {NEED_GENKEY, CFG_SLOT, true, 0x2000, 0x2000, HD_WHY_GENKEY_OFF},
        {NEED_PUB_INFO, CFG_KEY, true, KC_PUB_INFO, KC_PUB_INFO,
         HD_WHY_PUBKEY_HIDDEN},
        {NEED_PRIVWRITE, CFG_SLOT, true, 0x4000, 0x4000, HD_WHY_PRIVWRITE_OFF},
        {NEED_DERIVE, CFG_SLOT, false, 0x2000, 0x2000, HD_WHY_DERIVE_OFF},
        {NEED_MACABLE, CFG_SLOT, false, SC_NO_MAC, 0, HD_WHY_KEY_NO_MAC},
};

static uint8_t ask_slot_rule(struct hd_vchip *v, const struct slot_rule *rule,
                             unsigned slot)
{
    uint8_t byte = (uint8_t)(rule->base + 2 * slot);

    if (rule->once_locked && !data_locked(v)) {
        return ST_OK;
    }
    if ((le16(v->ee + byte) & rule->mask) == rule->value) {
        return ST_OK;
    }
    return refuse_bits(v, rule->why, (int)slot, byte, rule->mask);
}

uint8_t rule_slot(struct hd_vchip *v, unsigned slot, unsigned needs)
{
    if ((needs & NEED_NOT_PRIVATE) != 0 && slot_is_private(v, slot)) {
        return refuse_key_config(v, HD_WHY_SLOT_PRIVATE, slot, KC_PRIVATE);
    }
    if ((needs & NEED_LARGE) != 0 && slot < 8) {
        return refuse(v, HD_WHY_SLOT_TOO_SMALL, (int)slot);
    }
    if ((needs & NEED_NOT_LOCKED) != 0 && slot_is_locked(v, slot)) {
        return refuse_bits(v, HD_WHY_SLOT_LOCKED, (int)slot, CFG_SLOT_LOCKED,
                           (uint16_t)(1U << slot));
    }
    for (size_t i = 0; i < sizeof slot_rules / sizeof slot_rules[0]; i++) {
        if ((needs & slot_rules[i].need) != 0) {
            TRY(ask_slot_rule(v, &slot_rules[i], slot));
        }
    }
    return ST_OK;
}

/* --------------------------------------------------------- use of keys */

static bool latch_is_set(const struct hd_vchip *v, unsigned slot)
{
    (void)slot;
    return is_608(v) ? v->latch : v->gpio_latch;
}

static bool is_authorised(const struct hd_vchip *v, unsigned slot)
{
    unsigned wanted = (unsigned)(key_config(v, slot) & KC_AUTH_KEY) >> 8;

    return v->auth_valid && v->auth_key == wanted;
}

static bool nonce_is_random(const struct hd_vchip *v, unsigned slot)
{
    (void)slot;
    return v->tk.valid && !v->tk.source_input;
}

/* One row: a KeyConfig bit that asks for a state. */
struct key_rule {
    unsigned use;
    uint8_t models;
    uint16_t bit, shown; /* in KeyConfig: the condition, and what to show */
    bool (*holds)(const struct hd_vchip *v, unsigned slot);
    enum hd_why why;
};

static const struct key_rule key_rules[] = {
        {USE_LATCH, HD_VMODEL_608, KC_PERSISTENT, KC_PERSISTENT, latch_is_set,
         HD_WHY_LATCH_OFF},
        {USE_LATCH, HD_VMODEL_508A, KC_PERSISTENT, KC_PERSISTENT, latch_is_set,
         HD_WHY_INTRUSION},
        {USE_AUTH, HD_VMODEL_ALL, KC_REQ_AUTH, KC_REQ_AUTH | KC_AUTH_KEY,
         is_authorised, HD_WHY_AUTH_MISSING},
        {USE_RANDOM, HD_VMODEL_ALL, KC_REQ_RANDOM, KC_REQ_RANDOM,
         nonce_is_random, HD_WHY_RANDOM_MISSING},
};

static uint8_t ask_key_rules(struct hd_vchip *v, unsigned slot, unsigned use)
{
    for (size_t i = 0; i < sizeof key_rules / sizeof key_rules[0]; i++) {
        const struct key_rule *rule = &key_rules[i];

        if ((use & rule->use) != 0 && (v->model & rule->models) != 0 &&
            (key_config(v, slot) & rule->bit) != 0 && !rule->holds(v, slot)) {
            return refuse_key_config(v, rule->why, slot, rule->shown);
        }
    }
    return ST_OK;
}

uint8_t rule_bound(struct hd_vchip *v, unsigned slot, bool by_tempkey)
{
    if (by_tempkey || !CHOICE_REQ_RANDOM_BINDS_MESSAGE ||
        (!data_locked(v) && !CHOICE_POLICY_BEFORE_DATA_LOCK) ||
        (key_config(v, slot) & KC_REQ_RANDOM) == 0) {
        return ST_OK;
    }
    return refuse_key_config(v, HD_WHY_RANDOM_MISSING, slot, KC_REQ_RANDOM);
}

/* 508A slot 15: 128 single-use bits, most significant bit of byte 68 first. */
static uint8_t use_last_key_bit(struct hd_vchip *v)
{
    for (size_t at = CFG_LAST_KEY; at < CFG_LAST_KEY + 16; at++) {
        uint8_t left = v->ee[at];

        for (unsigned bit = 0x80; bit != 0; bit >>= 1) {
            if ((left & bit) != 0) {
                left = (uint8_t)(left & ~bit);
                return store(v, at, &left, 1);
            }
        }
    }
    return refuse(v, HD_WHY_USES_LAST_KEY, 15);
}

uint8_t rule_use(struct hd_vchip *v, unsigned slot, unsigned use)
{
    if (data_locked(v) || CHOICE_POLICY_BEFORE_DATA_LOCK) {
        uint8_t status = ask_key_rules(v, slot, use);

        if ((use & USE_AUTH) != 0 && (key_config(v, slot) & KC_REQ_AUTH) != 0) {
            v->auth_valid = false;
        }
        TRY(status);
    }
    if ((use & USE_COUNT) == 0 || (slot_config(v, slot) & SC_LIMITED) == 0) {
        return ST_OK;
    }
    if (!is_608(v) && slot == 15) {
        return use_last_key_bit(v);
    }
    return counter_step(v, 0, (int)slot);
}

/* ------------------------------------------------------- read and write */

static bool slot_bit(const struct hd_vchip *v, unsigned slot, uint16_t bit)
{
    return (slot_config(v, slot) & bit) != 0;
}

bool slot_reads_clear(const struct hd_vchip *v, unsigned slot)
{
    return !slot_is_private(v, slot) &&
           !slot_bit(v, slot, SC_SECRET | SC_ENCRYPT_READ);
}

uint8_t rule_read(struct hd_vchip *v, unsigned slot, bool word,
                  enum write_form *form)
{
    /* P1 9.1, by IsSecret and EncryptRead: a 4-byte, a 32-byte read */
    static const uint8_t read_rules[2][2][2] = {
            {{OK_, OK_},
             {HD_WHY_READ_FORBIDDEN_PAIR, HD_WHY_READ_FORBIDDEN_PAIR}},
            {{HD_WHY_READ_SECRET, HD_WHY_READ_SECRET},
             {HD_WHY_READ_ENCRYPTED_ONLY, OK_}},
    };
    bool secret = slot_bit(v, slot, SC_SECRET);
    bool encrypted = slot_bit(v, slot, SC_ENCRYPT_READ);
    enum hd_why why = (enum hd_why)read_rules[secret][encrypted][!word];

    TRY(rule_slot(v, slot, NEED_NOT_PRIVATE));
    if (why != HD_WHY_NONE) {
        return refuse_slot_config(v, why, slot, SC_SECRET | SC_ENCRYPT_READ);
    }
    *form = encrypted ? WRITE_ENCRYPTED : WRITE_CLEAR;
    return ST_OK;
}

/* P1 7.13: the first row whose masked WriteConfig fits decides. */
static const struct write_rule {
    uint8_t mask, value;
    enum write_form form;
    enum hd_why word, block; /* refusal of a 4-byte, a 32-byte write */
} write_rules[] = {
        {0x4, 0x4, WRITE_ENCRYPTED, HD_WHY_WRITE_ENCRYPTED_ONLY, OK_},
        {0xF, 0x0, WRITE_CLEAR, OK_, OK_},
        {0xF, 0x1, WRITE_CLEAR, HD_WHY_WRITE_WORD_MODE, OK_},
        {0x0, 0x0, WRITE_CLEAR, HD_WHY_WRITE_NEVER, HD_WHY_WRITE_NEVER},
};

static uint8_t rule_write_locked(struct hd_vchip *v, unsigned slot, bool word,
                                 enum write_form *form)
{
    unsigned write_config = slot_config(v, slot) >> 12;
    const struct write_rule *rule = write_rules;
    enum hd_why why;

    while ((write_config & rule->mask) != rule->value) {
        rule++;
    }
    *form = rule->form;
    why = word ? rule->word : rule->block;
    if (why != HD_WHY_NONE) {
        return refuse_slot_config(v, why, slot, SC_WRITE_CONFIG);
    }
    if (word && slot_bit(v, slot, SC_SECRET)) {
        return refuse_slot_config(v, HD_WHY_WRITE_WORD_SECRET, slot, SC_SECRET);
    }
    if (write_config == 0x1 && pubkey_is_valid(v, slot)) {
        return refuse_slot_config(v, HD_WHY_WRITE_VALID_KEY, slot,
                                  SC_WRITE_CONFIG);
    }
    return ST_OK;
}

uint8_t rule_write(struct hd_vchip *v, unsigned slot, bool word,
                   enum write_form asked, enum write_form *form)
{
    TRY(rule_locks(v, ACT_WRITE_ZONE, (int)slot));
    TRY(rule_slot(v, slot, NEED_NOT_PRIVATE | NEED_NOT_LOCKED));
    if (data_locked(v)) {
        return rule_write_locked(v, slot, word, form);
    }
    *form = asked;
    return word ? refuse(v, HD_WHY_WORD_BEFORE_LOCK, (int)slot) : ST_OK;
}

/* ----------------------------------------------- features of the chip */

#define OPT_IO_KEY     0x0002
#define OPT_AUTO_CLEAR 0x0008

uint8_t rule_io_key(struct hd_vchip *v, const uint8_t **key)
{
    if ((chip_options(v) & OPT_IO_KEY) == 0) {
        return refuse_bits(v, HD_WHY_IO_KEY_OFF, -1, CFG_OPTIONS, OPT_IO_KEY);
    }
    *key = slot_bytes(v, chip_options(v) >> 12);
    return ST_OK;
}

uint8_t rule_random(struct hd_vchip *v)
{
    if (!v->health_fail) {
        return ST_OK;
    }
    if ((chip_options(v) & OPT_AUTO_CLEAR) != 0) {
        v->health_fail = false;
    }
    return refuse(v, HD_WHY_HEALTH_FAILED, -1);
}
