/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known answers for what commands compute with: published vectors, the
 * project's vector files, and OpenSSL called another way.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "bench_chip.h"
#include "internal.h"

static size_t unhex(const char *hex, uint8_t *out)
{
    size_t n = 0;

    for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
        unsigned byte = 0;

        assert_int_equal(sscanf(hex, "%2x", &byte), 1);
        out[n++] = (uint8_t)byte;
    }
    return n;
}

static void assert_hex(const uint8_t *got, const char *hex)
{
    uint8_t want[256];
    const size_t n = unhex(hex, want);

    assert_memory_equal(got, want, n);
}

/* --------------------------------------------------------------- checksums */

static void test_the_checksum_agrees_with_the_vector_file(void **state)
{
    json_t *root = json_load_file("tests/data/vectors/crc16.json", 0, NULL);
    json_t *one;
    size_t i, checked = 0;

    (void)state;
    assert_non_null(root);
    json_array_foreach(json_object_get(root, "cases"), i, one)
    {
        const char *in = json_string_value(
                json_object_get(json_object_get(one, "in"), "bytes"));
        const char *out = json_string_value(
                json_object_get(json_object_get(one, "out"), "crc"));
        uint8_t bytes[2048], want[2];
        size_t len;

        if (in == NULL || out == NULL || strlen(out) != 4) {
            continue;
        }
        len = unhex(in, bytes);
        (void)unhex(out, want);
        assert_int_equal(v_crc(bytes, len), want[0] | want[1] << 8);
        assert_int_equal(v_crc_more(v_crc(bytes, len / 2), bytes + len / 2,
                                    len - len / 2),
                         want[0] | want[1] << 8);
        checked++;
    }
    assert_true(checked >= 5);
    json_decref(root);
}

/* ------------------------------------------------------- hashes and ciphers */

static void test_sha256_of_abc_is_that_of_fips_180(void **state)
{
    uint8_t digest[32];

    (void)state;
    v_sha256("abc", 3, digest);
    assert_hex(digest, "ba7816bf8f01cfea414140de5dae2223"
                       "b00361a396177a9cb410ff61f20015ad");
}

static void test_sha256_by_blocks_agrees_with_sha256_at_once(void **state)
{
    uint8_t padded[64] = {'a', 'b', 'c', 0x80};
    uint8_t digest[32], chain[32];

    (void)state;
    padded[63] = 24;
    v_sha256("abc", 3, digest);
    v_sha256_init(chain);
    v_sha256_block(chain, padded);
    assert_memory_equal(chain, digest, 32);
}

static void test_hmac_is_that_of_rfc_4231(void **state)
{
    uint8_t mac[32];

    (void)state;
    v_hmac((const uint8_t *)"Jefe", 4, "what do ya want for nothing?", 28, mac);
    assert_hex(mac, "5bdcc146bf60754e6a042426089575c7"
                    "5a003f089d2739839dec58b964ec3843");
}

static void test_aes_is_that_of_fips_197(void **state)
{
    uint8_t key[16], block[16];

    (void)state;
    unhex("000102030405060708090a0b0c0d0e0f", key);
    unhex("00112233445566778899aabbccddeeff", block);
    v_aes_encrypt(key, block, block);
    assert_hex(block, "69c4e0d86a7b0430d8cdb78070b4c55a");
    v_aes_decrypt(key, block, block);
    assert_hex(block, "00112233445566778899aabbccddeeff");
}

/* test case 2 of the GCM specification: GHASH of one block and the lengths */
static void test_gf128_multiplication_is_that_of_gcm(void **state)
{
    uint8_t h[16], x[16], lengths[16] = {0};

    (void)state;
    unhex("66e94bd4ef8a2c3b884cfa59ca342b2e", h);
    unhex("0388dace60b6a392f328c2b971b2fe78", x);
    v_gf128_mul(h, x, x);
    assert_hex(x, "5e2ec746917062882c85b0685353deb7");
    lengths[15] = 0x80;
    for (size_t i = 0; i < 16; i++) {
        x[i] ^= lengths[i];
    }
    v_gf128_mul(h, x, x);
    assert_hex(x, "f38cbb1ad69223dcc3457ae5b6b0f885");
}

/* -------------------------------------------------------------------- P-256 */

/* RFC 6979, A.2.5 */
static const char *const rfc_d = "C9AFA9D845BA75166B5C215767B1D693"
                                 "4E50C3DB36E89B127B8A622B120F6721";
static const char *const rfc_xy = "60FED4BA255A9D31C961EB74C6356D68"
                                  "C049B8923B61FA6CE669622E60F29FB6"
                                  "7903FE1008B8BC99A41AE9E95628BC64"
                                  "F2F1B20C2D7E9F5177A3C294D4462299";
static const char *const rfc_rs = "EFD48B2AACB6A8FD1140DD9CD45E81D6"
                                  "9D2C877B56AAF991C34D0EA84EAF3716"
                                  "F7CB1C942D657C41D436C7A1B6E29F65"
                                  "F3E900DBB9AFF4064DC4AB2F843ACDA8";

static void test_a_public_key_is_that_of_rfc_6979(void **state)
{
    struct bench b;
    uint8_t d[32], xy[64];

    (void)state;
    bench_start(&b, "608b");
    unhex(rfc_d, d);
    assert_true(v_ec_public(&b.chip, d, xy));
    assert_hex(xy, rfc_xy);
    hd_vchip_free(&b.chip);
}

static void
test_verify_takes_the_signature_of_rfc_6979_and_no_other(void **state)
{
    struct bench b;
    uint8_t xy[64], rs[64], digest[32];

    (void)state;
    bench_start(&b, "608b");
    unhex(rfc_xy, xy);
    unhex(rfc_rs, rs);
    v_sha256("sample", 6, digest);
    assert_true(v_ec_verify(&b.chip, xy, digest, rs));
    for (size_t i = 0; i < 64; i++) {
        rs[i] ^= 1;
        assert_false(v_ec_verify(&b.chip, xy, digest, rs));
        rs[i] ^= 1;
    }
    digest[0] ^= 1;
    assert_false(v_ec_verify(&b.chip, xy, digest, rs));
    digest[0] ^= 1;
    memset(rs, 0, 64);
    assert_false(v_ec_verify(&b.chip, xy, digest, rs));
    memset(rs, 0xFF, 64);
    assert_false(v_ec_verify(&b.chip, xy, digest, rs));
    memset(xy, 0xFF, 64);
    assert_false(v_ec_verify(&b.chip, xy, digest, rs));
    hd_vchip_free(&b.chip);
}

static void test_signatures_verify_and_follow_the_seed(void **state)
{
    uint8_t rs[3][64];

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct bench b;
        uint8_t d[32], xy[64], digest[32] = {1};

        bench_start(&b, "608b");
        b.chip.draws += i == 2; /* one number later: another nonce */
        unhex(rfc_d, d);
        unhex(rfc_xy, xy);
        assert_true(v_ec_sign(&b.chip, d, digest, rs[i]));
        assert_true(v_ec_verify(&b.chip, xy, digest, rs[i]));
        hd_vchip_free(&b.chip);
    }
    assert_memory_equal(rs[0], rs[1], 64);
    assert_memory_not_equal(rs[0], rs[2], 64);
    assert_memory_not_equal(rs[0], rs[2], 32); /* r itself: k was not reused */
}

static void test_the_key_cache_never_answers_for_another_key(void **state)
{
    struct bench b;
    uint8_t d[2][32], xy[2][64], digest[32] = {1}, rs[64];

    (void)state;
    bench_start(&b, "608b");
    for (int i = 0; i < 2; i++) {
        v_ec_generate(&b.chip, d[i]);
        assert_true(v_ec_public(&b.chip, d[i], xy[i]));
    }
    for (int i = 0; i < 8; i++) {
        assert_true(v_ec_sign(&b.chip, d[i / 2 % 2], digest, rs));
        assert_true(v_ec_verify(&b.chip, xy[i / 2 % 2], digest, rs));
        assert_false(v_ec_verify(&b.chip, xy[1 - i / 2 % 2], digest, rs));
    }
    hd_vchip_free(&b.chip);
}

/* More chips than may keep key objects: those that lost theirs make new. */
static void test_hundreds_of_chips_sign_in_turn(void **state)
{
    enum { CHIPS = 600 };
    static struct hd_vchip chips[CHIPS];
    uint8_t d[32], xy[64], digest[32] = {1}, rs[64];

    (void)state;
    unhex(rfc_d, d);
    unhex(rfc_xy, xy);
    for (size_t i = 0; i < CHIPS; i++) {
        hd_vchip_init(&chips[i], hd_vchip_variant("608b"), NULL);
    }
    for (size_t i = 0; i < 2 * CHIPS; i++) {
        struct hd_vchip *v = &chips[i % CHIPS];

        assert_true(v_ec_sign(v, d, digest, rs));
        assert_true(v_ec_verify(v, xy, digest, rs));
    }
    for (size_t i = 0; i < CHIPS; i++) {
        hd_vchip_free(&chips[CHIPS - 1 - i]);
    }
}

static void test_private_numbers_out_of_range_are_refused(void **state)
{
    struct bench b;
    uint8_t d[32] = {0}, xy[64], digest[32] = {0};

    (void)state;
    bench_start(&b, "608b");
    assert_false(v_ec_valid_private(d));
    assert_false(v_ec_sign(&b.chip, d, digest, xy));
    assert_false(v_ec_public(&b.chip, d, xy));
    d[31] = 1;
    assert_true(v_ec_valid_private(d));
    /* n - 1, then n */
    unhex("FFFFFFFF00000000FFFFFFFFFFFFFFFF"
          "BCE6FAADA7179E84F3B9CAC2FC632550",
          d);
    assert_true(v_ec_valid_private(d));
    d[31]++;
    assert_false(v_ec_valid_private(d));
    assert_false(v_ec_public(&b.chip, d, xy));
    hd_vchip_free(&b.chip);
}

static void test_points_off_the_curve_are_refused(void **state)
{
    uint8_t xy[64], d[32] = {0}, x[32];

    (void)state;
    d[31] = 2;
    unhex(rfc_xy, xy);
    assert_true(v_ec_valid_public(xy));
    assert_true(v_ec_dh(d, xy, x));
    xy[63] ^= 1;
    assert_false(v_ec_valid_public(xy));
    assert_false(v_ec_dh(d, xy, x));
    memset(xy, 0, sizeof xy);
    assert_false(v_ec_valid_public(xy));
}

/* Two sides, and OpenSSL's own key agreement as a third opinion. */
static void test_both_sides_agree_on_the_secret(void **state)
{
    struct bench b;
    uint8_t d[32], xy[64], point[65], mine[32], theirs[32];
    size_t len = sizeof point;
    EVP_PKEY *peer = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    EVP_PKEY *me = EVP_PKEY_new();
    EVP_PKEY_CTX *c;

    (void)state;
    bench_start(&b, "608b");
    v_ec_generate(&b.chip, d);
    assert_true(v_ec_public(&b.chip, d, xy));
    assert_int_equal(EVP_PKEY_get_octet_string_param(peer, "pub", point,
                                                     sizeof point, &len),
                     1);
    assert_int_equal(len, 65);
    assert_true(v_ec_dh(d, point + 1, mine));
    point[0] = 4;
    memcpy(point + 1, xy, 64);
    assert_int_equal(EVP_PKEY_copy_parameters(me, peer), 1);
    assert_int_equal(EVP_PKEY_set1_encoded_public_key(me, point, 65), 1);
    c = EVP_PKEY_CTX_new(peer, NULL);
    len = sizeof theirs;
    assert_int_equal(EVP_PKEY_derive_init(c), 1);
    assert_int_equal(EVP_PKEY_derive_set_peer(c, me), 1);
    assert_int_equal(EVP_PKEY_derive(c, theirs, &len), 1);
    assert_memory_equal(mine, theirs, 32);
    EVP_PKEY_CTX_free(c);
    EVP_PKEY_free(me);
    EVP_PKEY_free(peer);
    hd_vchip_free(&b.chip);
}

/* ------------------------------------------------------------------ threads */

/* One chip's life in a thread of its own: the same in every thread. */
static void *sign_in_a_thread(void *arg)
{
    struct bench b;
    uint8_t *rs = arg;
    uint8_t d[32], digest[32] = {1};

    bench_start(&b, "tflxtls");
    for (int i = 0; i < 20; i++) {
        v_ec_generate(&b.chip, d);
        v_hmac(d, 32, digest, 32, digest);
        if (!v_ec_sign(&b.chip, d, digest, rs)) {
            memset(rs, 0, 64);
        }
    }
    hd_vchip_free(&b.chip);
    return NULL;
}

static void
test_chips_in_different_threads_do_not_disturb_each_other(void **state)
{
    enum { THREADS = 4 };
    static uint8_t rs[THREADS + 1][64];
    pthread_t threads[THREADS];

    (void)state;
    (void)sign_in_a_thread(rs[THREADS]);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(
                pthread_create(&threads[i], NULL, sign_in_a_thread, rs[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_memory_equal(rs[i], rs[THREADS], 64);
    }
}

/* ------------------------------------------------------------------- random */

static void
test_random_is_a_pattern_until_the_configuration_is_locked(void **state)
{
    struct bench b;
    uint8_t out[32];

    (void)state;
    bench_start(&b, "608b");
    rng_output(&b.chip, out);
    assert_hex(out, "ffff0000ffff0000ffff0000ffff0000"
                    "ffff0000ffff0000ffff0000ffff0000");
    b.chip.ee[87] = 0x00;
    rng_output(&b.chip, out);
    assert_memory_not_equal(out, "\xFF\xFF\0\0", 4);
    hd_vchip_free(&b.chip);
}

static void test_random_never_repeats_itself(void **state)
{
    struct bench b;
    uint8_t long_one[96], again[32];

    (void)state;
    bench_start(&b, "608b");
    rng_draw(&b.chip, long_one, sizeof long_one);
    rng_draw(&b.chip, again, sizeof again);
    for (size_t i = 0; i < 3; i++) {
        assert_memory_not_equal(long_one + 32 * i, again, 32);
        assert_memory_not_equal(long_one + 32 * i,
                                long_one + 32 * ((i + 1) % 3), 32);
    }
    hd_vchip_free(&b.chip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_the_checksum_agrees_with_the_vector_file),
            cmocka_unit_test(test_sha256_of_abc_is_that_of_fips_180),
            cmocka_unit_test(test_sha256_by_blocks_agrees_with_sha256_at_once),
            cmocka_unit_test(test_hmac_is_that_of_rfc_4231),
            cmocka_unit_test(test_aes_is_that_of_fips_197),
            cmocka_unit_test(test_gf128_multiplication_is_that_of_gcm),
            cmocka_unit_test(test_a_public_key_is_that_of_rfc_6979),
            cmocka_unit_test(
                    test_verify_takes_the_signature_of_rfc_6979_and_no_other),
            cmocka_unit_test(test_signatures_verify_and_follow_the_seed),
            cmocka_unit_test(test_the_key_cache_never_answers_for_another_key),
            cmocka_unit_test(test_hundreds_of_chips_sign_in_turn),
            cmocka_unit_test(test_private_numbers_out_of_range_are_refused),
            cmocka_unit_test(test_points_off_the_curve_are_refused),
            cmocka_unit_test(test_both_sides_agree_on_the_secret),
            cmocka_unit_test(
                    test_chips_in_different_threads_do_not_disturb_each_other),
            cmocka_unit_test(
                    test_random_is_a_pattern_until_the_configuration_is_locked),
            cmocka_unit_test(test_random_never_repeats_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
