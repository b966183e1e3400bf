/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The poll loop of the doors: one thread, every socket non-blocking, one
 * input and one output buffer a client. A client whose output buffer is full
 * is not read from until it has read its answers.
 */
#include "door.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LISTENERS_MAX 2
#define POLL_MAX      (CLIENTS_MAX + LISTENERS_MAX + WATCH_MAX)
#define PTY_LOOK_MS   20 /* how often a pty without a reader is tried */

uint64_t door_clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t clock_ms(void)
{
    return door_clock_ns() / 1000000u;
}

int hd_vdoor_open(struct hd_vdoor **out, const struct hd_vdoor_options *options)
{
    struct hd_vdoor *door = calloc(1, sizeof(*door));
    *out = door;
    if (!door) {
        return HD_ERR_IO;
    }
    if (options) {
        door->options = *options;
    }
    hd_vbus_init(&door->bus, door->options.hz ? door->options.hz : 100000);
    door->bus.trace = door->options.trace;
    door->bus.trace_ctx = door->options.trace_ctx;
    door->real_start_ns = door_clock_ns();
    return HD_OK;
}

/* --------------------------------------------------------------- clients */

struct client *door_client_add(struct hd_vdoor *door, int fd,
                               enum client_kind kind)
{
    if (door->client_count == CLIENTS_MAX) {
        return NULL;
    }
    struct client *c = calloc(1, sizeof(*c));
    if (!c) {
        return NULL;
    }
    c->fd = fd;
    c->kind = kind;
    c->time_ns = door->bus.now_ns;
    door->clients[door->client_count++] = c;
    return c;
}

void door_client_drop(struct hd_vdoor *door, size_t index)
{
    struct client *c = door->clients[index];
    if (!c) {
        return;
    }
    if (door->holder == c) {
        door->holder = NULL;
    }
    close(c->fd);
    free(c);
    door->clients[index] = door->clients[--door->client_count];
}

int hd_vdoor_adopt(struct hd_vdoor *door, int fd)
{
    return door_client_add(door, fd, CLIENT_FRAMES) ? HD_OK : HD_ERR_TOO_SMALL;
}

static void consume(struct client *c, size_t len)
{
    memmove(c->in, c->in + len, c->in_len - len);
    c->in_len -= len;
}

/* Handles one frame at c->in + at; its length, 0: not now. */
static size_t serve_frame(struct hd_vdoor *door, struct client *c, size_t at,
                          uint64_t now_ms)
{
    const uint8_t *frame = c->in + at;
    size_t left = c->in_len - at;
    if (left < 2 || OUT_MAX - c->out_len < HD_VDOOR_FRAME_MAX + 2) {
        return 0;
    }
    size_t len = (size_t)(frame[0] | frame[1] << 8);
    if (len > HD_VDOOR_FRAME_MAX) {
        c->closing = true; /* no way to find the next frame */
        return 0;
    }
    if (left < 2 + len) {
        return 0;
    }
    size_t answer =
            door_handle(door, c, frame + 2, len, now_ms, c->out + c->out_len);
    c->out_len += answer;
    return answer ? 2 + len : 0;
}

void door_serve(struct hd_vdoor *door, struct client *c, uint64_t now_ms)
{
    size_t at = 0, used = 0;
    if (c->kind == CLIENT_FRAMES) {
        while (!c->closing && (used = serve_frame(door, c, at, now_ms)) > 0) {
            at += used;
        }
    } else if (c->in_len > 0) {
        c->out_len += door_swi(door, c, c->in, c->in_len, c->out + c->out_len,
                               OUT_MAX - c->out_len, &at);
    }
    consume(c, at);
}

/* False: the client is gone. */
static bool fill(struct client *c)
{
    if (c->in_len == IN_MAX) {
        return true;
    }
    ssize_t n = read(c->fd, c->in + c->in_len, IN_MAX - c->in_len);
    if (n > 0) {
        c->in_len += (size_t)n;
        c->hung_up = false;
        return true;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        c->hung_up = false;
        return true;
    }
    /* A pty without anybody at the other end reads EIO: wait for one. */
    c->hung_up = c->kind == CLIENT_PTY;
    return c->hung_up;
}

static bool drain(struct client *c)
{
    if (c->out_len == 0) {
        return true;
    }
    ssize_t n = c->kind == CLIENT_PTY
                        ? write(c->fd, c->out, c->out_len)
                        : send(c->fd, c->out, c->out_len, MSG_NOSIGNAL);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    memmove(c->out, c->out + n, c->out_len - (size_t)n);
    c->out_len -= (size_t)n;
    return true;
}

static bool has_request(const struct client *c)
{
    return c->in_len >= 2 &&
           c->in_len >= 2 + (size_t)(c->in[0] | c->in[1] << 8);
}

/* ------------------------------------------------------------------ loop */

struct round {
    struct pollfd fds[POLL_MAX];
    size_t count, watches, listeners, clients;
};

static void add_fd(struct round *r, int fd, short events)
{
    r->fds[r->count++] = (struct pollfd){.fd = fd, .events = events};
}

static short client_events(const struct client *c)
{
    int events = 0;
    if (c->in_len < IN_MAX && !c->closing && !c->hung_up) {
        events |= POLLIN;
    }
    if (c->out_len > 0) {
        events |= POLLOUT;
    }
    return (short)events;
}

static void gather(const struct hd_vdoor *door, struct round *r)
{
    r->count = 0;
    for (size_t i = 0; i < door->watch_count; i++) {
        add_fd(r, door->watch[i], POLLIN);
    }
    r->watches = r->count;
    for (size_t i = 0; i < door->listener_count; i++) {
        add_fd(r, door->listeners[i].fd, POLLIN);
    }
    r->listeners = door->listener_count;
    for (size_t i = 0; i < door->client_count; i++) {
        const struct client *c = door->clients[i];
        add_fd(r, c->hung_up ? -1 : c->fd, client_events(c));
    }
    r->clients = door->client_count;
}

/* The wait may not outlast a lock that somebody waits for. */
static int wait_ms(const struct hd_vdoor *door, int timeout_ms)
{
    int wait = timeout_ms;
    for (size_t i = 0; i < door->client_count; i++) {
        const struct client *c = door->clients[i];
        bool waits = has_request(c) && c->kind == CLIENT_FRAMES;
        if ((waits || c->hung_up) && (wait < 0 || wait > PTY_LOOK_MS)) {
            wait = PTY_LOOK_MS;
        }
    }
    return wait;
}

/* On a real clock a transfer takes the time its bits take: nobody hears of
 * its end before. The bus is busy meanwhile, so waiting here is right. */
static void keep_pace(const struct hd_vdoor *door)
{
    uint64_t wall = door_clock_ns() - door->real_start_ns;
    if (door->options.real_clock && door->bus.now_ns > wall) {
        uint64_t ns = door->bus.now_ns - wall;
        struct timespec t = {(time_t)(ns / 1000000000u),
                             (long)(ns % 1000000000u)};
        nanosleep(&t, NULL);
    }
}

/* Reads, answers, and saves before any answer leaves: what a program was
 * told is in the file. */
static int serve_clients(struct hd_vdoor *door, const struct round *r)
{
    uint64_t now = clock_ms();
    const struct pollfd *p = r->fds + r->watches + r->listeners;
    bool gone[CLIENTS_MAX] = {false};
    for (size_t i = 0; i < r->clients; i++) {
        struct client *c = door->clients[i];
        bool readable = (p[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
        gone[i] = (readable || c->hung_up) && !fill(c);
        door_serve(door, c, now);
    }
    /* Unlocking may have freed those that were served before. */
    for (size_t i = 0; i < r->clients; i++) {
        door_serve(door, door->clients[i], now);
    }
    int err = door_save(door, false);
    keep_pace(door);
    for (size_t i = r->clients; i-- > 0;) {
        struct client *c = door->clients[i];
        if (!drain(c) || gone[i] || (c->closing && c->out_len == 0)) {
            door_client_drop(door, i);
        }
    }
    return err;
}

int hd_vdoor_step(struct hd_vdoor *door, int timeout_ms)
{
    struct round r;
    gather(door, &r);
    if (poll(r.fds, (nfds_t)r.count, wait_ms(door, timeout_ms)) < 0) {
        if (errno == EINTR) {
            return HD_OK;
        }
        snprintf(door->error, sizeof(door->error), "poll: %s", strerror(errno));
        return HD_ERR_IO;
    }
    int err = serve_clients(door, &r);
    for (size_t i = 0; i < r.listeners; i++) {
        if (r.fds[r.watches + i].revents & POLLIN) {
            door_accept(door, &door->listeners[i]);
        }
    }
    for (size_t i = 0; i < r.watches && err == HD_OK; i++) {
        err = r.fds[i].revents ? 1 : HD_OK;
    }
    return err;
}

int hd_vdoor_watch(struct hd_vdoor *door, int fd)
{
    if (door->watch_count == WATCH_MAX) {
        return HD_ERR_TOO_SMALL;
    }
    door->watch[door->watch_count++] = fd;
    return HD_OK;
}

const char *hd_vdoor_error(const struct hd_vdoor *door)
{
    return door->error;
}

int hd_vdoor_close(struct hd_vdoor *door)
{
    if (!door) {
        return HD_OK;
    }
    int err = door_save(door, true);
    while (door->client_count > 0) {
        door_client_drop(door, door->client_count - 1);
    }
    for (size_t i = 0; i < door->listener_count; i++) {
        unlink(door->listeners[i].path);
        close(door->listeners[i].fd);
        free(door->listeners[i].path);
    }
    if (door->pty_link) {
        unlink(door->pty_link);
        free(door->pty_link);
    }
    for (size_t i = 0; i < door->file_count; i++) {
        hd_vchip_free(door->files[i].chip);
        free(door->files[i].chip);
        free(door->files[i].path);
        close(door->files[i].lock);
    }
    free(door);
    return err;
}
