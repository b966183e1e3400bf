/* SPDX-License-Identifier: Apache-2.0 */
/* The step-by-step form, holding, watchdog budget, and misuse. */
#include "calls.h"

static void test_a_poll_makes_at_most_one_transfer(void **state)
{
    static struct rig r;
    uint8_t sig[64], out[72], digest[32];
    int rc = HD_PENDING;

    (void)state;
    rig_start(&r, RIG_608B);
    for (int op = 0; op < 3; op++) {
        if (op == 0) {
            rc = hd_chip_sign_start(&r.c, 0, rig_digest, sig);
        } else if (op == 1) {
            rc = hd_chip_read_encrypted_start(&r.c, 10, 0, out, 72, 5,
                                              rig_key5);
        } else {
            rc = hd_chip_sha256_start(&r.c, out, 72, digest);
        }
        assert_int_equal(rc, HD_OK);
        do {
            unsigned before = r.transfers;
            rc = hd_chip_poll(&r.c);
            assert_in_range(r.transfers - before, 0, 1);
            hd_vbus_advance(&r.bus, 100000);
        } while (rc == HD_PENDING);
        assert_int_equal(rc, HD_OK);
        assert_int_equal(hd_chip_poll(&r.c), HD_ERR_STATE);
    }
    assert_true(rig_verify(r.pub0, rig_digest, sig));
    rig_stop(&r);
}

static void test_a_poll_before_it_is_due_leaves_the_bus_alone(void **state)
{
    static struct rig r;
    uint8_t out[32];
    unsigned before;

    (void)state;
    rig_start(&r, RIG_608B);
    assert_int_equal(hd_chip_random_start(&r.c, out), HD_OK);
    assert_int_equal(hd_chip_poll(&r.c), HD_PENDING); /* the wake pulse */
    before = r.transfers;
    assert_int_equal(hd_chip_poll(&r.c), HD_PENDING);
    assert_int_equal(r.transfers, before);
    hd_vbus_advance(&r.bus, 1000ULL * (hd_chip_due_us(&r.c) -
                                       (uint32_t)(r.bus.now_ns / 1000)));
    assert_int_equal(hd_chip_poll(&r.c), HD_PENDING);
    assert_int_equal(r.transfers, before + 1);
    assert_int_equal(hd_chip_wait(&r.c), HD_OK);
    rig_stop(&r);
}

static void test_a_second_start_ends_both(void **state)
{
    static struct rig r;
    uint8_t sig[64], pub[64];

    (void)state;
    rig_start(&r, RIG_608B);
    assert_int_equal(hd_chip_sign_start(&r.c, 0, rig_digest, sig), HD_OK);
    assert_int_equal(hd_chip_pubkey_start(&r.c, 0, pub), HD_ERR_STATE);
    assert_int_equal(hd_chip_wait(&r.c), HD_ERR_STATE);
    assert_int_equal(r.locks, 0);
    assert_int_equal(hd_chip_pubkey(&r.c, 0, pub), HD_OK);
    assert_memory_equal(pub, r.pub0, 64);
    rig_stop(&r);
}

static void test_one_wake_serves_a_whole_held_sequence(void **state)
{
    static struct rig r;
    uint8_t sig[64];
    uint32_t woken;

    (void)state;
    rig_start(&r, RIG_608B);
    assert_int_equal(hd_chip_hold(&r.c), HD_OK);
    assert_int_equal(r.locks, 1);
    woken = r.c.awake_us;
    assert_int_equal(hd_chip_sign(&r.c, 0, rig_digest, sig), HD_OK);
    assert_int_equal(hd_chip_verify(&r.c, rig_digest, sig, r.pub0), HD_OK);
    assert_int_equal(r.c.awake_us, woken);
    assert_int_equal(hd_chip_release(&r.c), HD_OK);
    assert_int_equal(r.locks, 0);
    assert_int_equal(r.v.state, HD_V_IDLE);
    rig_stop(&r);
}

static void
test_a_sequence_longer_than_the_watchdog_keeps_registers(void **state)
{
    static struct rig r;
    uint8_t sig[64];
    size_t len;

    (void)state;
    rig_start(&r, RIG_608B);
    r.v.speed = HD_V_MAXIMUM;
    assert_int_equal(hd_chip_hold(&r.c), HD_OK);
    for (int i = 0; i < 20; i++) { /* 2.7 s of commands */
        assert_int_equal(
                hd_chip_nonce_load(&r.c, HD_NONCE_TEMPKEY, rig_digest, 32),
                HD_OK);
        assert_int_equal(
                hd_chip_command(&r.c, 0x41, 0x80, 0, NULL, 0, sig, 64, &len),
                HD_OK);
        assert_true(rig_verify(r.pub0, rig_digest, sig));
    }
    assert_int_equal(hd_chip_release(&r.c), HD_OK);
    rig_stop(&r);
}

static void test_a_held_chip_that_fell_asleep_is_reported(void **state)
{
    static struct rig r;
    uint8_t sig[64], mac[32];

    (void)state;
    rig_start(&r, RIG_608B);
    assert_int_equal(hd_chip_hold(&r.c), HD_OK);
    assert_int_equal(hd_chip_nonce_load(&r.c, HD_NONCE_TEMPKEY, rig_digest, 32),
                     HD_OK);
    hd_vbus_advance(&r.bus, 3000000000ULL); /* the watchdog bites */
    assert_int_equal(hd_chip_mac(&r.c, 0x05, 12, NULL, mac), HD_ERR_RESTARTED);
    assert_int_equal(hd_chip_sign(&r.c, 0, rig_digest, sig), HD_OK);
    assert_int_equal(hd_chip_release(&r.c), HD_OK);
    rig_stop(&r);
}

static void test_a_slow_clock_needs_the_long_watchdog(void **state)
{
    static struct rig r;
    uint8_t sig[64];

    (void)state;
    rig_start(&r, RIG_608B);
    rig_sign(rig_parent_d, rig_digest, sig);
    hd_chip_close(&r.c);
    r.v.ee[19] = 0x68; /* M2, short watchdog */
    assert_int_equal(hd_chip_open(&r.c, &r.port, &r, &hd_crypto_openssl),
                     HD_OK);
    assert_int_equal(hd_chip_verify(&r.c, rig_digest, sig, rig_parent_pub),
                     HD_ERR_WATCHDOG);
    assert_int_equal(hd_chip_sign(&r.c, 0, rig_digest, sig), HD_OK);
    hd_chip_close(&r.c);
    r.v.ee[19] = 0x6C; /* M2, long watchdog */
    rig_sign(rig_parent_d, rig_digest, sig);
    assert_int_equal(hd_chip_open(&r.c, &r.port, &r, &hd_crypto_openssl),
                     HD_OK);
    assert_int_equal(hd_chip_verify(&r.c, rig_digest, sig, rig_parent_pub),
                     HD_OK);
    rig_stop(&r);
}

static void test_a_careful_handle_does_not_repeat_a_lost_command(void **state)
{
    static const struct hd_fault brownout = {
            HD_FAULT_BROWNOUT, 0x41, 0, 1, 0, 0, {0}};
    static struct rig r;
    uint8_t sig[64];

    (void)state;
    rig_start(&r, RIG_608B);
    hd_chip_careful(&r.c, true);
    assert_int_equal(hd_vchip_fault(&r.v, &brownout), HD_OK);
    assert_int_equal(hd_chip_sign(&r.c, 2, rig_digest, sig), HD_ERR_UNSURE);
    hd_chip_careful(&r.c, false);
    assert_int_equal(hd_vchip_fault(&r.v, &brownout), HD_OK);
    assert_int_equal(hd_chip_sign(&r.c, 2, rig_digest, sig), HD_OK);
    rig_stop(&r);
}

static void test_an_interposer_cannot_forge_a_proven_verdict(void **state)
{
    static const struct hd_fault forge = {HD_FAULT_REWRITE, 0x45, 0, 0, 0, 32,
                                          {1, 2, 3}};
    static struct rig r;
    uint8_t sig[64];

    (void)state;
    rig_start(&r, RIG_608B);
    rig_sign(rig_parent_d, rig_digest, sig);
    sig[1] ^= 1;
    assert_int_equal(hd_vchip_fault(&r.v, &forge), HD_OK);
    assert_int_equal(hd_chip_verify_mac(&r.c, rig_digest, sig, rig_parent_pub,
                                        0, rig_io_key),
                     HD_ERR_MAC);
    rig_stop(&r);
}

static void test_nothing_secret_stays_in_the_handle(void **state)
{
    static struct rig r;
    uint8_t out[32], d[32], pub[64], secret[32];

    (void)state;
    rig_start(&r, RIG_608B);
    rig_keygen(d, pub);
    assert_int_equal(hd_chip_ecdh(&r.c, 0, pub, secret), HD_OK);
    assert_int_equal(
            hd_chip_write_encrypted(&r.c, 3, 0, rig_digest, 32, 5, rig_key5),
            HD_OK);
    assert_int_equal(hd_chip_read_encrypted(&r.c, 3, 0, out, 32, 5, rig_key5),
                     HD_OK);
    for (size_t i = 0; i < sizeof r.c.w; i++) {
        assert_int_equal(((const uint8_t *)&r.c.w)[i], 0);
    }
    rig_stop(&r);
}

static void test_an_unlocked_chip_gives_no_random_numbers(void **state)
{
    static struct rig r;
    uint8_t out[32];

    (void)state;
    rig_blank(&r, RIG_608B);
    memset(out, 7, 32);
    assert_int_equal(hd_chip_random(&r.c, out), HD_ERR_UNLOCKED);
    for (size_t i = 0; i < 32; i++) {
        assert_int_equal(out[i], 0);
    }
    rig_stop(&r);
}

static void test_a_call_without_its_crypto_says_so(void **state)
{
    static struct rig r;
    uint8_t data[32] = {0};

    (void)state;
    rig_start(&r, RIG_608B);
    hd_chip_close(&r.c);
    assert_int_equal(hd_chip_info(&r.c, 0, 0, data), HD_ERR_STATE);
    assert_int_equal(hd_chip_open(&r.c, &r.port, &r, NULL), HD_OK);
    assert_int_equal(hd_chip_write_encrypted(&r.c, 3, 0, data, 32, 5, rig_key5),
                     HD_ERR_NO_CRYPTO);
    assert_int_equal(hd_chip_authorize(&r.c, 5, rig_key5), HD_ERR_NO_CRYPTO);
    assert_int_equal(hd_chip_random(&r.c, data), HD_OK);
    rig_stop(&r);
}

static void test_a_508a_says_what_it_does_not_have(void **state)
{
    static struct rig r;
    uint8_t block[16] = {0}, failed;

    (void)state;
    rig_start(&r, RIG_508A);
    assert_int_equal(hd_chip_aes(&r.c, 0, 4, 0, block, block),
                     HD_ERR_UNSUPPORTED);
    assert_int_equal(hd_chip_selftest(&r.c, 1, &failed), HD_ERR_UNSUPPORTED);
    assert_int_equal(
            hd_chip_secureboot_mac(&r.c, 5, rig_digest, NULL, rig_io_key),
            HD_ERR_UNSUPPORTED);
    rig_stop(&r);
}

static void test_configuration_can_be_written_again_after_a_cut(void **state)
{
    static struct rig r;
    uint8_t config[128];

    (void)state;
    for (uint32_t cut = 1; cut < 40; cut++) {
        struct hd_fault fault = {HD_FAULT_CUT_EEPROM, 0, 0, 1, cut, 0, {0}};
        int rc;

        rig_blank(&r, RIG_608B);
        rig_config(&r, config);
        assert_int_equal(hd_vchip_fault(&r.v, &fault), HD_OK);
        rc = hd_chip_write_config(&r.c, config);
        hd_vchip_clear_faults(&r.v);
        hd_vchip_power(&r.v, true);
        if (rc) {
            assert_int_equal(hd_chip_write_config(&r.c, config), HD_OK);
        }
        assert_memory_equal(r.v.ee + 16, config + 16, 70);
        assert_memory_equal(r.v.ee + 88, config + 88, 40);
        rig_stop(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_a_poll_makes_at_most_one_transfer),
            cmocka_unit_test(test_a_poll_before_it_is_due_leaves_the_bus_alone),
            cmocka_unit_test(test_a_second_start_ends_both),
            cmocka_unit_test(test_one_wake_serves_a_whole_held_sequence),
            cmocka_unit_test(
                    test_a_sequence_longer_than_the_watchdog_keeps_registers),
            cmocka_unit_test(test_a_held_chip_that_fell_asleep_is_reported),
            cmocka_unit_test(test_a_slow_clock_needs_the_long_watchdog),
            cmocka_unit_test(
                    test_a_careful_handle_does_not_repeat_a_lost_command),
            cmocka_unit_test(test_an_interposer_cannot_forge_a_proven_verdict),
            cmocka_unit_test(test_nothing_secret_stays_in_the_handle),
            cmocka_unit_test(test_an_unlocked_chip_gives_no_random_numbers),
            cmocka_unit_test(test_a_call_without_its_crypto_says_so),
            cmocka_unit_test(test_a_508a_says_what_it_does_not_have),
            cmocka_unit_test(
                    test_configuration_can_be_written_again_after_a_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
