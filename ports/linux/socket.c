/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port to chips behind the socket of `half sim serve`
 * (docs/protocol-socket.md). In virtual time waiting costs one message.
 */
#define _GNU_SOURCE
#include "ports.h"
#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER 4

struct sock {
    struct link link;
    bool real_clock;
    uint8_t addr7;
};

static int call(struct sock *s)
{
    static const int errors[] = {
            [HD_VDOOR_OK] = HD_OK,
            [HD_VDOOR_NACK] = HD_ERR_NACK,
            [HD_VDOOR_STUCK] = HD_ERR_BUS_STUCK,
            [HD_VDOOR_BAD] = HD_ERR_ARG,
            [HD_VDOOR_BUSY] = HD_ERR_LOCK,
    };
    if (link_call(&s->link) != 0 ||
        s->link.status >= sizeof(errors) / sizeof(errors[0])) {
        return HD_ERR_PORT;
    }
    return errors[s->link.status];
}

static int sock_wake(void *ctx)
{
    struct sock *s = ctx;
    link_begin(&s->link, HD_VDOOR_WAKE);
    return call(s);
}

static int sock_send(void *ctx, uint8_t word, const uint8_t *data, size_t len)
{
    struct sock *s = ctx;
    link_begin(&s->link, HD_VDOOR_TRANSFER);
    link_put_le(&s->link, 1, 1);
    link_put_le(&s->link, s->addr7, 1);
    link_put_le(&s->link, (uint32_t)(len + 1), 2);
    link_put_le(&s->link, word, 1);
    link_put(&s->link, data, len);
    return call(s);
}

static int sock_probe(void *ctx, uint8_t addr7, uint8_t answer[ANSWER])
{
    struct sock *s = ctx;
    link_begin(&s->link, HD_VDOOR_TRANSFER);
    link_put_le(&s->link, 1, 1);
    link_put_le(&s->link, addr7 | HD_VDOOR_READ, 1);
    link_put_le(&s->link, ANSWER, 2);
    int err = call(s);
    if (err == HD_OK && s->link.body_len == 1 + ANSWER) {
        memcpy(answer, s->link.body + 1, ANSWER);
    }
    return err;
}

static int sock_recv(void *ctx, uint8_t *data, size_t len)
{
    struct sock *s = ctx;
    link_begin(&s->link, HD_VDOOR_TRANSFER);
    link_put_le(&s->link, 1, 1);
    link_put_le(&s->link, s->addr7 | HD_VDOOR_READ, 1);
    link_put_le(&s->link, (uint32_t)len, 2);
    int err = call(s);
    if (err) {
        return err;
    }
    if (s->link.body_len != 1 + len) {
        return HD_ERR_PORT;
    }
    memcpy(data, s->link.body + 1, len);
    return HD_OK;
}

static uint32_t sock_now_us(void *ctx)
{
    const struct sock *s = ctx;
    return s->real_clock ? port_now_us(NULL) : s->link.now_us;
}

/* A server that has gone is told by the next transfer. */
static void sock_wait_us(void *ctx, uint32_t us)
{
    struct sock *s = ctx;
    if (s->real_clock) {
        port_wait_us(NULL, us);
        return;
    }
    link_begin(&s->link, HD_VDOOR_DELAY);
    link_put_le(&s->link, us, 4);
    if (call(s) != HD_OK) {
        s->link.now_us += us;
    }
}

static int sock_lock(void *ctx, bool take)
{
    struct sock *s = ctx;
    link_begin(&s->link, take ? HD_VDOOR_LOCK : HD_VDOOR_UNLOCK);
    if (take) {
        link_put_le(&s->link, HD_PORT_LOCK_MS, 2);
    }
    return call(s);
}

static const struct hd_bus sock_bus = {
        .wake = sock_wake,
        .send = sock_send,
        .recv = sock_recv,
        .now_us = sock_now_us,
        .wait_us = sock_wait_us,
        .lock = sock_lock,
};

static void sock_why(void *ctx, char *out, size_t size)
{
    struct sock *s = ctx;
    link_begin(&s->link, HD_VDOOR_WHY);
    link_put_le(&s->link, s->addr7, 1);
    if (call(s) == HD_OK) {
        snprintf(out, size, "%.*s", (int)s->link.body_len,
                 (const char *)s->link.body);
    }
}

static void sock_close(void *ctx)
{
    struct sock *s = ctx;
    close(s->link.fd);
    hd_wipe(s, sizeof(*s));
    free(s);
}

static int cannot_connect(const char *path, int number,
                          const struct reason *why)
{
    const char *hint = "";
    if (number == ENOENT || number == ECONNREFUSED) {
        hint = ": no server there; start one with `half sim serve --socket`";
    }
    return because(why, HD_ERR_IO, "%s: %s%s", path, strerror(number), hint);
}

int open_socket(struct hd_port *port, const char *rest, uint8_t addr7,
                const struct reason *why)
{
    struct link_info info;
    struct sock *s = calloc(1, sizeof(*s));

    if (!s) {
        return because(why, HD_ERR_IO, "out of memory");
    }
    s->addr7 = addr7;
    s->link.fd = link_connect(rest);
    if (s->link.fd < 0) {
        int err = cannot_connect(rest, -s->link.fd, why);
        free(s);
        return err;
    }
    if (link_info(&s->link, &info) != 0) {
        sock_close(s);
        return because(why, HD_ERR_IO,
                       "%s: what answers there is not `half sim serve`, or "
                       "one of another version",
                       rest);
    }
    s->real_clock = info.real_clock;
    port->bus = &sock_bus;
    port->ctx = s;
    port->addr7 = addr7;
    port->probe = sock_probe;
    port->why = sock_why;
    port->close = sock_close;
    snprintf(port->about, sizeof(port->about), "%.100s, address 0x%02X", rest,
             addr7);
    return HD_OK;
}
