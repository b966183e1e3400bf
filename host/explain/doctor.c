/* SPDX-License-Identifier: Apache-2.0 */
/* The examination. See doctor.h. */
#include "explain/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "halfdollar/chip.h"
#include "halfdollar/err.h"

#define WAKES        8
#define QUESTIONS    32
#define EC_COMMANDS  4
#define COUNTER_END  2097151U
#define COUNTER_NEAR (COUNTER_END / 10 * 9)
#define UNLOCKED     0x55
#define ALL_TESTS    0x3D

const char *hd_check_word(enum hd_check check)
{
    static const char *const words[] = {
#define X(id, word, text) word,
            HD_CHECKS(X)
#undef X
    };
    return words[check];
}

const char *hd_cert_word(enum hd_cert_check check)
{
    static const char *const words[] = {
#define X(id, word, text) word,
            HD_CERT_CHECKS(X)
#undef X
    };
    return words[check];
}

const char *hd_finding_word(enum hd_finding_verdict verdict)
{
    static const char *const words[] = {"skipped", "good", "warning", "bad"};

    return words[verdict];
}

struct exam {
    struct hd_doctor *d;
    struct hd_chip chip;
    const struct hd_bus *bus;
    void *ctx;
};

__attribute__((format(printf, 5, 6))) static void
find(struct exam *e, enum hd_check check, enum hd_finding_verdict verdict,
     int err, const char *format, ...)
{
    struct hd_finding *f = &e->d->at[check];
    va_list args;

    f->verdict = (uint8_t)verdict;
    f->err = err;
    va_start(args, format);
    (void)vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
}

/* An error of the bus: what the driver says to do. */
static void find_err(struct exam *e, enum hd_check check, int err)
{
    find(e, check, HD_FINDING_BAD, err, "%s", hd_strerror(err));
}

/* ------------------------------------------------------------- the checks */

static void check_variant(struct exam *e)
{
    static const char *const names[] = {[HD_CHIP_UNKNOWN] = "unknown",
                                        [HD_CHIP_508A] = "ATECC508A",
                                        [HD_CHIP_608A] = "ATECC608A",
                                        [HD_CHIP_608B] = "ATECC608B"};
    const enum hd_variant_id id = hd_chip_variant(&e->chip);

    memcpy(e->d->revision, hd_chip_revision(&e->chip), 4);
    find(e, HD_CHECK_VARIANT,
         id == HD_CHIP_UNKNOWN ? HD_FINDING_WARNING : HD_FINDING_GOOD, HD_OK,
         "%s, revision %02x%02x%02x%02x", names[id], e->d->revision[0],
         e->d->revision[1], e->d->revision[2], e->d->revision[3]);
}

static void check_wake(struct exam *e)
{
    uint8_t out[4];

    for (unsigned i = 0; i < WAKES; i++) {
        int err = hd_chip_sleep(&e->chip);

        err = err ? err : hd_chip_info(&e->chip, 0, 0, out);
        if (err) {
            find_err(e, HD_CHECK_WAKE, err);
            return;
        }
    }
    find(e, HD_CHECK_WAKE, HD_FINDING_GOOD, HD_OK, "woke %d times of %d", WAKES,
         WAKES);
}

static void check_bus(struct exam *e)
{
    const uint32_t from = e->bus->now_us(e->ctx);
    uint8_t out[4];
    uint32_t each;

    for (unsigned i = 0; i < QUESTIONS; i++) {
        int err = hd_chip_info(&e->chip, 0, 0, out);

        if (err) {
            find_err(e, HD_CHECK_BUS, err);
            return;
        }
    }
    each = (e->bus->now_us(e->ctx) - from) / QUESTIONS;
    /* On single-wire a busy chip is silent, and silence takes its time. */
    if (each > (e->d->addr7 != 0 ? 20000U : 80000U)) {
        find(e, HD_CHECK_BUS, HD_FINDING_WARNING, HD_OK,
             "a question and its answer take %u.%u ms: a slow bus, or one "
             "that repeats a lot",
             each / 1000, each / 100 % 10);
        return;
    }
    find(e, HD_CHECK_BUS, HD_FINDING_GOOD, HD_OK,
         "%d questions answered, %u.%u ms each", QUESTIONS, each / 1000,
         each / 100 % 10);
}

/* The serial number says whose chip it is: it stays here. */
static void keep_config(struct hd_doctor *d, const uint8_t config[128])
{
    memcpy(d->config, config, 128);
    memset(d->config + 2, 0, 2);
    memset(d->config + 8, 0, 4);
    d->has_config = true;
}

static void check_config(struct exam *e)
{
    uint8_t one[HD_CONFIG_BYTES], two[HD_CONFIG_BYTES];
    int err = hd_chip_read(&e->chip, HD_ZONE_CONFIG, 0, 0, one, sizeof one);

    err = err ? err
              : hd_chip_read(&e->chip, HD_ZONE_CONFIG, 0, 0, two, sizeof two);
    if (err) {
        find_err(e, HD_CHECK_CONFIG, err);
        return;
    }
    keep_config(e->d, one);
    if (memcmp(one, two, sizeof one) != 0) {
        find(e, HD_CHECK_CONFIG, HD_FINDING_BAD, HD_OK,
             "two readings differ: noise that the checksum let through, or "
             "somebody else changes it");
        return;
    }
    find(e, HD_CHECK_CONFIG, HD_FINDING_GOOD, HD_OK,
         "128 bytes, twice the same");
}

static void check_address(struct exam *e)
{
    const struct hd_doctor *d = e->d;
    const bool is_608 = d->revision[2] == 0x60;
    uint8_t says = d->config[16] >> 1;

    if (d->addr7 == 0) {
        find(e, HD_CHECK_ADDRESS, HD_FINDING_SKIPPED, HD_OK,
             "single-wire has no addresses");
        return;
    }
    if (is_608 && (d->config[19] & 1) != 0 && d->config[85] != 0) {
        says = d->config[85] >> 1;
    }
    if (says != d->addr7) {
        find(e, HD_CHECK_ADDRESS, HD_FINDING_WARNING, HD_OK,
             "it answers at 0x%02x and its configuration says 0x%02x: after "
             "the next wake from power-up it may be there",
             d->addr7, says);
        return;
    }
    find(e, HD_CHECK_ADDRESS, HD_FINDING_GOOD, HD_OK, "0x%02x, as configured",
         says);
}

static void check_locks(struct exam *e)
{
    const bool config = e->d->config[87] != UNLOCKED;
    const bool data = e->d->config[86] != UNLOCKED;

    find(e, HD_CHECK_LOCKS,
         config && data ? HD_FINDING_GOOD : HD_FINDING_WARNING, HD_OK,
         "configuration %s, data and OTP %s%s", config ? "locked" : "OPEN",
         data ? "locked" : "OPEN",
         config && data ? ""
                        : ": whoever has the bus can change it; do not ship "
                          "it so");
}

/* The test of the elliptic-curve engine, where there is one. */
static int ec_selftest(struct exam *e)
{
    uint8_t failed;

    return hd_chip_variant(&e->chip) == HD_CHIP_508A
                   ? HD_ERR_UNSUPPORTED
                   : hd_chip_selftest(&e->chip, 0x0C, &failed);
}

/* A computation that takes the most current, changes nothing, and may be
 * repeated: so the driver can tell a restart from a lost answer. */
static int ec_command(struct exam *e)
{
    uint8_t pub[64];

    for (uint16_t slot = 0; slot < 16; slot++) {
        const uint8_t *sc = e->d->config + 20 + (size_t)2 * slot;
        const bool is_private = (e->d->config[96 + 2 * slot] & 1) != 0;

        if (is_private && (sc[0] & 0x20) == 0) { /* its uses do not count */
            int err = hd_chip_pubkey(&e->chip, slot, pub);

            if (!hd_err_is_refusal(err)) {
                return err;
            }
        }
    }
    return ec_selftest(e);
}

static void check_supply(struct exam *e)
{
    int err = HD_OK;

    for (unsigned i = 0; i < EC_COMMANDS && err == HD_OK; i++) {
        err = ec_command(e);
    }
    if (err == HD_ERR_RESTARTED) {
        find(e, HD_CHECK_SUPPLY, HD_FINDING_BAD, err,
             "the chip restarts while it computes: its supply collapses; put "
             "100 nF and 1 uF or more next to VCC, and look at long or thin "
             "wires");
    } else if (hd_err_is_refusal(err) || err == HD_ERR_UNSUPPORTED) {
        find(e, HD_CHECK_SUPPLY, HD_FINDING_SKIPPED, err,
             "it cannot be loaded in this state: %s", hd_strerror(err));
    } else if (err != HD_OK) {
        find_err(e, HD_CHECK_SUPPLY, err);
    } else {
        find(e, HD_CHECK_SUPPLY, HD_FINDING_GOOD, HD_OK,
             "held in %d elliptic-curve commands", EC_COMMANDS);
    }
}

static void check_selftest(struct exam *e)
{
    uint8_t failed = 0;
    int err;

    if (hd_chip_variant(&e->chip) == HD_CHIP_508A) {
        find(e, HD_CHECK_SELFTEST, HD_FINDING_SKIPPED, HD_OK,
             "the 508A has none");
        return;
    }
    err = hd_chip_selftest(&e->chip, ALL_TESTS, &failed);
    if (err != HD_OK) {
        find_err(e, HD_CHECK_SELFTEST, err);
        return;
    }
    e->d->at[HD_CHECK_SELFTEST].detail = failed;
    find(e, HD_CHECK_SELFTEST, failed ? HD_FINDING_BAD : HD_FINDING_GOOD, HD_OK,
         failed ? "tests 0x%02x of 0x%02x failed: replace the chip"
                : "passed (0x%02x of 0x%02x failed)",
         failed, ALL_TESTS);
}

static void check_random(struct exam *e)
{
    uint8_t one[32], two[32];
    int err = hd_chip_random(&e->chip, one);

    err = err ? err : hd_chip_random(&e->chip, two);
    if (err == HD_ERR_UNLOCKED) {
        find(e, HD_CHECK_RANDOM, HD_FINDING_WARNING, err,
             "a constant pattern (ff ff 00 00) until the configuration is "
             "locked: no key or nonce of this chip is good before");
    } else if (err != HD_OK) {
        find_err(e, HD_CHECK_RANDOM, err);
    } else if (memcmp(one, two, sizeof one) == 0 ||
               memcmp(one, one + 4, sizeof one - 4) == 0) {
        find(e, HD_CHECK_RANDOM, HD_FINDING_BAD, HD_OK,
             "its random numbers repeat: no such chip leaves the factory; "
             "something answers in its place");
    } else {
        find(e, HD_CHECK_RANDOM, HD_FINDING_GOOD, HD_OK,
             "two numbers, different");
    }
    hd_wipe(one, sizeof one);
    hd_wipe(two, sizeof two);
}

static void check_keys(struct exam *e)
{
    unsigned keys = 0, empty = 0;

    for (uint16_t slot = 0; slot < 16; slot++) {
        uint8_t out[4] = {0};

        if ((e->d->config[96 + 2 * slot] & 1) == 0) {
            continue;
        }
        if (hd_chip_info(&e->chip, 1, slot, out) == HD_OK) {
            keys += out[0] != 0;
            empty += out[0] == 0;
            e->d->empty |= (uint16_t)((out[0] == 0) << slot);
        }
    }
    find(e, HD_CHECK_KEYS, empty ? HD_FINDING_WARNING : HD_FINDING_GOOD, HD_OK,
         "%u private slots hold a key, %u hold none", keys, empty);
}

static void check_counters(struct exam *e)
{
    uint32_t value[2] = {0, 0};
    int err = hd_chip_counter(&e->chip, 0, false, &value[0]);

    err = err ? err : hd_chip_counter(&e->chip, 1, false, &value[1]);
    if (hd_err_is_refusal(err)) {
        find(e, HD_CHECK_COUNTERS, HD_FINDING_SKIPPED, err,
             "they cannot be read yet");
    } else if (err != HD_OK) {
        find_err(e, HD_CHECK_COUNTERS, err);
    } else {
        const bool near = value[0] > COUNTER_NEAR || value[1] > COUNTER_NEAR;

        find(e, HD_CHECK_COUNTERS, near ? HD_FINDING_WARNING : HD_FINDING_GOOD,
             HD_OK, "%u and %u of %u%s", value[0], value[1], COUNTER_END,
             near ? ": near their end, which is final" : "");
    }
}

/* One of the slots for public keys and certificates, readable by anyone. */
static bool is_public_slot(const struct hd_doctor *d, unsigned slot)
{
    return slot > 8 && (d->config[96 + 2 * slot] & 1) == 0 &&
           (d->config[20 + 2 * slot] & 0xC0) == 0;
}

static bool is_blank(const uint8_t *bytes, size_t len)
{
    return (bytes[0] == 0x00 || bytes[0] == 0xFF) &&
           memcmp(bytes, bytes + 1, len - 1) == 0;
}

/* Empty is a matter of taste; empty for ever is not. */
static void check_slots(struct exam *e)
{
    const uint8_t *config = e->d->config;
    unsigned empty = 0, for_ever = 0, asked = 0;
    char list[64] = "";
    size_t at = 0;

    if (config[86] == UNLOCKED) {
        find(e, HD_CHECK_SLOTS, HD_FINDING_SKIPPED, HD_OK,
             "they cannot be read before the data zone is locked");
        return;
    }
    for (unsigned slot = 0; slot < 16; slot++) {
        uint8_t bytes[72];

        if (!is_public_slot(e->d, slot) ||
            hd_chip_read(&e->chip, HD_ZONE_DATA, (uint16_t)slot, 0, bytes,
                         sizeof bytes) != HD_OK) {
            continue;
        }
        asked++;
        if (!is_blank(bytes, sizeof bytes)) {
            continue;
        }
        const bool locked = (config[88 + slot / 8] >> slot % 8 & 1) == 0;
        at += (size_t)snprintf(list + at, sizeof list - at, "%s%u",
                               at ? ", " : "", slot);
        e->d->empty |= (uint16_t)(1U << slot);
        for_ever += locked;
        empty++;
    }
    if (empty == 0) {
        find(e, HD_CHECK_SLOTS, HD_FINDING_GOOD, HD_OK,
             "of %u for public keys and certificates none is empty", asked);
        return;
    }
    find(e, HD_CHECK_SLOTS, for_ever ? HD_FINDING_WARNING : HD_FINDING_GOOD,
         HD_OK, "of %u for public keys and certificates %u are empty: %s%s",
         asked, empty, list,
         for_ever ? "; and one of them is locked like that, for ever" : "");
}

/* ------------------------------------------------------------------- all */

static void examine(struct exam *e)
{
    static void (*const checks[])(struct exam *) = {check_variant, check_wake,
                                                    check_bus, check_config};
    static void (*const more[])(struct exam *) = {
            check_address, check_locks, check_supply,   check_selftest,
            check_random,  check_keys,  check_counters, check_slots};

    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        checks[i](e);
    }
    if (!e->d->has_config) {
        return;
    }
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        more[i](e);
    }
}

void hd_doctor_examine(struct hd_doctor *d, const struct hd_bus *bus, void *ctx,
                       uint8_t addr7, const struct hd_crypto *crypto)
{
    struct exam e = {.d = d, .bus = bus, .ctx = ctx};
    int err;

    memset(d, 0, sizeof *d);
    d->addr7 = addr7;
    for (unsigned i = 0; i < HD_CHECK_COUNT; i++) {
        find(&e, (enum hd_check)i, HD_FINDING_SKIPPED, HD_OK,
             "not asked: see above");
    }
    err = hd_chip_open(&e.chip, bus, ctx, crypto);
    if (err != HD_OK) {
        find_err(&e, HD_CHECK_ANSWER, err);
    } else {
        find(&e, HD_CHECK_ANSWER, HD_FINDING_GOOD, HD_OK, "a chip answers");
        examine(&e);
    }
    hd_chip_close(&e.chip);
}

enum hd_finding_verdict hd_doctor_worst(const struct hd_doctor *d)
{
    uint8_t worst = HD_FINDING_SKIPPED;

    for (unsigned i = 0; i < HD_CHECK_COUNT; i++) {
        worst = d->at[i].verdict > worst ? d->at[i].verdict : worst;
    }
    for (unsigned i = 0; d->has_cert && i < HD_CERT_COUNT; i++) {
        worst = d->cert[i].verdict > worst ? d->cert[i].verdict : worst;
    }
    return (enum hd_finding_verdict)worst;
}
