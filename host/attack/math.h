/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic that judges a virtual chip from outside: OpenSSL, never the
 * virtual chip's own code. For the attacker, and for rehearsals (host/plan).
 */
#ifndef HD_ATTACK_MATH_H
#define HD_ATTACK_MATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void a_sha256(const void *data, size_t len, uint8_t digest[32]);
void a_hmac(const uint8_t key[32], const void *data, size_t len,
            uint8_t mac[32]);
uint16_t a_crc(const uint8_t *data, size_t len);
/* Key pair number n; the attacker's own is number 1. */
void a_key(unsigned n, uint8_t d[32], uint8_t xy[64]);
bool a_public(const uint8_t d[32], uint8_t xy[64]);
bool a_sign(const uint8_t d[32], const uint8_t digest[32], uint8_t rs[64]);
bool a_verify(const uint8_t xy[64], const uint8_t digest[32],
              const uint8_t rs[64]);
bool a_ecdh(const uint8_t d[32], const uint8_t peer[64], uint8_t secret[32]);

#endif
