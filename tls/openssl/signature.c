/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ECDSA: the chip signs, OpenSSL's default provider does all the rest.
 *
 * Both forms end in one place: "digest sign" hashes here and then signs the
 * digest as "sign" does.
 */
#include "internal.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#define SIG_MAX 80 /* DER of a P-256 signature is at most 72 */

struct signing {
    struct hdp_provider *provider;
    struct hdp_key *key;
    EVP_MD *md;       /* NULL: raw digests of unknown kind */
    EVP_MD_CTX *hash; /* digest sign and verify only */
};

static void *signature_newctx(void *provctx, const char *propq)
{
    struct signing *s = OPENSSL_zalloc(sizeof(*s));

    (void)propq; /* everything soft happens in our own context */
    if (s != NULL) {
        s->provider = provctx;
    }
    return s;
}

static void signature_freectx(void *vctx)
{
    struct signing *s = vctx;

    if (s != NULL) {
        hdp_key_free(s->key);
        EVP_MD_free(s->md);
        EVP_MD_CTX_free(s->hash);
        OPENSSL_free(s);
    }
}

static void *signature_dupctx(void *vctx)
{
    struct signing *from = vctx;
    struct signing *to = signature_newctx(from->provider, NULL);

    if (to == NULL) {
        return NULL;
    }
    if (from->key != NULL && hdp_key_up_ref(from->key)) {
        to->key = from->key;
    }
    if (from->md != NULL && EVP_MD_up_ref(from->md)) {
        to->md = from->md;
    }
    if (from->hash != NULL) {
        to->hash = EVP_MD_CTX_new();
        if (to->hash == NULL || EVP_MD_CTX_copy_ex(to->hash, from->hash) != 1) {
            signature_freectx(to);
            return NULL;
        }
    }
    return to;
}

/* ----------------------------------------------------------- parameters */

static int set_md(struct signing *s, const char *name)
{
    EVP_MD *md = EVP_MD_fetch(s->provider->soft, name, NULL);

    if (md == NULL) {
        return hdp_raise(s->provider, HDP_R_DIGEST,
                         "no digest is called \"%s\"", name);
    }
    EVP_MD_free(s->md);
    s->md = md;
    return 1;
}

static int signature_set_ctx_params(void *vctx, const OSSL_PARAM params[])
{
    struct signing *s = vctx;
    const OSSL_PARAM *param;
    const char *name;

    if (params == NULL) {
        return 1;
    }
    param = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_DIGEST);
    if (param == NULL) {
        return 1;
    }
    return OSSL_PARAM_get_utf8_string_ptr(param, &name) && set_md(s, name);
}

static const OSSL_PARAM *signature_settable_ctx_params(void *vctx,
                                                       void *provctx)
{
    static const OSSL_PARAM params[] = {
            OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
            OSSL_PARAM_END,
    };

    (void)vctx;
    (void)provctx;
    return params;
}

/* The AlgorithmIdentifier (DER) of ECDSA with this digest, from OpenSSL. */
static int algorithm_id(struct signing *s, OSSL_PARAM *param)
{
    uint8_t der[64];
    OSSL_PARAM query[] = {
            OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, der,
                                    sizeof(der)),
            OSSL_PARAM_END,
    };
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    int ok;

    ok = ctx != NULL && s->md != NULL && s->key != NULL &&
         EVP_DigestVerifyInit_ex(ctx, &pctx, EVP_MD_get0_name(s->md),
                                 s->provider->soft, NULL, s->key->soft,
                                 NULL) == 1 &&
         EVP_PKEY_CTX_get_params(pctx, query) == 1 &&
         OSSL_PARAM_modified(query) &&
         OSSL_PARAM_set_octet_string(param, der, query[0].return_size);
    EVP_MD_CTX_free(ctx);
    return ok;
}

static int signature_get_ctx_params(void *vctx, OSSL_PARAM params[])
{
    struct signing *s = vctx;
    OSSL_PARAM *param;

    param = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID);
    if (param != NULL && !algorithm_id(s, param)) {
        return 0;
    }
    param = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_DIGEST);
    if (param != NULL &&
        !OSSL_PARAM_set_utf8_string(
                param, s->md == NULL ? "" : EVP_MD_get0_name(s->md))) {
        return 0;
    }
    param = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_DIGEST_SIZE);
    return param == NULL ||
           (s->md != NULL &&
            OSSL_PARAM_set_size_t(param, (size_t)EVP_MD_get_size(s->md)));
}

static const OSSL_PARAM *signature_gettable_ctx_params(void *vctx,
                                                       void *provctx)
{
    static const OSSL_PARAM params[] = {
            OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, NULL, 0),
            OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
            OSSL_PARAM_size_t(OSSL_SIGNATURE_PARAM_DIGEST_SIZE, NULL),
            OSSL_PARAM_END,
    };

    (void)vctx;
    (void)provctx;
    return params;
}

/* ------------------------------------------------------ sign and verify */

/* key NULL: keep the one of the last time (a context used again). */
static int take_key(struct signing *s, struct hdp_key *key)
{
    if (key == NULL) {
        return s->key != NULL;
    }
    if (key->soft == NULL || !hdp_key_up_ref(key)) {
        return hdp_raise(s->provider, HDP_R_KEY, "the key is empty");
    }
    hdp_key_free(s->key);
    s->key = key;
    return 1;
}

static int signature_init(void *vctx, void *provkey, const OSSL_PARAM params[])
{
    return take_key(vctx, provkey) && signature_set_ctx_params(vctx, params);
}

/* A context of the default provider for s's key, ready to verify or sign. */
static EVP_PKEY_CTX *soft_ctx(struct signing *s, int (*init)(EVP_PKEY_CTX *))
{
    EVP_PKEY_CTX *ctx =
            EVP_PKEY_CTX_new_from_pkey(s->provider->soft, s->key->soft, NULL);

    if (ctx == NULL || init(ctx) != 1 ||
        (s->md != NULL && EVP_PKEY_CTX_set_signature_md(ctx, s->md) != 1)) {
        EVP_PKEY_CTX_free(ctx);
        hdp_raise(s->provider, HDP_R_SOFT,
                  "the default provider does not take this key or digest");
        return NULL;
    }
    return ctx;
}

static int sign_soft(struct signing *s, uint8_t *sig, size_t *sig_len,
                     size_t capacity, const uint8_t *digest, size_t len)
{
    EVP_PKEY_CTX *ctx = soft_ctx(s, EVP_PKEY_sign_init);
    int ok;

    *sig_len = capacity;
    ok = ctx != NULL && EVP_PKEY_sign(ctx, sig, sig_len, digest, len) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static int signature_sign(void *vctx, unsigned char *sig, size_t *sig_len,
                          size_t capacity, const unsigned char *digest,
                          size_t len)
{
    struct signing *s = vctx;

    if (s->key == NULL) {
        return 0;
    }
    if (sig == NULL) {
        *sig_len = (size_t)EVP_PKEY_get_size(s->key->soft);
        return *sig_len > 0;
    }
    if (s->md != NULL && len != (size_t)EVP_MD_get_size(s->md)) {
        return hdp_raise(s->provider, HDP_R_DIGEST,
                         "%zu bytes are not a %s digest", len,
                         EVP_MD_get0_name(s->md));
    }
    if (s->key->device == NULL) {
        return sign_soft(s, sig, sig_len, capacity, digest, len);
    }
    if (s->md == NULL && len != HDP_DIGEST) {
        return hdp_raise(s->provider, HDP_R_DIGEST,
                         "%zu bytes: the chip signs a digest of %d. Hash "
                         "first, or let OpenSSL do it (pkeyutl -rawin -digest "
                         "sha256)",
                         len, HDP_DIGEST);
    }
    *sig_len = capacity;
    return hdp_key_sign_chip(s->key, digest, len, sig, sig_len);
}

static int signature_verify(void *vctx, const unsigned char *sig,
                            size_t sig_len, const unsigned char *digest,
                            size_t len)
{
    struct signing *s = vctx;
    EVP_PKEY_CTX *ctx =
            s->key == NULL ? NULL : soft_ctx(s, EVP_PKEY_verify_init);
    int ok =
            ctx != NULL && EVP_PKEY_verify(ctx, sig, sig_len, digest, len) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok;
}

/* ------------------------------------------------- hash, then the above */

static int digest_init(void *vctx, const char *md_name, void *provkey,
                       const OSSL_PARAM params[])
{
    struct signing *s = vctx;

    if (!signature_init(s, provkey, params) ||
        (md_name != NULL && md_name[0] != '\0' && !set_md(s, md_name)) ||
        (s->md == NULL && !set_md(s, "SHA256"))) {
        return 0;
    }
    if (s->hash == NULL) {
        s->hash = EVP_MD_CTX_new();
    }
    return s->hash != NULL && EVP_DigestInit_ex2(s->hash, s->md, NULL) == 1;
}

static int digest_update(void *vctx, const unsigned char *data, size_t len)
{
    struct signing *s = vctx;

    return s->hash != NULL && EVP_DigestUpdate(s->hash, data, len) == 1;
}

static int digest_sign_final(void *vctx, unsigned char *sig, size_t *sig_len,
                             size_t capacity)
{
    struct signing *s = vctx;
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (sig == NULL) { /* asks for the size only: the hash goes on */
        return signature_sign(s, NULL, sig_len, 0, NULL, 0);
    }
    return s->hash != NULL && EVP_DigestFinal_ex(s->hash, digest, &len) == 1 &&
           signature_sign(s, sig, sig_len, capacity, digest, len);
}

static int digest_verify_final(void *vctx, const unsigned char *sig,
                               size_t sig_len)
{
    struct signing *s = vctx;
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    return s->hash != NULL && EVP_DigestFinal_ex(s->hash, digest, &len) == 1 &&
           signature_verify(s, sig, sig_len, digest, len);
}

const OSSL_DISPATCH hdp_signature_functions[] = {
        HDP_FN(OSSL_FUNC_SIGNATURE_NEWCTX, signature_newctx),
        HDP_FN(OSSL_FUNC_SIGNATURE_FREECTX, signature_freectx),
        HDP_FN(OSSL_FUNC_SIGNATURE_DUPCTX, signature_dupctx),
        HDP_FN(OSSL_FUNC_SIGNATURE_SIGN_INIT, signature_init),
        HDP_FN(OSSL_FUNC_SIGNATURE_SIGN, signature_sign),
        HDP_FN(OSSL_FUNC_SIGNATURE_VERIFY_INIT, signature_init),
        HDP_FN(OSSL_FUNC_SIGNATURE_VERIFY, signature_verify),
        HDP_FN(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, digest_init),
        HDP_FN(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, digest_update),
        HDP_FN(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, digest_sign_final),
        HDP_FN(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT, digest_init),
        HDP_FN(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_UPDATE, digest_update),
        HDP_FN(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_FINAL, digest_verify_final),
        HDP_FN(OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, signature_get_ctx_params),
        HDP_FN(OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS,
               signature_gettable_ctx_params),
        HDP_FN(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, signature_set_ctx_params),
        HDP_FN(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS,
               signature_settable_ctx_params),
        HDP_END,
};
