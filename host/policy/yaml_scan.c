/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first pass over a policy file. libcyaml, which checks the schema, does
 * not say later where a value stood, and would expand what is built to
 * explode; so libyaml's events are walked first: line numbers are noted, and
 * everything that no policy needs is refused at once.
 */
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "policy/document.h"

#define DEPTH_MAX  6
#define EVENTS_MAX 4096

struct scan {
    struct document *d;
    struct hd_policy_error *why;
    char path[PATH_SIZE];
    size_t base[DEPTH_MAX + 1]; /* length of the path of that container */
    unsigned item[DEPTH_MAX + 1];
    bool is_list[DEPTH_MAX + 1];
    bool want_key[DEPTH_MAX + 1];
    unsigned depth;
    unsigned events;
};

static unsigned line_of(const yaml_event_t *e)
{
    return (unsigned)e->start_mark.line + 1;
}

static int note(struct scan *s, unsigned line)
{
    struct document *d = s->d;

    for (unsigned i = 0; i < d->place_count; i++) {
        if (strcmp(d->places[i].path, s->path) == 0) {
            return hd_policy_fail(s->why, line,
                                  "'%s' stands here and in line %u already",
                                  s->path, d->places[i].line);
        }
    }
    if (d->place_count == PLACES) {
        return hd_policy_fail(s->why, line,
                              "more than %d keys: this is no policy", PLACES);
    }
    memcpy(d->places[d->place_count].path, s->path, sizeof s->path);
    d->places[d->place_count++].line = line;
    return HD_OK;
}

/* Appends a key or index to the path of the container we are in. */
static int step(struct scan *s, const char *key, unsigned line)
{
    size_t at = s->base[s->depth];
    int n = snprintf(s->path + at, sizeof s->path - at, "%s%s", at ? "/" : "",
                     key);

    if (n < 0 || (size_t)n >= sizeof s->path - at) {
        s->path[at] = 0;
        return hd_policy_fail(s->why, line,
                              "a key of %zu letters is none of "
                              "a policy's",
                              strlen(key));
    }
    return note(s, line);
}

/* A value begins: in a list it gets its number, in a mapping the key came
 * before it. */
static int begin_value(struct scan *s, unsigned line)
{
    char number[12];

    if (s->depth == 0) {
        return HD_OK;
    }
    if (!s->is_list[s->depth]) {
        s->want_key[s->depth] = true;
        return HD_OK;
    }
    (void)snprintf(number, sizeof number, "%u", s->item[s->depth]++);
    return step(s, number, line);
}

static int open_container(struct scan *s, bool is_list, unsigned line)
{
    if (s->depth > 0 && !s->is_list[s->depth] && s->want_key[s->depth]) {
        return hd_policy_fail(s->why, line, "a key must be a word");
    }
    int err = begin_value(s, line);
    if (err) {
        return err;
    }
    if (s->depth == DEPTH_MAX) {
        return hd_policy_fail(s->why, line,
                              "nested more than %d deep: this is no policy",
                              DEPTH_MAX);
    }
    s->depth++;
    s->base[s->depth] = strlen(s->path);
    s->is_list[s->depth] = is_list;
    s->want_key[s->depth] = !is_list;
    s->item[s->depth] = 0;
    return HD_OK;
}

static int scalar(struct scan *s, const yaml_event_t *e)
{
    const char *text = (const char *)e->data.scalar.value;
    unsigned line = line_of(e);

    if (e->data.scalar.tag) {
        return hd_policy_fail(s->why, line, "a policy has no YAML tags (!...)");
    }
    if (strlen(text) != e->data.scalar.length) {
        return hd_policy_fail(s->why, line, "a zero byte in the text");
    }
    if (e->data.scalar.length >= HD_POLICY_TEXT_SIZE) {
        return hd_policy_fail(s->why, line,
                              "a text of %zu bytes; %d is the most",
                              e->data.scalar.length, HD_POLICY_TEXT_SIZE - 1);
    }
    if (s->depth > 0 && !s->is_list[s->depth] && s->want_key[s->depth]) {
        s->want_key[s->depth] = false;
        return step(s, text, line);
    }
    return begin_value(s, line);
}

static const yaml_char_t *anchor_of(const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_ALIAS_EVENT:
        return e->data.alias.anchor;
    case YAML_SCALAR_EVENT:
        return e->data.scalar.anchor;
    case YAML_MAPPING_START_EVENT:
        return e->data.mapping_start.anchor;
    case YAML_SEQUENCE_START_EVENT:
        return e->data.sequence_start.anchor;
    default:
        return NULL;
    }
}

static int container_end(struct scan *s)
{
    s->path[s->base[s->depth]] = 0;
    s->depth--;
    return HD_OK;
}

static int event(struct scan *s, const yaml_event_t *e, unsigned *documents)
{
    if (++s->events > EVENTS_MAX) {
        return hd_policy_fail(s->why, line_of(e),
                              "more than %d keys and values: this is no "
                              "policy",
                              EVENTS_MAX / 2);
    }
    if (anchor_of(e)) {
        return hd_policy_fail(s->why, line_of(e),
                              "a policy has no YAML anchors and aliases "
                              "(&%s, *%s): write it out, so that a reader "
                              "sees what each slot may do",
                              anchor_of(e), anchor_of(e));
    }
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++*documents > 1) {
            return hd_policy_fail(s->why, line_of(e),
                                  "a second YAML document begins here; a "
                                  "file holds one policy");
        }
        return HD_OK;
    case YAML_MAPPING_START_EVENT:
        return open_container(s, false, line_of(e));
    case YAML_SEQUENCE_START_EVENT:
        return open_container(s, true, line_of(e));
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        return container_end(s);
    case YAML_SCALAR_EVENT:
        return scalar(s, e);
    default:
        return HD_OK;
    }
}

static int walk(struct scan *s, yaml_parser_t *parser)
{
    unsigned documents = 0;

    for (;;) {
        yaml_event_t e;
        if (!yaml_parser_parse(parser, &e)) {
            return hd_policy_fail(
                    s->why, (unsigned)parser->problem_mark.line + 1,
                    "not YAML: %s%s%s",
                    parser->problem ? parser->problem : "unreadable",
                    parser->context ? ", " : "",
                    parser->context ? parser->context : "");
        }
        bool is_end = e.type == YAML_STREAM_END_EVENT;
        int err = event(s, &e, &documents);
        yaml_event_delete(&e);
        if (err || is_end) {
            return err;
        }
    }
}

int hd_yaml_scan(struct document *d, const char *text, size_t len,
                 struct hd_policy_error *why)
{
    struct scan s = {.d = d, .why = why};
    yaml_parser_t parser;

    if (!yaml_parser_initialize(&parser)) {
        return hd_policy_fail(why, 0, "not enough memory");
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    int err = walk(&s, &parser);
    yaml_parser_delete(&parser);
    return err;
}
