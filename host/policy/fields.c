/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration zone as named fields, and what is not a field of it:
 * whose bytes are whose, and which chip they come from. */
#include <string.h>

#include "policy/policy.h"

const struct hd_policy_field hd_policy_fields[HD_F_COUNT] = {
#define FIELD(id, word, byte, shift, width, chips, doc)                        \
    {#id, word, byte, shift, width, chips, doc},
#include "policy/fields.def"
#undef FIELD
};

/* First byte and first bit of a field, for this slot. */
static void place(enum hd_policy_field_id id, unsigned slot, unsigned *byte,
                  unsigned *shift)
{
    const struct hd_policy_field *f = &hd_policy_fields[id];

    *byte = f->byte;
    *shift = f->shift;
    if (id == HD_F_SlotLocked) {
        *byte += slot / 8;
        *shift = slot % 8;
    } else if (hd_policy_is_slot_field(id)) {
        *byte += 2 * slot;
    }
}

uint64_t hd_policy_field_max(enum hd_policy_field_id id)
{
    unsigned width = hd_policy_fields[id].width;

    return width == 64 ? UINT64_MAX : ((uint64_t)1 << width) - 1;
}

/* Fields are at most two bytes, or exactly eight. */
uint64_t hd_policy_get(const uint8_t *config, enum hd_policy_field_id id,
                       unsigned slot)
{
    unsigned byte = 0;
    unsigned shift = 0;
    uint64_t value = 0;

    place(id, slot, &byte, &shift);
    if (hd_policy_fields[id].width == 64) {
        for (unsigned i = 0; i < 8; i++) {
            value = value << 8 | config[byte + i];
        }
        return value;
    }
    value = config[byte];
    if (shift + hd_policy_fields[id].width > 8) {
        value |= (uint64_t)config[byte + 1] << 8;
    }
    return value >> shift & hd_policy_field_max(id);
}

void hd_policy_set(uint8_t *config, enum hd_policy_field_id id, unsigned slot,
                   uint64_t value)
{
    unsigned byte = 0;
    unsigned shift = 0;

    place(id, slot, &byte, &shift);
    if (hd_policy_fields[id].width == 64) {
        for (unsigned i = 8; i-- > 0; value >>= 8) {
            config[byte + i] = (uint8_t)value;
        }
        return;
    }
    uint64_t mask = hd_policy_field_max(id) << shift;
    value = value << shift & mask;
    for (; mask; mask >>= 8, value >>= 8, byte++) {
        config[byte] = (uint8_t)((config[byte] & ~mask) | value);
    }
}

static int print_range(char *out, size_t size, const char *what, unsigned low,
                       unsigned high, bool downwards)
{
    if (low == high) {
        return snprintf(out, size, "%s %u", what, low);
    }
    return snprintf(out, size, "%ss %u-%u", what, downwards ? high : low,
                    downwards ? low : high);
}

void hd_policy_field_place(enum hd_policy_field_id id, unsigned slot, char *out,
                           size_t size)
{
    const struct hd_policy_field *f = &hd_policy_fields[id];
    unsigned byte = 0;
    unsigned shift = 0;

    place(id, slot, &byte, &shift);
    unsigned last = byte + (shift + f->width - 1) / 8;
    int used = print_range(out, size, "byte", byte, last, false);
    if (f->width % 8 == 0 || used < 0 || (size_t)used >= size) {
        return;
    }
    (void)snprintf(out + used, size - (size_t)used, " ");
    (void)print_range(out + used + 1, size - (size_t)used - 1, "bit", shift,
                      shift + f->width - 1, true);
}

bool hd_policy_decides(unsigned byte)
{
    return byte >= 16 && byte < HD_POLICY_CONFIG_BYTES && byte != 86 &&
           byte != 87;
}

uint8_t hd_policy_chip_of(const uint8_t config[HD_POLICY_CONFIG_BYTES])
{
    if (config[6] == 0x50) {
        return HD_POLICY_508A;
    }
    if (config[6] != 0x60) {
        return 0;
    }
    return config[7] >= 3 ? HD_POLICY_608B : HD_POLICY_608A;
}

const char *hd_policy_chip_name(uint8_t chips)
{
    static const char *const names[8] = {
            "no chip",   "ATECC508A",   "ATECC608A", "any of them",
            "ATECC608B", "any of them", "ATECC608",  "any of them"};

    return names[chips & 7];
}

bool hd_policy_fits(const struct hd_policy *policy,
                    const uint8_t config[HD_POLICY_CONFIG_BYTES],
                    struct hd_policy_error *why)
{
    uint8_t chip = hd_policy_chip_of(config);

    *why = (struct hd_policy_error){0};
    if (chip & policy->chips) {
        return true;
    }
    if (!chip) {
        (void)snprintf(why->text, sizeof why->text,
                       "the revision %02x %02x %02x %02x (bytes 4-7) is no "
                       "ATECC508A, 608A or 608B",
                       config[4], config[5], config[6], config[7]);
        return false;
    }
    (void)snprintf(why->text, sizeof why->text,
                   "the policy is for %s, but this chip is an %s (revision in "
                   "bytes 4-7): the same bytes mean other things there; "
                   "change `chip:` only after reading docs/policy.md",
                   hd_policy_chip_name(policy->chips),
                   hd_policy_chip_name(chip));
    return false;
}

void hd_policy_adopt(struct hd_policy *policy,
                     const uint8_t config[HD_POLICY_CONFIG_BYTES])
{
    memcpy(policy->config, config, 16);
    memcpy(policy->config + 86, config + 86, 2);
}
