/* SPDX-License-Identifier: Apache-2.0 */
/* half chip pubkey: the public key of a private key, or one that is stored. */
#include "describe.h"
#include "pk.h"
#include "session.h"

static const struct option options[] = {
        OPTION_CHIP, OPTION_SLOT,      OPTION_FORMAT_KEY, OPTION_OUTPUT,
        OPTION_JSON, OPTION_AUTHORISE, OPTION_END,
};

static int stored(struct session *s, uint16_t slot, uint8_t pub[64])
{
    uint8_t bytes[PK_STORED];
    bool fits = describe_slot_size(slot) >= sizeof bytes;
    int err = fits ? hd_chip_read(&s->chip, HD_ZONE_DATA, slot, 0, bytes,
                                  sizeof bytes)
                   : HD_OK;

    if (err) {
        return chip_failed(s, err,
                           "slots can be read once the data zone is locked, "
                           "if their configuration allows it",
                           "reading slot %u", slot);
    }
    if (!fits || !public_key_stored(bytes, pub)) {
        return refuse(s->call,
                      "slot %u holds neither a private key nor a stored "
                      "public key of curve P-256",
                      slot);
    }
    return EXIT_DONE;
}

static int work(struct session *s, void *ctx)
{
    uint16_t slot = *(uint16_t *)ctx;
    uint8_t config[128];
    uint8_t pub[64];
    int code = read_config(s, config);

    if (code == EXIT_DONE && describe_is_private(config, slot)) {
        int err = hd_chip_pubkey(&s->chip, slot, pub);
        if (err) {
            code = chip_failed(s, err,
                               "the configuration must be locked, a key must "
                               "have been made, and KeyConfig bit 1 (PubInfo) "
                               "must allow it",
                               "public key of slot %u", slot);
        }
    } else if (code == EXIT_DONE) {
        code = stored(s, slot, pub);
    }
    if (code != EXIT_DONE) {
        return code;
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

const struct verb verb_chip_pubkey = {
        .group = "chip",
        .name = "pubkey",
        .summary = "the public key of a slot, private or stored",
        .options = options,
        .run = run,
};
