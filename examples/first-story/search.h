/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking for key material in bytes that anybody could have seen. Only for
 * virtual chips: the needle is taken from the chip's memory.
 *
 * What counts as found: any KEY_WINDOW consecutive bytes of the key, forwards
 * or backwards. By chance that happens once in 2^64 tries a place.
 */
#ifndef HALFDOLLAR_EXAMPLE_SEARCH_H
#define HALFDOLLAR_EXAMPLE_SEARCH_H

#include "halfdollar/vchip.h"

#define KEY_WINDOW 8

struct key_search {
    uint8_t needle[64];
    size_t len;
};

/* The private key in a slot 0 to 15. */
void key_search_private(struct key_search *s, const struct hd_vchip *v,
                        unsigned slot);
/* The first 32 bytes of a slot that holds a secret. */
void key_search_secret(struct key_search *s, const struct hd_vchip *v,
                       unsigned slot);
/* Any bytes, at most 64. */
void key_search_bytes(struct key_search *s, const uint8_t *bytes, size_t len);

/* How many windows of the needle occur in the bytes. */
unsigned key_search_count(const struct key_search *s, const uint8_t *bytes,
                          size_t len);

#endif
