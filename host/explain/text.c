/* SPDX-License-Identifier: Apache-2.0 */
/* What an explanation holds, in words: the same ones for `half explain` and
 * for the errors of every other verb. */
#include <stdio.h>

#include "explain/explain.h"
#include "words.h"

void hd_explain_step_text(const struct hd_explain_step *s, char *out,
                          size_t size)
{
    static const char *const others[] = {[HD_MOMENT_WAKE] = "wake",
                                         [HD_MOMENT_SLEEP] = "sleep",
                                         [HD_MOMENT_IDLE] = "idle",
                                         [HD_MOMENT_POWER] =
                                                 "power off and on"};
    struct hd_command_words words;

    if (s->kind != HD_MOMENT_COMMAND) {
        (void)snprintf(out, size, "%s", others[s->kind]);
        return;
    }
    hd_command_parse(s->group, s->len, &words);
    (void)hd_command_text(&words, out, size);
}

void hd_explain_assumed_text(const struct hd_explanation *e, char *out,
                             size_t size)
{
    int at = snprintf(out, size, "%s", e->assumed ? e->assumed : "");

    for (unsigned i = 0; i < e->or_else_count; i++) {
        if (at < 0 || (size_t)at >= size) {
            return;
        }
        at += snprintf(out + at, size - (size_t)at, ", or %s", e->or_else[i]);
    }
}

void hd_explain_bits_text(const struct hd_explanation *e, char *out,
                          size_t size)
{
    const unsigned low = e->mask & (~(unsigned)e->mask + 1U);

    (void)snprintf(out, size,
                   "these bits = 0x%X (mask 0x%04X of the word at "
                   "configuration byte %u)",
                   low ? e->value / low : 0, e->mask, e->byte);
}
