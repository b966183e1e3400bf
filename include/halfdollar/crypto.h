/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The little cryptography that the device library borrows from a library.
 *
 * halfdollar writes none itself. lib/crypto holds one thin adapter a library
 * (OpenSSL on Linux, a small one for microcontrollers); firmware may also
 * point these at its hardware.
 */
#ifndef HALFDOLLAR_CRYPTO_H
#define HALFDOLLAR_CRYPTO_H

#include "halfdollar/base.h"

#ifdef __cplusplus
extern "C" {
#endif

struct hd_crypto {
    /*
     * SHA-256 (FIPS 180-4) over count parts, one after the other. The digest
     * may overlap a part. Must not keep any of the bytes afterwards.
     */
    void (*sha256)(void *ctx, const hd_bytes *parts, size_t count,
                   uint8_t digest[32]);

    /*
     * Fills len bytes from a cryptographic generator: the host's half of a
     * nonce. Returns HD_OK or HD_ERR_PORT. May be NULL: calls that need a
     * fresh host nonce then return HD_ERR_NO_CRYPTO.
     */
    int (*random)(void *ctx, uint8_t *out, size_t len);

    void *ctx;
};

#ifdef __cplusplus
}
#endif
#endif
