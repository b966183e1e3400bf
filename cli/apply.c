/* SPDX-License-Identifier: Apache-2.0 */
/*
 * half apply: makes the chip what the policy says. Rehearses on a virtual copy
 * first, does only what is missing, and reads back. Holds the chip from the
 * first look to the last, so that of two at once one waits or fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "plan.h"
#include "plan/apply.h"

static const struct option options[] = {
        OPTION_POLICY,
        OPTION_CHIP,
        OPTION_FILES,
        OPTION_FILL,
        {"keys", 0, "DIR",
         "where secrets are kept: SERIAL-NAME.key of this device, made at "
         "random where it is missing; NAME.key of the whole fleet"},
        {"confirm", 0, "HASH",
         "the hash that `half plan` printed: some steps cannot be undone"},
        OPTION_JSON,
        OPTION_END,
};

/* ----------------------------------------------------------------- secrets */

struct secret_file {
    char path[1024];
    char temporary[1040];
};

static int secret_path(struct session *s, const struct planning *g,
                       unsigned slot, struct secret_file *f)
{
    const struct hd_policy_slot *p = &g->policy.slots[slot];
    bool shared = p->content == HD_CONTENT_SHARED;
    const char *dir = option_text(s->call, "keys", NULL);
    int n;

    if (!dir) {
        return fail_usage(s->call,
                          "slot %u (%s) gets a secret: say where it is kept, "
                          "--keys DIR",
                          slot, p->name);
    }
    n = snprintf(f->path, sizeof f->path, "%s/%s%s%s.key", dir,
                 shared ? "" : s->serial, shared ? "" : "-", p->name);
    if (n < 0 || (size_t)n >= sizeof f->path) {
        return fail(s->call, "%s: the path is too long", dir);
    }
    (void)snprintf(f->temporary, sizeof f->temporary, "%s.new", f->path);
    return EXIT_DONE;
}

/* On the disk before it is in the chip: else a power cut could leave a chip
 * whose secret nobody knows. */
static int write_all(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    bool ok = fd >= 0 && write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;

    if (fd >= 0) {
        ok = close(fd) == 0 && ok;
    }
    return ok ? 0 : -1;
}

static void sync_folder(const char *dir)
{
    int fd = open(dir, O_RDONLY);

    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

static int make_secret(struct session *s, const struct secret_file *f,
                       uint8_t secret[32])
{
    const char *dir = option_text(s->call, "keys", ".");
    char text[66];
    int failed;

    if (RAND_priv_bytes(secret, 32) != 1) {
        return fail(s->call, "no random numbers are to be had");
    }
    hex_text(secret, 32, text);
    text[64] = '\n';
    failed = write_all(f->temporary, text, 65) != 0 ||
             rename(f->temporary, f->path) != 0;
    hd_wipe(text, sizeof text);
    if (failed) {
        int code = fail(s->call, "%s: %s", f->path, strerror(errno));

        (void)unlink(f->temporary);
        return code;
    }
    sync_folder(dir);
    return EXIT_DONE;
}

static int kept_secret(struct session *s, struct planning *g, unsigned slot)
{
    bool locked = g->seen.config[86] != 0x55;
    bool shared = g->policy.slots[slot].content == HD_CONTENT_SHARED;
    struct secret_file f;
    int code = secret_path(s, g, slot, &f);

    if (code != EXIT_DONE) {
        return code;
    }
    bool missing = access(f.path, F_OK) != 0;

    if (missing && locked) {
        say(s->call, "not checked: slot %u (%s), there is no %s\n", slot,
            g->policy.slots[slot].name, f.path);
        return EXIT_DONE;
    }
    code = missing && !shared
                   ? make_secret(s, &f, g->contents.slot[slot])
                   : read_secret(s->call, f.path, g->contents.slot[slot], 32);
    if (code == EXIT_DONE) {
        g->contents.given |= (uint16_t)(1U << slot);
    }
    return code;
}

/* A key that is used inside the chip alone is kept nowhere else. */
static int fresh_secret(struct session *s, struct planning *g, unsigned slot)
{
    if (RAND_priv_bytes(g->contents.slot[slot], 32) != 1) {
        return fail(s->call, "no random numbers are to be had");
    }
    g->contents.given |= (uint16_t)(1U << slot);
    return EXIT_DONE;
}

static int get_secrets(struct session *s, struct planning *g)
{
    const char *dir = option_text(s->call, "keys", NULL);
    int code = dir ? check_key_dir(s->call, dir) : EXIT_DONE;

    for (unsigned i = 0; i < HD_POLICY_SLOTS && code == EXIT_DONE; i++) {
        uint8_t content = g->policy.slots[i].content;
        bool inside = hd_policy_kind(g->policy.config, i) == HD_KIND_AES;

        if (!g->policy.lock_data ||
            (content != HD_CONTENT_UNIQUE && content != HD_CONTENT_SHARED)) {
            continue;
        }
        code = content == HD_CONTENT_UNIQUE && inside ? fresh_secret(s, g, i)
                                                      : kept_secret(s, g, i);
        if (g->seen.config[86] == 0x55) {
            warn_traced(s); /* it is written in clear */
        }
    }
    return code;
}

/* -------------------------------------------------------------------- apply */

static int check_confirm(struct session *s, const struct planning *g)
{
    const char *typed = option_text(s->call, "confirm", NULL);
    unsigned locks = hd_plan_left_for_ever(&g->plan);
    char hash[65];

    hex_text(g->plan.hash, sizeof g->plan.hash, hash);
    put(s->call, "hash", json_string(hash));
    if (typed && strcmp(typed, hash) != 0) {
        return fail_usage(s->call,
                          "--confirm %s is not the plan for this chip, this "
                          "policy and these files (%s): nothing was done. "
                          "Read `half plan` again",
                          typed, hash);
    }
    if (!typed && locks > 0) {
        return fail_usage(s->call,
                          "%u step%s of this plan cannot be undone. Nothing "
                          "was done. Read `half plan`, then go on with "
                          "--confirm %s",
                          locks, locks == 1 ? "" : "s", hash);
    }
    return EXIT_DONE;
}

struct progress {
    struct call *call;
    unsigned before; /* steps that were done already */
};

static void tell_step(void *ctx, const struct hd_plan *plan,
                      const struct hd_plan_step *step, bool done_now)
{
    struct progress *p = ctx;
    char text[384];

    if (!done_now) {
        p->before++;
        return;
    }
    hd_plan_step_text(plan, step, text, sizeof text);
    say(p->call, "  done    %s\n", text);
    (void)fflush(stdout);
}

static void tell_before(const struct progress *p)
{
    if (p->before > 0) {
        say(p->call, "  %u step%s done before\n", p->before,
            p->before == 1 ? " was" : "s were");
    }
}

static int stopped(struct session *s, const struct hd_plan_run *run, int err)
{
    char step[384] = "reading the chip back";

    if (run->problem[0]) {
        return refuse(s->call, "%s", run->problem);
    }
    if (run->step) {
        hd_plan_step_text(run->plan, run->step, step, sizeof step);
    }
    int code = chip_failed(s, err, NULL, "%s", step);

    fprintf(stderr, "  What was done so far is kept. Run the same command "
                    "again to go on: it reads first what is done.\n");
    return code;
}

static void tell_rehearsal(struct call *c, const struct planning *g,
                           const struct hd_plan_rehearsal *r)
{
    json_t *uses = json_object(), *gaps = json_array();

    say(c, "rehearsed on a virtual copy: %u steps, %u uses\n", g->plan.count,
        r->uses);
    for (unsigned i = 0; i < r->tried_count; i++) {
        json_object_set_new(uses, r->tried[i].what,
                            json_pack("{s:i,s:i}", "worked",
                                      (int)r->tried[i].worked, "refused",
                                      (int)r->tried[i].refused));
    }
    for (unsigned i = 0; i < r->gap_count && i < HD_PLAN_GAPS; i++) {
        say(c, "  not rehearsed: %s\n", r->gaps[i]);
        json_array_append_new(gaps, json_string(r->gaps[i]));
    }
    put(c, "rehearsed", json_integer(r->uses));
    put(c, "uses", uses);
    put(c, "not_rehearsed", gaps);
}

static int carry_out(struct session *s, struct planning *g)
{
    struct progress progress = {.call = s->call};
    struct hd_plan_run run = {.chip = &s->chip,
                              .plan = &g->plan,
                              .contents = &g->contents,
                              .report = tell_step,
                              .ctx = &progress};
    struct hd_plan_rehearsal tried;
    unsigned left = hd_plan_left(&g->plan);
    int err = hd_plan_rehearse(&run, &g->seen, &tried);

    if (err != HD_OK) {
        return refuse(s->call, "%s. Nothing was done to the chip",
                      run.problem[0] ? run.problem : hd_strerror(err));
    }
    tell_rehearsal(s->call, g, &tried);
    err = hd_plan_apply(&run);
    tell_before(&progress);
    if (err != HD_OK) {
        return stopped(s, &run, err);
    }
    put(s->call, "steps_done", json_integer(left));
    say(s->call, "read back: %s is what %s says%s\n", s->serial, g->policy.name,
        g->plan.waiting ? ", but for the slots that wait" : "");
    planning_show_waiting(s->call, g);
    return EXIT_DONE;
}

/* What is locked in stays, its mistakes too. */
static int check_policy(struct call *c, const struct planning *g)
{
    unsigned failing = 0;

    if (hd_plan_left_for_ever(&g->plan) == 0) {
        return EXIT_DONE;
    }
    int code = planning_lint(c, g, false, &failing);

    return code != EXIT_DONE || failing == 0
                   ? code
                   : refuse(c,
                            "the policy has %u error%s that it does not "
                            "accept. Nothing was done. Put %s right (`half "
                            "policy lint` says how), or accept %s under "
                            "`allow:` in the policy, with a reason",
                            failing, failing == 1 ? "" : "s",
                            failing == 1 ? "it" : "them",
                            failing == 1 ? "it" : "them");
}

static int work_held(struct session *s, struct planning *g)
{
    int code = planning_make(s, g);

    if (code == EXIT_DONE && g->plan.problem_count > 0) {
        code = planning_refuse(s->call, g);
    }
    if (code == EXIT_DONE) {
        code = check_policy(s->call, g);
    }
    if (code == EXIT_DONE) {
        code = check_confirm(s, g);
    }
    if (code == EXIT_DONE) {
        code = get_secrets(s, g);
    }
    return code == EXIT_DONE ? carry_out(s, g) : code;
}

static int work(struct session *s, void *ctx)
{
    int err = hd_chip_hold(&s->chip);

    if (err != HD_OK) {
        return chip_failed(s, err, NULL,
                           "holding the chip: is another program using it?");
    }
    int code = work_held(s, ctx);

    (void)hd_chip_release(&s->chip);
    return code;
}

static int run(struct call *c)
{
    return planning_run(c, false, work);
}

const struct verb verb_apply = {
        .name = "apply",
        .summary = "make a chip what a policy says",
        .about = "Rehearses the whole plan on a virtual copy of this chip, "
                 "then does what is not done yet, and reads it back. Steps "
                 "that lock need --confirm with the hash that `half plan` "
                 "printed. If it is cut off, run the same command again.",
        .options = options,
        .run = run,
};
