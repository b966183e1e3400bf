/* SPDX-License-Identifier: Apache-2.0 */
/* half chip read: configuration, OTP, or a slot, in clear or encrypted. */
#include <string.h>

#include "describe.h"
#include "pk.h"
#include "session.h"

static const struct option options[] = {
        OPTION_CHIP,
        {"slot", 0, "N", "data: which slot, 0 to 15"},
        {"offset", 0, "N", "first byte (0)"},
        {"length", 0, "N", "how many bytes (all to the end)"},
        {"key-slot", 0, "N",
         "slot of the key that encrypts reads of this "
         "slot (ReadKey)"},
        {"key-file", 0, "FILE", "that key: 32 bytes, raw or hex"},
        {"format", 0, "hex|dump|raw|pem|der",
         "hex (the default), with "
         "offsets, raw, or a stored "
         "public key as PEM or DER"},
        OPTION_OUTPUT,
        OPTION_JSON,
        OPTION_END,
};

struct job {
    enum hd_zone zone;
    uint16_t slot, key_slot;
    unsigned long offset, length;
    bool encrypted;
    uint8_t key[32];
};

static int read_bytes(struct session *s, const struct job *job, uint8_t *out)
{
    if (job->encrypted) {
        return hd_chip_read_encrypted(&s->chip, job->slot, job->offset, out,
                                      job->length, job->key_slot, job->key);
    }
    return hd_chip_read(&s->chip, job->zone, job->slot, job->offset, out,
                        job->length);
}

static int write_key(struct session *s, const struct job *job,
                     const uint8_t *bytes, const char *format)
{
    uint8_t pub[64];

    if (job->length < PK_STORED || !public_key_stored(bytes, pub)) {
        return refuse(s->call, "these bytes are not a stored public key (72 "
                               "bytes: pad, X, pad, Y)");
    }
    return write_public_key(s->call, pub, format);
}

static int write_dump(struct session *s, const struct job *job,
                      const uint8_t *bytes)
{
    char text[80 * 32];
    size_t used = 0;

    for (size_t at = 0; at < job->length; at += 16) {
        size_t count = job->length - at < 16 ? job->length - at : 16;
        char hex[33];
        hex_text(bytes + at, count, hex);
        used += (size_t)snprintf(text + used, sizeof text - used, "%4zu  %s\n",
                                 (size_t)job->offset + at, hex);
    }
    const struct output o = {.key = "bytes",
                             .bytes = (const uint8_t *)text,
                             .len = used,
                             .is_text = true,
                             .secret = job->encrypted};
    int code = write_output(s->call, &o);
    hd_wipe(text, sizeof text);
    return code;
}

static int write_result(struct session *s, const struct job *job,
                        const uint8_t *bytes)
{
    const char *format = option_text(s->call, "format", "hex");

    if (strcmp(format, "pem") == 0 || strcmp(format, "der") == 0) {
        return write_key(s, job, bytes, format);
    }
    if (strcmp(format, "dump") == 0 && is_text(s->call)) {
        return write_dump(s, job, bytes);
    }
    const struct output o = {.key = "bytes",
                             .bytes = bytes,
                             .len = job->length,
                             .secret = job->encrypted,
                             .format = strcmp(format, "raw") == 0 ? "raw"
                                                                  : "hex"};
    return write_output(s->call, &o);
}

static int work(struct session *s, void *ctx)
{
    const struct job *job = ctx;
    uint8_t bytes[416]; /* the largest slot */
    int err = read_bytes(s, job, bytes);

    if (err) {
        return chip_failed(s, err,
                           "slots and OTP can be read once the data zone is "
                           "locked; secret slots never, or only encrypted "
                           "(--key-slot, --key-file); see `half chip info`",
                           "reading %s", s->call->args[0]);
    }
    put(s->call, "zone", json_string(s->call->args[0]));
    if (job->zone == HD_ZONE_DATA) {
        put(s->call, "slot", json_integer(job->slot));
    }
    put(s->call, "offset", json_integer((json_int_t)job->offset));
    int code = write_result(s, job, bytes);
    hd_wipe(bytes, sizeof bytes);
    return code;
}

static int range_from_options(struct call *c, struct job *job)
{
    size_t size = zone_size(job->zone, job->slot);
    int code = option_number(c, "offset", 0, size - 1, &job->offset);

    if (code != EXIT_DONE) {
        return code;
    }
    job->length = size - job->offset;
    return option_number(c, "length", 1, job->length, &job->length);
}

static int key_from_options(struct call *c, struct job *job)
{
    int code = option_session_key(c, &job->key_slot, job->key, &job->encrypted);

    if (code == EXIT_DONE && job->encrypted && job->zone != HD_ZONE_DATA) {
        code = fail_usage(c, "only slots can be read encrypted");
    }
    return code;
}

static int job_from_options(struct call *c, void *ctx)
{
    struct job *job = ctx;
    int code = zone_from_args(c, &job->zone, &job->slot);

    if (code == EXIT_DONE) {
        code = range_from_options(c, job);
    }
    return code == EXIT_DONE ? key_from_options(c, job) : code;
}

static int run(struct call *c)
{
    struct job job = {0};

    return with_job(c, job_from_options, work, &job, sizeof job);
}

const struct verb verb_chip_read = {
        .group = "chip",
        .name = "read",
        .args = "config|otp|data",
        .least_args = 1,
        .most_args = 1,
        .summary = "read the configuration, OTP, or a slot",
        .options = options,
        .run = run,
};
