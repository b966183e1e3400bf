/* SPDX-License-Identifier: Apache-2.0 */
/* half chip mac: the MAC command, a digest over a slot's key and a challenge.
 */
#include "session.h"

static const struct option options[] = {
        OPTION_CHIP,
        OPTION_SLOT,
        {"challenge", 0, "HEX", "32 bytes"},
        {"with-serial", 0, NULL, "put the serial number into the digest"},
        OPTION_FORMAT_BYTES,
        OPTION_OUTPUT,
        OPTION_JSON,
        OPTION_END,
};

struct job {
    uint16_t slot;
    uint8_t mode;
    uint8_t challenge[32];
};

static int work(struct session *s, void *ctx)
{
    const struct job *job = ctx;
    uint8_t mac[32];
    int err = hd_chip_mac(&s->chip, job->mode, job->slot, job->challenge, mac);

    if (err) {
        return chip_failed(s, err,
                           "both zones must be locked, the slot's key be "
                           "allowed for MACs (NoMac = 0) and its other "
                           "conditions met; see `half chip info`",
                           "MAC with slot %u", job->slot);
    }
    put(s->call, "slot", json_integer(job->slot));
    put(s->call, "mode", json_integer(job->mode));
    const struct output o = {.key = "mac",
                             .bytes = mac,
                             .len = sizeof mac,
                             .format = option_text(s->call, "format", "hex")};
    return write_output(s->call, &o);
}

static int run(struct call *c)
{
    struct job job = {.mode = option_given(c, "with-serial") ? 0x40 : 0};
    bool given = false;
    int code = option_slot(c, &job.slot);

    if (code == EXIT_DONE) {
        code = option_needed(c, "challenge");
    }
    if (code == EXIT_DONE) {
        code = option_hex(c, "challenge", job.challenge, 32, &given);
    }
    return code == EXIT_DONE ? with_chip(c, work, &job) : code;
}

const struct verb verb_chip_mac = {
        .group = "chip",
        .name = "mac",
        .summary = "answer a challenge with a key of the chip",
        .about = "SHA-256 over the key, the challenge, the command and parts "
                 "of the serial number (docs/chip part 2, 4.1). Check it "
                 "with `half chip checkmac`.",
        .options = options,
        .run = run,
};
