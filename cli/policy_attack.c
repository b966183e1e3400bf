/* SPDX-License-Identifier: Apache-2.0 */
/* half policy attack: what anybody could do to a chip so configured. */
#include <string.h>
#include <unistd.h>

#include "attack.h"
#include "policy.h"
#include "words.h"

static const struct option options[] = {
        OPTION_HEX,
        OPTION_CHIP,
        {"trace", 0, NULL,
         "print the commands of every yes, not of the gravest"},
        {"save", 0, "DIR",
         "write each yes into DIR: a virtual chip, and what is sent to it, for "
         "`half sim replay`"},
        {"quick", 0, NULL, "directed questions only, no sweep"},
        OPTION_JSON,
        OPTION_END,
};

/* ----------------------------------------------------------------- columns */

/* A column answers for several goals; the first yes stands for it. */
enum { COLUMN_GOALS = 3 };
static const struct {
    const char *title;
    unsigned goals[COLUMN_GOALS], count;
} columns[] = {
        {"read", {HD_GOAL_READ}, 1},
        {"replace", {HD_GOAL_OVERWRITE, HD_GOAL_TRUST}, 2},
        {"renew", {HD_GOAL_REGENERATE, HD_GOAL_ROLL}, 2},
        {"destroy", {HD_GOAL_DESTROY}, 1},
        {"sign", {HD_GOAL_SIGN, HD_GOAL_REPORT}, 2},
        {"agree", {HD_GOAL_AGREE, HD_GOAL_PLANT}, 2},
        {"mac", {HD_GOAL_MAC, HD_GOAL_CIPHER, HD_GOAL_DERIVE}, 3},
        {"exhaust", {HD_GOAL_EXHAUST}, 1},
        {"freeze", {HD_GOAL_FREEZE}, 1},
};
#define COLUMNS (sizeof columns / sizeof columns[0])

static const struct hd_attack_yes *certain(const struct hd_attack *a,
                                           enum hd_attacker who,
                                           enum hd_goal goal, unsigned slot)
{
    const struct hd_attack_yes *y = hd_attack_find(a, who, goal, slot);

    return y && !y->inferred ? y : NULL;
}

/* The host agrees on secrets that go there. */
static bool takes_secrets(const struct subject *s, unsigned slot)
{
    return slot % 2 == 1 &&
           hd_policy_kind(s->config, slot - 1) == HD_KIND_PRIVATE &&
           (hd_policy_get(s->config, HD_F_ReadKey, slot - 1) & 8) != 0;
}

/* Closed by a policy that somebody wrote: provisioning put zeros there before
 * the lock, and nothing has changed them. Of bytes alone nobody knows. */
static bool holds_zeros(const struct subject *s, const struct hd_attack *a,
                        unsigned slot)
{
    const struct hd_policy_slot *p = &s->policy.slots[slot];

    return s->written && s->policy.lock_data && p->content == HD_CONTENT_NONE &&
           (!p->name[0] || p->purpose == hd_policy_purpose_named("closed")) &&
           !takes_secrets(s, slot) &&
           !hd_attack_find(a, HD_ON_BUS, HD_GOAL_DESTROY, slot) &&
           !hd_attack_find(a, HD_OWNS_FLASH, HD_GOAL_DESTROY, slot);
}

static bool is_use(unsigned column)
{
    return columns[column].goals[0] == HD_GOAL_MAC;
}

/* "yes" anyone; "flash" who owns the host's flash; with "?" if it rests on
 * an inferred rule; "zeros": anyone, and it tells nothing; "-" nobody. */
static const char *cell(const struct subject *s, const struct hd_attack *a,
                        unsigned column, unsigned slot)
{
    static const char *const words[HD_ATTACKERS][2] = {{"yes", "yes?"},
                                                       {"flash", "flash?"}};

    for (unsigned inferred = 0; inferred < 2; inferred++) {
        for (unsigned who = 0; who < HD_ATTACKERS; who++) {
            for (unsigned i = 0; i < columns[column].count; i++) {
                const struct hd_attack_yes *y =
                        hd_attack_find(a, (enum hd_attacker)who,
                                       columns[column].goals[i], slot);
                if (y && y->inferred == (inferred != 0)) {
                    return is_use(column) && holds_zeros(s, a, slot)
                                   ? "zeros"
                                   : words[who][inferred];
                }
            }
        }
    }
    return "-";
}

/* ---------------------------------------------------------------- gravest */

static const struct hd_attack_yes *
gravest(const struct subject *s, const struct hd_attack *a, unsigned slot)
{
    const struct hd_attack_yes *y = NULL;

    for (const uint8_t *g = hd_attack_unwanted(s->config, (int)slot);
         *g != HD_GOAL_COUNT && !y; g++) {
        y = certain(a, HD_ON_BUS, (enum hd_goal) * g, slot);
    }
    return y;
}

/* The reason in the policy's allow list, or NULL. */
static const char *accepted(const struct subject *s,
                            const struct hd_attack_yes *y)
{
    static const struct {
        uint8_t goal;
        const char *rule;
    } rules[] = {
            {HD_GOAL_REGENERATE, "PRIV-REGEN"},
            {HD_GOAL_OVERWRITE, "KEY-WRITABLE"},
            {HD_GOAL_OVERWRITE, "SECRET-WRITABLE"},
            {HD_GOAL_OVERWRITE, "PRIV-OVERWRITE"},
            {HD_GOAL_READ, "KEY-READABLE"},
            {HD_GOAL_READ, "SECRET-READABLE"},
            {HD_GOAL_TRUST, "PUBKEY-WRITABLE"},
            {HD_GOAL_ROLL, "KEY-ROLLABLE"},
    };
    const char *name = s->policy.slots[y->slot < 0 ? 0 : y->slot].name;

    for (unsigned i = 0; i < s->policy.waiver_count; i++) {
        const struct hd_policy_waiver *w = &s->policy.waivers[i];
        for (size_t k = 0; k < sizeof rules / sizeof rules[0]; k++) {
            if (rules[k].goal == y->goal && y->slot >= 0 &&
                strcmp(w->rule, rules[k].rule) == 0 &&
                strcmp(w->where, name) == 0) {
                return w->reason;
            }
        }
    }
    return NULL;
}

/* -------------------------------------------------------------------- text */

static void print_step(const struct hd_attack_step *s)
{
    struct hd_command_words words;
    char text[160], hex[2 * HD_V_GROUP_MAX + 1];

    if (s->kind != HD_STEP_COMMAND) {
        printf("      %s\n", s->kind == HD_STEP_WAKE ? "wake" : "sleep");
        return;
    }
    hd_command_parse(s->group, s->len, &words);
    (void)hd_command_text(&words, text, sizeof text);
    hex_text(s->group, s->len, hex);
    printf("      %s", text);
    if (s->repeat > 1) {
        printf(" (%u times)", (unsigned)s->repeat);
    }
    printf("\n        %s\n", hex);
}

/* Its second line two places further. */
static void print_indented(int indent, const char *text)
{
    printf("%*s", indent, "");
    print_wrapped(stdout, text, indent + 2, indent + 2, text_width());
}

static void print_yes(const struct subject *s, const struct hd_attack_yes *y,
                      bool steps)
{
    char via[64] = "", label[64], text[512];

    if (y->via >= 0) {
        (void)snprintf(via, sizeof via, " with the key of slot %s",
                       slot_label(s, (unsigned)y->via, label, sizeof label));
    }
    (void)snprintf(text, sizeof text, "%s: %s%s%s%s",
                   hd_goal_text((enum hd_goal)y->goal), y->how, via,
                   y->inferred ? " (inferred: no public rule forbids it)" : "",
                   y->swept ? " (found by the sweep)" : "");
    print_indented(4, text);
    for (unsigned i = 0; steps && i < y->count; i++) {
        print_step(&y->steps[i]);
    }
}

struct widths {
    int name, cell[COLUMNS];
    int gap;
};

static void measure(const struct subject *s, const struct hd_attack *a,
                    struct widths *w)
{
    int total = 4;

    *w = (struct widths){.name = 4, .gap = 2};
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        int len = (int)strlen(s->policy.slots[i].name);
        w->name = len > w->name ? len : w->name;
    }
    total += w->name + w->gap;
    for (unsigned k = 0; k < COLUMNS; k++) {
        w->cell[k] = (int)strlen(columns[k].title);
        for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
            int len = (int)strlen(cell(s, a, k, i));
            w->cell[k] = len > w->cell[k] ? len : w->cell[k];
        }
        total += w->cell[k] + w->gap;
    }
    w->gap = total > text_width() ? 1 : 2;
}

static void print_row(const struct widths *w, const char *number,
                      const char *name, const char *const texts[COLUMNS])
{
    printf("%4s%*s%-*s", number, w->gap, "", w->name, name);
    for (unsigned k = 0; k < COLUMNS; k++) {
        printf("%*s%-*s", w->gap, "", k + 1 < COLUMNS ? w->cell[k] : 0,
               texts[k]);
    }
    printf("\n");
}

static void print_table(const struct subject *s, const struct hd_attack *a)
{
    const char *texts[COLUMNS];
    char number[12];
    struct widths w;

    measure(s, a, &w);
    for (unsigned k = 0; k < COLUMNS; k++) {
        texts[k] = columns[k].title;
    }
    print_row(&w, "slot", "name", texts);
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        const char *name = s->policy.slots[i].name;

        for (unsigned k = 0; k < COLUMNS; k++) {
            texts[k] = cell(s, a, k, i);
        }
        (void)snprintf(number, sizeof number, "%u", i);
        print_row(&w, number, name[0] ? name : "-", texts);
    }
    printf("\n");
    print_wrapped(stdout,
                  "yes: anyone on the bus; flash: who also has the host's "
                  "keys; with ?: if a rule holds that no public document "
                  "states; renew: GenKey or DeriveKey; mac: MAC, AES or KDF "
                  "with the key; zeros: that works, but with the zeros of a "
                  "closed slot",
                  0, 0, text_width());
    printf("\n");
}

/* What is lost with it is shown as a trace. */
static bool is_grave(const struct subject *s, const struct hd_attack_yes *y)
{
    return y->goal < HD_GOAL_FIRST_ZONE ||
           hd_attack_is_unwanted(s->config, -1, (enum hd_goal)y->goal);
}

/* Of a slot or of the chip: first what anyone can, then what more the other
 * one can. */
static void print_goals(const struct subject *s, const struct hd_attack *a,
                        unsigned from, unsigned to, unsigned slot, bool trace)
{
    static const char *const who[HD_ATTACKERS] = {
            "  anyone on the bus can\n",
            "  who also has the keys of the host's flash can\n"};

    for (unsigned w = 0; w < HD_ATTACKERS; w++) {
        const char *head = who[w];

        for (unsigned g = from; g < to; g++) {
            const struct hd_attack_yes *y = hd_attack_find(
                    a, (enum hd_attacker)w, (enum hd_goal)g, slot);
            if (!y || (w > 0 &&
                       hd_attack_find(a, HD_ON_BUS, (enum hd_goal)g, slot))) {
                continue;
            }
            printf("%s", head);
            head = "";
            print_yes(s, y,
                      trace || (w == 0 && !y->inferred && is_grave(s, y)));
        }
    }
}

static void print_all(const struct subject *s, const struct hd_attack *a)
{
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        char label[64];
        printf("slot %s\n", slot_label(s, slot, label, sizeof label));
        print_goals(s, a, 0, HD_GOAL_FIRST_ZONE, slot, true);
    }
    printf("\nthe gravest\n");
}

/* Returns how many slots and features are lost to anyone on the bus. */
static unsigned print_gravest(const struct subject *s,
                              const struct hd_attack *a)
{
    unsigned lost = 0;

    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        const struct hd_attack_yes *y = gravest(s, a, slot);
        const char *why = y ? accepted(s, y) : NULL;
        char label[64];

        if (!y) {
            continue;
        }
        lost += why == NULL;
        printf("slot %s: anyone on the bus can\n",
               slot_label(s, slot, label, sizeof label));
        print_yes(s, y, why == NULL);
        if (why) {
            char text[HD_POLICY_TEXT_SIZE + 32];
            (void)snprintf(text, sizeof text, "accepted by the policy: %s",
                           why);
            print_indented(6, text);
        }
    }
    return lost;
}

static unsigned zone_lost(const struct subject *s, const struct hd_attack *a)
{
    unsigned lost = 0;

    for (const uint8_t *g = hd_attack_unwanted(s->config, -1);
         *g != HD_GOAL_COUNT; g++) {
        lost += certain(a, HD_ON_BUS, (enum hd_goal) * g, 0) != NULL;
    }
    return lost;
}

static void print_sheet(struct call *c, const struct subject *s,
                        const struct hd_attack *a)
{
    unsigned lost;

    printf("%s, %s: what an attacker could do\n\n", s->source,
           hd_policy_chip_name(s->model));
    if (s->config[86] == 0x55 || s->config[87] == 0x55) {
        printf("The zones are not locked. The slots are judged as they would "
               "be once they are.\n\n");
    }
    print_table(s, a);
    printf("the chip\n");
    print_goals(s, a, HD_GOAL_FIRST_ZONE, HD_GOAL_COUNT, 0,
                option_given(c, "trace"));
    printf("\n");
    if (option_given(c, "trace")) {
        print_all(s, a);
    }
    lost = print_gravest(s, a) + zone_lost(s, a);
    printf("\n%llu commands tried", (unsigned long long)hd_attack_commands(a));
    if (lost) {
        printf("; anyone on the bus can take or destroy %u thing%s here\n",
               lost, lost > 1 ? "s" : "");
    } else {
        printf("; nothing here that somebody on the bus would want\n");
    }
}

/* -------------------------------------------------------------------- json */

static json_t *step_json(const struct hd_attack_step *s)
{
    static const char *const kinds[] = {"wake", "sleep", "command"};
    json_t *one = json_pack("{s:s}", "step", kinds[s->kind]);
    struct hd_command_words words;
    char text[160];

    if (s->kind == HD_STEP_COMMAND) {
        hd_command_parse(s->group, s->len, &words);
        (void)hd_command_text(&words, text, sizeof text);
        (void)json_object_set_new(one, "words", json_string(text));
        (void)json_object_set_new(one, "group", json_hex(s->group, s->len));
    }
    if (s->repeat != 1) {
        (void)json_object_set_new(one, "repeat",
                                  json_integer((json_int_t)s->repeat));
    }
    return one;
}

static json_t *yes_json(const struct hd_attack_yes *y, const char *who)
{
    json_t *steps = json_array();
    json_t *one = json_pack("{s:s,s:s,s:s,s:s,s:b,s:b}", "who", who, "can",
                            hd_goal_word((enum hd_goal)y->goal), "meaning",
                            hd_goal_text((enum hd_goal)y->goal), "how", y->how,
                            "inferred", y->inferred, "swept", y->swept);

    for (unsigned i = 0; i < y->count; i++) {
        (void)json_array_append_new(steps, step_json(&y->steps[i]));
    }
    if (y->via >= 0) {
        (void)json_object_set_new(one, "key_slot", json_integer(y->via));
    }
    (void)json_object_set_new(one, "trace", steps);
    return one;
}

static json_t *answers_json(const struct hd_attack *a, unsigned from,
                            unsigned to, unsigned slot)
{
    static const char *const who[HD_ATTACKERS] = {"bus", "flash"};
    json_t *all = json_array();

    for (unsigned g = from; g < to; g++) {
        for (unsigned w = 0; w < HD_ATTACKERS; w++) {
            const struct hd_attack_yes *y = hd_attack_find(
                    a, (enum hd_attacker)w, (enum hd_goal)g, slot);
            if (y) {
                (void)json_array_append_new(all, yes_json(y, who[w]));
            }
        }
    }
    return all;
}

static void put_sheet(struct call *c, const struct subject *s,
                      const struct hd_attack *a)
{
    json_t *slots = json_array();

    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        const struct hd_attack_yes *y = gravest(s, a, i);
        (void)json_array_append_new(
                slots, json_pack("{s:i,s:s,s:s?,s:o}", "slot", (int)i, "name",
                                 s->policy.slots[i].name, "gravest",
                                 y ? hd_goal_word((enum hd_goal)y->goal) : NULL,
                                 "answers",
                                 answers_json(a, 0, HD_GOAL_FIRST_ZONE, i)));
    }
    put(c, "source", json_string(s->source));
    put(c, "chip", json_string(hd_policy_chip_name(s->model)));
    put(c, "commands", json_integer((json_int_t)hd_attack_commands(a)));
    put(c, "slots", slots);
    put(c, "zone", answers_json(a, HD_GOAL_FIRST_ZONE, HD_GOAL_COUNT, 0));
}

/* --------------------------------------------------------------------- run */

static void progress(void *ctx, uint64_t commands, unsigned share)
{
    (void)ctx;
    fprintf(stderr, "\r%3u %%  %llu commands tried ", share / 10,
            (unsigned long long)commands);
    if (share >= 1000) {
        fprintf(stderr, "\r%40s\r", "");
    }
}

static int run(struct call *c)
{
    struct subject s;
    struct hd_attack *a;
    bool watched = is_text(c) && isatty(STDERR_FILENO);
    int code = subject_from_call(c, &s);

    subject_free(&s); /* nobody asks for lines */
    if (code != EXIT_DONE) {
        return code;
    }
    a = hd_attack_run(s.config, s.model,
                      option_given(c, "quick") ? HD_ATTACK_DIRECTED
                                               : HD_ATTACK_FULL,
                      watched ? progress : NULL, NULL);
    if (!a) {
        return fail(c, "not enough memory");
    }
    if (is_text(c)) {
        print_sheet(c, &s, a);
    } else {
        put_sheet(c, &s, a);
    }
    if (option_given(c, "save")) {
        code = attack_save(c, a, option_text(c, "save", NULL));
    }
    hd_attack_free(a);
    return code;
}

const struct verb verb_policy_attack = {
        .group = "policy",
        .name = "attack",
        .args = "[FILE|-]",
        .most_args = 1,
        .summary = "show what an attacker could do, with the commands",
        .about = "Loads the configuration into a virtual chip and plays "
                 "somebody with the whole bus, and somebody who also owns the "
                 "host's flash. Of a policy FILE (as provisioning leaves the "
                 "chip), of bytes (--hex) or of a chip (--chip), from which "
                 "only the configuration is read. Nothing is sent to a chip.",
        .options = options,
        .run = run,
};
