/* SPDX-License-Identifier: Apache-2.0 */
/* MAC, CheckMac, HMAC, authorisation. */
#include "internal.h"

/* Modes with bit 0 or 1 use what an earlier call left in TempKey. */
static int mac(struct hd_chip *c, uint8_t *p, bool answered)
{
    if (op_param1(c) & 3) {
        c->flags |= CHAIN;
    }
    return hd_hook_tail(c, p, answered);
}

const struct hd_step hd_op_mac[] = {
        {mac, OP_MAC, 0, 0, BRIEF, PARAM1 | PARAM2 | OUT | LAST, {0}, 32},
};

/* in_len is 0: all 77 bytes are in the table */
const struct hd_step hd_op_checkmac[] = {
        {mac,
         OP_CHECKMAC,
         0,
         0,
         BRIEF,
         PARAM1 | PARAM2 | LAST,
         {32, 32, 13},
         1},
};

static int only_508(struct hd_chip *c, uint8_t *p, bool answered)
{
    (void)p;
    (void)answered;
    return hd_chip_variant(c) == HD_CHIP_508A ? HD_OK : HD_ERR_UNSUPPORTED;
}

const struct hd_step hd_op_hmac[] = {
        {only_508,
         OP_HMAC,
         0,
         0,
         BRIEF,
         PARAM1 | PARAM2 | OUT | CHAIN | LAST,
         {0},
         32},
};

/* CHAIN: silence is an answer too, and not one to ask for again. */
const struct hd_step hd_op_pause[] = {
        {only_508, OP_PAUSE, 0, 0, BRIEF, PARAM1 | CHAIN | LAST, {0}, 1},
};

/*
 * CheckMac over a nonce of this session: key, TempKey, and 24 bytes of which
 * all but three of the serial number are ours to choose: zeros (docs/chip
 * part 2, 4.2).
 */
static int respond(struct hd_chip *c, uint8_t *p, bool answered)
{
    const uint8_t *sn = hd_chip_serial(c);
    uint8_t *rest = p + STASH;
    hd_bytes parts[3];

    if (answered) {
        return HD_OK;
    }
    rest[15] = sn[8];
    rest[20] = sn[0];
    rest[21] = sn[1];
    parts[0].ptr = c->w.io.key;
    parts[1].ptr = c->w.temp;
    parts[0].len = parts[1].len = 32;
    parts[2].ptr = rest;
    parts[2].len = 24;
    return hd_sha256(c, parts, 3, p + 5 + 32);
}

const struct hd_step hd_op_authorize[] = {
        {hd_hook_nonce, OP_NONCE, 0, 0, BRIEF, 0, {0}, 32},
        {respond, OP_CHECKMAC, 1, 0, BRIEF, PARAM2 | LAST, {32, 32, 13}, 1},
};
