/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Write: 4 or 32 bytes into a zone, in the clear or encrypted with a MAC
 * (docs/chip part 2, 8.2; order of decisions: part 1, 9.3).
 */
#include "address.h"
#include "rules.h"

#define ENCRYPTED       0x40
#define OTP_CONSUMPTION 0x55

/* Bytes that Write never touches: 0-15 and 84-87. */
static bool is_read_only(size_t offset, size_t len)
{
    return offset < 16 || (offset < 88 && offset + len > 84);
}

/* A command that says "in the clear" brings no MAC. (One that says
 * "encrypted" may, although the slot then takes it as clear: P1 9.2.) */
static uint8_t ask_no_mac(struct hd_vchip *v, const struct vcmd *c,
                          const struct place *p)
{
    return c->len == p->len || (c->p1 & ENCRYPTED) != 0
                   ? ST_OK
                   : refuse(v, HD_WHY_LENGTH, -1);
}

static uint8_t write_config(struct hd_vchip *v, const struct vcmd *c,
                            const struct place *p)
{
    if ((c->p1 & ENCRYPTED) != 0) {
        return refuse(v, HD_WHY_CONFIG_CLEAR_ONLY, -1);
    }
    TRY(ask_no_mac(v, c, p));
    TRY(rule_locks(v, ACT_WRITE_CONFIG, -1));
    if (is_read_only(p->offset, p->len)) {
        return refuse(v, HD_WHY_CONFIG_READ_ONLY, -1);
    }
    return store(v, p->offset, c->data, p->len);
}

/* Takes the MAC off and decrypts: the command's data becomes plain text. */
static uint8_t decrypt(struct hd_vchip *v, const struct vcmd *c,
                       uint8_t plain[32])
{
    uint8_t mac[32];
    bool good;

    if (c->len != 64) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    for (size_t i = 0; i < 32; i++) {
        plain[i] = c->data[i] ^ v->tk.bytes[i];
    }
    digest_g96(v, c, v->tk.bytes, plain, mac);
    good = v_equal(mac, c->data + 32, 32);
    v_wipe(mac, sizeof mac);
    return good ? ST_OK : refuse(v, HD_WHY_WRITE_MAC, -1);
}

static uint8_t write_otp(struct hd_vchip *v, const struct vcmd *c,
                         const struct place *p)
{
    uint8_t value[32];
    bool consume = !is_608(v) && v->ee[CFG_OTP_MODE] == OTP_CONSUMPTION;

    TRY(ask_no_mac(v, c, p));
    TRY(rule_locks(v, ACT_WRITE_ZONE, -1));
    memcpy(value, c->data, p->len);
    if (!data_locked(v)) {
        if (p->len == 4) {
            return refuse(v, HD_WHY_WORD_BEFORE_LOCK, -1);
        }
        if ((c->p1 & ENCRYPTED) != 0) {
            TRY(tk_use(v, TK_VALID));
            TRY(decrypt(v, c, value));
        }
        return store(v, HD_V_CONFIG_BYTES + p->offset, value, p->len);
    }
    if (!consume || (c->p1 & ENCRYPTED) != 0) {
        return refuse_bits(v, HD_WHY_OTP_READ_ONLY, -1,
                           is_608(v) ? CFG_LOCK_VALUE : CFG_OTP_MODE, 0xFF);
    }
    for (size_t i = 0; i < p->len; i++) {
        value[i] &= otp(v)[p->offset + i];
    }
    return store(v, HD_V_CONFIG_BYTES + p->offset, value, p->len);
}

static uint8_t decrypt_for_slot(struct hd_vchip *v, const struct vcmd *c,
                                unsigned slot, uint8_t plain[32])
{
    TRY(tk_use(v, data_locked(v) ? TK_GENDIG : TK_VALID));
    if (data_locked(v)) {
        TRY(tk_from_key(v, slot, SC_WRITE_KEY));
    }
    return decrypt(v, c, plain);
}

static uint8_t write_data(struct hd_vchip *v, const struct vcmd *c,
                          const struct place *p)
{
    enum write_form form;
    enum write_form asked =
            (c->p1 & ENCRYPTED) != 0 ? WRITE_ENCRYPTED : WRITE_CLEAR;
    uint8_t value[32], status;

    TRY(rule_write(v, p->slot, p->len == 4, asked, &form));
    memcpy(value, c->data, p->len);
    TRY(form == WRITE_ENCRYPTED ? decrypt_for_slot(v, c, p->slot, value)
                                : ask_no_mac(v, c, p));
    status = store_slot(v, p->slot, p->offset, value, p->present);
    v_wipe(value, sizeof value);
    return status;
}

uint8_t cmd_write(struct hd_vchip *v, const struct vcmd *c)
{
    struct place p;

    TRY(find_place(v, c, &p));
    if (p.len == 4 && (c->p1 & ENCRYPTED) != 0) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->len != p.len && (p.len == 4 || c->len != 64)) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    switch (p.zone) {
    case ZONE_CONFIG:
        return write_config(v, c, &p);
    case ZONE_OTP:
        return write_otp(v, c, &p);
    default:
        return write_data(v, c, &p);
    }
}
