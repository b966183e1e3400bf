/* SPDX-License-Identifier: Apache-2.0 */
/* half policy lint: what a careful reviewer would say. */
#include <string.h>

#include "attack.h"
#include "lint/lint.h"
#include "policy.h"
#include "policy_sarif.h"

static const struct option options[] = {
        OPTION_HEX,
        OPTION_CHIP,
        {"policy", 'p', "FILE",
         "with --hex or --chip: the policy whose names and accepted findings "
         "hold, slot by slot where it is configured so"},
        {"all", 0, NULL, "print findings of severity info, too"},
        {"strict", 0, NULL, "medium findings fail as well as high ones"},
        {"format", 0, "text|sarif", "sarif: for CI and code review tools"},
        OPTION_JSON,
        OPTION_END,
};

static const struct hd_lint_rule *rule_of(const struct hd_finding *f)
{
    return &hd_lint_rules[f->rule];
}

/* -------------------------------------------------------------------- text */

static void print_part(const char *label, const char *text)
{
    enum { INDENT = 7 };
    int at = INDENT + (int)strlen(label);

    printf("%*s%s", INDENT, "", label);
    print_wrapped(stdout, text, at, at, text_width());
}

static void print_finding(const struct subject *s, const struct hd_finding *f)
{
    unsigned line = hd_lint_line(f, &s->report);
    char label[64];

    printf("%-6s %s at %s%s", hd_severity_words[f->severity], rule_of(f)->name,
           f->slot < 0 ? f->where : "slot ",
           f->slot < 0 ? ""
                       : slot_label(s, (unsigned)f->slot, label, sizeof label));
    if (f->fails && f->severity < HD_HIGH && !f->allowed) {
        printf(" (an error all the same)");
    }
    if (line) { /* in the form that editors jump to */
        printf(", %s:%u", s->source, line);
    }
    printf("\n");
    print_part("", f->text);
    print_part("bits: ", f->bits);
    if (f->allowed) {
        print_part("allowed: ", f->allowed);
    } else {
        print_part("why:  ", rule_of(f)->why);
        print_part("fix:  ", rule_of(f)->fix);
    }
    printf("\n");
}

static void print_findings(struct call *c, const struct subject *s,
                           const struct hd_lint *l)
{
    bool all = option_given(c, "all");
    unsigned allowed = 0;

    printf("%s, %s\n\n", s->source, hd_policy_chip_name(s->model));
    for (unsigned i = 0; i < l->count; i++) {
        const struct hd_finding *f = &l->findings[i];

        allowed += f->allowed != NULL;
        if (all || f->severity > HD_INFO) {
            print_finding(s, f);
        }
    }
    printf("%u high, %u medium, %u low, %u info%s", l->counts[HD_HIGH],
           l->counts[HD_MEDIUM], l->counts[HD_LOW], l->counts[HD_INFO],
           all || l->counts[HD_INFO] == 0 ? "" : " (--all shows them)");
    if (allowed) {
        printf("; %u allowed by the policy", allowed);
    }
    printf("\n");
}

/* -------------------------------------------------------------------- json */

static json_t *finding_json(const struct subject *s, const struct hd_finding *f)
{
    json_t *one = json_pack(
            "{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b}", "rule", rule_of(f)->name,
            "severity", hd_severity_words[f->severity], "where", f->where,
            "bits", f->bits, "finding", f->text, "why", rule_of(f)->why, "fix",
            rule_of(f)->fix, "inferred", f->inferred);

    if (f->slot >= 0) {
        (void)json_object_set_new(one, "slot", json_integer(f->slot));
        (void)json_object_set_new(one, "name",
                                  json_string(s->policy.slots[f->slot].name));
    }
    if (f->allowed) {
        (void)json_object_set_new(one, "allowed", json_string(f->allowed));
    }
    if (s->report.place_count) {
        (void)json_object_set_new(
                one, "line",
                json_integer((json_int_t)hd_lint_line(f, &s->report)));
    }
    (void)json_object_set_new(one, "error", json_boolean(f->fails));
    return one;
}

static void put_findings(struct call *c, const struct subject *s,
                         const struct hd_lint *l)
{
    json_t *all = json_array();
    json_t *counts = json_object();

    for (unsigned i = 0; i < l->count; i++) {
        (void)json_array_append_new(all, finding_json(s, &l->findings[i]));
    }
    for (unsigned i = 0; i < 4; i++) {
        (void)json_object_set_new(counts, hd_severity_words[i],
                                  json_integer(l->counts[i]));
    }
    put(c, "source", json_string(s->source));
    put(c, "chip", json_string(hd_policy_chip_name(s->model)));
    put(c, "findings", all);
    put(c, "counts", counts);
}

/* -------------------------------------------------------------------- tell */

static bool is_sarif(struct call *c)
{
    return strcmp(option_text(c, "format", "text"), "sarif") == 0;
}

static int tell(struct call *c, const struct subject *s,
                const struct hd_lint *l)
{
    if (is_sarif(c)) {
        return print_sarif(c, s, l);
    }
    if (is_text(c)) {
        print_findings(c, s, l);
    } else {
        put_findings(c, s, l);
    }
    return EXIT_DONE;
}

/* " (there is no such rule; did you mean ...)", or nothing. */
static void rule_hint(const char *rule, char *out, size_t size)
{
    const char *names[HD_LINT_COUNT];
    const char *nearest = NULL;
    bool known = false;

    for (unsigned i = 0; i < HD_LINT_COUNT; i++) {
        names[i] = hd_lint_rules[i].name;
        known |= strcmp(names[i], rule) == 0;
    }
    out[0] = 0;
    if (!known) {
        nearest = nearest_word(rule, names, HD_LINT_COUNT);
        (void)snprintf(out, size, " (there is no such rule%s%s%s)",
                       nearest ? "; did you mean " : "", nearest ? nearest : "",
                       nearest ? "?" : "");
    }
}

/* Where the allow list stands: in FILE, or in that of --policy. */
struct list {
    const char *path;
    struct hd_policy_report report;
};

/* An allow list that allows nothing is a mistake or out of date. */
static void warn_unused(struct call *c, const struct subject *s,
                        const struct list *list, const struct hd_lint *l)
{
    const struct hd_policy_report *lines =
            list->path ? &list->report : &s->report;

    for (unsigned i = 0; i < s->policy.waiver_count; i++) {
        const struct hd_policy_waiver *w = &s->policy.waivers[i];
        char path[HD_POLICY_PATH_SIZE], hint[96];
        bool used = false;

        for (unsigned k = 0; k < l->count; k++) {
            used |= l->findings[k].allowed == w->reason;
        }
        if (!used) {
            (void)snprintf(path, sizeof path, "allow/%u", i);
            rule_hint(w->rule, hint, sizeof hint);
            fprintf(stderr, "%s: %s:%u: allow: %s at %s allows nothing%s\n",
                    c->name, list->path ? list->path : s->source,
                    hd_policy_line(lines, path), w->rule, w->where, hint);
        }
    }
}

/* --------------------------------------------------------------- --policy */

/* What is accepted of a slot is accepted of the slot as the policy has it. */
static void trust_slots(struct call *c, const struct subject *s,
                        struct hd_policy *p, const char *path)
{
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        const unsigned at[2] = {20 + 2 * i, 96 + 2 * i};

        if (memcmp(s->config + at[0], p->config + at[0], 2) == 0 &&
            memcmp(s->config + at[1], p->config + at[1], 2) == 0) {
            continue;
        }
        fprintf(stderr,
                "%s: slot %u is not configured as %s says: its name and what "
                "is accepted there do not hold (`half diff` tells more)\n",
                c->name, i, path);
        p->slots[i] = s->policy.slots[i];
        p->slots[i].name[0] = 0;
    }
}

/* The same of the chip: what neither use nor UpdateExtra changes. */
static void trust_chip(struct call *c, const struct subject *s,
                       struct hd_policy *p, const char *path)
{
    const bool is_508 = p->chips == HD_POLICY_508A;
    unsigned kept = 0;

    if (memcmp(s->config + 16, p->config + 16, 4) == 0 &&
        memcmp(s->config + 90, p->config + 90, 6) == 0 &&
        (is_508 || memcmp(s->config + 68, p->config + 68, 16) == 0)) {
        return;
    }
    fprintf(stderr,
            "%s: the chip is not configured as %s says: what is accepted at "
            "`chip` does not hold (`half diff` tells more)\n",
            c->name, path);
    for (unsigned i = 0; i < p->waiver_count; i++) {
        if (strcmp(p->waivers[i].where, "chip") != 0) {
            p->waivers[kept++] = p->waivers[i];
        }
    }
    p->waiver_count = kept;
}

static int take_policy(struct call *c, struct subject *s, struct list *list)
{
    struct hd_policy_error why;
    struct hd_policy p;

    list->path = option_text(c, "policy", NULL);
    if (!list->path) {
        return EXIT_DONE;
    }
    if (s->written) {
        return fail_usage(c, "FILE is a policy itself: --policy belongs to "
                             "--hex or --chip");
    }
    int code = policy_and_report(c, list->path, &p, &list->report);
    if (code != EXIT_DONE) {
        return code;
    }
    if (hd_policy_chip_of(s->config) && !hd_policy_fits(&p, s->config, &why)) {
        return refuse(c, "%s: %s", list->path, why.text);
    }
    trust_slots(c, s, &p, list->path);
    trust_chip(c, s, &p, list->path);
    s->policy = p;
    s->written = &s->policy;
    return EXIT_DONE;
}

/* --------------------------------------------------------------------- run */

static int judge(struct call *c, const struct subject *s,
                 const struct list *list)
{
    struct hd_lint *l = hd_lint_run(s->config, s->model, s->written);
    unsigned bad;
    int code;

    if (!l) {
        return fail(c, "not enough memory");
    }
    code = tell(c, s, l);
    warn_unused(c, s, list, l);
    bad = l->failing;
    bad += option_given(c, "strict") ? l->counts[HD_MEDIUM] : 0;
    hd_lint_free(l);
    return code == EXIT_DONE && bad ? EXIT_REFUSED : code;
}

static int run(struct call *c)
{
    struct list list = {0};
    struct subject s;
    int code;

    if (option_given(c, "format") && !is_text(c)) {
        return fail_usage(c, "--json and --format exclude one another");
    }
    code = subject_from_call(c, &s);
    if (code == EXIT_DONE) {
        code = take_policy(c, &s, &list);
        code = code == EXIT_DONE ? judge(c, &s, &list) : code;
    } else if (is_sarif(c) && s.report.count) {
        (void)print_sarif(c, &s, NULL);
    }
    hd_policy_report_free(&list.report);
    subject_free(&s);
    return code;
}

const struct verb verb_policy_lint = {
        .group = "policy",
        .name = "lint",
        .args = "[FILE|-]",
        .most_args = 1,
        .summary = "say what a careful reviewer would say",
        .about = "Of a policy FILE (as provisioning leaves the chip), of bytes "
                 "(--hex) or of a chip (--chip). Each finding names its rule, "
                 "the exact bits, why it matters and how to fix it; the "
                 "policy's allow list accepts findings with a reason (of bytes "
                 "or a chip: that of --policy). Exits "
                 "with 1 if a finding is left that is an error by default: the "
                 "high ones, and some of less severity (docs/lint.md).",
        .options = options,
        .run = run,
};
