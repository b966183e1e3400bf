/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chip under attack. Its slots are filled as a careful owner would fill
 * them: private keys, secrets and public keys of which the attacker knows
 * nothing, a validated key that is valid, a use limit that is not reached.
 * The same configuration always gives the same chip, so that traces can be
 * played again.
 *
 * This is the only file that looks into the virtual chip's memory instead of
 * asking it: to fill it, and to judge afterwards what really happened.
 */
#include <stdio.h>

#include "inner.h"

#include "halfdollar/bus.h"
#include "halfdollar/err.h"

#define DATA_AT (HD_V_CONFIG_BYTES + HD_V_OTP_BYTES)
#define LIMIT   32 /* CountMatch: so many uses */

size_t slot_length(unsigned slot)
{
    return slot < 8 ? 36 : slot == 8 ? 416 : 72;
}

size_t slot_place(unsigned slot)
{
    if (slot <= 8) {
        return DATA_AT + 36 * slot;
    }
    return DATA_AT + 8 * 36 + 416 + 72 * (slot - 9);
}

unsigned field_of(const uint8_t *config, unsigned byte, uint16_t mask)
{
    unsigned word = config[byte] | (unsigned)config[byte + 1] << 8;
    unsigned low = mask & (~(unsigned)mask + 1U);

    return (word & mask) / low;
}

static unsigned key_type(const uint8_t *config, unsigned slot)
{
    return field_of(config, 96 + 2 * slot, 0x001C);
}

bool holds_private(const uint8_t *config, unsigned slot)
{
    return field_of(config, 96 + 2 * slot, 0x0001) != 0;
}

bool holds_public(const uint8_t *config, unsigned slot)
{
    return slot >= 8 && !holds_private(config, slot) &&
           key_type(config, slot) == 4;
}

bool needs_validation(const uint8_t *config, unsigned slot)
{
    return holds_public(config, slot) &&
           field_of(config, 96 + 2 * slot, 0x0002) != 0;
}

void stored_form(const uint8_t xy[64], uint8_t out[72])
{
    memset(out, 0, 72);
    memcpy(out + 4, xy, 32);
    memcpy(out + 40, xy + 32, 32);
}

/* ---------------------------------------------------------------- filling */

static void secret_bytes(unsigned slot, bool other, uint8_t *out, size_t len)
{
    uint8_t digest[32];
    char seed[48];

    for (size_t at = 0; at < len; at += 32) {
        size_t n = len - at < 32 ? len - at : 32;

        (void)snprintf(seed, sizeof seed, "victim %u %zu %d", slot, at, other);
        a_sha256(seed, strlen(seed), digest);
        memcpy(out + at, digest, n);
    }
}

static void fill_slot(const uint8_t *config, unsigned slot, bool other,
                      uint8_t *out)
{
    uint8_t d[32], xy[64];

    secret_bytes(slot, other, out, slot_length(slot));
    if (holds_private(config, slot)) {
        memset(out, 0, 4);
        out[4] &= 0x7F; /* below the curve's order */
        return;
    }
    if (holds_public(config, slot)) {
        a_key(100 + slot + (other ? 16 : 0), d, xy);
        stored_form(xy, out);
        out[0] = needs_validation(config, slot) ? 0x50 : 0;
    }
}

static void fill(struct hd_vchip *chip, int other)
{
    const uint8_t *config = chip->ee;

    for (unsigned slot = 0; slot < SLOTS; slot++) {
        fill_slot(config, slot, (int)slot == other,
                  chip->ee + slot_place(slot));
    }
    if (chip->model != HD_VMODEL_508A && (config[18] & 1) != 0) {
        uint8_t *limit = chip->ee + slot_place(config[18] >> 4);
        const uint8_t twice[8] = {LIMIT, 0, 0, 0, LIMIT, 0, 0, 0};

        memcpy(limit, twice, sizeof twice);
    }
}

int victim_with(const uint8_t *config, uint8_t model, bool locked, int other,
                struct hd_vchip *chip)
{
    static const uint8_t seed[32] = "halfdollar attack";
    const struct hd_variant variant = {
            .name = "victim", .about = "", .model = model, .config = config};
    int err = hd_vchip_init(chip, &variant, seed);

    if (err != HD_OK) {
        return err;
    }
    memcpy(chip->ee, config, HD_V_CONFIG_BYTES);
    if (locked) {
        chip->ee[86] = 0;
        chip->ee[87] = 0;
    }
    fill(chip, other);
    chip->speed = HD_V_INSTANT;
    hd_vchip_power(chip, false); /* takes the address over again */
    hd_vchip_power(chip, true);
    return HD_OK;
}

int hd_attack_victim(const uint8_t config[HD_V_CONFIG_BYTES], uint8_t model,
                     bool locked, struct hd_vchip *chip)
{
    return victim_with(config, model, locked, -1, chip);
}

/* ------------------------------------------------------------------ wires */

void link_up(struct link *l)
{
    hd_vbus_init(&l->bus, 1000000);
    (void)hd_vbus_attach(&l->bus, &l->chip);
    l->port = l->chip.swi ? &hd_sim_swi_bus : &hd_sim_bus;
    l->sim.bus = &l->bus;
    link_wake(l);
}

static void send_word(struct link *l, uint8_t word)
{
    l->sim.addr7 = l->chip.addr7; /* may have become another one */
    (void)l->port->send(&l->sim, word, NULL, 0);
}

void link_idle(struct link *l)
{
    send_word(l, HD_WORD_IDLE);
}

void link_sleep(struct link *l)
{
    send_word(l, HD_WORD_SLEEP);
}

void link_wake(struct link *l)
{
    link_idle(l);
    (void)l->port->wake(&l->sim);
    hd_vbus_advance(&l->bus, 21 * 1000000);
}

bool link_send_awake(struct link *l, const uint8_t *group, size_t len)
{
    uint8_t head[HD_V_GROUP_MAX];

    l->len = 0;
    l->sim.addr7 = l->chip.addr7;
    if (l->port->send(&l->sim, HD_WORD_COMMAND, group, len) != HD_OK ||
        l->port->recv(&l->sim, head, sizeof head) != HD_OK || head[0] < 4 ||
        head[0] > HD_V_GROUP_MAX) {
        return false;
    }
    l->len = head[0] - 3U;
    memcpy(l->answer, head + 1, l->len);
    return hd_vchip_refusal(&l->chip)->why == HD_WHY_NONE;
}

/* True if the chip carried the command out. */
bool link_send(struct link *l, const uint8_t *group, size_t len)
{
    link_wake(l); /* every command gets the whole watchdog time */
    return link_send_awake(l, group, len);
}
