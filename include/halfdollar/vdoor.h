/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The doors of the virtual chip: how other processes reach it.
 *
 * A struct hd_vdoor is one bus with up to 16 chips, served by one thread
 * over a Unix socket (the protocol of docs/protocol-socket.md), and, for
 * single-wire chips, over a pseudo terminal or a socket of raw characters.
 *
 *     struct hd_vdoor *door;
 *     hd_vdoor_open(&door, NULL);
 *     hd_vdoor_add_file(door, "thing.vchip", why, sizeof(why));
 *     hd_vdoor_listen(door, "/run/thing.sock", why, sizeof(why));
 *     while (hd_vdoor_step(door, -1) == HD_OK) {
 *     }
 *     hd_vdoor_close(door);                     (saves the chips)
 *
 * Time. By default it is virtual: it moves with the bits on the bus and with
 * the delays that clients report. Each client has a time of its own; the
 * bus takes over the latest when that client next transfers, so that two
 * programs that sleep at once make one sleep of the bus, not two. With
 * real_clock, time also never runs behind the wall.
 *
 * The socket is private to its owner (mode 0600): whoever may connect owns
 * the chips. Nothing here may be called from two threads at once.
 */
#ifndef HALFDOLLAR_VDOOR_H
#define HALFDOLLAR_VDOOR_H

#include "halfdollar/base.h"
#include "halfdollar/err.h"
#include "halfdollar/vchip.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------- protocol */

/* A request is: length of what follows (16 bits, little-endian), operation,
 * body. An answer is: length, status, bus time in microseconds (32 bits,
 * wraps), body. Answers come in the order of the requests. */
enum hd_vdoor_op {
    HD_VDOOR_INFO = 1,     /* version, clock, speed, addresses */
    HD_VDOOR_TRANSFER = 2, /* one or several I2C messages */
    HD_VDOOR_WAKE = 3,     /* a wake pulse */
    HD_VDOOR_DELAY = 4,    /* this client waited so many microseconds */
    HD_VDOOR_LOCK = 5,     /* the bus for this client alone */
    HD_VDOOR_UNLOCK = 6,
    HD_VDOOR_SWI = 7,   /* single-wire characters */
    HD_VDOOR_FAULT = 8, /* add a fault to a chip, or clear */
    HD_VDOOR_POWER = 9, /* power of a chip off or on */
    HD_VDOOR_WHY = 10   /* the sentence of a chip's last refusal */
};

enum hd_vdoor_status {
    HD_VDOOR_OK = 0,
    HD_VDOOR_NACK = 1,  /* body: number of messages done */
    HD_VDOOR_STUCK = 2, /* likewise */
    HD_VDOOR_BAD = 3,   /* request not understood; body: a sentence */
    HD_VDOOR_BUSY = 4   /* the lock was not free in time */
};

#define HD_VDOOR_VERSION   1
#define HD_VDOOR_FRAME_MAX 16384 /* longest request or answer after length */
#define HD_VDOOR_MSGS_MAX  42    /* messages in one transfer, as Linux has */
#define HD_VDOOR_READ      0x80  /* in the address byte of a message */
#define HD_VDOOR_REAL      0x01  /* flag of INFO: the clock is real */

/* --------------------------------------------------------------- server */

struct hd_vdoor;

struct hd_vdoor_options {
    uint32_t hz;     /* 0: 100000, what Linux adapters run at */
    bool real_clock; /* bus time follows the wall clock */
    uint8_t speed;   /* enum hd_vspeed, for all chips */
    bool no_echo;    /* single-wire: do not send characters back */
    hd_trace_fn *trace;
    void *trace_ctx;
};

/* options may be NULL. HD_ERR_IO: out of memory. */
HD_MUST_CHECK int hd_vdoor_open(struct hd_vdoor **out,
                                const struct hd_vdoor_options *options);

/*
 * Loads a chip's file and locks it (HD_ERR_LOCK: another process has it) for
 * as long as the door is open. why gets a sentence on failure: HD_ERR_IO,
 * HD_ERR_CORRUPT, HD_ERR_LOCK, HD_ERR_TOO_SMALL (bus full), HD_ERR_STATE
 * (another chip has that address).
 */
HD_MUST_CHECK int hd_vdoor_add_file(struct hd_vdoor *door, const char *path,
                                    char *why, size_t size);

/* Attaches a chip that the caller owns and that no file keeps. */
HD_MUST_CHECK int hd_vdoor_add_chip(struct hd_vdoor *door,
                                    struct hd_vchip *chip);

/* Opens the socket. A stale socket file is replaced, a live one is not
 * (HD_ERR_LOCK). HD_ERR_IO. */
HD_MUST_CHECK int hd_vdoor_listen(struct hd_vdoor *door, const char *path,
                                  char *why, size_t size);

/*
 * Opens a single-wire door: raw UART characters, on a socket, or on a
 * pseudo terminal whose name is put in name and, if link is not NULL, in a
 * symbolic link. Nobody can report delays there, so the clock becomes real.
 */
HD_MUST_CHECK int hd_vdoor_listen_swi(struct hd_vdoor *door, const char *path,
                                      char *why, size_t size);
HD_MUST_CHECK int hd_vdoor_open_pty(struct hd_vdoor *door, const char *link,
                                    char *name, size_t name_size, char *why,
                                    size_t size);

/* Takes over a connected stream socket as one more client. */
HD_MUST_CHECK int hd_vdoor_adopt(struct hd_vdoor *door, int fd);

/*
 * Makes hd_vdoor_step() return 1 when fd becomes readable: a pidfd, a
 * signalfd, a pipe. The fd stays the caller's. HD_ERR_TOO_SMALL: two are
 * watched already.
 */
HD_MUST_CHECK int hd_vdoor_watch(struct hd_vdoor *door, int fd);

/* Waits for something to do, at most timeout_ms (-1: for ever), and does it.
 * HD_OK; 1: a watched fd is readable; HD_ERR_IO: a chip's file cannot be
 * saved (hd_vdoor_error has the sentence) or poll failed. */
HD_MUST_CHECK int hd_vdoor_step(struct hd_vdoor *door, int timeout_ms);

/* The sentence of the last HD_ERR_IO of hd_vdoor_step or hd_vdoor_save. */
const char *hd_vdoor_error(const struct hd_vdoor *door);

/* Saves all chips that have files, volatile state too. HD_ERR_IO. */
HD_MUST_CHECK int hd_vdoor_save(struct hd_vdoor *door);

/* Saves, unlinks the sockets, frees. What could not be saved is returned. */
int hd_vdoor_close(struct hd_vdoor *door);

/* ------------------------------------------------------- chips in files */

#define HD_VFILE_PATH_MAX 4096

/*
 * Which file is meant: links are followed, so that all names of a chip lead
 * to one lock and one file. Ask once, and lock, load and save what was found.
 * HD_OK, or HD_ERR_IO and errno: there is none, or it is nothing that a chip
 * can live in (a directory, a file with two hard links: a save would make two
 * chips of it). why may be NULL.
 */
HD_MUST_CHECK int hd_vfile_find(const char *path, char found[HD_VFILE_PATH_MAX],
                                char *why, size_t size);

/* The same for a file that will be written: it need not be there yet. */
HD_MUST_CHECK int hd_vfile_find_new(const char *path,
                                    char found[HD_VFILE_PATH_MAX], char *why,
                                    size_t size);

/*
 * The lock that everybody who opens a chip's file holds: flock() on
 * ".NAME.lock" beside it, which stays. Waits at most wait_ms, and not at all
 * for a server. Returns the descriptor (close it to unlock), HD_ERR_LOCK,
 * HD_ERR_IO, or HD_ERR_ARG (path is a link: see hd_vfile_find). why may be
 * NULL.
 */
int hd_vfile_lock(const char *path, unsigned wait_ms, char *why, size_t size);

/*
 * Loads and saves a chip whose lock is held, registers included: processes
 * that take turns see one powered chip. Saving waits for the disk only if
 * the EEPROM changed. *generation counts the saves. As hd_vchip_load and
 * hd_vchip_save otherwise.
 */
HD_MUST_CHECK int hd_vfile_load(int lock, const char *path, struct hd_vchip *v,
                                uint64_t *generation);
HD_MUST_CHECK int hd_vfile_save(int lock, const char *path, struct hd_vchip *v,
                                uint64_t *generation);

/* Nobody has saved since the load or save that gave this generation. */
bool hd_vfile_is_current(int lock, const char *path, uint64_t generation);

#ifdef __cplusplus
}
#endif
#endif
