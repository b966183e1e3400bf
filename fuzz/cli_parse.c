/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Noise into the text parsers of `half`: hex, numbers, sizes, words. Checks
 * what the parsers promise, not only that they survive.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

static void fuzz_hex(const char *text, size_t len)
{
    static uint8_t out[64];
    size_t used = SIZE_MAX;

    if (parse_hex(text, len, out, sizeof out, &used)) {
        require(used <= sizeof out && 2 * used <= len);
    } else {
        require(used == SIZE_MAX);
    }
}

static void fuzz_words(const char *a, const char *b)
{
    unsigned long value = 0;

    if (parse_number(a, &value)) {
        char again[24];
        unsigned long second = 0;
        (void)snprintf(again, sizeof again, "0x%lx", value);
        require(parse_number(again, &second) && second == value);
    }
    (void)parse_size(b, &value);
    require(edit_distance(a, b) == edit_distance(b, a));
    require((edit_distance(a, b) == 0) == (strcmp(a, b) == 0) ||
            strlen(a) > 31);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char text[257];
    size_t half = len / 2;

    fuzz_hex((const char *)data, len);
    if (len >= sizeof text) {
        return 0;
    }
    memcpy(text, data, len);
    text[len] = 0;
    char second[257];
    memcpy(second, text + half, len - half + 1);
    text[half] = 0;
    fuzz_words(text, second);
    return 0;
}
