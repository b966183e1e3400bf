/* SPDX-License-Identifier: Apache-2.0 */
/* The client's end of the socket protocol. */
#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_HEAD 5 /* after the length: status, time */

int link_connect(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(name.sun_path)) {
        return -ENAMETOOLONG;
    }
    memcpy(name.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    if (connect(fd, (const struct sockaddr *)&name, sizeof(name)) != 0) {
        int err = errno;
        close(fd);
        return -err;
    }
    return fd;
}

void link_begin(struct link *l, enum hd_vdoor_op op)
{
    l->frame[2] = (uint8_t)op;
    l->len = 3;
}

void link_put(struct link *l, const void *bytes, size_t len)
{
    if (l->len > sizeof(l->frame) || len > sizeof(l->frame) - l->len) {
        l->len = sizeof(l->frame) + 1; /* sticky: link_call refuses */
        return;
    }
    if (len > 0) {
        memcpy(l->frame + l->len, bytes, len);
        l->len += len;
    }
}

void link_put_le(struct link *l, uint32_t value, size_t bytes)
{
    uint8_t b[4] = {(uint8_t)value, (uint8_t)(value >> 8),
                    (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    link_put(l, b, bytes);
}

static int send_all(int fd, const uint8_t *p, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

/* Most answers arrive in one piece: read as much as there is room for, since
 * no second answer can follow (one request at a time). */
static int recv_answer(struct link *l, size_t *len)
{
    size_t have = 0;
    *len = 2 + ANSWER_HEAD;
    while (have < *len) {
        ssize_t n = recv(l->fd, l->frame + have, sizeof(l->frame) - have, 0);
        if (n == 0) {
            return -EPIPE;
        }
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        have += n > 0 ? (size_t)n : 0;
        if (have >= 2) {
            *len = 2 + (size_t)(l->frame[0] | l->frame[1] << 8);
        }
        if (*len > sizeof(l->frame) || *len < 2 + ANSWER_HEAD || have > *len) {
            return -EPROTO;
        }
    }
    return 0;
}

int link_call(struct link *l)
{
    if (l->len > sizeof(l->frame)) {
        return -EMSGSIZE;
    }
    l->frame[0] = (uint8_t)(l->len - 2);
    l->frame[1] = (uint8_t)((l->len - 2) >> 8);
    size_t len = 0;
    int err = send_all(l->fd, l->frame, l->len);
    err = err ? err : recv_answer(l, &len);
    if (err) {
        return err;
    }
    const uint8_t *t = l->frame + 3;
    l->status = l->frame[2];
    l->now_us = (uint32_t)t[0] | (uint32_t)t[1] << 8 | (uint32_t)t[2] << 16 |
                (uint32_t)t[3] << 24;
    l->body = l->frame + 2 + ANSWER_HEAD;
    l->body_len = len - 2 - ANSWER_HEAD;
    return 0;
}

int link_info(struct link *l, struct link_info *info)
{
    link_begin(l, HD_VDOOR_INFO);
    int err = link_call(l);
    if (err) {
        return err;
    }
    const uint8_t *b = l->body;
    if (l->status != HD_VDOOR_OK || l->body_len < 7 ||
        b[0] != HD_VDOOR_VERSION || b[6] > HD_VBUS_CHIPS ||
        l->body_len < 7u + b[6]) {
        return -EPROTO;
    }
    info->real_clock = (b[1] & HD_VDOOR_REAL) != 0;
    info->hz = (uint32_t)b[2] | (uint32_t)b[3] << 8 | (uint32_t)b[4] << 16 |
               (uint32_t)b[5] << 24;
    info->chips = b[6];
    memcpy(info->addr7, b + 7, b[6]);
    return 0;
}
