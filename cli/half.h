/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every verb of `half` shares.
 *
 * A verb is one file with one row: a `const struct verb verb_GROUP_NAME`
 * listed in verbs.def. The row declares the options; parsing, --help, the
 * completion and "did you mean" come from it, so they cannot disagree. A
 * verb's run() gets the parsed call and returns an exit code:
 *
 *     0  done
 *     1  refused, or a verification failed
 *     2  usage or environment: wrong option, missing file, no chip
 *
 *     static const struct option options[] = {
 *         OPTION_CHIP, OPTION_JSON,
 *         {"slot", 0, "N", "slot of the key"},
 *         OPTION_END,
 *     };
 *     static int run(struct call *c) {
 *         printf("%s\n", option_text(c, "slot", "0"));
 *         return EXIT_DONE;
 *     }
 *     const struct verb verb_chip_example = {
 *         .group = "chip", .name = "example", .args = "FILE", .most_args = 1,
 *         .summary = "does an example", .options = options, .run = run,
 *     };
 *
 * Results for people go to stdout as text; with --json they go there as one
 * JSON object (docs/json.md) and nothing else does. Everything else that is
 * said goes to stderr. Secrets are never options: they come from files.
 */
#ifndef HALF_H
#define HALF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "halfdollar/base.h"
#include "halfdollar/err.h"

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

#define PRINTF_LIKE(at, first) __attribute__((format(printf, at, first)))

/* ------------------------------------------------------------ verb table */

struct option {
    const char *name;  /* without dashes; NULL ends the table */
    char letter;       /* 0: no short form */
    const char *value; /* metavariable ("FILE"); NULL: a flag. A value that
                          is "a|b|c" is one of these words, and is checked.
                          "FILE..." may be given several times (one such
                          option a verb; option_all) */
    const char *help;
};

#define OPTION_END                                                             \
    {                                                                          \
        NULL, 0, NULL, NULL                                                    \
    }
#define OPTION_JSON                                                            \
    {                                                                          \
        "json", 0, NULL, "print one JSON object (docs/json.md)"                \
    }
#define OPTION_CHIP                                                            \
    {                                                                          \
        "chip", 0, "ADDRESS",                                                  \
                "i2c:1@0x60, swi:/dev/ttyUSB0, sim:thing.vchip or "            \
                "unix:/run/thing.sock; default: $HALF_CHIP"                    \
    }
#define OPTION_OUTPUT                                                          \
    {                                                                          \
        "output", 'o', "FILE", "write there instead of standard output (-)"    \
    }

#define OPTIONS_MAX 24
#define REPEATS_MAX 16

struct call;

struct verb {
    const char *group; /* "chip", "sim", "token"; NULL: `half VERB` */
    const char *name;
    const char *args; /* "[FILE|-]", for the usage line; NULL: none */
    const char *summary;
    const char *about; /* more for --help; NULL: nothing to add */
    const struct option *options;
    int (*run)(struct call *c);
    unsigned least_args, most_args;
    bool rest_is_args; /* the first argument ends the options: `sim exec` */
};

/* All verbs, in the order of verbs.def, ended by NULL. */
extern const struct verb *const verbs[];

struct group {
    const char *name;
    const char *summary;
};

extern const struct group groups[]; /* ended by name NULL */

/* One parsed command line. */
struct call {
    const struct verb *verb;
    char name[64];                   /* "half chip sign", for messages */
    const char *values[OPTIONS_MAX]; /* by index in verb->options */
    bool given[OPTIONS_MAX];
    const char *repeats[REPEATS_MAX + 1]; /* of the "..." option, then NULL */
    unsigned repeat_count;
    char **args; /* ended by NULL */
    unsigned count;
    json_t *doc; /* with --json: printed when run() returns; else NULL */
};

/* --------------------------------------------------------------- options */

bool option_given(const struct call *c, const char *name);

/* The value, or otherwise if it was not given. */
const char *option_text(const struct call *c, const char *name,
                        const char *otherwise);

/* All values of the verb's repeatable option, ended by NULL. */
static inline const char *const *option_all(const struct call *c)
{
    return c->repeats;
}

/*
 * A number between least and most (decimal or 0x..); leaves *value alone if
 * the option was not given. EXIT_DONE, or EXIT_USAGE after saying why.
 */
int option_number(struct call *c, const char *name, unsigned long least,
                  unsigned long most, unsigned long *value);

/* Same for an argument. what: "slot". */
int parse_number_arg(struct call *c, const char *what, const char *text,
                     unsigned long least, unsigned long most,
                     unsigned long *value);

/* Whether the verb has such an option at all. */
bool option_declared(const struct call *c, const char *name);
/* EXIT_USAGE, after saying which is missing, if the option was not given. */
int option_needed(struct call *c, const char *name);

/* Fills *c from argv (after the verb). EXIT_DONE or EXIT_USAGE. */
int parse_options(struct call *c, char **argv);

/* The nearest word in words[0..count), or NULL if none is near. */
const char *nearest_word(const char *word, const char *const *words,
                         size_t count);

/* ------------------------------------------------------------------ help */

void help_program(FILE *out);
void help_group(FILE *out, const char *group);
void help_verb(FILE *out, const struct verb *verb);

/* NULL if there is none. group may be NULL. */
const struct verb *find_verb(const char *group, const char *name);
const struct group *find_group(const char *name);

/* --------------------------------------------------------------- results */

/* True if people read: no --json. */
static inline bool is_text(const struct call *c)
{
    return !c->doc;
}

/*
 * Adds a member to the JSON answer; does nothing without --json. value is
 * taken over (json_integer(3), ...).
 */
void put(struct call *c, const char *key, json_t *value);
void put_hex(struct call *c, const char *key, const uint8_t *bytes, size_t len);

/* printf to stdout, unless --json. */
void say(struct call *c, const char *format, ...) PRINTF_LIKE(2, 3);

/* Lower-case hex, terminated: text has 2 * len + 1 places. */
void hex_text(const uint8_t *bytes, size_t len, char *text);
json_t *json_hex(const uint8_t *bytes, size_t len);

/* Columns of the reader's window ($COLUMNS, or the terminal's; else 80). */
int text_width(void);

/*
 * Prints text broken at blanks so that no line is longer than width, and the
 * end of the last line. column: where we are; other lines are indented.
 */
void print_wrapped(FILE *out, const char *text, int indent, int column,
                   int width);

/*
 * Errors. Each prints "half chip sign: sentence" on stderr, puts the same
 * under "error" in the JSON answer, and returns the exit code to return.
 */
int fail_usage(struct call *c, const char *format, ...) PRINTF_LIKE(2, 3);
/* Environment: a missing file, no permission. */
int fail(struct call *c, const char *format, ...) PRINTF_LIKE(2, 3);
/* Refused, or a verification failed. */
int refuse(struct call *c, const char *format, ...) PRINTF_LIKE(2, 3);
/*
 * A code of enum hd_err: what was tried, the sentence of the code. Returns
 * EXIT_REFUSED for refusals of the chip and failed proofs, else EXIT_USAGE.
 * why: one more sentence (the virtual chip's reason), or NULL.
 */
int fail_err(struct call *c, int err, const char *why, const char *format, ...)
        PRINTF_LIKE(4, 5);

/* ------------------------------------------------------------ byte output */

/*
 * Writes bytes to --output, or standard output, in the form that --format
 * names: "hex" (default when none was given: otherwise), "raw", or, for
 * public keys and signatures, see chip.h. Raw bytes are not written to a
 * terminal. secret: the file is created with mode 0600. With --json and no
 * --output, the bytes become member `key` as hex instead.
 */
struct output {
    const char *key;
    const uint8_t *bytes;
    size_t len;
    bool is_text; /* bytes are text already (PEM): written as they are */
    bool secret;
    const char *format; /* "hex" or "raw"; ignored if is_text */
};

int write_output(struct call *c, const struct output *o);

/* ------------------------------------------------------------- byte input */

/* A whole file ("-": standard input) in memory. */
struct input {
    uint8_t *bytes;
    size_t len;
};

/* EXIT_DONE, or a failure already told. limit: more bytes are refused. */
int read_input(struct call *c, const char *path, size_t limit,
               struct input *in);

/* Wipes and frees. */
void free_input(struct input *in);

/* The same for a file that holds a secret: it must be a regular file of the
 * caller (or root) that nobody else can read or change; otherwise it is
 * refused, with what mends it. Never waits, except for standard input. */
int read_private_input(struct call *c, const char *path, size_t limit,
                       struct input *in);

/*
 * A secret of exactly len bytes from such a file: raw, or hex. 32 or more
 * bytes that are all the same are refused as no key.
 */
int read_secret(struct call *c, const char *path, uint8_t *secret, size_t len);

/* EXIT_DONE if keys may be made in the folder: it is the caller's (or
 * root's) and nobody else can write to it. */
int check_key_dir(struct call *c, const char *dir);

#endif
