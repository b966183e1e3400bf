/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct hd_crypto over OpenSSL 3, for programs on Linux. Thread-safe. Link
 * the CMake target hd_crypto_openssl.
 */
#ifndef HALFDOLLAR_CRYPTO_OPENSSL_H
#define HALFDOLLAR_CRYPTO_OPENSSL_H

#include "halfdollar/crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const struct hd_crypto hd_crypto_openssl;

#ifdef __cplusplus
}
#endif
#endif
