/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SecureBoot: checks an image's digest against a signature or a stored value
 * (docs/chip part 2, 10.3; 608).
 */
#include "choices.h"
#include "rules.h"

#define WITH_MAC 0x80
#define PROHIBIT 0x40

/* SecureBoot configuration word */
#define BOOT_MODE   0x0003
#define BOOT_LATCH  0x0008
#define BOOT_RANDOM 0x0010

enum { OFF, FULL_BOTH, FULL_SIG, FULL_DIG };
enum { FULL = 5, FULL_STORE = 6, FULL_COPY = 7 };

struct job {
    const struct vcmd *c;
    unsigned op, mode;
    unsigned key_slot, store_slot;
    uint8_t digest[32]; /* in the clear */
    uint8_t hashed_key[32];
    uint8_t signature[64];
    bool has_signature;
};

static uint16_t boot_config(const struct hd_vchip *v)
{
    return le16(v->ee + CFG_SECUREBOOT);
}

static uint8_t ask_mode(struct hd_vchip *v, const struct job *j)
{
    TRY(rule_locks(v, ACT_SECUREBOOT, -1));
    if (v->boot_prohibit) {
        return refuse(v, HD_WHY_BOOT_PROHIBITED, -1);
    }
    if (j->mode == OFF) {
        return refuse_bits(v, HD_WHY_BOOT_OFF, -1, CFG_SECUREBOOT, BOOT_MODE);
    }
    if (j->mode == FULL_BOTH && j->op != FULL) {
        return refuse_bits(v, HD_WHY_BOOT_MODE, -1, CFG_SECUREBOOT, BOOT_MODE);
    }
    return ST_OK;
}

/* Wire protection: TempKey and the IO key make the key of this exchange. */
static uint8_t unwrap(struct hd_vchip *v, struct job *j)
{
    bool random = (boot_config(v) & BOOT_RANDOM) != 0;
    bool with_mac = (j->c->p1 & WITH_MAC) != 0;
    const uint8_t *io_key;
    uint8_t m[64];

    memcpy(j->digest, j->c->data, 32);
    if (random && CHOICE_BOOT_NONCE_NEEDS_MAC &&
        (!with_mac || !v->tk.valid || v->tk.source_input)) {
        return refuse_bits(v, HD_WHY_BOOT_NONCE, -1, CFG_SECUREBOOT,
                           BOOT_RANDOM);
    }
    if (!with_mac) {
        return ST_OK;
    }
    TRY(rule_io_key(v, &io_key));
    TRY(tk_use(v, random ? TK_RANDOM : TK_VALID));
    memcpy(m, io_key, 32);
    memcpy(m + 32, v->tk.bytes, 32);
    v_sha256(m, sizeof m, j->hashed_key);
    v_wipe(m, sizeof m);
    for (size_t i = 0; i < 32; i++) {
        j->digest[i] ^= j->hashed_key[i];
    }
    return ST_OK;
}

/* The slot that keeps a digest or a signature. */
static uint8_t ask_store(struct hd_vchip *v, const struct job *j)
{
    unsigned needs = NEED_NOT_PRIVATE;

    if (j->op == FULL) {
        return ST_OK;
    }
    if (j->mode == FULL_SIG) {
        needs |= NEED_LARGE;
    }
    if (j->op == FULL_COPY && !CHOICE_BOOT_STORE_IGNORES_LOCKS) {
        needs |= NEED_NOT_LOCKED;
    }
    return rule_slot(v, j->store_slot, needs);
}

/* The signature: as sent, or as stored. FullStore of a digest has none. */
static void find_signature(struct hd_vchip *v, struct job *j)
{
    j->has_signature = j->op != FULL_STORE || j->mode == FULL_SIG;
    if (j->op != FULL_STORE) {
        memcpy(j->signature, j->c->data + 32, 64);
    } else if (j->mode == FULL_SIG) {
        memcpy(j->signature, slot_bytes(v, j->store_slot), 64);
    }
}

static uint8_t compare(struct hd_vchip *v, const struct job *j)
{
    return v_equal(j->digest, slot_bytes(v, j->store_slot), 32)
                   ? ST_OK
                   : refuse(v, HD_WHY_BOOT_MISMATCH, (int)j->store_slot);
}

static uint8_t verify(struct hd_vchip *v, const struct job *j)
{
    uint8_t xy[64];
    unsigned slot = j->key_slot;

    TRY(rule_slot(v, slot, NEED_NOT_PRIVATE | NEED_LARGE | NEED_P256));
    if (slot_needs_validation(v, slot) && !pubkey_is_valid(v, slot)) {
        return refuse_key_config(v, HD_WHY_PUBKEY_NOT_VALID, slot, KC_PUB_INFO);
    }
    stored_public(v, slot, xy);
    if (!v_ec_valid_public(xy)) {
        return refuse(v, HD_WHY_SLOT_BAD_PUBLIC, (int)slot);
    }
    TRY(rule_use(v, slot, USE_KEY));
    return v_ec_verify(v, xy, j->digest, j->signature)
                   ? ST_OK
                   : refuse(v, HD_WHY_BOOT_MISMATCH, (int)slot);
}

static uint8_t copy(struct hd_vchip *v, const struct job *j)
{
    if (j->op != FULL_COPY) {
        return ST_OK;
    }
    return j->mode == FULL_SIG
                   ? store_slot(v, j->store_slot, 0, j->signature, 64)
                   : store_slot(v, j->store_slot, 0, j->digest, 32);
}

/* Sets the persistent latch if the configuration ties it to secure boot. */
static void move_latch(struct hd_vchip *v, uint8_t status)
{
    if ((boot_config(v) & BOOT_LATCH) == 0) {
        return;
    }
    if (status == ST_OK) {
        v->latch = true;
    } else if (status == ST_MISMATCH && CHOICE_BOOT_MISS_CLEARS_LATCH) {
        v->latch = false;
    }
}

static void answer_mac(struct hd_vchip *v, const struct job *j)
{
    uint8_t m[132];
    size_t n = 64;

    memcpy(m, j->hashed_key, 32);
    memcpy(m + 32, j->digest, 32);
    if (j->has_signature) {
        memcpy(m + n, j->signature, 64);
        n += 64;
    }
    m[n++] = OP_SECUREBOOT;
    m[n++] = j->c->p1;
    m[n++] = (uint8_t)j->c->p2;
    m[n++] = (uint8_t)(j->c->p2 >> 8);
    v_sha256(m, n, m);
    answer(v, m, 32);
    v_wipe(m, sizeof m);
}

static uint8_t boot(struct hd_vchip *v, struct job *j)
{
    uint8_t status;

    TRY(ask_mode(v, j));
    TRY(unwrap(v, j));
    TRY(ask_store(v, j));
    find_signature(v, j);
    status = j->has_signature ? verify(v, j) : compare(v, j);
    if ((j->c->p1 & PROHIBIT) != 0 &&
        (status == ST_OK || CHOICE_BOOT_PROHIBIT_ON_FAILURE)) {
        v->boot_prohibit = true;
    }
    move_latch(v, status);
    TRY(status);
    TRY(copy(v, j));
    if ((j->c->p1 & WITH_MAC) != 0) {
        answer_mac(v, j);
    }
    return ST_OK;
}

uint8_t cmd_secureboot(struct hd_vchip *v, const struct vcmd *c)
{
    uint16_t config = boot_config(v);
    struct job j = {.c = c,
                    .op = c->p1 & 0x07,
                    .mode = config & BOOT_MODE,
                    .key_slot = config >> 12,
                    .store_slot = config >> 8 & 0x0F};
    uint8_t status;

    if ((c->p1 & 0x38) != 0 || j.op < FULL) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->p2 != 0) {
        return refuse(v, HD_WHY_PARAM2, -1);
    }
    if (c->len != (j.op == FULL_STORE ? 32 : 96)) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    status = boot(v, &j);
    v_wipe(&j, sizeof j);
    return status;
}
