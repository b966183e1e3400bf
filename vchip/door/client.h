/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's end of the socket protocol, for the socket port and the
 * preload library. One buffer serves request and answer:
 *
 *     link_begin(l, HD_VDOOR_TRANSFER);
 *     link_put_le(l, 1, 1);
 *     link_put_le(l, addr7 | HD_VDOOR_READ, 1);
 *     link_put_le(l, 4, 2);
 *     err = link_call(l);               0, or a negative errno
 *     l->status, l->body, l->body_len   until the next link_begin
 *
 * It calls nothing but socket functions, so the preload library may use it
 * from anywhere.
 */
#ifndef VCHIP_DOOR_CLIENT_H
#define VCHIP_DOOR_CLIENT_H

#include "halfdollar/vdoor.h"

struct link {
    int fd;
    uint32_t now_us; /* bus time of the last answer */
    uint8_t status;  /* enum hd_vdoor_status */
    const uint8_t *body;
    size_t body_len;
    size_t len; /* of the request being built */
    uint8_t frame[HD_VDOOR_FRAME_MAX + 2];
};

/* What the server said of itself. */
struct link_info {
    bool real_clock;
    uint32_t hz;
    uint8_t chips;
    uint8_t addr7[HD_VBUS_CHIPS];
};

/* A connected socket, or a negative errno (-ENAMETOOLONG too). */
int link_connect(const char *path);

void link_begin(struct link *l, enum hd_vdoor_op op);
void link_put(struct link *l, const void *bytes, size_t len);
void link_put_le(struct link *l, uint32_t value, size_t bytes);

/* Sends what was built and reads the answer. Negative errno: -EMSGSIZE (the
 * request was too long; nothing was sent), -EPROTO, -EPIPE. */
int link_call(struct link *l);

/* INFO. -EPROTO: not our protocol, or a newer version of it. */
int link_info(struct link *l, struct link_info *info);

#endif
