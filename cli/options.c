/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command lines against a verb's option table. Why not getopt_long: the
 * table also feeds --help and completion, and a wrong option should be told
 * together with the one that was probably meant.
 */
#include <stdlib.h>
#include <string.h>

#include "half.h"
#include "parse.h"

static int index_of(const struct call *c, const char *name)
{
    for (int i = 0; c->verb->options[i].name; i++) {
        if (strcmp(c->verb->options[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* For the verbs' own questions: a name not in the table is a mistake of
 * ours, and must not pass as "not given". */
static int known_index(const struct call *c, const char *name)
{
    int i = index_of(c, name);

    if (i < 0) {
        fprintf(stderr, "%s: asks for --%s, which it does not declare\n",
                c->name, name);
        abort();
    }
    return i;
}

bool option_declared(const struct call *c, const char *name)
{
    return index_of(c, name) >= 0;
}

bool option_given(const struct call *c, const char *name)
{
    return c->given[known_index(c, name)];
}

const char *option_text(const struct call *c, const char *name,
                        const char *otherwise)
{
    int i = known_index(c, name);

    return c->given[i] ? c->values[i] : otherwise;
}

int option_needed(struct call *c, const char *name)
{
    int i = known_index(c, name);

    if (c->given[i]) {
        return EXIT_DONE;
    }
    return fail_usage(c, "--%s %s is needed: %s", name,
                      c->verb->options[i].value, c->verb->options[i].help);
}

int parse_number_arg(struct call *c, const char *what, const char *text,
                     unsigned long least, unsigned long most,
                     unsigned long *value)
{
    if (parse_number(text, value) && *value >= least && *value <= most) {
        return EXIT_DONE;
    }
    return fail_usage(c, "%s: '%s' is not a number from %lu to %lu", what, text,
                      least, most);
}

int option_number(struct call *c, const char *name, unsigned long least,
                  unsigned long most, unsigned long *value)
{
    const char *text = option_text(c, name, NULL);
    char what[40];

    if (!text) {
        return EXIT_DONE;
    }
    (void)snprintf(what, sizeof what, "--%s", name);
    return parse_number_arg(c, what, text, least, most, value);
}

const char *nearest_word(const char *word, const char *const *words,
                         size_t count)
{
    /* Half of a short word would match anything. */
    unsigned limit = strlen(word) > 5 ? 3 : 2;
    const char *best = NULL;

    for (size_t i = 0; i < count; i++) {
        unsigned distance = edit_distance(word, words[i]);
        if (distance < limit ||
            (distance == limit && !best && strlen(word) > 3)) {
            best = words[i];
            limit = distance;
        }
    }
    return best;
}

static int unknown_option(struct call *c, const char *name)
{
    const char *words[OPTIONS_MAX + 1];
    size_t count = 0;

    for (const struct option *o = c->verb->options; o->name; o++) {
        words[count++] = o->name;
    }
    words[count++] = "help";
    const char *near = nearest_word(name, words, count);
    if (near) {
        return fail_usage(c, "unknown option --%s; did you mean --%s?", name,
                          near);
    }
    return fail_usage(c, "unknown option --%s", name);
}

/* True if text is one of the words of "a|b|c", or value is no such list. */
static bool is_allowed(const char *value, const char *text)
{
    size_t len = strlen(text);

    if (!strchr(value, '|') || value[0] == '[') {
        return true;
    }
    for (const char *word = value; word; word = strchr(word, '|')) {
        word += *word == '|';
        if (strncmp(word, text, len) == 0 &&
            (word[len] == 0 || word[len] == '|')) {
            return len > 0;
        }
    }
    return false;
}

static bool is_repeatable(const struct option *o)
{
    size_t len = o->value ? strlen(o->value) : 0;

    return len > 3 && strcmp(o->value + len - 3, "...") == 0;
}

/* Stores option i; value NULL: none came with '='. Takes the next word of
 * *argv when it needs one. */
static int store(struct call *c, int i, const char *value, char ***argv)
{
    const struct option *o = &c->verb->options[i];

    if (c->given[i] && !is_repeatable(o)) {
        return fail_usage(c, "--%s is given twice", o->name);
    }
    if (c->repeat_count == REPEATS_MAX && is_repeatable(o)) {
        return fail_usage(c, "--%s is given more than %d times", o->name,
                          REPEATS_MAX);
    }
    if (!o->value && value) {
        return fail_usage(c, "--%s takes no value", o->name);
    }
    if (o->value && !value) {
        value = **argv;
        if (!value) {
            return fail_usage(c, "--%s needs a value: %s", o->name, o->value);
        }
        (*argv)++;
    }
    if (o->value && !is_allowed(o->value, value)) {
        return fail_usage(c, "--%s: '%s' is not one of %s", o->name, value,
                          o->value);
    }
    if (is_repeatable(o)) {
        c->repeats[c->repeat_count++] = value;
    }
    c->given[i] = true;
    c->values[i] = value;
    return EXIT_DONE;
}

static int long_option(struct call *c, const char *word, char ***argv)
{
    char name[40];
    size_t len = strcspn(word, "=");

    if (len >= sizeof name) {
        return fail_usage(c, "unknown option --%s", word);
    }
    memcpy(name, word, len);
    name[len] = 0;
    int i = index_of(c, name);
    if (i < 0) {
        return unknown_option(c, name);
    }
    return store(c, i, word[len] ? word + len + 1 : NULL, argv);
}

static int short_option(struct call *c, const char *word, char ***argv)
{
    for (int i = 0; c->verb->options[i].name; i++) {
        if (c->verb->options[i].letter == word[0]) {
            return store(c, i, word[1] ? word + 1 : NULL, argv);
        }
    }
    return fail_usage(c, "unknown option -%c", word[0]);
}

static int check_count(struct call *c)
{
    if (c->count < c->verb->least_args) {
        return fail_usage(c, "too few arguments: needs %s", c->verb->args);
    }
    if (c->count > c->verb->most_args) {
        return fail_usage(c, "unexpected argument '%s'",
                          c->args[c->verb->most_args]);
    }
    return EXIT_DONE;
}

int parse_options(struct call *c, char **argv)
{
    char **keep = argv; /* arguments are gathered in place, in front */
    bool options_end = false;

    c->args = argv;
    while (*argv) {
        char *word = *argv++;
        int code = EXIT_DONE;
        if (!options_end && strcmp(word, "--") == 0) {
            options_end = true;
            continue;
        }
        if (options_end || word[0] != '-' || word[1] == 0) {
            *keep++ = word;
            c->count++;
            options_end = options_end || c->verb->rest_is_args;
        } else if (word[1] == '-') {
            code = long_option(c, word + 2, &argv);
        } else {
            code = short_option(c, word + 1, &argv);
        }
        if (code != EXIT_DONE) {
            return code;
        }
    }
    *keep = NULL;
    return check_count(c);
}
