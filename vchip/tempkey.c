/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of TempKey: who may use it, and what each command leaves of it
 * (docs/chip part 2, 1.3), as a table.
 */
#include "choices.h"
#include "rules.h"

/* ------------------------------------------------------ asked by commands */

static const struct tk_rule {
    unsigned need;
    size_t flag;   /* offset of a bool in struct hd_vtempkey */
    bool expected; /* its value, or refused */
    enum hd_why why;
} tk_rules[] = {
        {TK_RANDOM, offsetof(struct hd_vtempkey, source_input), false,
         HD_WHY_TEMPKEY_NOT_RANDOM},
        {TK_MACABLE, offsetof(struct hd_vtempkey, no_mac), false,
         HD_WHY_TEMPKEY_NO_MAC},
        {TK_GENDIG, offsetof(struct hd_vtempkey, gendig_data), true,
         HD_WHY_TEMPKEY_NOT_GENDIG},
        {TK_WIDE, offsetof(struct hd_vtempkey, wide), true,
         HD_WHY_TEMPKEY_SHORT},
};

uint8_t tk_use(struct hd_vchip *v, unsigned needs)
{
    if (!v->tk.valid) {
        return refuse(v, HD_WHY_TEMPKEY_EMPTY, -1);
    }
    v->tk.used = true;
    if (v->tk.is_private) {
        return refuse(v, HD_WHY_TEMPKEY_PRIVATE, -1);
    }
    for (size_t i = 0; i < sizeof tk_rules / sizeof tk_rules[0]; i++) {
        const bool *flag =
                (const bool *)((const uint8_t *)&v->tk + tk_rules[i].flag);

        if ((needs & tk_rules[i].need) != 0 && *flag != tk_rules[i].expected) {
            return refuse(v, tk_rules[i].why, -1);
        }
    }
    if ((needs & TK_DIGEST) != 0 && !v->tk.gendig_data && !v->tk.genkey_data) {
        return refuse(v, HD_WHY_TEMPKEY_NO_DIGEST, -1);
    }
    return ST_OK;
}

uint8_t tk_source(struct hd_vchip *v, uint8_t mode)
{
    if (((mode & 0x04) != 0) == v->tk.source_input) {
        return ST_OK;
    }
    return refuse(v, HD_WHY_TEMPKEY_SOURCE, -1);
}

uint8_t tk_from_key(struct hd_vchip *v, unsigned slot, uint16_t mask)
{
    unsigned shift = mask == SC_WRITE_KEY ? 8 : 0;

    if (v->tk.key_id == (slot_config(v, slot) & mask) >> shift) {
        return ST_OK;
    }
    return refuse_slot_config(v, HD_WHY_TEMPKEY_OTHER_KEY, slot, mask);
}

uint8_t mdb_use(struct hd_vchip *v, size_t len)
{
    return v->mdb_len >= len ? ST_OK : refuse(v, HD_WHY_DIGEST_EMPTY, -1);
}

/* --------------------------------------------------------- set by commands */

void tk_clear(struct hd_vchip *v)
{
    v_wipe(&v->tk, sizeof v->tk);
    v->x509_total = 0;
}

struct hd_vtempkey *tk_load(struct hd_vchip *v, const uint8_t *bytes,
                            size_t len)
{
    uint8_t copy[64];

    memcpy(copy, bytes, len);
    tk_clear(v);
    memcpy(v->tk.bytes, copy, len);
    v_wipe(copy, sizeof copy);
    v->tk.valid = true;
    v->tk.wide = len == 64;
    v->tk.fresh = true;
    return &v->tk;
}

void tk_replace(struct hd_vchip *v, const uint8_t bytes[32])
{
    memmove(v->tk.bytes, bytes, 32);
    v_wipe(v->tk.bytes + 32, 32);
    v->tk.wide = false;
    v->tk.fresh = true;
    v->x509_total = 0;
}

/* ------------------------------------------------------ after a command */

enum fate {
    KEPT,
    LOST,          /* unless the command made a new one */
    LOST_ON_ERROR, /* but not by an ECC fault */
    LOST_IF_USED   /* unless the command made a new one */
};

static const struct {
    uint8_t op, on_508, on_608;
} fates[] = {
        {OP_NONCE, LOST_ON_ERROR, LOST_ON_ERROR},
        {OP_GENDIG, LOST_ON_ERROR, LOST_ON_ERROR},
        {OP_GENKEY, LOST_ON_ERROR, LOST_ON_ERROR},
        {OP_CHECKMAC, LOST, LOST},
        {OP_INFO, KEPT, KEPT},
        {OP_RANDOM, CHOICE_RANDOM_CLEARS_508 ? LOST : KEPT, KEPT},
        {OP_AES, LOST, KEPT},
        {OP_KDF, LOST, KEPT},
        {OP_SHA, LOST, KEPT},
        {0, LOST, LOST_IF_USED}, /* all others */
};

static enum fate fate_of(const struct hd_vchip *v, uint8_t op)
{
    size_t i = 0;

    while (fates[i].op != op && fates[i].op != 0) {
        i++;
    }
    return (enum fate)(is_608(v) ? fates[i].on_608 : fates[i].on_508);
}

static bool tempkey_is_lost(const struct hd_vchip *v, uint8_t op,
                            uint8_t status)
{
    switch (fate_of(v, op)) {
    case LOST:
        return !v->tk.fresh;
    case LOST_ON_ERROR:
        return status != ST_OK;
    case LOST_IF_USED:
        return v->tk.used && !v->tk.fresh;
    default:
        return false;
    }
}

void rules_after(struct hd_vchip *v, const struct vcmd *c, uint8_t status)
{
    bool untouched =
            status == ST_CRC || status == ST_ECC || status == ST_WATCHDOG;

    if (!untouched && tempkey_is_lost(v, c->op, status)) {
        tk_clear(v);
    }
    v->tk.used = false;
    v->tk.fresh = false;
}
