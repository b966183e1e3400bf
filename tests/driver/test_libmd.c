/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SHA-256 adapter for microcontrollers, run here: published digests, cut
 * into parts in every way, and what it leaves in the memory it was given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "halfdollar/crypto_libmd.h"

static struct hd_libmd memory;

static void digest_of(const hd_bytes *parts, size_t count, uint8_t digest[32])
{
    memset(digest, 0x5A, 32);
    hd_libmd_sha256(&memory, parts, count, digest);
}

/* NIST, "Examples with Intermediate Values" for FIPS 180-4: SHA-256. */
static const struct {
    const char *message;
    uint8_t digest[32];
} examples[] = {
        {"", {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
              0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
              0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55}},
        {"abc",
         {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
          0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
          0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad}},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         {0x24, 0x8d, 0x6a, 0x61, 0xd2, 0x06, 0x38, 0xb8, 0xe5, 0xc0, 0x26,
          0x93, 0x0c, 0x3e, 0x60, 0x39, 0xa3, 0x3c, 0xe4, 0x59, 0x64, 0xff,
          0x21, 0x67, 0xf6, 0xec, 0xed, 0xd4, 0x19, 0xdb, 0x06, 0xc1}},
};

static void
test_the_published_digests_come_out_however_a_message_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        const uint8_t *message = (const uint8_t *)examples[i].message;
        size_t len = strlen(examples[i].message);

        for (size_t cut = 0; cut <= len; cut++) {
            hd_bytes parts[3] = {
                    {message, cut}, {NULL, 0}, {message + cut, len - cut}};
            uint8_t digest[32];

            digest_of(parts, 3, digest);
            assert_memory_equal(digest, examples[i].digest, 32);
        }
    }
}

static void test_every_length_agrees_with_another_library(void **state)
{
    uint8_t message[300], want[32], digest[32];

    (void)state;
    for (size_t i = 0; i < sizeof(message); i++) {
        message[i] = (uint8_t)(i * 7 + 3);
    }
    for (size_t len = 0; len <= sizeof(message); len++) {
        hd_bytes parts[2] = {{message, len / 3},
                             {message + len / 3, len - len / 3}};

        SHA256(message, len, want);
        digest_of(parts, 2, digest);
        assert_memory_equal(digest, want, 32);
    }
}

static void test_a_digest_may_overwrite_what_it_was_computed_from(void **state)
{
    uint8_t buffer[64] = "abc";
    hd_bytes part = {buffer, 3};

    (void)state;
    hd_libmd_sha256(&memory, &part, 1, buffer);
    assert_memory_equal(buffer, examples[1].digest, 32);
}

static void test_nothing_of_a_message_stays_in_the_memory(void **state)
{
    static const uint8_t zeros[sizeof(memory)];
    hd_bytes part = {(const uint8_t *)"a secret, not to be found again", 31};
    uint8_t digest[32];

    (void)state;
    memset(&memory, 0xFF, sizeof(memory));
    digest_of(&part, 1, digest);
    assert_memory_equal(&memory, zeros, sizeof(memory));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(
                    test_the_published_digests_come_out_however_a_message_is_cut),
            cmocka_unit_test(test_every_length_agrees_with_another_library),
            cmocka_unit_test(
                    test_a_digest_may_overwrite_what_it_was_computed_from),
            cmocka_unit_test(test_nothing_of_a_message_stays_in_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
