/* SPDX-License-Identifier: Apache-2.0 */
/* See view.h. Meanings: docs/chip part 1, 7.12 to 7.14. */
#include <stdarg.h>
#include <string.h>

#include "policy/view.h"

struct asker {
    const struct hd_policy *p;
    unsigned slot;
    uint8_t kind;
};

static uint64_t bit(const struct asker *a, enum hd_policy_field_id id)
{
    return hd_policy_get(a->p->config, id, a->slot);
}

/* The name of the slot that this field names; unnamed ones by number. */
static const char *named_by(const struct asker *a, enum hd_policy_field_id id)
{
    static const char *const numbers[HD_POLICY_SLOTS] = {
            "slot 0",  "slot 1",  "slot 2",  "slot 3", "slot 4",  "slot 5",
            "slot 6",  "slot 7",  "slot 8",  "slot 9", "slot 10", "slot 11",
            "slot 12", "slot 13", "slot 14", "slot 15"};
    uint64_t slot = bit(a, id);
    const char *name = a->p->slots[slot].name;

    return name[0] ? name : numbers[slot];
}

__attribute__((format(printf, 3, 4))) static void join(char *out, size_t size,
                                                       const char *format, ...)
{
    size_t used = strlen(out);
    va_list args;

    if (used && used + 2 < size) {
        memcpy(out + used, "; ", 3);
        used += 2;
    }
    va_start(args, format);
    (void)vsnprintf(out + used, size - used, format, args);
    va_end(args);
}

/* ------------------------------------------------------------------ columns */

static const char *type_of(const struct asker *a)
{
    switch (a->kind) {
    case HD_KIND_PRIVATE:
        return "private key";
    case HD_KIND_PUBLIC:
        return "public key";
    case HD_KIND_AES:
        return "AES key";
    case HD_KIND_SECRET:
        return bit(a, HD_F_IsSecret) ? "secret" : "data";
    default:
        return "reserved type";
    }
}

static void view_read(const struct asker *a, struct hd_policy_view *v)
{
    bool secret = bit(a, HD_F_IsSecret) != 0;
    bool encrypted = bit(a, HD_F_EncryptRead) != 0;

    if (a->kind == HD_KIND_PRIVATE || (secret && !encrypted)) {
        (void)snprintf(v->read, sizeof v->read, "nobody");
    } else if (secret) {
        (void)snprintf(v->read, sizeof v->read, "with %s",
                       named_by(a, HD_F_ReadKey));
    } else {
        (void)snprintf(v->read, sizeof v->read, "%s",
                       encrypted ? "undefined" : "anyone");
    }
}

static bool is_frozen(const struct asker *a)
{
    uint8_t lock = a->p->slots[a->slot].lock;

    return lock == HD_LOCK_START || lock == HD_LOCK_FILLED ||
           !bit(a, HD_F_SlotLocked);
}

static void view_write(const struct asker *a, struct hd_policy_view *v)
{
    uint64_t mode = bit(a, HD_F_WriteConfig);

    bool frozen = is_frozen(a);

    if (!frozen && mode & 4) {
        (void)snprintf(v->write, sizeof v->write, "with %s",
                       named_by(a, HD_F_WriteKey));
    } else if (frozen || a->kind == HD_KIND_PRIVATE || mode > 1) {
        (void)snprintf(v->write, sizeof v->write, "nobody");
    } else {
        (void)snprintf(v->write, sizeof v->write, "%s",
                       mode ? "until-valid" : "anyone");
    }
}

static void view_renew(const struct asker *a, struct hd_policy_view *v)
{
    uint64_t mode = bit(a, HD_F_WriteConfig);

    bool dead = a->kind == HD_KIND_PRIVATE && !bit(a, HD_F_IsSecret);

    if (is_frozen(a) || dead || !(mode & 2)) {
        (void)snprintf(v->renew, sizeof v->renew, "never");
    } else if (a->kind == HD_KIND_PRIVATE && bit(a, HD_F_ReqAuth)) {
        (void)snprintf(v->renew, sizeof v->renew, "by %s",
                       named_by(a, HD_F_AuthKey));
    } else if (a->kind == HD_KIND_PRIVATE) {
        (void)snprintf(v->renew, sizeof v->renew, "anyone");
    } else if (mode & 9) {
        (void)snprintf(v->renew, sizeof v->renew, "%s %s%s",
                       mode & 1 ? "from" : "rolls with",
                       named_by(a, HD_F_WriteKey),
                       (mode & 9) == 9 ? ", MAC" : "");
    } else {
        (void)snprintf(v->renew, sizeof v->renew, "rolls, anyone");
    }
}

static void view_lock(const struct asker *a, struct hd_policy_view *v)
{
    static const char *const words[] = {"never", "lockable", "once filled",
                                        "from the start"};

    (void)snprintf(v->lock, sizeof v->lock, "%s",
                   words[a->p->slots[a->slot].lock & 3]);
}

static void private_use(const struct asker *a, char *out, size_t size)
{
    uint64_t uses = bit(a, HD_F_ReadKey);
    static const char *const results[] = {"secret leaves in clear",
                                          "secret leaves encrypted",
                                          "secret stays inside", "invalid"};
    bool is_608 = (a->p->chips & HD_POLICY_608) != 0;

    if (!bit(a, HD_F_IsSecret)) {
        join(out, size, "cannot sign, since IsSecret is 0");
        uses &= 12;
    }
    if (uses & 1) {
        join(out, size, "signs any digest");
    }
    if (uses & 2) {
        join(out, size, "signs reports of the chip");
    }
    if ((uses & 12) == 4) {
        join(out, size, "agrees on secrets (%s)",
             results[is_608 ? bit(a, HD_F_EcdhProt) : 0]);
    }
    if ((uses & 12) == 12) {
        join(out, size, "agrees on secrets (into slot %u)", a->slot | 1);
    }
    if (bit(a, HD_F_ReadKey) == 0) {
        join(out, size, "signs nothing, agrees on nothing");
    }
    join(out, size, "public key: %s",
         bit(a, HD_F_PubInfo) ? "anyone" : "only when made");
}

static void stored_use(const struct asker *a, char *out, size_t size)
{
    if (a->kind == HD_KIND_PUBLIC) {
        join(out, size, "verifies signatures");
        if (bit(a, HD_F_PubInfo)) {
            join(out, size, "only once %s has signed for it",
                 named_by(a, HD_F_ReadKey));
        }
    } else if (a->kind == HD_KIND_AES) {
        join(out, size, "encrypts and decrypts");
    } else if (bit(a, HD_F_IsSecret)) {
        join(out, size,
             bit(a, HD_F_NoMac) ? "checks, derives; no MACs"
                                : "makes MACs, checks, derives");
    }
}

static void view_use(const struct asker *a, struct hd_policy_view *v)
{
    size_t size = sizeof v->use;

    if (a->kind == HD_KIND_PRIVATE) {
        private_use(a, v->use, size);
    } else {
        stored_use(a, v->use, size);
    }
    if (bit(a, HD_F_ReqAuth)) {
        join(v->use, size, "after proving %s", named_by(a, HD_F_AuthKey));
    }
    if (bit(a, HD_F_LimitedUse)) {
        join(v->use, size, "each use counted");
    }
    if (bit(a, HD_F_ReqRandom)) {
        join(v->use, size, "%s",
             a->kind == HD_KIND_PRIVATE ? "fresh nonce for reports"
                                        : "fresh nonce");
    }
    if (bit(a, HD_F_PersistentDisable)) {
        join(v->use, size, "while the latch is set");
    }
}

void hd_policy_view_slot(const struct hd_policy *policy, unsigned slot,
                         struct hd_policy_view *view)
{
    const struct asker a = {policy, slot, hd_policy_kind(policy->config, slot)};

    *view = (struct hd_policy_view){.type = type_of(&a)};
    view_read(&a, view);
    view_write(&a, view);
    view_renew(&a, view);
    view_lock(&a, view);
    view_use(&a, view);
}

/* --------------------------------------------------------------- the rest */

/* True if some key of the zone puts this field in words as it is now. */
static bool is_said(const struct hd_policy *p, unsigned id)
{
    char text[64];

    for (unsigned g = HD_G_INTERFACE; g < HD_G_SLOT; g++) {
        for (unsigned i = 0; i < hd_policy_groups[g].count; i++) {
            const struct hd_policy_key *key = &hd_policy_groups[g].keys[i];
            if ((key->chips & p->chips) &&
                (key->field == id || key->label == id) &&
                key->form != HD_FORM_TEXT && key->form != HD_FORM_OWN) {
                return hd_policy_say(p, key, 0, text, sizeof text);
            }
        }
    }
    return false;
}

void hd_policy_view_rest(const struct hd_policy *policy, int slot, char *out,
                         size_t size)
{
    unsigned from = slot < 0 ? HD_F_FIRST_ZONE : 0;
    unsigned to = slot < 0 ? HD_F_COUNT : HD_F_FIRST_ZONE;
    unsigned at = slot < 0 ? 0 : (unsigned)slot;

    out[0] = 0;
    for (unsigned id = from; id < to; id++) {
        uint64_t value = hd_policy_get(policy->config, id, at);
        uint64_t usual =
                hd_policy_fields[id].width == 64 &&
                                hd_policy_fields[id].byte >= 68
                        ? (policy->chips & HD_POLICY_508A ? UINT64_MAX : 0)
                        : 0;
        bool said = slot < 0 ? is_said(policy, id)
                             : id != HD_F_KeyConfigRFU && id != HD_F_X509id;
        if ((hd_policy_fields[id].chips & policy->chips) && !said &&
            value != usual) {
            join(out, size, value > 255 ? "%s=0x%llx" : "%s=%llu",
                 hd_policy_fields[id].name, (unsigned long long)value);
        }
    }
}
