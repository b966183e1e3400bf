/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything a bus may answer into the driver: noise, silence, errors, and
 * well-formed answers that make no sense. Every call must come back, in time
 * it can be held to, and touch nothing but its own buffers.
 */
#include <stdlib.h>
#include <string.h>

#include "halfdollar/chip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct story {
    const uint8_t *at, *end;
    uint32_t now;
};

static uint8_t next(struct story *s)
{
    return s->at < s->end ? *s->at++ : 0;
}

static int outcome(struct story *s, uint8_t what)
{
    s->now += 30;
    return what == 0xF0   ? HD_ERR_NACK
           : what == 0xF1 ? HD_ERR_BUS_STUCK
           : what == 0xF2 ? HD_ERR_PORT
                          : HD_OK;
}

static int f_wake(void *ctx)
{
    return outcome(ctx, next(ctx));
}

static int f_send(void *ctx, uint8_t word, const uint8_t *data, size_t len)
{
    (void)word;
    if (len > 155 || (len && (data[0] != len || len < 7))) {
        abort(); /* never anything but a whole group */
    }
    return outcome(ctx, next(ctx));
}

/* A group with a right checksum around the next bytes of the story. */
static void group(struct story *s, uint8_t *data, size_t len, size_t count)
{
    uint8_t g[256];
    uint16_t crc;

    g[0] = (uint8_t)count;
    for (size_t i = 1; i < count - 2; i++) {
        g[i] = next(s);
    }
    crc = hd_chip_crc(g, count - 2);
    g[count - 2] = (uint8_t)crc;
    g[count - 1] = (uint8_t)(crc >> 8);
    memcpy(data, g, count < len ? count : len);
}

static int f_recv(void *ctx, uint8_t *data, size_t len)
{
    static const uint8_t woken[4] = {4, 0x11, 0x33, 0x43};
    struct story *s = ctx;
    const uint8_t what = next(s);

    memset(data, 0xFF, len);
    if (len < 4 || len > 155) {
        abort();
    }
    if (s->at == s->end) { /* the story is over: nobody answers */
        s->now += 30;
        return HD_ERR_NACK;
    }
    if (what < 0x40) {
        memcpy(data, woken, 4);
    } else if (what < 0x80) { /* what was asked for */
        group(s, data, len, len);
    } else if (what < 0xA0) { /* a status */
        group(s, data, len, 4);
    } else if (what < 0xC0) { /* some other length */
        group(s, data, len, 4U + next(s) % 152U);
    } else if (what < 0xF0) {
        for (size_t i = 0; i < len; i++) {
            data[i] = next(s);
        }
    }
    return outcome(s, what);
}

static uint32_t f_now(void *ctx)
{
    return ((struct story *)ctx)->now;
}

static void f_wait(void *ctx, uint32_t us)
{
    ((struct story *)ctx)->now += us;
}

static const struct hd_bus bus = {f_wake, f_send, f_recv, f_now, f_wait, NULL};

/* Quick and of no worth: what is computed does not matter here. */
static void f_sha256(void *ctx, const hd_bytes *parts, size_t count,
                     uint8_t digest[32])
{
    uint8_t sum[32] = {0};

    (void)ctx;
    while (count--) {
        for (size_t i = 0; i < parts->len; i++) {
            sum[i % 32] ^= parts->ptr[i];
        }
        parts++;
    }
    memcpy(digest, sum, 32);
}

static int f_random(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memset(out, 0x33, len);
    return HD_OK;
}

static const struct hd_crypto crypto = {f_sha256, f_random, NULL};

/* Calls whose buffers vary with what the story says. */
static int call_sized(struct hd_chip *c, struct story *s, uint8_t which)
{
    const size_t len = next(s), offset = next(s);
    const uint8_t slot = next(s) % 18, p1 = next(s), p2 = next(s);
    uint8_t *in = calloc(1, len + 1), *out = malloc(len + 1);
    size_t got = 0;
    int rc = HD_ERR_ARG;

    switch (in && out ? which % 8 : 8) {
    case 0:
        rc = hd_chip_read(c, (enum hd_zone)(p1 % 3), slot, offset, out, len);
        break;
    case 1:
        rc = hd_chip_write(c, (enum hd_zone)(p1 % 3), slot, offset, in, len);
        break;
    case 2:
        rc = hd_chip_read_encrypted(c, slot, offset, out, len, 5, c->id);
        break;
    case 3:
        rc = hd_chip_write_encrypted(c, slot, offset, in, len, 5, c->id);
        break;
    case 4:
        rc = hd_chip_command(c, p1, p2, slot, in, len, out, offset % (len + 1),
                             &got);
        break;
    case 5:
        rc = hd_chip_kdf(c, p1, slot, p2, (uint32_t)offset << 8, in, len, out,
                         len, &got);
        break;
    case 6:
        rc = hd_chip_sha_read_context(c, out, len);
        break;
    case 7:
        rc = hd_chip_gendig(c, p1 % 6, slot, in, len);
        break;
    default:
        break;
    }
    free(in);
    free(out);
    return rc;
}

static int call_fixed(struct hd_chip *c, uint8_t which)
{
    static const uint8_t b[128];
    struct out {
        uint8_t bytes[64];
    } *out = malloc(sizeof *out);
    struct hd_chip_locks locks;
    uint32_t used, limit;
    int rc = HD_ERR_ARG;

    switch (out ? which % 14 : 14) {
    case 0:
        rc = hd_chip_sign(c, 0, b, out->bytes);
        break;
    case 1:
        rc = hd_chip_verify_mac(c, b, b, b, 0, b);
        break;
    case 2:
        rc = hd_chip_genkey(c, 0, out->bytes);
        break;
    case 3:
        rc = hd_chip_ecdh_io(c, 0, b, b, out->bytes);
        break;
    case 4:
        rc = hd_chip_write_config(c, b);
        break;
    case 5:
        rc = hd_chip_privwrite_encrypted(c, 1, b, 5, b);
        break;
    case 6:
        rc = hd_chip_lock_state(c, &locks);
        break;
    case 7:
        rc = hd_chip_use_state(c, 15, &used, &limit);
        break;
    case 8:
        rc = hd_chip_counter(c, 1, true, &used);
        break;
    case 9:
        rc = hd_chip_authorize(c, 5, b);
        break;
    case 10:
        rc = hd_chip_sha256(c, b, sizeof b, out->bytes);
        break;
    case 11:
        rc = hd_chip_secureboot_mac(c, 5, b, b, b);
        break;
    case 12:
        rc = hd_chip_selftest(c, 0x3D, out->bytes);
        break;
    case 13:
        rc = hd_chip_pubkey_digest(c, 0x0C, 0, NULL, out->bytes);
        break;
    default:
        break;
    }
    free(out);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct story s = {data, data + size, 0};
    struct hd_chip c;
    int rc = hd_chip_open(&c, &bus, &s, &crypto);

    while (s.at < s.end && (rc == HD_OK || hd_err_is_retryable(rc))) {
        const uint8_t which = next(&s);
        const uint32_t before = s.now;

        rc = which < 0x60 ? call_sized(&c, &s, which) : call_fixed(&c, which);
        if (s.now - before > 600U * 1000U * 1000U) {
            abort(); /* ten minutes are more than any deadline */
        }
    }
    hd_chip_close(&c);
    return 0;
}
