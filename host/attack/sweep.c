/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every command in every mode against every slot, from every state that the
 * attacker can prepare. The directed questions (moves.c) are what somebody
 * thought of; the sweep looks only at what happens: did a slot change, did an
 * answer hold what is secret, did a key answer. What it finds and the
 * questions did not is noted as such.
 *
 * First it asks which modes a command has (256 each; the virtual chip says
 * which parameter it does not know), so that the rest need not be sent to
 * every slot.
 */
#include "inner.h"

#include "halfdollar/err.h"

#define MODES_MAX 2048
#define WINDOW    16 /* bytes of a secret that no answer may hold */

struct mode {
    uint8_t op, p1, len;
    bool by_slot; /* param2 names a slot or an address in one */
};

struct sweeper {
    struct hd_attack *t;
    struct actor *a;
    enum hd_attacker who;
    struct mode modes[MODES_MAX];
    unsigned count;
    uint8_t ready[HD_V_SNAPSHOT_MAX]; /* the chip in the prepared state */
    size_t ready_len;
    unsigned prepared; /* steps that led there */
    uint16_t taken;
    uint64_t sent;
};

/* ------------------------------------------------------------------ modes */

/* Opcodes, and the lengths of data that any of their modes takes. */
static const struct {
    uint8_t op, lens[4];
} commands[] = {
        {OP_READ, {0}},
        {OP_MAC, {0, 32}},
        {OP_HMAC, {0}},
        {OP_WRITE, {4, 32, 36, 64}},
        {OP_GENDIG, {0, 4, 32}},
        {OP_NONCE, {20, 32, 64}},
        {OP_LOCK, {0}},
        {0x1B, {0}}, /* Random */
        {OP_DERIVEKEY, {0, 32}},
        {OP_UPDATEEXTRA, {0}},
        {OP_COUNTER, {0}},
        {OP_CHECKMAC, {77}},
        {OP_INFO, {0}},
        {OP_GENKEY, {0, 3}},
        {OP_SIGN, {0}},
        {OP_ECDH, {64}},
        {OP_VERIFY, {64, 83, 128}},
        {OP_PRIVWRITE, {68}},
        {OP_SHA, {0, 32, 64}},
        {OP_AES, {16, 32}},
        {OP_KDF, {20, 36}},
        {0x77, {0}}, /* SelfTest */
        {OP_SECUREBOOT, {32, 96}},
};

/* Data that means something where it can: his public key, a private key in
 * range, details of a KDF. */
static void fill_data(const struct actor *a, const struct mode *m, uint8_t *out)
{
    memset(out, 0, HD_V_GROUP_MAX);
    for (unsigned i = 0; i < m->len; i++) {
        out[i] = own_value[i % 32];
    }
    if (m->op == OP_ECDH) {
        memcpy(out, a->own_xy, 64);
    } else if (m->op == OP_VERIFY && m->len == 128) {
        memcpy(out + 64, a->own_xy, 64);
    } else if (m->op == OP_PRIVWRITE) {
        memset(out, 0, 4);
    } else if (m->op == OP_KDF) {
        memset(out, 0, 4);
        out[0] = (m->p1 & 0x60) == 0x40 ? 0x02 : 0; /* HKDF: in the input */
        out[3] = (uint8_t)(m->len - 4);
    } else if (m->op == OP_WRITE && m->p1 == 0x82 && m->len == 32) {
        out[0] = 0x11;
    }
}

static unsigned param2(const struct mode *m, unsigned slot)
{
    switch (m->op) {
    case OP_READ:
    case OP_WRITE:
        return (m->p1 & 3) == 2 ? slot << 3 : slot & 3;
    case OP_KDF: /* a slot into itself, and into the next one */
        return (slot & 15) | ((slot + slot / SLOTS) & 15) << 8;
    case OP_SHA:
        return (m->p1 & 7) == 4 || (m->p1 & 7) == 3 ? slot : m->len;
    case OP_SECUREBOOT:
    case OP_NONCE:
        return 0;
    default:
        return slot;
    }
}

static bool try_mode(struct sweeper *s, const struct mode *m, unsigned p2)
{
    uint8_t data[HD_V_GROUP_MAX];

    fill_data(s->a, m, data);
    s->sent++;
    return send_command(s->a, m->op, m->p1, p2, data, m->len);
}

/* Does the chip know this mode at all? */
static bool is_mode(struct sweeper *s, const struct mode *m)
{
    s->a->count = 0;
    if (try_mode(s, m, param2(m, 0))) {
        return true;
    }
    switch (refusal(s->a)->why) {
    case HD_WHY_PARAM1:
    case HD_WHY_LENGTH:
    case HD_WHY_OPCODE:
        return false;
    default:
        return true;
    }
}

static void find_modes_of(struct sweeper *s, size_t which)
{
    struct mode m = {.op = commands[which].op};

    for (unsigned p1 = 0; p1 < 256; p1++) {
        m.p1 = (uint8_t)p1;
        for (unsigned i = 0; i < 4; i++) {
            m.len = commands[which].lens[i];
            if ((i > 0 && m.len == 0) || s->count == MODES_MAX) {
                break;
            }
            actor_begin(s->a);
            if (is_mode(s, &m)) {
                s->modes[s->count++] = m;
            }
        }
    }
}

/* Does another slot make another command of it? */
static void mark_by_slot(struct mode *m)
{
    m->by_slot = param2(m, 1) != param2(m, 0) || m->op == OP_LOCK;
    if (m->op == OP_LOCK) {
        m->by_slot = false; /* the slot is in param1 */
    }
}

/* ------------------------------------------------------------ preparations */

struct preparation {
    uint8_t kind;
    int key;
};

enum {
    PREPARE_NOTHING,
    PREPARE_FIXED,
    PREPARE_WIDE,
    PREPARE_RANDOM,
    PREPARE_BUFFERS,
    PREPARE_PRIVATE, /* a private key in TempKey */
    PREPARE_SHA,
    PREPARE_LATCH,
    PREPARE_GENKEY, /* the digest of a public key, of each slot */
    PREPARE_GENDIG, /* with a key he has */
    PREPARE_GENDIG_FIXED,
    PREPARE_AUTHORISED,
    PREPARE_KINDS
};

static bool buffers(struct actor *a)
{
    uint8_t wide[64];

    memcpy(wide, own_value, 32);
    memcpy(wide + 32, own_value, 32);
    return send_command(a, OP_NONCE, 0x63, 0, wide, 64) &&
           send_command(a, OP_NONCE, 0x83, 0, own_value, 32) &&
           do_nonce_fixed(a, own_value);
}

static bool wide_tempkey(struct actor *a)
{
    uint8_t wide[64];

    memcpy(wide, own_value, 32);
    memcpy(wide + 32, own_value, 32);
    return send_command(a, OP_NONCE, 0x23, 0, wide, 64);
}

static bool genkey_digest(struct actor *a, unsigned slot)
{
    static const uint8_t other[3];

    return do_nonce_random(a) &&
           (send_command(a, OP_GENKEY, 0x08, slot, NULL, 0) ||
            send_command(a, OP_GENKEY, 0x10, slot, other, 3));
}

static bool prepare(struct actor *a, const struct preparation *p)
{
    switch (p->kind) {
    case PREPARE_NOTHING:
        return true;
    case PREPARE_FIXED:
        return do_nonce_fixed(a, own_value);
    case PREPARE_WIDE:
        return wide_tempkey(a);
    case PREPARE_RANDOM:
        return do_nonce_random(a);
    case PREPARE_BUFFERS:
        return buffers(a);
    case PREPARE_PRIVATE:
        return send_command(a, OP_GENKEY, 0x04, 0xFFFF, NULL, 0);
    case PREPARE_SHA:
        return send_command(a, OP_SHA, 0x00, 0, NULL, 0);
    case PREPARE_LATCH:
        return do_latch(a);
    case PREPARE_GENKEY:
        return genkey_digest(a, (unsigned)p->key);
    case PREPARE_GENDIG:
        return a->known[p->key].have && acquire(a, p->key) &&
               do_nonce_random(a) && do_gendig(a, p->key);
    case PREPARE_GENDIG_FIXED:
        return a->known[p->key].have && acquire(a, p->key) &&
               do_nonce_fixed(a, own_value) && do_gendig(a, p->key);
    default:
        return (a->known[p->key].have || a->known[p->key].own_key) &&
               authorise(a, p->key);
    }
}

/* ------------------------------------------------------------- looking */

/* Bytes of a slot that only encrypted reads or nobody may have. */
static int leaked(const struct actor *a)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        const uint8_t *secret = a->before + slot_place(slot) + 4;

        if (holds_public(a->config, slot)) {
            continue; /* everybody knows it */
        }
        for (size_t i = 0; i + WINDOW <= a->l.len; i++) {
            if (memcmp(a->l.answer + i, secret, WINDOW) == 0) {
                return (int)slot;
            }
        }
    }
    return -1;
}

static void note_swept(struct sweeper *s, enum hd_goal goal, int slot)
{
    struct hd_attack_yes y = {.goal = (uint8_t)goal,
                              .slot = (int8_t)slot,
                              .via = -1,
                              .how = "a command of the sweep",
                              .swept = true};

    if (!is_noted(s->t, s->who, goal, (unsigned)slot)) {
        s->a->taken = s->taken;
        if (goal == HD_GOAL_READ) {
            claim(s->a, s->a->before + slot_place((unsigned)slot), 32);
        }
        (void)note(s->t, s->a, s->who, &y);
        s->a->proof_len = 0;
    }
}

/* What has become of the chip? Slots that the preparation replaced count
 * no more. */
static void look(struct sweeper *s)
{
    const uint8_t *now = s->a->l.chip.ee;
    int slot = leaked(s->a);

    if (slot >= 0 && (s->taken >> slot & 1) == 0) {
        note_swept(s, HD_GOAL_READ, slot);
    }
    for (slot = 0; slot < SLOTS; slot++) {
        size_t at = slot_place((unsigned)slot);

        if ((s->taken >> slot & 1) == 0 &&
            memcmp(now + at, s->a->before + at, slot_length((unsigned)slot)) !=
                    0) {
            note_swept(s, HD_GOAL_DESTROY, slot);
        }
    }
}

static void back(struct sweeper *s)
{
    (void)hd_vchip_restore(&s->a->l.chip, s->ready, s->ready_len);
    s->a->count = s->prepared;
    s->a->overflow = false;
}

/* A refusal leaves the chip as it is, but for TempKey and authorisation. */
static bool is_disturbed(const struct sweeper *s, bool done)
{
    enum hd_why why = (enum hd_why)refusal(s->a)->why;

    return done || (why != HD_WHY_PARAM1 && why != HD_WHY_PARAM2 &&
                    why != HD_WHY_LENGTH && why != HD_WHY_ADDRESS);
}

static void sweep_mode(struct sweeper *s, const struct mode *m)
{
    unsigned most = m->op == OP_KDF ? SLOTS + SLOTS : SLOTS;

    for (unsigned slot = 0; slot < (m->by_slot ? most : 1); slot++) {
        bool done;

        s->a->count = s->prepared;
        done = try_mode(s, m, param2(m, slot));
        if (done) {
            look(s);
        }
        if (is_disturbed(s, done)) {
            back(s);
        }
    }
}

static void sweep_from(struct sweeper *s, const struct preparation *p)
{
    int len;

    actor_begin(s->a);
    if (!prepare(s->a, p)) {
        return;
    }
    len = hd_vchip_snapshot(&s->a->l.chip, s->ready, sizeof s->ready);
    if (len <= 0) {
        return;
    }
    s->ready_len = (size_t)len;
    s->prepared = s->a->count;
    s->taken = s->a->taken;
    for (unsigned i = 0; i < s->count; i++) {
        sweep_mode(s, &s->modes[i]);
    }
}

/* Keys that open nothing prepare nothing. */
static bool is_useful(const struct sweeper *s, const struct preparation *p)
{
    switch (p->kind) {
    case PREPARE_GENDIG:
    case PREPARE_GENDIG_FIXED:
        return (s->t->host_keys >> p->key & 1) != 0;
    case PREPARE_AUTHORISED:
        return authorises(s->a, p->key);
    default:
        return true;
    }
}

void sweep(struct hd_attack *t, struct actor *a, enum hd_attacker who)
{
    struct sweeper s = {.t = t, .a = a, .who = who};

    a->auth = -1;
    a->latch = false;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        find_modes_of(&s, i);
    }
    for (unsigned i = 0; i < s.count; i++) {
        mark_by_slot(&s.modes[i]);
    }
    /* without keys, both attackers are the same */
    for (unsigned kind = who == HD_ON_BUS ? 0 : PREPARE_GENDIG;
         kind < PREPARE_KINDS; kind++) {
        int keys = kind >= PREPARE_GENKEY ? SLOTS : 1;

        for (int key = 0; key < keys; key++) {
            const struct preparation p = {(uint8_t)kind, key};

            if (is_useful(&s, &p)) {
                sweep_from(&s, &p);
            }
        }
        show_progress(t, a,
                      (who == HD_ON_BUS ? 150 : 650) +
                              kind * 350 / PREPARE_KINDS);
    }
    t->swept += s.sent;
}
