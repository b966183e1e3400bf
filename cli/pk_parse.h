/* SPDX-License-Identifier: Apache-2.0 */
/*
 * P-256 keys and signatures between the chip's form (X||Y, R||S) and the
 * world's (PEM, DER). OpenSSL parses and writes the standard formats. What
 * comes in is an attacker's input; fuzz/cli_keys.c feeds it noise.
 */
#ifndef HALF_PK_PARSE_H
#define HALF_PK_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PK_PUBLIC    64
#define PK_SIGNATURE 64
#define PK_DER_MAX   128 /* SubjectPublicKeyInfo is 91, a signature <= 72 */
#define PK_STORED    72  /* public key as it lies in a slot */

enum pk_parsed { PK_GOOD, PK_UNKNOWN, PK_OFF_CURVE };

/* PEM or DER SubjectPublicKeyInfo, a PEM certificate, X||Y or 04||X||Y, raw
 * or hex. *pub holds anything unless PK_GOOD. len up to INT_MAX. */
enum pk_parsed parse_public_key(const uint8_t *bytes, size_t len,
                                uint8_t pub[PK_PUBLIC]);

/* PEM or DER without a password, 32 bytes raw or hex. */
bool parse_private_key(const uint8_t *bytes, size_t len, uint8_t d[32]);

/* DER, or R||S; either raw or hex. */
bool parse_signature(const uint8_t *bytes, size_t len,
                     uint8_t sig[PK_SIGNATURE]);

/* False if X||Y is no point of the curve. */
bool public_key_is_valid(const uint8_t pub[PK_PUBLIC]);

/* SubjectPublicKeyInfo. Returns its length; 0 on failure. */
size_t public_key_der(const uint8_t pub[PK_PUBLIC], uint8_t der[PK_DER_MAX]);

/* ECDSA-Sig-Value. Returns its length; 0 on failure. */
size_t signature_der(const uint8_t sig[PK_SIGNATURE], uint8_t der[PK_DER_MAX]);

/* X||Y to the 72 bytes of a slot, and back (false if the pads are not as
 * they must be). */
void public_key_store(const uint8_t pub[PK_PUBLIC], uint8_t slot[PK_STORED]);
bool public_key_stored(const uint8_t slot[PK_STORED], uint8_t pub[PK_PUBLIC]);

#endif
