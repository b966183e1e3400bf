/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thief with the device on the bench: asks the chip for the private key of
 * slot 0 in every way the bus offers, and reports what he got.
 *
 *     half-thief thing.vchip
 *
 * Every answer is searched for the private key. That the search can find it
 * is shown first: this program opens the virtual chip's memory (which no bus
 * command can do), takes the true key from there, and looks for it in the
 * memory image. Exit code: 0 nothing was got, 1 key bytes were found or the
 * key was changed, 2 the chip cannot be opened.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "halfdollar/chip.h"
#include "halfdollar/port_sim.h"
#include "halfdollar/vchip.h"

#include "search.h"

enum {
    READ = 0x02,
    MAC = 0x08,
    WRITE = 0x12,
    GENDIG = 0x15,
    NONCE = 0x16,
    LOCK = 0x17,
    DERIVEKEY = 0x1C,
    CHECKMAC = 0x28,
    GENKEY = 0x40,
    SIGN = 0x41,
    ECDH = 0x43,
    VERIFY = 0x45,
    PRIVWRITE = 0x46,
    SHA = 0x47,
    AES = 0x51,
    KDF = 0x56
};

struct thief {
    struct hd_vchip vchip;
    struct hd_vbus bus;
    struct hd_sim sim;
    struct hd_chip chip;
    struct key_search search;
    uint8_t pub[64];
    /* of the family that is running */
    unsigned asked, answered, key_bytes;
    char reason[400];
    unsigned total, total_found;
};

/* One question. True: the chip answered with success. */
static bool ask(struct thief *t, uint8_t opcode, uint8_t p1, uint16_t p2,
                const uint8_t *data, size_t len)
{
    uint8_t answer[HD_GROUP_MAX];
    size_t got = 0;
    int err = hd_chip_command(&t->chip, opcode, p1, p2, data, len, answer,
                              sizeof(answer), &got);

    t->asked++;
    t->key_bytes += key_search_count(&t->search, answer, got);
    if (err == HD_OK) {
        t->answered++;
        return true;
    }
    if (t->reason[0] == '\0') {
        hd_refusal_text(hd_vchip_refusal(&t->vchip), t->reason,
                        sizeof(t->reason));
    }
    return false;
}

/* Steps on the way to a question are not counted as questions. */
static void prepare(struct thief *t, uint8_t opcode, uint8_t p1, uint16_t p2,
                    const uint8_t *data, size_t len)
{
    uint8_t answer[HD_GROUP_MAX];
    size_t got;

    if (hd_chip_command(&t->chip, opcode, p1, p2, data, len, answer,
                        sizeof(answer), &got) == HD_OK) {
        t->key_bytes += key_search_count(&t->search, answer, got);
    }
}

static const uint8_t zeros[HD_GROUP_MAX];

/* -------------------------------------------------------------- questions */

/* All forms of Read of slot 0: every mode bit, block and word. */
static void ask_read(struct thief *t)
{
    for (unsigned p1 = 0x02; p1 < 0x100; p1 += 4) {
        for (unsigned block = 0; block < 4; block++) {
            for (unsigned word = 0; word < 8; word++) {
                ask(t, READ, (uint8_t)(p1 ^ 0x80U),
                    (uint16_t)(block << 8 | word), NULL, 0);
            }
        }
    }
}

/* Encrypted reads, under each of the 16 slots as the reading key. */
static void ask_read_encrypted(struct thief *t)
{
    for (unsigned key = 0; key < 16; key++) {
        const uint8_t other[4] = {GENDIG, 2, (uint8_t)key, 0};

        for (uint16_t block = 0; block < 2; block++) {
            prepare(t, NONCE, 0x00, 0, zeros, 20);
            prepare(t, GENDIG, 2, (uint16_t)key, other, sizeof(other));
            ask(t, READ, 0x82, (uint16_t)(block << 8), NULL, 0);
        }
    }
}

/* GenKey in every mode that could make another key in slot 0. */
static void ask_genkey(struct thief *t)
{
    for (unsigned mode = 0; mode < 0x100; mode++) {
        prepare(t, NONCE, 0x00, 0, zeros, 20);
        ask(t, GENKEY, (uint8_t)(mode ^ 0x04U), 0, NULL, 0);
    }
}

/* Putting a known key in its place: Write and PrivWrite, clear and with the
 * content of slot 8, which he may choose, as the writing key. */
static void ask_write(struct thief *t)
{
    const uint8_t other[4] = {GENDIG, 2, 8, 0};
    uint8_t value[68] = {[35] = 1};

    for (unsigned mode = 0; mode < 0x100; mode++) {
        ask(t, PRIVWRITE, (uint8_t)mode, 0, value, sizeof(value));
    }
    for (unsigned mode = 2; mode < 0x100; mode += 4) {
        ask(t, WRITE, (uint8_t)(mode ^ 0x80U), 0, value, 32);
        ask(t, WRITE, (uint8_t)(mode ^ 0x80U), 0, value, 64);
        ask(t, WRITE, (uint8_t)mode, 0, value, 4);
    }
    prepare(t, WRITE, 0x82, 8 << 3, zeros, 32);
    prepare(t, NONCE, 0x00, 0, zeros, 20);
    prepare(t, GENDIG, 2, 8, other, sizeof(other));
    ask(t, PRIVWRITE, 0x40, 0, value, sizeof(value));
}

/* Opening the chip again: the configuration, the locks. */
static void ask_unlock(struct thief *t)
{
    for (uint16_t word = 0; word < 32; word++) {
        ask(t, WRITE, 0x00, word, zeros, 4);
    }
    for (unsigned mode = 0; mode < 0x100; mode++) {
        if ((mode & 0x3U) != 2) { /* he may freeze slots; that opens nothing */
            ask(t, LOCK, (uint8_t)mode, 0, NULL, 0);
        }
    }
    ask(t, LOCK, 0x02, 0, NULL, 0);
}

/* Making the key the input of a digest whose other inputs he knows. */
static void ask_digest(struct thief *t)
{
    const uint8_t other[4] = {GENDIG, 2, 0, 0};

    for (unsigned mode = 0; mode < 0x100; mode++) {
        prepare(t, NONCE, 0x00, 0, zeros, 20);
        if ((mode & 2U) == 0) { /* bit 1 takes TempKey in place of the key */
            ask(t, MAC, (uint8_t)mode, 0, zeros, (mode & 1U) != 0 ? 0 : 32);
            ask(t, CHECKMAC, (uint8_t)mode, 0, zeros, 77);
        }
    }
    for (unsigned len = 0; len <= 4; len += 4) {
        prepare(t, NONCE, 0x00, 0, zeros, 20);
        ask(t, GENDIG, 2, 0, other, len);
    }
    ask(t, SHA, 0x04, 0, NULL, 0);
    ask(t, SHA, 0x03, 0, NULL, 0);
}

/* Using it as a key of another kind, or as the seed of one. */
static void ask_derive(struct thief *t)
{
    const uint8_t kdf[20] = {[3] = 16};

    for (unsigned mode = 0; mode < 8; mode += 4) {
        prepare(t, NONCE, mode == 0 ? 0x00 : 0x03, 0, zeros,
                mode == 0 ? 20 : 32);
        ask(t, DERIVEKEY, (uint8_t)mode, 0, NULL, 0);
        ask(t, DERIVEKEY, (uint8_t)mode, 0, zeros, 32);
    }
    for (unsigned mode = 0; mode < 0x80; mode++) {
        if ((mode & 3U) == 2) { /* the source is a slot */
            ask(t, KDF, (uint8_t)mode, 0, kdf, sizeof(kdf));
        }
    }
    for (unsigned block = 0; block < 4; block++) {
        ask(t, AES, (uint8_t)(block << 6), 0, zeros, 16);
        ask(t, AES, (uint8_t)(block << 6 | 1), 0, zeros, 16);
    }
}

/* ECDH with the base point's public key would be an oracle for the key. */
static void ask_ecdh(struct thief *t)
{
    for (unsigned mode = 0; mode < 0x100; mode++) {
        ask(t, ECDH, (uint8_t)mode, 0, t->pub, sizeof(t->pub));
    }
    prepare(t, NONCE, 0x00, 0, zeros, 20);
    ask(t, SIGN, 0x00, 0, NULL, 0);
    ask(t, VERIFY, 0x00, 0, zeros, 64);
}

/* And every other command and mode with every length that commands have. */
static void ask_all(struct thief *t)
{
    static const uint8_t lengths[] = {0, 4, 16, 20, 32, 36, 64, 68, 77, 128};

    for (unsigned opcode = 0; opcode < 0x100; opcode++) {
        if (hd_packet_opcode_name((uint8_t)opcode) == NULL || opcode == LOCK) {
            continue;
        }
        for (unsigned mode = 0; mode < 0x100; mode++) {
            for (size_t i = 0; i < sizeof(lengths); i++) {
                ask(t, (uint8_t)opcode, (uint8_t)mode, 0, zeros, lengths[i]);
            }
        }
    }
}

static const struct {
    const char *name;
    void (*run)(struct thief *t);
    bool refused;        /* all of it must be refused */
    const char *answers; /* NULL: the chip's reason is shown */
} families[] = {
        {"read it", ask_read, true, NULL},
        {"read it encrypted, under each slot's key", ask_read_encrypted, true,
         NULL},
        {"make a new one in its place (GenKey)", ask_genkey, false, NULL},
        {"put a known one in its place", ask_write, true, NULL},
        {"rewrite the rules, undo the locks", ask_unlock, true, NULL},
        {"hash it (MAC, CheckMac, GenDig, HMAC)", ask_digest, true, NULL},
        {"derive from it (DeriveKey, KDF, AES)", ask_derive, true, NULL},
        {"ECDH, internal signature, verify", ask_ecdh, true, NULL},
        {"every command, mode and length", ask_all, false,
         "what it answers: public keys, signatures, random numbers, digests of "
         "his "
         "own data, and what the rules leave open to read"},
};

#define FAMILIES (sizeof(families) / sizeof(families[0]))

/* ------------------------------------------------------------------ course */

/* The chip's sentence, in lines of at most 66 characters. */
static void print_wrapped(const char *text)
{
    const size_t width = 66;

    while (*text != '\0') {
        size_t len = strlen(text);

        if (len > width) {
            for (len = width; len > 0 && text[len] != ' '; len--) {
            }
            len = len == 0 ? width : len;
        }
        printf("      %.*s\n", (int)len, text);
        text += len;
        text += strspn(text, " ");
    }
}

static int run_family(struct thief *t, size_t i)
{
    t->asked = 0;
    t->answered = 0;
    t->key_bytes = 0;
    t->reason[0] = '\0';
    families[i].run(t);
    printf("  %-42s %7u %8u %9u\n", families[i].name, t->asked, t->answered,
           t->key_bytes);
    print_wrapped(families[i].answers != NULL ? families[i].answers
                                              : t->reason);
    t->total += t->asked;
    t->total_found += t->key_bytes;
    return families[i].refused && t->answered != 0;
}

static int steal(struct thief *t)
{
    uint8_t pub[64];
    int leaks = 0;

    printf("  %-42s %7s %8s %9s\n", "he asks the chip to ...", "asked",
           "answered", "key bytes");
    for (size_t i = 0; i < FAMILIES; i++) {
        leaks += run_family(t, i);
    }
    printf("  asked %u ways, given %u key bytes.\n", t->total,
           t->total_found * KEY_WINDOW);
    if (hd_chip_pubkey(&t->chip, 0, pub) != HD_OK ||
        !hd_ct_equal(pub, t->pub, sizeof(pub))) {
        printf("  THE KEY IN SLOT 0 HAS CHANGED\n");
        return 1;
    }
    printf("  The key in slot 0 is still the one that was born there.\n");
    return leaks != 0 || t->total_found != 0;
}

static int open_chip(struct thief *t, const char *path)
{
    int err = hd_vchip_load(&t->vchip, path);

    if (err != HD_OK) {
        return err;
    }
    hd_vbus_init(&t->bus, 1000000);
    err = hd_vbus_attach(&t->bus, &t->vchip);
    t->sim = (struct hd_sim){&t->bus, 0x60};
    if (err == HD_OK) {
        err = hd_chip_open(&t->chip, &hd_sim_bus, &t->sim, NULL);
    }
    return err == HD_OK ? hd_chip_pubkey(&t->chip, 0, t->pub) : err;
}

int main(int argc, char **argv)
{
    static struct thief thief;
    int err;

    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE.vchip\n", argv[0]);
        return 2;
    }
    err = open_chip(&thief, argv[1]);
    if (err == HD_OK) {
        key_search_private(&thief.search, &thief.vchip, 0);
        if (key_search_count(&thief.search, thief.vchip.ee,
                             sizeof(thief.vchip.ee)) == 0) {
            err = HD_ERR_STATE;
        }
    }
    if (err != HD_OK) {
        fprintf(stderr, "%s: %s\n", argv[1], hd_strerror(err));
        return 2;
    }
    err = steal(&thief);
    hd_chip_close(&thief.chip);
    if (hd_vchip_save(&thief.vchip, argv[1]) != HD_OK) {
        err = 2;
    }
    hd_vchip_free(&thief.vchip);
    return err;
}
