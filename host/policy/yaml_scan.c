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
    struct hd_policy_report *report;
    const char *text;
    size_t len;
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

/*
 * Notes the key or number that s->path ends with. One that stands there twice
 * is told once: what is in it goes by a path of its own, which is no key's.
 */
static int note(struct scan *s, unsigned line)
{
    struct hd_policy_report *r = s->report;
    const struct hd_policy_place *first = hd_report_place(r, s->path);
    size_t len = strlen(s->path);

    if (first) {
        (void)hd_report_add(r, line,
                            "'%s' stands here and in line %u already; keep "
                            "one of them",
                            s->path, first->line);
        (void)snprintf(s->path + len, sizeof s->path - len, "@%u", s->events);
        return HD_OK;
    }
    if (r->place_count == PLACES) {
        return hd_report_add(r, line, "more than %d keys: this is no policy",
                             PLACES);
    }
    memcpy(r->places[r->place_count].path, s->path, sizeof s->path);
    r->places[r->place_count++].line = line;
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
        return hd_report_add(s->report, line,
                             "a key of %zu letters is none of a policy's",
                             strlen(key));
    }
    return note(s, line);
}

/* A value begins: in a list it gets its number, in a mapping the key came
 * before it. */
static int begin_value(struct scan *s, unsigned line, uint8_t shape)
{
    struct hd_policy_report *r = s->report;
    char number[12];
    int err = HD_OK;

    if (s->depth == 0) {
        return shape == SHAPE_KEYS
                       ? HD_OK
                       : hd_report_add(r, line,
                                       "a policy is keys with values "
                                       "(key: value), one a line; `half "
                                       "policy new` writes one to start from");
    }
    if (s->is_list[s->depth]) {
        (void)snprintf(number, sizeof number, "%u", s->item[s->depth]++);
        err = step(s, number, line);
    }
    s->want_key[s->depth] = !s->is_list[s->depth];
    if (!err && r->place_count > 0) {
        struct hd_policy_place *last = &r->places[r->place_count - 1];
        last->shape = strcmp(last->path, s->path) == 0 ? shape : last->shape;
    }
    return err;
}

static int open_container(struct scan *s, bool is_list, unsigned line)
{
    if (s->depth > 0 && !s->is_list[s->depth] && s->want_key[s->depth]) {
        return hd_report_add(s->report, line, "a key must be a word");
    }
    int err = begin_value(s, line, is_list ? SHAPE_LIST : SHAPE_KEYS);
    if (err) {
        return err;
    }
    if (s->depth == DEPTH_MAX) {
        return hd_report_add(s->report, line,
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

/* A text that libcyaml or the loader would misunderstand. */
static void check_text(struct scan *s, const yaml_event_t *e)
{
    size_t len = e->data.scalar.length;

    if (e->data.scalar.tag) {
        (void)hd_report_add(s->report, line_of(e),
                            "a policy has no YAML tags (%s)",
                            (const char *)e->data.scalar.tag);
    }
    if (strlen((const char *)e->data.scalar.value) != len) {
        (void)hd_report_add(s->report, line_of(e), "a zero byte in the text");
    }
    if (len >= HD_POLICY_TEXT_SIZE) {
        (void)hd_report_add(s->report, line_of(e),
                            "a text of %zu bytes; %d is the most", len,
                            HD_POLICY_TEXT_SIZE - 1);
    }
}

static int scalar(struct scan *s, const yaml_event_t *e)
{
    const char *text = (const char *)e->data.scalar.value;
    bool is_nothing = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                      e->data.scalar.length == 0;

    check_text(s, e);
    if (s->depth > 0 && !s->is_list[s->depth] && s->want_key[s->depth]) {
        s->want_key[s->depth] = false;
        if (strcmp(text, "<<") == 0) {
            return hd_report_add(s->report, line_of(e),
                                 "a policy has no YAML merge keys (<<): write "
                                 "it out, so that a reader sees what each "
                                 "slot may do");
        }
        if (!text[0] || strchr(text, '/')) { /* paths have a meaning for it */
            return hd_report_add(s->report, line_of(e),
                                 "'%s' is no key of a policy", text);
        }
        return step(s, text, line_of(e));
    }
    return begin_value(s, line_of(e), is_nothing ? SHAPE_NOTHING : SHAPE_WORD);
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
        return hd_report_add(s->report, line_of(e),
                             "more than %d keys and values: this is no "
                             "policy",
                             EVENTS_MAX / 2);
    }
    if (anchor_of(e)) {
        return hd_report_add(s->report, line_of(e),
                             "a policy has no YAML anchors and aliases "
                             "(&%s, *%s): write it out, so that a reader "
                             "sees what each slot may do",
                             anchor_of(e), anchor_of(e));
    }
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++*documents > 1) {
            return hd_report_add(s->report, line_of(e),
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

static unsigned line_at(const struct scan *s, size_t offset)
{
    unsigned line = 1;

    for (size_t i = 0; i < offset && i < s->len; i++) {
        line += s->text[i] == '\n';
    }
    return line;
}

/* Where libyaml stopped is a tab. */
static bool is_tab(const struct scan *s, const yaml_mark_t *mark)
{
    size_t at = 0;

    for (size_t line = 0; line < mark->line && at < s->len; at++) {
        line += s->text[at] == '\n';
    }
    at += mark->column;
    return at < s->len && s->text[at] == '\t';
}

/* libyaml's words, and for what people get wrong most often, ours. */
static void not_yaml(struct scan *s, const yaml_parser_t *parser)
{
    static const char *const hints[][2] = {
            {"cannot start any token",
             " (put a text that begins so between quotes)"},
            {"could not find expected ':'",
             " (a key without its ':', or a line that is indented too little "
             "or too much)"},
            {"mapping values are not allowed",
             " (a second ':' in this line, or one without a blank after it in "
             "the line above, or a line that is indented too much; a text "
             "with ': ' in it goes between quotes)"},
            {"did not find expected key",
             " (is this line indented like its neighbours?)"},
            {"did not find expected <document start>",
             " (is this line indented like its neighbours?)"},
            {"unexpected end of stream", " (a quote that is never closed)"},
            {"control characters", " (is this a policy file?)"},
            {"UTF-8", " (save the file as UTF-8)"},
    };
    const char *problem = parser->problem ? parser->problem : "unreadable";
    const char *hint = "";
    unsigned line = (unsigned)parser->problem_mark.line + 1;

    for (unsigned i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        hint = strstr(problem, hints[i][0]) ? hints[i][1] : hint;
    }
    if (parser->error == YAML_READER_ERROR) { /* no mark, but an offset */
        line = line_at(s, parser->problem_offset);
    } else if (parser->context && strstr(parser->context, "quoted scalar")) {
        line = (unsigned)parser->context_mark.line + 1;
    } else if (is_tab(s, &parser->problem_mark)) {
        hint = " (a tab: indent with blanks)";
    }
    (void)hd_report_add(s->report, line, "not YAML: %s%s%s%s", problem,
                        parser->context ? ", " : "",
                        parser->context ? parser->context : "", hint);
}

static enum hd_scan walk(struct scan *s, yaml_parser_t *parser)
{
    unsigned documents = 0;

    for (;;) {
        yaml_event_t e;
        if (!yaml_parser_parse(parser, &e)) {
            not_yaml(s, parser);
            return HD_SCAN_BROKEN;
        }
        bool is_end = e.type == YAML_STREAM_END_EVENT;
        int err = event(s, &e, &documents);
        yaml_event_delete(&e);
        if (err || is_end) {
            return err ? HD_SCAN_REFUSED : HD_SCAN_WHOLE;
        }
    }
}

enum hd_scan hd_yaml_scan(struct hd_policy_report *report, const char *text,
                          size_t len)
{
    struct scan s = {.report = report, .text = text, .len = len};
    yaml_parser_t parser;

    if (!yaml_parser_initialize(&parser)) {
        (void)hd_report_add(report, 0, "not enough memory");
        return HD_SCAN_REFUSED;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    enum hd_scan result = walk(&s, &parser);
    yaml_parser_delete(&parser);
    return result;
}
