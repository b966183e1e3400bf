/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands before libc in a program that `half sim exec` runs and gives it a
 * /dev/i2c-N that is not there.
 *
 * An open bus is an open placeholder file beside the server's socket, whose
 * file offset is the slave address: so dup, fork, exec and flock treat it as
 * they treat a device, and two opens stay two. Which descriptors are ours is
 * remembered in a table, and checked by device and inode at each use, since
 * a program can close and reuse a descriptor by ways not seen here.
 *
 * Streams (fopen) are not covered: libc reads them past any preload.
 */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE /* its wrappers are defined here themselves */
#include "preload.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FDS       16384
#define I2C_MAJOR 89
#define LONGEST   8192 /* what i2c-dev transfers in one read or write */

static int (*next_open)(const char *, int, ...);
static int (*next_openat)(int, const char *, int, ...);
static int (*next_close)(int);
static int (*next_dup)(int);
static int (*next_dup2)(int, int);
static int (*next_dup3)(int, int, int);
static int (*next_fcntl)(int, int, ...);
static int (*next_fcntl64)(int, int, ...);
static int (*next_ioctl)(int, unsigned long, ...);
static ssize_t (*next_read)(int, void *, size_t);
static ssize_t (*next_write)(int, const void *, size_t);
static off_t (*next_lseek)(int, off_t, int);
static off64_t (*next_lseek64)(int, off64_t, int);
static int (*next_fstat)(int, struct stat *);
static int (*next_fstatat)(int, const char *, struct stat *, int);
static int (*next_fstatat64)(int, const char *, struct stat64 *, int);
static int (*next_fstat64)(int, struct stat64 *);
static int (*next_statx)(int, const char *, int, unsigned, struct statx *);
static int (*next_faccessat)(int, const char *, int, int);

static char device[32];
static unsigned bus_number;
static char placeholder[PATH_MAX];
static dev_t place_dev;
static ino_t place_ino;
static atomic_bool mine[FDS];

void preload_next(const char *name, void *fn, size_t size)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) {
        static const char text[] = "half_preload: libc lacks a function\n";
        if (write(2, text, sizeof(text) - 1) < 0) {
            abort();
        }
        abort();
    }
    memcpy(fn, &found, size);
}

/* ------------------------------------------------------------- our files */

/* The placeholder exists from the first open on; until then nothing is. */
static bool know_place(void)
{
    struct stat st;
    if (next_fstatat(AT_FDCWD, placeholder, &st, 0) != 0) {
        return false;
    }
    place_dev = st.st_dev;
    place_ino = st.st_ino;
    return true;
}

static bool is_place(int fd)
{
    struct stat st;
    return next_fstat(fd, &st) == 0 && st.st_dev == place_dev &&
           st.st_ino == place_ino && place_ino != 0;
}

static void adopt_inherited(void)
{
    DIR *dir = opendir("/proc/self/fd");
    if (!dir) {
        return;
    }
    for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        long fd = strtol(e->d_name, NULL, 10);
        if (e->d_name[0] != '.' && fd < FDS && is_place((int)fd)) {
            atomic_store(&mine[fd], true);
        }
    }
    closedir(dir);
}

static void resolve(void)
{
    NEXT(open);
    NEXT(openat);
    NEXT(close);
    NEXT(dup);
    NEXT(dup2);
    NEXT(dup3);
    NEXT(fcntl);
    NEXT(fcntl64);
    NEXT(ioctl);
    NEXT(read);
    NEXT(write);
    NEXT(lseek);
    NEXT(lseek64);
    NEXT(fstat);
    NEXT(fstat64);
    NEXT(fstatat);
    NEXT(fstatat64);
    NEXT(statx);
    NEXT(faccessat);
}

static void start(void)
{
    static atomic_bool done;
    if (atomic_exchange(&done, true)) {
        return;
    }
    resolve();
    const char *socket = getenv("HALF_VBUS_SOCKET");
    const char *number = getenv("HALF_VBUS_NUMBER");
    if (!socket) {
        return;
    }
    bus_number = number ? (unsigned)strtoul(number, NULL, 10) : 1;
    snprintf(device, sizeof(device), "/dev/i2c-%u", bus_number);
    int n = snprintf(placeholder, sizeof(placeholder), "%s.i2c", socket);
    if (n < (int)sizeof(placeholder) && know_place()) {
        adopt_inherited();
    }
}

__attribute__((constructor)) static void at_load(void)
{
    start();
}

/* Other libraries' constructors may call before ours has run. */
static inline void ready(void)
{
    if (!next_faccessat) {
        start();
    }
}

static bool is_device(const char *path)
{
    ready();
    return device[0] && strcmp(path, device) == 0;
}

static bool is_bus(int fd)
{
    ready();
    if (fd < 0 || fd >= FDS || !atomic_load(&mine[fd])) {
        return false;
    }
    if (is_place(fd)) {
        return true;
    }
    atomic_store(&mine[fd], false);
    return false;
}

static void follow(int fd, bool is_ours)
{
    if (fd >= 0 && fd < FDS) {
        atomic_store(&mine[fd], is_ours);
    }
}

static int open_bus(int flags)
{
    int keep = flags & (O_ACCMODE | O_CLOEXEC | O_NONBLOCK);
    int fd = next_open(placeholder, keep | O_CREAT | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return fd;
    }
    if (fd >= FDS || !know_place()) {
        next_close(fd);
        errno = EMFILE;
        return -1;
    }
    follow(fd, true);
    return fd;
}

/* Result of a system call: a negative errno becomes errno. */
static ssize_t result(ssize_t n)
{
    if (n < 0) {
        errno = (int)-n;
        return -1;
    }
    return n;
}

/* ------------------------------------------------------------------ open */

static bool has_mode(int flags)
{
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
}

static int open_at(int dir, const char *path, int flags, mode_t mode)
{
    if (is_device(path)) {
        return open_bus(flags);
    }
    int fd = dir == AT_FDCWD ? next_open(path, flags, mode)
                             : next_openat(dir, path, flags, mode);
    follow(fd, false);
    return fd;
}

#define MODE_ARGUMENT(last)                                                    \
    mode_t mode = 0;                                                           \
    if (has_mode(flags)) {                                                     \
        va_list more;                                                          \
        va_start(more, last);                                                  \
        mode = (mode_t)va_arg(more, unsigned);                                 \
        va_end(more);                                                          \
    }

EXPORT int open(const char *path, int flags, ...)
{
    MODE_ARGUMENT(flags)
    return open_at(AT_FDCWD, path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...)
{
    MODE_ARGUMENT(flags)
    return open_at(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

EXPORT int openat(int dir, const char *path, int flags, ...)
{
    MODE_ARGUMENT(flags)
    return open_at(dir, path, flags, mode);
}

EXPORT int openat64(int dir, const char *path, int flags, ...)
{
    MODE_ARGUMENT(flags)
    return open_at(dir, path, flags | O_LARGEFILE, mode);
}

/* What open() becomes in programs built with -D_FORTIFY_SOURCE. */
EXPORT int __open_2(const char *path, int flags);
EXPORT int __open_2(const char *path, int flags)
{
    return open_at(AT_FDCWD, path, flags, 0);
}

EXPORT int __open64_2(const char *path, int flags);
EXPORT int __open64_2(const char *path, int flags)
{
    return open_at(AT_FDCWD, path, flags | O_LARGEFILE, 0);
}

EXPORT int __openat_2(int dir, const char *path, int flags);
EXPORT int __openat_2(int dir, const char *path, int flags)
{
    return open_at(dir, path, flags, 0);
}

EXPORT int __openat64_2(int dir, const char *path, int flags);
EXPORT int __openat64_2(int dir, const char *path, int flags)
{
    return open_at(dir, path, flags | O_LARGEFILE, 0);
}

/* ----------------------------------------------------------- descriptors */

EXPORT int close(int fd)
{
    ready();
    follow(fd, false);
    return next_close(fd);
}

EXPORT int dup(int fd)
{
    bool ours = is_bus(fd);
    int copy = next_dup(fd);
    follow(copy, ours);
    return copy;
}

EXPORT int dup2(int fd, int to)
{
    bool ours = is_bus(fd);
    int copy = next_dup2(fd, to);
    follow(copy, ours);
    return copy;
}

EXPORT int dup3(int fd, int to, int flags)
{
    bool ours = is_bus(fd);
    int copy = next_dup3(fd, to, flags);
    follow(copy, ours);
    return copy;
}

static int follow_fcntl(int fd, int command, int value)
{
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) {
        follow(value, is_bus(fd));
    }
    return value;
}

/* The third argument of fcntl() and ioctl() is a pointer or an int; as a
 * pointer it passes through unharmed. */
EXPORT int fcntl(int fd, int command, ...)
{
    va_list more;
    va_start(more, command);
    void *arg = va_arg(more, void *);
    va_end(more);
    ready();
    return follow_fcntl(fd, command, next_fcntl(fd, command, arg));
}

EXPORT int fcntl64(int fd, int command, ...)
{
    va_list more;
    va_start(more, command);
    void *arg = va_arg(more, void *);
    va_end(more);
    ready();
    return follow_fcntl(fd, command, next_fcntl64(fd, command, arg));
}

/* ------------------------------------------------------------- transfers */

static unsigned slave_of(int fd)
{
    return (unsigned)next_lseek(fd, 0, SEEK_CUR) & 0x7F;
}

static bool was_opened_for(int fd, int unwanted)
{
    return (next_fcntl(fd, F_GETFL) & O_ACCMODE) != unwanted;
}

EXPORT ssize_t read(int fd, void *data, size_t len)
{
    if (!is_bus(fd)) {
        return next_read(fd, data, len);
    }
    if (!was_opened_for(fd, O_WRONLY)) {
        return result(-EBADF);
    }
    return result(bus_read(slave_of(fd), data, len > LONGEST ? LONGEST : len));
}

EXPORT ssize_t __read_chk(int fd, void *data, size_t len, size_t size);
EXPORT ssize_t __read_chk(int fd, void *data, size_t len, size_t size)
{
    if (len > size) {
        abort();
    }
    return read(fd, data, len);
}

EXPORT ssize_t write(int fd, const void *data, size_t len)
{
    if (!is_bus(fd)) {
        return next_write(fd, data, len);
    }
    if (!was_opened_for(fd, O_RDONLY)) {
        return result(-EBADF);
    }
    return result(bus_write(slave_of(fd), data, len > LONGEST ? LONGEST : len));
}

EXPORT int ioctl(int fd, unsigned long request, ...)
{
    va_list more;
    va_start(more, request);
    void *arg = va_arg(more, void *);
    va_end(more);
    if (!is_bus(fd)) {
        return next_ioctl(fd, request, arg);
    }
    unsigned before = slave_of(fd), addr7 = before;
    int n = bus_ioctl(&addr7, request, arg);
    if (n >= 0 && addr7 != before) {
        next_lseek(fd, (off_t)addr7, SEEK_SET);
    }
    return (int)result(n);
}

EXPORT off_t lseek(int fd, off_t offset, int whence)
{
    return is_bus(fd) ? (off_t)result(-ESPIPE) : next_lseek(fd, offset, whence);
}

EXPORT off64_t lseek64(int fd, off64_t offset, int whence)
{
    return is_bus(fd) ? (off64_t)result(-ESPIPE)
                      : next_lseek64(fd, offset, whence);
}

/* ------------------------------------------------------------------ stat */

/* A device that is not open yet has no placeholder: the root directory's
 * times and owner are as good as any. */
#define LOOK_LIKE_DEVICE(st)                                                   \
    do {                                                                       \
        (st)->st_mode = S_IFCHR | 0660;                                        \
        (st)->st_rdev = makedev(I2C_MAJOR, bus_number);                        \
        (st)->st_size = 0;                                                     \
        (st)->st_blocks = 0;                                                   \
        (st)->st_nlink = 1;                                                    \
    } while (0)

#define DEFINE_STAT(suffix)                                                    \
    static int stat_at##suffix(int dir, const char *path,                      \
                               struct stat##suffix *st, int flags)             \
    {                                                                          \
        bool ours = is_device(path);                                           \
        int n = next_fstatat##suffix(ours ? AT_FDCWD : dir, ours ? "/" : path, \
                                     st, ours ? 0 : flags);                    \
        if (n == 0 && ours) {                                                  \
            LOOK_LIKE_DEVICE(st);                                              \
        }                                                                      \
        return n;                                                              \
    }                                                                          \
    EXPORT int stat##suffix(const char *path, struct stat##suffix *st)         \
    {                                                                          \
        return stat_at##suffix(AT_FDCWD, path, st, 0);                         \
    }                                                                          \
    EXPORT int lstat##suffix(const char *path, struct stat##suffix *st)        \
    {                                                                          \
        return stat_at##suffix(AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);       \
    }                                                                          \
    EXPORT int fstatat##suffix(int dir, const char *path,                      \
                               struct stat##suffix *st, int flags)             \
    {                                                                          \
        return stat_at##suffix(dir, path, st, flags);                          \
    }                                                                          \
    EXPORT int fstat##suffix(int fd, struct stat##suffix *st)                  \
    {                                                                          \
        bool ours = is_bus(fd);                                                \
        int n = next_fstat##suffix(fd, st);                                    \
        if (n == 0 && ours) {                                                  \
            LOOK_LIKE_DEVICE(st);                                              \
        }                                                                      \
        return n;                                                              \
    }

DEFINE_STAT()
DEFINE_STAT(64)

EXPORT int statx(int dir, const char *path, int flags, unsigned mask,
                 struct statx *st)
{
    bool ours = is_device(path) ||
                ((flags & AT_EMPTY_PATH) && path[0] == '\0' && is_bus(dir));
    if (!ours) {
        return next_statx(dir, path, flags, mask, st);
    }
    int n = next_statx(AT_FDCWD, "/", 0, mask, st);
    if (n == 0) {
        st->stx_mode = S_IFCHR | 0660;
        st->stx_rdev_major = I2C_MAJOR;
        st->stx_rdev_minor = bus_number;
        st->stx_size = 0;
        st->stx_blocks = 0;
        st->stx_nlink = 1;
    }
    return n;
}

EXPORT int faccessat(int dir, const char *path, int mode, int flags)
{
    if (!is_device(path)) {
        return next_faccessat(dir, path, mode, flags);
    }
    return (int)result(mode & X_OK ? -EACCES : 0);
}

EXPORT int access(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, 0);
}
