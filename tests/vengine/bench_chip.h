/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chip on a bench: one virtual chip on one bus, and what a test does to it
 * in one line. Groups are built here, with a checksum of our own written out
 * bit by bit from the description, so that a wrong checksum in vchip shows.
 */
#ifndef TESTS_BENCH_CHIP_H
#define TESTS_BENCH_CHIP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "halfdollar/err.h"
#include "halfdollar/vchip.h"

#define MS 1000000ull
#define US 1000ull

struct bench {
    struct hd_vchip chip;
    struct hd_vbus bus;
    uint8_t reply[256];
};

static inline uint16_t bench_crc(const uint8_t *data, size_t len)
{
    uint16_t crc = 0;

    for (size_t i = 0; i < 8 * len; i++) {
        const unsigned bit = (unsigned)data[i / 8] >> i % 8 & 1u;
        const unsigned top = crc >> 15;

        crc = (uint16_t)(crc << 1);
        if (top != bit) {
            crc ^= 0x8005;
        }
    }
    return crc;
}

static inline void bench_start(struct bench *b, const char *variant)
{
    static const uint8_t seed[32] = {'b', 'e', 'n', 'c', 'h'};

    assert_int_equal(hd_vchip_init(&b->chip, hd_vchip_variant(variant), seed),
                     HD_OK);
    hd_vbus_init(&b->bus, 400000);
    assert_int_equal(hd_vbus_attach(&b->bus, &b->chip), HD_OK);
}

static inline void bench_wake(struct bench *b)
{
    assert_int_equal(hd_vbus_wake(&b->bus), HD_OK);
    hd_vbus_advance(&b->bus, 1500 * US);
}

/* Builds word address and group; returns the length of both. */
static inline size_t bench_group(uint8_t *out, uint8_t op, uint8_t p1,
                                 uint16_t p2, const void *data, size_t len)
{
    uint16_t crc;

    out[0] = 0x03;
    out[1] = (uint8_t)(len + 7);
    out[2] = op;
    out[3] = p1;
    out[4] = (uint8_t)p2;
    out[5] = (uint8_t)(p2 >> 8);
    if (len > 0) {
        memcpy(out + 6, data, len);
    }
    crc = bench_crc(out + 1, len + 5);
    out[len + 6] = (uint8_t)crc;
    out[len + 7] = (uint8_t)(crc >> 8);
    return len + 8;
}

static inline int bench_send(struct bench *b, uint8_t op, uint8_t p1,
                             uint16_t p2, const void *data, size_t len)
{
    uint8_t bytes[256];
    const size_t n = bench_group(bytes, op, p1, p2, data, len);

    return hd_vbus_write(&b->bus, b->chip.addr7, bytes, n, NULL);
}

static inline int bench_word(struct bench *b, uint8_t word)
{
    return hd_vbus_write(&b->bus, b->chip.addr7, &word, 1, NULL);
}

/* Sends, waits until it is done, reads; returns the count byte. The answer's
 * checksum is asserted. */
static inline size_t bench_run(struct bench *b, uint8_t op, uint8_t p1,
                               uint16_t p2, const void *data, size_t len)
{
    size_t count;

    assert_int_equal(bench_send(b, op, p1, p2, data, len), HD_OK);
    while (b->chip.state == HD_V_BUSY) {
        hd_vbus_advance(&b->bus, 100 * US);
    }
    assert_int_equal(hd_vbus_read(&b->bus, b->chip.addr7, b->reply, 160),
                     HD_OK);
    count = b->reply[0];
    assert_in_range(count, 4, 155);
    assert_int_equal(bench_crc(b->reply, count - 2),
                     b->reply[count - 2] | b->reply[count - 1] << 8);
    return count;
}

/* Runs a command that answers with one status byte, and returns that. */
static inline uint8_t bench_status(struct bench *b, uint8_t op, uint8_t p1,
                                   uint16_t p2, const void *data, size_t len)
{
    assert_int_equal(bench_run(b, op, p1, p2, data, len), 4);
    return b->reply[1];
}

static inline void assert_wake_answer(struct bench *b)
{
    static const uint8_t wake[4] = {0x04, 0x11, 0x33, 0x43};
    uint8_t got[4];

    assert_int_equal(hd_vbus_read(&b->bus, b->chip.addr7, got, 4), HD_OK);
    assert_memory_equal(got, wake, 4);
}

#endif
