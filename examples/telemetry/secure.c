/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that OpenSSL must be told, in the order in which it matters:
 * load the provider, demand a verified server, then our own key and chain.
 * There is no option that turns verification off, on purpose.
 */
#include "secure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/store.h>
#include <openssl/x509v3.h>

static bool fail(struct secure *s, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* Our sentence, then the last thing OpenSSL (or the chip) said. */
static bool fail(struct secure *s, const char *format, ...)
{
    const char *detail = NULL;
    int flags = 0;
    size_t len;
    va_list args;
    unsigned long err;

    va_start(args, format);
    vsnprintf(s->problem, sizeof(s->problem), format, args);
    va_end(args);
    err = ERR_peek_last_error_all(NULL, NULL, NULL, &detail, &flags);
    len = strlen(s->problem);
    if (err != 0) {
        const char *text = (flags & ERR_TXT_STRING) != 0 && detail[0] != '\0'
                                   ? detail
                                   : ERR_reason_error_string(err);

        snprintf(s->problem + len, sizeof(s->problem) - len, ": %s",
                 text == NULL ? "unknown OpenSSL error" : text);
    }
    return false;
}

/* ------------------------------------------------------ what went wrong */

/* Alerts of TLS (RFC 8446, 6.2) that a server sends to a client it rejects. */
static const struct {
    int alert;
    const char *meaning;
} alerts[] = {
        {40, "it found no common ground with us"},
        {42, "it could not use our certificate"},
        {44, "our certificate is revoked"},
        {45, "our certificate has expired"},
        {46, "it does not accept our certificate"},
        {48, "it does not know who issued our certificate"},
        {49, "our certificate is good, but not allowed here"},
        {51, "our signature does not fit our certificate: this is not the chip "
             "the certificate was issued for"},
        {116, "it wants a client certificate and we showed none"},
};

static void note_alert(struct secure *s, int code)
{
    const char *meaning = "it refused";

    for (size_t i = 0; i < sizeof(alerts) / sizeof(alerts[0]); i++) {
        if (alerts[i].alert == (code & 0xFF)) {
            meaning = alerts[i].meaning;
        }
    }
    if ((code & 0xFF) != SSL_AD_CLOSE_NOTIFY) {
        snprintf(s->problem, sizeof(s->problem),
                 "the server ended the handshake with the alert \"%s\": %s",
                 SSL_alert_desc_string_long(code), meaning);
    }
}

static double ms_since(const struct timespec *begun)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - begun->tv_sec) * 1e3 +
           (double)(now.tv_nsec - begun->tv_nsec) / 1e6;
}

static void on_tls_event(const SSL *ssl, int where, int value)
{
    struct secure *s = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    if ((where & SSL_CB_HANDSHAKE_START) != 0 && s->handshake_ms <= 0) {
        clock_gettime(CLOCK_MONOTONIC, &s->begun);
    }
    if ((where & SSL_CB_HANDSHAKE_DONE) != 0 && s->handshake_ms <= 0) {
        s->handshake_ms = ms_since(&s->begun);
        snprintf(s->protocol, sizeof(s->protocol), "%s, %s",
                 SSL_get_version(ssl), SSL_get_cipher_name(ssl));
    }
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT) {
        note_alert(s, value);
    }
}

/* Never changes the verdict; only keeps the reason. */
static int on_verify(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store,
                                          SSL_get_ex_data_X509_STORE_CTX_idx());
    struct secure *s = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    if (!ok) {
        snprintf(
                s->problem, sizeof(s->problem),
                "the server is not who it should be: %s",
                X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)));
    }
    return ok;
}

/* ------------------------------------------------------------- the steps */

static bool load_providers(struct secure *s, const struct secure_options *o)
{
    s->lib = OSSL_LIB_CTX_new();
    if (s->lib == NULL ||
        OSSL_PROVIDER_set_default_search_path(s->lib, o->provider_dir) != 1) {
        return fail(s, "OpenSSL did not start");
    }
    s->standard = OSSL_PROVIDER_load(s->lib, "default");
    s->half = OSSL_PROVIDER_load(s->lib, "halfprovider");
    if (s->standard == NULL || s->half == NULL) {
        return fail(s, "cannot load halfprovider.so from %s", o->provider_dir);
    }
    return true;
}

static bool demand_server(struct secure *s, const struct secure_options *o)
{
    X509_VERIFY_PARAM *param;

    s->tls = SSL_CTX_new_ex(s->lib, NULL, TLS_client_method());
    if (s->tls == NULL) {
        return fail(s, "no TLS context");
    }
    SSL_CTX_set_app_data(s->tls, s);
    SSL_CTX_set_info_callback(s->tls, on_tls_event);
    SSL_CTX_set_verify(s->tls, SSL_VERIFY_PEER, on_verify);
    param = SSL_CTX_get0_param(s->tls);
    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (SSL_CTX_set_min_proto_version(s->tls, TLS1_2_VERSION) != 1 ||
        X509_VERIFY_PARAM_set1_host(param, o->server, 0) != 1) {
        return fail(s, "cannot demand the server name %s", o->server);
    }
    if (SSL_CTX_load_verify_file(s->tls, o->ca_file) != 1) {
        return fail(s, "cannot read the CA file %s", o->ca_file);
    }
    return true;
}

static EVP_PKEY *load_key(struct secure *s, const char *uri)
{
    OSSL_STORE_CTX *store =
            OSSL_STORE_open_ex(uri, s->lib, NULL, NULL, NULL, NULL, NULL, NULL);
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

static void remember_name(struct secure *s)
{
    X509 *own = SSL_CTX_get0_certificate(s->tls);

    if (X509_NAME_get_text_by_NID(X509_get_subject_name(own), NID_commonName,
                                  s->name, sizeof(s->name)) <= 0) {
        s->name[0] = '\0';
    }
}

static bool show_ourselves(struct secure *s, const struct secure_options *o)
{
    EVP_PKEY *key;
    int ok;

    if (SSL_CTX_use_certificate_chain_file(s->tls, o->chain_file) != 1) {
        return fail(s, "cannot read the certificate %s", o->chain_file);
    }
    key = load_key(s, o->key_uri);
    if (key == NULL) {
        return fail(s, "no key at %s", o->key_uri);
    }
    ERR_clear_error();
    ok = SSL_CTX_use_PrivateKey(s->tls, key);
    EVP_PKEY_free(key);
    if (ok != 1) {
        return fail(s, "the chip's key is not the one that the certificate "
                       "vouches for");
    }
    remember_name(s);
    return true;
}

bool secure_open(struct secure *s, const struct secure_options *options)
{
    memset(s, 0, sizeof(*s));
    return load_providers(s, options) && demand_server(s, options) &&
           show_ourselves(s, options);
}

void secure_close(struct secure *s)
{
    SSL_CTX_free(s->tls);
    if (s->half != NULL) {
        OSSL_PROVIDER_unload(s->half);
    }
    if (s->standard != NULL) {
        OSSL_PROVIDER_unload(s->standard);
    }
    OSSL_LIB_CTX_free(s->lib);
}
