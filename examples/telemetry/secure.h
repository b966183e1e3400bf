/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secure half of the telemetry example: a TLS context whose private key
 * is in a chip, and that talks to nobody but the server it was told to.
 * Copy these two files; they do not depend on MQTT.
 */
#ifndef HALFDOLLAR_EXAMPLE_SECURE_H
#define HALFDOLLAR_EXAMPLE_SECURE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include <openssl/provider.h>
#include <openssl/ssl.h>

struct secure_options {
    const char *server;       /* host name the certificate must carry */
    const char *ca_file;      /* who may vouch for the server (PEM) */
    const char *chain_file;   /* our certificate and its issuers (PEM) */
    const char *key_uri;      /* half:slot=0;chip=... */
    const char *provider_dir; /* where halfprovider.so is */
};

struct secure {
    OSSL_LIB_CTX *lib; /* a library context of our own: nothing global */
    OSSL_PROVIDER *standard, *half;
    SSL_CTX *tls;
    char name[128];    /* common name of our certificate */
    char problem[512]; /* why it failed, one sentence */
    char protocol[64]; /* after the handshake: version and cipher */
    struct timespec begun;
    double handshake_ms; /* 0: never finished */
};

/* False: *s->problem says why. secure_close() in either case. */
bool secure_open(struct secure *s, const struct secure_options *options);
void secure_close(struct secure *s);

#endif
