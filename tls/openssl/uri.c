/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parser and writer of key URIs; the grammar stands in uri.h. Input comes
 * from command lines and configuration files, so every refusal says what to
 * write instead.
 */
#include "uri.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* One run of the parser: where to complain. */
struct complaint {
    char *text;
    size_t size;
};

static bool refuse(struct complaint *why, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static bool refuse(struct complaint *why, const char *format, ...)
{
    va_list args;

    if (why->size > 0) {
        va_start(args, format);
        vsnprintf(why->text, why->size, format, args);
        va_end(args);
    }
    return false;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = c == '\0' ? NULL : strchr(digits, c);

    if (at == NULL) {
        return -1;
    }
    return (int)(at - digits) < 16 ? (int)(at - digits)
                                   : (int)(at - digits) - 6;
}

/* Decodes len characters at in to a terminated string of at most size. */
static bool decode(const char *in, size_t len, char *out, size_t size,
                   struct complaint *why)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        char c = in[i];

        if (n + 1 >= size) {
            return refuse(why, "a value is longer than %zu characters",
                          size - 1);
        }
        if (c == '%') {
            int high = i + 2 < len ? hex_digit(in[i + 1]) : -1;
            int low = i + 2 < len ? hex_digit(in[i + 2]) : -1;

            if (high < 0 || low < 0 || high + low == 0) {
                return refuse(why, "\"%%\" must be followed by two hex digits "
                                   "other than 00; a percent sign itself is "
                                   "written %%25");
            }
            c = (char)(high * 16 + low);
            i += 2;
        }
        out[n++] = c;
    }
    out[n] = '\0';
    return true;
}

static bool parse_slot(struct hdp_uri *out, const char *value,
                       struct complaint *why)
{
    int slot = 0;

    if (value[0] == '\0' || strspn(value, "0123456789") != strlen(value) ||
        strlen(value) > 2) {
        return refuse(why, "slot=%.20s is not a number from 0 to 15", value);
    }
    for (const char *p = value; *p != '\0'; p++) {
        slot = slot * 10 + (*p - '0');
    }
    if (slot > 15) {
        return refuse(why, "slot=%d does not exist: a chip has slots 0 to 15",
                      slot);
    }
    out->slot = slot;
    return true;
}

static bool parse_text(char field[HDP_VALUE_MAX], const char *name,
                       const char *value, const char *example,
                       struct complaint *why)
{
    if (value[0] == '\0') {
        return refuse(why, "%s= is empty; give for example %s=%s", name, name,
                      example);
    }
    memcpy(field, value, strlen(value) + 1);
    return true;
}

static bool parse_chip(struct hdp_uri *out, const char *value,
                       struct complaint *why)
{
    return parse_text(out->chip, "chip", value, "sim:thing.vchip", why);
}

static bool parse_io_key_file(struct hdp_uri *out, const char *value,
                              struct complaint *why)
{
    return parse_text(out->io_key_file, "io-key-file", value, "/etc/io.key",
                      why);
}

static const struct {
    const char *name;
    bool (*parse)(struct hdp_uri *, const char *, struct complaint *);
} attributes[] = {
        {"slot", parse_slot},
        {"chip", parse_chip},
        {"io-key-file", parse_io_key_file},
};

#define ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

/* One "name=value" of len characters; *seen has a bit per attribute. */
static bool parse_attribute(const char *text, size_t len, struct hdp_uri *out,
                            unsigned *seen, struct complaint *why)
{
    char value[HDP_VALUE_MAX];
    const char *equals = memchr(text, '=', len);
    size_t name_len = equals == NULL ? len : (size_t)(equals - text);

    for (size_t i = 0; i < ATTRIBUTES; i++) {
        if (strlen(attributes[i].name) != name_len ||
            strncmp(attributes[i].name, text, name_len) != 0) {
            continue;
        }
        if (equals == NULL) {
            return refuse(why, "%s needs a value: write %s=...",
                          attributes[i].name, attributes[i].name);
        }
        if ((*seen & 1U << i) != 0) {
            return refuse(why, "%s appears twice", attributes[i].name);
        }
        *seen |= 1U << i;
        return decode(equals + 1, len - name_len - 1, value, sizeof(value),
                      why) &&
               attributes[i].parse(out, value, why);
    }
    return refuse(why,
                  "\"%.*s\" is not an attribute of a key URI: it has slot, "
                  "chip and io-key-file, separated by \";\"",
                  name_len > 40 ? 40 : (int)name_len, text);
}

static void clear(struct hdp_uri *out)
{
    memset(out, 0, sizeof(*out));
    out->slot = -1;
}

bool hdp_uri_parse(const char *text, struct hdp_uri *out, char *why,
                   size_t size)
{
    struct complaint complaint = {why, size};
    const size_t scheme = strlen(HDP_URI_SCHEME ":");
    unsigned seen = 0;
    bool last;

    clear(out);
    if (strncasecmp(text, HDP_URI_SCHEME ":", scheme) != 0) {
        return refuse(&complaint, "a key URI begins with \"half:\", for "
                                  "example half:slot=0");
    }
    text += scheme;
    if (*text == '\0') {
        return true;
    }
    do {
        size_t len = strcspn(text, ";");

        last = text[len] == '\0';
        if (!parse_attribute(text, len, out, &seen, &complaint)) {
            clear(out);
            return false;
        }
        text += len + 1;
    } while (!last);
    return true;
}

/* A writer that keeps counting when the buffer is full. */
struct writer {
    char *out;
    size_t size, len;
};

static void put(struct writer *w, const char *text)
{
    for (; *text != '\0'; text++) {
        if (w->len + 1 < w->size) {
            w->out[w->len] = *text;
        }
        w->len++;
    }
}

static void put_value(struct writer *w, const char *name, const char *value)
{
    static const char hex[] = "0123456789ABCDEF";

    put(w, name);
    for (; *value != '\0'; value++) {
        unsigned char c = (unsigned char)*value;
        const char escaped[] = {'%', hex[c >> 4], hex[c & 15], '\0'};
        const char plain[] = {*value, '\0'};

        put(w, c <= ' ' || c >= 0x7F || c == '%' || c == ';' ? escaped : plain);
    }
}

size_t hdp_uri_format(const struct hdp_uri *uri, char *out, size_t size)
{
    struct writer w = {out, size, 0};
    const char *separator = "";
    char slot[16];

    put(&w, HDP_URI_SCHEME ":");
    if (uri->slot >= 0) {
        snprintf(slot, sizeof(slot), "slot=%d", uri->slot);
        put(&w, slot);
        separator = ";";
    }
    if (uri->chip[0] != '\0') {
        put(&w, separator);
        put_value(&w, "chip=", uri->chip);
        separator = ";";
    }
    if (uri->io_key_file[0] != '\0') {
        put(&w, separator);
        put_value(&w, "io-key-file=", uri->io_key_file);
    }
    if (size > 0) {
        out[w.len < size ? w.len : size - 1] = '\0';
    }
    return w.len;
}
