/* SPDX-License-Identifier: Apache-2.0 */
/* Any command, for tools; and what traces need to read a recording. */
#include "internal.h"

static const struct {
    const char *name;
    uint8_t opcode;
    uint8_t time[4];
} opcodes[] = {
        {"AES", OP_AES, T_AES},
        {"CheckMac", OP_CHECKMAC, T_CHECKMAC},
        {"Counter", OP_COUNTER, T_COUNTER},
        {"DeriveKey", OP_DERIVEKEY, T_DERIVEKEY},
        {"ECDH", OP_ECDH, T_ECDH},
        {"GenDig", OP_GENDIG, T_GENDIG},
        {"GenKey", OP_GENKEY, T_GENKEY},
        {"HMAC", OP_HMAC, T_HMAC},
        {"Info", OP_INFO, T_INFO},
        {"KDF", OP_KDF, T_KDF},
        {"Lock", OP_LOCK, T_LOCK},
        {"MAC", OP_MAC, T_MAC},
        {"Nonce", OP_NONCE, T_NONCE},
        {"Pause", OP_PAUSE, T_PAUSE},
        {"PrivWrite", OP_PRIVWRITE, T_PRIVWRITE},
        {"Random", OP_RANDOM, T_RANDOM},
        {"Read", OP_READ, T_READ},
        {"SecureBoot", OP_SECUREBOOT, T_SECUREBOOT},
        {"SelfTest", OP_SELFTEST, T_SELFTEST},
        {"SHA", OP_SHA, T_SHA},
        {"Sign", OP_SIGN, T_SIGN},
        {"UpdateExtra", OP_UPDATEEXTRA, T_UPDATEEXTRA},
        {"Verify", OP_VERIFY, T_VERIFY},
        {"Write", OP_WRITE, T_WRITE},
};

static const uint8_t *find(uint8_t opcode, const char **name)
{
    size_t i;

    for (i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++) {
        if (opcodes[i].opcode == opcode) {
            *name = opcodes[i].name;
            return opcodes[i].time;
        }
    }
    *name = NULL;
    return NULL;
}

const char *hd_packet_opcode_name(uint8_t opcode)
{
    const char *name;

    (void)find(opcode, &name);
    return name;
}

int hd_packet_command(const uint8_t *group, size_t len, struct hd_packet *out)
{
    int rc = hd_packet_check(group, len);

    if (rc) {
        return rc;
    }
    if (group[0] < 7) {
        return HD_ERR_LENGTH;
    }
    out->opcode = group[1];
    out->param1 = group[2];
    out->param2 = (uint16_t)(group[3] | group[4] << 8);
    out->data.ptr = group + 5;
    out->data.len = group[0] - 7U;
    return HD_OK;
}

static int raw(struct hd_chip *c, bool answered)
{
    size_t len = c->w.buf[0] - 3U;
    const uint8_t *time;
    const char *name;

    if (answered) {
        if (len > c->w.io.out_len) {
            return HD_ERR_TOO_SMALL;
        }
        memcpy(c->w.io.out, c->w.buf + 1, len);
        c->pos = len;
        return HD_OK;
    }
    c->w.buf[1] = (uint8_t)op_slot(c);
    time = find(c->w.buf[1], &name);
    if (time) { /* the longest there is: this is no place to be strict */
        c->limit = (uint16_t)PATIENCE(time[3]);
    }
    return hd_hook_tail(c, false);
}

/* Not known to be harmless, so never repeated. The step's time only decides
 * whether to begin a fresh watchdog period. */
const struct hd_step hd_op_raw[] = {
        {raw,
         0,
         0,
         0,
         PARAM1 | PARAM2 | ONCE | ANY | LAST,
         {0},
         HD_GROUP_MAX - 3,
         TIME(250, 625, 653)},
};
