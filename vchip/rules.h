/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The access rules, as questions that the command handlers ask.
 *
 * Every function that returns uint8_t gives 0 (allowed) or the status byte of
 * a refusal it has recorded. The rules themselves are the tables in rules.c
 * (locks, slot configuration, key use) and tempkey.c (volatile state).
 */
#ifndef VCHIP_RULES_H
#define VCHIP_RULES_H

#include "internal.h"

/* A refusal ends the handler. */
#define TRY(question)                                                          \
    do {                                                                       \
        uint8_t try_status = (question);                                       \
        if (try_status != ST_OK) {                                             \
            return try_status;                                                 \
        }                                                                      \
    } while (0)

/* ------------------------------------------------- lock states (P1 8.2) */

enum rule_act {
    ACT_READ_CONFIG,
    ACT_WRITE_CONFIG,
    ACT_READ_ZONE, /* data and OTP */
    ACT_WRITE_ZONE,
    ACT_GENKEY,
    ACT_PRIVWRITE,
    ACT_SIGN_EXTERNAL,
    ACT_SIGN_INTERNAL,
    ACT_GENDIG,
    ACT_MAC,
    ACT_CHECKMAC,
    ACT_ECDH,
    ACT_VERIFY_SLOT,
    ACT_DERIVEKEY,
    ACT_COUNTER_READ,
    ACT_COUNTER_STEP,
    ACT_AES_SLOT,
    ACT_KDF_SLOT,
    ACT_SHA_SLOT,
    ACT_SECUREBOOT,
    ACT_LATCH,
    ACT_UPDATE_EXTRA,
    ACT_LOCK_CONFIG,
    ACT_LOCK_DATA,
    ACT_LOCK_SLOT,
    ACT_COUNT
};

uint8_t rule_locks(struct hd_vchip *v, enum rule_act act, int slot);

/* --------------------------------------- what a slot must be or have */

enum slot_need {
    NEED_PRIVATE = 1 << 0,
    NEED_NOT_PRIVATE = 1 << 1,
    NEED_P256 = 1 << 2,
    NEED_AES = 1 << 3,
    NEED_SECRET = 1 << 4,
    NEED_SIGN_EXTERNAL = 1 << 5,
    NEED_SIGN_INTERNAL = 1 << 6,
    NEED_ECDH = 1 << 7,
    NEED_GENKEY = 1 << 8,     /* once the data zone is locked */
    NEED_PUB_INFO = 1 << 9,   /* ditto */
    NEED_PRIVWRITE = 1 << 10, /* ditto */
    NEED_DERIVE = 1 << 11,
    NEED_MACABLE = 1 << 12,
    NEED_LOCKABLE = 1 << 13,
    NEED_LARGE = 1 << 14, /* slots 8 to 15 */
    NEED_NOT_LOCKED = 1 << 15
};

uint8_t rule_slot(struct hd_vchip *v, unsigned slot, unsigned needs);

/* ------------------------------------------------ use of a key (P2 1.4) */

enum key_use {
    USE_LATCH = 1 << 0,
    USE_AUTH = 1 << 1,
    USE_RANDOM = 1 << 2, /* the command combines the key with TempKey */
    USE_COUNT = 1 << 3,
    USE_KEY = USE_LATCH | USE_AUTH | USE_COUNT,
    USE_KEY_WITH_TEMPKEY = USE_KEY | USE_RANDOM
};

/* Asks all of `use`, in the order above; counts the use last. An
 * authorisation is used up whatever the outcome. */
uint8_t rule_use(struct hd_vchip *v, unsigned slot, unsigned use);

/* ReqRandom where a mode decides whether TempKey is part of the message: a
 * random one beside the message would bind nothing (P1 10.5). */
uint8_t rule_bound(struct hd_vchip *v, unsigned slot, bool by_tempkey);

/* ------------------------------------------------------------- Write */

enum write_form { WRITE_CLEAR, WRITE_ENCRYPTED };

/* Decides in which form 32 or 4 bytes may be written to a data slot, both
 * lock states (P1 7.13, 9.2). asked: the form the command was sent in. */
uint8_t rule_write(struct hd_vchip *v, unsigned slot, bool word,
                   enum write_form asked, enum write_form *form);

/* Decides how a data slot may be read (P1 9.1). */
uint8_t rule_read(struct hd_vchip *v, unsigned slot, bool word,
                  enum write_form *form);

/* True when every command may read and nobody needs a key. */
bool slot_reads_clear(const struct hd_vchip *v, unsigned slot);

/* A public key slot that needs validation (PubInfo = 1). */
bool slot_needs_validation(const struct hd_vchip *v, unsigned slot);

/* Two tables about secrets leaving: 0 or the refusal. */
uint8_t rule_io_key(struct hd_vchip *v, const uint8_t **key);

/* Random numbers: refuses after a failed health test. */
uint8_t rule_random(struct hd_vchip *v);

/* ----------------------------------------------------------- counters */

uint32_t counter_value(const struct hd_vchip *v, unsigned id);
/* Steps counter id by one, asking its limit. slot: the key that is used, or
 * -1 for the Counter command. */
uint8_t counter_step(struct hd_vchip *v, unsigned id, int slot);

/* -------------------------------------------------- TempKey (tempkey.c) */

enum tk_need {
    TK_VALID = 0,
    TK_RANDOM = 1 << 0,
    TK_MACABLE = 1 << 1,
    TK_GENDIG = 1 << 2,
    TK_DIGEST = 1 << 3, /* made by GenDig or GenKey */
    TK_WIDE = 1 << 4
};

/* TempKey as input of a command: valid, no private key, and what is needed.
 * Marks it as used. */
uint8_t tk_use(struct hd_vchip *v, unsigned needs);
/* Mode bit 2 must say where TempKey came from. */
uint8_t tk_source(struct hd_vchip *v, uint8_t mode);
/* TempKey was made by GenDig with the slot that bits of `slot` name: the mask
 * lies in its SlotConfig. */
uint8_t tk_from_key(struct hd_vchip *v, unsigned slot, uint16_t mask);

/* A new TempKey of len (32 or 64) bytes, all flags clear but Valid. */
struct hd_vtempkey *tk_load(struct hd_vchip *v, const uint8_t *bytes,
                            size_t len);
/* New 32 bytes, flags as they were. */
void tk_replace(struct hd_vchip *v, const uint8_t bytes[32]);
void tk_clear(struct hd_vchip *v);

/* The message digest buffer holds at least len bytes. */
uint8_t mdb_use(struct hd_vchip *v, size_t len);

/* ------------------------------------------------- messages (messages.c) */

/* P2 1.6: a ‖ op ‖ p1 ‖ p2 ‖ SN[8] ‖ SN[0..1] ‖ 0{25} ‖ b, hashed. a may be
 * digest. */
void digest_g96(struct hd_vchip *v, const struct vcmd *c, const uint8_t a[32],
                const uint8_t b[32], uint8_t digest[32]);

/* P2 1.6: the 88 bytes of MAC, HMAC and CheckMac. other: op ‖ mode ‖ key,
 * then O ‖ P (11), Q (4), R (2) as the mode says. */
void message_m88(struct hd_vchip *v, const struct vcmd *c, const uint8_t a[32],
                 const uint8_t b[32], uint8_t m[88]);

/* SN[0..8] as digests take it. */
uint8_t serial_byte(const struct hd_vchip *v, unsigned i);

/* Encrypts blocks of 32 bytes with the IO protection key (P2 6.5, 10.2) and
 * appends the 32-byte nonce; the answer has len + 32 bytes. */
void io_encrypt(struct hd_vchip *v, const uint8_t io_key[32], uint8_t *out,
                size_t len);

/* ---------------------------------------------------- slots (slots.c) */

/* X ‖ Y of a public key stored in a slot. */
void stored_public(struct hd_vchip *v, unsigned slot, uint8_t xy[64]);

/* Stores into a slot that holds no private key. Whatever command does it: a
 * public key that needs validation becomes invalid, before anything else.
 * ST_OK, or ST_EXEC when the power went away on the way. */
uint8_t store_slot(struct hd_vchip *v, unsigned slot, size_t offset,
                   const uint8_t *data, size_t len);

/* ------------------------------------------------------- small helpers */

/* Slot chosen by a 16-bit key number (P1 10.2). */
static inline unsigned key_slot(uint16_t id)
{
    return id & 0x0F;
}

/* ST_OK or ST_EXEC when the power went away on the way. */
static inline uint8_t store(struct hd_vchip *v, size_t at, const uint8_t *data,
                            size_t len)
{
    return ee_store(v, at, data, len) ? ST_OK : ST_EXEC;
}

/* Refuses by bits of a slot's SlotConfig or KeyConfig. */
static inline uint8_t refuse_slot_config(struct hd_vchip *v, enum hd_why why,
                                         unsigned slot, uint16_t mask)
{
    return refuse_bits(v, why, (int)slot, (uint8_t)(CFG_SLOT + 2 * slot), mask);
}

static inline uint8_t refuse_key_config(struct hd_vchip *v, enum hd_why why,
                                        unsigned slot, uint16_t mask)
{
    return refuse_bits(v, why, (int)slot, (uint8_t)(CFG_KEY + 2 * slot), mask);
}

static inline uint16_t chip_options(const struct hd_vchip *v)
{
    return is_608(v) ? le16(v->ee + CFG_OPTIONS) : 0;
}

#endif
