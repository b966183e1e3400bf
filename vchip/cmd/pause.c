/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pause: sends all chips to idle but the one whose Selector is named
 * (508A; docs/chip part 2, 7.6).
 */
#include "rules.h"

uint8_t cmd_pause(struct hd_vchip *v, const struct vcmd *c)
{
    if (c->p2 != 0) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    if (c->len != 0) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    if (c->p1 != v->ee[CFG_SELECTOR]) {
        engine_idle(v);
    }
    return ST_OK;
}
