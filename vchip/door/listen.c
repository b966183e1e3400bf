/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ways in: Unix sockets for frames and for single-wire characters, and
 * the pseudo terminal that looks like a USB serial adapter.
 */
#define _GNU_SOURCE /* accept4, ptsname_r: fewer races than the portable */
#include "door.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

static int io_error(char *why, size_t size, const char *what, const char *path)
{
    snprintf(why, size, "%s %s: %s", what, path, strerror(errno));
    return HD_ERR_IO;
}

/* Somebody answers at that socket. */
static bool is_live(const struct sockaddr_un *name)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool live = fd >= 0 &&
                connect(fd, (const struct sockaddr *)name, sizeof(*name)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return live;
}

/* Removes what a server that was killed has left; never anything that is not
 * a socket. */
static int clear_place(const struct sockaddr_un *name, char *why, size_t size)
{
    struct stat st;
    const char *path = name->sun_path;
    if (lstat(path, &st) != 0) {
        return HD_OK;
    }
    if (!S_ISSOCK(st.st_mode)) {
        snprintf(why, size, "%s exists and is not a socket: give another path",
                 path);
        return HD_ERR_IO;
    }
    if (is_live(name)) {
        snprintf(why, size,
                 "%s: another server answers there; stop it or give another "
                 "path",
                 path);
        return HD_ERR_LOCK;
    }
    return unlink(path) == 0 ? HD_OK : io_error(why, size, "removing", path);
}

static int bind_private(int fd, const struct sockaddr_un *name)
{
    mode_t old = umask(0177);
    int failed = bind(fd, (const struct sockaddr *)name, sizeof(*name));
    umask(old);
    return failed ? failed : listen(fd, 64);
}

static int listen_kind(struct hd_vdoor *door, const char *path,
                       enum client_kind kind, char *why, size_t size)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(name.sun_path)) {
        snprintf(why, size, "%s: a socket's path has at most %zu characters",
                 path, sizeof(name.sun_path) - 1);
        return HD_ERR_ARG;
    }
    size_t places = sizeof(door->listeners) / sizeof(door->listeners[0]);
    if (door->listener_count == places) {
        snprintf(why, size, "one server listens at no more than %zu sockets",
                 places);
        return HD_ERR_TOO_SMALL;
    }
    memcpy(name.sun_path, path, strlen(path));
    int err = clear_place(&name, why, size);
    if (err) {
        return err;
    }
    struct listener *l = &door->listeners[door->listener_count];
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    l->kind = kind;
    l->path = strdup(path);
    if (l->fd < 0 || !l->path || bind_private(l->fd, &name)) {
        err = io_error(why, size, "listening at", path);
        free(l->path);
        if (l->fd >= 0) {
            close(l->fd);
        }
        return err;
    }
    door->listener_count++;
    return HD_OK;
}

int hd_vdoor_listen(struct hd_vdoor *door, const char *path, char *why,
                    size_t size)
{
    return listen_kind(door, path, CLIENT_FRAMES, why, size);
}

int hd_vdoor_listen_swi(struct hd_vdoor *door, const char *path, char *why,
                        size_t size)
{
    door->options.real_clock = true;
    return listen_kind(door, path, CLIENT_SWI, why, size);
}

void door_accept(struct hd_vdoor *door, const struct listener *l)
{
    int fd;
    while ((fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >=
           0) {
        if (!door_client_add(door, fd, l->kind)) {
            close(fd);
        }
    }
}

/* --------------------------------------------------------- pseudo terminal */

/* Both ends raw: a line discipline would eat or echo characters. */
static bool make_raw(int fd)
{
    struct termios t;
    if (tcgetattr(fd, &t) != 0) {
        return false;
    }
    cfmakeraw(&t);
    return tcsetattr(fd, TCSANOW, &t) == 0;
}

static int open_master(void)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0 || !make_raw(fd)) {
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

static int make_link(struct hd_vdoor *door, const char *link, const char *name)
{
    struct stat st;
    if (lstat(link, &st) == 0 && S_ISLNK(st.st_mode)) {
        unlink(link);
    }
    door->pty_link = strdup(link);
    return door->pty_link && symlink(name, link) == 0 ? HD_OK : HD_ERR_IO;
}

int hd_vdoor_open_pty(struct hd_vdoor *door, const char *link, char *name,
                      size_t name_size, char *why, size_t size)
{
    int fd = open_master();
    if (fd < 0 || ptsname_r(fd, name, name_size) != 0) {
        int err = io_error(why, size, "opening", "/dev/ptmx");
        if (fd >= 0) {
            close(fd);
        }
        return err;
    }
    struct client *c = door_client_add(door, fd, CLIENT_PTY);
    if (!c) {
        close(fd);
        snprintf(why, size, "too many clients");
        return HD_ERR_TOO_SMALL;
    }
    door->options.real_clock = true;
    if (link && make_link(door, link, name) != HD_OK) {
        return io_error(why, size, "linking", link);
    }
    return HD_OK;
}
