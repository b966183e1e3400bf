/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens: the one a real ATECC608A signed in 2019, everything that must not
 * pass for it, and the example of RFC 7515 appendix A.3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "token.h"

#define EXP 1573943113

struct session {
    char token[1024];
    uint8_t pub[64], digest[32];
};

static void unhex(const char *hex, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        char *end;
        out[i] = (uint8_t)strtoul(pair, &end, 16);
        assert_true(end == pair + 2);
    }
}

static int read_session(void **state)
{
    static struct session s;
    char line[2048];
    FILE *f = fopen(TRACES "atecc608a-jwt-session.txt", "r");
    if (f == NULL) {
        return -1;
    }
    while (fgets(line, sizeof line, f) != NULL) {
        char word[32];
        char value[1024];
        if (sscanf(line, "%31s %1023s", word, value) != 2) {
            continue;
        }
        if (strcmp(word, "token") == 0) {
            snprintf(s.token, sizeof s.token, "%s", value);
        } else if (strcmp(word, "public_key_slot_2") == 0) {
            unhex(value, s.pub, 64);
        } else if (strcmp(word, "digest") == 0) {
            unhex(value, s.digest, 32);
        }
    }
    fclose(f);
    *state = &s;
    return s.token[0] == '\0';
}

static int verify(struct hd_token *t, const char *text, const uint8_t pub[64])
{
    return hd_token_verify(t, text, strlen(text), pub);
}

static void test_the_silicon_token_has_a_valid_signature(void **state)
{
    struct session *s = *state;
    struct hd_token t;
    assert_int_equal(verify(&t, s->token, s->pub), HD_OK);
    assert_memory_equal(t.digest, s->digest, 32);
    assert_true(t.has_exp && t.has_iat && !t.has_nbf);
    assert_int_equal(t.exp, EXP);
    hd_token_free(&t);
}

static void test_it_expires_in_the_very_second_it_names(void **state)
{
    struct session *s = *state;
    struct hd_token t;
    assert_int_equal(verify(&t, s->token, s->pub), HD_OK);
    assert_int_equal(hd_token_verdict(&t, EXP - 1), HD_TOKEN_GOOD);
    assert_int_equal(hd_token_verdict(&t, EXP), HD_TOKEN_EXPIRED);
    hd_token_free(&t);
}

/* Each character of the token changed, one at a time. */
static void test_no_changed_character_passes(void **state)
{
    struct session *s = *state;
    char text[1024];
    size_t len = strlen(s->token);
    for (size_t i = 0; i < len; i++) {
        snprintf(text, sizeof text, "%s", s->token);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        struct hd_token t;
        assert_int_not_equal(verify(&t, text, s->pub), HD_OK);
        hd_token_free(&t);
    }
}

static void test_no_shortened_token_passes(void **state)
{
    struct session *s = *state;
    for (size_t len = 0; len < strlen(s->token); len++) {
        struct hd_token t;
        assert_int_equal(hd_token_verify(&t, s->token, len, s->pub),
                         HD_ERR_FORMAT);
        assert_non_null(t.error);
        hd_token_free(&t);
    }
}

/* The key of RFC 7515 A.3.1. */
static const char rfc_key[] =
        "7fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445"
        "c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad";

static void test_another_key_is_a_wrong_signature(void **state)
{
    struct session *s = *state;
    uint8_t other[64];
    unhex(rfc_key, other, 64);
    struct hd_token t;
    assert_int_equal(verify(&t, s->token, other), HD_ERR_SIGNATURE);
    assert_non_null(t.claims);
    hd_token_free(&t);
}

static void test_a_key_off_the_curve_is_the_callers_mistake(void **state)
{
    struct session *s = *state;
    uint8_t off[64];
    memcpy(off, s->pub, 64);
    off[63] ^= 1;
    struct hd_token t;
    assert_int_equal(verify(&t, s->token, off), HD_ERR_ARG);
    hd_token_free(&t);
}

/* RFC 7515 appendix A.3: key, text and signature made elsewhere. */
static void test_the_example_of_rfc_7515_verifies(void **state)
{
    (void)state;
    const char *token =
            "eyJhbGciOiJFUzI1NiJ9."
            "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
            "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
            "pmWQxfKTUJqPP3-Kg6NU1Q\n";
    uint8_t pub[64];
    unhex(rfc_key, pub, 64);
    struct hd_token t;
    assert_int_equal(verify(&t, token, pub), HD_OK);
    assert_int_equal(t.exp, 1300819380);
    hd_token_free(&t);
}

/* Header and claims in base64url; the signature is 64 zero bytes. */
static int judge(const char *header, const char *claims, const uint8_t pub[64])
{
    char text[512];
    char zeros[87];
    memset(zeros, 'A', 86);
    zeros[86] = '\0';
    snprintf(text, sizeof text, "%s.%s.%s", header, claims, zeros);
    struct hd_token t;
    int err = verify(&t, text, pub);
    hd_token_free(&t);
    return err;
}

static void test_a_token_does_not_choose_its_algorithm(void **state)
{
    const struct session *s = *state;
    static const char *const refused[] = {
            "eyJhbGciOiJub25lIn0",                /* {"alg":"none"} */
            "eyJhbGciOiJIUzI1NiJ9",               /* {"alg":"HS256"} */
            "e30",                                /* {} */
            "eyJhbGciOiJFUzI1NiIsImNyaXQiOltdfQ", /* "crit":[] */
    };
    assert_int_equal(judge("eyJhbGciOiJFUzI1NiJ9", "e30", s->pub),
                     HD_ERR_SIGNATURE);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(judge(refused[i], "e30", s->pub), HD_ERR_FORMAT);
    }
}

static void test_loose_base64_and_json_are_refused(void **state)
{
    const struct session *s = *state;
    static const char *const refused[] = {
            "e30=",                    /* padding */
            "e31",                     /* stray bits */
            "W10",                     /* [] */
            "eyJleHAiOjEsImV4cCI6OX0", /* {"exp":1,"exp":9} */
            "eyJleHAiOiI5In0",         /* {"exp":"9"} */
            "",
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(judge("eyJhbGciOiJFUzI1NiJ9", refused[i], s->pub),
                         HD_ERR_FORMAT);
    }
}

static void test_times_are_read_as_people_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t t;
    } good[] = {{"2019-11-16T22:25:13Z", EXP},
                {"1573943113", EXP},
                {"@1573943113", EXP},
                {"2000-02-29", 951782400}};
    static const char *const bad[] = {"2019-02-29", "2019-11-16T22:25:13",
                                      "yesterday",  "",
                                      "-1",         "99999999999999"};
    int64_t t = 0;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(hd_time_parse(good[i].text, &t));
        assert_int_equal(t, good[i].t);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(hd_time_parse(bad[i], &t));
    }
    char text[32];
    hd_time_text(EXP, text, sizeof text);
    assert_string_equal(text, "2019-11-16T22:25:13Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_the_silicon_token_has_a_valid_signature),
            cmocka_unit_test(test_it_expires_in_the_very_second_it_names),
            cmocka_unit_test(test_no_changed_character_passes),
            cmocka_unit_test(test_no_shortened_token_passes),
            cmocka_unit_test(test_another_key_is_a_wrong_signature),
            cmocka_unit_test(test_a_key_off_the_curve_is_the_callers_mistake),
            cmocka_unit_test(test_the_example_of_rfc_7515_verifies),
            cmocka_unit_test(test_a_token_does_not_choose_its_algorithm),
            cmocka_unit_test(test_loose_base64_and_json_are_refused),
            cmocka_unit_test(test_times_are_read_as_people_write_them),
    };
    return cmocka_run_group_tests(tests, read_session, NULL);
}
