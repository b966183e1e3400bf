/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key files that hold no key: for programs that take a private key only as
 * the name of a PEM file. The file says where the key is:
 *
 *     -----BEGIN HALFDOLLAR KEY URI-----
 *     (a DER UTF8String: half:slot=0;chip=i2c:1@0x60)
 *     -----END HALFDOLLAR KEY URI-----
 *
 * OpenSSL decodes in steps, each by whoever can: ours are from PEM to DER
 * and from DER to a key. A decoder that is offered something else returns
 * success without an object, so that the next one is asked.
 */
#include "internal.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/pem.h>

#define PEM_NAME  "HALFDOLLAR KEY URI"
#define STRUCTURE "half-uri"
#define DER_MAX   1024

/* The context of both decoders is the provider itself. */
static void *decoder_newctx(void *provctx)
{
    return provctx;
}

static void decoder_freectx(void *ctx)
{
    (void)ctx;
}

static int pem_does_selection(void *provctx, int selection)
{
    (void)provctx;
    (void)selection;
    return 1;
}

/* A private key, or nothing in particular: not public keys or parameters. */
static int der_does_selection(void *provctx, int selection)
{
    (void)provctx;
    return selection == 0 || (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0;
}

static int pass_on(unsigned char *der, long len, OSSL_CALLBACK *cb, void *cbarg)
{
    char type_name[] = "EC", structure[] = STRUCTURE;
    int type = OSSL_OBJECT_PKEY;
    OSSL_PARAM object[] = {
            OSSL_PARAM_int(OSSL_OBJECT_PARAM_TYPE, &type),
            OSSL_PARAM_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE, type_name,
                                   sizeof(type_name) - 1),
            OSSL_PARAM_utf8_string(OSSL_OBJECT_PARAM_DATA_STRUCTURE, structure,
                                   sizeof(structure) - 1),
            OSSL_PARAM_octet_string(OSSL_OBJECT_PARAM_DATA, der, (size_t)len),
            OSSL_PARAM_END,
    };

    return cb(object, cbarg);
}

static int decode_pem(void *ctx, OSSL_CORE_BIO *in, int selection,
                      OSSL_CALLBACK *cb, void *cbarg,
                      OSSL_PASSPHRASE_CALLBACK *pw, void *pwarg)
{
    struct hdp_provider *p = ctx;
    BIO *bio = BIO_new_from_core_bio(p->soft, in);
    char *name = NULL, *header = NULL;
    unsigned char *der = NULL;
    long len = 0;
    int ok = 1;

    (void)selection;
    (void)pw;
    (void)pwarg;
    ERR_set_mark();
    if (bio != NULL && PEM_read_bio(bio, &name, &header, &der, &len) == 1 &&
        strcmp(name, PEM_NAME) == 0) {
        ok = pass_on(der, len, cb, cbarg);
    }
    ERR_pop_to_mark();
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
    BIO_free(bio);
    return ok;
}

static int deliver(struct hdp_provider *p, const char *text, OSSL_CALLBACK *cb,
                   void *cbarg)
{
    struct hdp_key *key = hdp_key_from_uri(p, text);
    char type_name[] = "EC";
    int type = OSSL_OBJECT_PKEY;
    OSSL_PARAM object[] = {
            OSSL_PARAM_int(OSSL_OBJECT_PARAM_TYPE, &type),
            OSSL_PARAM_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE, type_name,
                                   sizeof(type_name) - 1),
            OSSL_PARAM_octet_string(OSSL_OBJECT_PARAM_REFERENCE, &key,
                                    sizeof(void *)),
            OSSL_PARAM_END,
    };
    int ok = key != NULL && cb(object, cbarg);

    hdp_key_free(key);
    return ok;
}

static int decode_der(void *ctx, OSSL_CORE_BIO *in, int selection,
                      OSSL_CALLBACK *cb, void *cbarg,
                      OSSL_PASSPHRASE_CALLBACK *pw, void *pwarg)
{
    struct hdp_provider *p = ctx;
    BIO *bio = BIO_new_from_core_bio(p->soft, in);
    unsigned char der[DER_MAX];
    const unsigned char *at = der;
    ASN1_UTF8STRING *text = NULL;
    int len = bio == NULL ? 0 : BIO_read(bio, der, sizeof(der));
    char uri[DER_MAX] = "";

    (void)selection;
    (void)pw;
    (void)pwarg;
    BIO_free(bio);
    ERR_set_mark();
    if (len > 0) {
        text = d2i_ASN1_UTF8STRING(NULL, &at, len);
    }
    ERR_pop_to_mark();
    if (text != NULL && at == der + len &&
        strlen((const char *)ASN1_STRING_get0_data(text)) ==
                (size_t)ASN1_STRING_length(text)) {
        OPENSSL_strlcpy(uri, (const char *)ASN1_STRING_get0_data(text),
                        sizeof(uri));
    }
    ASN1_UTF8STRING_free(text);
    return uri[0] == '\0' || deliver(p, uri, cb, cbarg);
}

/* A key in a chip stays with us; see hdp_store_functions. */
static int decoder_export_object(void *ctx, const void *reference, size_t size,
                                 OSSL_CALLBACK *cb, void *cbarg)
{
    (void)ctx;
    (void)reference;
    (void)size;
    (void)cb;
    (void)cbarg;
    return 0;
}

const OSSL_DISPATCH hdp_pem_decoder_functions[] = {
        HDP_FN(OSSL_FUNC_DECODER_NEWCTX, decoder_newctx),
        HDP_FN(OSSL_FUNC_DECODER_FREECTX, decoder_freectx),
        HDP_FN(OSSL_FUNC_DECODER_DOES_SELECTION, pem_does_selection),
        HDP_FN(OSSL_FUNC_DECODER_DECODE, decode_pem),
        HDP_END,
};

const OSSL_DISPATCH hdp_der_decoder_functions[] = {
        HDP_FN(OSSL_FUNC_DECODER_NEWCTX, decoder_newctx),
        HDP_FN(OSSL_FUNC_DECODER_FREECTX, decoder_freectx),
        HDP_FN(OSSL_FUNC_DECODER_DOES_SELECTION, der_does_selection),
        HDP_FN(OSSL_FUNC_DECODER_DECODE, decode_der),
        HDP_FN(OSSL_FUNC_DECODER_EXPORT_OBJECT, decoder_export_object),
        HDP_END,
};
