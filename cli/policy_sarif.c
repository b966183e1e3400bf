/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See policy_sarif.h. The rule after the lint's own stands for what keeps a
 * file from being a policy at all, so that a reviewer sees that, too, beside
 * its line.
 */
#include <ctype.h>
#include <string.h>

#include "policy_sarif.h"

#define NO_POLICY "NOT-A-POLICY"

/* A path as a URI (RFC 3986): relative, or file:///... */
static json_t *uri_of(const char *path)
{
    char uri[3 * 1024 + 8];
    size_t used = 0;

    if (path[0] == '/') {
        used = (size_t)snprintf(uri, sizeof uri, "file://");
    }
    for (; *path && used + 4 < sizeof uri; path++) {
        unsigned char ch = (unsigned char)*path;
        bool plain = isalnum(ch) || strchr("/-._~", ch);
        used += (size_t)snprintf(uri + used, sizeof uri - used,
                                 plain ? "%c" : "%%%02X", ch);
    }
    uri[used] = 0;
    return json_string(uri);
}

/* line 0: the file as a whole. What came from a chip or a pipe has no file. */
static json_t *location(const struct subject *s, const char *where,
                        unsigned line)
{
    json_t *one = json_object();
    bool has_file = strcmp(s->source, "-") != 0 && !s->is_chip;

    if (has_file) {
        json_t *place = json_pack("{s:{s:o}}", "artifactLocation", "uri",
                                  uri_of(s->source));
        if (line) {
            (void)json_object_set_new(
                    place, "region",
                    json_pack("{s:i}", "startLine", (int)line));
        }
        (void)json_object_set_new(one, "physicalLocation", place);
    }
    if (where) {
        (void)json_object_set_new(one, "logicalLocations",
                                  json_pack("[{s:s}]", "name", where));
    }
    return one;
}

static json_t *rules_json(void)
{
    json_t *rules = json_array();

    for (unsigned i = 0; i < HD_LINT_COUNT; i++) {
        const struct hd_lint_rule *r = &hd_lint_rules[i];
        (void)json_array_append_new(
                rules, json_pack("{s:s,s:{s:s},s:{s:s}}", "id", r->name,
                                 "shortDescription", "text", r->why, "help",
                                 "text", r->fix));
    }
    (void)json_array_append_new(
            rules,
            json_pack("{s:s,s:{s:s},s:{s:s}}", "id", NO_POLICY,
                      "shortDescription", "text",
                      "What is no policy compiles to no configuration, and "
                      "nothing else about it can be judged.",
                      "help", "text",
                      "docs/policy.md has every key and word; `half policy "
                      "new` writes a file to start from."));
    return rules;
}

static json_t *finding(const struct subject *s, const struct hd_finding *f)
{
    static const char *const levels[4] = {"note", "note", "warning", "error"};
    json_t *one =
            json_pack("{s:s,s:i,s:s,s:{s:s},s:[o],s:{s:s,s:s,s:b}}", "ruleId",
                      hd_lint_rules[f->rule].name, "ruleIndex", (int)f->rule,
                      "level", f->fails ? "error" : levels[f->severity],
                      "message", "text", f->text, "locations",
                      location(s, f->where, hd_lint_line(f, &s->report)),
                      "properties", "bits", f->bits, "severity",
                      hd_severity_words[f->severity], "inferred", f->inferred);

    if (f->allowed) {
        (void)json_object_set_new(one, "suppressions",
                                  json_pack("[{s:s,s:s}]", "kind", "inSource",
                                            "justification", f->allowed));
    }
    return one;
}

static json_t *mistake(const struct subject *s, const struct hd_policy_error *e)
{
    return json_pack("{s:s,s:i,s:s,s:{s:s},s:[o]}", "ruleId", NO_POLICY,
                     "ruleIndex", (int)HD_LINT_COUNT, "level", "error",
                     "message", "text", e->text, "locations",
                     location(s, NULL, e->line));
}

static json_t *results_json(const struct subject *s, const struct hd_lint *l)
{
    json_t *results = json_array();

    for (unsigned i = 0; l && i < l->count; i++) {
        (void)json_array_append_new(results, finding(s, &l->findings[i]));
    }
    for (unsigned i = 0; !l && i < s->report.count; i++) {
        (void)json_array_append_new(results, mistake(s, &s->report.errors[i]));
    }
    return results;
}

int print_sarif(struct call *c, const struct subject *s,
                const struct hd_lint *l)
{
    json_t *sarif = json_pack(
            "{s:s,s:s,s:[{s:{s:{s:s,s:s,s:o}},s:[{s:b}],s:o}]}", "$schema",
            "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0",
            "runs", "tool", "driver", "name", "half", "version", HALF_VERSION,
            "rules", rules_json(), "invocations", "executionSuccessful", true,
            "results", results_json(s, l));
    int err = sarif ? json_dumpf(sarif, stdout, JSON_INDENT(2)) : -1;

    json_decref(sarif);
    printf("\n");
    return err ? fail(c, "not enough memory") : EXIT_DONE;
}
