/* SPDX-License-Identifier: Apache-2.0 */
/* Uses of the chip as a whole: firmware, counters, latch, OTP, what can be set
 * once; see uses.h. The slot is 0 and means nothing. */
#include "attack/math.h"

#include "plan/uses.h"

static bool is_608(const struct stage *s, unsigned slot)
{
    (void)slot;
    return stage_is_608(s);
}

/* -------------------------------------------------------------- secure boot */

enum { BOOT_OFF, CHECK, STORE_SIGNATURE, STORE_DIGEST };

static uint64_t boot_mode(const struct stage *s)
{
    return stage_bits(s, HD_F_SecureBootMode, 0);
}

static unsigned boot_key(const struct stage *s, unsigned slot)
{
    (void)slot;
    return (unsigned)stage_bits(s, HD_F_SecureBootPubKey, 0);
}

static bool boots(const struct stage *s, unsigned slot)
{
    return is_608(s, slot) && boot_mode(s) != BOOT_OFF;
}

static bool may_boot(const struct stage *s, unsigned slot)
{
    (void)slot;
    return boot_mode(s) != BOOT_OFF;
}

static bool may_keep(const struct stage *s, unsigned slot)
{
    (void)slot;
    return boot_mode(s) == STORE_SIGNATURE || boot_mode(s) == STORE_DIGEST;
}

static bool keeps(const struct stage *s, unsigned slot)
{
    return boots(s, slot) && may_keep(s, slot);
}

static bool asks_boot_nonce(const struct stage *s, unsigned slot)
{
    return boots(s, slot) && stage_bits(s, HD_F_SecureBootRandNonce, 0);
}

static bool may_set_latch(const struct stage *s, unsigned slot)
{
    (void)slot;
    return stage_bits(s, HD_F_SecureBootPersistentEnable, 0) != 0;
}

static int try_boot(struct stage *s, unsigned slot)
{
    (void)slot;
    return stage_boot(s, HD_SECUREBOOT_FULL, s->plan->hash, true);
}

static int try_boot_wrongly(struct stage *s, unsigned slot)
{
    (void)slot;
    return stage_wrong(stage_boot(s, HD_SECUREBOOT_FULL, s->plan->hash, false));
}

static int try_boot_without_nonce(struct stage *s, unsigned slot)
{
    s->stale = true;
    return try_boot(s, slot);
}

static int boot_again(struct stage *s, const uint8_t digest[32])
{
    int err = stage_boot(s, HD_SECUREBOOT_COPY, s->plan->hash, true);

    err = err == HD_OK ? stage_admit(s, boot_key(s, 0), WITHOUT_LATCH) : err;
    return err == HD_OK ? stage_boot(s, HD_SECUREBOOT_STORE, digest, true)
                        : err;
}

static int try_keep(struct stage *s, unsigned slot)
{
    (void)slot;
    return boot_again(s, s->plan->hash);
}

static int try_keep_other(struct stage *s, unsigned slot)
{
    uint8_t other[32];

    (void)slot;
    memcpy(other, s->plan->hash, sizeof other);
    other[0] ^= 1;
    return stage_wrong(boot_again(s, other));
}

/* Nothing was accepted yet, so nothing must start without a signature. */
static int try_unseen(struct stage *s, unsigned slot)
{
    (void)slot;
    return stage_wrong(stage_boot(s, HD_SECUREBOOT_STORE, s->plan->hash, true));
}

static int try_boot_latch(struct stage *s, unsigned slot)
{
    unsigned key = boot_key(s, slot);
    bool state = may_set_latch(s, slot) &&
                 stage_bits(s, HD_F_PersistentDisable, key);

    if (!state) {
        s->vchip.latch = false; /* which the key's proof may have needed */
    }
    int err = try_boot(s, slot);

    err = err == HD_OK ? hd_chip_latch(&s->chip, HD_LATCH_READ, &state) : err;
    return err == HD_OK && !state ? HD_ERR_EXEC : err;
}

/* --------------------------------------------- verdicts under the IO key */

static bool may_io(const struct stage *s, unsigned slot)
{
    (void)slot;
    return stage_bits(s, HD_F_IoProtectionKeyEnable, 0) != 0;
}

static int try_verdict(struct stage *s, unsigned slot)
{
    uint8_t sig[64];
    int err = stage_sign(s, s->plan->hash, sig);

    (void)slot;
    return err == HD_OK ? hd_chip_verify_mac(&s->chip, s->plan->hash, sig,
                                             s->pub, 0, stage_io_key(s))
                        : err;
}

static int try_boot_verdict(struct stage *s, unsigned slot)
{
    (void)slot;
    return stage_boot_mac(s, HD_SECUREBOOT_FULL, s->plan->hash, true);
}

static int try_wrong_boot_verdict(struct stage *s, unsigned slot)
{
    (void)slot;
    return stage_wrong(
            stage_boot_mac(s, HD_SECUREBOOT_FULL, s->plan->hash, false));
}

/* ----------------------------------------------------------------- counters */

static bool has_steps(const struct stage *s, unsigned slot)
{
    (void)slot;
    return stage_count(s, 0) < stage_count_end(s);
}

static int step(struct stage *s, uint8_t id)
{
    uint32_t before = 0, after = 0;
    int err = hd_chip_counter(&s->chip, id, false, &before);

    err = err == HD_OK ? hd_chip_counter(&s->chip, id, true, &after) : err;
    return err == HD_OK && after != before + 1 ? HD_ERR_CORRUPT : err;
}

static int try_step_0(struct stage *s, unsigned slot)
{
    (void)slot;
    return step(s, 0);
}

static int try_step_1(struct stage *s, unsigned slot)
{
    (void)slot;
    return step(s, 1);
}

static int try_step_0_past(struct stage *s, unsigned slot)
{
    (void)slot;
    stage_count_set(s, 0, stage_count_end(s));
    return step(s, 0);
}

static int try_step_1_past(struct stage *s, unsigned slot)
{
    (void)slot;
    stage_count_set(s, 1, 2097151); /* docs/chip part 1, 7.5 */
    return step(s, 1);
}

/* ------------------------------------------------------------------- latch */

static bool may_switch(const struct stage *s, unsigned slot)
{
    (void)slot;
    return stage_bits(s, HD_F_VolatileKeyPermitEnable, 0) != 0;
}

static int switch_latch(struct stage *s)
{
    bool state = false;
    int err = hd_chip_latch(&s->chip, HD_LATCH_SET, &state);

    return err == HD_OK && !state ? HD_ERR_CORRUPT : err;
}

static int try_switch(struct stage *s, unsigned slot)
{
    unsigned guard = (unsigned)stage_bits(s, HD_F_VolatileKeyPermitSlot, 0);
    int err = HD_OK;

    if (may_switch(s, slot)) {
        err = stage_latch(s, guard); /* firmware may have set it before */
        err = err == HD_OK ? stage_prove(s, guard) : err;
    }
    return err == HD_OK ? switch_latch(s) : err;
}

static int try_switch_unproved(struct stage *s, unsigned slot)
{
    (void)slot;
    return switch_latch(s);
}

/* --------------------------------------------------------------------- OTP */

static int try_read_otp(struct stage *s, unsigned slot)
{
    uint8_t got[HD_OTP_BYTES];
    int err = hd_chip_read(&s->chip, HD_ZONE_OTP, 0, 0, got, sizeof got);

    (void)slot;
    return stage_same(err, got, s->vchip.ee + HD_V_CONFIG_BYTES, sizeof got);
}

static bool may_clear_otp(const struct stage *s, unsigned slot)
{
    return !is_608(s, slot) && stage_bits(s, HD_F_OTPmode, 0) == 0x55;
}

static int try_clear_otp(struct stage *s, unsigned slot)
{
    static const uint8_t zeros[4];

    (void)slot;
    return hd_chip_write(&s->chip, HD_ZONE_OTP, 0, 8, zeros, sizeof zeros);
}

/* ------------------------------------------------- the configuration itself */

static int try_reconfigure(struct stage *s, unsigned slot)
{
    static const uint8_t zeros[4];

    (void)slot;
    return hd_chip_write(&s->chip, HD_ZONE_CONFIG, 0, 20, zeros, sizeof zeros);
}

static bool may_set_extra(const struct stage *s, unsigned slot)
{
    (void)slot;
    return stage_bits(s, HD_F_UserExtra, 0) == 0;
}

static int try_set_extra(struct stage *s, unsigned slot)
{
    (void)slot;
    return hd_chip_updateextra(&s->chip, 0, 0x41);
}

static bool may_set_address(const struct stage *s, unsigned slot)
{
    (void)slot;
    return stage_bits(s, HD_F_UserExtraAdd, 0) == 0;
}

static int try_set_address(struct stage *s, unsigned slot)
{
    (void)slot;
    return hd_chip_updateextra(&s->chip, 1, 0x62);
}

/* -------------------------------------------------------- the chip's health */

static int try_random(struct stage *s, unsigned slot)
{
    uint8_t one[32], two[32];
    int err = hd_chip_random(&s->chip, one);

    (void)slot;
    err = err == HD_OK ? hd_chip_random(&s->chip, two) : err;
    return err == HD_OK && hd_ct_equal(one, two, 32) ? HD_ERR_CORRUPT : err;
}

static bool may_recover(const struct stage *s, unsigned slot)
{
    (void)slot;
    return stage_bits(s, HD_F_AutoClearFirstFail, 0) != 0;
}

/* The health test fails once: the first answer is a refusal in any case. */
static int try_recover(struct stage *s, unsigned slot)
{
    uint8_t out[32];

    (void)slot;
    s->vchip.health_fail = true;
    if (hd_chip_random(&s->chip, out) != HD_ERR_HEALTH) {
        return HD_ERR_CORRUPT;
    }
    int err = hd_chip_random(&s->chip, out);

    return err == HD_ERR_HEALTH ? HD_ERR_EXEC : err;
}

static int try_selftest(struct stage *s, unsigned slot)
{
    uint8_t failed = 0xFF;
    int err = hd_chip_selftest(&s->chip, 0x3D, &failed);

    (void)slot;
    return err == HD_OK && failed ? HD_ERR_CORRUPT : err;
}

/* clang-format off */
#define BOOT(what, word, bound, concerns, allowed, attempt) \
    {what, word, HD_G_SECURE_BOOT, 0, bound, boot_key, concerns, allowed, attempt}
#define CHIP(what, group, word, concerns, allowed, attempt) \
    {what, word, group, 0, 0, NULL, concerns, allowed, attempt}
static const struct use list[] = {
    BOOT("start signed firmware", "mode", BY_USE, is_608, may_boot, try_boot),
    BOOT("start firmware with a wrong signature", "mode", 0, boots, NULL, try_boot_wrongly),
    BOOT("start firmware without a nonce", "random-nonce", 0, asks_boot_nonce, NULL,
         try_boot_without_nonce),
    BOOT("start accepted firmware again", "mode", 0, boots, may_keep, try_keep),
    BOOT("start other firmware than was accepted", "mode", 0, keeps, NULL, try_keep_other),
    BOOT("start firmware that was never accepted", "mode", 0, keeps, NULL, try_unseen),
    BOOT("set the latch by starting firmware", "sets-latch", 0, boots, may_set_latch,
         try_boot_latch),
    BOOT("start signed firmware with a proven verdict", "mode", BY_STATE, boots, may_io,
         try_boot_verdict),
    BOOT("start wrong firmware with a proven verdict", "mode", 0, boots, NULL,
         try_wrong_boot_verdict),
    CHIP("believe a verdict by the IO protection key", HD_G_IO_PROTECTION, "key", is_608,
         may_io, try_verdict),
    CHIP("step counter 0", HD_G_COUNTER0, "start", has_steps, uses_always, try_step_0),
    CHIP("step counter 1", HD_G_COUNTER1, "start", NULL, uses_always, try_step_1),
    CHIP("step counter 0 past its end", HD_G_COUNTER0, "start", NULL, NULL, try_step_0_past),
    CHIP("step counter 1 past its end", HD_G_COUNTER1, "start", NULL, NULL, try_step_1_past),
    CHIP("switch the latch", HD_G_LATCH, "switched-by", is_608, may_switch, try_switch),
    CHIP("switch the latch without a proof", HD_G_LATCH, "switched-by", is_608, NULL,
         try_switch_unproved),
    CHIP("read the OTP zone", HD_G_OTP, "file", NULL, uses_always, try_read_otp),
    CHIP("change the OTP zone", HD_G_OTP, "mode", NULL, may_clear_otp, try_clear_otp),
    CHIP("change the configuration", HD_G_LOCKS, "configuration", NULL, NULL, try_reconfigure),
    CHIP("set the user byte", HD_G_EXTRA, "user-byte", NULL, may_set_extra, try_set_extra),
    CHIP("set the second address", HD_G_EXTRA, "second-address", is_608, may_set_address,
         try_set_address),
    CHIP("draw random numbers", HD_G_SELF_TEST, "after-rng-failure", NULL, uses_always,
         try_random),
    CHIP("draw random numbers again after a failure", HD_G_SELF_TEST, "after-rng-failure",
         is_608, may_recover, try_recover),
    CHIP("run its self test", HD_G_SELF_TEST, "at-wake", is_608, uses_always, try_selftest),
};
/* clang-format on */

const struct uses uses_chip = {list, sizeof list / sizeof list[0]};
