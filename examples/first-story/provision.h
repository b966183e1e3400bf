/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a blank chip to a device of the policy connected-device.
 *
 * Two calls, because a certificate authority works in between:
 *
 *     provision_chip()   configuration, keys, secrets, trust anchors, locks
 *     (the chip signs a request, the authority issues the certificate)
 *     provision_seal()   what the certificates hash to, and the last locks
 *
 * Each step first looks at the chip and does only what is missing, so a run
 * that lost power anywhere is finished by running it again. Until the data
 * zone is locked everything in it is written anew, keys included: a cut may
 * have left half of a value behind, and half of a key is the worst of them.
 *
 * This is one policy, spelled out. A general tool reads a policy file.
 */
#ifndef HALFDOLLAR_EXAMPLE_PROVISION_H
#define HALFDOLLAR_EXAMPLE_PROVISION_H

#include "halfdollar/chip.h"

/* What the station brings. */
struct provision_plan {
    uint8_t config[HD_CONFIG_BYTES];
    uint8_t secret[32];      /* slot 5 */
    uint8_t io_key[32];      /* slot 6; also in the device's flash */
    uint8_t root[64];        /* public keys: slot 13 */
    uint8_t signer[64];      /* slot 11 */
    uint8_t boot[64];        /* slot 15 */
    uint8_t certificate[32]; /* SHA-256 of the device certificate: slot 10 */
    uint8_t signer_certificate[32]; /* slot 12 */
};

/* Called once a step: what it is about, and whether it had to be done. */
typedef void provision_report(void *ctx, const char *what, bool done_now);

struct provision {
    struct hd_chip *chip;
    const struct provision_plan *plan;
    provision_report *report; /* may be NULL */
    void *report_ctx;
    const char *step;  /* the step that failed */
    char problem[160]; /* and why, if it was not the chip */
};

/* HD_OK; HD_ERR_CORRUPT: the chip is locked with something else (problem
 * says where); otherwise what the driver said in that step. */
HD_MUST_CHECK int provision_chip(struct provision *p);
HD_MUST_CHECK int provision_seal(struct provision *p);

/* Reads the 128 bytes from text: hex digits, blanks, "#" comments. */
bool provision_parse_config(const char *text, uint8_t config[HD_CONFIG_BYTES]);

#endif
