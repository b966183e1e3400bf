/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of vchip share. Flow of one command:
 *
 *   i2c.c / swi.c   collect bytes into v->in, take power and time into account
 *   engine.c        count, CRC, failure state, opcode, watchdog, time; calls
 *   cmd/NAME.c      one file a command: checks parameters, asks rules.c,
 *                   computes with crypto.c, stores with eeprom.c
 *   engine.c        puts the answer group into v->out
 *
 * A handler returns the status byte; an answer that carries data is given to
 * answer() and the handler returns 0. Refusals are made only by refuse().
 * After the handler the engine calls rules_after(). A handler that called
 * engine_idle() (Pause) leaves no answer at all.
 */
#ifndef VCHIP_INTERNAL_H
#define VCHIP_INTERNAL_H

#include <string.h>

#include "halfdollar/err.h"
#include "halfdollar/vchip.h"

#include "choices.h"

_Static_assert(sizeof(struct hd_vchip) <= 4096, "one chip is one page");

/* ------------------------------------------------------------ commands */

enum {
#define X(name, code) OP_##name = (code),
#include "halfdollar/vchip_ops.def"
#undef X
};

#define ST_OK       0x00
#define ST_MISMATCH 0x01
#define ST_PARSE    0x03
#define ST_ECC      0x05
#define ST_SELFTEST 0x07
#define ST_HEALTH   0x08
#define ST_EXEC     0x0F
#define ST_WAKE     0x11
#define ST_WATCHDOG 0xEE
#define ST_CRC      0xFF

/* A command group, CRC already checked. */
struct vcmd {
    uint8_t op, p1;
    uint16_t p2;
    const uint8_t *data; /* points into v->in: copy before answering */
    uint8_t len;
};

typedef uint8_t vcmd_fn(struct hd_vchip *v, const struct vcmd *c);

vcmd_fn cmd_aes, cmd_checkmac, cmd_counter, cmd_derivekey, cmd_ecdh, cmd_gendig,
        cmd_genkey, cmd_hmac, cmd_info, cmd_kdf, cmd_lock, cmd_mac, cmd_nonce,
        cmd_pause, cmd_privwrite, cmd_random, cmd_read, cmd_secureboot,
        cmd_selftest, cmd_sha, cmd_sign, cmd_updateextra, cmd_verify, cmd_write;

/* One row a command: which models have it, how long it takes. commands.c */
struct vcmd_row {
    uint8_t op;
    uint8_t models; /* mask of enum hd_vmodel */
    const char *name;
    vcmd_fn *run;
    uint32_t typ_us;    /* 508A data sheet typical; 608: half the M0 maximum */
    uint16_t max508_ms; /* 0: command not present */
    uint16_t max608_ms[3]; /* clock divider M0, M1, M2 */
};
const struct vcmd_row *vchip_command(uint8_t op);

/* Short names inside, prefixed ones for the linker: the programs this library
 * is linked to have functions of these names too. */
#define answer      v_answer
#define refuse      v_refuse
#define refuse_bits v_refuse_bits

/* ------------------------------------------------ answers and refusals */

/* Puts an answer of len bytes (1..152) into the output buffer. */
void answer(struct hd_vchip *v, const uint8_t *data, size_t len);

/* Records a refusal decided by a state and returns its status byte. */
uint8_t refuse(struct hd_vchip *v, enum hd_why why, int slot);

/* Records a refusal decided by configuration bits: the mask lies in the
 * little-endian word at configuration byte `byte`. */
uint8_t refuse_bits(struct hd_vchip *v, enum hd_why why, int slot, uint8_t byte,
                    uint16_t mask);

/* ------------------------------------------------- layout of the EEPROM */

#define CFG_REVISION    4
#define CFG_AES_ENABLE  13
#define CFG_I2C_ENABLE  14
#define CFG_I2C_ADDRESS 16
#define CFG_OTP_MODE    18 /* 508A */
#define CFG_COUNT_MATCH 18 /* 608 */
#define CFG_CHIP_MODE   19
#define CFG_SLOT        20
#define CFG_COUNTER     52
#define CFG_LAST_KEY    68 /* 508A, 16 bytes */
#define CFG_USE_LOCK    68
#define CFG_VOLATILE    69
#define CFG_SECUREBOOT  70
#define CFG_KDF_IV_LOC  72
#define CFG_KDF_IV_STR  73
#define CFG_USER_EXTRA  84
#define CFG_SELECTOR    85
#define CFG_LOCK_VALUE  86
#define CFG_LOCK_CONFIG 87
#define CFG_SLOT_LOCKED 88
#define CFG_OPTIONS     90
#define CFG_X509        92
#define CFG_KEY         96
#define UNLOCKED        0x55

/* SlotConfig bits */
#define SC_READ_KEY     0x000F
#define SC_EXT_SIGN     0x0001 /* private slots */
#define SC_INT_SIGN     0x0002
#define SC_ECDH         0x0004
#define SC_ECDH_NEXT    0x0008
#define SC_NO_MAC       0x0010
#define SC_LIMITED      0x0020
#define SC_ENCRYPT_READ 0x0040
#define SC_SECRET       0x0080
#define SC_WRITE_KEY    0x0F00
#define SC_WRITE_CONFIG 0xF000

/* KeyConfig bits */
#define KC_PRIVATE    0x0001
#define KC_PUB_INFO   0x0002
#define KC_KEY_TYPE   0x001C
#define KC_LOCKABLE   0x0020
#define KC_REQ_RANDOM 0x0040
#define KC_REQ_AUTH   0x0080
#define KC_AUTH_KEY   0x0F00
#define KC_PERSISTENT 0x1000
#define KC_X509       0xC000
#define KEY_TYPE_P256 4
#define KEY_TYPE_AES  6
#define KEY_TYPE_DATA 7

static inline uint16_t le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint8_t *cfg(struct hd_vchip *v)
{
    return v->ee;
}

static inline uint8_t *otp(struct hd_vchip *v)
{
    return v->ee + HD_V_CONFIG_BYTES;
}

static inline uint16_t slot_config(const struct hd_vchip *v, unsigned slot)
{
    return le16(v->ee + CFG_SLOT + 2 * slot);
}

static inline uint16_t key_config(const struct hd_vchip *v, unsigned slot)
{
    return le16(v->ee + CFG_KEY + 2 * slot);
}

static inline unsigned key_type(const struct hd_vchip *v, unsigned slot)
{
    return (unsigned)(key_config(v, slot) & KC_KEY_TYPE) >> 2;
}

static inline bool is_608(const struct hd_vchip *v)
{
    return (v->model & HD_VMODEL_608) != 0;
}

static inline bool config_locked(const struct hd_vchip *v)
{
    return v->ee[CFG_LOCK_CONFIG] != UNLOCKED;
}

static inline bool data_locked(const struct hd_vchip *v)
{
    return v->ee[CFG_LOCK_VALUE] != UNLOCKED;
}

/* eeprom.c: slot geometry and writes that a power cut can tear */
size_t slot_size(unsigned slot); /* 36, 416 or 72 */
uint8_t *slot_bytes(struct hd_vchip *v, unsigned slot);
/* Stores len bytes at EEPROM offset at (config 0, OTP 128, data 192), in
 * words of 4 bytes; false when power was cut on the way. */
bool ee_store(struct hd_vchip *v, size_t at, const uint8_t *data, size_t len);
size_t ee_slot_at(unsigned slot); /* EEPROM offset of a slot */

/* --------------------------------------------------------------- rules */
/* rules.c: every permission, as tables. 0 or the status of the refusal. */

/* The engine calls this after every handler, with the status answered: what
 * the command leaves of TempKey (tempkey.c). */
void rules_after(struct hd_vchip *v, const struct vcmd *c, uint8_t status);

bool slot_is_locked(const struct hd_vchip *v, unsigned slot);
bool slot_is_private(const struct hd_vchip *v, unsigned slot);
bool pubkey_is_valid(const struct hd_vchip *v, unsigned slot);

/* --------------------------------------------------------- computation */
/* crypto.c: all of it by OpenSSL. Buffers may overlap unless said. */

void v_sha256(const void *data, size_t len, uint8_t digest[32]);
/* Raw compression for SHA contexts that travel: state H0..H7 big-endian. */
void v_sha256_init(uint8_t state[32]);
void v_sha256_block(uint8_t state[32], const uint8_t block[64]);
void v_hmac(const uint8_t *key, size_t key_len, const void *data, size_t len,
            uint8_t mac[32]);
void v_aes_encrypt(const uint8_t key[16], const uint8_t in[16],
                   uint8_t out[16]);
void v_aes_decrypt(const uint8_t key[16], const uint8_t in[16],
                   uint8_t out[16]);
/* AES-256-GCM in place; false: opened, and the tag is wrong. */
bool v_gcm(const uint8_t key[32], const uint8_t nonce[12], uint8_t *bytes,
           size_t len, uint8_t tag[16], bool is_sealing);
void v_gf128_mul(const uint8_t h[16], const uint8_t in[16], uint8_t out[16]);
bool v_ec_valid_private(const uint8_t d[32]); /* 1 .. n-1 */
bool v_ec_valid_public(const uint8_t xy[64]); /* on the curve */
bool v_ec_public(struct hd_vchip *v, const uint8_t d[32], uint8_t xy[64]);
bool v_ec_sign(struct hd_vchip *v, const uint8_t d[32],
               const uint8_t digest[32], uint8_t rs[64]);
bool v_ec_verify(struct hd_vchip *v, const uint8_t xy[64],
                 const uint8_t digest[32], const uint8_t rs[64]);
bool v_ec_dh(const uint8_t d[32], const uint8_t peer[64], uint8_t x[32]);
void v_ec_generate(struct hd_vchip *v, uint8_t d[32]);
void v_cache_free(struct hd_vchip *v);
void v_wipe(void *p, size_t len);
bool v_equal(const void *a, const void *b, size_t len); /* constant time */

/* rng.c */
void rng_draw(struct hd_vchip *v, uint8_t *out, size_t len);
/* What Random and Nonce give: the constant pattern before config lock. */
void rng_output(struct hd_vchip *v, uint8_t out[32]);

/* CRC-16 of the groups (docs/chip part 1, 4.2). crc.c */
uint16_t v_crc(const uint8_t *data, size_t len);
uint16_t v_crc_more(uint16_t crc, const uint8_t *data, size_t len);

/* -------------------------------------------------------------- engine */

/* Executes the complete group in v->in. Called by i2c.c and swi.c. */
void engine_execute(struct hd_vchip *v);
void engine_sleep(struct hd_vchip *v, const char *why);
void engine_idle(struct hd_vchip *v);
void engine_wake(struct hd_vchip *v);
void engine_advance(struct hd_vchip *v, uint64_t ns);
void engine_power_cut(struct hd_vchip *v, const char *why);
void trace_text(struct hd_vchip *v, enum hd_event_kind kind, const char *text);
void trace_bytes(struct hd_vchip *v, enum hd_event_kind kind,
                 const uint8_t *bytes, size_t len, uint64_t dur_ns);

/* SelfTest and the tests at wake: which of these tests fail now (0: none).
 * The result also lies in v->selftest_fail, for those tests that ran. */
uint8_t engine_selftest(struct hd_vchip *v, uint8_t tests);
/* Puts the answer group with this one status byte into the output buffer. */
void engine_status(struct hd_vchip *v, uint8_t status);
/* Nanoseconds that a command may take at most, and takes at v->speed. */
uint64_t command_max_ns(const struct hd_vchip *v, const struct vcmd_row *row);
uint64_t command_ns(const struct hd_vchip *v, const struct vcmd_row *row);

/* ----------------------------------------------------------- transfers */
/* i2c.c: one chip's side of a transfer. byte_ns: time of one byte. */
bool i2c_answers(struct hd_vchip *v, uint8_t addr7, bool read, uint8_t opcode);
size_t i2c_write(struct hd_vchip *v, const uint8_t *data, size_t len,
                 uint64_t byte_ns);
void i2c_stop(struct hd_vchip *v, const uint8_t *data, size_t taken);
void i2c_read(struct hd_vchip *v, uint8_t *data, size_t len, uint64_t byte_ns);
/* Adds a byte to the command group; false: not acknowledged. */
bool group_byte(struct hd_vchip *v, uint8_t byte);
/* All bytes are there, or the count byte alone shows that it is wrong. */
bool group_complete(const struct hd_vchip *v);
/* swi.c: one bit from the host; true when the chip answers (v->out). */
bool swi_bit(struct hd_vchip *v, bool one);
#define SWI_TIMEOUT_NS (CHOICE_SWI_TIMEOUT_MS * (uint64_t)1000000)

/* ------------------------------------------------------------- faults */
/* How many of the next n bus bytes pass before power is cut. */
size_t fault_cut_byte(struct hd_vchip *v, size_t n, uint8_t opcode);
/* True when this EEPROM word is the one at which power is cut. */
bool fault_cut_word(struct hd_vchip *v);
void fault_count(struct hd_vchip *v); /* recomputes v->fault_mask */

static inline bool fault_waits(const struct hd_vchip *v,
                               enum hd_fault_kind kind)
{
    return (v->fault_mask >> kind & 1) != 0;
}

/* Finds and consumes a chance of a fault of this kind; NULL: none strikes.
 * fault.c */
const struct hd_fault *fault_strikes(struct hd_vchip *v,
                                     enum hd_fault_kind kind, uint8_t opcode);

#endif
