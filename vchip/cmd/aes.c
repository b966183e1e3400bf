/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES: one block of AES-128-ECB, or one multiplication for GCM
 * (docs/chip part 2, 10.1; 608).
 */
#include "choices.h"
#include "rules.h"

#define OPERATION 0x07
#define TEMPKEY   0xFFFF

enum { ENCRYPT = 0, DECRYPT = 1, GFM = 3 };

static uint8_t ask_enabled(struct hd_vchip *v)
{
    if ((v->ee[CFG_AES_ENABLE] & 1) != 0) {
        return ST_OK;
    }
    return refuse_bits(v, HD_WHY_AES_OFF, -1, CFG_AES_ENABLE, 0x01);
}

static uint8_t gfm(struct hd_vchip *v, const struct vcmd *c)
{
    uint8_t out[16];

    if (c->len != 32) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    if (CHOICE_AES_GFM_NEEDS_ENABLE) {
        TRY(ask_enabled(v));
    }
    v_gf128_mul(c->data, c->data + 16, out);
    answer(v, out, sizeof out);
    return ST_OK;
}

/* Finds the 16 key bytes; block counts in 16 bytes. */
static uint8_t find_key(struct hd_vchip *v, const struct vcmd *c,
                        unsigned block, const uint8_t **key)
{
    unsigned slot = key_slot(c->p2);

    if (c->p2 == TEMPKEY) {
        TRY(tk_use(v, block >= 2 ? TK_WIDE : TK_VALID));
        *key = v->tk.bytes + 16 * block;
        return ST_OK;
    }
    if (c->p2 > 0x7FFF) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    if (16 * block + 16 > slot_size(slot)) {
        return refuse(v, HD_WHY_PARAM1, (int)slot);
    }
    TRY(rule_locks(v, ACT_AES_SLOT, (int)slot));
    TRY(rule_slot(v, slot, NEED_NOT_PRIVATE | NEED_AES));
    TRY(rule_use(v, slot, USE_KEY));
    *key = slot_bytes(v, slot) + 16 * block;
    return ST_OK;
}

uint8_t cmd_aes(struct hd_vchip *v, const struct vcmd *c)
{
    const uint8_t *key = v->tk.bytes;
    unsigned op = c->p1 & OPERATION;
    uint8_t out[16];

    if ((c->p1 & 0x38) != 0 || (op != ENCRYPT && op != DECRYPT && op != GFM)) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (op == GFM) {
        return gfm(v, c);
    }
    if (c->len != 16) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    TRY(ask_enabled(v));
    TRY(find_key(v, c, c->p1 >> 6, &key));
    if (op == ENCRYPT) {
        v_aes_encrypt(key, c->data, out);
    } else {
        v_aes_decrypt(key, c->data, out);
    }
    answer(v, out, sizeof out);
    return ST_OK;
}
