/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The single-wire port over a UART whose TX and RX share the chip's line:
 * one character a bit, 230400 baud 7N1; a character 0x00 at 115200 baud is
 * the wake pulse (docs/chip part 1, 3.3). All that is sent is heard again
 * and is taken off before an answer is read.
 */
#define _GNU_SOURCE /* cfmakeraw */
#include "ports.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

enum {
    FLAG_COMMAND = 0x77,
    FLAG_TRANSMIT = 0x88,
    FLAG_IDLE = 0xBB,
    FLAG_SLEEP = 0xCC
};

#define TOKEN_ONE  0x7F
#define TOKEN_ZERO 0x7D
#define BITS       8
#define GROUP_MAX  155
/* The chip answers within 131 us; a USB adapter keeps what it heard for up
 * to 16 ms. */
#define SILENCE_MS 30
#define ECHO_MS    500
#define PTY_MAJOR  136 /* of /dev/pts: 136 to 143 */

struct swi {
    int fd;
    bool is_tty;
};

/* HD_ERR_NACK: silence. */
static int read_chars(const struct swi *s, uint8_t *chars, size_t len,
                      int wait_ms)
{
    for (size_t at = 0; at < len;) {
        struct pollfd p = {.fd = s->fd, .events = POLLIN};
        int ready = poll(&p, 1, wait_ms);
        if (ready == 0) {
            return HD_ERR_NACK;
        }
        ssize_t n = ready < 0 ? -1 : read(s->fd, chars + at, len - at);
        if (n == 0) {
            return HD_ERR_PORT;
        }
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            return HD_ERR_PORT;
        }
        at += n > 0 ? (size_t)n : 0;
    }
    return HD_OK;
}

static int write_chars(const struct swi *s, const uint8_t *chars, size_t len)
{
    while (len > 0) {
        ssize_t n = write(s->fd, chars, len);
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            return HD_ERR_PORT;
        }
        if (n > 0) {
            chars += n;
            len -= (size_t)n;
        }
    }
    return HD_OK;
}

static void drop_input(const struct swi *s)
{
    uint8_t noise[64];
    if (s->is_tty) {
        tcflush(s->fd, TCIFLUSH);
        return;
    }
    ssize_t n;
    do {
        n = recv(s->fd, noise, sizeof(noise), MSG_DONTWAIT);
    } while (n > 0);
}

/* Sends and takes off the echo. No echo: TX and RX are not tied together;
 * another one: somebody else drives the line. */
static int say(const struct swi *s, const uint8_t *chars, size_t len)
{
    uint8_t echo[BITS * (GROUP_MAX + 1)];

    drop_input(s);
    int err = write_chars(s, chars, len);
    err = err ? err : read_chars(s, echo, len, ECHO_MS);
    if (err) {
        return err == HD_ERR_NACK ? HD_ERR_BUS_STUCK : err;
    }
    for (size_t i = 0; i < len; i++) {
        if ((echo[i] & 0x7F) != chars[i]) {
            return HD_ERR_BUS_STUCK;
        }
    }
    return HD_OK;
}

/* Least significant bit first. */
static void encode(uint8_t byte, uint8_t chars[BITS])
{
    for (unsigned i = 0; i < BITS; i++) {
        chars[i] = (byte >> i & 1) ? TOKEN_ONE : TOKEN_ZERO;
    }
}

/* The chip's bits are slower than the UART's: a one may arrive as 0x7E. */
static uint8_t decode(const uint8_t chars[BITS])
{
    unsigned byte = 0;
    for (unsigned i = 0; i < BITS; i++) {
        bool one = ((chars[i] & 0x7F) ^ 0x7F) < 2;
        byte |= (one ? 1u : 0u) << i;
    }
    return (uint8_t)byte;
}

/* -------------------------------------------------------------- the port */

static int set_speed(const struct swi *s, speed_t speed)
{
    struct termios t;
    if (!s->is_tty) {
        return HD_OK;
    }
    if (tcgetattr(s->fd, &t) != 0) {
        return HD_ERR_PORT;
    }
    cfsetspeed(&t, speed);
    return tcsetattr(s->fd, TCSADRAIN, &t) == 0 ? HD_OK : HD_ERR_PORT;
}

static int swi_wake(void *ctx)
{
    const struct swi *s = ctx;
    const uint8_t zero = 0x00;
    int err = set_speed(s, B115200);
    err = err ? err : say(s, &zero, 1);
    int back = set_speed(s, B230400);
    return err ? err : back;
}

static int swi_send(void *ctx, uint8_t word, const uint8_t *data, size_t len)
{
    static const uint8_t flags[] = {
            [HD_WORD_SLEEP] = FLAG_SLEEP,
            [HD_WORD_IDLE] = FLAG_IDLE,
            [HD_WORD_COMMAND] = FLAG_COMMAND,
    };
    uint8_t chars[BITS * (GROUP_MAX + 1)];

    if (word >= sizeof(flags) || len > GROUP_MAX) {
        return HD_ERR_ARG;
    }
    if (word == HD_WORD_RESET) {
        return HD_OK; /* every transmit flag begins the answer anew */
    }
    encode(flags[word], chars);
    for (size_t i = 0; i < len; i++) {
        encode(data[i], chars + BITS * (i + 1));
    }
    int err = say(ctx, chars, BITS * (len + 1));
    hd_wipe(chars, sizeof(chars));
    return err;
}

/* One byte of the answer; HD_ERR_NACK: the line is silent. */
static int read_byte(const struct swi *s, uint8_t *byte)
{
    uint8_t chars[BITS];
    int err = read_chars(s, chars, BITS, SILENCE_MS);
    *byte = err ? 0xFF : decode(chars);
    return err;
}

static int swi_recv(void *ctx, uint8_t *data, size_t len)
{
    const struct swi *s = ctx;
    uint8_t flag[BITS], byte = 0;

    memset(data, 0xFF, len);
    encode(FLAG_TRANSMIT, flag);
    int err = say(s, flag, BITS);
    err = err ? err : read_byte(s, &byte);
    if (err) {
        return err;
    }
    /* The count says when to stop waiting for silence; a count that cannot
     * be is noise, and is read to its end. */
    size_t count = byte >= 4 && byte <= GROUP_MAX ? byte : GROUP_MAX + 1;
    data[0] = byte;
    for (size_t i = 1; i < count; i++) {
        err = read_byte(s, &byte);
        if (err) {
            return err == HD_ERR_NACK ? HD_OK : err;
        }
        if (i < len) {
            data[i] = byte;
        }
    }
    return HD_OK;
}

static int swi_lock(void *ctx, bool take)
{
    const struct swi *s = ctx;
    return s->is_tty ? port_flock(s->fd, take) : HD_OK;
}

static const struct hd_bus swi_bus = {
        .wake = swi_wake,
        .send = swi_send,
        .recv = swi_recv,
        .now_us = port_now_us,
        .wait_us = port_wait_us,
        .lock = swi_lock,
};

static void swi_close(void *ctx)
{
    struct swi *s = ctx;
    close(s->fd);
    free(s);
}

/* ---------------------------------------------------------------- opening */

/* Pseudo terminals have eight bits and say so by failing. */
static tcflag_t char_size(int fd)
{
    struct stat st;
    bool is_pty = fstat(fd, &st) == 0 && major(st.st_rdev) >= PTY_MAJOR &&
                  major(st.st_rdev) < PTY_MAJOR + 8;
    return is_pty ? CS8 : CS7;
}

static int open_tty(const char *path)
{
    struct termios t;
    int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    if (tcgetattr(fd, &t) == 0) {
        cfmakeraw(&t);
        t.c_cflag &= ~(tcflag_t)(CSIZE | PARENB | CSTOPB | CRTSCTS);
        t.c_cflag |= char_size(fd) | CLOCAL | CREAD;
        t.c_cc[VMIN] = 1;
        t.c_cc[VTIME] = 0;
        cfsetspeed(&t, B230400);
        if (tcsetattr(fd, TCSANOW, &t) == 0) {
            return fd;
        }
    }
    close(fd);
    return -1;
}

static int open_stream(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(name.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(name.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 &&
        connect(fd, (const struct sockaddr *)&name, sizeof(name)) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

int open_swi(struct hd_port *port, const char *rest, uint8_t addr7,
             const struct reason *why)
{
    struct stat st;
    bool is_socket = stat(rest, &st) == 0 && S_ISSOCK(st.st_mode);
    int fd = is_socket ? open_stream(rest) : open_tty(rest);

    (void)addr7;
    if (fd < 0) {
        return because(why, HD_ERR_IO, "%s: %s%s", rest, strerror(errno),
                       errno == EACCES ? ": join the group that owns it, "
                                         "often dialout"
                                       : "");
    }
    struct swi *s = calloc(1, sizeof(*s));
    if (!s) {
        close(fd);
        return because(why, HD_ERR_IO, "out of memory");
    }
    *s = (struct swi){fd, !is_socket};
    port->bus = &swi_bus;
    port->ctx = s;
    port->close = swi_close;
    snprintf(port->about, sizeof(port->about), "single-wire at %.100s", rest);
    return HD_OK;
}
