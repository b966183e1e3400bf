/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port for I2C adapters of Linux, through i2c-dev. One ioctl a transfer:
 * I2C_RDWR ignores which driver thinks it owns the address, and keeps no
 * state in the file.
 */
#define _GNU_SOURCE
#include "ports.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SEND_MAX 156 /* word address and the longest group */
#define ANSWER   4

struct i2c {
    int fd;
    uint8_t addr7;
};

/* Documentation/i2c/fault-codes names ENXIO for a missing acknowledge; many
 * adapters say EREMOTEIO or EIO. Lost arbitration and timeouts are lines
 * that do not do what they are told. */
static const struct {
    int number, err;
} errors[] = {
        {ENXIO, HD_ERR_NACK},
        {EREMOTEIO, HD_ERR_NACK},
        {EIO, HD_ERR_NACK},
        {EAGAIN, HD_ERR_BUS_STUCK},
        {ETIMEDOUT, HD_ERR_BUS_STUCK},
        {EBUSY, HD_ERR_BUS_STUCK},
};

static int transfer(const struct i2c *i2c, unsigned addr7, unsigned flags,
                    uint8_t *data, size_t len)
{
    struct i2c_msg msg = {.addr = (uint16_t)addr7,
                          .flags = (uint16_t)flags,
                          .len = (uint16_t)len,
                          .buf = data};
    struct i2c_rdwr_ioctl_data set = {.msgs = &msg, .nmsgs = 1};

    while (ioctl(i2c->fd, I2C_RDWR, &set) < 0) {
        for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
            if (errors[i].number == errno) {
                return errors[i].err;
            }
        }
        if (errno != EINTR) {
            return HD_ERR_PORT;
        }
    }
    return HD_OK;
}

/* A byte to address 0, which nobody acknowledges. 0x00, so that the adapter
 * that sends it after all lengthens the pulse. */
static int i2c_wake(void *ctx)
{
    uint8_t zero = 0;
    int err = transfer(ctx, 0x00, 0, &zero, 1);
    return err == HD_ERR_NACK ? HD_OK : err;
}

static int i2c_send(void *ctx, uint8_t word, const uint8_t *data, size_t len)
{
    const struct i2c *i2c = ctx;
    uint8_t bytes[SEND_MAX];

    if (len > SEND_MAX - 1) {
        return HD_ERR_ARG;
    }
    bytes[0] = word;
    if (len > 0) {
        memcpy(bytes + 1, data, len);
    }
    int err = transfer(i2c, i2c->addr7, 0, bytes, len + 1);
    hd_wipe(bytes, sizeof(bytes));
    return err;
}

static int i2c_recv(void *ctx, uint8_t *data, size_t len)
{
    const struct i2c *i2c = ctx;
    return transfer(i2c, i2c->addr7, I2C_M_RD, data, len);
}

static int i2c_lock(void *ctx, bool take)
{
    const struct i2c *i2c = ctx;
    return port_flock(i2c->fd, take);
}

static const struct hd_bus i2c_bus = {
        .wake = i2c_wake,
        .send = i2c_send,
        .recv = i2c_recv,
        .now_us = port_now_us,
        .wait_us = port_wait_us,
        .lock = i2c_lock,
};

static int i2c_probe(void *ctx, uint8_t addr7, uint8_t answer[ANSWER])
{
    return transfer(ctx, addr7, I2C_M_RD, answer, ANSWER);
}

static void i2c_close(void *ctx)
{
    struct i2c *i2c = ctx;
    close(i2c->fd);
    free(i2c);
}

/* "1" or "/dev/i2c-1" */
static int device_of(const char *rest, char *path, size_t size,
                     const struct reason *why)
{
    if (rest[0] == '/') {
        snprintf(path, size, "%s", rest);
        return HD_OK;
    }
    if (rest[strspn(rest, "0123456789")] != '\0' || strlen(rest) > 4) {
        return because(why, HD_ERR_FORMAT,
                       "'i2c:%s': after i2c: comes the adapter's number (1 "
                       "for /dev/i2c-1) or its path",
                       rest);
    }
    snprintf(path, size, "/dev/i2c-%s", rest);
    return HD_OK;
}

static int cannot_open(const char *path, const struct reason *why)
{
    const char *hint = "";
    if (errno == ENOENT) {
        hint = ": is the i2c-dev module loaded (modprobe i2c-dev) and the "
               "adapter enabled?";
    } else if (errno == EACCES) {
        hint = ": join the group that owns it, often i2c";
    }
    return because(why, HD_ERR_IO, "%s: %s%s", path, strerror(errno), hint);
}

int open_i2c(struct hd_port *port, const char *rest, uint8_t addr7,
             const struct reason *why)
{
    char path[PATH_MAX];
    unsigned long functions = 0;

    int err = device_of(rest, path, sizeof(path), why);
    if (err) {
        return err;
    }
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return cannot_open(path, why);
    }
    struct i2c *i2c = calloc(1, sizeof(*i2c));
    if (!i2c || ioctl(fd, I2C_FUNCS, &functions) < 0 ||
        !(functions & I2C_FUNC_I2C)) {
        free(i2c);
        close(fd);
        return because(why, HD_ERR_UNSUPPORTED,
                       "%s is no adapter for plain I2C transfers (SMBus only, "
                       "or no I2C adapter at all)",
                       path);
    }
    *i2c = (struct i2c){fd, addr7};
    port->bus = &i2c_bus;
    port->ctx = i2c;
    port->addr7 = addr7;
    port->probe = i2c_probe;
    port->close = i2c_close;
    snprintf(port->about, sizeof(port->about), "%.100s, address 0x%02X", path,
             addr7);
    return HD_OK;
}
