/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verify: ECDSA with a key from outside or from a slot, and the validation of
 * stored public keys by their parents (docs/chip part 2, 6.4).
 */
#include "choices.h"
#include "rules.h"

#define MODE        0x07
#define FROM_DIGEST 0x20 /* 608 */
#define WITH_MAC    0x80 /* 608 */
#define CURVE_P256  0x0004

enum { STORED, VALIDATE_EXTERNAL, EXTERNAL, VALIDATE, INVALIDATE = 7 };

/* Everything one verification needs, collected before it is done. */
struct job {
    const struct vcmd *c;
    unsigned mode, slot; /* slot: not for EXTERNAL */
    uint8_t key[64];     /* that verifies */
    uint8_t digest[32];
    const uint8_t *signature;
    const uint8_t *io_key; /* for the MAC, or NULL */
};

/* The digest register that the mode names. */
static uint8_t take_digest(struct hd_vchip *v, struct job *j)
{
    if ((j->c->p1 & FROM_DIGEST) != 0) {
        TRY(mdb_use(v, 32));
        memcpy(j->digest, v->mdb, 32);
        return ST_OK;
    }
    TRY(tk_use(v, TK_VALID));
    memcpy(j->digest, v->tk.bytes, 32);
    return ST_OK;
}

/* A slot as the key that verifies: what it is, and what its use asks. */
static uint8_t take_key(struct hd_vchip *v, struct job *j, unsigned slot,
                        unsigned use)
{
    TRY(rule_slot(v, slot, NEED_NOT_PRIVATE | NEED_LARGE | NEED_P256));
    TRY(rule_use(v, slot, use));
    stored_public(v, slot, j->key);
    return ST_OK;
}

static uint8_t prepare_external(struct hd_vchip *v, struct job *j)
{
    if (j->c->p2 != CURVE_P256) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    memcpy(j->key, j->c->data + 64, 64);
    return take_digest(v, j);
}

static uint8_t prepare_stored(struct hd_vchip *v, struct job *j)
{
    TRY(rule_locks(v, ACT_VERIFY_SLOT, (int)j->slot));
    TRY(take_digest(v, j));
    if (slot_needs_validation(v, j->slot) && !pubkey_is_valid(v, j->slot)) {
        return refuse_key_config(v, HD_WHY_PUBKEY_NOT_VALID, j->slot,
                                 KC_PUB_INFO);
    }
    TRY(rule_bound(v, j->slot, (j->c->p1 & FROM_DIGEST) == 0));
    return take_key(v, j, j->slot, USE_KEY_WITH_TEMPKEY);
}

/* ---------------------------------------------------------- validation */

/* The X509format byte that a slot's KeyConfig.X509id chooses. */
static uint8_t x509_byte(const struct hd_vchip *v, unsigned slot)
{
    return (uint8_t)(CFG_X509 + (key_config(v, slot) >> 14));
}

/* What both kinds of validation ask, before the digest. */
static uint8_t ask_validation(struct hd_vchip *v, struct job *j, bool external)
{
    uint8_t at = x509_byte(v, j->slot);

    TRY(rule_locks(v, ACT_VERIFY_SLOT, (int)j->slot));
    TRY(rule_slot(v, j->slot, NEED_NOT_PRIVATE | NEED_LARGE | NEED_P256));
    if (!slot_needs_validation(v, j->slot)) {
        return refuse_key_config(v, HD_WHY_VALIDATE_PUBINFO, j->slot,
                                 KC_PUB_INFO);
    }
    if ((v->ee[at] != 0) != external) {
        return refuse_bits(v, HD_WHY_VALIDATE_X509, (int)j->slot, at, 0xFF);
    }
    return ST_OK;
}

static unsigned parent_of(const struct hd_vchip *v, unsigned slot)
{
    return slot_config(v, slot) & SC_READ_KEY;
}

/* The parent verifies; the key being validated is used as well. */
static uint8_t take_parent(struct hd_vchip *v, struct job *j)
{
    unsigned parent = parent_of(v, j->slot);

    if (!CHOICE_VALIDATE_PARENT_MAY_BE_INVALID &&
        slot_needs_validation(v, parent) && !pubkey_is_valid(v, parent)) {
        return refuse_key_config(v, HD_WHY_PUBKEY_NOT_VALID, parent,
                                 KC_PUB_INFO);
    }
    TRY(take_key(v, j, parent, USE_KEY_WITH_TEMPKEY));
    return rule_use(v, j->slot, USE_COUNT);
}

/* The message that the parent's owner signed, from TempKey and OtherData. */
static void validation_digest(struct hd_vchip *v, struct job *j)
{
    const uint8_t *other = j->c->data + 64;
    uint8_t m[55];

    memcpy(m, v->tk.bytes, 32);
    m[32] = OP_SIGN;
    memcpy(m + 33, other, 10);
    m[43] = serial_byte(v, 8);
    memcpy(m + 44, other + 10, 4);
    m[48] = serial_byte(v, 0);
    m[49] = serial_byte(v, 1);
    memcpy(m + 50, other + 14, 5);
    v_sha256(m, sizeof m, j->digest);
    v_wipe(m, sizeof m);
}

static uint8_t prepare_validate(struct hd_vchip *v, struct job *j)
{
    TRY(ask_validation(v, j, false));
    TRY(tk_use(v, TK_VALID));
    if (!v->tk.genkey_data || v->tk.key_id != j->slot) {
        return refuse(v, HD_WHY_TEMPKEY_NOT_GENKEY, (int)j->slot);
    }
    if ((j->c->data[64 + 17] & 1) != (j->mode == INVALIDATE)) {
        return refuse(v, HD_WHY_VALIDATE_OTHER, (int)j->slot);
    }
    TRY(take_parent(v, j));
    validation_digest(v, j);
    return ST_OK;
}

static uint8_t prepare_validate_external(struct hd_vchip *v, struct job *j)
{
    uint8_t at = x509_byte(v, j->slot), format = v->ee[at];

    TRY(ask_validation(v, j, true));
    TRY(tk_use(v, TK_VALID));
    if (v->x509_total == 0 || v->x509_slot != j->slot ||
        v->x509_block != (format & 0x0F) || v->x509_total != format >> 4) {
        return refuse_bits(v, HD_WHY_VALIDATE_POSITION, (int)j->slot, at, 0xFF);
    }
    TRY(take_parent(v, j));
    memcpy(j->digest, v->tk.bytes, 32);
    return ST_OK;
}

/* ------------------------------------------------------------ the result */

static uint8_t set_validity(struct hd_vchip *v, const struct job *j)
{
    uint8_t head = slot_bytes(v, j->slot)[0] & 0x0F;

    head |= j->mode == INVALIDATE ? 0xA0 : 0x50;
    return store(v, ee_slot_at(j->slot), &head, 1);
}

static uint8_t take_effect(struct hd_vchip *v, const struct job *j)
{
    switch (j->mode) {
    case STORED:
        v->auth_valid = true;
        v->auth_key = (uint8_t)j->slot;
        return ST_OK;
    case EXTERNAL:
        return ST_OK;
    default:
        return set_validity(v, j);
    }
}

/* The answer that cannot be forged: a MAC with the IO protection key. */
static void answer_mac(struct hd_vchip *v, const struct job *j)
{
    uint8_t m[164];

    memcpy(m, j->io_key, 32);
    memcpy(m + 32, j->digest, 32);
    memcpy(m + 64, v->mdb + ((j->c->p1 & FROM_DIGEST) != 0 ? 32 : 0), 32);
    memcpy(m + 96, j->signature, 64);
    m[160] = OP_VERIFY;
    m[161] = j->c->p1;
    m[162] = (uint8_t)j->c->p2;
    m[163] = (uint8_t)(j->c->p2 >> 8);
    v_sha256(m, sizeof m, m);
    answer(v, m, 32);
    v_wipe(m, sizeof m);
}

static uint8_t ask_mac(struct hd_vchip *v, struct job *j)
{
    if ((j->c->p1 & WITH_MAC) == 0) {
        return ST_OK;
    }
    TRY(rule_io_key(v, &j->io_key));
    return mdb_use(v, (j->c->p1 & FROM_DIGEST) != 0 ? 64 : 32);
}

static uint8_t verify(struct hd_vchip *v, const struct job *j)
{
    if (!v_ec_valid_public(j->key)) {
        return refuse(v, HD_WHY_SLOT_BAD_PUBLIC,
                      j->mode == EXTERNAL ? -1 : (int)j->slot);
    }
    if (!v_ec_verify(v, j->key, j->digest, j->signature)) {
        if (CHOICE_VERIFY_MISS_CLEARS_AUTH) {
            v->auth_valid = false;
        }
        return refuse(v, HD_WHY_SIGNATURE, -1);
    }
    TRY(take_effect(v, j));
    if (j->io_key != NULL) {
        answer_mac(v, j);
    }
    return ST_OK;
}

uint8_t cmd_verify(struct hd_vchip *v, const struct vcmd *c)
{
    static const struct {
        uint8_t len, other_len; /* of the data; the vendor's driver pads one */
        uint8_t (*prepare)(struct hd_vchip *v, struct job *j);
    } modes[8] = {
            [STORED] = {64, 64, prepare_stored},
            [VALIDATE_EXTERNAL] = {64, 128, prepare_validate_external},
            [EXTERNAL] = {128, 128, prepare_external},
            [VALIDATE] = {83, 83, prepare_validate},
            [INVALIDATE] = {83, 83, prepare_validate},
    };
    struct job j = {.c = c, .mode = c->p1 & MODE, .slot = key_slot(c->p2)};

    if ((c->p1 & (is_608(v) ? 0x58 : 0xF8)) != 0 || modes[j.mode].len == 0) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->p2 > 0x7FFF) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    if (c->len != modes[j.mode].len && c->len != modes[j.mode].other_len) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    j.signature = c->data;
    TRY(ask_mac(v, &j));
    TRY(modes[j.mode].prepare(v, &j));
    return verify(v, &j);
}
