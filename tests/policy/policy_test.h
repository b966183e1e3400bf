/* SPDX-License-Identifier: Apache-2.0 */
/* What the policy tests share: files in, policies to text and back. */
#ifndef POLICY_TEST_H
#define POLICY_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/policy.h"

/* A file of the source tree, to be freed. */
static inline char *slurp(const char *name, size_t *len)
{
    char path[512];
    char *text = calloc(1, 1 << 20);

    (void)snprintf(path, sizeof path, SOURCE "%s", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(text);
    if (!f) {
        fail_msg("%s is missing", path);
    }
    *len = fread(text, 1, (1 << 20) - 1, f);
    (void)fclose(f);
    return text;
}

static inline void must_load(const char *text, size_t len, struct hd_policy *p)
{
    struct hd_policy_error why;

    if (hd_policy_load(text, len, p, &why) != HD_OK) {
        fail_msg("line %u: %s\n%s", why.line, why.text, text);
    }
}

static inline void read_config(const char *name, uint8_t config[128])
{
    struct hd_policy_error why;
    size_t len = 0;
    char *text = slurp(name, &len);

    if (hd_policy_read_hex(text, len, config, &why) != HD_OK) {
        fail_msg("%s:%u: %s", name, why.line, why.text);
    }
    free(text);
}

/* Text of a policy, to be freed. */
static inline char *written(const struct hd_policy *p, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    assert_non_null(out);
    hd_policy_write(p, out);
    (void)fclose(out);
    return text;
}

#endif
