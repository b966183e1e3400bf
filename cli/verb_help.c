/* SPDX-License-Identifier: Apache-2.0 */
/* half help [GROUP] [VERB] */
#include "half.h"

static const struct option options[] = {OPTION_END};

static int run(struct call *c)
{
    const struct group *group = c->count ? find_group(c->args[0]) : NULL;

    if (c->count == 0) {
        help_program(stdout);
        return EXIT_DONE;
    }
    if (group && c->count == 1) {
        help_group(stdout, group->name);
        return EXIT_DONE;
    }
    const struct verb *verb =
            find_verb(group ? group->name : NULL, c->args[group ? 1 : 0]);
    if (!verb) {
        return fail_usage(c,
                          "there is no '%s%s%s'; `half help` lists what "
                          "there is",
                          c->args[0], c->count > 1 ? " " : "",
                          c->count > 1 ? c->args[1] : "");
    }
    help_verb(stdout, verb);
    return EXIT_DONE;
}

const struct verb verb_help = {
        .name = "help",
        .args = "[GROUP] [VERB]",
        .summary = "explain a group or a verb",
        .options = options,
        .run = run,
        .most_args = 2,
};
