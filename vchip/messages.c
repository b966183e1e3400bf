/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages that several commands hash (docs/chip part 2, 1.6), and the
 * way secrets leave under the IO protection key.
 */
#include "rules.h"

uint8_t serial_byte(const struct hd_vchip *v, unsigned i)
{
    return v->ee[i < 4 ? i : i + 4];
}

void digest_g96(struct hd_vchip *v, const struct vcmd *c, const uint8_t a[32],
                const uint8_t b[32], uint8_t digest[32])
{
    uint8_t m[96] = {0};

    memcpy(m, a, 32);
    m[32] = c->op;
    m[33] = c->p1;
    m[34] = (uint8_t)c->p2;
    m[35] = (uint8_t)(c->p2 >> 8);
    m[36] = serial_byte(v, 8);
    m[37] = serial_byte(v, 0);
    m[38] = serial_byte(v, 1);
    memcpy(m + 64, b, 32);
    v_sha256(m, sizeof m, digest);
    v_wipe(m, sizeof m);
}

void message_m88(struct hd_vchip *v, const struct vcmd *c, const uint8_t a[32],
                 const uint8_t b[32], uint8_t m[88])
{
    memset(m, 0, 88);
    memcpy(m, a, 32);
    memcpy(m + 32, b, 32);
    m[64] = c->op;
    m[65] = c->p1;
    m[66] = (uint8_t)c->p2;
    m[67] = (uint8_t)(c->p2 >> 8);
    m[79] = serial_byte(v, 8);
    m[84] = serial_byte(v, 0);
    m[85] = serial_byte(v, 1);
    if ((c->p1 & 0x40) != 0) {
        memcpy(m + 80, v->ee + 8, 4); /* SN[4..7] */
        memcpy(m + 86, v->ee + 2, 2); /* SN[2..3] */
    }
}

void io_encrypt(struct hd_vchip *v, const uint8_t io_key[32], uint8_t *out,
                size_t len)
{
    uint8_t *nonce = out + len;
    uint8_t m[48], pad[32];

    rng_draw(v, nonce, 32);
    memcpy(m, io_key, 32);
    for (size_t block = 0; block < len / 32; block++) {
        memcpy(m + 32, nonce + 16 * block, 16);
        v_sha256(m, sizeof m, pad);
        for (size_t i = 0; i < 32; i++) {
            out[32 * block + i] ^= pad[i];
        }
    }
    v_wipe(m, sizeof m);
    v_wipe(pad, sizeof pad);
}
