/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of `half policy` share: where policies come from. */
#ifndef HALF_POLICY_H
#define HALF_POLICY_H

#include "policy/policy.h"

#include "half.h"

/* A policy file ("-": standard input). EXIT_DONE, or told. */
int policy_from_file(struct call *c, const char *path, struct hd_policy *p);

/* The same for who asks for lines later; *report is to be freed. */
int policy_and_report(struct call *c, const char *path, struct hd_policy *p,
                      struct hd_policy_report *report);

/* 128 bytes, hex (with comments) or raw, as they are: every verb that takes a
 * configuration reads it by this, so that one's output is another's input. */
int config_from_file(struct call *c, const char *path, uint8_t config[128]);
/* The same of a file that was read. */
int config_from_input(struct call *c, const char *path, const struct input *in,
                      uint8_t config[128]);

/* The whole configuration zone of the chip that --chip names. */
int config_from_chip(struct call *c, uint8_t config[128]);

/* A configuration in words; source names it in an error. */
int policy_from_config(struct call *c, const char *source,
                       const uint8_t config[128], struct hd_policy *p);

/*
 * From the one of FILE (an argument), --hex and --chip that was given; the
 * verb declares both options. *report is to be freed; of a FILE it has the
 * lines.
 */
int policy_from_call(struct call *c, struct hd_policy *p,
                     struct hd_policy_report *report);

/* Writes what write() prints to --output; key: member of the JSON answer. */
int write_policy_text(struct call *c, const char *key,
                      void (*write)(const struct hd_policy *p, FILE *out),
                      const struct hd_policy *p);

/* A configuration as a policy file, to --output. */
int write_words(struct call *c, const char *source, const uint8_t config[128]);

#define OPTION_HEX                                                             \
    {                                                                          \
        "hex", 0, "FILE",                                                      \
                "configuration bytes: 128 in hex ('#' begins a "               \
                "comment), or raw"                                             \
    }

#endif
