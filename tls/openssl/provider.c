/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OpenSSL 3 provider: keys that live in an ATECC508A/608.
 *
 * This file is the provider's door: what it offers, its reasons, its start
 * and end. Keys are in key.c and keymgmt.c, what they do in signature.c and
 * keyexch.c, URIs in store.c and decoder.c, chips
 * in device.c.
 */
#include "internal.h"

#include <stdarg.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#define VERSION "0.1.0"

int hdp_raise(const struct hdp_provider *p, enum hdp_reason reason,
              const char *format, ...)
{
    va_list args;

    p->new_error(p->core);
    p->set_error_debug(p->core, HDP_NAME, 0, NULL);
    va_start(args, format);
    p->vset_error(p->core, (uint32_t)reason, format, args);
    va_end(args);
    return 0;
}

/* ---------------------------------------------------------- what it offers */

static const OSSL_ALGORITHM keymgmt[] = {
        {"EC:id-ecPublicKey:1.2.840.10045.2.1", HDP_PROPERTIES,
         hdp_keymgmt_functions, "P-256 keys in a secure element"},
        {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM signature[] = {
        {"ECDSA", HDP_PROPERTIES, hdp_signature_functions, "ECDSA by the chip"},
        {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM keyexch[] = {
        {"ECDH", HDP_PROPERTIES, hdp_keyexch_functions, "ECDH by the chip"},
        {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM store[] = {
        {HDP_URI_SCHEME, HDP_PROPERTIES, hdp_store_functions,
         "keys by URI: half:slot=N;chip=ADDRESS"},
        {NULL, NULL, NULL, NULL},
};

static const OSSL_ALGORITHM decoder[] = {
        {"DER", HDP_PROPERTIES ",input=pem", hdp_pem_decoder_functions,
         "key files that name a key in a chip"},
        {"EC:id-ecPublicKey:1.2.840.10045.2.1",
         HDP_PROPERTIES ",input=der,structure=half-uri",
         hdp_der_decoder_functions, "the URI in such a file"},
        {NULL, NULL, NULL, NULL},
};

static const struct {
    int operation;
    const OSSL_ALGORITHM *algorithms;
} offers[] = {
        {OSSL_OP_KEYMGMT, keymgmt}, {OSSL_OP_SIGNATURE, signature},
        {OSSL_OP_KEYEXCH, keyexch}, {OSSL_OP_STORE, store},
        {OSSL_OP_DECODER, decoder},
};

static const OSSL_ALGORITHM *query_operation(void *provctx, int operation,
                                             int *no_cache)
{
    (void)provctx;
    *no_cache = 0;
    for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
        if (offers[i].operation == operation) {
            return offers[i].algorithms;
        }
    }
    return NULL;
}

/* ------------------------------------------------------- facts about itself */

static const OSSL_PARAM *gettable_params(void *provctx)
{
    static const OSSL_PARAM params[] = {
            OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_NAME, NULL, 0),
            OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_VERSION, NULL, 0),
            OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_BUILDINFO, NULL, 0),
            OSSL_PARAM_int(OSSL_PROV_PARAM_STATUS, NULL),
            OSSL_PARAM_END,
    };

    (void)provctx;
    return params;
}

static int get_params(void *provctx, OSSL_PARAM params[])
{
    static const struct {
        const char *key, *value;
    } facts[] = {
            {OSSL_PROV_PARAM_NAME, "halfdollar: keys in an ATECC508A/608"},
            {OSSL_PROV_PARAM_VERSION, VERSION},
            {OSSL_PROV_PARAM_BUILDINFO, VERSION},
    };
    OSSL_PARAM *param;

    (void)provctx;
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        param = OSSL_PARAM_locate(params, facts[i].key);
        if (param != NULL && !OSSL_PARAM_set_utf8_ptr(param, facts[i].value)) {
            return 0;
        }
    }
    param = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);
    return param == NULL || OSSL_PARAM_set_int(param, 1);
}

/*
 * TLS uses a group only from the provider that also wins the fetch of its
 * key type. When this provider was loaded first it wins EC, so it must offer
 * the groups of EC too: they are the default provider's, passed on.
 */
struct relay {
    OSSL_CALLBACK *cb;
    void *arg;
};

static int relay_group(const OSSL_PARAM params[], void *arg)
{
    const struct relay *relay = arg;
    const OSSL_PARAM *param =
            OSSL_PARAM_locate_const(params, OSSL_CAPABILITY_TLS_GROUP_ALG);
    const char *algorithm = "";

    if (param == NULL || !OSSL_PARAM_get_utf8_string_ptr(param, &algorithm) ||
        OPENSSL_strcasecmp(algorithm, "EC") != 0) {
        return 1;
    }
    return relay->cb(params, relay->arg);
}

static int get_capabilities(void *provctx, const char *capability,
                            OSSL_CALLBACK *cb, void *arg)
{
    struct hdp_provider *p = provctx;
    struct relay relay = {cb, arg};

    if (OPENSSL_strcasecmp(capability, "TLS-GROUP") != 0) {
        return 0;
    }
    return OSSL_PROVIDER_get_capabilities(p->soft_default, capability,
                                          relay_group, &relay);
}

static const OSSL_ITEM *reason_strings(void *provctx)
{
#define REASON_ITEM(name, number, text) {number, (void *)(uintptr_t)(text)},
    static const OSSL_ITEM items[] = {HDP_REASON_TABLE(REASON_ITEM){0, NULL}};
#undef REASON_ITEM

    (void)provctx;
    return items;
}

/* ------------------------------------------------------------ start and end */

static void teardown(void *provctx)
{
    struct hdp_provider *p = provctx;

    hdp_devices_free(p);
    OSSL_PROVIDER_unload(p->soft_default);
    OSSL_LIB_CTX_free(p->soft);
    CRYPTO_THREAD_lock_free(p->lock);
    OPENSSL_free(p);
}

static const OSSL_DISPATCH provider_functions[] = {
        HDP_FN(OSSL_FUNC_PROVIDER_TEARDOWN, teardown),
        HDP_FN(OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, gettable_params),
        HDP_FN(OSSL_FUNC_PROVIDER_GET_PARAMS, get_params),
        HDP_FN(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query_operation),
        HDP_FN(OSSL_FUNC_PROVIDER_GET_REASON_STRINGS, reason_strings),
        HDP_FN(OSSL_FUNC_PROVIDER_GET_CAPABILITIES, get_capabilities),
        HDP_END,
};

/* Takes from the core what we need of it; false if something is missing. */
static bool take_upcalls(struct hdp_provider *p, const OSSL_DISPATCH *in)
{
    OSSL_FUNC_core_get_params_fn *core_get_params = NULL;
    OSSL_PARAM wanted[] = {
            OSSL_PARAM_utf8_ptr("chip", &p->configured_chip, sizeof(void *)),
            OSSL_PARAM_END,
    };

    for (; in->function_id != 0; in++) {
        switch (in->function_id) {
        case OSSL_FUNC_CORE_NEW_ERROR:
            p->new_error = OSSL_FUNC_core_new_error(in);
            break;
        case OSSL_FUNC_CORE_SET_ERROR_DEBUG:
            p->set_error_debug = OSSL_FUNC_core_set_error_debug(in);
            break;
        case OSSL_FUNC_CORE_VSET_ERROR:
            p->vset_error = OSSL_FUNC_core_vset_error(in);
            break;
        case OSSL_FUNC_CORE_GET_PARAMS:
            core_get_params = OSSL_FUNC_core_get_params(in);
            break;
        default:
            break;
        }
    }
    return p->new_error != NULL && p->set_error_debug != NULL &&
           p->vset_error != NULL && core_get_params != NULL &&
           core_get_params(p->core, wanted);
}

/* The library context whose default provider answers for all that is public. */
static bool make_soft_context(struct hdp_provider *p, const OSSL_DISPATCH *in)
{
    p->soft = OSSL_LIB_CTX_new_from_dispatch(p->core, in);
    if (p->soft != NULL) {
        p->soft_default = OSSL_PROVIDER_load(p->soft, "default");
    }
    return p->soft_default != NULL;
}

/* The one name that this module exports. */
__attribute__((visibility("default"))) OSSL_provider_init_fn OSSL_provider_init;

int OSSL_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                       const OSSL_DISPATCH **out, void **provctx)
{
    struct hdp_provider *p = OPENSSL_zalloc(sizeof(*p));

    if (p == NULL) {
        return 0;
    }
    p->core = handle;
    p->lock = CRYPTO_THREAD_lock_new();
    if (p->lock == NULL || !make_soft_context(p, in) || !take_upcalls(p, in)) {
        teardown(p);
        return 0;
    }
    *out = provider_functions;
    *provctx = p;
    return 1;
}
