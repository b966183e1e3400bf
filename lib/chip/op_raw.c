/* SPDX-License-Identifier: Apache-2.0 */
/* Any command, for tools; and what traces need to read a recording. */
#include "internal.h"

static const struct {
    const char *name;
    uint8_t opcode;
} opcodes[] = {
        {"AES", OP_AES},
        {"CheckMac", OP_CHECKMAC},
        {"Counter", OP_COUNTER},
        {"DeriveKey", OP_DERIVEKEY},
        {"ECDH", OP_ECDH},
        {"GenDig", OP_GENDIG},
        {"GenKey", OP_GENKEY},
        {"HMAC", OP_HMAC},
        {"Info", OP_INFO},
        {"KDF", OP_KDF},
        {"Lock", OP_LOCK},
        {"MAC", OP_MAC},
        {"Nonce", OP_NONCE},
        {"Pause", OP_PAUSE},
        {"PrivWrite", OP_PRIVWRITE},
        {"Random", OP_RANDOM},
        {"Read", OP_READ},
        {"SecureBoot", OP_SECUREBOOT},
        {"SelfTest", OP_SELFTEST},
        {"SHA", OP_SHA},
        {"Sign", OP_SIGN},
        {"UpdateExtra", OP_UPDATEEXTRA},
        {"Verify", OP_VERIFY},
        {"Write", OP_WRITE},
};

const char *hd_packet_opcode_name(uint8_t opcode)
{
    size_t i;

    for (i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++) {
        if (opcodes[i].opcode == opcode) {
            return opcodes[i].name;
        }
    }
    return NULL;
}

int hd_packet_check(const uint8_t *group, size_t len)
{
    size_t count = len ? group[0] : 0;
    unsigned crc;

    if (count < 4 || count > len) {
        return HD_ERR_LENGTH;
    }
    crc = hd_chip_crc(group, count - 2);
    if (group[count - 2] != (crc & 0xFFU) || group[count - 1] != crc >> 8) {
        return HD_ERR_CRC;
    }
    return HD_OK;
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

static int raw(struct hd_chip *c, uint8_t *p, bool answered)
{
    size_t len = p[0] - 3U;

    if (answered) {
        if (len > c->w.io.out_len) {
            return HD_ERR_TOO_SMALL;
        }
        memcpy(c->w.io.out, p + 1, len);
        c->pos = len;
        return HD_OK;
    }
    p[1] = (uint8_t)op_slot(c);
    return hd_hook_tail(c, p, false);
}

/* Not known to be harmless, so never repeated. The step's time only decides
 * whether to begin a fresh watchdog period. */
const struct hd_step hd_op_raw[] = {
        {raw,
         0,
         0,
         0,
         ANYTHING,
         PARAM1 | PARAM2 | ONCE | ANY | LAST,
         {0},
         HD_GROUP_MAX - 3},
};
