/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of `half policy show` against a virtual chip that holds the
 * bytes: for each slot, what the words promise is tried, and what they deny
 * is tried too. Over all recipes, the published configurations and random
 * ones. The chip's rules were written without these words.
 */
#include "policy_test.h"

#include "policy/view.h"
#include "rig.h"

static struct rig rig;
static uint8_t key[32], public_key[64];

/* Both zones locked, slots filled with what they are for. */
static void load_chip(const struct hd_policy *p)
{
    rig_power(&rig);
    memcpy(rig.chip.ee + 16, p->config + 16, 112);
    rig.chip.ee[16] = 0xC0;
    rig.chip.ee[85] = 0;
    for (unsigned i = 0; i < 16; i++) {
        if (p->slots[i].lock == HD_LOCK_FILLED) {
            rig.chip.ee[88 + i / 8] &= (uint8_t) ~(1U << i % 8);
        }
        uint8_t kind = hd_policy_kind(p->config, i);
        if (kind == HD_KIND_PRIVATE) {
            poke_slot(&rig, i, 4, key, sizeof key);
        } else if (kind == HD_KIND_PUBLIC && i >= 8) {
            poke_public(&rig, i, public_key);
        }
    }
    static const uint8_t limit[8] = {0, 0, 16, 0, 0, 0, 16, 0};
    if (p->config[18] & 1) {
        poke_slot(&rig, p->config[18] >> 4, 0, limit, sizeof limit);
    }
    poke_locks(&rig, LOCKED);
    rig_power(&rig);
}

static bool try(const struct hd_policy *p, uint8_t op, uint8_t p1, uint16_t p2,
                const void *data, size_t len)
{
    uint8_t challenge[32] = {1};

    load_chip(p);
    if (op == OP_SIGN) {
        assert_int_equal(rig_run(&rig, OP_NONCE, 0x03, 0, challenge, 32), 0);
    }
    return rig_run(&rig, op, p1, p2, data, len) == 0;
}

static void expect(bool promised, bool done, const char *what, unsigned slot,
                   const struct hd_policy_view *v, const char *whose)
{
    if (promised != done) {
        fail_msg("%s, slot %u: the words %s %s, the chip %s it\n"
                 "%s; read: %s; write: %s; renew: %s; use: %s",
                 whose, slot, promised ? "promise" : "deny", what,
                 done ? "does" : "refuses", v->type, v->read, v->write,
                 v->renew, v->use);
    }
}

static bool says(const struct hd_policy_view *v, const char *words)
{
    return strstr(v->use, words) != NULL;
}

static void check_slot(const struct hd_policy *p, unsigned slot,
                       const char *whose)
{
    struct hd_policy_view v;
    uint8_t bytes[32] = {0x40};
    uint8_t kind = hd_policy_kind(p->config, slot);
    uint16_t address = (uint16_t)(slot << 3);

    hd_policy_view_slot(p, slot, &v);
    bool free = !says(&v, "after proving") && !says(&v, "while the latch");
    expect(strcmp(v.read, "anyone") == 0,
           try(p, OP_READ, 0x82, address, NULL, 0), "reading", slot, &v, whose);
    expect(strcmp(v.write, "anyone") == 0 ||
                   strcmp(v.write, "until-valid") == 0,
           try(p, OP_WRITE, 0x82, address, bytes, 32), "writing", slot, &v,
           whose);
    expect(kind == HD_KIND_PRIVATE && free && strcmp(v.renew, "anyone") == 0,
           try(p, OP_GENKEY, 0x04, (uint16_t)slot, NULL, 0), "GenKey", slot, &v,
           whose);
    expect(free && says(&v, "signs any digest"),
           try(p, OP_SIGN, 0x80, (uint16_t)slot, NULL, 0), "signing", slot, &v,
           whose);
    bool agreed = try(p, OP_ECDH, 0x0C, (uint16_t)slot, public_key, 64);
    expect(free && says(&v, "leaves in clear"), agreed && rig.len == 32,
           "ECDH in clear", slot, &v, whose);
    if (kind == HD_KIND_SECRET && strcmp(v.type, "secret") == 0) {
        expect(free && says(&v, "makes MACs") && !says(&v, "fresh nonce"),
               try(p, OP_MAC, 0x00, (uint16_t)slot, bytes, 32), "a MAC", slot,
               &v, whose);
    }
}

static void check_policy(const struct hd_policy *p, const char *whose)
{
    for (unsigned slot = 0; slot < 16; slot++) {
        check_slot(p, slot, whose);
    }
}

static int start(void **state)
{
    (void)state;
    test_key(7, key, public_key);
    rig_start(&rig, "608b", 1);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    rig_stop(&rig);
    return 0;
}

static void test_the_chip_does_what_the_recipes_say(void **state)
{
    static struct hd_policy p;

    (void)state;
    for (const struct hd_policy_recipe *r = hd_policy_recipes; r->name; r++) {
        must_load(r->text, r->len, &p);
        check_policy(&p, r->name);
    }
}

static void test_the_chip_does_what_is_said_of_published_ones(void **state)
{
    static const char *const names[] = {
            "tests/data/configs/arduino-default-tls-608a.hex",
            "tests/data/configs/blank-608a.hex",
            "tests/data/configs/cryptoauthlib-test-608.hex",
            "tests/data/configs/seed-notebook.hex",
            "tests/data/configs/tflxtls-608b.hex"};
    static struct hd_policy p;
    struct hd_policy_error why;
    uint8_t config[128];

    (void)state;
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        read_config(names[i], config);
        assert_int_equal(hd_policy_from_config(config, &p, &why), HD_OK);
        check_policy(&p, names[i]);
    }
}

/* Permissions at random; what is not about permissions stays quiet. */
static void random_config(uint64_t *x, uint8_t config[128])
{
    static const uint8_t types[] = {4, 4, 4, 6, 7, 7, 7, 7};

    read_config("configs/connected-device.hex", config);
    test_bytes(x, config + 20, 32);
    test_bytes(x, config + 88, 2);
    test_bytes(x, config + 96, 32);
    config[91] = (uint8_t)((config[91] & 0xFC) | test_random(x) % 3);
    for (unsigned i = 0; i < 16; i++) {
        uint8_t type = types[test_random(x) % 8];
        bool may_be_private = type == 4;
        config[96 + 2 * i] &= 0xE2;
        config[96 + 2 * i] |= (uint8_t)(type << 2);
        config[96 + 2 * i] |= may_be_private && test_random(x) % 2;
        config[97 + 2 * i] &= 0xDF; /* RFU */
    }
}

static void test_the_chip_does_what_is_said_of_random_ones(void **state)
{
    static struct hd_policy p;
    struct hd_policy_error why;
    uint8_t config[128];
    uint64_t x = 608;

    (void)state;
    for (unsigned n = 0; n < 1000; n++) {
        char whose[32];
        (void)snprintf(whose, sizeof whose, "random configuration %u", n);
        random_config(&x, config);
        assert_int_equal(hd_policy_from_config(config, &p, &why), HD_OK);
        check_policy(&p, whose);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_the_chip_does_what_the_recipes_say),
            cmocka_unit_test(test_the_chip_does_what_is_said_of_published_ones),
            cmocka_unit_test(test_the_chip_does_what_is_said_of_random_ones),
    };

    return cmocka_run_group_tests_name("policy: words against a chip", tests,
                                       start, stop);
}
