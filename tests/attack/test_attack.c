/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attacker sheet. Golden are the tables of tests/data/configs/README.md,
 * which people made by reading, and the chip itself: every trace is played
 * again on a fresh one.
 */
#include <stdlib.h>

#include "configs.h"

#include "policy/policy.h"

static struct hd_attack *attack(const struct sample *s,
                                enum hd_attack_depth depth)
{
    uint8_t config[128];
    struct hd_attack *a;

    load_sample(s, config);
    a = hd_attack_run(config, s->model, depth, NULL, NULL);
    assert_non_null(a);
    return a;
}

/* ------------------------------------------------------- against the README */

struct compare {
    const struct sample *sample;
    struct hd_attack *a;
};

static void wrong(const struct compare *c, const struct row *r,
                  const char *what)
{
    fail_msg("%s slot %u: %s; the table says read '%s', replace '%s', use "
             "'%s'",
             c->sample->name, r->slot, what, r->read, r->replace, r->use);
}

static void expect_goal(const struct compare *c, const struct row *r,
                        const char *cell, const char *word, enum hd_goal goal)
{
    if (strstr(cell, word) && !sure(c->a, goal, r->slot)) {
        wrong(c, r, hd_goal_word(goal));
    }
}

/* "through key 4", "clear", "no" */
static void expect_way(const struct compare *c, const struct row *r,
                       const char *cell, enum hd_goal goal)
{
    const char *through = strstr(cell, "through key ");
    const struct hd_attack_yes *y = sure(c->a, goal, r->slot);
    long key = through ? strtol(through + 12, NULL, 10) : -1;

    if (strcmp(cell, "no") == 0 && y) {
        wrong(c, r, "the attacker found a way");
    }
    if ((through || strncmp(cell, "clear", 5) == 0) && (!y || y->via != key)) {
        wrong(c, r, "the attacker found no way, or another");
    }
}

static void compare_row(void *ctx, const struct row *r)
{
    struct compare *c = ctx;

    if (strcmp(r->read, "undefined") == 0 || strncmp(r->type, "type", 4) == 0) {
        return; /* nobody knows what such a slot does */
    }
    expect_way(c, r, r->read, HD_GOAL_READ);
    if (!strstr(r->replace, "while not valid")) { /* the victim's is valid */
        expect_way(c, r, r->replace, HD_GOAL_OVERWRITE);
    }
    if (strcmp(r->replace, "no") == 0 && sure(c->a, HD_GOAL_DESTROY, r->slot)) {
        wrong(c, r, "destroyed all the same");
    }
    expect_goal(c, r, r->replace, "GenKey", HD_GOAL_REGENERATE);
    expect_goal(c, r, r->replace, "PrivWrite", HD_GOAL_OVERWRITE);
    expect_goal(c, r, r->replace, "DeriveKey", HD_GOAL_ROLL);
    expect_goal(c, r, r->use, "sign any digest", HD_GOAL_SIGN);
    expect_goal(c, r, r->use, "sign internal", HD_GOAL_REPORT);
    if (strcmp(r->lock, "lockable") == 0) {
        expect_goal(c, r, r->lock, "lockable", HD_GOAL_FREEZE);
    } else if (sure(c->a, HD_GOAL_FREEZE, r->slot)) {
        wrong(c, r, "freeze");
    }
}

static void the_sheet_says_what_careful_readers_said(void **state)
{
    (void)state;
    for (const struct sample *s = samples; s->name; s++) {
        struct compare c = {s, attack(s, HD_ATTACK_QUICK)};

        each_row(s->name, compare_row, &c);
        hd_attack_free(c.a);
    }
}

/* ----------------------------------------------------------------- traces */

static unsigned replay_all(const struct sample *s, const struct hd_attack *a)
{
    unsigned count = 0;

    for (unsigned who = 0; who < HD_ATTACKERS; who++) {
        for (unsigned i = 0; i < HD_GOAL_COUNT * 16; i++) {
            enum hd_goal goal = (enum hd_goal)(i / 16);
            const struct hd_attack_yes *y =
                    hd_attack_find(a, (enum hd_attacker)who, goal, i % 16);

            if (!y || (goal >= HD_GOAL_FIRST_ZONE && i % 16 > 0)) {
                continue;
            }
            count++;
            if (!hd_attack_replay(a, y)) {
                fail_msg("%s: %s slot %d by '%s' does not replay", s->name,
                         hd_goal_word(goal), y->slot, y->how);
            }
        }
    }
    return count;
}

static void every_yes_happens_again_on_a_fresh_chip(void **state)
{
    (void)state;
    for (const struct sample *s = samples; s->name; s++) {
        struct hd_attack *a = attack(s, HD_ATTACK_FULL);

        assert_true(replay_all(s, a) > 16);
        hd_attack_free(a);
    }
}

/* The sweep knows nothing of the questions: what it finds beyond them would
 * be a question that nobody thought of. */
static void the_sweep_finds_nothing_that_nobody_asked(void **state)
{
    (void)state;
    for (const struct sample *s = samples; s->name; s++) {
        struct hd_attack *a = attack(s, HD_ATTACK_FULL);

        assert_true(hd_attack_swept(a) > 20000);
        assert_true(hd_attack_commands(a) > hd_attack_swept(a));
        for (unsigned i = 0; i < HD_GOAL_FIRST_ZONE * 16; i++) {
            const struct hd_attack_yes *y = hd_attack_find(
                    a, HD_ON_BUS, (enum hd_goal)(i / 16), i % 16);

            if (y && y->swept) {
                fail_msg("%s: %s slot %u", s->name,
                         hd_goal_word((enum hd_goal)(i / 16)), i % 16);
            }
        }
        hd_attack_free(a);
    }
}

static void a_trace_with_one_bit_wrong_shows_nothing(void **state)
{
    struct hd_attack *a = attack(&samples[0], HD_ATTACK_QUICK);
    struct hd_attack_yes y = *sure(a, HD_GOAL_REGENERATE, 2);
    struct hd_attack_step step = y.steps[0];

    (void)state;
    assert_int_equal(y.count, 1);
    assert_true(hd_attack_replay(a, &y));
    step.group[2] ^= 0x04; /* public key, not create: and a wrong checksum */
    y.steps = &step;
    assert_false(hd_attack_replay(a, &y));
    hd_attack_free(a);
}

static void a_claim_that_is_not_so_is_not_believed(void **state)
{
    struct hd_attack *a = attack(&samples[0], HD_ATTACK_QUICK);
    struct hd_attack_yes y = *sure(a, HD_GOAL_READ, 1);

    (void)state;
    assert_true(hd_attack_replay(a, &y));
    y.proof[31] ^= 1;
    assert_false(hd_attack_replay(a, &y));
    hd_attack_free(a);
}

/* ------------------------------------------------------------ particular chips
 */

static void the_seed_chip_loses_its_identity_to_one_command(void **state)
{
    struct hd_attack *a = attack(&samples[0], HD_ATTACK_QUICK);
    const struct hd_attack_yes *y = sure(a, HD_GOAL_DESTROY, 2);
    /* docs/chip part 2, 6.1: count 7, GenKey 0x40, mode 4, slot 2 */
    static const uint8_t genkey[5] = {0x07, 0x40, 0x04, 0x02, 0x00};

    (void)state;
    assert_non_null(y);
    assert_int_equal(y->count, 1);
    assert_memory_equal(y->steps[0].group, genkey, sizeof genkey);
    assert_non_null(sure(a, HD_GOAL_FORGE, 0)); /* slot 4 is open */
    assert_non_null(sure(a, HD_GOAL_BOOT, 0));
    assert_null(hd_attack_find(a, HD_ON_BUS, HD_GOAL_ADDRESS, 0));
    hd_attack_free(a);
}

static void an_open_chip_is_rewritten(void **state)
{
    struct hd_attack *blank = attack(&samples[6], HD_ATTACK_QUICK);
    struct hd_attack *seed = attack(&samples[0], HD_ATTACK_QUICK);

    (void)state;
    assert_non_null(sure(blank, HD_GOAL_CONFIG, 0));
    assert_non_null(sure(blank, HD_GOAL_DATA, 0));
    assert_null(sure(seed, HD_GOAL_CONFIG, 0));
    assert_null(sure(seed, HD_GOAL_DATA, 0));
    hd_attack_free(blank);
    blank = attack(&samples[6], HD_ATTACK_DIRECTED);
    assert_non_null(sure(blank, HD_GOAL_CONFIG, 0));
    assert_non_null(sure(blank, HD_GOAL_DATA, 0));
    hd_attack_free(blank);
    hd_attack_free(seed);
}

static void the_flash_opens_what_the_bus_does_not(void **state)
{
    uint8_t config[128];
    struct hd_attack *a;

    (void)state;
    load_sample(&samples[6], config);
    config[86] = config[87] = 0;
    a = hd_attack_run(config, HD_VMODEL_608A, HD_ATTACK_DIRECTED, NULL, NULL);
    assert_non_null(a);
    assert_null(sure(a, HD_GOAL_READ, 3)); /* encrypted with slot 4 */
    assert_non_null(hd_attack_find(a, HD_OWNS_FLASH, HD_GOAL_READ, 3));
    assert_true((hd_attack_host_keys(a) >> 4 & 1) != 0);
    hd_attack_free(a);
}

/* What the lint says of AUTH-CYCLE: not even who knows both keys can. */
static void keys_that_wait_for_each_other_answer_nobody(void **state)
{
    uint8_t config[128];

    (void)state;
    load_sample(&samples[6], config);
    config[86] = config[87] = 0;
    for (unsigned slot = 5; slot <= 6; slot++) {
        config[20 + 2 * slot] = config[21 + 2 * slot] = 0x8F;
        config[96 + 2 * slot] = 0x9C; /* secret, ReqAuth */
        config[97 + 2 * slot] = slot == 5 ? 6 : 5;
    }
    for (unsigned cycle = 0; cycle < 2; cycle++) {
        config[96 + 2 * 6] = cycle ? 0x9C : 0x1C;
        struct hd_attack *a = hd_attack_run(config, HD_VMODEL_608A,
                                            HD_ATTACK_DIRECTED, NULL, NULL);
        assert_non_null(a);
        const struct hd_attack_yes *y =
                hd_attack_find(a, HD_OWNS_FLASH, HD_GOAL_MAC, 5);
        assert_true((y == NULL) == (cycle == 1));
        hd_attack_free(a);
    }
}

/* A key that guards itself by CheckMac: authorised use is not free use. */
static void a_key_that_asks_for_authorisation_answers_nobody(void **state)
{
    uint8_t config[128];
    struct hd_attack *a;

    (void)state;
    load_sample(&samples[0], config);
    config[96 + 2 * 2] |= 0x80; /* slot 2: ReqAuth */
    config[97 + 2 * 2] = 0x06;  /* by slot 6, which nobody can have */
    a = hd_attack_run(config, HD_VMODEL_608A, HD_ATTACK_QUICK, NULL, NULL);
    assert_non_null(a);
    assert_null(sure(a, HD_GOAL_SIGN, 2));
    assert_null(sure(a, HD_GOAL_REGENERATE, 2));
    hd_attack_free(a);
    config[97 + 2 * 2] = 0x04; /* by slot 4, which anyone overwrites */
    a = hd_attack_run(config, HD_VMODEL_608A, HD_ATTACK_QUICK, NULL, NULL);
    assert_non_null(a);
    assert_non_null(sure(a, HD_GOAL_SIGN, 2));
    assert_true(hd_attack_replay(a, sure(a, HD_GOAL_REGENERATE, 2)));
    hd_attack_free(a);
}

/* Slot 14 of the factory part is validated by slot 13, which anyone sets. */
static void validation_by_certificate_is_no_better_than_its_parent(void **state)
{
    uint8_t config[128];
    struct hd_attack *a;
    const struct hd_attack_yes *y;

    (void)state;
    load_sample(&samples[5], config);
    config[49] = 0x0F; /* WriteConfig of slot 14: Always */
    config[92] = 0x41; /* X509format 0: four blocks, the key in block 1 */
    a = hd_attack_run(config, HD_VMODEL_608B, HD_ATTACK_QUICK, NULL, NULL);
    assert_non_null(a);
    y = sure(a, HD_GOAL_TRUST, 14);
    assert_non_null(y);
    assert_int_equal(y->via, 13);
    assert_true(hd_attack_replay(a, y));
    hd_attack_free(a);
    config[47] = 0x8F; /* WriteConfig of slot 13: Never */
    a = hd_attack_run(config, HD_VMODEL_608B, HD_ATTACK_QUICK, NULL, NULL);
    assert_non_null(a);
    assert_null(sure(a, HD_GOAL_TRUST, 14));
    hd_attack_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_sheet_says_what_careful_readers_said),
            cmocka_unit_test(every_yes_happens_again_on_a_fresh_chip),
            cmocka_unit_test(the_sweep_finds_nothing_that_nobody_asked),
            cmocka_unit_test(a_trace_with_one_bit_wrong_shows_nothing),
            cmocka_unit_test(a_claim_that_is_not_so_is_not_believed),
            cmocka_unit_test(the_seed_chip_loses_its_identity_to_one_command),
            cmocka_unit_test(an_open_chip_is_rewritten),
            cmocka_unit_test(the_flash_opens_what_the_bus_does_not),
            cmocka_unit_test(
                    validation_by_certificate_is_no_better_than_its_parent),
            cmocka_unit_test(a_key_that_asks_for_authorisation_answers_nobody),
            cmocka_unit_test(keys_that_wait_for_each_other_answer_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
