/* SPDX-License-Identifier: Apache-2.0 */
/* See plan.h. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pk.h"
#include "plan.h"

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

    if (code == EXIT_DONE) {
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

static int read_slot(struct call *c, struct planning *g, unsigned slot,
                     bool lenient)
{
    char path[1024];
    uint8_t *image = g->contents.slot[slot];
    int code = file_path(c, g->policy.slots[slot].file, path, sizeof path);

    if (code != EXIT_DONE) {
        return code;
    }
    if (lenient && access(path, R_OK) != 0) {
        g->missing |= (uint16_t)(1U << slot);
        return EXIT_DONE;
    }
    code = hd_policy_kind(g->policy.config, slot) == HD_KIND_PUBLIC
                   ? read_key(c, path, image)
                   : read_bytes(c, path, image, hd_plan_slot_size(slot));
    if (code == EXIT_DONE) {
        g->contents.given |= (uint16_t)(1U << slot);
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
    if (code != EXIT_DONE || (lenient && access(path, R_OK) != 0)) {
        return code;
    }
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
    return code;
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

static void show_steps(struct call *c, const struct hd_plan *plan, bool locks)
{
    char text[384];

    for (unsigned i = 0; i < plan->count; i++) {
        const struct hd_plan_step *step = &plan->steps[i];

        if (hd_plan_is_lock(step) == locks) {
            hd_plan_step_text(plan, step, text, sizeof text);
            say(c, "  %s %s\n", step->done ? "done   " : "to do  ", text);
        }
    }
}

static void show_bits(struct call *c, const struct planning *g)
{
    struct hd_plan_difference d[512];
    unsigned n = hd_plan_differences(&g->plan.policy, g->seen.config, d, 512);
    char text[256];

    if (n > 0) {
        say(c, "\nconfiguration: %u field%s to change\n", n, n == 1 ? "" : "s");
    }
    for (unsigned i = 0; i < n && i < 512; i++) {
        hd_plan_difference_text(&g->plan.policy, &d[i], text, sizeof text);
        say(c, "  %s\n", text);
    }
}

static json_t *steps_json(const struct hd_plan *plan)
{
    json_t *steps = json_array();
    char text[384];

    for (unsigned i = 0; i < plan->count; i++) {
        const struct hd_plan_step *step = &plan->steps[i];

        hd_plan_step_text(plan, step, text, sizeof text);
        (void)json_array_append_new(steps, json_pack("{s:s, s:b, s:b}", "step",
                                                     text, "irreversible",
                                                     hd_plan_is_lock(step),
                                                     "done", step->done));
    }
    return steps;
}

void planning_show(struct call *c, const struct planning *g)
{
    const struct hd_plan *plan = &g->plan;
    char hash[65];

    hex_text(plan->hash, sizeof plan->hash, hash);
    put(c, "policy", json_string(g->policy.name));
    put(c, "steps", steps_json(plan));
    put(c, "hash", json_string(hash));
    show_bits(c, g);
    say(c, "\nreversible until the locks below\n");
    show_steps(c, plan, false);
    say(c, "\nfor ever\n");
    show_steps(c, plan, true);
    if (!g->policy.lock_data) {
        say(c, "\nSlots and OTP stay as they are: the policy locks the data "
               "zone later, and before that\nnobody could check what is in "
               "them.\n");
    }
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
    return n ? refuse(c,
                      "this chip cannot become what the policy says: %s. Take "
                      "another chip, or a policy that says what this one is "
                      "(`half policy from-chip`)",
                      plan->problems[0])
             : EXIT_DONE;
}

int planning_run(struct call *c, int (*work)(struct session *s, void *ctx))
{
    struct planning *g = planning_new(c);

    if (!g) {
        return EXIT_USAGE;
    }
    int code = planning_read(c, g, false);
    if (code == EXIT_DONE) {
        code = with_chip(c, work, g);
    }
    planning_free(g);
    return code;
}
