/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct hd_crypto over the SHA-256 of libmd, for microcontrollers.
 *
 * The state of a digest lies in memory of the firmware's, not on the stack:
 * 208 bytes that any other code may use between two calls of the driver.
 *
 *     static struct hd_libmd memory;
 *     const struct hd_crypto crypto = {hd_libmd_sha256, board_random, &memory};
 *
 * Random numbers have to come from the microcontroller. One struct hd_libmd
 * serves all handles of one thread.
 */
#ifndef HALFDOLLAR_CRYPTO_LIBMD_H
#define HALFDOLLAR_CRYPTO_LIBMD_H

#include <sys/types.h>

#include <sha2.h>

#include "halfdollar/crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

struct hd_libmd {
    SHA2_CTX sha; /* private; zeros when no digest is being computed */
};

/* For hd_crypto.sha256; ctx is a struct hd_libmd. */
void hd_libmd_sha256(void *ctx, const hd_bytes *parts, size_t count,
                     uint8_t digest[32]);

#ifdef __cplusplus
}
#endif
#endif
