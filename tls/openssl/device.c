/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chips, one per address. Opened at the first use, held open until the
 * provider ends, one operation at a time. Other processes get the chip
 * between two operations: the port locks the bus for one sequence only.
 */
#include "internal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "halfdollar/chip.h"
#include "halfdollar/err.h"
#include "halfdollar/port_linux.h"

struct hdp_device {
    struct hdp_device *next;
    struct hdp_provider *provider;
    CRYPTO_RWLOCK *lock;
    struct hd_crypto crypto;
    struct hd_port port;
    struct hd_chip chip;
    pid_t owner;   /* who opened it; 0: not open */
    char why[400]; /* the reason of the last failure, or empty */
    char address[HDP_VALUE_MAX];
};

/* ------------------------------------- the driver's little cryptography */

static void sha256(void *ctx, const hd_bytes *parts, size_t count,
                   uint8_t digest[32])
{
    struct hdp_device *d = ctx;
    EVP_MD *md = EVP_MD_fetch(d->provider->soft, "SHA256", NULL);
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    bool ok = md != NULL && hash != NULL &&
              EVP_DigestInit_ex2(hash, md, NULL) == 1;

    for (size_t i = 0; ok && i < count; i++) {
        ok = EVP_DigestUpdate(hash, parts[i].ptr, parts[i].len) == 1;
    }
    if (!ok || EVP_DigestFinal_ex(hash, digest, NULL) != 1) {
        memset(digest, 0, 32); /* out of memory: the chip will say no */
    }
    EVP_MD_CTX_free(hash);
    EVP_MD_free(md);
}

static int fill_random(void *ctx, uint8_t *out, size_t len)
{
    struct hdp_device *d = ctx;

    return RAND_bytes_ex(d->provider->soft, out, len, 0) == 1 ? HD_OK
                                                              : HD_ERR_PORT;
}

/* ------------------------------------------------------------------ list */

static struct hdp_device *device_new(struct hdp_provider *p,
                                     const char *address)
{
    struct hdp_device *d = OPENSSL_zalloc(sizeof(*d));

    if (d == NULL) {
        return NULL;
    }
    d->lock = CRYPTO_THREAD_lock_new();
    if (d->lock == NULL) {
        OPENSSL_free(d);
        return NULL;
    }
    d->provider = p;
    d->crypto = (struct hd_crypto){sha256, fill_random, d};
    OPENSSL_strlcpy(d->address, address, sizeof(d->address));
    d->next = p->devices;
    p->devices = d;
    return d;
}

struct hdp_device *hdp_device_get(struct hdp_provider *p, const char *address)
{
    struct hdp_device *d;

    if (strlen(address) >= sizeof(d->address)) {
        hdp_raise(p, HDP_R_URI, "the chip's address is longer than %zu bytes",
                  sizeof(d->address) - 1);
        return NULL;
    }
    if (!CRYPTO_THREAD_write_lock(p->lock)) {
        return NULL;
    }
    for (d = p->devices; d != NULL; d = d->next) {
        if (strcmp(d->address, address) == 0) {
            break;
        }
    }
    if (d == NULL) {
        d = device_new(p, address);
    }
    CRYPTO_THREAD_unlock(p->lock);
    return d;
}

/* ------------------------------------------------------- open and close */

static void device_close(struct hdp_device *d)
{
    if (d->owner != 0) {
        hd_chip_close(&d->chip);
        hd_port_close(&d->port);
        d->owner = 0;
    }
}

/*
 * After fork() both processes have the same descriptors. The child must not
 * put the chip to sleep under the parent's hands, so it forgets the chip
 * (no bus traffic), gives back its copy of the descriptors, and opens anew.
 */
static void forget_parent(struct hdp_device *d)
{
    hd_wipe(&d->chip, sizeof(d->chip));
    hd_port_close(&d->port);
    d->owner = 0;
}

static int device_open(struct hdp_device *d)
{
    int err;

    if (d->owner == getpid()) {
        return HD_OK;
    }
    if (d->owner != 0) {
        forget_parent(d);
    }
    err = hd_port_open(&d->port, d->address, d->why, sizeof(d->why));
    if (err != HD_OK) {
        return err;
    }
    err = hd_chip_open(&d->chip, d->port.bus, d->port.ctx, &d->crypto);
    if (err != HD_OK) {
        hd_chip_close(&d->chip);
        hd_port_close(&d->port);
        return err;
    }
    d->owner = getpid();
    return HD_OK;
}

void hdp_devices_free(struct hdp_provider *p)
{
    while (p->devices != NULL) {
        struct hdp_device *d = p->devices;

        p->devices = d->next;
        if (d->owner != 0 && d->owner != getpid()) {
            forget_parent(d);
        }
        device_close(d);
        CRYPTO_THREAD_lock_free(d->lock);
        OPENSSL_clear_free(d, sizeof(*d));
    }
}

/* ------------------------------------------------------------ operations */

/* ------------------------------------------------------------- questions */

static int read_config(struct hd_chip *chip, struct hdp_question *q)
{
    return hd_chip_read(chip, HD_ZONE_CONFIG, 0, 0, q->out, q->out_len);
}

static int ask_pubkey(struct hd_chip *chip, struct hdp_question *q)
{
    return hd_chip_pubkey(chip, (uint16_t)q->slot, q->out);
}

static int ask_sign(struct hd_chip *chip, struct hdp_question *q)
{
    return hd_chip_sign(chip, (uint16_t)q->slot, q->in, q->out);
}

static int ask_ecdh(struct hd_chip *chip, struct hdp_question *q)
{
    return q->io_key == NULL
                   ? hd_chip_ecdh(chip, (uint16_t)q->slot, q->in, q->out)
                   : hd_chip_ecdh_io(chip, (uint16_t)q->slot, q->in, q->io_key,
                                     q->out);
}

/* The chip's own reason, as far as it can be found. The chip stays entered. */
static void find_reason(struct hdp_device *d, const struct hdp_question *q,
                        int err)
{
    uint8_t config[HD_CONFIG_BYTES];
    struct hdp_question read = {
            .ask = read_config, .out = config, .out_len = sizeof(config)};
    bool odd_answer = err == HD_ERR_CRC || err == HD_ERR_LENGTH;

    if ((!hd_err_is_refusal(err) && !odd_answer) ||
        read.ask(&d->chip, &read) != HD_OK) {
        return;
    }
    /* ChipOptions bits 9-8, EcdhProt: the answer is longer than asked for */
    if (odd_answer && q->ask == ask_ecdh && q->io_key == NULL &&
        (config[91] & 3U) == 1) {
        snprintf(d->why, sizeof(d->why),
                 "this chip gives ECDH results encrypted only (ChipOptions "
                 "EcdhProt = 1): add ;io-key-file=PATH to the key's URI");
        return;
    }
    if (hd_err_is_refusal(err) &&
        !hdp_explain(config, q, d->why, sizeof(d->why))) {
        d->why[0] = '\0';
    }
}

static int raise_failure(struct hdp_device *d, const struct hdp_question *q,
                         int err, bool opened)
{
    if (!opened) {
        return hdp_raise(d->provider, HDP_R_OPEN, "%s: %s", d->address,
                         d->why[0] != '\0' ? d->why : hd_strerror(err));
    }
    if (q->slot < 0) {
        return hdp_raise(d->provider, HDP_R_CHIP, "%s: %s: %s", d->address,
                         q->what, hd_strerror(err));
    }
    if (d->why[0] != '\0') {
        return hdp_raise(d->provider, HDP_R_CHIP, "%s: %s", d->address, d->why);
    }
    return hdp_raise(d->provider, HDP_R_CHIP, "%s, slot %d: %s: %s", d->address,
                     q->slot, q->what, hd_strerror(err));
}

/* The way to the chip broke: its server restarted, its adapter was pulled. */
static bool is_lost(int err)
{
    return err == HD_ERR_ABSENT || err == HD_ERR_PORT || err == HD_ERR_IO;
}

/* Every question may be asked twice, so a way that was open before and broke
 * since is opened once more. */
static int ask(struct hdp_device *d, struct hdp_question *q, bool *opened)
{
    bool was_open = d->owner == getpid();
    int err = device_open(d);

    *opened = err == HD_OK;
    if (!*opened) {
        return err;
    }
    err = q->ask(&d->chip, q);
    if (is_lost(err)) {
        device_close(d);
        if (was_open && device_open(d) == HD_OK) {
            err = q->ask(&d->chip, q);
        }
    }
    return err;
}

static int run(struct hdp_device *d, struct hdp_question *q)
{
    bool opened;
    int err, ok = 1;

    if (!CRYPTO_THREAD_write_lock(d->lock)) {
        return 0;
    }
    d->why[0] = '\0';
    err = ask(d, q, &opened);
    if (opened && err != HD_OK && d->owner != 0) {
        find_reason(d, q, err);
    }
    if (err != HD_OK) {
        ok = raise_failure(d, q, err, opened);
    }
    if (is_lost(err)) {
        device_close(d); /* the next try looks for it anew */
    }
    CRYPTO_THREAD_unlock(d->lock);
    return ok;
}

int hdp_device_pubkey(struct hdp_device *d, uint8_t slot,
                      uint8_t pub[HDP_POINT])
{
    struct hdp_question q = {.ask = ask_pubkey,
                             .what = "public key",
                             .slot = slot,
                             .out = pub,
                             .out_len = HDP_POINT};

    return run(d, &q);
}

int hdp_device_sign(struct hdp_device *d, uint8_t slot,
                    const uint8_t digest[HDP_DIGEST], uint8_t sig[64])
{
    struct hdp_question q = {.ask = ask_sign,
                             .what = "sign",
                             .slot = slot,
                             .in = digest,
                             .out = sig,
                             .out_len = 64};

    return run(d, &q);
}

int hdp_device_ecdh(struct hdp_device *d, uint8_t slot,
                    const uint8_t peer[HDP_POINT], const uint8_t *io_key,
                    uint8_t secret[32])
{
    struct hdp_question q = {.ask = ask_ecdh,
                             .what = "ECDH",
                             .slot = slot,
                             .in = peer,
                             .io_key = io_key,
                             .out = secret,
                             .out_len = 32};

    return run(d, &q);
}

int hdp_device_slots(struct hdp_device *d, uint16_t *slots)
{
    uint8_t config[HD_CONFIG_BYTES] = {0};
    struct hdp_question q = {.ask = read_config,
                             .what = "list of keys",
                             .slot = -1,
                             .out = config,
                             .out_len = sizeof(config)};

    *slots = 0;
    if (!run(d, &q)) {
        return 0;
    }
    for (unsigned slot = 0; slot < 16; slot++) {
        /* KeyConfig bits: 0 private, 4-2 KeyType (4 is P-256) */
        if ((config[96 + 2 * slot] & 0x1DU) == 0x11U) {
            *slots = (uint16_t)(*slots | 1U << slot);
        }
    }
    return 1;
}
