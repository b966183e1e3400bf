/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lock: the configuration zone, data and OTP together, or one slot; for ever
 * (docs/chip part 2, 7.4).
 */
#include "rules.h"

#define NO_CRC 0x80

static uint8_t ask_crc(struct hd_vchip *v, const struct vcmd *c, uint16_t crc)
{
    if ((c->p1 & NO_CRC) != 0 || c->p2 == crc) {
        return ST_OK;
    }
    return refuse(v, HD_WHY_LOCK_CRC, -1);
}

static uint8_t lock_config(struct hd_vchip *v, const struct vcmd *c)
{
    static const uint8_t locked;

    TRY(rule_locks(v, ACT_LOCK_CONFIG, -1));
    TRY(ask_crc(v, c, v_crc(cfg(v), HD_V_CONFIG_BYTES)));
    return store(v, CFG_LOCK_CONFIG, &locked, 1);
}

/* Slots in order without the private ones, then OTP. */
static uint16_t data_crc(struct hd_vchip *v)
{
    uint16_t crc = 0;

    for (unsigned slot = 0; slot < 16; slot++) {
        if (!slot_is_private(v, slot)) {
            crc = v_crc_more(crc, slot_bytes(v, slot), slot_size(slot));
        }
    }
    return v_crc_more(crc, otp(v), HD_V_OTP_BYTES);
}

static uint8_t lock_data(struct hd_vchip *v, const struct vcmd *c)
{
    static const uint8_t locked;

    TRY(rule_locks(v, ACT_LOCK_DATA, -1));
    TRY(ask_crc(v, c, data_crc(v)));
    return store(v, CFG_LOCK_VALUE, &locked, 1);
}

static uint8_t lock_slot(struct hd_vchip *v, const struct vcmd *c)
{
    unsigned slot = c->p1 >> 2 & 0x0F;
    uint8_t bits[2] = {v->ee[CFG_SLOT_LOCKED], v->ee[CFG_SLOT_LOCKED + 1]};

    TRY(rule_locks(v, ACT_LOCK_SLOT, (int)slot));
    TRY(rule_slot(v, slot, NEED_NOT_LOCKED | NEED_LOCKABLE));
    bits[slot / 8] = (uint8_t)(bits[slot / 8] & ~(1U << slot % 8));
    return store(v, CFG_SLOT_LOCKED, bits, sizeof bits);
}

uint8_t cmd_lock(struct hd_vchip *v, const struct vcmd *c)
{
    static vcmd_fn *const zones[] = {lock_config, lock_data, lock_slot};
    unsigned zone = c->p1 & 0x03;

    if (zone > 2 || (c->p1 & 0x40) != 0 || (zone != 2 && (c->p1 & 0x3C) != 0)) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->len != 0) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    return zones[zone](v, c);
}
