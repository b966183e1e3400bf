/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration and locks. */
#include "internal.h"

/* Bytes 16-83 and 88-127: whole blocks where every byte may be written. */
static int write_config(struct hd_chip *c, uint8_t *p, bool answered)
{
    size_t n = c->pos % 64 == 32 ? 32 : 4;

    if (answered) {
        c->pos += n;
        return c->pos < HD_CONFIG_BYTES ? HD_PENDING : HD_OK;
    }
    if (c->pos == 0) {
        c->pos = 16;
    }
    if (c->pos == 84) {
        c->pos = 88;
    }
    p[2] = n == 32 ? 0x80 : 0;
    p[3] = (uint8_t)(c->pos >> 2);
    hd_put(c, c->w.io.in[0] + c->pos, n);
    return HD_OK;
}

/* Bytes 84 and 85 can be set once: only touch them where they differ. */
static int keep_extra(struct hd_chip *c, uint8_t *p, bool answered)
{
    if (answered) {
        memcpy(c->w.temp, p + 1, 2);
        c->pos = 0;
    }
    return HD_OK;
}

static int update_extra(struct hd_chip *c, uint8_t *p, bool answered)
{
    unsigned i = p[2];

    if (answered) {
        return HD_OK;
    }
    p[3] = c->w.io.in[0][84 + i];
    return c->w.temp[i] == p[3] ? HD_PENDING : HD_OK;
}

static int compare(struct hd_chip *c, uint8_t *p, bool answered)
{
    const uint8_t *want = c->w.io.in[0], *got = p + 1;
    unsigned i;

    if (!answered) {
        p[3] = (uint8_t)(c->pos >> 2);
        return HD_OK;
    }
    for (i = 0; i < 32; i++, c->pos++) {
        if (c->pos >= 16 && c->pos / 2 != 43 && want[c->pos] != got[i]) {
            return HD_ERR_READBACK;
        }
    }
    return c->pos < HD_CONFIG_BYTES ? HD_PENDING : HD_OK;
}

/* Beginning again does no harm at any point: no step is marked ONCE. */
const struct hd_step hd_op_write_config[] = {
        {write_config, OP_WRITE, 0, 0, BRIEF, 0, {0}, 1},
        {keep_extra, OP_READ, 0, 0x15, BRIEF, 0, {0}, 4},
        {update_extra, OP_UPDATEEXTRA, 0, 0, BRIEF, 0, {0}, 1},
        {update_extra, OP_UPDATEEXTRA, 1, 0, BRIEF, 0, {0}, 1},
        {compare, OP_READ, 0x80, 0, BRIEF, LAST, {0}, 32},
};

const struct hd_step hd_op_updateextra[] = {
        {NULL,
         OP_UPDATEEXTRA,
         0,
         0,
         BRIEF,
         PARAM1 | PARAM2 | ONCE | LAST,
         {0},
         1},
};

static int locked_config(struct hd_chip *c, uint8_t *p, bool answered)
{
    (void)p;
    if (answered) {
        c->id[ID_LOCKS + 1] = 0;
    }
    return HD_OK;
}

static int locked_data(struct hd_chip *c, uint8_t *p, bool answered)
{
    (void)p;
    if (answered) {
        c->id[ID_LOCKS] = 0;
    }
    return HD_OK;
}

const struct hd_step hd_op_lock_config[] = {
        {locked_config, OP_LOCK, 0, 0, BRIEF, PARAM2 | ONCE | LAST, {0}, 1},
};

const struct hd_step hd_op_lock_data[] = {
        {locked_data, OP_LOCK, 1, 0, BRIEF, PARAM2 | ONCE | LAST, {0}, 1},
};

const struct hd_step hd_op_lock_slot[] = {
        {NULL, OP_LOCK, 2, 0, BRIEF, PARAM1 | ONCE | LAST, {0}, 1},
};

/* Configuration block 2: bytes 64-95. */
static int lock_state(struct hd_chip *c, uint8_t *p, bool answered)
{
    const uint8_t *block = p + 1;
    struct hd_chip_locks locks;

    if (answered) {
        memcpy(c->id + 36, block + 20, 4);
        locks.config = hd_chip_config_is_locked(c);
        locks.data = hd_chip_data_is_locked(c);
        locks.slots = (uint16_t) ~(block[24] | block[25] << 8);
        memcpy(c->w.io.out, &locks, sizeof(locks));
    }
    return HD_OK;
}

const struct hd_step hd_op_lock_state[] = {
        {lock_state, OP_READ, 0x80, 0x10, BRIEF, LAST, {0}, 32},
};
