/* SPDX-License-Identifier: Apache-2.0 */
/* Text to values; see parse.h. */
#include "parse.h"

#include <limits.h>
#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

static bool is_separator(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == ':';
}

bool parse_hex(const char *text, size_t len, uint8_t *out, size_t size,
               size_t *out_len)
{
    size_t at = 0;
    size_t used = 0;

    while (at < len && is_separator(text[at])) {
        at++;
    }
    if (len - at >= 2 && text[at] == '0' &&
        (text[at + 1] == 'x' || text[at + 1] == 'X')) {
        at += 2;
    }
    while (at < len) {
        if (is_separator(text[at])) {
            at++;
            continue;
        }
        int high = hex_digit(text[at]);
        int low = at + 1 < len ? hex_digit(text[at + 1]) : -1;
        if (high < 0 || low < 0 || used == size) {
            return false;
        }
        out[used++] = (uint8_t)(high << 4 | low);
        at += 2;
    }
    *out_len = used;
    return true;
}

bool parse_number(const char *text, unsigned long *value)
{
    unsigned base = 10;
    unsigned long sum = 0;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    if (!*text) {
        return false;
    }
    for (; *text; text++) {
        int digit = hex_digit(*text);
        if (digit < 0 || (unsigned)digit >= base ||
            sum > (ULONG_MAX - (unsigned)digit) / base) {
            return false;
        }
        sum = sum * base + (unsigned)digit;
    }
    *value = sum;
    return true;
}

bool parse_size(const char *text, unsigned long *value)
{
    char digits[24];
    size_t len = strlen(text);
    unsigned shift = 0;

    if (len == 0 || len >= sizeof digits) {
        return false;
    }
    memcpy(digits, text, len + 1);
    if (digits[len - 1] == 'K' || digits[len - 1] == 'k') {
        shift = 10;
    } else if (digits[len - 1] == 'M' || digits[len - 1] == 'm') {
        shift = 20;
    }
    if (shift) {
        digits[len - 1] = 0;
    }
    if (!parse_number(digits, value) || *value > ULONG_MAX >> shift) {
        return false;
    }
    *value <<= shift;
    return true;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned edit_distance(const char *a, const char *b)
{
    enum { WORD = 31 };
    unsigned cost[3][WORD + 1] = {{0}}; /* rows i - 2, i - 1, i (mod 3) */
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);

    if (a_len > WORD || b_len > WORD) {
        return 99;
    }
    for (size_t j = 0; j <= b_len; j++) {
        cost[0][j] = (unsigned)j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *now = cost[i % 3];
        const unsigned *before = cost[(i + 2) % 3];
        const unsigned *swap = cost[(i + 1) % 3];
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned change = a[i - 1] != b[j - 1];
            now[j] = least(least(before[j], now[j - 1]) + 1,
                           before[j - 1] + change);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
                a[i - 2] == b[j - 1]) {
                now[j] = least(now[j], swap[j - 2] + 1);
            }
        }
    }
    return cost[a_len % 3][b_len];
}
