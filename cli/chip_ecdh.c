/* SPDX-License-Identifier: Apache-2.0 */
/* half chip ecdh: a shared secret from the chip's key and a peer's. */
#include "pk.h"
#include "session.h"

static const struct option options[] = {
        OPTION_CHIP,
        OPTION_SLOT,
        {"peer", 0, "FILE",
         "the peer's public key: PEM, DER, or X and Y raw "
         "or hex"},
        OPTION_IO_KEY,
        OPTION_FORMAT_BYTES,
        {"output", 'o', "FILE",
         "file for the secret (made with mode 600), or "
         "- to show it"},
        OPTION_JSON,
        OPTION_AUTHORISE,
        OPTION_END,
};

struct job {
    uint16_t slot;
    bool encrypted;
    uint8_t peer[64], io_key[32];
};

static int agree(struct session *s, const struct job *job, uint8_t secret[32])
{
    if (job->encrypted) {
        return hd_chip_ecdh_io(&s->chip, job->slot, job->peer, job->io_key,
                               secret);
    }
    return hd_chip_ecdh(&s->chip, job->slot, job->peer, secret);
}

static int work(struct session *s, void *ctx)
{
    const struct job *job = ctx;
    uint8_t secret[32];
    int err = agree(s, job, secret);

    if (err) {
        return chip_failed(s, err,
                           "the slot must hold a private key with ECDH "
                           "allowed (SlotConfig bit 2) and the result allowed "
                           "out (bit 3 = 0); ChipOptions may demand --io-key",
                           "ECDH with slot %u", job->slot);
    }
    put(s->call, "slot", json_integer(job->slot));
    put(s->call, "encrypted_on_bus", json_boolean(job->encrypted));
    const struct output o = {.key = "secret",
                             .bytes = secret,
                             .len = sizeof secret,
                             .secret = true,
                             .format = option_text(s->call, "format", "hex")};
    int code = write_output(s->call, &o);
    hd_wipe(secret, sizeof secret);
    return code;
}

static int job_from_options(struct call *c, void *ctx)
{
    struct job *job = ctx;
    int code = option_slot(c, &job->slot);

    if (code == EXIT_DONE) {
        code = option_needed(c, "peer");
    }
    if (code == EXIT_DONE && !option_given(c, "output")) {
        code = fail_usage(c, "the result is a secret: say where it goes, "
                             "--output FILE, or --output - to show it");
    }
    if (code == EXIT_DONE) {
        code = read_public_key(c, option_text(c, "peer", ""), job->peer);
    }
    return code == EXIT_DONE
                   ? option_secret(c, "io-key", job->io_key, sizeof job->io_key,
                                   &job->encrypted)
                   : code;
}

static int run(struct call *c)
{
    struct job job = {0};

    return with_job(c, job_from_options, work, &job, sizeof job);
}

const struct verb verb_chip_ecdh = {
        .group = "chip",
        .name = "ecdh",
        .summary = "agree on a shared secret with a peer's public key",
        .about = "The secret is the X coordinate of the shared point, 32 "
                 "bytes, as `openssl pkeyutl -derive` gives it. Without "
                 "--io-key it crosses the bus in clear.",
        .options = options,
        .run = run,
};
