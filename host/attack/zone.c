/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to do something to the chip as a whole. */
#include "inner.h"

static bool write_config(struct actor *a, unsigned slot, int key)
{
    (void)slot;
    (void)key;
    return send_command(a, OP_WRITE, 0x00, 0x0005, own_value, 4);
}

/* A slot that the configuration closes, written all the same. */
static bool write_data(struct actor *a, unsigned slot, int key)
{
    (void)key;
    for (slot = 0; slot < SLOTS; slot++) {
        if (field_of(a->config, 20 + 2 * slot, 0xF000) != 0 &&
            send_command(a, OP_WRITE, 0x82, slot << 3, own_value, 32)) {
            return true;
        }
    }
    return false;
}

/* Awake again, the chip listens elsewhere. */
static bool move_address(struct actor *a, unsigned slot, int key)
{
    (void)slot;
    (void)key;
    if (!send_command(a, OP_UPDATEEXTRA, 0x01, 0x00A4, NULL, 0)) {
        return false;
    }
    send_sleep(a);
    send_wake(a);
    return true;
}

static bool set_extra(struct actor *a, unsigned slot, int key)
{
    (void)slot;
    (void)key;
    return send_command(a, OP_UPDATEEXTRA, 0x00, 0x005A, NULL, 0);
}

static bool set_selector(struct actor *a, unsigned slot, int key)
{
    (void)slot;
    (void)key;
    return send_command(a, OP_UPDATEEXTRA, 0x01, 0x005A, NULL, 0);
}

static bool step_counter0(struct actor *a, unsigned slot, int key)
{
    (void)slot;
    (void)key;
    return send_command(a, OP_COUNTER, 0x01, 0, NULL, 0);
}

static bool step_counter1(struct actor *a, unsigned slot, int key)
{
    (void)slot;
    (void)key;
    return send_command(a, OP_COUNTER, 0x01, 1, NULL, 0);
}

static bool write_otp(struct actor *a, unsigned slot, int key)
{
    static const uint8_t zero[4];

    (void)slot;
    (void)key;
    return send_command(a, OP_WRITE, 0x01, 0x0002, zero, 4) ||
           send_command(a, OP_WRITE, 0x81, 0x0000, own_value, 32);
}

static bool set_latch(struct actor *a, unsigned slot, int key)
{
    (void)slot;
    (void)key;
    return do_latch(a);
}

/* ------------------------------------------------------------ secure boot */

/* The key of the exchange, when the configuration asks for a MAC. */
static bool wrap_digest(struct actor *a, const uint8_t plain[32],
                        uint8_t out[32])
{
    unsigned io = field_of(a->config, 90, 0xF000);
    uint8_t m[64], k[32];

    if (!acquire(a, (int)io) || !a->known[io].have || !do_nonce_random(a)) {
        return false;
    }
    memcpy(m, a->known[io].value, 32);
    memcpy(m + 32, a->tempkey, 32);
    a_sha256(m, sizeof m, k);
    for (unsigned i = 0; i < 32; i++) {
        out[i] = plain[i] ^ k[i];
    }
    return true;
}

static bool boot(struct actor *a, uint8_t mode, const uint8_t digest[32],
                 const uint8_t *rs)
{
    size_t len = rs ? 96 : 32;
    uint8_t data[96];

    memcpy(data, digest, 32);
    if (rs) {
        memcpy(data + 32, rs, 64);
    }
    if (send_command(a, OP_SECUREBOOT, mode, 0, data, len)) {
        return true;
    }
    return refusal(a)->why == HD_WHY_BOOT_NONCE &&
           wrap_digest(a, digest, data) &&
           send_command(a, OP_SECUREBOOT, mode | 0x80, 0, data, len);
}

/* The stored digest is one that he puts there: of his own firmware. Where his
 * public key is written instead, it is the first half of that. */
static bool boot_digest(struct actor *a, unsigned slot, int key)
{
    uint8_t digest[32];

    (void)key;
    slot = field_of(a->config, 70, 0x0F00);
    if (field_of(a->config, 70, 0x0003) != 3 || !write_any(a, slot)) {
        return false;
    }
    memcpy(digest, a->proof, sizeof digest);
    return boot(a, 0x06, digest, NULL);
}

/* The public key is his own. */
static bool boot_signature(struct actor *a, unsigned slot, int key)
{
    uint8_t rs[64];

    (void)slot;
    return key >= 0 && a->known[key].own_key && sign_own(a, own_value, rs) &&
           boot(a, 0x05, own_value, rs);
}

/* --------------------------------------------------------- IO protection */

/* Verify(External) with MAC, foretold with the IO protection key. */
static bool forge(struct actor *a, unsigned slot, int key)
{
    uint8_t data[128], m[164] = {0}, mac[32];

    (void)slot;
    if (key < 0 || !a->known[key].have || !sign_own(a, own_value, data)) {
        return false;
    }
    memcpy(data + 64, a->own_xy, 64);
    memcpy(m, a->known[key].value, 32);
    memcpy(m + 32, own_value, 32);
    memcpy(m + 64, own_value, 32);
    memcpy(m + 96, data, 64);
    m[160] = OP_VERIFY;
    m[161] = 0x82;
    m[162] = 0x04;
    a_sha256(m, sizeof m, mac);
    if (!send_command(a, OP_NONCE, 0x43, 0, own_value, 32) ||
        !do_nonce_fixed(a, own_value) ||
        !send_command(a, OP_VERIFY, 0x82, 0x0004, data, sizeof data)) {
        return false;
    }
    claim(a, mac, sizeof mac);
    return true;
}

const struct move zone_moves[] = {
        {HD_GOAL_CONFIG, false, false, write_config, "Write, configuration"},
        {HD_GOAL_DATA, false, false, write_data, "Write, before the data lock"},
        {HD_GOAL_ADDRESS, false, false, move_address, "UpdateExtra, byte 85"},
        {HD_GOAL_EXTRA, false, false, set_extra, "UpdateExtra, byte 84"},
        {HD_GOAL_SELECTOR, false, false, set_selector, "UpdateExtra, byte 85"},
        {HD_GOAL_COUNT0, false, false, step_counter0, "Counter, increment"},
        {HD_GOAL_COUNT1, false, false, step_counter1, "Counter, increment"},
        {HD_GOAL_OTP, false, false, write_otp, "Write, OTP"},
        {HD_GOAL_LATCH, false, false, set_latch, "Info, latch"},
        {HD_GOAL_BOOT, false, false, boot_digest, "SecureBoot, stored digest"},
        {HD_GOAL_BOOT, true, false, boot_signature, "SecureBoot, signature"},
        {HD_GOAL_LATCH, false, false, boot_digest, "SecureBoot, stored digest"},
        {HD_GOAL_LATCH, true, false, boot_signature, "SecureBoot, signature"},
        {HD_GOAL_FORGE, true, false, forge, "Verify with MAC, foretold"},
};
const unsigned zone_move_count = sizeof zone_moves / sizeof zone_moves[0];
