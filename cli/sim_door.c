/* SPDX-License-Identifier: Apache-2.0 */
/* Chip files and doors for the verbs of `half sim`. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "sim.h"
#include "trace.h"

const char *sim_path(const char *text)
{
    return strncmp(text, "sim:", 4) == 0 ? text + 4 : text;
}

static uint8_t speed_of(const char *word)
{
    static const char *const words[] = {
            [HD_V_TYPICAL] = "typical",
            [HD_V_MAXIMUM] = "maximum",
            [HD_V_SLOW] = "slow",
            [HD_V_INSTANT] = "instant",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], word) == 0) {
            return (uint8_t)i;
        }
    }
    return HD_V_TYPICAL;
}

static int add_chips(struct call *c, struct hd_vdoor *door)
{
    for (const char *const *f = option_all(c); *f; f++) {
        char why[512];
        if (hd_vdoor_add_file(door, sim_path(*f), why, sizeof why) != HD_OK) {
            return fail(c, "%s", why);
        }
    }
    return EXIT_DONE;
}

/* The trace of this process's one door; NULL: none. */
static struct hd_trace_writer *trace;

static int open_trace(struct call *c)
{
    const char *path = option_text(c, "trace", NULL);

    if (path && hd_trace_open(&trace, path) != HD_OK) {
        return fail(c, "--trace %s: %s", path, strerror(errno));
    }
    return EXIT_DONE;
}

static int close_trace(struct call *c, int code)
{
    int err = hd_trace_close(trace);

    trace = NULL;
    return err ? fail(c, "--trace: not everything could be written") : code;
}

int sim_open_door(struct call *c, struct hd_vdoor **door, bool no_echo)
{
    unsigned long hz = 100000;

    *door = NULL;
    int code = option_needed(c, "chip");
    if (code == EXIT_DONE) {
        code = option_number(c, "hz", 10000, 1000000, &hz);
    }
    if (code == EXIT_DONE) {
        code = open_trace(c);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    struct hd_vdoor_options options = {
            .hz = (uint32_t)hz,
            .real_clock =
                    strcmp(option_text(c, "clock", "virtual"), "real") == 0,
            .speed = speed_of(option_text(c, "speed", "typical")),
            .no_echo = no_echo,
            .trace = trace ? hd_trace_event : NULL,
            .trace_ctx = trace,
    };
    if (hd_vdoor_open(door, &options) != HD_OK) {
        (void)close_trace(c, EXIT_USAGE);
        return fail(c, "out of memory");
    }
    code = add_chips(c, *door);
    if (code != EXIT_DONE) {
        (void)hd_vdoor_close(*door);
        (void)close_trace(c, code);
        *door = NULL;
    }
    return code;
}

int sim_close_door(struct call *c, struct hd_vdoor *door, int code)
{
    char text[256];

    if (hd_vdoor_save(door) != HD_OK) {
        (void)snprintf(text, sizeof text, "%s", hd_vdoor_error(door));
        (void)hd_vdoor_close(door);
        (void)close_trace(c, EXIT_USAGE);
        return fail(c, "%s", text);
    }
    (void)hd_vdoor_close(door);
    return close_trace(c, code);
}

/* found: what hd_vfile_find() or its like said of file->path. */
static int lock(struct call *c, struct sim_file *file, int found, char why[512])
{
    file->lock = found;
    if (found == HD_OK) {
        file->lock = hd_vfile_lock(file->path, 1000, why, 512);
    }
    return file->lock < 0 ? fail(c, "%s", why) : EXIT_DONE;
}

int sim_lock_new(struct call *c, const char *path, struct sim_file *file)
{
    char why[512] = "";
    int found = hd_vfile_find_new(path, file->path, why, sizeof why);

    return lock(c, file, found, why);
}

void sim_unlock(struct sim_file *file)
{
    close(file->lock);
}

int sim_load(struct call *c, const char *path, struct hd_vchip *chip,
             struct sim_file *file)
{
    char why[512] = "";
    uint64_t generation;
    int err = hd_vfile_find(path, file->path, why, sizeof why);
    int code = lock(c, file, err, why);

    if (code != EXIT_DONE) {
        return code;
    }
    memset(chip, 0, sizeof *chip);
    err = hd_vfile_load(file->lock, file->path, chip, &generation);
    if (err == HD_OK) {
        return EXIT_DONE;
    }
    const char *text = err == HD_ERR_IO ? strerror(errno) : hd_strerror(err);
    sim_unlock(file);
    return fail(c, "%s: %s", path, text);
}

int sim_save(struct call *c, struct hd_vchip *chip, const struct sim_file *file)
{
    if (hd_vchip_save(chip, file->path) != HD_OK) {
        return fail(c, "saving %s: %s", file->path, strerror(errno));
    }
    return EXIT_DONE;
}
