/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy file as text values in the shape of the key tables, before any
 * of them means something. Private to host/policy.
 */
#ifndef HD_POLICY_DOCUMENT_H
#define HD_POLICY_DOCUMENT_H

#include "policy/policy.h"

#define KEYS_MAX  24 /* of one group */
#define PLACES    1024
#define PATH_SIZE 72

/* Where a key of the file stands. */
struct place {
    char path[PATH_SIZE]; /* "slots/3/write" */
    unsigned line;
};

/*
 * Texts by key: value[i] belongs to keys[i] of the group, and to all of the
 * same name; NULL: not in the file. bits[i] belongs to hd_policy_fields[i].
 */
struct doc_group {
    char *value[KEYS_MAX];
};
struct doc_slot {
    char *value[KEYS_MAX];
    char **bits;
};
struct doc_counters {
    struct doc_group *counter[2];
};
struct doc {
    char *value[KEYS_MAX]; /* HD_G_TOP */
    struct doc_group *group[HD_G_COUNTER0];
    struct doc_counters *counters;
    struct doc_slot **slots; /* HD_POLICY_SLOTS of them */
    struct doc_group *waivers;
    uint32_t waiver_count;
    char **bits;
};

struct document {
    struct doc *doc;
    struct place *places;
    unsigned place_count;
};

/* Parses and checks against the key tables. HD_OK, or HD_ERR_FORMAT. */
int hd_document_read(struct document *d, const char *text, size_t len,
                     struct hd_policy_error *why);
void hd_document_free(struct document *d);

/* Line of a path; of its nearest parent if it is not there. */
unsigned hd_document_line(const struct document *d, const char *path);

/* First pass (yaml_scan.c): refuses what no policy needs (aliases, tags, deep
 * nesting, size), and fills places. */
int hd_yaml_scan(struct document *d, const char *text, size_t len,
                 struct hd_policy_error *why);

/* Sets *why. Returns HD_ERR_FORMAT. */
int hd_policy_fail(struct hd_policy_error *why, unsigned line,
                   const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* "; did you mean 'write'?" or, if nothing is near, what there is. */
struct word_list {
    const char *words[128];
    unsigned count;
};
void hd_words_add(struct word_list *list, const char *word);
const char *hd_words_hint(const struct word_list *list, const char *word,
                          char *out, size_t size);

#endif
