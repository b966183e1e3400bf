/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words for every command, one example or more each, after the tables of
 * docs/chip/2-commands.md: what a person should read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "words.h"

/* A table is read by columns. */
/* clang-format off */
static const struct {
    uint8_t opcode, param1;
    uint16_t param2;
    size_t data;
    const char *text;
} commands[] = {
    {0x51, 0x00, 9, 16, "AES: encrypt one block, slot 9"},
    {0x51, 0x41, 0xFFFF, 16, "AES: decrypt one block, TempKey, key block 1"},
    {0x51, 0x03, 0, 32, "AES: multiply in the GCM field"},
    {0x28, 0x00, 3, 77, "CheckMac: slot key with the client's challenge, slot 3"},
    {0x28, 0x05, 3, 77, "CheckMac: slot key with TempKey as challenge, slot 3, TempKey from input"},
    {0x24, 0x00, 1, 0, "Counter: read, counter 1"},
    {0x24, 0x01, 0, 0, "Counter: increment, counter 0"},
    {0x1C, 0x04, 3, 0, "DeriveKey: new key from TempKey, slot 3, TempKey from input"},
    {0x1C, 0x00, 3, 32, "DeriveKey: new key from TempKey, with MAC, slot 3"},
    {0x43, 0x00, 2, 64, "ECDH: slot key, result where SlotConfig says, slot 2"},
    {0x43, 0x0E, 2, 64, "ECDH: slot key, result encrypted, slot 2"},
    {0x43, 0x09, 0, 64, "ECDH: TempKey key, result into TempKey"},
    {0x15, 0x02, 4, 4, "GenDig: data zone, slot 4"},
    {0x15, 0x00, 2, 0, "GenDig: configuration block 2"},
    {0x15, 0x03, 5, 32, "GenDig: shared nonce, value 0x05"},
    {0x40, 0x04, 0, 0, "GenKey: create a private key, slot 0"},
    {0x40, 0x04, 0xFFFF, 0, "GenKey: create a private key, TempKey"},
    {0x40, 0x00, 2, 0, "GenKey: public key of a private key, slot 2"},
    {0x40, 0x10, 10, 3, "GenKey: digest of a stored public key into TempKey, slot 10"},
    {0x11, 0x44, 1, 0, "HMAC: of TempKey, slot 1, TempKey from input, with serial number"},
    {0x30, 0x00, 0, 0, "Info: revision"},
    {0x30, 0x01, 12, 0, "Info: is the key valid, slot 12"},
    {0x30, 0x04, 3, 0, "Info: persistent latch, set"},
    {0x56, 0x42, 0x0009, 36, "KDF: HKDF, source slot 9, from a slot, into TempKey"},
    {0x56, 0x14, 0, 68, "KDF: TLS PRF, from TempKey, to the host encrypted"},
    {0x17, 0x00, 0x1234, 0, "Lock: configuration zone, checksum 0x1234"},
    {0x17, 0x81, 0, 0, "Lock: data and OTP zones, checksum 0x0000, checksum not checked"},
    {0x17, 0x22, 0, 0, "Lock: one slot, slot 8"},
    {0x08, 0x05, 0, 0, "MAC: slot key and TempKey, slot 0, TempKey from input"},
    {0x08, 0x40, 1, 32, "MAC: slot key and challenge, slot 1, with serial number"},
    {0x16, 0x00, 0, 20, "Nonce: random"},
    {0x16, 0x01, 0x8000, 20, "Nonce: random, no new seed, derived from TempKey"},
    {0x16, 0x63, 0, 64, "Nonce: 64 given bytes into the message digest buffer"},
    {0x01, 0x02, 0, 0, "Pause: chips with another selector"},
    {0x46, 0x40, 7, 68, "PrivWrite: encrypted, slot 7"},
    {0x1B, 0x00, 0, 0, "Random: update the seed if needed"},
    {0x02, 0x00, 0x15, 0, "Read: configuration, 4 bytes, bytes 84-87"},
    {0x02, 0x80, 0x08, 0, "Read: configuration, 32 bytes, bytes 32-63"},
    {0x02, 0x82, 0x0240, 0, "Read: data, 32 bytes, slot 8 bytes 64-95"},
    {0x02, 0x02, 0x0141, 0, "Read: data, 4 bytes, slot 8 bytes 36-39"},
    {0x80, 0x87, 0, 96, "SecureBoot: check the signature and store, digest encrypted, answer with MAC"},
    {0x77, 0x21, 0, 0, "SelfTest: run, random generator, SHA"},
    {0x47, 0x00, 0, 0, "SHA: start"},
    {0x47, 0x01, 64, 64, "SHA: update, 64 bytes"},
    {0x47, 0xC2, 5, 5, "SHA: end, 5 bytes, digest to the host only"},
    {0x41, 0xA0, 2, 0, "Sign: external, digest in the message digest buffer, slot 2"},
    {0x41, 0x40, 1, 0, "Sign: internal, what TempKey came from, slot 1, with serial number"},
    {0x20, 0x00, 0x35, 0, "UpdateExtra: UserExtra (byte 84), value 0x35"},
    {0x45, 0x02, 4, 128, "Verify: external public key, P-256"},
    {0x45, 0xA0, 13, 64, "Verify: stored public key, slot 13, message from the message digest buffer, answer with MAC"},
    {0x45, 0x07, 14, 83, "Verify: invalidate a stored key, slot 14"},
    {0x12, 0xC2, 0x18, 64, "Write: data, 32 bytes encrypted, slot 3 bytes 0-31"},
    {0x12, 0x00, 0x04, 4, "Write: configuration, 4 bytes, bytes 16-19"},
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof *(a))

static size_t make_group(uint8_t *g, size_t i)
{
    size_t len = 7 + commands[i].data;
    memset(g, 0x5A, len);
    g[0] = (uint8_t)len;
    g[1] = commands[i].opcode;
    g[2] = commands[i].param1;
    g[3] = (uint8_t)commands[i].param2;
    g[4] = (uint8_t)(commands[i].param2 >> 8);
    return len;
}

static void test_every_command_reads_as_a_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(commands); i++) {
        uint8_t group[160];
        char text[300];
        struct hd_command_words c;
        size_t len = make_group(group, i);
        hd_command_parse(group, len, &c);
        size_t needs = hd_command_text(&c, text, sizeof text);
        assert_string_equal(text, commands[i].text);
        assert_int_equal(needs, strlen(text));
        assert_int_equal(c.data_len, commands[i].data);
    }
}

static void test_every_opcode_is_in_the_list_above(void **state)
{
    (void)state;
    unsigned named = 0;
    for (unsigned op = 0; op < 256; op++) {
        bool listed = false;
        for (size_t i = 0; i < COUNT(commands); i++) {
            listed = listed || commands[i].opcode == op;
        }
        assert_int_equal(listed, hd_opcode_name((uint8_t)op) != NULL);
        named += listed;
    }
    assert_int_equal(named, 24); /* 22 of the 608, HMAC and Pause of the 508 */
}

static void test_a_short_buffer_is_filled_and_measured(void **state)
{
    (void)state;
    uint8_t group[160];
    struct hd_command_words c;
    hd_command_parse(group, make_group(group, 0), &c);
    char text[8];
    assert_int_equal(hd_command_text(&c, text, sizeof text), 30);
    assert_string_equal(text, "AES: en");
    assert_int_equal(hd_command_text(&c, NULL, 0), 30);
}

static void says(const uint8_t *group, size_t len, const char *expected)
{
    struct hd_command_words c;
    char text[200];
    hd_command_parse(group, len, &c);
    hd_command_text(&c, text, sizeof text);
    assert_string_equal(text, expected);
}

static void test_data_of_odd_length_is_pointed_out(void **state)
{
    (void)state;
    const uint8_t nonce[] = {10, 0x16, 0x03, 0, 0, 1, 2, 3, 0, 0};
    says(nonce, sizeof nonce,
         "Nonce: 32 given bytes into TempKey, with 3 data bytes where this "
         "mode has 32");
}

static void test_unknown_opcodes_and_modes_are_named_so(void **state)
{
    (void)state;
    const uint8_t strange[] = {7, 0xEA, 1, 2, 3, 0, 0};
    const uint8_t mode[] = {7, 0x30, 9, 0, 0, 0, 0};
    says(strange, sizeof strange,
         "unknown opcode 0xEA, param1 0x01, param2 0x0302");
    says(mode, sizeof mode, "Info 0x30, param1 0x09, param2 0x0000");
}

static void answer_says(uint8_t opcode, uint8_t param1, const void *payload,
                        size_t len, const char *expected)
{
    const uint8_t group[] = {7, opcode, param1, 0, 0, 0, 0};
    struct hd_command_words c;
    char text[200];
    hd_command_parse(group, sizeof group, &c);
    hd_answer_text(&c, payload, len, text, sizeof text);
    assert_string_equal(text, expected);
}

static void test_answers_are_explained(void **state)
{
    (void)state;
    answer_says(0x24, 0, "\x37\0\0\0", 4, "counter 55");
    answer_says(0x30, 0, "\0\0\x60\2", 4, "ATECC608A, revision 00 00 60 02");
    answer_says(0x30, 0, "\0\0\x60\3", 4, "ATECC608B, revision 00 00 60 03");
    answer_says(0x30, 0, "\0\0\x50\0", 4, "ATECC508A, revision 00 00 50 00");
    answer_says(0x30, 1, "\1\0\0\0", 4, "key is valid");
    answer_says(0x30, 2, "\x24\xAC\0\0", 4,
                "TempKey valid, from random, GenDig, key id 4; authorised by "
                "slot 5");
    answer_says(0x30, 4, "\0\0\0\0", 4, "latch is clear");
    answer_says(0x41, 0x80, "\x0F", 1,
                "execution error: configuration, locks or state forbid it");
    answer_says(0x12, 0, "\0", 1, "success");
    answer_says(0x12, 0, "\x42", 1, "a status that no public document names");
    answer_says(0x77, 1, "\0", 1, "success");
    answer_says(0x41, 0x80, "0123", 4, "");
}

struct seen {
    char text[200];
};

static void see(void *ctx, const char *name, const uint8_t *ptr, size_t len)
{
    struct seen *s = ctx;
    size_t used = strlen(s->text);
    snprintf(s->text + used, sizeof s->text - used, "%s[%zu]@%u ", name, len,
             ptr[0]);
}

static void fields_are(const struct hd_field *fields, size_t len,
                       const char *expected)
{
    uint8_t bytes[128];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)i;
    }
    struct seen s = {""};
    hd_fields_each(fields, bytes, len, see, &s);
    assert_string_equal(s.text, expected);
}

static void test_fields_cover_the_data(void **state)
{
    (void)state;
    static const struct hd_field verify[] = {
            {"r", 32}, {"s", 32}, {"x", 32}, {"y", 32}};
    static const struct hd_field kdf[] = {
            {"details", 4}, {"message", 0}, {NULL, 0}, {NULL, 0}};
    fields_are(verify, 128, "r[32]@0 s[32]@32 x[32]@64 y[32]@96 ");
    fields_are(verify, 127, "data[127]@0 ");
    fields_are(kdf, 20, "details[4]@0 message[16]@4 ");
    fields_are(kdf, 4, "details[4]@0 ");
    fields_are(kdf, 3, "data[3]@0 ");
    fields_are(NULL, 9, "data[9]@0 ");
    fields_are(verify, 0, "");
}

/* In every form the fields add up to the length that it says. */
static void test_the_table_adds_up(void **state)
{
    (void)state;
    for (const struct hd_form *f = hd_forms; f->mode != NULL; f++) {
        assert_int_equal(f->value & ~f->mask, 0);
        assert_non_null(hd_opcode_name(f->opcode));
        size_t sum = 0;
        bool open = false;
        for (size_t i = 0; i < HD_FORM_FIELDS && f->in[i].name; i++) {
            sum += f->in[i].len;
            open = open || f->in[i].len == 0;
        }
        assert_int_equal(open, f->data_len == HD_ANY_LENGTH);
        assert_true(open || sum == f->data_len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_every_command_reads_as_a_sentence),
            cmocka_unit_test(test_every_opcode_is_in_the_list_above),
            cmocka_unit_test(test_a_short_buffer_is_filled_and_measured),
            cmocka_unit_test(test_data_of_odd_length_is_pointed_out),
            cmocka_unit_test(test_unknown_opcodes_and_modes_are_named_so),
            cmocka_unit_test(test_answers_are_explained),
            cmocka_unit_test(test_fields_cover_the_data),
            cmocka_unit_test(test_the_table_adds_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
