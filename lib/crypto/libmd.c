/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct hd_crypto over the SHA-256 of libmd (BSD licence): of those that
 * Debian carries the one that needs least stack on a microcontroller, and
 * small. scripts/fetch-sources.sh gets the source, bench/size shows how to
 * compile it. Random numbers have to come from the microcontroller: put its
 * function into a copy of this table.
 */
#include <sha2.h>

#include "halfdollar/crypto.h"

extern const struct hd_crypto hd_crypto_libmd;

static void sha256(void *ctx, const hd_bytes *parts, size_t count,
                   uint8_t digest[32])
{
    SHA2_CTX state;

    (void)ctx;
    SHA256Init(&state);
    while (count--) {
        SHA256Update(&state, parts->ptr, parts->len);
        parts++;
    }
    SHA256Final(digest, &state); /* wipes the state, too */
}

const struct hd_crypto hd_crypto_libmd = {sha256, NULL, NULL};
