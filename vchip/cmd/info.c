/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Info: revision, key validity, volatile state, the GPIO pin of single-wire
 * parts, and the persistent latch (docs/chip part 2, 7.1). It never changes
 * TempKey.
 */
#include "choices.h"
#include "rules.h"

typedef uint8_t info_fn(struct hd_vchip *v, const struct vcmd *c,
                        uint8_t out[4]);

static uint8_t revision(struct hd_vchip *v, const struct vcmd *c,
                        uint8_t out[4])
{
    if (c->p2 != 0) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    out[2] = is_608(v) ? 0x60 : 0x50;
    out[3] = v->model == HD_VMODEL_608B ? 0x03 : 0x02;
    if (!is_608(v)) {
        out[3] = v->ee[CFG_REVISION + 3];
    }
    return ST_OK;
}

static bool key_is_valid(struct hd_vchip *v, unsigned slot)
{
    uint8_t xy[64];

    if (key_type(v, slot) != KEY_TYPE_P256) {
        return false;
    }
    if (slot_is_private(v, slot)) {
        return v_ec_valid_private(slot_bytes(v, slot) + 4);
    }
    if (slot < 8 || slot_needs_validation(v, slot)) {
        return pubkey_is_valid(v, slot);
    }
    stored_public(v, slot, xy);
    return v_ec_valid_public(xy);
}

static uint8_t key_valid(struct hd_vchip *v, const struct vcmd *c,
                         uint8_t out[4])
{
    if (c->p2 > 15) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    out[0] = key_is_valid(v, c->p2);
    return ST_OK;
}

static uint8_t state(struct hd_vchip *v, const struct vcmd *c, uint8_t out[4])
{
    const struct hd_vtempkey *tk = &v->tk;

    if (c->p2 != 0) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    out[0] = (uint8_t)(tk->no_mac << 7 | tk->genkey_data << 6 |
                       tk->gendig_data << 5 | tk->source_input << 4 |
                       tk->key_id);
    out[1] = (uint8_t)(tk->valid << 7 | v->auth_key << 3 | v->auth_valid << 2 |
                       v->sram_seeded << 1 | v->eeprom_seeded);
    return ST_OK;
}

/* ------------------------------------- GPIO of single-wire parts (P1 3.5) */

#define GPIO_MODE      0x03
#define GPIO_DEFAULT   0x04
#define GPIO_INTRUSION 0x08
#define GPIO_SIGNAL    0xF0

static bool gpio_is_authorised(const struct hd_vchip *v)
{
    return v->auth_valid && v->auth_key == v->ee[CFG_I2C_ADDRESS] >> 4;
}

static uint8_t drive_authorised(struct hd_vchip *v, const struct vcmd *c)
{
    uint8_t gpio = v->ee[CFG_I2C_ADDRESS];
    bool level = (c->p2 & 1) != 0;
    bool free = (gpio & GPIO_INTRUSION) == 0 &&
                level == ((gpio & GPIO_DEFAULT) != 0);

    if ((c->p2 & 2) == 0) {
        return ST_OK;
    }
    if (!free && !gpio_is_authorised(v)) {
        return refuse_bits(v, HD_WHY_GPIO_AUTH, gpio >> 4, CFG_I2C_ADDRESS,
                           GPIO_SIGNAL);
    }
    v->gpio_latch = level;
    return ST_OK;
}

static uint8_t gpio(struct hd_vchip *v, const struct vcmd *c, uint8_t out[4])
{
    unsigned mode = v->ee[CFG_I2C_ADDRESS] & GPIO_MODE;

    if (c->p2 > 3) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    if (!v->swi || mode == 0) {
        return refuse_bits(v, HD_WHY_GPIO_OFF, -1, CFG_I2C_ADDRESS, GPIO_MODE);
    }
    if (mode == 2 && (c->p2 & 2) != 0) {
        return refuse_bits(v, HD_WHY_GPIO_INPUT, -1, CFG_I2C_ADDRESS,
                           GPIO_MODE);
    }
    if (mode == 1) {
        TRY(drive_authorised(v, c));
    }
    if (mode == 3 && (c->p2 & 2) != 0) {
        v->gpio_latch = (c->p2 & 1) != 0;
    }
    out[0] = v->gpio_latch;
    return ST_OK;
}

/* --------------------------------------------- persistent latch (P1 7.6) */

static uint8_t change_latch(struct hd_vchip *v, bool set)
{
    uint8_t guard = v->ee[CFG_VOLATILE];
    bool needs_auth = set || CHOICE_LATCH_CLEAR_NEEDS_AUTH;

    if ((guard & 0x80) == 0) {
        return refuse_bits(v, HD_WHY_LATCH_GUARD_OFF, -1, CFG_VOLATILE, 0x80);
    }
    if (needs_auth && (!v->auth_valid || v->auth_key != (guard & 0x0F))) {
        return refuse_bits(v, HD_WHY_LATCH_AUTH, guard & 0x0F, CFG_VOLATILE,
                           0x8F);
    }
    if (CHOICE_LATCH_WRITE_USES_AUTH) {
        v->auth_valid = false;
    }
    v->latch = set;
    return ST_OK;
}

static uint8_t latch(struct hd_vchip *v, const struct vcmd *c, uint8_t out[4])
{
    if (!is_608(v)) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->p2 > 3) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    if ((c->p2 & 2) != 0) {
        TRY(rule_locks(v, ACT_LATCH, -1));
        TRY(change_latch(v, (c->p2 & 1) != 0));
    }
    out[0] = v->latch;
    return ST_OK;
}

uint8_t cmd_info(struct hd_vchip *v, const struct vcmd *c)
{
    static info_fn *const modes[] = {revision, key_valid, state, gpio, latch};
    uint8_t out[4] = {0};

    if (c->p1 >= sizeof modes / sizeof modes[0]) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->len != 0) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    TRY(modes[c->p1](v, c, out));
    answer(v, out, sizeof out);
    return ST_OK;
}
