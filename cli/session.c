/* SPDX-License-Identifier: Apache-2.0 */
/* A chip opened for one verb; see session.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "describe.h"
#include "parse.h"
#include "pk.h"
#include "session.h"
#include "why.h"

/* ------------------------------------------------------ open, close, fail */

static int open_port(struct call *c, struct session *s)
{
    char why[256] = "";
    const char *address = option_text(c, "chip", getenv("HALF_CHIP"));

    if (!address || !*address) {
        return fail_usage(c, "which chip? Give --chip ADDRESS or set HALF_CHIP "
                             "(i2c:1@0x60, swi:/dev/ttyUSB0, sim:thing.vchip, "
                             "unix:/run/thing.sock)");
    }
    int err = hd_port_open(&s->port, address, why, sizeof why);
    if (err) {
        return fail_err(c, err, why[0] ? why : NULL, "%s", address);
    }
    return EXIT_DONE;
}

/* ------------------------------------------------------------ HALF_TRACE */

static void ask_why(void *port, char *out, size_t size)
{
    hd_port_why(port, out, size);
}

static int open_trace(struct session *s)
{
    const char *path = getenv("HALF_TRACE");

    if (path && *path && hd_trace_open(&s->trace, path) != HD_OK) {
        return fail(s->call, "HALF_TRACE: %s: %s", path, strerror(errno));
    }
    hd_spy_init(&s->spy, s->port.bus, s->port.ctx, s->port.addr7, s->trace);
    why_listen(s);
    s->spy.why = ask_why;
    s->spy.why_ctx = &s->port;
    return EXIT_DONE;
}

void warn_traced(struct session *s)
{
    if (s->trace && !s->trace_warned) {
        fprintf(stderr,
                "HALF_TRACE: the trace in %s will hold this chip's secrets\n",
                getenv("HALF_TRACE"));
        s->trace_warned = true;
    }
}

static int close_trace(struct session *s, int code)
{
    if (s->trace && hd_trace_close(s->trace) != HD_OK) {
        return fail(s->call, "HALF_TRACE: not everything could be written");
    }
    return code;
}

/* -------------------------------------------------------------- the chip */

static int open_chip(struct session *s)
{
    int err = hd_chip_open(&s->chip, &s->spy.bus, &s->spy, &hd_crypto_openssl);

    if (err) {
        return chip_failed(s, err, NULL, "opening the chip");
    }
    hex_text(hd_chip_serial(&s->chip), 9, s->serial);
    put(s->call, "serial", json_string(s->serial));
    return EXIT_DONE;
}

/* ---------------------------------------------------------- authorisation */

/* SLOT=FILE of --authorise. */
static int read_proof(struct call *c, uint16_t *slot, uint8_t key[32])
{
    const char *text = option_text(c, "authorise", "");
    const char *equals = strchr(text, '=');
    unsigned long number = 0;
    char digits[8];

    if (!equals || !equals[1] || equals - text >= (long)sizeof digits) {
        return fail_usage(c, "--authorise %s: say SLOT=FILE", text);
    }
    (void)snprintf(digits, sizeof digits, "%.*s", (int)(equals - text), text);
    int code = parse_number_arg(c, "--authorise", digits, 0, 15, &number);

    *slot = (uint16_t)number;
    return code == EXIT_DONE ? read_secret(c, equals + 1, key, 32) : code;
}

/* A proof holds for one use and ends when the chip sleeps, so the chip is
 * held from here to the end of the work. */
static int prove(struct session *s)
{
    uint8_t key[32];
    uint16_t slot = 0;
    int code = read_proof(s->call, &slot, key);
    int err = code == EXIT_DONE ? hd_chip_hold(&s->chip) : HD_OK;

    if (code == EXIT_DONE && err == HD_OK) {
        err = hd_chip_authorize(&s->chip, slot, key);
    }
    hd_wipe(key, sizeof key);
    return err == HD_OK ? code
                        : chip_failed(s, err, "the file holds another key",
                                      "proving the key of slot %u", slot);
}

static int work_authorised(struct session *s,
                           int (*work)(struct session *s, void *ctx), void *ctx)
{
    if (!option_declared(s->call, "authorise") ||
        !option_given(s->call, "authorise")) {
        return work(s, ctx);
    }
    int code = prove(s);

    if (code == EXIT_DONE) {
        code = work(s, ctx);
    }
    (void)hd_chip_release(&s->chip);
    return code;
}

int with_chip(struct call *c, int (*work)(struct session *s, void *ctx),
              void *ctx)
{
    struct session s = {.call = c};
    int code = open_port(c, &s);

    if (code != EXIT_DONE) {
        return code;
    }
    code = open_trace(&s);
    if (code == EXIT_DONE) {
        code = open_chip(&s);
        if (code == EXIT_DONE) {
            code = work_authorised(&s, work, ctx);
        }
        hd_chip_close(&s.chip);
        code = close_trace(&s, code);
    }
    hd_history_free(&s.past);
    hd_port_close(&s.port);
    return code;
}

int with_job(struct call *c, int (*from_options)(struct call *c, void *job),
             int (*work)(struct session *s, void *job), void *job, size_t size)
{
    int code = from_options(c, job);

    if (code == EXIT_DONE) {
        code = with_chip(c, work, job);
    }
    hd_wipe(job, size);
    return code;
}

int chip_failed(struct session *s, int err, const char *likely,
                const char *format, ...)
{
    char doing[256];
    struct why *why = calloc(1, sizeof *why);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(doing, sizeof doing, format, args);
    va_end(args);
    if (why) {
        why_ask(s, err, why);
    }
    const bool told = why && why->reason[0];
    int code = fail_err(s->call, err, told ? why->reason : NULL, "%s", doing);

    if (told) {
        why_tell(s->call, why);
        if (why->explained && why->e.why.why == HD_WHY_AUTH_MISSING &&
            option_declared(s->call, "authorise")) {
            fprintf(stderr, "  --authorise SLOT=FILE proves that key first\n");
        }
    } else if (hd_err_is_refusal(err) && likely) {
        fprintf(stderr, "  likely: %s\n", likely);
        if (s->call->doc) {
            (void)json_object_set_new(json_object_get(s->call->doc, "error"),
                                      "likely", json_string(likely));
        }
    }
    if (why) {
        hd_wipe(why, sizeof *why); /* it quotes what was sent */
    }
    free(why);
    return code;
}

int confirm(struct session *s, const char *what)
{
    uint8_t typed[9];
    size_t len = 0;
    const char *text = option_text(s->call, "confirm", NULL);

    if (!text) {
        return fail_usage(s->call,
                          "%s This cannot be undone. Nothing was done. To go "
                          "on, type the chip's serial number back: --confirm "
                          "%s",
                          what, s->serial);
    }
    if (!parse_hex(text, strlen(text), typed, sizeof typed, &len) ||
        len != sizeof typed ||
        memcmp(typed, hd_chip_serial(&s->chip), len) != 0) {
        return fail_usage(s->call,
                          "--confirm %s is not the serial number of this chip "
                          "(%s): nothing was done. Is it the chip you mean?",
                          text, s->serial);
    }
    return EXIT_DONE;
}

const char *variant_name(enum hd_variant_id variant)
{
    static const char *const names[] = {
            [HD_CHIP_UNKNOWN] = "unknown",
            [HD_CHIP_508A] = "ATECC508A",
            [HD_CHIP_608A] = "ATECC608A",
            [HD_CHIP_608B] = "ATECC608B",
    };
    return names[variant];
}

/* ----------------------------------------------------------------- options */

int option_slot(struct call *c, uint16_t *slot)
{
    unsigned long value = 0;
    int code = option_needed(c, "slot");

    if (code == EXIT_DONE) {
        code = option_number(c, "slot", 0, 15, &value);
    }
    *slot = (uint16_t)value;
    return code;
}

int option_secret(struct call *c, const char *name, uint8_t *secret, size_t len,
                  bool *given)
{
    const char *path = option_text(c, name, NULL);

    *given = path != NULL;
    return path ? read_secret(c, path, secret, len) : EXIT_DONE;
}

int option_session_key(struct call *c, uint16_t *slot, uint8_t key[32],
                       bool *given)
{
    unsigned long number = 0;
    int code = option_number(c, "key-slot", 0, 15, &number);

    *slot = (uint16_t)number;
    if (code == EXIT_DONE &&
        option_given(c, "key-slot") != option_given(c, "key-file")) {
        code = fail_usage(c, "--key-slot and --key-file belong together");
    }
    return code == EXIT_DONE ? option_secret(c, "key-file", key, 32, given)
                             : code;
}

int option_hex(struct call *c, const char *name, uint8_t *bytes, size_t len,
               bool *given)
{
    const char *text = option_text(c, name, NULL);
    size_t got = 0;

    if (!given && !text) {
        return option_needed(c, name);
    }
    if (given) {
        *given = text != NULL;
    }
    if (!text ||
        (parse_hex(text, strlen(text), bytes, len, &got) && got == len)) {
        return EXIT_DONE;
    }
    return fail_usage(c, "--%s: '%s' is not %zu bytes of hex", name, text, len);
}

size_t zone_size(enum hd_zone zone, uint16_t slot)
{
    return zone == HD_ZONE_CONFIG ? HD_CONFIG_BYTES
           : zone == HD_ZONE_OTP  ? HD_OTP_BYTES
                                  : describe_slot_size(slot);
}

int zone_from_args(struct call *c, enum hd_zone *zone, uint16_t *slot)
{
    static const char *const names[] = {
            [HD_ZONE_CONFIG] = "config",
            [HD_ZONE_OTP] = "otp",
            [HD_ZONE_DATA] = "data",
    };

    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(c->args[0], names[i]) != 0) {
            continue;
        }
        *zone = (enum hd_zone)i;
        if (*zone == HD_ZONE_DATA) {
            return option_slot(c, slot);
        }
        return option_given(c, "slot")
                       ? fail_usage(c, "--slot belongs to `data`")
                       : EXIT_DONE;
    }
    return fail_usage(c, "'%s' is not config, otp or data", c->args[0]);
}

int read_config(struct session *s, uint8_t config[128])
{
    int err = hd_chip_read(&s->chip, HD_ZONE_CONFIG, 0, 0, config, 128);

    return err ? chip_failed(s, err, NULL, "reading the configuration")
               : EXIT_DONE;
}

/* ---------------------------------------------------------------- progress */

void progress(uint64_t done, uint64_t total)
{
    if (!isatty(STDERR_FILENO)) {
        return;
    }
    if (total) {
        fprintf(stderr, "\r%3u %%", (unsigned)(done * 100 / total));
    } else {
        fprintf(stderr, "\r%llu bytes", (unsigned long long)done);
    }
}

void progress_end(void)
{
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r            \r");
    }
}

/* ---------------------------------------------------------------- messages */

/* The 608 and the 508A end an HMAC in different ways. */
static int hash_end(struct session *s, bool is_hmac, const uint8_t *tail,
                    size_t len, uint8_t digest[32])
{
    bool is_508 = hd_chip_variant(&s->chip) == HD_CHIP_508A;

    if (is_hmac && is_508) {
        return hd_chip_sha_end_hmac(&s->chip, tail, len, digest);
    }
    return hd_chip_sha_end(&s->chip,
                           is_508 ? HD_SHA_TO_TEMPKEY : HD_SHA_TO_HOST_ONLY,
                           tail, len, digest);
}

static int hash_blocks(struct session *s, FILE *in, int key_slot,
                       uint64_t total, uint8_t digest[32])
{
    uint8_t block[64];
    uint64_t done = 0;
    size_t got;
    int err = key_slot >= 0
                      ? hd_chip_sha_begin_hmac(&s->chip, (uint16_t)key_slot)
                      : hd_chip_sha_begin(&s->chip);

    while (!err && (got = fread(block, 1, sizeof block, in)) == sizeof block) {
        err = hd_chip_sha_update(&s->chip, block, sizeof block);
        done += sizeof block;
        if (done % 4096 == 0) {
            progress(done, total);
        }
    }
    progress_end();
    if (!err && !ferror(in)) {
        err = hash_end(s, key_slot >= 0, block, got, digest);
    }
    hd_wipe(block, sizeof block);
    return err;
}

static uint64_t file_size(FILE *in)
{
    struct stat st;

    return fstat(fileno(in), &st) == 0 && S_ISREG(st.st_mode)
                   ? (uint64_t)st.st_size
                   : 0;
}

int chip_hash_file(struct session *s, const char *path, int key_slot,
                   uint8_t digest[32])
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(path, "rb");
    int code = EXIT_DONE;

    if (!in) {
        return fail(s->call, "%s: %s", path, strerror(errno));
    }
    /* Another process must not hash between our blocks. */
    int err = hd_chip_hold(&s->chip);
    if (!err) {
        err = hash_blocks(s, in, key_slot, file_size(in), digest);
        (void)hd_chip_release(&s->chip);
    }
    if (ferror(in)) {
        code = fail(s->call, "%s: reading failed", path);
    } else if (err) {
        code = chip_failed(s, err,
                           key_slot >= 0
                                   ? "the slot must hold a key that may be "
                                     "used for MACs (NoMac = 0)"
                                   : NULL,
                           "hashing %s", path);
    }
    if (!is_stdin) {
        (void)fclose(in);
    }
    return code;
}

int message_from_options(struct call *c, struct message *m)
{
    bool given = false;
    int code = option_hex(c, "digest", m->digest, sizeof m->digest, &given);

    m->path = NULL;
    if (code != EXIT_DONE) {
        return code;
    }
    if (given && c->count) {
        return fail_usage(c, "--digest and FILE exclude each other");
    }
    if (given) {
        return EXIT_DONE;
    }
    if (!c->count) {
        return fail_usage(c, "what? Give FILE, - for standard input, or "
                             "--digest HEX");
    }
    if (strcmp(option_text(c, "hash", "host"), "chip") == 0) {
        m->path = c->args[0];
        return EXIT_DONE;
    }
    return hash_file(c, c->args[0], m->digest);
}

int message_digest(struct session *s, struct message *m)
{
    int code = m->path ? chip_hash_file(s, m->path, -1, m->digest) : EXIT_DONE;

    if (code == EXIT_DONE) {
        put_hex(s->call, "digest", m->digest, sizeof m->digest);
    }
    return code;
}
