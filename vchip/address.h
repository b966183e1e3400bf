/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a Read or Write goes: zone and address bytes, taken apart
 * (docs/chip part 1, 7.17).
 */
#ifndef VCHIP_ADDRESS_H
#define VCHIP_ADDRESS_H

#include "rules.h"

enum { ZONE_CONFIG = 0, ZONE_OTP = 1, ZONE_DATA = 2 };

struct place {
    unsigned zone, slot; /* slot: data zone only */
    size_t offset;       /* in the zone, or in the slot */
    size_t len;          /* 4 or 32 */
    size_t present;      /* less than len in a partial last block */
};

/* 0, or the refusal of reserved bits or of an address past the end. */
uint8_t find_place(struct hd_vchip *v, const struct vcmd *c, struct place *p);

#endif
