/* SPDX-License-Identifier: Apache-2.0 */
/* See plan.h. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lint/lint.h"

#include "attack.h"
#include "pk.h"
#include "plan.h"

#define FIELDS_SHOWN 12

struct planning *planning_new(struct call *c)
{
    struct planning *g = calloc(1, sizeof *g);

    if (!g) {
        (void)fail(c, "not enough memory");
    }
    return g;
}

void planning_free(struct planning *g)
{
    hd_wipe(g, sizeof *g);
    free(g);
}

/* ------------------------------------------------------------------- files */

static int file_path(struct call *c, const char *name, char *out, size_t size)
{
    const char *policy = option_text(c, "policy", "");
    const char *slash = strrchr(policy, '/');
    const char *dir = option_text(c, "files", NULL);
    int n;

    if (name[0] == '/') {
        n = snprintf(out, size, "%s", name);
    } else if (dir) {
        n = snprintf(out, size, "%s/%s", dir, name);
    } else {
        n = snprintf(out, size, "%.*s%s", slash ? (int)(slash - policy) + 1 : 0,
                     policy, name);
    }
    return n > 0 && (size_t)n < size
                   ? EXIT_DONE
                   : fail(c, "%s: the path is too long", name);
}

/* Bytes as they are, at most size of them. */
static int read_bytes(struct call *c, const char *path, uint8_t *out,
                      size_t size)
{
    struct input in;
    int code = read_input(c, path, size, &in);

    if (code == EXIT_DONE && in.len == 0) {
        code = fail(c, "%s is empty: nothing was done", path);
        free_input(&in);
    } else if (code == EXIT_DONE) {
        memcpy(out, in.bytes, in.len);
        free_input(&in);
    }
    return code;
}

static int read_key(struct call *c, const char *path, uint8_t *image)
{
    uint8_t pub[PK_PUBLIC];
    uint8_t validity = image[0];
    int code = read_public_key(c, path, pub);

    if (code == EXIT_DONE) {
        public_key_store(pub, image);
        image[0] = validity;
    }
    return code;
}

static int read_content(struct call *c, struct planning *g, unsigned slot,
                        const char *path)
{
    uint8_t *image = g->contents.slot[slot];
    int code = hd_policy_kind(g->policy.config, slot) == HD_KIND_PUBLIC
                       ? read_key(c, path, image)
                       : read_bytes(c, path, image, hd_plan_slot_size(slot));

    if (code == EXIT_DONE) {
        g->contents.given |= (uint16_t)(1U << slot);
    }
    return code;
}

static int read_slot(struct call *c, struct planning *g, unsigned slot,
                     bool lenient)
{
    char path[1024];
    int code = file_path(c, g->policy.slots[slot].file, path, sizeof path);

    if (code != EXIT_DONE) {
        return code;
    }
    if (lenient && access(path, R_OK) != 0) {
        g->missing |= (uint16_t)(1U << slot);
        return EXIT_DONE;
    }
    return read_content(c, g, slot, path);
}

/* -------------------------------------------------------------------- fill */

/* The names that --fill could mean, for who misspelt one. */
static void names_left_for_later(const struct planning *g, char *out,
                                 size_t size)
{
    size_t used = 0;

    (void)snprintf(out, size, "none");
    for (unsigned i = 0; i < HD_POLICY_SLOTS && used < size; i++) {
        const struct hd_policy_slot *s = &g->policy.slots[i];

        if (s->content == HD_CONTENT_LATER && s->name[0]) {
            used += (size_t)snprintf(out + used, size - used, "%s%s",
                                     used ? ", " : "", s->name);
        }
    }
}

static int slot_named(struct call *c, const struct planning *g,
                      const char *name, size_t len, unsigned *slot)
{
    char later[512];

    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        const char *own = g->policy.slots[i].name;

        if (len > 0 && strlen(own) == len && memcmp(own, name, len) == 0) {
            *slot = i;
            return EXIT_DONE;
        }
    }
    names_left_for_later(g, later, sizeof later);
    return fail_usage(c,
                      "--fill: the policy has no slot named '%.*s'; it "
                      "leaves for later: %s",
                      (int)len, name, later);
}

static int fill_slot(struct call *c, struct planning *g, const char *text)
{
    const char *equals = strchr(text, '=');
    struct hd_policy_error why;
    unsigned slot = 0;
    int code;

    if (!equals || !equals[1]) {
        return fail_usage(c, "--fill %s: say NAME=FILE", text);
    }
    code = slot_named(c, g, text, (size_t)(equals - text), &slot);
    if (code != EXIT_DONE) {
        return code;
    }
    if ((unsigned)g->contents.filled >> slot & 1U) {
        return fail_usage(c, "--fill %s: slot %u is filled twice", text, slot);
    }
    if (hd_plan_fill(&g->contents, &g->policy, slot, &why) != HD_OK) {
        return fail_usage(c, "--fill %s: %s", text, why.text);
    }
    return read_content(c, g, slot, equals + 1);
}

static int fill_slots(struct call *c, struct planning *g)
{
    int code = EXIT_DONE;

    for (unsigned i = 0; i < c->repeat_count && code == EXIT_DONE; i++) {
        code = fill_slot(c, g, c->repeats[i]);
    }
    return code;
}

static int read_otp(struct call *c, struct planning *g, bool lenient)
{
    char path[1024];
    int code;

    if (!g->policy.otp_file[0]) {
        return EXIT_DONE;
    }
    code = file_path(c, g->policy.otp_file, path, sizeof path);
    if (code != EXIT_DONE) {
        return code;
    }
    if (lenient && access(path, R_OK) != 0) {
        g->otp_missing = true;
        return EXIT_DONE;
    }
    g->contents.otp_stated = true;
    return read_bytes(c, path, g->contents.otp, sizeof g->contents.otp);
}

int planning_read(struct call *c, struct planning *g, bool lenient)
{
    int code = option_needed(c, "policy");

    if (code == EXIT_DONE) {
        code = policy_from_file(c, option_text(c, "policy", NULL), &g->policy);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    hd_plan_contents_init(&g->contents, &g->policy);
    code = read_otp(c, g, lenient);
    for (unsigned i = 0; i < HD_POLICY_SLOTS && code == EXIT_DONE; i++) {
        if (g->policy.slots[i].content == HD_CONTENT_FILE) {
            code = read_slot(c, g, i, lenient);
        }
    }
    return code == EXIT_DONE ? fill_slots(c, g) : code;
}

int planning_make(struct session *s, struct planning *g)
{
    struct hd_policy_error why;
    int err = hd_plan_look(&g->seen, &s->chip);

    if (err != HD_OK) {
        return chip_failed(s, err, NULL, "reading the chip");
    }
    g->looked = true;
    if (hd_plan_make(&g->plan, &g->policy, &g->contents, &g->seen, &why) !=
        HD_OK) {
        return refuse(s->call, "%s", why.text);
    }
    return EXIT_DONE;
}

/* ----------------------------------------------------------------- showing */

static void show_steps(struct call *c, const struct hd_plan *plan, bool ever)
{
    char text[384];

    for (unsigned i = 0; i < plan->count; i++) {
        const struct hd_plan_step *step = &plan->steps[i];

        if (hd_plan_is_for_ever(plan, step) == ever) {
            hd_plan_step_text(plan, step, text, sizeof text);
            say(c, "  %s %s\n", step->done ? "done   " : "to do  ", text);
        }
    }
}

/* A blank chip differs nearly everywhere: then the number is enough, unless
 * somebody asks. */
static void show_fields(struct call *c, const struct planning *g)
{
    struct hd_plan_difference d[512];
    unsigned n = hd_plan_differences(&g->plan.policy, g->seen.config, d, 512);
    bool all = option_given(c, "fields") || n <= FIELDS_SHOWN;
    json_t *list = json_array();
    char text[256];

    if (n > 0) {
        say(c, "\nconfiguration: %u field%s to change%s\n", n,
            n == 1 ? "" : "s", all ? "" : " (--fields lists them)");
    }
    for (unsigned i = 0; i < n && i < 512; i++) {
        hd_plan_difference_text(&g->plan.policy, &d[i], text, sizeof text);
        if (all) {
            say(c, "  %s\n", text);
        }
        (void)json_array_append_new(list, json_string(text));
    }
    put(c, "fields", list);
}

static json_t *steps_json(const struct hd_plan *plan)
{
    json_t *steps = json_array();
    char text[384];

    for (unsigned i = 0; i < plan->count; i++) {
        const struct hd_plan_step *step = &plan->steps[i];

        hd_plan_step_text(plan, step, text, sizeof text);
        (void)json_array_append_new(
                steps,
                json_pack("{s:s, s:b, s:b}", "step", text, "irreversible",
                          hd_plan_is_for_ever(plan, step), "done", step->done));
    }
    return steps;
}

void planning_show_waiting(struct call *c, const struct planning *g)
{
    json_t *list = json_array();

    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        const char *name = g->policy.slots[slot].name;

        if (!((unsigned)g->plan.waiting >> slot & 1U)) {
            continue;
        }
        if (json_array_size(list) == 0) {
            say(c, "\nto be filled later, and locked then\n");
        }
        say(c, "  waits   slot %u (%s): --fill %s=FILE\n", slot, name,
            name[0] ? name : "NAME");
        (void)json_array_append_new(list, json_string(name));
    }
    put(c, "waiting", list);
}

void planning_show(struct call *c, const struct planning *g)
{
    const struct hd_plan *plan = &g->plan;

    put(c, "policy", json_string(g->policy.name));
    put(c, "steps", steps_json(plan));
    show_fields(c, g);
    say(c, "\nreversible until the locks below\n");
    show_steps(c, plan, false);
    say(c, "\nfor ever\n");
    show_steps(c, plan, true);
    planning_show_waiting(c, g);
    if (!g->policy.lock_data) {
        say(c, "\nSlots and OTP stay as they are: the policy locks the data "
               "zone later, and before that\nnobody could check what is in "
               "them.\n");
    }
}

int planning_lint(struct call *c, const struct planning *g, bool always,
                  unsigned *failing)
{
    struct subject s;

    subject_from_policy(&s, &g->plan.policy);
    struct hd_lint *l = hd_lint_run(s.config, s.model, s.written);

    if (!l) {
        return fail(c, "not enough memory");
    }
    *failing = l->failing;
    put(c, "errors", json_integer((json_int_t)l->failing));
    if (always || l->failing) {
        say(c, "\nlint: %u high, %u medium, %u low, %u not accepted\n",
            l->counts[HD_HIGH], l->counts[HD_MEDIUM], l->counts[HD_LOW],
            l->failing);
    }
    for (unsigned i = 0; i < l->count; i++) {
        const struct hd_finding *f = &l->findings[i];

        if (f->fails && !f->allowed) {
            say(c, "  %s at %s: %s\n", hd_lint_rules[f->rule].name, f->where,
                f->text);
        }
    }
    hd_lint_free(l);
    return EXIT_DONE;
}

int planning_refuse(struct call *c, const struct planning *g)
{
    const struct hd_plan *plan = &g->plan;
    json_t *list = json_array();
    unsigned n = plan->problem_count < HD_PLAN_PROBLEMS ? plan->problem_count
                                                        : HD_PLAN_PROBLEMS;

    say(c, n ? "\nimpossible with this chip\n" : "");
    for (unsigned i = 0; i < n; i++) {
        say(c, "  %s\n", plan->problems[i]);
        (void)json_array_append_new(list, json_string(plan->problems[i]));
    }
    put(c, "impossible", list);
    if (n < plan->problem_count) {
        say(c, "  and %u more\n", plan->problem_count - n);
    }
    (void)fflush(stdout);
    bool locked = g->seen.config[87] != 0x55;

    return n ? refuse(c, "this chip cannot become what the policy says: %s%s",
                      plan->problems[0],
                      locked ? ". Take another chip, or a policy that says "
                               "what this one is (`half policy from-chip`)"
                             : "")
             : EXIT_DONE;
}

static void missing_file(struct call *c, const char *name, json_t *list)
{
    char path[1024];

    if (file_path(c, name, path, sizeof path) == EXIT_DONE) {
        say(c, "  missing %s\n", path);
        (void)json_array_append_new(list, json_string(path));
    }
}

int planning_complain(struct call *c, const struct planning *g)
{
    json_t *list = json_array();

    if (g->missing || g->otp_missing) {
        say(c, "\nfiles that the policy names\n");
    }
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        if ((unsigned)g->missing >> slot & 1U) {
            missing_file(c, g->policy.slots[slot].file, list);
        }
    }
    if (g->otp_missing) {
        missing_file(c, g->policy.otp_file, list);
    }
    (void)fflush(stdout);
    const char *path = json_string_value(json_array_get(list, 0));
    int code = path ? fail(c,
                           "%s: no such file, so there is no hash to confirm "
                           "yet. Put it there, or say --files DIR",
                           path)
                    : EXIT_DONE;

    put(c, "missing", list);
    return code;
}

int planning_run(struct call *c, bool lenient,
                 int (*work)(struct session *s, void *ctx))
{
    struct planning *g = planning_new(c);

    if (!g) {
        return EXIT_USAGE;
    }
    int code = planning_read(c, g, lenient);
    if (code == EXIT_DONE) {
        code = with_chip(c, work, g);
    }
    planning_free(g);
    return code;
}
