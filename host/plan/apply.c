/* SPDX-License-Identifier: Apache-2.0 */
/* Carries out the steps; see apply.h. */
#include "plan/apply.h"
#include "plan/inner.h"

/* The chip compares the checksum of what the plan says, so it refuses to lock
 * anything else, whoever wrote it. */
static int lock_config(struct hd_plan_run *run)
{
    uint8_t config[HD_CONFIG_BYTES];

    memcpy(config, run->plan->policy.config, sizeof config);
    config[86] = 0x55; /* as it is while the chip computes */
    config[87] = 0x55;
    return hd_plan_lock(run->chip, HD_PLAN_LOCK_CONFIG, 0,
                        hd_chip_crc(config, sizeof config));
}

static int lock_data(struct hd_plan_run *run)
{
    uint8_t zone[8 * 36 + 416 + 7 * 72 + HD_OTP_BYTES];
    size_t len = 0;

    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        if (!is_private(&run->plan->policy, slot)) {
            memcpy(zone + len, run->contents->slot[slot],
                   hd_plan_slot_size(slot));
            len += hd_plan_slot_size(slot);
        }
    }
    memcpy(zone + len, run->contents->otp, HD_OTP_BYTES);
    len += HD_OTP_BYTES;
    int err = hd_plan_lock(run->chip, HD_PLAN_LOCK_DATA, 0,
                           hd_chip_crc(zone, len));

    hd_wipe(zone, sizeof zone);
    return err;
}

/* No checksum guards this lock, so what it freezes is read first. */
static int lock_slot(struct hd_plan_run *run, unsigned slot)
{
    uint8_t is[HD_PLAN_SLOT_SIZE];
    const uint8_t *should = run->contents->slot[slot];
    size_t len = hd_plan_slot_size(slot);
    int err;

    if (has(run->contents->given, slot) &&
        is_readable(run->plan->policy.config, slot)) {
        err = hd_chip_read(run->chip, HD_ZONE_DATA, (uint16_t)slot, 0, is, len);
        if (err != HD_OK && !hd_err_is_refusal(err)) {
            return err;
        }
        if (err == HD_OK && memcmp(is, should, len) != 0) {
            (void)snprintf(run->problem, sizeof run->problem,
                           "slot %u reads otherwise than it was written, so "
                           "it was not locked. Run it again; if this stays, "
                           "somebody changes what is on the bus",
                           slot);
            return HD_ERR_CORRUPT;
        }
    }
    return hd_plan_lock(run->chip, HD_PLAN_LOCK_SLOT, slot, 0);
}

static int do_step(struct hd_plan_run *run, const struct hd_plan_step *step)
{
    uint8_t pub[64];

    switch (step->kind) {
    case HD_PLAN_CONFIG:
        return hd_chip_write_config(run->chip, run->plan->policy.config);
    case HD_PLAN_LOCK_CONFIG:
        return lock_config(run);
    case HD_PLAN_KEY:
        return hd_chip_genkey(run->chip, step->slot, pub);
    case HD_PLAN_FILL:
        return hd_chip_write(run->chip, HD_ZONE_DATA, step->slot, 0,
                             run->contents->slot[step->slot],
                             hd_plan_slot_size(step->slot));
    case HD_PLAN_OTP:
        return hd_chip_write(run->chip, HD_ZONE_OTP, 0, 0, run->contents->otp,
                             HD_OTP_BYTES);
    case HD_PLAN_LOCK_DATA:
        return lock_data(run);
    default:
        return lock_slot(run, step->slot);
    }
}

/* A chip that got the command twice refuses the second: is it locked? */
static int doubt_refusal(struct hd_plan_run *run,
                         const struct hd_plan_step *step, int err)
{
    struct hd_chip_locks locks;

    if (!hd_plan_is_lock(step) || !hd_err_is_refusal(err) ||
        hd_chip_lock_state(run->chip, &locks) != HD_OK) {
        return err;
    }
    return is_locked(&locks, (enum hd_plan_kind)step->kind, step->slot) ? HD_OK
                                                                        : err;
}

static void report(const struct hd_plan_run *run,
                   const struct hd_plan_step *step, bool done_now)
{
    if (run->report) {
        run->report(run->ctx, run->plan, step, done_now);
    }
}

/* --------------------------------------------------------------- read back */

/* A slot that anyone with its content can prove, at no cost. */
static bool is_provable(const struct hd_plan_run *run, unsigned slot)
{
    const struct hd_policy *p = &run->plan->policy;
    uint8_t content = p->slots[slot].content;

    return (content == HD_CONTENT_UNIQUE || content == HD_CONTENT_SHARED) &&
           ((unsigned)run->contents->given >> slot & 1U) != 0 &&
           hd_policy_kind(p->config, slot) == HD_KIND_SECRET &&
           !hd_policy_get(p->config, HD_F_NoMac, slot) &&
           !hd_policy_get(p->config, HD_F_LimitedUse, slot) &&
           !hd_policy_get(p->config, HD_F_ReqAuth, slot) &&
           !hd_policy_get(p->config, HD_F_PersistentDisable, slot);
}

static int prove_secrets(struct hd_plan_run *run)
{
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        if (!is_provable(run, slot)) {
            continue;
        }
        int err = hd_chip_authorize(run->chip, (uint16_t)slot,
                                    run->contents->slot[slot]);
        if (err == HD_ERR_MISMATCH) {
            char where[64];

            slot_text(&run->plan->policy, slot, where, sizeof where);
            (void)snprintf(run->problem, sizeof run->problem,
                           "%s holds another secret than the one that is kept "
                           "for this chip, and the data zone is locked",
                           where);
            return HD_ERR_CORRUPT;
        }
        if (err != HD_OK) {
            return err;
        }
    }
    return HD_OK;
}

/* Looks again, with the eyes that made the plan. */
static int read_back(struct hd_plan_run *run)
{
    struct hd_plan_seen seen;
    struct hd_policy_error why;
    struct hd_plan now;
    int err = hd_plan_look(&seen, run->chip);

    if (err == HD_OK) {
        err = hd_plan_make(&now, &run->plan->policy, run->contents, &seen,
                           &why);
    }
    if (err != HD_OK) {
        return err;
    }
    if (now.problem_count > 0) {
        (void)snprintf(run->problem, sizeof run->problem, "read back: %.300s",
                       now.problems[0]);
        return HD_ERR_CORRUPT;
    }
    if (hd_plan_left(&now) > 0) {
        (void)snprintf(run->problem, sizeof run->problem,
                       "read back: %u steps are not done", hd_plan_left(&now));
        return HD_ERR_CORRUPT;
    }
    return run->plan->policy.lock_data ? prove_secrets(run) : HD_OK;
}

int hd_plan_apply(struct hd_plan_run *run)
{
    const struct hd_plan *plan = run->plan;

    run->problem[0] = 0;
    run->step = NULL;
    if (plan->problem_count > 0) {
        (void)snprintf(run->problem, sizeof run->problem, "%s",
                       plan->problems[0]);
        return HD_ERR_STATE;
    }
    for (unsigned i = 0; i < plan->count; i++) {
        const struct hd_plan_step *step = &plan->steps[i];

        if (step->done) {
            report(run, step, false);
            continue;
        }
        run->step = step;
        int err = doubt_refusal(run, step, do_step(run, step));

        if (err != HD_OK) {
            return err;
        }
        report(run, step, true);
    }
    run->step = NULL;
    return read_back(run);
}
