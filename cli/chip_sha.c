/* SPDX-License-Identifier: Apache-2.0 */
/* half chip sha: SHA-256 computed by the chip. */
#include "session.h"

static const struct option options[] = {
        OPTION_CHIP, OPTION_FORMAT_BYTES, OPTION_OUTPUT,
        OPTION_JSON, OPTION_END,
};

static int work(struct session *s, void *ctx)
{
    uint8_t digest[32];
    int code = chip_hash_file(s, ctx, -1, digest);

    if (code != EXIT_DONE) {
        return code;
    }
    const struct output o = {.key = "digest",
                             .bytes = digest,
                             .len = sizeof digest,
                             .format = option_text(s->call, "format", "hex")};
    return write_output(s->call, &o);
}

static int run(struct call *c)
{
    return with_chip(c, work, c->args[0]);
}

const struct verb verb_chip_sha = {
        .group = "chip",
        .name = "sha",
        .args = "FILE|-",
        .least_args = 1,
        .most_args = 1,
        .summary = "SHA-256 of a file, computed by the chip",
        .options = options,
        .run = run,
};
