/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second pass: libcyaml, with a schema made from the key tables, so a key
 * that is in a table is in the schema and no other is. All leaves are texts;
 * what they mean is decided in load.c, which can then say it in our words.
 */
#include <stdlib.h>
#include <string.h>

#include <cyaml/cyaml.h>

#include "policy/document.h"

#define BIG_GROUP (HD_F_COUNT + 1)

struct schema {
    cyaml_schema_field_t group[HD_G_COUNT][KEYS_MAX + 2];
    cyaml_schema_field_t slot_bits[BIG_GROUP];
    cyaml_schema_field_t zone_bits[BIG_GROUP];
    cyaml_schema_field_t slots[HD_POLICY_SLOTS + 1];
    cyaml_schema_field_t counters[3];
    cyaml_schema_field_t top[KEYS_MAX + HD_G_COUNT + 4];
    cyaml_schema_value_t waiver, root;
};

/* Keys that may stand once in a mapping need a text each to be found by. */
static const char *const numbers[HD_POLICY_SLOTS] = {
        "0", "1", "2",  "3",  "4",  "5",  "6",  "7",
        "8", "9", "10", "11", "12", "13", "14", "15"};

#define OPTIONAL_POINTER                                                       \
    ((enum cyaml_flag)(CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL))

static cyaml_schema_field_t text_field(const char *key, size_t offset)
{
    return (cyaml_schema_field_t){.key = key,
                                  .data_offset = (uint32_t)offset,
                                  .value = {.type = CYAML_STRING,
                                            .flags = OPTIONAL_POINTER,
                                            .data_size = 1,
                                            .string = {0, UINT32_MAX}}};
}

static cyaml_schema_field_t mapping_field(const char *key, size_t offset,
                                          const cyaml_schema_field_t *fields,
                                          size_t size)
{
    return (cyaml_schema_field_t){.key = key,
                                  .data_offset = (uint32_t)offset,
                                  .value = {.type = CYAML_MAPPING,
                                            .flags = OPTIONAL_POINTER,
                                            .data_size = (uint32_t)size,
                                            .mapping = {fields}}};
}

/* Fields for the keys of a group; keys of the same name share the first's
 * place. Returns how many. */
static unsigned group_fields(unsigned group, cyaml_schema_field_t *out)
{
    const struct hd_policy_group *g = &hd_policy_groups[group];
    unsigned count = 0;

    for (unsigned i = 0; i < g->count; i++) {
        unsigned first = 0;
        while (strcmp(g->keys[first].name, g->keys[i].name) != 0) {
            first++;
        }
        if (first == i) {
            out[count++] = text_field(g->keys[i].name, i * sizeof(char *));
        }
    }
    return count;
}

static void bits_fields(unsigned from, unsigned to, cyaml_schema_field_t *out)
{
    for (unsigned id = from; id < to; id++) {
        *out++ = text_field(hd_policy_fields[id].name, id * sizeof(char *));
    }
}

static void build_slots(struct schema *s)
{
    cyaml_schema_field_t *slot = s->group[HD_G_SLOT];
    unsigned count = group_fields(HD_G_SLOT, slot);

    bits_fields(0, HD_F_FIRST_ZONE, s->slot_bits);
    slot[count] = mapping_field("bits", offsetof(struct doc_slot, bits),
                                s->slot_bits, HD_F_COUNT * sizeof(char *));
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        s->slots[i] = mapping_field(numbers[i], i * sizeof(struct doc_slot *),
                                    slot, sizeof(struct doc_slot));
    }
}

static void build_counters(struct schema *s)
{
    for (unsigned i = 0; i < 2; i++) {
        (void)group_fields(HD_G_COUNTER0 + i, s->group[HD_G_COUNTER0 + i]);
        s->counters[i] = mapping_field(
                numbers[i], i * sizeof(struct doc_group *),
                s->group[HD_G_COUNTER0 + i], sizeof(struct doc_group));
    }
}

static cyaml_schema_field_t waiver_list(struct schema *s)
{
    (void)group_fields(HD_G_WAIVER, s->group[HD_G_WAIVER]);
    s->waiver = (cyaml_schema_value_t){.type = CYAML_MAPPING,
                                       .flags = CYAML_FLAG_DEFAULT,
                                       .data_size = sizeof(struct doc_group),
                                       .mapping = {s->group[HD_G_WAIVER]}};
    return (cyaml_schema_field_t){
            .key = "allow",
            .data_offset = offsetof(struct doc, waivers),
            .count_offset = offsetof(struct doc, waiver_count),
            .count_size = sizeof(uint32_t),
            .value = {.type = CYAML_SEQUENCE,
                      .flags = OPTIONAL_POINTER,
                      .data_size = sizeof(struct doc_group),
                      .sequence = {&s->waiver, 0, HD_POLICY_WAIVERS}}};
}

static void build_schema(struct schema *s)
{
    unsigned n = group_fields(HD_G_TOP, s->top);

    build_slots(s);
    build_counters(s);
    for (unsigned g = HD_G_INTERFACE; g < HD_G_COUNTER0; g++) {
        (void)group_fields(g, s->group[g]);
        s->top[n++] = mapping_field(hd_policy_groups[g].name,
                                    offsetof(struct doc, group) +
                                            g * sizeof(struct doc_group *),
                                    s->group[g], sizeof(struct doc_group));
    }
    bits_fields(HD_F_FIRST_ZONE, HD_F_COUNT, s->zone_bits);
    s->top[n++] = mapping_field("counters", offsetof(struct doc, counters),
                                s->counters, sizeof(struct doc_counters));
    s->top[n++] = mapping_field("slots", offsetof(struct doc, slots), s->slots,
                                HD_POLICY_SLOTS * sizeof(struct doc_slot *));
    s->top[n++] = waiver_list(s);
    s->top[n++] = mapping_field("bits", offsetof(struct doc, bits),
                                s->zone_bits, HD_F_COUNT * sizeof(char *));
    s->root = (cyaml_schema_value_t){.type = CYAML_MAPPING,
                                     .flags = CYAML_FLAG_POINTER,
                                     .data_size = sizeof(struct doc),
                                     .mapping = {s->top}};
}

/* ---------------------------------------------------------- what went wrong */

/* The schema of this path; NULL: there is none. */
static const cyaml_schema_value_t *value_at(const struct schema *s,
                                            const char *path)
{
    const cyaml_schema_value_t *v = &s->root;

    while (*path && v) {
        size_t len = strcspn(path, "/");
        const cyaml_schema_field_t *f =
                v->type == CYAML_MAPPING ? v->mapping.fields : NULL;
        const cyaml_schema_value_t *inner =
                v->type == CYAML_SEQUENCE ? v->sequence.entry : NULL;
        for (; f && f->key && !inner; f++) {
            bool is_it = strncmp(f->key, path, len) == 0 && !f->key[len];
            inner = is_it ? &f->value : NULL;
        }
        v = inner;
        path += len + (path[len] == '/');
    }
    return v;
}

/* A key that is none here, but is somewhere else: indented wrongly? */
static const char *elsewhere(const struct schema *s, const char *key)
{
    char path[PATH_SIZE];

    (void)snprintf(path, sizeof path, "slots/%s", key);
    if (value_at(s, key)) {
        return "the file itself";
    }
    if (value_at(s, path)) {
        return "slots";
    }
    if (hd_policy_key_named(HD_G_SLOT, key, HD_POLICY_ANY, HD_KIND_ALL)) {
        return "a slot";
    }
    for (unsigned g = 0; g < HD_G_COUNT; g++) {
        if (hd_policy_key_named(g, key, HD_POLICY_ANY, HD_KIND_ALL)) {
            return hd_policy_groups[g].name;
        }
    }
    return NULL;
}

/* What a list of numbered things can say better than by its nearest. */
static const char *numbered(const char *parent)
{
    return strcmp(parent, "slots") == 0      ? "slots go from 0 to 15"
           : strcmp(parent, "counters") == 0 ? "the counters are 0 and 1"
                                             : NULL;
}

static void unknown_key(const struct schema *s, struct hd_policy_report *r,
                        struct hd_policy_place *p, const char *parent,
                        const cyaml_schema_field_t *fields)
{
    struct word_list known = {.count = 0};
    char hint[300];
    const char *key = p->path + strlen(parent) + (parent[0] != 0);
    const char *colon = parent[0] ? ": " : "";
    const char *other = elsewhere(s, key);
    const char *range = numbered(parent);

    for (; fields->key; fields++) {
        hd_words_add(&known, fields->key);
    }
    p->meant = hd_words_nearest(&known, key);
    (void)hd_words_hint(&known, key, hint, sizeof hint);
    if (range && strspn(key, "-0123456789") > 0) {
        (void)snprintf(hint, sizeof hint, "; %s", range);
    } else if (other && (!p->meant || range)) {
        (void)snprintf(hint, sizeof hint,
                       "; it is a key of %s: is the line indented as it "
                       "should be?",
                       other);
    }
    (void)hd_report_add(r, p->line, "%s%sunknown key '%s'%s", parent, colon,
                        key, hint);
}

static void wrong_shape(struct hd_policy_report *r,
                        const struct hd_policy_place *p, uint8_t right)
{
    static const char *const shapes[] = {
            [SHAPE_WORD] = "a word or text",
            [SHAPE_KEYS] = "keys with values (key: value)",
            [SHAPE_LIST] = "a list (- ...)"};

    if (p->shape == SHAPE_NOTHING) {
        (void)hd_report_add(r, p->line,
                            "%s: nothing follows; write %s, or leave the key "
                            "out",
                            p->path, shapes[right]);
        return;
    }
    (void)hd_report_add(r, p->line, "%s: expected %s, not %s", p->path,
                        shapes[right], shapes[p->shape]);
}

/* Returns true if libcyaml cannot read on: the wrong shape of a value. Keys
 * that are unknown it will pass over. */
static bool check_place(const struct schema *s, struct hd_policy_report *r,
                        struct hd_policy_place *p)
{
    const char *slash = strrchr(p->path, '/');
    const cyaml_schema_value_t *value = value_at(s, p->path);
    char parent[PATH_SIZE];
    uint8_t right = SHAPE_WORD;

    if (!value) {
        (void)snprintf(parent, sizeof parent, "%.*s",
                       (int)(slash ? slash - p->path : 0), p->path);
        const cyaml_schema_value_t *outer = value_at(s, parent);
        if (outer && outer->type == CYAML_MAPPING) {
            unknown_key(s, r, p, parent, outer->mapping.fields);
        }
        return false;
    }
    if (value->type != CYAML_STRING) {
        right = value->type == CYAML_MAPPING ? SHAPE_KEYS : SHAPE_LIST;
    }
    if (p->shape != right && p->shape != SHAPE_UNSEEN) {
        wrong_shape(r, p, right);
        return true;
    }
    return false;
}

/* is_whole: the file was read to its end; otherwise shapes say little. */
static bool check_places(const struct schema *s, struct hd_policy_report *r,
                         bool is_whole)
{
    bool is_broken = false;
    char path[PATH_SIZE];

    for (unsigned i = 0; i < r->place_count; i++) {
        struct hd_policy_place *p = &r->places[i];
        p->shape = is_whole ? p->shape : SHAPE_UNSEEN;
        is_broken |= check_place(s, r, p);
    }
    (void)snprintf(path, sizeof path, "allow/%d", HD_POLICY_WAIVERS);
    if (hd_policy_line(r, path)) {
        (void)hd_report_add(r, hd_policy_line(r, path),
                            "allow: %d findings are the most; who reads more "
                            "reasons than that?",
                            HD_POLICY_WAIVERS);
        is_broken = true;
    }
    return is_broken;
}

/* ------------------------------------------------------------------- doors */

static const cyaml_config_t quiet = {.mem_fn = cyaml_mem,
                                     .log_level = CYAML_LOG_ERROR,
                                     .flags = CYAML_CFG_NO_ALIAS |
                                              CYAML_CFG_IGNORE_UNKNOWN_KEYS};

static int load(struct document *d, const struct schema *s, const char *text,
                size_t len)
{
    cyaml_err_t err = cyaml_load_data((const uint8_t *)text, len, &quiet,
                                      &s->root, (cyaml_data_t **)&d->doc, NULL);
    if (err != CYAML_OK) {
        d->doc = NULL;
        return hd_report_add(d->report, 0, "%s", cyaml_strerror(err));
    }
    if (!d->doc) {
        return hd_report_add(d->report, 1,
                             "the file is empty; `half policy new` writes one "
                             "to start from");
    }
    return HD_OK;
}

static int read_with(struct document *d, const struct schema *s,
                     const char *text, size_t len)
{
    struct hd_policy_report *r = d->report;
    enum hd_scan scan = hd_yaml_scan(r, text, len);
    bool is_broken = scan != HD_SCAN_WHOLE || r->count > 0;

    if (scan != HD_SCAN_REFUSED) {
        is_broken |= check_places(s, r, scan == HD_SCAN_WHOLE);
    }
    return is_broken ? HD_ERR_FORMAT : load(d, s, text, len);
}

int hd_document_read(struct document *d, const char *text, size_t len)
{
    struct hd_policy_report *r = d->report;
    struct schema *s = calloc(1, sizeof *s);
    int err = HD_ERR_FORMAT;

    d->doc = NULL;
    r->places = calloc(PLACES, sizeof *r->places);
    if (!s || !r->places) {
        err = hd_report_add(r, 0, "not enough memory");
    } else if (len > HD_POLICY_FILE_MAX) {
        err = hd_report_add(r, 0, "longer than %d bytes: this is no policy",
                            HD_POLICY_FILE_MAX);
    } else {
        build_schema(s);
        err = read_with(d, s, text, len);
    }
    free(s);
    return err;
}

void hd_document_free(struct document *d)
{
    struct schema *s = d->doc ? calloc(1, sizeof *s) : NULL;

    if (s) {
        build_schema(s);
        (void)cyaml_free(&quiet, &s->root, d->doc, 0);
        free(s);
    }
    d->doc = NULL;
}
