/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 one block at a time.
 *
 * The SHA command lets a context travel out of the chip and back in, so the
 * chaining value must be visible. EVP hides it; the low-level functions that
 * show it are deprecated in OpenSSL 3, but they are the only way there that
 * is not writing the hash ourselves. They are used in this file only.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "internal.h"

static void load(SHA256_CTX *c, const uint8_t state[32])
{
    for (size_t i = 0; i < 8; i++) {
        const uint8_t *p = state + 4 * i;
        c->h[i] = (SHA_LONG)p[0] << 24 | (SHA_LONG)p[1] << 16 |
                  (SHA_LONG)p[2] << 8 | p[3];
    }
}

static void store(uint8_t state[32], const SHA256_CTX *c)
{
    for (size_t i = 0; i < 32; i++) {
        state[i] = (uint8_t)(c->h[i / 4] >> (24 - 8 * (i % 4)));
    }
}

void v_sha256_init(uint8_t state[32])
{
    SHA256_CTX c;

    SHA256_Init(&c);
    store(state, &c);
}

void v_sha256_block(uint8_t state[32], const uint8_t block[64])
{
    SHA256_CTX c;

    SHA256_Init(&c);
    load(&c, state);
    SHA256_Transform(&c, block);
    store(state, &c);
    v_wipe(&c, sizeof c);
}
