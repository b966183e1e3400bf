/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What both vchip fuzzers do with their bytes: play them as a story on a bus,
 * and watch that no key ever comes out of it.
 *
 * A story is a list of steps: one byte says what, the next ones its details.
 * Commands are given their checksum here, or nothing behind it would be seen.
 */
#ifndef FUZZ_VCHIP_PLAY_H
#define FUZZ_VCHIP_PLAY_H

#include <stdlib.h>

#include "internal.h"

struct story {
    const uint8_t *at, *end;
};

static inline uint8_t next(struct story *s)
{
    return s->at < s->end ? *s->at++ : 0;
}

/* The next n bytes of the story, zeros past its end. */
static inline void take(struct story *s, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = next(s);
    }
}

static inline bool contains(const uint8_t *text, size_t len,
                            const uint8_t *part, size_t n)
{
    for (size_t i = 0; i + n <= len; i++) {
        if (memcmp(text + i, part, n) == 0) {
            return true;
        }
    }
    return false;
}

/* A private key in an answer ends the run, but for one that the story itself
 * wrote (it is short of random bytes then) or that is a constant. */
static inline void check_answer(struct hd_vchip *v, const uint8_t *answer,
                                size_t len)
{
    for (unsigned slot = 0; slot < 16; slot++) {
        const uint8_t *d = slot_bytes(v, slot) + 4;
        unsigned seen[256] = {0}, distinct = 0;

        for (size_t i = 0; i < 32; i++) {
            distinct += seen[d[i]]++ == 0;
        }
        if (slot_is_private(v, slot) && distinct > 16 &&
            contains(answer, len, d, 32)) {
            abort();
        }
    }
}

static inline void play_command(struct hd_vbus *bus, struct story *s)
{
    uint8_t bytes[160] = {0x03};
    const size_t len = next(s) % 145u;
    uint16_t crc;

    bytes[1] = (uint8_t)(len + 7);
    take(s, bytes + 2, len + 4);
    crc = v_crc(bytes + 1, len + 5);
    bytes[len + 6] = (uint8_t)crc;
    bytes[len + 7] = (uint8_t)(crc >> 8);
    (void)hd_vbus_write(bus, bus->chips[0]->addr7, bytes, len + 8, NULL);
    hd_vbus_advance(bus, 700u * 1000000u / 8);
}

static inline void play_write(struct hd_vbus *bus, struct story *s)
{
    uint8_t bytes[256];
    const size_t len = next(s);
    const uint8_t addr7 =
            next(s) % 4 == 0 ? next(s) & 0x7F : bus->chips[0]->addr7;

    take(s, bytes, len);
    (void)hd_vbus_write(bus, addr7, bytes, len, NULL);
}

static inline void play_read(struct hd_vbus *bus, struct story *s)
{
    uint8_t answer[256];
    const size_t len = next(s);

    if (hd_vbus_read(bus, bus->chips[0]->addr7, answer, len) == HD_OK) {
        check_answer(bus->chips[0], answer, len);
    }
}

static inline void play_wake(struct hd_vbus *bus, struct story *s)
{
    (void)s;
    (void)hd_vbus_wake(bus);
    hd_vbus_advance(bus, 20 * 1000000u);
}

static inline void play_wait(struct hd_vbus *bus, struct story *s)
{
    hd_vbus_advance(bus, next(s) * 10000000ull);
}

static inline void play_power(struct hd_vbus *bus, struct story *s)
{
    hd_vchip_power(bus->chips[0], (next(s) & 1) != 0);
}

static inline void play_fault(struct hd_vbus *bus, struct story *s)
{
    char text[64];
    struct hd_fault f;

    take(s, (uint8_t *)text, sizeof text - 1);
    text[sizeof text - 1] = '\0';
    if (hd_fault_parse(text, &f, NULL) == HD_OK) {
        (void)hd_vchip_fault(bus->chips[0], &f);
    }
}

static inline void play_char(struct hd_vbus *bus, struct story *s)
{
    static uint8_t chars[8 * HD_V_GROUP_MAX];
    const uint8_t byte = next(s);

    for (unsigned i = 0; i < 8; i++) {
        (void)hd_vbus_swi_char(bus, (byte >> i & 1) != 0 ? 0x7F : 0x7D, chars,
                               sizeof chars);
    }
}

static inline void play(struct hd_vbus *bus, struct story *s)
{
    static void (*const steps[])(struct hd_vbus *, struct story *) = {
            play_command, play_read,  play_command, play_wake,
            play_write,   play_wait,  play_command, play_read,
            play_power,   play_fault, play_char};

    while (s->at < s->end) {
        steps[next(s) % (sizeof steps / sizeof *steps)](bus, s);
    }
}

#endif
