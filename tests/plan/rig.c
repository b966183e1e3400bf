/* SPDX-License-Identifier: Apache-2.0 */
/* See rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "halfdollar/crypto_openssl.h"

#include "rig.h"

const uint8_t generator[64] = {
        0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6,
        0xE5, 0x63, 0xA4, 0x40, 0xF2, 0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB,
        0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, 0x4F,
        0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A,
        0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31, 0x5E,
        0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5};

static void load_recipe(const char *name, struct hd_policy *policy)
{
    const struct hd_policy_recipe *r = hd_policy_recipes;
    struct hd_policy_error why;

    while (r->name && strcmp(r->name, name) != 0) {
        r++;
    }
    assert_non_null(r->name);
    assert_int_equal(hd_policy_load(r->text, r->len, policy, &why), HD_OK);
}

static void fill_in(struct bench *b)
{
    hd_plan_contents_init(&b->contents, &b->policy);
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        uint8_t *image = b->contents.slot[slot];

        if ((unsigned)b->contents.given >> slot & 1U) {
            continue;
        }
        if (hd_policy_kind(b->policy.config, slot) == HD_KIND_PUBLIC) {
            memcpy(image + 4, generator, 32);
            memcpy(image + 40, generator + 32, 32);
        } else {
            memset(image, (int)(0x10 + slot), 32);
        }
        b->contents.given |= (uint16_t)(1U << slot);
    }
}

static void plug_in(struct bench *b)
{
    hd_vbus_init(&b->bus, 1000000);
    assert_int_equal(hd_vbus_attach(&b->bus, &b->vchip), HD_OK);
    b->sim = (struct hd_sim){&b->bus, 0x60};
}

static void make_bench(struct bench *b, uint8_t seed)
{
    const uint8_t bytes[32] = {seed};
    bool old = (b->policy.chips & HD_POLICY_508A) != 0;

    fill_in(b);
    assert_int_equal(hd_vchip_init(&b->vchip,
                                   hd_vchip_variant(old ? "508a" : "608b"),
                                   bytes),
                     HD_OK);
    b->vchip.speed = HD_V_INSTANT;
    plug_in(b);
}

void new_bench_seeded(struct bench *b, const char *recipe, uint8_t seed)
{
    memset(b, 0, sizeof *b);
    load_recipe(recipe, &b->policy);
    make_bench(b, seed);
}

void new_bench_policy(struct bench *b, const struct hd_policy *policy)
{
    memset(b, 0, sizeof *b);
    b->policy = *policy;
    make_bench(b, 7);
}

void new_bench(struct bench *b, const char *recipe)
{
    new_bench_seeded(b, recipe, 7);
}

static void count_work(void *ctx, const struct hd_plan *plan,
                       const struct hd_plan_step *step, bool done_now)
{
    (void)plan;
    (void)step;
    *(int *)ctx += done_now;
}

int look_and_plan(struct bench *b)
{
    struct hd_policy_error why;
    int err = hd_plan_look(&b->seen, &b->chip);

    b->run = (struct hd_plan_run){.chip = &b->chip,
                                  .plan = &b->plan,
                                  .contents = &b->contents,
                                  .report = count_work,
                                  .ctx = &b->work};
    return err == HD_OK ? hd_plan_make(&b->plan, &b->policy, &b->contents,
                                       &b->seen, &why)
                        : err;
}

int apply(struct bench *b)
{
    int err = hd_chip_open(&b->chip, &hd_sim_bus, &b->sim, &hd_crypto_openssl);

    b->work = 0;
    err = err == HD_OK ? hd_chip_hold(&b->chip) : err;
    err = err == HD_OK ? look_and_plan(b) : err;
    err = err == HD_OK ? hd_plan_apply(&b->run) : err;
    hd_chip_close(&b->chip);
    return err;
}

void replug(struct bench *b)
{
    hd_vchip_clear_faults(&b->vchip);
    hd_vchip_power(&b->vchip, false);
    hd_vchip_power(&b->vchip, true);
}

size_t place(unsigned slot)
{
    return slot <= 8 ? DATA_AT + 36 * slot
                     : DATA_AT + 8 * 36 + 416 + 72 * (slot - 9);
}

void cut_at(struct bench *b, enum hd_fault_kind kind, uint32_t nth)
{
    struct hd_fault fault = {.kind = (uint8_t)kind, .count = 1, .arg = nth};

    if (kind == HD_FAULT_VANISH) { /* at a command: let so many pass */
        fault.skip = (uint16_t)(nth - 1);
        fault.arg = 0;
    }
    assert_int_equal(hd_vchip_fault(&b->vchip, &fault), HD_OK);
}
