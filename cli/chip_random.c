/* SPDX-License-Identifier: Apache-2.0 */
/* half chip random: bytes from the chip's generator. */
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "session.h"

#define MOST (1UL << 20)

static const struct option options[] = {
        OPTION_CHIP,
        {"bytes", 'n', "SIZE", "how many (32); 4K and 1M are understood"},
        OPTION_FORMAT_BYTES,
        OPTION_OUTPUT,
        OPTION_JSON,
        OPTION_END,
};

static int fill(struct session *s, uint8_t *bytes, size_t len)
{
    uint8_t block[32];

    for (size_t at = 0; at < len; at += sizeof block) {
        int err = hd_chip_random(&s->chip, block);
        if (err) {
            return chip_failed(s, err, NULL, "Random");
        }
        memcpy(bytes + at, block,
               len - at < sizeof block ? len - at : sizeof block);
        progress(at, len);
    }
    progress_end();
    hd_wipe(block, sizeof block);
    return EXIT_DONE;
}

static int work(struct session *s, void *ctx)
{
    size_t len = *(unsigned long *)ctx;
    uint8_t *bytes = malloc(len);

    if (!bytes) {
        return fail(s->call, "not enough memory");
    }
    int code = fill(s, bytes, len);
    if (code == EXIT_DONE) {
        const struct output o = {.key = "random",
                                 .bytes = bytes,
                                 .len = len,
                                 .secret = true,
                                 .format =
                                         option_text(s->call, "format", "hex")};
        code = write_output(s->call, &o);
    }
    hd_wipe(bytes, len);
    free(bytes);
    return code;
}

static int run(struct call *c)
{
    unsigned long len = 32;
    const char *text = option_text(c, "bytes", "32");

    if (!parse_size(text, &len) || len < 1 || len > MOST) {
        return fail_usage(c, "--bytes: '%s' is not a size from 1 to 1M", text);
    }
    return with_chip(c, work, &len);
}

const struct verb verb_chip_random = {
        .group = "chip",
        .name = "random",
        .summary = "random bytes from the chip's generator",
        .about = "Refused while the configuration zone is not locked: the "
                 "chip then gives a constant. A file made by --output is "
                 "readable by its owner only.",
        .options = options,
        .run = run,
};
