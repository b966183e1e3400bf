/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver's own time on the bus, in virtual time at 400 kHz.
 *
 * Bound: one wake (80 us of pulse, 1.5 ms of waiting) and nine bits for every
 * byte that the operation cannot do without; the byte counts are written down
 * below from the data sheet, not measured. Once with a chip that answers at
 * once, where all that is left is the driver and the bus, and once with one
 * that takes the longest documented time for everything.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "halfdollar/chip.h"
#include "halfdollar/crypto_openssl.h"
#include "halfdollar/port_sim.h"

static struct hd_vchip v;
static struct hd_vbus bus;
static struct hd_sim sim;
static struct hd_chip c;
static uint8_t pub[64], sig[64], digest[32], key[32] = "the key in slot 5";

static void need(int rc, const char *what)
{
    if (rc) {
        fprintf(stderr, "bench_driver: %s: %s\n", what, hd_strerror(rc));
        exit(1);
    }
}

/* 0 private key with ECDH; 3 secret under key 5; 5 key; 8 open. */
static void provision(void)
{
    static const uint8_t seed[32] = {'b', 'e', 'n', 'c', 'h'};
    uint8_t config[128], status;
    size_t len;

    need(hd_vchip_init(&v, hd_vchip_variant("608b"), seed), "init");
    hd_vbus_init(&bus, 400000);
    need(hd_vbus_attach(&bus, &v), "attach");
    sim.bus = &bus;
    sim.addr7 = 0x60;
    need(hd_chip_open(&c, &hd_sim_bus, &sim, &hd_crypto_openssl), "open");
    memcpy(config, v.ee, 128);
    memset(config + 20, 0, 32);
    memcpy(config + 20, "\x87\x20", 2);
    memcpy(config + 26, "\xC5\x45", 2);
    memcpy(config + 30, "\x80\x80", 2);
    for (unsigned i = 0; i < 16; i++) {
        config[96 + 2 * i] = i == 0 ? 0x33 : 0x1C;
        config[97 + 2 * i] = 0;
    }
    need(hd_chip_write_config(&c, config), "configuration");
    need(hd_chip_lock_config(&c, hd_chip_crc(config, 128)), "lock");
    need(hd_chip_genkey(&c, 0, pub), "genkey");
    need(hd_chip_write(&c, HD_ZONE_DATA, 5, 0, key, 32), "key");
    need(hd_chip_command(&c, 0x17, 0x81, 0, NULL, 0, &status, 1, &len),
         "lock data");
    hd_chip_close(&c);
}

static int run_sign(void)
{
    return hd_chip_sign(&c, 0, digest, sig);
}

static int run_verify(void)
{
    return hd_chip_verify(&c, digest, sig, pub);
}

static int run_ecdh(void)
{
    uint8_t secret[32];

    return hd_chip_ecdh(&c, 0, pub, secret);
}

static int run_read(void)
{
    uint8_t out[416];

    return hd_chip_read(&c, HD_ZONE_DATA, 8, 0, out, 416);
}

static int run_write_encrypted(void)
{
    return hd_chip_write_encrypted(&c, 3, 0, digest, 32, 5, key);
}

static int run_sha(void)
{
    static const uint8_t data[1024];
    uint8_t out[32];

    return hd_chip_sha256(&c, data, sizeof data, out);
}

/* Commands an operation is made of: how many, bytes after the parameters,
 * bytes of the answer's payload, longest time in ms. */
struct part {
    unsigned count, in, out, ms;
};

static const struct {
    const char *name;
    int (*run)(void);
    struct part parts[3];
    double instant_ms, maximum_ms; /* the yardstick */
} rows[] = {
        {"sign (first after sleep)",
         run_sign,
         {{1, 0, 32, 23}, {1, 32, 1, 20}, {1, 0, 64, 115}},
         13.2,
         171},
        {"verify, external",
         run_verify,
         {{1, 32, 1, 20}, {1, 128, 1, 105}},
         11.2,
         137},
        {"ecdh", run_ecdh, {{1, 64, 32, 75}}, 5.6, 80},
        {"read slot 8, 416 bytes", run_read, {{13, 0, 32, 5}}, 54.2, 107},
        {"encrypted write, 32 bytes",
         run_write_encrypted,
         {{1, 20, 32, 20}, {1, 4, 1, 25}, {1, 64, 1, 45}},
         17.3,
         110},
        {"SHA-256 of 1 KiB",
         run_sha,
         {{1, 0, 1, 36}, {16, 64, 1, 36}, {1, 0, 32, 36}},
         86.2,
         741},
};

static double bound_ms(const struct part parts[3], bool with_execution)
{
    /* wake answer: address and 4; idle: address and word address */
    unsigned bytes = 1 + 4 + 1 + 1, ms = 0;

    for (unsigned i = 0; i < 3; i++) {
        bytes += parts[i].count * (2 + 7 + parts[i].in + 1 + 3 + parts[i].out);
        ms += parts[i].count * parts[i].ms;
    }
    return 1.58 + bytes * 9 / 400.0 + (with_execution ? ms : 0);
}

static double measure(int (*run)(void), enum hd_vspeed speed, const char *name)
{
    uint64_t before;

    v.speed = (uint8_t)speed;
    need(hd_chip_open(&c, &hd_sim_bus, &sim, &hd_crypto_openssl), "open");
    need(hd_chip_sleep(&c), "sleep");
    before = bus.now_ns;
    need(run(), name);
    before = bus.now_ns - before;
    hd_chip_close(&c);
    return (double)before / 1e6;
}

static bool table(const char *title, enum hd_vspeed speed, double aim)
{
    bool good = true;

    printf("\n%-30s %8s %8s %7s %8s %7s\n", title, "ours ms", "bound", "ratio",
           "theirs", "ratio");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double ms = measure(rows[i].run, speed, rows[i].name);
        double bound = bound_ms(rows[i].parts, speed == HD_V_MAXIMUM);
        double theirs =
                speed == HD_V_MAXIMUM ? rows[i].maximum_ms : rows[i].instant_ms;
        printf("%-30s %8.2f %8.2f %7.3f %8.1f %7.2f%s\n", rows[i].name, ms,
               bound, ms / bound, theirs, ms / theirs,
               ms / bound <= aim ? "" : "  (over)");
        good = good && ms / bound <= aim;
    }
    printf("aim: at most %.2f of the bound\n", aim);
    return good;
}

int main(void)
{
    bool good;

    provision();
    good = table("608B answering at once", HD_V_INSTANT, 1.15);
    good = table("608B at its longest times", HD_V_MAXIMUM, 1.03) && good;
    hd_vchip_free(&v);
    return good ? 0 : 1;
}
