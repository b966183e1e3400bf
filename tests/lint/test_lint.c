/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lint. Golden is tests/data/configs/findings.tsv: 306 findings that were
 * made by reading, with severity, place and bits.
 */
#include <stdlib.h>

#include "configs.h"

#include "lint/lint.h"

struct expected {
    char file[48], severity[12], code[40], where[20], bits[160];
    bool met;
};

#define MOST 400
static struct expected table[MOST];
static unsigned expected_count;

static void column(const char *line, unsigned n, char *out, size_t size)
{
    while (n-- > 0) {
        line = strchr(line, '\t');
        if (!line) {
            fail_msg("a line of findings.tsv has too few columns");
            return;
        }
        line++;
    }
    (void)snprintf(out, size, "%.*s", (int)strcspn(line, "\t\n"), line);
}

static int read_table(void **state)
{
    FILE *f = fopen(SOURCE "tests/data/configs/findings.tsv", "r");
    char line[4096];

    (void)state;
    if (!f || !fgets(line, sizeof line, f)) {
        return -1;
    }
    while (fgets(line, sizeof line, f) && expected_count < MOST) {
        struct expected *e = &table[expected_count++];

        column(line, 0, e->file, sizeof e->file);
        column(line, 2, e->severity, sizeof e->severity);
        column(line, 3, e->code, sizeof e->code);
        column(line, 4, e->where, sizeof e->where);
        column(line, 5, e->bits, sizeof e->bits);
        e->file[strcspn(e->file, ".")] = 0;
    }
    fclose(f);
    return 0;
}

static struct hd_lint *lint(const struct sample *s)
{
    uint8_t config[128];
    struct hd_lint *l;

    load_sample(s, config);
    l = hd_lint_run(config, s->model, NULL);
    assert_non_null(l);
    return l;
}

static bool is_same(const struct expected *e, const struct sample *s,
                    const struct hd_finding *f)
{
    return strcmp(e->file, s->name) == 0 &&
           strcmp(e->code, hd_lint_rules[f->rule].name) == 0 &&
           strcmp(e->where, f->where) == 0 && strcmp(e->bits, f->bits) == 0 &&
           strcmp(e->severity, hd_severity_words[f->severity]) == 0;
}

static struct expected *find_expected(const struct sample *s,
                                      const struct hd_finding *f)
{
    for (unsigned i = 0; i < expected_count; i++) {
        if (!table[i].met && is_same(&table[i], s, f)) {
            return &table[i];
        }
    }
    return NULL;
}

static unsigned compare(const struct sample *s)
{
    struct hd_lint *l = lint(s);
    unsigned more = 0;

    for (unsigned i = 0; i < l->count; i++) {
        const struct hd_finding *f = &l->findings[i];
        struct expected *e = find_expected(s, f);

        if (e) {
            e->met = true;
        } else {
            print_error("%s: not in the table: %s %s %s [%s] %s\n", s->name,
                        hd_severity_words[f->severity],
                        hd_lint_rules[f->rule].name, f->where, f->bits,
                        f->text);
            more++;
        }
    }
    hd_lint_free(l);
    return more;
}

static void every_finding_of_the_table_is_made_and_no_other(void **state)
{
    unsigned missing = 0, more = 0;

    (void)state;
    assert_int_equal(expected_count, 306);
    for (const struct sample *s = samples; s->name; s++) {
        more += compare(s);
    }
    for (unsigned i = 0; i < expected_count; i++) {
        const struct expected *e = &table[i];

        if (!e->met) {
            print_error("%s: missing: %s %s %s [%s]\n", e->file, e->severity,
                        e->code, e->where, e->bits);
            missing++;
        }
    }
    assert_int_equal(missing, 0);
    assert_int_equal(more, 0);
}

/* ---------------------------------------------------- one bit, one finding */

static bool finds(const uint8_t config[128], enum hd_lint_id id, int slot)
{
    struct hd_lint *l = hd_lint_run(config, HD_VMODEL_608A, NULL);
    bool yes = false;

    assert_non_null(l);
    for (unsigned i = 0; i < l->count; i++) {
        yes |= l->findings[i].rule == id && l->findings[i].slot == slot;
    }
    hd_lint_free(l);
    return yes;
}

/* On the seed chip: change this byte, and the finding must go. */
static const struct repair {
    uint8_t rule;
    int8_t slot;
    uint8_t byte, keep, set; /* byte = (byte & keep) | set */
} repairs[] = {
        {HD_LINT_PRIV_REGEN, 2, 25, 0xDF, 0x00},
        {HD_LINT_PRIV_REGEN, 0, 88, 0xFE, 0x00}, /* the slot is locked */
        {HD_LINT_KEY_WRITABLE, 4, 29, 0x0F, 0x80},
        {HD_LINT_SECRET_READABLE, 1, 29, 0x0F, 0x80}, /* its read key is shut */
        {HD_LINT_SECRET_WRITABLE, 1, 89, 0xFF, 0x00}, /* nothing changes */
        {HD_LINT_SECRET_WRITABLE, 1, 88, 0xED, 0x00},
        {HD_LINT_PRIV_OVERWRITE, 7, 29, 0x0F, 0x80},
        {HD_LINT_KEY_ROLLABLE, 9, 39, 0xDF, 0x00},
        {HD_LINT_IO_KEY_WRITABLE, 4, 90, 0xFD, 0x00},
        {HD_LINT_SECUREBOOT_PUBKEY_WRITABLE, 11, 70, 0xFC, 0x00},
        {HD_LINT_SECUREBOOT_DIGEST_WRITABLE, 12, 45, 0x0F, 0x80},
        {HD_LINT_COUNT_MATCH, 10, 18, 0xFE, 0x00},
        {HD_LINT_ECDH_CLEAR, 2, 91, 0xFC, 0x01},
        {HD_LINT_ATTEST_FORGEABLE, 2, 24, 0xFD, 0x00},
        {HD_LINT_ECDH_TO_NEXT, 0, 20, 0xF7, 0x00},
        {HD_LINT_VOLATILE_KEY_PERMISSION, 4, 69, 0x7F, 0x00},
        {HD_LINT_USELOCK_SET, -1, 68, 0x00, 0x00},
};

static void a_repair_makes_its_finding_go(void **state)
{
    uint8_t before[128], after[128];

    (void)state;
    load_sample(&samples[0], before);
    for (size_t i = 0; i < sizeof repairs / sizeof repairs[0]; i++) {
        const struct repair *r = &repairs[i];
        bool expected;

        memcpy(after, before, sizeof after);
        after[r->byte] = (uint8_t)((after[r->byte] & r->keep) | r->set);
        expected = memcmp(after, before, sizeof after) == 0;
        assert_true(finds(before, r->rule, r->slot));
        if (finds(after, r->rule, r->slot) != expected) {
            fail_msg("%s at slot %d, byte %u", hd_lint_rules[r->rule].name,
                     r->slot, r->byte);
        }
    }
}

/* Sixteen keys that GenKey may renew have sixteen bytes 0x20: no text. */
static void sixteen_keys_are_not_taken_for_text(void **state)
{
    uint8_t config[128];

    (void)state;
    load_sample(&samples[6], config);
    for (size_t slot = 0; slot < 16; slot++) {
        config[20 + 2 * slot] = 0x83;
        config[21 + 2 * slot] = 0x20;
        config[96 + 2 * slot] = 0x33;
    }
    assert_true(finds(config, HD_LINT_PRIV_REGEN, 15));
    assert_false(finds(config, HD_LINT_TEXT_IN_CONFIG, -1));
    memset(config + 40, 0x20, 12);
    assert_true(finds(config, HD_LINT_TEXT_IN_CONFIG, -1));
}

/* Nothing that comes out may depend on what the bytes mean. */
static void random_bytes_are_judged_too(void **state)
{
    uint32_t x = 12345;
    uint8_t config[128];

    (void)state;
    for (unsigned n = 0; n < 200; n++) {
        for (unsigned i = 0; i < sizeof config; i++) {
            x = x * 1664525U + 1013904223U;
            config[i] = (uint8_t)(x >> 24);
        }
        config[14] |= 1;
        memcpy(config + 4, n % 2 ? "\0\0\x60\x02" : "\0\0\x50\0", 4);
        struct hd_lint *l = hd_lint_run(
                config, n % 2 ? HD_VMODEL_608A : HD_VMODEL_508A, NULL);
        assert_non_null(l);
        for (unsigned i = 0; i < l->count; i++) {
            const struct hd_attack_yes *y = l->findings[i].proof;

            assert_true(l->findings[i].bits[0] && l->findings[i].text[0]);
            if (y && n % 10 == 0 && !hd_attack_replay(l->attack, y)) {
                fail_msg("%u: %s %s does not replay", n,
                         hd_lint_rules[l->findings[i].rule].name,
                         l->findings[i].where);
            }
        }
        hd_lint_free(l);
    }
}

static bool has_word(const struct hd_policy_key *k, const char *word)
{
    static const char *const others[] = {"at-provisioning", "boot-digest", "0"};

    for (unsigned i = 0; i < k->row_count; i++) {
        const char *w = k->rows[i][k->column];
        if (w && strcmp(w, word) == 0) {
            return true;
        }
    }
    for (unsigned i = 0; k->row_count == 0 && i < 6; i++) {
        if (strcmp(hd_policy_content_words[i], word) == 0 ||
            (i < 4 && strcmp(hd_policy_lock_words[i], word) == 0) ||
            (i < 3 && strcmp(others[i], word) == 0)) {
            return true;
        }
    }
    return false;
}

static bool can_be_written(const char *key, const char *word)
{
    for (unsigned g = 0; g < HD_G_COUNT; g++) {
        for (unsigned i = 0; i < hd_policy_groups[g].count; i++) {
            const struct hd_policy_key *k = &hd_policy_groups[g].keys[i];
            if (strcmp(k->name, key) == 0 && has_word(k, word)) {
                return true;
            }
        }
    }
    return false;
}

/* "(lock: once-filled)", "(locks/data: at-provisioning)" */
static void advice_is_written_in_words_of_a_policy(void **state)
{
    unsigned count = 0;

    (void)state;
    for (unsigned i = 0; i < HD_LINT_COUNT; i++) {
        const char *at = hd_lint_rules[i].fix;
        char key[40], word[40];

        for (; (at = strchr(at, '(')) != NULL; at++) {
            if (sscanf(at, "(%39[a-z/-]: %39[a-z0-9-])", key, word) != 2) {
                continue;
            }
            const char *slash = strchr(key, '/');
            if (!can_be_written(slash ? slash + 1 : key, word)) {
                fail_msg("%s: no policy has %s: %s", hd_lint_rules[i].name, key,
                         word);
            }
            count++;
        }
    }
    assert_true(count >= 20);
}

static bool is_key_or_field(const char *path)
{
    const char *slash = strchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    for (unsigned id = 0; id < HD_F_COUNT; id++) {
        if (strncmp(path, "bits/", 5) == 0 &&
            strcmp(hd_policy_fields[id].name, name) == 0) {
            return true;
        }
    }
    for (unsigned g = 0; g < HD_G_COUNT; g++) {
        size_t len = slash ? (size_t)(slash - path) : 0;
        bool right = slash ? strncmp(hd_policy_groups[g].name, path, len) == 0
                           : g == HD_G_SLOT;
        if (right && hd_policy_key_named(g, name, HD_POLICY_ANY, HD_KIND_ALL)) {
            return true;
        }
    }
    return strcmp(path, "counters") == 0;
}

static void each_rule_points_to_a_key_that_there_is(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HD_LINT_COUNT; i++) {
        const char *key = hd_lint_key((enum hd_lint_id)i);
        if (key && !is_key_or_field(key)) {
            fail_msg("%s: no policy has %s", hd_lint_rules[i].name, key);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(every_finding_of_the_table_is_made_and_no_other),
            cmocka_unit_test(a_repair_makes_its_finding_go),
            cmocka_unit_test(sixteen_keys_are_not_taken_for_text),
            cmocka_unit_test(random_bytes_are_judged_too),
            cmocka_unit_test(advice_is_written_in_words_of_a_policy),
            cmocka_unit_test(each_rule_points_to_a_key_that_there_is),
    };

    return cmocka_run_group_tests(tests, read_table, NULL);
}
