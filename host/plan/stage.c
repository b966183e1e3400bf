/* SPDX-License-Identifier: Apache-2.0 */
/* The stage of a rehearsal; see stage.h. */
#include <openssl/evp.h>

#include "attack/math.h"
#include "halfdollar/crypto_openssl.h"

#include "plan/stage.h"
#include "policy/numbers.h"

enum { USES_MOST = 2097151, LAST_KEY = 68 };

/* -------------------------------------------------------------- the chip */

int stage_open(struct stage *s, const struct hd_plan_seen *seen)
{
    struct hd_variant variant = {
            .name = "twin",
            .about = "",
            .model = hd_policy_chip_of(seen->config),
            .swi = (seen->config[14] & 1U) == 0,
            .config = seen->config,
    };
    int err = hd_vchip_init(&s->vchip, &variant, NULL);

    if (err != HD_OK) {
        return err;
    }
    memcpy(s->vchip.ee, seen->config, HD_CONFIG_BYTES);
    s->vchip.speed = HD_V_MAXIMUM;
    hd_vchip_power(&s->vchip, false); /* takes the address over */
    hd_vchip_power(&s->vchip, true);
    hd_vbus_init(&s->bus, 1000000);
    err = hd_vbus_attach(&s->bus, &s->vchip);
    s->sim = (struct hd_sim){&s->bus, address_of(seen->config)};
    return err;
}

int stage_plug(struct stage *s)
{
    return hd_chip_open(&s->chip, s->vchip.swi ? &hd_sim_swi_bus : &hd_sim_bus,
                        &s->sim, &hd_crypto_openssl);
}

void stage_close(struct stage *s)
{
    hd_chip_close(&s->chip);
    hd_vchip_free(&s->vchip);
    hd_wipe(s, sizeof *s);
}

/* A key that is to be made or brought later: the stand-in. */
static void bring_key(struct stage *s, unsigned slot)
{
    if (stage_kind(s, slot) == HD_KIND_PRIVATE &&
        stage_content(s, slot) != HD_CONTENT_BORN) {
        memset(stage_bytes(s, slot), 0, 4);
        memcpy(stage_bytes(s, slot) + 4, s->d, 32);
    }
}

/* A limit that is to be written later: some uses from where counter 0 is. */
static void bring_limit(struct stage *s)
{
    unsigned slot = (unsigned)stage_bits(s, HD_F_CountMatchKey, 0);
    uint32_t limit = (stage_count(s, 0) / 32 + 2) * 32;

    if (stage_is_608(s) && stage_bits(s, HD_F_CountMatchEnable, 0) &&
        stage_content(s, slot) == HD_CONTENT_LATER) {
        for (unsigned i = 0; i < 8; i++) {
            stage_bytes(s, slot)[i] = (uint8_t)(limit >> 8 * (i % 4));
        }
    }
}

int stage_set(struct stage *s)
{
    hd_chip_close(&s->chip);
    hd_vchip_power(&s->vchip, false);
    a_key(7, s->d, s->pub);
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        bring_key(s, slot);
    }
    bring_limit(s);
    hd_vchip_power(&s->vchip, true);
    s->sim.addr7 = address_of(s->vchip.ee);
    s->set_len = hd_vchip_snapshot(&s->vchip, s->set, sizeof s->set);
    return s->set_len < 0 ? s->set_len : HD_OK;
}

int stage_reset(struct stage *s)
{
    hd_chip_close(&s->chip);
    s->blame = (struct stage_blame){0};
    s->stale = false;
    return hd_vchip_restore(&s->vchip, s->set, (size_t)s->set_len);
}

int stage_raise(struct stage *s)
{
    int err = stage_reset(s);

    return err == HD_OK ? stage_plug(s) : err;
}

/* ----------------------------------------------------------- what is there */

static size_t place(unsigned slot)
{
    size_t at = HD_V_CONFIG_BYTES + HD_V_OTP_BYTES;

    for (unsigned i = 0; i < slot; i++) {
        at += hd_plan_slot_size(i);
    }
    return at;
}

uint8_t *stage_bytes(struct stage *s, unsigned slot)
{
    return s->vchip.ee + place(slot);
}

const uint8_t *stage_known(const struct stage *s, unsigned slot)
{
    bool moves = stage_kind(s, slot) == HD_KIND_PUBLIC ||
                 stage_content(s, slot) == HD_CONTENT_LATER ||
                 is_readable(s->plan->policy.config, slot);

    return moves ? s->vchip.ee + place(slot) : s->contents->slot[slot];
}

/* It holds a private key, whose bytes nobody has to prove or to share. */
static void blame_private(struct stage *s, unsigned slot, const char *but)
{
    char where[64], bit[64];

    slot_text(&s->plan->policy, slot, where, sizeof where);
    hd_policy_field_place(HD_F_Private, slot, bit, sizeof bit);
    (void)snprintf(s->blame.why, sizeof s->blame.why,
                   "%s holds an ECC private key (KeyConfig[%u].Private = 1, "
                   "%s), and %s",
                   where, slot, bit, but);
}

const uint8_t *stage_io_key(struct stage *s)
{
    unsigned slot = (unsigned)stage_bits(s, HD_F_IoProtectionKey, 0);

    if (stage_bits(s, HD_F_IoProtectionKeyEnable, 0) &&
        is_private(&s->plan->policy, slot)) {
        blame_private(s, slot, "the IO protection key must be a secret");
        s->blame.group = HD_G_IO_PROTECTION;
        s->blame.word = "key";
    }
    return stage_known(s, slot);
}

bool stage_is_locked(const struct stage *s, unsigned slot)
{
    return seen_slot_locked(s->vchip.ee, slot);
}

bool stage_public(struct stage *s, unsigned slot, uint8_t pub[64])
{
    return a_public(stage_bytes(s, slot) + 4, pub);
}

void stage_stand_in(struct stage *s, unsigned slot, bool valid)
{
    uint8_t *bytes = stage_bytes(s, slot);

    if (slot < 8) {
        return; /* no room for one: the chip will say so */
    }
    memset(bytes, 0, 72);
    memcpy(bytes + 4, s->pub, 32);
    memcpy(bytes + 40, s->pub + 32, 32);
    if (stage_bits(s, HD_F_PubInfo, slot)) {
        bytes[0] = valid ? 0x50 : 0xA0;
    }
}

int stage_sign(struct stage *s, const uint8_t digest[32], uint8_t sig[64])
{
    return a_sign(s->d, digest, sig) ? HD_OK : HD_ERR_PORT;
}

/* ---------------------------------------------------------------- counting */

static bool counts_bits(const struct stage *s, unsigned slot)
{
    return !stage_is_608(s) && slot == 15;
}

uint32_t stage_count(const struct stage *s, unsigned slot)
{
    uint64_t number = 0;

    if (counts_bits(s, slot)) {
        for (unsigned i = 0; i < 128; i++) {
            number += !(s->vchip.ee[LAST_KEY + i / 8] >> i % 8 & 1);
        }
    } else {
        (void)hd_number_counter.from_field(
                hd_policy_get(s->vchip.ee, HD_F_Counter0, 0), &number);
    }
    return (uint32_t)number;
}

uint32_t stage_count_end(const struct stage *s)
{
    uint32_t limit = 0;

    if (!stage_is_608(s) || !stage_bits(s, HD_F_CountMatchEnable, 0)) {
        return USES_MOST;
    }
    const uint8_t *p =
            s->vchip.ee + place((unsigned)stage_bits(s, HD_F_CountMatchKey, 0));

    for (unsigned i = 4; i-- > 0;) {
        limit = limit << 8 | p[i];
    }
    return limit < USES_MOST ? limit : USES_MOST;
}

void stage_count_set(struct stage *s, unsigned id, uint32_t value)
{
    uint64_t field = 0;

    (void)hd_number_counter.to_field(value, &field);
    hd_policy_set(s->vchip.ee, id ? HD_F_Counter1 : HD_F_Counter0, 0, field);
}

void stage_spend(struct stage *s, unsigned slot, uint32_t left)
{
    if (counts_bits(s, slot)) {
        memset(s->vchip.ee + LAST_KEY, 0, 16);
        s->vchip.ee[LAST_KEY + 15] = left ? 0x01 : 0;
        return;
    }
    stage_count_set(s, 0, stage_count_end(s) - left);
}

/* ------------------------------------------------------------ before a use */

int stage_nonce(struct stage *s)
{
    const uint8_t num_in[20] = {0};
    uint8_t m[55] = {0};

    if (s->stale) {
        memcpy(s->tempkey, s->plan->hash, 32);
        s->source = 4;
        return hd_chip_nonce_load(&s->chip, HD_NONCE_TEMPKEY, s->tempkey, 32);
    }
    int err = hd_chip_nonce_random(&s->chip, num_in, m);

    m[52] = 0x16; /* docs/chip part 2, 2.1 */
    a_sha256(m, sizeof m, s->tempkey);
    s->source = 0;
    return err;
}

/* Over TempKey rather than the digest buffer where a fresh nonce is asked. */
static int verify_nonce(struct stage *s, unsigned slot)
{
    uint8_t sig[64], none[1];
    size_t len = 0;
    int err = stage_nonce(s);

    err = err == HD_OK ? stage_sign(s, s->tempkey, sig) : err;
    return err == HD_OK
                   ? hd_chip_command(&s->chip, 0x45, 0, (uint16_t)slot, sig,
                                     sizeof sig, none, sizeof none, &len)
                   : err;
}

/* The slot itself: who knows its secret, or holds its private key. */
static int prove_one(struct stage *s, unsigned slot)
{
    if (is_private(&s->plan->policy, slot)) {
        blame_private(s, slot, "only a secret or a public key can be proved");
        return HD_ERR_EXEC;
    }
    if (stage_kind(s, slot) == HD_KIND_PUBLIC) {
        stage_stand_in(s, slot, true);
        return verify_nonce(s, slot);
    }
    /* CheckMac takes any bytes for a key, those of an AES key too */
    return hd_chip_authorize(&s->chip, (uint16_t)slot, stage_known(s, slot));
}

/* Proofs asked for proofs; at most one for each slot. Then they go round in
 * a ring, and the chip refuses the first. Each is asked for by the one before
 * it; the slot itself by nobody. */
static int prove_chain(struct stage *s, unsigned slot, bool itself)
{
    unsigned chain[HD_POLICY_SLOTS + 2] = {slot, slot};
    unsigned first = itself ? 0 : 1, last = 0;
    int err = HD_OK;

    while (stage_bits(s, HD_F_ReqAuth, slot) && last < HD_POLICY_SLOTS) {
        slot = (unsigned)stage_bits(s, HD_F_AuthKey, slot);
        chain[++last] = slot;
    }
    for (unsigned i = last + 1; i-- > first && err == HD_OK;) {
        s->blame.doing = "proving the key that authorises";
        s->blame.group = HD_G_SLOT;
        s->blame.word = i ? "authorised-by" : NULL;
        s->blame.slot = i ? chain[i - 1] : 0;
        err = prove_one(s, chain[i]);
    }
    if (err == HD_OK) {
        s->blame = (struct stage_blame){0};
    }
    return err;
}

bool stage_is_spent(const struct stage *s, unsigned slot)
{
    uint64_t start = 0;

    (void)hd_number_counter.from_field(stage_bits(s, HD_F_Counter0, 0), &start);
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        uint32_t end = counts_bits(s, slot) ? 128 : stage_count_end(s);

        if (stage_bits(s, HD_F_LimitedUse, slot) &&
            stage_count(s, slot) >= end && end > start) {
            return true;
        }
        if (!stage_bits(s, HD_F_ReqAuth, slot)) {
            return false;
        }
        slot = (unsigned)stage_bits(s, HD_F_AuthKey, slot);
    }
    return false;
}

int stage_prove(struct stage *s, unsigned slot)
{
    return prove_chain(s, slot, true);
}

/* The slot, or one that it needs a proof of; -1: none does. */
static int asks_latch(const struct stage *s, unsigned slot)
{
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        if (stage_bits(s, HD_F_PersistentDisable, slot)) {
            return (int)slot;
        }
        if (!stage_bits(s, HD_F_ReqAuth, slot)) {
            return -1;
        }
        slot = (unsigned)stage_bits(s, HD_F_AuthKey, slot);
    }
    return -1;
}

/* The maker's signature: the stand-in's. */
static int sign_firmware(struct stage *s, const uint8_t digest[32], bool good,
                         uint8_t sig[64])
{
    unsigned key = (unsigned)stage_bits(s, HD_F_SecureBootPubKey, 0);

    if (stage_kind(s, key) == HD_KIND_PUBLIC) {
        stage_stand_in(s, key, true);
    }
    int err = stage_sign(s, digest, sig);

    sig[63] ^= (uint8_t)!good;
    return err;
}

int stage_boot_mac(struct stage *s, uint8_t mode, const uint8_t digest[32],
                   bool good)
{
    unsigned kept = (unsigned)stage_bits(s, HD_F_SecureBootSigDig, 0);
    bool has_signature = true;
    uint8_t sig[64];
    int err = HD_OK;

    if (mode != HD_SECUREBOOT_STORE) {
        err = sign_firmware(s, digest, good, sig);
    } else if (stage_bits(s, HD_F_SecureBootMode, 0) == 2) {
        memcpy(sig, stage_bytes(s, kept), sizeof sig);
    } else {
        has_signature = false;
    }
    return err == HD_OK ? hd_chip_secureboot_mac(&s->chip, mode, digest,
                                                 has_signature ? sig : NULL,
                                                 stage_io_key(s))
                        : err;
}

int stage_boot(struct stage *s, uint8_t mode, const uint8_t digest[32],
               bool good)
{
    bool sent = mode != HD_SECUREBOOT_STORE;
    uint8_t sig[64];
    int err = HD_OK;

    if (stage_bits(s, HD_F_SecureBootRandNonce, 0) && !s->stale) {
        return stage_boot_mac(s, mode, digest, good);
    }
    if (sent) {
        err = sign_firmware(s, digest, good, sig);
    }
    return err == HD_OK ? hd_chip_secureboot(&s->chip, mode, digest,
                                             sent ? sig : NULL)
                        : err;
}

static int boot_for_latch(struct stage *s)
{
    unsigned key = (unsigned)stage_bits(s, HD_F_SecureBootPubKey, 0);
    int err = prove_chain(s, key, false);

    return err == HD_OK ? stage_boot(s, HD_SECUREBOOT_FULL, s->plan->hash, true)
                        : err;
}

static int prove_for_latch(struct stage *s)
{
    unsigned guard = (unsigned)stage_bits(s, HD_F_VolatileKeyPermitSlot, 0);
    bool state = false;
    int err = stage_prove(s, guard);

    return err == HD_OK ? hd_chip_latch(&s->chip, HD_LATCH_SET, &state) : err;
}

static void blame_word(struct stage *s, uint8_t group, const char *word,
                       unsigned slot)
{
    if (!s->blame.word) { /* or a proof on the way says it more closely */
        s->blame.group = group;
        s->blame.word = word;
        s->blame.slot = slot;
    }
}

/* How, of two ways: by the one that does not need the latch itself. */
static int set_latch_608(struct stage *s, unsigned slot)
{
    bool by_boot = stage_bits(s, HD_F_SecureBootMode, 0) &&
                   stage_bits(s, HD_F_SecureBootPersistentEnable, 0);
    bool by_proof = stage_bits(s, HD_F_VolatileKeyPermitEnable, 0) != 0;
    unsigned key = (unsigned)stage_bits(s, HD_F_SecureBootPubKey, 0);
    int err;

    if (by_boot && !(by_proof && asks_latch(s, key) >= 0)) {
        err = boot_for_latch(s);
        blame_word(s, HD_G_SECURE_BOOT, "sets-latch", 0);
        return err;
    }
    if (by_proof) {
        err = prove_for_latch(s);
        blame_word(s, HD_G_LATCH, "switched-by", 0);
        return err;
    }
    blame_word(s, HD_G_SLOT, "needs-latch", slot);
    (void)snprintf(s->blame.why, sizeof s->blame.why,
                   "nothing sets it (latch/switched-by, "
                   "secure-boot/sets-latch)");
    return HD_ERR_EXEC;
}

/* For this slot, which asks for it. */
static int set_latch(struct stage *s, unsigned slot)
{
    if (!stage_is_608(s)) {
        s->vchip.gpio_latch = true; /* its pin does that */
        return HD_OK;
    }
    int err = set_latch_608(s, slot);

    err = err == HD_OK && !s->vchip.latch ? HD_ERR_CORRUPT : err;
    if (err == HD_OK) {
        s->blame = (struct stage_blame){0};
    } else {
        s->blame.doing = "setting the latch";
    }
    return err;
}

/* A key that is used along with this one: the parent that vouches for a
 * public key, or that rolls a secret; else the slot itself. */
static unsigned used_along(const struct stage *s, unsigned slot)
{
    uint64_t write = stage_bits(s, HD_F_WriteConfig, slot);
    uint8_t kind = stage_kind(s, slot);

    if (kind == HD_KIND_PUBLIC && stage_bits(s, HD_F_PubInfo, slot)) {
        return (unsigned)stage_bits(s, HD_F_ReadKey, slot);
    }
    /* docs/chip part 1, 7.13: DeriveKey, with a MAC or from the parent */
    return (kind & HD_KIND_STORED) && (write & 2U) && (write & 9U)
                   ? (unsigned)stage_bits(s, HD_F_WriteKey, slot)
                   : slot;
}

int stage_latch(struct stage *s, unsigned slot)
{
    bool set = stage_is_608(s) ? s->vchip.latch : s->vchip.gpio_latch;
    int asker = asks_latch(s, slot);

    asker = asker < 0 ? asks_latch(s, used_along(s, slot)) : asker;
    return asker >= 0 && !set ? set_latch(s, (unsigned)asker) : HD_OK;
}

int stage_admit(struct stage *s, unsigned slot, unsigned without)
{
    int err = without & WITHOUT_LATCH ? HD_OK : stage_latch(s, slot);

    return err == HD_OK && !(without & WITHOUT_PROOF)
                   ? prove_chain(s, slot, false)
                   : err;
}

/* ---------------------------------------------------------------- messages */

static uint8_t serial(const struct stage *s, unsigned i)
{
    return s->vchip.ee[i < 4 ? i : i + 4];
}

void stage_g96(const struct stage *s, const uint8_t a[32], const uint8_t op[4],
               const uint8_t b[32], uint8_t digest[32])
{
    uint8_t m[96] = {0};

    memcpy(m, a, 32);
    memcpy(m + 32, op, 4);
    m[36] = serial(s, 8);
    m[37] = serial(s, 0);
    m[38] = serial(s, 1);
    memcpy(m + 64, b, 32);
    a_sha256(m, sizeof m, digest);
    hd_wipe(m, sizeof m);
}

void stage_m88(const struct stage *s, const uint8_t key[32],
               const uint8_t *head, uint8_t mac[32])
{
    uint8_t m[88] = {0};

    memcpy(m, key, 32);
    memcpy(m + 32, s->tempkey, 32);
    if (head) {
        memcpy(m + 64, head, 4);
    }
    m[79] = serial(s, 8);
    m[84] = serial(s, 0);
    m[85] = serial(s, 1);
    a_sha256(m, sizeof m, mac);
    hd_wipe(m, sizeof m);
}

int stage_pubkey_digest(struct stage *s, uint8_t mode, unsigned slot,
                        const uint8_t pub[64])
{
    static const uint8_t other[3] = {0};
    uint8_t m[128] = {0}, got[64];
    bool stored = mode == 0x10;
    int err = hd_chip_pubkey_digest(&s->chip, mode, (uint16_t)slot,
                                    stored ? other : NULL, stored ? NULL : got);

    memcpy(m, s->tempkey, 32);
    m[32] = 0x40; /* docs/chip part 2, 6.1 */
    if (!stored) {
        m[33] = mode;
        m[34] = (uint8_t)slot;
    }
    m[36] = serial(s, 8);
    m[37] = serial(s, 0);
    m[38] = serial(s, 1);
    memcpy(m + 64, pub, 64);
    a_sha256(m, sizeof m, s->tempkey);
    return err;
}

void stage_internal(const struct stage *s, const uint8_t other[19],
                    uint8_t digest[32])
{
    uint8_t m[55];

    memcpy(m, s->tempkey, 32);
    m[32] = 0x41; /* docs/chip part 2, 6.3 */
    memcpy(m + 33, other, 10);
    m[43] = serial(s, 8);
    memcpy(m + 44, other + 10, 4);
    m[48] = serial(s, 0);
    m[49] = serial(s, 1);
    memcpy(m + 50, other + 14, 5);
    a_sha256(m, sizeof m, digest);
}

bool stage_aes(const uint8_t key[16], const uint8_t in[16], uint8_t out[16])
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0;
    bool good = ctx &&
                EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, key, NULL) &&
                EVP_CIPHER_CTX_set_padding(ctx, 0) &&
                EVP_EncryptUpdate(ctx, out, &len, in, 16) && len == 16;

    EVP_CIPHER_CTX_free(ctx);
    return good;
}
