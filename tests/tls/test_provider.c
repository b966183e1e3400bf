/* SPDX-License-Identifier: Apache-2.0 */
/* The OpenSSL provider against finished chips: keys, signatures, ECDH. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/store.h>

#include "app.h"
#include "chips.h"

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

/* A key file that names a key: content is the DER inside. */
static EVP_PKEY *read_key_file(struct app *app, const void *der, size_t len)
{
    BIO *bio = BIO_new(BIO_s_mem());
    EVP_PKEY *key;

    PEM_write_bio(bio, "HALFDOLLAR KEY URI", "", der, (long)len);
    key = PEM_read_bio_PrivateKey_ex(bio, NULL, NULL, NULL, app->lib, NULL);
    BIO_free(bio);
    return key;
}

static EVP_PKEY *read_uri_file(struct app *app, const char *uri)
{
    ASN1_UTF8STRING *text = ASN1_UTF8STRING_new();
    unsigned char *der = NULL;
    EVP_PKEY *key;
    int len;

    ASN1_STRING_set(text, uri, -1);
    len = i2d_ASN1_UTF8STRING(text, &der);
    key = read_key_file(app, der, (size_t)len);
    ASN1_UTF8STRING_free(text);
    OPENSSL_free(der);
    return key;
}

static void test_a_pem_file_may_name_the_key(void **state)
{
    EVP_PKEY *key = load_slot(*state, thing, 0), *same;
    unsigned char sig[80];
    size_t len = sizeof(sig);
    char uri[160];

    key_uri(uri, sizeof(uri), thing, 0, "");
    same = read_uri_file(*state, uri);
    assert_non_null(same);
    assert_int_equal(EVP_PKEY_eq(key, same), 1);
    assert_true(
            sign(*state, same, "SHA256", message, sizeof(message), sig, &len));
    assert_true(verifies(key, "SHA256", message, sizeof(message), sig, len));
    EVP_PKEY_free(key);
    EVP_PKEY_free(same);
}

static void test_a_pem_file_that_names_nothing_is_refused(void **state)
{
    static const char long_der[] = "\x0C\x82\xFF\xFFhalf:slot=0";
    static const char zero_der[] = "\x0C\x0Chalf:\0slot=0";

    assert_null(read_uri_file(*state, ""));
    assert_null(read_uri_file(*state, "half:slot=16"));
    assert_null(read_uri_file(*state, "half:chip=sim:x"));
    assert_null(read_uri_file(*state, "file:key.pem"));
    assert_null(read_key_file(*state, "half:slot=0", 11));
    assert_null(read_key_file(*state, "\x0C\x7Fhalf", 6));
    assert_null(read_key_file(*state, long_der, sizeof(long_der) - 1));
    assert_null(read_key_file(*state, zero_der, sizeof(zero_der) - 1));
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

    snprintf(more, sizeof(more), ";io-key-file=%s", io_key_path);
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

static void refuses_io_key(struct app *app, const char *path, const char *why)
{
    EVP_PKEY *peer = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    unsigned char secret[32];
    char uri[240], more[96];
    EVP_PKEY *key;

    snprintf(more, sizeof(more), ";io-key-file=%s", path);
    key_uri(uri, sizeof(uri), thing, 3, more);
    key = load_uri(app, uri);
    assert_false(derive(app->lib, key, peer, secret));
    assert_said(why);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(key);
}

static void test_an_io_key_that_others_may_read_is_refused(void **state)
{
    assert_int_equal(chmod(io_key_path, 0644), 0);
    refuses_io_key(*state, io_key_path, "chmod 600");
    assert_int_equal(chmod(io_key_path, 0600), 0);
}

static void test_an_io_key_of_somebody_else_is_refused(void **state)
{
    if (geteuid() != 0) {
        skip(); /* nobody else can give a file away */
    }
    assert_int_equal(chown(io_key_path, 65534, 65534), 0);
    refuses_io_key(*state, io_key_path, "belongs to user 65534");
    assert_int_equal(chown(io_key_path, 0, 0), 0);
}

/* Nobody writes to it: whoever waits for that waits for ever. */
static void test_a_fifo_is_no_io_key_and_is_not_waited_for(void **state)
{
    char path[80];

    snprintf(path, sizeof(path), "%s.fifo", io_key_path);
    assert_int_equal(mkfifo(path, 0600), 0);
    refuses_io_key(*state, path, "not a regular file");
    unlink(path);
}

static void write_io_key(const char *text, size_t len)
{
    FILE *file = fopen(io_key_path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void test_an_io_key_is_raw_or_in_hex_and_nothing_else(void **state)
{
#define HEX CHIPS_IO_KEY
    static const struct {
        const char *text;
        size_t len;
        bool good;
    } cases[] = {
            {HEX "\n", 65, true},  {HEX "\r\n", 66, true},
            {HEX, 64, true},       {HEX "1", 65, false},
            {HEX, 63, false},      {HEX, 31, false},
            {HEX HEX, 128, false}, {"", 0, false},
            {"xx" HEX, 64, false}, {HEX "\n", 33, false},
    };
    struct app *app = *state;
    EVP_PKEY *peer = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    unsigned char secret[32];
    char uri[240], more[96];
    char raw[32];

    snprintf(more, sizeof(more), ";io-key-file=%s", io_key_path);
    key_uri(uri, sizeof(uri), thing, 3, more);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        EVP_PKEY *key = load_uri(app, uri);

        write_io_key(cases[i].text, cases[i].len);
        assert_int_equal(derive(app->lib, key, peer, secret), cases[i].good);
        if (!cases[i].good) {
            assert_said("raw, or as 64 hex digits");
        }
        EVP_PKEY_free(key);
    }
    memset(raw, 0xFF, sizeof(raw));
    write_io_key(raw, sizeof(raw));
    refuses_io_key(app, io_key_path, "its 32 bytes are all ff");
    for (unsigned i = 0; i < sizeof(raw); i++) {
        raw[i] = (char)CHIPS_IO_KEY_BYTE(i);
    }
    write_io_key(raw, sizeof(raw));
    EVP_PKEY_free(peer);
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
            BOTH(test_a_pem_file_may_name_the_key),
            BOTH(test_a_pem_file_that_names_nothing_is_refused),
            BOTH(test_ecdh_agrees_with_openssl),
            BOTH(test_ecdh_in_clear_says_what_the_uri_lacks),
            BOTH(test_ecdh_takes_only_points_of_p256),
            BOTH(test_an_io_key_that_others_may_read_is_refused),
            BOTH(test_an_io_key_of_somebody_else_is_refused),
            BOTH(test_a_fifo_is_no_io_key_and_is_not_waited_for),
            BOTH(test_an_io_key_is_raw_or_in_hex_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, make_chips, remove_chips);
}
