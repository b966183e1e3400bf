/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A provisioned virtual chip, an open driver handle on it, and the keys that
 * lie in its slots. Provisioning goes through the driver itself.
 *
 *   0 private key: sign, ECDH; may be made anew    8 416 bytes, in clear
 *   1 private key: encrypted PrivWrite (key 5)     9 MAC key, wants authority 5
 *   2 private key, limited use                    10 72 bytes, secret (key 5)
 *   3 36 bytes, secret, encrypted (key 5)         11 public key (the parent)
 *   4 AES key                                     12 HMAC and MAC key
 *   5 session key                                 13 rolled by DeriveKey
 *   6 IO protection key                           14 public key, validated by
 * 11 7 secure-boot digest                          15 secure-boot public key
 */
#ifndef TESTS_DRIVER_RIG_H
#define TESTS_DRIVER_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "halfdollar/chip.h"
#include "halfdollar/crypto_openssl.h"
#include "halfdollar/port_sim.h"

enum rig_kind { RIG_508A, RIG_608A, RIG_608B, RIG_508A_SWI, RIG_608B_SWI };

struct rig {
    struct hd_vchip v;
    struct hd_vbus bus;
    struct hd_sim sim;
    struct hd_bus port; /* the simulated one, counting transfers */
    struct hd_chip c;
    bool is_608;
    unsigned transfers, locks;
    uint8_t pub0[64];
    uint8_t config[128];
};

extern const uint8_t rig_key5[32], rig_io_key[32], rig_key12[32];
extern const uint8_t rig_aes[32], rig_digest[32];

const char *rig_name(enum rig_kind kind);

/* A blank chip and an open handle. */
void rig_blank(struct rig *r, enum rig_kind kind);

/* Configured, locked, keys in place. The first of a kind is made, the others
 * are copies of it. */
void rig_start(struct rig *r, enum rig_kind kind);
void rig_stop(struct rig *r);

/* The configuration above, with the chip's own first 16 bytes. */
void rig_config(const struct rig *r, uint8_t config[128]);

/* Cryptography by OpenSSL, on bytes. */
void rig_keygen(uint8_t d[32], uint8_t pub[64]);
bool rig_verify(const uint8_t pub[64], const uint8_t digest[32],
                const uint8_t sig[64]);
void rig_sign(const uint8_t d[32], const uint8_t digest[32], uint8_t sig[64]);
void rig_ecdh(const uint8_t d[32], const uint8_t pub[64], uint8_t secret[32]);
void rig_hmac(const uint8_t *key, size_t key_len, const void *data, size_t len,
              uint8_t mac[32]);
void rig_sha256(const void *data, size_t len, uint8_t digest[32]);
void rig_aes_ecb(const uint8_t key[16], const uint8_t in[16], uint8_t out[16]);

/* The pair whose public key is in slots 11 and 15. */
extern uint8_t rig_parent_d[32], rig_parent_pub[64];

#endif
