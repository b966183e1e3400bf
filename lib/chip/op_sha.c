/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 and HMAC computed by the chip. */
#include "internal.h"

#define PUBLIC 3
#define HMAC   4

static int begin(struct hd_chip *c, uint8_t *p, bool answered)
{
    c->pos = 0;
    return p[2] == HMAC ? hd_hook_tempkey(c, p, answered) : HD_OK;
}

static int update(struct hd_chip *c, uint8_t *p, bool answered)
{
    if (answered) {
        c->pos += 64;
        return HD_PENDING;
    }
    if (c->w.io.in_len - c->pos < 64) {
        return HD_PENDING;
    }
    p[3] = 64;
    hd_put(c, c->w.io.in[0] + c->pos, 64);
    return HD_OK;
}

/* 608: the result for the host alone. A 508A has a mode of its own for the
 * end of an HMAC, given in step.param1. */
static int end(struct hd_chip *c, uint8_t *p, bool answered)
{
    size_t left = c->w.io.in_len - c->pos;

    if (answered) {
        memcpy(c->w.io.out, p + 1, 32);
        return HD_OK;
    }
    if (hd_chip_variant(c) != HD_CHIP_508A) {
        p[2] = 0xC2;
    }
    p[3] = (uint8_t)left;
    hd_put(c, c->w.io.in[0] + c->pos, left);
    return HD_OK;
}

const struct hd_step hd_op_sha256[] = {
        {begin, OP_SHA, 0, 0, BRIEF, 0, {0}, 1},
        {update, OP_SHA, 1, 0, BRIEF, 0, {0}, 1},
        {end, OP_SHA, 2, 0, BRIEF, LAST, {0}, 32},
};

const struct hd_step hd_op_sha_hmac[] = {
        {begin, OP_SHA, HMAC, 0, BRIEF, PARAM2, {0}, 1},
        {update, OP_SHA, 1, 0, BRIEF, 0, {0}, 1},
        {end, OP_SHA, 5, 0, BRIEF, LAST, {0}, 32},
};

/* ---------------------------------------------- in steps of the caller's */

const struct hd_step hd_op_sha_begin[] = {
        {begin, OP_SHA, 0, 0, BRIEF, PARAM1 | PARAM2 | LAST, {0}, 1},
};

const struct hd_step hd_op_sha_update[] = {
        {hd_hook_tail,
         OP_SHA,
         0,
         0,
         BRIEF,
         PARAM1 | PARAM2 | CHAIN | LAST,
         {0},
         1},
};

const struct hd_step hd_op_sha_end[] = {
        {hd_hook_tail,
         OP_SHA,
         0,
         0,
         BRIEF,
         PARAM1 | PARAM2 | OUT | CHAIN | LAST,
         {0},
         32},
};

static int context(struct hd_chip *c, uint8_t *p, bool answered)
{
    size_t len = p[0] - 3U;

    if (!answered) {
        return hd_hook_only_608(c, p, answered);
    }
    if (len > c->w.io.out_len) {
        return HD_ERR_TOO_SMALL;
    }
    memcpy(c->w.io.out, p + 1, len);
    c->pos = len;
    return HD_OK;
}

const struct hd_step hd_op_sha_read_context[] = {
        {context, OP_SHA, 6, 0, BRIEF, CHAIN | ANY | LAST, {0}, 99},
};

static int write_context(struct hd_chip *c, uint8_t *p, bool answered)
{
    int rc = hd_hook_only_608(c, p, answered);

    return rc ? rc : hd_hook_tail(c, p, answered);
}

const struct hd_step hd_op_sha_write_context[] = {
        {write_context, OP_SHA, 0, 0, BRIEF, PARAM1 | PARAM2 | LAST, {0}, 1},
};
