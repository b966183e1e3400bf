/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing zones and slots, in clear or in a session. One hook
 * reads, one writes; io.key says whether there is a session, c->pos how far
 * they are. In clear, c->w.temp is zero, and zero changes nothing when it is
 * added to the data.
 */
#include "internal.h"

static size_t zone_size(unsigned zone, unsigned slot)
{
    if (zone != HD_ZONE_DATA) {
        return zone == HD_ZONE_CONFIG ? HD_CONFIG_BYTES : HD_OTP_BYTES;
    }
    return slot < 8 ? 36 : slot == 8 ? 416 : 72;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Address of byte `at` (docs/chip part 1, 7.17) into the packet. */
static void set_address(struct hd_chip *c, unsigned zone, size_t at)
{
    if (zone == HD_ZONE_DATA) {
        c->w.buf[3] = (uint8_t)(op_slot(c) << 3 | (at >> 2 & 7));
        c->w.buf[4] = (uint8_t)(at >> 5);
    } else {
        c->w.buf[3] = (uint8_t)(at >> 2);
    }
}

/* Where this step begins; HD_ERR_ARG when the whole does not fit. */
static int locate(struct hd_chip *c, unsigned *zone, size_t *at, size_t *size)
{
    *zone = c->w.io.key ? (unsigned)HD_ZONE_DATA : op_param1(c);
    *at = op_param2(c) + c->pos;
    *size = zone_size(*zone, op_slot(c));
    if (*zone > HD_ZONE_DATA || op_slot(c) > 15 || op_param2(c) > *size ||
        c->w.io.in_len > *size - op_param2(c)) {
        return HD_ERR_ARG;
    }
    return HD_OK;
}

static int read_some(struct hd_chip *c, bool answered)
{
    size_t at, size, left = c->w.io.in_len - c->pos, skip, n;
    unsigned zone;
    int rc = locate(c, &zone, &at, &size);

    if (rc || !left) {
        return rc ? rc : HD_PENDING;
    }
    if (!answered) {
        /* a word does if what is wanted of this block lies in one */
        bool word = !c->w.io.key && (at & 3) + smaller(left, 32 - at % 32) <= 4;
        c->answer = word ? 4 : 32;
        c->w.buf[2] = (uint8_t)(zone | (word ? 0 : 0x80U));
        set_address(c, zone, at);
        return HD_OK;
    }
    skip = at & (c->answer - 1U);
    n = smaller(left, c->answer - skip);
    hd_xor(c->w.io.out + c->pos, c->w.buf + 1 + skip, c->w.temp + skip, n);
    c->pos += n;
    c->step = 0;
    return n < left ? HD_PENDING : HD_OK;
}

const struct hd_step hd_op_read[] = {
        {read_some, OP_READ, 0, 0, LAST, {0}, 32, T_READ},
};

const struct hd_step hd_op_read_encrypted[] = {
        SESSION,
        {read_some, OP_READ, 0, 0, LAST, {0}, 32, T_READ},
};

/* Behind the block in the packet: a proof that we know the key. The block
 * itself becomes unreadable. */
static int seal_block(struct hd_chip *c)
{
    uint8_t *block = c->w.buf + 5;
    int rc = hd_sha96(c, c->w.temp, block, 32, block + 32);

    hd_xor(block, block, c->w.temp, 32);
    c->n = 5 + 64;
    return rc;
}

static int write_some(struct hd_chip *c, bool answered)
{
    size_t at, size, left = c->w.io.in_len - c->pos, n;
    bool sealed = c->w.io.key, block;
    unsigned zone;
    int rc = locate(c, &zone, &at, &size);

    if (rc || !left) {
        return rc ? rc : HD_PENDING;
    }
    /* to the end of the slot the chip takes a block for what is there */
    block = at % 32 == 0 && (left >= 32 || at + left == size);
    n = smaller(left, block ? 32 : 4);
    if ((sealed && !block) || (at | n) & 3) {
        return HD_ERR_ARG;
    }
    if (answered) {
        c->pos += n;
        c->step = 0;
        return n < left ? HD_PENDING : HD_OK;
    }
    c->w.buf[2] = (uint8_t)(zone | (block ? 0x80U : 0) | (sealed ? 0x40U : 0));
    set_address(c, zone, at);
    hd_put(c, c->w.io.in[0] + c->pos, n);
    c->n = block ? 5 + 32 : 5 + 4;
    return sealed ? seal_block(c) : HD_OK;
}

const struct hd_step hd_op_write[] = {
        {write_some, OP_WRITE, 0, 0, LAST, {0}, 1, T_WRITE},
};

const struct hd_step hd_op_write_encrypted[] = {
        SESSION,
        {write_some, OP_WRITE, 0, 0, LAST, {0}, 1, T_WRITE},
};
