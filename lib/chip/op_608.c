/* SPDX-License-Identifier: Apache-2.0 */
/* What only a 608 has: AES, KDF, SelfTest, results under the IO key. */
#include "internal.h"

static int aes(struct hd_chip *c, uint8_t *p, bool answered)
{
    int rc = hd_hook_only_608(c, p, answered);

    return rc ? rc : hd_hook_tempkey(c, p, answered);
}

const struct hd_step hd_op_aes[] = {
        {aes,
         OP_AES,
         0,
         0,
         BRIEF,
         PARAM1 | PARAM2 | OUT | LAST,
         {16, 0, 0},
         16},
};

const struct hd_step hd_op_gfm[] = {
        {hd_hook_only_608, OP_AES, 3, 0, BRIEF, OUT | LAST, {16, 16, 0}, 16},
};

/* 0x11 is "RNG and AES failed" or "I have just woken up": the test of AES
 * alone tells them apart. */
static int selftest(struct hd_chip *c, uint8_t *p, bool answered)
{
    if (answered && p[1] != 0x11) {
        c->flags |= LAST;
    }
    return hd_hook_only_608(c, p, answered);
}

static int selftest_again(struct hd_chip *c, uint8_t *p, bool answered)
{
    if (!answered || p[1] == 0x10) {
        return HD_OK;
    }
    if (++c->tries > HD_CHIP_FAULTS) {
        return HD_ERR_RESTARTED;
    }
    c->step = 0;
    c->pos = 0;
    return HD_PENDING;
}

const struct hd_step hd_op_selftest[] = {
        {selftest, OP_SELFTEST, 0, 0, LONG, PARAM1 | OUT | MAP, {0}, 1},
        {selftest_again, OP_SELFTEST, 0, 0, LONG, MAP | LAST, {0}, 1},
};

/* The answer: len bytes of cipher, then a nonce; each 32 bytes are under a
 * digest of the IO protection key and 16 bytes of the nonce. */
static int io_decrypt(struct hd_chip *c, size_t len)
{
    hd_bytes parts[2];
    size_t at;
    int rc;

    for (at = 0; at < len; at += 32) {
        parts[0].ptr = c->w.io.key;
        parts[0].len = 32;
        parts[1].ptr = c->w.buf + 1 + len + at / 2;
        parts[1].len = 16;
        rc = hd_sha256(c, parts, 2, c->w.temp);
        if (rc) {
            return rc;
        }
        hd_xor(c->w.io.out + at, c->w.buf + 1 + at, c->w.temp, 32);
    }
    return HD_OK;
}

static int ecdh_io(struct hd_chip *c, uint8_t *p, bool answered)
{
    if (op_param1(c) & 1) {
        c->flags |= CHAIN;
    }
    return answered ? io_decrypt(c, 32) : hd_hook_only_608(c, p, answered);
}

const struct hd_step hd_op_ecdh_io[] = {
        {ecdh_io, OP_ECDH, 0, 0, CURVE, PARAM1 | PARAM2 | LAST, {64, 0, 0}, 64},
};

/* --------------------------------------------------------------------- KDF */

enum { SOURCE_SLOT = 2, TARGET_CLEAR = 4, TARGET_SEALED = 5, KDF_AES = 1 };
#define KDF_64   0x100U /* PRF: 64 bytes of result ... */
#define KDF_AEAD 0x200U /* ... or half of it to the target, half out */

/* Bytes that leave the chip, without the nonce of TARGET_SEALED. */
static unsigned kdf_result(const struct hd_chip *c)
{
    unsigned target = op_param1(c) >> 2 & 7, algorithm = op_param1(c) >> 5;
    unsigned details = algorithm ? 0 : (unsigned)c->w.io.in_len;

    if (details & KDF_AEAD) {
        return 32;
    }
    if (target < TARGET_CLEAR) {
        return 0;
    }
    return details & KDF_64 ? 64 : 32;
}

/* io.in_len is the Details word, its top byte the length of the message. */
static int kdf_ask(struct hd_chip *c, uint8_t *p)
{
    uint32_t details = (uint32_t)c->w.io.in_len;
    size_t len = details >> 24;
    unsigned i, target = op_param1(c) >> 2 & 7;

    if (len > 128) {
        return HD_ERR_ARG;
    }
    if (op_param1(c) >> 5 == KDF_AES) { /* always one block */
        details &= 0xFFFFFFU;
    }
    for (i = 0; i < 4; i++) {
        p[5 + i] = (uint8_t)(details >> 8 * i);
    }
    c->n = 9;
    hd_put(c, c->w.io.in[0], len);
    if ((op_param1(c) & 3) != SOURCE_SLOT) {
        c->flags |= CHAIN;
    }
    c->answer = (uint8_t)kdf_result(c);
    if (!c->answer) {
        c->answer = 1;
    } else if (target == TARGET_SEALED) {
        c->answer = (uint8_t)(c->answer + 32);
    }
    return hd_hook_only_608(c, p, false);
}

/* io.key: the result is to be decrypted; then the mode must ask for a sealed
 * one. */
static int kdf(struct hd_chip *c, uint8_t *p, bool answered)
{
    size_t result = kdf_result(c), len = result ? c->answer : 0;

    if (!answered) {
        return kdf_ask(c, p);
    }
    if (c->w.io.key) {
        if (c->answer != result + 32) {
            return HD_ERR_ARG;
        }
        len = result;
    }
    if (len > c->w.io.out_len) {
        return HD_ERR_TOO_SMALL;
    }
    c->pos = len;
    if (c->w.io.key) {
        return io_decrypt(c, len);
    }
    if (len) {
        memcpy(c->w.io.out, p + 1, len);
    }
    return HD_OK;
}

const struct hd_step hd_op_kdf[] = {
        {kdf, OP_KDF, 0, 0, CURVE, PARAM1 | PARAM2 | LAST, {0}, 1},
};
