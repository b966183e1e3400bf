/* SPDX-License-Identifier: Apache-2.0 */
/* Uses of public keys, with a stand-in whose private half is known here; see
 * uses.h. */
#include "attack/math.h"

#include "plan/uses.h"

static bool must_be_validated(const struct stage *s, unsigned slot)
{
    return stage_bits(s, HD_F_PubInfo, slot) != 0;
}

static bool counts_at_once(const struct stage *s, unsigned slot)
{
    return !must_be_validated(s, slot);
}

/* -------------------------------------------------------------- verifying */

/* Where a fresh nonce is asked, only that can be verified. */
static int verify(struct stage *s, unsigned slot, uint8_t flip)
{
    bool fresh = stage_bits(s, HD_F_ReqRandom, slot) != 0;
    uint8_t sig[64] = {0}, none[1];
    size_t len = 0;
    int err = HD_OK;

    if (fresh) {
        err = stage_nonce(s);
    } else {
        memcpy(s->tempkey, s->plan->hash, sizeof s->tempkey);
    }
    err = err == HD_OK ? stage_sign(s, s->tempkey, sig) : err;
    if (err != HD_OK) {
        return err;
    }
    sig[63] ^= flip;
    return fresh ? hd_chip_command(&s->chip, 0x45, 0, (uint16_t)slot, sig,
                                   sizeof sig, none, sizeof none, &len)
                 : hd_chip_verify_stored(&s->chip, (uint16_t)slot, s->tempkey,
                                         sig);
}

static int try_verify(struct stage *s, unsigned slot)
{
    stage_stand_in(s, slot, false);
    return verify(s, slot, 0);
}

static int try_verify_wrongly(struct stage *s, unsigned slot)
{
    stage_stand_in(s, slot, true);
    return stage_wrong(verify(s, slot, 1));
}

/* That a signature is wrong only a key can tell: a file that holds none is
 * found here, before it is locked in. */
static bool has_own_key(const struct stage *s, unsigned slot)
{
    return stage_content(s, slot) == HD_CONTENT_FILE && counts_at_once(s, slot);
}

static int try_own_key(struct stage *s, unsigned slot)
{
    int err = verify(s, slot, 0);

    return err == HD_ERR_MISMATCH ? HD_OK : err;
}

/* -------------------------------------------------------------- validation */

static unsigned parent_of(const struct stage *s, unsigned slot)
{
    return uses_read_key(s, slot);
}

static uint64_t x509_format(const struct stage *s, unsigned slot)
{
    return s->plan->policy.config[92 + stage_bits(s, HD_F_X509id, slot)];
}

/* Both are used, but for a certificate; the one that has something to ask. */
static unsigned vouching_key(const struct stage *s, unsigned slot)
{
    unsigned parent = parent_of(s, slot);
    bool own = !x509_format(s, slot) &&
               (stage_bits(s, HD_F_ReqAuth, slot) ||
                (!stage_bits(s, HD_F_ReqAuth, parent) &&
                 stage_bits(s, HD_F_PersistentDisable, slot)));

    return own ? slot : parent;
}

/* Each for a command of one sequence, and a proof in between would destroy
 * what the first command left. */
static bool takes_two_proofs(const struct stage *s, unsigned slot)
{
    return must_be_validated(s, slot) && !x509_format(s, slot) &&
           stage_bits(s, HD_F_ReqAuth, slot) &&
           stage_bits(s, HD_F_ReqAuth, parent_of(s, slot));
}

const char *uses_gap_public(const struct stage *s, unsigned slot)
{
    return takes_two_proofs(s, slot)
                   ? "validating it: it and the key that vouches for it both "
                     "ask for a proof, within one sequence"
                   : NULL;
}

static bool is_vouched_for(const struct stage *s, unsigned slot)
{
    return must_be_validated(s, slot) && !takes_two_proofs(s, slot);
}

static bool can_be_vouched_for(const struct stage *s, unsigned slot)
{
    return !takes_two_proofs(s, slot);
}

static int validate_inside(struct stage *s, unsigned slot, uint8_t flip,
                           bool invalidate)
{
    uint8_t other[19] = {0}, digest[32], sig[64];
    int err = stage_nonce(s);

    err = err == HD_OK ? stage_pubkey_digest(s, 0x10, slot, s->pub) : err;
    other[17] = invalidate;
    stage_internal(s, other, digest);
    err = err == HD_OK ? stage_sign(s, digest, sig) : err;
    if (err != HD_OK) {
        return err;
    }
    sig[63] ^= flip;
    return hd_chip_validate(&s->chip, (uint16_t)slot, sig, other, invalidate);
}

/* A certificate of as many blocks as X509format says, the key where it says;
 * the last block is the end that SHA itself fills up. */
static int validate_outside(struct stage *s, unsigned slot, uint8_t flip)
{
    static const uint8_t block[64];
    unsigned format = (unsigned)x509_format(s, slot);
    unsigned blocks = format >> 4, place = format & 15;
    uint8_t digest[32], sig[64];
    int err = hd_chip_sha_begin(&s->chip);

    for (unsigned i = 0; i + 1 < blocks && err == HD_OK; i++) {
        err = i == place ? hd_chip_sha_public(&s->chip, (uint16_t)slot)
                         : hd_chip_sha_update(&s->chip, block, sizeof block);
    }
    err = err == HD_OK ? hd_chip_sha_end(&s->chip, HD_SHA_TO_TEMPKEY, block, 32,
                                         digest)
                       : err;
    err = err == HD_OK ? stage_sign(s, digest, sig) : err;
    if (err != HD_OK) {
        return err;
    }
    sig[63] ^= flip;
    return hd_chip_validate_external(&s->chip, (uint16_t)slot, sig);
}

static int validate(struct stage *s, unsigned slot, uint8_t flip)
{
    if (stage_kind(s, parent_of(s, slot)) == HD_KIND_PUBLIC) {
        stage_stand_in(s, parent_of(s, slot), true);
    }
    stage_stand_in(s, slot, false);
    return x509_format(s, slot) ? validate_outside(s, slot, flip)
                                : validate_inside(s, slot, flip, false);
}

/* It must count from then on. A proof served for one use, so that of the key
 * itself is given again. */
static int try_validate(struct stage *s, unsigned slot)
{
    int err = validate(s, slot, 0);

    err = err == HD_OK && stage_bits(s, HD_F_ReqAuth, slot)
                  ? stage_admit(s, slot, WITHOUT_LATCH)
                  : err;
    return err == HD_OK ? verify(s, slot, 0) : err;
}

static int try_validate_wrongly(struct stage *s, unsigned slot)
{
    return stage_wrong(validate(s, slot, 1));
}

static bool is_frozen_once_valid(const struct stage *s, unsigned slot)
{
    return is_vouched_for(s, slot) &&
           stage_bits(s, HD_F_WriteConfig, slot) == 1 &&
           !stage_is_locked(s, slot);
}

static int try_write_valid(struct stage *s, unsigned slot)
{
    int err = validate(s, slot, 0);

    return err == HD_OK ? uses_try_write(s, slot) : HD_ERR_CORRUPT;
}

static bool may_invalidate(const struct stage *s, unsigned slot)
{
    return x509_format(s, slot) == 0;
}

/* From then on it must not count. A proof serves once, so it is given again
 * before each step. */
static int try_invalidate(struct stage *s, unsigned slot)
{
    int err = validate(s, slot, 0);

    err = err == HD_OK ? stage_admit(s, vouching_key(s, slot), WITHOUT_LATCH)
                       : err;
    err = err == HD_OK ? validate_inside(s, slot, 0, true) : err;
    err = err == HD_OK ? stage_admit(s, slot, WITHOUT_LATCH) : err;
    if (err != HD_OK) {
        return err;
    }
    return verify(s, slot, 0) == HD_ERR_EXEC ? HD_OK : HD_ERR_CORRUPT;
}

/* clang-format off */
#define SLOT_USE(what, word, bound, whose, concerns, allowed, attempt) \
    {what, word, HD_G_SLOT, HD_KIND_PUBLIC, bound, whose, concerns, allowed, attempt}
static const struct use list[] = {
    SLOT_USE("verify a signature with it as provisioned", "validated-by", BY_ALL, NULL,
             NULL, counts_at_once, try_verify),
    SLOT_USE("take a wrong signature for good", "purpose", 0, NULL, NULL, NULL,
             try_verify_wrongly),
    SLOT_USE("compute with the key of its file", "file", BY_STATE, NULL, has_own_key,
             uses_always, try_own_key),
    SLOT_USE("validate it", "validated-by", BY_STATE | BY_NONCE, vouching_key,
             can_be_vouched_for,
             must_be_validated, try_validate),
    SLOT_USE("validate it with a wrong signature", "validated-by", 0, vouching_key,
             is_vouched_for, NULL, try_validate_wrongly),
    SLOT_USE("write it while it is valid", "write", 0, vouching_key,
             is_frozen_once_valid, NULL, try_write_valid),
    SLOT_USE("invalidate it", "validated-by", 0, vouching_key, is_vouched_for,
             may_invalidate, try_invalidate),
};
/* clang-format on */

const struct uses uses_public = {list, sizeof list / sizeof list[0]};
