/* SPDX-License-Identifier: Apache-2.0 */
/* half policy from-chip: a chip's configuration as a policy file. */
#include "policy.h"

static const struct option options[] = {
        OPTION_CHIP,
        OPTION_OUTPUT,
        OPTION_JSON,
        OPTION_END,
};

static int run(struct call *c)
{
    uint8_t config[128];
    int code = config_from_chip(c, config);

    return code == EXIT_DONE ? write_words(c, "the chip", config) : code;
}

const struct verb verb_policy_from_chip = {
        .group = "policy",
        .name = "from-chip",
        .summary = "turn a chip's configuration into a policy",
        .about = "Reads the configuration zone, nothing else. Purposes are "
                 "guessed from the bits; the policy compiles to the same bytes "
                 "again.",
        .options = options,
        .run = run,
};
