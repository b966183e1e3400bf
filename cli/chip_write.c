/* SPDX-License-Identifier: Apache-2.0 */
/*
 * half chip write: configuration, OTP, slots, private keys. What cannot be
 * taken back needs the serial number: a private key replaced, configuration
 * bytes 84 and 85 (settable once), bits cleared in a locked OTP zone.
 */
#include <string.h>

#include "describe.h"
#include "parse.h"
#include "pk.h"
#include "policy.h"
#include "session.h"

static const struct option options[] = {
        OPTION_CHIP,
        {"slot", 0, "N", "data: which slot, 0 to 15"},
        {"offset", 0, "N", "first byte (0); a multiple of 4"},
        {"pad", 0, NULL, "fill with zeros to the end of the slot or zone"},
        {"key-slot", 0, "N",
         "slot of the key that encrypts writes to this "
         "slot (WriteKey)"},
        {"key-file", 0, "FILE", "that key: 32 bytes, raw or hex"},
        {"format", 0, "hex|raw|pubkey|private",
         "what FILE holds: hex (the default; for a configuration with "
         "comments, as `half policy compile` writes it), raw bytes, a public "
         "key (PEM, "
         "DER, raw, hex), or a private key (the same) for a private slot"},
        OPTION_CONFIRM,
        OPTION_JSON,
        OPTION_END,
};

#define BYTES_MAX 416

struct job {
    enum hd_zone zone;
    uint16_t slot, key_slot;
    unsigned long offset;
    bool encrypted, is_private;
    uint8_t key[32];
    uint8_t bytes[BYTES_MAX];
    size_t len;
};

/* ------------------------------------------------------------- to the chip */

static int write_private(struct session *s, const struct job *job)
{
    if (job->encrypted) {
        return hd_chip_privwrite_encrypted(&s->chip, job->slot, job->bytes,
                                           job->key_slot, job->key);
    }
    warn_traced(s);
    return hd_chip_privwrite(&s->chip, job->slot, job->bytes);
}

static int write_bytes(struct session *s, const struct job *job)
{
    if (job->is_private) {
        return write_private(s, job);
    }
    if (job->encrypted) {
        return hd_chip_write_encrypted(&s->chip, job->slot, job->offset,
                                       job->bytes, job->len, job->key_slot,
                                       job->key);
    }
    if (job->zone == HD_ZONE_CONFIG && job->len == HD_CONFIG_BYTES) {
        return hd_chip_write_config(&s->chip, job->bytes);
    }
    return hd_chip_write(&s->chip, job->zone, job->slot, job->offset,
                         job->bytes, job->len);
}

/* The sentence for confirm(), or NULL if the write can be taken back. */
static const char *warning(struct session *s, const struct job *job,
                           const uint8_t config[128])
{
    if (job->is_private) {
        return "The private key in the slot would be replaced for ever.";
    }
    if (job->zone == HD_ZONE_CONFIG && job->len == HD_CONFIG_BYTES &&
        memcmp(config + 84, job->bytes + 84, 2) != 0) {
        return "Configuration bytes 84 and 85 can be set only once, and "
               "would be.";
    }
    if (job->zone == HD_ZONE_OTP && hd_chip_data_is_locked(&s->chip)) {
        return "Bits that are cleared in a locked OTP zone stay cleared.";
    }
    return NULL;
}

static int work(struct session *s, void *ctx)
{
    const struct job *job = ctx;
    uint8_t config[128];
    int code = read_config(s, config);

    if (code != EXIT_DONE) {
        return code;
    }
    const char *what = warning(s, job, config);
    code = what ? confirm(s, what) : EXIT_DONE;
    if (code != EXIT_DONE) {
        return code;
    }
    int err = write_bytes(s, job);
    if (err) {
        return chip_failed(s, err,
                           "the configuration can be written until it is "
                           "locked; slots from then on, whole blocks of 32 "
                           "bytes only (--pad) until the data zone is locked, "
                           "and as their configuration says afterwards; see "
                           "`half chip info`",
                           "writing %s", s->call->args[0]);
    }
    put(s->call, "zone", json_string(s->call->args[0]));
    if (job->zone == HD_ZONE_DATA) {
        put(s->call, "slot", json_integer(job->slot));
    }
    put(s->call, "offset", json_integer((json_int_t)job->offset));
    put(s->call, "length", json_integer((json_int_t)job->len));
    say(s->call, "%zu bytes written\n", job->len);
    return EXIT_DONE;
}

/* ----------------------------------------------------- from the command line
 */

/* A whole configuration, as `half policy compile` writes it, or part of one:
 * then just the hex. */
static int parse_config(struct call *c, struct job *job, const char *path,
                        const struct input *in)
{
    if (parse_hex((const char *)in->bytes, in->len, job->bytes,
                  sizeof job->bytes, &job->len)) {
        return EXIT_DONE;
    }
    job->len = HD_CONFIG_BYTES;
    return config_from_input(c, path, in, job->bytes);
}

static int parse_plain(struct call *c, struct job *job, const char *path,
                       const struct input *in)
{
    if (job->zone == HD_ZONE_CONFIG) {
        return parse_config(c, job, path, in);
    }
    return parse_hex((const char *)in->bytes, in->len, job->bytes,
                     sizeof job->bytes, &job->len)
                   ? EXIT_DONE
                   : fail(c,
                          "%s: not hex, or more than %d bytes; is it --format "
                          "raw?",
                          path, BYTES_MAX);
}

static int take_raw(struct call *c, struct job *job, const char *path,
                    const struct input *in)
{
    if (in->len > sizeof job->bytes) {
        return fail(c, "%s: %zu bytes do not fit anywhere in the chip", path,
                    in->len);
    }
    memcpy(job->bytes, in->bytes, in->len);
    job->len = in->len;
    return EXIT_DONE;
}

static int load_plain(struct call *c, struct job *job, const char *path,
                      bool is_raw)
{
    struct input in;
    int code = read_input(c, path, HD_POLICY_FILE_MAX, &in);

    if (code == EXIT_DONE) {
        code = is_raw ? take_raw(c, job, path, &in)
                      : parse_plain(c, job, path, &in);
        free_input(&in);
    }
    return code;
}

static int load(struct call *c, struct job *job)
{
    const char *path = c->count > 1 ? c->args[1] : "-";
    const char *format = option_text(c, "format", "hex");
    uint8_t pub[64];
    int code;

    if (strcmp(format, "private") == 0) {
        job->is_private = true;
        job->len = 32;
        return read_private_key(c, path, job->bytes);
    }
    if (strcmp(format, "pubkey") == 0) {
        code = read_public_key(c, path, pub);
        public_key_store(pub, job->bytes);
        job->len = PK_STORED;
        return code;
    }
    return load_plain(c, job, path, strcmp(format, "raw") == 0);
}

static int check_fit(struct call *c, struct job *job)
{
    size_t room = zone_size(job->zone, job->slot) - job->offset;

    if (job->is_private) {
        return job->zone == HD_ZONE_DATA && job->offset == 0
                       ? EXIT_DONE
                       : fail_usage(c, "a private key goes to a slot, at "
                                       "offset 0");
    }
    if (job->len == 0 || job->len > room) {
        return fail(c,
                    "%zu bytes do not fit: there is room for %zu from "
                    "offset %lu",
                    job->len, room, job->offset);
    }
    if (option_given(c, "pad")) {
        memset(job->bytes + job->len, 0, room - job->len);
        job->len = room;
    }
    if (job->len % 4 || job->offset % 4) {
        return fail(c,
                    "the chip stores words of 4 bytes: offset %lu and "
                    "length %zu must be multiples (--pad fills up)",
                    job->offset, job->len);
    }
    return EXIT_DONE;
}

static int key_from_options(struct call *c, struct job *job)
{
    int code = option_session_key(c, &job->key_slot, job->key, &job->encrypted);

    if (code == EXIT_DONE && job->encrypted && job->zone != HD_ZONE_DATA) {
        code = fail_usage(c, "only slots can be written encrypted");
    }
    return code;
}

static int job_from_options(struct call *c, void *ctx)
{
    struct job *job = ctx;
    int code = zone_from_args(c, &job->zone, &job->slot);

    if (code == EXIT_DONE) {
        code = option_number(c, "offset", 0,
                             zone_size(job->zone, job->slot) - 4, &job->offset);
    }
    if (code == EXIT_DONE) {
        code = key_from_options(c, job);
    }
    if (code == EXIT_DONE) {
        code = load(c, job);
    }
    return code == EXIT_DONE ? check_fit(c, job) : code;
}

static int run(struct call *c)
{
    struct job job = {0};

    return with_job(c, job_from_options, work, &job, sizeof job);
}

const struct verb verb_chip_write = {
        .group = "chip",
        .name = "write",
        .args = "config|otp|data [FILE|-]",
        .least_args = 1,
        .most_args = 2,
        .summary = "write the configuration, OTP, a slot, or a private key",
        .about = "A configuration of 128 bytes is written whole, as far as "
                 "the chip lets it, and read back. Keys come from files or "
                 "standard input, never from the command line.",
        .options = options,
        .run = run,
};
