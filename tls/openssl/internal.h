/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the OpenSSL provider share.
 *
 * The idea that keeps the provider small: a key here is an ordinary EVP_PKEY
 * (`soft`) living in a library context of our own, where only OpenSSL's
 * default provider is loaded, plus, for a key in a chip, the device and slot
 * that hold its private half. Everything public (parameters, comparison,
 * verification, export) is answered by the EVP_PKEY; only "sign" and
 * "derive" look for a chip. The same path serves keys that have no chip, so
 * the order in which an application loads the providers does not matter.
 *
 * Threads: keys are reference counted and never change once they belong to a
 * chip; devices have a lock. Operation contexts are one thread's, as
 * everywhere in OpenSSL.
 */
#ifndef HALFDOLLAR_TLS_INTERNAL_H
#define HALFDOLLAR_TLS_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/evp.h>

#include "uri.h"

#define HDP_NAME       "halfdollar"
#define HDP_PROPERTIES "provider=" HDP_NAME
#define HDP_DIGEST     32 /* bytes a chip signs */
#define HDP_POINT      64 /* X and Y of a public key */

/* X(name, number, text): reasons in OpenSSL's error queue. */
#define HDP_REASON_TABLE(X)                                                    \
    X(HDP_R_URI, 1, "bad key URI")                                             \
    X(HDP_R_NO_CHIP, 2, "no chip address")                                     \
    X(HDP_R_OPEN, 3, "cannot open the chip")                                   \
    X(HDP_R_CHIP, 4, "the chip did not do it")                                 \
    X(HDP_R_DIGEST, 5, "digest that a chip cannot sign")                       \
    X(HDP_R_NOT_EXPORTABLE, 6, "private key stays in the chip")                \
    X(HDP_R_PEER, 7, "bad peer key")                                           \
    X(HDP_R_KEY, 8, "unusable key")                                            \
    X(HDP_R_IO_KEY, 9, "bad IO protection key file")                           \
    X(HDP_R_UNSUPPORTED, 10, "not possible with a key in a chip")              \
    X(HDP_R_BUFFER, 11, "output buffer too small")                             \
    X(HDP_R_SOFT, 12, "OpenSSL refused")

enum hdp_reason {
#define HDP_REASON_ENUM(name, number, text) name = (number),
    HDP_REASON_TABLE(HDP_REASON_ENUM)
#undef HDP_REASON_ENUM
};

struct hdp_device;

struct hdp_provider {
    const OSSL_CORE_HANDLE *core;
    OSSL_LIB_CTX *soft; /* default provider only */
    OSSL_PROVIDER *soft_default;
    CRYPTO_RWLOCK *lock;
    struct hdp_device *devices;  /* one per address, freed at teardown */
    const char *configured_chip; /* from openssl.cnf, or NULL */
    OSSL_FUNC_core_new_error_fn *new_error;
    OSSL_FUNC_core_set_error_debug_fn *set_error_debug;
    OSSL_FUNC_core_vset_error_fn *vset_error;
};

/* Puts one error with a sentence into the application's queue; returns 0. */
int hdp_raise(const struct hdp_provider *p, enum hdp_reason reason,
              const char *format, ...) __attribute__((format(printf, 3, 4)));

/* -------------------------------------------------------------- devices */

/*
 * The device at an address; the same one for the same text. Nothing is
 * opened yet. Lives until teardown. NULL: out of memory.
 */
struct hdp_device *hdp_device_get(struct hdp_provider *p, const char *address);

/*
 * Operations. Each opens the chip if it is not open (or was opened by the
 * process this one was forked from), takes the device's lock, does one
 * sequence on the bus and leaves the chip idle. 1, or 0 with the reason
 * raised.
 */
int hdp_device_pubkey(struct hdp_device *d, uint8_t slot,
                      uint8_t pub[HDP_POINT]);
int hdp_device_sign(struct hdp_device *d, uint8_t slot,
                    const uint8_t digest[HDP_DIGEST], uint8_t sig[64]);
/* io_key: 32 bytes, or NULL for a result in clear. */
int hdp_device_ecdh(struct hdp_device *d, uint8_t slot,
                    const uint8_t peer[HDP_POINT], const uint8_t *io_key,
                    uint8_t secret[32]);
/* Bit n: slot n is configured for a P-256 private key. */
int hdp_device_slots(struct hdp_device *d, uint16_t *slots);

void hdp_devices_free(struct hdp_provider *p);

/* What is asked of a chip, so that it can be asked again of another. */
struct hd_chip;
struct hdp_question {
    int (*ask)(struct hd_chip *chip, struct hdp_question *q);
    const char *what; /* "sign" */
    int slot;         /* -1: none */
    const uint8_t *in, *io_key;
    uint8_t *out;
    size_t out_len;
};

/*
 * Why a chip with this configuration refuses the question: asks a virtual
 * chip with the same configuration, which says which bit forbids it. False:
 * that one would not have refused.
 */
bool hdp_explain(const uint8_t config[128], const struct hdp_question *q,
                 char *why, size_t size);

/* ----------------------------------------------------------------- keys */

struct hdp_key {
    int refs;
    struct hdp_provider *provider;
    EVP_PKEY *soft;            /* NULL: an empty key */
    bool has_public;           /* soft holds a point */
    bool has_private;          /* soft holds a scalar; never with a device */
    struct hdp_device *device; /* NULL: no chip */
    uint8_t slot;
    char *io_key_file; /* NULL: ECDH in clear */
};

struct hdp_key *hdp_key_new(struct hdp_provider *p);
void hdp_key_free(struct hdp_key *key);
bool hdp_key_up_ref(struct hdp_key *key);

/*
 * Reads the public key from the chip and makes the key. public_only: without
 * the chip behind it. On failure the error is raised and NULL returned.
 */
struct hdp_key *hdp_key_from_chip(struct hdp_provider *p,
                                  struct hdp_device *device, uint8_t slot,
                                  const char *io_key_file, bool public_only);

/* The private key that a URI names; NULL with the reason raised. */
struct hdp_key *hdp_key_from_uri(struct hdp_provider *p, const char *text);

/* X and Y of a P-256 key; false (nothing raised) for other keys. */
bool hdp_key_point(const struct hdp_key *key, uint8_t point[HDP_POINT]);

/* One signature as DER. *sig_len: capacity, then length. digest_len >= 32. */
int hdp_key_sign_chip(struct hdp_key *key, const uint8_t *digest,
                      size_t digest_len, uint8_t *sig, size_t *sig_len);

/* ------------------------------------------------------------- dispatch */

extern const OSSL_DISPATCH hdp_keymgmt_functions[];
extern const OSSL_DISPATCH hdp_signature_functions[];
extern const OSSL_DISPATCH hdp_keyexch_functions[];
extern const OSSL_DISPATCH hdp_store_functions[];
extern const OSSL_DISPATCH hdp_pem_decoder_functions[];
extern const OSSL_DISPATCH hdp_der_decoder_functions[];

#define HDP_FN(id, fn)                                                         \
    {                                                                          \
        id, (void (*)(void))(fn)                                               \
    }
#define HDP_END                                                                \
    {                                                                          \
        0, NULL                                                                \
    }

#endif
