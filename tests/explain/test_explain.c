/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every reason for a refusal is explained from the command, the configuration
 * and the locks, the commands that went before it, and the status that came;
 * and the sequences that an explanation promises are accepted by another
 * chip.
 */
#include "scenes.h"

#include "explain/explain.h"
#include "explain/history.h"
#include "halfdollar/err.h"

static struct hd_moment moment(uint8_t op, uint8_t p1, uint16_t p2, size_t len)
{
    struct hd_moment m = {.kind = HD_MOMENT_COMMAND,
                          .len = (uint8_t)(len + 7),
                          .group = {(uint8_t)(len + 7), op, p1, (uint8_t)p2,
                                    (uint8_t)(p2 >> 8)}};

    hd_explain_seal(m.group, len + 5);
    return m;
}

/* What can have gone before. The first is nothing. */
enum { PASTS = 12 };
static size_t past(unsigned n, struct hd_moment before[2])
{
    const struct hd_moment random = moment(OP_NONCE, 0, 0, 20);
    const struct hd_moment fixed = moment(OP_NONCE, 3, 0, 32);
    const struct hd_moment pasts[PASTS][2] = {
            {{0}, {0}},
            {random, {0}},
            {fixed, {0}},
            {moment(OP_GENKEY, 4, 0xFFFF, 0), {0}},
            {moment(OP_SHA, 4, 3, 0), {0}},
            {random, moment(OP_GENDIG, 2, 5, 4)},
            {fixed, moment(OP_GENDIG, 2, 0, 4)},
            {random, moment(OP_GENDIG, 2, 3, 4)},
            {fixed, moment(OP_GENDIG, 2, 5, 4)},
            {random, moment(OP_GENKEY, 0x10, 14, 3)},
            {random, moment(OP_GENKEY, 0x10, 9, 3)},
            {moment(OP_VERIFY, 7, 14, 83), random},
    };

    before[0] = pasts[n][0];
    before[1] = pasts[n][1];
    return before[1].len > 0 ? 2 : before[0].len > 0 ? 1 : 0;
}

/* Reasons that were given, here or below, by a full sentence. */
static bool met[HD_WHY_COUNT];

struct question {
    struct hd_explain_case c;
    struct hd_moment before[2];
    uint8_t group[HD_V_GROUP_MAX];
};

static void pose(const struct scene *s, unsigned n, struct question *q)
{
    static struct rig r;
    struct hd_moment m = moment(s->op, s->p1, s->p2, s->len);
    uint8_t data[160] = {s->head[0], s->head[1]};

    memset(q, 0, sizeof *q);
    set_stage(&r, s);
    memcpy(q->c.config, r.chip.ee, sizeof q->c.config);
    q->c.model = r.chip.model;
    q->c.answered = true;
    q->c.status = rig_run(&r, s->op, s->p1, s->p2, data, s->len);
    rig_stop(&r);
    memcpy(m.group + 5, data, s->len);
    hd_explain_seal(m.group, s->len + 5U);
    memcpy(q->group, m.group, m.len);
    q->c.group = q->group;
    q->c.len = m.len;
    q->c.before = q->before;
    q->c.before_count = past(n, q->before);
}

static void judge(enum hd_why why, const char *sentence)
{
    if (why != HD_WHY_NONE) {
        assert_true(strlen(sentence) > 30);
        assert_null(strchr(sentence, '{'));
        met[why] = true;
    }
}

static void explain_scene(const struct scene *s)
{
    for (unsigned n = 0; n < PASTS && !met[s->why]; n++) {
        struct question q;
        struct hd_explanation e;

        pose(s, n, &q);
        q.c.reason_only = true;
        assert_int_equal(hd_explain(&q.c, &e), HD_OK);
        assert_true(strlen(e.command) > 2);
        judge((enum hd_why)e.why.why, e.reason);
        judge((enum hd_why)e.then.why, e.then_reason);
    }
}

static void test_each_scene_of_a_refusal_is_explained(void **state)
{
    (void)state;
    for (size_t i = 0; i < scene_count; i++) {
        explain_scene(&scenes[i]);
    }
}

/* ----------------------------- what a command alone does not show: the rest */

static const struct scene *scene_of(enum hd_why why)
{
    for (size_t i = 0; i < scene_count; i++) {
        if (scenes[i].why == why) {
            return &scenes[i];
        }
    }
    fail_msg("no scene for %s", hd_why_name(why));
    return NULL;
}

static void expect_reason(const struct question *q, enum hd_why why)
{
    struct hd_explanation e;

    assert_int_equal(hd_explain(&q->c, &e), HD_OK);
    if (e.why.why != why) {
        fail_msg("%s in place of %s", hd_why_name((enum hd_why)e.why.why),
                 hd_why_name(why));
    }
    judge(why, e.reason);
}

/* Another command in the scene of a reason. */
static void pose_other(enum hd_why scene, const struct hd_moment *m,
                       struct question *q)
{
    pose(scene_of(scene), 0, q);
    memcpy(q->group, m->group, m->len);
    q->c.len = m->len;
    q->c.status = 0x0F;
}

static void test_a_broken_checksum_is_told(void **state)
{
    struct hd_moment info = moment(OP_INFO, 0, 0, 0);
    struct question q;

    (void)state;
    info.group[6] ^= 0x40;
    pose_other(HD_WHY_OPCODE, &info, &q);
    q.c.status = 0xFF;
    expect_reason(&q, HD_WHY_CRC);
}

static void test_too_little_time_asks_for_idle_and_wake(void **state)
{
    const struct hd_moment genkey = moment(OP_GENKEY, 0, 0, 0);
    struct hd_explanation e;
    struct question q;

    (void)state;
    for (unsigned swi = 0; swi < 2; swi++) {
        pose_other(HD_WHY_OPCODE, &genkey, &q);
        q.c.status = 0xEE;
        q.c.swi = swi != 0;
        expect_reason(&q, HD_WHY_WATCHDOG);
        assert_int_equal(hd_explain(&q.c, &e), HD_OK);
        assert_int_equal(e.verdict, HD_EXPLAIN_STEPS_WORK);
        assert_int_equal(e.count, 3);
        assert_int_equal(e.steps[0].kind, HD_MOMENT_IDLE);
        assert_int_equal(e.steps[1].kind, HD_MOMENT_WAKE);
        assert_int_equal(e.steps[2].group[1], OP_GENKEY);
    }
}

static void test_a_gpio_pin_is_explained_on_single_wire(void **state)
{
    const struct hd_moment drive = moment(OP_INFO, 3, 3, 0);
    struct question q;

    (void)state;
    pose_other(HD_WHY_GPIO_OFF, &drive, &q);
    q.c.config[16] = 0x02;
    expect_reason(&q, HD_WHY_GPIO_OFF); /* I2C has no such pin */
    q.c.swi = true;
    expect_reason(&q, HD_WHY_GPIO_INPUT);
    q.c.config[16] = 0x31;
    expect_reason(&q, HD_WHY_GPIO_AUTH);
}

static void test_where_tempkey_came_from_is_seen_in_the_past(void **state)
{
    const struct hd_moment mac = moment(OP_MAC, 1, 3, 0);
    struct question q;

    (void)state;
    pose_other(HD_WHY_TEMPKEY_NO_MAC, &mac, &q);
    q.before[0] = moment(OP_NONCE, 0, 0, 20);
    q.before[1] = moment(OP_GENDIG, 2, 5, 4);
    q.c.before_count = 2;
    q.c.config[30] |= 0x10; /* slot 5: NoMac */
    expect_reason(&q, HD_WHY_TEMPKEY_NO_MAC);
}

static void test_an_empty_slot_may_be_a_counter_at_its_limit(void **state)
{
    struct hd_explanation e;
    struct question q;
    bool named = false;

    (void)state;
    pose(scene_of(HD_WHY_USES_MATCH), 2, &q); /* after a fixed nonce */
    assert_int_equal(hd_explain(&q.c, &e), HD_OK);
    assert_int_equal(e.why.why, HD_WHY_SLOT_NO_KEY);
    for (unsigned i = 0; i < e.or_else_count; i++) {
        named = named || strstr(e.or_else[i], "Counter 0 has reached") != NULL;
    }
    assert_true(named);
    /* The past shows that there is a key: the counter is left. */
    q.before[1] = q.before[0];
    q.before[0] = moment(OP_GENKEY, 4, 0, 0);
    q.c.before_count = 2;
    expect_reason(&q, HD_WHY_USES_MATCH);
}

/* Over single-wire the rules are the same, but for the pin. */
static void test_single_wire_changes_no_reason_but_the_pin(void **state)
{
    (void)state;
    for (size_t i = 0; i < scene_count; i++) {
        struct hd_explanation i2c, swi;
        struct question q;

        pose(&scenes[i], 1, &q);
        q.c.reason_only = true;
        assert_int_equal(hd_explain(&q.c, &i2c), HD_OK);
        q.c.swi = true;
        assert_int_equal(hd_explain(&q.c, &swi), HD_OK);
        if (i2c.why.why != swi.why.why) {
            fail_msg("%s over I2C, %s over single-wire",
                     hd_why_name((enum hd_why)i2c.why.why),
                     hd_why_name((enum hd_why)swi.why.why));
        }
    }
}

/* ---------------------------------------------------------------- statuses */

static void note_reason(void *ctx, const char *name, const char *sentence)
{
    unsigned *count = ctx;

    assert_true(strlen(name) > 2);
    assert_true(strlen(sentence) > 30);
    ++*count;
}

static void
test_every_error_has_advice_and_every_status_its_reasons(void **state)
{
    static const struct {
        int number;
        const char *name;
    } errors[] = {
#define ROW(name, number, sentence) {number, #name},
            HD_ERR_TABLE(ROW)
#undef ROW
    };

    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        const int err = errors[i].number;
        const uint8_t status = hd_explain_status_of(err);
        char ask[64];

        assert_non_null(hd_explain_advice(err));
        assert_true(strlen(hd_explain_advice(err)) > 15);
        assert_int_equal(hd_explain_err_named(errors[i].name), err);
        (void)snprintf(ask, sizeof ask, "`half explain --status 0x%02X ",
                       status);
        if (hd_err_is_refusal(err) && status != 0 &&
            !strstr(hd_strerror(err), ask)) {
            fail_msg("%s does not say: %s", errors[i].name, ask);
        }
    }
    assert_null(hd_explain_advice(1));
    assert_int_equal(hd_explain_err_named("HD_ERR_NONE"), 1);
}

static void test_every_reason_is_listed_under_its_status(void **state)
{
    unsigned count = 0;

    (void)state;
    for (unsigned status = 0; status < 256; status++) {
        (void)hd_explain_status((uint8_t)status, note_reason, &count);
    }
    assert_int_equal(count, HD_WHY_COUNT - 1);
}

/* Runs last. Walks vchip_reasons.def: a new reason needs an explanation. */
static void test_no_reason_is_left_without_an_explanation(void **state)
{
    unsigned missing = 0;

    (void)state;
    for (unsigned why = 1; why < HD_WHY_COUNT; why++) {
        if (!met[why]) {
            print_message("%s was never explained\n",
                          hd_why_name((enum hd_why)why));
            missing++;
        }
    }
    assert_int_equal(missing, 0);
}

/* ------------------------------------------------------------- sequences */

static enum hd_explain_verdict verdict_of(enum hd_why why,
                                          struct hd_explanation *e)
{
    for (size_t i = 0; i < scene_count; i++) {
        if (scenes[i].why == why) {
            struct question q;

            pose(&scenes[i], 0, &q);
            assert_int_equal(hd_explain(&q.c, e), HD_OK);
            return e->verdict;
        }
    }
    fail();
    return HD_EXPLAIN_NOT_FOUND;
}

static void test_what_is_missing_is_found(void **state)
{
    static const struct {
        enum hd_why why;
        uint8_t first; /* opcode of the first step */
        unsigned steps;
    } wanted[] = {
            {HD_WHY_TEMPKEY_EMPTY, OP_NONCE, 2},
            {HD_WHY_DIGEST_EMPTY, OP_NONCE, 2},
            {HD_WHY_ALTKEY_EMPTY, OP_NONCE, 2},
            {HD_WHY_SHA_NOT_STARTED, OP_SHA, 2},
            {HD_WHY_TEMPKEY_NOT_PRIVATE, OP_GENKEY, 2},
            {HD_WHY_LATCH_AUTH, OP_NONCE, 3},
            {HD_WHY_CONFIG_NOT_LOCKED, OP_LOCK, 2},
            {HD_WHY_WORD_BEFORE_LOCK, OP_WRITE, 1},
            {HD_WHY_LENGTH, OP_RANDOM, 1},
            {HD_WHY_MAC_MISMATCH, OP_NONCE, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        struct hd_explanation e;

        if (verdict_of(wanted[i].why, &e) != HD_EXPLAIN_STEPS_WORK ||
            e.count != wanted[i].steps ||
            e.steps[0].group[1] != wanted[i].first) {
            fail_msg("%s: verdict %d, %u steps, first 0x%02X",
                     hd_why_name(wanted[i].why), e.verdict, e.count,
                     e.steps[0].group[1]);
        }
    }
}

static void test_a_locked_bit_is_never_and_says_which_bit(void **state)
{
    static const enum hd_why whys[] = {HD_WHY_SIGN_EXTERNAL_OFF,
                                       HD_WHY_WRITE_NEVER, HD_WHY_READ_SECRET,
                                       HD_WHY_GENKEY_OFF};

    (void)state;
    for (size_t i = 0; i < sizeof whys / sizeof whys[0]; i++) {
        struct hd_explanation e;

        assert_int_equal(verdict_of(whys[i], &e), HD_EXPLAIN_NEVER);
        assert_int_equal(e.why.why, whys[i]);
        assert_int_not_equal(e.mask, 0); /* another value would allow it */
        assert_int_equal(e.mask, e.why.mask);
        assert_int_not_equal(e.value, e.why.value);
        assert_true(e.count > 0);
    }
}

static void test_another_part_that_knows_the_command_is_named(void **state)
{
    struct hd_explanation e;

    (void)state;
    assert_int_equal(verdict_of(HD_WHY_OPCODE, &e), HD_EXPLAIN_NEVER);
    assert_int_equal(e.models, HD_VMODEL_508A);
}

/* A real chip of these bits, whose keys are others: the promise holds where
 * no key is needed. */
static void test_the_sequence_works_on_another_chip(void **state)
{
    static struct rig r;
    struct hd_explanation e;

    (void)state;
    assert_int_equal(verdict_of(HD_WHY_DIGEST_EMPTY, &e),
                     HD_EXPLAIN_STEPS_WORK);
    for (size_t i = 0; i < scene_count; i++) {
        if (scenes[i].why == HD_WHY_DIGEST_EMPTY) {
            set_stage(&r, &scenes[i]);
        }
    }
    for (unsigned i = 0; i < e.count; i++) {
        const uint8_t *g = e.steps[i].group;

        expect_ok(&r, g[1], g[2], (uint16_t)(g[3] | g[4] << 8), g + 5,
                  e.steps[i].len - 7U);
    }
    rig_stop(&r);
}

static void test_a_wrong_mac_of_a_write_is_told_from_a_missing_key(void **state)
{
    struct hd_explanation e;
    struct question q;

    (void)state;
    for (size_t i = 0; i < scene_count; i++) {
        if (scenes[i].why == HD_WHY_WRITE_MAC) {
            pose(&scenes[i], 5, &q); /* GenDig with slot 5 */
        }
    }
    q.c.config[27] = 0x45; /* WriteKey of slot 3 */
    assert_int_equal(hd_explain(&q.c, &e), HD_OK);
    assert_int_equal(e.why.why, HD_WHY_WRITE_MAC);
    judge(HD_WHY_WRITE_MAC, e.reason);
    assert_int_equal(e.verdict, HD_EXPLAIN_STEPS_WORK);
    assert_true(e.steps[e.count - 1].computed);
    q.c.before_count = 0;
    assert_int_equal(hd_explain(&q.c, &e), HD_OK);
    assert_int_equal(e.why.why, HD_WHY_TEMPKEY_EMPTY);
    assert_int_equal(e.count, 3); /* Nonce, GenDig, Write */
}

static void test_the_right_checksum_of_the_zone_is_given(void **state)
{
    struct hd_explanation e;

    (void)state;
    assert_int_equal(verdict_of(HD_WHY_LOCK_CRC, &e), HD_EXPLAIN_STEPS_WORK);
    assert_int_equal(e.count, 1);
    assert_true(e.steps[0].computed);
    assert_true(e.steps[0].for_ever);
}

/* What a running session remembers has an end: then it says so. */
static void
test_a_long_past_is_forgotten_and_the_configuration_with_it(void **state)
{
    struct hd_history h = {.most = 8};
    const struct hd_moment info = moment(OP_INFO, 0, 0, 0);

    (void)state;
    h.known[3] = true;
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(hd_history_add(&h, &info), HD_OK);
        assert_false(h.forgot);
    }
    assert_int_equal(hd_history_add(&h, &info), HD_OK);
    assert_true(h.forgot);
    assert_int_equal(h.count, 1);
    assert_int_equal(hd_history_unknown(&h), HD_V_CONFIG_BYTES);
    hd_history_free(&h);
    assert_null(h.at);
}

static void test_what_is_no_group_is_refused(void **state)
{
    static const uint8_t bad[] = {9, 0x30, 0, 0, 0, 3, 0x5D};
    const struct hd_explain_case c = {.group = bad, .len = sizeof bad};
    struct hd_explanation e;

    (void)state;
    assert_int_equal(hd_explain(&c, &e), HD_ERR_LENGTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_each_scene_of_a_refusal_is_explained),
            cmocka_unit_test(test_a_broken_checksum_is_told),
            cmocka_unit_test(test_too_little_time_asks_for_idle_and_wake),
            cmocka_unit_test(test_a_gpio_pin_is_explained_on_single_wire),
            cmocka_unit_test(test_where_tempkey_came_from_is_seen_in_the_past),
            cmocka_unit_test(test_an_empty_slot_may_be_a_counter_at_its_limit),
            cmocka_unit_test(test_single_wire_changes_no_reason_but_the_pin),
            cmocka_unit_test(
                    test_every_error_has_advice_and_every_status_its_reasons),
            cmocka_unit_test(test_every_reason_is_listed_under_its_status),
            cmocka_unit_test(test_what_is_missing_is_found),
            cmocka_unit_test(test_a_locked_bit_is_never_and_says_which_bit),
            cmocka_unit_test(test_another_part_that_knows_the_command_is_named),
            cmocka_unit_test(test_the_sequence_works_on_another_chip),
            cmocka_unit_test(
                    test_a_wrong_mac_of_a_write_is_told_from_a_missing_key),
            cmocka_unit_test(test_the_right_checksum_of_the_zone_is_given),
            cmocka_unit_test(
                    test_a_long_past_is_forgotten_and_the_configuration_with_it),
            cmocka_unit_test(test_what_is_no_group_is_refused),
            cmocka_unit_test(test_no_reason_is_left_without_an_explanation),
    };

    return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
