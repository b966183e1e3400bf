/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What two strangers may send to the socket of `half sim serve`: the first
 * byte of each piece says who sends and how much, the rest is the stream.
 * Whatever they send, each answer is well formed and the chip stays whole.
 */
#include <stdlib.h>
#include <string.h>

#include "door.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void need(bool ok)
{
    if (!ok) {
        abort();
    }
}

/* The answers in c->out are frames, whole ones. */
static void check_answers(struct client *c)
{
    size_t at = 0;
    while (at < c->out_len) {
        need(c->out_len - at >= ANSWER_HEAD);
        size_t len = (size_t)(c->out[at] | c->out[at + 1] << 8);
        need(len >= ANSWER_HEAD - 2 && len <= HD_VDOOR_FRAME_MAX);
        need(c->out[at + 2] <= HD_VDOOR_BUSY);
        at += 2 + len;
    }
    need(at == c->out_len);
    c->out_len = 0;
}

static size_t feed(struct hd_vdoor *door, struct client *c, const uint8_t *data,
                   size_t len, uint64_t now_ms)
{
    size_t n = data[0] >> 1;
    n = n < len - 1 ? n : len - 1;
    n = n < IN_MAX - c->in_len ? n : IN_MAX - c->in_len;
    memcpy(c->in + c->in_len, data + 1, n);
    c->in_len += n;
    if (!c->closing) {
        door_serve(door, c, now_ms);
    }
    check_answers(c);
    return 1 + n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const uint8_t seed[32] = {1};
    const struct hd_vdoor_options options = {.speed = HD_V_INSTANT};
    struct hd_vdoor *door;
    struct hd_vchip chip;

    need(hd_vchip_init(&chip, hd_vchip_variant("608b"), seed) == HD_OK);
    need(hd_vdoor_open(&door, &options) == HD_OK);
    need(hd_vdoor_add_chip(door, &chip) == HD_OK);
    struct client *clients[2];
    for (size_t i = 0; i < 2; i++) {
        clients[i] = door_client_add(door, -1, CLIENT_FRAMES);
        need(clients[i] != NULL);
    }
    uint64_t now_ms = 0;
    for (size_t at = 0; at < len; now_ms += 100) {
        at += feed(door, clients[data[at] & 1], data + at, len - at, now_ms);
    }
    need(hd_vdoor_close(door) == HD_OK);
    hd_vchip_free(&chip);
    return 0;
}
