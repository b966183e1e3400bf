/* SPDX-License-Identifier: Apache-2.0 */
/* half explain of a status byte or an error of the driver, without a command:
 * what it says, what to do, and every reason that can stand behind it. */
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "explain/explain.h"
#include "halfdollar/chip.h"
#include "words.h"

struct listing {
    struct call *c;
    json_t *all;
};

/* A sentence without what a command would fill in. */
static void plain_sentence(const char *s, char *out, size_t size)
{
    static const char *const blanks[][2] = {
            {"{cmd}: ", ""},        {" ({bits})", ""}, {"{bits}", "its bits"},
            {"{slot}", "the slot"}, {"{p1}", "..."},   {"{p2}", "..."},
    };
    size_t at = 0;

    while (*s && at + 16 < size) {
        const char *fill = NULL;

        for (size_t i = 0; !fill && i < sizeof blanks / sizeof blanks[0]; i++) {
            const size_t len = strlen(blanks[i][0]);

            if (strncmp(s, blanks[i][0], len) == 0) {
                fill = blanks[i][1];
                s += len;
            }
        }
        if (fill) {
            memcpy(out + at, fill, strlen(fill));
            at += strlen(fill);
        } else {
            out[at++] = *s++;
        }
    }
    out[at] = 0;
}

static void list_reason(void *ctx, const char *name, const char *sentence)
{
    struct listing *l = ctx;
    char text[400];

    plain_sentence(sentence, text, sizeof text);
    say(l->c, "  %-22s %s\n", name, text);
    (void)json_array_append_new(
            l->all, json_pack("{s:s,s:s}", "reason", name, "text", text));
}

static void explain_byte(struct call *c, uint8_t status)
{
    struct listing l = {c, json_array()};

    say(c, "status 0x%02X: %s\n", status, hd_status_words(status));
    put(c, "status", json_integer(status));
    put(c, "words", json_string(hd_status_words(status)));
    if (hd_explain_status(status, list_reason, &l) > 1) {
        say(c, "\nOne of these; give the command and the configuration "
               "(--command, --config or --chip) and half explain says "
               "which.\n");
    }
    put(c, "reasons", l.all);
}

int explain_status(struct call *c, const struct status *s)
{
    const char *advice = hd_explain_advice(s->err);

    if (s->err != HD_OK) {
        say(c, "%s (%d): %s\n%s\n", hd_errname(s->err), s->err,
            hd_strerror(s->err), advice ? advice : "");
        put(c, "code", json_string(hd_errname(s->err)));
        put(c, "number", json_integer(s->err));
        put(c, "message", json_string(hd_strerror(s->err)));
        put(c, "advice", advice ? json_string(advice) : json_null());
    }
    if (s->err == HD_OK || s->byte != 0) {
        say(c, "%s", s->err != HD_OK ? "\n" : "");
        explain_byte(c, s->byte);
    }
    return EXIT_DONE;
}

/* The name nearest to a mistyped one. */
static const char *nearest_error(const char *text)
{
    static const char *const names[] = {
#define NAME(name, number, sentence) #name,
            HD_ERR_TABLE(NAME)
#undef NAME
    };
    return nearest_word(text, names, sizeof names / sizeof names[0]);
}

static int no_status(struct call *c, const char *text)
{
    const char *near = nearest_error(text);

    return fail_usage(c,
                      "--status %s: neither a status byte (0 to 0xff) nor an "
                      "error of the driver%s%s%s",
                      text,
                      near ? "; did you mean "
                           : " (HD_ERR_..., or its "
                             "negative number)",
                      near ? near : "", near ? "?" : "");
}

int status_from_text(struct call *c, const char *text, struct status *s)
{
    const bool named = strncmp(text, "HD_", 3) == 0;
    char *end = NULL;
    const long number = strtol(text, &end, 0);

    s->given = true;
    if (named) {
        s->err = hd_explain_err_named(text);
    } else if (end == text || *end != '\0' || number > 255 || number < -128) {
        return no_status(c, text);
    } else if (number < 0) {
        s->err = (int)number;
    } else {
        s->byte = (uint8_t)number;
        s->err = hd_packet_status(s->byte);
        return EXIT_DONE;
    }
    if (!hd_explain_advice(s->err)) {
        return no_status(c, text);
    }
    s->byte = hd_explain_status_of(s->err);
    return EXIT_DONE;
}
