/* SPDX-License-Identifier: Apache-2.0 */
/* MAC: SHA-256 over a key and a challenge (docs/chip part 2, 4.1). */
#include "rules.h"

#define SECOND_TEMPKEY 0x01
#define FIRST_TEMPKEY  0x02
#define USES_TEMPKEY   (SECOND_TEMPKEY | FIRST_TEMPKEY)
#define KNOWN_BITS     0x47

static uint8_t ask_key(struct hd_vchip *v, const struct vcmd *c)
{
    unsigned slot = key_slot(c->p2);

    if ((c->p1 & FIRST_TEMPKEY) != 0) {
        return ST_OK;
    }
    TRY(rule_locks(v, ACT_MAC, (int)slot));
    return rule_slot(v, slot, NEED_NOT_PRIVATE | NEED_MACABLE);
}

uint8_t cmd_mac(struct hd_vchip *v, const struct vcmd *c)
{
    unsigned slot = key_slot(c->p2);
    const uint8_t *first = slot_bytes(v, slot), *second = c->data;
    uint8_t m[88], mac[32];

    if ((c->p1 & ~KNOWN_BITS) != 0) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->len != ((c->p1 & SECOND_TEMPKEY) != 0 ? 0 : 32)) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    TRY(ask_key(v, c));
    if ((c->p1 & USES_TEMPKEY) != 0) {
        TRY(tk_use(v, TK_MACABLE));
        TRY(tk_source(v, c->p1));
    }
    if ((c->p1 & FIRST_TEMPKEY) != 0) {
        first = v->tk.bytes;
    } else {
        TRY(rule_bound(v, slot, (c->p1 & SECOND_TEMPKEY) != 0));
        TRY(rule_use(v, slot, USE_KEY_WITH_TEMPKEY));
    }
    if ((c->p1 & SECOND_TEMPKEY) != 0) {
        second = v->tk.bytes;
    }
    message_m88(v, c, first, second, m);
    v_sha256(m, sizeof m, mac);
    v_wipe(m, sizeof m);
    answer(v, mac, sizeof mac);
    return ST_OK;
}
