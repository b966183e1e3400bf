/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chips in files. Who opens a chip's file holds its lock, so a chip is never
 * in two places at once. The lock is a file of its own beside it, since the
 * chip's file is replaced at every save.
 */
#define _GNU_SOURCE /* flock */
#include "door.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Longer than any watchdog: a chip that the last program left awake is found
 * asleep, as if somebody had typed the next command. */
#define BETWEEN_PROGRAMS_NS 15000000000u

struct reason {
    char *text;
    size_t size;
};

static int because(const struct reason *why, int err, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static int because(const struct reason *why, int err, const char *format, ...)
{
    if (why->text && why->size > 0) {
        va_list args;
        va_start(args, format);
        vsnprintf(why->text, why->size, format, args);
        va_end(args);
    }
    return err;
}

/* DIR/.NAME.lock */
static bool lock_path(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    int n = snprintf(out, PATH_MAX, "%.*s.%s.lock", (int)(name - path), path,
                     name);
    return n > 0 && n < PATH_MAX;
}

/* What the holder wrote there: its pid, and "server" if it will keep the chip
 * for long. */
struct holder {
    long pid; /* 0: unknown */
    bool is_server;
};

static struct holder read_holder(int fd)
{
    char text[32] = "";
    if (pread(fd, text, sizeof(text) - 1, 0) < 1) {
        return (struct holder){0, false};
    }
    return (struct holder){strtol(text, NULL, 10), strstr(text, "server")};
}

static void write_holder(int fd, bool is_server)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%ld%s\n", (long)getpid(),
                     is_server ? " server" : "");
    if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)n, 0) != n) {
        return; /* only a courtesy to whoever finds the chip in use */
    }
}

/* poll(), not a sleep: a program under `half sim exec` sleeps in virtual
 * time, and this wait is for another process. */
static bool try_lock(int fd, unsigned wait_ms)
{
    for (unsigned waited = 0;; waited++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            return true;
        }
        if ((errno != EWOULDBLOCK && errno != EINTR) || waited >= wait_ms ||
            read_holder(fd).is_server) {
            return false;
        }
        poll(NULL, 0, 1);
    }
}

static int lock_file(const char *path, unsigned wait_ms, bool is_server,
                     const struct reason *why)
{
    char name[PATH_MAX];
    if (!lock_path(path, name)) {
        return because(why, HD_ERR_ARG, "%s: the path is too long", path);
    }
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return because(why, HD_ERR_IO, "opening the lock %s: %s", name,
                       strerror(errno));
    }
    if (try_lock(fd, wait_ms)) {
        write_holder(fd, is_server);
        return fd;
    }
    struct holder who = read_holder(fd);
    close(fd);
    return because(why, HD_ERR_LOCK, "%s is in use by process %ld%s", path,
                   who.pid,
                   who.is_server ? ", a server (half sim serve or exec): reach "
                                   "the chip through its socket, unix:PATH"
                                 : "");
}

int hd_vfile_lock(const char *path, unsigned wait_ms, char *why, size_t size)
{
    const struct reason reason = {why, size};
    return lock_file(path, wait_ms, false, &reason);
}

/* ---------------------------------------------------------------- chips */

static int attach(struct hd_vdoor *door, struct hd_vchip *chip, char *why,
                  size_t size)
{
    for (size_t i = 0; i < door->bus.count; i++) {
        if (door->bus.chips[i]->addr7 == chip->addr7) {
            snprintf(why, size,
                     "two chips with address 0x%02X on one bus: give one of "
                     "them another address (configuration byte 16) before "
                     "locking it, or serve it elsewhere",
                     chip->addr7);
            return HD_ERR_STATE;
        }
    }
    if (hd_vbus_attach(&door->bus, chip) != HD_OK) {
        snprintf(why, size, "a bus holds no more than %d chips", HD_VBUS_CHIPS);
        return HD_ERR_TOO_SMALL;
    }
    chip->speed = door->options.speed;
    return HD_OK;
}

int hd_vdoor_add_chip(struct hd_vdoor *door, struct hd_vchip *chip)
{
    return attach(door, chip, door->error, sizeof(door->error));
}

static int load(struct door_file *f, const char *path, char *why, size_t size)
{
    f->path = strdup(path);
    f->chip = calloc(1, sizeof(*f->chip));
    if (!f->path || !f->chip) {
        snprintf(why, size, "out of memory");
        return HD_ERR_IO;
    }
    int err = hd_vchip_load(f->chip, path);
    if (err == HD_ERR_IO) {
        snprintf(why, size, "%s: %s%s", path, strerror(errno),
                 errno == ENOENT ? "; make one with `half sim create`" : "");
    } else if (err) {
        snprintf(why, size, "%s: %s", path,
                 "the file is not a virtual chip "
                 "of this version, or is damaged");
    }
    return err;
}

static void forget(struct door_file *f)
{
    free(f->chip);
    free(f->path);
    if (f->lock >= 0) {
        close(f->lock);
    }
}

int hd_vdoor_add_file(struct hd_vdoor *door, const char *path, char *why,
                      size_t size)
{
    if (door->file_count == HD_VBUS_CHIPS) {
        snprintf(why, size, "a bus holds no more than %d chips", HD_VBUS_CHIPS);
        return HD_ERR_TOO_SMALL;
    }
    const struct reason reason = {why, size};
    struct door_file f = {.lock = lock_file(path, 0, true, &reason)};
    if (f.lock < 0) {
        return f.lock;
    }
    int err = load(&f, path, why, size);
    if (err == HD_OK) {
        err = attach(door, f.chip, why, size);
        if (err) {
            hd_vchip_free(f.chip);
        }
    }
    if (err) {
        forget(&f);
        return err;
    }
    door->files[door->file_count++] = f;
    hd_vbus_advance(&door->bus, BETWEEN_PROGRAMS_NS);
    door->real_start_ns = door_clock_ns() - door->bus.now_ns;
    return HD_OK;
}

int door_save(struct hd_vdoor *door, bool all)
{
    int result = HD_OK;
    for (size_t i = 0; i < door->file_count; i++) {
        struct door_file *f = &door->files[i];
        if (!all && !f->chip->dirty) {
            continue;
        }
        int err = hd_vchip_save(f->chip, f->path);
        if (err) {
            snprintf(door->error, sizeof(door->error), "saving %s: %s", f->path,
                     strerror(errno));
            result = err;
        }
    }
    return result;
}

int hd_vdoor_save(struct hd_vdoor *door)
{
    return door_save(door, true);
}
