/* SPDX-License-Identifier: Apache-2.0 */
/* half chip counter: the two counters that only count up. */
#include <string.h>

#include "session.h"

static const struct option options[] = {
        OPTION_CHIP,
        OPTION_CONFIRM,
        OPTION_JSON,
        OPTION_END,
};

struct job {
    bool increment;
    uint8_t id;
};

static int work(struct session *s, void *ctx)
{
    const struct job *job = ctx;
    char what[64];
    uint32_t value = 0;

    (void)snprintf(what, sizeof what, "Counter %u would count one up.",
                   job->id);
    int code = job->increment ? confirm(s, what) : EXIT_DONE;
    if (code != EXIT_DONE) {
        return code;
    }
    int err = hd_chip_counter(&s->chip, job->id, job->increment, &value);
    if (err) {
        return chip_failed(s, err,
                           "the counter is at its limit (2097151, or the "
                           "CountMatch value), or the configuration is not "
                           "locked yet",
                           "Counter %u", job->id);
    }
    put(s->call, "counter", json_integer(job->id));
    put(s->call, "value", json_integer(value));
    say(s->call, "%lu\n", (unsigned long)value);
    return EXIT_DONE;
}

static int run(struct call *c)
{
    unsigned long id = 0;
    struct job job = {.increment = strcmp(c->args[0], "increment") == 0};

    if (!job.increment && strcmp(c->args[0], "read") != 0) {
        return fail_usage(c, "'%s' is neither read nor increment", c->args[0]);
    }
    int code = parse_number_arg(c, "counter", c->args[1], 0, 1, &id);
    job.id = (uint8_t)id;
    return code == EXIT_DONE ? with_chip(c, work, &job) : code;
}

const struct verb verb_chip_counter = {
        .group = "chip",
        .name = "counter",
        .args = "read|increment N",
        .least_args = 2,
        .most_args = 2,
        .summary = "read a monotonic counter (0 or 1), or count it up",
        .about = "Counters never go back, so increment needs the chip's "
                 "serial number typed back.",
        .options = options,
        .run = run,
};
