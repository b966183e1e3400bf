/* SPDX-License-Identifier: Apache-2.0 */
/* Text into HTML. A policy comes from anywhere, and so does what it says. */
#include <string.h>

#include "view/page.h"

#define REPLACEMENT "\xEF\xBF\xBD"

static const char *entity(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F ? REPLACEMENT
                                                                 : NULL;
    }
}

/* U+0080-9F, U+200E-F, U+202A-E, U+2066-9, U+061C: controls and directions. */
static size_t trick(const unsigned char *s)
{
    if (s[0] == 0xC2 && s[1] >= 0x80 && s[1] <= 0x9F) {
        return 2;
    }
    if (s[0] == 0xD8 && s[1] == 0x9C) {
        return 2;
    }
    if (s[0] != 0xE2 || (s[1] != 0x80 && s[1] != 0x81)) {
        return 0;
    }
    if (s[1] == 0x80) {
        return s[2] == 0x8E || s[2] == 0x8F || (s[2] >= 0xAA && s[2] <= 0xAE)
                       ? 3
                       : 0;
    }
    return s[2] >= 0xA6 && s[2] <= 0xA9 ? 3 : 0;
}

void hd_html_text(FILE *out, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;

    while (*s) {
        const char *word = entity(*s);
        size_t skip = trick(s);

        if (skip) {
            fputs(REPLACEMENT, out);
            s += skip;
            continue;
        }
        if (word) {
            fputs(word, out);
        } else {
            fputc(*s, out);
        }
        s++;
    }
}
