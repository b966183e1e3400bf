/* SPDX-License-Identifier: Apache-2.0 */
/* half policy new: a commented file to start from. */
#include <string.h>
#include <unistd.h>

#include "policy.h"

static const struct option options[] = {
        {"recipe", 'r', "NAME", "which one (connected-device)"},
        {"list", 'l', NULL, "list the recipes instead"},
        OPTION_OUTPUT,
        OPTION_JSON,
        OPTION_END,
};

static int list(struct call *c)
{
    json_t *all = json_array();

    for (const struct hd_policy_recipe *r = hd_policy_recipes; r->name; r++) {
        struct hd_policy p;
        struct hd_policy_error why;
        if (hd_policy_load(r->text, r->len, &p, &why) != HD_OK) {
            json_decref(all);
            return fail(c, "recipe %s:%u: %s", r->name, why.line, why.text);
        }
        say(c, "%-18s %s\n", r->name, p.about);
        (void)json_array_append_new(
                all, json_pack("{s:s,s:s}", "name", r->name, "about", p.about));
    }
    put(c, "recipes", all);
    return EXIT_DONE;
}

static int unknown_recipe(struct call *c, const char *name)
{
    const char *words[32];
    size_t count = 0;

    for (const struct hd_policy_recipe *r = hd_policy_recipes; r->name; r++) {
        words[count++] = r->name;
    }
    const char *near = nearest_word(name, words, count);
    return fail_usage(c, "there is no recipe '%s'; %s%s%s", name,
                      near ? "did you mean '" : "`half policy new --list`",
                      near ? near : "", near ? "'?" : " shows what there is");
}

static int run(struct call *c)
{
    const char *name = option_text(c, "recipe", "connected-device");
    const char *path = option_text(c, "output", "-");
    const struct hd_policy_recipe *r = hd_policy_recipes;

    if (option_given(c, "list")) {
        return list(c);
    }
    while (r->name && strcmp(r->name, name) != 0) {
        r++;
    }
    if (!r->name) {
        return unknown_recipe(c, name);
    }
    if (strcmp(path, "-") != 0 && access(path, F_OK) == 0) {
        return fail(c,
                    "%s is there already: a policy is not overwritten; "
                    "choose another name or remove it",
                    path);
    }
    const struct output o = {.key = "policy",
                             .bytes = (const uint8_t *)r->text,
                             .len = r->len,
                             .is_text = true};
    return write_output(c, &o);
}

const struct verb verb_policy_new = {
        .group = "policy",
        .name = "new",
        .summary = "write a commented policy to start from",
        .about = "Recipes: connected-device (the default), accessory, "
                 "gateway, signing-station, jwt-only. A file that is there "
                 "is not overwritten.",
        .options = options,
        .run = run,
};
