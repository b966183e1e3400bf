/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast the virtual chip is in one process, and how small.
 *
 * Signatures are compared with OpenSSL's own P-256 signing in the same
 * process; both sides run in alternating rounds and the best round counts, so
 * that a busy machine disturbs both alike. Commands go the whole way over the
 * virtual bus: write, wait, read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "halfdollar/err.h"
#include "halfdollar/vchip.h"

#define ROUNDS 5
#define CHIPS  100000

static const uint8_t seed[32] = {'b', 'e', 'n', 'c', 'h'};

static void need(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench_vchip: %s failed\n", what);
        exit(1);
    }
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ------------------------------------------------------------ one chip */

struct rig {
    struct hd_vchip chip;
    struct hd_vbus bus;
};

static void wake(struct rig *r)
{
    hd_vbus_wake(&r->bus);
    hd_vbus_advance(&r->bus, 1500000);
}

static void start(struct rig *r)
{
    need(hd_vchip_init(&r->chip, hd_vchip_variant("tflxtls"), seed) == HD_OK,
         "making a chip");
    r->chip.speed = HD_V_INSTANT;
    hd_vbus_init(&r->bus, 1000000);
    need(hd_vbus_attach(&r->bus, &r->chip) == HD_OK, "attaching a chip");
    wake(r);
}

static uint16_t crc(const uint8_t *data, size_t len)
{
    uint16_t c = 0;

    for (size_t i = 0; i < 8 * len; i++) {
        const unsigned top = c >> 15;

        c = (uint16_t)(c << 1);
        c ^= top != ((unsigned)data[i / 8] >> i % 8 & 1u) ? 0x8005 : 0;
    }
    return c;
}

struct packet {
    uint8_t bytes[160];
    size_t len, answer_len;
};

static struct packet make(uint8_t op, uint8_t p1, uint16_t p2,
                          const uint8_t *data, size_t len, size_t answer_len)
{
    struct packet p = {.len = len + 8, .answer_len = answer_len};
    uint16_t c;

    p.bytes[0] = 0x03;
    p.bytes[1] = (uint8_t)(len + 7);
    p.bytes[2] = op;
    p.bytes[3] = p1;
    p.bytes[4] = (uint8_t)p2;
    p.bytes[5] = (uint8_t)(p2 >> 8);
    if (len > 0) {
        memcpy(p.bytes + 6, data, len);
    }
    c = crc(p.bytes + 1, len + 5);
    p.bytes[len + 6] = (uint8_t)c;
    p.bytes[len + 7] = (uint8_t)(c >> 8);
    return p;
}

static void run(struct rig *r, const struct packet *p)
{
    uint8_t answer[160];
    const uint8_t addr7 = r->chip.addr7;

    if (hd_vbus_write(&r->bus, addr7, p->bytes, p->len, NULL) != HD_OK) {
        wake(r); /* the watchdog: as a driver does */
        need(hd_vbus_write(&r->bus, addr7, p->bytes, p->len, NULL) == HD_OK,
             "a command");
    }
    need(hd_vbus_read(&r->bus, addr7, answer, p->answer_len) == HD_OK &&
                 answer[0] == p->answer_len,
         "an answer");
}

/* Idle and wake: starts the watchdog anew and keeps TempKey. */
static void refresh(struct rig *r)
{
    static const uint8_t idle = 0x02;

    hd_vbus_write(&r->bus, r->chip.addr7, &idle, 1, NULL);
    wake(r);
}

static double rate(struct rig *r, const struct packet *p, int n)
{
    const double t = seconds();

    for (int i = 0; i < n; i++) {
        if (i % 64 == 0) {
            refresh(r);
        }
        run(r, p);
    }
    return n / (seconds() - t);
}

/* ------------------------------------------------------------ signing */

static EVP_PKEY_CTX *openssl_signer(void)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);

    need(c != NULL && EVP_PKEY_sign_init(c) == 1, "OpenSSL's signing");
    EVP_PKEY_free(key);
    return c;
}

static double openssl_rate(EVP_PKEY_CTX *c, int n)
{
    const uint8_t digest[32] = {1};
    uint8_t sig[80];
    const double t = seconds();

    for (int i = 0; i < n; i++) {
        size_t len = sizeof sig;

        need(EVP_PKEY_sign(c, sig, &len, digest, 32) == 1, "signing");
    }
    return n / (seconds() - t);
}

static double better(double a, double b)
{
    return a > b ? a : b;
}

static void bench_sign(struct rig *r)
{
    const uint8_t digest[32] = {1};
    const struct packet load = make(0x16, 0x43, 0, digest, 32, 4);
    const struct packet sign = make(0x41, 0xA0, 0, NULL, 0, 67);
    EVP_PKEY_CTX *c = openssl_signer();
    double ours = 0, theirs = 0;

    refresh(r);
    run(r, &load);
    for (int i = 0; i < ROUNDS; i++) {
        theirs = better(theirs, openssl_rate(c, 5000));
        ours = better(ours, rate(r, &sign, 5000));
    }
    EVP_PKEY_CTX_free(c);
    printf("%-28s %10.0f /s   OpenSSL P-256 sign %8.0f /s   ratio %5.2f "
           "(aim >= 0.80)\n",
           "Sign", ours, theirs, ours / theirs);
}

static void bench_command(struct rig *r, const char *name,
                          const struct packet *p)
{
    double best = 0;

    for (int i = 0; i < ROUNDS; i++) {
        best = better(best, rate(r, p, 50000));
    }
    printf("%-28s %10.0f /s   aim %25.0f /s   ratio %5.2f\n", name, best,
           500000.0, best / 500000);
}

static void bench_commands(struct rig *r)
{
    const uint8_t bytes[64] = {1, 2, 3};
    const struct packet info = make(0x30, 0, 0, NULL, 0, 7);
    const struct packet word = make(0x02, 0, 0, NULL, 0, 7);
    const struct packet block = make(0x02, 0x80, 0, NULL, 0, 35);
    const struct packet random = make(0x1B, 0, 0, NULL, 0, 35);
    const struct packet nonce = make(0x16, 0x00, 0, bytes, 20, 35);
    const struct packet fixed = make(0x16, 0x03, 0, bytes, 32, 4);
    const struct packet counter = make(0x24, 0x00, 0, NULL, 0, 7);

    bench_command(r, "Info", &info);
    bench_command(r, "Read 4 bytes", &word);
    bench_command(r, "Read 32 bytes", &block);
    bench_command(r, "Random", &random);
    bench_command(r, "Nonce, random", &nonce);
    bench_command(r, "Nonce, pass-through", &fixed);
    bench_command(r, "Counter read", &counter);
}

/* -------------------------------------------------------- many chips */

static long resident_kib(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long pages = 0;

    if (f == NULL || fscanf(f, "%*s %ld", &pages) != 1) {
        pages = 0;
    }
    if (f != NULL) {
        fclose(f);
    }
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Wakes one of many and has it do something; p2 NULL: one packet only. */
static void use(struct hd_vchip *chip, const struct packet *p1,
                const struct packet *p2)
{
    uint8_t answer[160];
    struct hd_vbus bus;

    chip->speed = HD_V_INSTANT;
    hd_vbus_init(&bus, 1000000);
    need(hd_vbus_attach(&bus, chip) == HD_OK, "attaching one of many");
    hd_vbus_wake(&bus);
    hd_vbus_advance(&bus, 1500000);
    need(hd_vbus_write(&bus, chip->addr7, p1->bytes, p1->len, NULL) == HD_OK,
         "a command to one of many");
    if (p2 != NULL) {
        need(hd_vbus_write(&bus, chip->addr7, p2->bytes, p2->len, NULL) ==
                             HD_OK &&
                     hd_vbus_read(&bus, chip->addr7, answer, p2->answer_len) ==
                             HD_OK &&
                     answer[0] == p2->answer_len,
             "a signature of one of many");
    }
}

/* Makes chips of a variant, uses each once, and tells what they take. */
static void bench_many(const char *what, const char *variant, uint32_t count,
                       const struct packet *p1, const struct packet *p2)
{
    const long before = resident_kib();
    struct hd_vchip *chips = calloc(count, sizeof *chips);
    const double t = seconds();
    double each;

    need(chips != NULL, "memory for many chips");
    for (uint32_t i = 0; i < count; i++) {
        uint8_t own[32] = {0};

        memcpy(own, &i, sizeof i);
        need(hd_vchip_init(&chips[i], hd_vchip_variant(variant), own) == HD_OK,
             "making a chip");
        use(&chips[i], p1, p2);
    }
    each = (double)(resident_kib() - before) * 1024 / count;
    printf("%-28s %10u      resident %5.0f bytes each   aim 4096   ratio "
           "%5.2f   (sizeof %zu; %.2f s)\n",
           what, count, each, each / 4096, sizeof *chips, seconds() - t);
    for (uint32_t i = 0; i < count; i++) {
        hd_vchip_free(&chips[i]);
    }
    free(chips);
}

int main(void)
{
    static struct rig r;
    static const uint8_t digest[32] = {1};
    const struct packet info = make(0x30, 0, 0, NULL, 0, 7);
    const struct packet load = make(0x16, 0x43, 0, digest, 32, 4);
    const struct packet sign = make(0x41, 0xA0, 0, NULL, 0, 67);

    start(&r);
    bench_sign(&r);
    bench_commands(&r);
    hd_vchip_free(&r.chip);
    bench_many("chips, woken and asked", "608b", CHIPS, &info, NULL);
    bench_many("chips that have signed", "tflxtls", CHIPS / 50, &load, &sign);
    return 0;
}
