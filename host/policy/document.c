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

static void add_keys(struct word_list *list, const cyaml_schema_field_t *fields)
{
    for (; fields->key; fields++) {
        hd_words_add(list, fields->key);
    }
}

/* The schema at this path; NULL: none, or the path itself is wrong. */
static const cyaml_schema_field_t *fields_at(const struct schema *s,
                                             const char *path)
{
    const cyaml_schema_field_t *fields = s->top;

    while (*path && fields) {
        size_t len = strcspn(path, "/");
        const cyaml_schema_field_t *f = fields;
        while (f->key && (strncmp(f->key, path, len) != 0 || f->key[len])) {
            f++;
        }
        path += len + (path[len] == '/');
        if (f->key && f->value.type == CYAML_SEQUENCE) {
            fields = *path ? s->group[HD_G_WAIVER] : NULL;
            path += strcspn(path, "/");
            path += *path == '/';
        } else {
            fields = f->key && f->value.type == CYAML_MAPPING
                             ? f->value.mapping.fields
                             : NULL;
        }
    }
    return fields;
}

/* The first key that its place does not know; false: all are known. */
static bool unknown_key(const struct schema *s, const struct document *d,
                        struct hd_policy_error *why)
{
    for (unsigned i = 0; i < d->place_count; i++) {
        char parent[PATH_SIZE];
        char hint[300];
        struct word_list known = {.count = 0};
        const struct place *p = &d->places[i];
        const char *slash = strrchr(p->path, '/');
        const char *key = slash ? slash + 1 : p->path;

        (void)snprintf(parent, sizeof parent, "%.*s",
                       (int)(slash ? slash - p->path : 0), p->path);
        const cyaml_schema_field_t *fields = fields_at(s, parent);
        const cyaml_schema_field_t *f = fields;
        while (f && f->key && strcmp(f->key, key) != 0) {
            f++;
        }
        if (!f || f->key) {
            continue;
        }
        add_keys(&known, fields);
        (void)hd_policy_fail(why, p->line, "%s%sunknown key '%s'%s", parent,
                             parent[0] ? ": " : "", key,
                             hd_words_hint(&known, key, hint, sizeof hint));
        return true;
    }
    return false;
}

/* libcyaml's complaint: the first message, and the first line number. */
struct complaint {
    char text[256];
    unsigned line;
};

__attribute__((format(printf, 3, 0))) static void
listen(cyaml_log_t level, void *ctx, const char *format, va_list args)
{
    struct complaint *c = ctx;
    char text[256];

    if (level < CYAML_LOG_ERROR) {
        return;
    }
    (void)vsnprintf(text, sizeof text, format, args);
    if (!c->text[0]) {
        memcpy(c->text, text, sizeof c->text);
    }
    const char *line = strstr(text, "(line: ");
    if (line && !c->line) {
        c->line = (unsigned)strtoul(line + 7, NULL, 10);
    }
}

static const char *shape(const char *event)
{
    static const char *const names[][2] = {
            {"MAPPING", "keys with values (key: value)"},
            {"SEQUENCE", "a list (- ...)"},
            {"STRING", "one word or text"},
            {"SCALAR", "one word or text"}};

    for (unsigned i = 0; i < 4; i++) {
        if (strncmp(event, names[i][0], strlen(names[i][0])) == 0) {
            return names[i][1];
        }
    }
    return "something else";
}

static int complain(const struct complaint *c, cyaml_err_t err,
                    struct hd_policy_error *why)
{
    const char *expected = strstr(c->text, "Expecting ");
    const char *got = strstr(c->text, "got event: ");

    if (expected && got) {
        return hd_policy_fail(why, c->line ? c->line : 1,
                              "here belongs %s, not %s", shape(expected + 10),
                              shape(got + 11));
    }
    return hd_policy_fail(why, c->line, "%s", cyaml_strerror(err));
}

/* ------------------------------------------------------------------- doors */

static const cyaml_config_t quiet = {.mem_fn = cyaml_mem,
                                     .log_level = CYAML_LOG_ERROR,
                                     .flags = CYAML_CFG_NO_ALIAS};

static int load(struct document *d, const struct schema *s, const char *text,
                size_t len, struct hd_policy_error *why)
{
    struct complaint c = {.line = 0};
    cyaml_config_t config = quiet;

    config.log_fn = listen;
    config.log_ctx = &c;
    cyaml_err_t err = cyaml_load_data((const uint8_t *)text, len, &config,
                                      &s->root, (cyaml_data_t **)&d->doc, NULL);
    if (err != CYAML_OK) {
        d->doc = NULL;
        return err == CYAML_ERR_INVALID_KEY && unknown_key(s, d, why)
                       ? HD_ERR_FORMAT
                       : complain(&c, err, why);
    }
    if (!d->doc) {
        return hd_policy_fail(why, 1,
                              "the file is empty; `half policy new` "
                              "writes one to start from");
    }
    return HD_OK;
}

int hd_document_read(struct document *d, const char *text, size_t len,
                     struct hd_policy_error *why)
{
    *d = (struct document){.places = calloc(PLACES, sizeof *d->places)};
    struct schema *s = calloc(1, sizeof *s);
    int err = HD_ERR_FORMAT;

    if (!s || !d->places) {
        err = hd_policy_fail(why, 0, "not enough memory");
    } else if (len > HD_POLICY_FILE_MAX) {
        err = hd_policy_fail(why, 0, "longer than %d bytes: this is no policy",
                             HD_POLICY_FILE_MAX);
    } else {
        build_schema(s);
        err = hd_yaml_scan(d, text, len, why);
        if (!err) {
            err = load(d, s, text, len, why);
        }
    }
    free(s);
    if (err) {
        hd_document_free(d);
    }
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
    free(d->places);
    *d = (struct document){0};
}

unsigned hd_document_line(const struct document *d, const char *path)
{
    char name[PATH_SIZE];

    (void)snprintf(name, sizeof name, "%s", path);
    for (;;) {
        for (unsigned i = 0; i < d->place_count; i++) {
            if (strcmp(d->places[i].path, name) == 0) {
                return d->places[i].line;
            }
        }
        char *slash = strrchr(name, '/');
        if (!slash) {
            return 1;
        }
        *slash = 0;
    }
}
