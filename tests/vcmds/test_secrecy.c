/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No sequence of commands returns the bytes of a private key or of a secret
 * slot.
 *
 * Random numbers that the command generator does not know are planted in
 * every slot that the configuration does not let anyone read; then thousands
 * of commands, sensible and senseless, are sent, and every answer and all
 * that can be read in the clear is searched for any eight bytes of them.
 * Configurations: those of real products, and random ones.
 *
 * A failure prints a line to run again:
 *     vcmds_secrecy CONFIG LOCKS SEED STEPS
 * and a longer search is
 *     vcmds_secrecy FIRST_SEED SEEDS
 */
#include "rig.h"
#include "windows.h"

/* Eight bytes cannot come out by chance; words that Read gives have four. */
enum { WINDOW = 8, WORD = 4 };

/* ------------------------------------------------------------ one attack */

struct attack {
    struct rig r;
    struct windows secrets, words;
    uint64_t dice;      /* of the attacker */
    uint64_t world;     /* of the planted secrets: the attacker has no part */
    uint8_t loaded[32]; /* TempKey, when the attacker loaded it himself */
    uint8_t last[HD_V_GROUP_MAX]; /* an earlier answer, to send back */
    size_t last_len;
    uint8_t public_key[4][64];
    uint64_t sent, done; /* commands, and those not refused */
    uint32_t done_by[256];
};

static unsigned roll(struct attack *a, unsigned sides)
{
    return test_random(&a->dice) % sides;
}

static uint16_t slot_word(const struct attack *a, unsigned base, unsigned slot)
{
    const uint8_t *p = a->r.chip.ee + base + 2 * slot;

    return (uint16_t)(p[0] | p[1] << 8);
}

/* docs/chip part 1, 9.1: what may be read in the clear */
static bool is_open(const struct attack *a, unsigned slot)
{
    return (slot_word(a, 96, slot) & 0x0001) == 0 &&
           (slot_word(a, 20, slot) & 0x00C0) == 0;
}

static bool is_private_slot(const struct attack *a, unsigned slot)
{
    return (slot_word(a, 96, slot) & 0x0001) != 0;
}

static void keep_secret(struct attack *a, const uint8_t *p, size_t len)
{
    remember(&a->secrets, p, len);
    remember(&a->words, p, len);
}

static void plant(struct attack *a)
{
    uint8_t value[416];

    for (unsigned slot = 0; slot < 16; slot++) {
        size_t size = slot_size(slot);
        bool key = is_private_slot(a, slot);

        test_bytes(&a->world, value, size);
        if (key) { /* 4 zero bytes, then a number below the curve's order */
            memset(value, 0, 4);
            value[4] &= 0x7F;
        }
        if (is_open(a, slot)) {
            memset(value, (int)slot, size);
        } else {
            keep_secret(a, value + (key ? 4 : 0), key ? 32 : size);
        }
        poke_slot(&a->r, slot, 0, value, size);
    }
}

/* ------------------------------------------------------ what is sent */

/* A command in one mode: the length of its data, what its slot should be,
 * and what TempKey should be before it. */
enum want { ANY, KEY, OPEN_SLOT, SECRET, PUBLIC }; /* of the slot */
enum before {
    NOTHING,
    NONCE,
    RANDOM_NONCE,
    DIGEST,
    READ_KEY,
    WRITE_KEY,
    SHA_PUBLIC, /* a SHA sequence with a stored key in it */
    SHA_HMAC
};

/* clang-format off */
static const struct kind {
    uint8_t op, p1, len, weight;
    enum want want;
    enum before before;
} kinds[] = {
    {OP_NONCE, 0x00, 20, 4, ANY, NOTHING},
    {OP_NONCE, 0x03, 32, 4, ANY, NOTHING},
    {OP_NONCE, 0x23, 64, 3, ANY, NOTHING},
    {OP_NONCE, 0x43, 32, 2, ANY, NOTHING},
    {OP_NONCE, 0x63, 64, 2, ANY, NOTHING},
    {OP_NONCE, 0x83, 32, 2, ANY, NOTHING},
    {OP_GENDIG, 2, 4, 8, SECRET, NONCE},
    {OP_GENDIG, 0, 0, 1, ANY, NONCE},
    {OP_GENDIG, 1, 0, 1, ANY, NONCE},
    {OP_GENDIG, 3, 32, 1, ANY, NONCE},
    {OP_GENDIG, 5, 0, 1, ANY, NONCE},
    {OP_READ, 0x82, 0, 6, SECRET, READ_KEY},
    {OP_READ, 0x82, 0, 8, ANY, NOTHING},
    {OP_READ, 0x02, 0, 3, ANY, NOTHING},
    {OP_READ, 0x80, 0, 1, ANY, NOTHING},
    {OP_READ, 0x81, 0, 1, ANY, NOTHING},
    {OP_WRITE, 0x82, 32, 3, ANY, NOTHING},
    {OP_WRITE, 0x02, 4, 2, OPEN_SLOT, NOTHING},
    {OP_WRITE, 0xC2, 64, 2, SECRET, WRITE_KEY},
    {OP_MAC, 0x00, 32, 3, SECRET, NOTHING},
    {OP_MAC, 0x01, 0, 3, SECRET, RANDOM_NONCE},
    {OP_MAC, 0x06, 32, 2, ANY, NONCE},
    {OP_MAC, 0x07, 0, 2, ANY, NONCE},
    {OP_HMAC, 0x04, 0, 2, SECRET, NONCE},
    {OP_CHECKMAC, 0x00, 77, 2, OPEN_SLOT, NOTHING},
    {OP_CHECKMAC, 0x01, 77, 3, SECRET, RANDOM_NONCE},
    {OP_CHECKMAC, 0x05, 77, 3, OPEN_SLOT, NONCE},
    {OP_DERIVEKEY, 0x00, 0, 2, SECRET, RANDOM_NONCE},
    {OP_DERIVEKEY, 0x04, 32, 2, SECRET, NONCE},
    {OP_GENKEY, 0x00, 0, 3, KEY, NOTHING},
    {OP_GENKEY, 0x04, 0, 2, KEY, NOTHING},
    {OP_GENKEY, 0x08, 0, 2, KEY, RANDOM_NONCE},
    {OP_GENKEY, 0x0C, 0, 1, KEY, RANDOM_NONCE},
    {OP_GENKEY, 0x10, 3, 2, PUBLIC, RANDOM_NONCE},
    {OP_SIGN, 0x80, 0, 4, KEY, NONCE},
    {OP_SIGN, 0xA0, 0, 2, KEY, NOTHING},
    {OP_SIGN, 0x00, 0, 2, KEY, DIGEST},
    {OP_SIGN, 0x41, 0, 2, KEY, DIGEST},
    {OP_VERIFY, 0x00, 64, 2, PUBLIC, RANDOM_NONCE},
    {OP_VERIFY, 0x02, 128, 1, ANY, NONCE},
    {OP_VERIFY, 0xA2, 128, 1, ANY, NOTHING},
    {OP_VERIFY, 0x03, 83, 1, PUBLIC, DIGEST},
    {OP_ECDH, 0x00, 64, 4, KEY, NOTHING},
    {OP_ECDH, 0x0C, 64, 2, KEY, NOTHING},
    {OP_ECDH, 0x0E, 64, 2, KEY, NOTHING},
    {OP_ECDH, 0x08, 64, 2, KEY, NOTHING},
    {OP_ECDH, 0x04, 64, 1, KEY, NOTHING},
    {OP_ECDH, 0x0D, 64, 2, ANY, NOTHING},
    {OP_ECDH, 0x09, 64, 1, ANY, NOTHING},
    {OP_ECDH, 0x05, 64, 1, ANY, NOTHING},
    {OP_PRIVWRITE, 0x00, 68, 1, KEY, NOTHING},
    {OP_PRIVWRITE, 0x40, 68, 1, KEY, WRITE_KEY},
    {OP_SHA, 0x00, 0, 4, ANY, NOTHING},
    {OP_SHA, 0x01, 64, 3, ANY, NOTHING},
    {OP_SHA, 0x01, 5, 2, ANY, NOTHING},
    {OP_SHA, 0x02, 30, 2, ANY, NOTHING},
    {OP_SHA, 0xC2, 0, 2, ANY, NOTHING},
    {OP_SHA, 0x42, 9, 1, ANY, NOTHING},
    {OP_SHA, 0x03, 0, 3, PUBLIC, NOTHING},
    {OP_SHA, 0x04, 0, 3, SECRET, NOTHING},
    {OP_SHA, 0x05, 9, 1, ANY, NOTHING},
    {OP_SHA, 0x06, 0, 2, ANY, NOTHING},
    {OP_SHA, 0x06, 0, 4, PUBLIC, SHA_PUBLIC},
    {OP_SHA, 0x06, 0, 2, SECRET, SHA_HMAC},
    {OP_SHA, 0x07, 41, 1, ANY, NOTHING},
    {OP_AES, 0x00, 16, 3, SECRET, NOTHING},
    {OP_AES, 0x41, 16, 2, SECRET, NOTHING},
    {OP_AES, 0x03, 32, 1, ANY, NOTHING},
    {OP_SECUREBOOT, 0x05, 96, 1, ANY, NOTHING},
    {OP_SECUREBOOT, 0x06, 32, 1, ANY, NOTHING},
    {OP_SECUREBOOT, 0x86, 32, 1, ANY, RANDOM_NONCE},
    {OP_SECUREBOOT, 0x87, 96, 1, ANY, RANDOM_NONCE},
    {OP_COUNTER, 0x01, 0, 1, ANY, NOTHING},
    {OP_INFO, 0x01, 0, 1, ANY, NOTHING},
    {OP_INFO, 0x02, 0, 1, ANY, NOTHING},
    {OP_INFO, 0x04, 0, 1, ANY, NOTHING},
    {OP_RANDOM, 0x00, 0, 1, ANY, NOTHING},
    {OP_SELFTEST, 0x3B, 0, 1, ANY, NOTHING},
    {OP_UPDATEEXTRA, 0x02, 0, 1, ANY, NOTHING},
    {OP_LOCK, 0x81, 0, 1, ANY, NOTHING},
    {OP_LOCK, 0x22, 0, 1, ANY, NOTHING},
};
/* clang-format on */
enum { KINDS = sizeof kinds / sizeof kinds[0] };

struct order {
    uint8_t op, p1, data[152];
    uint16_t p2;
    size_t len;
    enum before before;
    unsigned slot;
};

static const struct kind *pick_kind(struct attack *a)
{
    unsigned total = 0, n, i = 0;

    for (size_t k = 0; k < KINDS; k++) {
        total += kinds[k].weight;
    }
    n = roll(a, total);
    while (n >= kinds[i].weight) {
        n -= kinds[i++].weight;
    }
    return &kinds[i];
}

static bool suits(const struct attack *a, unsigned slot, enum want want)
{
    switch (want) {
    case KEY:
        return is_private_slot(a, slot);
    case OPEN_SLOT:
        return is_open(a, slot);
    case SECRET:
        return !is_open(a, slot) && !is_private_slot(a, slot);
    case PUBLIC:
        return slot >= 8 && (slot_word(a, 96, slot) & 0x1D) == 0x10;
    default:
        return true;
    }
}

/* A slot that suits, or after some tries any at all. */
static unsigned pick_slot(struct attack *a, enum want want)
{
    unsigned slot = roll(a, 16);

    for (unsigned i = 0; i < 24 && !suits(a, slot, want); i++) {
        slot = roll(a, 16);
    }
    return slot;
}

static uint16_t pick_p2(struct attack *a, const struct kind *k, unsigned slot,
                        size_t len)
{
    switch (k->op) {
    case OP_READ:
    case OP_WRITE:
        return (uint16_t)(8 * slot + 256 * roll(a, 2) +
                          (k->len == 4 ? roll(a, 2) : 0));
    case OP_VERIFY:
        return (uint16_t)((k->p1 & 7) == 2 ? 4 : slot);
    case OP_GENKEY:
        return roll(a, 5) == 0 ? 0xFFFF : (uint16_t)slot;
    case OP_AES:
        return roll(a, 3) == 0 ? 0xFFFF : (uint16_t)slot;
    case OP_SHA:
        return (k->p1 & 7) == 3 || (k->p1 & 7) == 4 ? (uint16_t)slot
                                                    : (uint16_t)len;
    case OP_GENDIG:
        return (uint16_t)(k->p1 == 2 || k->p1 == 5 ? slot : roll(a, 2));
    case OP_COUNTER:
        return (uint16_t)roll(a, 2);
    case OP_MAC:
    case OP_HMAC:
    case OP_CHECKMAC:
    case OP_DERIVEKEY:
    case OP_SIGN:
    case OP_ECDH:
    case OP_PRIVWRITE:
    case OP_UPDATEEXTRA:
        return (uint16_t)slot;
    case OP_INFO:
        return (uint16_t)(k->p1 == 1 ? slot : k->p1 == 4 ? 3 : 0);
    default:
        return 0;
    }
}

static void fill_data(struct attack *a, struct order *o)
{
    test_bytes(&a->dice, o->data, sizeof o->data);
    switch (roll(a, 4)) {
    case 0:
        memcpy(o->data, a->public_key[roll(a, 4)], 64);
        break;
    case 1:
        memcpy(o->data, a->last, a->last_len);
        break;
    case 2:
        memset(o->data, 0, sizeof o->data);
        break;
    default:
        break;
    }
}

/* KDF has its own grammar: details, then a message. */
static void make_kdf(struct attack *a, struct order *o)
{
    unsigned alg = roll(a, 3);
    uint8_t len = (uint8_t)(alg == 1 ? 16 : roll(a, 129));

    o->op = OP_KDF;
    o->p1 = (uint8_t)(roll(a, 4) | roll(a, 6) << 2 | alg << 5);
    o->p2 = (uint16_t)(roll(a, 16) | roll(a, 16) << 8);
    o->data[0] = (uint8_t)(roll(a, alg == 2 ? 8 : 4));
    o->data[1] = (uint8_t)(alg == 2 ? roll(a, 16) : alg == 0 ? roll(a, 4) : 0);
    o->data[2] = 0;
    o->data[3] = alg == 1 ? 0 : len;
    o->len = 4U + len;
}

/* A write as somebody would make it who knows TempKey. */
static void make_known_write(struct attack *a, struct order *o)
{
    uint8_t m[96] = {0};
    const uint8_t *c = a->r.chip.ee;

    o->op = OP_WRITE;
    o->p1 = 0xC2;
    memcpy(m, a->loaded, 32);
    m[32] = o->op;
    m[33] = o->p1;
    m[34] = (uint8_t)o->p2;
    m[35] = (uint8_t)(o->p2 >> 8);
    m[36] = c[12];
    m[37] = c[0];
    m[38] = c[1];
    for (size_t i = 0; i < 32; i++) {
        m[64 + i] = (uint8_t)i;
        o->data[i] = (uint8_t)(i ^ a->loaded[i]);
    }
    test_sha256(m, sizeof m, o->data + 32);
    o->len = 64;
}

static void make_order(struct attack *a, struct order *o)
{
    const struct kind *k = pick_kind(a);
    unsigned slot = pick_slot(a, k->want);

    fill_data(a, o);
    o->before = k->before;
    o->slot = slot;
    o->op = k->op;
    o->p1 = k->p1;
    o->len = k->len;
    o->p2 = pick_p2(a, k, slot, k->len);
    switch (roll(a, 24)) {
    case 0: /* senseless */
        o->op = (uint8_t)test_random(&a->dice);
        o->p1 = (uint8_t)test_random(&a->dice);
        o->p2 = (uint16_t)test_random(&a->dice);
        o->len = roll(a, 149);
        break;
    case 1:
    case 2:
        make_kdf(a, o);
        break;
    case 3:
        o->p2 = (uint16_t)(8 * slot);
        make_known_write(a, o);
        break;
    case 4:
        o->p1 ^= (uint8_t)(1U << roll(a, 8));
        break;
    default:
        break;
    }
}

/* ------------------------------------------------------------- the search */

static void note(struct attack *a, const struct order *o, uint8_t status)
{
    if (status != 0) {
        return;
    }
    if (a->r.len > 4) {
        memcpy(a->last, a->r.answer, a->r.len);
        a->last_len = a->r.len;
    }
    if (o->op == OP_NONCE && o->p1 == 3) {
        memcpy(a->loaded, o->data, 32);
    }
    if (o->op != OP_GENKEY || (o->p1 & 0x14) != 0x04) {
        return;
    }
    if (o->p2 == 0xFFFF) { /* keys born in the chip are secrets too */
        keep_secret(a, a->r.chip.tk.bytes, 32);
    } else {
        keep_secret(a, slot_bytes(&a->r.chip, o->p2 & 15) + 4, 32);
    }
}

static bool memory_leaks(const struct attack *a)
{
    const uint8_t *ee = a->r.chip.ee;

    if (leaks(&a->secrets, ee, 128 + 64)) {
        return true;
    }
    for (unsigned slot = 0; slot < 16; slot++) {
        if (is_open(a, slot) &&
            leaks(&a->secrets, ee + ee_slot_at(slot), slot_size(slot))) {
            return true;
        }
    }
    return false;
}

/* Sends one command; true when its answer leaks. */
static bool send(struct attack *a, const struct order *o)
{
    uint8_t status = rig_run(&a->r, o->op, o->p1, o->p2, o->data, o->len);

    a->sent++;
    a->done += status == 0;
    a->done_by[o->op] += status == 0;
    note(a, o, status);
    if (a->r.len == WORD && o->op == OP_READ &&
        leaks(&a->words, a->r.answer, a->r.len)) {
        return true;
    }
    return leaks(&a->secrets, a->r.answer, a->r.len);
}

/* Brings the bytes of a slot into a SHA sequence, unaligned. */
static bool prepare_sha(struct attack *a, const struct order *o)
{
    struct order step = {.op = OP_SHA};
    bool hmac = o->before == SHA_HMAC, bad;

    step.p1 = hmac ? 4 : 0;
    step.p2 = hmac ? (uint16_t)o->slot : 0;
    bad = send(a, &step);
    step.p1 = 1;
    step.p2 = 5;
    step.len = 5;
    bad = send(a, &step) || bad;
    step.p1 = 3;
    step.p2 = (uint16_t)o->slot;
    step.len = 0;
    return send(a, &step) || bad;
}

/* A nonce, and what is made of it, as the next command would have it. */
static bool prepare(struct attack *a, const struct order *o)
{
    struct order nonce = {.op = OP_NONCE};
    struct order more = {.op = OP_GENDIG, .p1 = 2, .len = 4};
    uint16_t config = slot_word(a, 20, o->slot);
    bool fixed = o->before == NONCE || (o->before == DIGEST && roll(a, 2) == 0);
    bool bad;

    if (o->before == NOTHING || roll(a, 6) == 0) {
        return false;
    }
    if (o->before == SHA_PUBLIC || o->before == SHA_HMAC) {
        return prepare_sha(a, o);
    }
    nonce.p1 = fixed ? 3 : 0;
    nonce.len = fixed ? 32 : 20;
    test_bytes(&a->dice, nonce.data, 32);
    bad = send(a, &nonce);
    switch (o->before) {
    case READ_KEY:
        more.p2 = config & 0x0F;
        break;
    case WRITE_KEY:
        more.p2 = config >> 8 & 0x0F;
        break;
    case DIGEST:
        more.op = OP_GENKEY;
        more.p1 = 0x10;
        more.len = 3;
        more.p2 = (uint16_t)pick_slot(a, PUBLIC);
        break;
    default:
        return bad;
    }
    return send(a, &more) || bad;
}

/* ---- the answers of an attacker who knows what everybody can know */

/* CheckMac with the key in an open slot, after a nonce of his own. */
static void answer_checkmac(const struct attack *a, struct order *o)
{
    const uint8_t *c = a->r.chip.ee, *other = o->data + 64;
    uint8_t m[88] = {0};

    memcpy(m, c + ee_slot_at(o->p2 & 15), 32);
    memcpy(m + 32, o->p1 == 0 ? o->data : a->loaded, 32);
    memcpy(m + 64, other, 4);
    memcpy(m + 76, other + 4, 3);
    m[79] = c[12];
    memcpy(m + 80, other + 7, 4);
    m[84] = c[0];
    m[85] = c[1];
    memcpy(m + 86, other + 11, 2);
    test_sha256(m, sizeof m, o->data + 32);
}

static void answer_like_one_who_knows(struct attack *a, struct order *o)
{
    unsigned store = a->r.chip.ee[71] & 0x0F;

    if (o->op == OP_CHECKMAC && o->len == 77 && is_open(a, o->p2 & 15)) {
        answer_checkmac(a, o);
    } else if (o->op == OP_VERIFY && o->p1 == 0x02 && o->len == 128) {
        test_sign(100, a->loaded, o->data);
        memcpy(o->data + 64, a->public_key[0], 64);
    } else if (o->op == OP_SECUREBOOT && o->p1 == 0x06 && is_open(a, store)) {
        memcpy(o->data, a->r.chip.ee + ee_slot_at(store), 32);
    }
}

/* True when something leaked. */
static bool one_step(struct attack *a, struct order *o)
{
    make_order(a, o);
    if (o->op == OP_LOCK && roll(a, 8) != 0) {
        return false;
    }
    if (roll(a, 150) == 0) {
        rig_reset(&a->r);
    }
    if (prepare(a, o)) {
        return true;
    }
    if (roll(a, 2) == 0) {
        answer_like_one_who_knows(a, o);
    }
    return send(a, o);
}

/* ------------------------------------------------------- configurations */

static const struct {
    const char *file, *variant;
} configs[] = {
        {"blank-608a", "608a"},
        {"tflxtls-608b", "608b"},
        {"cryptoauthlib-test-608", "608a"},
        {"seed-notebook", "608a"},
        {"adafruit-csr-example", "608a"},
        {"arduino-default-tls-608a", "608a"},
        {"arduino-default-tls-508a", "508a"},
        {"cryptoauthlib-test-608", "508a"}, /* bytes of one on the other */
        {"random", "608b"},
        {"random", "508a"},
};
enum { CONFIGS = sizeof configs / sizeof configs[0] };

static void random_config(struct attack *a, uint8_t bytes[128])
{
    test_bytes(&a->dice, bytes, 128);
    for (unsigned slot = 0; slot < 16; slot++) {
        uint8_t *key = bytes + 96 + 2 * slot;

        if (roll(a, 3) != 0) { /* a KeyType that exists */
            key[0] = (uint8_t)((key[0] & ~0x1C) | (roll(a, 3) == 0   ? 0x10
                                                   : roll(a, 2) == 0 ? 0x18
                                                                     : 0x1C));
        }
        if (roll(a, 2) == 0) {
            key[0] &= 0x3F; /* without ReqRandom and ReqAuth */
        }
    }
    bytes[90] &= 0xFE; /* no self test at wake */
    memset(bytes + 52, 0xFF, 4);
    memset(bytes + 56, 0, 4);
}

static void load_config(struct attack *a, size_t which)
{
    uint8_t bytes[128];
    char path[300];
    FILE *f;

    if (strcmp(configs[which].file, "random") == 0) {
        random_config(a, bytes);
    } else {
        (void)snprintf(path, sizeof path, TEST_DATA "configs/%s.hex",
                       configs[which].file);
        f = fopen(path, "r");
        assert_non_null(f);
        for (size_t i = 0; i < 128; i++) {
            assert_int_equal(fscanf(f, "%2hhx", &bytes[i]), 1);
        }
        fclose(f);
    }
    bytes[16] = 0xC0;
    bytes[19] = 0x00;
    bytes[85] = 0x00;
    memcpy(a->r.chip.ee + 16, bytes + 16, 112);
    a->r.chip.ee[13] |= 1;
}

static void begin(struct attack *a, size_t which, int locks, unsigned seed)
{
    uint8_t d[32];

    memset(a, 0, sizeof *a);
    a->secrets.size = WINDOW;
    a->words.size = WORD;
    a->dice = seed;
    a->world = ~(uint64_t)seed * 0x2545F4914F6CDD1D;
    rig_start(&a->r, configs[which].variant, (uint8_t)seed);
    load_config(a, which);
    for (unsigned i = 0; i < 4; i++) {
        test_key(100 + i, d, a->public_key[i]);
    }
    plant(a);
    poke_locks(&a->r, locks);
}

/* Runs one attack; the number of the step that leaked, or 0. */
static unsigned run_attack(struct attack *a, unsigned steps)
{
    struct order o;

    for (unsigned i = 1; i <= steps; i++) {
        bool found = one_step(a, &o);

        if (!found && i % 64 == 0) {
            found = memory_leaks(a);
        }
        if (found) {
            print_error("step %u: op %02X p1 %02X p2 %04X, %zu bytes\n", i,
                        o.op, o.p1, o.p2, o.len);
            return i;
        }
    }
    return memory_leaks(a) ? steps : 0;
}

/* A search in which a command is always refused says nothing about it. */
static void expect_every_command_served(const uint32_t done_by[256])
{
    for (unsigned op = 0; op < 256; op++) {
        const struct vcmd_row *row = vchip_command((uint8_t)op);

        if (row != NULL && op != OP_PAUSE) {
            print_message("%-12s %6u served\n", row->name, done_by[op]);
        }
        if (row != NULL && op != OP_PAUSE && done_by[op] < 5) {
            fail_msg("%s was served %u times only", row->name, done_by[op]);
        }
    }
}

static void attack_all(unsigned first, unsigned seeds, unsigned steps)
{
    static struct attack a;
    static uint32_t done_by[256];
    uint64_t sent = 0, done = 0;

    for (size_t which = 0; which < CONFIGS; which++) {
        bool random = strcmp(configs[which].file, "random") == 0;
        unsigned count = random ? 8 * seeds : seeds;

        for (unsigned s = first; s < first + count; s++) {
            int locks = s % 4 == 0 ? CONFIG_LOCKED : LOCKED;
            unsigned bad, n = random ? steps / 4 : steps;

            begin(&a, which, locks, s);
            bad = run_attack(&a, n);
            sent += a.sent;
            done += a.done;
            for (size_t op = 0; op < 256; op++) {
                done_by[op] += a.done_by[op];
            }
            rig_stop(&a.r);
            if (bad != 0) {
                fail_msg("a secret came out; again: vcmds_secrecy %zu %d %u %u",
                         which, locks, s, bad);
            }
        }
    }
    print_message("%llu commands, %llu of them not refused; no secret came "
                  "out\n",
                  (unsigned long long)sent, (unsigned long long)done);
    expect_every_command_served(done_by);
}

static unsigned first_seed = 1, seed_count = 4;

static void test_no_sequence_of_commands_returns_a_secret(void **state)
{
    (void)state;
    attack_all(first_seed, seed_count, 2000);
}

/* The search must be able to fail: open one planted slot, behind the back of
 * plant(), and the same commands must bring it out in an answer. */
static void test_the_search_finds_a_secret_in_an_open_slot(void **state)
{
    static struct attack a;
    struct order o;

    (void)state;
    for (unsigned seed = 1; seed <= 4; seed++) {
        unsigned steps = 0;

        begin(&a, 2, LOCKED, seed);
        poke_slot_config(&a.r, 6, slot_word(&a, 20, 6) & ~0x00C0U);
        assert_true(memory_leaks(&a));
        while (!one_step(&a, &o)) {
            assert_true(++steps < 4000);
        }
        assert_int_equal(o.op, OP_READ);
        rig_stop(&a.r);
    }
}

static void test_the_search_sees_a_window_anywhere_in_an_answer(void **state)
{
    static struct windows s = {.size = WINDOW};
    uint8_t secret[32], answer[64] = {0};
    uint64_t dice = 9;

    (void)state;
    test_bytes(&dice, secret, sizeof secret);
    remember(&s, secret, sizeof secret);
    assert_false(leaks(&s, answer, sizeof answer));
    for (size_t from = 0; from + WINDOW <= 32; from += 3) {
        for (size_t to = 0; to + WINDOW <= 64; to += 5) {
            memset(answer, 0, sizeof answer);
            memcpy(answer + to, secret + from, WINDOW);
            assert_true(leaks(&s, answer, sizeof answer));
            answer[to] ^= 1;
            assert_false(leaks(&s, answer, sizeof answer));
        }
    }
}

/* CONFIG LOCKS SEED STEPS, from a failure's last line */
static int run_again(char **argv)
{
    static struct attack a;
    unsigned bad;

    begin(&a, strtoul(argv[1], NULL, 10), (int)strtol(argv[2], NULL, 10),
          (unsigned)strtoul(argv[3], NULL, 10));
    bad = run_attack(&a, (unsigned)strtoul(argv[4], NULL, 10));
    rig_stop(&a.r);
    return bad != 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(
                    test_the_search_sees_a_window_anywhere_in_an_answer),
            cmocka_unit_test(test_the_search_finds_a_secret_in_an_open_slot),
            cmocka_unit_test(test_no_sequence_of_commands_returns_a_secret),
    };

    if (argc == 5) {
        return run_again(argv);
    }
    if (argc == 3) { /* FIRST_SEED SEEDS: a longer search */
        first_seed = (unsigned)strtoul(argv[1], NULL, 10);
        seed_count = (unsigned)strtoul(argv[2], NULL, 10);
    }
    return cmocka_run_group_tests_name("secrecy", tests, NULL, NULL);
}
