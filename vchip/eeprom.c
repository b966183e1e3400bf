/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The EEPROM: where slots lie, and stores that a power cut can tear.
 *
 * It is written in words of four bytes, as the bus addresses it. When power
 * fails during a word, each of its bits may be old or new; words before it
 * are new, words after it are old.
 */
#include "internal.h"

#define DATA_AT (HD_V_CONFIG_BYTES + HD_V_OTP_BYTES)
#define WORD    4

size_t slot_size(unsigned slot)
{
    if (slot < 8) {
        return 36;
    }
    return slot == 8 ? 416 : 72;
}

size_t ee_slot_at(unsigned slot)
{
    if (slot <= 8) {
        return DATA_AT + 36 * (size_t)slot;
    }
    return DATA_AT + 36 * 8 + 416 + 72 * ((size_t)slot - 9);
}

uint8_t *slot_bytes(struct hd_vchip *v, unsigned slot)
{
    return v->ee + ee_slot_at(slot);
}

static void tear(struct hd_vchip *v, size_t at, const uint8_t *data, size_t len)
{
    uint8_t mask[WORD];

    rng_draw(v, mask, len);
    for (size_t i = 0; i < len; i++) {
        v->ee[at + i] =
                (uint8_t)((v->ee[at + i] & ~mask[i]) | (data[i] & mask[i]));
    }
}

bool ee_store(struct hd_vchip *v, size_t at, const uint8_t *data, size_t len)
{
    if (v->state == HD_V_OFF) {
        return false; /* an earlier store of this command lost power */
    }
    v->dirty = true;
    while (len > 0) {
        const size_t room = WORD - at % WORD;
        const size_t part = len < room ? len : room;

        v->ee_writes++;
        if (fault_cut_word(v)) {
            tear(v, at, data, part);
            engine_power_cut(v, "power lost in an EEPROM write");
            return false;
        }
        memcpy(v->ee + at, data, part);
        at += part;
        data += part;
        len -= part;
    }
    return true;
}
