/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSSL_STORE: from a URI to a key. `half:slot=0` gives one key; without a
 * slot the loader lists the URIs of all private keys of the chip.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/store.h>

struct loader {
    struct hdp_provider *provider;
    struct hdp_device *device;
    struct hdp_uri uri;
    uint16_t slots; /* still to deliver */
    bool slots_known;
    bool public_only; /* the caller expects a public key */
};

/* URI, then environment, then openssl.cnf. NULL: none, and it was said. */
static const char *chip_address(struct hdp_provider *p,
                                const struct hdp_uri *uri)
{
    const char *environment = getenv("HALF_CHIP");

    if (uri->chip[0] != '\0') {
        return uri->chip;
    }
    if (environment != NULL && environment[0] != '\0') {
        return environment;
    }
    if (p->configured_chip == NULL) {
        hdp_raise(p, HDP_R_NO_CHIP,
                  "the URI names no chip and HALF_CHIP is not set: write for "
                  "example half:slot=0;chip=i2c:1@0x60 or "
                  "chip=sim:thing.vchip");
    }
    return p->configured_chip;
}

/* The device that a URI means; NULL with the reason raised. */
static struct hdp_device *locate(struct hdp_provider *p, const char *text,
                                 struct hdp_uri *uri)
{
    const char *address;
    char why[256];

    if (!hdp_uri_parse(text, uri, why, sizeof(why))) {
        hdp_raise(p, HDP_R_URI, "%s: %s", text, why);
        return NULL;
    }
    address = chip_address(p, uri);
    return address == NULL ? NULL : hdp_device_get(p, address);
}

struct hdp_key *hdp_key_from_uri(struct hdp_provider *p, const char *text)
{
    struct hdp_uri uri;
    struct hdp_device *device = locate(p, text, &uri);

    if (device == NULL) {
        return NULL;
    }
    if (uri.slot < 0) {
        hdp_raise(p, HDP_R_URI, "%s: names no slot: write half:slot=0", text);
        return NULL;
    }
    return hdp_key_from_chip(p, device, (uint8_t)uri.slot, uri.io_key_file,
                             false);
}

static void *store_open(void *provctx, const char *text)
{
    struct loader *l = OPENSSL_zalloc(sizeof(*l));

    if (l == NULL) {
        return NULL;
    }
    l->provider = provctx;
    l->device = locate(l->provider, text, &l->uri);
    if (l->device == NULL) {
        OPENSSL_free(l);
        return NULL;
    }
    if (l->uri.slot >= 0) {
        l->slots = (uint16_t)(1U << l->uri.slot);
        l->slots_known = true;
    }
    return l;
}

static int store_close(void *vctx)
{
    OPENSSL_free(vctx);
    return 1;
}

static int store_eof(void *vctx)
{
    const struct loader *l = vctx;

    return l->slots_known && l->slots == 0;
}

static const OSSL_PARAM *store_settable_ctx_params(void *provctx)
{
    static const OSSL_PARAM params[] = {
            OSSL_PARAM_int(OSSL_STORE_PARAM_EXPECT, NULL),
            OSSL_PARAM_END,
    };

    (void)provctx;
    return params;
}

static int store_set_ctx_params(void *vctx, const OSSL_PARAM params[])
{
    struct loader *l = vctx;
    const OSSL_PARAM *param;
    int expected = 0;

    param = OSSL_PARAM_locate_const(params, OSSL_STORE_PARAM_EXPECT);
    if (param == NULL) {
        return 1;
    }
    if (!OSSL_PARAM_get_int(param, &expected)) {
        return 0;
    }
    l->public_only = expected == OSSL_STORE_INFO_PUBKEY;
    return 1;
}

/* The next slot to deliver, taken off the list. */
static uint8_t next_slot(struct loader *l)
{
    uint8_t slot = 0;

    while ((l->slots & 1U << slot) == 0) {
        slot++;
    }
    l->slots = (uint16_t)(l->slots & ~(1U << slot));
    return slot;
}

static int deliver_name(struct loader *l, uint8_t slot, OSSL_CALLBACK *cb,
                        void *cbarg)
{
    struct hdp_uri uri = l->uri;
    char name[2 * HDP_VALUE_MAX * 3];
    int type = OSSL_OBJECT_NAME;
    OSSL_PARAM object[] = {
            OSSL_PARAM_int(OSSL_OBJECT_PARAM_TYPE, &type),
            OSSL_PARAM_utf8_string(OSSL_OBJECT_PARAM_DATA, name, 0),
            OSSL_PARAM_END,
    };

    uri.slot = slot;
    object[1].data_size = hdp_uri_format(&uri, name, sizeof(name));
    return cb(object, cbarg);
}

static int deliver_key(struct loader *l, uint8_t slot, OSSL_CALLBACK *cb,
                       void *cbarg)
{
    struct hdp_key *key = hdp_key_from_chip(l->provider, l->device, slot,
                                            l->uri.io_key_file, l->public_only);
    char data_type[] = "EC";
    int type = OSSL_OBJECT_PKEY;
    OSSL_PARAM object[] = {
            OSSL_PARAM_int(OSSL_OBJECT_PARAM_TYPE, &type),
            OSSL_PARAM_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE, data_type,
                                   sizeof(data_type) - 1),
            OSSL_PARAM_octet_string(OSSL_OBJECT_PARAM_REFERENCE, &key,
                                    sizeof(void *)),
            OSSL_PARAM_END,
    };
    int ok = key != NULL && cb(object, cbarg);

    hdp_key_free(key);
    return ok;
}

static int store_load(void *vctx, OSSL_CALLBACK *cb, void *cbarg,
                      OSSL_PASSPHRASE_CALLBACK *pw, void *pwarg)
{
    struct loader *l = vctx;

    (void)pw;
    (void)pwarg;
    if (!l->slots_known) {
        l->slots_known = true;
        if (!hdp_device_slots(l->device, &l->slots)) {
            return 0;
        }
    }
    if (l->slots == 0) {
        return 0;
    }
    return l->uri.slot < 0 ? deliver_name(l, next_slot(l), cb, cbarg)
                           : deliver_key(l, next_slot(l), cb, cbarg);
}

/* OpenSSL asks for this when another provider's EC comes first: a public key
 * may move there, a key in a chip stays ours. */
static int store_export_object(void *vctx, const void *reference, size_t size,
                               OSSL_CALLBACK *cb, void *cbarg)
{
    struct hdp_key *const *place = reference;

    (void)vctx;
    if (size != sizeof(void *) || *place == NULL || (*place)->device != NULL) {
        return 0;
    }
    return EVP_PKEY_export((*place)->soft, EVP_PKEY_PUBLIC_KEY, cb, cbarg);
}

const OSSL_DISPATCH hdp_store_functions[] = {
        HDP_FN(OSSL_FUNC_STORE_OPEN, store_open),
        HDP_FN(OSSL_FUNC_STORE_SETTABLE_CTX_PARAMS, store_settable_ctx_params),
        HDP_FN(OSSL_FUNC_STORE_SET_CTX_PARAMS, store_set_ctx_params),
        HDP_FN(OSSL_FUNC_STORE_LOAD, store_load),
        HDP_FN(OSSL_FUNC_STORE_EOF, store_eof),
        HDP_FN(OSSL_FUNC_STORE_CLOSE, store_close),
        HDP_FN(OSSL_FUNC_STORE_EXPORT_OBJECT, store_export_object),
        HDP_END,
};
