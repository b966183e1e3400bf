/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct hd_crypto over LibTomCrypt (public domain): its SHA-256 is the
 * smallest that Debian carries. scripts/fetch-sources.sh gets the source;
 * bench/size shows how to compile it. Random numbers have to come from the
 * microcontroller: put its function into a copy of this table.
 */
#include <tomcrypt.h>

#include "halfdollar/crypto.h"

extern const struct hd_crypto hd_crypto_tomcrypt;

static void sha256(void *ctx, const hd_bytes *parts, size_t count,
                   uint8_t digest[32])
{
    hash_state state;

    (void)ctx;
    (void)sha256_init(&state);
    while (count--) {
        /* fails only for a NULL or a state that is not one */
        (void)sha256_process(&state, parts->ptr, (unsigned long)parts->len);
        parts++;
    }
    (void)sha256_done(&state, digest);
}

const struct hd_crypto hd_crypto_tomcrypt = {sha256, NULL, NULL};
