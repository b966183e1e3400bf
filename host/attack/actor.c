/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attacker's hands: sends commands, records them, takes the keys that a
 * chain begins with, and reads the chip's refusals for what is missing.
 */
#include "inner.h"

#include "halfdollar/err.h"

static struct hd_attack_step *new_step(struct actor *a, uint8_t kind)
{
    struct hd_attack_step *s = &a->steps[a->count];

    if (a->count == STEPS_MAX) {
        a->overflow = true;
        return &a->steps[STEPS_MAX - 1];
    }
    memset(s, 0, sizeof *s);
    s->kind = kind;
    s->repeat = 1;
    a->count++;
    return s;
}

void actor_begin(struct actor *a)
{
    (void)hd_vchip_restore(&a->l.chip, a->fresh, a->fresh_len);
    a->count = 0;
    a->overflow = false;
    a->taken = 0;
    a->depth = 0;
    a->proof_len = 0;
}

bool send_command(struct actor *a, uint8_t op, uint8_t p1, unsigned p2,
                  const void *data, size_t len)
{
    struct hd_attack_step *s = new_step(a, HD_STEP_COMMAND);
    uint8_t *g = s->group;
    uint16_t crc;

    g[0] = (uint8_t)(len + 7);
    g[1] = op;
    g[2] = p1;
    g[3] = (uint8_t)p2;
    g[4] = (uint8_t)(p2 >> 8);
    if (len > 0) {
        memcpy(g + 5, data, len);
    }
    crc = a_crc(g, len + 5);
    g[len + 5] = (uint8_t)crc;
    g[len + 6] = (uint8_t)(crc >> 8);
    s->len = (uint8_t)(len + 7);
    a->commands++;
    if (!link_send(&a->l, g, s->len)) {
        a->count -= !a->overflow; /* a trace needs only what was done */
        return false;
    }
    return !a->overflow;
}

bool send_again(struct actor *a, unsigned most)
{
    struct hd_attack_step *s = &a->steps[a->count - 1];

    while (s->repeat < most) {
        a->commands++;
        if (!link_send(&a->l, s->group, s->len)) {
            return true; /* that was the last one */
        }
        s->repeat++;
    }
    return true;
}

void send_wake(struct actor *a)
{
    (void)new_step(a, HD_STEP_WAKE);
    link_wake(&a->l);
}

void send_sleep(struct actor *a)
{
    (void)new_step(a, HD_STEP_SLEEP);
    link_sleep(&a->l);
}

const struct hd_refusal *refusal(const struct actor *a)
{
    return hd_vchip_refusal(&a->l.chip);
}

void claim(struct actor *a, const void *proof, size_t len)
{
    memcpy(a->proof, proof, len);
    a->proof_len = len;
}

/* ------------------------------------------------------------------- keys */

static bool repeat_move(struct actor *a, unsigned slot, const struct known *k)
{
    if (k->latch && !do_latch(a)) {
        return false;
    }
    if (k->auth >= 0 && !authorise(a, k->auth)) {
        return false;
    }
    return k->by->run(a, slot, k->via);
}

void remember(struct actor *a, unsigned slot)
{
    struct known *k = &a->known[slot];

    memcpy(k->value, a->proof, 32);
    if (needs_validation(a->config, slot)) { /* the nibble is the chip's */
        k->value[0] = k->by->goal == HD_GOAL_TRUST ? 0x50 : 0xA0;
    }
}

/* Makes what he knows about a slot true on this chip. */
bool acquire(struct actor *a, int key)
{
    const struct known *k = &a->known[key < 0 ? 0 : key];

    if (key < 0 || k->given || (a->taken >> key & 1) != 0) {
        return true;
    }
    if ((!k->have && !k->own_key) || a->depth > SLOTS) {
        return false;
    }
    a->depth++;
    if (!acquire(a, k->via) || !repeat_move(a, (unsigned)key, k)) {
        return false;
    }
    a->depth--;
    remember(a, (unsigned)key); /* what DeriveKey makes differs every time */
    a->taken |= (uint16_t)(1U << key);
    a->proof_len = 0;
    return true;
}

/* CheckMac over the nonce with a key he knows. */
static bool authorise_by_secret(struct actor *a, int key)
{
    const uint8_t *sn = a->sn;
    uint8_t m[88] = {0}, data[77] = {0};

    if (!do_nonce_random(a)) {
        return false;
    }
    memcpy(m, a->known[key].value, 32);
    memcpy(m + 32, a->tempkey, 32);
    m[79] = sn[8];
    m[84] = sn[0];
    m[85] = sn[1];
    a_sha256(m, sizeof m, data + 32);
    return send_command(a, OP_CHECKMAC, 0x01, (unsigned)key, data, sizeof data);
}

bool sign_own(struct actor *a, const uint8_t digest[32], uint8_t rs[64])
{
    static const uint8_t none[64];
    struct signature *s;

    for (unsigned i = 0; i < SIGNED; i++) {
        s = &a->signatures[i];
        if (memcmp(s->digest, digest, 32) == 0 &&
            memcmp(s->rs, none, sizeof none) != 0) {
            memcpy(rs, s->rs, 64);
            return true;
        }
    }
    if (!a_sign(a->own_d, digest, rs)) {
        return false;
    }
    s = &a->signatures[a->signed_last++ % SIGNED];
    memcpy(s->digest, digest, 32);
    memcpy(s->rs, rs, 64);
    return true;
}

/* Verify(Stored) with his own public key in the slot. */
static bool authorise_by_signature(struct actor *a, int key)
{
    uint8_t rs[64];

    return do_nonce_random(a) && sign_own(a, a->tempkey, rs) &&
           send_command(a, OP_VERIFY, 0x00, (unsigned)key, rs, sizeof rs);
}

static bool authorise_once(struct actor *a, int key)
{
    if (a->known[key].own_key) {
        return authorise_by_signature(a, key);
    }
    return a->known[key].have && authorise_by_secret(a, key);
}

/* The key that the last refusal asked for, if he can have it; or -1. */
static int missing_key(const struct actor *a)
{
    const struct hd_refusal *r = refusal(a);
    int key = r->value >> 8 & 0x0F;
    bool his = a->known[key].have || a->known[key].own_key;

    return r->why == HD_WHY_AUTH_MISSING && his ? key : -1;
}

/* A key that authorises may ask to be authorised itself, by another; keys
 * that ask for one another authorise nobody. asked: those on the way. */
static bool authorise_through(struct actor *a, int key, unsigned asked)
{
    int other;

    if (!acquire(a, key)) {
        return false;
    }
    if (authorise_once(a, key)) {
        return true;
    }
    other = missing_key(a);
    asked |= 1U << key;
    return other >= 0 && (asked >> other & 1) == 0 &&
           authorise_through(a, other, asked) && authorise_once(a, key);
}

bool authorise(struct actor *a, int key)
{
    return authorise_through(a, key, 0);
}

bool authorise_again(struct actor *a)
{
    int key = missing_key(a);

    return key >= 0 && authorise(a, key);
}

/* -------------------------------------------------------------- attempts */

static bool play(struct actor *a, const struct move *m, unsigned slot, int key)
{
    actor_begin(a);
    if (!acquire(a, key)) {
        return false;
    }
    if (a->latch && !do_latch(a)) {
        return false;
    }
    if (a->auth >= 0 && !authorise(a, a->auth)) {
        return false;
    }
    return m->run(a, slot, key) && !a->overflow;
}

/* Does the refusal name something that he could bring along? */
static bool mend(struct actor *a)
{
    int key = missing_key(a);

    if (key >= 0 && a->auth < 0) {
        a->auth = key;
        return true;
    }
    if (refusal(a)->why == HD_WHY_LATCH_OFF && !a->latch) {
        a->latch = true;
        return true;
    }
    return false;
}

bool attempt(struct actor *a, const struct move *m, unsigned slot, int key)
{
    a->auth = -1;
    a->latch = false;
    for (unsigned tries = 0; tries < 3; tries++) {
        if (play(a, m, slot, key)) {
            return true;
        }
        if (!mend(a)) {
            return false;
        }
    }
    return false;
}
