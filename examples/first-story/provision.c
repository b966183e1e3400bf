/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of provisioning; see provision.h. They use nothing but the
 * driver, so the tests run them on a chip that loses power at every write.
 */
#include "provision.h"

#include <stdio.h>
#include <string.h>

#define SLOTS    16
#define DATA_MAX 416

static size_t slot_bytes(unsigned slot)
{
    return slot < 8 ? 36 : slot == 8 ? DATA_MAX : 72;
}

static void report(const struct provision *p, const char *what, bool done_now)
{
    if (p->report != NULL) {
        p->report(p->report_ctx, what, done_now);
    }
}

static bool is_private(const struct provision_plan *plan, unsigned slot)
{
    return (plan->config[96 + 2 * slot] & 1U) != 0;
}

/* A public key as slots store it: 4 zero bytes before X and before Y. */
static void public_image(const uint8_t key[64], uint8_t *image)
{
    memcpy(image + 4, key, 32);
    memcpy(image + 40, key + 32, 32);
}

/* What a slot holds when the data zone is locked; the rest is zeros, so that
 * nothing is left in it that we did not put there. */
static void slot_image(const struct provision_plan *plan, unsigned slot,
                       uint8_t image[DATA_MAX])
{
    memset(image, 0, DATA_MAX);
    switch (slot) {
    case 5:
        memcpy(image, plan->secret, 32);
        break;
    case 6:
        memcpy(image, plan->io_key, 32);
        break;
    case 11:
        public_image(plan->signer, image);
        break;
    case 13:
        public_image(plan->root, image);
        break;
    case 14:
        image[0] = 0xA0; /* "not validated": what the chip makes of a write */
        break;
    case 15:
        public_image(plan->boot, image);
        break;
    default:
        break;
    }
}

/* The OTP zone names the policy, readable by anyone. */
static void otp_image(uint8_t image[HD_OTP_BYTES])
{
    static const char name[] = "connected-device/1";

    memset(image, 0, HD_OTP_BYTES);
    memcpy(image, name, sizeof(name) - 1);
}

/* --------------------------------------------------------- configuration */

/* Bytes that the plan does not decide: the chip's own, what locks and
 * counters change later. */
static bool is_planned(size_t at)
{
    return at >= 16 && !(at >= 52 && at < 68) && !(at >= 84 && at < 90);
}

static int compare_config(struct provision *p)
{
    uint8_t actual[HD_CONFIG_BYTES];
    int err =
            hd_chip_read(p->chip, HD_ZONE_CONFIG, 0, 0, actual, sizeof(actual));

    if (err != HD_OK) {
        return err;
    }
    for (size_t i = 0; i < sizeof(actual); i++) {
        if (is_planned(i) && actual[i] != p->plan->config[i]) {
            snprintf(p->problem, sizeof(p->problem),
                     "the chip is locked with another configuration: byte %zu "
                     "is %02X, the plan says %02X. Take a blank chip",
                     i, actual[i], p->plan->config[i]);
            return HD_ERR_CORRUPT;
        }
    }
    return HD_OK;
}

/* The checksum goes over what the plan says, so the chip refuses to lock
 * anything else, whoever wrote it. */
static int lock_config(struct provision *p)
{
    uint8_t expected[HD_CONFIG_BYTES];
    int err = hd_chip_read(p->chip, HD_ZONE_CONFIG, 0, 0, expected, 16);

    if (err != HD_OK) {
        return err;
    }
    memcpy(expected + 16, p->plan->config + 16, sizeof(expected) - 16);
    return hd_chip_lock_config(p->chip,
                               hd_chip_crc(expected, sizeof(expected)));
}

static int step_config(struct provision *p, const struct hd_chip_locks *locks)
{
    int err;

    p->step = "configuration";
    if (locks->config) {
        err = compare_config(p);
        if (err == HD_OK) {
            report(p, "configuration written and locked", false);
        }
        return err;
    }
    err = hd_chip_write_config(p->chip, p->plan->config);
    if (err == HD_OK) {
        err = lock_config(p);
    }
    if (err == HD_OK) {
        report(p, "configuration written and locked", true);
    }
    return err;
}

/* ------------------------------------------------------------- data zone */

static int make_keys(struct provision *p)
{
    uint8_t pub[64];
    int err = HD_OK;

    for (unsigned slot = 0; slot < SLOTS && err == HD_OK; slot++) {
        if (is_private(p->plan, slot)) {
            err = hd_chip_genkey(p->chip, (uint16_t)slot, pub);
        }
    }
    return err;
}

/* A random key that nobody knows: for sealing on this device alone. */
static int write_seal_key(struct provision *p, uint8_t image[DATA_MAX])
{
    int err;

    memset(image, 0, DATA_MAX);
    err = hd_chip_random(p->chip, image);
    return err != HD_OK ? err
                        : hd_chip_write(p->chip, HD_ZONE_DATA, 9, 0, image,
                                        slot_bytes(9));
}

/* Writes all that is not a private key. seal: what went into slot 9. */
static int write_slots(struct provision *p, uint8_t seal[DATA_MAX])
{
    uint8_t image[DATA_MAX];
    int err = write_seal_key(p, seal);

    for (unsigned slot = 0; slot < SLOTS && err == HD_OK; slot++) {
        if (slot == 9 || is_private(p->plan, slot)) {
            continue;
        }
        slot_image(p->plan, slot, image);
        err = hd_chip_write(p->chip, HD_ZONE_DATA, (uint16_t)slot, 0, image,
                            slot_bytes(slot));
    }
    hd_wipe(image, sizeof(image));
    if (err == HD_OK) {
        otp_image(image);
        err = hd_chip_write(p->chip, HD_ZONE_OTP, 0, 0, image, HD_OTP_BYTES);
    }
    return err;
}

static int lock_data(struct provision *p, const uint8_t seal[DATA_MAX])
{
    uint8_t zone[36 * 8 + DATA_MAX + 72 * 7 + HD_OTP_BYTES];
    uint8_t image[DATA_MAX];
    size_t len = 0;
    int err;

    for (unsigned slot = 0; slot < SLOTS; slot++) {
        if (is_private(p->plan, slot)) {
            continue;
        }
        slot_image(p->plan, slot, image);
        memcpy(zone + len, slot == 9 ? seal : image, slot_bytes(slot));
        len += slot_bytes(slot);
    }
    otp_image(zone + len);
    len += HD_OTP_BYTES;
    err = hd_chip_lock_data(p->chip, hd_chip_crc(zone, len));
    hd_wipe(zone, sizeof(zone));
    hd_wipe(image, sizeof(image));
    return err;
}

/* All of it again until it is locked: see the head of provision.h. */
static int step_data(struct provision *p, const struct hd_chip_locks *locks)
{
    uint8_t seal[DATA_MAX];
    int err;

    if (locks->data) {
        report(p, "keys born in slots 0-4", false);
        report(p, "secrets and trust anchors written, data zone locked", false);
        return HD_OK;
    }
    p->step = "keys";
    err = make_keys(p);
    if (err != HD_OK) {
        return err;
    }
    report(p, "keys born in slots 0-4", true);
    p->step = "secrets and trust anchors";
    err = write_slots(p, seal);
    if (err == HD_OK) {
        p->step = "lock of the data zone";
        err = lock_data(p, seal);
    }
    hd_wipe(seal, sizeof(seal));
    if (err == HD_OK) {
        report(p, "secrets and trust anchors written, data zone locked", true);
    }
    return err;
}

int provision_chip(struct provision *p)
{
    struct hd_chip_locks locks;
    int err;

    p->problem[0] = '\0';
    p->step = "reading the locks";
    err = hd_chip_lock_state(p->chip, &locks);
    if (err == HD_OK) {
        err = step_config(p, &locks);
    }
    return err == HD_OK ? step_data(p, &locks) : err;
}

/* ------------------------------------------------------------------ seal */

/* Puts the bytes into the slot unless they are there, reads them back, and
 * locks the slot. */
static int seal_slot(struct provision *p, const struct hd_chip_locks *locks,
                     uint16_t slot, const uint8_t *wanted, size_t len,
                     const char *what)
{
    bool locked = (locks->slots >> slot & 1U) != 0;
    uint8_t actual[72];
    int err = hd_chip_read(p->chip, HD_ZONE_DATA, slot, 0, actual, len);
    bool differs = err == HD_OK && memcmp(actual, wanted, len) != 0;

    p->step = what;
    if (differs && locked) {
        snprintf(p->problem, sizeof(p->problem),
                 "slot %d is locked and holds something else: this chip "
                 "belongs to another certificate",
                 slot);
        return HD_ERR_CORRUPT;
    }
    if (differs) {
        err = hd_chip_write(p->chip, HD_ZONE_DATA, slot, 0, wanted, len);
    }
    if (err == HD_OK && differs) {
        err = hd_chip_read(p->chip, HD_ZONE_DATA, slot, 0, actual, len);
        if (err == HD_OK && memcmp(actual, wanted, len) != 0) {
            return HD_ERR_UNSURE;
        }
    }
    if (err == HD_OK && !locked) {
        err = hd_chip_lock_slot(p->chip, slot);
    }
    if (err == HD_OK) {
        report(p, what, !locked);
    }
    return err;
}

int provision_seal(struct provision *p)
{
    const struct provision_plan *plan = p->plan;
    uint8_t signer[72] = {0};
    struct hd_chip_locks locks;
    int err;

    p->problem[0] = '\0';
    p->step = "reading the locks";
    public_image(plan->signer, signer);
    err = hd_chip_lock_state(p->chip, &locks);
    if (err == HD_OK && !locks.data) {
        snprintf(p->problem, sizeof(p->problem),
                 "the data zone is not locked: provision the chip first");
        return HD_ERR_STATE;
    }
    if (err == HD_OK) {
        err = seal_slot(p, &locks, 10, plan->certificate, 32,
                        "device certificate's SHA-256 in slot 10, locked");
    }
    if (err == HD_OK) {
        err = seal_slot(p, &locks, 11, signer, sizeof(signer),
                        "signer's public key in slot 11, locked");
    }
    if (err == HD_OK) {
        err = seal_slot(p, &locks, 12, plan->signer_certificate, 32,
                        "signer certificate's SHA-256 in slot 12, locked");
    }
    return err;
}

/* ---------------------------------------------------------------- parsing */

static int hex_value(char c)
{
    static const char digits[] = "0123456789ABCDEFabcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    int value = at == NULL ? -1 : (int)(at - digits);

    return value > 15 ? value - 6 : value;
}

bool provision_parse_config(const char *text, uint8_t config[HD_CONFIG_BYTES])
{
    size_t n = 0;

    for (;;) {
        text += strspn(text, " \t\r\n");
        if (*text == '#') {
            text += strcspn(text, "\n");
            continue;
        }
        if (*text == '\0') {
            return n == HD_CONFIG_BYTES;
        }
        if (n == HD_CONFIG_BYTES || hex_value(text[0]) < 0 ||
            hex_value(text[1]) < 0) {
            return false;
        }
        config[n++] = (uint8_t)(hex_value(text[0]) * 16 + hex_value(text[1]));
        text += 2;
    }
}
