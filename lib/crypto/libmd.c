/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct hd_crypto over the SHA-256 of libmd (BSD licence): of those that
 * Debian carries the one that needs least stack on a microcontroller, and
 * small. scripts/fetch-sources.sh gets the source, bench/size shows how to
 * compile it.
 */
#include "halfdollar/crypto_libmd.h"

void hd_libmd_sha256(void *ctx, const hd_bytes *parts, size_t count,
                     uint8_t digest[32])
{
    SHA2_CTX *sha = &((struct hd_libmd *)ctx)->sha;

    SHA256Init(sha);
    while (count--) {
        SHA256Update(sha, parts->ptr, parts->len);
        parts++;
    }
    SHA256Final(digest, sha); /* wipes the state, too */
}
