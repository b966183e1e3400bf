/* SPDX-License-Identifier: Apache-2.0 */
/* See configs.h. */
#include <stdlib.h>

#include "configs.h"

#include "policy/policy.h"

const struct sample samples[] = {
        {"seed-notebook", HD_VMODEL_608A},
        {"adafruit-csr-example", HD_VMODEL_608A},
        {"arduino-default-tls-508a", HD_VMODEL_508A},
        {"arduino-default-tls-608a", HD_VMODEL_608A},
        {"cryptoauthlib-test-608", HD_VMODEL_608A},
        {"tflxtls-608b", HD_VMODEL_608B},
        {"blank-608a", HD_VMODEL_608A},
        {NULL, 0},
};

void load_sample(const struct sample *s, uint8_t config[128])
{
    struct hd_policy_error why;
    char path[256], text[4096];
    FILE *f;
    size_t len;

    (void)snprintf(path, sizeof path, SOURCE "tests/data/configs/%s.hex",
                   s->name);
    f = fopen(path, "r");
    assert_non_null(f);
    len = fread(text, 1, sizeof text, f);
    fclose(f);
    assert_int_equal(hd_policy_read_hex(text, len, config, &why), HD_OK);
}

/* The n-th cell of a table row, without blanks around it. */
static void take_cell(const char *line, unsigned n, char *out, size_t size)
{
    const char *from = line;
    size_t len;

    while (n-- > 0 && from) {
        from = strchr(from + 1, '|');
    }
    if (!from) {
        fail_msg("the table has too few columns: %s", line);
        return;
    }
    from += 1 + strspn(from + 1, " ");
    len = strcspn(from, "|");
    while (len > 0 && from[len - 1] == ' ') {
        len--;
    }
    (void)snprintf(out, size, "%.*s", (int)len, from);
}

static bool parse_row(const char *line, struct row *r)
{
    char slot[8], config[16];

    if (line[0] != '|') {
        return false;
    }
    take_cell(line, 0, slot, sizeof slot);
    if (slot[0] < '0' || slot[0] > '9') {
        return false;
    }
    take_cell(line, 1, config, sizeof config);
    r->slot = (unsigned)strtoul(slot, NULL, 10);
    take_cell(line, 3, r->type, sizeof r->type);
    take_cell(line, 5, r->lock, sizeof r->lock);
    take_cell(line, 6, r->read, sizeof r->read);
    take_cell(line, 7, r->replace, sizeof r->replace);
    take_cell(line, 8, r->use, sizeof r->use);
    return strncmp(config, "0x", 2) == 0;
}

void each_row(const char *name, void (*each)(void *ctx, const struct row *r),
              void *ctx)
{
    FILE *f = fopen(SOURCE "tests/data/configs/README.md", "r");
    char line[4096], title[80];
    bool inside = false;
    unsigned rows = 0;
    struct row r;

    assert_non_null(f);
    (void)snprintf(title, sizeof title, "## %s\n", name);
    while (fgets(line, sizeof line, f)) {
        if (strncmp(line, "## ", 3) == 0) {
            inside = strcmp(line, title) == 0;
        }
        if (inside && parse_row(line, &r)) {
            each(ctx, &r);
            rows++;
        }
    }
    fclose(f);
    assert_int_equal(rows, 16);
}

const struct hd_attack_yes *sure(const struct hd_attack *a, enum hd_goal goal,
                                 unsigned slot)
{
    const struct hd_attack_yes *y = hd_attack_find(a, HD_ON_BUS, goal, slot);

    return y && !y->inferred ? y : NULL;
}
