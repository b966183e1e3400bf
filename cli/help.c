/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Help, from the same tables that parse: of the program, of a group, of a
 * verb. `half --list ...` prints them bare for completions/half.bash.
 */
#include <string.h>

#include "half.h"

#define LINE 79

static bool in_group(const struct verb *verb, const char *group)
{
    if (!verb->group || !group) {
        return verb->group == group;
    }
    return strcmp(verb->group, group) == 0;
}

const struct verb *find_verb(const char *group, const char *name)
{
    for (size_t i = 0; verbs[i]; i++) {
        if (in_group(verbs[i], group) && strcmp(verbs[i]->name, name) == 0) {
            return verbs[i];
        }
    }
    return NULL;
}

const struct group *find_group(const char *name)
{
    for (size_t i = 0; groups[i].name; i++) {
        if (strcmp(groups[i].name, name) == 0) {
            return &groups[i];
        }
    }
    return NULL;
}

static void row(FILE *out, const char *name, const char *text)
{
    fprintf(out, "  %-12s ", name);
    print_wrapped(out, text, 15, 15, LINE);
}

void help_program(FILE *out)
{
    fputs("usage: half GROUP VERB [OPTIONS] [ARGUMENTS]\n\n"
          "Security chips ATECC508A, ATECC608A and ATECC608B, real and "
          "virtual.\n\n",
          out);
    for (size_t i = 0; groups[i].name; i++) {
        row(out, groups[i].name, groups[i].summary);
    }
    for (size_t i = 0; verbs[i]; i++) {
        if (!verbs[i]->group) {
            row(out, verbs[i]->name, verbs[i]->summary);
        }
    }
    fputs("\n  half GROUP --help        the verbs of a group\n"
          "  half GROUP VERB --help   one verb; or: half help GROUP VERB\n"
          "  half --version\n\n"
          "exit codes: 0 done, 1 refused or verification failed, "
          "2 usage or environment\n",
          out);
}

void help_group(FILE *out, const char *group)
{
    fprintf(out, "usage: half %s VERB [OPTIONS] [ARGUMENTS]\n\n", group);
    print_wrapped(out, find_group(group)->summary, 0, 0, LINE);
    fputc('\n', out);
    for (size_t i = 0; verbs[i]; i++) {
        if (in_group(verbs[i], group)) {
            row(out, verbs[i]->name, verbs[i]->summary);
        }
    }
    fprintf(out, "\n  half %s VERB --help   for one of them\n", group);
}

static void help_option(FILE *out, const struct option *o)
{
    char left[64];
    char letter[5] = "";

    if (o->letter) {
        (void)snprintf(letter, sizeof letter, "-%c, ", o->letter);
    }
    (void)snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name,
                   o->value ? " " : "", o->value ? o->value : "");
    if (strlen(left) > 24) {
        fprintf(out, "  %s\n%27s", left, "");
    } else {
        fprintf(out, "  %-24s ", left);
    }
    print_wrapped(out, o->help, 27, 27, LINE);
}

void help_verb(FILE *out, const struct verb *verb)
{
    static const struct option help = {"help", 'h', NULL, "print this"};

    fprintf(out, "usage: half %s%s%s [OPTIONS]%s%s\n\n",
            verb->group ? verb->group : "", verb->group ? " " : "", verb->name,
            verb->args ? " " : "", verb->args ? verb->args : "");
    print_wrapped(out, verb->summary, 0, 0, LINE);
    if (verb->about) {
        fputc('\n', out);
        print_wrapped(out, verb->about, 0, 0, LINE);
    }
    fputc('\n', out);
    for (const struct option *o = verb->options; o->name; o++) {
        help_option(out, o);
    }
    help_option(out, &help);
}
