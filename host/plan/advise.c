/* SPDX-License-Identifier: Apache-2.0 */
/* Which words of the policy to change when a rehearsal fails; see uses.h. */
#include "plan/uses.h"

enum { SLOT_CONFIG = 20, SLOT_LOCKED = 88, KEY_CONFIG = 96 };

/* "slots/3/agrees (yes)" */
static void name_key(const struct hd_policy *p, unsigned group,
                     const struct hd_policy_key *key, unsigned slot, char *out,
                     size_t size)
{
    char path[32], word[64] = "";

    if (group == HD_G_SLOT) {
        (void)snprintf(path, sizeof path, "slots/%u", slot);
    } else {
        (void)snprintf(path, sizeof path, "%s", hd_policy_groups[group].name);
    }
    if (strcmp(key->name, "purpose") == 0) {
        (void)snprintf(word, sizeof word, "%s",
                       hd_policy_purposes[p->slots[slot].purpose].word);
    } else if (strcmp(key->name, "lock") == 0) {
        (void)snprintf(word, sizeof word, "%s",
                       hd_policy_lock_words[p->slots[slot].lock & 3]);
    } else {
        (void)hd_policy_say(p, key, slot, word, sizeof word);
    }
    (void)snprintf(out, size, "%s/%s%s%s%s", path, key->name,
                   word[0] ? " (" : "", word, word[0] ? ")" : "");
}

/* Where the bits of a refusal lie: a slot's words, or the zone's. */
static unsigned slot_at(const struct hd_refusal *why)
{
    unsigned byte = why->byte;

    if (byte >= SLOT_CONFIG && byte < SLOT_CONFIG + 32) {
        return (byte - SLOT_CONFIG) / 2;
    }
    if (byte >= KEY_CONFIG && byte < KEY_CONFIG + 32) {
        return (byte - KEY_CONFIG) / 2;
    }
    return 0;
}

/* The first of its bits that a word of the file stands for. */
static bool is_field_of(const struct hd_refusal *why, unsigned id,
                        unsigned slot)
{
    const struct hd_policy_field *f = &hd_policy_fields[id];
    unsigned byte = f->byte + (hd_policy_is_slot_field(id) ? 2 * slot : 0);
    unsigned first = 8 * byte + f->shift;

    if (id == HD_F_SlotLocked) {
        return false;
    }
    for (unsigned bit = 0; bit < 16; bit++) {
        unsigned at = 8U * why->byte + bit;

        if ((why->mask >> bit & 1U) && at >= first && at < first + f->width) {
            return true;
        }
    }
    return false;
}

static bool says_field(const struct hd_policy *p,
                       const struct hd_policy_key *key, unsigned id,
                       uint8_t kind, bool of_slot)
{
    return (key->chips & p->chips) && (!of_slot || (key->kinds & kind)) &&
           (key->field == id || key->label == id) &&
           key->form != HD_FORM_TEXT && key->form != HD_FORM_OWN;
}

/* The word whose bits refused; false if no word stands for them. */
static bool name_refusing(const struct hd_policy *p,
                          const struct hd_refusal *why, char *out, size_t size)
{
    unsigned slot = slot_at(why);
    uint8_t kind = hd_policy_kind(p->config, slot);

    for (unsigned id = 0; id < HD_F_COUNT; id++) {
        if (!(hd_policy_fields[id].chips & p->chips) ||
            !is_field_of(why, id, slot)) {
            continue;
        }
        for (unsigned g = HD_G_INTERFACE; g <= HD_G_SLOT; g++) {
            for (unsigned i = 0; i < hd_policy_groups[g].count; i++) {
                const struct hd_policy_key *key = &hd_policy_groups[g].keys[i];

                if (says_field(p, key, id, kind, g == HD_G_SLOT)) {
                    name_key(p, g, key, slot, out, size);
                    return true;
                }
            }
        }
    }
    return false;
}

static void name_own(const struct hd_policy *p, const struct use *use,
                     unsigned slot, char *out, size_t size)
{
    uint8_t kinds = use->group == HD_G_SLOT ? hd_policy_kind(p->config, slot)
                                            : HD_KIND_ALL;
    const struct hd_policy_key *key =
            hd_policy_key_named(use->group, use->word, p->chips, kinds);

    if (key) {
        name_key(p, use->group, key, slot, out, size);
    }
}

void uses_advise(const struct stage *s, const struct use *use, unsigned slot,
                 const struct hd_refusal *why, char *out, size_t size)
{
    const struct hd_policy *p = &s->plan->policy;
    char own[96] = "", other[96] = "";

    out[0] = 0;
    if (use) {
        name_own(p, use, slot, own, sizeof own);
    }
    if (why && why->byte != 0xFF) {
        (void)name_refusing(p, why, other, sizeof other);
    }
    if (own[0] && other[0] && strcmp(own, other) != 0) {
        (void)snprintf(out, size, " Change %s, or %s", own, other);
    } else if (own[0] || other[0]) {
        (void)snprintf(out, size, " Change %s", own[0] ? own : other);
    }
}
