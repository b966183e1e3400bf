/* SPDX-License-Identifier: Apache-2.0 */
/* Uses of private keys; see uses.h. */
#include "attack/math.h"

#include "plan/uses.h"

/* A slot whose key is neither made nor ever brought holds none: nothing of it
 * can be used. */
static bool holds_key(const struct stage *s, unsigned slot)
{
    return stage_content(s, slot) == HD_CONTENT_BORN ||
           (stage_bits(s, HD_F_WriteConfig, slot) & 6U) != 0;
}

/* ------------------------------------------------------------------ signing */

static bool may_sign(const struct stage *s, unsigned slot)
{
    return (stage_bits(s, HD_F_ReadKey, slot) & 1U) != 0;
}

static int check_signature(struct stage *s, unsigned slot,
                           const uint8_t digest[32], const uint8_t sig[64])
{
    uint8_t pub[64];

    return stage_public(s, slot, pub) && a_verify(pub, digest, sig)
                   ? HD_OK
                   : HD_ERR_CORRUPT;
}

static int try_sign(struct stage *s, unsigned slot)
{
    uint8_t sig[64];
    int err = hd_chip_sign(&s->chip, (uint16_t)slot, s->plan->hash, sig);

    return err == HD_OK ? check_signature(s, slot, s->plan->hash, sig) : err;
}

static bool may_report(const struct stage *s, unsigned slot)
{
    return (stage_bits(s, HD_F_ReadKey, slot) & 2U) != 0;
}

/* Telling its public key is a use of its own, which a proof pays for: then
 * the report must be about something else. */
bool uses_reports_itself(const struct stage *s, unsigned slot)
{
    return stage_bits(s, HD_F_PubInfo, slot) &&
           !stage_bits(s, HD_F_ReqAuth, slot);
}

static bool can_be_subject(const struct stage *s, unsigned slot)
{
    return stage_kind(s, slot) == HD_KIND_SECRET &&
           !stage_bits(s, HD_F_ReqAuth, slot) &&
           !stage_bits(s, HD_F_PersistentDisable, slot) &&
           !stage_bits(s, HD_F_LimitedUse, slot);
}

/* What the report is about; itself, or 16 if there is nothing. */
static unsigned subject_of(const struct stage *s, unsigned slot)
{
    unsigned about = 0;

    if (uses_reports_itself(s, slot)) {
        return slot;
    }
    while (about < HD_POLICY_SLOTS && !can_be_subject(s, about)) {
        about++;
    }
    return about;
}

static bool reports(const struct stage *s, unsigned slot)
{
    return holds_key(s, slot) && subject_of(s, slot) < HD_POLICY_SLOTS;
}

/* The flags of TempKey, as the report states them: docs/chip part 2, 6.3. */
enum {
    SAYS_SOURCE = 0x10,
    SAYS_GENDIG = 0x20,
    SAYS_GENKEY = 0x40,
    SAYS_NO_MAC = 0x80
};

static int make_subject(struct stage *s, unsigned slot, unsigned about)
{
    const uint8_t op[4] = {0x15, 2, (uint8_t)about, 0};
    uint8_t pub[64];
    int err = stage_nonce(s);

    if (err != HD_OK) {
        return err;
    }
    if (about == slot) {
        return stage_public(s, slot, pub)
                       ? stage_pubkey_digest(s, 0x08, slot, pub)
                       : HD_ERR_CORRUPT;
    }
    err = hd_chip_gendig(&s->chip, 2, (uint16_t)about, op, sizeof op);
    stage_g96(s, stage_bytes(s, about), op, s->tempkey, s->tempkey);
    return err;
}

static void state_subject(const struct stage *s, unsigned slot, unsigned about,
                          uint8_t other[19])
{
    const uint8_t *config = s->vchip.ee;
    bool taints = about != slot && stage_bits(s, HD_F_NoMac, about);

    memset(other, 0, 19);
    other[0] = 0x40;
    other[1] = (uint8_t)slot;
    memcpy(other + 3, config + 20 + 2 * about, 2);
    memcpy(other + 5, config + 96 + 2 * about, 2);
    other[7] = (uint8_t)(about |
                         (unsigned)(about == slot ? SAYS_GENKEY : SAYS_GENDIG) |
                         (s->source ? SAYS_SOURCE : 0U) |
                         (taints ? SAYS_NO_MAC : 0U));
    memcpy(other + 10, config + 8, 4);
    memcpy(other + 14, config + 2, 2);
    other[16] = !stage_is_locked(s, about);
}

static int try_report(struct stage *s, unsigned slot)
{
    unsigned about = subject_of(s, slot);
    uint8_t sig[64], other[19], digest[32];
    int err = make_subject(s, slot, about);

    err = err == HD_OK
                  ? hd_chip_sign_internal(&s->chip, (uint16_t)slot, 0x40, sig)
                  : err;
    if (err != HD_OK) {
        return err;
    }
    state_subject(s, slot, about, other);
    stage_internal(s, other, digest);
    return check_signature(s, slot, digest, sig);
}

const char *uses_gap_private(const struct stage *s, unsigned slot)
{
    bool later = stage_content(s, slot) == HD_CONTENT_LATER;

    if (!holds_key(s, slot)) {
        return later ? "its key comes later, and nothing can bring it (write: "
                       "nobody, regenerate: no)"
                     : NULL;
    }
    if ((stage_bits(s, HD_F_ReadKey, slot) & 2U) &&
        subject_of(s, slot) == HD_POLICY_SLOTS) {
        return "to sign a report: no slot that a report could be about is "
               "free of conditions";
    }
    return NULL;
}

/* ---------------------------------------------------------------- agreement */

/* The generator of P-256, a public key like any other (FIPS 186-4, D.1.2.3).
 * What is agreed on with it is X of the slot's own public key. */
static const uint8_t peer[64] = {
        0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6,
        0xE5, 0x63, 0xA4, 0x40, 0xF2, 0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB,
        0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, 0x4F,
        0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A,
        0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31, 0x5E,
        0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5};

enum { IN_CLEAR, ENCRYPTED, INSIDE, NO_RESULT };

static uint64_t protection(const struct stage *s)
{
    return stage_is_608(s) ? stage_bits(s, HD_F_EcdhProt, 0) : IN_CLEAR;
}

static bool gives_next(const struct stage *s, unsigned slot)
{
    return (stage_bits(s, HD_F_ReadKey, slot) & 8U) != 0;
}

static bool agrees_openly(const struct stage *s, unsigned slot)
{
    return holds_key(s, slot) && !gives_next(s, slot) &&
           protection(s) != NO_RESULT;
}

static bool agrees_encrypted(const struct stage *s, unsigned slot)
{
    return agrees_openly(s, slot) && stage_is_608(s);
}

static bool agrees_next(const struct stage *s, unsigned slot)
{
    return holds_key(s, slot) && gives_next(s, slot);
}

static bool may_agree(const struct stage *s, unsigned slot)
{
    return (stage_bits(s, HD_F_ReadKey, slot) & 4U) != 0;
}

static bool may_agree_in_clear(const struct stage *s, unsigned slot)
{
    return may_agree(s, slot) && !gives_next(s, slot) &&
           protection(s) == IN_CLEAR;
}

static bool may_agree_encrypted(const struct stage *s, unsigned slot)
{
    return may_agree(s, slot) && protection(s) <= ENCRYPTED &&
           stage_bits(s, HD_F_IoProtectionKeyEnable, 0);
}

static int check_secret(struct stage *s, unsigned slot, int err,
                        uint8_t secret[32])
{
    uint8_t pub[64] = {0};

    if (err == HD_OK && !stage_public(s, slot, pub)) {
        err = HD_ERR_CORRUPT;
    }
    err = stage_same(err, secret, pub, 32);
    hd_wipe(secret, 32);
    return err;
}

/* ECDH mode 0x0C: to the output, not encrypted (docs/chip part 2, 6.5). A chip
 * that encrypts all the same answers with more than 32 bytes. */
static int try_in_clear(struct stage *s, unsigned slot)
{
    uint8_t mode = stage_is_608(s) ? 0x0C : 0;
    uint8_t answer[64] = {0};
    size_t len = 0;
    int err = hd_chip_command(&s->chip, 0x43, mode, (uint16_t)slot, peer,
                              sizeof peer, answer, sizeof answer, &len);

    if (err == HD_OK && len != 32) {
        hd_wipe(answer, sizeof answer);
        return HD_ERR_EXEC;
    }
    return check_secret(s, slot, err, answer);
}

static int try_encrypted(struct stage *s, unsigned slot)
{
    uint8_t secret[32] = {0};
    int err = hd_chip_ecdh_io(&s->chip, (uint16_t)slot, peer, stage_io_key(s),
                              secret);

    return check_secret(s, slot, err, secret);
}

static int try_agree(struct stage *s, unsigned slot)
{
    uint8_t secret[32] = {0};
    int err;

    switch (protection(s)) {
    case IN_CLEAR:
        err = hd_chip_ecdh(&s->chip, (uint16_t)slot, peer, secret);
        return check_secret(s, slot, err, secret);
    case ENCRYPTED:
        return try_encrypted(s, slot);
    default:
        err = hd_chip_ecdh_keep(&s->chip, HD_ECDH_TO_TEMPKEY, (uint16_t)slot,
                                peer);
        memcpy(secret, s->vchip.tk.bytes, 32);
        return check_secret(s, slot, err, secret);
    }
}

static int try_next(struct stage *s, unsigned slot)
{
    uint8_t secret[32];
    int err = hd_chip_ecdh_keep(&s->chip, HD_ECDH_NEXT_SLOT, (uint16_t)slot,
                                peer);

    memcpy(secret, stage_bytes(s, slot | 1U), 32);
    return check_secret(s, slot, err, secret);
}

/* ----------------------------------------------------------- the key itself */

static bool may_tell(const struct stage *s, unsigned slot)
{
    return stage_bits(s, HD_F_PubInfo, slot) != 0;
}

static int try_tell(struct stage *s, unsigned slot)
{
    uint8_t got[64], pub[64];
    int err = hd_chip_pubkey(&s->chip, (uint16_t)slot, got);

    return stage_public(s, slot, pub) ? stage_same(err, got, pub, 64)
                                      : HD_ERR_CORRUPT;
}

static bool may_renew(const struct stage *s, unsigned slot)
{
    return (stage_bits(s, HD_F_WriteConfig, slot) & 2U) != 0 &&
           !stage_is_locked(s, slot);
}

static int try_renew(struct stage *s, unsigned slot)
{
    uint8_t got[64], before[64], after[64];
    bool had = stage_public(s, slot, before);
    int err = hd_chip_genkey(&s->chip, (uint16_t)slot, got);

    if (err != HD_OK) {
        return err;
    }
    return stage_public(s, slot, after) && hd_ct_equal(got, after, 64) &&
                           !(had && hd_ct_equal(before, after, 64))
                   ? HD_OK
                   : HD_ERR_CORRUPT;
}

static bool may_install(const struct stage *s, unsigned slot)
{
    return (stage_bits(s, HD_F_WriteConfig, slot) & 4U) != 0 &&
           !stage_is_locked(s, slot);
}

static int try_install(struct stage *s, unsigned slot)
{
    unsigned key = uses_write_key(s, slot);
    uint8_t d[32];

    memcpy(d, s->d, sizeof d);
    d[31] ^= 1; /* another than is there, where the stand-in is */
    int err = hd_chip_privwrite_encrypted(&s->chip, (uint16_t)slot, d,
                                          (uint16_t)key, stage_known(s, key));

    return stage_same(err, stage_bytes(s, slot) + 4, d, 32);
}

static int try_install_in_clear(struct stage *s, unsigned slot)
{
    return hd_chip_privwrite(&s->chip, (uint16_t)slot, s->d);
}

/* clang-format off */
#define SLOT_USE(what, word, bound, whose, concerns, allowed, attempt) \
    {what, word, HD_G_SLOT, HD_KIND_PRIVATE, bound, whose, concerns, allowed, attempt}
#define BY_GENKEY (BY_PROOF | BY_LATCH_608)
static const struct use list[] = {
    SLOT_USE("sign a digest", "signs", BY_USE, NULL, holds_key, may_sign, try_sign),
    SLOT_USE("sign a report", "signs", BY_ALL, NULL, reports, may_report, try_report),
    SLOT_USE("agree on a secret", "agrees", BY_USE, NULL, agrees_openly, may_agree, try_agree),
    {"agree on a secret that leaves in clear", "ecdh-result", HD_G_IO_PROTECTION,
     HD_KIND_PRIVATE, BY_USE, NULL, holds_key, may_agree_in_clear, try_in_clear},
    {"agree on a secret that leaves encrypted", "ecdh-result", HD_G_IO_PROTECTION,
     HD_KIND_PRIVATE, BY_USE, NULL, agrees_encrypted, may_agree_encrypted, try_encrypted},
    SLOT_USE("agree on a secret for the next slot", "agrees", BY_USE, NULL,
             agrees_next, may_agree, try_next),
    SLOT_USE("tell its public key", "public-key", BY_GENKEY, NULL, holds_key, may_tell, try_tell),
    SLOT_USE("make a new key", "regenerate", BY_GENKEY, NULL, NULL, may_renew, try_renew),
    SLOT_USE("install a private key", "write", BY_USE, uses_write_key, NULL,
             may_install, try_install),
    SLOT_USE("install a private key in clear", "write", 0, NULL, NULL, NULL,
             try_install_in_clear),
};
/* clang-format on */

const struct uses uses_private = {list, sizeof list / sizeof list[0]};
