/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks every question until nothing new comes out: first which keys the
 * attacker can come to know, one through the other, then what he can do with
 * each slot and with the chip.
 */
#include <stdlib.h>

#include "inner.h"

#include "halfdollar/err.h"

static const struct {
    const char *word, *text;
} goals[HD_GOAL_COUNT] = {
#define GOAL_WORDS(id, word, text) {word, text},
        HD_GOALS(GOAL_WORDS)
#undef GOAL_WORDS
};

const char *hd_goal_word(enum hd_goal goal)
{
    return goals[goal].word;
}

const char *hd_goal_text(enum hd_goal goal)
{
    return goals[goal].text;
}

/* ------------------------------------------------------------ what is found */

bool is_noted(const struct hd_attack *t, enum hd_attacker who, unsigned goal,
              unsigned slot)
{
    return t->yes[who][goal][slot].how != NULL;
}

bool note(struct hd_attack *t, struct actor *a, enum hd_attacker who,
          const struct hd_attack_yes *what)
{
    unsigned slot = what->slot < 0 ? 0 : (unsigned)what->slot;
    struct hd_attack_yes y = *what;
    struct hd_attack_step *steps;

    memcpy(y.proof, a->proof, a->proof_len);
    y.proof_len = (uint8_t)a->proof_len;
    if (is_noted(t, who, y.goal, slot) || !is_true(&a->l, a->before, &y)) {
        return false;
    }
    steps = malloc(a->count * sizeof *steps);
    if (!steps) {
        return false;
    }
    memcpy(steps, a->steps, a->count * sizeof *steps);
    y.steps = steps;
    y.count = a->count;
    y.taken = a->taken;
    t->yes[who][y.goal][slot] = y;
    return true;
}

void show_progress(struct hd_attack *t, const struct actor *a, unsigned share)
{
    t->share = share > t->share ? share : t->share; /* never back */
    if (t->progress) {
        t->progress(t->ctx, t->commands + a->commands, t->share);
    }
}

/* ------------------------------------------------------------------ keys */

static bool knows(const struct actor *a, int key)
{
    return a->known[key].have || a->known[key].own_key;
}

static void learn(struct actor *a, unsigned slot, const struct move *m, int key)
{
    struct known *k = &a->known[slot];

    *k = (struct known){.by = m,
                        .via = key,
                        .auth = a->auth,
                        .latch = a->latch,
                        .have = true};
    k->own_key = holds_public(a->config, slot);
    remember(a, slot);
}

/* The move works, and what it claims is so. */
static bool succeeds(struct actor *a, const struct move *m, unsigned slot,
                     int key)
{
    struct hd_attack_yes y = {.goal = m->goal, .slot = (int8_t)slot};

    if (!attempt(a, m, slot, key)) {
        return false;
    }
    memcpy(y.proof, a->proof, a->proof_len);
    y.proof_len = (uint8_t)a->proof_len;
    return is_true(&a->l, a->before, &y);
}

/* One way into one slot, with one key or none. */
static bool learn_by(struct actor *a, unsigned slot, const struct move *m,
                     int key)
{
    const struct known before = a->known[slot];

    if (!succeeds(a, m, slot, key)) {
        return false;
    }
    if (holds_public(a->config, slot) &&
        memcmp(a->proof + 4, a->own_xy, 28) != 0) {
        return false; /* no key of anybody's any more */
    }
    learn(a, slot, m, key);
    actor_begin(a);
    if (before.by && !acquire(a, (int)slot)) {
        a->known[slot] = before; /* the better way led through the old one */
        return false;
    }
    return true;
}

/* A key that had to be validated costs him six signatures every time: he
 * tries it where a field of the slot names it. */
static bool is_worth_it(const struct actor *a, int key, int slot)
{
    const struct known *k = &a->known[key];
    unsigned at = 2 * (unsigned)slot;

    return slot < 0 || k->given || k->by->goal != HD_GOAL_TRUST ||
           key == (int)field_of(a->config, 20 + at, 0x000F) ||
           key == (int)field_of(a->config, 20 + at, 0x0F00) ||
           key == (int)field_of(a->config, 96 + at, 0x0F00);
}

/* goal: by reading it, or by putting a value of his own there; keyed: with
 * another key, or without any. */
static bool learn_slot(struct actor *a, unsigned slot, enum hd_goal goal,
                       bool keyed)
{
    for (unsigned i = 0; i < slot_move_count; i++) {
        const struct move *m = &slot_moves[i];

        if (m->goal != goal || m->keyed != keyed ||
            (m->inferred && !a->guess)) {
            continue;
        }
        for (int key = keyed ? 0 : -1; key < (keyed ? SLOTS : 0); key++) {
            if ((key < 0 || (key != (int)slot && knows(a, key) &&
                             is_worth_it(a, key, (int)slot))) &&
                learn_by(a, slot, m, key)) {
                return true;
            }
        }
    }
    return false;
}

/* What touches least comes first: a chain that replaces a slot on its way has
 * lost what was in it. His own public key is worth most where the chip trusts
 * it; one that he only reads opens nothing. */
static bool learn_any_way(struct actor *a, unsigned slot)
{
    static const struct {
        uint8_t goal;
        bool keyed;
    } ways[3][4] = {{{HD_GOAL_READ, false},
                     {HD_GOAL_OVERWRITE, false},
                     {HD_GOAL_READ, true},
                     {HD_GOAL_OVERWRITE, true}},
                    {{HD_GOAL_OVERWRITE, false}, {HD_GOAL_OVERWRITE, true}},
                    {{HD_GOAL_TRUST, false},
                     {HD_GOAL_TRUST, true},
                     {HD_GOAL_OVERWRITE, false},
                     {HD_GOAL_OVERWRITE, true}}};
    unsigned kind = needs_validation(a->config, slot) ? 2
                    : holds_public(a->config, slot)   ? 1
                                                      : 0;

    for (unsigned i = 0; i < (kind == 1 ? 2 : 4); i++) {
        enum hd_goal goal = (enum hd_goal)ways[kind][i].goal;

        if (knows(a, (int)slot) && goal != HD_GOAL_TRUST) {
            continue; /* only better will do */
        }
        if (learn_slot(a, slot, goal, ways[kind][i].keyed)) {
            return true;
        }
    }
    return false;
}

/* Known, and as good as it gets. */
static bool is_settled(const struct actor *a, unsigned slot)
{
    const struct known *k = &a->known[slot];

    return knows(a, (int)slot) &&
           (k->given || !needs_validation(a->config, slot) ||
            k->by->goal == HD_GOAL_TRUST);
}

static void learn_all(struct actor *a)
{
    bool more = true;

    while (more) {
        more = false;
        for (unsigned slot = 0; slot < SLOTS; slot++) {
            if ((int)slot != a->spared && !holds_private(a->config, slot) &&
                !is_settled(a, slot) && learn_any_way(a, slot)) {
                more = true;
            }
        }
    }
}

/* -------------------------------------------------------------- questions */

/* A slot is not opened by a key that he put there himself. */
static bool may_open(const struct actor *a, int key, int slot)
{
    const struct known *k = &a->known[key < 0 ? 0 : key];

    if (key < 0) {
        return true;
    }
    return knows(a, key) && is_worth_it(a, key, slot) &&
           (key != slot || k->given || k->by->goal == HD_GOAL_READ);
}

static void ask(struct hd_attack *t, struct actor *a, enum hd_attacker who,
                const struct move *m, int slot)
{
    unsigned at = slot < 0 ? 0 : (unsigned)slot;

    if (a->guess ? !m->inferred && !m->keyed : m->inferred) {
        return; /* asked before, or not yet */
    }
    for (int key = m->keyed ? 0 : -1; key < (m->keyed ? SLOTS : 0); key++) {
        const struct hd_attack_yes y = {.goal = m->goal,
                                        .slot = (int8_t)slot,
                                        .via = (int8_t)key,
                                        .inferred = a->guess,
                                        .how = m->how};

        if (is_noted(t, who, m->goal, at) || !may_open(a, key, slot)) {
            continue;
        }
        if (attempt(a, m, at, key)) {
            (void)note(t, a, who, &y);
        }
    }
}

/* Whatever replaces a slot's content destroys it. */
static void destroyed_by(struct hd_attack *t, enum hd_attacker who,
                         unsigned slot)
{
    static const uint8_t same[] = {HD_GOAL_REGENERATE, HD_GOAL_OVERWRITE,
                                   HD_GOAL_ROLL};
    struct hd_attack_yes *y = &t->yes[who][HD_GOAL_DESTROY][slot];

    for (unsigned i = 0; i < sizeof same && !y->how; i++) {
        const struct hd_attack_yes *from = &t->yes[who][same[i]][slot];
        struct hd_attack_step *steps;

        if (!from->how || !(steps = malloc(from->count * sizeof *steps))) {
            continue;
        }
        memcpy(steps, from->steps, from->count * sizeof *steps);
        *y = *from;
        y->steps = steps;
        y->goal = HD_GOAL_DESTROY;
    }
}

static void ask_moves(struct hd_attack *t, struct actor *a,
                      enum hd_attacker who, unsigned slot)
{
    for (unsigned i = 0; i < slot_move_count; i++) {
        ask(t, a, who, &slot_moves[i], (int)slot);
    }
}

/* Keys he has would open it, but what he did to have them was no help. */
static bool is_half_open(const struct hd_attack *t, const struct actor *a,
                         enum hd_attacker who, unsigned slot)
{
    unsigned word = field_of(a->config, 20 + 2 * slot, 0xFFFF);
    int read = (int)(word & 0xF), write = (int)(word >> 8 & 0xF);
    bool reads = (word & 0xC0) == 0xC0 && !holds_private(a->config, slot);

    return (reads && knows(a, read) && !is_noted(t, who, HD_GOAL_READ, slot)) ||
           ((word & 0x4000) != 0 && knows(a, write) &&
            !is_noted(t, who, HD_GOAL_OVERWRITE, slot)) ||
           ((word & 0x2000) != 0 && knows(a, write) &&
            !is_noted(t, who, HD_GOAL_ROLL, slot));
}

/* The same questions with keys that he got without touching this slot. */
static void ask_sparing(struct hd_attack *t, struct actor *a,
                        enum hd_attacker who, unsigned slot)
{
    struct known kept[SLOTS];

    memcpy(kept, a->known, sizeof kept);
    for (unsigned i = 0; i < SLOTS; i++) {
        if (!a->known[i].given) {
            memset(&a->known[i], 0, sizeof a->known[i]);
        }
    }
    a->spared = (int)slot;
    learn_all(a);
    ask_moves(t, a, who, slot);
    a->spared = -1;
    memcpy(a->known, kept, sizeof kept);
}

static void ask_slots(struct hd_attack *t, struct actor *a,
                      enum hd_attacker who)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        ask_moves(t, a, who, slot);
        if (is_half_open(t, a, who, slot)) {
            ask_sparing(t, a, who, slot);
        }
        destroyed_by(t, who, slot);
        show_progress(t, a, (who == HD_ON_BUS ? 0 : 500) + slot * 10);
    }
}

/* ------------------------------------------------------------ the actors */

static bool fresh_chip(struct actor *a, const struct hd_attack *t, bool locked)
{
    int len;

    hd_vchip_free(&a->l.chip);
    if (victim_with(t->config, t->model, locked, -1, &a->l.chip) != HD_OK) {
        return false;
    }
    link_up(&a->l);
    memcpy(a->before, a->l.chip.ee, sizeof a->before);
    len = hd_vchip_snapshot(&a->l.chip, a->fresh, sizeof a->fresh);
    a->fresh_len = len > 0 ? (size_t)len : 0;
    return len > 0;
}

static struct actor *new_actor(const struct hd_attack *t)
{
    struct actor *a = calloc(1, sizeof *a);

    if (!a) {
        return NULL;
    }
    a->config = t->config;
    a->spared = -1;
    memcpy(a->sn, t->config, 4);
    memcpy(a->sn + 4, t->config + 8, 5);
    a_key(1, a->own_d, a->own_xy);
    return a;
}

static void free_actor(struct actor *a)
{
    if (a) {
        hd_vchip_free(&a->l.chip);
        free(a);
    }
}

/* The zones as the bytes have them: a chip that is not locked yet. */
static void ask_open_zones(struct hd_attack *t, struct actor *a)
{
    const uint8_t *c = t->config;

    if (c[87] == 0x55 && fresh_chip(a, t, false)) {
        ask(t, a, HD_ON_BUS, &zone_moves[0], -1);
        a->l.chip.ee[87] = 0;
        a->fresh_len = (size_t)hd_vchip_snapshot(&a->l.chip, a->fresh,
                                                 sizeof a->fresh);
        memcpy(a->before, a->l.chip.ee, sizeof a->before);
        ask(t, a, HD_ON_BUS, &zone_moves[1], -1);
    } else if (c[86] == 0x55 && fresh_chip(a, t, false)) {
        ask(t, a, HD_ON_BUS, &zone_moves[1], -1);
    }
}

static void ask_zone(struct hd_attack *t, struct actor *a, enum hd_attacker who)
{
    for (unsigned i = 2; i < zone_move_count; i++) {
        ask(t, a, who, &zone_moves[i], -1);
    }
}

/* Only with the one key he has: not without any. */
static bool opens_latch(struct actor *a, const struct move *m)
{
    return succeeds(a, m, 0, -1) && a->count > 1;
}

/* Does this key, if one has it, open anything of another slot or the chip? */
static bool is_host_key(struct actor *a, int key)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        for (unsigned i = 0; i < slot_move_count; i++) {
            const struct move *m = &slot_moves[i];

            if (m->keyed && (m->goal <= HD_GOAL_OVERWRITE) &&
                (int)slot != key && succeeds(a, m, slot, key)) {
                return true;
            }
        }
    }
    for (unsigned i = 0; i < zone_move_count; i++) {
        const struct move *m = &zone_moves[i];

        if ((m->goal == HD_GOAL_FORGE && succeeds(a, m, 0, key)) ||
            (m->goal == HD_GOAL_LATCH && opens_latch(a, m))) {
            return true;
        }
    }
    return false;
}

/* Keys that authorise others stand in a refusal. */
bool authorises(const struct actor *a, int key)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        if (field_of(a->config, 96 + 2 * slot, 0x0080) != 0 &&
            (int)field_of(a->config, 96 + 2 * slot, 0x0F00) == key) {
            return true;
        }
    }
    return false;
}

static void give(struct actor *a, int key)
{
    struct known *k = &a->known[key];

    *k = (struct known){.have = true, .given = true, .via = -1, .auth = -1};
    memcpy(k->value, a->before + slot_place((unsigned)key), 32);
}

static uint16_t find_host_keys(struct actor *a)
{
    uint16_t keys = 0;

    for (int key = 0; key < SLOTS; key++) {
        if (holds_private(a->config, (unsigned)key) ||
            holds_public(a->config, (unsigned)key)) {
            continue;
        }
        memset(a->known, 0, sizeof a->known);
        give(a, key);
        if (authorises(a, key) || is_host_key(a, key)) {
            keys |= (uint16_t)(1U << key);
        }
    }
    memset(a->known, 0, sizeof a->known);
    return keys;
}

static void play_attacker(struct hd_attack *t, struct actor *a,
                          enum hd_attacker who, enum hd_attack_depth depth)
{
    if (depth != HD_ATTACK_QUICK) {
        t->host_keys = find_host_keys(a);
    }
    if (who == HD_OWNS_FLASH) {
        for (int key = 0; key < SLOTS; key++) {
            if ((t->host_keys >> key & 1) != 0) {
                give(a, key);
            }
        }
    }
    /* first what is certain, then what also needs an inferred rule */
    for (int guess = 0; guess < (depth ? 2 : 1); guess++) {
        a->guess = guess != 0;
        learn_all(a);
        ask_slots(t, a, who);
        ask_zone(t, a, who);
    }
    if (depth == HD_ATTACK_FULL) {
        sweep(t, a, who);
    }
}

struct hd_attack *hd_attack_run(const uint8_t config[HD_V_CONFIG_BYTES],
                                uint8_t model, enum hd_attack_depth depth,
                                hd_attack_progress *progress, void *ctx)
{
    struct hd_attack *t = calloc(1, sizeof *t);
    struct actor *a;

    if (!t) {
        return NULL;
    }
    memcpy(t->config, config, HD_V_CONFIG_BYTES);
    t->model = model;
    t->progress = progress;
    t->ctx = ctx;
    for (unsigned who = 0; who < (depth ? HD_ATTACKERS : 1); who++) {
        a = new_actor(t);
        if (a && fresh_chip(a, t, true)) {
            play_attacker(t, a, (enum hd_attacker)who, depth);
        }
        if (a && who == HD_ON_BUS) {
            memset(a->known, 0, sizeof a->known);
            a->guess = false; /* what is open is open for certain */
            ask_open_zones(t, a);
        }
        t->commands += a ? a->commands : 0;
        free_actor(a);
    }
    if (progress) {
        progress(ctx, t->commands, 1000);
    }
    return t;
}

void hd_attack_free(struct hd_attack *t)
{
    if (!t) {
        return;
    }
    for (unsigned i = 0; i < HD_ATTACKERS * HD_GOAL_COUNT * SLOTS; i++) {
        struct hd_attack_yes *y = &t->yes[0][0][0] + i;

        free((void *)(uintptr_t)y->steps);
    }
    free(t);
}

const struct hd_attack_yes *hd_attack_find(const struct hd_attack *t,
                                           enum hd_attacker who,
                                           enum hd_goal goal, unsigned slot)
{
    const struct hd_attack_yes *y =
            &t->yes[who][goal][goal >= HD_GOAL_FIRST_ZONE ? 0 : slot];

    return y->how ? y : NULL;
}

uint64_t hd_attack_commands(const struct hd_attack *t)
{
    return t->commands;
}

uint64_t hd_attack_swept(const struct hd_attack *t)
{
    return t->swept;
}

uint16_t hd_attack_host_keys(const struct hd_attack *t)
{
    return t->host_keys;
}
