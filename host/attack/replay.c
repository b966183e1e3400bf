/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge. What an attacker claims is compared with the chip's memory
 * before and after; for oracles, with the answer of a twin whose slot holds
 * another secret. A claim that is not so is not reported.
 */
#include "inner.h"

#include "halfdollar/err.h"

typedef bool judge_fn(const struct link *l, const uint8_t *before,
                      const struct hd_attack_yes *y);

static bool slot_changed(const struct link *l, const uint8_t *before,
                         const struct hd_attack_yes *y)
{
    unsigned slot = (unsigned)y->slot;
    size_t at = slot_place(slot);

    return memcmp(before + at, l->chip.ee + at, slot_length(slot)) != 0;
}

static bool was_read(const struct link *l, const uint8_t *before,
                     const struct hd_attack_yes *y)
{
    (void)l;
    return y->proof_len == 32 &&
           memcmp(before + slot_place((unsigned)y->slot), y->proof, 32) == 0;
}

static bool was_put(const struct link *l, const uint8_t *before,
                    const struct hd_attack_yes *y)
{
    unsigned slot = (unsigned)y->slot;
    const uint8_t *now = l->chip.ee + slot_place(slot);
    uint8_t value[72];

    if (!slot_changed(l, before, y) || y->proof_len == 0) {
        return false;
    }
    if (holds_private(before, slot)) {
        return memcmp(now + 4, y->proof, 32) == 0;
    }
    memcpy(value, now, y->proof_len);
    if (needs_validation(before, slot)) {
        value[0] = (uint8_t)((value[0] & 0x0F) | (y->proof[0] & 0xF0));
    }
    return memcmp(value, y->proof, y->proof_len) == 0;
}

static bool was_answered(const struct link *l, const uint8_t *before,
                         const struct hd_attack_yes *y)
{
    (void)before;
    (void)y;
    return hd_vchip_refusal(&l->chip)->why == HD_WHY_NONE && l->len > 0;
}

static bool is_trusted(const struct link *l, const uint8_t *before,
                       const struct hd_attack_yes *y)
{
    return was_answered(l, before, y) && slot_changed(l, before, y);
}

static bool was_regenerated(const struct link *l, const uint8_t *before,
                            const struct hd_attack_yes *y)
{
    return l->len == 64 && slot_changed(l, before, y);
}

static bool was_signed(const struct link *l, const uint8_t *before,
                       const struct hd_attack_yes *y)
{
    uint8_t xy[64];

    return l->len == 64 &&
           a_public(before + slot_place((unsigned)y->slot) + 4, xy) &&
           (y->goal == HD_GOAL_REPORT || a_verify(xy, y->proof, l->answer));
}

static bool was_agreed(const struct link *l, const uint8_t *before,
                       const struct hd_attack_yes *y)
{
    uint8_t own_d[32], own_xy[64], secret[32];

    (void)l;
    a_key(1, own_d, own_xy);
    return y->proof_len == 32 &&
           a_ecdh(before + slot_place((unsigned)y->slot) + 4, own_xy, secret) &&
           memcmp(secret, y->proof, 32) == 0;
}

static bool is_used_up(const struct link *l, const uint8_t *before,
                       const struct hd_attack_yes *y)
{
    unsigned slot = (unsigned)y->slot;
    bool by_bits = l->chip.model == HD_VMODEL_508A && slot == 15;
    size_t at = by_bits ? 68 : 52, len = by_bits ? 16 : 8;

    return field_of(before, 20 + 2 * slot, 0x0020) != 0 &&
           memcmp(before + at, l->chip.ee + at, len) != 0;
}

/* The next slot holds what he claims. */
static bool was_planted(const struct link *l, const uint8_t *before,
                        const struct hd_attack_yes *y)
{
    (void)before;
    return memcmp(l->chip.ee + slot_place((unsigned)y->slot + 1), y->proof,
                  32) == 0;
}

static bool is_frozen(const struct link *l, const uint8_t *before,
                      const struct hd_attack_yes *y)
{
    (void)before;
    return (l->chip.ee[88 + y->slot / 8] >> y->slot % 8 & 1) == 0;
}

/* Of the zone: bytes that are not what they were. */
static bool zone_changed(const struct link *l, const uint8_t *before,
                         const struct hd_attack_yes *y)
{
    static const struct {
        uint8_t goal;
        uint16_t at, len;
    } places[] = {
            {HD_GOAL_CONFIG, 20, 4}, {HD_GOAL_DATA, 192, 1208},
            {HD_GOAL_EXTRA, 84, 1},  {HD_GOAL_SELECTOR, 85, 1},
            {HD_GOAL_COUNT0, 52, 8}, {HD_GOAL_COUNT1, 60, 8},
            {HD_GOAL_OTP, 128, 64},
    };

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (places[i].goal == y->goal) {
            return memcmp(before + places[i].at, l->chip.ee + places[i].at,
                          places[i].len) != 0;
        }
    }
    return false;
}

static bool has_moved(const struct link *l, const uint8_t *before,
                      const struct hd_attack_yes *y)
{
    (void)y;
    return l->chip.addr7 != before[16] >> 1;
}

static bool latch_is_on(const struct link *l, const uint8_t *before,
                        const struct hd_attack_yes *y)
{
    (void)before;
    (void)y;
    return l->chip.latch;
}

static bool was_foretold(const struct link *l, const uint8_t *before,
                         const struct hd_attack_yes *y)
{
    (void)before;
    return l->len == 32 && y->proof_len == 32 &&
           memcmp(l->answer, y->proof, 32) == 0;
}

static judge_fn *const judges[HD_GOAL_COUNT] = {
        [HD_GOAL_READ] = was_read,       [HD_GOAL_OVERWRITE] = was_put,
        [HD_GOAL_TRUST] = is_trusted,    [HD_GOAL_REGENERATE] = was_regenerated,
        [HD_GOAL_ROLL] = slot_changed,   [HD_GOAL_DESTROY] = slot_changed,
        [HD_GOAL_SIGN] = was_signed,     [HD_GOAL_REPORT] = was_signed,
        [HD_GOAL_AGREE] = was_agreed,    [HD_GOAL_MAC] = was_answered,
        [HD_GOAL_CIPHER] = was_answered, [HD_GOAL_DERIVE] = was_answered,
        [HD_GOAL_EXHAUST] = is_used_up,  [HD_GOAL_PLANT] = was_planted,
        [HD_GOAL_FREEZE] = is_frozen,    [HD_GOAL_CONFIG] = zone_changed,
        [HD_GOAL_DATA] = zone_changed,   [HD_GOAL_ADDRESS] = has_moved,
        [HD_GOAL_EXTRA] = zone_changed,  [HD_GOAL_SELECTOR] = zone_changed,
        [HD_GOAL_COUNT0] = zone_changed, [HD_GOAL_COUNT1] = zone_changed,
        [HD_GOAL_OTP] = zone_changed,    [HD_GOAL_LATCH] = latch_is_on,
        [HD_GOAL_BOOT] = was_answered,   [HD_GOAL_FORGE] = was_foretold,
};

bool is_true(const struct link *l, const uint8_t *before,
             const struct hd_attack_yes *y)
{
    return judges[y->goal](l, before, y);
}

/* ----------------------------------------------------------------- replay */

static void play_step(struct link *l, const struct hd_attack_step *s)
{
    for (uint32_t i = 0; i < s->repeat; i++) {
        if (s->kind == HD_STEP_COMMAND) {
            (void)link_send(l, s->group, s->len);
        } else if (s->kind == HD_STEP_SLEEP) {
            link_sleep(l);
        } else {
            link_wake(l);
        }
    }
}

static int set_scene(const struct hd_attack *t, const struct hd_attack_yes *y,
                     int other, struct hd_vchip *chip)
{
    bool open = y->goal == HD_GOAL_CONFIG || y->goal == HD_GOAL_DATA;
    int err = victim_with(t->config, t->model, !open, other, chip);

    if (err == HD_OK && y->goal == HD_GOAL_DATA) {
        chip->ee[87] = 0; /* the zone opens once the other is locked */
    }
    return err;
}

int hd_attack_scene(const struct hd_attack *t, const struct hd_attack_yes *y,
                    struct hd_vchip *chip)
{
    return set_scene(t, y, -1, chip);
}

/* False: no chip. The caller frees l->chip. */
static bool play(const struct hd_attack *t, const struct hd_attack_yes *y,
                 int other, struct link *l, uint8_t *before)
{
    if (set_scene(t, y, other, &l->chip) != HD_OK) {
        return false;
    }
    if (before) {
        memcpy(before, l->chip.ee, HD_V_EEPROM_BYTES);
    }
    link_up(l);
    for (unsigned i = 0; i < y->count; i++) {
        play_step(l, &y->steps[i]);
    }
    return true;
}

/* With another secret in the slot, the same commands answer otherwise. */
static bool depends_on_slot(const struct hd_attack *t,
                            const struct hd_attack_yes *y, const struct link *l)
{
    struct link twin = {0};
    bool differs = false;

    if (play(t, y, y->slot, &twin, NULL)) {
        differs = twin.len != l->len ||
                  memcmp(twin.answer, l->answer, l->len) != 0;
        hd_vchip_free(&twin.chip);
    }
    return differs;
}

bool hd_attack_replay(const struct hd_attack *t, const struct hd_attack_yes *y)
{
    uint8_t before[HD_V_EEPROM_BYTES];
    struct link l = {0};
    bool oracle = y->goal == HD_GOAL_MAC || y->goal == HD_GOAL_CIPHER ||
                  y->goal == HD_GOAL_DERIVE || y->goal == HD_GOAL_REPORT;
    bool good;

    if (!play(t, y, -1, &l, before)) {
        return false;
    }
    good = is_true(&l, before, y) && (!oracle || depends_on_slot(t, y, &l));
    hd_vchip_free(&l.chip);
    return good;
}
