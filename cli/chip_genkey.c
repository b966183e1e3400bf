/* SPDX-License-Identifier: Apache-2.0 */
/* half chip genkey: a new private key, born in the chip. */
#include "pk.h"
#include "session.h"

static const struct option options[] = {
        OPTION_CHIP,   OPTION_SLOT, OPTION_CONFIRM,   OPTION_FORMAT_KEY,
        OPTION_OUTPUT, OPTION_JSON, OPTION_AUTHORISE, OPTION_END,
};

static int work(struct session *s, void *ctx)
{
    uint16_t slot = *(uint16_t *)ctx;
    uint8_t pub[64];
    char what[96];

    (void)snprintf(what, sizeof what,
                   "The private key in slot %u would be replaced for ever.",
                   slot);
    int code = confirm(s, what);
    if (code != EXIT_DONE) {
        return code;
    }
    int err = hd_chip_genkey(&s->chip, slot, pub);
    if (err) {
        return chip_failed(s, err,
                           "the configuration must be locked, the slot be "
                           "configured for a P-256 private key, and, once "
                           "the data zone is locked, allow GenKey "
                           "(SlotConfig bit 13); see `half chip info`",
                           "GenKey in slot %u", slot);
    }
    put(s->call, "slot", json_integer(slot));
    return write_public_key(s->call, pub,
                            option_text(s->call, "format", "pem"));
}

static int run(struct call *c)
{
    uint16_t slot = 0;
    int code = option_slot(c, &slot);

    return code == EXIT_DONE ? with_chip(c, work, &slot) : code;
}

const struct verb verb_chip_genkey = {
        .group = "chip",
        .name = "genkey",
        .summary = "make a new private key in a slot, print its public key",
        .about = "The private key never leaves the chip. The one that the "
                 "slot held before is gone for ever, so the chip's serial "
                 "number must be typed back.",
        .options = options,
        .run = run,
};
