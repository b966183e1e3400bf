/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What plan and apply of the default policy cost: time of the chip (virtual:
 * a 400 kHz bus, every command at its longest) and of this machine. Yardstick:
 * 2 s for a plan, most of it the chip's, of which this machine's part says how
 * far that is true.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "attack/attack.h"
#include "halfdollar/crypto_openssl.h"
#include "halfdollar/port_sim.h"
#include "halfdollar/vchip.h"
#include "plan/apply.h"

#define PLAN_MS 2000.0

/* The generator of P-256 (SEC 2, 2.4.2): a public key that exists. */
static const uint8_t generator[64] = {
        0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6,
        0xE5, 0x63, 0xA4, 0x40, 0xF2, 0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB,
        0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, 0x4F,
        0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A,
        0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE, 0x33, 0x57, 0x6B, 0x31, 0x5E,
        0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5};

struct station {
    struct hd_policy policy;
    struct hd_plan_contents contents;
    struct hd_plan_seen seen;
    struct hd_plan plan;
    struct hd_vchip vchip;
    struct hd_vbus bus;
    struct hd_sim sim;
    struct hd_chip chip;
};

struct cost {
    double chip_ms, host_ms;
};

static void need(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "bench_plan: %s failed\n", what);
        exit(1);
    }
}

static double now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void bring_contents(struct station *s)
{
    hd_plan_contents_init(&s->contents, &s->policy);
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        uint8_t *image = s->contents.slot[slot];

        if (((unsigned)s->contents.given >> slot & 1U) != 0) {
            continue;
        }
        if (hd_policy_kind(s->policy.config, slot) == HD_KIND_PUBLIC) {
            memcpy(image + 4, generator, 32);
            memcpy(image + 40, generator + 32, 32);
        } else {
            memset(image, (int)slot + 1, 32);
        }
        s->contents.given |= (uint16_t)(1U << slot);
    }
}

static void set_up(struct station *s)
{
    const struct hd_policy_recipe *r = hd_policy_recipes;
    const uint8_t seed[32] = {1};
    struct hd_policy_error why;

    while (r->name && strcmp(r->name, "connected-device") != 0) {
        r++;
    }
    need(r->name && hd_policy_load(r->text, r->len, &s->policy, &why) == HD_OK,
         "loading the recipe");
    bring_contents(s);
    need(hd_vchip_init(&s->vchip, hd_vchip_variant("608b"), seed) == HD_OK,
         "the virtual chip");
    s->vchip.speed = HD_V_MAXIMUM;
    hd_vbus_init(&s->bus, 400000);
    need(hd_vbus_attach(&s->bus, &s->vchip) == HD_OK, "the bus");
    s->sim = (struct hd_sim){&s->bus, 0x60};
    need(hd_chip_open(&s->chip, &hd_sim_bus, &s->sim, &hd_crypto_openssl) ==
                 HD_OK,
         "opening the chip");
}

static void quick_sheet(const uint8_t config[HD_CONFIG_BYTES])
{
    struct hd_attack *a = hd_attack_run(config, hd_policy_chip_of(config),
                                        HD_ATTACK_QUICK, NULL, NULL);

    need(a != NULL, "the attacker's sheet");
    hd_attack_free(a);
}

/* All that `half plan` does: look, plan, and two sheets. */
static struct cost plan(struct station *s)
{
    struct hd_policy_error why;
    uint64_t start_ns = s->bus.now_ns;
    double start = now_ms();

    need(hd_plan_look(&s->seen, &s->chip) == HD_OK, "looking");
    need(hd_plan_make(&s->plan, &s->policy, &s->contents, &s->seen, &why) ==
                 HD_OK,
         "planning");
    quick_sheet(s->seen.config);
    quick_sheet(s->plan.policy.config);
    return (struct cost){(double)(s->bus.now_ns - start_ns) / 1e6,
                         now_ms() - start};
}

static struct cost rehearse(struct station *s, unsigned *uses)
{
    struct hd_plan_run run = {
            .chip = &s->chip, .plan = &s->plan, .contents = &s->contents};
    static struct hd_plan_rehearsal tried;
    double start = now_ms();

    need(hd_plan_rehearse(&run, &s->seen, &tried) == HD_OK, "rehearsing");
    *uses = tried.uses;
    return (struct cost){0, now_ms() - start};
}

static struct cost apply(struct station *s)
{
    struct hd_plan_run run = {
            .chip = &s->chip, .plan = &s->plan, .contents = &s->contents};
    uint64_t start_ns = s->bus.now_ns;
    double start = now_ms();

    need(hd_plan_apply(&run) == HD_OK, "applying");
    return (struct cost){(double)(s->bus.now_ns - start_ns) / 1e6,
                         now_ms() - start};
}

static void show(const char *what, struct cost c, const char *more)
{
    printf("%-26s chip %7.1f ms   this machine %6.1f ms   %s\n", what,
           c.chip_ms, c.host_ms, more);
}

static void show_plan(const char *what, struct cost c)
{
    char more[80];
    double sum = c.chip_ms + c.host_ms;

    (void)snprintf(more, sizeof more, "sum %.2f of %.0f ms", sum / PLAN_MS,
                   PLAN_MS);
    show(what, c, more);
}

int main(void)
{
    static struct station s;
    struct cost cost;
    char more[80];
    unsigned uses = 0;

    set_up(&s);
    show_plan("plan, blank chip", plan(&s));
    cost = rehearse(&s, &uses);
    (void)snprintf(more, sizeof more, "%u steps, %u uses", s.plan.count, uses);
    show("rehearsal", cost, more);
    show("apply, to the locked chip", apply(&s), "");
    show_plan("plan, finished chip", plan(&s));
    hd_chip_close(&s.chip);
    hd_vchip_free(&s.vchip);
    return 0;
}
