/* SPDX-License-Identifier: Apache-2.0 */
/*
 * half: finds the verb in the table, parses its options, runs it, prints its
 * JSON answer. Everything a verb does is in the verb's own file.
 */
#include <signal.h>
#include <string.h>

#include "complete.h"
#include "half.h"

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* --help counts anywhere before "--", whatever else is wrong; where the
 * first argument ends the options, only before that. */
static bool asks_help(const struct verb *verb, char **argv)
{
    for (; *argv && strcmp(*argv, "--") != 0; argv++) {
        if (is_help(*argv)) {
            return true;
        }
        if (verb->rest_is_args && (*argv)[0] != '-') {
            return false;
        }
    }
    return false;
}

static bool asks_json(const struct call *c)
{
    for (int i = 0; c->verb->options[i].name; i++) {
        if (strcmp(c->verb->options[i].name, "json") == 0) {
            return c->given[i];
        }
    }
    return false;
}

/* A result that could not be written (full disk, closed pipe) is not a
 * result. */
static int flush(const char *name, int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return code;
    }
    fprintf(stderr, "%s: standard output could not be written\n", name);
    return EXIT_USAGE;
}

static int run_verb(const struct verb *verb, char **argv)
{
    struct call c = {.verb = verb};

    (void)snprintf(c.name, sizeof c.name, "half %s%s%s",
                   verb->group ? verb->group : "", verb->group ? " " : "",
                   verb->name);
    if (asks_help(verb, argv)) {
        help_verb(stdout, verb);
        return flush(c.name, EXIT_DONE);
    }
    int code = parse_options(&c, argv);
    if (code != EXIT_DONE) {
        return code;
    }
    if (asks_json(&c)) {
        c.doc = json_object();
    }
    code = verb->run(&c);
    if (c.doc) {
        (void)json_object_set_new(c.doc, "ok", json_boolean(code == 0));
        json_dumpf(c.doc, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
        putchar('\n');
        json_decref(c.doc);
    }
    return flush(c.name, code);
}

/* No verb matches; group is NULL for the first word. */
static int unknown_word(const char *group, const char *word)
{
    const char *words[128] = {NULL};
    size_t count = 0;

    for (size_t i = 0; !group && groups[i].name && count < 60; i++) {
        words[count++] = groups[i].name;
    }
    for (size_t i = 0; verbs[i] && count < 128; i++) {
        bool same = verbs[i]->group && group
                            ? strcmp(verbs[i]->group, group) == 0
                            : !verbs[i]->group && !group;
        if (same) {
            words[count++] = verbs[i]->name;
        }
    }
    const char *near = nearest_word(word, words, count);
    fprintf(stderr, "half%s%s: there is no '%s'", group ? " " : "",
            group ? group : "", word);
    if (near) {
        fprintf(stderr, "; did you mean '%s'?", near);
    }
    fprintf(stderr, "\nTry 'half%s%s --help'.\n", group ? " " : "",
            group ? group : "");
    return EXIT_USAGE;
}

static int run_group(const char *group, char **argv)
{
    if (!argv[0]) {
        help_group(stderr, group);
        return EXIT_USAGE;
    }
    if (is_help(argv[0])) {
        help_group(stdout, group);
        return flush("half", EXIT_DONE);
    }
    const struct verb *verb = find_verb(group, argv[0]);
    return verb ? run_verb(verb, argv + 1) : unknown_word(group, argv[0]);
}

int main(int argc, char **argv)
{
    /* A closed pipe is told by flush(), with an exit code. */
    (void)signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        help_program(stderr);
        return EXIT_USAGE;
    }
    argv++;
    if (is_help(argv[0])) {
        help_program(stdout);
        return flush("half", EXIT_DONE);
    }
    if (strcmp(argv[0], "--version") == 0) {
        puts("half " HALF_VERSION);
        return flush("half", EXIT_DONE);
    }
    if (strcmp(argv[0], "--list") == 0) {
        complete(argv + 1);
        return flush("half", EXIT_DONE);
    }
    const struct group *group = find_group(argv[0]);
    if (group) {
        return run_group(group->name, argv + 1);
    }
    const struct verb *verb = find_verb(NULL, argv[0]);
    return verb ? run_verb(verb, argv + 1) : unknown_word(NULL, argv[0]);
}
