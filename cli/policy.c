/* SPDX-License-Identifier: Apache-2.0 */
/* See policy.h. */
#include <stdlib.h>
#include <string.h>

#include "policy.h"
#include "session.h"

static int not_a_policy(struct call *c, const char *path,
                        const struct hd_policy_error *why)
{
    if (!why->line) {
        return fail(c, "%s: %s", path, why->text);
    }
    put(c, "line", json_integer(why->line));
    return fail(c, "%s:%u: %s", path, why->line, why->text);
}

/* Every mistake on a line of its own, as compilers do. */
static int tell_report(struct call *c, const char *path,
                       const struct hd_policy_report *r)
{
    json_t *all = json_array();
    int code = not_a_policy(c, path, &r->errors[0]);

    for (unsigned i = 0; i < r->count; i++) {
        const struct hd_policy_error *e = &r->errors[i];
        (void)json_array_append_new(all,
                                    json_pack("{s:i,s:s}", "line", (int)e->line,
                                              "message", e->text));
        if (i > 0) {
            fprintf(stderr, "%s: %s:%u: %s\n", c->name, path, e->line, e->text);
        }
    }
    put(c, "errors", all);
    if (r->more) {
        fprintf(stderr, "%s: %s: and more; mend these %u first\n", c->name,
                path, r->count);
    }
    return code;
}

int policy_and_report(struct call *c, const char *path, struct hd_policy *p,
                      struct hd_policy_report *report)
{
    struct input in;
    int code = read_input(c, path, HD_POLICY_FILE_MAX, &in);

    *report = (struct hd_policy_report){0};
    if (code != EXIT_DONE) {
        return code;
    }
    if (hd_policy_read((const char *)in.bytes, in.len, p, report) != HD_OK) {
        code = tell_report(c, path, report);
    }
    free_input(&in);
    return code;
}

int policy_from_file(struct call *c, const char *path, struct hd_policy *p)
{
    struct hd_policy_report report;
    int code = policy_and_report(c, path, p, &report);

    hd_policy_report_free(&report);
    return code;
}

int config_from_input(struct call *c, const char *path, const struct input *in,
                      uint8_t config[128])
{
    struct hd_policy_error why;

    if (hd_policy_read_hex((const char *)in->bytes, in->len, config, &why) ==
        HD_OK) {
        return EXIT_DONE;
    }
    if (in->len == 128) { /* text of 128 bytes would hold 64 at most */
        memcpy(config, in->bytes, 128);
        return EXIT_DONE;
    }
    return not_a_policy(c, path, &why);
}

int config_from_file(struct call *c, const char *path, uint8_t config[128])
{
    struct input in;
    int code = read_input(c, path, HD_POLICY_FILE_MAX, &in);

    if (code == EXIT_DONE) {
        code = config_from_input(c, path, &in, config);
        free_input(&in);
    }
    return code;
}

static int read_zone(struct session *s, void *ctx)
{
    return read_config(s, ctx);
}

int config_from_chip(struct call *c, uint8_t config[128])
{
    return with_chip(c, read_zone, config);
}

int policy_from_config(struct call *c, const char *source,
                       const uint8_t config[128], struct hd_policy *p)
{
    struct hd_policy_error why;

    if (hd_policy_from_config(config, p, &why) != HD_OK) {
        return not_a_policy(c, source, &why);
    }
    return EXIT_DONE;
}

int policy_from_call(struct call *c, struct hd_policy *p,
                     struct hd_policy_report *report)
{
    uint8_t config[128];
    const char *hex = option_text(c, "hex", NULL);
    bool chip = option_given(c, "chip");

    *report = (struct hd_policy_report){0};
    if (c->count + (hex != NULL) + chip > 1) {
        return fail_usage(c, "FILE, --hex and --chip exclude one another");
    }
    if (c->count) {
        return policy_and_report(c, c->args[0], p, report);
    }
    if (!hex && !chip && !getenv("HALF_CHIP")) {
        return fail_usage(c, "of what? Give a policy FILE, --hex FILE or "
                             "--chip ADDRESS");
    }
    int code = hex ? config_from_file(c, hex, config)
                   : config_from_chip(c, config);
    return code == EXIT_DONE
                   ? policy_from_config(c, hex ? hex : "the chip", config, p)
                   : code;
}

int write_policy_text(struct call *c, const char *key,
                      void (*write)(const struct hd_policy *p, FILE *out),
                      const struct hd_policy *p)
{
    struct output o = {.key = key, .is_text = true};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out) {
        return fail(c, "not enough memory");
    }
    write(p, out);
    if (fclose(out) != 0) {
        free(text);
        return fail(c, "not enough memory");
    }
    o.bytes = (const uint8_t *)text;
    o.len = len;
    int code = write_output(c, &o);
    free(text);
    return code;
}

int write_words(struct call *c, const char *source, const uint8_t config[128])
{
    struct hd_policy p;
    int code = policy_from_config(c, source, config, &p);

    return code == EXIT_DONE
                   ? write_policy_text(c, "policy", hd_policy_write, &p)
                   : code;
}
