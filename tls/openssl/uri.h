/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key URIs: how a program that only knows OpenSSL names a key in a chip.
 *
 *     half:slot=0
 *     half:slot=0;chip=unix:/run/thing.sock
 *     half:slot=3;chip=i2c:1@0x60;io-key-file=/etc/thing/io.key
 *
 *     URI       = "half:" [ attribute *( ";" attribute ) ]
 *     attribute = "slot=" 0..15
 *               / "chip=" address          i2c:1@0x60, sim:FILE, unix:PATH, ...
 *               / "io-key-file=" path      32 bytes raw or in hex, mode 0600
 *
 * Values are percent-encoded (RFC 3986): ";" and "%" must be, everything else
 * may be. An attribute appears at most once. Without slot the URI names every
 * private key of the chip (openssl storeutl lists them). Without chip the
 * address comes from HALF_CHIP, then from the provider's configuration.
 *
 * This file knows nothing of OpenSSL, so the parser can be fuzzed alone.
 */
#ifndef HALFDOLLAR_TLS_URI_H
#define HALFDOLLAR_TLS_URI_H

#include <stdbool.h>
#include <stddef.h>

#define HDP_URI_SCHEME "half"
#define HDP_VALUE_MAX  256 /* longest decoded value with its terminator */

struct hdp_uri {
    int slot; /* 0 to 15, or -1: not given */
    char chip[HDP_VALUE_MAX];
    char io_key_file[HDP_VALUE_MAX];
};

/*
 * Parses text. On refusal returns false and writes one sentence, always
 * terminated, that says what is wrong and what would be right; *out is then
 * empty. why may be NULL if size is 0.
 */
bool hdp_uri_parse(const char *text, struct hdp_uri *out, char *why,
                   size_t size);

/* Writes a URI that parses to the same; returns the length it needs. */
size_t hdp_uri_format(const struct hdp_uri *uri, char *out, size_t size);

#endif
