/* SPDX-License-Identifier: Apache-2.0 */
/* half chip aes: single blocks through the chip's AES-128 and GCM field. */
#include <string.h>

#include "session.h"

#define BLOCKS_MOST 4096

static const struct option options[] = {
        OPTION_CHIP,
        {"slot", 0, "N", "slot of the key"},
        {"block", 0, "N", "which 16 bytes there are the key, 0 to 3 (0)"},
        {"key-file", 0, "FILE",
         "load this key (16 bytes, raw or hex) into the "
         "chip for this call, in place of --slot"},
        {"hash-key", 0, "FILE",
         "gfm: the other factor H (16 bytes, raw or "
         "hex)"},
        OPTION_FORMAT_BYTES,
        {"output", 'o', "FILE",
         "write there (mode 600) instead of standard "
         "output"},
        OPTION_JSON,
        OPTION_AUTHORISE,
        OPTION_END,
};

enum what { ENCRYPT, DECRYPT, GFM };

struct job {
    enum what what;
    uint16_t slot;
    uint8_t block;
    bool load;
    uint8_t key[32]; /* the lower half is used; TempKey takes 32 bytes */
    uint8_t h[16];
    struct input in;
};

static int one_block(struct session *s, const struct job *job,
                     const uint8_t in[16], uint8_t out[16])
{
    if (job->what == GFM) {
        return hd_chip_gfm(&s->chip, job->h, in, out);
    }
    return hd_chip_aes(&s->chip, job->what == DECRYPT, job->slot, job->block,
                       in, out);
}

/* In place: the input is wiped by being replaced. */
static int all_blocks(struct session *s, struct job *job)
{
    uint8_t out[16];
    int err = job->load ? hd_chip_nonce_load(&s->chip, HD_NONCE_TEMPKEY,
                                             job->key, sizeof job->key)
                        : HD_OK;

    for (size_t at = 0; !err && at < job->in.len; at += sizeof out) {
        err = one_block(s, job, job->in.bytes + at, out);
        memcpy(job->in.bytes + at, out, sizeof out);
        progress(at, job->in.len);
    }
    progress_end();
    hd_wipe(out, sizeof out);
    return err;
}

static int work(struct session *s, void *ctx)
{
    struct job *job = ctx;
    /* TempKey must survive from block to block. */
    int err = hd_chip_hold(&s->chip);

    if (!err) {
        err = all_blocks(s, job);
        (void)hd_chip_release(&s->chip);
    }
    if (err) {
        return chip_failed(s, err,
                           "AES must be enabled (configuration byte 13 bit "
                           "0), both zones locked, and the slot an AES key",
                           "AES");
    }
    const struct output o = {.key = "output_bytes",
                             .bytes = job->in.bytes,
                             .len = job->in.len,
                             .secret = true,
                             .format = option_text(s->call, "format", "hex")};
    return write_output(s->call, &o);
}

static int what_from_args(struct call *c, struct job *job)
{
    static const char *const names[] = {"encrypt", "decrypt", "gfm"};

    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(c->args[0], names[i]) == 0) {
            job->what = (enum what)i;
            return EXIT_DONE;
        }
    }
    return fail_usage(c, "'%s' is not encrypt, decrypt or gfm", c->args[0]);
}

static int key_from_options(struct call *c, struct job *job)
{
    unsigned long block = 0;
    bool given = false;
    int code = EXIT_DONE;

    if (job->what == GFM) {
        code = option_needed(c, "hash-key");
        return code == EXIT_DONE ? option_secret(c, "hash-key", job->h,
                                                 sizeof job->h, &given)
                                 : code;
    }
    code = option_secret(c, "key-file", job->key, 16, &job->load);
    if (code != EXIT_DONE) {
        return code;
    }
    if (job->load) {
        job->slot = HD_SLOT_TEMPKEY;
        return EXIT_DONE;
    }
    code = option_slot(c, &job->slot);
    if (code == EXIT_DONE) {
        code = option_number(c, "block", 0, 3, &block);
    }
    job->block = (uint8_t)block;
    return code;
}

static int input_from_args(struct call *c, struct job *job)
{
    const char *path = c->count > 1 ? c->args[1] : "-";
    int code = read_input(c, path, 16UL * BLOCKS_MOST, &job->in);

    if (code == EXIT_DONE && (job->in.len == 0 || job->in.len % 16)) {
        code = fail(c,
                    "%s: %zu bytes are not a whole number of blocks of 16: "
                    "this is the bare cipher, without a mode or padding",
                    path, job->in.len);
    }
    return code;
}

static int run(struct call *c)
{
    struct job job = {0};
    int code = what_from_args(c, &job);

    if (code == EXIT_DONE) {
        code = key_from_options(c, &job);
    }
    if (code == EXIT_DONE) {
        code = input_from_args(c, &job);
    }
    if (code == EXIT_DONE) {
        code = with_chip(c, work, &job);
    }
    free_input(&job.in);
    hd_wipe(&job, sizeof job);
    return code;
}

const struct verb verb_chip_aes = {
        .group = "chip",
        .name = "aes",
        .args = "encrypt|decrypt|gfm [FILE|-]",
        .least_args = 1,
        .most_args = 2,
        .summary = "AES-128 blocks with a key of the chip (608)",
        .about = "The bare block cipher, each block of 16 bytes for itself "
                 "(ECB): a building block, not a way to encrypt files. gfm "
                 "multiplies each block by H in the field of GCM.",
        .options = options,
        .run = run,
};
