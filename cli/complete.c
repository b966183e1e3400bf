/* SPDX-License-Identifier: Apache-2.0 */
/*
 * half --list WORDS...: what may follow these words, one a line. For
 * completions/half.bash, which so knows every verb and option without
 * repeating them. FILE, CHIP and COMMAND stand for what the shell finds.
 */
#include <string.h>

#include "complete.h"

static void list_top(void)
{
    for (size_t i = 0; groups[i].name; i++) {
        puts(groups[i].name);
    }
    for (size_t i = 0; verbs[i]; i++) {
        if (!verbs[i]->group) {
            puts(verbs[i]->name);
        }
    }
    puts("--help\n--version");
}

static void list_group(const char *group)
{
    for (size_t i = 0; verbs[i]; i++) {
        if (verbs[i]->group && strcmp(verbs[i]->group, group) == 0) {
            puts(verbs[i]->name);
        }
    }
    puts("--help");
}

static void list_words(const char *value)
{
    for (const char *word = value; word; word = strchr(word, '|')) {
        word += *word == '|';
        printf("%.*s\n", (int)strcspn(word, "|"), word);
    }
}

/* What the last word, an option that takes a value, wants. */
static bool list_value(const struct verb *verb, const char *last)
{
    for (const struct option *o = verb->options; o->name; o++) {
        bool named =
                strncmp(last, "--", 2) == 0 && strcmp(last + 2, o->name) == 0;
        bool lettered = o->letter && last[0] == '-' && last[1] == o->letter &&
                        last[2] == 0;
        if (!o->value || (!named && !lettered)) {
            continue;
        }
        if (strcmp(o->value, "ADDRESS") == 0) {
            puts("CHIP");
        } else if (strstr(o->value, "FILE")) {
            puts("FILE");
        } else if (strchr(o->value, '|')) {
            list_words(o->value);
        }
        return true;
    }
    return false;
}

/* "config|data|slot [N]": the first argument is one of these words. */
static void list_first_argument(const char *args)
{
    char words[80];
    size_t len = strcspn(args, " ");

    if (args[0] >= 'a' && args[0] <= 'z' && strchr(args, '|') &&
        len < sizeof words) {
        memcpy(words, args, len);
        words[len] = 0;
        list_words(words);
    }
}

/* words: what stands after the verb. */
static void list_verb(const struct verb *verb, char **words)
{
    const char *last = NULL;
    bool options_end = false;

    for (; *words; words++) {
        last = *words;
        options_end = options_end || strcmp(last, "--") == 0;
    }
    if (options_end) {
        puts(!verb->rest_is_args || strcmp(last, "--") != 0 ? "FILE"
                                                            : "COMMAND");
        return;
    }
    if (last && list_value(verb, last)) {
        return;
    }
    for (const struct option *o = verb->options; o->name; o++) {
        printf("--%s\n", o->name);
    }
    puts("--help");
    if (verb->args) {
        list_first_argument(verb->args);
        if (strstr(verb->args, "FILE")) {
            puts("FILE");
        }
    }
}

static void list_after_help(char **words)
{
    if (!words[0]) {
        list_top();
    } else if (find_group(words[0]) && !words[1]) {
        list_group(words[0]);
    }
}

void complete(char **words)
{
    if (!words[0]) {
        list_top();
        return;
    }
    if (strcmp(words[0], "help") == 0) {
        list_after_help(words + 1);
        return;
    }
    const char *group = find_group(words[0]) ? *words++ : NULL;
    if (group && !words[0]) {
        list_group(group);
        return;
    }
    const struct verb *verb = find_verb(group, words[0]);
    if (!verb) {
        return;
    }
    list_verb(verb, words + 1);
}
