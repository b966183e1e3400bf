/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the driver share: the flags of struct hd_step, the hooks
 * that several operations use, the numbers of the opcodes.
 */
#ifndef HD_CHIP_INTERNAL_H
#define HD_CHIP_INTERNAL_H

#include "halfdollar/chip.h"

/* A freestanding compiler may call these and need not have <string.h>. */
void *memcpy(void *to, const void *from, size_t len);
void *memset(void *to, int value, size_t len);

/* gcc thinks calls dearer than they are, at least where bytes count. */
#if defined(__GNUC__)
#define HD_NOINLINE __attribute__((noinline))
#else
#define HD_NOINLINE
#endif

enum {
    OP_PAUSE = 0x01,
    OP_READ = 0x02,
    OP_MAC = 0x08,
    OP_HMAC = 0x11,
    OP_WRITE = 0x12,
    OP_GENDIG = 0x15,
    OP_NONCE = 0x16,
    OP_LOCK = 0x17,
    OP_RANDOM = 0x1B,
    OP_DERIVEKEY = 0x1C,
    OP_UPDATEEXTRA = 0x20,
    OP_COUNTER = 0x24,
    OP_CHECKMAC = 0x28,
    OP_INFO = 0x30,
    OP_GENKEY = 0x40,
    OP_SIGN = 0x41,
    OP_ECDH = 0x43,
    OP_VERIFY = 0x45,
    OP_PRIVWRITE = 0x46,
    OP_SHA = 0x47,
    OP_AES = 0x51,
    OP_KDF = 0x56,
    OP_SELFTEST = 0x77,
    OP_SECUREBOOT = 0x80
};

/* Flags of struct hd_step. */
#define LAST   0x01U /* the operation ends here */
#define PARAM1 0x02U /* param1 |= the operation's param1 */
#define PARAM2 0x04U /* param2 = the operation's param2 */
#define OUT    0x08U /* the payload goes to io.out */
#define ONCE   0x10U /* repeating it changes more: never after a lost answer */
#define CHAIN  0x20U /* builds on registers that an earlier call left */
#define MAP    0x40U /* a status below 0x40 is the answer (SelfTest) */
#define ANY    0x80U /* the answer may be shorter than step.answer */

/*
 * How long a command may take, docs/chip part 2, 1.5: each kind has the times
 * of its slowest, the larger of 508A and 608. The budget only decides whether
 * a fresh watchdog period is needed first, so four kinds are enough.
 */
enum {
    BRIEF,   /* all others: MAC 55 ms; with a slow clock SHA 75 */
    CURVE,   /* ECDH, GenKey, Sign, SecureBoot: 165 (KDF), 220, 665 */
    LONG,    /* Verify, SelfTest: 250, 625, 2324 */
    ANYTHING /* what may be one or the other: must fit where it can */
};

/* Position of configuration bytes in c->id. */
#define ID_CONFIG    4 /* bytes 0-31 begin here; 0-12 become 9 serial bytes */
#define ID_CHIP_MODE (ID_CONFIG + 19)
#define ID_LOCKS     38 /* LockValue, LockConfig */

static inline unsigned op_param1(const struct hd_chip *c)
{
    return c->params >> 16 & 0xFFU;
}

static inline unsigned op_slot(const struct hd_chip *c)
{
    return c->params >> 24;
}

static inline unsigned op_param2(const struct hd_chip *c)
{
    return c->params & 0xFFFFU;
}

/* Appends len bytes to the packet; zeros where data is NULL. The caller
 * has made sure that they fit. */
void hd_put(struct hd_chip *c, const uint8_t *data, size_t len);

/* See packet.c. */
unsigned hd_crc_differs(uint8_t *group, size_t len);

/* Room in the packet buffer behind the longest group that uses it. */
#define STASH  120
#define MIDDLE 84 /* of hd_sha96 */

/* Hooks of several operations. */
int hd_hook_tail(struct hd_chip *c, uint8_t *p,
                 bool answered); /* io.in[2], io.in_len */
int hd_hook_nonce(struct hd_chip *c, uint8_t *p,
                  bool answered); /* begins a session */
int hd_hook_gendig(struct hd_chip *c, uint8_t *p,
                   bool answered); /* ... under io.key */
int hd_hook_only_608(struct hd_chip *c, uint8_t *p, bool answered);
int hd_hook_tempkey(struct hd_chip *c, uint8_t *p,
                    bool answered); /* CHAIN if 0xFFFF */

/* The first two steps of every session under a key that both sides know. */
#define SESSION                                                                \
    {hd_hook_nonce, OP_NONCE, 0, 0, BRIEF, 0, {0}, 32},                        \
    {                                                                          \
        hd_hook_gendig, OP_GENDIG, 2, 0, BRIEF, 0, {0}, 1                      \
    }

/* Host's half of a nonce. HD_ERR_NO_CRYPTO, HD_ERR_PORT. Also appended to
 * the packet. */
int hd_put_random(struct hd_chip *c, uint8_t *out, size_t len);

/* SHA-256 over the parts. HD_ERR_NO_CRYPTO. */
int hd_sha256(const struct hd_chip *c, const hd_bytes *parts, size_t count,
              uint8_t digest[32]);

/* SHA-256 over a (32 bytes), four bytes of the packet (opcode to param2),
 * part of the serial number, zeros, and b: 96 bytes in all. */
int hd_sha96(struct hd_chip *c, const uint8_t *a, const uint8_t *b,
             size_t b_len, uint8_t digest[32]);

/* out = a ^ b, len bytes; out may be either. */
void hd_xor(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t len);

#endif
