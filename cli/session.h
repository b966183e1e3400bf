/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chip opened for one verb: the port that --chip names, the driver's
 * handle, and how its failures are told.
 *
 *     static int work(struct session *s, void *ctx) { ... return EXIT_DONE; }
 *     static int run(struct call *c) { return with_chip(c, work, &options); }
 */
#ifndef HALF_SESSION_H
#define HALF_SESSION_H

#include "half.h"
#include "halfdollar/chip.h"
#include "halfdollar/crypto_openssl.h"
#include "halfdollar/port_linux.h"
#include "explain/history.h"
#include "spy.h"

struct session {
    struct call *call;
    struct hd_port port;
    struct hd_chip chip;
    struct hd_spy spy;             /* between the driver and the port */
    struct hd_history past;        /* what it heard */
    struct hd_trace_writer *trace; /* NULL: it does not */
    bool trace_warned;
    char serial[19]; /* 9 bytes in hex */
};

/* Opens the chip, runs work, closes. The exit code of whichever failed. */
int with_chip(struct call *c, int (*work)(struct session *s, void *ctx),
              void *ctx);

/*
 * The run() of a verb whose options make a job: fills it (from_options says
 * what is wrong), does it with the chip, and wipes it, for jobs hold keys.
 */
int with_job(struct call *c, int (*from_options)(struct call *c, void *job),
             int (*work)(struct session *s, void *job), void *job, size_t size);

/* To be called before a secret crosses the bus in clear: says, once, in which
 * file it will stand if HALF_TRACE asks for a trace. */
void warn_traced(struct session *s);

/* "ATECC608B" */
const char *variant_name(enum hd_variant_id variant);

/*
 * Tells why a call of the driver failed; returns the exit code. The reason
 * for a refusal and what would have worked come from why.h, on real chips
 * too; where it cannot say, likely (may be NULL) is printed.
 */
int chip_failed(struct session *s, int err, const char *likely,
                const char *format, ...) PRINTF_LIKE(4, 5);

/*
 * What cannot be undone needs the serial number typed back by --confirm.
 * EXIT_DONE if it matches; otherwise says what (a sentence) would have
 * happened, and how to go on. Nothing must have been changed before.
 */
int confirm(struct session *s, const char *what);

#define OPTION_CONFIRM                                                         \
    {                                                                          \
        "confirm", 0, "SERIAL",                                                \
                "the chip's serial number typed back: this "                   \
                "cannot be undone"                                             \
    }
#define OPTION_SLOT                                                            \
    {                                                                          \
        "slot", 0, "N", "slot, 0 to 15"                                        \
    }
#define OPTION_FORMAT_KEY                                                      \
    {                                                                          \
        "format", 0, "pem|der|raw|hex", "how to write the public key (pem)"    \
    }
#define OPTION_FORMAT_BYTES                                                    \
    {                                                                          \
        "format", 0, "hex|raw", "how to write it (hex)"                        \
    }
#define OPTION_IO_KEY                                                          \
    {                                                                          \
        "io-key", 0, "FILE",                                                   \
                "IO protection key (32 bytes, raw or hex): proves "            \
                "or encrypts the answer on the bus"                            \
    }

/* A verb that declares it needs to do nothing more: with_chip() proves the key
 * before work, and nobody comes between. */
#define OPTION_AUTHORISE                                                       \
    {                                                                          \
        "authorise", 0, "SLOT=FILE",                                           \
                "first prove the key of SLOT, which FILE holds (32 bytes, "    \
                "raw or hex): for keys that ask for it (ReqAuth)"              \
    }

/* --slot, which must be given. */
int option_slot(struct call *c, uint16_t *slot);

/* A secret of len bytes from the file that option --name gives. *given says
 * whether; the secret is untouched if not. */
int option_secret(struct call *c, const char *name, uint8_t *secret, size_t len,
                  bool *given);

/* --key-slot and --key-file, both or neither: the key of an encrypted read or
 * write. *given says whether; the key is untouched if not. */
int option_session_key(struct call *c, uint16_t *slot, uint8_t key[32],
                       bool *given);

/* Exactly len bytes of hex from option --name, likewise; with given NULL the
 * option must be there. */
int option_hex(struct call *c, const char *name, uint8_t *bytes, size_t len,
               bool *given);

/* "config", "otp" or "data" (which needs --slot) as the first argument. */
int zone_from_args(struct call *c, enum hd_zone *zone, uint16_t *slot);
size_t zone_size(enum hd_zone zone, uint16_t slot);

/* The whole configuration zone. */
int read_config(struct session *s, uint8_t config[128]);

/* SHA-256 of a file, computed by the chip; key_slot >= 0: HMAC with it. */
int chip_hash_file(struct session *s, const char *path, int key_slot,
                   uint8_t digest[32]);

/*
 * What sign and verify work on: --digest, or a file hashed by OpenSSL or
 * (--hash chip) by the chip.
 */
#define OPTION_DIGEST                                                          \
    {                                                                          \
        "digest", 0, "HEX", "SHA-256 digest, in place of FILE"                 \
    }
#define OPTION_HASH                                                            \
    {                                                                          \
        "hash", 0, "host|chip", "who computes the digest of FILE (host)"       \
    }

struct message {
    uint8_t digest[32];
    const char *path; /* for the chip to hash; NULL: digest is there */
};

int message_from_options(struct call *c, struct message *m);
/* Lets the chip hash if it was asked to. */
int message_digest(struct session *s, struct message *m);

/* True while long work should show how far it is: stderr is a terminal. */
void progress(uint64_t done, uint64_t total);
void progress_end(void);

#endif
