/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean". */
#include <ctype.h>
#include <string.h>

#include "policy/document.h"

static bool is_in(const struct word_list *list, const char *word)
{
    for (unsigned i = 0; i < list->count; i++) {
        if (strcmp(list->words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

void hd_words_add(struct word_list *list, const char *word)
{
    if (is_in(list, word)) {
        return;
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

static bool differ(char a, char b)
{
    return tolower((unsigned char)a) != tolower((unsigned char)b);
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
            unsigned change = corner + differ(a[i - 1], b[j - 1]);
            corner = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, change);
        }
    }
    return row[b_len];
}

/* What other formats say for it. */
static const char *other_word(const struct word_list *list, const char *word)
{
    static const char *const others[][2] = {
            {"true", "yes"},    {"false", "no"},        {"on", "yes"},
            {"off", "no"},      {"never", "nobody"},    {"never", "no"},
            {"none", "nobody"}, {"none", "nothing"},    {"always", "anyone"},
            {"all", "anyone"},  {"everyone", "anyone"}, {"nobody", "never"},
            {"nobody", "no"},   {"anyone", "yes"},
    };

    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(others[i][0], word) == 0 && is_in(list, others[i][1])) {
            return others[i][1];
        }
    }
    return NULL;
}

const char *hd_words_nearest(const struct word_list *list, const char *word)
{
    const char *other = other_word(list, word);

    if (other) {
        return other;
    }
    size_t len = strlen(word);
    unsigned best = len > 5 ? 3 : len > 2 ? 2 : 1;
    const char *nearest = NULL;

    for (unsigned i = 0; i < list->count; i++) {
        unsigned d = distance(word, list->words[i]);
        if (d < best || (d == best && !nearest)) {
            best = d;
            nearest = list->words[i];
        }
    }
    return nearest;
}

const char *hd_words_hint(const struct word_list *list, const char *word,
                          char *out, size_t size)
{
    const char *nearest = hd_words_nearest(list, word);
    size_t used = 0;

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
