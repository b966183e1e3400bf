/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UpdateExtra: sets the two extra bytes of the configuration zone, or uses a
 * limited key up by one (docs/chip part 2, 7.3).
 */
#include "choices.h"
#include "rules.h"

#define USE_UP        0x02
#define SELECTOR_MODE 0x01 /* 508A, in ChipMode */

/* May the byte, whatever it holds, be written again? Only the 508A Selector. */
static bool is_rewritable(const struct hd_vchip *v, uint8_t at)
{
    if (is_608(v) || at != CFG_SELECTOR) {
        return false;
    }
    return (v->ee[CFG_CHIP_MODE] & SELECTOR_MODE) == 0 || !CHOICE_SELECTOR_ONCE;
}

uint8_t cmd_updateextra(struct hd_vchip *v, const struct vcmd *c)
{
    uint8_t at = (c->p1 & 1) != 0 ? CFG_SELECTOR : CFG_USER_EXTRA;
    uint8_t value = (uint8_t)c->p2;

    if (c->p1 > 3) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->p2 > 0xFF) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    if (c->len != 0) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    TRY(rule_locks(v, ACT_UPDATE_EXTRA, -1));
    if ((c->p1 & USE_UP) != 0) {
        return rule_use(v, key_slot(c->p2), USE_COUNT);
    }
    if (v->ee[at] != 0 && !is_rewritable(v, at)) {
        return refuse_bits(v, HD_WHY_EXTRA_SET, -1, at, 0xFF);
    }
    return store(v, at, &value, 1);
}
