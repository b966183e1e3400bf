/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an owner can do before a command, and the other ways to say the same
 * thing. None of it knows when it helps: the virtual chip says.
 */
#include "inner.h"

/* Stands for whatever the caller has to sign, to send or to store. */
static const uint8_t sample[32] = {
        0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A,
        0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
        0x16, 0x17, 0x18, 0x19, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E, 0x1F};

/* ----------------------------------------------------------- preparations */

static bool nonce_random(struct seeker *s, int key)
{
    (void)key;
    return do_nonce_random(&s->a);
}

static bool nonce_fixed(struct seeker *s, int key)
{
    (void)key;
    return do_nonce_fixed(&s->a, sample);
}

/* Pass-through: 64 bytes, or into another register. */
static bool nonce_to(struct seeker *s, uint8_t mode, size_t len)
{
    uint8_t data[64];

    memcpy(data, sample, 32);
    memcpy(data + 32, sample, 32);
    return send_command(&s->a, OP_NONCE, mode, 0, data, len);
}

static bool nonce_wide(struct seeker *s, int key)
{
    (void)key;
    return nonce_to(s, 0x23, 64);
}

static bool nonce_digest(struct seeker *s, int key)
{
    (void)key;
    return nonce_to(s, 0x43, 32);
}

static bool nonce_digest_wide(struct seeker *s, int key)
{
    (void)key;
    return nonce_to(s, 0x63, 64);
}

static bool nonce_altkey(struct seeker *s, int key)
{
    (void)key;
    return nonce_to(s, 0x83, 32);
}

static bool fresh_wake(struct seeker *s, int key)
{
    (void)key;
    send_sleep(&s->a);
    send_wake(&s->a);
    return true;
}

static bool power_cycle(struct seeker *s, int key)
{
    struct actor *a = &s->a;
    unsigned at = a->count;

    (void)key;
    send_wake(a); /* takes the place of the step */
    if (a->overflow) {
        return false;
    }
    a->steps[at].kind = HD_MOMENT_POWER + 8;
    hd_vchip_power(&a->l.chip, false);
    hd_vchip_power(&a->l.chip, true);
    link_wake(&a->l);
    return true;
}

static bool gendig_random(struct seeker *s, int key)
{
    return do_nonce_random(&s->a) && do_gendig(&s->a, key);
}

static bool gendig_fixed(struct seeker *s, int key)
{
    return do_nonce_fixed(&s->a, sample) && do_gendig(&s->a, key);
}

static bool gendig_config(struct seeker *s, int key)
{
    (void)key;
    return do_nonce_random(&s->a) &&
           send_command(&s->a, OP_GENDIG, 0x00, 0, NULL, 0);
}

static bool genkey_digest(struct seeker *s, int key)
{
    (void)key;
    return s->slot >= 0 && do_nonce_random(&s->a) &&
           send_command(&s->a, OP_GENKEY, 0x08, (unsigned)s->slot, NULL, 0);
}

static bool stored_digest(struct seeker *s, int key)
{
    static const uint8_t other[3] = {0};

    (void)key;
    return s->slot >= 0 && do_nonce_random(&s->a) &&
           send_command(&s->a, OP_GENKEY, 0x10, (unsigned)s->slot, other, 3);
}

static bool create_key(struct seeker *s, int key)
{
    (void)key;
    return s->slot >= 0 &&
           send_command(&s->a, OP_GENKEY, 0x04, (unsigned)s->slot, NULL, 0);
}

static bool create_temporary(struct seeker *s, int key)
{
    (void)key;
    return send_command(&s->a, OP_GENKEY, 0x04, 0xFFFF, NULL, 0);
}

static bool authorised(struct seeker *s, int key)
{
    return authorise(&s->a, key);
}

static bool latched(struct seeker *s, int key)
{
    (void)key;
    return do_latch(&s->a);
}

static bool sha_start(struct seeker *s, int key)
{
    (void)key;
    return send_command(&s->a, OP_SHA, 0x00, 0, NULL, 0);
}

static bool lock_config(struct seeker *s, int key)
{
    (void)key;
    return s->irreversible && s->a.l.chip.ee[87] == 0x55 &&
           send_command(&s->a, OP_LOCK, 0x80, 0, NULL, 0);
}

static bool lock_data(struct seeker *s, int key)
{
    (void)key;
    return s->irreversible && send_command(&s->a, OP_LOCK, 0x81, 0, NULL, 0);
}

/* Verify(Validate or Invalidate) over the key in the slot, signed by its
 * parent: the bytes of a validated key change only while it is invalid. */
static bool change_validity(struct seeker *s, uint8_t mode)
{
    struct actor *a = &s->a;
    uint8_t m[128] = {0}, t[55] = {0}, data[83] = {0}, digest[32];

    if (!stored_digest(s, -1)) {
        return false;
    }
    memcpy(m, a->tempkey, 32);
    m[32] = OP_GENKEY;
    m[36] = a->sn[8];
    m[37] = a->sn[0];
    m[38] = a->sn[1];
    memcpy(m + 64, a->own_xy, 64);
    a_sha256(m, sizeof m, t);
    t[32] = OP_SIGN;
    t[43] = a->sn[8];
    t[48] = a->sn[0];
    t[49] = a->sn[1];
    t[53] = mode == 0x07;
    data[64 + 17] = mode == 0x07;
    a_sha256(t, sizeof t, digest);
    return a_sign(a->own_d, digest, data) &&
           send_command(a, OP_VERIFY, mode, (unsigned)s->slot, data,
                        sizeof data);
}

static bool invalidate(struct seeker *s, int key)
{
    (void)key;
    return change_validity(s, 0x07);
}

static bool validate(struct seeker *s, int key)
{
    (void)key;
    return change_validity(s, 0x03);
}

/* What can be undone comes first: the first sequence found is the answer. */
const struct preparation preparations[] = {
        {nonce_fixed, false, false},       {nonce_random, false, false},
        {nonce_wide, false, false},        {nonce_digest, false, false},
        {nonce_digest_wide, false, false}, {nonce_altkey, false, false},
        {sha_start, false, false},         {latched, false, false},
        {fresh_wake, false, false},        {power_cycle, false, false},
        {genkey_digest, false, false},     {stored_digest, false, false},
        {create_temporary, false, false},  {gendig_config, false, false},
        {authorised, true, false},         {gendig_random, true, false},
        {gendig_fixed, true, false},       {validate, false, false},
        {invalidate, false, false},        {create_key, false, true},
        {lock_config, false, true},        {lock_data, false, true},
};
const unsigned preparation_count = sizeof preparations / sizeof preparations[0];

/* ------------------------------------------------------------------ forms */

static bool as_it_was(struct seeker *s)
{
    return send_command(&s->a, s->op, s->p1, s->p2, s->data, s->data_len);
}

/* Bits of param1 that say how, not what. Of MAC and CheckMac also bit 0: the
 * challenge from TempKey in place of the data. */
static const struct {
    uint8_t op, bits;
} manners[] = {
        {OP_READ, 0x80},   {OP_SIGN, 0x20},       {OP_MAC, 0x05},
        {OP_HMAC, 0x04},   {OP_CHECKMAC, 0x05},   {OP_DERIVEKEY, 0x04},
        {OP_ECDH, 0x0E},   {OP_VERIFY, 0x20},     {OP_KDF, 0x1C},
        {OP_GENDIG, 0x00}, {OP_SECUREBOOT, 0x80}, {OP_PRIVWRITE, 0x40},
};

static bool other_manner(struct seeker *s)
{
    uint8_t bits = 0;

    for (size_t i = 0; i < sizeof manners / sizeof manners[0]; i++) {
        bits = manners[i].op == s->op ? manners[i].bits : bits;
    }
    for (unsigned flip = 1; flip < 256; flip++) {
        unsigned at = s->a.count;

        bool from_tempkey = s->op == OP_MAC && ((s->p1 ^ flip) & 1) != 0;

        if ((flip & ~(unsigned)bits) != 0) {
            continue;
        }
        if (send_command(&s->a, s->op, (uint8_t)(s->p1 ^ flip), s->p2, s->data,
                         from_tempkey ? 0 : s->data_len)) {
            return true;
        }
        s->a.count = at;
    }
    return false;
}

/* The grammar of commands: only while that is what is refused, nearest
 * first. */
static unsigned bits_in(unsigned n)
{
    unsigned count = 0;

    for (; n != 0; n &= n - 1) {
        count++;
    }
    return count;
}

static bool other_mode(struct seeker *s)
{
    if (s->refused != HD_WHY_PARAM1) {
        return false;
    }
    for (unsigned distance = 1; distance <= 8; distance++) {
        for (unsigned flip = 1; flip < 256; flip++) {
            unsigned at = s->a.count;

            if (bits_in(flip) == distance &&
                send_command(&s->a, s->op, (uint8_t)(s->p1 ^ flip), s->p2,
                             s->data, s->data_len)) {
                return true;
            }
            s->a.count = at;
        }
    }
    return false;
}

static bool other_param2(struct seeker *s)
{
    uint8_t why = s->refused;

    if (why != HD_WHY_PARAM2 && why != HD_WHY_ADDRESS) {
        return false;
    }
    for (unsigned i = 0; i < 18; i++) {
        unsigned p2 = i < 16    ? s->p2 & ~(0x8000U >> i)
                      : i == 16 ? 0
                                : s->p2 & 0x00FFU;
        unsigned at = s->a.count;

        if (p2 != s->p2 &&
            send_command(&s->a, s->op, s->p1, p2, s->data, s->data_len)) {
            return true;
        }
        s->a.count = at;
    }
    return false;
}

static bool other_length(struct seeker *s)
{
    if (s->refused != HD_WHY_LENGTH) {
        return false;
    }
    for (size_t len = 0; len + 7 <= HD_V_GROUP_MAX; len++) {
        uint8_t data[HD_V_GROUP_MAX] = {0};
        unsigned at = s->a.count;

        memcpy(data, s->data, s->data_len < len ? s->data_len : len);
        if (len != s->data_len &&
            send_command(&s->a, s->op, s->p1, s->p2, data, len)) {
            return true;
        }
        if (len != s->data_len) {
            note_deeper(s); /* this length is right, and a rule refuses */
        }
        s->a.count = at;
    }
    return false;
}

/* ---------------------------------------------------- data with a key in it */

/* A 32-byte write, in clear and encrypted under what TempKey holds. */
static bool block_write(struct seeker *s)
{
    const unsigned block = s->p2 & ~7U;
    const uint8_t zone = s->p1 & 0x03;
    uint8_t data[64] = {0};
    unsigned at = s->a.count;

    if (s->op != OP_WRITE) {
        return false;
    }
    if (s->data_len == 4) {
        memcpy(data + (size_t)4 * (s->p2 & 7U), s->data, 4);
    } else {
        memcpy(data, s->data, s->data_len < 32 ? s->data_len : 32);
    }
    if ((s->p1 & 0x80) == 0 &&
        send_command(&s->a, OP_WRITE, zone | 0x80, block, data, 32)) {
        return true;
    }
    s->a.count = at;
    digest_96(&s->a, s->a.tempkey, OP_WRITE, zone | 0xC0, block, data, 32,
              data + 32);
    for (unsigned i = 0; i < 32; i++) {
        data[i] ^= s->a.tempkey[i];
    }
    return send_command(&s->a, OP_WRITE, zone | 0xC0, block, data, 64);
}

static bool private_write(struct seeker *s)
{
    struct actor *a = &s->a;
    uint8_t plain[36] = {0}, pad[32], data[68] = {0};
    unsigned at = a->count;

    if (s->op != OP_PRIVWRITE) {
        return false;
    }
    memcpy(plain + 4, a->own_d, 32);
    memcpy(data, plain, sizeof plain);
    if ((s->p1 & 0x40) == 0 &&
        send_command(a, OP_PRIVWRITE, 0x00, s->p2, data, sizeof data)) {
        return true;
    }
    a->count = at;
    a_sha256(a->tempkey, 32, pad);
    for (unsigned i = 0; i < 36; i++) {
        data[i] = plain[i] ^ (i < 32 ? a->tempkey[i] : pad[i - 32]);
    }
    digest_96(a, a->tempkey, OP_PRIVWRITE, 0x40, s->p2, plain, 36, data + 36);
    return send_command(a, OP_PRIVWRITE, 0x40, s->p2, data, sizeof data);
}

/* A response, a signature, a MAC that fits. */
static bool right_proof(struct seeker *s)
{
    struct actor *a = &s->a;
    uint8_t rs[64];

    if (s->op == OP_CHECKMAC) {
        return authorise(a, s->p2 & 0x0F);
    }
    return s->op == OP_VERIFY && (s->p1 & 0x07) == 0 &&
           a_sign(a->own_d, a->tempkey, rs) &&
           send_command(a, OP_VERIFY, s->p1, s->p2, rs, sizeof rs);
}

static bool derive_with_mac(struct seeker *s)
{
    struct actor *a = &s->a;

    for (unsigned key = 0; s->op == OP_DERIVEKEY && key < SLOTS; key++) {
        uint8_t m[39], mac[32];
        unsigned at = a->count;

        memcpy(m, a->known[key].value, 32);
        m[32] = OP_DERIVEKEY;
        m[33] = s->p1;
        m[34] = (uint8_t)s->p2;
        m[35] = 0;
        m[36] = a->sn[8];
        m[37] = a->sn[0];
        m[38] = a->sn[1];
        a_sha256(m, sizeof m, mac);
        if (send_command(a, OP_DERIVEKEY, s->p1, s->p2, mac, sizeof mac)) {
            return true;
        }
        a->count = at;
    }
    return false;
}

/* What the checksum of the data zone covers (docs/chip part 2, Lock). */
static size_t data_of(const uint8_t *ee, uint8_t out[HD_V_EEPROM_BYTES])
{
    size_t len = 0;

    for (unsigned slot = 0; slot < SLOTS; slot++) {
        if (!holds_private(ee, slot)) {
            memcpy(out + len, ee + slot_place(slot), slot_length(slot));
            len += slot_length(slot);
        }
    }
    memcpy(out + len, ee + HD_V_CONFIG_BYTES, HD_V_OTP_BYTES);
    return len + HD_V_OTP_BYTES;
}

static bool right_sum(struct seeker *s)
{
    const uint8_t *ee = s->a.l.chip.ee;
    uint8_t data[HD_V_EEPROM_BYTES];
    uint16_t sum;

    if (s->op != OP_LOCK || (s->p1 & 0x03) > 1) {
        return false;
    }
    sum = (s->p1 & 0x03) == 0 ? a_crc(ee, HD_V_CONFIG_BYTES)
                              : a_crc(data, data_of(ee, data));
    return send_command(&s->a, OP_LOCK, s->p1, sum, NULL, 0);
}

/* A point that is none, or of another length: one of our own in its place,
 * and where a signature belongs to it, ours as well. */
static bool right_point(struct seeker *s)
{
    const bool external = s->op == OP_VERIFY && (s->p1 & 0x07) == 0x02;
    uint8_t data[128] = {0};

    if (s->refused != HD_WHY_SLOT_BAD_PUBLIC &&
        s->refused != HD_WHY_ECC_FAULT && s->refused != HD_WHY_LENGTH &&
        s->refused != HD_WHY_SIGNATURE) {
        return false;
    }
    if (s->op == OP_ECDH) {
        return send_command(&s->a, s->op, s->p1, s->p2, s->a.own_xy, 64);
    }
    if (!external || !a_sign(s->a.own_d, s->a.tempkey, data)) {
        return false;
    }
    memcpy(data + 64, s->a.own_xy, 64);
    return send_command(&s->a, s->op, s->p1, s->p2, data, sizeof data);
}

form_fn *const forms[] = {as_it_was,       other_mode,  other_param2,
                          other_length,    block_write, private_write,
                          right_proof,     right_point, right_sum,
                          derive_with_mac, other_manner};
const unsigned form_count = sizeof forms / sizeof forms[0];
