/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GenDig: mixes a stored value, a counter or a shared nonce into TempKey
 * (docs/chip part 2, 3).
 */
#include "rules.h"

#define TRANSPORT 0x8000

/* TempKey becomes SHA-256 of the 96 bytes. */
static void mix(struct hd_vchip *v, uint8_t m[96], bool data_slot)
{
    struct hd_vtempkey *tk = &v->tk;

    v_sha256(m, 96, m);
    tk_replace(v, m);
    v_wipe(m, 96);
    tk->gendig_data = data_slot;
    tk->genkey_data = false;
    tk->key_id = 0;
}

/* Bytes 32 to 38: what was asked, and the serial number. */
static void put_middle(struct hd_vchip *v, const struct vcmd *c, uint8_t m[96])
{
    m[32] = OP_GENDIG;
    m[33] = c->p1;
    m[34] = (uint8_t)c->p2;
    m[35] = (uint8_t)(c->p2 >> 8);
    m[36] = serial_byte(v, 8);
    m[37] = serial_byte(v, 0);
    m[38] = serial_byte(v, 1);
}

static uint8_t gendig_config(struct hd_vchip *v, const struct vcmd *c,
                             uint8_t m[96])
{
    memcpy(m, cfg(v) + 32 * c->p2, 32);
    put_middle(v, c, m);
    mix(v, m, false);
    return ST_OK;
}

static uint8_t gendig_otp(struct hd_vchip *v, const struct vcmd *c,
                          uint8_t m[96])
{
    TRY(rule_locks(v, ACT_GENDIG, -1));
    memcpy(m, otp(v) + 32 * c->p2, 32);
    put_middle(v, c, m);
    mix(v, m, false);
    return ST_OK;
}

static uint8_t gendig_data(struct hd_vchip *v, const struct vcmd *c,
                           uint8_t m[96])
{
    unsigned slot = key_slot(c->p2);
    bool no_mac = (slot_config(v, slot) & SC_NO_MAC) != 0;

    if ((c->p2 & TRANSPORT) != 0) {
        return refuse(v, HD_WHY_TRANSPORT_KEY, -1);
    }
    if (no_mac && c->len != 4) {
        return refuse(v, HD_WHY_LENGTH, (int)slot);
    }
    TRY(rule_locks(v, ACT_GENDIG, (int)slot));
    TRY(rule_slot(v, slot, NEED_NOT_PRIVATE));
    TRY(rule_use(v, slot, USE_KEY_WITH_TEMPKEY));
    memcpy(m, slot_bytes(v, slot), 32);
    put_middle(v, c, m);
    if (no_mac) {
        memcpy(m + 32, c->data, 4);
    }
    mix(v, m, true);
    v->tk.key_id = (uint8_t)slot;
    v->tk.no_mac = v->tk.no_mac || no_mac;
    return ST_OK;
}

static uint8_t gendig_shared(struct hd_vchip *v, const struct vcmd *c,
                             uint8_t m[96])
{
    bool tempkey_first = (c->p2 & 0x8000) != 0;

    put_middle(v, c, m);
    m[35] = 0;
    memcpy(m, tempkey_first ? v->tk.bytes : c->data, 32);
    memcpy(m + 64, tempkey_first ? c->data : v->tk.bytes, 32);
    mix(v, m, false);
    return ST_OK;
}

static uint8_t gendig_counter(struct hd_vchip *v, const struct vcmd *c,
                              uint8_t m[96])
{
    uint32_t n;

    n = counter_value(v, c->p2);
    put_middle(v, c, m);
    for (unsigned i = 0; i < 4; i++) {
        m[40 + i] = (uint8_t)(n >> 8 * i);
    }
    mix(v, m, false);
    return ST_OK;
}

static uint8_t gendig_key_config(struct hd_vchip *v, const struct vcmd *c,
                                 uint8_t m[96])
{
    unsigned slot = c->p2;

    put_middle(v, c, m);
    memcpy(m + 40, v->ee + CFG_SLOT + 2 * slot, 2);
    memcpy(m + 42, v->ee + CFG_KEY + 2 * slot, 2);
    m[44] = !slot_is_locked(v, slot);
    mix(v, m, false);
    return ST_OK;
}

uint8_t cmd_gendig(struct hd_vchip *v, const struct vcmd *c)
{
    static const struct {
        uint16_t max_p2;
        uint8_t len, other_len;
        uint8_t (*run)(struct hd_vchip *v, const struct vcmd *c, uint8_t m[96]);
    } zones[] = {
            {3, 0, 0, gendig_config},    {1, 0, 0, gendig_otp},
            {0xFFFF, 0, 4, gendig_data}, {0xFFFF, 32, 32, gendig_shared},
            {1, 0, 0, gendig_counter},   {15, 0, 0, gendig_key_config},
    };
    uint8_t m[96] = {0};

    if (c->p1 >= sizeof zones / sizeof zones[0]) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->p2 > zones[c->p1].max_p2) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    if (c->len != zones[c->p1].len && c->len != zones[c->p1].other_len) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    TRY(tk_use(v, TK_VALID));
    memcpy(m + 64, v->tk.bytes, 32);
    return zones[c->p1].run(v, c, m);
}
