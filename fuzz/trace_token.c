/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens from strangers, judged under a key whose private half is not known
 * here: whatever is accepted must be the one token that it did sign.
 */
#include <stdlib.h>
#include <string.h>

#include "host/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* tests/data/traces/atecc608a-jwt-session.txt */
static const uint8_t pub[64] = {
        0x39, 0x0e, 0xcb, 0xd6, 0x9c, 0xca, 0x62, 0xbb, 0xa2, 0x58, 0x48,
        0xe4, 0x02, 0x57, 0x08, 0x5f, 0xaf, 0x15, 0x8b, 0x19, 0xc0, 0xa0,
        0x3a, 0xf5, 0xd3, 0xbe, 0x75, 0x3c, 0x14, 0xc2, 0x67, 0xfd, 0x8e,
        0xb8, 0xa0, 0x86, 0x33, 0x0f, 0x7b, 0x9d, 0xd7, 0x69, 0xf7, 0xea,
        0x1e, 0x55, 0x88, 0x6b, 0x40, 0x7a, 0xd4, 0x41, 0x0d, 0x7d, 0x51,
        0x52, 0xc7, 0x0a, 0x7d, 0xf6, 0xed, 0x97, 0x1c, 0xff};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hd_token t;
    int err = hd_token_verify(&t, (const char *)data, size, pub);
    if (err == HD_OK && t.exp != 1573943113) {
        abort();
    }
    if (err != HD_OK && t.error == NULL) {
        abort();
    }
    hd_token_free(&t);
    char text[64];
    size_t len = size < sizeof text - 1 ? size : sizeof text - 1;
    memcpy(text, data, len);
    text[len] = '\0';
    int64_t when;
    if (hd_time_parse(text, &when)) {
        hd_time_text(when, text, sizeof text);
    }
    return 0;
}
