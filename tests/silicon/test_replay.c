/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What real chips were told, told to virtual ones: the capture of a 508A,
 * transfer by transfer, through our own reader and decoder; and the session
 * of a 608A that signed a token. Everything that a chip computes from what is
 * known of it must come out byte for byte as silicon gave it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "decode.h"
#include "halfdollar/chip.h"
#include "halfdollar/vchip.h"
#include "token.h"

#define ADDR 0x60
/* Before it the chip was still waking: a NACK, and the garbled FC 11 33 43. */
#define FIRST_GOOD_WAKE 4
#define T_WHI           1500000 /* ns from wake to the first transfer, at most */

static const uint8_t seed[32] = {7};

static void start_bus(struct hd_vbus *bus, struct hd_vchip *chip)
{
    hd_vbus_init(bus, 100000);
    assert_int_equal(hd_vbus_attach(bus, chip), HD_OK);
}

static void advance_to(struct hd_vbus *bus, uint64_t t_ns)
{
    if (t_ns > bus->now_ns) {
        hd_vbus_advance(bus, t_ns - bus->now_ns);
    }
}

/* ---------------------------------------------------------- the 508A */

/*
 * What tests/data/traces/README.md says of the chip: slot 0 and 3 are keys of
 * zeros, 3 may be rolled by DeriveKey, 10 is a public key not yet validated,
 * 11 and 12 are private keys, counter 1 stands at 0x36. Nothing else of its
 * configuration shows in the capture; what is here is the plainest that fits.
 */
static void make_config_508(uint8_t c[128])
{
    static const uint8_t counter1_54[] = {0x00, 0x00, 0x03, 0xFF,
                                          0x00, 0x01, 0x00, 0x01};
    static const uint8_t head[] = {0x01, 0x23, 0, 0,    0, 0,    0x50, 0x00, 0,
                                   0,    0,    0, 0xEE, 0, 0x01, 0,    0xC0};
    memset(c, 0, 128);
    memcpy(c, head, sizeof head);
    c[18] = 0xAA; /* OTP read-only */
    memset(c + 52, 0xFF, 4);
    memcpy(c + 60, counter1_54, 8);
    memset(c + 68, 0xFF, 16);
    memset(c + 88, 0xFF, 2);
    for (int slot = 0; slot < 16; slot++) {
        c[96 + 2 * slot] = 0x1C; /* no key of a curve, lockable no */
    }
    c[20 + 2 * 3 + 1] = 0x20; /* slot 3: DeriveKey, rolling */
    c[96 + 2 * 10] = 0x12;    /* slot 10: public P-256, to be validated */
    for (int slot = 11; slot <= 12; slot++) {
        c[20 + 2 * slot] = 0x83; /* secret, external and internal signatures */
        c[96 + 2 * slot] = 0x13; /* private P-256, public key may be asked */
    }
}

static void set_slot_10(struct hd_vchip *chip)
{
    /* any point of the curve, as stored: pads, X, Y; not validated (0xA) */
    static const uint8_t x[] = {0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47,
                                0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
                                0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0,
                                0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96};
    static const uint8_t y[] = {0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b,
                                0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16,
                                0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce,
                                0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};
    uint8_t *slot =
            chip->ee + HD_V_CONFIG_BYTES + HD_V_OTP_BYTES + 8 * 36 + 416 + 72;
    slot[0] = 0xA0;
    memcpy(slot + 4, x, 32);
    memcpy(slot + 40, y, 32);
}

static void make_508(struct hd_vchip *chip)
{
    static uint8_t config[128];
    make_config_508(config);
    const struct hd_variant variant = {.name = "captured",
                                       .about = "the chip of the capture",
                                       .model = HD_VMODEL_508A,
                                       .config = config,
                                       .data_locked = true};
    assert_int_equal(hd_vchip_init(chip, &variant, seed), HD_OK);
    uint8_t *data = chip->ee + HD_V_CONFIG_BYTES + HD_V_OTP_BYTES;
    memset(data, 0, 36);          /* slot 0 */
    memset(data + 3 * 36, 0, 36); /* slot 3 */
    set_slot_10(chip);
}

struct replay {
    struct hd_vchip chip;
    struct hd_vbus bus;
    struct hd_recording rec;
    struct hd_decoder *decoder;
    uint64_t shift_ns;            /* our wake takes longer than this chip's */
    unsigned commands, same, own; /* answers equal, answers of its own */
    unsigned per_opcode[256];
};

static int open_replay(void **state)
{
    static struct replay r;
    memset(&r, 0, sizeof r);
    make_508(&r.chip);
    start_bus(&r.bus, &r.chip);
    hd_recording_init(&r.rec);
    r.decoder = hd_decoder_new();
    *state = &r;
    return hd_recording_read_file(&r.rec, TRACES "atecc508a-silicon.sr", NULL);
}

static int close_replay(void **state)
{
    struct replay *r = *state;
    hd_decoder_free(r->decoder);
    hd_recording_free(&r->rec);
    hd_vchip_free(&r->chip);
    return 0;
}

/* A random number, or the public key of a private key nobody knows. */
static bool is_its_own(const struct hd_command_words *c)
{
    bool random = c->opcode == 0x16 && (c->param1 & 3) != 3;
    bool public_key = c->opcode == 0x40 && (c->param1 & 0x10) == 0;
    return random || public_key;
}

static void compare(struct replay *r, const struct hd_meaning *m,
                    const uint8_t *ours)
{
    const struct hd_command_words *c = &m->command;
    if (is_its_own(c)) {
        assert_int_equal(ours[0], m->group[0]);
        assert_int_equal(hd_packet_check(ours, m->len), HD_OK);
        r->own++;
        return;
    }
    for (size_t i = 0; i < m->len; i++) {
        if (ours[i] != m->group[i]) {
            fail_msg("%s at %.3f ms: byte %zu is %02X, silicon said %02X",
                     c->name, (double)m->transfer->t_ns / 1e6, i, ours[i],
                     m->group[i]);
        }
    }
    r->same++;
    r->per_opcode[c->opcode]++;
}

static void replay_read(struct replay *r, const struct hd_meaning *m)
{
    uint8_t ours[256];
    size_t len = m->transfer->len ? m->transfer->len : 1;
    int err = hd_vbus_read(&r->bus, ADDR, ours, len);
    switch (m->kind) {
    case HD_MEANS_ANSWER:
        assert_int_equal(err, HD_OK);
        compare(r, m, ours);
        break;
    case HD_MEANS_AWAKE:
        assert_int_equal(err, HD_OK);
        assert_memory_equal(ours, m->group, m->len);
        break;
    case HD_MEANS_NOBODY:
        assert_int_equal(err, HD_ERR_NACK);
        break;
    default:
        fail_msg("a read that means \"%s\"", hd_meaning_name(m->kind));
        break;
    }
}

static void replay_transfer(struct replay *r, const struct hd_transfer *t)
{
    const uint8_t *bytes = hd_recording_bytes(&r->rec, t);
    struct hd_meaning m;
    hd_decoder_next(r->decoder, t, true, bytes, &m);
    advance_to(&r->bus, t->t_ns + r->shift_ns);
    if (t->kind == HD_TRANSFER_READ) {
        replay_read(r, &m);
        return;
    }
    int err = hd_vbus_write(&r->bus, t->addr7, bytes, t->len, NULL);
    assert_int_equal(err, t->ack ? HD_OK : HD_ERR_NACK);
    r->commands += m.kind == HD_MEANS_COMMAND;
    if (m.kind == HD_MEANS_WAKE) {
        /* This silicon is up long before tWHI; vchip takes all of it. */
        r->shift_ns += T_WHI;
    }
}

static void test_a_virtual_508a_answers_as_silicon_did(void **state)
{
    static const struct {
        const char *name;
        uint8_t opcode;
        unsigned answers;
    } expected[] = {
            {"MAC", 0x08, 10},      {"CheckMac", 0x28, 4}, {"GenDig", 0x15, 1},
            {"DeriveKey", 0x1C, 1}, {"HMAC", 0x11, 1},     {"Counter", 0x24, 4},
            {"Info", 0x30, 3},      {"Nonce", 0x16, 15},   {"GenKey", 0x40, 1}};
    struct replay *r = *state;
    for (size_t i = FIRST_GOOD_WAKE; i < r->rec.count; i++) {
        replay_transfer(r, &r->rec.transfers[i]);
    }
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        if (r->per_opcode[expected[i].opcode] != expected[i].answers) {
            fail_msg("%s: %u answers equal", expected[i].name,
                     r->per_opcode[expected[i].opcode]);
        }
        sum += expected[i].answers;
    }
    assert_int_equal(r->same, sum);
    assert_int_equal(r->own, 2);
    assert_int_equal(r->commands, sum + 2 + 1); /* the last has no answer */
}

static void test_a_wrong_key_would_have_been_noticed(void **state)
{
    struct replay *r = *state;
    r->chip.ee[HD_V_CONFIG_BYTES + HD_V_OTP_BYTES + 31] ^= 1; /* slot 0 */
    size_t differing = 0;
    for (size_t i = 6; i < 10; i++) { /* Nonce, answer, MAC, answer */
        const struct hd_transfer *t = &r->rec.transfers[i];
        uint8_t ours[256] = {0};
        advance_to(&r->bus, t->t_ns);
        if (i == 6) {
            hd_vbus_wake(&r->bus);
            hd_vbus_advance(&r->bus, T_WHI);
        }
        const uint8_t *bytes = hd_recording_bytes(&r->rec, t);
        if (t->kind == HD_TRANSFER_WRITE) {
            assert_int_equal(hd_vbus_write(&r->bus, ADDR, bytes, t->len, NULL),
                             HD_OK);
            continue;
        }
        assert_int_equal(hd_vbus_read(&r->bus, ADDR, ours, t->len), HD_OK);
        differing += memcmp(ours, bytes, t->len) != 0;
    }
    assert_int_equal(differing, 1); /* the MAC, not the status of Nonce */
}

/* ---------------------------------------------------------- the 608A */

struct session {
    struct hd_vchip chip;
    struct hd_vbus bus;
    struct hd_recording rec;
    struct hd_decoder *decoder;
    uint8_t pub[64], digest[32];
    char token[1024];
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

static void make_608(struct hd_vchip *chip)
{
    static uint8_t config[128];
    FILE *f = fopen(CONFIGS "seed-notebook.hex", "r");
    assert_non_null(f);
    for (size_t i = 0; i < sizeof config; i++) {
        char pair[3];
        assert_int_equal(fscanf(f, "%2s", pair), 1);
        unhex(pair, config + i, 1);
    }
    fclose(f);
    assert_int_equal(config[86] | config[87], 0); /* both zones locked */
    const struct hd_variant variant = {.name = "notebook",
                                       .about = "the chip of the session",
                                       .model = HD_VMODEL_608A,
                                       .config = config,
                                       .data_locked = true};
    assert_int_equal(hd_vchip_init(chip, &variant, seed), HD_OK);
}

static void read_published(struct session *s)
{
    char line[2048];
    FILE *f = fopen(TRACES "atecc608a-jwt-session.txt", "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        char word[32];
        char value[1024];
        if (sscanf(line, "%31s %1023s", word, value) != 2) {
            continue;
        }
        if (strcmp(word, "token") == 0) {
            snprintf(s->token, sizeof s->token, "%s", value);
        } else if (strcmp(word, "public_key_slot_2") == 0) {
            unhex(value, s->pub, 64);
        } else if (strcmp(word, "digest") == 0) {
            unhex(value, s->digest, 32);
        }
    }
    fclose(f);
}

static int open_session(void **state)
{
    static struct session s;
    memset(&s, 0, sizeof s);
    make_608(&s.chip);
    start_bus(&s.bus, &s.chip);
    hd_recording_init(&s.rec);
    s.decoder = hd_decoder_new();
    read_published(&s);
    *state = &s;
    return hd_recording_read_file(&s.rec, TRACES "atecc608a-jwt-session.txt",
                                  NULL);
}

static int close_session(void **state)
{
    struct session *s = *state;
    hd_decoder_free(s->decoder);
    hd_recording_free(&s->rec);
    hd_vchip_free(&s->chip);
    return 0;
}

/* Sends command i of the session; its answer's payload. */
static size_t tell(struct session *s, size_t i, uint8_t opcode,
                   uint8_t payload[160])
{
    const struct hd_transfer *t = &s->rec.transfers[i];
    const uint8_t *bytes = hd_recording_bytes(&s->rec, t);
    struct hd_meaning m;
    hd_decoder_next(s->decoder, t, false, bytes, &m);
    assert_int_equal(m.kind, HD_MEANS_COMMAND);
    assert_int_equal(m.check, HD_OK);
    assert_int_equal(m.command.opcode, opcode);
    assert_int_equal(hd_vbus_write(&s->bus, ADDR, bytes, t->len, NULL), HD_OK);
    uint8_t answer[160];
    int err = HD_ERR_NACK;
    for (int poll = 0; poll < 100 && err == HD_ERR_NACK; poll++) {
        hd_vbus_advance(&s->bus, 2000000);
        err = hd_vbus_read(&s->bus, ADDR, answer, sizeof answer);
    }
    assert_int_equal(err, HD_OK);
    assert_int_equal(hd_packet_check(answer, sizeof answer), HD_OK);
    memcpy(payload, answer + 1, answer[0] - 3u);
    return answer[0] - 3u;
}

static void succeeds(struct session *s, size_t i, uint8_t opcode)
{
    uint8_t payload[160];
    assert_int_equal(tell(s, i, opcode, payload), 1);
    assert_int_equal(payload[0], 0);
}

/* Has the chip's signature over the published digest been made by pub?
 * Asked of the verifier of tokens, with the signature put in the token. */
static int token_with(const struct session *s, const uint8_t sig[64],
                      const uint8_t pub[64])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789-_";
    char text[1024];
    snprintf(text, sizeof text, "%s", s->token);
    char *out = strrchr(text, '.') + 1;
    for (size_t bit = 0; bit < 512; bit += 6) {
        unsigned v = (unsigned)sig[bit / 8] << 8;
        v |= bit / 8 + 1 < 64 ? sig[bit / 8 + 1] : 0;
        *out++ = digits[v >> (10 - bit % 8) & 63];
    }
    *out = '\0';
    struct hd_token t;
    int err = hd_token_verify(&t, text, strlen(text), pub);
    hd_token_free(&t);
    return err;
}

static void test_the_session_of_a_608a_runs_on_a_virtual_one(void **state)
{
    struct session *s = *state;
    uint8_t out[160];
    uint8_t sig[160];
    assert_int_equal(s->rec.count, 8);
    assert_int_equal(hd_vbus_wake(&s->bus), HD_OK);
    hd_vbus_advance(&s->bus, T_WHI);
    succeeds(s, 0, 0x47);
    succeeds(s, 1, 0x47);
    assert_int_equal(tell(s, 2, 0x47, out), 32);
    assert_memory_equal(out, s->digest, 32);
    succeeds(s, 3, 0x16);
    assert_int_equal(tell(s, 4, 0x41, sig), 64);
    assert_int_equal(tell(s, 5, 0x40, out), 64);
    assert_int_equal(token_with(s, sig, out), HD_OK);
    assert_int_equal(token_with(s, sig, s->pub), HD_ERR_SIGNATURE);
    succeeds(s, 6, 0x16);
    succeeds(s, 7, 0x45); /* silicon's signature under silicon's key */
}

static void test_the_published_signature_and_token_verify(void **state)
{
    struct session *s = *state;
    const uint8_t *verify =
            hd_recording_bytes(&s->rec, &s->rec.transfers[7]) + 1 + 5;
    assert_memory_equal(verify + 64, s->pub, 64);
    assert_int_equal(token_with(s, verify, s->pub), HD_OK);
    struct hd_token t;
    assert_int_equal(hd_token_verify(&t, s->token, strlen(s->token), s->pub),
                     HD_OK);
    assert_memory_equal(t.signature, verify, 64);
    assert_memory_equal(t.digest, s->digest, 32);
    assert_int_equal(hd_token_verdict(&t, 1700000000), HD_TOKEN_EXPIRED);
    assert_int_equal(hd_token_verdict(&t, 1573940000), HD_TOKEN_GOOD);
    hd_token_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(
                    test_a_virtual_508a_answers_as_silicon_did, open_replay,
                    close_replay),
            cmocka_unit_test_setup_teardown(
                    test_a_wrong_key_would_have_been_noticed, open_replay,
                    close_replay),
            cmocka_unit_test_setup_teardown(
                    test_the_session_of_a_608a_runs_on_a_virtual_one,
                    open_session, close_session),
            cmocka_unit_test_setup_teardown(
                    test_the_published_signature_and_token_verify, open_session,
                    close_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
