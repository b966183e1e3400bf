/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chip as it was when it refused: configuration and locks from the case,
 * keys of our own in every slot, and then everything that went before.
 */
#include "inner.h"

#include "halfdollar/bus.h"
#include "halfdollar/err.h"

/* ----------------------------------------------------------------- worlds */

static void empty_slot(struct hd_vchip *chip, unsigned slot)
{
    memset(chip->ee + slot_place(slot), 0, slot_length(slot));
}

static void invalid_key(struct hd_vchip *chip, unsigned slot)
{
    chip->ee[slot_place(slot)] &= 0x0F;
}

static void valid_key(struct hd_vchip *chip, unsigned slot)
{
    chip->ee[slot_place(slot)] |= 0x50;
}

static void no_uses(struct hd_vchip *chip, unsigned slot)
{
    static const uint8_t end[8] = {0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF};

    (void)slot;
    memcpy(chip->ee + 52, end, sizeof end);
    memcpy(chip->ee + 60, end, sizeof end);
}

static void match_reached(struct hd_vchip *chip, unsigned slot)
{
    (void)slot;
    if ((chip->ee[18] & 1) != 0) {
        memset(chip->ee + slot_place(chip->ee[18] >> 4), 0, 8);
    }
}

static void failed_test(struct hd_vchip *chip, unsigned slot)
{
    (void)slot;
    chip->selftest_fail = 0x01;
}

static void bad_health(struct hd_vchip *chip, unsigned slot)
{
    (void)slot;
    chip->health_fail = true;
}

static void boot_prohibited(struct hd_vchip *chip, unsigned slot)
{
    (void)slot;
    chip->boot_prohibit = true;
}

static void random_tempkey(struct hd_vchip *chip, unsigned slot)
{
    (void)slot;
    memset(&chip->tk, 0, sizeof chip->tk);
    chip->tk.valid = true;
}

static void fixed_tempkey(struct hd_vchip *chip, unsigned slot)
{
    random_tempkey(chip, slot);
    chip->tk.source_input = true;
}

static void tainted_tempkey(struct hd_vchip *chip, unsigned slot)
{
    random_tempkey(chip, slot);
    chip->tk.no_mac = true;
}

static void private_tempkey(struct hd_vchip *chip, unsigned slot)
{
    random_tempkey(chip, slot);
    chip->tk.is_private = true;
}

const struct world worlds[] = {
        {NULL, NULL, WORLD_MEMORY},
        {"the slot holds no key yet", empty_slot, WORLD_MEMORY},
        {"the public key in the slot is not validated", invalid_key,
         WORLD_MEMORY},
        {"the public key in the slot is validated", valid_key, WORLD_MEMORY},
        {"Counter 0 has reached its limit", match_reached, WORLD_MEMORY},
        {"the counters stand at their end", no_uses, WORLD_MEMORY},
        {"TempKey held a random nonce", random_tempkey, WORLD_TEMPKEY},
        {"TempKey held a fixed nonce", fixed_tempkey, WORLD_TEMPKEY},
        {"TempKey was made from a key that may not make MACs", tainted_tempkey,
         WORLD_TEMPKEY},
        {"TempKey held a private key", private_tempkey, WORLD_TEMPKEY},
        {"secure boot was prohibited earlier", boot_prohibited, WORLD_STATE},
        {"the self test had failed", failed_test, WORLD_STATE},
        {"the random generator had failed its health test", bad_health,
         WORLD_STATE},
        {"it had been awake almost as long as its watchdog lets it", NULL,
         WORLD_LATE},
};
const unsigned world_count = sizeof worlds / sizeof worlds[0];

/* ------------------------------------------------------------------- keys */

/* Public keys are ours, so that signatures can be made for them. */
static void plant_public(struct actor *a)
{
    struct hd_vchip *chip = &a->l.chip;

    for (unsigned slot = 0; slot < SLOTS; slot++) {
        uint8_t *at = chip->ee + slot_place(slot);

        if (holds_public(chip->ee, slot)) {
            stored_form(a->own_xy, at);
            at[0] = needs_validation(chip->ee, slot) ? 0x50 : 0;
        }
    }
}

static void learn(struct actor *a)
{
    const uint8_t *ee = a->l.chip.ee;

    memcpy(a->sn, ee, 4);
    memcpy(a->sn + 4, ee + 8, 5);
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        struct known *k = &a->known[slot];

        k->given = true;
        k->own_key = holds_public(ee, slot);
        k->have = !k->own_key && !holds_private(ee, slot);
        k->via = -1;
        k->auth = -1;
        memcpy(k->value, ee + slot_place(slot), sizeof k->value);
    }
}

/* ---------------------------------------------------------------- history */

static void power_cycle(struct hd_vchip *chip)
{
    hd_vchip_power(chip, false);
    hd_vchip_power(chip, true);
}

/*
 * The real chip accepted what ours cannot know (a MAC with its own key): so
 * it left behind what an accepted command leaves behind.
 */
static void believe(struct hd_vchip *chip, const struct hd_moment *m)
{
    if (m->group[1] == OP_CHECKMAC) {
        chip->auth_valid = true;
        chip->auth_key = m->group[3] & 0x0F;
    }
    if (m->group[1] == OP_LOCK && (m->group[2] & 0x03) < 2) {
        chip->ee[(m->group[2] & 0x03) == 0 ? 87 : 86] = 0;
    }
}

static void live(struct seeker *s, const struct hd_moment *m)
{
    struct link *l = &s->a.l;

    switch (m->kind) {
    case HD_MOMENT_COMMAND:
        if (!link_send(l, m->group, m->len) && m->answered && m->status == 0) {
            believe(&l->chip, m);
        }
        return;
    case HD_MOMENT_SLEEP:
        link_sleep(l);
        return;
    case HD_MOMENT_IDLE:
        link_idle(l);
        return;
    case HD_MOMENT_POWER:
        power_cycle(&l->chip);
        link_wake(l);
        return;
    default:
        (void)l->port->wake(&l->sim);
        hd_vbus_advance(&l->bus, (uint64_t)21 * 1000000);
        return;
    }
}

/* ------------------------------------------------------------------ scene */

int scene_make(struct seeker *s, const uint8_t *config, uint8_t model,
               const struct world *world)
{
    struct actor *a = &s->a;
    int len;
    int err = victim_with(config, model, false, -1, &a->l.chip);

    if (err != HD_OK) {
        return err;
    }
    a->l.chip.swi = s->c->swi;
    s->late = world->kind == WORLD_LATE;
    a->config = config;
    a_key(1, a->own_d, a->own_xy);
    plant_public(a);
    if (world->make != NULL) {
        world->make(&a->l.chip, s->slot < 0 ? 0U : (unsigned)s->slot);
    }
    learn(a);
    link_up(&a->l);
    for (size_t i = 0; i < s->c->before_count; i++) {
        live(s, &s->c->before[i]);
    }
    /* What is in the slots was so before; a command may have changed it. */
    if (world->make != NULL && world->kind != WORLD_MEMORY) {
        world->make(&a->l.chip, s->slot < 0 ? 0U : (unsigned)s->slot);
    }
    len = hd_vchip_snapshot(&a->l.chip, a->fresh, sizeof a->fresh);
    a->fresh_len = len > 0 ? (size_t)len : 0;
    return len > 0 ? HD_OK : HD_ERR_PORT;
}

void scene_free(struct seeker *s)
{
    hd_vchip_free(&s->a.l.chip);
}

/* How long the group takes on its bus: 1 MHz, or 8 characters a byte. */
static uint64_t transfer_ns(const struct seeker *s)
{
    return s->c->swi ? (s->c->len + 1) * 8 * 39060ULL
                     : (s->c->len + 2) * 9000ULL;
}

static bool ask_late(struct seeker *s)
{
    struct link *l = &s->a.l;
    const uint64_t needed = transfer_ns(s) + 50000;
    uint64_t left;

    link_wake(l);
    left = l->chip.watchdog_ns - l->chip.now_ns;
    hd_vbus_advance(&l->bus, left > needed ? left - needed : 0);
    return link_send_awake(l, s->c->group, s->c->len);
}

bool scene_ask(struct seeker *s)
{
    actor_begin(&s->a);
    if (s->late) {
        return ask_late(s);
    }
    return link_send(&s->a.l, s->c->group, s->c->len);
}
