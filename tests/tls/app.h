/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An application that uses the provider, for tests. Each test runs twice: the
 * provider loaded before the default one, and after it (BOTH). Signatures
 * are judged by OpenSSL's default provider in a library context that has
 * never heard of ours.
 */
#ifndef TESTS_TLS_APP_H
#define TESTS_TLS_APP_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/provider.h>

/* Two finished chips and the first one's IO protection key. */
extern char directory[], thing[64], clone[64], io_key_path[64];
int make_chips(void **state);
int remove_chips(void **state);

/* An application: one library context with both providers. */
struct app {
    OSSL_LIB_CTX *lib;
    OSSL_PROVIDER *first, *second;
};

int half_first(void **state);
int half_last(void **state);
int end_app(void **state);

#define BOTH(test)                                                             \
    {#test " (half first)", test, half_first, end_app, NULL},                  \
    {                                                                          \
#test " (half last)", test, half_last, end_app, NULL                   \
    }

/* "half:slot=N;chip=sim:..." and more at its end */
void key_uri(char *out, size_t size, const char *chip, int slot,
             const char *more);

/* NULL: no such key, the reason is in the error queue. */
EVP_PKEY *load_uri(struct app *app, const char *uri);
/* The test fails without it. */
EVP_PKEY *load_slot(struct app *app, const char *chip, int slot);
/* The same public key where our provider does not exist. */
EVP_PKEY *outside(EVP_PKEY *key);

bool sign(struct app *app, EVP_PKEY *key, const char *md, const void *data,
          size_t len, unsigned char *sig, size_t *sig_len);
bool verifies(EVP_PKEY *key, const char *md, const void *data, size_t len,
              const unsigned char *sig, size_t sig_len);

/* The test fails unless the error queue has a sentence that holds this. */
void assert_said(const char *text);

#endif
