/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An examination of a chip on its bus: does it answer, does it answer every
 * time, does its supply hold, is it what it should be? Nothing is changed in
 * the chip; its volatile registers (TempKey) are used.
 *
 *     struct hd_doctor d;
 *     hd_doctor_examine(&d, port.bus, port.ctx, port.addr7, &crypto);
 *     json_t *bundle = hd_doctor_bundle(&d);
 *
 * A bundle holds what somebody else needs to see the same failure on a
 * virtual chip, and no secret: the configuration without the serial number,
 * the findings, the driver's errors. No slot, no OTP, no random number.
 */
#ifndef HD_EXPLAIN_DOCTOR_H
#define HD_EXPLAIN_DOCTOR_H

#include <jansson.h>

#include "halfdollar/base.h"
#include "halfdollar/bus.h"
#include "halfdollar/crypto.h"
#include "halfdollar/vchip.h"

/* X(id, word, what it looks at) */
#define HD_CHECKS(X)                                                           \
    X(ANSWER, "answer", "does a chip answer at the address")                   \
    X(VARIANT, "variant", "which part it is")                                  \
    X(WAKE, "wake", "does it wake every time")                                 \
    X(BUS, "bus", "do answers arrive whole, and how fast")                     \
    X(CONFIG, "config", "does its configuration read the same twice")          \
    X(ADDRESS, "address", "is it where its configuration says")                \
    X(LOCKS, "locks", "are the zones locked")                                  \
    X(SUPPLY, "supply", "does the supply hold in elliptic-curve commands")     \
    X(SELFTEST, "selftest", "does the chip's own test pass")                   \
    X(RANDOM, "random", "are its random numbers random")                       \
    X(KEYS, "keys", "do private slots hold keys")                              \
    X(COUNTERS, "counters", "how far the counters have come")                  \
    X(SLOTS, "slots", "do slots that anyone may read hold anything")

enum hd_check {
#define HD_CHECK_ID(id, word, text) HD_CHECK_##id,
    HD_CHECKS(HD_CHECK_ID)
#undef HD_CHECK_ID
            HD_CHECK_COUNT
};

enum hd_finding_verdict {
    HD_FINDING_SKIPPED, /* could not be asked: the text says why */
    HD_FINDING_GOOD,
    HD_FINDING_WARNING,
    HD_FINDING_BAD
};

/* Of a certificate, if one was given (cert.h). */
#define HD_CERT_CHECKS(X)                                                      \
    X(FORM, "form", "is it a certificate that this chip can have")             \
    X(KEY, "key", "which slot holds its private key")                          \
    X(CHAIN, "chain", "is it signed up to the authority")                      \
    X(DATES, "dates", "is it in force, and how long")                          \
    X(USE, "use", "may a TLS client use it")                                   \
    X(STORED, "stored", "does the chip hold its SHA-256")                      \
    X(SIGNER, "signer", "does the chip hold its signer's key")

enum hd_cert_check {
#define HD_CERT_ID(id, word, text) HD_CERT_##id,
    HD_CERT_CHECKS(HD_CERT_ID)
#undef HD_CERT_ID
            HD_CERT_COUNT
};

struct hd_finding {
    uint8_t verdict; /* enum hd_finding_verdict */
    int err;         /* the driver's, HD_OK if there was none */
    uint8_t detail;  /* SELFTEST: the tests that failed */
    char text[256];
};

struct hd_doctor {
    struct hd_finding at[HD_CHECK_COUNT];
    uint8_t addr7;
    bool has_config;
    uint8_t config[HD_V_CONFIG_BYTES]; /* without the serial number */
    uint8_t revision[4];
    uint16_t empty; /* slots without a key, or with nothing in them */
    bool has_cert;
    struct hd_finding cert[HD_CERT_COUNT];
};

const char *hd_check_word(enum hd_check check);
const char *hd_cert_word(enum hd_cert_check check);
const char *hd_finding_word(enum hd_finding_verdict verdict);

/* addr7 0: single-wire. crypto as for hd_chip_open. */
void hd_doctor_examine(struct hd_doctor *d, const struct hd_bus *bus, void *ctx,
                       uint8_t addr7, const struct hd_crypto *crypto);

/* The worst of the findings. */
enum hd_finding_verdict hd_doctor_worst(const struct hd_doctor *d);

/* NULL: no memory. */
json_t *hd_doctor_bundle(const struct hd_doctor *d);
/* HD_ERR_FORMAT: *why is a sentence. */
HD_MUST_CHECK int hd_doctor_unbundle(struct hd_doctor *d, const json_t *bundle,
                                     const char **why);

/* Examines a virtual chip made as the bundle says, with the faults that the
 * findings stand for. HD_ERR_FORMAT: the bundle holds no configuration. */
HD_MUST_CHECK int hd_doctor_replay(const struct hd_doctor *bundle,
                                   struct hd_doctor *out,
                                   const struct hd_crypto *crypto);

#endif
