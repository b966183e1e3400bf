/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that fit the reader's window. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "half.h"

enum { NARROW = 60, USUAL = 80, WIDE = 120 };

int text_width(void)
{
    const char *told = getenv("COLUMNS");
    struct winsize window;
    long width = USUAL;

    if (told && told[0]) {
        width = strtol(told, NULL, 10);
    } else if (isatty(STDOUT_FILENO) &&
               ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 &&
               window.ws_col > 0) {
        width = window.ws_col;
    }
    return width < NARROW ? NARROW : width > WIDE ? WIDE : (int)width;
}

/* Places that these bytes take: one a character of UTF-8. */
static int places(const char *text, int len)
{
    int count = 0;

    for (int i = 0; i < len; i++) {
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    }
    return count;
}

void print_wrapped(FILE *out, const char *text, int indent, int column,
                   int width)
{
    while (*text) {
        int len = (int)strcspn(text, " \n");
        int word = places(text, len);
        if (column > indent && column + 1 + word > width) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", len, text);
        column += word;
        text += len;
        if (*text == '\n') {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        }
        text += *text != 0;
    }
    fputc('\n', out);
}
