/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command table: who has a command, who runs it, how long it takes
 * (docs/chip part 2, 1.5: data sheet typical and the vendor driver's maxima).
 */
#include "internal.h"

#define V508 HD_VMODEL_508A
#define V608 HD_VMODEL_608
#define VALL HD_VMODEL_ALL

/* clang-format off */
static const struct vcmd_row rows[] = {
    /* opcode      models name          handler          typ us  508A   M0   M1    M2 */
    {OP_READ,        VALL, "Read",        cmd_read,          100,   5, {  5,   5,    5}},
    {OP_NONCE,       VALL, "Nonce",       cmd_nonce,         100,  29, { 20,  20,   20}},
    {OP_SIGN,        VALL, "Sign",        cmd_sign,        42000,  60, {115, 220,  665}},
    {OP_INFO,        VALL, "Info",        cmd_info,          100,   2, {  5,   5,    5}},
    {OP_SHA,         VALL, "SHA",         cmd_sha,          7000,   9, { 36,  42,   75}},
    {OP_VERIFY,      VALL, "Verify",      cmd_verify,      38000,  72, {105, 295, 1085}},
    {OP_WRITE,       VALL, "Write",       cmd_write,        7000,  26, { 45,  45,   45}},
    {OP_RANDOM,      VALL, "Random",      cmd_random,       1000,  23, { 23,  23,   23}},
    {OP_GENDIG,      VALL, "GenDig",      cmd_gendig,       5000,  11, { 25,  35,   35}},
    {OP_MAC,         VALL, "MAC",         cmd_mac,          5000,  14, { 55,  55,   55}},
    {OP_CHECKMAC,    VALL, "CheckMac",    cmd_checkmac,     5000,  13, { 40,  40,   40}},
    {OP_ECDH,        VALL, "ECDH",        cmd_ecdh,        38000,  58, { 75, 172,  531}},
    {OP_GENKEY,      VALL, "GenKey",      cmd_genkey,      11000, 115, {115, 215,  653}},
    {OP_COUNTER,     VALL, "Counter",     cmd_counter,      5000,  20, { 25,  25,   25}},
    {OP_AES,         V608, "AES",         cmd_aes,             0,   0, { 27,  27,   27}},
    {OP_KDF,         V608, "KDF",         cmd_kdf,             0,   0, {165, 165,  165}},
    {OP_DERIVEKEY,   VALL, "DeriveKey",   cmd_derivekey,    2000,  50, { 50,  50,   50}},
    {OP_HMAC,        V508, "HMAC",        cmd_hmac,        13000,  23, {  0,   0,    0}},
    {OP_LOCK,        VALL, "Lock",        cmd_lock,         8000,  32, { 35,  35,   35}},
    {OP_PAUSE,       V508, "Pause",       cmd_pause,         100,   3, {  0,   0,    0}},
    {OP_PRIVWRITE,   VALL, "PrivWrite",   cmd_privwrite,     800,  48, { 50,  50,   50}},
    {OP_SECUREBOOT,  V608, "SecureBoot",  cmd_secureboot,      0,   0, { 80, 160,  480}},
    {OP_SELFTEST,    V608, "SelfTest",    cmd_selftest,        0,   0, {250, 625, 2324}},
    {OP_UPDATEEXTRA, VALL, "UpdateExtra", cmd_updateextra,  8000,  10, { 10,  10,   10}},
};
/* clang-format on */

const struct vcmd_row *vchip_command(uint8_t op)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].op == op) {
            return &rows[i];
        }
    }
    return NULL;
}

/* ChipMode bits 7-3 (docs/chip part 1, 7.3); other values act like M0. */
static unsigned clock_divider(const struct hd_vchip *v)
{
    switch (v->chip_mode >> 3) {
    case 0x05:
        return 1;
    case 0x0D:
        return 2;
    default:
        return 0;
    }
}

uint64_t command_max_ns(const struct hd_vchip *v, const struct vcmd_row *row)
{
    const uint64_t ms =
            is_608(v) ? row->max608_ms[clock_divider(v)] : row->max508_ms;

    return ms * 1000000;
}

uint64_t command_ns(const struct hd_vchip *v, const struct vcmd_row *row)
{
    const uint64_t max = command_max_ns(v, row);

    switch (v->speed) {
    case HD_V_INSTANT:
        return 0;
    case HD_V_MAXIMUM:
        return max;
    case HD_V_SLOW:
        return 3 * max;
    default:
        return is_608(v) ? max / 2 : (uint64_t)row->typ_us * 1000;
    }
}
