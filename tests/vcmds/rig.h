/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the chip's commands share: one chip on one bus, commands
 * sent as bytes, and the test's own arithmetic (OpenSSL, and a checksum that
 * is not the chip's).
 */
#ifndef TESTS_VCMDS_RIG_H
#define TESTS_VCMDS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "halfdollar/bus.h"
#include "internal.h"

struct rig {
    struct hd_vchip chip;
    struct hd_vbus bus;
    uint8_t answer[HD_V_GROUP_MAX]; /* payload of the last answer */
    size_t len;                     /* its length */
};

/* A new chip of this variant, seeded by seed, awake, at no command time. */
void rig_start(struct rig *r, const char *variant, uint8_t seed);
/* The same, with slots that are all open data. */
void rig_start_open(struct rig *r, const char *variant, uint8_t seed);
void rig_stop(struct rig *r);
void rig_wake(struct rig *r);  /* idle, then wake: a fresh watchdog */
void rig_reset(struct rig *r); /* sleep, then wake: registers lost */
void rig_power(struct rig *r); /* off and on, then wake */

/* Sends one command and takes the answer. Returns the status byte, 0 if the
 * answer carries data. */
uint8_t rig_run(struct rig *r, uint8_t op, uint8_t p1, uint16_t p2,
                const void *data, size_t len);

/* Fails with the chip's own reason unless the status is the expected one. */
#define expect_ok(r, op, p1, p2, data, len)                                    \
    rig_expect(r, op, p1, p2, data, len, HD_WHY_NONE, __FILE__, __LINE__)
#define expect_why(r, op, p1, p2, data, len, why)                              \
    rig_expect(r, op, p1, p2, data, len, why, __FILE__, __LINE__)
void rig_expect(struct rig *r, uint8_t op, uint8_t p1, uint16_t p2,
                const void *data, size_t len, enum hd_why why, const char *file,
                int line);

/* ---------------------------------------- what no command can do: the bench */

enum { OPEN, CONFIG_LOCKED, LOCKED };
void poke_locks(struct rig *r, int phase);
void poke_slot_config(struct rig *r, unsigned slot, unsigned value);
void poke_key_config(struct rig *r, unsigned slot, unsigned value);
void poke_config16(struct rig *r, unsigned byte, unsigned value);
void poke_slot(struct rig *r, unsigned slot, size_t offset, const void *data,
               size_t len);
/* Key pair n as a private key that does everything (0x2087, 0x0013). */
void poke_private(struct rig *r, unsigned slot, unsigned n);
void poke_public(struct rig *r, unsigned slot, const uint8_t xy[64]);
void poke_serial(struct rig *r, const uint8_t sn[9]);
/* TempKey, valid: flags as in Info(State), bit 4 source, 5 GenDig, 6 GenKey,
 * 7 NoMac, 3-0 KeyID */
void poke_tempkey(struct rig *r, const void *bytes, size_t len, uint8_t flags);
void poke_auth(struct rig *r, unsigned slot);

/* ------------------------------------------------ the test's own arithmetic */

uint16_t test_crc(const uint8_t *data, size_t len);
void test_sha256(const void *data, size_t len, uint8_t digest[32]);
void test_hmac(const void *key, size_t key_len, const void *data, size_t len,
               uint8_t mac[32]);
/* The P-256 key pair number n: known to the tests. */
void test_key(unsigned n, uint8_t d[32], uint8_t xy[64]);
void test_sign(unsigned n, const uint8_t digest[32], uint8_t rs[64]);
bool test_verify(const uint8_t xy[64], const uint8_t digest[32],
                 const uint8_t rs[64]);
void test_ecdh(unsigned n, const uint8_t peer[64], uint8_t secret[32]);

/* Numbers that look random, the same every time. */
uint32_t test_random(uint64_t *state);
void test_bytes(uint64_t *state, void *out, size_t len);

#endif
