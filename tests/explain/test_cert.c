/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dates of a certificate, whatever the clock says; and what the examiner
 * says when no chip answers. Certificates are made by OpenSSL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "explain/cert.h"
#include "halfdollar/crypto_openssl.h"
#include "halfdollar/err.h"
#include "halfdollar/port_sim.h"

#define NOW 1800000000 /* January 2027 */
#define DAY 86400

struct der {
    uint8_t *bytes;
    int len;
};

/* end NULL: `days` from now. */
static struct der certificate(long begin_days, long days, const char *end)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    struct der der = {NULL, 0};

    assert_non_null(key);
    assert_non_null(x);
    assert_int_equal(X509_set_version(x, X509_VERSION_3), 1);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
    (void)ASN1_TIME_set(X509_getm_notBefore(x), NOW + begin_days * DAY);
    if (end != NULL) {
        assert_int_equal(ASN1_TIME_set_string(X509_getm_notAfter(x), end), 1);
    } else {
        (void)ASN1_TIME_set(X509_getm_notAfter(x), NOW + days * DAY);
    }
    assert_int_equal(X509_set_pubkey(x, key), 1);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    der.len = i2d_X509(x, &der.bytes);
    assert_true(der.len > 0);
    X509_free(x);
    EVP_PKEY_free(key);
    return der;
}

/* On a bus without a chip. */
static void examine(const struct der *der, time_t now, struct hd_doctor *d)
{
    struct hd_vbus bus;
    struct hd_sim sim = {.bus = &bus, .addr7 = 0x60};
    const struct hd_cert_files f = {
            .cert = der->bytes, .cert_len = (size_t)der->len, .now = now};
    const char *why = NULL;

    memset(d, 0, sizeof *d);
    hd_vbus_init(&bus, 100000);
    assert_int_equal(hd_doctor_certificate(d, &f, &hd_sim_bus, &sim,
                                           &hd_crypto_openssl, &why),
                     HD_OK);
    assert_true(d->has_cert);
}

static void expect_dates(long begin_days, long days, const char *end,
                         time_t now, enum hd_finding_verdict verdict,
                         const char *words)
{
    struct der der = certificate(begin_days, days, end);
    const struct hd_finding *f;
    struct hd_doctor d;

    examine(&der, now, &d);
    f = &d.cert[HD_CERT_DATES];
    if (f->verdict != verdict || !strstr(f->text, words)) {
        fail_msg("%s: %s", hd_finding_word((enum hd_finding_verdict)f->verdict),
                 f->text);
    }
    OPENSSL_free(der.bytes);
}

static void test_dates_are_judged_by_the_clock(void **state)
{
    (void)state;
    expect_dates(-1, 400, NULL, NOW, HD_FINDING_GOOD, "ends in 400 days");
    expect_dates(-1, 29, NULL, NOW, HD_FINDING_WARNING, "ends in 29 days");
    expect_dates(-1, 30, NULL, NOW, HD_FINDING_GOOD, "ends in 30 days");
    expect_dates(-9, -3, NULL, NOW, HD_FINDING_BAD, "ended 3 days ago");
    expect_dates(2, 400, NULL, NOW, HD_FINDING_BAD, "begins in 2 days");
    expect_dates(-1, 0, "99991231235959Z", NOW, HD_FINDING_GOOD, "no end");
}

static void test_a_clock_that_was_not_set_judges_nothing(void **state)
{
    (void)state;
    expect_dates(-1, 400, NULL, 12345, HD_FINDING_SKIPPED, "not set");
}

static void test_without_a_chip_the_rest_is_still_told(void **state)
{
    struct der der = certificate(-1, 400, NULL);
    struct hd_doctor d;

    (void)state;
    examine(&der, NOW, &d);
    assert_int_equal(d.cert[HD_CERT_FORM].verdict, HD_FINDING_GOOD);
    assert_int_equal(d.cert[HD_CERT_KEY].verdict, HD_FINDING_SKIPPED);
    assert_int_equal(d.cert[HD_CERT_STORED].verdict, HD_FINDING_SKIPPED);
    assert_int_equal(d.cert[HD_CERT_SIGNER].verdict, HD_FINDING_SKIPPED);
    OPENSSL_free(der.bytes);
}

static void test_each_cut_of_a_certificate_is_none_or_whole(void **state)
{
    struct der der = certificate(-1, 400, NULL);
    struct hd_doctor d = {.addr7 = 0};
    struct hd_vbus bus;
    struct hd_sim sim = {.bus = &bus, .addr7 = 0x60};

    (void)state;
    hd_vbus_init(&bus, 100000);
    for (int len = 0; len < der.len; len++) {
        const struct hd_cert_files f = {
                .cert = der.bytes, .cert_len = (size_t)len, .now = NOW};
        const char *why = NULL;

        assert_int_equal(hd_doctor_certificate(&d, &f, &hd_sim_bus, &sim,
                                               &hd_crypto_openssl, &why),
                         HD_ERR_FORMAT);
        assert_non_null(why);
    }
    OPENSSL_free(der.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_dates_are_judged_by_the_clock),
            cmocka_unit_test(test_a_clock_that_was_not_set_judges_nothing),
            cmocka_unit_test(test_without_a_chip_the_rest_is_still_told),
            cmocka_unit_test(test_each_cut_of_a_certificate_is_none_or_whole),
    };

    return cmocka_run_group_tests_name("certificate", tests, NULL, NULL);
}
