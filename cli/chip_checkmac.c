/* SPDX-License-Identifier: Apache-2.0 */
/* half chip checkmac: lets the chip check what `half chip mac` answered. */
#include <string.h>

#include "session.h"

static const struct option options[] = {
        OPTION_CHIP,
        OPTION_SLOT,
        {"challenge", 0, "HEX", "the 32 bytes that were asked"},
        {"response", 0, "HEX", "the 32 bytes that were answered"},
        {"key-id", 0, "N", "slot that the other chip used (the same)"},
        {"client-serial", 0, "HEX",
         "the other chip's serial number, if it put that into the digest "
         "(--with-serial)"},
        OPTION_JSON,
        OPTION_END,
};

struct job {
    uint16_t slot;
    uint8_t challenge[32], response[32], other[13];
};

static int work(struct session *s, void *ctx)
{
    const struct job *job = ctx;
    int err = hd_chip_checkmac(&s->chip, 0, job->slot, job->challenge,
                               job->response, job->other);

    put(s->call, "slot", json_integer(job->slot));
    put(s->call, "valid", json_boolean(err == HD_OK));
    if (err == HD_ERR_MISMATCH) {
        return refuse(s->call, "the response is NOT valid");
    }
    if (err) {
        return chip_failed(s, err,
                           "the configuration must be locked and the slot "
                           "hold a key whose conditions are met",
                           "CheckMac with slot %u", job->slot);
    }
    say(s->call, "valid\n");
    return EXIT_DONE;
}

/* What the other chip's MAC command had in its digest: docs/chip part 2,
 * 4.2. */
static int other_data(struct call *c, struct job *job)
{
    unsigned long key_id = job->slot;
    uint8_t serial[9];
    bool given = false;
    int code = option_number(c, "key-id", 0, 0xFFFF, &key_id);

    if (code == EXIT_DONE) {
        code = option_hex(c, "client-serial", serial, sizeof serial, &given);
    }
    job->other[0] = 0x08; /* MAC */
    job->other[1] = given ? 0x40 : 0;
    job->other[2] = (uint8_t)key_id;
    job->other[3] = (uint8_t)(key_id >> 8);
    if (given) {
        memcpy(job->other + 7, serial + 4, 4);
        memcpy(job->other + 11, serial + 2, 2);
    }
    return code;
}

static int job_from_options(struct call *c, void *ctx)
{
    struct job *job = ctx;
    int code = option_slot(c, &job->slot);

    if (code == EXIT_DONE) {
        code = option_hex(c, "challenge", job->challenge, 32, NULL);
    }
    if (code == EXIT_DONE) {
        code = option_hex(c, "response", job->response, 32, NULL);
    }
    return code == EXIT_DONE ? other_data(c, job) : code;
}

static int run(struct call *c)
{
    struct job job = {0};

    return with_job(c, job_from_options, work, &job, sizeof job);
}

const struct verb verb_chip_checkmac = {
        .group = "chip",
        .name = "checkmac",
        .summary = "let the chip check another chip's MAC",
        .about = "Both chips hold the same key. Exit code 0: valid, 1: not.",
        .options = options,
        .run = run,
};
