/* SPDX-License-Identifier: Apache-2.0 */
/* Info, random numbers, keys, signatures: what every device uses. */
#include "internal.h"

const struct hd_step hd_op_info[] = {
        {NULL, OP_INFO, 0, 0, BRIEF, PARAM1 | PARAM2 | OUT | LAST, {0}, 4},
};

static int only_locked(struct hd_chip *c, uint8_t *p, bool answered)
{
    (void)p;
    (void)answered;
    return hd_chip_config_is_locked(c) ? HD_OK : HD_ERR_UNLOCKED;
}

const struct hd_step hd_op_random[] = {
        {only_locked, OP_RANDOM, 0, 0, BRIEF, OUT | LAST, {0}, 32},
};

const struct hd_step hd_op_genkey[] = {
        {NULL, OP_GENKEY, 4, 0, CURVE, PARAM2 | OUT | ONCE | LAST, {0}, 64},
};

const struct hd_step hd_op_pubkey[] = {
        {NULL, OP_GENKEY, 0, 0, CURVE, PARAM2 | OUT | LAST, {0}, 64},
};

/* The seed of the chip's generator lives until it sleeps. */
static int seed(struct hd_chip *c, uint8_t *p, bool answered)
{
    (void)p;
    int rc = c->seeded ? HD_PENDING : HD_OK;

    c->seeded = c->seeded || answered;
    return answered ? HD_OK : rc;
}

const struct hd_step hd_op_sign[] = {
        {seed, OP_RANDOM, 0, 0, BRIEF, 0, {0}, 32},
        {NULL, OP_NONCE, 3, 0, BRIEF, 0, {32, 0, 0}, 1},
        {NULL, OP_SIGN, 0x80, 0, CURVE, PARAM2 | OUT | LAST, {0}, 64},
};

const struct hd_step hd_op_verify[] = {
        {NULL, OP_NONCE, 3, 0, BRIEF, 0, {32, 0, 0}, 1},
        {NULL, OP_VERIFY, 2, 4, LONG, LAST, {0, 64, 64}, 1},
};
