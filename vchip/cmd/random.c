/* SPDX-License-Identifier: Apache-2.0 */
/* Random: 32 bytes from the chip's generator (docs/chip part 2, 2.2). */
#include "rules.h"

uint8_t cmd_random(struct hd_vchip *v, const struct vcmd *c)
{
    uint8_t out[32];

    if (c->p1 > 1) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->p2 != 0) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    if (c->len != 0) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    TRY(rule_random(v));
    rng_output(v, out);
    v->sram_seeded = true;
    v->eeprom_seeded = v->eeprom_seeded || c->p1 == 0;
    answer(v, out, sizeof out);
    return ST_OK;
}
