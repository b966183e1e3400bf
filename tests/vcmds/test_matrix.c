/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every SlotConfig bit, every KeyConfig bit, every lock state, against every
 * command that uses a slot: the outcome is what this table says. The table
 * was written from docs/chip (part 1, 7 to 10; part 2, 2 to 10), not from the
 * chip's rules.
 *
 * A row is one command that works; the strings say what becomes of it when
 * one bit of the slot is inverted, bit 0 first:  . still works   F refused
 * with 0x0F   3 refused with 0x03.
 */
#include "rig.h"

/* What the command finds in TempKey. */
enum tempkey { NO_TK, FIXED, RANDOM_TK, GENDIG_4, GENDIG_FIXED };

struct row {
    const char *name, *variant;
    unsigned slot;
    uint16_t slot_config, key_config;
    enum tempkey tempkey;
    uint8_t op, p1;
    uint16_t p2;
    uint8_t len;
    void (*fill)(struct rig *r, const struct row *row, uint8_t *data);
    char slot_locked;              /* outcome with SlotLocked bit = 0 */
    const char *states;            /* blank, configuration locked, both */
    const char *half_sc, *half_kc; /* configuration locked */
    const char *full_sc, *full_kc; /* both locked */
};

#define NONE_  "................"
#define ALL_F  "FFFFFFFFFFFFFFFF"
#define ALL_3  "3333333333333333"
#define P256   "608b", 0, 0x2087, 0x0013
#define DATA   "608b", 3, 0x0000, 0x001C
#define PUBLIC "608b", 9, 0x0000, 0x0030
/* KeyConfig bits that bind a private key before and after data lock */
#define PRIV_HALF "F.FFF..........."
#define PRIV_FULL "F.FFF..F....F..."

/* ------------------------------------------------- data that must be right */

static uint8_t tempkey_value[32] = {0x7E, 0x3F};

static void fill_peer(struct rig *r, const struct row *row, uint8_t *data)
{
    uint8_t d[32];

    (void)r;
    (void)row;
    test_key(2, d, data);
}

static void fill_signature(struct rig *r, const struct row *row, uint8_t *data)
{
    (void)r;
    if (row->op == OP_SECUREBOOT) {
        memcpy(data, tempkey_value, 32);
        data += 32;
    }
    test_sign(1, tempkey_value, data);
}

/* CheckMac's response over an all-zero challenge or TempKey. */
static void fill_response(struct rig *r, const struct row *row, uint8_t *data)
{
    const uint8_t *c = r->chip.ee;
    uint8_t m[88] = {0};

    (void)row;
    memcpy(m, slot_bytes(&r->chip, 3), 32);
    memcpy(m + 32, tempkey_value, 32);
    m[79] = c[12];
    m[84] = c[0];
    m[85] = c[1];
    memset(data, 0, 77);
    test_sha256(m, sizeof m, data + 32);
}

/* Encrypted Write (32 bytes) and PrivWrite (36), with their MACs. */
static void fill_encrypted(struct rig *r, const struct row *row, uint8_t *data)
{
    size_t size = row->op == OP_PRIVWRITE ? 36 : 32;
    uint8_t m[96] = {0}, plain[36] = {0}, tail[32], xy[64];

    test_key(5, plain + 4, xy);
    test_sha256(tempkey_value, 32, tail);
    for (size_t i = 0; i < size; i++) {
        data[i] = plain[i] ^ (i < 32 ? tempkey_value[i] : tail[i - 32]);
    }
    memcpy(m, tempkey_value, 32);
    m[32] = row->op;
    m[33] = row->p1;
    m[34] = (uint8_t)row->p2;
    m[35] = (uint8_t)(row->p2 >> 8);
    m[36] = r->chip.ee[12];
    m[37] = r->chip.ee[0];
    m[38] = r->chip.ee[1];
    memcpy(m + 96 - size, plain, size);
    test_sha256(m, sizeof m, data + size);
}

static void fill_private(struct rig *r, const struct row *row, uint8_t *data)
{
    uint8_t xy[64];

    (void)r;
    (void)row;
    memset(data, 0, 68);
    test_key(5, data + 4, xy);
}

/* -------------------------------------------------------------- the table */

/* clang-format off */
static const struct row rows[] = {
    {"Sign external", P256, FIXED, OP_SIGN, 0x80, 0, 0, NULL, '.', "F..",
     "F......F........", PRIV_HALF, "F......F........", PRIV_FULL},
    {"Sign internal", P256, GENDIG_FIXED, OP_SIGN, 0x00, 0, 0, NULL, '.', "FF.",
     ALL_F, ALL_F, ".F.....F........", PRIV_FULL},
    {"GenKey create", P256, NO_TK, OP_GENKEY, 0x04, 0, 0, NULL, 'F', "F..",
     ".......F........", PRIV_HALF, ".......F.....F..", PRIV_FULL},
    {"GenKey public", P256, NO_TK, OP_GENKEY, 0x00, 0, 0, NULL, '.', "F..",
     ".......F........", PRIV_HALF, ".......F........", "FFFFF..F....F..."},
    {"GenKey public, digest", P256, FIXED, OP_GENKEY, 0x08, 0, 0, NULL, '.', "F..",
     ".......F........", PRIV_HALF, ".......F........", "FFFFF.FF....F..."},
    {"GenKey create on a 508A", "508a", 0, 0x2087, 0x0013, NO_TK, OP_GENKEY, 0x04, 0, 0, NULL, 'F', "F..",
     ".......F........", PRIV_HALF, ".......F.....F..", "F.FFF..F........"},
    {"GenKey digest of stored", PUBLIC, FIXED, OP_GENKEY, 0x10, 9, 3, NULL, '.', "F..",
     NONE_, PRIV_HALF, NONE_, "F.FFF.FF....F..."},
    {"ECDH", P256, NO_TK, OP_ECDH, 0x00, 0, 64, fill_peer, '.', "FF.",
     ALL_F, ALL_F, "..F.............", PRIV_FULL},
    {"ECDH in the clear", P256, NO_TK, OP_ECDH, 0x0C, 0, 64, fill_peer, '.', "FF.",
     ALL_F, ALL_F, "..FF............", PRIV_FULL},
    {"ECDH encrypted", P256, NO_TK, OP_ECDH, 0x0E, 0, 64, fill_peer, '.', "FF.",
     ALL_F, ALL_F, "..F.............", PRIV_FULL},
    {"PrivWrite encrypted", "608b", 0, 0x4487, 0x0013, GENDIG_4, OP_PRIVWRITE, 0x40, 0, 68, fill_encrypted, 'F', "F..",
     ".......F........", PRIV_HALF, ".......FFFFF..F.", PRIV_HALF},
    {"PrivWrite in the clear", P256, NO_TK, OP_PRIVWRITE, 0x00, 0, 68, fill_private, 'F', "F.F",
     ".......F........", PRIV_HALF, ALL_F, ALL_F},
    {"Read 32", DATA, NO_TK, OP_READ, 0x82, 0x18, 0, NULL, '.', "FF.",
     ALL_F, ALL_F, "......FF........", "F..............."},
    {"Read 4", DATA, NO_TK, OP_READ, 0x02, 0x18, 0, NULL, '.', "FF.",
     ALL_F, ALL_F, "......FF........", "F..............."},
    {"Read encrypted", "608b", 3, 0x00C4, 0x001C, GENDIG_4, OP_READ, 0x82, 0x18, 0, NULL, '.', "FF.",
     ALL_F, ALL_F, "FFFF..FF........", "F..............."},
    {"Write 32", DATA, NO_TK, OP_WRITE, 0x82, 0x18, 32, NULL, 'F', "F..",
     NONE_, "F...............", ".............FFF", "F..............."},
    {"Write 4", DATA, NO_TK, OP_WRITE, 0x02, 0x18, 4, NULL, 'F', "FF.",
     ALL_F, ALL_F, ".......F....FFFF", "F..............."},
    {"Write encrypted", "608b", 3, 0x4480, 0x001C, GENDIG_4, OP_WRITE, 0xC2, 0x18, 64, fill_encrypted, 'F', "F..",
     NONE_, "F...............", "........FFFF....", "F..............."},
    {"MAC, random nonce", DATA, RANDOM_TK, OP_MAC, 0x01, 3, 0, NULL, '.', "FF.",
     ALL_F, ALL_F, "....F...........", "F......F....F..."},
    {"MAC, fixed nonce", DATA, FIXED, OP_MAC, 0x05, 3, 0, NULL, '.', "FF.",
     ALL_F, ALL_F, "....F...........", "F.....FF....F..."},
    {"MAC, no nonce", DATA, NO_TK, OP_MAC, 0x00, 3, 32, NULL, '.', "FF.",
     ALL_F, ALL_F, "....F...........", "F.....FF....F..."},
    {"HMAC", "508a", 3, 0x0000, 0x001C, FIXED, OP_HMAC, 0x04, 3, 0, NULL, '.', "FF.",
     ALL_F, ALL_F, "....F...........", "F.....FF....F..."},
    {"CheckMac, random nonce", DATA, RANDOM_TK, OP_CHECKMAC, 0x01, 3, 77, fill_response, '.', "F..",
     NONE_, "F...............", NONE_, "F......F....F..."},
    {"CheckMac, fixed nonce", DATA, FIXED, OP_CHECKMAC, 0x05, 3, 77, fill_response, '.', "F..",
     NONE_, "F...............", NONE_, "F.....FF....F..."},
    {"GenDig", DATA, FIXED, OP_GENDIG, 0x02, 3, 4, NULL, '.', "F..",
     NONE_, "F...............", NONE_, "F.....FF....F..."},
    {"DeriveKey Roll", "608b", 3, 0x2480, 0x001C, FIXED, OP_DERIVEKEY, 0x04, 3, 0, NULL, 'F', "F..",
     ".............F.3", "F...............", ".............F.3", "F.....FF....F..."},
    {"DeriveKey Create", "608b", 3, 0x3480, 0x001C, FIXED, OP_DERIVEKEY, 0x04, 3, 0, NULL, 'F', "F..",
     ".............F.3", "F...............", ".............F.3", "F..............."},
    {"Verify stored", PUBLIC, FIXED, OP_VERIFY, 0x00, 9, 64, fill_signature, '.', "F..",
     NONE_, "FFFFF...........", NONE_, "FFFFF.FF....F..."},
    {"Verify stored on a 508A", "508a", 9, 0x0000, 0x0030, FIXED, OP_VERIFY, 0x00, 9, 64, fill_signature, '.', "F..",
     NONE_, "FFFFF...........", NONE_, "FFFFF.FF....F..."},
    {"AES", "608b", 3, 0x0080, 0x0018, NO_TK, OP_AES, 0x00, 3, 16, NULL, '.', "33.",
     ALL_3, ALL_3, NONE_, "F.FFF..F....F..."},
    {"KDF from slot", DATA, NO_TK, OP_KDF, 0x12, 3, 4, NULL, '.', "FF.",
     ALL_F, ALL_F, NONE_, "F..FF..F....F..."},
    {"KDF to slot", "608b", 3, 0x0080, 0x001E, FIXED, OP_KDF, 0x08, 0x0300, 4, NULL, 'F', "FF.",
     ALL_F, ALL_F, "............FFFF", "FF.FF..........."},
    {"SHA HMAC start", DATA, NO_TK, OP_SHA, 0x04, 3, 0, NULL, '.', "FF.",
     ALL_F, ALL_F, "....F...........", "F......F....F..."},
    {"SecureBoot Full", PUBLIC, NO_TK, OP_SECUREBOOT, 0x05, 0, 96, fill_signature, '.', "FF.",
     ALL_F, ALL_F, NONE_, "FFFFF..F....F..."},
    {"Lock slot", "608b", 3, 0x0000, 0x003C, NO_TK, OP_LOCK, 0x0E, 0, 0, NULL, 'F', "F..",
     NONE_, ".....F..........", NONE_, ".....F.........."},
};
/* clang-format on */

/* -------------------------------------------------------------- one probe */

static void set_tempkey(struct rig *r, enum tempkey what)
{
    static const uint8_t flags[] = {0, 0x10, 0x00, 0x24, 0x30};

    if (what != NO_TK) {
        poke_tempkey(r, tempkey_value, 32, flags[what]);
    }
}

/* Slot 0: key 1; slot 1: data; slot 9: public key 1; 14: IO key. */
static void set_stage(struct rig *r, const struct row *row, int locks)
{
    uint8_t d[36] = {0}, xy[64];

    rig_start_open(r, row->variant, 7);
    test_key(1, d + 4, xy);
    poke_slot(r, 0, 0, d, 36);
    poke_public(r, 9, xy);
    poke_slot_config(r, row->slot, row->slot_config);
    poke_key_config(r, row->slot, row->key_config);
    if (is_608(&r->chip)) {
        poke_config16(r, 70, 0x9A01);
        poke_config16(r, 90, 0xE002);
        r->chip.ee[13] |= 1;
    }
    poke_locks(r, locks);
}

/* '.', 'F', '3' or what else came out. */
static char outcome(struct rig *r, const struct row *row)
{
    uint8_t data[160] = {0}, status;

    set_tempkey(r, row->tempkey);
    if (row->fill != NULL) {
        row->fill(r, row, data);
    }
    status = rig_run(r, row->op, row->p1, row->p2, data, row->len);
    return status == 0      ? '.'
           : status == 0x0F ? 'F'
           : status == 0x03 ? '3'
                            : '?';
}

static void compare(struct rig *r, const struct row *row, const char *what,
                    char want)
{
    char got = outcome(r, row);
    char text[400] = "";

    if (got == want) {
        return;
    }
    hd_refusal_text(hd_vchip_refusal(&r->chip), text, sizeof text);
    fail_msg("%s, %s: the table says %c, the chip %c (%s)", row->name, what,
             want, got, text);
}

static void probe_bits(const struct row *row, int locks, unsigned base,
                       const char *wanted)
{
    static struct rig r;
    char what[60];

    assert_int_equal(strlen(wanted), 16);
    for (unsigned bit = 0; bit < 16; bit++) {
        uint8_t *byte;

        set_stage(&r, row, locks);
        byte = r.chip.ee + base + 2 * row->slot + bit / 8;
        *byte = (uint8_t)(*byte ^ 1U << bit % 8);
        (void)snprintf(what, sizeof what, "lock state %d, %s bit %u inverted",
                       locks, base == 20 ? "SlotConfig" : "KeyConfig", bit);
        compare(&r, row, what, wanted[bit]);
        rig_stop(&r);
    }
}

static void test_every_bit_and_lock_state_against_every_command(void **state)
{
    static struct rig r;
    unsigned probes = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];

        for (int locks = OPEN; locks <= LOCKED; locks++) {
            set_stage(&r, row, locks);
            compare(&r, row, "as it is", row->states[locks]);
            rig_stop(&r);
        }
        probe_bits(row, CONFIG_LOCKED, 20, row->half_sc);
        probe_bits(row, CONFIG_LOCKED, 96, row->half_kc);
        probe_bits(row, LOCKED, 20, row->full_sc);
        probe_bits(row, LOCKED, 96, row->full_kc);
        set_stage(&r, row, row->states[LOCKED] == '.' ? LOCKED : CONFIG_LOCKED);
        poke_config16(&r, 88, 0xFFFFU & ~(1U << row->slot));
        compare(&r, row, "slot locked", row->slot_locked);
        rig_stop(&r);
        probes += 3 + 64 + 1;
    }
    print_message("%u outcomes as the table says\n", probes);
}

/* What answers a ReqAuth or PersistentDisable bit: the same command works
 * once the chip has what the bit asks for. */
static void
test_authorisation_and_latch_open_what_their_bits_close(void **state)
{
    static struct rig r;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];

        if (row->states[LOCKED] != '.' || row->full_kc[7] != 'F') {
            continue;
        }
        set_stage(&r, row, LOCKED);
        poke_key_config(&r, row->slot, row->key_config | 0x0580U);
        poke_auth(&r, 4);
        compare(&r, row, "authorised with another key", 'F');
        poke_auth(&r, 5);
        compare(&r, row, "authorised", '.');
        if (row->op != OP_CHECKMAC && row->op != OP_VERIFY) {
            assert_false(r.chip.auth_valid); /* one authorisation, one use */
            compare(&r, row, "authorisation used up", 'F');
        }
        rig_stop(&r);
        set_stage(&r, row, LOCKED);
        poke_key_config(&r, row->slot, row->key_config | 0x1000U);
        r.chip.latch = true;
        r.chip.gpio_latch = true;
        compare(&r, row, "latch set", '.');
        rig_stop(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(
                    test_every_bit_and_lock_state_against_every_command),
            cmocka_unit_test(
                    test_authorisation_and_latch_open_what_their_bits_close),
    };

    return cmocka_run_group_tests_name("matrix", tests, NULL, NULL);
}
