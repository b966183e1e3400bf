/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every call of the driver on a bus that answers whatever it likes (with true
 * cryptography; driver_bus.c is quicker and asks less). The fuzzer's bytes
 * choose the calls and their arguments, and what every transfer brings: an
 * answer with a good or a bad checksum, noise, a NACK, a stuck line, time that
 * jumps. When the bytes end nothing is acknowledged any more.
 *
 * Whatever came, each call must end, with HD_OK or a negative code; one poll
 * makes one transfer at most; outputs of a failed call are zeros; the bus lock
 * is given back; and neither keys nor answers stay in the handle.
 */
#include <stdlib.h>
#include <string.h>

#include "halfdollar/chip.h"
#include "halfdollar/crypto_openssl.h"

#define POLLS_MAX 2000000 /* far more than the longest call may take */
#define CALLS_MAX 12

/* ----------------------------------------------------------------- bytes */

struct story {
    const uint8_t *at, *end;
};

static uint8_t next(struct story *s)
{
    return s->at < s->end ? *s->at++ : 0;
}

static uint16_t next16(struct story *s)
{
    const uint8_t low = next(s);

    return (uint16_t)(low | next(s) << 8);
}

static void take(struct story *s, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = next(s);
    }
}

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

/* ------------------------------------------------------------------- bus */

struct hostile {
    struct story story;
    uint8_t answer[256]; /* what the chip would give to reads */
    size_t len, at;
    uint32_t now_us;
    unsigned transfers, locks;
    bool honest; /* while the handle is opened */
    uint8_t command[HD_GROUP_MAX];
};

/* Of its own, lest an error of the driver's cancel out. */
static void seal(struct hostile *h, size_t len)
{
    unsigned crc = 0;

    for (size_t i = 0; i < 8 * len; i++) {
        const unsigned bit = (unsigned)h->answer[i / 8] >> i % 8 & 1;
        const unsigned top = crc >> 15;

        crc = (crc << 1 ^ (top != bit ? 0x8005 : 0)) & 0xFFFF;
    }
    h->answer[len] = (uint8_t)crc;
    h->answer[len + 1] = (uint8_t)(crc >> 8);
    h->len = len + 2;
    h->at = 0;
}

static void answer_group(struct hostile *h, const uint8_t *payload, size_t len)
{
    h->answer[0] = (uint8_t)(len + 3);
    memcpy(h->answer + 1, payload, len);
    seal(h, len + 1);
}

/* As a locked 608B would when the handle is opened. */
static void answer_honestly(struct hostile *h)
{
    static const uint8_t revision[4] = {0, 0, 0x60, 3};
    uint8_t config[32] = {1, 0x23, 1, 2, 0, 0, 0x60, 3, 4, 5, 6, 7, 0xEE, 1, 1};

    if (h->command[1] == 0x30) {
        answer_group(h, revision, 4);
    } else if ((h->command[2] & 0x80) != 0) {
        answer_group(h, config, 32);
    } else {
        answer_group(h, (const uint8_t *)"\0\0\0\0", 4);
    }
}

/* What goes wrong with a transfer: HD_OK for most bytes. */
static int trouble(struct hostile *h)
{
    const uint8_t kind = h->honest ? 0xFF : next(&h->story);

    h->transfers++;
    h->now_us += 100;
    switch (kind) {
    case 0:
        return HD_ERR_NACK;
    case 1:
        return HD_ERR_BUS_STUCK;
    case 2:
        return HD_ERR_PORT;
    case 3:
        h->now_us += (uint32_t)next(&h->story) << 14; /* up to 4.2 s */
        return HD_ERR_NACK;
    case 4:
        h->now_us += (uint32_t)next(&h->story) << 14;
        return HD_OK;
    default:
        return HD_OK;
    }
}

static int bus_wake(void *ctx)
{
    static const uint8_t after_wake = 0x11;
    struct hostile *h = ctx;

    answer_group(h, &after_wake, 1);
    return trouble(h);
}

static int bus_send(void *ctx, uint8_t word, const uint8_t *data, size_t len)
{
    struct hostile *h = ctx;
    volatile uint8_t sum = 0;

    require(word <= HD_WORD_COMMAND && len <= HD_GROUP_MAX);
    require(word == HD_WORD_COMMAND ? len >= 7 && data[0] == len : len == 0);
    for (size_t i = 0; i < len; i++) {
        sum = (uint8_t)(sum + data[i]); /* all of them can be read */
    }
    if (word == HD_WORD_COMMAND) {
        memcpy(h->command, data, len);
        h->len = 0;
    }
    h->at = 0;
    return trouble(h);
}

/* Invents the answer to a command. */
static void invent(struct hostile *h)
{
    const uint8_t kind = next(&h->story);

    switch (kind) {
    case 0: /* noise */
        h->len = next(&h->story);
        take(&h->story, h->answer, h->len);
        h->at = 0;
        break;
    case 1: /* a sound checksum under a count that lies */
        h->answer[0] = next(&h->story);
        take(&h->story, h->answer + 1, 32);
        seal(h, 33);
        break;
    case 2: { /* a status */
        const uint8_t status = next(&h->story);
        answer_group(h, &status, 1);
        break;
    }
    default: { /* so many bytes of payload */
        uint8_t payload[HD_GROUP_MAX];
        const size_t len = kind % (HD_GROUP_MAX - 2);
        take(&h->story, payload, len);
        answer_group(h, payload, len);
        break;
    }
    }
}

static int bus_recv(void *ctx, uint8_t *data, size_t len)
{
    struct hostile *h = ctx;
    const int rc = trouble(h);

    require(len >= 1 && len <= HD_GROUP_MAX);
    memset(data, 0xFF, len);
    if (rc != HD_OK) {
        return rc;
    }
    if (h->len == 0 && h->honest) {
        answer_honestly(h);
    } else if (h->len == 0) {
        invent(h);
    }
    for (size_t i = 0; i < len && h->at < h->len; i++) {
        data[i] = h->answer[h->at++];
    }
    return HD_OK;
}

static uint32_t bus_now(void *ctx)
{
    const struct hostile *h = ctx;

    return h->now_us;
}

static void bus_wait(void *ctx, uint32_t us)
{
    struct hostile *h = ctx;

    h->now_us += us;
}

static int bus_lock(void *ctx, bool take_it)
{
    struct hostile *h = ctx;

    require(h->locks == (take_it ? 0 : 1));
    if (take_it && !h->honest && next(&h->story) == 0) {
        return HD_ERR_LOCK;
    }
    h->locks = take_it ? 1 : 0;
    return HD_OK;
}

static const struct hd_bus bus = {bus_wake, bus_send, bus_recv,
                                  bus_now,  bus_wait, bus_lock};

/* ----------------------------------------------------------------- calls */

/* The arguments of a call; blocks end where ASan sees it. */
struct args {
    uint8_t mode, id;
    uint16_t slot, offset;
    size_t len;     /* of data: 0 to 511 */
    uint8_t *data;  /* len bytes */
    uint8_t *in[3]; /* 128 bytes each */
    uint8_t *key;   /* 32 bytes, found nowhere else */
    uint8_t *out;   /* out_len bytes */
    size_t out_len; /* fixed, or 0: len */
};

#define START(name, ...)                                                       \
    static int start_##name(struct hd_chip *c, struct args *a)                 \
    {                                                                          \
        return hd_chip_##name##_start(c, __VA_ARGS__);                         \
    }
/* clang-format off */
START(info, a->mode, a->slot, a->out)
START(random, a->out)
START(nonce_random, a->in[0], a->out)
START(nonce_load, (enum hd_nonce_target)(a->mode & 0xC3), a->in[0],
      (a->id & 1) != 0 ? 64 : 32)
START(nonce_derive, a->in[0], a->out)
START(genkey, a->slot, a->out)
START(pubkey, a->slot, a->out)
START(sign, a->slot, a->in[0], a->out)
START(sign_internal, a->slot, a->mode, a->out)
START(verify, a->in[0], a->in[1], a->in[2])
START(verify_stored, a->slot, a->in[0], a->in[1])
START(verify_mac, a->in[0], a->in[1], (a->id & 1) != 0 ? NULL : a->in[2],
      a->slot, a->key)
START(validate, a->slot, a->in[0], a->in[1], (a->id & 1) != 0)
START(validate_external, a->slot, a->in[0])
START(ecdh, a->slot, a->in[0], a->out)
START(ecdh_io, a->slot, a->in[0], a->key, a->out)
START(ecdh_keep, (enum hd_ecdh_mode)(a->mode & 0x0D), a->slot, a->in[0])
START(read, (enum hd_zone)(a->id % 3), a->slot, a->offset, a->out, a->out_len)
START(write, (enum hd_zone)(a->id % 3), a->slot, a->offset, a->data, a->len)
START(read_encrypted, a->slot, a->offset, a->out, a->out_len, a->id, a->key)
START(write_encrypted, a->slot, a->offset, a->data, a->len, a->id, a->key)
START(write_config, a->in[0])
START(privwrite, a->slot, a->key)
START(privwrite_encrypted, a->slot, a->in[0], a->id, a->key)
START(lock_config, a->offset)
START(lock_data, a->offset)
START(lock_slot, a->slot)
START(counter, a->id, (a->mode & 1) != 0, (uint32_t *)(void *)a->out)
START(use_count, a->slot, (struct hd_chip_use *)(void *)a->out)
START(lock_state, (struct hd_chip_locks *)(void *)a->out)
START(mac, a->mode, a->slot, (a->id & 1) != 0 ? NULL : a->in[0], a->out)
START(checkmac, a->mode, a->slot, (a->id & 1) != 0 ? NULL : a->in[0], a->in[1],
      a->in[2])
START(hmac, a->mode, a->slot, a->out)
START(authorize, a->slot, a->key)
START(gendig, a->mode, a->slot, a->in[0], a->id % 3 == 2 ? 32 : 4u * (a->id % 3))
START(derivekey, a->mode, a->slot, (a->id & 1) != 0 ? NULL : a->in[0])
START(sha256, a->data, a->len, a->out)
START(sha_hmac, a->slot, a->data, a->len, a->out)
START(sha_begin_hmac, a->slot)
START(sha_update, a->data, a->len)
START(sha_public, a->slot)
START(sha_end, (enum hd_sha_target)(a->mode & 0xC0), a->data, a->len, a->out)
START(sha_end_hmac, a->data, a->len, a->out)
START(sha_read_context, a->out, a->out_len)
START(sha_write_context, a->data, a->len)
START(aes, a->mode, a->slot, a->id, a->in[0], a->out)
START(gfm, a->in[0], a->in[1], a->out)
START(kdf, a->mode, a->slot, a->id, a->offset, a->data, a->len, a->out,
      a->out_len)
START(kdf_io, a->mode, a->slot, a->id, a->offset, a->data, a->len, a->key,
      a->out, a->out_len)
START(secureboot, a->mode, a->in[0], (a->id & 1) != 0 ? NULL : a->in[1])
START(secureboot_mac, a->mode, a->in[0], (a->id & 1) != 0 ? NULL : a->in[1],
      a->key)
START(selftest, a->mode, a->out)
START(updateextra, a->mode, a->id)
START(latch, (enum hd_latch_op)(a->mode & 3), (bool *)a->out)
START(pause, a->mode)
START(command, a->mode, a->id, a->slot, a->data, a->len, a->out, a->out_len)
/* clang-format on */

static int start_sha_begin(struct hd_chip *c, struct args *a)
{
    (void)a;
    return hd_chip_sha_begin_start(c);
}

static int start_sleep(struct hd_chip *c, struct args *a)
{
    (void)a;
    return hd_chip_sleep_start(c);
}

#define ANY_LEN SIZE_MAX

static const struct {
    int (*start)(struct hd_chip *c, struct args *a);
    size_t out_len; /* ANY_LEN: the story says */
} calls[] = {
        {start_info, 4},
        {start_random, 32},
        {start_nonce_random, 32},
        {start_nonce_load, 0},
        {start_nonce_derive, 32},
        {start_genkey, 64},
        {start_pubkey, 64},
        {start_sign, 64},
        {start_sign_internal, 64},
        {start_verify, 0},
        {start_verify_stored, 0},
        {start_verify_mac, 0},
        {start_validate, 0},
        {start_validate_external, 0},
        {start_ecdh, 32},
        {start_ecdh_io, 32},
        {start_ecdh_keep, 0},
        {start_read, ANY_LEN},
        {start_write, 0},
        {start_read_encrypted, ANY_LEN},
        {start_write_encrypted, 0},
        {start_write_config, 0},
        {start_privwrite, 0},
        {start_privwrite_encrypted, 0},
        {start_lock_config, 0},
        {start_lock_data, 0},
        {start_lock_slot, 0},
        {start_counter, sizeof(uint32_t)},
        {start_use_count, sizeof(struct hd_chip_use)},
        {start_lock_state, sizeof(struct hd_chip_locks)},
        {start_mac, 32},
        {start_checkmac, 0},
        {start_hmac, 32},
        {start_authorize, 0},
        {start_gendig, 0},
        {start_derivekey, 0},
        {start_sha256, 32},
        {start_sha_hmac, 32},
        {start_sha_begin, 0},
        {start_sha_begin_hmac, 0},
        {start_sha_update, 0},
        {start_sha_public, 0},
        {start_sha_end, 32},
        {start_sha_end_hmac, 32},
        {start_sha_read_context, ANY_LEN},
        {start_sha_write_context, 0},
        {start_aes, 16},
        {start_gfm, 16},
        {start_kdf, ANY_LEN},
        {start_kdf_io, ANY_LEN},
        {start_secureboot, 0},
        {start_secureboot_mac, 0},
        {start_selftest, 1},
        {start_updateextra, 0},
        {start_latch, sizeof(bool)},
        {start_pause, 0},
        {start_command, ANY_LEN},
        {start_sleep, 0},
};

/* ---------------------------------------------------------------- judging */

static bool is_zero(const void *bytes, size_t len)
{
    const uint8_t *p = bytes;

    while (len > 0 && *p == 0) {
        p++;
        len--;
    }
    return len == 0;
}

/* Polls until the call has ended, one transfer each time. */
static int run_to_end(struct hostile *h, struct hd_chip *c)
{
    for (unsigned polls = 0; polls < POLLS_MAX; polls++) {
        const unsigned before = h->transfers;
        const int rc = hd_chip_poll(c);
        const int32_t wait = (int32_t)(hd_chip_due_us(c) - h->now_us);

        require(h->transfers - before <= 1);
        if (rc != HD_PENDING) {
            return rc;
        }
        if (wait > 0) {
            h->now_us += (uint32_t)wait;
        }
    }
    abort(); /* it never ends */
}

static void judge(const struct hd_chip *c, const struct args *a, int rc)
{
    require(rc <= HD_OK);
    require(rc == HD_OK || is_zero(a->out, a->out_len));
    require(is_zero(&c->w, sizeof c->w)); /* keys, answers, pointers */
}

static uint8_t *block(size_t len, int fill)
{
    uint8_t *p = malloc(len != 0 ? len : 1);

    require(p != NULL);
    memset(p, fill, len);
    return p;
}

static struct args take_args(struct story *s, size_t out_len)
{
    struct args a = {.mode = next(s), .id = next(s)};

    a.slot = next16(s);
    a.offset = next16(s);
    a.len = next16(s) & 0x1FF;
    a.out_len = out_len == ANY_LEN ? next16(s) & 0x1FF : out_len;
    a.data = block(a.len, 0);
    take(s, a.data, a.len);
    for (size_t i = 0; i < 3; i++) {
        a.in[i] = block(128, 0x5A);
    }
    a.key = block(32, 0xC3);
    a.out = block(a.out_len, 0);
    return a;
}

static void free_args(struct args *a)
{
    free(a->data);
    free(a->key);
    free(a->out);
    for (size_t i = 0; i < 3; i++) {
        free(a->in[i]);
    }
}

static void one_call(struct hostile *h, struct hd_chip *c)
{
    const size_t which = next(&h->story) % (sizeof calls / sizeof *calls);
    struct args a = take_args(&h->story, calls[which].out_len);
    int rc = calls[which].start(c, &a);

    if (rc == HD_OK) {
        rc = run_to_end(h, c);
    }
    judge(c, &a, rc);
    require(h->locks == 0 || c->held);
    free_args(&a);
}

static int open_handle(struct hostile *h, struct hd_chip *c, bool honest)
{
    int rc;

    h->honest = honest;
    rc = hd_chip_open_start(c, &bus, h, &hd_crypto_openssl);
    if (rc == HD_OK) {
        rc = run_to_end(h, c);
    }
    h->honest = false;
    require(rc <= HD_OK);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hostile h = {.story = {data, data + size}};
    struct hd_chip c;
    const uint8_t how = next(&h.story);

    memset(&c, how, sizeof c); /* may hold anything before */
    if (open_handle(&h, &c, (how & 1) == 0) == HD_OK) {
        hd_chip_careful(&c, (how & 2) != 0);
        if ((how & 4) != 0) {
            (void)hd_chip_hold(&c);
        }
        for (unsigned i = 0; i < CALLS_MAX && h.story.at < h.story.end; i++) {
            one_call(&h, &c);
        }
    }
    hd_chip_close(&c);
    require(h.locks == 0);
    return 0;
}
