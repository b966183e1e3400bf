/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The golden vectors through the chip's own commands. A case sets the chip up
 * as its "in" says and asks the command; where the vendor's numbers cannot
 * reach a chip (its own random number, a signature without the key), the
 * test's model is checked against the vector here, and the chip against the
 * model in test_models.c.
 */
#include "vectors.h"

static uint8_t scratch[1300];

static void key_from(struct rig *r, const struct vector *c, const char *name,
                     unsigned slot)
{
    uint8_t key[32];

    assert_int_equal(vec_bytes(c->in, name, key, sizeof key), 32);
    poke_slot(r, slot & 15, 0, key, 32);
}

static void tempkey_from(struct rig *r, const struct vector *c, uint8_t flags)
{
    uint8_t tk[32];

    assert_int_equal(vec_bytes(c->in, "temp_key", tk, sizeof tk), 32);
    poke_tempkey(r, tk, 32,
                 (uint8_t)(flags |
                           (vec_has(c->in, "source_flag") &&
                                            vec_int(c->in, "source_flag") != 0
                                    ? 0x10
                                    : 0)));
}

/* ------------------------------------------------------------- packets */

static enum verdict packet(struct rig *r, const struct vector *c)
{
    const char *hex = json_string_value(json_object_get(c->out, "packet"));

    (void)vec_packet(r, hex);
    assert_int_not_equal(hd_vchip_refusal(&r->chip)->why, HD_WHY_CRC);
    assert_int_not_equal(hd_vchip_refusal(&r->chip)->why, HD_WHY_LENGTH);
    assert_int_equal(r->chip.last_op, vec_int(c->in, "opcode"));
    return RAN;
}

static enum verdict crc16(struct rig *r, const struct vector *c)
{
    size_t len;
    uint16_t crc;
    uint8_t wire[2];

    (void)r;
    len = vec_bytes(c->in, "bytes", scratch, sizeof scratch);
    crc = v_crc(scratch, len);
    wire[0] = (uint8_t)crc;
    wire[1] = (uint8_t)(crc >> 8);
    assert_vec(c->out, "crc", wire, 2);
    return RAN;
}

/* ------------------------------------------------------------- MAC, HMAC */

static enum verdict mac(struct rig *r, const struct vector *c)
{
    uint8_t mode = (uint8_t)vec_int(c->in, "mode"), challenge[32];
    uint16_t key_id = (uint16_t)vec_int(c->in, "key_id");
    size_t len = (mode & 1) != 0 ? 0 : 32;

    key_from(r, c, "key", key_id);
    tempkey_from(r, c, 0);
    vec_bytes(c->in, "challenge", challenge, 32);
    if ((mode & 0x30) != 0) { /* OTP in the message: ATSHA204A only */
        expect_why(r, OP_MAC, mode, key_id, challenge, len, HD_WHY_PARAM1);
        return NO_CHIP_SIDE;
    }
    expect_ok(r, OP_MAC, mode, key_id, challenge, len);
    assert_vec(c->out, "response", r->answer, r->len);
    if ((mode & 3) != 0) {
        assert_int_equal(r->chip.tk.valid,
                         vec_int(c->out, "temp_key_valid_after"));
    }
    return RAN;
}

static enum verdict hmac(struct rig *r, const struct vector *c)
{
    uint8_t mode = (uint8_t)vec_int(c->in, "mode");
    uint16_t key_id = (uint16_t)vec_int(c->in, "key_id");

    key_from(r, c, "key", key_id);
    tempkey_from(r, c, 0);
    if ((mode & 0x30) != 0) {
        expect_why(r, OP_HMAC, mode, key_id, NULL, 0, HD_WHY_PARAM1);
        return NO_CHIP_SIDE;
    }
    expect_ok(r, OP_HMAC, mode, key_id, NULL, 0);
    assert_vec(c->out, "response", r->answer, r->len);
    return RAN;
}

static enum verdict checkmac(struct rig *r, const struct vector *c)
{
    uint8_t mode = (uint8_t)vec_int(c->in, "mode"), data[77];
    uint16_t key_id = (uint16_t)vec_int(c->in, "key_id");

    key_from(r, c, "slot_key", key_id);
    if (vec_has(c->in, "target_key")) {
        key_from(r, c, "target_key", key_id | 1U);
        if ((key_id & 1) != 0) { /* an odd key is its own target */
            key_from(r, c, "slot_key", key_id);
        }
    }
    tempkey_from(r, c, 0);
    vec_bytes(c->in, "client_chal", data, 32);
    vec_bytes(c->out, "client_resp", data + 32, 32);
    vec_bytes(c->in, "other_data", data + 64, 13);
    if ((mode & 0x20) != 0) {
        expect_why(r, OP_CHECKMAC, mode, key_id, data, 77, HD_WHY_PARAM1);
        return NO_CHIP_SIDE;
    }
    expect_ok(r, OP_CHECKMAC, mode, key_id, data, 77);
    if (vec_has(c->out, "temp_key") && (key_id & 1) == 0) {
        assert_vec(c->out, "temp_key", r->chip.tk.bytes, 32);
        assert_int_equal(r->chip.tk.source_input,
                         vec_int(c->out, "source_flag"));
        assert_int_equal(r->chip.tk.valid, vec_int(c->out, "valid"));
        assert_false(r->chip.tk.gendig_data);
    }
    data[32] ^= 1;
    tempkey_from(r, c, 0);
    expect_why(r, OP_CHECKMAC, mode, key_id, data, 77, HD_WHY_MAC_MISMATCH);
    return RAN;
}

/* ------------------------------------------------------ GenDig, DeriveKey */

static void gendig_source(struct rig *r, const struct vector *c, unsigned zone,
                          uint16_t key_id)
{
    uint8_t value[32];

    if (vec_has(c->in, "stored_value")) {
        vec_bytes(c->in, "stored_value", value, 32);
        if (zone == 0) {
            memcpy(r->chip.ee + 32 * key_id, value, 32);
        } else if (zone == 1) {
            memcpy(r->chip.ee + 128 + 32 * key_id, value, 32);
        } else {
            poke_slot(r, key_id & 15, 0, value, 32);
        }
    }
    if (zone == 5) {
        poke_slot_config(r, key_id, (unsigned)vec_int(c->in, "slot_config"));
        poke_key_config(r, key_id, (unsigned)vec_int(c->in, "key_config"));
        poke_config16(r, 88,
                      vec_int(c->in, "slot_locked_byte") != 0 ? 0xFFFF : 0);
    }
    if (vec_int(c->in, "nomac") != 0) {
        poke_slot_config(r, key_id & 15, 0x0010);
    }
}

/* The counter that shows n, by the formula of docs/chip part 1, 7.5. */
static void poke_counter(struct rig *r, unsigned id, unsigned n)
{
    uint8_t *p = r->chip.ee + 52 + 8 * id;
    unsigned shift_a = n % 32, shift_b = (n - 16) % 32;
    unsigned words[4] = {shift_a < 16 ? 0xFFFFU >> shift_a : 0,
                         n < 16         ? 0xFFFFU
                         : shift_b < 16 ? 0xFFFFU >> shift_b
                                        : 0,
                         n / 32, n < 16 ? 0 : (n - 16) / 32};

    for (unsigned i = 0; i < 4; i++) {
        p[2 * i] = (uint8_t)(words[i] >> 8);
        p[2 * i + 1] = (uint8_t)words[i];
    }
}

static enum verdict gendig(struct rig *r, const struct vector *c)
{
    uint8_t zone = (uint8_t)vec_int(c->in, "zone");
    uint16_t key_id = (uint16_t)vec_int(c->in, "key_id");
    size_t len = 0;
    uint8_t sn[9];
    bool on_host = zone == 2 && key_id > 15; /* the model, not the chip */

    gendig_source(r, c, zone, key_id);
    if (zone == 0 && key_id == 0) {
        return NO_CHIP_SIDE; /* block 0 holds the serial number itself */
    }
    vec_bytes(c->in, "sn", sn, 9);
    poke_serial(r, sn);
    if (vec_has(c->in, "counter")) {
        poke_counter(r, key_id, (unsigned)vec_int(c->in, "counter"));
    }
    if (vec_has(c->in, "other_data")) {
        len = vec_bytes(c->in, "other_data", scratch, 32);
    }
    if (zone == 0) {
        poke_locks(r, LOCKED); /* a block of the zone may say otherwise */
    }
    tempkey_from(r, c, 0);
    if (key_id >= 0x8000 && zone == 2) {
        expect_why(r, OP_GENDIG, zone, key_id, scratch, len,
                   HD_WHY_TRANSPORT_KEY);
        return NO_CHIP_SIDE;
    }
    expect_ok(r, OP_GENDIG, zone, key_id, scratch, len);
    assert_vec(c->out, "temp_key", r->chip.tk.bytes, 32);
    assert_int_equal(r->chip.tk.source_input, vec_int(c->out, "source_flag"));
    assert_int_equal(r->chip.tk.no_mac, vec_int(c->out, "no_mac_flag"));
    if (!on_host) {
        assert_int_equal(r->chip.tk.gendig_data,
                         vec_int(c->out, "gen_dig_data"));
        assert_int_equal(r->chip.tk.key_id, vec_int(c->out, "key_id"));
    }
    return RAN;
}

/* source: Roll takes the key from the target, Create from the parent. */
static void derive(struct rig *r, const struct vector *c, unsigned config)
{
    uint8_t mode = (uint8_t)vec_int(c->in, "mode"), mac_bytes[32];
    unsigned target = (unsigned)vec_int(c->in, "target_key_id");
    unsigned parent = target == 6 ? 5 : 6;

    poke_slot_config(r, target, config | parent << 8);
    key_from(r, c, "parent_key", parent);
    key_from(r, c, "source_key", target);
    tempkey_from(r, c, 0);
    vec_bytes(c->out, "mac", mac_bytes, 32);
    expect_ok(r, OP_DERIVEKEY, mode, (uint16_t)target, mac_bytes,
              (config & 0x8000) != 0 ? 32 : 0);
    assert_vec(c->out, "derived_key", slot_bytes(&r->chip, target), 32);
    assert_int_equal(r->chip.tk.valid, vec_int(c->out, "temp_key_valid_after"));
}

static enum verdict derivekey(struct rig *r, const struct vector *c)
{
    static const unsigned configs[] = {0x2080, 0xA080, 0x3080, 0xB080};

    for (size_t i = 0; i < 4; i++) {
        derive(r, c, configs[i]);
    }
    return RAN;
}

/* -------------------------------------------------------------- KDF, AES */

static enum verdict kdf(struct rig *r, const struct vector *c)
{
    static const char *const names[] = {"PRF", "AES", "HKDF"};
    const char *alg = json_string_value(json_object_get(c->in, "alg"));
    uint32_t details = (uint32_t)vec_int(c->in, "details");
    uint8_t key[64] = {0}, data[4 + 128];
    size_t len, which = 0;

    assert_non_null(alg);
    while (which < 2 && strcmp(names[which], alg) != 0) {
        which++;
    }
    poke_config16(r, 90, 0x0004);
    vec_bytes(c->in, "key", key, sizeof key);
    for (size_t i = 0; i < 4; i++) {
        data[i] = (uint8_t)(details >> 8 * i);
    }
    len = vec_bytes(c->in, "message", data + 4, 128);
    expect_ok(r, OP_NONCE, 0x23, 0, key, 64);
    expect_ok(r, OP_KDF, (uint8_t)(which << 5 | 4 << 2), 0, data, 4 + len);
    assert_vec(c->out, "result", r->answer, r->len);
    poke_slot(r, 9, 0, key, 64); /* the same from a slot */
    expect_ok(r, OP_KDF, (uint8_t)(which << 5 | 4 << 2 | 2), 9, data, 4 + len);
    assert_vec(c->out, "result", r->answer, r->len);
    return RAN;
}

static enum verdict aes(struct rig *r, const struct vector *c)
{
    const char *op = json_string_value(json_object_get(c->in, "op"));
    uint8_t data[32], key[64] = {0};
    uint8_t mode = op[0] == 'e' ? 0 : 1;

    if (vec_has(c->in, "h")) {
        vec_bytes(c->in, "h", data, 16);
        vec_bytes(c->in, "input", data + 16, 16);
        expect_ok(r, OP_AES, 3, 0, data, 32);
        assert_vec(c->out, "output", r->answer, r->len);
        return RAN;
    }
    vec_bytes(c->in, "key", key + 48, 16);
    vec_bytes(c->in, "input", data, 16);
    expect_ok(r, OP_NONCE, 0x23, 0, key, 64);
    expect_ok(r, OP_AES, mode | 0xC0, 0xFFFF, data, 16);
    assert_vec(c->out, "output", r->answer, r->len);
    poke_key_config(r, 3, 0x0018);
    poke_slot(r, 3, 16, key + 48, 16);
    expect_ok(r, OP_AES, mode | 0x40, 3, data, 16);
    assert_vec(c->out, "output", r->answer, r->len);
    return RAN;
}

/* -------------------------------------------------------------------- SHA */

static void sha_feed(struct rig *r, const uint8_t *data, size_t len,
                     size_t leave)
{
    for (; len > leave; data += 64, len -= 64) {
        size_t part = len < 64 ? len : 64;

        expect_ok(r, OP_SHA, 1, (uint16_t)part, data, part);
        if (part < 64) {
            return;
        }
    }
    if (leave > 0) {
        expect_ok(r, OP_SHA, 2, (uint16_t)len, data, len);
    }
}

static enum verdict sha(struct rig *r, const struct vector *c)
{
    const char *op = json_string_value(json_object_get(c->in, "op"));
    uint8_t message[300];
    size_t len = vec_bytes(c->in, "message", message, sizeof message);

    if (strcmp(op, "hmac") == 0) {
        key_from(r, c, "key", 4);
        expect_ok(r, OP_SHA, 4, 4, NULL, 0);
    } else {
        expect_ok(r, OP_SHA, 0, 0, NULL, 0);
    }
    if (strcmp(op, "context") != 0) {
        sha_feed(r, message, len, 64);
        assert_vec(c->out, "digest", r->answer, r->len);
        return RAN;
    }
    sha_feed(r, message, len, 0);
    expect_ok(r, OP_SHA, 6, 0, NULL, 0);
    assert_vec(c->out, "context", r->answer, r->len);
    return RAN;
}

/* ------------------------------------------- encrypted reads and writes */

static enum verdict read_enc(struct rig *r, const struct vector *c)
{
    unsigned key = (unsigned)vec_int(c->in, "read_key_id");
    uint8_t tk[32], plain[32];

    vec_bytes(c->out, "session_temp_key", tk, 32);
    vec_bytes(c->out, "plaintext", plain, 32);
    poke_slot_config(r, 9, 0x00C0 | key);
    poke_slot(r, 9, 32, plain, 32);
    poke_tempkey(r, tk, 32, (uint8_t)(0x20 | key));
    expect_ok(r, OP_READ, 0x82, 0x0148, NULL, 0);
    assert_vec(c->in, "response", r->answer, r->len);
    return RAN;
}

static enum verdict write_enc(struct rig *r, const struct vector *c)
{
    unsigned key = (unsigned)vec_int(c->in, "write_key_id");
    uint16_t address = (uint16_t)vec_int(c->in, "address");
    unsigned slot = address >> 3 & 15, offset = 32U * (address >> 8);
    uint8_t zone = (uint8_t)vec_int(c->in, "zone"), tk[32], data[64] = {0};
    size_t present = slot < 8 && offset == 32 ? 4 : 32;

    if (offset >= slot_size(slot)) { /* no such block: the host's sum alone */
        expect_why(r, OP_WRITE, zone, address, data, 64, HD_WHY_ADDRESS);
        return NO_CHIP_SIDE;
    }
    present = slot > 8 && offset == 64 ? 8 : present;
    vec_bytes(c->out, "session_temp_key", tk, 32);
    vec_bytes(c->out, "ciphertext", data, 32);
    vec_bytes(c->out, "mac", data + 32, 32);
    poke_slot_config(r, slot, 0x4080 | key << 8);
    poke_tempkey(r, tk, 32, (uint8_t)(0x20 | key));
    expect_ok(r, OP_WRITE, zone, address, data, 64);
    vec_bytes(c->in, "plaintext", scratch, 32);
    assert_memory_equal(slot_bytes(&r->chip, slot) + offset, scratch, present);
    data[40] ^= 1;
    poke_tempkey(r, tk, 32, (uint8_t)(0x20 | key));
    expect_why(r, OP_WRITE, zone, address, data, 64, HD_WHY_WRITE_MAC);
    return RAN;
}

static enum verdict privwrite(struct rig *r, const struct vector *c)
{
    uint16_t slot = (uint16_t)vec_int(c->in, "key_id");
    uint8_t zone = (uint8_t)vec_int(c->in, "zone"), tk[32], data[68];

    vec_bytes(c->in, "temp_key", tk, 32);
    vec_bytes(c->out, "ciphertext", data, 36);
    vec_bytes(c->out, "mac", data + 36, 32);
    poke_slot_config(r, slot, 0x4480); /* with the key in slot 4 */
    poke_key_config(r, slot, 0x0013);
    poke_tempkey(r, tk, 32, 0x24);
    expect_ok(r, OP_PRIVWRITE, zone, slot, data, 68);
    assert_vec(c->in, "private_36", slot_bytes(&r->chip, slot), 36);
    data[67] ^= 1;
    poke_tempkey(r, tk, 32, 0x24);
    expect_why(r, OP_PRIVWRITE, zone, slot, data, 68, HD_WHY_WRITE_MAC);
    return RAN;
}

static enum verdict ec_pubkey(struct rig *r, const struct vector *c)
{
    uint8_t data[68] = {0};

    vec_bytes(c->in, "private_36", data, 36);
    poke_slot_config(r, 0, 0x0080);
    poke_key_config(r, 0, 0x0013);
    poke_locks(r, CONFIG_LOCKED);
    expect_ok(r, OP_PRIVWRITE, 0, 0, data, 68);
    expect_ok(r, OP_GENKEY, 0, 0, NULL, 0);
    assert_vec(c->out, "public", r->answer, r->len);
    return RAN;
}

/* ------------------------------------------------------------- the zones */

static enum verdict counter(struct rig *r, const struct vector *c)
{
    uint16_t id;
    long value;
    json_t *packets = json_object_get(c->out, "write_packets");

    if (!vec_has(c->in, "value")) {
        return NO_CHIP_SIDE; /* CountMatch: see test_uses */
    }
    id = (uint16_t)vec_int(c->in, "counter_id");
    value = vec_int(c->in, "value");
    poke_locks(r, OPEN);
    for (size_t i = 0; i < json_array_size(packets); i++) {
        assert_int_equal(
                vec_packet(r, json_string_value(json_array_get(packets, i))),
                0);
    }
    assert_vec(c->out, "bytes", r->chip.ee + 52 + 8 * id, 8);
    expect_ok(r, OP_COUNTER, 0, id, NULL, 0);
    assert_int_equal(r->answer[0] | r->answer[1] << 8 | r->answer[2] << 16,
                     value);
    poke_locks(r, LOCKED);
    if (value > 0) { /* and the step that leads there */
        poke_counter(r, id, (unsigned)value - 1);
        expect_ok(r, OP_COUNTER, 1, id, NULL, 0);
        assert_vec(c->out, "bytes", r->chip.ee + 52 + 8 * id, 8);
    }
    return RAN;
}

static void load_data_zone(struct rig *r, const struct vector *c)
{
    json_t *slots = json_object_get(c->in, "slots");
    long mask = vec_int(c->in, "private_slot_mask");

    for (unsigned slot = 0; slot < 16; slot++) {
        const char *hex = json_string_value(json_array_get(slots, slot));
        int used;

        for (size_t i = 0; hex != NULL && hex[2 * i] != '\0'; i++) {
            sscanf(hex + 2 * i, "%2hhx%n", &slot_bytes(&r->chip, slot)[i],
                   &used);
        }
        poke_key_config(r, slot, (mask >> slot & 1) != 0 ? 0x0013 : 0x001C);
    }
    vec_bytes(c->in, "otp", r->chip.ee + 128, 64);
}

static enum verdict lock_crc(struct rig *r, const struct vector *c)
{
    bool data = json_string_value(json_object_get(c->in, "zone"))[0] == 'd';
    const char *hex = json_string_value(json_object_get(c->out, "lock_packet"));
    uint16_t crc = (uint16_t)vec_int(c->out, "summary");

    if (data) {
        load_data_zone(r, c);
        poke_locks(r, CONFIG_LOCKED);
    } else {
        vec_bytes(c->in, "bytes", r->chip.ee, 128);
    }
    expect_why(r, OP_LOCK, data, crc ^ 1, NULL, 0, HD_WHY_LOCK_CRC);
    assert_int_equal(vec_packet(r, hex), 0);
    assert_int_equal(r->chip.ee[data ? 86 : 87], 0);
    return RAN;
}

static enum verdict updateextra(struct rig *r, const struct vector *c)
{
    r->chip.ee[84] = (uint8_t)vec_int(c->in, "byte84");
    r->chip.ee[85] = (uint8_t)vec_int(c->in, "byte85");
    assert_int_equal(
            vec_packet(r, json_string_value(json_object_get(c->out, "packet"))),
            vec_int(c->out, "status"));
    assert_int_equal(r->chip.ee[84], vec_int(c->out, "byte84"));
    assert_int_equal(r->chip.ee[85], vec_int(c->out, "byte85"));
    return RAN;
}

static enum verdict nonce(struct rig *r, const struct vector *c)
{
    uint8_t mode = (uint8_t)vec_int(c->in, "mode"), data[32];
    uint16_t p2 = (uint16_t)vec_int(c->in, "param2");
    size_t len = vec_bytes(c->in, "num_in", data, sizeof data);

    if (mode < 2 && p2 == 0) {
        uint8_t pattern[32];

        vec_bytes(c->in, "rand_out", pattern, 32);
        if (pattern[0] != 0xFF || pattern[2] != 0x00) {
            return NO_CHIP_SIDE; /* its own random number: test_models */
        }
        poke_locks(r, OPEN);
    }
    if (p2 != 0) {
        tempkey_from(r, c, 0);
    }
    expect_ok(r, OP_NONCE, mode, p2, data, len);
    assert_vec(c->out, "temp_key", r->chip.tk.bytes, 32);
    if (vec_has(c->out, "response")) {
        assert_vec(c->out, "response", r->answer, r->len);
    }
    if (vec_has(c->out, "source_flag")) {
        assert_int_equal(r->chip.tk.source_input,
                         vec_int(c->out, "source_flag"));
        assert_true(r->chip.tk.valid);
        assert_int_equal(r->chip.tk.key_id, 0);
    }
    return RAN;
}

#define FAMILY(name, variant, fn)                                              \
    static void test_##fn##_##variant(void **state)                            \
    {                                                                          \
        (void)state;                                                           \
        run_vectors(name, #variant, fn);                                       \
    }
#define FAMILIES(X)                                                            \
    X("packets", 608b, packet)                                                 \
    X("crc16", 608b, crc16)                                                    \
    X("mac", 608b, mac)                                                        \
    X("mac", 508a, mac)                                                        \
    X("hmac", 508a, hmac)                                                      \
    X("checkmac", 608b, checkmac)                                              \
    X("checkmac", 508a, checkmac)                                              \
    X("gendig", 608b, gendig)                                                  \
    X("gendig", 508a, gendig)                                                  \
    X("derivekey", 608b, derivekey)                                            \
    X("derivekey", 508a, derivekey)                                            \
    X("kdf", 608b, kdf)                                                        \
    X("aes", 608b, aes)                                                        \
    X("sha", 608b, sha)                                                        \
    X("read_enc", 608b, read_enc)                                              \
    X("write_enc", 608b, write_enc)                                            \
    X("write_enc", 508a, write_enc)                                            \
    X("privwrite", 608b, privwrite)                                            \
    X("privwrite", 508a, privwrite)                                            \
    X("ec_pubkey", 608b, ec_pubkey)                                            \
    X("counter", 608b, counter)                                                \
    X("counter", 508a, counter)                                                \
    X("lock_crc", 608b, lock_crc)                                              \
    X("updateextra", 608b, updateextra)                                        \
    X("nonce", 608b, nonce)                                                    \
    X("nonce", 508a, nonce)
FAMILIES(FAMILY)

#define ENTRY(name, variant, fn)                                               \
    {"test_" name "_vectors_hold_on_a_" #variant, test_##fn##_##variant, NULL, \
     NULL, NULL},

int main(void)
{
    const struct CMUnitTest tests[] = {FAMILIES(ENTRY)};

    return cmocka_run_group_tests_name("vectors", tests, NULL, NULL);
}
