/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration that is to be judged, and its chip. See attack.h. */
#include <stdlib.h>
#include <string.h>

#include "attack.h"
#include "policy.h"

static uint8_t model_for(const struct hd_policy *p, const uint8_t config[128])
{
    uint8_t named = hd_policy_chip_of(config);
    uint8_t chips = named ? named & p->chips : p->chips;

    chips = chips ? chips : p->chips;
    if (chips & HD_POLICY_608B) {
        return HD_VMODEL_608B;
    }
    return chips & HD_POLICY_608A ? HD_VMODEL_608A : HD_VMODEL_508A;
}

/* A policy is judged as provisioning leaves the chip. */
static void finish_policy(struct subject *s)
{
    const struct hd_policy *p = &s->policy;

    memcpy(s->config, p->config, sizeof s->config);
    s->config[87] = p->lock_config ? 0x00 : 0x55;
    s->config[86] = p->lock_data ? 0x00 : 0x55;
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        if (p->slots[i].lock == HD_LOCK_FILLED) {
            hd_policy_set(s->config, HD_F_SlotLocked, i, 0);
        }
    }
}

void subject_from_policy(struct subject *s, const struct hd_policy *policy)
{
    memset(s, 0, sizeof *s);
    s->policy = *policy;
    s->written = &s->policy;
    s->source = policy->name;
    finish_policy(s);
    s->model = model_for(&s->policy, s->config);
}

int subject_from_call(struct call *c, struct subject *s)
{
    const char *hex = option_text(c, "hex", NULL);
    bool from_chip = option_given(c, "chip") ||
                     (!hex && c->count == 0 && getenv("HALF_CHIP"));
    int code;

    memset(s, 0, sizeof *s);
    if (c->count || (!hex && !from_chip) || (hex && from_chip)) {
        s->source = c->count ? c->args[0] : "";
        code = policy_from_call(c, &s->policy, &s->report);
        s->written = &s->policy;
        if (code == EXIT_DONE) {
            finish_policy(s);
        }
    } else {
        s->source = hex ? hex : "the chip";
        s->is_chip = !hex;
        code = hex ? config_from_file(c, hex, s->config)
                   : config_from_chip(c, s->config);
        if (code == EXIT_DONE) {
            code = policy_from_config(c, s->source, s->config, &s->policy);
        }
    }
    s->model = model_for(&s->policy, s->config);
    return code;
}

void subject_free(struct subject *s)
{
    hd_policy_report_free(&s->report);
}

const char *slot_label(const struct subject *s, unsigned slot, char *out,
                       size_t size)
{
    const char *name = s->policy.slots[slot].name;

    (void)snprintf(out, size, name[0] ? "%u (%s)" : "%u", slot, name);
    return out;
}
