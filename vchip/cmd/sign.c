/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sign: ECDSA over a digest from outside, or over a message that the chip
 * makes of its own state (docs/chip part 2, 6.3).
 */
#include "choices.h"
#include "rules.h"

#define EXTERNAL    0x80
#define WITH_SERIAL 0x40
#define FROM_DIGEST 0x20 /* 608 */

#define NEED_SIGNER (NEED_PRIVATE | NEED_P256 | NEED_SECRET)
#define SIGN_USE    (USE_KEY | (CHOICE_SIGN_REQ_RANDOM ? USE_RANDOM : 0))

/* The flags of TempKey as one byte of the internal message. */
static uint8_t tempkey_flags(const struct hd_vtempkey *tk)
{
    return (uint8_t)(tk->key_id | tk->source_input << 4 | tk->gendig_data << 5 |
                     tk->genkey_data << 6 | tk->no_mac << 7);
}

static void internal_digest(struct hd_vchip *v, const struct vcmd *c,
                            uint8_t digest[32])
{
    unsigned about = v->tk.key_id;
    uint8_t m[55] = {0};

    memcpy(m, v->tk.bytes, 32);
    m[32] = OP_SIGN;
    m[33] = c->p1;
    m[34] = (uint8_t)c->p2;
    m[35] = (uint8_t)(c->p2 >> 8);
    memcpy(m + 36, v->ee + CFG_SLOT + 2 * about, 2);
    memcpy(m + 38, v->ee + CFG_KEY + 2 * about, 2);
    m[40] = tempkey_flags(&v->tk);
    m[43] = serial_byte(v, 8);
    m[48] = serial_byte(v, 0);
    m[49] = serial_byte(v, 1);
    if ((c->p1 & WITH_SERIAL) != 0) {
        memcpy(m + 44, v->ee + 8, 4); /* SN[4..7] */
        memcpy(m + 50, v->ee + 2, 2); /* SN[2..3] */
    }
    m[52] = !slot_is_locked(v, about);
    m[53] = slot_needs_validation(v, about) && pubkey_is_valid(v, about);
    v_sha256(m, sizeof m, digest);
    v_wipe(m, sizeof m);
}

static uint8_t sign(struct hd_vchip *v, unsigned slot, const uint8_t digest[32])
{
    const uint8_t *d = slot_bytes(v, slot) + 4;
    uint8_t rs[64];

    if (!v_ec_valid_private(d)) {
        return refuse(v, HD_WHY_SLOT_NO_KEY, (int)slot);
    }
    TRY(rule_random(v));
    TRY(rule_use(v, slot, SIGN_USE));
    if (!v_ec_sign(v, d, digest, rs)) {
        return refuse(v, HD_WHY_ECC_FAULT, (int)slot);
    }
    answer(v, rs, sizeof rs);
    return ST_OK;
}

static uint8_t sign_external(struct hd_vchip *v, const struct vcmd *c)
{
    unsigned slot = key_slot(c->p2);
    bool from_digest = (c->p1 & FROM_DIGEST) != 0;

    TRY(rule_locks(v, ACT_SIGN_EXTERNAL, (int)slot));
    TRY(rule_slot(v, slot, NEED_SIGNER | NEED_SIGN_EXTERNAL));
    TRY(from_digest ? mdb_use(v, 32) : tk_use(v, TK_VALID));
    return sign(v, slot, from_digest ? v->mdb : v->tk.bytes);
}

static uint8_t sign_internal(struct hd_vchip *v, const struct vcmd *c)
{
    unsigned slot = key_slot(c->p2);
    uint8_t digest[32];

    TRY(rule_locks(v, ACT_SIGN_INTERNAL, (int)slot));
    TRY(rule_slot(v, slot, NEED_SIGNER | NEED_SIGN_INTERNAL));
    TRY(tk_use(v, TK_DIGEST));
    internal_digest(v, c, digest);
    return sign(v, slot, digest);
}

uint8_t cmd_sign(struct hd_vchip *v, const struct vcmd *c)
{
    uint8_t unknown = is_608(v) ? 0x1E : 0x3E;

    if ((c->p1 & EXTERNAL) != 0) {
        unknown |= 0x01;
    }
    if ((c->p1 & unknown) != 0) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->p2 > 0x7FFF) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    if (c->len != 0) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    return (c->p1 & EXTERNAL) != 0 ? sign_external(v, c) : sign_internal(v, c);
}
