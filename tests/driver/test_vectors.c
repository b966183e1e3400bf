/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver against golden vectors that other software made: its packets,
 * its checksum, and everything it computes for itself.
 *
 * The bus here is a script: it answers what the vector says and keeps what
 * was sent. The digest that begins a session (which the vectors give, not the
 * numbers behind it) is put in its place by the crypto table.
 */
#include <stdlib.h>

#include <jansson.h>

#include "rig.h"

/* ------------------------------------------------------------ JSON to bytes */

static json_t *load(const char *family)
{
    char path[200];
    json_error_t error;
    json_t *root;

    snprintf(path, sizeof path, "tests/data/vectors/%s.json", family);
    root = json_load_file(path, 0, &error);
    if (!root) {
        fail_msg("%s: %s", path, error.text);
    }
    return root;
}

static size_t hex(const json_t *object, const char *key, uint8_t *out,
                  size_t size)
{
    const char *text = json_string_value(json_object_get(object, key));
    size_t len;

    assert_non_null(text);
    len = strlen(text) / 2;
    assert_true(len <= size);
    for (size_t i = 0; i < len; i++) {
        char two[3] = {text[2 * i], text[2 * i + 1], 0};
        out[i] = (uint8_t)strtoul(two, NULL, 16);
    }
    return len;
}

static unsigned number(const json_t *object, const char *key)
{
    return (unsigned)json_integer_value(json_object_get(object, key));
}

/* ---------------------------------------------------- a bus that is a script
 */

struct script {
    uint8_t answers[8][100]; /* payloads, in order */
    size_t lens[8];
    unsigned count, at;
    uint8_t sent[8][160]; /* groups, as they came */
    unsigned sent_count;
    bool awake;
    uint32_t now;
};

static struct script script;

/* The checksum, written out from its description. */
static uint16_t slow_crc(const uint8_t *data, size_t len)
{
    uint16_t crc = 0;

    for (size_t i = 0; i < 8 * len; i++) {
        unsigned bit = (unsigned)data[i / 8] >> i % 8 & 1U, top = crc >> 15;
        crc = (uint16_t)(crc << 1);
        if (top != bit) {
            crc ^= 0x8005;
        }
    }
    return crc;
}

static void give(const void *payload, size_t len)
{
    memcpy(script.answers[script.count], payload, len);
    script.lens[script.count++] = len;
}

static int s_wake(void *ctx)
{
    (void)ctx;
    script.awake = false;
    return HD_OK;
}

static int s_send(void *ctx, uint8_t word, const uint8_t *data, size_t len)
{
    (void)ctx;
    if (word == HD_WORD_COMMAND) {
        assert_true(script.sent_count < 8);
        memcpy(script.sent[script.sent_count++], data, len);
    }
    return HD_OK;
}

static int s_recv(void *ctx, uint8_t *data, size_t len)
{
    static const uint8_t woken[4] = {4, 0x11, 0x33, 0x43};
    uint8_t group[104];
    size_t n = script.lens[script.at];
    uint16_t crc;

    (void)ctx;
    memset(data, 0xFF, len);
    if (!script.awake) {
        script.awake = true;
        memcpy(data, woken, 4);
        return HD_OK;
    }
    assert_true(script.at < script.count);
    group[0] = (uint8_t)(n + 3);
    memcpy(group + 1, script.answers[script.at++], n);
    crc = slow_crc(group, n + 1);
    group[n + 1] = (uint8_t)crc;
    group[n + 2] = (uint8_t)(crc >> 8);
    memcpy(data, group, n + 3 < len ? n + 3 : len);
    return HD_OK;
}

static uint32_t s_now(void *ctx)
{
    (void)ctx;
    return script.now;
}

static void s_wait(void *ctx, uint32_t us)
{
    (void)ctx;
    script.now += us;
}

static const struct hd_bus scripted = {s_wake, s_send, s_recv,
                                       s_now,  s_wait, NULL};

/* ------------------------------------ OpenSSL, but for one digest and luck */

static uint8_t luck[64];   /* what the generator gives next */
static uint8_t forced[32]; /* TempKey ... */
static enum { NOTHING, NONCE, GENDIG } force; /* ... after this command */

static void t_sha256(void *ctx, const hd_bytes *parts, size_t count,
                     uint8_t digest[32])
{
    uint8_t all[300];
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        if (parts[i].len) {
            memcpy(all + len, parts[i].ptr, parts[i].len);
            len += parts[i].len;
        }
    }
    if ((force == NONCE && len == 55) ||
        (force == GENDIG && len == 96 && all[32] == 0x15)) {
        memcpy(digest, forced, 32);
        return;
    }
    hd_crypto_openssl.sha256(ctx, parts, count, digest);
}

static int t_random(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    memcpy(out, luck, len);
    return HD_OK;
}

static const struct hd_crypto crypto = {t_sha256, t_random, NULL};

/* An open 608B with that serial number. */
static void open_chip(struct hd_chip *c, const json_t *in)
{
    uint8_t sn[9] = {1, 0x23, 0, 0, 0, 0, 0, 0, 0xEE}, block[32] = {0};

    memset(&script, 0, sizeof script);
    force = NOTHING;
    if (json_object_get(in, "sn")) {
        hex(in, "sn", sn, sizeof sn);
    }
    memcpy(block, sn, 4);
    memcpy(block + 8, sn + 4, 5);
    give("\x00\x00\x60\x03", 4);
    give(block, 32);
    give("\x00\x00\x00\x00", 4);
    assert_int_equal(hd_chip_open(c, &scripted, NULL, &crypto), HD_OK);
    assert_memory_equal(hd_chip_serial(c), sn, 9);
    memset(&script, 0, sizeof script);
}

/* ------------------------------------------------------------------- cases */

typedef void case_fn(const json_t *in, const json_t *out);

static void each_case(const char *family, case_fn *run)
{
    json_t *root = load(family), *entry;
    size_t i;

    assert_true(json_array_size(json_object_get(root, "cases")) > 0);
    json_array_foreach(json_object_get(root, "cases"), i, entry)
    {
        run(json_object_get(entry, "in"), json_object_get(entry, "out"));
    }
    json_decref(root);
}

static void packet_case(const json_t *in, const json_t *out)
{
    uint8_t data[155], expected[160], answer[152];
    size_t len = hex(in, "data", data, sizeof data), got;
    size_t group = hex(out, "packet", expected, sizeof expected);
    struct hd_packet p;
    struct hd_chip c;

    open_chip(&c, in);
    give("\x00", 1);
    assert_int_equal(hd_chip_command(&c, (uint8_t)number(in, "opcode"),
                                     (uint8_t)number(in, "param1"),
                                     (uint16_t)number(in, "param2"), data, len,
                                     answer, sizeof answer, &got),
                     HD_OK);
    assert_int_equal(script.sent[0][0], group);
    assert_memory_equal(script.sent[0], expected, group);
    assert_int_equal(hd_packet_command(expected, group, &p), HD_OK);
    assert_int_equal(p.opcode, number(in, "opcode"));
    assert_int_equal(p.param2, number(in, "param2"));
    assert_int_equal(p.data.len, len);
    expected[group - 1] ^= 0x10;
    assert_int_equal(hd_packet_check(expected, group), HD_ERR_CRC);
    assert_int_equal(hd_packet_check(expected, group - 1), HD_ERR_LENGTH);
}

static void test_packets_are_those_of_the_vendor(void **state)
{
    (void)state;
    each_case("packets", packet_case);
}

static unsigned write_cases;

static void write_case(const json_t *in, const json_t *out)
{
    uint8_t rand_out[32], key[32], plain[32], cipher[32], mac[32];
    unsigned address = number(in, "address");
    struct hd_chip c;

    if (number(in, "zone") != 0xC2 || address >> 8 > 1) {
        return; /* the driver always sends 0xC2, and never past the end */
    }
    write_cases++;
    hex(in, "rand_out", rand_out, 32);
    hex(in, "write_key", key, 32);
    hex(in, "plaintext", plain, 32);
    hex(out, "ciphertext", cipher, 32);
    hex(out, "mac", mac, 32);
    open_chip(&c, in);
    hex(in, "num_in", luck, 20);
    give(rand_out, 32);
    give("\x00", 1);
    give("\x00", 1);
    assert_int_equal(
            hd_chip_write_encrypted(&c, (uint16_t)(address >> 3 & 15),
                                    32 * (size_t)(address >> 8), plain, 32,
                                    (uint16_t)number(in, "write_key_id"), key),
            HD_OK);
    assert_int_equal(script.sent[2][3] | script.sent[2][4] << 8, address);
    assert_memory_equal(script.sent[2] + 5, cipher, 32);
    assert_memory_equal(script.sent[2] + 37, mac, 32);
}

static void test_encrypted_writes_carry_the_right_bytes_and_mac(void **state)
{
    (void)state;
    write_cases = 0;
    each_case("write_enc", write_case);
    assert_int_equal(write_cases, 3);
}

static void read_case(const json_t *in, const json_t *out)
{
    uint8_t rand_out[32], key[32], response[32], plain[32], got[32];
    struct hd_chip c;

    hex(in, "rand_out", rand_out, 32);
    hex(in, "read_key", key, 32);
    hex(in, "response", response, 32);
    hex(out, "plaintext", plain, 32);
    open_chip(&c, in);
    hex(in, "num_in", luck, 20);
    give(rand_out, 32);
    give("\x00", 1);
    give(response, 32);
    assert_int_equal(hd_chip_read_encrypted(&c, 9, 0, got, 32,
                                            (uint16_t)number(in, "read_key_id"),
                                            key),
                     HD_OK);
    assert_memory_equal(got, plain, 32);
}

static void test_encrypted_reads_give_the_right_bytes(void **state)
{
    (void)state;
    each_case("read_enc", read_case);
}

static void privwrite_case(const json_t *in, const json_t *out)
{
    uint8_t d[36], cipher[36], mac[32], key[32] = {0};
    struct hd_chip c;

    hex(in, "private_36", d, 36);
    if (d[0]) {
        return; /* the driver always sends four zeros before the key */
    }
    hex(out, "ciphertext", cipher, 36);
    hex(out, "mac", mac, 32);
    open_chip(&c, in);
    force = GENDIG;
    hex(in, "temp_key", forced, 32);
    give(key, 32);
    give("\x00", 1);
    give("\x00", 1);
    assert_int_equal(hd_chip_privwrite_encrypted(
                             &c, (uint16_t)number(in, "key_id"), d + 4, 4, key),
                     HD_OK);
    assert_memory_equal(script.sent[2] + 5, cipher, 36);
    assert_memory_equal(script.sent[2] + 41, mac, 32);
}

static void test_encrypted_private_keys_carry_the_right_mac(void **state)
{
    (void)state;
    each_case("privwrite", privwrite_case);
}

static unsigned verify_cases;

static void verify_mac_case(const json_t *in, const json_t *out)
{
    uint8_t sig[64], buffer[64], io_key[32], mac[32], pub[64] = {0};
    unsigned mode = number(in, "mode");
    struct hd_chip c;

    if (mode != 0xA2 && mode != 0xA0) {
        return; /* the driver uses the Message Digest Buffer, no others */
    }
    verify_cases++;
    hex(in, "signature", sig, 64);
    hex(in, "msg_dig_buf", buffer, 64);
    hex(in, "io_key", io_key, 32);
    hex(out, "mac", mac, 32);
    for (int wrong = 0; wrong < 2; wrong++) {
        open_chip(&c, in);
        memcpy(luck, buffer + 32, 32);
        give("\x00", 1);
        mac[5] = (uint8_t)(mac[5] ^ wrong);
        give(mac, 32);
        assert_int_equal(
                hd_chip_verify_mac(&c, buffer, sig, mode == 0xA2 ? pub : NULL,
                                   (uint16_t)number(in, "key_id"), io_key),
                wrong ? HD_ERR_MAC : HD_OK);
    }
}

static void test_a_proven_verdict_is_believed_and_a_forged_one_not(void **state)
{
    (void)state;
    verify_cases = 0;
    each_case("verify_mac", verify_mac_case);
    assert_true(verify_cases >= 2);
}

static void secureboot_case(const json_t *in, const json_t *out)
{
    uint8_t io_key[32], digest[32], sig[64], cipher[32], mac[32];
    uint8_t zeros[32] = {0};
    unsigned mode = number(in, "mode");
    bool with_sig =
            !((mode & 7) == 6 && (number(in, "secure_boot_config") & 3) == 3);
    struct hd_chip c;

    hex(in, "io_key", io_key, 32);
    hex(in, "digest", digest, 32);
    hex(in, "signature", sig, 64);
    hex(out, "digest_enc", cipher, 32);
    hex(out, "mac", mac, 32);
    for (int wrong = 0; wrong < 2; wrong++) {
        open_chip(&c, in);
        force = NONCE;
        hex(in, "temp_key", forced, 32);
        give(zeros, 32);
        mac[31] = (uint8_t)(mac[31] ^ wrong);
        give(mac, 32);
        assert_int_equal(hd_chip_secureboot_mac(&c, (uint8_t)(mode & 0x7F),
                                                digest, with_sig ? sig : NULL,
                                                io_key),
                         wrong ? HD_ERR_MAC : HD_OK);
        assert_memory_equal(script.sent[1] + 5, cipher, 32);
        assert_int_equal(script.sent[1][0], (mode & 7) == 6 ? 39 : 103);
    }
}

static void test_a_boot_verdict_is_proven_by_the_io_key(void **state)
{
    (void)state;
    each_case("secureboot", secureboot_case);
}

static void io_case(const json_t *in, const json_t *out)
{
    uint8_t io_key[32], answer[96], plain[64], got[64], peer[64] = {0};
    size_t len = hex(in, "encrypted", answer, 64), got_len;
    struct hd_chip c;

    hex(in, "io_key", io_key, 32);
    hex(in, "out_nonce", answer + len, 32);
    assert_int_equal(hex(out, "plain", plain, 64), len);
    open_chip(&c, in);
    give(answer, len + 32);
    if (len == 32) {
        assert_int_equal(hd_chip_ecdh_io(&c, 0, peer, io_key, got), HD_OK);
        assert_memory_equal(got, plain, 32);
        open_chip(&c, in);
        give(answer, len + 32);
    }
    /* PRF, from a slot, encrypted; bit 8 asks for 64 bytes */
    assert_int_equal(hd_chip_kdf_io(&c, 2 | 5 << 2, 3, 0, len == 64 ? 0x102 : 2,
                                    peer, 16, io_key, got, 64, &got_len),
                     HD_OK);
    assert_int_equal(got_len, len);
    assert_memory_equal(got, plain, len);
}

static void test_results_under_the_io_key_are_decrypted(void **state)
{
    (void)state;
    each_case("io_decrypt", io_case);
}

static void crc_case(const json_t *in, const json_t *out)
{
    static uint8_t data[4096];
    uint8_t crc[2] = {0};
    size_t len;

    if (!json_object_get(in, "bytes")) {
        return; /* a data zone, given by slots: the tests of Lock have it */
    }
    len = hex(in, "bytes", data, sizeof data);
    hex(out, "crc", crc, 2);
    assert_int_equal(hd_chip_crc(data, len), crc[0] | crc[1] << 8);
}

static void test_the_checksum_is_that_of_the_vendor(void **state)
{
    (void)state;
    each_case("crc16", crc_case);
    each_case("lock_crc", crc_case);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_packets_are_those_of_the_vendor),
            cmocka_unit_test(test_the_checksum_is_that_of_the_vendor),
            cmocka_unit_test(
                    test_encrypted_writes_carry_the_right_bytes_and_mac),
            cmocka_unit_test(test_encrypted_reads_give_the_right_bytes),
            cmocka_unit_test(test_encrypted_private_keys_carry_the_right_mac),
            cmocka_unit_test(
                    test_a_proven_verdict_is_believed_and_a_forged_one_not),
            cmocka_unit_test(test_a_boot_verdict_is_proven_by_the_io_key),
            cmocka_unit_test(test_results_under_the_io_key_are_decrypted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
