/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OpenSSL provider against finished chips, through OpenSSL's own API.
 * Every test runs twice: with our provider loaded before the default one,
 * and after it. Signatures and secrets are checked by OpenSSL's default
 * provider in a library context that has never heard of ours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/store.h>
#include <openssl/x509v3.h>

#include "chips.h"

static char directory[] = "/tmp/half-tls-XXXXXX";
static char thing[64], clone[64], io_key[64];

/* An application: one library context with both providers. */
struct app {
    OSSL_LIB_CTX *lib;
    OSSL_PROVIDER *first, *second;
};

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

static int half_first(void **state)
{
    return start_app(state, "halfprovider", "default");
}

static int half_last(void **state)
{
    return start_app(state, "default", "halfprovider");
}

static int end_app(void **state)
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

static void key_uri(char *out, size_t size, const char *chip, int slot,
                    const char *more)
{
    snprintf(out, size, "half:slot=%d;chip=sim:%s%s", slot, chip, more);
}

static EVP_PKEY *load_uri(struct app *app, const char *uri)
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

static EVP_PKEY *load_slot(struct app *app, const char *chip, int slot)
{
    char uri[160];
    EVP_PKEY *key;

    key_uri(uri, sizeof(uri), chip, slot, "");
    key = load_uri(app, uri);
    assert_non_null(key);
    return key;
}

/* The same public key where our provider does not exist. */
static EVP_PKEY *outside(EVP_PKEY *key)
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

static bool verifies(EVP_PKEY *key, const char *md, const void *data,
                     size_t len, const unsigned char *sig, size_t sig_len)
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

static bool sign(struct app *app, EVP_PKEY *key, const char *md,
                 const void *data, size_t len, unsigned char *sig,
                 size_t *sig_len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = EVP_DigestSignInit_ex(ctx, NULL, md, app->lib, NULL, key, NULL) ==
                      1 &&
              EVP_DigestSign(ctx, sig, sig_len, data, len) == 1;

    EVP_MD_CTX_free(ctx);
    return ok;
}

/* The error queue names the reason in a sentence that holds this. */
static void assert_said(const char *text)
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

/* ------------------------------------------------------------------ signing */

static const char message[] = "the quick brown fox";

static void test_what_the_chip_signs_openssl_verifies(void **state)
{
    static const char *const digests[] = {"SHA256", "SHA384", "SHA512",
                                          "SHA3-256"};
    EVP_PKEY *key = load_slot(*state, thing, 0);

    for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
        unsigned char sig[80];
        size_t len = sizeof(sig);

        assert_true(sign(*state, key, digests[i], message, sizeof(message), sig,
                         &len));
        assert_true(
                verifies(key, digests[i], message, sizeof(message), sig, len));
        assert_false(verifies(key, digests[i], message, sizeof(message) - 1,
                              sig, len));
    }
    EVP_PKEY_free(key);
}

static void test_a_short_digest_is_refused_in_words(void **state)
{
    EVP_PKEY *key = load_slot(*state, thing, 0);
    unsigned char sig[80];
    size_t len = sizeof(sig);

    assert_false(
            sign(*state, key, "SHA1", message, sizeof(message), sig, &len));
    assert_said("a digest of 20 bytes: the chip signs 32, use SHA-256");
    EVP_PKEY_free(key);
}

static void test_a_raw_digest_is_signed_and_anything_else_refused(void **state)
{
    struct app *app = *state;
    EVP_PKEY *key = load_slot(app, thing, 0);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(app->lib, key, NULL);
    unsigned char digest[33] = {7}, sig[80];
    size_t len = sizeof(sig);

    assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
    assert_int_equal(EVP_PKEY_sign(ctx, sig, &len, digest, 32), 1);
    assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
    assert_int_equal(EVP_PKEY_verify(ctx, sig, len, digest, 32), 1);
    digest[31] ^= 1;
    assert_int_not_equal(EVP_PKEY_verify(ctx, sig, len, digest, 32), 1);
    ERR_clear_error();
    assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
    len = sizeof(sig);
    assert_int_not_equal(EVP_PKEY_sign(ctx, sig, &len, digest, 33), 1);
    assert_said("33 bytes: the chip signs a digest of 32");
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
}

static void test_a_slot_that_may_not_sign_says_which_bit(void **state)
{
    EVP_PKEY *key = load_slot(*state, thing, 1);
    unsigned char sig[80];
    size_t len = sizeof(sig);

    assert_false(
            sign(*state, key, "SHA256", message, sizeof(message), sig, &len));
    assert_said("SlotConfig[1].ReadKey.ExternalSign = 0");
    EVP_PKEY_free(key);
}

static void test_possession_is_proven_by_a_check(void **state)
{
    struct app *app = *state;
    EVP_PKEY *key = load_slot(app, thing, 0);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(app->lib, key, NULL);

    assert_int_equal(EVP_PKEY_check(ctx), 1);
    assert_int_equal(EVP_PKEY_public_check(ctx), 1);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
}

/* --------------------------------------------------------------------- keys */

static void test_the_private_half_cannot_be_had(void **state)
{
    EVP_PKEY *key = load_slot(*state, thing, 0);
    BIO *bio = BIO_new(BIO_s_mem());
    OSSL_PARAM *all = NULL;
    BIGNUM *d = NULL;

    assert_int_not_equal(
            EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &d), 1);
    assert_null(d);
    assert_int_not_equal(EVP_PKEY_todata(key, EVP_PKEY_KEYPAIR, &all), 1);
    assert_said("nobody can read a private key out of the chip");
    assert_int_not_equal(
            PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(BIO_pending(bio), 0);
    BIO_free(bio);
    EVP_PKEY_free(key);
}

static void test_keys_of_a_chip_cannot_be_altered(void **state)
{
    EVP_PKEY *key = load_slot(*state, thing, 0);
    EVP_PKEY *other = load_slot(*state, thing, 2);
    unsigned char *point = NULL;
    size_t len = EVP_PKEY_get1_encoded_public_key(other, &point);

    assert_int_equal(len, 65);
    assert_int_not_equal(EVP_PKEY_set1_encoded_public_key(key, point, len), 1);
    assert_said("what the chip says it is");
    OPENSSL_free(point);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
}

static void test_keys_compare_across_providers(void **state)
{
    EVP_PKEY *key = load_slot(*state, thing, 0);
    EVP_PKEY *other = load_slot(*state, thing, 2);
    EVP_PKEY *copy = outside(key);
    EVP_PKEY *twin = EVP_PKEY_dup(key);

    assert_int_equal(EVP_PKEY_eq(key, copy), 1);
    assert_int_equal(EVP_PKEY_eq(copy, key), 1);
    assert_int_equal(EVP_PKEY_eq(key, twin), 1);
    assert_int_equal(EVP_PKEY_eq(key, other), 0);
    assert_int_equal(EVP_PKEY_eq(copy, other), 0);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
    EVP_PKEY_free(copy);
    EVP_PKEY_free(twin);
}

static void test_the_chip_lists_its_private_keys(void **state)
{
    struct app *app = *state;
    char uri[160], expected[160];
    OSSL_STORE_CTX *store;
    int count = 0;

    snprintf(uri, sizeof(uri), "half:chip=sim:%s", thing);
    store = OSSL_STORE_open_ex(uri, app->lib, NULL, NULL, NULL, NULL, NULL,
                               NULL);
    assert_non_null(store);
    while (!OSSL_STORE_eof(store)) {
        OSSL_STORE_INFO *info = OSSL_STORE_load(store);

        assert_non_null(info);
        assert_int_equal(OSSL_STORE_INFO_get_type(info), OSSL_STORE_INFO_NAME);
        key_uri(expected, sizeof(expected), thing, count, "");
        assert_string_equal(OSSL_STORE_INFO_get0_NAME(info), expected);
        OSSL_STORE_INFO_free(info);
        count++;
    }
    assert_int_equal(count, 5);
    OSSL_STORE_close(store);
}

static void assert_no_key(struct app *app, const char *uri, const char *says)
{
    assert_null(load_uri(app, uri));
    assert_said(says);
}

static void test_bad_uris_and_missing_chips_are_explained(void **state)
{
    char uri[160];

    unsetenv("HALF_CHIP");
    assert_no_key(*state, "half:slot=77", "a chip has slots 0 to 15");
    assert_no_key(*state, "half:slot=0", "HALF_CHIP is not set");
    snprintf(uri, sizeof(uri), "half:slot=0;chip=sim:%s/none", directory);
    assert_no_key(*state, uri, "half sim create");
    key_uri(uri, sizeof(uri), thing, 5, "");
    assert_no_key(*state, uri, "KeyConfig[5].Private = 0");
}

static void test_the_chip_comes_from_the_environment(void **state)
{
    char address[80];
    EVP_PKEY *key;

    snprintf(address, sizeof(address), "sim:%s", thing);
    setenv("HALF_CHIP", address, 1);
    key = load_uri(*state, "half:slot=0");
    unsetenv("HALF_CHIP");
    assert_non_null(key);
    EVP_PKEY_free(key);
}

static void test_software_keys_go_on_working_beside_ours(void **state)
{
    static const char *const groups[] = {"P-256", "P-384", "secp256k1"};
    struct app *app = *state;

    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        EVP_PKEY *key = EVP_PKEY_Q_keygen(app->lib, NULL, "EC", groups[i]);
        unsigned char sig[160];
        size_t len = sizeof(sig);
        BIO *bio = BIO_new(BIO_s_mem());
        EVP_PKEY *read;

        assert_non_null(key);
        assert_true(
                sign(app, key, "SHA384", message, sizeof(message), sig, &len));
        assert_true(
                verifies(key, "SHA384", message, sizeof(message), sig, len));
        assert_int_equal(
                PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL),
                1);
        read = PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, NULL, app->lib,
                                          NULL);
        assert_non_null(read);
        assert_int_equal(EVP_PKEY_eq(key, read), 1);
        EVP_PKEY_free(read);
        BIO_free(bio);
        EVP_PKEY_free(key);
    }
}

/* --------------------------------------------------------------------- ECDH */

static bool derive(OSSL_LIB_CTX *lib, EVP_PKEY *key, EVP_PKEY *peer,
                   unsigned char secret[32])
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, key, NULL);
    size_t len = 32;
    bool ok = EVP_PKEY_derive_init(ctx) == 1 &&
              EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
              EVP_PKEY_derive(ctx, secret, &len) == 1 && len == 32;

    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static void test_ecdh_agrees_with_openssl(void **state)
{
    struct app *app = *state;
    EVP_PKEY *peer = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    unsigned char ours[32], theirs[32];
    char uri[240], more[96];
    EVP_PKEY *key, *pub;

    snprintf(more, sizeof(more), ";io-key-file=%s", io_key);
    key_uri(uri, sizeof(uri), thing, 3, more);
    key = load_uri(app, uri);
    assert_non_null(key);
    pub = outside(key);
    assert_true(derive(app->lib, key, peer, ours));
    assert_true(derive(NULL, peer, pub, theirs));
    assert_memory_equal(ours, theirs, 32);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(pub);
    EVP_PKEY_free(key);
}

static void test_ecdh_in_clear_says_what_the_uri_lacks(void **state)
{
    struct app *app = *state;
    EVP_PKEY *peer = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    EVP_PKEY *key = load_slot(app, thing, 3);
    unsigned char secret[32];

    assert_false(derive(app->lib, key, peer, secret));
    assert_said("io-key-file=PATH");
    EVP_PKEY_free(peer);
    EVP_PKEY_free(key);
}

static void test_ecdh_takes_only_points_of_p256(void **state)
{
    struct app *app = *state;
    EVP_PKEY *peer = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    EVP_PKEY *key = load_slot(app, thing, 3);
    unsigned char secret[48];

    assert_false(derive(app->lib, key, peer, secret));
    EVP_PKEY_free(peer);
    EVP_PKEY_free(key);
}

static void test_an_io_key_that_others_may_read_is_refused(void **state)
{
    struct app *app = *state;
    EVP_PKEY *peer = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    unsigned char secret[32];
    char uri[240], more[96];
    EVP_PKEY *key;

    snprintf(more, sizeof(more), ";io-key-file=%s", io_key);
    key_uri(uri, sizeof(uri), thing, 3, more);
    key = load_uri(app, uri);
    assert_int_equal(chmod(io_key, 0644), 0);
    assert_false(derive(app->lib, key, peer, secret));
    assert_int_equal(chmod(io_key, 0600), 0);
    assert_said("chmod 600");
    EVP_PKEY_free(peer);
    EVP_PKEY_free(key);
}

/* ---------------------------------------------------------------------- TLS */

static X509 *issue(EVP_PKEY *key, const char *name, X509 *ca, EVP_PKEY *ca_key)
{
    static long number = 1;
    X509 *cert = X509_new();
    X509_NAME *subject = X509_get_subject_name(cert);
    X509V3_CTX v3;

    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), number++);
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(cert,
                         ca == NULL ? subject : X509_get_subject_name(ca));
    X509_set_pubkey(cert, key);
    X509V3_set_ctx(&v3, ca == NULL ? cert : ca, cert, NULL, NULL, 0);
    if (ca == NULL) {
        X509_EXTENSION *ext = X509V3_EXT_conf_nid(
                NULL, &v3, NID_basic_constraints, "critical,CA:true");

        X509_add_ext(cert, ext, -1);
        X509_EXTENSION_free(ext);
    }
    assert_true(X509_sign(cert, ca_key, EVP_sha256()) > 0);
    return cert;
}

struct party {
    SSL_CTX *ctx;
    SSL *ssl;
};

struct meeting {
    EVP_PKEY *ca_key;
    X509 *ca;
    struct party client, server;
};

static void set_up_party(struct app *app, struct meeting *m, struct party *p,
                         const SSL_METHOD *method, int version)
{
    p->ctx = SSL_CTX_new_ex(app->lib, NULL, method);
    assert_non_null(p->ctx);
    assert_int_equal(SSL_CTX_set_min_proto_version(p->ctx, version), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(p->ctx, version), 1);
    assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(p->ctx), m->ca),
                     1);
    SSL_CTX_set_verify(p->ctx,
                       SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

static bool give_key(struct meeting *m, struct party *p, EVP_PKEY *key,
                     EVP_PKEY *certified, const char *name)
{
    X509 *cert = issue(certified, name, m->ca, m->ca_key);
    bool ok = SSL_CTX_use_certificate(p->ctx, cert) == 1 &&
              SSL_CTX_use_PrivateKey(p->ctx, key) == 1;

    X509_free(cert);
    return ok;
}

static void begin_meeting(struct app *app, struct meeting *m, int version)
{
    memset(m, 0, sizeof(*m));
    m->ca_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    m->ca = issue(m->ca_key, "Test CA", NULL, m->ca_key);
    set_up_party(app, m, &m->client, TLS_client_method(), version);
    set_up_party(app, m, &m->server, TLS_server_method(), version);
}

static void end_meeting(struct meeting *m)
{
    SSL_free(m->client.ssl);
    SSL_free(m->server.ssl);
    SSL_CTX_free(m->client.ctx);
    SSL_CTX_free(m->server.ctx);
    X509_free(m->ca);
    EVP_PKEY_free(m->ca_key);
    ERR_clear_error();
}

static bool wants_more(SSL *ssl, int result)
{
    int why = SSL_get_error(ssl, result);

    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

/* True when both sides are content and a byte has crossed each way. */
static bool shake_hands(struct meeting *m)
{
    BIO *left, *right;
    char byte = 'x';
    int a = 0, b = 0;

    m->client.ssl = SSL_new(m->client.ctx);
    m->server.ssl = SSL_new(m->server.ctx);
    assert_int_equal(BIO_new_bio_pair(&left, 0, &right, 0), 1);
    SSL_set_bio(m->client.ssl, left, left);
    SSL_set_bio(m->server.ssl, right, right);
    for (int i = 0; i < 20 && (a != 1 || b != 1); i++) {
        a = SSL_connect(m->client.ssl);
        if (a != 1 && !wants_more(m->client.ssl, a)) {
            return false;
        }
        b = SSL_accept(m->server.ssl);
        if (b != 1 && !wants_more(m->server.ssl, b)) {
            return false;
        }
    }
    return a == 1 && b == 1 && SSL_write(m->client.ssl, &byte, 1) == 1 &&
           SSL_read(m->server.ssl, &byte, 1) == 1 &&
           SSL_write(m->server.ssl, &byte, 1) == 1 &&
           SSL_read(m->client.ssl, &byte, 1) == 1;
}

static void meet_by_chips(struct app *app, int version)
{
    EVP_PKEY *client = load_slot(app, thing, 0);
    EVP_PKEY *server = load_slot(app, clone, 2);
    struct meeting m;

    begin_meeting(app, &m, version);
    assert_true(give_key(&m, &m.client, client, client, "client"));
    assert_true(give_key(&m, &m.server, server, server, "server"));
    assert_true(shake_hands(&m));
    assert_int_equal(SSL_version(m.client.ssl), version);
    assert_int_equal(SSL_get_verify_result(m.client.ssl), X509_V_OK);
    assert_int_equal(SSL_get_verify_result(m.server.ssl), X509_V_OK);
    end_meeting(&m);
    EVP_PKEY_free(client);
    EVP_PKEY_free(server);
}

static void test_tls_1_2_between_two_chips(void **state)
{
    meet_by_chips(*state, TLS1_2_VERSION);
}

static void test_tls_1_3_between_two_chips(void **state)
{
    meet_by_chips(*state, TLS1_3_VERSION);
}

static void test_another_chip_does_not_fit_the_certificate(void **state)
{
    struct app *app = *state;
    EVP_PKEY *original = load_slot(app, thing, 0);
    EVP_PKEY *copy = load_slot(app, clone, 0);
    struct meeting m;

    begin_meeting(app, &m, TLS1_3_VERSION);
    assert_false(give_key(&m, &m.client, copy, original, "client"));
    end_meeting(&m);
    EVP_PKEY_free(original);
    EVP_PKEY_free(copy);
}

static void test_a_certificate_of_nobody_known_is_refused(void **state)
{
    struct app *app = *state;
    EVP_PKEY *key = load_slot(app, thing, 0);
    EVP_PKEY *server = load_slot(app, clone, 0);
    struct meeting m, other;

    begin_meeting(app, &m, TLS1_3_VERSION);
    begin_meeting(app, &other, TLS1_3_VERSION);
    assert_true(give_key(&other, &m.client, key, key, "client"));
    assert_true(give_key(&m, &m.server, server, server, "server"));
    assert_false(shake_hands(&m));
    end_meeting(&other);
    end_meeting(&m);
    EVP_PKEY_free(key);
    EVP_PKEY_free(server);
}

/* --------------------------------------------------- threads and processes */

struct worker {
    struct app *app;
    EVP_PKEY *key;
    int good;
};

#define ROUNDS 25

static void *sign_often(void *arg)
{
    struct worker *w = arg;

    for (int i = 0; i < ROUNDS; i++) {
        unsigned char sig[80];
        size_t len = sizeof(sig);

        w->good += sign(w->app, w->key, "SHA256", &i, sizeof(i), sig, &len) &&
                   verifies(w->key, "SHA256", &i, sizeof(i), sig, len);
    }
    return NULL;
}

static void test_two_threads_sign_with_one_key(void **state)
{
    EVP_PKEY *key = load_slot(*state, thing, 0);
    struct worker workers[2] = {{*state, key, 0}, {*state, key, 0}};
    pthread_t threads[2];

    for (int i = 0; i < 2; i++) {
        assert_int_equal(
                pthread_create(&threads[i], NULL, sign_often, &workers[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(workers[i].good, ROUNDS);
    }
    EVP_PKEY_free(key);
}

static void test_a_forked_child_signs_and_so_does_its_parent(void **state)
{
    EVP_PKEY *key = load_slot(*state, thing, 0);
    struct worker worker = {*state, key, 0};
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        sign_often(&worker);
        _exit(worker.good == ROUNDS ? 0 : 1);
    }
    sign_often(&worker);
    assert_int_equal(worker.good, ROUNDS);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    EVP_PKEY_free(key);
}

/* ------------------------------------------------------------------- course */

static int make_chips(void **state)
{
    FILE *file;

    (void)state;
    if (mkdtemp(directory) == NULL) {
        return 1;
    }
    snprintf(thing, sizeof(thing), "%s/thing.vchip", directory);
    snprintf(clone, sizeof(clone), "%s/clone.vchip", directory);
    snprintf(io_key, sizeof(io_key), "%s/io.key", directory);
    make_chip(thing, 1);
    make_chip(clone, 2);
    file = fopen(io_key, "w");
    for (int i = 0; i < 32; i++) {
        fputc(0x10, file);
    }
    fclose(file);
    return chmod(io_key, 0600);
}

static int remove_chips(void **state)
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
    unlink(io_key);
    return rmdir(directory);
}

#define BOTH(test)                                                             \
    {#test " (half first)", test, half_first, end_app, NULL},                  \
    {                                                                          \
#test " (half last)", test, half_last, end_app, NULL                   \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
            BOTH(test_what_the_chip_signs_openssl_verifies),
            BOTH(test_a_short_digest_is_refused_in_words),
            BOTH(test_a_raw_digest_is_signed_and_anything_else_refused),
            BOTH(test_a_slot_that_may_not_sign_says_which_bit),
            BOTH(test_possession_is_proven_by_a_check),
            BOTH(test_the_private_half_cannot_be_had),
            BOTH(test_keys_of_a_chip_cannot_be_altered),
            BOTH(test_keys_compare_across_providers),
            BOTH(test_the_chip_lists_its_private_keys),
            BOTH(test_bad_uris_and_missing_chips_are_explained),
            BOTH(test_the_chip_comes_from_the_environment),
            BOTH(test_software_keys_go_on_working_beside_ours),
            BOTH(test_ecdh_agrees_with_openssl),
            BOTH(test_ecdh_in_clear_says_what_the_uri_lacks),
            BOTH(test_ecdh_takes_only_points_of_p256),
            BOTH(test_an_io_key_that_others_may_read_is_refused),
            BOTH(test_tls_1_2_between_two_chips),
            BOTH(test_tls_1_3_between_two_chips),
            BOTH(test_another_chip_does_not_fit_the_certificate),
            BOTH(test_a_certificate_of_nobody_known_is_refused),
            BOTH(test_two_threads_sign_with_one_key),
            BOTH(test_a_forked_child_signs_and_so_does_its_parent),
    };

    return cmocka_run_group_tests(tests, make_chips, remove_chips);
}
