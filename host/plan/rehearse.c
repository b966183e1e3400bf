/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rehearsal: the whole plan on a virtual copy of the chip, then every key
 * and slot used as the policy says (uses.c). What should be is read from the
 * policy; what is, the virtual chip answers by its own rules.
 */
#include <stdlib.h>

#include "plan/uses.h"

static int stopped_at(const struct stage *s, struct hd_plan_run *run,
                      const struct hd_plan *plan,
                      const struct hd_plan_run *twin, int err)
{
    const struct hd_refusal *why = hd_vchip_refusal(&s->vchip);
    char step[HD_PLAN_TEXT] = "reading", text[400], advice[192] = "";

    if (twin->step) {
        hd_plan_step_text(plan, twin->step, step, sizeof step);
    }
    (void)snprintf(text, sizeof text, "%.390s",
                   twin->problem[0] ? twin->problem : hd_strerror(err));
    if (hd_err_is_refusal(err) && why->why != HD_WHY_NONE) {
        (void)hd_refusal_text(why, text, sizeof text);
        uses_advise(s, NULL, 0, why, advice, sizeof advice);
    }
    (void)snprintf(run->problem, sizeof run->problem, "rehearsal: %.170s: %s%s",
                   step, text, advice);
    return HD_ERR_CORRUPT;
}

/* One run of the station: look, plan, apply. */
static int apply_once(struct stage *s, struct hd_plan_run *run,
                      const struct hd_policy *policy)
{
    struct hd_plan_seen seen;
    struct hd_policy_error why;
    struct hd_plan plan;
    struct hd_plan_run twin = {
            .chip = &s->chip, .plan = &plan, .contents = s->contents};
    int err = hd_plan_look(&seen, &s->chip);

    if (err == HD_OK) {
        err = hd_plan_make(&plan, policy, s->contents, &seen, &why);
    }
    if (err == HD_OK) {
        err = hd_plan_apply(&twin);
    }
    err = err == HD_OK ? HD_OK : stopped_at(s, run, &plan, &twin, err);
    hd_wipe(&seen, sizeof seen);
    return err;
}

/* What a policy leaves open is locked on the copy all the same: permissions
 * can be tried only then. */
static int lock_the_rest(struct stage *s, struct hd_plan_run *run)
{
    struct hd_policy policy = s->plan->policy;

    if (policy.lock_config && policy.lock_data) {
        return HD_OK;
    }
    policy.lock_config = policy.lock_data = true;
    return apply_once(s, run, &policy);
}

/* As the chip was found: what anyone may read, and the slots' locks. What is
 * left of the plan is then done under the same rules as on the chip. */
static void copy_found(struct stage *s, const struct hd_plan_seen *seen)
{
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        if (has(seen->readable, slot)) {
            memcpy(stage_bytes(s, slot), seen->content[slot],
                   hd_plan_slot_size(slot));
        }
    }
    memcpy(s->vchip.ee + 88, seen->config + 88, 2);
}

/*
 * What nobody can read of a locked chip cannot be copied, so its twin is taken
 * from before the lock and gets keys of its own. Then it is as it was found.
 */
int stage_play(struct stage *s, struct hd_plan_run *run,
               const struct hd_plan_seen *seen)
{
    bool was_locked = seen_data_locked(seen->config);

    if (was_locked) {
        s->vchip.ee[86] = 0x55;
        memcpy(s->vchip.ee + 88, s->plan->policy.config + 88, 2);
    }
    int err = apply_once(s, run, &s->plan->policy);

    if (err == HD_OK && was_locked) {
        copy_found(s, seen);
        err = apply_once(s, run, &s->plan->policy);
    }
    err = err == HD_OK ? lock_the_rest(s, run) : err;
    return err == HD_OK ? stage_set(s) : err;
}

int hd_plan_rehearse(struct hd_plan_run *run, const struct hd_plan_seen *seen,
                     struct hd_plan_rehearsal *out)
{
    struct stage *s = calloc(1, sizeof *s);

    *out = (struct hd_plan_rehearsal){0};
    run->problem[0] = 0;
    run->step = NULL;
    if (!s) {
        return HD_ERR_PORT;
    }
    s->plan = run->plan;
    s->contents = run->contents;
    s->out = out;
    int err = stage_open(s, seen);

    err = err == HD_OK ? stage_plug(s) : err;
    err = err == HD_OK ? stage_play(s, run, seen) : err;
    err = err == HD_OK ? uses_try(s, run) : err;
    stage_close(s);
    free(s);
    return err;
}
