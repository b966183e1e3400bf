/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rehearsal: the whole plan on a virtual copy of the chip, then every key
 * and slot used as the policy says. What should be is read from the policy's
 * bits; what is, the virtual chip answers by its own rules.
 */
#include "halfdollar/crypto_openssl.h"
#include "halfdollar/port_sim.h"
#include "halfdollar/vchip.h"

#include "plan/apply.h"
#include "plan/inner.h"

struct stage {
    const struct hd_plan *plan;
    const struct hd_plan_contents *contents;
    struct hd_vchip vchip;
    struct hd_vbus bus;
    struct hd_sim sim;
    struct hd_chip chip;
};

/* ------------------------------------------------------------------ probes */

static uint64_t bits(const struct stage *s, enum hd_policy_field_id id,
                     unsigned slot)
{
    return hd_policy_get(s->plan->policy.config, id, slot);
}

static uint8_t kind(const struct stage *s, unsigned slot)
{
    return hd_policy_kind(s->plan->policy.config, slot);
}

static bool is_locked(const struct stage *s, unsigned slot)
{
    return seen_slot_locked(s->vchip.ee, slot);
}

static bool holds_key(const struct stage *s, unsigned slot)
{
    return kind(s, slot) == HD_KIND_PRIVATE &&
           s->plan->policy.slots[slot].content == HD_CONTENT_BORN;
}

static bool may_sign(const struct stage *s, unsigned slot)
{
    return (bits(s, HD_F_ReadKey, slot) & 1U) != 0;
}

static int try_sign(struct stage *s, uint16_t slot)
{
    uint8_t sig[64], pub[64];
    int err = hd_chip_sign(&s->chip, slot, s->plan->hash, sig);

    if (err == HD_OK && bits(s, HD_F_PubInfo, slot)) {
        err = hd_chip_pubkey(&s->chip, slot, pub);
        err = err == HD_OK ? hd_chip_verify(&s->chip, s->plan->hash, sig, pub)
                           : err;
    }
    return err;
}

/* The report is about its own public key, which must be to be had. */
static bool reports(const struct stage *s, unsigned slot)
{
    return holds_key(s, slot) && bits(s, HD_F_PubInfo, slot) != 0;
}

static bool may_report(const struct stage *s, unsigned slot)
{
    return (bits(s, HD_F_ReadKey, slot) & 2U) != 0;
}

static int try_report(struct stage *s, uint16_t slot)
{
    const uint8_t num_in[20] = {0};
    uint8_t out[32], sig[64], pub[64];
    int err = hd_chip_nonce_random(&s->chip, num_in, out);

    err = err == HD_OK ? hd_chip_pubkey_digest(&s->chip, 0x08, slot, NULL, pub)
                       : err;
    return err == HD_OK ? hd_chip_sign_internal(&s->chip, slot, 0x40, sig)
                        : err;
}

/* The generator of P-256, a public key like any other (FIPS 186-4, D.1.2.3) */
static const uint8_t peer[64] = {
        0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6,
        0xE5, 0x63, 0xA4, 0x40, 0xF2, 0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB,
        0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, 0x4F,
        0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A,
        0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31, 0x5E,
        0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5};

static uint64_t ecdh_protection(const struct stage *s)
{
    return s->vchip.model == HD_VMODEL_508A ? 0 : bits(s, HD_F_EcdhProt, 0);
}

/* Its result goes elsewhere if bit 3 says so: not tried. */
static bool agrees_openly(const struct stage *s, unsigned slot)
{
    return holds_key(s, slot) && (bits(s, HD_F_ReadKey, slot) & 8U) == 0;
}

static bool may_agree(const struct stage *s, unsigned slot)
{
    return (bits(s, HD_F_ReadKey, slot) & 4U) != 0;
}

static int try_agree(struct stage *s, uint16_t slot)
{
    uint64_t io = bits(s, HD_F_IoProtectionKey, 0);
    uint8_t secret[32];
    int err;

    switch (ecdh_protection(s)) {
    case 0:
        err = hd_chip_ecdh(&s->chip, slot, peer, secret);
        break;
    case 1:
        err = hd_chip_ecdh_io(&s->chip, slot, peer, s->contents->slot[io],
                              secret);
        break;
    default:
        return hd_chip_ecdh_keep(&s->chip, HD_ECDH_TO_TEMPKEY, slot, peer);
    }
    hd_wipe(secret, sizeof secret);
    return err;
}

static bool may_agree_in_clear(const struct stage *s, unsigned slot)
{
    return may_agree(s, slot) && ecdh_protection(s) == 0;
}

/* ECDH mode 0x0C: to the output, not encrypted (docs/chip part 2, 6.5). A chip
 * that encrypts all the same answers with more than 32 bytes. */
static int try_agree_in_clear(struct stage *s, uint16_t slot)
{
    uint8_t mode = s->vchip.model == HD_VMODEL_508A ? 0 : 0x0C;
    uint8_t answer[64];
    size_t len = 0;
    int err = hd_chip_command(&s->chip, 0x43, mode, slot, peer, sizeof peer,
                              answer, sizeof answer, &len);

    hd_wipe(answer, sizeof answer);
    return err == HD_OK && len != 32 ? HD_ERR_EXEC : err;
}

static bool may_renew(const struct stage *s, unsigned slot)
{
    return (bits(s, HD_F_WriteConfig, slot) & 2U) != 0 && !is_locked(s, slot);
}

static int try_renew(struct stage *s, uint16_t slot)
{
    uint8_t pub[64];

    return hd_chip_genkey(&s->chip, slot, pub);
}

static bool is_stored(const struct stage *s, unsigned slot)
{
    return (kind(s, slot) & HD_KIND_STORED) != 0;
}

static bool may_read(const struct stage *s, unsigned slot)
{
    return is_readable(s->plan->policy.config, slot);
}

static int try_read(struct stage *s, uint16_t slot)
{
    uint8_t got[HD_PLAN_SLOT_SIZE];
    size_t len = hd_plan_slot_size(slot) < 64 ? 32 : 64; /* whole blocks */
    int err = hd_chip_read(&s->chip, HD_ZONE_DATA, slot, 0, got, len);
    bool same = err == HD_OK && memcmp(got, s->contents->slot[slot], len) == 0;

    hd_wipe(got, sizeof got);
    return err == HD_OK && !same ? HD_ERR_CORRUPT : err;
}

/* docs/chip part 1, 7.14: 0 always, 1 while a public key is not valid. */
static bool may_write(const struct stage *s, unsigned slot)
{
    uint64_t config = bits(s, HD_F_WriteConfig, slot);

    return !is_locked(s, slot) &&
           (config == 0 || (config == 1 && kind(s, slot) == HD_KIND_PUBLIC));
}

static int try_write(struct stage *s, uint16_t slot)
{
    return hd_chip_write(&s->chip, HD_ZONE_DATA, slot, 0,
                         s->contents->slot[slot], 32);
}

static bool is_secret(const struct stage *s, unsigned slot)
{
    return kind(s, slot) == HD_KIND_SECRET;
}

static bool may_mac(const struct stage *s, unsigned slot)
{
    return !bits(s, HD_F_NoMac, slot);
}

static int try_mac(struct stage *s, uint16_t slot)
{
    const uint8_t num_in[20] = {0};
    uint8_t out[32];
    int err = hd_chip_nonce_random(&s->chip, num_in, out);

    return err == HD_OK ? hd_chip_mac(&s->chip, 1, slot, NULL, out) : err;
}

static bool is_aes(const struct stage *s, unsigned slot)
{
    return kind(s, slot) == HD_KIND_AES;
}

static bool always(const struct stage *s, unsigned slot)
{
    (void)s;
    (void)slot;
    return true;
}

static int try_aes(struct stage *s, uint16_t slot)
{
    uint8_t out[16];

    return hd_chip_aes(&s->chip, 0, slot, 0, s->plan->hash, out);
}

/* What uses up or changes something comes last. */
static const struct probe {
    const char *what;
    bool (*concerns)(const struct stage *s, unsigned slot);
    bool (*allowed)(const struct stage *s, unsigned slot);
    int (*attempt)(struct stage *s, uint16_t slot);
} probes[] = {
        {"read it in clear", is_stored, may_read, try_read},
        {"sign a digest", holds_key, may_sign, try_sign},
        {"sign a report", reports, may_report, try_report},
        {"agree on a secret", agrees_openly, may_agree, try_agree},
        {"agree on a secret in clear", agrees_openly, may_agree_in_clear,
         try_agree_in_clear},
        {"make a MAC", is_secret, may_mac, try_mac},
        {"encrypt a block", is_aes, always, try_aes},
        {"write it in clear", is_stored, may_write, try_write},
        {"make a new key", holds_key, may_renew, try_renew},
};

/* --------------------------------------------------------------- rehearsal */

/*
 * Slots that work only after firmware was accepted, or whose uses are
 * counted against a limit in some slot, are not tried: what they answer
 * depends on more than the plan.
 */
static bool is_open(const struct stage *s, unsigned slot)
{
    uint64_t auth = bits(s, HD_F_AuthKey, slot);

    return !bits(s, HD_F_PersistentDisable, slot) &&
           !bits(s, HD_F_LimitedUse, slot) &&
           (!bits(s, HD_F_ReqAuth, slot) ||
            (!bits(s, HD_F_PersistentDisable, (unsigned)auth) &&
             !bits(s, HD_F_LimitedUse, (unsigned)auth)));
}

/* An authorisation holds for one use, so it is given before each. */
static int attempt(struct stage *s, const struct probe *probe, unsigned slot)
{
    if (bits(s, HD_F_ReqAuth, slot)) {
        uint16_t auth = (uint16_t)bits(s, HD_F_AuthKey, slot);
        int err = hd_chip_authorize(&s->chip, auth, s->contents->slot[auth]);

        if (err != HD_OK) {
            return err;
        }
    }
    return probe->attempt(s, (uint16_t)slot);
}

static int use(struct stage *s, struct hd_plan_run *run,
               const struct probe *probe, unsigned slot)
{
    bool allowed = probe->allowed(s, slot);
    int err = attempt(s, probe, slot);
    char where[64], reason[200] = "";

    if (allowed ? err == HD_OK : hd_err_is_refusal(err)) {
        return HD_OK;
    }
    slot_text(&s->plan->policy, slot, where, sizeof where);
    if (hd_err_is_refusal(err)) {
        (void)hd_refusal_text(hd_vchip_refusal(&s->vchip), reason,
                              sizeof reason);
    }
    (void)snprintf(run->problem, sizeof run->problem,
                   "rehearsal: %s: to %s is %s by the policy, but: %s", where,
                   probe->what, allowed ? "allowed" : "forbidden",
                   reason[0]      ? reason
                   : err == HD_OK ? "the chip did it"
                                  : hd_strerror(err));
    return HD_ERR_CORRUPT;
}

static int use_all(struct stage *s, struct hd_plan_run *run, unsigned *uses)
{
    for (unsigned i = 0; i < sizeof probes / sizeof probes[0]; i++) {
        for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
            if (!probes[i].concerns(s, slot) || !is_open(s, slot)) {
                continue;
            }
            int err = use(s, run, &probes[i], slot);

            if (err != HD_OK) {
                return err;
            }
            (*uses)++;
        }
    }
    return HD_OK;
}

/* One run of the station: look, plan, apply. */
static int apply_once(struct stage *s, struct hd_plan_run *run)
{
    struct hd_plan_seen seen;
    struct hd_policy_error why;
    struct hd_plan plan;
    struct hd_plan_run twin = {
            .chip = &s->chip, .plan = &plan, .contents = s->contents};
    int err = hd_plan_look(&seen, &s->chip);

    if (err == HD_OK) {
        err = hd_plan_make(&plan, &s->plan->policy, s->contents, &seen, &why);
    }
    if (err == HD_OK) {
        err = hd_plan_apply(&twin);
    }
    if (err != HD_OK) {
        char step[HD_PLAN_TEXT / 2] = "reading";

        if (twin.step) {
            hd_plan_step_text(&plan, twin.step, step, sizeof step);
        }
        (void)snprintf(run->problem, sizeof run->problem,
                       "rehearsal: %.100s: %.200s", step,
                       twin.problem[0] ? twin.problem : hd_strerror(err));
        err = HD_ERR_CORRUPT;
    }
    return err;
}

/*
 * What a locked chip holds cannot be copied, so its twin is taken from before
 * the lock and gets keys of its own. Then it is locked as the chip is.
 */
static int play(struct stage *s, struct hd_plan_run *run,
                const struct hd_plan_seen *seen, unsigned *uses)
{
    bool was_locked = seen_data_locked(seen->config);

    if (was_locked) {
        s->vchip.ee[86] = 0x55;
        memset(s->vchip.ee + 88, 0xFF, 2);
    }
    int err = apply_once(s, run);

    if (err == HD_OK && was_locked) {
        memcpy(s->vchip.ee + 88, seen->config + 88, 2);
        err = apply_once(s, run);
    }
    return err == HD_OK && s->plan->policy.lock_data ? use_all(s, run, uses)
                                                     : err;
}

static int open_stage(struct stage *s, const struct hd_plan_seen *seen)
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
    s->vchip.speed = HD_V_INSTANT;
    hd_vchip_power(&s->vchip, false); /* takes the address over */
    hd_vchip_power(&s->vchip, true);
    hd_vbus_init(&s->bus, 1000000);
    err = hd_vbus_attach(&s->bus, &s->vchip);
    s->sim = (struct hd_sim){&s->bus, address_of(seen->config)};
    return err;
}

int hd_plan_rehearse(struct hd_plan_run *run, const struct hd_plan_seen *seen,
                     unsigned *uses)
{
    struct stage s = {.plan = run->plan, .contents = run->contents};
    int err = open_stage(&s, seen);

    *uses = 0;
    run->problem[0] = 0;
    run->step = NULL;
    if (err == HD_OK) {
        err = hd_chip_open(&s.chip, s.vchip.swi ? &hd_sim_swi_bus : &hd_sim_bus,
                           &s.sim, &hd_crypto_openssl);
    }
    if (err == HD_OK) {
        err = play(&s, run, seen, uses);
    }
    hd_chip_close(&s.chip);
    hd_vchip_free(&s.vchip);
    return err;
}
