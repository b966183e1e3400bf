/* SPDX-License-Identifier: Apache-2.0 */
/* Finished devices for tests; see chips.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "halfdollar/port_sim.h"
#include "halfdollar/vchip.h"

#include "chips.h"

/* SEC 2, 2.4.2 */
const uint8_t generator[64] = {
        0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6,
        0xE5, 0x63, 0xA4, 0x40, 0xF2, 0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB,
        0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, 0x4F,
        0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A,
        0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31, 0x5E,
        0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5};

void load_policy(struct provision_plan *plan)
{
    FILE *file = fopen("configs/connected-device.hex", "r");
    char text[8192];
    size_t len;

    assert_non_null(file);
    len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = '\0';
    memset(plan, 0, sizeof(*plan));
    assert_true(provision_parse_config(text, plan->config));
    memset(plan->secret, 0x51, 32);
    memset(plan->io_key, 0x10, 32);
    memset(plan->certificate, 0xCE, 32);
    memset(plan->signer_certificate, 0x5C, 32);
    memcpy(plan->root, generator, 64);
    memcpy(plan->signer, generator, 64);
    memcpy(plan->boot, generator, 64);
}

void make_chip(const char *path, uint8_t seed)
{
    static struct hd_vchip vchip;
    const uint8_t bytes[32] = {seed};
    struct provision_plan plan;
    struct provision run = {.plan = &plan};
    struct hd_vbus bus;
    struct hd_sim sim = {&bus, 0x60};
    struct hd_chip chip;

    load_policy(&plan);
    assert_int_equal(hd_vchip_init(&vchip, hd_vchip_variant("608b"), bytes), 0);
    hd_vbus_init(&bus, 1000000);
    assert_int_equal(hd_vbus_attach(&bus, &vchip), 0);
    assert_int_equal(hd_chip_open(&chip, &hd_sim_bus, &sim, NULL), 0);
    run.chip = &chip;
    assert_int_equal(provision_chip(&run), 0);
    assert_int_equal(provision_seal(&run), 0);
    hd_chip_close(&chip);
    assert_int_equal(hd_vchip_save(&vchip, path), 0);
    hd_vchip_free(&vchip);
}
