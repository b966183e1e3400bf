/* SPDX-License-Identifier: Apache-2.0 */
/* SelfTest: runs the chip's tests, answers a failure map (P2 7.5; 608). */
#include "choices.h"
#include "rules.h"

#define TESTS (0x3D | (CHOICE_SELFTEST_BIT1 ? 0x02 : 0))

uint8_t cmd_selftest(struct hd_vchip *v, const struct vcmd *c)
{
    uint8_t map;

    if ((c->p1 & ~TESTS) != 0) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->p2 != 0) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    if (c->len != 0) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    map = c->p1 == 0 ? v->selftest_fail : engine_selftest(v, c->p1);
    answer(v, &map, 1);
    return ST_OK;
}
