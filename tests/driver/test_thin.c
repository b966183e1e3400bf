/* SPDX-License-Identifier: Apache-2.0 */
/* The shortest way through the driver: open, identify, sign, verify. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "halfdollar/chip.h"
#include "halfdollar/crypto_openssl.h"
#include "halfdollar/port_sim.h"

static void test_open_finds_a_608b_and_its_serial_number(void **state)
{
    static const uint8_t seed[32] = {'t', 'h', 'i', 'n'};
    struct hd_vchip v;
    struct hd_vbus bus;
    struct hd_sim sim = {.bus = &bus, .addr7 = 0x60};
    struct hd_chip c;
    uint8_t random[32];

    (void)state;
    assert_int_equal(hd_vchip_init(&v, hd_vchip_variant("608b"), seed), HD_OK);
    hd_vbus_init(&bus, 400000);
    assert_int_equal(hd_vbus_attach(&bus, &v), HD_OK);
    assert_int_equal(hd_chip_open(&c, &hd_sim_bus, &sim, &hd_crypto_openssl),
                     HD_OK);
    assert_int_equal(hd_chip_variant(&c), HD_CHIP_608B);
    assert_memory_equal(hd_chip_serial(&c), v.ee, 4);
    assert_memory_equal(hd_chip_serial(&c) + 4, v.ee + 8, 5);
    assert_false(hd_chip_config_is_locked(&c));
    assert_int_equal(hd_chip_random(&c, random), HD_ERR_UNLOCKED);
    hd_chip_close(&c);
    hd_vchip_free(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_open_finds_a_608b_and_its_serial_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
