/* SPDX-License-Identifier: Apache-2.0 */
/* Keys: nonces, digests, ECDH, private keys from outside. */
#include "internal.h"

const struct hd_step hd_op_nonce_random[] = {
        {NULL, OP_NONCE, 0, 0, BRIEF, OUT | LAST, {20, 0, 0}, 32},
};

const struct hd_step hd_op_nonce_load[] = {
        {hd_hook_tail, OP_NONCE, 0, 0, BRIEF, PARAM1 | LAST, {0}, 1},
};

/* Repeated, it would digest its own result. */
const struct hd_step hd_op_nonce_derive[] = {
        {NULL,
         OP_NONCE,
         0,
         0,
         BRIEF,
         PARAM2 | OUT | ONCE | CHAIN | LAST,
         {20, 0, 0},
         32},
};

const struct hd_step hd_op_gendig[] = {
        {hd_hook_tail,
         OP_GENDIG,
         0,
         0,
         BRIEF,
         PARAM1 | PARAM2 | CHAIN | LAST,
         {0},
         1},
};

const struct hd_step hd_op_derivekey[] = {
        {hd_hook_tail,
         OP_DERIVEKEY,
         0,
         0,
         BRIEF,
         PARAM1 | PARAM2 | ONCE | CHAIN | LAST,
         {0},
         1},
};

/* Modes that give the public key, and the one that makes a new key. */
static int pubkey_digest(struct hd_chip *c, uint8_t *p, bool answered)
{
    if (!answered && c->w.io.out) {
        c->answer = 64;
        c->flags |= OUT;
    }
    if (!answered && (op_param1(c) & 0x14) == 4) {
        c->flags |= ONCE;
    }
    return hd_hook_tail(c, p, answered);
}

const struct hd_step hd_op_pubkey_digest[] = {
        {pubkey_digest,
         OP_GENKEY,
         0,
         0,
         CURVE,
         PARAM1 | PARAM2 | CHAIN | LAST,
         {0},
         1},
};

const struct hd_step hd_op_ecdh[] = {
        {NULL, OP_ECDH, 0, 0, CURVE, PARAM2 | OUT | LAST, {64, 0, 0}, 32},
};

static int ecdh_keep(struct hd_chip *c, uint8_t *p, bool answered)
{
    if (op_param1(c) & 1) {
        c->flags |= CHAIN;
    }
    return op_param1(c) ? hd_hook_only_608(c, p, answered) : HD_OK;
}

const struct hd_step hd_op_ecdh_keep[] = {
        {ecdh_keep,
         OP_ECDH,
         0,
         0,
         CURVE,
         PARAM1 | PARAM2 | LAST,
         {64, 0, 0},
         1},
};

const struct hd_step hd_op_privwrite[] = {
        {NULL, OP_PRIVWRITE, 0, 0, BRIEF, PARAM2 | LAST, {4, 32, 32}, 1},
};

/* 4 zeros and the key: the first 32 bytes under TempKey, the rest under its
 * digest, then a MAC over all in clear. */
static int seal_key(struct hd_chip *c, uint8_t *p, bool answered)
{
    uint8_t *cipher = p + 5, *clear = p + STASH;
    hd_bytes temp;
    int rc;

    if (answered) {
        return HD_OK;
    }
    p[3] = (uint8_t)op_slot(c);
    memcpy(clear + 4, c->w.io.in[0], 32);
    temp.ptr = c->w.temp;
    temp.len = 32;
    rc = hd_sha256(c, &temp, 1, cipher + 32);
    hd_xor(cipher, clear, c->w.temp, 32);
    hd_xor(cipher + 32, clear + 32, cipher + 32, 4);
    c->n = 5 + 36 + 32;
    return rc ? rc : hd_sha96(c, c->w.temp, clear, 36, cipher + 36);
}

const struct hd_step hd_op_privwrite_encrypted[] = {
        SESSION,
        {seal_key, OP_PRIVWRITE, 0x40, 0, BRIEF, LAST, {0}, 1},
};
