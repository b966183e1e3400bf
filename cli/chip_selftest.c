/* SPDX-License-Identifier: Apache-2.0 */
/* half chip selftest: the tests that the 608 can run on itself. */
#include <string.h>

#include "session.h"

static const struct option options[] = {
        OPTION_CHIP,
        OPTION_JSON,
        OPTION_END,
};

static const struct {
    const char *name;
    uint8_t bit;
} tests[] = {
        {"rng", 0x01}, {"ecdsa", 0x04}, {"ecdh", 0x08},
        {"aes", 0x10}, {"sha", 0x20},
};

#define COUNT (sizeof tests / sizeof tests[0])

static int work(struct session *s, void *ctx)
{
    uint8_t wanted = *(uint8_t *)ctx;
    uint8_t failed = 0;
    int err = hd_chip_selftest(&s->chip, wanted, &failed);
    json_t *results = json_object();

    if (err) {
        json_decref(results);
        return chip_failed(s, err, "only the 608 can test itself", "SelfTest");
    }
    for (size_t i = 0; i < COUNT; i++) {
        bool passed = !(failed & tests[i].bit);
        if (wanted & tests[i].bit) {
            say(s->call, "%-6s %s\n", tests[i].name,
                passed ? "passed" : "FAILED");
            (void)json_object_set_new(results, tests[i].name,
                                      json_boolean(passed));
        }
    }
    put(s->call, "tests", results);
    return failed & wanted ? refuse(s->call, "the chip failed its self test; "
                                             "do not use it")
                           : EXIT_DONE;
}

static int add_test(struct call *c, const char *name, uint8_t *wanted)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (strcmp(name, tests[i].name) == 0) {
            *wanted |= tests[i].bit;
            return EXIT_DONE;
        }
    }
    return fail_usage(c,
                      "there is no test '%s'; there are rng, ecdsa, ecdh, "
                      "aes and sha",
                      name);
}

static int run(struct call *c)
{
    uint8_t wanted = 0;

    for (unsigned i = 0; i < c->count; i++) {
        int code = add_test(c, c->args[i], &wanted);
        if (code != EXIT_DONE) {
            return code;
        }
    }
    for (size_t i = 0; !c->count && i < COUNT; i++) {
        wanted |= tests[i].bit;
    }
    return with_chip(c, work, &wanted);
}

const struct verb verb_chip_selftest = {
        .group = "chip",
        .name = "selftest",
        .args = "[rng] [ecdsa] [ecdh] [aes] [sha]",
        .most_args = 5,
        .summary = "let the chip test itself (608); without names: all",
        .options = options,
        .run = run,
};
