/* SPDX-License-Identifier: Apache-2.0 */
/* One command for every reason to refuse it. See scenes.h. */
#include "scenes.h"

#define SC(slot) (20 + 2 * (slot))
#define KC(slot) (96 + 2 * (slot))
#define SLOT14   1256 /* EEPROM offset */
#define SLOT10   968

/* ------------------------------------------------------- special settings */

static void fail_self_test(struct rig *r)
{
    r->chip.selftest_fail = 0x01;
}

static void fail_health(struct rig *r)
{
    r->chip.health_fail = true;
}

static void prohibit_boot(struct rig *r)
{
    r->chip.boot_prohibit = true;
}

static void private_tempkey(struct rig *r)
{
    r->chip.tk.is_private = true;
}

static void start_hmac(struct rig *r)
{
    expect_ok(r, OP_SHA, 4, 3, NULL, 0);
}

static void use_up_last_key(struct rig *r)
{
    memset(r->chip.ee + 68, 0, 16);
}

static void counter_at_its_end(struct rig *r)
{
    static const uint8_t end[8] = {0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF};

    memcpy(r->chip.ee + 52, end, 8);
}

#define I2C608   "608b", LOCKED
#define I2C508   "508a", LOCKED
#define HALF608  "608b", CONFIG_LOCKED
#define BLANK608 "608b", OPEN
#define NOPOKE                                                                 \
    {                                                                          \
        {                                                                      \
            0, 0                                                               \
        }                                                                      \
    }

/* clang-format off */
const struct scene scenes[] = {
    {HD_WHY_SELFTEST_FAILED, I2C608, NOPOKE, NO_TK, OP_RANDOM, 0, 0, 0, {0}, fail_self_test},
    {HD_WHY_HEALTH_FAILED, I2C608, NOPOKE, NO_TK, OP_RANDOM, 0, 0, 0, {0}, fail_health},
    {HD_WHY_OPCODE, I2C608, NOPOKE, NO_TK, OP_HMAC, 0, 0, 0, {0}, NULL},
    {HD_WHY_PARAM1, I2C608, NOPOKE, NO_TK, OP_RANDOM, 9, 0, 0, {0}, NULL},
    {HD_WHY_PARAM2, I2C608, NOPOKE, NO_TK, OP_RANDOM, 0, 1, 0, {0}, NULL},
    {HD_WHY_LENGTH, I2C608, NOPOKE, NO_TK, OP_RANDOM, 0, 0, 1, {0}, NULL},
    {HD_WHY_ADDRESS, I2C608, NOPOKE, NO_TK, OP_READ, 0x82, 0x0210, 0, {0}, NULL},
    {HD_WHY_CONFIG_NOT_LOCKED, BLANK608, NOPOKE, NO_TK, OP_WRITE, 0x82, 0x18, 32, {0}, NULL},
    {HD_WHY_CONFIG_LOCKED, I2C608, NOPOKE, NO_TK, OP_WRITE, 0x00, 0x05, 4, {0}, NULL},
    {HD_WHY_DATA_NOT_LOCKED, HALF608, NOPOKE, NO_TK, OP_READ, 0x82, 0x18, 0, {0}, NULL},
    {HD_WHY_DATA_LOCKED, I2C608, NOPOKE, NO_TK, OP_LOCK, 0x81, 0, 0, {0}, NULL},
    {HD_WHY_SLOT_LOCKED, I2C608, {{88, 0xFFF7}}, NO_TK, OP_WRITE, 0x82, 0x18, 32, {0}, NULL},
    {HD_WHY_SLOT_NOT_LOCKABLE, I2C608, NOPOKE, NO_TK, OP_LOCK, 0x0E, 0, 0, {0}, NULL},
    {HD_WHY_LOCK_CRC, HALF608, NOPOKE, NO_TK, OP_LOCK, 0x01, 0, 0, {0}, NULL},
    {HD_WHY_CONFIG_READ_ONLY, BLANK608, NOPOKE, NO_TK, OP_WRITE, 0x80, 0x10, 32, {0}, NULL},
    {HD_WHY_CONFIG_CLEAR_ONLY, BLANK608, NOPOKE, NO_TK, OP_WRITE, 0xC0, 0x08, 64, {0}, NULL},
    {HD_WHY_OTP_READ_ONLY, I2C608, NOPOKE, NO_TK, OP_WRITE, 0x81, 0, 32, {0}, NULL},
    {HD_WHY_OTP_MODE, I2C508, {{18, 0x0033}}, NO_TK, OP_READ, 0x01, 0, 0, {0}, NULL},
    {HD_WHY_WORD_BEFORE_LOCK, HALF608, NOPOKE, NO_TK, OP_WRITE, 0x02, 0x18, 4, {0}, NULL},
    {HD_WHY_WRITE_NEVER, I2C608, {{SC(3), 0x2000}}, NO_TK, OP_WRITE, 0x82, 0x18, 32, {0}, NULL},
    {HD_WHY_WRITE_VALID_KEY, I2C608, {{SC(14), 0x1009}, {SLOT14, 0x0050}}, NO_TK, OP_WRITE, 0x82, 0x70, 32, {0}, NULL},
    {HD_WHY_WRITE_ENCRYPTED_ONLY, I2C608, {{SC(3), 0x4000}}, NO_TK, OP_WRITE, 0x02, 0x18, 4, {0}, NULL},
    {HD_WHY_WRITE_WORD_SECRET, I2C608, {{SC(3), 0x0080}}, NO_TK, OP_WRITE, 0x02, 0x18, 4, {0}, NULL},
    {HD_WHY_WRITE_WORD_MODE, I2C608, {{SC(14), 0x1009}}, NO_TK, OP_WRITE, 0x02, 0x70, 4, {0}, NULL},
    {HD_WHY_WRITE_MAC, I2C608, {{SC(3), 0x4000}}, 0x20, OP_WRITE, 0xC2, 0x18, 64, {0}, NULL},
    {HD_WHY_READ_SECRET, I2C608, {{SC(3), 0x0080}}, NO_TK, OP_READ, 0x82, 0x18, 0, {0}, NULL},
    {HD_WHY_READ_ENCRYPTED_ONLY, I2C608, {{SC(3), 0x00C0}}, NO_TK, OP_READ, 0x02, 0x18, 0, {0}, NULL},
    {HD_WHY_READ_FORBIDDEN_PAIR, I2C608, {{SC(3), 0x0040}}, NO_TK, OP_READ, 0x82, 0x18, 0, {0}, NULL},
    {HD_WHY_SLOT_PRIVATE, I2C608, NOPOKE, NO_TK, OP_READ, 0x82, 0, 0, {0}, NULL},
    {HD_WHY_SLOT_NOT_PRIVATE, I2C608, NOPOKE, 0, OP_SIGN, 0x80, 3, 0, {0}, NULL},
    {HD_WHY_SLOT_NOT_P256, I2C608, {{KC(0), 0x001D}}, 0, OP_SIGN, 0x80, 0, 0, {0}, NULL},
    {HD_WHY_SLOT_NOT_AES, I2C608, NOPOKE, NO_TK, OP_AES, 0, 3, 16, {0}, NULL},
    {HD_WHY_SLOT_TOO_SMALL, I2C608, NOPOKE, 0, OP_VERIFY, 0, 3, 64, {0}, NULL},
    {HD_WHY_SLOT_NOT_SECRET, I2C608, {{SC(0), 0x2007}}, 0, OP_SIGN, 0x80, 0, 0, {0}, NULL},
    {HD_WHY_SLOT_NO_KEY, I2C608, {{SC(2), 0x2087}, {KC(2), 0x0013}}, 0, OP_SIGN, 0x80, 2, 0, {0}, NULL},
    {HD_WHY_SLOT_BAD_PUBLIC, I2C608, NOPOKE, 0, OP_VERIFY, 2, 4, 128, {0}, NULL},
    {HD_WHY_SIGN_EXTERNAL_OFF, I2C608, {{SC(0), 0x2086}}, 0, OP_SIGN, 0x80, 0, 0, {0}, NULL},
    {HD_WHY_SIGN_INTERNAL_OFF, I2C608, {{SC(0), 0x2085}}, 0x20, OP_SIGN, 0x00, 0, 0, {0}, NULL},
    {HD_WHY_ECDH_OFF, I2C608, {{SC(0), 0x2083}}, NO_TK, OP_ECDH, 0, 0, 64, {0}, NULL},
    {HD_WHY_ECDH_MUST_STAY, I2C608, {{SC(0), 0x208F}}, NO_TK, OP_ECDH, 0x0C, 0, 64, {0}, NULL},
    {HD_WHY_ECDH_ODD_SLOT, I2C608, NOPOKE, NO_TK, OP_ECDH, 0x04, 1, 64, {0}, NULL},
    {HD_WHY_ECDH_PROTECTED, I2C608, {{90, 0x6202}}, NO_TK, OP_ECDH, 0x00, 0, 64, {0}, NULL},
    {HD_WHY_GENKEY_OFF, I2C608, {{SC(0), 0x0087}}, NO_TK, OP_GENKEY, 4, 0, 0, {0}, NULL},
    {HD_WHY_PUBKEY_HIDDEN, I2C608, {{KC(0), 0x0011}}, NO_TK, OP_GENKEY, 0, 0, 0, {0}, NULL},
    {HD_WHY_PRIVWRITE_OFF, I2C608, NOPOKE, 0x20, OP_PRIVWRITE, 0x40, 0, 68, {0}, NULL},
    {HD_WHY_PRIVWRITE_CLEAR, I2C608, {{SC(0), 0x4087}}, NO_TK, OP_PRIVWRITE, 0, 0, 68, {0}, NULL},
    {HD_WHY_PRIVATE_RANGE, HALF608, NOPOKE, NO_TK, OP_PRIVWRITE, 0, 0, 68, {0}, NULL},
    {HD_WHY_DERIVE_OFF, I2C608, NOPOKE, 0, OP_DERIVEKEY, 0, 3, 0, {0}, NULL},
    {HD_WHY_DERIVE_MAC, I2C608, {{SC(3), 0xA500}}, 0, OP_DERIVEKEY, 0, 3, 32, {0}, NULL},
    {HD_WHY_KEY_NO_MAC, I2C608, {{SC(3), 0x0010}}, NO_TK, OP_MAC, 0, 3, 32, {0}, NULL},
    {HD_WHY_LATCH_OFF, I2C608, {{KC(0), 0x1013}}, 0, OP_SIGN, 0x80, 0, 0, {0}, NULL},
    {HD_WHY_INTRUSION, I2C508, {{KC(0), 0x1013}}, 0, OP_SIGN, 0x80, 0, 0, {0}, NULL},
    {HD_WHY_AUTH_MISSING, I2C608, {{KC(0), 0x0593}}, 0, OP_SIGN, 0x80, 0, 0, {0}, NULL},
    {HD_WHY_RANDOM_MISSING, I2C608, {{KC(3), 0x005C}}, 0x10, OP_MAC, 5, 3, 0, {0}, NULL},
    {HD_WHY_USES_ENDED, I2C608, {{SC(0), 0x20A7}}, 0, OP_SIGN, 0x80, 0, 0, {0}, counter_at_its_end},
    {HD_WHY_USES_MATCH, I2C608, {{SC(0), 0x20A7}, {18, 0x00A1}, {SLOT10, 0}, {SLOT10 + 2, 0}, {SLOT10 + 4, 0}, {SLOT10 + 6, 0}}, 0, OP_SIGN, 0x80, 0, 0, {0}, NULL},
    {HD_WHY_USES_LAST_KEY, I2C508, {{SC(15), 0x0020}}, NO_TK, OP_MAC, 0, 15, 32, {0}, use_up_last_key},
    {HD_WHY_COUNTER_END, I2C608, NOPOKE, NO_TK, OP_COUNTER, 1, 0, 0, {0}, counter_at_its_end},
    {HD_WHY_PUBKEY_NOT_VALID, I2C608, NOPOKE, 0, OP_VERIFY, 0, 14, 64, {0}, NULL},
    {HD_WHY_VALIDATE_PUBINFO, I2C608, NOPOKE, 0x4E, OP_VERIFY, 3, 9, 83, {0}, NULL},
    {HD_WHY_VALIDATE_X509, I2C608, {{92, 0x0031}}, 0x4E, OP_VERIFY, 3, 14, 83, {0}, NULL},
    {HD_WHY_VALIDATE_POSITION, I2C608, {{92, 0x0031}}, 0, OP_VERIFY, 1, 14, 64, {0}, NULL},
    {HD_WHY_VALIDATE_OTHER, I2C608, NOPOKE, 0x4E, OP_VERIFY, 7, 14, 83, {0}, NULL},
    {HD_WHY_SIGNATURE, I2C608, NOPOKE, 0, OP_VERIFY, 0, 9, 64, {0}, NULL},
    {HD_WHY_MAC_MISMATCH, I2C608, NOPOKE, NO_TK, OP_CHECKMAC, 0, 3, 77, {0}, NULL},
    {HD_WHY_ECC_FAULT, I2C608, NOPOKE, NO_TK, OP_ECDH, 0, 0, 64, {0}, NULL},
    {HD_WHY_TEMPKEY_EMPTY, I2C608, NOPOKE, NO_TK, OP_SIGN, 0x80, 0, 0, {0}, NULL},
    {HD_WHY_TEMPKEY_SOURCE, I2C608, NOPOKE, 0x10, OP_MAC, 1, 3, 0, {0}, NULL},
    {HD_WHY_TEMPKEY_NOT_RANDOM, I2C608, {{SC(3), 0x00C0}}, 0x30, OP_READ, 0x82, 0x18, 0, {0}, NULL},
    {HD_WHY_TEMPKEY_NO_MAC, I2C608, NOPOKE, 0x80, OP_MAC, 1, 3, 0, {0}, NULL},
    {HD_WHY_TEMPKEY_NOT_GENDIG, I2C608, {{SC(3), 0x00C0}}, 0x00, OP_READ, 0x82, 0x18, 0, {0}, NULL},
    {HD_WHY_TEMPKEY_OTHER_KEY, I2C608, {{SC(3), 0x00C0}}, 0x25, OP_READ, 0x82, 0x18, 0, {0}, NULL},
    {HD_WHY_TEMPKEY_NO_DIGEST, I2C608, NOPOKE, 0x00, OP_SIGN, 0x00, 0, 0, {0}, NULL},
    {HD_WHY_TEMPKEY_NOT_GENKEY, I2C608, NOPOKE, 0x00, OP_VERIFY, 3, 14, 83, {0}, NULL},
    {HD_WHY_TEMPKEY_NOT_GENKEY, I2C608, NOPOKE, 0x0E, OP_VERIFY, 3, 14, 83, {0}, NULL},
    {HD_WHY_TEMPKEY_NOT_GENKEY, I2C608, NOPOKE, 0x49, OP_VERIFY, 3, 14, 83, {0}, NULL},
    {HD_WHY_TEMPKEY_PRIVATE, I2C608, NOPOKE, 0x00, OP_SIGN, 0x80, 0, 0, {0}, private_tempkey},
    {HD_WHY_TEMPKEY_NOT_PRIVATE, I2C608, NOPOKE, 0x00, OP_ECDH, 0x0D, 0, 64, {0}, NULL},
    {HD_WHY_TEMPKEY_SHORT, I2C608, NOPOKE, 0x00, OP_AES, 0x80, 0xFFFF, 16, {0}, NULL},
    {HD_WHY_DIGEST_EMPTY, I2C608, NOPOKE, NO_TK, OP_SIGN, 0xA0, 0, 0, {0}, NULL},
    {HD_WHY_ALTKEY_EMPTY, I2C608, NOPOKE, NO_TK, OP_KDF, 0x13, 0, 4, {0}, NULL},
    {HD_WHY_TRANSPORT_KEY, I2C608, NOPOKE, 0x00, OP_GENDIG, 2, 0x8000, 0, {0}, NULL},
    {HD_WHY_SHA_NOT_STARTED, I2C608, NOPOKE, NO_TK, OP_SHA, 1, 0, 0, {0}, NULL},
    {HD_WHY_SHA_HMAC_CONTEXT, I2C608, NOPOKE, NO_TK, OP_SHA, 6, 0, 0, {0}, start_hmac},
    {HD_WHY_SHA_CONTEXT, I2C608, NOPOKE, NO_TK, OP_SHA, 7, 37, 37, {0}, NULL},
    {HD_WHY_IO_KEY_OFF, I2C608, {{90, 0x0000}}, NO_TK, OP_ECDH, 0x0E, 0, 64, {0}, NULL},
    {HD_WHY_AES_OFF, I2C608, {{13, 0x55C0}}, 0, OP_AES, 0, 0xFFFF, 16, {0}, NULL},
    {HD_WHY_AES_NOT_LOCKED, HALF608, NOPOKE, NO_TK, OP_AES, 0, 3, 16, {0}, NULL},
    {HD_WHY_KDF_DETAILS, I2C608, NOPOKE, 0, OP_KDF, 0x10, 0, 4, {4, 0}, NULL},
    {HD_WHY_KDF_AES_OFF, I2C608, NOPOKE, 0, OP_KDF, 0x30, 0, 20, {0}, NULL},
    {HD_WHY_KDF_IV, I2C608, {{72, 0x6909}}, 0, OP_KDF, 0x50, 0, 4, {3, 0}, NULL},
    {HD_WHY_KDF_SOURCE, I2C608, NOPOKE, NO_TK, OP_KDF, 0x12, 0, 4, {0}, NULL},
    {HD_WHY_KDF_TARGET, I2C608, NOPOKE, 0, OP_KDF, 0x08, 0x0300, 4, {0}, NULL},
    {HD_WHY_KDF_SAME, I2C608, NOPOKE, 0, OP_KDF, 0x40, 0, 4, {1, 0}, NULL},
    {HD_WHY_KDF_MESSAGE, I2C608, {{SC(3), 0x0080}}, 0, OP_KDF, 0x50, 0, 4, {0, 3}, NULL},
    {HD_WHY_KDF_PROTECTED, I2C608, {{90, 0x6402}}, 0, OP_KDF, 0x10, 0, 4, {0}, NULL},
    {HD_WHY_BOOT_OFF, I2C608, NOPOKE, NO_TK, OP_SECUREBOOT, 5, 0, 96, {0}, NULL},
    {HD_WHY_BOOT_MODE, I2C608, {{70, 0x9A01}}, NO_TK, OP_SECUREBOOT, 7, 0, 96, {0}, NULL},
    {HD_WHY_BOOT_PROHIBITED, I2C608, {{70, 0x9A01}}, NO_TK, OP_SECUREBOOT, 5, 0, 96, {0}, prohibit_boot},
    {HD_WHY_BOOT_NONCE, I2C608, {{70, 0x9A11}}, NO_TK, OP_SECUREBOOT, 5, 0, 96, {0}, NULL},
    {HD_WHY_BOOT_MISMATCH, I2C608, {{70, 0x9A03}}, NO_TK, OP_SECUREBOOT, 6, 0, 32, {1, 2}, NULL},
    {HD_WHY_LATCH_GUARD_OFF, I2C608, NOPOKE, NO_TK, OP_INFO, 4, 3, 0, {0}, NULL},
    {HD_WHY_LATCH_AUTH, I2C608, {{68, 0x8300}}, NO_TK, OP_INFO, 4, 3, 0, {0}, NULL},
    {HD_WHY_EXTRA_SET, I2C608, {{84, 0x0001}}, NO_TK, OP_UPDATEEXTRA, 0, 5, 0, {0}, NULL},
    {HD_WHY_GPIO_OFF, I2C608, NOPOKE, NO_TK, OP_INFO, 3, 0, 0, {0}, NULL},
};
/* clang-format on */
const size_t scene_count = sizeof scenes / sizeof scenes[0];

/* Slots 0 and 1 private, 9 their public key, 14 a child of 9 to validate. */
void set_stage(struct rig *r, const struct scene *s)
{
    uint8_t d[32], xy[64];

    rig_start_open(r, s->variant, 5);
    test_key(1, d, xy);
    poke_private(r, 0, 1);
    poke_private(r, 1, 1);
    poke_key_config(r, 9, 0x0030);
    poke_key_config(r, 14, 0x0012);
    poke_slot_config(r, 14, 0x0009);
    poke_public(r, 9, xy);
    poke_public(r, 14, xy);
    if (is_608(&r->chip)) {
        poke_config16(r, 90, 0x6002);
    }
    poke_locks(r, s->locks);
    for (size_t i = 0; i < 6 && s->poke[i][0] != 0; i++) {
        poke_config16(r, s->poke[i][0], s->poke[i][1]);
    }
    if (s->tempkey != NO_TK) {
        poke_tempkey(r, d, 32, (uint8_t)s->tempkey);
    }
    if (s->prepare != NULL) {
        s->prepare(r);
    }
}
