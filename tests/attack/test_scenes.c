/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains, one by one: on a chip whose slots are all shut, a few fields are
 * set so that a chain leads somewhere, and one of them back, so that it does
 * not. Each yes is played again on a fresh chip.
 */
#include "configs.h"

#define SHUT 0x8F8F /* SlotConfig: secret, no reads, no writes */
#define KEY  0x005C /* KeyConfig: any secret, ReqRandom */

struct put {
    int slot; /* -1: the rest says which byte and what */
    uint16_t slot_config, key_config;
};

#define BYTE(at, value)                                                        \
    {                                                                          \
        -1, (at), (value)                                                      \
    }
#define OPEN(slot)                                                             \
    {                                                                          \
        (slot), 0x0F8F, KEY                                                    \
    } /* clear writes, no reads */

static const struct scene {
    const char *what;
    uint8_t goal, slot;
    struct put puts[6];
    struct put instead; /* and it is over */
} scenes[] = {
        {"a secret is read with a key that anyone writes",
         HD_GOAL_READ,
         5,
         {OPEN(4), {5, 0x8FC4, KEY}},
         {4, SHUT, KEY}},
        {"the read key is written with a key that anyone writes",
         HD_GOAL_READ,
         6,
         {OPEN(4), {5, 0x448F, KEY}, {6, 0x8FC5, KEY}},
         BYTE(88, 0xDF)}, /* slot 5 is locked */
        {"the read key is derived from a parent that anyone writes",
         HD_GOAL_READ,
         6,
         {OPEN(4), {5, 0x348F, KEY}, {6, 0x8FC5, KEY}},
         {5, 0x248F, KEY}}, /* Roll: from what nobody knows */
        {"a derived key is derived from again",
         HD_GOAL_READ,
         7,
         {OPEN(4), {5, 0x348F, KEY}, {6, 0x358F, KEY}, {7, 0x8FC6, KEY}},
         {4, SHUT, KEY}},
        {"the MAC that DeriveKey asks is made with a known parent",
         HD_GOAL_READ,
         6,
         {OPEN(4), {5, 0xB48F, KEY}, {6, 0x8FC5, KEY}},
         {4, SHUT, KEY}},
        {"a roll without MAC destroys a key",
         HD_GOAL_ROLL,
         5,
         {{5, 0x248F, KEY}},
         {5, 0xA48F, KEY}}, /* asks a MAC by slot 4 */
        {"a key that is read is rolled to a known one, with a known MAC",
         HD_GOAL_OVERWRITE,
         5,
         {OPEN(4), {5, 0xA40F, KEY}},
         {4, SHUT, KEY}},
        {"a slot is not read by way of itself",
         HD_GOAL_READ,
         8,
         {{8, 0x03CD, KEY}, {13, 0x480F, KEY}},
         {13, 0x488F, KEY}}, /* the read key could be read; now only set */
        {"PrivWrite with a key that anyone writes",
         HD_GOAL_OVERWRITE,
         2,
         {OPEN(4), {2, 0x4483, 0x0053}},
         {4, SHUT, KEY}},
        {"GenKey after authorisation with a key that asks for another",
         HD_GOAL_REGENERATE,
         2,
         {OPEN(4), {5, 0x0F8F, 0x04DC}, {2, 0x2083, 0x05D3}},
         {4, SHUT, KEY}},
        {"GenKey after a signature by his own public key",
         HD_GOAL_REGENERATE,
         2,
         {{11, 0x0F0F, 0x0010}, {2, 0x2083, 0x0BD3}},
         {11, 0x8F0F, 0x0010}},
        {"GenKey with the latch on, which a key that anyone writes switches",
         HD_GOAL_REGENERATE,
         2,
         {OPEN(4), {2, 0x2083, 0x1053}, BYTE(69, 0x84)},
         {4, SHUT, KEY}},
        {"three blocks of a public key, each with a new authorisation",
         HD_GOAL_TRUST,
         11,
         {OPEN(5), {4, 0x0F8F, 0x05DC}, {11, 0x440F, 0x0010}},
         {5, SHUT, KEY}},
        {"a parent's parent is replaceable",
         HD_GOAL_TRUST,
         15,
         {{13, 0x0F0F, 0x0010}, {14, 0x1F0D, 0x0012}, {15, 0x1F0E, 0x0012}},
         {13, 0x8F0F, 0x0010}},
        {"a validated key is its own parent",
         HD_GOAL_TRUST,
         15,
         {{15, 0x0F0F, 0x0012}},
         {15, 0x1F0F, 0x0012}}, /* a valid one takes no writes */
        {"a validated key with encrypted writes",
         HD_GOAL_TRUST,
         14,
         {OPEN(4), {13, 0x0F0F, 0x0010}, {14, 0x440D, 0x0012}},
         {4, SHUT, KEY}},
        {"a validated key in a locked slot is made invalid by a new parent",
         HD_GOAL_DESTROY,
         14,
         {{13, 0x0F0F, 0x0010}, {14, 0x1F0D, 0x0012}, BYTE(89, 0xBF)},
         {13, 0x8F0F, 0x0010}},
        {"secure boot takes the stored digest that he wrote",
         HD_GOAL_BOOT,
         0,
         {OPEN(7), BYTE(70, 0x03), BYTE(71, 0xF7)},
         {7, 0x8F0F, KEY}}, /* to be read: of the rightful firmware */
        {"secure boot takes a signature by the key that he wrote",
         HD_GOAL_BOOT,
         0,
         {{15, 0x0F0F, 0x0010}, BYTE(70, 0x01), BYTE(71, 0xF7)},
         {15, 0x8F0F, 0x0010}},
        {"secure boot with a nonce, and an IO protection key anyone writes",
         HD_GOAL_BOOT,
         0,
         {OPEN(7), OPEN(6), BYTE(70, 0x13), BYTE(71, 0xF7), BYTE(90, 0x02),
          BYTE(91, 0x60)},
         {6, SHUT, KEY}},
        {"an answer that the IO protection key vouches for",
         HD_GOAL_FORGE,
         0,
         {OPEN(6), BYTE(90, 0x02), BYTE(91, 0x60)},
         BYTE(90, 0x00)},
        {"a shared secret that leaves encrypted with a key anyone writes",
         HD_GOAL_AGREE,
         0,
         {OPEN(6), {0, 0x0085, 0x0053}, BYTE(90, 0x02), BYTE(91, 0x61)},
         {6, SHUT, KEY}},
        {"CheckMac copies the slot above into TempKey, and MAC answers",
         HD_GOAL_MAC,
         5,
         {OPEN(4), {5, 0x8F90, KEY}},
         {5, 0x8F9F, KEY}}, /* ReadKey is not 0 */
        {"uses are run up",
         HD_GOAL_EXHAUST,
         5,
         {{5, 0x8FAF, KEY}},
         {5, SHUT, KEY}},
        {"another address, for ever",
         HD_GOAL_ADDRESS,
         0,
         {BYTE(19, 0x01)},
         BYTE(85, 0xC0)},
        {"a slot is locked with what is in it",
         HD_GOAL_FREEZE,
         5,
         {{5, SHUT, KEY | 0x20}},
         {5, SHUT, KEY}},
};

static void put16(uint8_t *at, unsigned word)
{
    at[0] = (uint8_t)word;
    at[1] = (uint8_t)(word >> 8);
}

static void apply(uint8_t config[128], const struct put *p)
{
    if (p->slot < 0) {
        config[p->slot_config] = (uint8_t)p->key_config;
    } else if (p->slot_config != 0) {
        put16(config + 20 + 2 * (size_t)p->slot, p->slot_config);
        put16(config + 96 + 2 * (size_t)p->slot, p->key_config);
    }
}

static void shut(uint8_t config[128])
{
    load_sample(&samples[6], config);
    config[86] = config[87] = 0;
    for (int slot = 0; slot < 16; slot++) {
        apply(config, &(struct put){slot, SHUT, KEY});
    }
}

static bool works(const uint8_t config[128], const struct scene *s)
{
    struct hd_attack *a =
            hd_attack_run(config, HD_VMODEL_608B, HD_ATTACK_QUICK, NULL, NULL);
    const struct hd_attack_yes *y;
    bool yes;

    assert_non_null(a);
    y = sure(a, (enum hd_goal)s->goal, s->slot);
    yes = y != NULL;
    if (y && !hd_attack_replay(a, y)) {
        fail_msg("%s: does not replay", s->what);
    }
    hd_attack_free(a);
    return yes;
}

static void each_chain_works_until_one_field_is_put_right(void **state)
{
    uint8_t config[128];

    (void)state;
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
        const struct scene *s = &scenes[i];

        shut(config);
        for (unsigned k = 0; k < 6; k++) {
            apply(config, &s->puts[k]);
        }
        if (!works(config, s)) {
            fail_msg("%s: the attacker finds no way", s->what);
        }
        apply(config, &s->instead);
        if (works(config, s)) {
            fail_msg("%s: works all the same", s->what);
        }
    }
}

static void a_chip_that_is_shut_gives_nothing(void **state)
{
    uint8_t config[128];

    (void)state;
    shut(config);
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
        const struct scene *s = &scenes[i];

        /* a secret that answers challenges is no more than that */
        if (s->goal != HD_GOAL_MAC) {
            assert_false(works(config, s));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(each_chain_works_until_one_field_is_put_right),
            cmocka_unit_test(a_chip_that_is_shut_gives_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
