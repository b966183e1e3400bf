/* SPDX-License-Identifier: Apache-2.0 */
/* Info, random numbers, keys, signatures: what every device uses. */
#include "internal.h"

const struct hd_step hd_op_info[] = {
        {NULL, OP_INFO, 0, 0, PARAM1 | PARAM2 | OUT | LAST, {0}, 4, T_INFO},
};

static int only_locked(struct hd_chip *c, bool answered)
{
    (void)answered;
    return hd_chip_config_is_locked(c) ? HD_OK : HD_ERR_UNLOCKED;
}

const struct hd_step hd_op_random[] = {
        {only_locked, OP_RANDOM, 0, 0, OUT | LAST, {0}, 32, T_RANDOM},
};

const struct hd_step hd_op_genkey[] = {
        {NULL, OP_GENKEY, 4, 0, PARAM2 | OUT | ONCE | LAST, {0}, 64, T_GENKEY},
};

const struct hd_step hd_op_pubkey[] = {
        {NULL, OP_GENKEY, 0, 0, PARAM2 | OUT | LAST, {0}, 64, T_GENKEY},
};

/* The seed of the chip's generator lives until it sleeps. */
static int seed(struct hd_chip *c, bool answered)
{
    int rc = c->seeded ? HD_PENDING : HD_OK;

    c->seeded = c->seeded || answered;
    return answered ? HD_OK : rc;
}

const struct hd_step hd_op_sign[] = {
        {seed, OP_RANDOM, 0, 0, 0, {0}, 32, T_RANDOM},
        {NULL, OP_NONCE, 3, 0, 0, {32, 0, 0}, 1, T_NONCE},
        {NULL, OP_SIGN, 0x80, 0, PARAM2 | OUT | LAST, {0}, 64, T_SIGN},
};

const struct hd_step hd_op_verify[] = {
        {NULL, OP_NONCE, 3, 0, 0, {32, 0, 0}, 1, T_NONCE},
        {NULL, OP_VERIFY, 2, 4, LAST, {0, 64, 64}, 1, T_VERIFY},
};
