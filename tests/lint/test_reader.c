/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two opinions about the same bytes: a reader of the data sheet's tables
 * (reader.c), and the attacker, who reads no table and tries it on a virtual
 * chip. Where they differ one is wrong. And the lint, which asks the attacker,
 * must have a finding for all that he can do.
 *
 *     test_reader [COUNT [SEED]]   so many configurations, from there
 */
#include <stdlib.h>

#include "configs.h"
#include "reader.h"

#include "lint/lint.h"

static unsigned how_many = 160;
static uint32_t state;
static unsigned differences;

static unsigned any(unsigned below)
{
    state = state * 1664525U + 1013904223U;
    return (state >> 8) % below;
}

/* ---------------------------------------------------------- configurations */

static void put(uint8_t *at, unsigned word)
{
    at[0] = (uint8_t)word;
    at[1] = (uint8_t)(word >> 8);
}

/* Kinds of slots that people make; anything in their SlotConfig. */
static void make_slot(uint8_t *config, unsigned slot)
{
    static const uint16_t kinds[] = {0x33, 0x13, 0x73, 0x1C, 0x3C, 0x7C, 0x1C,
                                     0x3C, 0x38, 0x1A, 0x1C, 0x30, 0x12, 0x32};
    static const uint16_t closed[] = {0x0000, 0x8000, 0x8000, 0x4000};
    unsigned key = kinds[any(slot < 8 ? 11 : 14)], how = any(0x10000);
    bool asymmetric = (key & 0x1C) == 0x10;

    if (any(2)) {
        how = (how & 0x0FFF) | closed[any(4)];
    }
    if ((key & 1) != 0 || any(2)) {
        how |= 0x80;
    }
    if ((how & 0x80) == 0) {
        how &= ~0x40U; /* undefined together */
    }
    if (asymmetric && (key & 1) == 0) {
        how &= ~0x20U; /* a public key whose uses are counted: no opinion */
    } else if (any(4) == 0) {
        key |= 0x80U | any(16) << 8;
    } else if (any(12) == 0) {
        key |= 0x1000;
    }
    put(config + 20 + 2 * slot, how);
    put(config + 96 + 2 * slot, key);
}

static void make_configuration(uint8_t config[128])
{
    load_sample(&samples[6], config);
    config[86] = config[87] = 0;
    for (unsigned slot = 0; slot < 16; slot++) {
        make_slot(config, slot);
    }
    if (any(3) == 0) {
        put(config + 88, any(0x10000));
    }
    config[69] = any(2) ? (uint8_t)(0x80 | any(16)) : 0;
    config[70] = (uint8_t)any(4);
    config[71] = (uint8_t)any(256);
    if (any(2)) {
        put(config + 90, 0x02 | any(3) << 8 | any(16) << 12);
    }
}

/* Of the same slots a 508A, which knows nothing of the rest. */
static void make_508a(uint8_t config[128])
{
    make_configuration(config);
    config[6] = 0x50;
    config[18] = 0xAA;
    memset(config + 68, 0xFF, 16);
    config[90] = config[91] = 0;
}

/* --------------------------------------------------------------- comparing */

static const char *hex(const uint8_t *config)
{
    static char text[257];

    for (unsigned i = 0; i < 128; i++) {
        (void)snprintf(text + 2 * (size_t)i, 3, "%02X", config[i]);
    }
    return text;
}

static void same(const struct hd_attack *a, const uint8_t *config,
                 enum hd_goal goal, unsigned slot, bool read)
{
    const struct hd_attack_yes *y = sure(a, goal, slot);

    if ((y != NULL) != read) {
        print_error("slot %u %s: the reader says %s, the attacker %s\n%s\n",
                    slot, hd_goal_word(goal), read ? "yes" : "no",
                    y ? y->how : "no", hex(config));
        differences++;
    }
}

static void compare_slot(const struct hd_attack *a, const struct reader *r,
                         unsigned slot)
{
    bool private = (r->c[96 + 2 * slot] & 1) != 0;
    bool set = private ? reader_puts_private(r, slot)
                       : reader_writes(r, slot) || reader_derives(r, slot);

    if ((r->c[96 + 2 * slot] & 0x1C) != 0x10) { /* a public key is public */
        same(a, r->c, HD_GOAL_READ, slot, reader_reads(r, slot));
    }
    same(a, r->c, HD_GOAL_OVERWRITE, slot, set);
    same(a, r->c, HD_GOAL_ROLL, slot, reader_rolls(r, slot));
    same(a, r->c, HD_GOAL_REGENERATE, slot, reader_regenerates(r, slot));
    same(a, r->c, HD_GOAL_TRUST, slot, r->trusted[slot]);
}

static void compare(const uint8_t config[128], uint8_t model)
{
    struct hd_attack *a =
            hd_attack_run(config, model, HD_ATTACK_QUICK, NULL, NULL);
    struct reader r;

    assert_non_null(a);
    read_configuration(&r, config, model != HD_VMODEL_508A);
    for (unsigned slot = 0; slot < 16; slot++) {
        compare_slot(a, &r, slot);
    }
    same(a, config, HD_GOAL_LATCH, 0, r.latch);
    hd_attack_free(a);
}

static void reader_and_attacker_agree_about_random_configurations(void **s)
{
    uint8_t config[128];

    (void)s;
    for (unsigned n = 0; n < how_many; n++) {
        if (n % 4 == 3) {
            make_508a(config);
            compare(config, HD_VMODEL_508A);
        } else {
            make_configuration(config);
            compare(config, HD_VMODEL_608A);
        }
    }
    assert_int_equal(differences, 0);
}

/* ----------------------------------------------------------------- one bit */

/* Slots of a kind that does not exist: neither has an opinion. */
static bool has_sense(const uint8_t *config)
{
    for (unsigned slot = 0; slot < 16; slot++) {
        unsigned key = config[96 + 2 * slot], type = key & 0x1C;
        bool asymmetric = type == 0x10;
        bool counted = (config[20 + 2 * slot] & 0x20) != 0;

        if ((type != 0x10 && type != 0x18 && type != 0x1C) ||
            ((key & 1) != 0 && !asymmetric) ||
            (asymmetric && (key & 1) == 0 &&
             (counted || slot < 8 || (key & 0x80) != 0 ||
              (config[97 + 2 * slot] & 0xD0) != 0))) {
            return false;
        }
    }
    return true;
}

/* Bits of the slots, their locks and the latch's key. */
static unsigned any_bit(void)
{
    static const struct {
        uint8_t from, bytes;
    } places[] = {{20, 32}, {20, 32}, {96, 32}, {96, 32}, {88, 2}, {69, 1}};
    unsigned at = any(6);

    return 8U * (places[at].from + any(places[at].bytes)) + any(8);
}

static void reader_and_attacker_agree_when_one_bit_flips(void **s)
{
    uint8_t config[128];

    (void)s;
    for (unsigned n = 0; n < how_many; n++) {
        const struct sample *from = &samples[n % 7];
        unsigned bit = any_bit();

        load_sample(from, config);
        config[86] = config[87] = 0;
        config[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (has_sense(config)) {
            compare(config, from->model);
        }
    }
    assert_int_equal(differences, 0);
}

/* -------------------------------------------------- all of it is in the lint
 */

/* Whatever of this he can do has a finding of one of these rules there. */
static const struct cover {
    uint8_t goal;
    uint8_t rules[7];
} covers[] = {
        {HD_GOAL_OVERWRITE,
         {HD_LINT_PRIV_OVERWRITE, HD_LINT_KEY_WRITABLE, HD_LINT_SECRET_WRITABLE,
          HD_LINT_KEY_ROLLABLE, HD_LINT_DATA_OPEN, HD_LINT_DATA_WRITABLE,
          HD_LINT_CONTENT_ROLLABLE}},
        {HD_GOAL_TRUST,
         {HD_LINT_VALIDATED_KEY_BYPASS, HD_LINT_PARENT_KEY_WRITABLE,
          HD_LINT_PUBKEY_WRITABLE, HD_LINT_SECUREBOOT_PUBKEY_WRITABLE}},
        {HD_GOAL_REGENERATE, {HD_LINT_PRIV_REGEN}},
        {HD_GOAL_ROLL, {HD_LINT_KEY_ROLLABLE, HD_LINT_CONTENT_ROLLABLE}},
        {HD_GOAL_SIGN, {HD_LINT_PRIV_SIGN_OPEN}},
        {HD_GOAL_EXHAUST, {HD_LINT_LIMITED_USE}},
        {HD_GOAL_ADDRESS, {HD_LINT_ADDRESS_CHANGEABLE_ONCE}},
        {HD_GOAL_COUNT0, {HD_LINT_COUNTERS_OPEN}},
        {HD_GOAL_LATCH, {HD_LINT_VOLATILE_KEY_PERMISSION}},
        {HD_GOAL_BOOT,
         {HD_LINT_SECUREBOOT_PUBKEY_WRITABLE,
          HD_LINT_SECUREBOOT_DIGEST_WRITABLE}},
        {HD_GOAL_FORGE, {HD_LINT_IO_KEY_WRITABLE, HD_LINT_IO_KEY_READABLE}},
        {HD_GOAL_EXTRA, {HD_LINT_USEREXTRA_FREE}},
};

/* slot -1: anywhere */
static bool has_finding(const struct hd_lint *l, int slot,
                        const uint8_t rules[7])
{
    for (unsigned i = 0; i < l->count; i++) {
        const struct hd_finding *f = &l->findings[i];

        if (slot >= 0 && f->slot != slot) {
            continue;
        }
        for (unsigned k = 0; k < 7 && (k == 0 || rules[k] != 0); k++) {
            if (f->rule == rules[k]) {
                return true;
            }
        }
    }
    return false;
}

static void expect_cover(const struct hd_lint *l, const struct cover *c,
                         const uint8_t *config)
{
    bool zone = c->goal >= HD_GOAL_FIRST_ZONE;

    for (unsigned slot = 0; slot < (zone ? 1 : 16); slot++) {
        bool public = (config[96 + 2 * slot] & 0x1D) == 0x10;

        if (!sure(l->attack, (enum hd_goal)c->goal, slot) ||
            (c->goal == HD_GOAL_OVERWRITE && public)) {
            continue; /* a public key is worth what the chip trusts */
        }
        if (!has_finding(l, zone ? -1 : (int)slot, c->rules)) {
            fail_msg("slot %u %s has no finding\n%s", slot,
                     hd_goal_word((enum hd_goal)c->goal), hex(config));
        }
    }
}

static void expect_secrecy(const struct hd_lint *l, const uint8_t *config)
{
    static const uint8_t rules[7] = {HD_LINT_KEY_READABLE,
                                     HD_LINT_SECRET_READABLE};

    for (unsigned slot = 0; slot < 16; slot++) {
        bool secret = (config[20 + 2 * slot] & 0x80) != 0;
        bool public = (config[96 + 2 * slot] & 0x1D) == 0x10;

        if (secret && !public && sure(l->attack, HD_GOAL_READ, slot) &&
            !has_finding(l, (int)slot, rules)) {
            fail_msg("slot %u can be read and has no finding\n%s", slot,
                     hex(config));
        }
    }
}

/* A high finding is what somebody did; what works only with the latch on says
 * so, as its trace needs a host that switched it on. */
static void expect_proof(const struct hd_lint *l, const uint8_t *config)
{
    for (unsigned i = 0; i < l->count; i++) {
        const struct hd_finding *f = &l->findings[i];
        bool shown = f->proof && hd_attack_replay(l->attack, f->proof);

        if (f->severity == HD_HIGH && !shown &&
            f->rule != HD_LINT_DATA_UNLOCKED &&
            f->rule != HD_LINT_NO_PRIVATE_KEY &&
            !strstr(f->text, "only while the persistent latch is on")) {
            fail_msg("%s at slot %d: %s: nobody showed it\n%s",
                     hd_lint_rules[f->rule].name, f->slot, f->text,
                     hex(config));
        }
    }
}

static void the_lint_says_all_that_the_attacker_can_do(void **s)
{
    uint8_t config[128];

    (void)s;
    for (unsigned n = 0; n < how_many / 4; n++) {
        struct hd_lint *l;

        make_configuration(config);
        l = hd_lint_run(config, HD_VMODEL_608A, NULL);
        assert_non_null(l);
        for (size_t i = 0; i < sizeof covers / sizeof covers[0]; i++) {
            expect_cover(l, &covers[i], config);
        }
        expect_secrecy(l, config);
        expect_proof(l, config);
        hd_lint_free(l);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(
                    reader_and_attacker_agree_about_random_configurations),
            cmocka_unit_test(reader_and_attacker_agree_when_one_bit_flips),
            cmocka_unit_test(the_lint_says_all_that_the_attacker_can_do),
    };

    how_many = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : how_many;
    state = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 2026;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
