/* SPDX-License-Identifier: Apache-2.0 */
/* half chip verify: lets the chip check a signature. */
#include "pk.h"
#include "session.h"

static const struct option options[] = {
        OPTION_CHIP,
        {"signature", 's', "FILE",
         "the signature: DER, or R and S raw or "
         "hex"},
        {"pubkey", 0, "FILE", "public key: PEM, DER, or X and Y raw or hex"},
        {"slot", 0, "N", "use the public key stored in this slot"},
        OPTION_IO_KEY,
        OPTION_DIGEST,
        OPTION_HASH,
        OPTION_JSON,
        OPTION_END,
};

struct job {
    bool stored, proven;
    uint16_t slot;
    uint8_t pub[64], sig[64], io_key[32];
    struct message message;
};

static int verify(struct session *s, const struct job *job)
{
    const uint8_t *digest = job->message.digest;

    if (job->proven) {
        return hd_chip_verify_mac(&s->chip, digest, job->sig,
                                  job->stored ? NULL : job->pub, job->slot,
                                  job->io_key);
    }
    if (job->stored) {
        return hd_chip_verify_stored(&s->chip, job->slot, digest, job->sig);
    }
    return hd_chip_verify(&s->chip, digest, job->sig, job->pub);
}

static int work(struct session *s, void *ctx)
{
    struct job *job = ctx;
    int code = message_digest(s, &job->message);

    if (code != EXIT_DONE) {
        return code;
    }
    int err = verify(s, job);
    put(s->call, "valid", json_boolean(err == HD_OK));
    put(s->call, "proven", json_boolean(err == HD_OK && job->proven));
    if (err == HD_ERR_MISMATCH) {
        return refuse(s->call, "the signature is NOT valid");
    }
    if (err) {
        return chip_failed(s, err,
                           "a stored key must be a P-256 public key (and "
                           "validated, if its configuration asks for that); "
                           "--io-key needs ChipOptions bit 1",
                           "Verify");
    }
    say(s->call, "valid%s\n",
        job->proven ? ", proven by the IO protection key" : "");
    return EXIT_DONE;
}

static int key_from_options(struct call *c, struct job *job)
{
    const char *path = option_text(c, "pubkey", NULL);

    job->stored = option_given(c, "slot");
    if (job->stored == (path != NULL)) {
        return fail_usage(c, "whose signature? Give --pubkey FILE or --slot N "
                             "(one of them)");
    }
    return path ? read_public_key(c, path, job->pub)
                : option_slot(c, &job->slot);
}

static int job_from_options(struct call *c, void *ctx)
{
    struct job *job = ctx;
    int code = option_needed(c, "signature");

    if (code == EXIT_DONE) {
        code = key_from_options(c, job);
    }
    if (code == EXIT_DONE) {
        code = read_signature(c, option_text(c, "signature", ""), job->sig);
    }
    if (code == EXIT_DONE) {
        code = option_secret(c, "io-key", job->io_key, sizeof job->io_key,
                             &job->proven);
    }
    return code == EXIT_DONE ? message_from_options(c, &job->message) : code;
}

static int run(struct call *c)
{
    struct job job = {0};

    return with_job(c, job_from_options, work, &job, sizeof job);
}

const struct verb verb_chip_verify = {
        .group = "chip",
        .name = "verify",
        .args = "[FILE|-]",
        .most_args = 1,
        .summary = "let the chip check a signature over a file",
        .about = "Exit code 0: valid, 1: not valid. Without --io-key somebody "
                 "on the bus could change the verdict; with it (608) the chip "
                 "proves its answer.",
        .options = options,
        .run = run,
};
