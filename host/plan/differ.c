/* SPDX-License-Identifier: Apache-2.0 */
/* Where a chip's configuration is not the policy's, field by field. */
#include <inttypes.h>

#include "plan/inner.h"

/* What a locked chip changes by itself, or lets others change as the policy
 * foresees. A field that the policy's kind of chip lacks is none. */
static bool is_compared(const struct hd_policy *p, const uint8_t *config,
                        enum hd_policy_field_id id, unsigned slot)
{
    if (!(hd_policy_fields[id].chips & hd_policy_chip_of(config))) {
        return false;
    }
    if (!seen_config_locked(config)) {
        return true;
    }
    switch (id) {
    case HD_F_Counter0:
    case HD_F_Counter1:
    case HD_F_LastKeyUse0:
    case HD_F_LastKeyUse8:
        return false;
    case HD_F_SlotLocked:
        return p->slots[slot].lock != HD_LOCK_LATER &&
               p->slots[slot].lock != HD_LOCK_FILLED;
    default:
        return true;
    }
}

struct finder {
    const struct hd_policy *policy;
    const uint8_t *config;
    struct hd_plan_difference *out;
    unsigned max, found;
};

static void compare(struct finder *f, unsigned id, unsigned slot)
{
    enum hd_policy_field_id field = (enum hd_policy_field_id)id;
    uint64_t is = hd_policy_get(f->config, field, slot);
    uint64_t should = hd_policy_get(f->policy->config, field, slot);

    if (is == should || !is_compared(f->policy, f->config, field, slot)) {
        return;
    }
    if (f->found < f->max) {
        f->out[f->found] = (struct hd_plan_difference){
                (uint8_t)id, (uint8_t)slot, is, should};
    }
    f->found++;
}

unsigned hd_plan_differences(const struct hd_policy *policy,
                             const uint8_t config[HD_CONFIG_BYTES],
                             struct hd_plan_difference *out, unsigned max)
{
    struct finder f = {policy, config, out, max, 0};

    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        for (unsigned id = 0; id < HD_F_FIRST_ZONE; id++) {
            compare(&f, id, slot);
        }
    }
    for (unsigned id = HD_F_FIRST_ZONE; id < HD_F_COUNT; id++) {
        compare(&f, id, 0);
    }
    return f.found;
}

void hd_plan_difference_text(const struct hd_policy *policy,
                             const struct hd_plan_difference *d, char *out,
                             size_t size)
{
    enum hd_policy_field_id id = (enum hd_policy_field_id)d->field;
    const char *form = hd_policy_fields[id].width > 16
                               ? "%s%s is 0x%016" PRIx64
                                 ", the policy says 0x%016" PRIx64 " (%s)"
                               : "%s%s is %" PRIu64 ", the policy says %" PRIu64
                                 " (%s)";
    char where[64] = "";
    char place[64];

    if (hd_policy_is_slot_field(id)) {
        slot_text(policy, d->slot, where, sizeof where - 2);
        (void)snprintf(where + strlen(where), 3, ": ");
    }
    hd_policy_field_place(id, d->slot, place, sizeof place);
    (void)snprintf(out, size, form, where, hd_policy_fields[id].name, d->chip,
                   d->policy, place);
}
