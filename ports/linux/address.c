/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chip addresses: text to an open port. The one place that knows the
 * schemes; what is wrong with an address is said together with what was
 * probably meant.
 */
#include "ports.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADDR_DEFAULT 0x60
#define ADDR_FIRST   0x08
#define ADDR_LAST    0x77
#define FORMS                                                                  \
    "i2c:1@0x60, swi:/dev/ttyUSB0, sim:thing.vchip or unix:/run/thing.sock"

int because(const struct reason *why, int err, const char *format, ...)
{
    if (why->text && why->size > 0) {
        va_list args;
        va_start(args, format);
        vsnprintf(why->text, why->size, format, args);
        va_end(args);
    }
    return err;
}

static const struct scheme {
    const char *name; /* with its colon */
    opener_fn *open;
    bool has_addr7; /* "@0x60" may follow */
} schemes[] = {
        {"i2c:", open_i2c, true},
        {"swi:", open_swi, false},
        {"sim:", open_sim, false},
        {"unix:", open_socket, true},
};

static const struct scheme *scheme_of(const char *address)
{
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (strncmp(address, schemes[i].name, strlen(schemes[i].name)) == 0) {
            return &schemes[i];
        }
    }
    return NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* No scheme: guess from what the text looks like. */
static int guess(const char *address, const struct reason *why)
{
    const char *scheme = NULL;
    if (strncmp(address, "/dev/i2c-", 9) == 0) {
        scheme = "i2c:";
    } else if (strncmp(address, "/dev/tty", 8) == 0) {
        scheme = "swi:";
    } else if (ends_with(address, ".vchip")) {
        scheme = "sim:";
    } else if (ends_with(address, ".sock")) {
        scheme = "unix:";
    }
    if (scheme) {
        return because(why, HD_ERR_FORMAT,
                       "'%s' lacks its kind; did you mean "
                       "%s%s?",
                       address, scheme, address);
    }
    return because(why, HD_ERR_FORMAT,
                   "'%s' is not a chip's address; write " FORMS, address);
}

/* "0x60" or "96". */
static int parse_addr7(const char *text, uint8_t *addr7,
                       const struct reason *why)
{
    char *end;
    unsigned long value = strtoul(text, &end, 0);
    if (end == text || *end || text[0] == '-' || value > 0xFF) {
        return because(why, HD_ERR_FORMAT,
                       "'@%s': after @ comes the chip's 7-bit address, like "
                       "@0x60",
                       text);
    }
    if (value >= 0x80 || value > ADDR_LAST || value < ADDR_FIRST) {
        unsigned long half = value >> 1;
        if (value >= 0x80 && half >= ADDR_FIRST && half <= ADDR_LAST) {
            return because(why, HD_ERR_FORMAT,
                           "0x%02lX is an 8-bit address; without its "
                           "read/write bit it is @0x%02lX",
                           value, half);
        }
        return because(why, HD_ERR_FORMAT,
                       "0x%02lX is outside the 7-bit addresses of devices, "
                       "0x08 to 0x77",
                       value);
    }
    *addr7 = (uint8_t)value;
    return HD_OK;
}

int hd_port_open(struct hd_port *port, const char *address, char *why,
                 size_t size)
{
    const struct reason reason = {why, size};
    const struct scheme *scheme = scheme_of(address);
    char rest[PATH_MAX];
    uint8_t addr7 = ADDR_DEFAULT;

    memset(port, 0, sizeof(*port));
    if (!scheme) {
        return guess(address, &reason);
    }
    const char *text = address + strlen(scheme->name);
    if (strlen(text) >= sizeof(rest)) {
        return because(&reason, HD_ERR_FORMAT, "the path is too long");
    }
    memcpy(rest, text, strlen(text) + 1);
    char *at = strrchr(rest, '@');
    if (at && scheme->has_addr7) {
        *at = '\0';
        int err = parse_addr7(at + 1, &addr7, &reason);
        if (err) {
            return err;
        }
    }
    if (!rest[0]) {
        return because(&reason, HD_ERR_FORMAT,
                       "'%s' ends too early; write " FORMS, address);
    }
    int err = scheme->open(port, rest, addr7, &reason);
    if (err) {
        memset(port, 0, sizeof(*port));
    }
    return err;
}

void hd_port_why(const struct hd_port *port, char *out, size_t size)
{
    out[0] = '\0';
    if (port->why) {
        port->why(port->ctx, out, size);
    }
}

void hd_port_close(struct hd_port *port)
{
    if (port->close) {
        port->close(port->ctx);
    }
    memset(port, 0, sizeof(*port));
}
