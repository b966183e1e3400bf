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
 * One half of the eight bytes speaks, the other is being prepared: while
 * linear word A has a one, A and its binary word, else B and its own. So a
 * step may write the silent half's binary word first, and a power cut there
 * changes nothing.
 */
struct half {
    uint16_t linear;
    uint32_t base; /* of its binary word */
};

static struct half speaking_half(const struct hd_vchip *v, unsigned id)
{
    const uint8_t *p = v->ee + CFG_COUNTER + 8 * id;
    struct half a = {be16(p), 32U * be16(p + 4)};
    struct half b = {be16(p + 2), 32U * be16(p + 6) + 16};

    return a.linear != 0 ? a : b;
}

uint32_t counter_value(const struct hd_vchip *v, unsigned id)
{
    struct half h = speaking_half(v, id);

    return h.base + zero_bits(h.linear);
}

/* One more; or as many as it takes to only clear bits, when a power cut has
 * left the linear word with holes. */
static uint32_t next_value(const struct hd_vchip *v, unsigned id)
{
    struct half h = speaking_half(v, id);
    uint32_t more = zero_bits(h.linear) + 1, covered = 16;

    while (covered > 0 && (h.linear >> (16 - covered) & 1) != 0) {
        covered--;
    }
    more = h.base + (covered > more ? covered : more);
    return more < COUNTER_MAX ? more : COUNTER_MAX;
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

/* The binary words first. Power may fail anywhere and tear a word bit by bit;
 * the counter may then have moved too far by up to 16, never back (docs/chip
 * part 1, 10.4). */
static uint8_t write_counter(struct hd_vchip *v, unsigned id, uint32_t n)
{
    size_t at = CFG_COUNTER + 8 * id;
    uint8_t bytes[8];

    encode(n, bytes);
    if (memcmp(v->ee + at + 4, bytes + 4, 4) != 0) {
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
    bool damaged =
            CHOICE_COUNT_MATCH_NEEDS_BOTH && memcmp(limit, limit + 4, 4) != 0;

    if (!is_608(v) || (match & 1) == 0) {
        return ST_OK;
    }
    if (!damaged && counter_value(v, 0) < le32(limit)) {
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
    return write_counter(v, id, next_value(v, id));
}
