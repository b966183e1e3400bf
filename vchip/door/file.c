/* SPDX-License-Identifier: Apache-2.0 */
/* The chips of a door: attached to the bus, loaded from and saved to files. */
#include "door.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Longer than any watchdog: a chip that the last program left awake is found
 * asleep, as if somebody had typed the next command. */
#define BETWEEN_PROGRAMS_NS 15000000000u

/* ---------------------------------------------------------------- chips */

static int attach(struct hd_vdoor *door, struct hd_vchip *chip, char *why,
                  size_t size)
{
    for (size_t i = 0; i < door->bus.count; i++) {
        if (door->bus.chips[i]->addr7 == chip->addr7) {
            snprintf(why, size,
                     "two chips with address 0x%02X on one bus: give one of "
                     "them another address (configuration byte 16) before "
                     "locking it, or serve it elsewhere",
                     chip->addr7);
            return HD_ERR_STATE;
        }
    }
    if (hd_vbus_attach(&door->bus, chip) != HD_OK) {
        snprintf(why, size, "a bus holds no more than %d chips", HD_VBUS_CHIPS);
        return HD_ERR_TOO_SMALL;
    }
    chip->speed = door->options.speed;
    return HD_OK;
}

int hd_vdoor_add_chip(struct hd_vdoor *door, struct hd_vchip *chip)
{
    return attach(door, chip, door->error, sizeof(door->error));
}

static int load(struct door_file *f, const char *path, char *why, size_t size)
{
    f->path = strdup(path);
    f->chip = calloc(1, sizeof(*f->chip));
    if (!f->path || !f->chip) {
        snprintf(why, size, "out of memory");
        return HD_ERR_IO;
    }
    int err = hd_vfile_load(f->lock, path, f->chip, &f->generation);
    if (err == HD_ERR_IO) {
        snprintf(why, size, "%s: %s", path, strerror(errno));
    } else if (err) {
        snprintf(why, size, "%s: %s", path,
                 "the file is not a virtual chip "
                 "of this version, or is damaged");
    }
    return err;
}

static void forget(struct door_file *f)
{
    free(f->chip);
    free(f->path);
    if (f->lock >= 0) {
        close(f->lock);
    }
}

int hd_vdoor_add_file(struct hd_vdoor *door, const char *path, char *why,
                      size_t size)
{
    if (door->file_count == HD_VBUS_CHIPS) {
        snprintf(why, size, "a bus holds no more than %d chips", HD_VBUS_CHIPS);
        return HD_ERR_TOO_SMALL;
    }
    const struct reason reason = {why, size};
    char found[HD_VFILE_PATH_MAX];
    int err = hd_vfile_find(path, found, why, size);
    if (err) {
        return err;
    }
    struct door_file f = {.lock = door_lock_file(found, 0, true, &reason)};
    if (f.lock < 0) {
        return f.lock;
    }
    err = load(&f, found, why, size);
    if (err == HD_OK) {
        err = attach(door, f.chip, why, size);
        if (err) {
            hd_vchip_free(f.chip);
        }
    }
    if (err) {
        forget(&f);
        return err;
    }
    f.draws = f.chip->draws;
    door->files[door->file_count++] = f;
    hd_vbus_advance(&door->bus, BETWEEN_PROGRAMS_NS);
    door->real_start_ns = door_clock_ns() - door->bus.now_ns;
    return HD_OK;
}

int door_save(struct hd_vdoor *door, bool all)
{
    int result = HD_OK;
    for (size_t i = 0; i < door->file_count; i++) {
        struct door_file *f = &door->files[i];
        /* a number that was given away must not come again after a crash */
        if (!all && !f->chip->dirty && f->chip->draws == f->draws) {
            continue;
        }
        int err = hd_vfile_save(f->lock, f->path, f->chip, &f->generation);
        if (err) {
            snprintf(door->error, sizeof(door->error), "saving %s: %s", f->path,
                     strerror(errno));
            result = err;
        } else {
            f->draws = f->chip->draws;
        }
    }
    return result;
}

int hd_vdoor_save(struct hd_vdoor *door)
{
    return door_save(door, true);
}
