/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How `half` tells: results as text or JSON, errors as a sentence that says
 * what happened and what to do. See half.h.
 */
#include <stdarg.h>
#include <string.h>

#include "half.h"

void put(struct call *c, const char *key, json_t *value)
{
    if (!c->doc) {
        json_decref(value);
        return;
    }
    (void)json_object_set_new(c->doc, key, value);
}

void hex_text(const uint8_t *bytes, size_t len, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        *text++ = digits[bytes[i] >> 4];
        *text++ = digits[bytes[i] & 15];
    }
    *text = 0;
}

json_t *json_hex(const uint8_t *bytes, size_t len)
{
    json_t *array = NULL;
    char text[2 * 1208 + 1]; /* the largest: all slots of a chip */

    if (len <= sizeof text / 2) {
        hex_text(bytes, len, text);
        array = json_string(text);
        hd_wipe(text, sizeof text);
    }
    return array;
}

void put_hex(struct call *c, const char *key, const uint8_t *bytes, size_t len)
{
    put(c, key, json_hex(bytes, len));
}

void say(struct call *c, const char *format, ...)
{
    va_list args;

    if (c->doc) {
        return;
    }
    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
}

/* err: 0 if no code of the library stands behind it. */
static void tell(struct call *c, int err, const char *message, const char *why)
{
    json_t *error = json_object();

    (void)fflush(stdout);
    fprintf(stderr, "%s: %s\n", c->name, message);
    if (why) {
        fprintf(stderr, "  the %s reason: %s\n",
                hd_err_is_refusal(err) ? "chip's" : "exact", why);
        (void)json_object_set_new(error, "reason", json_string(why));
    }
    if (err) {
        (void)json_object_set_new(error, "code", json_string(hd_errname(err)));
        (void)json_object_set_new(error, "number", json_integer(err));
    }
    (void)json_object_set_new(error, "message", json_string(message));
    put(c, "error", error);
}

#define MESSAGE 1024

__attribute__((format(printf, 2, 0))) static void
tell_args(struct call *c, const char *format, va_list args)
{
    char message[MESSAGE];

    (void)vsnprintf(message, sizeof message, format, args);
    tell(c, 0, message, NULL);
}

int fail_usage(struct call *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tell_args(c, format, args);
    va_end(args);
    fprintf(stderr, "Try '%s --help'.\n", c->name);
    return EXIT_USAGE;
}

int fail(struct call *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tell_args(c, format, args);
    va_end(args);
    return EXIT_USAGE;
}

int refuse(struct call *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tell_args(c, format, args);
    va_end(args);
    return EXIT_REFUSED;
}

/* Where the reason itself follows, nobody need ask for it. */
static int without_advice(const char *sentence)
{
    const char *advice = strstr(sentence, "; `half explain");

    return (int)(advice ? advice - sentence : (ptrdiff_t)strlen(sentence));
}

int fail_err(struct call *c, int err, const char *why, const char *format, ...)
{
    char message[MESSAGE];
    char doing[MESSAGE / 2];
    va_list args;
    bool refused = hd_err_is_refusal(err) || (err <= -64 && err > -80);

    va_start(args, format);
    (void)vsnprintf(doing, sizeof doing, format, args);
    va_end(args);
    const char *sentence = hd_strerror(err);

    (void)snprintf(message, sizeof message, "%s: %.*s", doing,
                   why ? without_advice(sentence) : (int)strlen(sentence),
                   sentence);
    tell(c, err, message, why);
    return refused ? EXIT_REFUSED : EXIT_USAGE;
}
