/* SPDX-License-Identifier: Apache-2.0 */
/* half plan: what would make this chip what a policy says. Changes nothing. */
#include <string.h>

#include "attack/attack.h"

#include "plan.h"

static const struct option options[] = {
        OPTION_POLICY,
        OPTION_CHIP,
        OPTION_FILES,
        OPTION_FILL,
        {"fields", 0, NULL, "list every field of the configuration to change"},
        OPTION_JSON,
        OPTION_END,
};

/* ------------------------------------------------------------ the attacker */

/* Losses. To use a key is on no list: somebody must be able to. */
static const uint8_t losses[] = {
        HD_GOAL_READ,   HD_GOAL_OVERWRITE, HD_GOAL_TRUST,  HD_GOAL_REGENERATE,
        HD_GOAL_ROLL,   HD_GOAL_DESTROY,   HD_GOAL_PLANT,  HD_GOAL_EXHAUST,
        HD_GOAL_FREEZE, HD_GOAL_CONFIG,    HD_GOAL_DATA,   HD_GOAL_ADDRESS,
        HD_GOAL_EXTRA,  HD_GOAL_SELECTOR,  HD_GOAL_COUNT0, HD_GOAL_COUNT1,
        HD_GOAL_OTP,    HD_GOAL_LATCH,     HD_GOAL_BOOT,   HD_GOAL_FORGE,
};

#define ANSWER_SIZE 64

/* Two in a row are two, three are from-to. */
static void slots_text(unsigned slots, char out[ANSWER_SIZE])
{
    size_t used = 0;

    (void)snprintf(out, ANSWER_SIZE, "-");
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        unsigned last = slot;

        if (!(slots >> slot & 1U)) {
            continue;
        }
        while (slots >> (last + 1) & 1U) {
            last++;
        }
        used += (size_t)snprintf(out + used, ANSWER_SIZE - used, "%s%u",
                                 used ? " " : "", slot);
        if (last > slot + 1) {
            used += (size_t)snprintf(out + used, ANSWER_SIZE - used, "-%u",
                                     last);
            slot = last;
        }
    }
}

/* "0-2 11", "yes", "-" */
static void answer(const struct hd_attack *a, enum hd_goal goal,
                   char out[ANSWER_SIZE])
{
    unsigned slots = 0;

    if (goal >= HD_GOAL_FIRST_ZONE) {
        bool yes = hd_attack_find(a, HD_ON_BUS, goal, 0) != NULL;

        (void)snprintf(out, ANSWER_SIZE, "%s", yes ? "yes" : "-");
        return;
    }
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        if (hd_attack_find(a, HD_ON_BUS, goal, slot)) {
            slots |= 1U << slot;
        }
    }
    slots_text(slots, out);
}

static void show_answers(struct call *c, const struct hd_attack *now,
                         const struct hd_attack *then)
{
    json_t *list = json_array();
    char before[ANSWER_SIZE], after[ANSWER_SIZE];

    say(c,
        "\nwhat anybody on the bus could do (slots; `half policy attack` "
        "shows how)\n  %-52s %-14s %s\n",
        "", "now", "after");
    for (unsigned i = 0; i < sizeof losses; i++) {
        enum hd_goal goal = (enum hd_goal)losses[i];

        answer(now, goal, before);
        answer(then, goal, after);
        if (before[0] == '-' && after[0] == '-') {
            continue;
        }
        say(c, "  %-52s %-14s %s\n", hd_goal_text(goal), before, after);
        (void)json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "goal",
                                                    hd_goal_word(goal), "now",
                                                    before, "after", after));
    }
    put(c, "attacker", list);
}

static void show_attacker(struct call *c, const struct planning *g)
{
    uint8_t then[HD_CONFIG_BYTES];
    uint8_t model = hd_policy_chip_of(g->seen.config);

    memcpy(then, g->plan.policy.config, sizeof then);
    then[86] = g->policy.lock_data ? 0 : then[86];
    then[87] = g->policy.lock_config ? 0 : then[87];
    for (unsigned i = 0; i < g->plan.count; i++) {
        if (g->plan.steps[i].kind == HD_PLAN_LOCK_SLOT) {
            hd_policy_set(then, HD_F_SlotLocked, g->plan.steps[i].slot, 0);
        }
    }
    struct hd_attack *a =
            hd_attack_run(g->seen.config, model, HD_ATTACK_QUICK, NULL, NULL);
    struct hd_attack *b =
            hd_attack_run(then, model, HD_ATTACK_QUICK, NULL, NULL);

    if (a && b) {
        show_answers(c, a, b);
    }
    hd_attack_free(a);
    hd_attack_free(b);
}

static int work(struct session *s, void *ctx)
{
    struct planning *g = ctx;
    struct call *c = s->call;
    char hash[65];
    unsigned failing = 0;
    int code = planning_make(s, g);

    if (code != EXIT_DONE) {
        return code;
    }
    say(c, "%s %s, policy %s\n", variant_name(hd_chip_variant(&s->chip)),
        s->serial, g->policy.name);
    planning_show(c, g);
    show_attacker(c, g);
    code = planning_lint(c, g, true, &failing);
    if (code == EXIT_DONE) {
        code = planning_refuse(c, g);
    }
    if (code == EXIT_DONE) {
        code = planning_complain(c, g);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    hex_text(g->plan.hash, sizeof g->plan.hash, hash);
    if (hd_plan_left(&g->plan) == 0) {
        say(c, g->plan.waiting
                       ? "\nNothing to do now: what is left waits for --fill.\n"
                       : "\nNothing to do: the chip is what the policy "
                         "says.\n");
    }
    if (failing > 0 && hd_plan_left_for_ever(&g->plan) > 0) {
        say(c, "\n`half apply` locks nothing while the policy has errors that "
               "it does not accept: put\nthem right (`half policy lint`), or "
               "accept them under `allow:`, with a reason.\n");
    }
    put(c, "hash", json_string(hash));
    say(c, "\nplan %s\n", hash);
    return EXIT_DONE;
}

static int run(struct call *c)
{
    return planning_run(c, true, work);
}

const struct verb verb_plan = {
        .name = "plan",
        .summary = "what would make a chip what a policy says",
        .about = "Reads the chip and changes nothing. Lists every step from a "
                 "blank chip, which of them are done, and which are for ever; "
                 "refuses what the chip's locks make impossible (exit code "
                 "1). The hash names this plan for this chip, and stays the "
                 "same while it is carried out.",
        .options = options,
        .run = run,
};
