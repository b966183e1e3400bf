/* SPDX-License-Identifier: Apache-2.0 */
/* Files of keys, signatures and messages. */
#ifndef HALF_PK_H
#define HALF_PK_H

#include "half.h"
#include "pk_parse.h"

/*
 * A public key from a file: PEM or DER SubjectPublicKeyInfo, an X.509
 * certificate (PEM), 64 bytes X||Y, 65 with 04 in front, or those in hex.
 * The point is checked to be on the curve.
 */
int read_public_key(struct call *c, const char *path, uint8_t pub[PK_PUBLIC]);

/* A P-256 private key: PEM or DER (not encrypted), 32 bytes raw or hex. */
int read_private_key(struct call *c, const char *path, uint8_t d[32]);

/* A signature: DER, 64 bytes R||S, or either in hex. */
int read_signature(struct call *c, const char *path, uint8_t sig[PK_SIGNATURE]);

/* Writes a public key as --format says: pem, der, raw or hex. */
int write_public_key(struct call *c, const uint8_t pub[PK_PUBLIC],
                     const char *format);

/* Writes a signature as --format says: der, raw or hex (of R||S). */
int write_signature(struct call *c, const uint8_t sig[PK_SIGNATURE],
                    const char *format);

/* SHA-256 of a file ("-": standard input), by OpenSSL. */
int hash_file(struct call *c, const char *path, uint8_t digest[32]);

#endif
