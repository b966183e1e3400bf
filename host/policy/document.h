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
#define PATH_SIZE HD_POLICY_PATH_SIZE

/* What a key is followed by. */
enum { SHAPE_UNSEEN, SHAPE_NOTHING, SHAPE_WORD, SHAPE_KEYS, SHAPE_LIST };

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
    struct doc *doc; /* NULL: mistakes that leave no text to go on with */
    struct hd_policy_report *report;
};

/*
 * Parses and checks against the key tables; says what is wrong in
 * d->report->errors. HD_OK if d->doc can be walked: unknown keys are told
 * already and not in it.
 */
int hd_document_read(struct document *d, const char *text, size_t len);
void hd_document_free(struct document *d);

/*
 * First pass (yaml_scan.c): notes in report->places what stands where, and
 * adds to report->errors what no policy needs (aliases, tags, deep nesting,
 * size).
 */
enum hd_scan {
    HD_SCAN_WHOLE,  /* read to the end */
    HD_SCAN_BROKEN, /* it is no YAML from some place on */
    HD_SCAN_REFUSED /* nothing more need be said about it */
};
enum hd_scan hd_yaml_scan(struct hd_policy_report *report, const char *text,
                          size_t len);

/* Each returns HD_ERR_FORMAT. */
int hd_policy_fail(struct hd_policy_error *why, unsigned line,
                   const char *format, ...)
        __attribute__((format(printf, 3, 4)));
int hd_report_add(struct hd_policy_report *report, unsigned line,
                  const char *format, ...)
        __attribute__((format(printf, 3, 4)));
void hd_report_sort(struct hd_policy_report *report);
/* NULL: not in the file. */
const struct hd_policy_place *hd_report_place(const struct hd_policy_report *r,
                                              const char *path);

/* "; did you mean 'write'?" or, if nothing is near, what there is. */
struct word_list {
    const char *words[128];
    unsigned count;
};
void hd_words_add(struct word_list *list, const char *word);
/* NULL: none is near. */
const char *hd_words_nearest(const struct word_list *list, const char *word);
const char *hd_words_hint(const struct word_list *list, const char *word,
                          char *out, size_t size);

#endif
