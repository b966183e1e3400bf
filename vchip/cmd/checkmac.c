/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CheckMac: compares a response with what this chip's key gives; authorises
 * that key, and may copy a second one into TempKey (docs/chip part 2, 4.2).
 */
#include "choices.h"
#include "rules.h"

#define SECOND_TEMPKEY 0x01
#define FIRST_TEMPKEY  0x02
#define USES_TEMPKEY   (SECOND_TEMPKEY | FIRST_TEMPKEY)

enum { CHALLENGE = 0, RESPONSE = 32, OTHER = 64, DATA_BYTES = 77 };

static void expected(struct hd_vchip *v, const struct vcmd *c,
                     uint8_t digest[32])
{
    const uint8_t *other = c->data + OTHER;
    uint8_t m[88] = {0};

    memcpy(m,
           (c->p1 & FIRST_TEMPKEY) != 0 ? v->tk.bytes
                                        : slot_bytes(v, key_slot(c->p2)),
           32);
    memcpy(m + 32,
           (c->p1 & SECOND_TEMPKEY) != 0 ? v->tk.bytes : c->data + CHALLENGE,
           32);
    memcpy(m + 64, other, 4);
    memcpy(m + 76, other + 4, 3);
    m[79] = serial_byte(v, 8);
    memcpy(m + 80, other + 7, 4);
    m[84] = serial_byte(v, 0);
    m[85] = serial_byte(v, 1);
    memcpy(m + 86, other + 11, 2);
    v_sha256(m, sizeof m, digest);
    v_wipe(m, sizeof m);
}

/* The password check: a match hands the next key to TempKey (P1 10.7). */
static void copy_target(struct hd_vchip *v, const struct vcmd *c)
{
    unsigned target = key_slot(c->p2) | 1U;

    if ((c->p1 & ~0x04) != SECOND_TEMPKEY || slot_is_private(v, target) ||
        (slot_config(v, target) & SC_READ_KEY) != 0) {
        return;
    }
    tk_load(v, slot_bytes(v, target), 32)->source_input = true;
}

static uint8_t ask(struct hd_vchip *v, const struct vcmd *c)
{
    unsigned slot = key_slot(c->p2);

    TRY(rule_locks(v, ACT_CHECKMAC, (int)slot));
    if ((c->p1 & FIRST_TEMPKEY) == 0) {
        TRY(rule_slot(v, slot, NEED_NOT_PRIVATE));
    }
    if ((c->p1 & USES_TEMPKEY) != 0) {
        TRY(tk_use(v, TK_MACABLE));
        TRY(tk_source(v, c->p1));
    }
    if ((c->p1 & FIRST_TEMPKEY) != 0) {
        return ST_OK;
    }
    TRY(rule_bound(v, slot, (c->p1 & SECOND_TEMPKEY) != 0));
    return rule_use(v, slot, USE_KEY_WITH_TEMPKEY);
}

uint8_t cmd_checkmac(struct hd_vchip *v, const struct vcmd *c)
{
    unsigned slot = key_slot(c->p2);
    uint8_t digest[32];

    if ((c->p1 & ~0x07) != 0) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->len != DATA_BYTES) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    TRY(ask(v, c));
    expected(v, c, digest);
    if (!v_equal(digest, c->data + RESPONSE, 32)) {
        if (CHOICE_CHECKMAC_MISS_CLEARS_AUTH) {
            v->auth_valid = false;
        }
        return refuse(v, HD_WHY_MAC_MISMATCH, (int)slot);
    }
    if ((c->p1 & FIRST_TEMPKEY) == 0) {
        v->auth_valid = true;
        v->auth_key = (uint8_t)slot;
    }
    copy_target(v, c);
    return ST_OK;
}
