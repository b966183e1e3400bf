/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA: SHA-256 and HMAC in steps, contexts that travel, and the certificate
 * digests of Verify(ValidateExternal) (docs/chip part 2, 9).
 */
#include "choices.h"
#include "rules.h"

#define STEP        0x07
#define TARGET      0xC0 /* 608, of End */
#define TO_DIGEST   0x40
#define OUTPUT_ONLY 0xC0
#define KEY_TEMPKEY 0xFFFF
#define NO_SLOT     0xFF

enum { IDLE, SHA, HMAC };            /* hd_vsha.running */
enum { COUNT_BYTES = 4, HEAD = 36 }; /* of a context */

/* ------------------------------------------------------------ the engine */

static void absorb(struct hd_vsha *s, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        s->block[s->total % 64] = data[i];
        s->total++;
        if (s->total % 64 == 0) {
            v_sha256_block(s->state, s->block);
        }
    }
}

static void begin(struct hd_vsha *s, uint8_t running)
{
    v_wipe(s, sizeof *s);
    v_sha256_init(s->state);
    s->running = running;
    s->public_slot = NO_SLOT;
}

static void absorb_key(struct hd_vsha *s, uint8_t pad)
{
    uint8_t block[64];

    for (size_t i = 0; i < sizeof block; i++) {
        block[i] = (uint8_t)((i < 32 ? s->hmac_key[i] : 0) ^ pad);
    }
    absorb(s, block, sizeof block);
    v_wipe(block, sizeof block);
}

static void finish(struct hd_vsha *s, uint8_t digest[32])
{
    uint64_t bits = (uint64_t)s->total * 8;
    uint8_t tail[72] = {0x80};
    size_t pad = 64 - (s->total + 8) % 64;

    for (size_t i = 0; i < 8; i++) {
        tail[pad + i] = (uint8_t)(bits >> (56 - 8 * i));
    }
    absorb(s, tail, pad + 8);
    memcpy(digest, s->state, 32);
}

static void finish_hmac(struct hd_vsha *s, uint8_t digest[32])
{
    finish(s, digest);
    v_sha256_init(s->state);
    s->total = 0;
    absorb_key(s, 0x5C);
    absorb(s, digest, 32);
    finish(s, digest);
}

/* ------------------------------------------------------------- the steps */

static uint8_t ask_running(struct hd_vchip *v)
{
    return v->sha.running != IDLE ? ST_OK
                                  : refuse(v, HD_WHY_SHA_NOT_STARTED, -1);
}

static uint8_t sha_start(struct hd_vchip *v, const struct vcmd *c)
{
    if (c->p2 != 0) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    begin(&v->sha, SHA);
    return ST_OK;
}

static uint8_t sha_update(struct hd_vchip *v, const struct vcmd *c)
{
    if (c->p2 != c->len || c->len > 64 || (!is_608(v) && c->len != 64)) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    TRY(ask_running(v));
    absorb(&v->sha, c->data, c->len);
    return ST_OK;
}

static uint8_t sha_public(struct hd_vchip *v, const struct vcmd *c)
{
    unsigned slot = c->p2;
    struct hd_vsha *s = &v->sha;
    bool aligned = s->total % 64 == 0;
    uint8_t xy[64];

    if (slot > 15) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    TRY(ask_running(v));
    TRY(rule_locks(v, ACT_VERIFY_SLOT, (int)slot));
    TRY(rule_slot(v, slot, NEED_NOT_PRIVATE | NEED_LARGE | NEED_P256));
    s->public_slot = (uint8_t)slot;
    /* a key that straddles two blocks stands at no block number */
    s->public_block =
            aligned && s->total / 64 < 15 ? (uint8_t)(s->total / 64) : NO_SLOT;
    stored_public(v, slot, xy);
    absorb(s, xy, sizeof xy);
    return ST_OK;
}

static uint8_t hmac_key(struct hd_vchip *v, const struct vcmd *c,
                        const uint8_t **key)
{
    unsigned slot = key_slot(c->p2);

    if (is_608(v) && c->p2 == KEY_TEMPKEY) {
        TRY(tk_use(v, TK_MACABLE));
        *key = v->tk.bytes;
        return ST_OK;
    }
    if (c->p2 > 15) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    TRY(rule_locks(v, ACT_SHA_SLOT, (int)slot));
    TRY(rule_slot(v, slot, NEED_NOT_PRIVATE | NEED_MACABLE));
    TRY(rule_use(v, slot, USE_KEY));
    *key = slot_bytes(v, slot);
    return ST_OK;
}

static uint8_t hmac_start(struct hd_vchip *v, const struct vcmd *c)
{
    const uint8_t *key = v->tk.bytes;

    TRY(hmac_key(v, c, &key));
    begin(&v->sha, HMAC);
    memcpy(v->sha.hmac_key, key, 32);
    absorb_key(&v->sha, 0x36);
    return ST_OK;
}

/* --------------------------------------------------------------- the end */

/* What Verify(ValidateExternal) asks about a digest in TempKey. */
static void remember_position(struct hd_vchip *v, const struct hd_vsha *s)
{
    uint32_t steps = s->total / 64 + 1; /* the last one is End itself */

    if (s->running != SHA || s->public_slot == NO_SLOT ||
        s->public_block == NO_SLOT || steps > 15) {
        return;
    }
    v->x509_slot = s->public_slot;
    v->x509_block = (uint8_t)(s->public_block + CHOICE_X509_FIRST_BLOCK);
    v->x509_total = (uint8_t)steps;
}

static void deliver(struct hd_vchip *v, const struct hd_vsha *position,
                    uint8_t target, const uint8_t digest[32])
{
    switch (target) {
    case OUTPUT_ONLY:
        break;
    case TO_DIGEST:
        memcpy(v->mdb, digest, 32);
        v->mdb_len = 32;
        break;
    default:
        tk_load(v, digest, 32)->source_input = true;
        remember_position(v, position);
        break;
    }
}

static uint8_t end(struct hd_vchip *v, const struct vcmd *c, bool hmac)
{
    struct hd_vsha position;
    uint8_t digest[32];
    size_t most = is_608(v) && CHOICE_SHA_END_TAKES_64 ? 64 : 63;

    if (c->p2 != c->len || c->len > most) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    TRY(ask_running(v));
    if (!is_608(v) && hmac != (v->sha.running == HMAC)) {
        return refuse(v, HD_WHY_SHA_NOT_STARTED, -1);
    }
    absorb(&v->sha, c->data, c->len);
    position = v->sha;
    if (v->sha.running == HMAC) {
        finish_hmac(&v->sha, digest);
    } else {
        finish(&v->sha, digest);
    }
    deliver(v, &position, c->p1 & TARGET, digest);
    v_wipe(&position, sizeof position);
    begin(&v->sha, IDLE);
    answer(v, digest, sizeof digest);
    return ST_OK;
}

static uint8_t sha_end(struct hd_vchip *v, const struct vcmd *c)
{
    return end(v, c, false);
}

static uint8_t hmac_end(struct hd_vchip *v, const struct vcmd *c)
{
    return end(v, c, true);
}

/* -------------------------------------------------------------- contexts */

/* The state goes out with each 32-bit word least significant byte first. */
static void swap_words(uint8_t out[32], const uint8_t in[32])
{
    for (size_t i = 0; i < 32; i++) {
        out[i] = in[(i & ~(size_t)3) | (3 - (i & 3))];
    }
}

static uint8_t read_context(struct hd_vchip *v, const struct vcmd *c)
{
    const struct hd_vsha *s = &v->sha;
    uint8_t out[HEAD + 63];
    size_t rest = s->total % 64;

    if (c->p2 != 0) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    TRY(ask_running(v));
    /* neither a key, nor the bytes of a slot that nobody may read */
    if (s->running == HMAC ||
        (s->public_slot != NO_SLOT && !slot_reads_clear(v, s->public_slot))) {
        return refuse(v, HD_WHY_SHA_HMAC_CONTEXT, -1);
    }
    for (unsigned i = 0; i < COUNT_BYTES; i++) {
        out[i] = (uint8_t)(s->total >> 8 * i);
    }
    swap_words(out + COUNT_BYTES, s->state);
    memcpy(out + HEAD, s->block, rest);
    answer(v, out, HEAD + rest);
    return ST_OK;
}

static uint8_t write_context(struct hd_vchip *v, const struct vcmd *c)
{
    uint32_t total = 0;

    if (c->p2 != c->len || c->len < HEAD || c->len > HEAD + 63) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    for (unsigned i = 0; i < COUNT_BYTES; i++) {
        total |= (uint32_t)c->data[i] << 8 * i;
    }
    if (total % 64 != c->len - (uint32_t)HEAD) {
        return refuse(v, HD_WHY_SHA_CONTEXT, -1);
    }
    begin(&v->sha, SHA);
    v->sha.total = total;
    swap_words(v->sha.state, c->data + COUNT_BYTES);
    memcpy(v->sha.block, c->data + HEAD, total % 64);
    return ST_OK;
}

uint8_t cmd_sha(struct hd_vchip *v, const struct vcmd *c)
{
    static const struct {
        uint8_t models;
        bool has_data, has_target;
        vcmd_fn *run;
    } steps[8] = {
            {HD_VMODEL_ALL, false, false, sha_start},
            {HD_VMODEL_ALL, true, false, sha_update},
            {HD_VMODEL_ALL, true, true, sha_end},
            {HD_VMODEL_ALL, false, false, sha_public},
            {HD_VMODEL_ALL, false, false, hmac_start},
            {HD_VMODEL_508A, true, false, hmac_end},
            {HD_VMODEL_608, false, false, read_context},
            {HD_VMODEL_608, true, false, write_context},
    };
    unsigned step = c->p1 & STEP;
    uint8_t target = c->p1 & TARGET;
    bool may_target = steps[step].has_target && is_608(v);

    if ((c->p1 & 0x38) != 0 || (steps[step].models & v->model) == 0 ||
        (target != 0 && (!may_target || target == 0x80))) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->len != 0 && !steps[step].has_data) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    return steps[step].run(v, c);
}
