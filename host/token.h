/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ES256 tokens (JWT, RFC 7519, in the compact form of RFC 7515). Reading is
 * strict: base64url without padding or stray bits, no duplicate JSON members,
 * "alg" exactly ES256 (a token does not choose how it is verified), no "crit"
 * extensions.
 *
 *     struct hd_token t;
 *     int err = hd_token_verify(&t, text, len, public_key);
 *     ... hd_token_verdict(&t, now) ...
 *     hd_token_free(&t);
 */
#ifndef HD_HOST_TOKEN_H
#define HD_HOST_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "halfdollar/err.h"

#define HD_TOKEN_MAX 16384 /* characters */

enum hd_token_verdict {
    HD_TOKEN_GOOD,     /* signed by this key, and in force */
    HD_TOKEN_UNDATED,  /* signed by this key; says nothing of its end */
    HD_TOKEN_EXPIRED,  /* signed by this key, but its "exp" has come */
    HD_TOKEN_TOO_EARLY /* signed by this key; its "nbf" has not come */
};

struct hd_token {
    json_t *header, *claims; /* NULL unless HD_OK or HD_ERR_SIGNATURE */
    uint8_t digest[32];      /* SHA-256 of what is signed */
    uint8_t signature[64];   /* R, S */
    bool has_exp, has_nbf, has_iat;
    int64_t exp, nbf, iat; /* seconds since 1970 */
    const char *error;     /* a constant sentence, when not HD_OK */
};

/*
 * HD_OK: the signature is valid (ask hd_token_verdict about time).
 * HD_ERR_FORMAT: not such a token. HD_ERR_SIGNATURE: not signed by this key.
 * HD_ERR_ARG: pub (X, Y) is no point of the curve. Always hd_token_free()
 * afterwards. White space at both ends of text is ignored.
 */
int hd_token_verify(struct hd_token *t, const char *text, size_t len,
                    const uint8_t pub[64]);
void hd_token_free(struct hd_token *t);

/* Judges a token for which hd_token_verify gave HD_OK. */
enum hd_token_verdict hd_token_verdict(const struct hd_token *t, int64_t now);

/* "1573943113", "@1573943113", "2019-11-16T22:25:13Z" or "2019-11-16"
 * (00:00:00Z) to seconds since 1970. */
bool hd_time_parse(const char *text, int64_t *out);
/* The reverse, as RFC 3339 in UTC; size >= 32. */
void hd_time_text(int64_t t, char *out, size_t size);

#endif
