/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a transfer means, as a line for people. Separate from the decoder, so
 * that the decoder's facts can be used without its sentences (JSON, tests).
 */
#include "decode.h"

#include <stdio.h>
#include <string.h>

#define LINE       512
#define SHOWN_MAX  8 /* a field up to here is shown whole */
#define SHOWN_HEAD 4

static const struct {
    const char *name, *text;
} kinds[HD_MEANS_COUNT] = {
        [HD_MEANS_WAKE] = {"wake", "wake pulse"},
        [HD_MEANS_NOBODY] = {"nobody",
                             "no acknowledge: busy, asleep or absent"},
        [HD_MEANS_PROBE] = {"probe", "probe: somebody has this address"},
        [HD_MEANS_REWIND] = {"rewind", "reset: read the answer from its start"},
        [HD_MEANS_SLEEP] = {"sleep", "sleep: registers are lost"},
        [HD_MEANS_IDLE] = {"idle", "idle: registers are kept"},
        [HD_MEANS_COMMAND] = {"command", ""},
        [HD_MEANS_PART] = {"part", "a part, more to follow"},
        [HD_MEANS_AWAKE] = {"awake", "awake"},
        [HD_MEANS_ANSWER] = {"answer", ""},
        [HD_MEANS_EMPTY] = {"empty", "nothing to read"},
        [HD_MEANS_GARBLED] = {"garbled", "garbled"},
};

const char *hd_meaning_name(enum hd_meaning_kind kind)
{
    return kind < HD_MEANS_COUNT ? kinds[kind].name : "?";
}

struct line {
    char text[LINE];
    size_t used;
};

static void put(struct line *l, const char *words)
{
    size_t n = strlen(words);
    if (n > LINE - 1 - l->used) {
        n = LINE - 1 - l->used;
    }
    memcpy(l->text + l->used, words, n);
    l->used += n;
    l->text[l->used] = '\0';
}

static void put_field(void *ctx, const char *name, const uint8_t *ptr,
                      size_t len)
{
    char hex[2 * SHOWN_MAX + 8];
    size_t shown = len <= SHOWN_MAX ? len : SHOWN_HEAD;
    for (size_t i = 0; i < shown; i++) {
        snprintf(hex + 2 * i, 3, "%02X", ptr[i]);
    }
    snprintf(hex + 2 * shown, 4, "%s", shown < len ? "..." : "");
    put(ctx, "; ");
    put(ctx, name);
    put(ctx, " ");
    put(ctx, hex);
}

static void put_check(struct line *l, int check)
{
    if (check == HD_ERR_CRC) {
        put(l, "; CHECKSUM WRONG");
    } else if (check != HD_OK) {
        put(l, "; LENGTH WRONG");
    }
}

static void command_line(struct line *l, const struct hd_meaning *m)
{
    char words[LINE];
    hd_command_text(&m->command, words, sizeof words);
    put(l, words);
    const struct hd_form *form = m->command.form;
    hd_fields_each(form ? form->in : NULL, m->command.data, m->command.data_len,
                   put_field, l);
    put_check(l, m->check);
}

static void put_time(struct line *l, const struct hd_meaning *m)
{
    if (m->timed) {
        char words[40];
        snprintf(words, sizeof words, " after %.3f ms",
                 (double)m->since_ns / 1e6);
        put(l, words);
    }
}

static void answer_line(struct line *l, const struct hd_meaning *m)
{
    const uint8_t *payload = m->group + 1;
    size_t len = m->len - 3;
    put(l, m->again ? "answer again" : "answer");
    if (m->has_command) {
        put(l, " to ");
        put(l, m->command.name);
    }
    put_time(l, m);
    char words[LINE];
    hd_answer_text(&m->command, payload, len, words, sizeof words);
    if (words[0] != '\0') {
        put(l, ": ");
        put(l, words);
    } else {
        const struct hd_form *form = m->has_command ? m->command.form : NULL;
        hd_fields_each(form ? form->out : NULL, payload, len, put_field, l);
    }
    if (len == 1 && payload[0] == 0x11 && m->has_command) {
        put(l, "; the chip restarted instead of answering");
    }
    put_check(l, m->check);
}

static void garbled_line(struct line *l, const struct hd_meaning *m)
{
    if (m->check == HD_ERR_FORMAT) {
        put(l, "reserved word address: not for this chip, or noise");
    } else if (m->transfer->kind == HD_TRANSFER_WRITE) {
        put(l, "garbled: the count byte is no command's");
    } else {
        put(l, "garbled: the count byte is no answer's; read again or wake "
               "again");
    }
}

size_t hd_meaning_text(const struct hd_meaning *m, char *out, size_t size)
{
    struct line l = {.used = 0};
    switch (m->kind) {
    case HD_MEANS_COMMAND:
        command_line(&l, m);
        break;
    case HD_MEANS_ANSWER:
        answer_line(&l, m);
        break;
    case HD_MEANS_GARBLED:
        garbled_line(&l, m);
        break;
    default:
        put(&l, m->kind < HD_MEANS_COUNT ? kinds[m->kind].text : "?");
        break;
    }
    if (m->transfer->ragged) {
        put(&l, "; ended inside a byte");
    }
    if (m->transfer->cut) {
        put(&l, "; longer than what is shown");
    }
    if (size > 0) {
        snprintf(out, size, "%s", l.text);
    }
    return l.used;
}
