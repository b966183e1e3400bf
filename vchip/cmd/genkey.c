/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GenKey: creates private keys, gives public ones, and puts the digest of a
 * public key into TempKey (docs/chip part 2, 6.1).
 */
#include "choices.h"
#include "rules.h"

#define CREATE     0x04
#define DIGEST     0x08
#define STORED     0x10 /* digest of a stored public key; other bits ignored */
#define TO_TEMPKEY 0xFFFF

/* TempKey for the digest: valid, and random if the key asks for it. Asked
 * before anything is created. */
static uint8_t ask_digest(struct hd_vchip *v, unsigned slot)
{
    TRY(tk_use(v, TK_VALID));
    return rule_use(v, slot, USE_RANDOM);
}

static void digest_into_tempkey(struct hd_vchip *v, const struct vcmd *c,
                                const uint8_t xy[64])
{
    uint8_t m[128] = {0};
    struct hd_vtempkey *tk = &v->tk;

    memcpy(m, tk->bytes, 32);
    m[32] = OP_GENKEY;
    m[33] = c->p1;
    m[34] = (uint8_t)c->p2;
    m[35] = (uint8_t)(c->p2 >> 8);
    if ((c->p1 & STORED) != 0) {
        memset(m + 33, 0, 3);
        memcpy(m + 33, c->data, c->len);
    }
    m[36] = serial_byte(v, 8);
    m[37] = serial_byte(v, 0);
    m[38] = serial_byte(v, 1);
    memcpy(m + 64, xy, 64);
    v_sha256(m, sizeof m, m);
    tk_replace(v, m);
    v_wipe(m, sizeof m);
    tk->genkey_data = true;
    tk->gendig_data = false;
    tk->key_id = (uint8_t)key_slot(c->p2);
}

static uint8_t digest_stored(struct hd_vchip *v, const struct vcmd *c)
{
    unsigned slot = c->p2;
    uint8_t xy[64];

    if (c->len != 3 && (c->len != 0 || !CHOICE_GENKEY_OTHER_OPTIONAL)) {
        return refuse(v, HD_WHY_LENGTH, (int)slot);
    }
    TRY(rule_locks(v, ACT_GENKEY, (int)slot));
    TRY(rule_slot(v, slot, NEED_NOT_PRIVATE | NEED_LARGE | NEED_P256));
    TRY(tk_use(v, TK_VALID));
    TRY(rule_use(v, slot, USE_KEY_WITH_TEMPKEY));
    stored_public(v, slot, xy);
    digest_into_tempkey(v, c, xy);
    return ST_OK;
}

static uint8_t create(struct hd_vchip *v, unsigned slot)
{
    uint8_t value[36] = {0}, status;

    TRY(rule_slot(v, slot,
                  NEED_PRIVATE | NEED_P256 | NEED_SECRET | NEED_NOT_LOCKED |
                          NEED_GENKEY));
    TRY(rule_use(v, slot, is_608(v) ? USE_AUTH | USE_LATCH : USE_AUTH));
    TRY(rule_random(v));
    v_ec_generate(v, value + 4);
    status = store(v, ee_slot_at(slot), value, sizeof value);
    v_wipe(value, sizeof value);
    return status;
}

static uint8_t ask_public(struct hd_vchip *v, unsigned slot)
{
    TRY(rule_slot(v, slot,
                  NEED_PRIVATE | NEED_P256 | NEED_SECRET | NEED_PUB_INFO));
    return rule_use(v, slot, is_608(v) ? USE_AUTH | USE_LATCH : USE_AUTH);
}

static uint8_t key_pair(struct hd_vchip *v, const struct vcmd *c)
{
    unsigned slot = c->p2;
    uint8_t xy[64];

    TRY(rule_locks(v, ACT_GENKEY, (int)slot));
    if ((c->p1 & DIGEST) != 0) {
        TRY(ask_digest(v, slot));
    }
    TRY((c->p1 & CREATE) != 0 ? create(v, slot) : ask_public(v, slot));
    if (!v_ec_public(v, slot_bytes(v, slot) + 4, xy)) {
        return refuse(v, HD_WHY_SLOT_NO_KEY, (int)slot);
    }
    if ((c->p1 & DIGEST) != 0) {
        digest_into_tempkey(v, c, xy);
    }
    answer(v, xy, sizeof xy);
    return ST_OK;
}

/* 608: an ephemeral private key, for ECDH alone. */
static uint8_t create_in_tempkey(struct hd_vchip *v, const struct vcmd *c)
{
    uint8_t d[32], xy[64];
    struct hd_vtempkey *tk;

    if (c->p1 != CREATE) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    TRY(rule_locks(v, ACT_GENKEY, -1));
    TRY(rule_random(v));
    v_ec_generate(v, d);
    tk = tk_load(v, d, sizeof d);
    tk->genkey_data = true;
    tk->is_private = true;
    v_wipe(d, sizeof d);
    if (!v_ec_public(v, tk->bytes, xy)) {
        return refuse(v, HD_WHY_ECC_FAULT, -1);
    }
    answer(v, xy, sizeof xy);
    return ST_OK;
}

uint8_t cmd_genkey(struct hd_vchip *v, const struct vcmd *c)
{
    if ((c->p1 & 0xE3) != 0) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->p2 > 15 && (c->p2 != TO_TEMPKEY || !is_608(v))) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    if (c->p2 <= 15 && (c->p1 & STORED) != 0) {
        return digest_stored(v, c);
    }
    if (c->len != 0) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    return c->p2 == TO_TEMPKEY ? create_in_tempkey(v, c) : key_pair(v, c);
}
