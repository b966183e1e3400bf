/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two monotonic counters: their encoding in eight configuration bytes
 * (docs/chip part 1, 7.5) and their limits (7.4, 10.4).
 */
#include "choices.h"
#include "rules.h"

#define COUNTER_MAX 2097151

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static void put_be16(uint8_t *p, unsigned value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static unsigned zero_bits(uint16_t word)
{
    unsigned zeros = 16;

    for (; word != 0; word = (uint16_t)(word & (word - 1))) {
        zeros--;
    }
    return zeros;
}

/*
 * At rest one of the two linear words is never zero. Both are while the
 * binary words change (see write_counter); one of those may then be torn, and
 * the larger reading is the one that never goes back.
 */
uint32_t counter_value(const struct hd_vchip *v, unsigned id)
{
    const uint8_t *p = v->ee + CFG_COUNTER + 8 * id;
    uint32_t bin_a = be16(p + 4), bin_b = be16(p + 6);

    if (be16(p) == 0 && be16(p + 2) == 0) {
        uint32_t by_a = 32 * bin_a + 16, by_b = 32 * bin_b + 32;

        return by_a > by_b ? by_a : by_b;
    }
    return 16 * bin_a + 16 * bin_b + zero_bits(be16(p)) +
           zero_bits(be16(p + 2));
}

static unsigned ones_after(uint32_t shift)
{
    return shift >= 16 ? 0 : 0xFFFFU >> shift;
}

static void encode(uint32_t n, uint8_t out[8])
{
    put_be16(out, ones_after(n % 32));
    put_be16(out + 2, n < 16 ? 0xFFFF : ones_after((n - 16) % 32));
    put_be16(out + 4, n / 32);
    put_be16(out + 6, n < 16 ? 0 : (n - 16) / 32);
}

/*
 * Power may fail anywhere in here and tear a word bit by bit; the counter may
 * then have moved too far, never back (docs/chip part 1, 10.4). So linear
 * bits are only cleared until the binary words are new, then set again.
 */
static uint8_t write_counter(struct hd_vchip *v, unsigned id, uint32_t n)
{
    size_t at = CFG_COUNTER + 8 * id;
    uint8_t bytes[8], cleared[4];

    encode(n, bytes);
    if (memcmp(v->ee + at + 4, bytes + 4, 4) != 0) {
        for (size_t i = 0; i < 4; i++) {
            cleared[i] = v->ee[at + i] & bytes[i];
        }
        TRY(store(v, at, cleared, 4));
        TRY(store(v, at + 4, bytes + 4, 4));
    }
    return store(v, at, bytes, 4);
}

static uint32_t le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

/* CountMatch (608): the limit stands twice at the head of a slot. The first
 * copy decides: the vendor's device tests keep a certificate in that slot and
 * still use limited keys. */
static uint8_t ask_count_match(struct hd_vchip *v)
{
    uint8_t match = v->ee[CFG_COUNT_MATCH];
    unsigned slot = match >> 4;
    const uint8_t *limit = slot_bytes(v, slot);

    if (!is_608(v) || (match & 1) == 0) {
        return ST_OK;
    }
    if (counter_value(v, 0) < le32(limit)) {
        return ST_OK;
    }
    return refuse_bits(v, HD_WHY_USES_MATCH, (int)slot, CFG_COUNT_MATCH,
                       0x00F1);
}

uint8_t counter_step(struct hd_vchip *v, unsigned id, int slot)
{
    uint32_t now = counter_value(v, id);

    if (now >= COUNTER_MAX && slot >= 0) {
        return refuse_slot_config(v, HD_WHY_USES_ENDED, (unsigned)slot,
                                  SC_LIMITED);
    }
    if (now >= COUNTER_MAX) {
        return refuse(v, HD_WHY_COUNTER_END, -1);
    }
    if (id == 0) {
        TRY(ask_count_match(v));
    }
    return write_counter(v, id, now + 1);
}
