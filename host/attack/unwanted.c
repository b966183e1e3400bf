/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must not be possible, by what a slot holds. To use a key is on no
 * list: somebody must be able to.
 */
#include "inner.h"

static const uint8_t of_private[] = {HD_GOAL_READ, HD_GOAL_OVERWRITE,
                                     HD_GOAL_REGENERATE, HD_GOAL_DESTROY,
                                     HD_GOAL_COUNT};
static const uint8_t of_public[] = {HD_GOAL_TRUST, HD_GOAL_COUNT};
static const uint8_t of_secret[] = {HD_GOAL_READ, HD_GOAL_OVERWRITE,
                                    HD_GOAL_ROLL, HD_GOAL_DESTROY,
                                    HD_GOAL_COUNT};
static const uint8_t of_data[] = {HD_GOAL_COUNT};
static const uint8_t of_chip[] = {HD_GOAL_CONFIG,  HD_GOAL_DATA,
                                  HD_GOAL_BOOT,    HD_GOAL_FORGE,
                                  HD_GOAL_ADDRESS, HD_GOAL_COUNT};

enum { TYPE_AES = 6, TYPE_OTHER = 7 }; /* KeyType */

const uint8_t *hd_attack_unwanted(const uint8_t config[HD_V_CONFIG_BYTES],
                                  int slot)
{
    if (slot < 0) {
        return of_chip;
    }
    unsigned n = (unsigned)slot;
    unsigned type = field_of(config, 96 + 2 * n, 0x001C);
    bool is_secret = field_of(config, 20 + 2 * n, 0x0080) != 0;

    if (holds_private(config, n)) {
        return of_private;
    }
    if (holds_public(config, n)) {
        return of_public;
    }
    return type == TYPE_AES || (type == TYPE_OTHER && is_secret) ? of_secret
                                                                 : of_data;
}

bool hd_attack_is_unwanted(const uint8_t config[HD_V_CONFIG_BYTES], int slot,
                           enum hd_goal goal)
{
    const uint8_t *g = hd_attack_unwanted(config, slot);

    while (*g != HD_GOAL_COUNT && *g != goal) {
        g++;
    }
    return *g == goal && goal != HD_GOAL_COUNT;
}
