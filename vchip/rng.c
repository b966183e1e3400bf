/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chip's random generator: SHA-256 over seed and a counter, so that the
 * same seed and the same commands give the same bytes. The quality of the
 * numbers is that of the seed, which comes from the operating system unless
 * a test gives one.
 */
#include "internal.h"

static void next_block(struct hd_vchip *v, uint8_t block[32])
{
    uint8_t in[40];

    memcpy(in, v->seed, 32);
    for (size_t i = 0; i < 8; i++) {
        in[32 + i] = (uint8_t)(v->draws >> 8 * i);
    }
    v->draws++;
    v_sha256(in, sizeof in, block);
    v_wipe(in, sizeof in);
}

void rng_draw(struct hd_vchip *v, uint8_t *out, size_t len)
{
    uint8_t block[32];

    while (len > 0) {
        const size_t part = len < sizeof block ? len : sizeof block;

        next_block(v, block);
        memcpy(out, block, part);
        out += part;
        len -= part;
    }
    v_wipe(block, sizeof block);
}

void rng_output(struct hd_vchip *v, uint8_t out[32])
{
    static const uint8_t pattern[4] = {0xFF, 0xFF, 0x00, 0x00};

    if (config_locked(v)) {
        rng_draw(v, out, 32);
        return;
    }
    for (size_t i = 0; i < 32; i++) {
        out[i] = pattern[i % 4];
    }
}
