/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key management: what OpenSSL asks of a key of type EC.
 *
 * All of it is answered by the EVP_PKEY inside (see internal.h). A key with a
 * chip behind it differs in three things: it has a private half although
 * none can be read, that half is never exported, and nothing of it can be
 * set.
 */
#include "internal.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/params.h>

static void *keymgmt_new(void *provctx)
{
    return hdp_key_new(provctx);
}

static void keymgmt_free(void *keydata)
{
    hdp_key_free(keydata);
}

/* A reference is the address of our pointer; who loads it owns the key. */
static void *keymgmt_load(const void *reference, size_t size)
{
    struct hdp_key *const *place = reference;

    if (size != sizeof(void *) || *place == NULL || !hdp_key_up_ref(*place)) {
        return NULL;
    }
    return *place;
}

static void *keymgmt_dup(const void *keydata, int selection)
{
    const struct hdp_key *from = keydata;
    struct hdp_key *to = hdp_key_new(from->provider);
    bool ok = to != NULL;

    (void)selection; /* always the whole key */
    if (!ok) {
        return NULL;
    }
    if (from->soft != NULL) {
        to->soft = EVP_PKEY_dup(from->soft);
        ok = to->soft != NULL;
    }
    if (ok && from->io_key_file != NULL) {
        to->io_key_file = OPENSSL_strdup(from->io_key_file);
        ok = to->io_key_file != NULL;
    }
    to->has_public = from->has_public;
    to->has_private = from->has_private;
    to->device = from->device;
    to->slot = from->slot;
    if (!ok) {
        hdp_key_free(to);
        return NULL;
    }
    return to;
}

/* ------------------------------------------------------------- questions */

static int keymgmt_has(const void *keydata, int selection)
{
    const struct hdp_key *key = keydata;

    if (key == NULL || key->soft == NULL) {
        return 0;
    }
    if ((selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0 && !key->has_public) {
        return 0;
    }
    return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 ||
           key->has_private || key->device != NULL;
}

static int keymgmt_match(const void *data1, const void *data2, int selection)
{
    const struct hdp_key *a = data1;
    const struct hdp_key *b = data2;

    if (a->soft == NULL || b->soft == NULL) {
        return 0;
    }
    if ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != 0) {
        return EVP_PKEY_eq(a->soft, b->soft) == 1;
    }
    return EVP_PKEY_parameters_eq(a->soft, b->soft) == 1;
}

/* Does the chip hold the private half of this public key? It signs to show. */
static int prove_possession(struct hdp_key *key)
{
    uint8_t digest[HDP_DIGEST], sig[80];
    size_t len = sizeof(sig);
    EVP_PKEY_CTX *ctx;
    int ok;

    if (RAND_bytes_ex(key->provider->soft, digest, sizeof(digest), 0) != 1 ||
        !hdp_key_sign_chip(key, digest, sizeof(digest), sig, &len)) {
        return 0;
    }
    ctx = EVP_PKEY_CTX_new_from_pkey(key->provider->soft, key->soft, NULL);
    ok = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
         EVP_PKEY_verify(ctx, sig, len, digest, sizeof(digest)) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static int soft_check(struct hdp_key *key, int (*check)(EVP_PKEY_CTX *))
{
    EVP_PKEY_CTX *ctx =
            EVP_PKEY_CTX_new_from_pkey(key->provider->soft, key->soft, NULL);
    int ok = ctx != NULL && check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static int keymgmt_validate(const void *keydata, int selection, int checktype)
{
    const struct {
        int bit;
        bool wanted;
        int (*check)(EVP_PKEY_CTX *);
    } checks[] = {
            {OSSL_KEYMGMT_SELECT_DOMAIN_PARAMETERS, true, EVP_PKEY_param_check},
            {OSSL_KEYMGMT_SELECT_PUBLIC_KEY, true,
             checktype == OSSL_KEYMGMT_VALIDATE_QUICK_CHECK
                     ? EVP_PKEY_public_check_quick
                     : EVP_PKEY_public_check},
            {OSSL_KEYMGMT_SELECT_PRIVATE_KEY,
             ((const struct hdp_key *)keydata)->device == NULL,
             EVP_PKEY_private_check},
    };
    /* OpenSSL's type says const; only the reference count changes */
    struct hdp_key *key = (struct hdp_key *)(uintptr_t)keydata;

    if (key->soft == NULL) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        if ((selection & checks[i].bit) != 0 && checks[i].wanted &&
            !soft_check(key, checks[i].check)) {
            return 0;
        }
    }
    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 &&
        key->device != NULL) {
        return prove_possession(key);
    }
    if ((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) ==
        OSSL_KEYMGMT_SELECT_KEYPAIR) {
        return soft_check(key, EVP_PKEY_pairwise_check);
    }
    return 1;
}

/* ------------------------------------------------------------ parameters */

static int keymgmt_get_params(void *keydata, OSSL_PARAM params[])
{
    struct hdp_key *key = keydata;

    return key->soft != NULL && EVP_PKEY_get_params(key->soft, params) == 1;
}

static const OSSL_PARAM *keymgmt_gettable_params(void *provctx)
{
    static const OSSL_PARAM params[] = {
            OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
            OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
            OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
            OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
            OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
            OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_ENCODING, NULL, 0),
            OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_FIELD_TYPE, NULL, 0),
            OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                   NULL, 0),
            OSSL_PARAM_int(OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                           NULL),
            OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL,
                                    0),
            OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
            OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_PUB_X, NULL, 0),
            OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_PUB_Y, NULL, 0),
            OSSL_PARAM_END,
    };

    (void)provctx;
    return params;
}

static int keymgmt_set_params(void *keydata, const OSSL_PARAM params[])
{
    struct hdp_key *key = keydata;
    OSSL_PARAM *writable = (OSSL_PARAM *)(uintptr_t)params;
    bool sets_point =
            OSSL_PARAM_locate_const(
                    params, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY) != NULL ||
            OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_PUB_KEY) != NULL;

    if (params == NULL || params->key == NULL) {
        return 1;
    }
    if (key->device != NULL) {
        return hdp_raise(key->provider, HDP_R_UNSUPPORTED,
                         "the key in slot %d is what the chip says it is; its "
                         "parameters cannot be set",
                         key->slot);
    }
    if (key->soft == NULL || EVP_PKEY_set_params(key->soft, writable) != 1) {
        return 0;
    }
    key->has_public = key->has_public || sets_point;
    return 1;
}

static const OSSL_PARAM *keymgmt_settable_params(void *provctx)
{
    static const OSSL_PARAM params[] = {
            OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL,
                                    0),
            OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_ENCODING, NULL, 0),
            OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                   NULL, 0),
            OSSL_PARAM_int(OSSL_PKEY_PARAM_USE_COFACTOR_ECDH, NULL),
            OSSL_PARAM_END,
    };

    (void)provctx;
    return params;
}

/* ------------------------------------------------------ import and export */

static int keymgmt_import(void *keydata, int selection,
                          const OSSL_PARAM params[])
{
    struct hdp_key *key = keydata;
    EVP_PKEY_CTX *ctx;
    bool ok;

    if (key->soft != NULL) {
        return 0;
    }
    ctx = EVP_PKEY_CTX_new_from_name(key->provider->soft, "EC", NULL);
    ok = ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
         EVP_PKEY_fromdata(ctx, &key->soft, selection,
                           (OSSL_PARAM *)(uintptr_t)params) == 1;
    EVP_PKEY_CTX_free(ctx);
    key->has_public =
            OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_PUB_KEY) != NULL;
    key->has_private =
            OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_PRIV_KEY) != NULL;
    return ok;
}

static int keymgmt_export(void *keydata, int selection, OSSL_CALLBACK *cb,
                          void *cbarg)
{
    struct hdp_key *key = keydata;

    if (key->soft == NULL) {
        return 0;
    }
    if (key->device != NULL &&
        (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0) {
        return hdp_raise(key->provider, HDP_R_NOT_EXPORTABLE,
                         "slot %d: nobody can read a private key out of the "
                         "chip; ask for the public key (-pubout)",
                         key->slot);
    }
    return EVP_PKEY_export(key->soft, selection, cb, cbarg);
}

static const OSSL_PARAM *keymgmt_types(int selection)
{
    static const OSSL_PARAM types[] = {
            OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
            OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_ENCODING, NULL, 0),
            OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                   NULL, 0),
            OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_FIELD_TYPE, NULL, 0),
            OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_GROUP_CHECK_TYPE, NULL,
                                   0),
            OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_P, NULL, 0),
            OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_A, NULL, 0),
            OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_B, NULL, 0),
            OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_EC_GENERATOR, NULL, 0),
            OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_ORDER, NULL, 0),
            OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_COFACTOR, NULL, 0),
            OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_EC_SEED, NULL, 0),
            OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
            OSSL_PARAM_BN(OSSL_PKEY_PARAM_PRIV_KEY, NULL, 0),
            OSSL_PARAM_int(OSSL_PKEY_PARAM_USE_COFACTOR_ECDH, NULL),
            OSSL_PARAM_END,
    };

    (void)selection;
    return types;
}

/* ------------------------------------------------- keys that need no chip */

/* Making keys in software: so that TLS finds its ephemeral keys even when
 * this provider was loaded before the default one. Keys in the chip are made
 * by `half chip genkey`, on purpose and once. */
struct generation {
    struct hdp_provider *provider;
    EVP_PKEY_CTX *ctx;
    int selection;
};

static void gen_cleanup(void *genctx)
{
    struct generation *gen = genctx;

    if (gen != NULL) {
        EVP_PKEY_CTX_free(gen->ctx);
        OPENSSL_free(gen);
    }
}

static int gen_set_params(void *genctx, const OSSL_PARAM params[])
{
    struct generation *gen = genctx;

    return params == NULL || params->key == NULL ||
           EVP_PKEY_CTX_set_params(gen->ctx, params) == 1;
}

static void *gen_init(void *provctx, int selection, const OSSL_PARAM params[])
{
    struct generation *gen = OPENSSL_zalloc(sizeof(*gen));
    bool whole = (selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != 0;
    int ok = 0;

    if (gen == NULL) {
        return NULL;
    }
    gen->provider = provctx;
    gen->selection = selection;
    gen->ctx = EVP_PKEY_CTX_new_from_name(gen->provider->soft, "EC", NULL);
    if (gen->ctx != NULL) {
        ok = whole ? EVP_PKEY_keygen_init(gen->ctx)
                   : EVP_PKEY_paramgen_init(gen->ctx);
    }
    if (ok != 1 || !gen_set_params(gen, params)) {
        gen_cleanup(gen);
        return NULL;
    }
    return gen;
}

static int gen_set_template(void *genctx, void *templ)
{
    struct generation *gen = genctx;
    const struct hdp_key *like = templ;
    char group[64];
    size_t len;

    return like->soft != NULL &&
           EVP_PKEY_get_group_name(like->soft, group, sizeof(group), &len) ==
                   1 &&
           EVP_PKEY_CTX_set_group_name(gen->ctx, group) == 1;
}

static const OSSL_PARAM *gen_settable_params(void *genctx, void *provctx)
{
    static const OSSL_PARAM params[] = {
            OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
            OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_ENCODING, NULL, 0),
            OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                   NULL, 0),
            OSSL_PARAM_int(OSSL_PKEY_PARAM_USE_COFACTOR_ECDH, NULL),
            OSSL_PARAM_END,
    };

    (void)genctx;
    (void)provctx;
    return params;
}

static void *gen_generate(void *genctx, OSSL_CALLBACK *cb, void *cbarg)
{
    struct generation *gen = genctx;
    struct hdp_key *key = hdp_key_new(gen->provider);

    (void)cb; /* progress: P-256 keys take no time */
    (void)cbarg;
    if (key == NULL || EVP_PKEY_generate(gen->ctx, &key->soft) != 1) {
        hdp_key_free(key);
        return NULL;
    }
    key->has_public = (gen->selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != 0;
    key->has_private = key->has_public;
    return key;
}

static const char *operation_name(int operation)
{
    return operation == OSSL_OP_KEYEXCH ? "ECDH" : "ECDSA";
}

const OSSL_DISPATCH hdp_keymgmt_functions[] = {
        HDP_FN(OSSL_FUNC_KEYMGMT_NEW, keymgmt_new),
        HDP_FN(OSSL_FUNC_KEYMGMT_FREE, keymgmt_free),
        HDP_FN(OSSL_FUNC_KEYMGMT_LOAD, keymgmt_load),
        HDP_FN(OSSL_FUNC_KEYMGMT_DUP, keymgmt_dup),
        HDP_FN(OSSL_FUNC_KEYMGMT_HAS, keymgmt_has),
        HDP_FN(OSSL_FUNC_KEYMGMT_MATCH, keymgmt_match),
        HDP_FN(OSSL_FUNC_KEYMGMT_VALIDATE, keymgmt_validate),
        HDP_FN(OSSL_FUNC_KEYMGMT_GET_PARAMS, keymgmt_get_params),
        HDP_FN(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, keymgmt_gettable_params),
        HDP_FN(OSSL_FUNC_KEYMGMT_SET_PARAMS, keymgmt_set_params),
        HDP_FN(OSSL_FUNC_KEYMGMT_SETTABLE_PARAMS, keymgmt_settable_params),
        HDP_FN(OSSL_FUNC_KEYMGMT_IMPORT, keymgmt_import),
        HDP_FN(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, keymgmt_types),
        HDP_FN(OSSL_FUNC_KEYMGMT_EXPORT, keymgmt_export),
        HDP_FN(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, keymgmt_types),
        HDP_FN(OSSL_FUNC_KEYMGMT_GEN_INIT, gen_init),
        HDP_FN(OSSL_FUNC_KEYMGMT_GEN_SET_TEMPLATE, gen_set_template),
        HDP_FN(OSSL_FUNC_KEYMGMT_GEN_SET_PARAMS, gen_set_params),
        HDP_FN(OSSL_FUNC_KEYMGMT_GEN_SETTABLE_PARAMS, gen_settable_params),
        HDP_FN(OSSL_FUNC_KEYMGMT_GEN, gen_generate),
        HDP_FN(OSSL_FUNC_KEYMGMT_GEN_CLEANUP, gen_cleanup),
        HDP_FN(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, operation_name),
        HDP_END,
};
