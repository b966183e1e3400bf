/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads recordings that are text: the tab-separated tables of
 * tests/data/traces, and lines as people paste them from a logic analyser, a
 * debug print or a forum. A line is one transfer:
 *
 *     0.602<TAB>write<TAB>0x00<TAB>nack<TAB>
 *     2.172<TAB>write<TAB>0x60<TAB>ack<TAB>03 27 16 03 ...
 *     W 60: 03 07 30 00 00 00 03 5D
 *     read 0x60 07 00 00 60 02 80 5B
 *     command 0730000000035d        (a group, without the word address)
 *     answer 04000340
 *     03 07 30 00 00 00 03 5D       (told apart by its form)
 *
 * Lines that hold no bus bytes (headings, remarks, keys in words) are
 * counted, not guessed at.
 */
#include "recording.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define USUAL_ADDR 0x60
#define BAD        (-1)
#define NOT_OURS   0
#define TAKEN      1

struct reader {
    struct hd_recording *out;
    uint32_t line;
    struct hd_transfer t;
    uint8_t bytes[HD_TRANSFER_MAX];
};

static int complain(struct reader *r, const char *what)
{
    snprintf(r->out->error, sizeof r->out->error, "line %u: %s", r->line, what);
    return BAD;
}

/* ------------------------------------------------------------ the words */

enum opening {
    OPEN_WRITE,
    OPEN_READ,
    OPEN_COMMAND, /* a write without its word address */
    OPEN_ANSWER,
    OPEN_WAKE
};

static const struct {
    const char *word;
    enum opening opening;
} openings[] = {
        {"write", OPEN_WRITE},     {"w", OPEN_WRITE},
        {"tx", OPEN_WRITE},        {"read", OPEN_READ},
        {"r", OPEN_READ},          {"rx", OPEN_READ},
        {"command", OPEN_COMMAND}, {"answer", OPEN_ANSWER},
        {"response", OPEN_ANSWER}, {"wake", OPEN_WAKE},
};

static bool is_gap(char c)
{
    return c == ' ' || c == '\t' || c == ',' || c == ':' || c == ';';
}

/* The next word of the line, which it ends with a NUL; NULL at the end. */
static char *next_word(char **rest)
{
    char *word = *rest;
    while (is_gap(*word)) {
        word++;
    }
    if (*word == '\0') {
        return NULL;
    }
    char *end = word;
    while (*end != '\0' && !is_gap(*end)) {
        end++;
    }
    *rest = end;
    if (*end != '\0') {
        *end = '\0';
        *rest = end + 1;
    }
    return word;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "03", "0x03" or "0307300000": false if it is anything else. */
static bool add_hex(struct reader *r, const char *word)
{
    if (word[0] == '0' && (word[1] == 'x' || word[1] == 'X')) {
        word += 2;
    }
    if (*word == '\0') {
        return false;
    }
    for (; *word != '\0'; word += 2) {
        int high = hex_digit(word[0]);
        int low = high < 0 ? -1 : hex_digit(word[1]);
        if (low < 0) {
            return false;
        }
        if (r->t.len == HD_TRANSFER_MAX) {
            r->t.cut = true;
            return true;
        }
        r->bytes[r->t.len++] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool add_all_hex(struct reader *r, char *rest)
{
    for (char *word = next_word(&rest); word != NULL; word = next_word(&rest)) {
        if (!add_hex(r, word)) {
            return false;
        }
    }
    return true;
}

static int commit(struct reader *r)
{
    if (r->t.cut) {
        return complain(r, "more bytes than any transfer of this chip has");
    }
    r->t.taken = r->t.ack ? r->t.len : 0;
    return hd_recording_add(r->out, &r->t, r->bytes) ? BAD : TAKEN;
}

static bool parse_addr(const char *word, uint8_t *out)
{
    char *end;
    unsigned long n = strtoul(word, &end, 16);
    *out = (uint8_t)(n & 0x7F);
    return *end == '\0' && end != word && n <= 0x7F;
}

/* ------------------------------------------------------------ the table */

static bool parse_ms(const char *word, uint64_t *t_ns)
{
    char *end;
    double ms = strtod(word, &end);
    if (end == word || *end != '\0' || !(ms >= 0 && ms < 1e12)) {
        return false;
    }
    *t_ns = (uint64_t)(ms * 1e6 + 0.5);
    return true;
}

/* time, direction, address, ack, bytes */
static int table_line(struct reader *r, char *line)
{
    char *field[5] = {0};
    for (int i = 0; i < 5 && line != NULL; i++) {
        field[i] = strsep(&line, "\t");
    }
    if (field[3] == NULL) {
        return complain(r, "a table line has time, write or read, address, "
                           "ack or nack, bytes, with a tab between each");
    }
    if (!parse_ms(field[0], &r->t.t_ns)) {
        return complain(r, "the time is not a number of milliseconds");
    }
    bool write = strcmp(field[1], "write") == 0;
    if (!write && strcmp(field[1], "read") != 0) {
        return complain(r, "the direction is neither write nor read");
    }
    r->t.kind = write ? HD_TRANSFER_WRITE : HD_TRANSFER_READ;
    if (!parse_addr(field[2], &r->t.addr7)) {
        return complain(r, "the address is not in 0x00..0x7F (7-bit form)");
    }
    r->t.ack = strcmp(field[3], "ack") == 0;
    if (!r->t.ack && strcmp(field[3], "nack") != 0) {
        return complain(r, "the fourth column is neither ack nor nack");
    }
    if (field[4] != NULL && !add_all_hex(r, field[4])) {
        return complain(r, "the bytes are not pairs of hex digits");
    }
    r->out->timed = true;
    return commit(r);
}

/* ------------------------------------------------------------ pasted hex */

static void put_word_address(struct reader *r)
{
    r->bytes[0] = 0x03;
    r->t.len = 1;
}

static int opened_line(struct reader *r, enum opening opening, char *rest)
{
    r->t.ack = true;
    if (opening == OPEN_WAKE) {
        r->t.kind = HD_TRANSFER_WAKE;
        r->t.addr7 = 0;
        return commit(r);
    }
    bool reads = opening == OPEN_READ || opening == OPEN_ANSWER;
    r->t.kind = reads ? HD_TRANSFER_READ : HD_TRANSFER_WRITE;
    if (opening == OPEN_WRITE || opening == OPEN_READ) {
        char *word = next_word(&rest);
        if (word == NULL || !parse_addr(word, &r->t.addr7)) {
            return complain(r, "after write or read stands the 7-bit address "
                               "(60, or 0x60), then the bytes");
        }
    } else if (opening == OPEN_COMMAND) {
        put_word_address(r);
    }
    char *word = next_word(&rest);
    if (word != NULL && strcasecmp(word, "nack") == 0) {
        r->t.ack = false;
        word = next_word(&rest);
    }
    if (word != NULL && (!add_hex(r, word) || !add_all_hex(r, rest))) {
        return complain(r, "the bytes are not pairs of hex digits");
    }
    return commit(r);
}

/* Bytes alone: a command after its word address, a command, or an answer. */
static int bare_line(struct reader *r)
{
    const uint8_t *b = r->bytes;
    size_t len = r->t.len;
    r->t.ack = true;
    if (len >= 2 && b[0] == 0x03 && b[1] == len - 1) {
        r->t.kind = HD_TRANSFER_WRITE;
        return commit(r);
    }
    if (len == 1 && b[0] <= 0x02) {
        r->t.kind = HD_TRANSFER_WRITE;
        return commit(r);
    }
    if (len >= 4 && b[0] == len) {
        r->t.kind = HD_TRANSFER_READ;
        return commit(r);
    }
    return complain(r, "these bytes are neither a command after word address "
                       "03 nor an answer (count byte first); say which: "
                       "\"W 60 ...\", \"R 60 ...\" or \"command ...\"");
}

static int hex_line(struct reader *r, char *line)
{
    char *rest = line;
    char *word = next_word(&rest);
    if (word == NULL) {
        return TAKEN;
    }
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
        if (strcasecmp(word, openings[i].word) == 0) {
            return opened_line(r, openings[i].opening, rest);
        }
    }
    if (!add_hex(r, word) || !add_all_hex(r, rest)) {
        return NOT_OURS;
    }
    return bare_line(r);
}

/* -------------------------------------------------------------- the file */

static int read_line(struct reader *r, char *line)
{
    memset(&r->t, 0, sizeof r->t);
    r->t.addr7 = USUAL_ADDR;
    if (line[0] == '#' || line[0] == '\0') {
        return HD_OK;
    }
    int taken = strchr(line, '\t') ? table_line(r, line) : hex_line(r, line);
    if (taken == NOT_OURS) {
        if (r->out->skipped++ == 0) {
            r->out->first_skipped = r->line;
        }
    }
    return taken == BAD ? HD_ERR_FORMAT : HD_OK;
}

int hd_recording_read_text(struct hd_recording *out, const char *text,
                           size_t len)
{
    struct reader r = {.out = out};
    char line[HD_RECORDING_LINE];
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t used = end ? (size_t)(end - (text + at)) : len - at;
        r.line++;
        if (used >= sizeof line || memchr(text + at, '\0', used) != NULL) {
            complain(&r, "too long, or not text: give a .sr, .tsv or hex "
                         "file");
            return HD_ERR_FORMAT;
        }
        memcpy(line, text + at, used);
        line[used] = '\0';
        if (used > 0 && line[used - 1] == '\r') {
            line[used - 1] = '\0';
        }
        int err = read_line(&r, line);
        if (err) {
            return err;
        }
        at += used + 1;
    }
    if (out->count == 0) {
        snprintf(out->error, sizeof out->error,
                 "no transfer in it: none of its %u lines is one", r.line);
        return HD_ERR_FORMAT;
    }
    return HD_OK;
}
