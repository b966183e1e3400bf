/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every reason for a refusal is explained from the command, the configuration
 * and the locks alone, or with the commands that went before it; and the
 * sequences that an explanation promises are accepted by another chip.
 */
#include "scenes.h"

#include "explain/explain.h"

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

/*
 * What one command, its past and the configuration cannot show: it lies in
 * the slots or in the silicon. The explanation assumes it when the status
 * does not fit otherwise; a recording shows the rest.
 */
static const struct {
    enum hd_why why;
    const char *needs;
} unseen[] = {
        {HD_WHY_WATCHDOG, "the time since the wake"},
        {HD_WHY_WRITE_MAC, "a TempKey from a slot of the right kind: below"},
        {HD_WHY_SLOT_NO_KEY, "that the slot is empty"},
        {HD_WHY_USES_ENDED, "how far Counter 0 has counted"},
        {HD_WHY_USES_MATCH, "how far Counter 0 has counted"},
        {HD_WHY_USES_LAST_KEY, "how often the key was used"},
        {HD_WHY_COUNTER_END, "how far the counter has counted"},
        {HD_WHY_PUBKEY_NOT_VALID, "that the key in the slot is not validated"},
        {HD_WHY_TEMPKEY_NO_MAC, "which slot TempKey was made from"},
        {HD_WHY_GPIO_INPUT, "a single-wire bus"},
        {HD_WHY_GPIO_AUTH, "a single-wire bus"},
};

static bool cannot_be_seen(enum hd_why why)
{
    for (size_t i = 0; i < sizeof unseen / sizeof unseen[0]; i++) {
        if (unseen[i].why == why) {
            return true;
        }
    }
    return false;
}

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

static bool is_explained(const struct scene *s)
{
    for (unsigned n = 0; n < PASTS; n++) {
        struct question q;
        struct hd_explanation e;

        pose(s, n, &q);
        q.c.reason_only = true;
        assert_int_equal(hd_explain(&q.c, &e), HD_OK);
        assert_true(strlen(e.command) > 2);
        if (e.why.why == s->why) {
            assert_true(strlen(e.reason) > 30);
            return true;
        }
        if (e.then.why == s->why) {
            assert_true(strlen(e.then_reason) > 30);
            return true;
        }
    }
    return false;
}

static void test_each_reason_is_explained_or_says_what_it_needs(void **state)
{
    unsigned failed = 0;

    (void)state;
    for (size_t i = 0; i < scene_count; i++) {
        if (!is_explained(&scenes[i]) && !cannot_be_seen(scenes[i].why)) {
            print_message("%s is not explained\n", hd_why_name(scenes[i].why));
            failed++;
        }
    }
    assert_int_equal(failed, 0);
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
            cmocka_unit_test(
                    test_each_reason_is_explained_or_says_what_it_needs),
            cmocka_unit_test(test_what_is_missing_is_found),
            cmocka_unit_test(test_a_locked_bit_is_never_and_says_which_bit),
            cmocka_unit_test(test_another_part_that_knows_the_command_is_named),
            cmocka_unit_test(test_the_sequence_works_on_another_chip),
            cmocka_unit_test(
                    test_a_wrong_mac_of_a_write_is_told_from_a_missing_key),
            cmocka_unit_test(test_the_right_checksum_of_the_zone_is_given),
            cmocka_unit_test(test_what_is_no_group_is_refused),
    };

    return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
