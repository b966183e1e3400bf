/* SPDX-License-Identifier: Apache-2.0 */
/* half policy from-hex: configuration bytes as a policy file. */
#include "policy.h"

static const struct option options[] = {
        OPTION_OUTPUT,
        OPTION_JSON,
        OPTION_END,
};

static int run(struct call *c)
{
    uint8_t config[128];
    int code = config_from_file(c, c->args[0], config);

    return code == EXIT_DONE ? write_words(c, c->args[0], config) : code;
}

const struct verb verb_policy_from_hex = {
        .group = "policy",
        .name = "from-hex",
        .args = "FILE|-",
        .least_args = 1,
        .most_args = 1,
        .summary = "turn 128 configuration bytes into a policy",
        .about = "FILE holds 128 bytes in hex ('#' begins a comment) or raw. "
                 "Purposes are guessed from the bits; the policy compiles to "
                 "the same bytes again.",
        .options = options,
        .run = run,
};
