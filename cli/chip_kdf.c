/* SPDX-License-Identifier: Apache-2.0 */
/* half chip kdf: keys derived from a key of the chip (608). */
#include <string.h>

#include "session.h"

#define MESSAGE_MAX 128

/* Param1 of the KDF command: docs/chip part 2, 10.2. */
enum { FROM_TEMPKEY = 0, FROM_SLOT = 2 };
enum { TO_SLOT = 2, TO_HOST = 4, TO_HOST_ENCRYPTED = 5 };

static const struct option options[] = {
        OPTION_CHIP,
        {"slot", 0, "N", "slot of the source key"},
        {"key-file", 0, "FILE",
         "load this source key (32 or 64 bytes, raw or "
         "hex) into the chip for this call, in place "
         "of --slot"},
        {"key-length", 0, "16|32|48|64", "prf: bytes of the source key (32)"},
        {"length", 0, "32|64", "prf: bytes of the result (32)"},
        {"block", 0, "N",
         "aes: which 16 bytes of the source are the key, 0 "
         "to 3 (0)"},
        {"target-slot", 0, "N",
         "store the result in this slot; it does not "
         "leave the chip"},
        OPTION_IO_KEY,
        OPTION_FORMAT_BYTES,
        {"output", 'o', "FILE",
         "file for the result (made with mode 600), or "
         "- to show it"},
        OPTION_JSON,
        OPTION_AUTHORISE,
        OPTION_END,
};

struct job {
    uint8_t algorithm; /* 0 PRF, 1 AES, 2 HKDF */
    uint8_t source, target;
    uint16_t slot, target_slot;
    uint32_t details;
    uint8_t key[64];
    size_t key_len;
    uint8_t io_key[32];
    struct input message;
};

static int derive(struct session *s, const struct job *job, uint8_t out[64],
                  size_t *len)
{
    uint8_t mode =
            (uint8_t)(job->source | job->target << 2 | job->algorithm << 5);

    if (job->key_len) {
        int err = hd_chip_nonce_load(&s->chip, HD_NONCE_TEMPKEY, job->key,
                                     job->key_len);
        if (err) {
            return err;
        }
    }
    if (job->target == TO_HOST_ENCRYPTED) {
        return hd_chip_kdf_io(&s->chip, mode, job->slot, job->target_slot,
                              job->details, job->message.bytes,
                              job->message.len, job->io_key, out, 64, len);
    }
    return hd_chip_kdf(&s->chip, mode, job->slot, job->target_slot,
                       job->details, job->message.bytes, job->message.len, out,
                       job->target == TO_SLOT ? 0 : 64, len);
}

static int held(struct session *s, const struct job *job, uint8_t out[64],
                size_t *len)
{
    int err = hd_chip_hold(&s->chip);

    if (err) {
        return err;
    }
    err = derive(s, job, out, len);
    (void)hd_chip_release(&s->chip);
    return err;
}

static int work(struct session *s, void *ctx)
{
    const struct job *job = ctx;
    uint8_t out[64];
    size_t len = 0;
    int err = held(s, job, out, &len);

    if (err) {
        return chip_failed(s, err,
                           "the source must be a key slot (AES or data), the "
                           "target writable in clear with KeyConfig bit 1 "
                           "set; ChipOptions may forbid AES or clear results",
                           "KDF");
    }
    if (job->target == TO_SLOT) {
        put(s->call, "target_slot", json_integer(job->target_slot));
        say(s->call, "stored in slot %u\n", job->target_slot);
        return EXIT_DONE;
    }
    /* AES gives 16 bytes and pads with zeros. */
    const struct output o = {.key = "result",
                             .bytes = out,
                             .len = job->algorithm == 1 ? 16 : len,
                             .secret = true,
                             .format = option_text(s->call, "format", "hex")};
    int code = write_output(s->call, &o);
    hd_wipe(out, sizeof out);
    return code;
}

static int source_from_options(struct call *c, struct job *job)
{
    const char *path = option_text(c, "key-file", NULL);

    if (!path) {
        job->source = FROM_SLOT;
        return option_slot(c, &job->slot);
    }
    if (option_given(c, "slot")) {
        return fail_usage(c, "--slot and --key-file exclude each other");
    }
    job->source = FROM_TEMPKEY;
    job->key_len =
            strcmp(option_text(c, "key-length", "32"), "48") >= 0 ? 64 : 32;
    return read_secret(c, path, job->key, job->key_len);
}

static int target_from_options(struct call *c, struct job *job)
{
    unsigned long slot = 0;
    bool encrypted = false;
    int code = option_number(c, "target-slot", 0, 15, &slot);

    job->target_slot = (uint16_t)slot;
    if (code != EXIT_DONE) {
        return code;
    }
    if (option_given(c, "target-slot")) {
        job->target = TO_SLOT;
        return EXIT_DONE;
    }
    if (!option_given(c, "output")) {
        return fail_usage(c, "the result is a secret: say where it goes, "
                             "--output FILE, --output - to show it, or "
                             "--target-slot N");
    }
    code = option_secret(c, "io-key", job->io_key, 32, &encrypted);
    job->target = encrypted ? TO_HOST_ENCRYPTED : TO_HOST;
    return code;
}

/* Details word: docs/chip part 2, 10.2; the driver adds the length. */
static int algorithm_from_options(struct call *c, struct job *job)
{
    static const char *const names[] = {"prf", "aes", "hkdf"};
    unsigned long bytes = 32;
    unsigned long length = 32;
    unsigned long block = 0;
    int code = option_number(c, "key-length", 16, 64, &bytes);

    if (code == EXIT_DONE) {
        code = option_number(c, "length", 32, 64, &length);
    }
    if (code == EXIT_DONE) {
        code = option_number(c, "block", 0, 3, &block);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    const uint32_t details[] = {
            (uint32_t)(bytes / 16 - 1) | (length == 64 ? 0x100U : 0),
            (uint32_t)block, 2, /* the message comes with the command */
    };
    for (uint8_t i = 0; i < 3; i++) {
        if (strcmp(c->args[0], names[i]) == 0) {
            job->algorithm = i;
            job->details = details[i];
            return EXIT_DONE;
        }
    }
    return fail_usage(c, "'%s' is not prf, aes or hkdf", c->args[0]);
}

static int message_from_args(struct call *c, struct job *job)
{
    const char *path = c->count > 1 ? c->args[1] : "-";
    int code = read_input(c, path, MESSAGE_MAX, &job->message);

    if (code == EXIT_DONE && job->algorithm == 1 && job->message.len != 16) {
        code = fail(c, "%s: the message of aes is 16 bytes, not %zu", path,
                    job->message.len);
    }
    return code;
}

static int run(struct call *c)
{
    static int (*const parts[])(struct call *, struct job *) = {
            algorithm_from_options, source_from_options, target_from_options,
            message_from_args};
    struct job job = {0};
    int code = EXIT_DONE;

    for (size_t i = 0; code == EXIT_DONE && i < 4; i++) {
        code = parts[i](c, &job);
    }
    if (code == EXIT_DONE) {
        code = with_chip(c, work, &job);
    }
    free_input(&job.message);
    hd_wipe(&job, sizeof job);
    return code;
}

const struct verb verb_chip_kdf = {
        .group = "chip",
        .name = "kdf",
        .args = "prf|aes|hkdf [MESSAGE-FILE|-]",
        .least_args = 1,
        .most_args = 2,
        .summary = "derive a key from a key of the chip (608)",
        .about = "prf: P_SHA256 of TLS 1.2; the label is part of the "
                 "message. hkdf: HMAC-SHA-256 of the message, one block. aes: "
                 "one AES-128 block. Messages have at most 128 bytes.",
        .options = options,
        .run = run,
};
