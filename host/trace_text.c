/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trace as text: one line a transfer, what it means, then its bytes.
 * Polls of a busy chip that end alike are one line and a number.
 */
#include "trace_forms.h"

#include <string.h>

static void begin(FILE *f)
{
    fputs("#   time/ms    addr  meaning | bytes\n", f);
}

static void put_time(FILE *f, bool timed, uint64_t t_ns)
{
    if (timed) {
        fprintf(f, "%11.3f", (double)t_ns / 1e6);
    } else {
        fputs("          -", f);
    }
}

static char letter(const struct hd_transfer *t)
{
    static const char letters[] = {[HD_TRANSFER_WRITE] = 'W',
                                   [HD_TRANSFER_READ] = 'R',
                                   [HD_TRANSFER_WAKE] = '~'};
    return letters[t->kind];
}

static void transfer(FILE *f, const struct hd_meaning *m, bool timed,
                     const uint8_t *bytes)
{
    const struct hd_transfer *t = m->transfer;
    char words[700];
    hd_meaning_text(m, words, sizeof words);
    put_time(f, timed, t->t_ns);
    fprintf(f, "  %c %02X  %s", letter(t), t->addr7, words);
    fputs(t->len > 0 ? " |" : "", f);
    for (size_t i = 0; i < t->len; i++) {
        fprintf(f, " %02X", bytes[i]);
    }
    fputc('\n', f);
}

static void remark(FILE *f, const struct hd_remark *r)
{
    char mark = strcmp(r->kind, "refused") == 0 ? '!' : '*';
    put_time(f, true, r->t_ns);
    fprintf(f, "  %c %02X  %s: %s\n", mark, r->addr7, r->kind, r->text);
}

static void more(FILE *f, const struct hd_transfer *t, bool timed,
                 unsigned times)
{
    put_time(f, timed, t->t_ns);
    fprintf(f, "  %c %02X  the same, %u times more\n", letter(t), t->addr7,
            times);
}

const struct hd_trace_form hd_trace_text_form = {begin, transfer, remark, more};
