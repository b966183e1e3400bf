/* SPDX-License-Identifier: Apache-2.0 */
/* PrivWrite: an ECC private key from outside (docs/chip part 2, 6.2). */
#include "rules.h"

#define ENCRYPTED 0x40

enum { VALUE_BYTES = 36, DATA_BYTES = VALUE_BYTES + 32 };

static void decrypt(struct hd_vchip *v, const struct vcmd *c,
                    uint8_t plain[VALUE_BYTES])
{
    uint8_t tail[32];

    v_sha256(v->tk.bytes, 32, tail);
    for (size_t i = 0; i < VALUE_BYTES; i++) {
        plain[i] = c->data[i] ^ (i < 32 ? v->tk.bytes[i] : tail[i - 32]);
    }
    v_wipe(tail, sizeof tail);
}

static uint8_t ask_mac(struct hd_vchip *v, const struct vcmd *c,
                       const uint8_t plain[VALUE_BYTES])
{
    uint8_t m[96] = {0};
    bool good;

    memcpy(m, v->tk.bytes, 32);
    m[32] = OP_PRIVWRITE;
    m[33] = c->p1;
    m[34] = (uint8_t)c->p2;
    m[35] = (uint8_t)(c->p2 >> 8);
    m[36] = serial_byte(v, 8);
    m[37] = serial_byte(v, 0);
    m[38] = serial_byte(v, 1);
    memcpy(m + 60, plain, VALUE_BYTES);
    v_sha256(m, sizeof m, m);
    good = v_equal(m, c->data + VALUE_BYTES, 32);
    v_wipe(m, sizeof m);
    return good ? ST_OK : refuse(v, HD_WHY_WRITE_MAC, (int)c->p2);
}

static uint8_t take_value(struct hd_vchip *v, const struct vcmd *c,
                          uint8_t plain[VALUE_BYTES])
{
    if ((c->p1 & ENCRYPTED) == 0) {
        memcpy(plain, c->data, VALUE_BYTES);
        return data_locked(v) ? refuse(v, HD_WHY_PRIVWRITE_CLEAR, (int)c->p2)
                              : ST_OK;
    }
    TRY(tk_use(v, data_locked(v) ? TK_GENDIG : TK_VALID));
    if (data_locked(v)) {
        TRY(tk_from_key(v, c->p2, SC_WRITE_KEY));
    }
    decrypt(v, c, plain);
    return ask_mac(v, c, plain);
}

static uint8_t write_private(struct hd_vchip *v, unsigned slot,
                             const uint8_t value[VALUE_BYTES])
{
    if (!v_ec_valid_private(value + 4)) { /* the pad before it is not read */
        return refuse(v, HD_WHY_PRIVATE_RANGE, (int)slot);
    }
    return store(v, ee_slot_at(slot), value, VALUE_BYTES);
}

uint8_t cmd_privwrite(struct hd_vchip *v, const struct vcmd *c)
{
    unsigned slot = c->p2;
    uint8_t value[VALUE_BYTES], status;

    if ((c->p1 & ~ENCRYPTED) != 0) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (slot > 15) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    if (c->len != DATA_BYTES) {
        return refuse(v, HD_WHY_LENGTH, (int)slot);
    }
    TRY(rule_locks(v, ACT_PRIVWRITE, (int)slot));
    TRY(rule_slot(v, slot,
                  NEED_PRIVATE | NEED_P256 | NEED_SECRET | NEED_NOT_LOCKED |
                          NEED_PRIVWRITE));
    status = take_value(v, c, value);
    if (status == ST_OK) {
        status = write_private(v, slot, value);
    }
    v_wipe(value, sizeof value);
    return status;
}
