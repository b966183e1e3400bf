/* SPDX-License-Identifier: Apache-2.0 */
/* HMAC: HMAC-SHA-256 with a slot key (508A; docs/chip part 2, 4.3). */
#include "rules.h"

uint8_t cmd_hmac(struct hd_vchip *v, const struct vcmd *c)
{
    static const uint8_t zero[32];
    unsigned slot = key_slot(c->p2);
    uint8_t m[88], mac[32];

    if ((c->p1 & ~0x44) != 0) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->len != 0) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    TRY(rule_locks(v, ACT_MAC, (int)slot));
    TRY(rule_slot(v, slot, NEED_NOT_PRIVATE | NEED_MACABLE));
    TRY(tk_use(v, TK_MACABLE));
    TRY(tk_source(v, c->p1));
    TRY(rule_use(v, slot, USE_KEY_WITH_TEMPKEY));
    message_m88(v, c, zero, v->tk.bytes, m);
    v_hmac(slot_bytes(v, slot), 32, m, sizeof m, mac);
    v_wipe(m, sizeof m);
    answer(v, mac, sizeof mac);
    return ST_OK;
}
