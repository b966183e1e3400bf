/* SPDX-License-Identifier: Apache-2.0 */
/* TLS between chips, and the provider under threads and processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "halfdollar/vchip.h"

#include "app.h"

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

/* An interposer on the clone's bus answers GenKey with another's public key;
 * NULL takes it away. */
static void interpose(EVP_PKEY *shown)
{
    static struct hd_vchip vchip;
    struct hd_fault fault = {.kind = HD_FAULT_REWRITE, .opcode = 0x40};
    unsigned char *point = NULL;

    assert_int_equal(hd_vchip_load(&vchip, clone), 0);
    hd_vchip_clear_faults(&vchip);
    if (shown != NULL) {
        assert_int_equal(EVP_PKEY_get1_encoded_public_key(shown, &point), 65);
        memcpy(fault.payload, point + 1, 64);
        fault.payload_len = 64;
        OPENSSL_free(point);
        assert_int_equal(hd_vchip_fault(&vchip, &fault), 0);
    }
    assert_int_equal(hd_vchip_save(&vchip, clone), 0);
    hd_vchip_free(&vchip);
}

static void
test_a_clone_that_shows_the_original_key_cannot_sign_for_it(void **state)
{
    struct app *app = *state;
    EVP_PKEY *original = load_slot(app, thing, 0);
    EVP_PKEY *server = load_slot(app, thing, 2);
    struct meeting m;
    EVP_PKEY *copy;

    interpose(original);
    copy = load_slot(app, clone, 0);
    assert_int_equal(EVP_PKEY_eq(copy, original), 1);
    begin_meeting(app, &m, TLS1_3_VERSION);
    assert_true(give_key(&m, &m.client, copy, original, "client"));
    assert_true(give_key(&m, &m.server, server, server, "server"));
    assert_false(shake_hands(&m));
    end_meeting(&m);
    interpose(NULL);
    EVP_PKEY_free(original);
    EVP_PKEY_free(server);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
            BOTH(test_tls_1_2_between_two_chips),
            BOTH(test_tls_1_3_between_two_chips),
            BOTH(test_another_chip_does_not_fit_the_certificate),
            BOTH(test_a_clone_that_shows_the_original_key_cannot_sign_for_it),
            BOTH(test_a_certificate_of_nobody_known_is_refused),
            BOTH(test_two_threads_sign_with_one_key),
            BOTH(test_a_forked_child_signs_and_so_does_its_parent),
    };

    return cmocka_run_group_tests(tests, make_chips, remove_chips);
}
