/* SPDX-License-Identifier: Apache-2.0 */
/* An application under test; see app.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/store.h>
#include <openssl/x509.h>

#include "app.h"
#include "chips.h"

char directory[] = "/tmp/half-tls-XXXXXX";
char thing[64], clone[64], io_key_path[64];

static int start_app(void **state, const char *first, const char *second)
{
    struct app *app = calloc(1, sizeof(*app));

    if (app == NULL) {
        return 1;
    }
    app->lib = OSSL_LIB_CTX_new();
    OSSL_PROVIDER_set_default_search_path(app->lib, PROVIDER_DIR);
    app->first = OSSL_PROVIDER_load(app->lib, first);
    app->second = OSSL_PROVIDER_load(app->lib, second);
    if (app->first == NULL || app->second == NULL) {
        ERR_print_errors_fp(stderr);
        free(app);
        return 1;
    }
    ERR_clear_error();
    *state = app;
    return 0;
}

int half_first(void **state)
{
    return start_app(state, "halfprovider", "default");
}

int half_last(void **state)
{
    return start_app(state, "default", "halfprovider");
}

int end_app(void **state)
{
    struct app *app = *state;

    OSSL_PROVIDER_unload(app->first);
    OSSL_PROVIDER_unload(app->second);
    OSSL_LIB_CTX_free(app->lib);
    free(app);
    ERR_clear_error();
    return 0;
}

/* ------------------------------------------------------------------ keys */

void key_uri(char *out, size_t size, const char *chip, int slot,
             const char *more)
{
    snprintf(out, size, "half:slot=%d;chip=sim:%s%s", slot, chip, more);
}

EVP_PKEY *load_uri(struct app *app, const char *uri)
{
    OSSL_STORE_CTX *store = OSSL_STORE_open_ex(uri, app->lib, NULL, NULL, NULL,
                                               NULL, NULL, NULL);
    EVP_PKEY *key = NULL;

    while (store != NULL && key == NULL && !OSSL_STORE_eof(store)) {
        OSSL_STORE_INFO *info = OSSL_STORE_load(store);

        if (info == NULL) {
            break;
        }
        key = OSSL_STORE_INFO_get1_PKEY(info);
        OSSL_STORE_INFO_free(info);
    }
    OSSL_STORE_close(store);
    return key;
}

EVP_PKEY *load_slot(struct app *app, const char *chip, int slot)
{
    char uri[160];
    EVP_PKEY *key;

    key_uri(uri, sizeof(uri), chip, slot, "");
    key = load_uri(app, uri);
    assert_non_null(key);
    return key;
}

/* The same public key where our provider does not exist. */
EVP_PKEY *outside(EVP_PKEY *key)
{
    unsigned char *der = NULL;
    const unsigned char *at;
    int len = i2d_PUBKEY(key, &der);
    EVP_PKEY *copy;

    assert_true(len > 0);
    at = der;
    copy = d2i_PUBKEY(NULL, &at, len);
    OPENSSL_free(der);
    assert_non_null(copy);
    return copy;
}

bool verifies(EVP_PKEY *key, const char *md, const void *data, size_t len,
              const unsigned char *sig, size_t sig_len)
{
    EVP_PKEY *pub = outside(key);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = EVP_DigestVerifyInit_ex(ctx, NULL, md, NULL, NULL, pub, NULL) ==
                      1 &&
              EVP_DigestVerify(ctx, sig, sig_len, data, len) == 1;

    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pub);
    ERR_clear_error();
    return ok;
}

bool sign(struct app *app, EVP_PKEY *key, const char *md, const void *data,
          size_t len, unsigned char *sig, size_t *sig_len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = EVP_DigestSignInit_ex(ctx, NULL, md, app->lib, NULL, key, NULL) ==
                      1 &&
              EVP_DigestSign(ctx, sig, sig_len, data, len) == 1;

    EVP_MD_CTX_free(ctx);
    return ok;
}

/* The error queue names the reason in a sentence that holds this. */
void assert_said(const char *text)
{
    const char *detail = "";
    char all[2048] = "";
    int flags;

    while (ERR_get_error_all(NULL, NULL, NULL, &detail, &flags) != 0) {
        size_t len = strlen(all);

        snprintf(all + len, sizeof(all) - len, "%s | ", detail);
    }
    if (strstr(all, text) == NULL) {
        fail_msg("\"%s\" is not in: %s", text, all);
    }
}

/* ------------------------------------------------------------------- course */

int make_chips(void **state)
{
    FILE *file;

    (void)state;
    if (mkdtemp(directory) == NULL) {
        return 1;
    }
    snprintf(thing, sizeof(thing), "%s/thing.vchip", directory);
    snprintf(clone, sizeof(clone), "%s/clone.vchip", directory);
    snprintf(io_key_path, sizeof(io_key_path), "%s/io.key", directory);
    make_chip(thing, 1);
    make_chip(clone, 2);
    file = fopen(io_key_path, "w");
    for (int i = 0; i < 32; i++) {
        fputc(CHIPS_IO_KEY_BYTE(i), file);
    }
    fclose(file);
    return chmod(io_key_path, 0600);
}

int remove_chips(void **state)
{
    char lock[80];

    (void)state;
    snprintf(lock, sizeof(lock), "%s/.thing.vchip.lock", directory);
    unlink(lock);
    snprintf(lock, sizeof(lock), "%s/.clone.vchip.lock", directory);
    unlink(lock);
    snprintf(lock, sizeof(lock), "%s/.none.lock", directory);
    unlink(lock);
    unlink(thing);
    unlink(clone);
    unlink(io_key_path);
    return rmdir(directory);
}
