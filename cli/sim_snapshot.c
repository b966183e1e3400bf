/* SPDX-License-Identifier: Apache-2.0 */
/*
 * half sim snapshot and half sim restore: a virtual chip as it is now, and
 * back. Both are a checked copy under the chip's lock, written atomically.
 */
#include <unistd.h>

#include "sim.h"

static const struct option options[] = {
        {"force", 0, NULL, "replace a file that exists"},
        OPTION_JSON,
        OPTION_END,
};

static int copy(struct call *c, const char *from, const char *to)
{
    struct hd_vchip chip;
    struct sim_file source, target;

    int code = sim_load(c, from, &chip, &source);
    if (code != EXIT_DONE) {
        return code;
    }
    code = sim_lock_new(c, to, &target);
    if (code == EXIT_DONE) {
        code = sim_save(c, &chip, &target);
        sim_unlock(&target);
    }
    put(c, "file", json_string(to));
    hd_vchip_free(&chip);
    sim_unlock(&source);
    return code;
}

static int run_snapshot(struct call *c)
{
    const char *to = sim_path(c->args[1]);

    if (access(to, F_OK) == 0 && !option_given(c, "force")) {
        return refuse(c, "%s exists; --force replaces it", to);
    }
    return copy(c, sim_path(c->args[0]), to);
}

static int run_restore(struct call *c)
{
    return copy(c, sim_path(c->args[1]), sim_path(c->args[0]));
}

const struct verb verb_sim_snapshot = {
        .group = "sim",
        .name = "snapshot",
        .args = "FILE SNAPSHOT",
        .summary = "keeps a virtual chip as it is now",
        .about = "All of it: memory, locks, registers, clock, faults. The "
                 "snapshot is a chip file itself.",
        .options = options,
        .run = run_snapshot,
        .least_args = 2,
        .most_args = 2,
};

static const struct option restore_options[] = {
        OPTION_JSON,
        OPTION_END,
};

const struct verb verb_sim_restore = {
        .group = "sim",
        .name = "restore",
        .args = "FILE SNAPSHOT",
        .summary = "brings a virtual chip back to a snapshot",
        .about = "What no real chip can do: locks and counters go back too.",
        .options = restore_options,
        .run = run_restore,
        .least_args = 2,
        .most_args = 2,
};
