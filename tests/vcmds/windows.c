/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of secrets, in an open hash table. */
#include "windows.h"

static uint64_t window(const struct windows *s, const uint8_t *p)
{
    uint64_t w = 0;

    for (size_t i = 0; i < s->size; i++) {
        w = w << 8 | p[i];
    }
    return w;
}

static size_t place(const struct windows *s, uint64_t w)
{
    size_t i = (size_t)(w * 0x9E3779B97F4A7C15 >> 32) % TABLE;

    while (s->table[i] != 0 && s->table[i] != w) {
        i = (i + 1) % TABLE;
    }
    return i;
}

void remember(struct windows *s, const uint8_t *p, size_t len)
{
    for (size_t i = 0; i + s->size <= len; i++) {
        uint64_t w = window(s, p + i);
        size_t at = place(s, w);

        if (w != 0 && s->table[at] == 0 && s->count < TABLE / 2) {
            s->table[at] = w;
            s->count++;
        }
    }
}

bool leaks(const struct windows *s, const uint8_t *p, size_t len)
{
    for (size_t i = 0; i + s->size <= len; i++) {
        uint64_t w = window(s, p + i);

        if (w != 0 && s->table[place(s, w)] == w) {
            return true;
        }
    }
    return false;
}
