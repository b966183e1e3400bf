/* SPDX-License-Identifier: Apache-2.0 */
/* What crypto.c and crypto_ec.c share; nothing else includes it. */
#ifndef VCHIP_CRYPTO_H
#define VCHIP_CRYPTO_H

#include <openssl/types.h>

#include "internal.h"

/* Ends the program when OpenSSL fails where only lack of memory can fail. */
void v_must(bool ok);

/* The library context of everything that needs no seeded randomness. */
OSSL_LIB_CTX *v_lib(void);

/* True randomness, for a seed; false: the system gives none. */
bool v_entropy(uint8_t out[32]);

#endif
