/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a chip said no. Silicon answers with one status byte; which bit of its
 * configuration forbids what was asked stands in rules that are written once,
 * in vchip. So the same question goes to a virtual chip that has the same
 * configuration and locks (and keys of its own).
 */
#include "internal.h"

#include <string.h>

#include <openssl/crypto.h>

#include "halfdollar/chip.h"
#include "halfdollar/port_sim.h"
#include "halfdollar/vchip.h"

#define LOCK_BYTES 86 /* and 87: data zone, configuration zone */

struct rehearsal {
    struct hd_vchip vchip;
    struct hd_vbus bus;
    struct hd_sim sim;
    struct hd_chip chip;
    uint8_t out[HD_CONFIG_BYTES];
};

static int twin(struct rehearsal *r, const uint8_t config[HD_CONFIG_BYTES])
{
    const uint8_t seed[32] = {0}; /* nothing here is secret */
    const struct hd_variant variant = {
            .model = config[6] == 0x50  ? HD_VMODEL_508A
                     : config[7] < 0x03 ? HD_VMODEL_608A
                                        : HD_VMODEL_608B,
            .config = config,
            .data_locked = true, /* gives birth to its keys */
    };
    int err = hd_vchip_init(&r->vchip, &variant, seed);

    if (err != HD_OK) {
        return err;
    }
    memcpy(r->vchip.ee + LOCK_BYTES, config + LOCK_BYTES, 2);
    hd_vbus_init(&r->bus, 1000000);
    err = hd_vbus_attach(&r->bus, &r->vchip);
    r->sim = (struct hd_sim){&r->bus, r->vchip.addr7};
    return err != HD_OK ? err
                        : hd_chip_open(&r->chip, &hd_sim_bus, &r->sim, NULL);
}

bool hdp_explain(const uint8_t config[HD_CONFIG_BYTES],
                 const struct hdp_question *q, char *why, size_t size)
{
    struct rehearsal *r = OPENSSL_zalloc(sizeof(*r));
    struct hdp_question again = *q;
    bool refused = false;

    if (r == NULL) {
        return false;
    }
    again.out = r->out;
    if (twin(r, config) == HD_OK) {
        refused = hd_err_is_refusal(again.ask(&r->chip, &again));
        if (refused) {
            hd_refusal_text(hd_vchip_refusal(&r->vchip), why, size);
        }
        hd_chip_close(&r->chip);
    }
    hd_vchip_free(&r->vchip);
    OPENSSL_clear_free(r, sizeof(*r));
    return refused;
}
