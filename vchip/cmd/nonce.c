/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nonce: puts a value into TempKey, the message digest buffer or the
 * alternate key buffer (docs/chip part 2, 2.1).
 */
#include "choices.h"
#include "rules.h"

#define CALCULATED 0x8000 /* param2: TempKey in place of a random number */

/* The 55 bytes that a random nonce hashes. */
static void digest(const struct vcmd *c, const uint8_t x[32], uint8_t out[32])
{
    uint8_t m[55];

    memcpy(m, x, 32);
    memcpy(m + 32, c->data, 20);
    m[52] = OP_NONCE;
    m[53] = c->p1;
    m[54] = (uint8_t)c->p2;
    v_sha256(m, sizeof m, out);
    v_wipe(m, sizeof m);
}

static uint8_t calculate(struct hd_vchip *v, const struct vcmd *c)
{
    uint8_t out[32];

    TRY(tk_use(v, TK_VALID));
    digest(c, v->tk.bytes, out);
    tk_replace(v, out);
    if (CHOICE_CALC_NONCE_IS_RANDOM) {
        v->tk.source_input = false;
    }
    answer(v, out, sizeof out);
    return ST_OK;
}

static uint8_t random_nonce(struct hd_vchip *v, const struct vcmd *c)
{
    uint8_t random[32], value[32];

    if ((c->p2 & ~CALCULATED) != 0) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    if (c->len != 20) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    if (c->p2 == CALCULATED) {
        return calculate(v, c);
    }
    TRY(rule_random(v));
    rng_output(v, random);
    digest(c, random, value);
    tk_load(v, value, sizeof value);
    v_wipe(value, sizeof value);
    v->sram_seeded = true;
    v->eeprom_seeded = v->eeprom_seeded || c->p1 == 0;
    answer(v, random, sizeof random);
    return ST_OK;
}

/* The fixed modes: where the bytes go, and how many. */
static const struct target {
    uint8_t mode, models, len;
    enum { TO_TEMPKEY, TO_DIGEST, TO_ALTKEY } to;
} targets[] = {
        {0x03, HD_VMODEL_ALL, 32, TO_TEMPKEY},
        {0x23, HD_VMODEL_608, 64, TO_TEMPKEY},
        {0x43, HD_VMODEL_608, 32, TO_DIGEST},
        {0x63, HD_VMODEL_608, 64, TO_DIGEST},
        {0x83, HD_VMODEL_608, 32, TO_ALTKEY},
};

static const struct target *find_target(const struct hd_vchip *v, uint8_t mode)
{
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        if (targets[i].mode == mode && (targets[i].models & v->model) != 0) {
            return &targets[i];
        }
    }
    return NULL;
}

static void load(struct hd_vchip *v, const struct target *t,
                 const uint8_t *data)
{
    switch (t->to) {
    case TO_TEMPKEY:
        tk_load(v, data, t->len)->source_input = true;
        break;
    case TO_DIGEST:
        memcpy(v->mdb, data, t->len);
        v->mdb_len = t->len;
        break;
    case TO_ALTKEY:
        memcpy(v->altkey, data, t->len);
        v->altkey_valid = true;
        break;
    }
}

uint8_t cmd_nonce(struct hd_vchip *v, const struct vcmd *c)
{
    const struct target *t = find_target(v, c->p1);

    if (c->p1 <= 1) {
        return random_nonce(v, c);
    }
    if (t == NULL) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->p2 != 0) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    if (c->len != t->len) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    load(v, t, c->data);
    return ST_OK;
}
