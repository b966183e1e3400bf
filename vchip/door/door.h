/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the doors share.
 *
 *   handle.c  request -> answer, no sockets: tested and fuzzed by itself
 *   server.c  poll loop: clients, locks, buffers
 *   listen.c  sockets and pseudo terminals
 *   file.c    the chips of a door
 *   vfile.c   chips in files: lock, load, save
 *   client.c  the other end, for ports and for the preload library
 *   preload*  /dev/i2c-N for programs that know nothing of this
 */
#ifndef VCHIP_DOOR_H
#define VCHIP_DOOR_H

#include "halfdollar/vdoor.h"

#define CLIENTS_MAX 256
#define WATCH_MAX   2
#define IN_MAX      (2 * (HD_VDOOR_FRAME_MAX + 2))
#define OUT_MAX     (2 * (HD_VDOOR_FRAME_MAX + 2))
#define ANSWER_HEAD 7 /* length, status, time */

/* Who holds the bus and says nothing for so long loses it. */
#define LOCK_SILENCE_MS 10000

enum client_kind { CLIENT_FRAMES, CLIENT_SWI, CLIENT_PTY };

struct client {
    int fd;
    enum client_kind kind;
    bool closing;          /* answer what is queued, then close */
    bool hung_up;          /* the pty has no reader at the moment */
    uint64_t time_ns;      /* this client's own time, on the bus's clock */
    uint64_t lock_wait_ms; /* waits for the lock until then; 0: does not */
    size_t in_len, out_len;
    uint8_t in[IN_MAX], out[OUT_MAX];
};

struct door_file {
    struct hd_vchip *chip;
    char *path;
    int lock;
    uint64_t generation;
    uint64_t draws; /* random numbers drawn until the last save */
};

struct listener {
    int fd;
    enum client_kind kind;
    char *path;
};

struct hd_vdoor {
    struct hd_vbus bus;
    struct hd_vdoor_options options;
    struct door_file files[HD_VBUS_CHIPS];
    size_t file_count;
    struct listener listeners[2];
    size_t listener_count;
    char *pty_link;
    struct client *clients[CLIENTS_MAX];
    size_t client_count;
    const struct client *holder; /* of the lock, or NULL */
    uint64_t holder_seen_ms;
    uint64_t real_start_ns;
    int watch[WATCH_MAX];
    size_t watch_count;
    char error[256];
};

/*
 * One request (operation and body) to one answer, head included; out has
 * HD_VDOOR_FRAME_MAX + 2 places. Returns the answer's length, 0: the bus is
 * held by another client, try again later. now_ms: monotonic clock.
 */
size_t door_handle(struct hd_vdoor *door, struct client *c,
                   const uint8_t *request, size_t len, uint64_t now_ms,
                   uint8_t *out);

/* Single-wire characters in; what goes back, echo included. */
size_t door_swi(struct hd_vdoor *door, struct client *c, const uint8_t *in,
                size_t len, uint8_t *out, size_t size, size_t *used);

/* Lets the bus reach this client's time. */
void door_catch_up(struct hd_vdoor *door, struct client *c);

/* Another client has the bus. */
bool door_is_held(struct hd_vdoor *door, const struct client *c,
                  uint64_t now_ms);

/* A client more, NULL: full. The fd is then still the caller's. */
struct client *door_client_add(struct hd_vdoor *door, int fd,
                               enum client_kind kind);
void door_client_drop(struct hd_vdoor *door, size_t index);

/* One client's buffers, without any socket: requests in c->in become answers
 * in c->out as far as there is room. */
void door_serve(struct hd_vdoor *door, struct client *c, uint64_t now_ms);

/* Takes all waiting connections. */
void door_accept(struct hd_vdoor *door, const struct listener *l);

/* Saves the chips whose EEPROM changed; all: the others too. */
int door_save(struct hd_vdoor *door, bool all);

uint64_t door_clock_ns(void);

/* Where somebody wants a sentence. */
struct reason {
    char *text;
    size_t size;
};

/* Writes the sentence, returns err. */
int door_because(const struct reason *why, int err, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* hd_vfile_lock(); a server says that it will stay. */
int door_lock_file(const char *path, unsigned wait_ms, bool is_server,
                   const struct reason *why);

#endif
