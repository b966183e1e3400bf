/* SPDX-License-Identifier: Apache-2.0 */
/* half chip hmac: HMAC-SHA-256 of a file with a key in a slot. */
#include "session.h"

static const struct option options[] = {
        OPTION_CHIP, OPTION_SLOT,      OPTION_FORMAT_BYTES, OPTION_OUTPUT,
        OPTION_JSON, OPTION_AUTHORISE, OPTION_END,
};

struct job {
    uint16_t slot;
    const char *path;
};

static int work(struct session *s, void *ctx)
{
    const struct job *job = ctx;
    uint8_t mac[32];
    int code = chip_hash_file(s, job->path, job->slot, mac);

    if (code != EXIT_DONE) {
        return code;
    }
    put(s->call, "slot", json_integer(job->slot));
    const struct output o = {.key = "hmac",
                             .bytes = mac,
                             .len = sizeof mac,
                             .format = option_text(s->call, "format", "hex")};
    return write_output(s->call, &o);
}

static int run(struct call *c)
{
    struct job job = {.path = c->args[0]};
    int code = option_slot(c, &job.slot);

    return code == EXIT_DONE ? with_chip(c, work, &job) : code;
}

const struct verb verb_chip_hmac = {
        .group = "chip",
        .name = "hmac",
        .args = "FILE|-",
        .least_args = 1,
        .most_args = 1,
        .summary = "HMAC-SHA-256 of a file with a key of the chip",
        .options = options,
        .run = run,
};
