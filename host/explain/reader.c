/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the traces that halfdollar writes itself, JSON lines and text, back
 * into a recording; all other forms are recording.h's.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "explain/history.h"

#define LINE_MAX_BYTES 65536

/* 16 and more: no hex digit. */
static unsigned digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, tolower((uint8_t)c));

    return at == NULL ? 16U : (unsigned)(at - digits);
}

/* Hex pairs, spaces between them allowed; false: something else in it. */
static bool read_hex(const char *text, uint8_t *out, uint16_t *len)
{
    *len = 0;
    while (*text != '\0' && *text != '\n' && *text != '\r') {
        if (*text == ' ') {
            text++;
            continue;
        }
        const unsigned high = digit(text[0]);
        const unsigned low = high < 16 ? digit(text[1]) : 16;
        if (low > 15 || *len == HD_TRANSFER_MAX) {
            return false;
        }
        out[(*len)++] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    return true;
}

/* Single-wire has no addresses; what is written begins with a flag. Address 0
 * on I2C is how some masters wake a chip. */
static bool is_flag(const struct hd_transfer *t, const uint8_t *bytes)
{
    static const uint8_t flags[] = {0x77, 0x88, 0xBB, 0xCC};

    return t->kind == HD_TRANSFER_WRITE && t->addr7 == 0 && t->len > 0 &&
           memchr(flags, bytes[0], sizeof flags) != NULL;
}

/* ------------------------------------------------------------- JSON lines */

static uint64_t natural(const json_t *number)
{
    const json_int_t n = json_integer_value(number);

    return n > 0 ? (uint64_t)n : 0;
}

/* HD_OK and t->kind set; 1: it is another event; HD_ERR_FORMAT: what was
 * written there cannot be. */
static int json_transfer(json_t *o, struct hd_transfer *t, uint8_t *bytes)
{
    const char *event = json_string_value(json_object_get(o, "event"));
    const char *kind = json_string_value(json_object_get(o, "kind"));
    const char *hex = json_string_value(json_object_get(o, "bytes"));
    const json_int_t addr = json_integer_value(json_object_get(o, "addr"));

    memset(t, 0, sizeof *t);
    if (event == NULL || strcmp(event, "transfer") != 0) {
        return 1;
    }
    if (kind == NULL || hex == NULL || !read_hex(hex, bytes, &t->len) ||
        addr < 0 || addr > 127) {
        return HD_ERR_FORMAT;
    }
    t->kind = strcmp(kind, "wake") == 0   ? HD_TRANSFER_WAKE
              : strcmp(kind, "read") == 0 ? HD_TRANSFER_READ
                                          : HD_TRANSFER_WRITE;
    t->addr7 = (uint8_t)addr;
    t->ack = json_is_true(json_object_get(o, "ack"));
    t->taken = t->ack ? t->len : 0;
    t->swi = is_flag(t, bytes);
    t->t_ns = natural(json_object_get(o, "t_ns"));
    t->dur_ns = natural(json_object_get(o, "dur_ns"));
    return HD_OK;
}

static int json_line(struct hd_recording *r, const char *line, unsigned number)
{
    uint8_t bytes[HD_TRANSFER_MAX];
    struct hd_transfer t;
    json_t *o = json_loads(line, 0, NULL);
    int err = HD_ERR_FORMAT;

    if (!json_is_object(o)) {
        (void)snprintf(r->error, sizeof r->error, "line %u is no JSON object",
                       number);
    } else {
        err = json_transfer(o, &t, bytes);
        if (err == HD_ERR_FORMAT) {
            (void)snprintf(r->error, sizeof r->error,
                           "line %u: a transfer needs \"kind\", \"bytes\" in "
                           "hex (%d at most) and an \"addr\" from 0 to 127",
                           number, HD_TRANSFER_MAX);
        }
    }
    if (err == HD_OK) {
        err = hd_recording_add(r, &t, bytes);
    }
    json_decref(o);
    return err == 1 ? HD_OK : err;
}

/* ------------------------------------------------------------------- text */

/* "      1.234  W 60  words | 03 07 ..." */
static int text_line(struct hd_recording *r, const char *line, unsigned number)
{
    const char *bar = strrchr(line, '|');
    uint8_t bytes[HD_TRANSFER_MAX];
    struct hd_transfer t = {.ack = bar != NULL};
    double ms = 0;
    char letter = 0;
    unsigned long addr = 0;
    char *rest = NULL;

    (void)number;
    ms = strtod(line, &rest);
    if (rest == line) {
        rest = strchr(line, '-');
        rest = rest == NULL ? NULL : rest + 1;
    }
    if (rest != NULL) {
        rest += strspn(rest, " ");
        letter = *rest;
        addr = letter != '\0' ? strtoul(rest + 1, NULL, 16) : 128;
    }
    if (letter == '\0' || addr > 127 || strchr("WR~", letter) == NULL ||
        (bar != NULL && !read_hex(bar + 1, bytes, &t.len))) {
        return HD_OK; /* a heading or a remark */
    }
    t.kind = letter == 'R'   ? HD_TRANSFER_READ
             : letter == '~' ? HD_TRANSFER_WAKE
                             : HD_TRANSFER_WRITE;
    t.addr7 = (uint8_t)addr;
    t.taken = t.len;
    t.swi = is_flag(&t, bytes);
    t.t_ns = ms > 0 && ms < 1e12 ? (uint64_t)(ms * 1e6) : 0;
    return hd_recording_add(r, &t, bytes);
}

/* ------------------------------------------------------------------ files */

typedef int line_fn(struct hd_recording *r, const char *line, unsigned number);

static int each_line(struct hd_recording *r, FILE *f, line_fn *take)
{
    char *line = malloc(LINE_MAX_BYTES);
    int err = line == NULL ? HD_ERR_PORT : HD_OK;
    unsigned number = 0;

    r->timed = true;
    while (err == HD_OK && fgets(line, LINE_MAX_BYTES, f) != NULL) {
        number++;
        if (strlen(line) == LINE_MAX_BYTES - 1) {
            (void)snprintf(r->error, sizeof r->error, "line %u is too long",
                           number);
            err = HD_ERR_FORMAT;
        } else if (line[0] != '\n') {
            err = take(r, line, number);
        }
    }
    if (err == HD_OK && r->count == 0) {
        (void)snprintf(r->error, sizeof r->error, "no transfer in it");
        err = HD_ERR_FORMAT;
    }
    free(line);
    return err;
}

static bool is_too_large(FILE *f)
{
    return fseek(f, 0, SEEK_END) == 0 && ftell(f) > HD_RECORDING_TEXT;
}

int hd_explain_read(struct hd_recording *r, const char *path,
                    const struct hd_capture_options *opt)
{
    FILE *f = fopen(path, "rb");
    char head[16] = "";
    size_t got;
    line_fn *take = NULL;
    int err = HD_ERR_IO;

    if (f == NULL) {
        return err;
    }
    got = fread(head, 1, sizeof head - 1, f);
    if (got > 0 && head[0] == '{') {
        take = json_line;
    } else if (strncmp(head, "#   time/ms", 11) == 0) {
        take = text_line;
    }
    if (take != NULL && is_too_large(f)) {
        (void)snprintf(r->error, sizeof r->error,
                       "the file is larger than %d bytes: cut it into parts",
                       HD_RECORDING_TEXT);
        err = HD_ERR_FORMAT;
    } else if (take != NULL && fseek(f, 0, SEEK_SET) == 0) {
        err = each_line(r, f, take);
    }
    (void)fclose(f);
    return take != NULL ? err : hd_recording_read_file(r, path, opt);
}
