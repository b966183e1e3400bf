/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text to values. Pure functions on attackers' input: no allocation, no
 * output, nothing kept. fuzz/cli_parse.c feeds them noise.
 */
#ifndef HALF_PARSE_H
#define HALF_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Hex to bytes: both cases, an optional 0x in front, and between bytes
 * blanks, newlines or colons. len bytes of text, need not be terminated.
 * False if it is anything else, or holds more than size bytes.
 */
bool parse_hex(const char *text, size_t len, uint8_t *out, size_t size,
               size_t *out_len);

/* Decimal, or hex after 0x; nothing before or behind it. */
bool parse_number(const char *text, unsigned long *value);

/* Bytes with a unit: "512", "4K", "2M" (powers of 1024). */
bool parse_size(const char *text, unsigned long *value);

/*
 * Changes (insert, delete, replace, swap neighbours) from one word to the
 * other; words longer than 31 characters count as far away (99).
 */
unsigned edit_distance(const char *a, const char *b);

#endif
