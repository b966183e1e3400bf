/* SPDX-License-Identifier: Apache-2.0 */
/* Read: 4 or 32 bytes of a zone (docs/chip part 2, 8.1; part 1, 9.1). */
#include "address.h"
#include "rules.h"

#define OTP_CONSUMPTION 0x55
#define OTP_READ_ONLY   0xAA

static uint8_t read_otp(struct hd_vchip *v, const struct place *p)
{
    uint8_t mode = v->ee[CFG_OTP_MODE];

    TRY(rule_locks(v, ACT_READ_ZONE, -1));
    if (!is_608(v) && p->offset < 8 && mode != 0 && mode != OTP_CONSUMPTION &&
        mode != OTP_READ_ONLY) {
        return refuse_bits(v, HD_WHY_OTP_MODE, -1, CFG_OTP_MODE, 0xFF);
    }
    answer(v, otp(v) + p->offset, p->len);
    return ST_OK;
}

static uint8_t read_data(struct hd_vchip *v, const struct place *p)
{
    enum write_form form;
    uint8_t out[32] = {0};

    TRY(rule_locks(v, ACT_READ_ZONE, (int)p->slot));
    TRY(rule_read(v, p->slot, p->len == 4, &form));
    memcpy(out, slot_bytes(v, p->slot) + p->offset, p->present);
    if (form == WRITE_ENCRYPTED) {
        TRY(tk_use(v, TK_GENDIG | TK_RANDOM));
        TRY(tk_from_key(v, p->slot, SC_READ_KEY));
        for (size_t i = 0; i < 32; i++) {
            out[i] ^= v->tk.bytes[i];
        }
    }
    answer(v, out, p->len);
    return ST_OK;
}

uint8_t cmd_read(struct hd_vchip *v, const struct vcmd *c)
{
    struct place p;

    if ((c->p1 & 0x40) != 0) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->len != 0) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    TRY(find_place(v, c, &p));
    switch (p.zone) {
    case ZONE_CONFIG:
        TRY(rule_locks(v, ACT_READ_CONFIG, -1));
        answer(v, cfg(v) + p.offset, p.len);
        return ST_OK;
    case ZONE_OTP:
        return read_otp(v, &p);
    default:
        return read_data(v, &p);
    }
}
