/* SPDX-License-Identifier: Apache-2.0 */
/* half chip trace: explains a recording of a bus, or redraws it. */
#include <errno.h>
#include <string.h>

#include "half.h"
#include "trace.h"

static const struct option options[] = {
        {"format", 0, "text|json|vcd",
         "text for people (default), JSON lines (docs/trace.md), or VCD "
         "waveforms for PulseView; --output FILE.vcd and FILE.jsonl choose "
         "by themselves"},
        {"sda", 0, "NAME", "channel of a .sr capture that is SDA (SDA)"},
        {"scl", 0, "NAME", "channel of a .sr capture that is SCL (SCL)"},
        OPTION_OUTPUT,
        OPTION_END,
};

static enum hd_trace_format format_of(struct call *c, const char *path)
{
    static const char *const words[] = {[HD_TRACE_TEXT] = "text",
                                        [HD_TRACE_JSON] = "json",
                                        [HD_TRACE_VCD] = "vcd"};
    const char *word = option_text(c, "format", NULL);

    for (size_t i = 0; word && i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i]) == 0) {
            return (enum hd_trace_format)i;
        }
    }
    return hd_trace_format_of(path);
}

static int write_trace(struct call *c, const struct hd_recording *r)
{
    const char *path = option_text(c, "output", "-");
    struct hd_trace_writer *w;

    if (hd_trace_open_as(&w, path, format_of(c, path)) != HD_OK) {
        return fail(c, "%s: %s", path, strerror(errno));
    }
    for (size_t i = 0; i < r->count; i++) {
        const struct hd_transfer *t = &r->transfers[i];
        hd_trace_transfer(w, t, r->timed, hd_recording_bytes(r, t));
    }
    if (hd_trace_close(w) != HD_OK) {
        return fail(c, "%s: %s", path, strerror(errno));
    }
    return EXIT_DONE;
}

/* What could be read is explained even if the rest is damaged. */
static int explain(struct call *c, const char *path, struct hd_recording *r)
{
    const struct hd_capture_options opt = {.sda = option_text(c, "sda", NULL),
                                           .scl = option_text(c, "scl", NULL)};
    int err = hd_recording_read_file(r, path, &opt);
    int code = EXIT_DONE;

    if (err == HD_ERR_IO) {
        return fail(c, "%s: %s", path, errno ? strerror(errno) : r->error);
    }
    if (r->skipped) {
        fprintf(stderr,
                "%s: %u lines hold no bus bytes, the first is line %u\n", path,
                r->skipped, r->first_skipped);
    }
    if (r->count) {
        code = write_trace(c, r);
    }
    return err ? fail(c, "%s: %s", path, r->error) : code;
}

static int run(struct call *c)
{
    struct hd_recording r;

    hd_recording_init(&r);
    int code = explain(c, c->args[0], &r);
    hd_recording_free(&r);
    return code;
}

const struct verb verb_chip_trace = {
        .group = "chip",
        .name = "trace",
        .args = "FILE",
        .least_args = 1,
        .most_args = 1,
        .summary = "explain a recording of the bus in words",
        .about = "FILE is a capture of PulseView or sigrok-cli (.sr), a table "
                 "of transfers, or hex lines as pasted from a logic analyser "
                 "(docs/trace.md shows the forms). To record what half itself "
                 "does on a bus, real or virtual, name a file in HALF_TRACE; "
                 "to record what a program does on a virtual one, use "
                 "half sim exec --trace FILE.",
        .options = options,
        .run = run,
};
