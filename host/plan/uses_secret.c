/* SPDX-License-Identifier: Apache-2.0 */
/* Uses of secrets and AES keys; see uses.h. */
#include "attack/math.h"

#include "plan/uses.h"

/* A key: a secret that was put there for a purpose. */
static bool holds_secret(const struct stage *s, unsigned slot)
{
    return stage_bits(s, HD_F_IsSecret, slot) &&
           stage_content(s, slot) != HD_CONTENT_NONE;
}

static const uint8_t *secret(const struct stage *s, unsigned slot)
{
    return stage_known(s, slot);
}

/* --------------------------------------------------------------------- MACs */

static bool may_mac(const struct stage *s, unsigned slot)
{
    return !stage_bits(s, HD_F_NoMac, slot);
}

static int try_mac(struct stage *s, unsigned slot)
{
    uint8_t mac[32] = {0}, want[32];
    int err = stage_nonce(s);
    uint8_t mode = (uint8_t)(1U | s->source);
    const uint8_t head[4] = {0x08, mode, (uint8_t)slot, 0};

    err = err == HD_OK ? hd_chip_mac(&s->chip, mode, (uint16_t)slot, NULL, mac)
                       : err;
    stage_m88(s, secret(s, slot), head, want);
    return stage_same(err, mac, want, sizeof mac);
}

static int try_hmac(struct stage *s, unsigned slot)
{
    uint8_t mac[32] = {0}, want[32];
    int err =
            hd_chip_sha_hmac(&s->chip, (uint16_t)slot, s->plan->hash, 32, mac);

    a_hmac(secret(s, slot), s->plan->hash, 32, want);
    return stage_same(err, mac, want, sizeof mac);
}

static int prove_with(struct stage *s, unsigned slot, uint8_t flip)
{
    static const uint8_t challenge[32], other[13];
    uint8_t key[32], response[32];
    int err = stage_nonce(s);

    memcpy(key, secret(s, slot), sizeof key);
    key[0] ^= flip;
    stage_m88(s, key, NULL, response);
    err = err == HD_OK
                  ? hd_chip_checkmac(&s->chip, (uint8_t)(1U | s->source),
                                     (uint16_t)slot, challenge, response, other)
                  : err;
    hd_wipe(key, sizeof key);
    return err;
}

static int try_prove(struct stage *s, unsigned slot)
{
    return prove_with(s, slot, 0);
}

static int try_prove_wrongly(struct stage *s, unsigned slot)
{
    return stage_wrong(prove_with(s, slot, 1));
}

/* ---------------------------------------------------------------- DeriveKey */

static bool may_derive(const struct stage *s, unsigned slot)
{
    return (stage_bits(s, HD_F_WriteConfig, slot) & 2U) != 0 &&
           !stage_is_locked(s, slot);
}

static bool needs_mac(const struct stage *s, unsigned slot)
{
    return (stage_bits(s, HD_F_WriteConfig, slot) & 8U) != 0;
}

static bool creates(const struct stage *s, unsigned slot)
{
    return (stage_bits(s, HD_F_WriteConfig, slot) & 1U) != 0;
}

static bool rolls(const struct stage *s, unsigned slot)
{
    return !creates(s, slot);
}

static bool asks_mac(const struct stage *s, unsigned slot)
{
    return may_derive(s, slot) && needs_mac(s, slot);
}

/* The one that has something to ask; if both do, one proof is not enough. */
static unsigned rolled_key(const struct stage *s, unsigned slot)
{
    unsigned parent = uses_write_key(s, slot);
    bool own = stage_bits(s, HD_F_ReqAuth, slot) != 0;

    return needs_mac(s, slot) && !own ? parent : slot;
}

static void parent_mac(const struct stage *s, unsigned slot, uint8_t mac[32])
{
    const uint8_t *sn = s->vchip.ee; /* docs/chip part 2, 5 */
    uint8_t m[39] = {0};

    memcpy(m, secret(s, uses_write_key(s, slot)), 32);
    m[32] = 0x1C;
    m[33] = s->source;
    m[34] = (uint8_t)slot;
    m[36] = sn[12];
    m[37] = sn[0];
    m[38] = sn[1];
    a_sha256(m, sizeof m, mac);
    hd_wipe(m, sizeof m);
}

static int derive_with(struct stage *s, unsigned slot, uint8_t flip)
{
    unsigned from = creates(s, slot) ? uses_write_key(s, slot) : slot;
    uint8_t mac[32], want[32];
    int err = stage_nonce(s);
    const uint8_t op[4] = {0x1C, s->source, (uint8_t)slot, 0};

    parent_mac(s, slot, mac);
    mac[0] ^= flip;
    stage_g96(s, secret(s, from), op, s->tempkey, want);
    err = err == HD_OK ? hd_chip_derivekey(&s->chip, s->source, (uint16_t)slot,
                                           needs_mac(s, slot) ? mac : NULL)
                       : err;
    /* the first nibble is the chip's own in a key that must be validated */
    err = stage_same(err, stage_bytes(s, slot) + 1, want + 1, 31);
    hd_wipe(want, sizeof want);
    return err;
}

static int try_derive(struct stage *s, unsigned slot)
{
    return derive_with(s, slot, 0);
}

static int try_derive_wrongly(struct stage *s, unsigned slot)
{
    return derive_with(s, slot, 1);
}

static bool locks_derived(const struct stage *s, unsigned slot)
{
    return may_derive(s, slot) && stage_bits(s, HD_F_Lockable, slot);
}

static int try_derive_locked(struct stage *s, unsigned slot)
{
    int err = hd_plan_lock(&s->chip, HD_PLAN_LOCK_SLOT, slot, 0);

    return err == HD_OK ? try_derive(s, slot) : HD_ERR_CORRUPT;
}

/* ---------------------------------------------------------------------- AES */

static bool has_aes(const struct stage *s, unsigned slot)
{
    (void)slot;
    return stage_is_608(s);
}

static int aes(struct stage *s, unsigned slot, uint8_t mode)
{
    uint8_t clear[16], sealed[16], out[16] = {0};

    memcpy(clear, s->plan->hash, sizeof clear);
    if (!stage_aes(secret(s, slot), clear, sealed)) {
        return HD_ERR_PORT;
    }
    int err = hd_chip_aes(&s->chip, mode, (uint16_t)slot, 0,
                          mode ? sealed : clear, out);

    return stage_same(err, out, mode ? clear : sealed, sizeof out);
}

static int try_encrypt(struct stage *s, unsigned slot)
{
    return aes(s, slot, 0);
}

static int try_decrypt(struct stage *s, unsigned slot)
{
    return aes(s, slot, 1);
}

/* ---------------------------------------------------------------------- KDF */

enum { IN_CLEAR, ENCRYPTED, INSIDE, NO_RESULT };
/* mode: source | target << 2 | algorithm << 5 (docs/chip part 2, 10.2) */
enum { FROM_SLOT = 2, TO_TEMPKEY = 0, OUT = 4 << 2, OUT_SEALED = 5 << 2 };
enum { BY_AES = 1 << 5, BY_HKDF = 2 << 5, MESSAGE_SENT = 2 };

static uint64_t protection(const struct stage *s)
{
    return stage_bits(s, HD_F_KdfProt, 0);
}

static bool gives_kdf(const struct stage *s, unsigned slot)
{
    return stage_is_608(s) && holds_secret(s, slot) &&
           protection(s) != NO_RESULT;
}

static bool may_kdf_in_clear(const struct stage *s, unsigned slot)
{
    (void)slot;
    return protection(s) == IN_CLEAR;
}

static bool may_kdf_encrypted(const struct stage *s, unsigned slot)
{
    (void)slot;
    return protection(s) <= ENCRYPTED &&
           stage_bits(s, HD_F_IoProtectionKeyEnable, 0);
}

static bool may_kdf_aes(const struct stage *s, unsigned slot)
{
    (void)slot;
    return stage_bits(s, HD_F_KdfAesEnable, 0) != 0;
}

static int kdf(struct stage *s, unsigned slot, uint8_t algorithm, uint8_t to)
{
    uint8_t mode = (uint8_t)(FROM_SLOT | to | algorithm);
    uint8_t got[64] = {0}, want[32] = {0};
    const uint8_t *msg = s->plan->hash;
    size_t msg_len = algorithm == BY_AES ? 16 : 32, len = 0;
    uint32_t details = algorithm == BY_AES ? 0 : MESSAGE_SENT;
    int err = to == OUT_SEALED
                      ? hd_chip_kdf_io(&s->chip, mode, (uint16_t)slot, 0,
                                       details, msg, msg_len, stage_io_key(s),
                                       got, sizeof got, &len)
                      : hd_chip_kdf(&s->chip, mode, (uint16_t)slot, 0, details,
                                    msg, msg_len, got, sizeof got, &len);

    if (to == TO_TEMPKEY) {
        memcpy(got, s->vchip.tk.bytes, 32);
    }
    if (algorithm == BY_AES) {
        (void)stage_aes(secret(s, slot), msg, want);
    } else {
        a_hmac(secret(s, slot), msg, msg_len, want);
    }
    err = stage_same(err, got, want, 32);
    hd_wipe(got, sizeof got);
    hd_wipe(want, sizeof want);
    return err;
}

/* As results may leave by the policy. */
static uint8_t way_out(const struct stage *s)
{
    static const uint8_t ways[] = {OUT, OUT_SEALED, TO_TEMPKEY, TO_TEMPKEY};

    return ways[protection(s)];
}

static int try_kdf(struct stage *s, unsigned slot)
{
    return kdf(s, slot, BY_HKDF, way_out(s));
}

static int try_kdf_in_clear(struct stage *s, unsigned slot)
{
    return kdf(s, slot, BY_HKDF, OUT);
}

static int try_kdf_encrypted(struct stage *s, unsigned slot)
{
    return kdf(s, slot, BY_HKDF, OUT_SEALED);
}

static int try_kdf_aes(struct stage *s, unsigned slot)
{
    return kdf(s, slot, BY_AES, way_out(s));
}

/* The two bytes that must stand in a message which says that it holds them;
 * TempKey is source, and what comes of it stays inside. */
enum { FROM_TEMPKEY = 0, TO_ALTKEY = 3 << 2, MESSAGE_WITH_IV = 3 };

static bool asks_iv(const struct stage *s, unsigned slot)
{
    (void)slot;
    return stage_is_608(s) && stage_bits(s, HD_F_KdfIvLoc, 0) + 2 <= 128;
}

static int kdf_iv(struct stage *s, uint8_t flip)
{
    uint64_t at = stage_bits(s, HD_F_KdfIvLoc, 0);
    uint64_t iv = stage_bits(s, HD_F_KdfIvStr, 0);
    uint8_t msg[128] = {0};
    size_t none = 0;
    int err = stage_nonce(s);

    msg[at] = (uint8_t)(iv ^ flip);
    msg[at + 1] = (uint8_t)(iv >> 8);
    return err == HD_OK
                   ? hd_chip_kdf(&s->chip, FROM_TEMPKEY | TO_ALTKEY | BY_HKDF,
                                 0, 0, MESSAGE_WITH_IV, msg, sizeof msg, NULL,
                                 0, &none)
                   : err;
}

static int try_iv(struct stage *s, unsigned slot)
{
    (void)slot;
    return kdf_iv(s, 0);
}

static int try_other_iv(struct stage *s, unsigned slot)
{
    (void)slot;
    return kdf_iv(s, 1);
}

/* clang-format off */
#define KEYS (HD_KIND_SECRET | HD_KIND_AES)
#define SLOT_USE(what, word, kinds, bound, whose, concerns, allowed, attempt) \
    {what, word, HD_G_SLOT, kinds, bound, whose, concerns, allowed, attempt}
#define ROLL   (BY_STATE | BY_NONCE)
static const struct use list[] = {
    SLOT_USE("make a MAC", "macs", HD_KIND_SECRET, BY_ALL, NULL, NULL, may_mac, try_mac),
    SLOT_USE("make an HMAC", "macs", HD_KIND_SECRET, BY_USE, NULL, NULL, may_mac, try_hmac),
    SLOT_USE("prove it", "purpose", HD_KIND_SECRET, BY_ALL, NULL, holds_secret,
             uses_always, try_prove),
    SLOT_USE("prove it with another key", "purpose", HD_KIND_SECRET, 0, NULL,
             holds_secret, NULL, try_prove_wrongly),
    SLOT_USE("encrypt a block", "purpose", HD_KIND_AES, BY_USE, NULL, has_aes,
             uses_always, try_encrypt),
    SLOT_USE("decrypt a block", "purpose", HD_KIND_AES, BY_USE, NULL, has_aes,
             uses_always, try_decrypt),
    SLOT_USE("derive a key from it (KDF)", "purpose", KEYS, BY_USE, NULL,
             gives_kdf, uses_always, try_kdf),
    {"derive a key from it that leaves in clear", "kdf-result", HD_G_IO_PROTECTION,
     KEYS, BY_USE, NULL, gives_kdf, may_kdf_in_clear, try_kdf_in_clear},
    {"derive a key from it that leaves encrypted", "kdf-result", HD_G_IO_PROTECTION,
     KEYS, BY_USE, NULL, gives_kdf, may_kdf_encrypted, try_kdf_encrypted},
    {"derive a key from it by AES", "aes", HD_G_KDF, KEYS, BY_USE, NULL,
     gives_kdf, may_kdf_aes, try_kdf_aes},
    {"derive a key with the iv in its message", "iv", HD_G_KDF, 0, 0, NULL, asks_iv,
     uses_always, try_iv},
    {"derive a key with another iv in its message", "iv", HD_G_KDF, 0, 0, NULL, asks_iv,
     NULL, try_other_iv},
    SLOT_USE("roll it (DeriveKey)", "derive", HD_KIND_STORED, ROLL, rolled_key,
             rolls, may_derive, try_derive),
    SLOT_USE("create it from its parent (DeriveKey)", "derive", HD_KIND_STORED,
             BY_ALL, uses_write_key, creates, may_derive, try_derive),
    SLOT_USE("derive it with a wrong MAC", "derive", HD_KIND_STORED, 0,
             uses_write_key, asks_mac, NULL, try_derive_wrongly),
    SLOT_USE("derive it once it is locked", "lock", HD_KIND_STORED, 0, NULL,
             locks_derived, NULL, try_derive_locked),
};
/* clang-format on */

const struct uses uses_secret = {list, sizeof list / sizeof list[0]};
