/* SPDX-License-Identifier: Apache-2.0 */
/* What crypto.c and crypto_ec.c share; nothing else includes it. */
#ifndef VCHIP_CRYPTO_H
#define VCHIP_CRYPTO_H

#include <openssl/types.h>

#include "internal.h"

/* Ends the program when OpenSSL fails where only lack of memory can fail. */
_Noreturn void v_fail(void);

static inline void v_must(bool ok)
{
    if (!ok) {
        v_fail();
    }
}

/* The library context of everything that needs no seeded randomness. */
OSSL_LIB_CTX *v_lib(void);

/* True randomness, for a seed; false: the system gives none. */
bool v_entropy(uint8_t out[32]);

/* ec_cache.c: the key objects that one chip keeps. */
struct ec_cache {
    struct ec_cache *newer, *older;
    bool listed, held;
    uint8_t d[32];
    uint8_t xy[64];
    EVP_PKEY_CTX *sign;   /* NULL: none; its key is d */
    EVP_PKEY_CTX *verify; /* NULL: none; its key is xy */
};

/* The chip's set, its own until it is given back. */
struct ec_cache *ec_cache_take(struct hd_vchip *v);
void ec_cache_give(struct ec_cache *c);

#endif
