/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ECDH: the chip multiplies, for keys in a chip; the default provider does
 * it for all others.
 *
 * With io-key-file in the key's URI the shared secret crosses the bus
 * encrypted under the IO protection key, and is decrypted here. A chip whose
 * ChipOptions demand that (EcdhProt) refuses the form in clear.
 */
#include "internal.h"

#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include "halfdollar/base.h"
#include "keyfile.h"

#define IO_KEY      32
#define IO_KEY_TEXT 80 /* digits, line ends, and the 0 */

struct exchange {
    struct hdp_provider *provider;
    struct hdp_key *key, *peer;
    EVP_PKEY_CTX *soft; /* keys without a chip */
};

static void *keyexch_newctx(void *provctx)
{
    struct exchange *x = OPENSSL_zalloc(sizeof(*x));

    if (x != NULL) {
        x->provider = provctx;
    }
    return x;
}

static void keyexch_freectx(void *vctx)
{
    struct exchange *x = vctx;

    if (x != NULL) {
        hdp_key_free(x->key);
        hdp_key_free(x->peer);
        EVP_PKEY_CTX_free(x->soft);
        OPENSSL_free(x);
    }
}

static void *keyexch_dupctx(void *vctx)
{
    struct exchange *from = vctx;
    struct exchange *to = keyexch_newctx(from->provider);

    if (to == NULL) {
        return NULL;
    }
    if (from->key != NULL && hdp_key_up_ref(from->key)) {
        to->key = from->key;
    }
    if (from->peer != NULL && hdp_key_up_ref(from->peer)) {
        to->peer = from->peer;
    }
    if (from->soft != NULL) {
        to->soft = EVP_PKEY_CTX_dup(from->soft);
        if (to->soft == NULL) {
            keyexch_freectx(to);
            return NULL;
        }
    }
    return to;
}

/* ----------------------------------------------------------- parameters */

/* With a chip the raw secret is all there is: "no KDF" is accepted. */
static int chip_params(struct exchange *x, const OSSL_PARAM params[])
{
    const OSSL_PARAM *kdf =
            OSSL_PARAM_locate_const(params, OSSL_EXCHANGE_PARAM_KDF_TYPE);
    const char *type = "";

    if (kdf != NULL &&
        (!OSSL_PARAM_get_utf8_string_ptr(kdf, &type) || type[0] != '\0')) {
        return hdp_raise(x->provider, HDP_R_UNSUPPORTED,
                         "key derivation \"%s\" inside ECDH: derive the raw "
                         "secret and run the KDF on it",
                         type);
    }
    return 1;
}

static int keyexch_set_ctx_params(void *vctx, const OSSL_PARAM params[])
{
    struct exchange *x = vctx;

    if (params == NULL || params->key == NULL) {
        return 1;
    }
    return x->soft != NULL ? EVP_PKEY_CTX_set_params(x->soft, params) == 1
                           : chip_params(x, params);
}

static const OSSL_PARAM *keyexch_settable_ctx_params(void *vctx, void *provctx)
{
    static const OSSL_PARAM params[] = {
            OSSL_PARAM_int(OSSL_EXCHANGE_PARAM_EC_ECDH_COFACTOR_MODE, NULL),
            OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_TYPE, NULL, 0),
            OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_DIGEST, NULL, 0),
            OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_DIGEST_PROPS, NULL,
                                   0),
            OSSL_PARAM_size_t(OSSL_EXCHANGE_PARAM_KDF_OUTLEN, NULL),
            OSSL_PARAM_octet_string(OSSL_EXCHANGE_PARAM_KDF_UKM, NULL, 0),
            OSSL_PARAM_END,
    };

    (void)vctx;
    (void)provctx;
    return params;
}

/* ----------------------------------------------------------------- work */

static int keyexch_init(void *vctx, void *provkey, const OSSL_PARAM params[])
{
    struct exchange *x = vctx;
    struct hdp_key *key = provkey;

    if (key == NULL || key->soft == NULL || !hdp_key_up_ref(key)) {
        return hdp_raise(x->provider, HDP_R_KEY, "the key is empty");
    }
    hdp_key_free(x->key);
    x->key = key;
    EVP_PKEY_CTX_free(x->soft);
    x->soft = NULL;
    if (key->device == NULL) {
        x->soft =
                EVP_PKEY_CTX_new_from_pkey(x->provider->soft, key->soft, NULL);
        if (x->soft == NULL || EVP_PKEY_derive_init(x->soft) != 1) {
            return 0;
        }
    }
    return keyexch_set_ctx_params(x, params);
}

static int keyexch_set_peer(void *vctx, void *provkey)
{
    struct exchange *x = vctx;
    struct hdp_key *peer = provkey;
    uint8_t point[HDP_POINT];

    if (peer == NULL || peer->soft == NULL) {
        return hdp_raise(x->provider, HDP_R_PEER, "the peer's key is empty");
    }
    if (x->soft != NULL) {
        return EVP_PKEY_derive_set_peer(x->soft, peer->soft) == 1;
    }
    if (!hdp_key_point(peer, point)) {
        return hdp_raise(x->provider, HDP_R_PEER,
                         "the peer's key is not a P-256 key: the chip knows "
                         "only that curve");
    }
    if (!hdp_key_up_ref(peer)) {
        return 0;
    }
    hdp_key_free(x->peer);
    x->peer = peer;
    return 1;
}

/* 32 bytes as they are, or 64 hex digits and perhaps a line's end, which is
 * how `half apply` keeps keys. */
static bool parse_io_key(char text[IO_KEY_TEXT], size_t len,
                         uint8_t key[IO_KEY])
{
    size_t got = 0;

    if (len == IO_KEY) {
        memcpy(key, text, IO_KEY);
        return true;
    }
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r')) {
        len--;
    }
    text[len] = '\0';
    return len == 2 * IO_KEY &&
           OPENSSL_hexstr2buf_ex(key, IO_KEY, &got, text, '\0') == 1 &&
           got == IO_KEY;
}

/* The IO protection key, from a file that only its owner may read. */
static int read_io_key(struct exchange *x, const char *path,
                       uint8_t key[IO_KEY])
{
    char why[HD_KEYFILE_WHY], text[IO_KEY_TEXT];
    int fd = hd_keyfile_open(path, why, sizeof(why));
    ssize_t len;
    bool ok;

    if (fd < 0) {
        return hdp_raise(x->provider, HDP_R_IO_KEY, "%s", why);
    }
    len = read(fd, text, sizeof(text) - 1);
    close(fd);
    ok = len >= 0 && parse_io_key(text, (size_t)len, key);
    OPENSSL_cleanse(text, sizeof(text));
    if (!ok) {
        return hdp_raise(x->provider, HDP_R_IO_KEY,
                         "%s is no key of %d bytes: it must hold them raw, or "
                         "as %d hex digits",
                         path, IO_KEY, 2 * IO_KEY);
    }
    if (hd_key_is_blank(key, IO_KEY)) {
        return hdp_raise(x->provider, HDP_R_IO_KEY,
                         "%s is no key: its %d bytes are all %02x", path,
                         IO_KEY, key[0]);
    }
    return 1;
}

static int derive_in_chip(struct exchange *x, uint8_t secret[32])
{
    struct hdp_key *key = x->key;
    uint8_t point[HDP_POINT], io_key[IO_KEY] = {0};
    bool encrypted = key->io_key_file != NULL;
    int ok;

    if (!hdp_key_point(x->peer, point) ||
        (encrypted && !read_io_key(x, key->io_key_file, io_key))) {
        return 0;
    }
    ok = hdp_device_ecdh(key->device, key->slot, point,
                         encrypted ? io_key : NULL, secret);
    hd_wipe(io_key, sizeof(io_key));
    return ok;
}

static int keyexch_derive(void *vctx, unsigned char *secret, size_t *len,
                          size_t capacity)
{
    struct exchange *x = vctx;

    if (x->soft != NULL) {
        *len = capacity;
        return EVP_PKEY_derive(x->soft, secret, len) == 1;
    }
    if (x->key == NULL || x->peer == NULL) {
        return hdp_raise(x->provider, HDP_R_PEER, "no peer key was given");
    }
    *len = 32;
    if (secret == NULL) {
        return 1;
    }
    if (capacity < 32) {
        return hdp_raise(x->provider, HDP_R_BUFFER,
                         "the shared secret has 32 bytes");
    }
    return derive_in_chip(x, secret);
}

const OSSL_DISPATCH hdp_keyexch_functions[] = {
        HDP_FN(OSSL_FUNC_KEYEXCH_NEWCTX, keyexch_newctx),
        HDP_FN(OSSL_FUNC_KEYEXCH_FREECTX, keyexch_freectx),
        HDP_FN(OSSL_FUNC_KEYEXCH_DUPCTX, keyexch_dupctx),
        HDP_FN(OSSL_FUNC_KEYEXCH_INIT, keyexch_init),
        HDP_FN(OSSL_FUNC_KEYEXCH_SET_PEER, keyexch_set_peer),
        HDP_FN(OSSL_FUNC_KEYEXCH_DERIVE, keyexch_derive),
        HDP_FN(OSSL_FUNC_KEYEXCH_SET_CTX_PARAMS, keyexch_set_ctx_params),
        HDP_FN(OSSL_FUNC_KEYEXCH_SETTABLE_CTX_PARAMS,
               keyexch_settable_ctx_params),
        HDP_END,
};
