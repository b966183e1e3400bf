/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chips in files. Who opens a chip's file holds its lock, so a chip is never
 * in two places at once.
 *
 * Beside thing.vchip lies .thing.vchip.lock. It is locked, since the chip's
 * file itself is replaced at every save, and it carries two things:
 *
 *     0   who holds the lock, as text, 32 bytes
 *     32  struct live, then the chip's registers as the last process left
 *         them, sealed (hd_vchip_seal)
 *
 * The chip's file is written when the EEPROM has changed, safely and slowly
 * (10 ms of disk); the snapshot after every sequence, in place and without
 * waiting for the disk. The snapshot counts only with the very file it was
 * made from. If a crash of the machine spoils it the chip has merely lost its
 * registers, as real ones do without power.
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
#include <sys/stat.h>
#include <unistd.h>

#define HOLDER_BYTES 32

/* Which state of which file the snapshot belongs to. Never leaves the
 * machine, so it is written as it lies in memory. */
struct live {
    uint64_t device, inode, size;
    int64_t seconds, nanoseconds;
    uint64_t generation; /* of all saves, by anybody */
    uint64_t len;        /* of the registers; 0: the file says it all */
};

int door_because(const struct reason *why, int err, const char *format, ...)
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
    char text[HOLDER_BYTES + 1] = "";
    if (pread(fd, text, HOLDER_BYTES, 0) < 1) {
        return (struct holder){0, false};
    }
    return (struct holder){strtol(text, NULL, 10), strstr(text, "server")};
}

static void write_holder(int fd, bool is_server)
{
    char text[HOLDER_BYTES] = "";
    snprintf(text, sizeof(text), "%ld%s\n", (long)getpid(),
             is_server ? " server" : "");
    if (pwrite(fd, text, sizeof(text), 0) < 0) {
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

int door_lock_file(const char *path, unsigned wait_ms, bool is_server,
                   const struct reason *why)
{
    char name[PATH_MAX];
    struct stat st;
    if (!lock_path(path, name)) {
        return door_because(why, HD_ERR_ARG, "%s: the path is too long", path);
    }
    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
        return door_because(why, HD_ERR_ARG,
                            "%s is a link: lock what hd_vfile_find() gives",
                            path);
    }
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return door_because(why, HD_ERR_IO, "opening the lock %s: %s", name,
                            strerror(errno));
    }
    if (try_lock(fd, wait_ms)) {
        (void)fchmod(fd, 0600); /* whoever copied it may have opened it */
        write_holder(fd, is_server);
        return fd;
    }
    struct holder who = read_holder(fd);
    close(fd);
    return door_because(
            why, HD_ERR_LOCK, "%s is in use by process %ld%s", path, who.pid,
            who.is_server ? ", a server (half sim serve or exec): reach "
                            "the chip through its socket, unix:PATH"
                          : "");
}

/* ----------------------------------------------------------------- names */

/* Nobody answers to that name; errno tells why. */
static int not_there(const char *path, const struct reason *why)
{
    const int err = errno;
    char target[PATH_MAX];
    ssize_t n = readlink(path, target, sizeof(target));
    if (n >= 0 && err == ENOENT) {
        door_because(why, HD_ERR_IO,
                     "%s is a link to %.*s, which does not exist: correct the "
                     "link or remove it",
                     path, (int)n, target);
    } else {
        door_because(why, HD_ERR_IO, "%s: %s%s", path, strerror(err),
                     err == ENOENT ? "; make a chip with `half sim create`"
                                   : "");
    }
    errno = err;
    return HD_ERR_IO;
}

/* What a save, which puts a new file in the place of the old, would harm. */
static int check_kind(const char *path, const struct reason *why)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        return not_there(path, why);
    }
    if (!S_ISREG(st.st_mode)) {
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
        return door_because(why, HD_ERR_IO,
                            "%s is %s: a virtual chip lives in a plain file",
                            path,
                            errno == EISDIR ? "a directory" : "a device or so");
    }
    if (st.st_nlink > 1) {
        errno = EMLINK;
        return door_because(why, HD_ERR_IO,
                            "%s has %lu names (hard links), and saving would "
                            "make as many chips of it: remove the others, or "
                            "copy it to a file of its own",
                            path, (unsigned long)st.st_nlink);
    }
    return HD_OK;
}

int hd_vfile_find(const char *path, char found[HD_VFILE_PATH_MAX], char *why,
                  size_t size)
{
    _Static_assert(HD_VFILE_PATH_MAX >= PATH_MAX, "realpath() writes so much");
    const struct reason reason = {why, size};
    if (!realpath(path, found)) {
        return not_there(path, &reason);
    }
    return check_kind(found, &reason);
}

/* The directory's real name and a name in it; false: errno tells. */
static bool join(const char *path, char found[HD_VFILE_PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    char dir[PATH_MAX];
    int n = snprintf(dir, sizeof(dir), "%.*s.", (int)(name - path), path);
    errno = *name ? ENAMETOOLONG : ENOENT;
    if (!*name || n < 0 || n >= (int)sizeof(dir) || !realpath(dir, found)) {
        return false;
    }
    size_t len = strlen(found), left = HD_VFILE_PATH_MAX - len;
    errno = ENAMETOOLONG;
    n = snprintf(found + len, left, "%s%s", len > 1 ? "/" : "", name);
    return n > 0 && (size_t)n < left;
}

int hd_vfile_find_new(const char *path, char found[HD_VFILE_PATH_MAX],
                      char *why, size_t size)
{
    const struct reason reason = {why, size};
    struct stat st;
    if (lstat(path, &st) == 0 || errno != ENOENT) {
        return hd_vfile_find(path, found, why, size);
    }
    if (!join(path, found)) {
        return door_because(&reason, HD_ERR_IO, "%s: %s", path,
                            strerror(errno));
    }
    return HD_OK;
}

int hd_vfile_lock(const char *path, unsigned wait_ms, char *why, size_t size)
{
    const struct reason reason = {why, size};
    return door_lock_file(path, wait_ms, false, &reason);
}

/* ------------------------------------------------------- load and save */

static bool identify(const char *path, struct live *live)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        return false;
    }
    live->device = (uint64_t)st.st_dev;
    live->inode = (uint64_t)st.st_ino;
    live->size = (uint64_t)st.st_size;
    live->seconds = (int64_t)st.st_mtim.tv_sec;
    live->nanoseconds = (int64_t)st.st_mtim.tv_nsec;
    return true;
}

static bool is_same_file(const struct live *a, const struct live *b)
{
    return a->device == b->device && a->inode == b->inode &&
           a->size == b->size && a->seconds == b->seconds &&
           a->nanoseconds == b->nanoseconds;
}

static struct live read_live(int lock)
{
    struct live live;
    if (pread(lock, &live, sizeof(live), HOLDER_BYTES) != sizeof(live)) {
        memset(&live, 0, sizeof(live));
    }
    return live;
}

/* The registers that the last process left, if they are this file's. */
static void load_live(int lock, const struct live *live, struct hd_vchip *v)
{
    uint8_t bytes[HD_V_SNAPSHOT_MAX];
    if (live->len == 0 || live->len > sizeof(bytes) ||
        pread(lock, bytes, live->len, HOLDER_BYTES + sizeof(*live)) !=
                (ssize_t)live->len) {
        return;
    }
    if (hd_vchip_unseal(v, bytes, live->len) == HD_OK) {
        v->dirty = false;
    }
    hd_wipe(bytes, sizeof(bytes));
}

int hd_vfile_load(int lock, const char *path, struct hd_vchip *v,
                  uint64_t *generation)
{
    struct live now = {0}, live = read_live(lock);
    int err = hd_vchip_load(v, path);
    if (err) {
        return err;
    }
    if (identify(path, &now) && is_same_file(&now, &live)) {
        load_live(lock, &live, v);
        hd_vchip_power(v, true); /* if the last program left it without */
    }
    *generation = live.generation;
    return HD_OK;
}

bool hd_vfile_is_current(int lock, const char *path, uint64_t generation)
{
    struct live now = {0}, live = read_live(lock);
    return live.generation == generation && identify(path, &now) &&
           is_same_file(&now, &live);
}

/* Registers first, head last: a torn write leaves a head that does not fit or
 * registers whose seal is broken. What lay behind them is cut off. */
static int write_live(int lock, struct live *live, const uint8_t *bytes)
{
    off_t at = HOLDER_BYTES + (off_t)sizeof(*live);
    if (ftruncate(lock, at + (off_t)live->len) != 0 ||
        pwrite(lock, bytes, live->len, at) != (ssize_t)live->len ||
        pwrite(lock, live, sizeof(*live), HOLDER_BYTES) != sizeof(*live)) {
        return HD_ERR_IO;
    }
    return HD_OK;
}

int hd_vfile_save(int lock, const char *path, struct hd_vchip *v,
                  uint64_t *generation)
{
    uint8_t bytes[HD_V_SNAPSHOT_MAX];
    struct live live = read_live(lock), now = {0};
    bool is_known = identify(path, &now) && is_same_file(&now, &live);
    now.generation = live.generation + 1;
    if (v->dirty || !is_known) {
        int err = hd_vchip_save(v, path);
        if (err || !identify(path, &now)) {
            return err ? err : HD_ERR_IO;
        }
    } else {
        int len = hd_vchip_seal(v, bytes);
        if (len < 0) {
            return len;
        }
        now.len = (uint64_t)len;
    }
    int err = write_live(lock, &now, bytes);
    hd_wipe(bytes, sizeof(bytes));
    *generation = now.generation;
    return err;
}
