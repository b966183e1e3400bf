/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing zones and slots, in clear or in a session. One hook
 * does it all, a block of 32 bytes or a word of 4 at a time: io.key says
 * whether there is a session, c->pos how far it is. In clear, c->w.temp is
 * zero, and zero changes nothing when it is added to the data.
 */
#include "internal.h"

static size_t zone_size(unsigned zone, unsigned slot)
{
    if (zone != HD_ZONE_DATA) {
        return zone == HD_ZONE_CONFIG ? HD_CONFIG_BYTES : HD_OTP_BYTES;
    }
    return slot < 8 ? 36 : slot == 8 ? 416 : 72;
}

/* In place of the block: its cipher, and a proof that we know the key. */
static int seal_block(struct hd_chip *c, uint8_t *block)
{
    int rc = hd_sha96(c, c->w.temp, block, 32, block + 32);

    hd_xor(block, block, c->w.temp, 32);
    c->n = 5 + 64;
    return rc;
}

/* Zone, address (docs/chip part 1, 7.17) and data of the next piece. */
static int ask(struct hd_chip *c, uint8_t *p, unsigned zone, size_t at,
               size_t unit, size_t n)
{
    p[2] = (uint8_t)(zone | (unit == 32 ? 0x80U : 0));
    p[3] = (uint8_t)(at >> 2);
    if (zone == HD_ZONE_DATA) {
        p[3] = (uint8_t)(op_slot(c) << 3 | (p[3] & 7U));
        p[4] = (uint8_t)(at >> 5);
    }
    c->answer = (uint8_t)unit;
    if (p[1] == OP_READ) {
        return HD_OK;
    }
    c->answer = 1;
    hd_put(c, c->w.io.in[0] + c->pos, n);
    c->n = (uint8_t)(5 + unit);
    if (!c->w.io.key) {
        return HD_OK;
    }
    p[2] |= 0x40;
    return seal_block(c, p + 5);
}

static int transfer(struct hd_chip *c, uint8_t *p, bool answered)
{
    const struct hd_io *io = &c->w.io;
    bool reads = c->op[c->step].opcode == OP_READ, word;
    unsigned zone = io->key ? (unsigned)HD_ZONE_DATA : op_param1(c);
    size_t at = io->offset + c->pos, left = io->in_len - c->pos;
    size_t room = zone_size(zone, op_slot(c)) - at;
    size_t n = 32 - (at & 31), unit, skip;

    if ((zone | op_slot(c) >> 2) > 3 || room > 416 || left > room) {
        return HD_ERR_ARG;
    }
    if (!left) {
        return HD_PENDING;
    }
    /* A word does if all that is read lies in one; what is written as a block
     * must cover it, or go on to the end of the slot. */
    n = n < left ? n : left;
    word = reads ? !io->key && (at & 3) + n <= 4
                 : at & 31 || (n < 32 && n < room);
    unit = word ? 4 : 32;
    skip = at & (unit - 1);
    n = n < unit - skip ? n : unit - skip;
    if (!reads && ((skip | n) & 3 || (word && io->key))) {
        return HD_ERR_ARG;
    }
    if (!answered) {
        return ask(c, p, zone, at, unit, n);
    }
    if (reads) {
        hd_xor(io->out + c->pos, p + 1 + skip, c->w.temp + skip, n);
    }
    c->pos += n;
    c->step = 0;
    return n < left ? HD_PENDING : HD_OK;
}

#define STEP(opcode)                                                           \
    {                                                                          \
        transfer, opcode, 0, 0, BRIEF, LAST, {0}, 1                            \
    }

const struct hd_step hd_op_read[] = {STEP(OP_READ)};
const struct hd_step hd_op_write[] = {STEP(OP_WRITE)};
const struct hd_step hd_op_read_encrypted[] = {SESSION, STEP(OP_READ)};
const struct hd_step hd_op_write_encrypted[] = {SESSION, STEP(OP_WRITE)};
