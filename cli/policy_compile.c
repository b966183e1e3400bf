/* SPDX-License-Identifier: Apache-2.0 */
/* half policy compile: the 128 bytes that a policy stands for. */
#include <stdlib.h>
#include <string.h>

#include "policy.h"

static const struct option options[] = {
        {"format", 0, "hex|raw|c",
         "hex with comments, 128 raw bytes, or a C header (hex)"},
        {"prefix", 0, "NAME", "begins the names in the C header (hd)"},
        OPTION_CHIP,
        OPTION_OUTPUT,
        OPTION_JSON,
        OPTION_END,
};

static const char *header_prefix = "hd";

static void write_header(const struct hd_policy *p, FILE *out)
{
    hd_policy_write_header(p, header_prefix, out);
}

/* For one chip: its serial number, revision and locks; it must be of the
 * right kind. */
static int adopt_chip(struct call *c, struct hd_policy *p)
{
    struct hd_policy_error why;
    uint8_t config[128];
    int code = config_from_chip(c, config);

    if (code != EXIT_DONE) {
        return code;
    }
    if (!hd_policy_fits(p, config, &why)) {
        return refuse(c, "%s", why.text);
    }
    hd_policy_adopt(p, config);
    return EXIT_DONE;
}

static bool is_identifier(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    return len > 0 && len <= HD_POLICY_NAME_SIZE && text[len] == 0 &&
           !(text[0] >= '0' && text[0] <= '9');
}

static int run(struct call *c)
{
    const char *format = option_text(c, "format", "hex");
    struct hd_policy p;

    header_prefix = option_text(c, "prefix", "hd");
    if (!is_identifier(header_prefix)) {
        return fail_usage(c, "--prefix: '%s' cannot begin a C name",
                          header_prefix);
    }
    int code = policy_from_file(c, c->args[0], &p);
    if (code == EXIT_DONE && option_given(c, "chip")) {
        code = adopt_chip(c, &p);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    put_hex(c, "config", p.config, sizeof p.config);
    put(c, "chip", json_string(hd_policy_chip_name(p.chips)));
    if (strcmp(format, "raw") == 0) {
        const struct output o = {.key = "config",
                                 .bytes = p.config,
                                 .len = sizeof p.config,
                                 .format = "raw"};
        return write_output(c, &o);
    }
    return strcmp(format, "c") == 0
                   ? write_policy_text(c, "header", write_header, &p)
                   : write_policy_text(c, "hex", hd_policy_write_hex, &p);
}

const struct verb verb_policy_compile = {
        .group = "policy",
        .name = "compile",
        .args = "FILE|-",
        .least_args = 1,
        .most_args = 1,
        .summary = "turn a policy into the 128 configuration bytes",
        .about = "Serial number, revision and lock bytes are those of a blank "
                 "chip, or with --chip those of that chip; a chip of another "
                 "kind than the policy's is refused. Nothing is written to "
                 "it.",
        .options = options,
        .run = run,
};
