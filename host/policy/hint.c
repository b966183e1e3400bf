/* SPDX-License-Identifier: Apache-2.0 */
/* Errors with a line, and "did you mean". */
#include <stdarg.h>
#include <string.h>

#include "policy/document.h"

int hd_policy_fail(struct hd_policy_error *why, unsigned line,
                   const char *format, ...)
{
    va_list args;

    why->line = line;
    va_start(args, format);
    (void)vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    return HD_ERR_FORMAT;
}

void hd_words_add(struct word_list *list, const char *word)
{
    for (unsigned i = 0; i < list->count; i++) {
        if (strcmp(list->words[i], word) == 0) {
            return;
        }
    }
    if (list->count < sizeof list->words / sizeof list->words[0]) {
        list->words[list->count++] = word;
    }
}

#define LONGEST 32

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Letters to insert, delete or replace. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[LONGEST + 1];
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);

    if (a_len > LONGEST || b_len > LONGEST) {
        return LONGEST;
    }
    for (unsigned j = 0; j <= b_len; j++) {
        row[j] = j;
    }
    for (unsigned i = 1; i <= a_len; i++) {
        unsigned corner = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b_len; j++) {
            unsigned change = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, change);
        }
    }
    return row[b_len];
}

const char *hd_words_hint(const struct word_list *list, const char *word,
                          char *out, size_t size)
{
    unsigned best = strlen(word) > 5 ? 3 : 2;
    const char *nearest = NULL;
    size_t used = 0;

    for (unsigned i = 0; i < list->count; i++) {
        unsigned d = distance(word, list->words[i]);
        if (d < best || (d == best && !nearest)) {
            best = d;
            nearest = list->words[i];
        }
    }
    if (nearest) {
        (void)snprintf(out, size, "; did you mean '%s'?", nearest);
        return out;
    }
    out[0] = 0;
    for (unsigned i = 0; i < list->count && used + 1 < size; i++) {
        int n = snprintf(out + used, size - used, "%s%s",
                         i ? ", " : "; there is: ", list->words[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    return out;
}
