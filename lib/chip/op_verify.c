/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures over what is in the chip, and verdicts that can be believed. */
#include "internal.h"

const struct hd_step hd_op_sign_internal[] = {
        {NULL,
         OP_SIGN,
         0,
         0,
         CURVE,
         PARAM1 | PARAM2 | OUT | CHAIN | LAST,
         {0},
         64},
};

const struct hd_step hd_op_verify_stored[] = {
        {NULL, OP_NONCE, 3, 0, BRIEF, 0, {32, 0, 0}, 1},
        {NULL, OP_VERIFY, 0, 0, LONG, PARAM2 | LAST, {0, 64, 0}, 1},
};

const struct hd_step hd_op_validate[] = {
        {NULL,
         OP_VERIFY,
         0,
         0,
         LONG,
         PARAM1 | PARAM2 | CHAIN | LAST,
         {64, 19, 0},
         1},
};

const struct hd_step hd_op_validate_external[] = {
        {NULL, OP_VERIFY, 1, 0, LONG, PARAM2 | CHAIN | LAST, {64, 0, 0}, 1},
};

/* Message Digest Buffer: the digest and 32 bytes that nobody can foresee. */
static int load_both(struct hd_chip *c, uint8_t *p, bool answered)
{
    int rc = hd_hook_only_608(c, p, answered);

    return answered || rc ? rc : hd_put_random(c, c->w.temp, 32);
}

static int believe_verify(struct hd_chip *c, uint8_t *p, bool answered)
{
    const struct hd_io *io = &c->w.io;
    uint8_t head[4], mac[32];
    hd_bytes parts[5];
    int rc;

    if (!answered) {
        if (io->in[2]) {
            hd_put(c, io->in[2], 64);
        }
        return HD_OK;
    }
    head[0] = OP_VERIFY;
    head[1] = (uint8_t)op_param1(c);
    head[2] = (uint8_t)op_param2(c);
    head[3] = 0;
    parts[0].ptr = io->key;
    parts[0].len = 32;
    parts[1].ptr = io->in[0];
    parts[1].len = 32;
    parts[2].ptr = c->w.temp;
    parts[2].len = 32;
    parts[3].ptr = io->in[1];
    parts[3].len = 64;
    parts[4].ptr = head;
    parts[4].len = 4;
    rc = hd_sha256(c, parts, 5, mac);
    return rc ? rc : hd_ct_equal(mac, p + 1, 32) ? HD_OK : HD_ERR_MAC;
}

const struct hd_step hd_op_verify_mac[] = {
        {load_both, OP_NONCE, 0x63, 0, BRIEF, 0, {32, 0, 0}, 1},
        {believe_verify,
         OP_VERIFY,
         0,
         0,
         LONG,
         PARAM1 | PARAM2 | LAST,
         {0, 64, 0},
         32},
};

/* ------------------------------------------------------------- SecureBoot */

static int secureboot(struct hd_chip *c, uint8_t *p, bool answered)
{
    int rc = hd_hook_only_608(c, p, answered);

    if (op_param1(c) & HD_SECUREBOOT_PROHIBIT) {
        c->flags |= ONCE;
    }
    return rc ? rc : hd_hook_tail(c, p, answered);
}

const struct hd_step hd_op_secureboot[] = {
        {secureboot, OP_SECUREBOOT, 0, 0, CURVE, PARAM1 | LAST, {32, 0, 0}, 1},
};

/* The digest crosses the bus under a key of this session, and the verdict is
 * a MAC under that same key. */
static int believe_boot(struct hd_chip *c, uint8_t *p, bool answered)
{
    const struct hd_io *io = &c->w.io;
    uint8_t *key = p + STASH, *head = key + 32;
    hd_bytes parts[4];
    int rc;

    parts[0].ptr = io->key;
    parts[0].len = parts[1].len = 32;
    parts[1].ptr = c->w.temp;
    if (!answered) {
        if (op_param1(c) & HD_SECUREBOOT_PROHIBIT) {
            c->flags |= ONCE;
        }
        memcpy(head, p + 1, 4);
        rc = hd_sha256(c, parts, 2, key);
        hd_xor(p + 5, io->in[0], key, 32);
        if ((op_param1(c) & 7) != HD_SECUREBOOT_STORE) {
            hd_put(c, io->in[2], io->in_len);
        }
        return rc;
    }
    parts[0].ptr = key;
    parts[1].ptr = io->in[0];
    parts[2].ptr = io->in[2];
    parts[2].len = io->in_len;
    parts[3].ptr = head;
    parts[3].len = 4;
    rc = hd_sha256(c, parts, 4, c->w.temp);
    return rc ? rc : hd_ct_equal(c->w.temp, p + 1, 32) ? HD_OK : HD_ERR_MAC;
}

static int boot_nonce(struct hd_chip *c, uint8_t *p, bool answered)
{
    int rc = hd_hook_only_608(c, p, answered);

    return rc ? rc : hd_hook_nonce(c, p, answered);
}

const struct hd_step hd_op_secureboot_mac[] = {
        {boot_nonce, OP_NONCE, 0, 0, BRIEF, 0, {0}, 32},
        {believe_boot,
         OP_SECUREBOOT,
         0,
         0,
         CURVE,
         PARAM1 | LAST,
         {32, 0, 0},
         32},
};
