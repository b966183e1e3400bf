/* SPDX-License-Identifier: Apache-2.0 */
/* struct hd_crypto over OpenSSL 3, for programs on Linux. */
#include <limits.h>

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "halfdollar/crypto_openssl.h"
#include "halfdollar/err.h"

/* The digest has no way to report a failure, and a wrong one must never be
 * used: there is no memory left, or the library is not installed whole. */
static void must(int ok)
{
    if (ok != 1) {
        abort();
    }
}

static void sha256(void *ctx, const hd_bytes *parts, size_t count,
                   uint8_t digest[32])
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    size_t i;

    (void)ctx;
    must(md != NULL);
    must(EVP_DigestInit_ex(md, EVP_sha256(), NULL));
    for (i = 0; i < count; i++) {
        must(EVP_DigestUpdate(md, parts[i].ptr, parts[i].len));
    }
    must(EVP_DigestFinal_ex(md, digest, NULL));
    EVP_MD_CTX_free(md);
}

static int random_bytes(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    if (len > INT_MAX || RAND_bytes(out, (int)len) != 1) {
        return HD_ERR_PORT;
    }
    return HD_OK;
}

const struct hd_crypto hd_crypto_openssl = {sha256, random_bytes, NULL};
