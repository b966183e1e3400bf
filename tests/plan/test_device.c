/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The finished device of the policy connected-device, sentence by sentence:
 * what docs/default-policy.md promises, and why the chip refuses the rest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "halfdollar/crypto_openssl.h"

#include "rig.h"

enum {
    IDENTITY = 0,
    ATTESTATION = 1,
    UPDATE_KEY = 3,
    SPARE_KEY = 4,
    SECRET = 5,
    IO_KEY = 6,
    DEVICE_CERT = 10,
    SIGNER_CERT = 12,
    BOOT_KEY = 15
};

/* Provisioned, with its certificates, and open. */
static void make_device(struct bench *b)
{
    struct hd_policy_error why;

    new_bench(b, "connected-device");
    for (unsigned slot = DEVICE_CERT; slot <= SIGNER_CERT; slot++) {
        memset(b->contents.slot[slot], 0xCE, 32);
        assert_int_equal(hd_plan_fill(&b->contents, &b->policy, slot, &why),
                         HD_OK);
    }
    assert_int_equal(apply(b), HD_OK);
    assert_int_equal(
            hd_chip_open(&b->chip, &hd_sim_bus, &b->sim, &hd_crypto_openssl),
            HD_OK);
}

static void end(struct bench *b)
{
    hd_chip_close(&b->chip);
    hd_vchip_free(&b->vchip);
}

/* A refusal by the chip, for this reason. */
#define assert_refused(bench, call, reason)                                    \
    do {                                                                       \
        assert_true(hd_err_is_refusal(call));                                  \
        assert_string_equal(                                                   \
                hd_why_name(hd_vchip_refusal(&(bench)->vchip)->why), reason);  \
    } while (0)

static void test_the_identity_signs_and_does_nothing_else(void **state)
{
    uint8_t pub[64], sig[64], out[64], digest[32] = {1}, d[32] = {[31] = 1};
    struct bench b;

    (void)state;
    make_device(&b);
    assert_int_equal(hd_chip_pubkey(&b.chip, IDENTITY, pub), HD_OK);
    assert_int_equal(hd_chip_sign(&b.chip, IDENTITY, digest, sig), HD_OK);
    assert_int_equal(hd_chip_verify(&b.chip, digest, sig, pub), HD_OK);
    assert_int_equal(hd_chip_verify_mac(&b.chip, digest, sig, pub, 0,
                                        b.contents.slot[IO_KEY]),
                     HD_OK);
    assert_refused(&b, hd_chip_read(&b.chip, HD_ZONE_DATA, 0, 0, out, 32),
                   "SLOT_PRIVATE");
    assert_refused(&b, hd_chip_genkey(&b.chip, IDENTITY, out), "GENKEY_OFF");
    assert_refused(&b, hd_chip_privwrite(&b.chip, IDENTITY, d),
                   "PRIVWRITE_OFF");
    assert_refused(&b,
                   hd_chip_privwrite_encrypted(&b.chip, IDENTITY, d, SECRET,
                                               b.contents.slot[SECRET]),
                   "PRIVWRITE_OFF");
    assert_refused(&b, hd_chip_ecdh(&b.chip, IDENTITY, generator, out),
                   "ECDH_OFF");
    assert_refused(&b, hd_chip_lock_slot(&b.chip, IDENTITY),
                   "SLOT_NOT_LOCKABLE");
    end(&b);
}

static void test_attestation_and_update_key_sign_no_digests(void **state)
{
    uint8_t sig[64], digest[32] = {1};
    struct bench b;

    (void)state;
    make_device(&b);
    assert_true(
            hd_err_is_refusal(hd_chip_sign(&b.chip, ATTESTATION, digest, sig)));
    assert_true(
            hd_err_is_refusal(hd_chip_sign(&b.chip, UPDATE_KEY, digest, sig)));
    assert_int_equal(hd_chip_sign(&b.chip, SPARE_KEY, digest, sig), HD_OK);
    end(&b);
}

static void test_trust_anchors_and_secrets_cannot_be_written(void **state)
{
    static const uint16_t slots[] = {5, 6, 7, 9, 13, 15};
    const uint8_t zeros[72] = {0};
    struct bench b;

    (void)state;
    make_device(&b);
    for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        assert_refused(
                &b,
                hd_chip_write(&b.chip, HD_ZONE_DATA, slots[i], 0, zeros, 32),
                "WRITE_NEVER");
    }
    for (unsigned slot = DEVICE_CERT; slot <= SIGNER_CERT; slot++) {
        assert_refused(&b,
                       hd_chip_write(&b.chip, HD_ZONE_DATA, (uint16_t)slot, 0,
                                     zeros, 32),
                       "SLOT_LOCKED");
    }
    end(&b);
}

static void test_ecdh_results_leave_the_chip_encrypted_only(void **state)
{
    uint8_t clear[32], secret[32], pub[64];
    struct bench b;

    (void)state;
    make_device(&b);
    assert_int_not_equal(hd_chip_ecdh(&b.chip, UPDATE_KEY, generator, clear),
                         HD_OK);
    assert_int_equal(hd_chip_ecdh_io(&b.chip, UPDATE_KEY, generator,
                                     b.contents.slot[IO_KEY], secret),
                     HD_OK);
    /* ECDH with the generator gives the X of the public key itself */
    assert_int_equal(hd_chip_pubkey(&b.chip, UPDATE_KEY, pub), HD_OK);
    assert_memory_equal(secret, pub, 32);
    end(&b);
}

static void test_what_was_brought_is_what_can_be_read(void **state)
{
    uint8_t got[72];
    struct bench b;

    (void)state;
    make_device(&b);
    for (unsigned slot = DEVICE_CERT; slot <= BOOT_KEY; slot++) {
        assert_int_equal(hd_chip_read(&b.chip, HD_ZONE_DATA, (uint16_t)slot, 0,
                                      got, sizeof got),
                         HD_OK);
        assert_memory_equal(got, b.contents.slot[slot], sizeof got);
    }
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_the_identity_signs_and_does_nothing_else),
            cmocka_unit_test(test_attestation_and_update_key_sign_no_digests),
            cmocka_unit_test(test_trust_anchors_and_secrets_cannot_be_written),
            cmocka_unit_test(test_ecdh_results_leave_the_chip_encrypted_only),
            cmocka_unit_test(test_what_was_brought_is_what_can_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
