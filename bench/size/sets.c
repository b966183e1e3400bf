/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls that the sets A, B and C of bench/size are made of, as functions
 * of their own: what a program would call, counted with the driver.
 */
#include "halfdollar/chip.h"

/* One function per call, named by its set: the linker drops the others. */
#define CALL(set, name, signature, arguments)                                  \
    int set##_##name signature;                                                \
    int set##_##name signature                                                 \
    {                                                                          \
        return hd_chip_##name arguments;                                       \
    }
#define H struct hd_chip *c

/* clang-format off */
CALL(a, open, (H, const struct hd_bus *bus, void *ctx), (c, bus, ctx, NULL))
CALL(a, info, (H, uint8_t mode, uint16_t param, uint8_t *out),
     (c, mode, param, out))
CALL(a, random, (H, uint8_t *out), (c, out))
CALL(a, genkey, (H, uint16_t slot, uint8_t *pub), (c, slot, pub))
CALL(a, pubkey, (H, uint16_t slot, uint8_t *pub), (c, slot, pub))
CALL(a, sign, (H, uint16_t slot, const uint8_t *digest, uint8_t *sig),
     (c, slot, digest, sig))
CALL(a, verify, (H, const uint8_t *digest, const uint8_t *sig,
                 const uint8_t *pub), (c, digest, sig, pub))

CALL(b, ecdh, (H, uint16_t slot, const uint8_t *peer, uint8_t *secret),
     (c, slot, peer, secret))
CALL(b, read, (H, enum hd_zone zone, uint16_t slot, size_t offset,
               uint8_t *out, size_t len), (c, zone, slot, offset, out, len))
CALL(b, write, (H, enum hd_zone zone, uint16_t slot, size_t offset,
                const uint8_t *data, size_t len),
     (c, zone, slot, offset, data, len))
CALL(b, read_encrypted, (H, uint16_t slot, size_t offset, uint8_t *out,
                         size_t len, uint16_t key_slot, const uint8_t *key),
     (c, slot, offset, out, len, key_slot, key))
CALL(b, write_encrypted, (H, uint16_t slot, size_t offset,
                          const uint8_t *data, size_t len, uint16_t key_slot,
                          const uint8_t *key),
     (c, slot, offset, data, len, key_slot, key))
CALL(b, lock_config, (H, uint16_t crc), (c, crc))
CALL(b, lock_data, (H, uint16_t crc), (c, crc))
CALL(b, lock_slot, (H, uint16_t slot), (c, slot))
CALL(b, write_config, (H, const uint8_t *config), (c, config))

CALL(c, nonce_random, (H, const uint8_t *num_in, uint8_t *out),
     (c, num_in, out))
CALL(c, nonce_load, (H, enum hd_nonce_target target, const uint8_t *data,
                     size_t len), (c, target, data, len))
CALL(c, nonce_derive, (H, const uint8_t *num_in, uint8_t *out),
     (c, num_in, out))
CALL(c, pubkey_digest, (H, uint8_t mode, uint16_t slot, const uint8_t *other,
                        uint8_t *pub), (c, mode, slot, other, pub))
CALL(c, sign_internal, (H, uint16_t slot, uint8_t mode, uint8_t *sig),
     (c, slot, mode, sig))
CALL(c, verify_stored, (H, uint16_t slot, const uint8_t *digest,
                        const uint8_t *sig), (c, slot, digest, sig))
CALL(c, verify_mac, (H, const uint8_t *digest, const uint8_t *sig,
                     const uint8_t *pub, uint16_t slot, const uint8_t *io_key),
     (c, digest, sig, pub, slot, io_key))
CALL(c, validate, (H, uint16_t slot, const uint8_t *sig, const uint8_t *other,
                   bool invalidate), (c, slot, sig, other, invalidate))
CALL(c, validate_external, (H, uint16_t slot, const uint8_t *sig),
     (c, slot, sig))
CALL(c, ecdh_io, (H, uint16_t slot, const uint8_t *peer,
                  const uint8_t *io_key, uint8_t *secret),
     (c, slot, peer, io_key, secret))
CALL(c, ecdh_keep, (H, enum hd_ecdh_mode mode, uint16_t slot,
                    const uint8_t *peer), (c, mode, slot, peer))
CALL(c, privwrite, (H, uint16_t slot, const uint8_t *d), (c, slot, d))
CALL(c, privwrite_encrypted, (H, uint16_t slot, const uint8_t *d,
                              uint16_t key_slot, const uint8_t *key),
     (c, slot, d, key_slot, key))
CALL(c, lock_state, (H, struct hd_chip_locks *out), (c, out))
CALL(c, counter, (H, uint8_t id, bool increment, uint32_t *value),
     (c, id, increment, value))
CALL(c, use_count, (H, uint16_t slot, struct hd_chip_use *out),
     (c, slot, out))
CALL(c, mac, (H, uint8_t mode, uint16_t key, const uint8_t *challenge,
              uint8_t *mac), (c, mode, key, challenge, mac))
CALL(c, checkmac, (H, uint8_t mode, uint16_t key, const uint8_t *challenge,
                   const uint8_t *response, const uint8_t *other),
     (c, mode, key, challenge, response, other))
CALL(c, hmac, (H, uint8_t mode, uint16_t key, uint8_t *mac),
     (c, mode, key, mac))
CALL(c, authorize, (H, uint16_t slot, const uint8_t *key), (c, slot, key))
CALL(c, gendig, (H, uint8_t zone, uint16_t key, const uint8_t *other,
                 size_t len), (c, zone, key, other, len))
CALL(c, derivekey, (H, uint8_t mode, uint16_t slot, const uint8_t *mac),
     (c, mode, slot, mac))
CALL(c, sha256, (H, const uint8_t *data, size_t len, uint8_t *digest),
     (c, data, len, digest))
CALL(c, sha_hmac, (H, uint16_t slot, const uint8_t *data, size_t len,
                   uint8_t *mac), (c, slot, data, len, mac))
CALL(c, sha_begin, (H), (c))
CALL(c, sha_begin_hmac, (H, uint16_t slot), (c, slot))
CALL(c, sha_update, (H, const uint8_t *data, size_t len), (c, data, len))
CALL(c, sha_public, (H, uint16_t slot), (c, slot))
CALL(c, sha_end, (H, enum hd_sha_target target, const uint8_t *data,
                  size_t len, uint8_t *digest), (c, target, data, len, digest))
CALL(c, sha_read_context, (H, uint8_t *out, size_t size), (c, out, size))
CALL(c, sha_write_context, (H, const uint8_t *context, size_t len),
     (c, context, len))
CALL(c, aes, (H, uint8_t mode, uint16_t slot, uint8_t block,
              const uint8_t *in, uint8_t *out), (c, mode, slot, block, in, out))
CALL(c, gfm, (H, const uint8_t *h, const uint8_t *in, uint8_t *out),
     (c, h, in, out))
CALL(c, kdf, (H, uint8_t mode, uint16_t source, uint16_t target,
              uint32_t details, const uint8_t *msg, size_t len, uint8_t *out,
              size_t size, size_t *out_len),
     (c, mode, source, target, details, msg, len, out, size, out_len))
CALL(c, kdf_io, (H, uint8_t mode, uint16_t source, uint16_t target,
                 uint32_t details, const uint8_t *msg, size_t len,
                 const uint8_t *io_key, uint8_t *out, size_t size,
                 size_t *out_len),
     (c, mode, source, target, details, msg, len, io_key, out, size, out_len))
CALL(c, secureboot, (H, uint8_t mode, const uint8_t *digest,
                     const uint8_t *sig), (c, mode, digest, sig))
CALL(c, secureboot_mac, (H, uint8_t mode, const uint8_t *digest,
                         const uint8_t *sig, const uint8_t *io_key),
     (c, mode, digest, sig, io_key))
CALL(c, selftest, (H, uint8_t tests, uint8_t *failed), (c, tests, failed))
CALL(c, updateextra, (H, uint8_t mode, uint8_t value), (c, mode, value))
CALL(c, latch, (H, enum hd_latch_op what, bool *state), (c, what, state))
CALL(c, pause, (H, uint8_t selector), (c, selector))
CALL(c, sleep, (H), (c))
CALL(c, hold, (H), (c))
CALL(c, release, (H), (c))
/* clang-format on */

/* Not calls to the chip, but part of set A and B all the same. */
const uint8_t *a_serial(const struct hd_chip *c);
const uint8_t *a_serial(const struct hd_chip *c)
{
    return hd_chip_serial(c);
}

void hd_libmd_sha256(void *ctx, const hd_bytes *parts, size_t count,
                     uint8_t digest[32]);
void b_crypto(struct hd_crypto *crypto);
void b_crypto(struct hd_crypto *crypto)
{
    crypto->sha256 = hd_libmd_sha256;
}
