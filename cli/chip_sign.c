/* SPDX-License-Identifier: Apache-2.0 */
/* half chip sign: ECDSA P-256 over a file or a digest. */
#include "pk.h"
#include "session.h"

static const struct option options[] = {
        OPTION_CHIP,
        OPTION_SLOT,
        OPTION_DIGEST,
        OPTION_HASH,
        {"format", 0, "hex|raw|der",
         "R and S in hex (the default) or raw, or "
         "DER, which OpenSSL reads"},
        OPTION_OUTPUT,
        OPTION_AUTHORISE,
        OPTION_JSON,
        OPTION_END,
};

struct job {
    uint16_t slot;
    struct message message;
};

static int work(struct session *s, void *ctx)
{
    struct job *job = ctx;
    uint8_t sig[64];
    int code = message_digest(s, &job->message);

    if (code != EXIT_DONE) {
        return code;
    }
    int err = hd_chip_sign(&s->chip, job->slot, job->message.digest, sig);
    if (err) {
        return chip_failed(s, err,
                           "the slot must hold a private key that may sign "
                           "(SlotConfig bit 0), and what its configuration "
                           "asks for (authorisation, latch, uses left) must "
                           "be met; see `half chip info`",
                           "Sign with slot %u", job->slot);
    }
    put(s->call, "slot", json_integer(job->slot));
    return write_signature(s->call, sig, option_text(s->call, "format", "hex"));
}

static int job_from_options(struct call *c, void *ctx)
{
    struct job *job = ctx;
    int code = option_slot(c, &job->slot);

    return code == EXIT_DONE ? message_from_options(c, &job->message) : code;
}

static int run(struct call *c)
{
    struct job job = {0};

    return with_job(c, job_from_options, work, &job, sizeof job);
}

const struct verb verb_chip_sign = {
        .group = "chip",
        .name = "sign",
        .args = "[FILE|-]",
        .most_args = 1,
        .summary = "sign a file with a private key of the chip",
        .about = "ECDSA P-256 over SHA-256. With --format der, `openssl dgst "
                 "-sha256 -verify PUB.pem -signature SIG FILE` checks it.",
        .options = options,
        .run = run,
};
