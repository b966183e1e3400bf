/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The station: brings a chip from blank to connected-device.
 *
 *     half-provision --chip ADDRESS --config FILE --dir DIR --root PEM \
 *                    --signer PEM --boot PEM [--cert PEM]
 *
 * --root, --signer and --boot name certificates or public keys. Secrets of
 * this device are made in DIR (io.key, secret.key; mode 0600) at the first
 * run and used again at the next. With --cert, the device's certificate, the
 * chip is sealed too. Run it as often as you like: it does what is missing.
 * Exit code: 0 done, 1 refused, 2 usage or environment.
 */
#include "provision.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "halfdollar/port_linux.h"

enum { CHIP, CONFIG, DIR, ROOT, SIGNER, BOOT, CERT, TEXTS };

struct station {
    const char *texts[TEXTS];
    struct provision_plan plan;
    int steps;
};

static int usage(const char *program)
{
    fprintf(stderr,
            "usage: %s --chip ADDRESS --config FILE --dir DIR --root PEM\n"
            "          --signer PEM --boot PEM [--cert PEM]\n",
            program);
    return 2;
}

static bool complain(const char *path, const char *what)
{
    fprintf(stderr, "half-provision: %s: %s\n", path, what);
    return false;
}

/* ------------------------------------------------------------------ files */

static bool read_config(struct station *s)
{
    const char *path = s->texts[CONFIG];
    FILE *file = fopen(path, "r");
    char text[8192];
    size_t len;

    if (file == NULL) {
        return complain(path, strerror(errno));
    }
    len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = '\0';
    return provision_parse_config(text, s->plan.config) ||
           complain(path, "not 128 bytes in hex");
}

/* Makes the key in a new file that appears whole or not at all. */
static bool make_key(const char *path, uint8_t key[32])
{
    char temporary[512];
    int fd, ok;

    snprintf(temporary, sizeof(temporary), "%s.new", path);
    fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return complain(temporary, strerror(errno));
    }
    ok = RAND_priv_bytes(key, 32) == 1 && write(fd, key, 32) == 32 &&
         fsync(fd) == 0;
    close(fd);
    return (ok && rename(temporary, path) == 0) ||
           complain(path, strerror(errno));
}

static bool load_key(struct station *s, const char *name, uint8_t key[32])
{
    char path[500];
    ssize_t got;
    int fd;

    snprintf(path, sizeof(path), "%s/%s", s->texts[DIR], name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? make_key(path, key)
                               : complain(path, strerror(errno));
    }
    got = read(fd, key, 32);
    close(fd);
    return got == 32 || complain(path, "does not hold 32 bytes");
}

/* A certificate, or NULL if the file holds something else. */
static X509 *read_certificate(const char *path)
{
    BIO *bio = BIO_new_file(path, "r");
    X509 *cert = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    return cert;
}

static EVP_PKEY *read_public(const char *path)
{
    X509 *cert = read_certificate(path);
    EVP_PKEY *key = NULL;
    BIO *bio;

    if (cert != NULL) {
        key = X509_get_pubkey(cert);
        X509_free(cert);
        return key;
    }
    bio = BIO_new_file(path, "r");
    key = bio == NULL ? NULL : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return key;
}

static bool load_public(const char *path, uint8_t point[64])
{
    EVP_PKEY *key = read_public(path);
    uint8_t encoded[65];
    size_t len = 0;
    bool ok;

    ok = key != NULL &&
         EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, encoded,
                                         sizeof(encoded), &len) == 1 &&
         len == sizeof(encoded) && encoded[0] == 4;
    EVP_PKEY_free(key);
    if (!ok) {
        return complain(path, "no P-256 public key or certificate (PEM)");
    }
    memcpy(point, encoded + 1, 64);
    return true;
}

static bool load_digest(const char *path, uint8_t digest[32])
{
    X509 *cert = read_certificate(path);
    bool ok =
            cert != NULL && X509_digest(cert, EVP_sha256(), digest, NULL) == 1;

    X509_free(cert);
    return ok || complain(path, "no certificate (PEM)");
}

static bool load_plan(struct station *s)
{
    struct provision_plan *plan = &s->plan;

    return read_config(s) && load_key(s, "secret.key", plan->secret) &&
           load_key(s, "io.key", plan->io_key) &&
           load_public(s->texts[ROOT], plan->root) &&
           load_public(s->texts[SIGNER], plan->signer) &&
           load_public(s->texts[BOOT], plan->boot) &&
           (s->texts[CERT] == NULL ||
            (load_digest(s->texts[CERT], plan->certificate) &&
             load_digest(s->texts[SIGNER], plan->signer_certificate)));
}

/* ----------------------------------------------------------------- course */

static void print_step(void *ctx, const char *what, bool done_now)
{
    struct station *s = ctx;

    s->steps++;
    printf("  %s %s\n", done_now ? "done   " : "already", what);
    fflush(stdout);
}

static int provision(struct station *s, struct hd_chip *chip)
{
    struct provision p = {.chip = chip,
                          .plan = &s->plan,
                          .report = print_step,
                          .report_ctx = s};
    int err = provision_chip(&p);

    if (err == HD_OK && s->texts[CERT] != NULL) {
        err = provision_seal(&p);
    }
    if (err != HD_OK) {
        fprintf(stderr, "half-provision: %s: %s\n", p.step,
                p.problem[0] != '\0' ? p.problem : hd_strerror(err));
    }
    return err == HD_OK ? 0 : 1;
}

static int run(struct station *s)
{
    struct hd_port port;
    struct hd_chip chip;
    char why[256] = "";
    int err, code = 2;

    err = hd_port_open(&port, s->texts[CHIP], why, sizeof(why));
    if (err != HD_OK) {
        complain(s->texts[CHIP], why);
        return 2;
    }
    err = hd_chip_open(&chip, port.bus, port.ctx, NULL);
    if (err == HD_OK) {
        code = provision(s, &chip);
    } else {
        complain(s->texts[CHIP], hd_strerror(err));
    }
    hd_chip_close(&chip);
    hd_port_close(&port);
    return code;
}

static bool parse(struct station *s, int argc, char **argv)
{
    static const struct option options[] = {
            {"chip", required_argument, NULL, CHIP},
            {"config", required_argument, NULL, CONFIG},
            {"dir", required_argument, NULL, DIR},
            {"root", required_argument, NULL, ROOT},
            {"signer", required_argument, NULL, SIGNER},
            {"boot", required_argument, NULL, BOOT},
            {"cert", required_argument, NULL, CERT},
            {NULL, 0, NULL, 0},
    };
    int which;

    s->texts[CHIP] = getenv("HALF_CHIP");
    while ((which = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (which < 0 || which >= TEXTS) {
            return false;
        }
        s->texts[which] = optarg;
    }
    for (int i = 0; i < TEXTS; i++) {
        if (s->texts[i] == NULL && i != CERT) {
            return false;
        }
    }
    return optind == argc;
}

int main(int argc, char **argv)
{
    static struct station station;
    int code;

    if (!parse(&station, argc, argv)) {
        return usage(argv[0]);
    }
    code = load_plan(&station) ? run(&station) : 2;
    hd_wipe(&station, sizeof(station));
    return code;
}
