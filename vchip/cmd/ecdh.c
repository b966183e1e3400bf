/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ECDH: a shared secret, into the open, encrypted, TempKey or a slot
 * (docs/chip part 2, 6.5).
 */
#include "choices.h"
#include "rules.h"

/* ChipOptions.EcdhProt */
#define PROTECTION     0x0300
#define PROT_ENCRYPTED 0x0100

enum to { BY_SLOT, OUT_CLEAR, OUT_ENCRYPTED, TO_TEMPKEY, TO_NEXT, TO_SLOT };

static const struct mode {
    uint8_t p1, models;
    bool from_tempkey;
    enum to to;
} modes[] = {
        {0x00, HD_VMODEL_ALL, false, BY_SLOT},
        {0x0C, HD_VMODEL_608, false, OUT_CLEAR},
        {0x0E, HD_VMODEL_608, false, OUT_ENCRYPTED},
        {0x08, HD_VMODEL_608, false, TO_TEMPKEY},
        {0x04, HD_VMODEL_608, false, TO_NEXT},
        {0x0D, HD_VMODEL_608, true, OUT_CLEAR},
        {0x0F, HD_VMODEL_608, true, OUT_ENCRYPTED},
        {0x09, HD_VMODEL_608, true, TO_TEMPKEY},
        {0x05, HD_VMODEL_608, true, TO_SLOT},
};

static const struct mode *find_mode(const struct hd_vchip *v, uint8_t p1)
{
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (modes[i].p1 == p1 && (modes[i].models & v->model) != 0) {
            return &modes[i];
        }
    }
    return NULL;
}

/* Where the result goes in the end, after slot and chip have spoken. */
static uint8_t decide(struct hd_vchip *v, const struct mode *mode,
                      unsigned slot, enum to *to)
{
    uint16_t prot = chip_options(v) & PROTECTION;
    bool must_stay =
            !mode->from_tempkey && (slot_config(v, slot) & SC_ECDH_NEXT) != 0;

    *to = mode->to;
    if (*to == BY_SLOT) {
        *to = must_stay ? TO_NEXT : OUT_CLEAR;
    }
    if (*to == OUT_CLEAR && prot == PROT_ENCRYPTED) {
        *to = OUT_ENCRYPTED;
    }
    if ((*to == OUT_CLEAR || *to == OUT_ENCRYPTED) && prot > PROT_ENCRYPTED) {
        return refuse_bits(v, HD_WHY_ECDH_PROTECTED, (int)slot, CFG_OPTIONS,
                           PROTECTION);
    }
    if (*to == OUT_CLEAR && must_stay) {
        return refuse_slot_config(v, HD_WHY_ECDH_MUST_STAY, slot, SC_ECDH_NEXT);
    }
    return ST_OK;
}

/* Whether the write policy of the slot that takes the result is asked: the
 * owner of a key whose SlotConfig sends it there has agreed to it. */
static bool asks_write_config(struct hd_vchip *v, unsigned slot,
                              const struct mode *mode)
{
    bool agreed =
            !mode->from_tempkey && (slot_config(v, slot) & SC_ECDH_NEXT) != 0;

    return agreed ? !CHOICE_ECDH_NEXT_IGNORES_WRITE_CONFIG
                  : CHOICE_ECDH_NAMED_SLOT_ASKS_WRITE_CONFIG;
}

static uint8_t ask_target(struct hd_vchip *v, unsigned slot,
                          const struct mode *mode, enum to to)
{
    bool asks = asks_write_config(v, slot, mode);
    enum write_form form;

    if (to != TO_NEXT && to != TO_SLOT) {
        return ST_OK;
    }
    if (to == TO_NEXT && (slot & 1) != 0) {
        return refuse(v, HD_WHY_ECDH_ODD_SLOT, (int)slot);
    }
    slot = to == TO_NEXT ? slot | 1 : slot;
    TRY(rule_slot(v, slot, NEED_NOT_PRIVATE | NEED_NOT_LOCKED));
    return asks ? rule_write(v, slot, false, WRITE_CLEAR, &form) : ST_OK;
}

/* The private key: what it is and may. Its use is counted later. */
static uint8_t find_private(struct hd_vchip *v, const struct mode *mode,
                            unsigned slot, const uint8_t **d)
{
    if (!mode->from_tempkey) {
        TRY(rule_slot(v, slot, NEED_PRIVATE | NEED_P256 | NEED_ECDH));
        *d = slot_bytes(v, slot) + 4;
        return v_ec_valid_private(*d)
                       ? ST_OK
                       : refuse(v, HD_WHY_SLOT_NO_KEY, (int)slot);
    }
    if (!v->tk.valid) {
        return refuse(v, HD_WHY_TEMPKEY_EMPTY, -1);
    }
    v->tk.used = true;
    *d = v->tk.bytes;
    return v->tk.is_private ? ST_OK : refuse(v, HD_WHY_TEMPKEY_NOT_PRIVATE, -1);
}

static uint8_t bad_peer(struct hd_vchip *v)
{
    return refuse(v,
                  CHOICE_ECDH_BAD_POINT_STATUS == ST_ECC
                          ? HD_WHY_ECC_FAULT
                          : HD_WHY_SLOT_BAD_PUBLIC,
                  -1);
}

static uint8_t deliver(struct hd_vchip *v, unsigned slot, enum to to,
                       uint8_t secret[64])
{
    const uint8_t *io_key;

    switch (to) {
    case OUT_ENCRYPTED:
        TRY(rule_io_key(v, &io_key));
        io_encrypt(v, io_key, secret, 32);
        answer(v, secret, 64);
        return ST_OK;
    case TO_TEMPKEY:
        tk_load(v, secret, 32)->source_input = !CHOICE_KDF_TARGET_IS_RANDOM;
        return ST_OK;
    case TO_NEXT:
        return store_slot(v, slot | 1, 0, secret, 32);
    case TO_SLOT:
        return store_slot(v, slot, 0, secret, 32);
    default:
        answer(v, secret, 32);
        return ST_OK;
    }
}

static uint8_t agree(struct hd_vchip *v, const struct vcmd *c,
                     const struct mode *mode)
{
    unsigned slot = key_slot(c->p2);
    const uint8_t *d = NULL, *io_key;
    uint8_t secret[64], status;
    enum to to;

    TRY(rule_locks(v, ACT_ECDH, (int)slot));
    TRY(find_private(v, mode, slot, &d));
    TRY(decide(v, mode, slot, &to));
    TRY(ask_target(v, slot, mode, to));
    if (to == OUT_ENCRYPTED) {
        TRY(rule_io_key(v, &io_key));
        TRY(rule_random(v));
    }
    if (!v_ec_valid_public(c->data)) {
        return bad_peer(v);
    }
    if (!mode->from_tempkey) {
        TRY(rule_use(v, slot, USE_KEY));
    }
    if (!v_ec_dh(d, c->data, secret)) {
        return refuse(v, HD_WHY_ECC_FAULT, (int)slot);
    }
    status = deliver(v, slot, to, secret);
    v_wipe(secret, sizeof secret);
    return status;
}

uint8_t cmd_ecdh(struct hd_vchip *v, const struct vcmd *c)
{
    const struct mode *mode = find_mode(v, c->p1);

    if (mode == NULL) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->p2 > 15 &&
        (!mode->from_tempkey || mode->to == TO_SLOT || c->p2 != 0xFFFF)) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    if (c->len != 64) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    return agree(v, c, mode);
}
