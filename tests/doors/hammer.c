/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One of several processes that hammer one chip through a port: sequences of
 * commands whose result is wrong if another process comes between them. Each
 * digest is checked against OpenSSL's; increments are counted and printed, so
 * that whoever started the processes can compare the sum with the counter.
 *
 *   hammer ADDRESS OPERATIONS SEED    prints the number of increments
 *   hammer ADDRESS                    prints the counter
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "halfdollar/chip.h"
#include "halfdollar/port_linux.h"

#define COUNTER 1

static void need(int err, const char *what, unsigned long op)
{
    if (err) {
        fprintf(stderr, "hammer: operation %lu, %s: %s\n", op, what,
                hd_strerror(err));
        exit(1);
    }
}

static void check_digest(struct hd_chip *chip, unsigned *seed, unsigned long op)
{
    uint8_t message[200], got[32], want[32];
    size_t len = (size_t)rand_r(seed) % sizeof(message);
    for (size_t i = 0; i < len; i++) {
        message[i] = (uint8_t)rand_r(seed);
    }
    need(hd_chip_sha256(chip, message, len, got), "sha256", op);
    need(EVP_Digest(message, len, want, NULL, EVP_sha256(), NULL) != 1,
         "OpenSSL", op);
    need(memcmp(got, want, 32) != 0 ? HD_ERR_SIGNATURE : HD_OK,
         "the digest is wrong", op);
}

static void check_serial(struct hd_chip *chip, unsigned long op)
{
    uint8_t config[16];
    need(hd_chip_read(chip, HD_ZONE_CONFIG, 0, 0, config, sizeof(config)),
         "read", op);
    need(memcmp(config, hd_chip_serial(chip), 4) != 0 ? HD_ERR_CRC : HD_OK,
         "the serial number is wrong", op);
}

static unsigned long hammer(struct hd_chip *chip, unsigned long ops,
                            unsigned seed)
{
    unsigned long increments = 0;
    uint32_t value, last = 0;
    for (unsigned long op = 0; op < ops; op++) {
        switch (rand_r(&seed) % 8) {
        case 0:
            need(hd_chip_counter(chip, COUNTER, true, &value), "counter", op);
            need(value <= last ? HD_ERR_CRC : HD_OK, "the counter went back",
                 op);
            last = value;
            increments++;
            break;
        case 1:
        case 2:
        case 3:
            check_serial(chip, op);
            break;
        default:
            check_digest(chip, &seed, op);
        }
    }
    return increments;
}

int main(int argc, char **argv)
{
    struct hd_port port;
    struct hd_chip chip;
    char why[256] = "";
    uint32_t value = 0;
    if (argc != 2 && argc != 4) {
        fprintf(stderr, "usage: hammer ADDRESS [OPERATIONS SEED]\n");
        return 2;
    }
    if (hd_port_open(&port, argv[1], why, sizeof(why)) != HD_OK) {
        fprintf(stderr, "hammer: %s\n", why);
        return 2;
    }
    need(hd_chip_open(&chip, port.bus, port.ctx, NULL), "open", 0);
    if (argc == 4) {
        printf("%lu\n", hammer(&chip, strtoul(argv[2], NULL, 10),
                               (unsigned)strtoul(argv[3], NULL, 10)));
    } else {
        need(hd_chip_counter(&chip, COUNTER, false, &value), "counter", 0);
        printf("%lu\n", (unsigned long)value);
    }
    hd_chip_close(&chip);
    hd_port_close(&port);
    return 0;
}
