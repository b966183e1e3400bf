/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ways to do something to a slot, and to a key in it. Each is what a
 * program with the bus would send; none looks into the chip. Public keys are
 * known to the attacker.
 */
#include "inner.h"

/* "attacker's own 32-byte value: 01" */
const uint8_t own_value[32] = {0x61, 0x74, 0x74, 0x61, 0x63, 0x6B, 0x65, 0x72,
                               0x27, 0x73, 0x20, 0x6F, 0x77, 0x6E, 0x20, 0x33,
                               0x32, 0x2D, 0x62, 0x79, 0x74, 0x65, 0x20, 0x76,
                               0x61, 0x6C, 0x75, 0x65, 0x3A, 0x20, 0x30, 0x31};

/* --------------------------------------------------------------- TempKey */

bool do_nonce_random(struct actor *a)
{
    uint8_t m[55] = {0};

    if (!send_command(a, OP_NONCE, 0x00, 0, m + 32, 20) || a->l.len != 32) {
        return false;
    }
    memcpy(m, a->l.answer, 32);
    m[52] = OP_NONCE;
    a_sha256(m, sizeof m, a->tempkey);
    return true;
}

bool do_nonce_fixed(struct actor *a, const uint8_t value[32])
{
    memcpy(a->tempkey, value, 32);
    return send_command(a, OP_NONCE, 0x03, 0, value, 32);
}

void digest_96(const struct actor *a, const uint8_t first[32], uint8_t op,
               uint8_t p1, unsigned p2, const void *last, size_t len,
               uint8_t digest[32])
{
    uint8_t m[96] = {0};

    memcpy(m, first, 32);
    m[32] = op;
    m[33] = p1;
    m[34] = (uint8_t)p2;
    m[35] = (uint8_t)(p2 >> 8);
    m[36] = a->sn[8];
    m[37] = a->sn[0];
    m[38] = a->sn[1];
    memcpy(m + 96 - len, last, len);
    a_sha256(m, sizeof m, digest);
}

bool do_gendig(struct actor *a, int key)
{
    const uint8_t other[4] = {OP_GENDIG, 0x02, (uint8_t)key, 0};

    digest_96(a, a->known[key].value, OP_GENDIG, 0x02, (unsigned)key,
              a->tempkey, 32, a->tempkey);
    return send_command(a, OP_GENDIG, 0x02, (unsigned)key, other, 4);
}

/* An authorisation serves once: each block of a slot needs another. */
static bool session(struct actor *a, int key)
{
    if (key < 0 || !a->known[key].have) {
        return false;
    }
    if (do_nonce_random(a) && do_gendig(a, key)) {
        return true;
    }
    return authorise_again(a) && do_nonce_random(a) && do_gendig(a, key);
}

/* The latch: by Info, for which a key may be asked. */
bool do_latch(struct actor *a)
{
    unsigned key;

    if (send_command(a, OP_INFO, 0x04, 0x0003, NULL, 0)) {
        return true;
    }
    key = (uint8_t)refusal(a)->slot;
    return refusal(a)->why == HD_WHY_LATCH_AUTH && key < SLOTS &&
           authorise(a, (int)key) &&
           send_command(a, OP_INFO, 0x04, 0x0003, NULL, 0);
}

/* ------------------------------------------------------------------- read */

static unsigned data_address(unsigned slot, unsigned block)
{
    return slot << 3 | block << 8;
}

static bool read_clear(struct actor *a, unsigned slot, int key)
{
    (void)key;
    if (!send_command(a, OP_READ, 0x82, data_address(slot, 0), NULL, 0)) {
        return false;
    }
    claim(a, a->l.answer, 32);
    return true;
}

static bool read_encrypted(struct actor *a, unsigned slot, int key)
{
    uint8_t plain[32];

    if (!session(a, key) ||
        !send_command(a, OP_READ, 0x82, data_address(slot, 0), NULL, 0)) {
        return false;
    }
    for (unsigned i = 0; i < 32; i++) {
        plain[i] = a->l.answer[i] ^ a->tempkey[i];
    }
    claim(a, plain, sizeof plain);
    return true;
}

/* ------------------------------------------------------------------ write */

/* What he puts there: his public key where one belongs. */
static size_t wanted(const struct actor *a, unsigned slot, uint8_t out[96])
{
    memset(out, 0, 96);
    if (holds_public(a->config, slot)) {
        stored_form(a->own_xy, out);
        return 72;
    }
    memcpy(out, own_value, 32);
    out[31] = (uint8_t)('A' + slot); /* another one for every slot */
    return 32;
}

bool write_clear(struct actor *a, unsigned slot, int key)
{
    uint8_t value[96];
    size_t len = wanted(a, slot, value);

    (void)key;
    for (unsigned block = 0; 32 * block < len; block++) {
        if (!send_command(a, OP_WRITE, 0x82, data_address(slot, block),
                          value + (size_t)32 * block, 32)) {
            return false;
        }
    }
    claim(a, value, len);
    return true;
}

static bool write_block(struct actor *a, unsigned address, int key,
                        const uint8_t plain[32])
{
    uint8_t data[64];

    if (!session(a, key)) {
        return false;
    }
    for (unsigned i = 0; i < 32; i++) {
        data[i] = plain[i] ^ a->tempkey[i];
    }
    digest_96(a, a->tempkey, OP_WRITE, 0xC2, address, plain, 32, data + 32);
    return send_command(a, OP_WRITE, 0xC2, address, data, sizeof data);
}

bool write_encrypted(struct actor *a, unsigned slot, int key)
{
    uint8_t value[96];
    size_t len = wanted(a, slot, value);

    for (unsigned block = 0; 32 * block < len; block++) {
        if (!write_block(a, data_address(slot, block), key,
                         value + (size_t)32 * block)) {
            return false;
        }
    }
    claim(a, value, len);
    return true;
}

static bool priv_write(struct actor *a, unsigned slot, int key)
{
    uint8_t plain[36] = {0}, pad[32], m[96] = {0}, data[68];

    memcpy(plain + 4, a->own_d, 32);
    if (!session(a, key)) {
        return false;
    }
    a_sha256(a->tempkey, 32, pad);
    for (unsigned i = 0; i < 36; i++) {
        data[i] = plain[i] ^ (i < 32 ? a->tempkey[i] : pad[i - 32]);
    }
    memcpy(m, a->tempkey, 32);
    m[32] = OP_PRIVWRITE;
    m[33] = 0x40;
    m[34] = (uint8_t)slot;
    m[36] = a->sn[8];
    m[37] = a->sn[0];
    m[38] = a->sn[1];
    memcpy(m + 60, plain, 36);
    a_sha256(m, sizeof m, data + 36);
    if (!send_command(a, OP_PRIVWRITE, 0x40, slot, data, sizeof data)) {
        return false;
    }
    claim(a, plain + 4, 32);
    return true;
}

/* The private key below this slot agrees on a secret and puts it here. */
static bool ecdh_next(struct actor *a, unsigned slot, int key)
{
    uint8_t secret[32], owner[64];
    unsigned from = slot - 1;

    (void)key;
    if ((slot & 1) == 0 || !holds_private(a->config, from)) {
        return false;
    }
    if ((!send_command(a, OP_ECDH, 0x00, from, a->own_xy, 64) &&
         !send_command(a, OP_ECDH, 0x04, from, a->own_xy, 64)) ||
        a->l.len != 1) {
        return false; /* refused, or the result went out */
    }
    if (!a_public(a->before + slot_place(from) + 4, owner) ||
        !a_ecdh(a->own_d, owner, secret)) {
        return false;
    }
    claim(a, secret, sizeof secret);
    return true;
}

static bool ecdh_temporary(struct actor *a, unsigned slot, int key)
{
    uint8_t secret[32], peer[64];

    (void)key;
    if (!send_command(a, OP_GENKEY, 0x04, 0xFFFF, NULL, 0)) {
        return false;
    }
    memcpy(peer, a->l.answer, sizeof peer);
    if (!send_command(a, OP_ECDH, 0x05, slot, a->own_xy, 64) ||
        !a_ecdh(a->own_d, peer, secret)) {
        return false;
    }
    claim(a, secret, sizeof secret);
    return true;
}

/* HKDF from a TempKey he chose, into the slot. */
static bool kdf_into(struct actor *a, unsigned slot, int key)
{
    uint8_t data[36] = {0x02, 0, 0, 32}, result[32];

    (void)key;
    memcpy(data + 4, own_value, 32);
    a_hmac(own_value, own_value, 32, result);
    if (!do_nonce_fixed(a, own_value) ||
        !send_command(a, OP_KDF, 0x48, slot << 8, data, sizeof data)) {
        return false;
    }
    claim(a, result, sizeof result);
    return true;
}

/* ----------------------------------------------------------- DeriveKey */

static bool derive_once(struct actor *a, unsigned slot, int key)
{
    uint8_t m[39], mac[32];

    if (!do_nonce_random(a)) {
        return false;
    }
    if (send_command(a, OP_DERIVEKEY, 0x00, slot, NULL, 0)) {
        return true;
    }
    if (key < 0 || !a->known[key].have || refusal(a)->why != HD_WHY_LENGTH ||
        !do_nonce_random(a)) {
        return false;
    }
    memcpy(m, a->known[key].value, 32);
    m[32] = OP_DERIVEKEY;
    m[33] = 0x00;
    m[34] = (uint8_t)slot;
    m[35] = 0;
    m[36] = a->sn[8];
    m[37] = a->sn[0];
    m[38] = a->sn[1];
    a_sha256(m, sizeof m, mac);
    return send_command(a, OP_DERIVEKEY, 0x00, slot, mac, sizeof mac);
}

/* What it took to have the keys may have used an authorisation up. */
static bool derive(struct actor *a, unsigned slot, int key)
{
    return derive_once(a, slot, key) ||
           (authorise_again(a) && derive_once(a, slot, key));
}

/* The new key is known to who knows the old one (Roll), or the parent. The
 * key of the MAC, if one is asked, is the parent's in both cases. */
static bool derive_known(struct actor *a, unsigned slot, int key)
{
    bool create = field_of(a->config, 20 + 2 * slot, 0x1000) != 0;
    int parent = (int)field_of(a->config, 20 + 2 * slot, 0x0F00);
    int source = create ? parent : (int)slot;
    uint8_t value[32];

    if (key != parent && key != source) {
        return false; /* it would open nothing here */
    }
    if (!a->known[source].have || !acquire(a, source) ||
        !derive(a, slot, key)) {
        return false;
    }
    digest_96(a, a->known[source].value, OP_DERIVEKEY, 0x00, slot, a->tempkey,
              32, value);
    claim(a, value, sizeof value);
    return true;
}

/* -------------------------------------------------------- private keys */

static bool regenerate(struct actor *a, unsigned slot, int key)
{
    (void)key;
    return send_command(a, OP_GENKEY, 0x04, slot, NULL, 0);
}

static bool sign(struct actor *a, unsigned slot, int key)
{
    (void)key;
    if (!do_nonce_fixed(a, own_value) ||
        !send_command(a, OP_SIGN, 0x80, slot, NULL, 0)) {
        return false;
    }
    claim(a, own_value, 32);
    return true;
}

static bool sign_buffer(struct actor *a, unsigned slot, int key)
{
    (void)key;
    if (!send_command(a, OP_NONCE, 0x43, 0, own_value, 32) ||
        !send_command(a, OP_SIGN, 0xA0, slot, NULL, 0)) {
        return false;
    }
    claim(a, own_value, 32);
    return true;
}

/* An internal message: over a digest that the chip made itself. */
static bool report(struct actor *a, unsigned slot, int key)
{
    (void)key;
    if (do_nonce_random(a) && send_command(a, OP_GENKEY, 0x08, slot, NULL, 0) &&
        send_command(a, OP_SIGN, 0x00, slot, NULL, 0)) {
        return true;
    }
    for (unsigned from = 0; from < SLOTS; from++) {
        const uint8_t other[4] = {OP_GENDIG, 0x02, (uint8_t)from, 0};

        if (do_nonce_random(a) &&
            send_command(a, OP_GENDIG, 0x02, from, other, 4)) {
            return send_command(a, OP_SIGN, 0x00, slot, NULL, 0);
        }
    }
    return false;
}

static bool agree(struct actor *a, unsigned slot, int key)
{
    (void)key;
    if ((!send_command(a, OP_ECDH, 0x00, slot, a->own_xy, 64) &&
         !send_command(a, OP_ECDH, 0x0C, slot, a->own_xy, 64)) ||
        a->l.len != 32) {
        return false;
    }
    claim(a, a->l.answer, 32);
    return true;
}

/* The result leaves encrypted; he has the IO protection key. */
static bool agree_encrypted(struct actor *a, unsigned slot, int key)
{
    uint8_t m[48], pad[32], secret[32];

    if (key < 0 || !a->known[key].have ||
        !send_command(a, OP_ECDH, 0x0E, slot, a->own_xy, 64) ||
        a->l.len != 64) {
        return false;
    }
    memcpy(m, a->known[key].value, 32);
    memcpy(m + 32, a->l.answer + 32, 16);
    a_sha256(m, sizeof m, pad);
    for (unsigned i = 0; i < 32; i++) {
        secret[i] = a->l.answer[i] ^ pad[i];
    }
    claim(a, secret, sizeof secret);
    return true;
}

/* --------------------------------------------------------------- oracles */

static bool mac_challenge(struct actor *a, unsigned slot, int key)
{
    (void)key;
    return send_command(a, OP_MAC, 0x00, slot, own_value, 32);
}

static bool mac_nonce(struct actor *a, unsigned slot, int key)
{
    (void)key;
    return do_nonce_random(a) && send_command(a, OP_MAC, 0x01, slot, NULL, 0);
}

static bool mac_hmac(struct actor *a, unsigned slot, int key)
{
    (void)key;
    return do_nonce_random(a) && send_command(a, OP_HMAC, 0x00, slot, NULL, 0);
}

static bool mac_sha(struct actor *a, unsigned slot, int key)
{
    (void)key;
    return send_command(a, OP_SHA, 0x04, slot, NULL, 0) &&
           send_command(a, OP_SHA, 0xC2, 32, own_value, 32);
}

/* GenDig takes the key into TempKey, MAC answers over that. */
static bool mac_gendig(struct actor *a, unsigned slot, int key)
{
    const uint8_t other[4] = {OP_GENDIG, 0x02, (uint8_t)slot, 0};

    (void)key;
    return do_nonce_random(a) &&
           send_command(a, OP_GENDIG, 0x02, slot, other, 4) &&
           send_command(a, OP_MAC, 0x02, slot, own_value, 32);
}

/* The same digest as an AES key: no MAC is asked, NoMac or not. */
static bool cipher_gendig(struct actor *a, unsigned slot, int key)
{
    const uint8_t other[4] = {OP_GENDIG, 0x02, (uint8_t)slot, 0};

    (void)key;
    return do_nonce_random(a) &&
           send_command(a, OP_GENDIG, 0x02, slot, other, 4) &&
           send_command(a, OP_AES, 0x00, 0xFFFF, own_value, 16);
}

/* CheckMac with the key below copies this slot into TempKey. */
static bool mac_copied(struct actor *a, unsigned slot, int key)
{
    return (slot & 1) != 0 && key == (int)slot - 1 && authorise(a, key) &&
           send_command(a, OP_MAC, 0x06, 0, own_value, 32);
}

static bool cipher(struct actor *a, unsigned slot, int key)
{
    (void)key;
    return send_command(a, OP_AES, 0x00, slot, own_value, 16);
}

static bool cipher_nonce(struct actor *a, unsigned slot, int key)
{
    (void)key;
    return do_nonce_random(a) &&
           send_command(a, OP_AES, 0x01, slot, own_value, 16);
}

static bool kdf_out(struct actor *a, unsigned slot, int key)
{
    uint8_t data[36] = {0x02, 0, 0, 32};

    (void)key;
    memcpy(data + 4, own_value, 32);
    return send_command(a, OP_KDF, 0x52, slot, data, sizeof data);
}

/* HKDF into TempKey, which then keys a MAC. */
static bool kdf_inside(struct actor *a, unsigned slot, int key)
{
    uint8_t data[36] = {0x02, 0, 0, 32};

    (void)key;
    memcpy(data + 4, own_value, 32);
    return send_command(a, OP_KDF, 0x42, slot, data, sizeof data) &&
           send_command(a, OP_MAC, 0x06, 0, own_value, 32);
}

static bool plant(struct actor *a, unsigned slot, int key)
{
    return (slot & 1) == 0 && ecdh_next(a, slot + 1, key);
}

/* ------------------------------------------------------------- for ever */

#define USES_MOST 4096 /* a limit beyond is shown by these steps alone */

static bool freeze(struct actor *a, unsigned slot, int key)
{
    (void)key;
    return send_command(a, OP_LOCK, (uint8_t)(0x02 | slot << 2), 0, NULL, 0);
}

static bool exhaust(struct actor *a, unsigned slot, int key)
{
    (void)key;
    return send_command(a, OP_UPDATEEXTRA, 0x02, slot, NULL, 0);
}

/* Until the limit is reached, if the configuration sets one; otherwise one
 * step of two million. */
static bool exhaust_counter(struct actor *a, unsigned slot, int key)
{
    bool is_508 = a->l.chip.model == HD_VMODEL_508A;
    bool limited = !is_508 && (a->config[18] & 1) != 0;

    (void)key;
    if (field_of(a->config, 20 + 2 * slot, 0x0020) == 0 ||
        (is_508 && slot == 15) ||
        !send_command(a, OP_COUNTER, 0x01, 0, NULL, 0)) {
        return false;
    }
    return !limited || send_again(a, USES_MOST);
}

const struct move slot_moves[] = {
        {HD_GOAL_READ, false, false, read_clear, "Read, clear"},
        {HD_GOAL_READ, true, false, read_encrypted, "Read, encrypted"},
        {HD_GOAL_OVERWRITE, false, false, write_clear, "Write, clear"},
        {HD_GOAL_OVERWRITE, true, false, write_encrypted, "Write, encrypted"},
        {HD_GOAL_OVERWRITE, true, false, priv_write, "PrivWrite, encrypted"},
        {HD_GOAL_OVERWRITE, false, true, ecdh_next, "ECDH into the next slot"},
        {HD_GOAL_OVERWRITE, false, true, ecdh_temporary,
         "ECDH with a temporary key into the slot"},
        {HD_GOAL_OVERWRITE, false, false, kdf_into, "KDF into the slot"},
        {HD_GOAL_OVERWRITE, true, false, derive_known,
         "DeriveKey from a known key"},
        {HD_GOAL_TRUST, false, false, trust_written, "Write, clear"},
        {HD_GOAL_TRUST, true, false, trust_encrypted, "Write, encrypted"},
        {HD_GOAL_TRUST, false, false, trust_by_itself,
         "Write, clear, validated with itself"},
        {HD_GOAL_TRUST, true, false, trust_validated,
         "Write, validated with a replaced parent"},
        {HD_GOAL_REGENERATE, false, false, regenerate, "GenKey, create"},
        {HD_GOAL_ROLL, false, false, derive, "DeriveKey"},
        {HD_GOAL_ROLL, true, false, derive, "DeriveKey with its MAC"},
        {HD_GOAL_DESTROY, true, false, destroy_invalidate,
         "Verify, invalidate"},
        {HD_GOAL_SIGN, false, false, sign, "Sign, external"},
        {HD_GOAL_SIGN, false, false, sign_buffer, "Sign, external"},
        {HD_GOAL_REPORT, false, false, report, "Sign, internal"},
        {HD_GOAL_AGREE, false, false, agree, "ECDH, result in clear"},
        {HD_GOAL_AGREE, true, false, agree_encrypted,
         "ECDH, result encrypted with a known key"},
        {HD_GOAL_MAC, false, false, mac_challenge, "MAC"},
        {HD_GOAL_MAC, false, false, mac_nonce, "MAC over a nonce"},
        {HD_GOAL_MAC, false, false, mac_hmac, "HMAC"},
        {HD_GOAL_MAC, false, false, mac_sha, "SHA, HMAC"},
        {HD_GOAL_MAC, false, false, mac_gendig, "GenDig, then MAC"},
        {HD_GOAL_MAC, true, false, mac_copied, "CheckMac copy, then MAC"},
        {HD_GOAL_CIPHER, false, false, cipher, "AES"},
        {HD_GOAL_CIPHER, false, false, cipher_nonce, "AES after a nonce"},
        {HD_GOAL_CIPHER, false, true, cipher_gendig, "GenDig, then AES"},
        {HD_GOAL_DERIVE, false, false, kdf_out, "KDF, result in clear"},
        {HD_GOAL_DERIVE, false, false, kdf_inside,
         "KDF, then MAC with the result"},
        {HD_GOAL_EXHAUST, false, false, exhaust_counter, "Counter, increment"},
        {HD_GOAL_EXHAUST, false, false, exhaust, "UpdateExtra, use up"},
        {HD_GOAL_PLANT, false, false, plant, "ECDH into the next slot"},
        {HD_GOAL_FREEZE, false, false, freeze, "Lock, slot"},
};
const unsigned slot_move_count = sizeof slot_moves / sizeof slot_moves[0];
