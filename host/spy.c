/* SPDX-License-Identifier: Apache-2.0 */
/* The listening bus. */
#include "spy.h"

#include <string.h>

static uint64_t now_us(struct hd_spy *s)
{
    uint32_t now = s->inner->now_us(s->ctx);
    if (!s->begun) {
        s->begun = true;
        s->last_us = now;
    }
    s->now_us += (uint32_t)(now - s->last_us);
    s->last_us = now;
    return s->now_us;
}

static void note(struct hd_spy *s, struct hd_transfer *t, uint64_t start_us,
                 const uint8_t *bytes)
{
    uint64_t end_us = now_us(s);
    t->addr7 = t->kind == HD_TRANSFER_WAKE ? 0 : s->addr7;
    t->swi = s->addr7 == 0;
    t->t_ns = start_us * 1000;
    t->dur_ns = (end_us - start_us) * 1000;
    t->taken = t->len;
    if (s->writer != NULL) {
        hd_trace_transfer(s->writer, t, true, bytes);
    }
    if (s->heard != NULL) {
        s->heard(s->heard_ctx, t, bytes);
    }
}

static int spy_wake(void *ctx)
{
    struct hd_spy *s = ctx;
    uint64_t start = now_us(s);
    int err = s->inner->wake(s->ctx);
    struct hd_transfer t = {.kind = HD_TRANSFER_WAKE};
    note(s, &t, start, NULL);
    return err;
}

/* What a single-wire port sends in place of a word address (bus.h). */
static uint8_t flag_of(uint8_t word)
{
    static const uint8_t flags[] = {0x88, 0xCC, 0xBB, 0x77};
    return word < sizeof flags ? flags[word] : word;
}

static int spy_send(void *ctx, uint8_t word, const uint8_t *data, size_t len)
{
    struct hd_spy *s = ctx;
    uint8_t bytes[HD_TRANSFER_MAX];
    uint64_t start = now_us(s);
    int err = s->inner->send(s->ctx, word, data, len);
    size_t kept = len < sizeof bytes - 1 ? len : sizeof bytes - 1;
    bytes[0] = s->addr7 ? word : flag_of(word);
    if (kept > 0) {
        memcpy(bytes + 1, data, kept);
    }
    struct hd_transfer t = {
            .kind = HD_TRANSFER_WRITE, .ack = err == HD_OK, .cut = kept < len};
    t.len = err == HD_OK ? (uint16_t)(kept + 1) : 0;
    note(s, &t, start, bytes);
    hd_wipe(bytes, kept + 1); /* may have been a key */
    return err;
}

static bool is_refusal(const uint8_t *data, size_t len)
{
    return len >= 4 && data[0] == 4 && data[1] != 0x00 && data[1] != 0x11;
}

static int spy_recv(void *ctx, uint8_t *data, size_t len)
{
    struct hd_spy *s = ctx;
    uint64_t start = now_us(s);
    int err = s->inner->recv(s->ctx, data, len);
    struct hd_transfer t = {.kind = HD_TRANSFER_READ,
                            .ack = err == HD_OK,
                            .cut = len > HD_TRANSFER_MAX};
    size_t kept = len < HD_TRANSFER_MAX ? len : HD_TRANSFER_MAX;
    t.len = err == HD_OK ? (uint16_t)kept : 0;
    note(s, &t, start, data);
    if (err == HD_OK && s->writer != NULL && s->why != NULL &&
        is_refusal(data, len)) {
        char reason[512] = "";
        s->why(s->why_ctx, reason, sizeof reason);
        if (reason[0] != '\0') {
            hd_trace_refused(s->writer, t.t_ns, s->addr7, reason);
        }
    }
    return err;
}

static uint32_t spy_now_us(void *ctx)
{
    struct hd_spy *s = ctx;
    return s->inner->now_us(s->ctx);
}

static void spy_wait_us(void *ctx, uint32_t us)
{
    struct hd_spy *s = ctx;
    s->inner->wait_us(s->ctx, us);
}

static int spy_lock(void *ctx, bool take)
{
    struct hd_spy *s = ctx;
    return s->inner->lock(s->ctx, take);
}

void hd_spy_init(struct hd_spy *spy, const struct hd_bus *inner, void *ctx,
                 uint8_t addr7, struct hd_trace_writer *writer)
{
    memset(spy, 0, sizeof *spy);
    spy->bus = (struct hd_bus){.wake = spy_wake,
                               .send = spy_send,
                               .recv = spy_recv,
                               .now_us = spy_now_us,
                               .wait_us = spy_wait_us,
                               .lock = inner->lock ? spy_lock : NULL};
    spy->inner = inner;
    spy->ctx = ctx;
    spy->addr7 = addr7;
    spy->writer = writer;
}
