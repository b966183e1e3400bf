/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stories that the recipes promise, told by a virtual chip: a fresh chip
 * is given the recipe's bytes and keys, both zones are locked, and then the
 * host does what it would do in the field. Digests: OpenSSL.
 */
#include "policy_test.h"

#include "rig.h"

static struct rig rig;
static struct hd_policy policy;
static uint8_t secret[16][32]; /* of slots that hold one */
static uint8_t serial[9];

static unsigned slot_of(const char *name)
{
    for (unsigned i = 0; i < 16; i++) {
        if (strcmp(policy.slots[i].name, name) == 0) {
            return i;
        }
    }
    fail_msg("%s has no slot '%s'", policy.name, name);
    return 0;
}

static uint8_t run(uint8_t op, uint8_t p1, unsigned p2, const void *data,
                   size_t len)
{
    rig_wake(&rig);
    return rig_run(&rig, op, p1, (uint16_t)p2, data, len);
}

static void must(uint8_t op, uint8_t p1, unsigned p2, const void *data,
                 size_t len)
{
    rig_wake(&rig);
    expect_ok(&rig, op, p1, (uint16_t)p2, data, len);
}

/* By commands alone, as a station would: configuration, lock, keys, lock. */
static void provision(const char *recipe, const void *limit,
                      const char *limit_slot)
{
    const struct hd_policy_recipe *r = hd_policy_recipes;
    static uint8_t seed = 1;
    uint64_t x = 42;

    while (strcmp(r->name, recipe) != 0) {
        r++;
    }
    must_load(r->text, r->len, &policy);
    rig_start(&rig, "608b", seed++);
    for (unsigned word = 4; word < 32; word++) {
        if (word != 21) {
            must(OP_WRITE, 0x00, word, policy.config + 4 * word, 4);
        }
    }
    must(OP_LOCK, 0x80, 0, NULL, 0);
    for (unsigned i = 0; i < 16; i++) {
        if (policy.slots[i].content == HD_CONTENT_BORN) {
            must(OP_GENKEY, 0x04, i, NULL, 0);
        } else if (policy.slots[i].content == HD_CONTENT_UNIQUE) {
            test_bytes(&x, secret[i], 32);
            must(OP_WRITE, 0x82, i << 3, secret[i], 32);
        }
    }
    if (limit) {
        must(OP_WRITE, 0x82, slot_of(limit_slot) << 3, limit, 32);
    }
    must(OP_LOCK, 0x81, 0, NULL, 0);
    memcpy(serial, rig.chip.ee, 4);
    memcpy(serial + 4, rig.chip.ee + 8, 5);
}

/* Nonce; the value of TempKey as the host computes it. */
static void nonce(uint8_t tempkey[32])
{
    uint8_t message[55] = {0};

    must(OP_NONCE, 0x00, 0, message + 32, 20);
    memcpy(message, rig.answer, 32);
    message[52] = OP_NONCE;
    test_sha256(message, sizeof message, tempkey);
}

/* docs/chip part 2, 4.1: mode 1, the key and TempKey. */
static void test_mac(unsigned slot, const uint8_t tempkey[32], uint8_t mac[32])
{
    uint8_t message[88] = {0};

    memcpy(message, secret[slot], 32);
    memcpy(message + 32, tempkey, 32);
    message[64] = OP_MAC;
    message[65] = 0x01;
    message[66] = (uint8_t)slot;
    message[79] = serial[8];
    message[84] = serial[0];
    message[85] = serial[1];
    test_sha256(message, sizeof message, mac);
}

/* docs/chip part 2, 4.2, OtherData all zero. */
static uint8_t prove(const char *name)
{
    uint8_t message[88] = {0};
    uint8_t data[77] = {0};
    unsigned slot = slot_of(name);

    nonce(message + 32);
    memcpy(message, secret[slot], 32);
    message[79] = serial[8];
    message[84] = serial[0];
    message[85] = serial[1];
    test_sha256(message, sizeof message, data + 32);
    return rig_run(&rig, OP_CHECKMAC, 0x01, (uint16_t)slot, data, sizeof data);
}

static uint8_t sign(const char *name)
{
    uint8_t digest[32] = {7};

    expect_ok(&rig, OP_NONCE, 0x03, 0, digest, 32);
    return rig_run(&rig, OP_SIGN, 0x80, (uint16_t)slot_of(name), NULL, 0);
}

static uint8_t sign_afresh(const char *name)
{
    rig_reset(&rig); /* authorisations are forgotten */
    return sign(name);
}

static void signature_must_fit(const char *name)
{
    uint8_t digest[32] = {7};
    uint8_t signature[64];

    assert_int_equal(rig.len, 64);
    memcpy(signature, rig.answer, 64);
    must(OP_GENKEY, 0x00, slot_of(name), NULL, 0);
    assert_true(test_verify(rig.answer, digest, signature));
}

#define REFUSED 0x0F

static void nobody_replaces(const char *name)
{
    uint8_t bytes[68] = {0};

    assert_int_equal(run(OP_GENKEY, 0x04, slot_of(name), NULL, 0), REFUSED);
    assert_int_equal(run(OP_PRIVWRITE, 0x40, slot_of(name), bytes, 68),
                     REFUSED);
    assert_int_equal(run(OP_WRITE, 0x82, slot_of(name) << 3, bytes, 32),
                     REFUSED);
    assert_int_equal(run(OP_READ, 0x82, slot_of(name) << 3, NULL, 0), REFUSED);
}

static void test_jwt_only_signs_and_cannot_be_replaced(void **state)
{
    (void)state;
    provision("jwt-only", NULL, NULL);
    assert_int_equal(sign_afresh("identity"), 0);
    signature_must_fit("identity");
    nobody_replaces("identity");
    rig_stop(&rig);
}

static void test_connected_device_keeps_its_keys_apart(void **state)
{
    (void)state;
    provision("connected-device", NULL, NULL);
    assert_int_equal(sign_afresh("identity"), 0);
    signature_must_fit("identity");
    assert_int_equal(sign_afresh("attestation"), REFUSED);
    assert_int_equal(sign_afresh("update-key"), REFUSED);
    nobody_replaces("identity");
    nobody_replaces("attestation");
    nobody_replaces("update-key");
    assert_int_equal(run(OP_READ, 0x82, slot_of("io-key") << 3, NULL, 0),
                     REFUSED);
    uint8_t d[32];
    uint8_t peer[64];
    test_key(3, d, peer);
    /* the secret leaves encrypted, whatever was asked for */
    must(OP_ECDH, 0x0C, slot_of("update-key"), peer, 64);
    assert_int_equal(rig.len, 64);
    rig_stop(&rig);
}

static void test_an_accessory_answers_so_often_and_no_more(void **state)
{
    uint8_t limit[32] = {32, 0, 0, 0, 32};
    uint8_t tempkey[32];
    uint8_t mac[32];

    (void)state;
    provision("accessory", limit, "use-limit");
    unsigned slot = slot_of("genuine-key");
    for (unsigned i = 0; i < 32; i++) {
        nonce(tempkey);
        expect_ok(&rig, OP_MAC, 0x01, (uint16_t)slot, NULL, 0);
        test_mac(slot, tempkey, mac);
        assert_memory_equal(rig.answer, mac, 32);
    }
    nonce(tempkey);
    assert_int_equal(rig_run(&rig, OP_MAC, 0x01, (uint16_t)slot, NULL, 0),
                     REFUSED);
    assert_int_equal(run(OP_WRITE, 0x82, slot_of("use-limit") << 3, limit, 32),
                     REFUSED);
    assert_int_equal(sign_afresh("identity"), 0);
    rig_stop(&rig);
}

static void test_a_station_signs_its_order_for_its_operator(void **state)
{
    uint8_t limit[32] = {32, 0, 0, 0, 32};

    (void)state;
    provision("signing-station", limit, "order-size");
    assert_int_equal(sign_afresh("issuer"), REFUSED);
    for (unsigned i = 0; i < 32; i++) {
        assert_int_equal(prove("operator"), 0);
        assert_int_equal(sign("issuer"), 0);
        /* one proof, one signature */
        assert_int_equal(sign("issuer"), REFUSED);
    }
    assert_int_equal(prove("operator"), 0);
    assert_int_equal(sign("issuer"), REFUSED);
    nobody_replaces("issuer");
    assert_int_equal(sign_afresh("station"), 0);
    rig_stop(&rig);
}

static void test_a_gateway_uses_service_keys_after_good_firmware(void **state)
{
    (void)state;
    provision("gateway", NULL, NULL);
    assert_int_equal(sign_afresh("identity"), 0);
    assert_int_equal(sign_afresh("service-a"), REFUSED);
    assert_int_equal(prove("operator"), REFUSED); /* latch is 0 */
    assert_int_equal(run(0x30, 0x04, 0x0003, NULL, 0), REFUSED);
    rig.chip.latch = true; /* what SecureBoot does; tests/vcmds proves it */
    assert_int_equal(prove("operator"), 0);
    assert_int_equal(sign("service-a"), 0);
    assert_int_equal(prove("operator"), 0);
    assert_int_equal(rig_run(&rig, OP_GENKEY, 0x04,
                             (uint16_t)slot_of("service-b"), NULL, 0),
                     0);
    assert_int_equal(run(OP_GENKEY, 0x04, slot_of("service-b"), NULL, 0),
                     REFUSED);
    nobody_replaces("identity");
    rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_jwt_only_signs_and_cannot_be_replaced),
            cmocka_unit_test(test_connected_device_keeps_its_keys_apart),
            cmocka_unit_test(test_an_accessory_answers_so_often_and_no_more),
            cmocka_unit_test(test_a_station_signs_its_order_for_its_operator),
            cmocka_unit_test(
                    test_a_gateway_uses_service_keys_after_good_firmware),
    };

    return cmocka_run_group_tests_name("policy: recipes", tests, NULL, NULL);
}
