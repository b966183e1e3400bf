/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of host/plan share. Private. */
#ifndef HD_PLAN_INNER_H
#define HD_PLAN_INNER_H

#include <string.h>

#include "plan/plan.h"

/* docs/chip part 1, 7.1: 0x55 is unlocked, all else is locked. */
static inline bool seen_config_locked(const uint8_t *config)
{
    return config[87] != 0x55;
}

static inline bool seen_data_locked(const uint8_t *config)
{
    return config[86] != 0x55;
}

static inline bool seen_slot_locked(const uint8_t *config, unsigned slot)
{
    return hd_policy_get(config, HD_F_SlotLocked, slot) == 0;
}

/* Bit n of a mask of slots. */
static inline bool has(uint16_t mask, unsigned slot)
{
    return ((unsigned)mask >> slot & 1U) != 0;
}

/* Is the lock set that a step of this kind sets? */
static inline bool is_locked(const struct hd_chip_locks *locks,
                             enum hd_plan_kind kind, unsigned slot)
{
    switch (kind) {
    case HD_PLAN_LOCK_CONFIG:
        return locks->config;
    case HD_PLAN_LOCK_DATA:
        return locks->data;
    default:
        return has(locks->slots, slot);
    }
}

static inline bool is_private(const struct hd_policy *p, unsigned slot)
{
    return hd_policy_get(p->config, HD_F_Private, slot) != 0;
}

/* Anyone may read it, once the rules are in force. */
static inline bool is_readable(const uint8_t *config, unsigned slot)
{
    return !hd_policy_get(config, HD_F_Private, slot) &&
           !hd_policy_get(config, HD_F_IsSecret, slot) &&
           !hd_policy_get(config, HD_F_EncryptRead, slot);
}

/* Where a chip with this configuration answers after a sleep (docs/chip part
 * 1, 7.5; 608: the second address, if it is enabled and set). */
static inline uint8_t address_of(const uint8_t *config)
{
    bool second = hd_policy_chip_of(config) != HD_POLICY_508A &&
                  (config[19] & 1U) != 0 && config[85] != 0;

    return config[second ? 85 : 16] >> 1;
}

/* "slot 2 (ldevid)" */
void slot_text(const struct hd_policy *p, unsigned slot, char *out,
               size_t size);

#endif
