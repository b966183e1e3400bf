/* SPDX-License-Identifier: Apache-2.0 */
/* half policy lint: what a careful reviewer would say. */
#include <string.h>

#include "attack.h"
#include "lint/lint.h"
#include "policy.h"

static const struct option options[] = {
        OPTION_HEX,
        OPTION_CHIP,
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

static void print_finding(const struct subject *s, const struct hd_finding *f)
{
    char label[64];

    printf("%-6s %s at %s%s\n", hd_severity_words[f->severity],
           rule_of(f)->name, f->slot < 0 ? f->where : "slot ",
           f->slot < 0 ? ""
                       : slot_label(s, (unsigned)f->slot, label, sizeof label));
    printf("       %s\n", f->text);
    printf("       bits: %s\n", f->bits);
    if (f->allowed) {
        printf("       allowed: %s\n\n", f->allowed);
        return;
    }
    printf("       why:  %s\n", rule_of(f)->why);
    printf("       fix:  %s\n\n", rule_of(f)->fix);
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

/* ------------------------------------------------------------------- sarif */

static json_t *sarif_rules(void)
{
    json_t *rules = json_array();

    for (unsigned i = 0; i < HD_LINT_COUNT; i++) {
        const struct hd_lint_rule *r = &hd_lint_rules[i];
        (void)json_array_append_new(
                rules, json_pack("{s:s,s:{s:s},s:{s:s}}", "id", r->name,
                                 "shortDescription", "text", r->why, "help",
                                 "text", r->fix));
    }
    return rules;
}

static json_t *sarif_result(const struct subject *s, const struct hd_finding *f)
{
    static const char *const levels[4] = {"note", "note", "warning", "error"};
    json_t *one = json_pack(
            "{s:s,s:i,s:s,s:{s:s},s:[{s:{s:{s:s},s:{s:i}},s:[{s:s}]}],"
            "s:{s:s,s:s,s:b}}",
            "ruleId", rule_of(f)->name, "ruleIndex", (int)f->rule, "level",
            f->fails ? "error" : levels[f->severity], "message", "text",
            f->text, "locations", "physicalLocation", "artifactLocation", "uri",
            s->source, "region", "startLine", 1, "logicalLocations", "name",
            f->where, "properties", "bits", f->bits, "severity",
            hd_severity_words[f->severity], "inferred", f->inferred);

    if (f->allowed) {
        (void)json_object_set_new(one, "suppressions",
                                  json_pack("[{s:s,s:s}]", "kind", "inSource",
                                            "justification", f->allowed));
    }
    return one;
}

static int print_sarif(struct call *c, const struct subject *s,
                       const struct hd_lint *l)
{
    json_t *results = json_array();
    json_t *sarif;
    int err;

    for (unsigned i = 0; i < l->count; i++) {
        (void)json_array_append_new(results, sarif_result(s, &l->findings[i]));
    }
    sarif = json_pack("{s:s,s:s,s:[{s:{s:{s:s,s:s,s:o}},s:o}]}", "version",
                      "2.1.0", "$schema",
                      "https://json.schemastore.org/sarif-2.1.0.json", "runs",
                      "tool", "driver", "name", "half", "version", HALF_VERSION,
                      "rules", sarif_rules(), "results", results);
    err = sarif ? json_dumpf(sarif, stdout, JSON_INDENT(2)) : -1;
    json_decref(sarif);
    printf("\n");
    return err ? fail(c, "not enough memory") : EXIT_DONE;
}

/* --------------------------------------------------------------------- run */

static int tell(struct call *c, const struct subject *s,
                const struct hd_lint *l)
{
    bool sarif = strcmp(option_text(c, "format", "text"), "sarif") == 0;

    if (sarif) {
        return print_sarif(c, s, l);
    }
    if (is_text(c)) {
        print_findings(c, s, l);
    } else {
        put_findings(c, s, l);
    }
    return EXIT_DONE;
}

/* An allow list that allows nothing is a mistake or out of date. */
static void warn_unused(struct call *c, const struct subject *s,
                        const struct hd_lint *l)
{
    for (unsigned i = 0; i < s->policy.waiver_count; i++) {
        const struct hd_policy_waiver *w = &s->policy.waivers[i];
        bool used = false;

        for (unsigned k = 0; k < l->count; k++) {
            used |= l->findings[k].allowed == w->reason;
        }
        if (!used) {
            fprintf(stderr, "%s: allow: %s at %s allows nothing\n", c->name,
                    w->rule, w->where);
        }
    }
}

static int run(struct call *c)
{
    struct subject s;
    struct hd_lint *l;
    unsigned bad;
    int code;

    if (option_given(c, "format") && !is_text(c)) {
        return fail_usage(c, "--json and --format exclude one another");
    }
    code = subject_from_call(c, &s);
    if (code != EXIT_DONE) {
        return code;
    }
    l = hd_lint_run(s.config, s.model, &s.policy);
    if (!l) {
        return fail(c, "not enough memory");
    }
    code = tell(c, &s, l);
    warn_unused(c, &s, l);
    bad = l->failing;
    bad += option_given(c, "strict") ? l->counts[HD_MEDIUM] : 0;
    hd_lint_free(l);
    return code == EXIT_DONE && bad ? EXIT_REFUSED : code;
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
                 "policy's allow list accepts findings with a reason. Exits "
                 "with 1 if a finding is left that is an error by default: the "
                 "high ones, a bus address that anyone can change, ECDH in "
                 "clear where IO protection is asked.",
        .options = options,
        .run = run,
};
