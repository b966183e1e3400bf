/* SPDX-License-Identifier: Apache-2.0 */
/* See numbers.h; codes of docs/chip part 1, 7.5 and 7.8. */
#include "policy/numbers.h"

static bool same(uint64_t in, uint64_t *out)
{
    *out = in;
    return true;
}

const struct hd_policy_number hd_number_byte = {255, same, same, false};

static bool address_to_field(uint64_t number, uint64_t *value)
{
    *value = number << 1;
    return true;
}

static bool address_from_field(uint64_t value, uint64_t *number)
{
    *number = value >> 1;
    return (value & 1) == 0;
}

const struct hd_policy_number hd_number_address = {0x7F, address_to_field,
                                                   address_from_field, true};

/* Two unary halves of 16 steps each, taking turns, and two binary ones that
 * count how often each half was used up. */
static bool counter_to_field(uint64_t number, uint64_t *value)
{
    uint64_t late = number >= 16 ? number - 16 : 0;
    uint64_t lin_a = 0xFFFFU >> (number % 32 < 16 ? number % 32 : 16);
    uint64_t lin_b = 0xFFFFU >> (late % 32 < 16 ? late % 32 : 16);

    *value = lin_a << 48 | lin_b << 32 | (number / 32) << 16 | late / 32;
    return true;
}

static unsigned zeros(uint64_t word)
{
    unsigned count = 16;

    for (word &= 0xFFFF; word; word >>= 1) {
        count -= (unsigned)(word & 1);
    }
    return count;
}

static bool counter_from_field(uint64_t value, uint64_t *number)
{
    uint64_t again = 0;

    *number = 16 * (value >> 16 & 0xFFFF) + 16 * (value & 0xFFFF) +
              zeros(value >> 48) + zeros(value >> 32);
    return *number <= 2097151 && counter_to_field(*number, &again) &&
           again == value;
}

const struct hd_policy_number hd_number_counter = {2097151, counter_to_field,
                                                   counter_from_field, false};

static bool swap(uint64_t in, uint64_t *out)
{
    *out = (in >> 8 & 0xFF) | (in & 0xFF) << 8;
    return true;
}

const struct hd_policy_number hd_number_iv = {0xFFFF, swap, swap, true};
