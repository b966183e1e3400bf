/* SPDX-License-Identifier: Apache-2.0 */
/* Which slot governs which, read from the bits. Places: docs/chip part 1,
 * 7.12 to 7.14 (slots), 7.3 to 7.11 (the chip's own keys). */
#include "view/inner.h"

const struct hd_arrow_words hd_arrow_words[HD_ARROW_KINDS] = {
#define HD_ARROW_ROW(id, class, verb, legend) {class, verb, legend},
        HD_ARROWS(HD_ARROW_ROW)
#undef HD_ARROW_ROW
};

struct list {
    const uint8_t *config;
    struct hd_arrow *out;
    unsigned count;
};

static unsigned bit(const struct list *l, enum hd_policy_field_id id,
                    unsigned slot)
{
    return (unsigned)hd_policy_get(l->config, id, slot);
}

static void add(struct list *l, enum hd_arrow_kind kind, unsigned from,
                unsigned to, enum hd_policy_field_id field, unsigned slot)
{
    l->out[l->count++] = (struct hd_arrow){.from = (uint8_t)from,
                                           .to = (uint8_t)to,
                                           .kind = (uint8_t)kind,
                                           .field = (uint8_t)field,
                                           .slot = (uint8_t)slot};
}

/* From the slot that `field` names. */
static void named(struct list *l, enum hd_arrow_kind kind, unsigned slot,
                  enum hd_policy_field_id field)
{
    add(l, kind, bit(l, field, slot), slot, field, slot);
}

static void private_arrows(struct list *l, unsigned slot)
{
    if (bit(l, HD_F_WriteConfig, slot) & 4) {
        named(l, HD_ARROW_WRITES, slot, HD_F_WriteKey);
    }
    if ((bit(l, HD_F_ReadKey, slot) & 12) == 12) {
        add(l, HD_ARROW_FILLS, slot, slot | 1, HD_F_ReadKey, slot);
    }
}

static void stored_arrows(struct list *l, unsigned slot, uint8_t kind)
{
    unsigned mode = bit(l, HD_F_WriteConfig, slot);

    if (bit(l, HD_F_IsSecret, slot) && bit(l, HD_F_EncryptRead, slot)) {
        named(l, HD_ARROW_READS, slot, HD_F_ReadKey);
    }
    if (mode & 4) {
        named(l, HD_ARROW_WRITES, slot, HD_F_WriteKey);
    }
    if ((mode & 2) && (mode & 9)) {
        named(l, HD_ARROW_DERIVES, slot, HD_F_WriteKey);
    }
    if (kind == HD_KIND_PUBLIC && bit(l, HD_F_PubInfo, slot)) {
        named(l, HD_ARROW_VALIDATES, slot, HD_F_ReadKey);
    }
}

static void slot_arrows(struct list *l, unsigned slot)
{
    uint8_t kind = hd_policy_kind(l->config, slot);

    if (kind == HD_KIND_PRIVATE) {
        private_arrows(l, slot);
    } else {
        stored_arrows(l, slot, kind);
    }
    if (bit(l, HD_F_ReqAuth, slot)) {
        named(l, HD_ARROW_AUTHORISES, slot, HD_F_AuthKey);
    }
    if (bit(l, HD_F_LimitedUse, slot)) {
        add(l, HD_ARROW_COUNTS, HD_PAGE_COUNTER0, slot, HD_F_LimitedUse, slot);
    }
}

/* Keys of the chip's own features: in force if `on` is not 0. */
static const struct {
    uint8_t on, key, to;
    const char *what;
} guards[] = {
        {HD_F_SecureBootMode, HD_F_SecureBootPubKey, HD_PAGE_CHIP,
         "verifies the firmware that secure boot starts"},
        {HD_F_IoProtectionKeyEnable, HD_F_IoProtectionKey, HD_PAGE_CHIP,
         "protects what chip and host say (IO protection)"},
        {HD_F_VolatileKeyPermitEnable, HD_F_VolatileKeyPermitSlot, HD_PAGE_CHIP,
         "switches the persistent latch"},
        {HD_F_UseLockEnable, HD_F_UseLockKey, HD_PAGE_CHIP,
         "opens the use lock"},
        {HD_F_CountMatchEnable, HD_F_CountMatchKey, HD_PAGE_COUNTER0,
         "says where counter 0 stops"},
};

static void chip_arrows(struct list *l)
{
    for (size_t i = 0; i < sizeof guards / sizeof guards[0]; i++) {
        if (bit(l, guards[i].on, 0)) {
            add(l, HD_ARROW_GUARDS, bit(l, guards[i].key, 0), guards[i].to,
                guards[i].key, 0);
            l->out[l->count - 1].what = guards[i].what;
        }
    }
    /* Modes 2 and 3 keep the signature or digest of accepted firmware. */
    if (bit(l, HD_F_SecureBootMode, 0) >= 2) {
        add(l, HD_ARROW_GUARDS, bit(l, HD_F_SecureBootSigDig, 0), HD_PAGE_CHIP,
            HD_F_SecureBootSigDig, 0);
        l->out[l->count - 1].what = "keeps what secure boot accepted last";
    }
}

unsigned hd_page_arrows(const uint8_t config[HD_POLICY_CONFIG_BYTES],
                        uint8_t chips, struct hd_arrow out[HD_ARROWS_MAX])
{
    struct list l = {config, out, 0};

    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        slot_arrows(&l, slot);
    }
    if (chips & HD_POLICY_608) {
        chip_arrows(&l);
    }
    return l.count;
}
