/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DeriveKey: replaces a secret by a digest of itself (Roll) or of its parent
 * (Create) and a nonce (docs/chip part 2, 5).
 */
#include "rules.h"

#define SOURCE_BIT 0x04
#define CREATE     0x1000 /* in SlotConfig of the target */
#define NEEDS_MAC  0x8000

/* The parent's MAC that authorises the change. */
static uint8_t ask_mac(struct hd_vchip *v, const struct vcmd *c,
                       unsigned parent)
{
    uint8_t m[39], mac[32];
    bool good;

    memcpy(m, slot_bytes(v, parent), 32);
    m[32] = OP_DERIVEKEY;
    m[33] = c->p1;
    m[34] = (uint8_t)c->p2;
    m[35] = (uint8_t)(c->p2 >> 8);
    m[36] = serial_byte(v, 8);
    m[37] = serial_byte(v, 0);
    m[38] = serial_byte(v, 1);
    v_sha256(m, sizeof m, mac);
    good = v_equal(mac, c->data, 32);
    v_wipe(m, sizeof m);
    v_wipe(mac, sizeof mac);
    return good ? ST_OK : refuse(v, HD_WHY_DERIVE_MAC, (int)c->p2);
}

/* A target that rolls binds nonce and authorisation, but is not counted; the
 * parent, where it serves as source or MAC key, is used in full. */
static uint8_t use_keys(struct hd_vchip *v, unsigned target, unsigned parent)
{
    uint16_t how = slot_config(v, target);

    if ((how & CREATE) == 0) {
        TRY(rule_use(v, target, USE_LATCH | USE_AUTH | USE_RANDOM));
    }
    if ((how & (CREATE | NEEDS_MAC)) == 0) {
        return ST_OK;
    }
    TRY(rule_slot(v, parent, NEED_NOT_PRIVATE));
    return rule_use(v, parent, USE_KEY_WITH_TEMPKEY);
}

static uint8_t derive(struct hd_vchip *v, const struct vcmd *c)
{
    unsigned target = c->p2;
    uint16_t how = slot_config(v, target);
    unsigned parent = (unsigned)(how & SC_WRITE_KEY) >> 8;
    unsigned source = (how & CREATE) != 0 ? parent : target;
    uint8_t key[32], status;

    TRY(use_keys(v, target, parent));
    if ((how & NEEDS_MAC) != 0) {
        TRY(ask_mac(v, c, parent));
    }
    digest_g96(v, c, slot_bytes(v, source), v->tk.bytes, key);
    status = store_slot(v, target, 0, key, sizeof key);
    v_wipe(key, sizeof key);
    return status;
}

uint8_t cmd_derivekey(struct hd_vchip *v, const struct vcmd *c)
{
    unsigned target = c->p2;

    if ((c->p1 & ~SOURCE_BIT) != 0) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (target > 15) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    if (c->len != 32 &&
        (c->len != 0 || (slot_config(v, target) & NEEDS_MAC) != 0)) {
        return refuse(v, HD_WHY_LENGTH, (int)target);
    }
    TRY(rule_locks(v, ACT_DERIVEKEY, (int)target));
    TRY(rule_slot(v, target, NEED_NOT_PRIVATE | NEED_NOT_LOCKED | NEED_DERIVE));
    TRY(tk_use(v, TK_MACABLE));
    TRY(tk_source(v, c->p1));
    return derive(v, c);
}
