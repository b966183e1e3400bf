/* SPDX-License-Identifier: Apache-2.0 */
/* Counters, limited use, the persistent latch. */
#include "internal.h"

static uint32_t le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static int counter(struct hd_chip *c, uint8_t *p, bool answered)
{
    uint32_t value = le32(p + 1);

    if (answered) {
        memcpy(c->w.io.out, &value, sizeof(value));
    } else if (op_param1(c)) {
        c->flags |= ONCE;
    }
    return HD_OK;
}

const struct hd_step hd_op_counter[] = {
        {counter, OP_COUNTER, 0, 0, BRIEF, PARAM1 | PARAM2 | LAST, {0}, 4},
};

static int latch(struct hd_chip *c, uint8_t *p, bool answered)
{
    bool set = p[1] != 0;

    if (answered) {
        memcpy(c->w.io.out, &set, sizeof(set));
    }
    return hd_hook_only_608(c, p, answered);
}

const struct hd_step hd_op_latch[] = {
        {latch, OP_INFO, 0, 0, BRIEF, PARAM1 | PARAM2 | LAST, {0}, 4},
};

/* ------------------------------------------------------------ limited use */

#define MOST_USES    2097151U
#define LIMITED_USE  0x20U
#define COUNT_MATCH  (c->id[ID_CONFIG + 18])
#define LAST_KEY_USE (68 - 64) /* in block 2 */

static void set_use(struct hd_chip *c, uint32_t used, uint32_t limit)
{
    struct hd_chip_use use;

    use.used = used;
    use.limit = limit;
    memcpy(c->w.io.out, &use, sizeof(use));
}

/* The 508A keeps 128 bits for slot 15, in place of Counter 0. */
static bool has_bits(const struct hd_chip *c)
{
    return hd_chip_variant(c) == HD_CHIP_508A && op_slot(c) == 15;
}

/* Is it limited at all? SlotConfig of slots 0-5 was read by open. */
static int use_of_slot(struct hd_chip *c, uint8_t *p, bool answered)
{
    unsigned slot = op_slot(c) & 15;
    uint8_t config =
            slot < 6 ? c->id[ID_CONFIG + 20 + 2 * slot] : p[1 + 2 * slot - 12];

    if (answered && !(config & LIMITED_USE)) {
        set_use(c, 0, HD_USE_UNLIMITED);
        c->flags |= LAST;
    }
    return HD_OK;
}

static int use_of_bits(struct hd_chip *c, uint8_t *p, bool answered)
{
    unsigned i, used = 0;

    if (!answered) {
        return has_bits(c) ? HD_OK : HD_PENDING;
    }
    for (i = 0; i < 128; i++) {
        used += !(p[1 + LAST_KEY_USE + i / 8] >> i % 8 & 1);
    }
    set_use(c, used, 128);
    c->flags |= LAST;
    return HD_OK;
}

static int use_of_counter(struct hd_chip *c, uint8_t *p, bool answered)
{
    if (answered) {
        set_use(c, le32(p + 1), MOST_USES);
        if (hd_chip_variant(c) == HD_CHIP_508A || !(COUNT_MATCH & 1)) {
            c->flags |= LAST;
        }
    }
    return HD_OK;
}

/* The match slot holds its value twice; if they differ the limit is reached. */
static int use_of_match(struct hd_chip *c, uint8_t *p, bool answered)
{
    uint32_t used, limit = le32(p + 1);

    if (answered) {
        memcpy(&used, c->w.io.out, sizeof(used));
        set_use(c, used, le32(p + 5) == limit ? limit : used);
    } else {
        p[3] = (uint8_t)(COUNT_MATCH >> 4 << 3);
    }
    return HD_OK;
}

const struct hd_step hd_op_use_count[] = {
        {use_of_slot, OP_READ, 0x80, 0x08, BRIEF, 0, {0}, 32},
        {use_of_bits, OP_READ, 0x80, 0x10, BRIEF, 0, {0}, 32},
        {use_of_counter, OP_COUNTER, 0, 0, BRIEF, 0, {0}, 4},
        {use_of_match, OP_READ, 0x82, 0, BRIEF, LAST, {0}, 32},
};
