/* SPDX-License-Identifier: Apache-2.0 */
/* Makes plans; see plan.h. */
#include <stdarg.h>

#include <openssl/evp.h>

#include "plan/inner.h"

size_t hd_plan_slot_size(unsigned slot)
{
    return slot < 8 ? 36 : slot == 8 ? 416 : 72;
}

void slot_text(const struct hd_policy *p, unsigned slot, char *out, size_t size)
{
    const char *name = p->slots[slot].name;

    (void)snprintf(out, size, name[0] ? "slot %u (%s)" : "slot %u", slot, name);
}

static int cannot(struct hd_policy_error *why, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
static int cannot(struct hd_policy_error *why, const char *format, ...)
{
    va_list args;

    *why = (struct hd_policy_error){0};
    va_start(args, format);
    (void)vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    return HD_ERR_FORMAT;
}

/* ------------------------------------------------------------ the contents */

void hd_plan_contents_init(struct hd_plan_contents *contents,
                           const struct hd_policy *policy)
{
    memset(contents, 0, sizeof *contents);
    memset(contents->otp, 0xFF, sizeof contents->otp);
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        uint8_t content = policy->slots[slot].content;

        if (content == HD_CONTENT_NONE || content == HD_CONTENT_LATER ||
            content == HD_CONTENT_BORN) {
            contents->given |= (uint16_t)(1U << slot);
        }
        /* What the chip itself makes of a write: a key not validated. */
        if (hd_policy_kind(policy->config, slot) == HD_KIND_PUBLIC &&
            hd_policy_get(policy->config, HD_F_PubInfo, slot)) {
            contents->slot[slot][0] = 0xA0;
        }
    }
}

static bool is_writable(const uint8_t *config, unsigned slot)
{
    /* docs/chip part 1, 7.13: 0000 is Always */
    return hd_policy_get(config, HD_F_WriteConfig, slot) == 0;
}

int hd_plan_fill(struct hd_plan_contents *contents,
                 const struct hd_policy *policy, unsigned slot,
                 struct hd_policy_error *why)
{
    const uint8_t *config = policy->config;

    if (policy->slots[slot].content != HD_CONTENT_LATER) {
        return cannot(why,
                      "slots/%u: the policy leaves nothing for later there "
                      "(`content: later`)",
                      slot);
    }
    if (!is_readable(config, slot) || !is_writable(config, slot)) {
        return cannot(why,
                      "slots/%u: not everybody may write and read it (%s), so "
                      "nobody could fill it and check that. Bring its content "
                      "at provisioning (`content: file` or `unique`)",
                      slot,
                      is_readable(config, slot) ? "WriteConfig" : "IsSecret");
    }
    contents->filled |= (uint16_t)(1U << slot);
    return HD_OK;
}

/* ---------------------------------------------------------------- looking */

static int look_at_slot(struct hd_plan_seen *seen, struct hd_chip *chip,
                        unsigned slot)
{
    uint8_t valid[4] = {0};
    int err = HD_OK;

    if (hd_policy_get(seen->config, HD_F_Private, slot)) {
        err = hd_chip_info(chip, 1, (uint16_t)slot, valid);
        seen->keys |= (uint16_t)((valid[0] & 1U) << slot);
    } else if (is_readable(seen->config, slot)) {
        err = hd_chip_read(chip, HD_ZONE_DATA, (uint16_t)slot, 0,
                           seen->content[slot], hd_plan_slot_size(slot));
        seen->readable |= (uint16_t)((err == HD_OK ? 1U : 0U) << slot);
    }
    /* Refused for a reason of its own (an authorisation, the latch): then
     * nothing is known of it. */
    return hd_err_is_refusal(err) ? HD_OK : err;
}

int hd_plan_look(struct hd_plan_seen *seen, struct hd_chip *chip)
{
    memset(seen, 0, sizeof *seen);
    int err = hd_chip_read(chip, HD_ZONE_CONFIG, 0, 0, seen->config,
                           sizeof seen->config);

    if (err != HD_OK || !seen_data_locked(seen->config)) {
        return err;
    }
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS && err == HD_OK; slot++) {
        err = look_at_slot(seen, chip, slot);
    }
    if (err == HD_OK) {
        err = hd_chip_read(chip, HD_ZONE_OTP, 0, 0, seen->otp,
                           sizeof seen->otp);
        seen->otp_readable = err == HD_OK;
    }
    return hd_err_is_refusal(err) ? HD_OK : err;
}

/* ------------------------------------------------------------------- steps */

static void add(struct hd_plan *plan, enum hd_plan_kind kind, unsigned slot,
                bool done)
{
    plan->steps[plan->count++] =
            (struct hd_plan_step){(uint8_t)kind, (uint8_t)slot, done};
}

/* KEY, FILL and LOCK_SLOT for each of the slots, and two locks: they fit. */
_Static_assert(HD_PLAN_STEPS >= 3 * HD_POLICY_SLOTS + 4, "room for each step");

/* Of a slot that holds what a file says: it was read, and says otherwise. */
static bool differs(const struct hd_policy *p,
                    const struct hd_plan_contents *contents,
                    const struct hd_plan_seen *seen, unsigned slot)
{
    bool compared = p->slots[slot].content == HD_CONTENT_FILE ||
                    has(contents->filled, slot);

    return compared && has(contents->given, slot) &&
           has(seen->readable, slot) &&
           memcmp(seen->content[slot], contents->slot[slot],
                  hd_plan_slot_size(slot)) != 0;
}

static void add_slots(struct hd_plan *plan,
                      const struct hd_plan_contents *contents,
                      const struct hd_plan_seen *seen)
{
    const struct hd_policy *p = &plan->policy;
    bool locked = seen_data_locked(seen->config);

    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        if (p->slots[slot].content == HD_CONTENT_BORN) {
            add(plan, HD_PLAN_KEY, slot, locked && has(seen->keys, slot));
        }
    }
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        if (!is_private(p, slot)) {
            add(plan, HD_PLAN_FILL, slot,
                locked && !differs(p, contents, seen, slot));
        }
    }
    add(plan, HD_PLAN_OTP, 0, locked);
    add(plan, HD_PLAN_LOCK_DATA, 0, locked);
}

static void add_slot_locks(struct hd_plan *plan,
                           const struct hd_plan_seen *seen)
{
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        const struct hd_policy_slot *s = &plan->policy.slots[slot];
        bool locked = seen_config_locked(seen->config) &&
                      seen_slot_locked(seen->config, slot);

        if (s->lock != HD_LOCK_FILLED) {
            continue;
        }
        if (s->content != HD_CONTENT_LATER || has(plan->filled, slot)) {
            add(plan, HD_PLAN_LOCK_SLOT, slot, locked);
        } else if (!locked) {
            plan->waiting |= (uint16_t)(1U << slot);
        }
    }
}

static void add_steps(struct hd_plan *plan,
                      const struct hd_plan_contents *contents,
                      const struct hd_plan_seen *seen)
{
    struct hd_plan_difference first;

    add(plan, HD_PLAN_CONFIG, 0,
        hd_plan_differences(&plan->policy, seen->config, &first, 1) == 0);
    if (!plan->policy.lock_config) {
        return;
    }
    add(plan, HD_PLAN_LOCK_CONFIG, 0, seen_config_locked(seen->config));
    if (plan->policy.lock_data) {
        add_slots(plan, contents, seen);
        add_slot_locks(plan, seen);
    }
}

unsigned hd_plan_left(const struct hd_plan *plan)
{
    unsigned left = 0;

    for (unsigned i = 0; i < plan->count; i++) {
        left += !plan->steps[i].done;
    }
    return left;
}

unsigned hd_plan_left_for_ever(const struct hd_plan *plan)
{
    unsigned left = 0;

    for (unsigned i = 0; i < plan->count; i++) {
        left += !plan->steps[i].done &&
                hd_plan_is_for_ever(plan, &plan->steps[i]);
    }
    return left;
}

static bool sets_extra(const struct hd_plan *plan)
{
    return plan->policy.config[84] != 0 || plan->policy.config[85] != 0;
}

bool hd_plan_is_for_ever(const struct hd_plan *plan,
                         const struct hd_plan_step *step)
{
    return hd_plan_is_lock(step) ||
           (step->kind == HD_PLAN_CONFIG && sets_extra(plan));
}

void hd_plan_step_text(const struct hd_plan *plan,
                       const struct hd_plan_step *step, char *out, size_t size)
{
    static const char *const texts[] = {
            [HD_PLAN_CONFIG] = "write the configuration",
            [HD_PLAN_LOCK_CONFIG] = "lock the configuration zone",
            [HD_PLAN_KEY] = "make a private key in ",
            [HD_PLAN_FILL] = "write ",
            [HD_PLAN_OTP] = "write the OTP zone",
            [HD_PLAN_LOCK_DATA] = "lock the data and OTP zones",
            [HD_PLAN_LOCK_SLOT] = "lock ",
    };
    static const char *const contents[] = {
            [HD_CONTENT_NONE] = ": zeros",
            [HD_CONTENT_BORN] = "",
            [HD_CONTENT_UNIQUE] = ": a secret of this device alone",
            [HD_CONTENT_SHARED] = ": the secret of the whole fleet",
            [HD_CONTENT_FILE] = ": ",
            [HD_CONTENT_LATER] = ": zeros, to be written in the field",
    };
    const struct hd_policy_slot *s = &plan->policy.slots[step->slot];
    bool fills = step->kind == HD_PLAN_FILL;
    bool extra = step->kind == HD_PLAN_CONFIG && sets_extra(plan);
    const char *what = "";
    char slot[64] = "";

    if (extra) {
        what = "; bytes 84 and 85 (UpdateExtra) once and for ever";
    } else if (fills) {
        what = has(plan->filled, step->slot) ? ": what was left for later"
                                             : contents[s->content];
    }
    if (fills || step->kind == HD_PLAN_KEY || step->kind == HD_PLAN_LOCK_SLOT) {
        slot_text(&plan->policy, step->slot, slot, sizeof slot);
    }
    (void)snprintf(out, size, "%s%s%s%s", texts[step->kind], slot, what,
                   fills && s->content == HD_CONTENT_FILE ? s->file : "");
}

/* ---------------------------------------------------------------- problems */

static void problem(struct hd_plan *plan, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
static void problem(struct hd_plan *plan, const char *format, ...)
{
    va_list args;

    if (plan->problem_count < HD_PLAN_PROBLEMS) {
        va_start(args, format);
        (void)vsnprintf(plan->problems[plan->problem_count], HD_PLAN_TEXT,
                        format, args);
        va_end(args);
    }
    plan->problem_count++;
}

static void find_fixed_bits(struct hd_plan *plan, const uint8_t *config)
{
    struct hd_plan_difference d[HD_PLAN_PROBLEMS];
    char text[256];
    unsigned n =
            hd_plan_differences(&plan->policy, config, d, HD_PLAN_PROBLEMS);

    for (unsigned i = 0; i < n; i++) {
        if (i < HD_PLAN_PROBLEMS) {
            hd_plan_difference_text(&plan->policy, &d[i], text, sizeof text);
        }
        problem(plan,
                "%s, and the configuration zone is locked (byte 87 = %02x)",
                text, config[87]);
    }
}

/* Before the configuration is locked, all but these can be rewritten. */
static void find_set_once(struct hd_plan *plan, const uint8_t *config)
{
    for (unsigned at = 84; at <= 85; at++) {
        if (config[at] != 0 && config[at] != plan->policy.config[at]) {
            problem(plan,
                    "byte %u is %02x, the policy says %02x: UpdateExtra writes "
                    "it only while it is 0. Take another chip",
                    at, config[at], plan->policy.config[at]);
        }
    }
    uint8_t from = address_of(config), to = address_of(plan->policy.config);

    if ((config[14] & 1U) != 0 && from != to) {
        problem(plan,
                "the policy moves the chip from address 0x%02x to 0x%02x, and "
                "the way to it would be lost on the way. Write the bytes of "
                "`half policy compile` first (`half chip write config`), then "
                "plan at the new address",
                from, to);
    }
}

static void find_missing_key(struct hd_plan *plan,
                             const struct hd_plan_seen *seen, unsigned slot)
{
    char where[64];

    slot_text(&plan->policy, slot, where, sizeof where);
    if (has(seen->keys, slot)) {
        return;
    }
    if (seen_slot_locked(seen->config, slot)) {
        problem(plan, "%s holds no key, and the slot is locked (bytes 88-89)",
                where);
    } else if (!(hd_policy_get(seen->config, HD_F_WriteConfig, slot) & 2U)) {
        problem(plan,
                "%s holds no key, the data zone is locked (byte 86 = %02x), "
                "and WriteConfig bit 1 = 0 forbids GenKey",
                where, seen->config[86]);
    }
}

static void find_other_content(struct hd_plan *plan,
                               const struct hd_plan_contents *contents,
                               const struct hd_plan_seen *seen, unsigned slot)
{
    const struct hd_policy_slot *s = &plan->policy.slots[slot];
    const char *than =
            has(plan->filled, slot) ? "what it is to be filled with" : s->file;
    char where[64];

    if (!differs(&plan->policy, contents, seen, slot)) {
        return;
    }
    slot_text(&plan->policy, slot, where, sizeof where);
    if (seen_slot_locked(seen->config, slot)) {
        problem(plan,
                "%s holds other bytes than %s, and the slot is locked (bytes "
                "88-89 = %02x %02x)",
                where, than, seen->config[88], seen->config[89]);
    } else if (!is_writable(seen->config, slot)) {
        problem(plan,
                "%s holds other bytes than %s, the data zone is locked "
                "(byte 86 = %02x), and WriteConfig = %u forbids to write it",
                where, than, seen->config[86],
                (unsigned)hd_policy_get(seen->config, HD_F_WriteConfig, slot));
    }
}

/* In consumption mode (508A) bits are cleared in service, and never set. */
static bool otp_differs(const struct hd_plan_contents *contents,
                        const struct hd_plan_seen *seen)
{
    bool consumed = hd_policy_chip_of(seen->config) == HD_POLICY_508A &&
                    hd_policy_get(seen->config, HD_F_OTPmode, 0) == 0x55;

    for (unsigned i = 0; i < HD_OTP_BYTES; i++) {
        uint8_t changed = seen->otp[i] ^ contents->otp[i];

        if (changed & (consumed ? seen->otp[i] : 0xFF)) {
            return true;
        }
    }
    return false;
}

static void find_other_otp(struct hd_plan *plan,
                           const struct hd_plan_contents *contents,
                           const struct hd_plan_seen *seen)
{
    if (contents->otp_stated && seen->otp_readable &&
        otp_differs(contents, seen)) {
        problem(plan,
                "OTP holds other bytes than %s, and it is locked (byte 86 = "
                "%02x)",
                plan->policy.otp_file, seen->config[86]);
    }
}

/* Somebody locked it before it was filled: anyone on the bus can. */
static void find_frozen_empty(struct hd_plan *plan,
                              const struct hd_plan_contents *contents,
                              const struct hd_plan_seen *seen, unsigned slot)
{
    const struct hd_policy_slot *s = &plan->policy.slots[slot];
    char where[64];

    if (s->lock != HD_LOCK_FILLED || s->content != HD_CONTENT_LATER ||
        has(plan->filled, slot) || !seen_slot_locked(seen->config, slot) ||
        !has(seen->readable, slot) ||
        memcmp(seen->content[slot], contents->slot[slot],
               hd_plan_slot_size(slot)) != 0) {
        return;
    }
    slot_text(&plan->policy, slot, where, sizeof where);
    problem(plan,
            "%s is locked and holds nothing, so it can never be filled (bytes "
            "88-89 = %02x %02x)",
            where, seen->config[88], seen->config[89]);
}

static void find_problems(struct hd_plan *plan,
                          const struct hd_plan_contents *contents,
                          const struct hd_plan_seen *seen)
{
    if (seen_config_locked(seen->config)) {
        find_fixed_bits(plan, seen->config);
    } else {
        find_set_once(plan, seen->config);
    }
    plan->config_problems = plan->problem_count;
    if (!seen_data_locked(seen->config) || !plan->policy.lock_data) {
        return;
    }
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        uint8_t content = plan->policy.slots[slot].content;

        if (content == HD_CONTENT_BORN && is_private(&plan->policy, slot)) {
            find_missing_key(plan, seen, slot);
        } else {
            find_other_content(plan, contents, seen, slot);
            find_frozen_empty(plan, contents, seen, slot);
        }
    }
    find_other_otp(plan, contents, seen);
}

/* -------------------------------------------------------------------- hash */

/* Of a secret, only that there is one. */
static bool is_public_content(uint8_t content)
{
    return content != HD_CONTENT_UNIQUE && content != HD_CONTENT_SHARED;
}

/*
 * Serial number, configuration as it will be, then step by step: kind, slot,
 * what kind of content, and public contents themselves. The locks and the
 * counters of the chip are not in it: they change on the way.
 */
static void make_hash(struct hd_plan *plan,
                      const struct hd_plan_contents *contents)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    const struct hd_policy *p = &plan->policy;
    bool ok = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL);

    ok = ok && EVP_DigestUpdate(md, "half plan 1", 11) &&
         EVP_DigestUpdate(md, p->config, 86) &&
         EVP_DigestUpdate(md, p->config + 88, HD_CONFIG_BYTES - 88);
    for (unsigned i = 0; ok && i < plan->count; i++) {
        const struct hd_plan_step *s = &plan->steps[i];
        uint8_t head[3] = {s->kind, s->slot, p->slots[s->slot].content};

        ok = EVP_DigestUpdate(md, head, sizeof head);
        if (s->kind == HD_PLAN_FILL && is_public_content(head[2])) {
            ok = ok && EVP_DigestUpdate(md, contents->slot[s->slot],
                                        hd_plan_slot_size(s->slot));
        } else if (s->kind == HD_PLAN_OTP) {
            ok = ok && EVP_DigestUpdate(md, contents->otp, HD_OTP_BYTES);
        }
    }
    if (!ok || !EVP_DigestFinal_ex(md, plan->hash, NULL)) {
        memset(plan->hash, 0, sizeof plan->hash);
        problem(plan, "SHA-256 is not to be had: there is no hash to confirm");
    }
    EVP_MD_CTX_free(md);
}

/* -------------------------------------------------------------------- plan */

static int check_policy(const struct hd_policy *p, struct hd_policy_error *why)
{
    if (p->lock_data && !p->lock_config) {
        return cannot(why, "locks: data is locked at provisioning but "
                           "configuration is not: the chip locks the "
                           "configuration first. Make both `later`, or "
                           "configuration `at-provisioning`");
    }
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        bool born = p->slots[slot].content == HD_CONTENT_BORN;

        if (born && !is_private(p, slot)) {
            return cannot(why,
                          "slots/%u: content born-in-chip, but the slot holds "
                          "no private key (Private = 0)",
                          slot);
        }
        if (is_private(p, slot) && !born &&
            p->slots[slot].content != HD_CONTENT_NONE &&
            p->slots[slot].content != HD_CONTENT_LATER) {
            return cannot(why,
                          "slots/%u: apply makes private keys inside the chip "
                          "(content: born-in-chip) and brings none from "
                          "outside",
                          slot);
        }
    }
    return HD_OK;
}

int hd_plan_make(struct hd_plan *plan, const struct hd_policy *policy,
                 const struct hd_plan_contents *contents,
                 const struct hd_plan_seen *seen, struct hd_policy_error *why)
{
    memset(plan, 0, sizeof *plan);
    if (!hd_policy_fits(policy, seen->config, why)) {
        return HD_ERR_FORMAT;
    }
    int err = check_policy(policy, why);

    if (err != HD_OK) {
        return err;
    }
    plan->policy = *policy;
    plan->filled = contents->filled;
    hd_policy_adopt(&plan->policy, seen->config);
    add_steps(plan, contents, seen);
    find_problems(plan, contents, seen);
    make_hash(plan, contents);
    return HD_OK;
}
