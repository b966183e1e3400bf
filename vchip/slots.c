/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys in slots, and storing into slots (docs/chip part 1, 7.15). */
#include "rules.h"

#define INVALID 0xA0 /* validity nibble, top of the slot's first byte */

void stored_public(struct hd_vchip *v, unsigned slot, uint8_t xy[64])
{
    const uint8_t *p = slot_bytes(v, slot);

    memcpy(xy, p + 4, 32);
    memcpy(xy + 32, p + 40, 32);
}

static uint8_t store_head(struct hd_vchip *v, unsigned slot, uint8_t head)
{
    head = (uint8_t)(INVALID | (head & 0x0F));
    return store(v, ee_slot_at(slot), &head, 1);
}

uint8_t store_slot(struct hd_vchip *v, unsigned slot, size_t offset,
                   const uint8_t *data, size_t len)
{
    size_t at = ee_slot_at(slot) + offset;

    if (!slot_needs_validation(v, slot)) {
        return store(v, at, data, len);
    }
    TRY(store_head(v, slot, slot_bytes(v, slot)[0]));
    if (offset > 0) {
        return store(v, at, data, len);
    }
    TRY(store_head(v, slot, data[0]));
    return store(v, at + 1, data + 1, len - 1);
}
