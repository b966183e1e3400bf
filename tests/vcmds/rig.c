/* SPDX-License-Identifier: Apache-2.0 */
/* One chip on one bus, for the tests of its commands. */
#include "rig.h"

#define US (1000ULL)

/* ------------------------------------------------------------------ bus */

static void word(struct rig *r, uint8_t value)
{
    (void)hd_vbus_write(&r->bus, r->chip.addr7, &value, 1, NULL);
}

static void wake(struct rig *r)
{
    (void)hd_vbus_wake(&r->bus);
    hd_vbus_advance(&r->bus, 20000 * US);
}

void rig_start(struct rig *r, const char *variant, uint8_t seed)
{
    uint8_t bytes[32] = {seed};

    memset(r, 0, sizeof *r);
    assert_int_equal(hd_vchip_init(&r->chip, hd_vchip_variant(variant), bytes),
                     HD_OK);
    r->chip.speed = HD_V_INSTANT;
    hd_vbus_init(&r->bus, 1000000);
    assert_int_equal(hd_vbus_attach(&r->bus, &r->chip), HD_OK);
    wake(r);
}

void rig_start_open(struct rig *r, const char *variant, uint8_t seed)
{
    rig_start(r, variant, seed);
    for (unsigned slot = 0; slot < 16; slot++) {
        poke_slot_config(r, slot, 0);
        poke_key_config(r, slot, 0x001C);
    }
}

void rig_stop(struct rig *r)
{
    hd_vchip_free(&r->chip);
}

void rig_wake(struct rig *r)
{
    word(r, HD_WORD_IDLE);
    wake(r);
}

void rig_reset(struct rig *r)
{
    word(r, HD_WORD_SLEEP);
    wake(r);
}

void rig_power(struct rig *r)
{
    hd_vchip_power(&r->chip, false);
    hd_vchip_power(&r->chip, true);
    hd_vbus_advance(&r->bus, 200 * US);
    wake(r);
}

static size_t build(uint8_t *group, uint8_t op, uint8_t p1, uint16_t p2,
                    const void *data, size_t len)
{
    uint16_t crc;

    group[0] = (uint8_t)(len + 7);
    group[1] = op;
    group[2] = p1;
    group[3] = (uint8_t)p2;
    group[4] = (uint8_t)(p2 >> 8);
    if (len > 0) {
        memcpy(group + 5, data, len);
    }
    crc = test_crc(group, len + 5);
    group[len + 5] = (uint8_t)crc;
    group[len + 6] = (uint8_t)(crc >> 8);
    return len + 7;
}

uint8_t rig_run(struct rig *r, uint8_t op, uint8_t p1, uint16_t p2,
                const void *data, size_t len)
{
    uint8_t out[1 + HD_V_GROUP_MAX] = {HD_WORD_COMMAND};
    uint8_t in[HD_V_GROUP_MAX];
    size_t size = build(out + 1, op, p1, p2, data, len);

    rig_wake(r);
    if (hd_vbus_write(&r->bus, r->chip.addr7, out, size + 1, NULL) != HD_OK) {
        fail_msg("command 0x%02X was not acknowledged", op);
    }
    hd_vbus_advance(&r->bus, US);
    if (hd_vbus_read(&r->bus, r->chip.addr7, in, sizeof in) != HD_OK) {
        r->len = 0; /* Pause leaves nothing */
        return 0;
    }
    assert_in_range(in[0], 4, HD_V_GROUP_MAX);
    assert_int_equal(test_crc(in, in[0] - 2u),
                     in[in[0] - 2] | in[in[0] - 1] << 8);
    r->len = in[0] - 3u;
    memcpy(r->answer, in + 1, r->len);
    return r->len == 1 ? r->answer[0] : 0;
}

void rig_expect(struct rig *r, uint8_t op, uint8_t p1, uint16_t p2,
                const void *data, size_t len, enum hd_why why, const char *file,
                int line)
{
    uint8_t status = rig_run(r, op, p1, p2, data, len);
    const struct hd_refusal *got = hd_vchip_refusal(&r->chip);
    char text[400];

    if (got->why == why && (why != HD_WHY_NONE) == (status != 0)) {
        return;
    }
    hd_refusal_text(got, text, sizeof text);
    print_error("op %02X p1 %02X p2 %04X: wanted %s, status %02X, %s: %s\n", op,
                p1, p2, hd_why_name(why), status,
                hd_why_name((enum hd_why)got->why), text);
    _fail(file, line);
}

/* ----------------------------------------------------------------- bench */

void poke_locks(struct rig *r, int phase)
{
    r->chip.ee[87] = phase >= CONFIG_LOCKED ? 0x00 : 0x55;
    r->chip.ee[86] = phase >= LOCKED ? 0x00 : 0x55;
}

void poke_config16(struct rig *r, unsigned byte, unsigned value)
{
    r->chip.ee[byte] = (uint8_t)value;
    r->chip.ee[byte + 1] = (uint8_t)(value >> 8);
}

void poke_slot_config(struct rig *r, unsigned slot, unsigned value)
{
    poke_config16(r, 20 + 2 * slot, value);
}

void poke_key_config(struct rig *r, unsigned slot, unsigned value)
{
    poke_config16(r, 96 + 2 * slot, value);
}

/* By the sizes of docs/chip part 1, 7.17. */
static size_t slot_at(unsigned slot)
{
    size_t at = 128 + 64;

    for (unsigned i = 0; i < slot; i++) {
        at += i < 8 ? 36 : i == 8 ? 416 : 72;
    }
    return at;
}

void poke_slot(struct rig *r, unsigned slot, size_t offset, const void *data,
               size_t len)
{
    memcpy(r->chip.ee + slot_at(slot) + offset, data, len);
}

void poke_private(struct rig *r, unsigned slot, unsigned n)
{
    uint8_t d[36] = {0}, xy[64];

    test_key(n, d + 4, xy);
    poke_slot_config(r, slot, 0x2087);
    poke_key_config(r, slot, 0x0013);
    poke_slot(r, slot, 0, d, sizeof d);
}

void poke_public(struct rig *r, unsigned slot, const uint8_t xy[64])
{
    static const uint8_t pad[4];

    poke_slot(r, slot, 0, pad, 4);
    poke_slot(r, slot, 4, xy, 32);
    poke_slot(r, slot, 36, pad, 4);
    poke_slot(r, slot, 40, xy + 32, 32);
}

void poke_serial(struct rig *r, const uint8_t sn[9])
{
    memcpy(r->chip.ee, sn, 4);
    memcpy(r->chip.ee + 8, sn + 4, 5);
}

void poke_tempkey(struct rig *r, const void *bytes, size_t len, uint8_t flags)
{
    struct hd_vtempkey *tk = &r->chip.tk;

    memset(tk, 0, sizeof *tk);
    memcpy(tk->bytes, bytes, len);
    tk->valid = true;
    tk->wide = len == 64;
    tk->key_id = flags & 0x0F;
    tk->source_input = (flags & 0x10) != 0;
    tk->gendig_data = (flags & 0x20) != 0;
    tk->genkey_data = (flags & 0x40) != 0;
    tk->no_mac = (flags & 0x80) != 0;
}

void poke_auth(struct rig *r, unsigned slot)
{
    r->chip.auth_valid = true;
    r->chip.auth_key = (uint8_t)slot;
}
