/* SPDX-License-Identifier: Apache-2.0 */
/* Zone and address bytes of Read and Write (docs/chip part 1, 7.17). */
#include "address.h"

#define BLOCK_ACCESS 0x80

/* Address bits that a zone does not use. */
static uint16_t unused_bits(unsigned zone)
{
    static const uint16_t unused[] = {0xFFE0, 0xFFF0, 0xF080};

    return unused[zone];
}

static size_t place_size(const struct place *p)
{
    static const size_t sizes[] = {HD_V_CONFIG_BYTES, HD_V_OTP_BYTES};

    return p->zone == ZONE_DATA ? slot_size(p->slot) : sizes[p->zone];
}

static size_t block_number(const struct place *p, uint16_t address)
{
    return p->zone == ZONE_DATA ? (size_t)address >> 8 : (size_t)address >> 3;
}

uint8_t find_place(struct hd_vchip *v, const struct vcmd *c, struct place *p)
{
    size_t end;

    p->zone = c->p1 & 0x03;
    if (p->zone > ZONE_DATA || (c->p1 & 0x3C) != 0) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if ((c->p2 & unused_bits(p->zone)) != 0) {
        return refuse(v, HD_WHY_ADDRESS, -1);
    }
    p->slot = c->p2 >> 3 & 0x0F;
    p->len = (c->p1 & BLOCK_ACCESS) != 0 ? 32 : 4;
    p->offset = 32 * block_number(p, c->p2);
    if (p->len == 4) {
        p->offset += 4 * (size_t)(c->p2 & 0x07);
    }
    end = place_size(p);
    if (p->offset >= end) {
        return refuse(v, HD_WHY_ADDRESS,
                      p->zone == ZONE_DATA ? (int)p->slot : -1);
    }
    p->present = end - p->offset < p->len ? end - p->offset : p->len;
    return ST_OK;
}
