/* SPDX-License-Identifier: Apache-2.0 */
/*
 * His own public key in a slot, and the chip's trust in it: written, or also
 * validated by a parent that is his own by then.
 */
#include "inner.h"

static bool sign_tempkey(struct actor *a, uint8_t rs[64])
{
    return sign_own(a, a->tempkey, rs);
}

/* GenKey digest over the key in the slot, then Verify(Validate|Invalidate)
 * with the parent's key, which is his own. */
static bool change_validity(struct actor *a, unsigned slot, const uint8_t *key,
                            uint8_t mode)
{
    uint8_t m[128] = {0}, s[55] = {0}, data[83] = {0}, digest[32];

    if (!do_nonce_random(a) || !send_command(a, OP_GENKEY, 0x10, slot, m, 3)) {
        return false;
    }
    memcpy(m, a->tempkey, 32);
    m[32] = OP_GENKEY;
    m[36] = a->sn[8];
    m[37] = a->sn[0];
    m[38] = a->sn[1];
    memcpy(m + 64, key, 64);
    a_sha256(m, sizeof m, a->tempkey);
    data[64 + 17] = mode == 0x07;
    memcpy(s, a->tempkey, 32);
    s[32] = OP_SIGN;
    s[43] = a->sn[8];
    s[48] = a->sn[0];
    s[49] = a->sn[1];
    s[53] = mode == 0x07;
    a_sha256(s, sizeof s, digest);
    return sign_own(a, digest, data) &&
           send_command(a, OP_VERIFY, mode, slot, data, sizeof data);
}

static void victims_public(const struct actor *a, unsigned slot, uint8_t xy[64])
{
    const uint8_t *at = a->before + slot_place(slot);

    memcpy(xy, at + 4, 32);
    memcpy(xy + 32, at + 40, 32);
}

/* The key is his own, and the chip says a signature by it is good. */
static bool prove_trust(struct actor *a, unsigned slot)
{
    uint8_t rs[64];

    return do_nonce_random(a) && sign_tempkey(a, rs) &&
           send_command(a, OP_VERIFY, 0x00, slot, rs, sizeof rs);
}

bool trust_written(struct actor *a, unsigned slot, int key)
{
    return holds_public(a->config, slot) && write_clear(a, slot, key) &&
           prove_trust(a, slot);
}

bool trust_encrypted(struct actor *a, unsigned slot, int key)
{
    return holds_public(a->config, slot) && write_encrypted(a, slot, key) &&
           prove_trust(a, slot);
}

/* The other kind of validation: a certificate, as blocks of 64 bytes, of which
 * one is the public key and the last one holds the end of the hash. */
static bool validate_external(struct actor *a, unsigned slot)
{
    uint8_t format = a->config[92 + (a->config[97 + 2 * slot] >> 6)];
    unsigned position = format & 0x0F, blocks = format >> 4;
    uint8_t m[15 * 64], rs[64];
    size_t len = 0;

    if (blocks < 2 || position > blocks - 2 ||
        !send_command(a, OP_SHA, 0x00, 0, NULL, 0)) {
        return false;
    }
    for (unsigned i = 0; i + 1 < blocks; i++, len += 64) {
        bool here = i == position;

        memcpy(m + len, own_value, 32);
        memcpy(m + len + 32, own_value, 32);
        if (here) {
            memcpy(m + len, a->own_xy, 64);
        }
        if (!send_command(a, OP_SHA, here ? 0x03 : 0x01, here ? slot : 64,
                          m + len, here ? 0 : 64)) {
            return false;
        }
    }
    a_sha256(m, len, a->tempkey);
    return send_command(a, OP_SHA, 0x02, 0, NULL, 0) && sign_tempkey(a, rs) &&
           send_command(a, OP_VERIFY, 0x01, slot, rs, sizeof rs);
}

/* In whatever form the slot takes it. */
bool write_any(struct actor *a, unsigned slot)
{
    int key = (int)field_of(a->config, 20 + 2 * slot, 0x0F00);

    if (field_of(a->config, 20 + 2 * slot, 0x4000) == 0) {
        return write_clear(a, slot, -1);
    }
    return key != (int)slot && acquire(a, key) && write_encrypted(a, slot, key);
}

static int parent_of(const struct actor *a, unsigned slot)
{
    return (int)field_of(a->config, 20 + 2 * slot, 0x000F);
}

static bool validate(struct actor *a, unsigned slot)
{
    return (change_validity(a, slot, a->own_xy, 0x03) ||
            validate_external(a, slot)) &&
           prove_trust(a, slot);
}

/* A key that is its own parent, once it is his. */
bool trust_by_itself(struct actor *a, unsigned slot, int key)
{
    (void)key;
    return needs_validation(a->config, slot) &&
           parent_of(a, slot) == (int)slot && write_any(a, slot) &&
           validate(a, slot);
}

bool trust_validated(struct actor *a, unsigned slot, int key)
{
    uint8_t old[64];

    if (!needs_validation(a->config, slot) || key != parent_of(a, slot) ||
        !a->known[key].own_key) {
        return false;
    }
    victims_public(a, slot, old);
    if (!write_any(a, slot) &&
        (!change_validity(a, slot, old, 0x07) || !write_any(a, slot))) {
        return false;
    }
    return validate(a, slot);
}

bool destroy_invalidate(struct actor *a, unsigned slot, int key)
{
    uint8_t old[64];

    victims_public(a, slot, old);
    return needs_validation(a->config, slot) && key == parent_of(a, slot) &&
           a->known[key].own_key && change_validity(a, slot, old, 0x07);
}
