/* SPDX-License-Identifier: Apache-2.0 */
/*
 * half diff: is this chip what the policy says? For audits: the exit code
 * answers 0 (it is), 1 (it is not), 2 (there was no way to tell).
 */
#include "plan.h"

static const struct option options[] = {
        OPTION_POLICY, OPTION_CHIP, OPTION_FILES,
        OPTION_FILL,   OPTION_JSON, OPTION_END,
};

struct audit {
    struct planning *g;
    bool compared;
};

static void show_missing(struct call *c, const struct planning *g)
{
    json_t *list = json_array();

    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        if ((unsigned)g->missing >> slot & 1U) {
            say(c, "not compared: slot %u (%s), there is no %s\n", slot,
                g->policy.slots[slot].name, g->policy.slots[slot].file);
            (void)json_array_append_new(list, json_integer(slot));
        }
    }
    if (g->otp_missing) {
        say(c, "not compared: OTP, there is no %s\n", g->policy.otp_file);
        (void)json_array_append_new(list, json_string("OTP"));
    }
    put(c, "not_compared", list);
}

static void tell(struct call *c, json_t *list, const char *text)
{
    say(c, "%s\n", text);
    (void)json_array_append_new(list, json_string(text));
}

static void show_fields(struct call *c, const struct planning *g, json_t *list)
{
    struct hd_plan_difference d[512];
    unsigned n = hd_plan_differences(&g->plan.policy, g->seen.config, d, 512);
    char text[256];

    for (unsigned i = 0; i < n && i < 512; i++) {
        hd_plan_difference_text(&g->plan.policy, &d[i], text, sizeof text);
        tell(c, list, text);
    }
}

/* Locks and contents; the field differences stand in show_fields() already. */
static void show_steps(struct call *c, const struct planning *g, json_t *list)
{
    char step[384], text[400];

    for (unsigned i = 0; i < g->plan.count; i++) {
        if (!g->plan.steps[i].done && g->plan.steps[i].kind != HD_PLAN_CONFIG) {
            hd_plan_step_text(&g->plan, &g->plan.steps[i], step, sizeof step);
            (void)snprintf(text, sizeof text, "not done: %s", step);
            tell(c, list, text);
        }
    }
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        if ((unsigned)g->plan.waiting >> slot & 1U) {
            (void)snprintf(text, sizeof text,
                           "not done: slot %u (%s) is to be locked once it is "
                           "filled, and is not locked",
                           slot, g->policy.slots[slot].name);
            tell(c, list, text);
        }
    }
}

static int work(struct session *s, void *ctx)
{
    struct audit *a = ctx;
    struct planning *g = a->g;
    struct call *c = s->call;
    json_t *list = json_array();
    int code = planning_make(s, g);

    a->compared = g->looked;
    if (code != EXIT_DONE) {
        json_decref(list);
        if (g->looked) {
            put(c, "same", json_boolean(false));
        }
        return code;
    }
    show_missing(c, g);
    show_fields(c, g, list);
    show_steps(c, g, list);
    for (unsigned i = g->plan.config_problems;
         i < g->plan.problem_count && i < HD_PLAN_PROBLEMS; i++) {
        tell(c, list, g->plan.problems[i]);
    }
    bool same = json_array_size(list) == 0;
    put(c, "differences", list);
    put(c, "same", json_boolean(same));
    say(c,
        same ? "same: %s is what %s says\n"
             : "different: %s is not what %s says\n",
        s->serial, g->policy.name);
    return same ? EXIT_DONE : EXIT_REFUSED;
}

static int run(struct call *c)
{
    struct audit a = {planning_new(c), false};

    if (!a.g) {
        return EXIT_USAGE;
    }
    int code = planning_read(c, a.g, true);
    if (code == EXIT_DONE) {
        code = with_chip(c, work, &a);
    }
    planning_free(a.g);
    return code == EXIT_DONE || a.compared ? code : EXIT_USAGE;
}

const struct verb verb_diff = {
        .name = "diff",
        .summary = "compare a chip with a policy",
        .about = "For audits: exit code 0 if the chip is what the policy says, "
                 "1 if it differs, 2 if that could not be found out. Counters "
                 "and the locks of slots that the policy lets be locked later "
                 "are not compared. Of contents, what anyone may read is "
                 "compared with the policy's files, where they are there.",
        .options = options,
        .run = run,
};
