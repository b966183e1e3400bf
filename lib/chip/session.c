/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions: Nonce and GenDig leave a value in TempKey that only somebody who
 * knows the content of a slot can compute; the hooks here compute it too.
 *
 * What an answer would overwrite is kept in the packet buffer, from STASH on.
 */
#include "internal.h"

int hd_sha256(const struct hd_chip *c, const hd_bytes *parts, size_t count,
              uint8_t digest[32])
{
    if (!c->crypto) {
        return HD_ERR_NO_CRYPTO;
    }
    c->crypto->sha256(c->crypto->ctx, parts, count, digest);
    return HD_OK;
}

int hd_put_random(struct hd_chip *c, uint8_t *out, size_t len)
{
    const struct hd_crypto *crypto = c->crypto;
    int rc;

    if (!crypto || !crypto->random) {
        return HD_ERR_NO_CRYPTO;
    }
    rc = crypto->random(crypto->ctx, out, len);
    hd_put(c, out, len);
    return rc;
}

int hd_sha96(struct hd_chip *c, const uint8_t *a, const uint8_t *b,
             size_t b_len, uint8_t digest[32])
{
    const uint8_t *sn = hd_chip_serial(c);
    uint8_t *middle = c->w.buf + MIDDLE;
    hd_bytes parts[3];

    memset(middle, 0, 32);
    memcpy(middle, c->w.buf + 1, 4);
    middle[4] = sn[8];
    middle[5] = sn[0];
    middle[6] = sn[1];
    parts[0].ptr = a;
    parts[0].len = 32;
    parts[1].ptr = middle;
    parts[1].len = 64 - b_len;
    parts[2].ptr = b;
    parts[2].len = b_len;
    return hd_sha256(c, parts, 3, digest);
}

void hd_xor(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t len)
{
    while (len--) {
        *out++ = (uint8_t)(*a++ ^ *b++);
    }
}

int hd_hook_tail(struct hd_chip *c, uint8_t *p, bool answered)
{
    (void)p;
    if (answered) {
        return HD_OK;
    }
    if (c->w.io.in_len > HD_GROUP_MAX - 2U - c->n) {
        return HD_ERR_ARG;
    }
    hd_put(c, c->w.io.in[2], c->w.io.in_len);
    return HD_OK;
}

int hd_hook_only_608(struct hd_chip *c, uint8_t *p, bool answered)
{
    (void)p;
    (void)answered;
    return hd_chip_variant(c) == HD_CHIP_508A ? HD_ERR_UNSUPPORTED : HD_OK;
}

int hd_hook_tempkey(struct hd_chip *c, uint8_t *p, bool answered)
{
    if (op_param2(c) != HD_SLOT_TEMPKEY) {
        return HD_OK;
    }
    c->flags |= CHAIN;
    return hd_hook_only_608(c, p, answered);
}

/* Nonce: TempKey = SHA-256(random of the chip, ours, opcode and mode). */
int hd_hook_nonce(struct hd_chip *c, uint8_t *p, bool answered)
{
    uint8_t *ours = p + STASH;
    hd_bytes parts[2];

    if (!answered) {
        ours[20] = OP_NONCE; /* then mode and half of param2, both 0 */
        return hd_put_random(c, ours, 20);
    }
    parts[0].ptr = p + 1;
    parts[0].len = 32;
    parts[1].ptr = ours;
    parts[1].len = 23;
    return hd_sha256(c, parts, 2, c->w.temp);
}

/* GenDig: TempKey = SHA-256(key, the command, TempKey). Computed before it is
 * sent, since the answer overwrites the command; valid once answered. */
int hd_hook_gendig(struct hd_chip *c, uint8_t *p, bool answered)
{
    uint8_t *digest = p + STASH;

    if (answered) {
        memcpy(c->w.temp, digest, 32);
        return HD_OK;
    }
    p[3] = (uint8_t)op_param1(c);
    hd_put(c, p + 1, 4); /* so NoMac slots give the same digest */
    return hd_sha96(c, c->w.io.key, c->w.temp, 32, digest);
}
