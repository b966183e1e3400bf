/* SPDX-License-Identifier: Apache-2.0 */
/* What reading a file found out: its mistakes, and what stands where. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "policy/document.h"

int hd_policy_fail(struct hd_policy_error *why, unsigned line,
                   const char *format, ...)
{
    va_list args;

    why->line = line;
    va_start(args, format);
    (void)vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    return HD_ERR_FORMAT;
}

int hd_report_add(struct hd_policy_report *r, unsigned line, const char *format,
                  ...)
{
    va_list args;

    if (r->count == HD_POLICY_ERRORS) {
        r->more = true;
        return HD_ERR_FORMAT;
    }
    struct hd_policy_error *e = &r->errors[r->count++];
    e->line = line;
    va_start(args, format);
    (void)vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    return HD_ERR_FORMAT;
}

/* Insertion: few, nearly sorted, and those of one line keep their order. */
void hd_report_sort(struct hd_policy_report *r)
{
    for (unsigned i = 1; i < r->count; i++) {
        struct hd_policy_error e = r->errors[i];
        unsigned at = i;
        while (at > 0 && r->errors[at - 1].line > e.line) {
            r->errors[at] = r->errors[at - 1];
            at--;
        }
        r->errors[at] = e;
    }
}

const struct hd_policy_place *hd_report_place(const struct hd_policy_report *r,
                                              const char *path)
{
    for (unsigned i = 0; i < r->place_count; i++) {
        if (strcmp(r->places[i].path, path) == 0) {
            return &r->places[i];
        }
    }
    return NULL;
}

unsigned hd_policy_line(const struct hd_policy_report *r, const char *path)
{
    const struct hd_policy_place *p = hd_report_place(r, path);

    return p ? p->line : 0;
}

unsigned hd_policy_line_near(const struct hd_policy_report *r, const char *path)
{
    char name[HD_POLICY_PATH_SIZE];

    (void)snprintf(name, sizeof name, "%s", path);
    for (;;) {
        unsigned line = hd_policy_line(r, name);
        char *slash = strrchr(name, '/');
        if (line || !slash) {
            return line ? line : 1;
        }
        *slash = 0;
    }
}

void hd_policy_report_free(struct hd_policy_report *r)
{
    free(r->places);
    *r = (struct hd_policy_report){0};
}
