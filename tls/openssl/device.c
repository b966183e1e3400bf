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
    char why[256]; /* of the last open that failed */
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

/* Takes the device for one operation. HD_OK: leave() it afterwards. */
static int enter(struct hdp_device *d)
{
    int err;

    if (!CRYPTO_THREAD_write_lock(d->lock)) {
        return HD_ERR_LOCK;
    }
    d->why[0] = '\0';
    err = device_open(d);
    if (err != HD_OK) {
        CRYPTO_THREAD_unlock(d->lock);
    }
    return err;
}

/* A chip that vanished is closed, so that the next try looks for it anew. */
static int leave(struct hdp_device *d, int err)
{
    if (err == HD_ERR_ABSENT || err == HD_ERR_PORT || err == HD_ERR_IO) {
        device_close(d);
    }
    CRYPTO_THREAD_unlock(d->lock);
    return err;
}

int hdp_device_pubkey(struct hdp_device *d, uint8_t slot,
                      uint8_t pub[HDP_POINT])
{
    int err = enter(d);

    return err != HD_OK ? err : leave(d, hd_chip_pubkey(&d->chip, slot, pub));
}

int hdp_device_sign(struct hdp_device *d, uint8_t slot,
                    const uint8_t digest[HDP_DIGEST], uint8_t sig[64])
{
    int err = enter(d);

    return err != HD_OK ? err
                        : leave(d, hd_chip_sign(&d->chip, slot, digest, sig));
}

int hdp_device_ecdh(struct hdp_device *d, uint8_t slot,
                    const uint8_t peer[HDP_POINT], const uint8_t *io_key,
                    uint8_t secret[32])
{
    int err = enter(d);

    if (err != HD_OK) {
        return err;
    }
    err = io_key == NULL
                  ? hd_chip_ecdh(&d->chip, slot, peer, secret)
                  : hd_chip_ecdh_io(&d->chip, slot, peer, io_key, secret);
    return leave(d, err);
}

int hdp_device_slots(struct hdp_device *d, uint16_t *slots)
{
    uint8_t config[HD_CONFIG_BYTES];
    int err = enter(d);

    *slots = 0;
    if (err != HD_OK) {
        return err;
    }
    err = leave(d, hd_chip_read(&d->chip, HD_ZONE_CONFIG, 0, 0, config,
                                sizeof(config)));
    for (unsigned slot = 0; err == HD_OK && slot < 16; slot++) {
        /* KeyConfig bits: 0 private, 4-2 KeyType (4 is P-256) */
        if ((config[96 + 2 * slot] & 0x1DU) == 0x11U) {
            *slots = (uint16_t)(*slots | 1U << slot);
        }
    }
    return err;
}

int hdp_device_raise(struct hdp_provider *p, struct hdp_device *d, int err,
                     const char *what, int slot)
{
    char where[32] = "";

    if (slot >= 0) {
        snprintf(where, sizeof(where), "slot %d of ", slot);
    }
    if (d->why[0] != '\0') {
        return hdp_raise(p, HDP_R_OPEN, "%s: %s", d->address, d->why);
    }
    return hdp_raise(p, HDP_R_CHIP, "%s, %schip %s: %s (%s)", what, where,
                     d->address, hd_strerror(err), hd_errname(err));
}
