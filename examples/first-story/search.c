/* SPDX-License-Identifier: Apache-2.0 */
/* Searching bytes for key material; see search.h. */
#include "search.h"

#include <string.h>

#define KEY_BYTES 32

/* Slots 0 to 7 have 36 bytes, slot 8 has 416, the others 72. */
static const uint8_t *slot_at(const struct hd_vchip *v, unsigned slot)
{
    size_t at = slot <= 8 ? 36U * slot : 36U * 8 + 416 + 72U * (slot - 9);

    return v->ee + HD_V_CONFIG_BYTES + HD_V_OTP_BYTES + at;
}

void key_search_bytes(struct key_search *s, const uint8_t *bytes, size_t len)
{
    s->len = len < sizeof(s->needle) ? len : sizeof(s->needle);
    memcpy(s->needle, bytes, s->len);
}

void key_search_private(struct key_search *s, const struct hd_vchip *v,
                        unsigned slot)
{
    /* a private key is stored after 4 bytes of padding */
    key_search_bytes(s, slot_at(v, slot) + 4, KEY_BYTES);
}

void key_search_secret(struct key_search *s, const struct hd_vchip *v,
                       unsigned slot)
{
    key_search_bytes(s, slot_at(v, slot), KEY_BYTES);
}

static bool is_at(const uint8_t *window, const uint8_t *bytes)
{
    uint8_t reversed[KEY_WINDOW];

    for (size_t i = 0; i < KEY_WINDOW; i++) {
        reversed[i] = window[KEY_WINDOW - 1 - i];
    }
    return memcmp(window, bytes, KEY_WINDOW) == 0 ||
           memcmp(reversed, bytes, KEY_WINDOW) == 0;
}

unsigned key_search_count(const struct key_search *s, const uint8_t *bytes,
                          size_t len)
{
    unsigned found = 0;

    for (size_t at = 0; at + KEY_WINDOW <= len; at++) {
        for (size_t w = 0; w + KEY_WINDOW <= s->len; w++) {
            found += is_at(s->needle + w, bytes + at) ? 1U : 0U;
        }
    }
    return found;
}
