/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of `half sim` share: chip files, and doors made of options. */
#ifndef HALF_SIM_H
#define HALF_SIM_H

#include "half.h"
#include "halfdollar/vchip.h"
#include "halfdollar/vdoor.h"

#define OPTION_CHIP_FILES                                                      \
    {                                                                          \
        "chip", 0, "FILE...",                                                  \
                "file of a virtual chip (half sim create); may be repeated: "  \
                "all share one bus"                                            \
    }
#define OPTION_CLOCK                                                           \
    {                                                                          \
        "clock", 0, "virtual|real",                                            \
                "virtual (default): time passes as bits and as reported "      \
                "delays; real: it also follows the wall clock"                 \
    }
#define OPTION_SPEED                                                           \
    {                                                                          \
        "speed", 0, "typical|maximum|slow|instant",                            \
                "how long commands take: typical (default), the maximum of "   \
                "the data sheet, three times that, or nothing"                 \
    }
#define OPTION_HZ                                                              \
    {                                                                          \
        "hz", 0, "N",                                                          \
                "bus speed, 10000 to 1000000; default 100000. Above 133000 a " \
                "byte to address 0 is too short to wake a chip"                \
    }

#define OPTION_TRACE                                                           \
    {                                                                          \
        "trace", 0, "FILE",                                                    \
                "write what passes on the bus: FILE.vcd as waveforms, "        \
                "FILE.jsonl as JSON lines, else text (docs/trace.md)"          \
    }

/* "sim:thing.vchip" or "thing.vchip": the path. */
const char *sim_path(const char *text);

/* A door with the chips of --chip, by --clock, --speed, --hz and --trace;
 * no_echo: of single-wire lines. EXIT_DONE,
 * or a failure already told (and *door is NULL). */
int sim_open_door(struct call *c, struct hd_vdoor **door, bool no_echo);

/* Closes it; the exit code is code, or that of a failed save. */
int sim_close_door(struct call *c, struct hd_vdoor *door, int code);

/* A chip's file while this process has its lock. */
struct sim_file {
    int lock;
    char path[HD_VFILE_PATH_MAX]; /* links followed */
};

/*
 * Locks a chip's file, and loads it. The file is to be unlocked after the chip
 * has been saved, and the chip given to hd_vchip_free(). EXIT_DONE, or a
 * failure already told.
 */
int sim_load(struct call *c, const char *path, struct hd_vchip *chip,
             struct sim_file *file);

/* Locks a file that will be written; it need not be there. */
int sim_lock_new(struct call *c, const char *path, struct sim_file *file);
int sim_save(struct call *c, struct hd_vchip *chip,
             const struct sim_file *file);
void sim_unlock(struct sim_file *file);

#endif
