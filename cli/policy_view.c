/* SPDX-License-Identifier: Apache-2.0 */
/* half policy view: a policy as one page for a browser. */
#include <stdlib.h>
#include <string.h>

#include "attack.h"
#include "lint/lint.h"
#include "policy.h"
#include "view/page.h"

static const struct option options[] = {
        OPTION_HEX, OPTION_CHIP, OPTION_OUTPUT, OPTION_JSON, OPTION_END,
};

/* What the reader calls the file: not where it lay on the writer's disk. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return strcmp(path, "-") == 0 ? "standard input" : slash ? slash + 1 : path;
}

static int write_page(struct call *c, const struct hd_page *page)
{
    struct output o = {.key = "page", .is_text = true};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out) {
        return fail(c, "not enough memory");
    }
    int err = hd_page_write(page, out);
    if (fclose(out) != 0 || err != HD_OK) {
        free(text);
        return fail(c, err == HD_OK ? "not enough memory"
                                    : "libcrypto has no SHA-256 to offer");
    }
    o.bytes = (const uint8_t *)text;
    o.len = len;
    int code = write_output(c, &o);
    free(text);
    return code;
}

/* What `half policy lint` prints unless asked for all: those above info. */
static unsigned findings_from(const struct hd_lint *l,
                              struct hd_page_finding *out)
{
    unsigned count = 0;

    for (unsigned i = 0; i < l->count; i++) {
        const struct hd_finding *f = &l->findings[i];
        const struct hd_lint_rule *rule = &hd_lint_rules[f->rule];

        if (f->severity > HD_INFO) {
            out[count++] = (struct hd_page_finding){
                    .slot = f->slot,
                    .rule = rule->name,
                    .severity = hd_severity_words[f->severity],
                    .what = f->text,
                    .why = rule->why,
                    .fix = rule->fix,
                    .bits = f->bits,
                    .allowed = f->allowed,
                    .inferred = f->inferred,
                    .proof = f->proof};
        }
    }
    return count;
}

static int judge_and_write(struct call *c, const struct subject *s,
                           const struct hd_lint *l, const struct hd_attack *a)
{
    struct hd_page_finding *findings = calloc(l->count + 1, sizeof *findings);

    if (!findings) {
        return fail(c, "not enough memory");
    }
    const struct hd_page page = {.policy = &s->policy,
                                 .config = s->config,
                                 .source = base_name(s->source),
                                 .attack = a,
                                 .findings = findings,
                                 .finding_count = findings_from(l, findings),
                                 .linted = true};
    int code = write_page(c, &page);
    free(findings);
    return code;
}

static int run(struct call *c)
{
    struct subject s;
    int code = subject_from_call(c, &s);

    subject_free(&s); /* nobody asks for lines */
    if (code != EXIT_DONE) {
        return code;
    }
    struct hd_lint *l = hd_lint_run(s.config, s.model, s.written);
    struct hd_attack *a =
            hd_attack_run(s.config, s.model, HD_ATTACK_FULL, NULL, NULL);
    code = l && a ? judge_and_write(c, &s, l, a) : fail(c, "not enough memory");
    if (l) {
        hd_lint_free(l);
    }
    hd_attack_free(a);
    return code;
}

const struct verb verb_policy_view = {
        .group = "policy",
        .name = "view",
        .args = "[FILE|-]",
        .most_args = 1,
        .summary = "write a page for a browser: slots, arrows, bits",
        .about = "One HTML file that needs no network and runs no script, of a "
                 "policy FILE, of bytes (--hex) or of a chip (--chip), from "
                 "which only the configuration is read. Read it on a screen, a "
                 "phone or paper.",
        .options = options,
        .run = run,
};
