/* SPDX-License-Identifier: Apache-2.0 */
/* half chip mac: the MAC command, a digest over a slot's key and a challenge.
 */
#include "session.h"

static const struct option options[] = {
        OPTION_CHIP,
        OPTION_SLOT,
        {"challenge", 0, "HEX", "32 bytes; with --fresh 20"},
        {"fresh", 0, NULL,
         "the chip mixes a random number of its own into the challenge "
         "(Nonce), "
         "which is printed: for keys that ask for it (ReqRandom)"},
        {"with-serial", 0, NULL, "put the serial number into the digest"},
        OPTION_FORMAT_BYTES,
        OPTION_OUTPUT,
        OPTION_JSON,
        OPTION_AUTHORISE,
        OPTION_END,
};

#define NUM_IN      20
#define FROM_NONCE  0x01 /* the second half of the message is TempKey */
#define WITH_SERIAL 0x40

struct job {
    uint16_t slot;
    uint8_t mode;
    uint8_t challenge[32];
};

/* TempKey becomes SHA-256 over the random number, the challenge and the
 * command (docs/chip part 2, 2.1), which the host can compute, too. */
static int mac_fresh(struct session *s, const struct job *job,
                     uint8_t random[32], uint8_t mac[32])
{
    int err = hd_chip_hold(&s->chip);

    if (err != HD_OK) {
        return err;
    }
    err = hd_chip_nonce_random(&s->chip, job->challenge, random);
    if (err == HD_OK) {
        err = hd_chip_mac(&s->chip, job->mode, job->slot, NULL, mac);
    }
    (void)hd_chip_release(&s->chip);
    return err;
}

static int work(struct session *s, void *ctx)
{
    const struct job *job = ctx;
    bool fresh = (job->mode & FROM_NONCE) != 0;
    uint8_t mac[32], random[32];
    char hex[65];
    int err = fresh ? mac_fresh(s, job, random, mac)
                    : hd_chip_mac(&s->chip, job->mode, job->slot,
                                  job->challenge, mac);

    if (err) {
        return chip_failed(s, err,
                           "both zones must be locked, the slot's key be "
                           "allowed for MACs (NoMac = 0) and its other "
                           "conditions met; see `half chip info`",
                           "MAC with slot %u", job->slot);
    }
    put(s->call, "slot", json_integer(job->slot));
    put(s->call, "mode", json_integer(job->mode));
    if (fresh) {
        hex_text(random, sizeof random, hex);
        put(s->call, "random", json_string(hex));
        say(s->call, "random %s\nmac    ", hex);
        (void)fflush(stdout);
    }
    const struct output o = {.key = "mac",
                             .bytes = mac,
                             .len = sizeof mac,
                             .format = option_text(s->call, "format", "hex")};
    return write_output(s->call, &o);
}

static int job_from_options(struct call *c, void *ctx)
{
    struct job *job = ctx;
    bool fresh = option_given(c, "fresh");
    int code = option_slot(c, &job->slot);

    job->mode = (uint8_t)((fresh ? FROM_NONCE : 0) |
                          (option_given(c, "with-serial") ? WITH_SERIAL : 0));
    return code == EXIT_DONE ? option_hex(c, "challenge", job->challenge,
                                          fresh ? NUM_IN : 32, NULL)
                             : code;
}

static int run(struct call *c)
{
    struct job job = {0};

    return with_job(c, job_from_options, work, &job, sizeof job);
}

const struct verb verb_chip_mac = {
        .group = "chip",
        .name = "mac",
        .summary = "answer a challenge with a key of the chip",
        .about = "SHA-256 over the key, the challenge, the command and parts "
                 "of the serial number (docs/chip part 2, 4.1). Check it "
                 "with `half chip checkmac`. With --fresh the challenge is "
                 "SHA-256 over the chip's random number, the 20 bytes, and 16 "
                 "00 00 (Nonce).",
        .options = options,
        .run = run,
};
