/* SPDX-License-Identifier: Apache-2.0 */
/* Counter: reads or steps a monotonic counter (docs/chip part 2, 7.2). */
#include "rules.h"

#define INCREMENT 0x01

uint8_t cmd_counter(struct hd_vchip *v, const struct vcmd *c)
{
    uint8_t out[4];
    uint32_t n;

    if ((c->p1 & ~INCREMENT) != 0) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->p2 > 1) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    if (c->len != 0) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    if ((c->p1 & INCREMENT) != 0) {
        TRY(rule_locks(v, ACT_COUNTER_STEP, -1));
        TRY(counter_step(v, c->p2, -1));
    }
    n = counter_value(v, c->p2);
    for (unsigned i = 0; i < 4; i++) {
        out[i] = (uint8_t)(n >> 8 * i);
    }
    answer(v, out, sizeof out);
    return ST_OK;
}
