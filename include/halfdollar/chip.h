/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver for ATECC508A, ATECC608A and ATECC608B, on I2C or single-wire.
 *
 * The caller gives the memory (struct hd_chip), the bus (struct hd_bus) and,
 * for calls that compute a MAC or decrypt, a struct hd_crypto. The driver has
 * no globals and no heap, and finds the variant by itself.
 *
 *     struct hd_chip chip;
 *     uint8_t signature[64];
 *     int rc = hd_chip_open(&chip, &bus, &bus_ctx, NULL);
 *     if (!rc) {
 *         rc = hd_chip_sign(&chip, 0, digest, signature);
 *     }
 *     hd_chip_close(&chip);
 *
 * Every operation exists twice:
 *
 *   hd_chip_sign(c, ...)        blocks: polls, and sleeps by bus->wait_us
 *   hd_chip_sign_start(c, ...)  begins it; then call hd_chip_poll(c) until it
 *                               no longer returns HD_PENDING. One poll makes
 *                               at most one bus transfer. Buffers given to
 *                               _start stay borrowed until then.
 *
 * An operation is one sequence under one wake and, where the bus is shared,
 * under one bus lock. It ends with the chip idle (registers kept, 0.8 mA);
 * hd_chip_sleep() ends that (registers lost, 30 nA). hd_chip_hold() keeps the
 * lock and the wake over several operations.
 *
 * What a call returns, besides the codes its own comment names:
 *
 *   HD_ERR_STATE                 an operation was still running on this handle;
 *                                it was ended with the same code
 *   HD_ERR_ABSENT, _BUS_STUCK, _WAKE, _NACK, _CRC, _TIMEOUT, _COMM, _LENGTH
 *                                the bus; tried again several times already
 *   HD_ERR_WATCHDOG              the command cannot finish before the chip's
 *                                watchdog; it was not sent
 *   HD_ERR_RESTARTED             the chip lost its registers on the way, and
 *                                this call builds on what an earlier one left
 *                                there: begin that sequence again
 *   HD_ERR_UNSURE                the answer was lost and the command changes
 *                                something each time it runs: read the state
 *   HD_ERR_MISMATCH .. _STATUS   the chip refused; hd_chip_last_status() has
 *                                its status byte
 *   HD_ERR_NO_CRYPTO             needs hd_crypto and has none
 *   HD_ERR_PORT, HD_ERR_LOCK     from the bus port
 *
 * When a call fails its outputs hold zeros. Keys and answers are wiped from
 * the handle when an operation ends. The time a call may take is bounded: at
 * most HD_CHIP_FAULTS faults, each costing at most one watchdog period (0.7 s,
 * or 4.2 s where ChipMode asks for the long one).
 *
 * Numbers of slots are 0 to 15. Public keys are X then Y, signatures R then
 * S, all big-endian. Not re-entrant: one handle, one thread, not from an
 * interrupt.
 *
 * Data sheet: DS20005927A (508A); the same numbers in docs/chip.
 */
#ifndef HALFDOLLAR_CHIP_H
#define HALFDOLLAR_CHIP_H

#include "halfdollar/base.h"
#include "halfdollar/bus.h"
#include "halfdollar/crypto.h"
#include "halfdollar/err.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HD_PENDING      1   /* from hd_chip_poll: not finished yet */
#define HD_CHIP_FAULTS  8   /* faults of the bus a call puts up with */
#define HD_GROUP_MAX    155 /* longest command or answer, bytes */
#define HD_CONFIG_BYTES 128
#define HD_OTP_BYTES    64
#define HD_SLOT_TEMPKEY 0xFFFF /* 608: TempKey in place of a slot */

enum hd_variant_id {
    HD_CHIP_UNKNOWN,
    HD_CHIP_508A,
    HD_CHIP_608A,
    HD_CHIP_608B
};

enum hd_zone { HD_ZONE_CONFIG = 0, HD_ZONE_OTP = 1, HD_ZONE_DATA = 2 };

/* Where hd_chip_nonce_load() puts its bytes. The last two: 608. */
enum hd_nonce_target {
    HD_NONCE_TEMPKEY = 0x03,
    HD_NONCE_MSGDIGBUF = 0x43,
    HD_NONCE_ALTKEYBUF = 0x83
};

/* Modes of hd_chip_secureboot(). */
enum hd_secureboot_mode {
    HD_SECUREBOOT_FULL = 5,
    HD_SECUREBOOT_STORE = 6, /* checks against what is stored, no signature */
    HD_SECUREBOOT_COPY = 7,  /* checks the signature, then stores */
    HD_SECUREBOOT_PROHIBIT = 0x40 /* or: none further until power-up */
};

/* Modes of hd_chip_ecdh_keep(): where key and result are (608 but for 0). */
enum hd_ecdh_mode {
    HD_ECDH_NEXT_SLOT = 0x00,       /* as SlotConfig says: slot + 1 */
    HD_ECDH_TO_SLOT = 0x04,         /* slot's key; result to slot + 1 */
    HD_ECDH_TO_TEMPKEY = 0x08,      /* slot's key; result to TempKey */
    HD_ECDH_TEMPKEY_TO_SLOT = 0x05, /* TempKey's key; result to the slot */
    HD_ECDH_TEMPKEY_TO_TEMPKEY = 0x09
};

/* Output buffer of hd_chip_sha_end(), 608; the 508A always fills TempKey. */
enum hd_sha_target {
    HD_SHA_TO_TEMPKEY = 0x00,
    HD_SHA_TO_MSGDIGBUF = 0x40,
    HD_SHA_TO_HOST_ONLY = 0xC0
};

struct hd_chip_locks {
    bool config;    /* configuration zone is locked */
    bool data;      /* data and OTP zones are locked */
    uint16_t slots; /* bit n: slot n is locked for itself */
};

#define HD_USE_UNLIMITED UINT32_MAX
struct hd_chip_use {
    uint32_t used;
    uint32_t limit; /* HD_USE_UNLIMITED: the slot counts no uses */
};

/* ------------------------------------------- machinery; private, in short */

struct hd_chip;

/*
 * One command of an operation; an operation is an array of these. Everything
 * that varies between operations is in such tables (lib/chip/op_*.c); there
 * is one interpreter (lib/chip/engine.c). The hook, if any, is called before
 * the command is sent (answered = false: the packet is in c->buf, c->n bytes
 * so far) and when its answer has been checked (payload at c->buf + 1).
 */
struct hd_step {
    int (*hook)(struct hd_chip *c, uint8_t *p, bool answered);
    uint8_t opcode, param1;
    uint8_t param2 : 6, time : 2; /* time, flags: see lib/chip/internal.h */
    uint8_t flags;
    uint8_t in[3];  /* how many bytes of io.in[i] follow the parameters */
    uint8_t answer; /* bytes of payload expected; 1: a status */
};

/* What an operation works on, besides its parameters. */
struct hd_io {
    const uint8_t *in[3];
    const uint8_t *key;
    uint8_t *out;
    size_t out_len, in_len, offset;
};

/*
 * The handle. Complete so that callers can place it; all fields private.
 * Single bytes come first and what is wiped comes last: that makes the code
 * on small processors smaller.
 */
struct hd_chip {
    uint8_t state, step, tries;
    uint8_t n, answer, status, flags;
    uint8_t end;     /* word address that ends the operation */
    uint8_t limit;   /* how long it may be busy, 16.4 ms */
    uint8_t careful; /* a flag of struct hd_step, or 0 */
    bool locked, held, awake, seeded, lost;
    uint8_t id[40];           /* Info, configuration bytes 0-31 and 84-87 */
    const struct hd_step *op; /* NULL: nothing is running */
    const struct hd_bus *bus;
    void *bus_ctx;
    const struct hd_crypto *crypto;
    uint32_t params;   /* see HD_CHIP_PARAMS */
    uint32_t due_us;   /* nothing to do before this */
    uint32_t since_us; /* the command was sent, or the wake pulse made */
    uint32_t awake_us; /* start of the watchdog period */
    int result;
    size_t pos; /* bytes of io done so far */
    struct {
        struct hd_io io;
        uint8_t temp[32]; /* what TempKey must hold now */
        uint8_t buf[HD_GROUP_MAX + 1];
    } w;
};

/* bits 15-0 param2, 23-16 param1, 31-24 a slot or opcode */
#define HD_CHIP_PARAMS(param2, param1, slot)                                   \
    ((uint32_t)(param2) | (uint32_t)(param1) << 16 |                           \
     ((uint32_t)(slot)&0xFFU) << 24)

HD_MUST_CHECK int hd_chip_begin(struct hd_chip *c, const struct hd_step *op,
                                uint32_t params);
HD_MUST_CHECK int hd_chip_run(struct hd_chip *c, const struct hd_step *op,
                              uint32_t params);

/* Shorthands for the list of what goes in and out. */
#define HD_IN0(p)      c->w.io.in[0] = (p)
#define HD_IN1(p)      c->w.io.in[1] = (p)
#define HD_IN2(p)      c->w.io.in[2] = (p)
#define HD_IN_LEN(n)   c->w.io.in_len = (n)
#define HD_OFFSET(n)   c->w.io.offset = (n)
#define HD_KEY(p)      c->w.io.key = (p)
#define HD_OUT(p, len) c->w.io.out = (p), c->w.io.out_len = (len)

/* Defines hd_chip_NAME_start() over an operation ... */
#define HD_CHIP_START(name, signature, op, params, ...)                        \
    extern const struct hd_step op[];                                          \
    HD_MUST_CHECK static inline int hd_chip_##name##_start signature           \
    {                                                                          \
        __VA_ARGS__;                                                           \
        return hd_chip_begin(c, op, (params));                                 \
    }
/* ... and hd_chip_NAME() with it. */
#define HD_CHIP_CALL(name, signature, op, params, ...)                         \
    HD_CHIP_START(name, signature, op, params, __VA_ARGS__)                    \
    HD_MUST_CHECK static inline int hd_chip_##name signature                   \
    {                                                                          \
        __VA_ARGS__;                                                           \
        return hd_chip_run(c, op, (params));                                   \
    }

/* --------------------------------------------------- life of a connection */

/*
 * Wakes and identifies the chip; *c may hold anything before. crypto may be
 * NULL. bus, bus_ctx and crypto must outlive the handle.
 */
HD_MUST_CHECK int hd_chip_open(struct hd_chip *c, const struct hd_bus *bus,
                               void *bus_ctx, const struct hd_crypto *crypto);
HD_MUST_CHECK int hd_chip_open_start(struct hd_chip *c,
                                     const struct hd_bus *bus, void *bus_ctx,
                                     const struct hd_crypto *crypto);

/* Sends the chip to sleep, gives the bus back, wipes the handle. Also after
 * a failed open, and in the middle of an operation, which it abandons. */
void hd_chip_close(struct hd_chip *c);

/* Goes on with what a _start began. HD_PENDING, or the operation's result. */
HD_MUST_CHECK int hd_chip_poll(struct hd_chip *c);

/* Polls, and sleeps in between, until what a _start began has ended. */
HD_MUST_CHECK int hd_chip_wait(struct hd_chip *c);

/* When (bus->now_us) the next poll has something to do; earlier ones return
 * HD_PENDING without touching the bus. */
static inline uint32_t hd_chip_due_us(const struct hd_chip *c)
{
    return c->due_us;
}

/* Keeps bus lock and wake from now on, over several operations ... */
HD_MUST_CHECK int hd_chip_hold(struct hd_chip *c);
/* ... until this, which sends the chip to idle. It cannot fail. */
int hd_chip_release(struct hd_chip *c);

/* Sleep: TempKey, authorisations, SHA in progress are lost. */
HD_CHIP_CALL(sleep, (struct hd_chip * c), hd_op_sleep, 0, (void)0)

/* With yes, no command is repeated after a lost answer: the call returns
 * HD_ERR_UNSURE instead. For keys whose uses are counted. */
static inline void hd_chip_careful(struct hd_chip *c, bool yes)
{
    c->careful = yes ? 0x10 : 0; /* ONCE */
}

/* ------------------------------------------------- found by hd_chip_open */

static inline enum hd_variant_id hd_chip_variant(const struct hd_chip *c)
{
    return c->id[2] == 0x50   ? HD_CHIP_508A
           : c->id[2] != 0x60 ? HD_CHIP_UNKNOWN
           : c->id[3] < 3     ? HD_CHIP_608A
                              : HD_CHIP_608B;
}

/* 9 bytes */
static inline const uint8_t *hd_chip_serial(const struct hd_chip *c)
{
    return c->id + 8;
}

/* 4 bytes, as Info gives them */
static inline const uint8_t *hd_chip_revision(const struct hd_chip *c)
{
    return c->id;
}

static inline bool hd_chip_config_is_locked(const struct hd_chip *c)
{
    return c->id[39] != 0x55;
}

static inline bool hd_chip_data_is_locked(const struct hd_chip *c)
{
    return c->id[38] != 0x55;
}

/* The status byte of the last answer; 0 after one that carried data. */
static inline uint8_t hd_chip_last_status(const struct hd_chip *c)
{
    return c->status;
}

/* Bytes that the last hd_chip_command() or hd_chip_kdf() put in its output,
 * for the _start forms. */
static inline size_t hd_chip_out_len(const struct hd_chip *c)
{
    return c->pos;
}

/* ------------------------------------------------------------- operations */
/* Each line below defines the blocking call and its _start form. */
/* clang-format off */

/* Info: mode 0 revision, 1 key valid (param: slot), 2 state, 3 GPIO,
 * 4 persistent latch. */
HD_CHIP_CALL(info, (struct hd_chip *c, uint8_t mode, uint16_t param,
                    uint8_t out[4]),
             hd_op_info, HD_CHIP_PARAMS(param, mode, 0),
             HD_OUT(out, 4))

/* 32 random bytes. HD_ERR_UNLOCKED while the configuration zone is not
 * locked: the chip then gives a constant. */
HD_CHIP_CALL(random, (struct hd_chip *c, uint8_t out[32]),
             hd_op_random, 0, HD_OUT(out, 32))

/* Nonce: TempKey = SHA-256 over the chip's random number (returned) and
 * num_in. */
HD_CHIP_CALL(nonce_random, (struct hd_chip *c, const uint8_t num_in[20],
                            uint8_t rand_out[32]),
             hd_op_nonce_random, 0,
             HD_IN0(num_in), HD_OUT(rand_out, 32))

/* Nonce: copies len bytes (32; 64 on a 608) into a register. */
HD_CHIP_CALL(nonce_load, (struct hd_chip *c, enum hd_nonce_target target,
                          const uint8_t *data, size_t len),
             hd_op_nonce_load,
             HD_CHIP_PARAMS(0, (unsigned)target | (len == 64 ? 0x20U : 0U), 0),
             HD_IN2(data), HD_IN_LEN(len))

/* Nonce: replaces TempKey by a digest over itself and num_in, which is also
 * the answer. */
HD_CHIP_CALL(nonce_derive, (struct hd_chip *c, const uint8_t num_in[20],
                            uint8_t tempkey_out[32]),
             hd_op_nonce_derive, 0x8000U,
             HD_IN0(num_in), HD_OUT(tempkey_out, 32))

/* GenKey: makes a new private key in the slot (HD_SLOT_TEMPKEY: in TempKey,
 * 608), for ever replacing the old one, and gives its public key. */
HD_CHIP_CALL(genkey, (struct hd_chip *c, uint16_t slot, uint8_t pub[64]),
             hd_op_genkey, slot, HD_OUT(pub, 64))

/* GenKey: the public key of the slot's private key. */
HD_CHIP_CALL(pubkey, (struct hd_chip *c, uint16_t slot, uint8_t pub[64]),
             hd_op_pubkey, slot, HD_OUT(pub, 64))

/* GenKey: digest of a public key into TempKey, which must be valid. mode 0x10
 * (stored public key; other[3] goes into the digest, pub = NULL), 0x08 (of a
 * private key) or 0x0C (of a new one; other = NULL). */
HD_CHIP_CALL(pubkey_digest, (struct hd_chip *c, uint8_t mode, uint16_t slot,
                             const uint8_t other[3], uint8_t pub[64]),
             hd_op_pubkey_digest, HD_CHIP_PARAMS(slot, mode, 0),
             HD_IN2(other), HD_OUT(pub, pub ? 64U : 0U),
             HD_IN_LEN(other ? 3U : 0U))

/* Signs a digest (ECDSA P-256). Makes sure that the chip's generator was
 * seeded since it last slept. Replaces TempKey. */
HD_CHIP_CALL(sign, (struct hd_chip *c, uint16_t slot, const uint8_t digest[32],
                    uint8_t sig[64]),
             hd_op_sign, slot, HD_IN0(digest), HD_OUT(sig, 64))

/* Sign, internal message: what GenDig or GenKey left in TempKey. mode 0x00,
 * 0x40 (with whole serial number), 0x01 and 0x41 (for Verify Invalidate). */
HD_CHIP_CALL(sign_internal, (struct hd_chip *c, uint16_t slot, uint8_t mode,
                             uint8_t sig[64]),
             hd_op_sign_internal, HD_CHIP_PARAMS(slot, mode, 0),
             HD_OUT(sig, 64))

/* Checks a signature with a public key of the caller's. HD_ERR_MISMATCH: it
 * is not valid. The answer is not authenticated: see verify_mac. */
HD_CHIP_CALL(verify, (struct hd_chip *c, const uint8_t digest[32],
                      const uint8_t sig[64], const uint8_t pub[64]),
             hd_op_verify, 4, HD_IN0(digest), HD_IN1(sig), HD_IN2(pub))

/* ... with the public key in a slot; success also authorises that key. */
HD_CHIP_CALL(verify_stored, (struct hd_chip *c, uint16_t slot,
                             const uint8_t digest[32], const uint8_t sig[64]),
             hd_op_verify_stored, slot, HD_IN0(digest), HD_IN1(sig))

/* ... on a 608, with the verdict proven by the IO protection key. pub = NULL:
 * the public key in the slot. HD_ERR_MAC: somebody changed the verdict. */
HD_CHIP_CALL(verify_mac, (struct hd_chip *c, const uint8_t digest[32],
                          const uint8_t sig[64], const uint8_t *pub,
                          uint16_t slot, const uint8_t io_key[32]),
             hd_op_verify_mac,
             HD_CHIP_PARAMS(pub ? 4U : slot, pub ? 0xA2U : 0xA0U, 0),
             HD_IN0(digest), HD_IN1(sig), HD_IN2(pub), HD_KEY(io_key))

/* Verify Validate / Invalidate: marks the public key in the slot, over a
 * TempKey made by pubkey_digest and other data made by sign_internal. */
HD_CHIP_CALL(validate, (struct hd_chip *c, uint16_t slot,
                        const uint8_t sig[64], const uint8_t other[19],
                        bool invalidate),
             hd_op_validate, HD_CHIP_PARAMS(slot, invalidate ? 7U : 3U, 0),
             HD_IN0(sig), HD_IN1(other))

/* Verify ValidateExternal: over a TempKey made by SHA with a Public block. */
HD_CHIP_CALL(validate_external, (struct hd_chip *c, uint16_t slot,
                                 const uint8_t sig[64]),
             hd_op_validate_external, slot,
             HD_IN0(sig))

/* ECDH with the slot's key; the secret crosses the bus in clear. */
HD_CHIP_CALL(ecdh, (struct hd_chip *c, uint16_t slot, const uint8_t peer[64],
                    uint8_t secret[32]),
             hd_op_ecdh, HD_CHIP_PARAMS(slot, 0, 0),
             HD_IN0(peer), HD_OUT(secret, 32))

/* ... encrypted with the IO protection key (608). slot HD_SLOT_TEMPKEY: the
 * private key that genkey left in TempKey. */
HD_CHIP_CALL(ecdh_io, (struct hd_chip *c, uint16_t slot,
                       const uint8_t peer[64], const uint8_t io_key[32],
                       uint8_t secret[32]),
             hd_op_ecdh_io,
             HD_CHIP_PARAMS(slot == HD_SLOT_TEMPKEY ? 0U : slot,
                            slot == HD_SLOT_TEMPKEY ? 0x0FU : 0x0EU, 0),
             HD_IN0(peer), HD_KEY(io_key), HD_OUT(secret, 32))

/* ... with the result staying in the chip. */
HD_CHIP_CALL(ecdh_keep, (struct hd_chip *c, enum hd_ecdh_mode mode,
                         uint16_t slot, const uint8_t peer[64]),
             hd_op_ecdh_keep, HD_CHIP_PARAMS(slot, (unsigned)mode, 0),
             HD_IN0(peer))

/* Reads len bytes in clear from any offset. HD_ERR_ARG: past the end. */
HD_CHIP_CALL(read, (struct hd_chip *c, enum hd_zone zone, uint16_t slot,
                    size_t offset, uint8_t *out, size_t len),
             hd_op_read,
             HD_CHIP_PARAMS(0, (unsigned)zone, slot),
             HD_OUT(out, len), HD_IN_LEN(len), HD_OFFSET(offset))

/* Writes len bytes in clear. offset and len are multiples of 4. Blocks that
 * are covered to their end go in one piece, others in words of 4 bytes.
 * HD_ERR_ARG: past the end, or not a multiple of 4. */
HD_CHIP_CALL(write, (struct hd_chip *c, enum hd_zone zone, uint16_t slot,
                     size_t offset, const uint8_t *data, size_t len),
             hd_op_write,
             HD_CHIP_PARAMS(0, (unsigned)zone, slot),
             HD_IN0(data), HD_IN_LEN(len), HD_OFFSET(offset))

/* Reads a slot that gives its content only encrypted; key is the content of
 * key_slot, which SlotConfig names as ReadKey. Any offset and length. */
HD_CHIP_CALL(read_encrypted, (struct hd_chip *c, uint16_t slot, size_t offset,
                              uint8_t *out, size_t len, uint16_t key_slot,
                              const uint8_t key[32]),
             hd_op_read_encrypted,
             HD_CHIP_PARAMS(0, key_slot, slot),
             HD_KEY(key), HD_OUT(out, len), HD_IN_LEN(len), HD_OFFSET(offset))

/* Writes whole blocks of 32 bytes (the last of a slot may be shorter; fill it
 * to the slot's end), encrypted and proven by key, the content of key_slot,
 * SlotConfig's WriteKey. HD_ERR_ARG: not whole blocks. */
HD_CHIP_CALL(write_encrypted, (struct hd_chip *c, uint16_t slot, size_t offset,
                               const uint8_t *data, size_t len,
                               uint16_t key_slot, const uint8_t key[32]),
             hd_op_write_encrypted,
             HD_CHIP_PARAMS(0, key_slot, slot),
             HD_IN0(data), HD_KEY(key), HD_IN_LEN(len), HD_OFFSET(offset))

/* Writes every byte of the configuration that can be written (16-83, 88-127,
 * and 84, 85 by UpdateExtra where they differ), then reads all back.
 * HD_ERR_CORRUPT: it reads otherwise. May be repeated after a failure. */
HD_CHIP_CALL(write_config, (struct hd_chip *c, const uint8_t config[128]),
             hd_op_write_config, 0, HD_IN0(config), HD_IN_LEN(128))

/* Stores a private key, in clear: only before the data zone is locked. */
HD_CHIP_CALL(privwrite, (struct hd_chip *c, uint16_t slot,
                         const uint8_t d[32]),
             hd_op_privwrite, slot, HD_IN1(d))

/* ... encrypted with the content of key_slot, SlotConfig's WriteKey. */
HD_CHIP_CALL(privwrite_encrypted, (struct hd_chip *c, uint16_t slot,
                                   const uint8_t d[32], uint16_t key_slot,
                                   const uint8_t key[32]),
             hd_op_privwrite_encrypted, HD_CHIP_PARAMS(0, key_slot, slot),
             HD_IN0(d), HD_KEY(key))

/* For ever. crc: hd_chip_crc() over what the zone must hold (configuration:
 * 128 bytes; data: slots 0-15 without private keys, then OTP); the chip
 * refuses when its own differs. */
HD_CHIP_CALL(lock_config, (struct hd_chip *c, uint16_t crc),
             hd_op_lock_config, crc, (void)0)
HD_CHIP_CALL(lock_data, (struct hd_chip *c, uint16_t crc),
             hd_op_lock_data, crc, (void)0)
HD_CHIP_CALL(lock_slot, (struct hd_chip *c, uint16_t slot),
             hd_op_lock_slot, HD_CHIP_PARAMS(0, (slot & 15U) << 2, 0),
             (void)0)

/* The locks, fresh from the chip (and in hd_chip_config_is_locked()). */
HD_CHIP_CALL(lock_state, (struct hd_chip *c, struct hd_chip_locks *out),
             hd_op_lock_state, 0,
             HD_OUT((uint8_t *)out, sizeof(*out)))

/* Counter id 0 or 1: its value, after adding one if asked to. */
HD_CHIP_CALL(counter, (struct hd_chip *c, uint8_t id, bool increment,
                       uint32_t *value),
             hd_op_counter, HD_CHIP_PARAMS(id, increment ? 1U : 0U, 0),
             HD_OUT((uint8_t *)value, sizeof(*value)))

/* How often a limited-use key was used and may be. On a 608 with CountMatch
 * the limit is read from the match slot, which must be readable. */
HD_CHIP_CALL(use_count, (struct hd_chip *c, uint16_t slot,
                         struct hd_chip_use *out),
             hd_op_use_count, HD_CHIP_PARAMS(0, 0, slot),
             HD_OUT((uint8_t *)out, sizeof(*out)))
HD_MUST_CHECK static inline int hd_chip_use_state(struct hd_chip *c,
                                                  uint16_t slot,
                                                  uint32_t *used,
                                                  uint32_t *limit)
{
    struct hd_chip_use use;
    int rc = hd_chip_use_count(c, slot, &use);
    *used = use.used;
    *limit = use.limit;
    return rc;
}

/* MAC: SHA-256 over key, challenge (NULL when mode bit 0 takes TempKey) and
 * more, see docs/chip part 2, 4.1. */
HD_CHIP_CALL(mac, (struct hd_chip *c, uint8_t mode, uint16_t key_id,
                   const uint8_t *challenge, uint8_t mac[32]),
             hd_op_mac, HD_CHIP_PARAMS(key_id, mode, 0),
             HD_IN2(challenge), HD_OUT(mac, 32),
             HD_IN_LEN(challenge ? 32U : 0U))

/* CheckMac: HD_ERR_MISMATCH when response is wrong. challenge NULL: TempKey
 * (mode bit 0). */
HD_CHIP_CALL(checkmac, (struct hd_chip *c, uint8_t mode, uint16_t key_id,
                        const uint8_t *challenge, const uint8_t response[32],
                        const uint8_t other[13]),
             hd_op_checkmac, HD_CHIP_PARAMS(key_id, mode, 0),
             HD_IN0(challenge), HD_IN1(response), HD_IN2(other))

/* HMAC over TempKey, 508A only (608: hd_chip_sha_hmac). */
HD_CHIP_CALL(hmac, (struct hd_chip *c, uint8_t mode, uint16_t key_id,
                    uint8_t mac[32]),
             hd_op_hmac, HD_CHIP_PARAMS(key_id, mode, 0),
             HD_OUT(mac, 32))

/* Proves to the chip that the caller knows the content of key_slot, which
 * authorises one use of the keys that ask for it (ReqAuth). The proof is
 * lost when the chip sleeps. HD_ERR_MISMATCH: wrong key. */
HD_CHIP_CALL(authorize, (struct hd_chip *c, uint16_t key_slot,
                         const uint8_t key[32]),
             hd_op_authorize, key_slot, HD_KEY(key))

/* GenDig: mixes a slot, block or counter into TempKey, which must be valid.
 * zone 0-5; len 0, 4 (NoMac slots) or 32 (shared nonce). */
HD_CHIP_CALL(gendig, (struct hd_chip *c, uint8_t zone, uint16_t key_id,
                      const uint8_t *other, size_t len),
             hd_op_gendig, HD_CHIP_PARAMS(key_id, zone, 0),
             HD_IN2(other), HD_IN_LEN(len))

/* DeriveKey. mode: 0, or 4 when TempKey was loaded rather than random.
 * mac: NULL unless SlotConfig asks for one. */
HD_CHIP_CALL(derivekey, (struct hd_chip *c, uint8_t mode, uint16_t slot,
                         const uint8_t *mac),
             hd_op_derivekey, HD_CHIP_PARAMS(slot, mode, 0),
             HD_IN2(mac), HD_IN_LEN(mac ? 32U : 0U))

/* SHA-256 computed by the chip, data of any length. */
HD_CHIP_CALL(sha256, (struct hd_chip *c, const uint8_t *data, size_t len,
                      uint8_t digest[32]),
             hd_op_sha256, 0, HD_IN0(data), HD_OUT(digest, 32), HD_IN_LEN(len))

/* HMAC-SHA-256 with a key in a slot, or HD_SLOT_TEMPKEY (608). */
HD_CHIP_CALL(sha_hmac, (struct hd_chip *c, uint16_t key_slot,
                        const uint8_t *data, size_t len, uint8_t mac[32]),
             hd_op_sha_hmac, key_slot, HD_IN0(data), HD_OUT(mac, 32),
             HD_IN_LEN(len))

/* The same in steps of the caller's: begin (or begin_hmac), then update with
 * 64 bytes each (608: 0 to 64), public (a stored public key as the next
 * block), end with up to 63. A 508A allows no other call between. */
HD_CHIP_CALL(sha_begin, (struct hd_chip *c),
             hd_op_sha_begin, 0, (void)0)
HD_CHIP_CALL(sha_begin_hmac, (struct hd_chip *c, uint16_t key_slot),
             hd_op_sha_begin, HD_CHIP_PARAMS(key_slot, 4, 0),
             (void)0)
HD_CHIP_CALL(sha_update, (struct hd_chip *c, const uint8_t *data, size_t len),
             hd_op_sha_update, HD_CHIP_PARAMS(len & 0xFFFFU, 1, 0),
             HD_IN2(data), HD_IN_LEN(len))
HD_CHIP_CALL(sha_public, (struct hd_chip *c, uint16_t slot),
             hd_op_sha_update, HD_CHIP_PARAMS(slot, 3, 0),
             (void)0)
HD_CHIP_CALL(sha_end, (struct hd_chip *c, enum hd_sha_target target,
                       const uint8_t *data, size_t len, uint8_t digest[32]),
             hd_op_sha_end,
             HD_CHIP_PARAMS(len & 0xFFFFU, 2U | (unsigned)target, 0),
             HD_IN2(data), HD_OUT(digest, 32), HD_IN_LEN(len))
/* 508A only: ends what sha_begin_hmac began. */
HD_CHIP_CALL(sha_end_hmac, (struct hd_chip *c, const uint8_t *data, size_t len,
                            uint8_t mac[32]),
             hd_op_sha_end, HD_CHIP_PARAMS(len & 0xFFFFU, 5, 0),
             HD_IN2(data), HD_OUT(mac, 32), HD_IN_LEN(len))
/* 608: the state of a SHA-256 in progress, 36 to 99 bytes; its length in
 * hd_chip_out_len(). HD_ERR_TOO_SMALL: size. */
HD_CHIP_CALL(sha_read_context, (struct hd_chip *c, uint8_t *out, size_t size),
             hd_op_sha_read_context, 0,
             HD_OUT(out, size))
HD_CHIP_CALL(sha_write_context, (struct hd_chip *c, const uint8_t *context,
                                 size_t len),
             hd_op_sha_write_context, HD_CHIP_PARAMS(len & 0xFFFFU, 7, 0),
             HD_IN2(context), HD_IN_LEN(len))

/* AES-128, one block (608). mode 0 encrypts, 1 decrypts; key_block 0-3: which
 * 16 bytes of the slot (or HD_SLOT_TEMPKEY) are the key. */
HD_CHIP_CALL(aes, (struct hd_chip *c, uint8_t mode, uint16_t key_slot,
                   uint8_t key_block, const uint8_t in[16], uint8_t out[16]),
             hd_op_aes,
             HD_CHIP_PARAMS(key_slot, mode | (key_block & 3U) << 6, 0),
             HD_IN0(in), HD_OUT(out, 16))
/* in times h in the field of GCM */
HD_CHIP_CALL(gfm, (struct hd_chip *c, const uint8_t h[16],
                   const uint8_t in[16], uint8_t out[16]),
             hd_op_gfm, 0, HD_IN0(h), HD_IN1(in), HD_OUT(out, 16))

/*
 * KDF (608): mode = source | target << 2 | algorithm << 5 (0 PRF, 1 AES,
 * 2 HKDF), details without its length field. Output, if the mode gives one,
 * in out; size must be at least what comes (32 or 64). len at most 128.
 */
#define HD_CHIP_KDF_PARAMS                                                     \
    HD_CHIP_PARAMS((source_slot & 0xFFU) | (target_slot & 0xFFU) << 8, mode, 0)
#define HD_CHIP_KDF_DETAILS                                                    \
    ((details & 0xFFFFFFU) | (uint32_t)(len > 255 ? 255 : len) << 24)
HD_CHIP_START(kdf, (struct hd_chip *c, uint8_t mode, uint16_t source_slot,
                    uint16_t target_slot, uint32_t details, const uint8_t *msg,
                    size_t len, uint8_t *out, size_t size),
              hd_op_kdf, HD_CHIP_KDF_PARAMS,
              HD_IN0(msg), HD_OUT(out, size), HD_IN_LEN(HD_CHIP_KDF_DETAILS))
/* ... decrypting what target 5 gives with the IO protection key */
HD_CHIP_START(kdf_io, (struct hd_chip *c, uint8_t mode, uint16_t source_slot,
                       uint16_t target_slot, uint32_t details,
                       const uint8_t *msg, size_t len, const uint8_t io_key[32],
                       uint8_t *out, size_t size),
              hd_op_kdf, HD_CHIP_KDF_PARAMS,
              HD_IN0(msg), HD_KEY(io_key), HD_OUT(out, size),
              HD_IN_LEN(HD_CHIP_KDF_DETAILS))
HD_MUST_CHECK static inline int
hd_chip_kdf(struct hd_chip *c, uint8_t mode, uint16_t source_slot,
            uint16_t target_slot, uint32_t details, const uint8_t *msg,
            size_t len, uint8_t *out, size_t size, size_t *out_len)
{
    int rc = hd_chip_kdf_start(c, mode, source_slot, target_slot, details, msg,
                               len, out, size);
    rc = rc ? rc : hd_chip_wait(c);
    *out_len = rc ? 0 : hd_chip_out_len(c);
    return rc;
}
HD_MUST_CHECK static inline int
hd_chip_kdf_io(struct hd_chip *c, uint8_t mode, uint16_t source_slot,
               uint16_t target_slot, uint32_t details, const uint8_t *msg,
               size_t len, const uint8_t io_key[32], uint8_t *out, size_t size,
               size_t *out_len)
{
    int rc = hd_chip_kdf_io_start(c, mode, source_slot, target_slot, details,
                                  msg, len, io_key, out, size);
    rc = rc ? rc : hd_chip_wait(c);
    *out_len = rc ? 0 : hd_chip_out_len(c);
    return rc;
}

/* SecureBoot (608): HD_OK when the firmware's digest is good. sig NULL for
 * HD_SECUREBOOT_STORE. The verdict is not authenticated ... */
HD_CHIP_CALL(secureboot, (struct hd_chip *c, uint8_t mode,
                          const uint8_t digest[32], const uint8_t *sig),
             hd_op_secureboot, HD_CHIP_PARAMS(0, mode, 0),
             HD_IN0(digest), HD_IN2(sig), HD_IN_LEN(sig ? 64U : 0U))

/* ... here it is, by the IO protection key; HD_ERR_MAC: somebody changed it.
 * sig: also for HD_SECUREBOOT_STORE when the slot stores a signature. */
HD_CHIP_CALL(secureboot_mac, (struct hd_chip *c, uint8_t mode,
                              const uint8_t digest[32], const uint8_t *sig,
                              const uint8_t io_key[32]),
             hd_op_secureboot_mac, HD_CHIP_PARAMS(0, mode | 0x80U, 0),
             HD_IN0(digest), HD_IN2(sig), HD_KEY(io_key),
             HD_IN_LEN(sig ? 64U : 0U))

/* SelfTest (608): runs tests (bit 0 RNG, 2 ECDSA, 3 ECDH, 4 AES, 5 SHA;
 * 0: none) and gives the mask of those that failed. */
HD_CHIP_CALL(selftest, (struct hd_chip *c, uint8_t tests, uint8_t *failed),
             hd_op_selftest, HD_CHIP_PARAMS(0, tests, 0),
             HD_OUT(failed, 1))

/* UpdateExtra: mode 0 byte 84, 1 byte 85 (both only while 0), 2: one use of
 * the limited-use key in slot value. For ever. */
HD_CHIP_CALL(updateextra, (struct hd_chip *c, uint8_t mode, uint8_t value),
             hd_op_updateextra, HD_CHIP_PARAMS(value, mode, 0),
             (void)0)

/* Persistent latch (608): reads, clears or sets it. */
enum hd_latch_op { HD_LATCH_READ = 0, HD_LATCH_CLEAR = 2, HD_LATCH_SET = 3 };
HD_CHIP_CALL(latch, (struct hd_chip *c, enum hd_latch_op what, bool *state),
             hd_op_latch, HD_CHIP_PARAMS((unsigned)what, 4, 0),
             HD_OUT((uint8_t *)state, sizeof(*state)))

/* Pause (508A): chips on the bus whose Selector differs go idle and do not
 * answer. HD_ERR_RESTARTED: this one did. */
HD_CHIP_CALL(pause, (struct hd_chip *c, uint8_t selector),
             hd_op_pause, HD_CHIP_PARAMS(0, selector, 0),
             (void)0)

/* Any command, raw; never repeated after a lost answer. A status other than
 * 0 is an error as everywhere. HD_ERR_TOO_SMALL: the answer exceeds size. */
HD_CHIP_START(command, (struct hd_chip *c, uint8_t opcode, uint8_t p1,
                        uint16_t p2, const uint8_t *data, size_t len,
                        uint8_t *out, size_t size),
              hd_op_raw, HD_CHIP_PARAMS(p2, p1, opcode),
              HD_IN2(data), HD_OUT(out, size), HD_IN_LEN(len))
HD_MUST_CHECK static inline int
hd_chip_command(struct hd_chip *c, uint8_t opcode, uint8_t p1, uint16_t p2,
                const uint8_t *data, size_t len, uint8_t *out, size_t size,
                size_t *out_len)
{
    int rc = hd_chip_command_start(c, opcode, p1, p2, data, len, out, size);
    rc = rc ? rc : hd_chip_wait(c);
    *out_len = rc ? 0 : hd_chip_out_len(c);
    return rc;
}

/* clang-format on */

/* ------------------------------------- packets, for traces and recordings */

/* CRC-16 of the groups and of Lock (DS20005927A 6.3). */
uint16_t hd_chip_crc(const uint8_t *data, size_t len);

/* A group, either way: HD_OK, HD_ERR_LENGTH (count out of 4..len) or
 * HD_ERR_CRC. Bytes after the group do not matter. */
HD_MUST_CHECK int hd_packet_check(const uint8_t *group, size_t len);

/* A command group, taken apart. */
struct hd_packet {
    uint8_t opcode, param1;
    uint16_t param2;
    hd_bytes data; /* points into the group */
};

/* As hd_packet_check(), and *out filled if HD_OK. */
HD_MUST_CHECK int hd_packet_command(const uint8_t *group, size_t len,
                                    struct hd_packet *out);

/* "Sign"; NULL: not an opcode. */
const char *hd_packet_opcode_name(uint8_t opcode);

/* HD_OK or the error that a status byte stands for. */
int hd_packet_status(uint8_t status);

#ifdef __cplusplus
}
#endif
#endif
