/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port to a virtual chip in a file, inside this process. The file is the
 * chip: it is read when the lock is taken, if somebody else wrote it
 * meanwhile, and written when the lock is given back. What reached the
 * EEPROM is written at once, so a process that is killed cannot take a
 * counter back.
 */
#include "ports.h"

#include "halfdollar/port_sim.h"
#include "halfdollar/vdoor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sim_file {
    struct hd_sim sim;
    struct hd_vbus bus;
    struct hd_vchip chip;
    const struct hd_bus *inner; /* I2C or single-wire */
    uint64_t generation;        /* of our last load or save */
    int lock;                   /* descriptor while locked, -1 */
    bool is_loaded, is_used;    /* used: something to save */
    char path[HD_VFILE_PATH_MAX];
};

static int load(struct sim_file *f)
{
    if (f->is_loaded && hd_vfile_is_current(f->lock, f->path, f->generation)) {
        return HD_OK;
    }
    if (f->is_loaded) {
        hd_vchip_free(&f->chip);
        f->is_loaded = false;
    }
    memset(&f->chip, 0, sizeof(f->chip));
    int err = hd_vfile_load(f->lock, f->path, &f->chip, &f->generation);
    if (err) {
        return err;
    }
    f->is_loaded = true;
    f->bus.count = 0; /* its clock goes on */
    err = hd_vbus_attach(&f->bus, &f->chip);
    f->sim.addr7 = f->chip.addr7;
    f->inner = f->chip.swi ? &hd_sim_swi_bus : &hd_sim_bus;
    return err;
}

static int save(struct sim_file *f)
{
    int err = hd_vfile_save(f->lock, f->path, &f->chip, &f->generation);
    f->is_used = f->is_used && err != HD_OK;
    return err;
}

static int sim_lock(void *ctx, bool take)
{
    struct sim_file *f = ctx;
    int err = HD_OK;

    if (take && f->lock < 0) {
        f->lock = hd_vfile_lock(f->path, HD_PORT_LOCK_MS, NULL, 0);
        err = f->lock < 0 ? f->lock : load(f);
    } else if (!take && f->lock >= 0) {
        err = f->is_used ? save(f) : HD_OK;
    }
    if ((!take || err) && f->lock >= 0) {
        close(f->lock);
        f->lock = -1;
    }
    return err == HD_ERR_LOCK || err == HD_OK ? err : HD_ERR_PORT;
}

/* Who transfers without the lock gets it, until the next unlock or close. */
static int begin(struct sim_file *f)
{
    int err = f->lock < 0 ? sim_lock(f, true) : HD_OK;
    f->is_used = f->is_used || err == HD_OK;
    return err;
}

static int end(struct sim_file *f, int err)
{
    if (f->chip.dirty && save(f) != HD_OK) {
        return HD_ERR_PORT;
    }
    return err;
}

static int sim_wake(void *ctx)
{
    struct sim_file *f = ctx;
    int err = begin(f);
    return err ? err : end(f, f->inner->wake(&f->sim));
}

static int sim_send(void *ctx, uint8_t word, const uint8_t *data, size_t len)
{
    struct sim_file *f = ctx;
    int err = begin(f);
    return err ? err : end(f, f->inner->send(&f->sim, word, data, len));
}

static int sim_recv(void *ctx, uint8_t *data, size_t len)
{
    struct sim_file *f = ctx;
    int err = begin(f);
    return err ? err : end(f, f->inner->recv(&f->sim, data, len));
}

static uint32_t sim_now_us(void *ctx)
{
    struct sim_file *f = ctx;
    return f->inner->now_us(&f->sim);
}

static void sim_wait_us(void *ctx, uint32_t us)
{
    struct sim_file *f = ctx;
    f->inner->wait_us(&f->sim, us);
}

static const struct hd_bus sim_file_bus = {
        .wake = sim_wake,
        .send = sim_send,
        .recv = sim_recv,
        .now_us = sim_now_us,
        .wait_us = sim_wait_us,
        .lock = sim_lock,
};

static int sim_probe(void *ctx, uint8_t addr7, uint8_t answer[4])
{
    struct sim_file *f = ctx;
    int err = begin(f);
    if (err) {
        return err;
    }
    return end(f, hd_vbus_read(&f->bus, addr7, answer, 4));
}

static void sim_why(void *ctx, char *out, size_t size)
{
    const struct sim_file *f = ctx;
    const struct hd_refusal *refusal = hd_vchip_refusal(&f->chip);
    if (refusal->why != HD_WHY_NONE) {
        (void)hd_refusal_text(refusal, out, size);
    }
}

static void sim_close(void *ctx)
{
    struct sim_file *f = ctx;
    if (sim_lock(f, false) != HD_OK) {
        fprintf(stderr, "%s: the chip's state could not be saved: %s\n",
                f->path, strerror(errno));
    }
    if (f->is_loaded) {
        hd_vchip_free(&f->chip);
    }
    hd_wipe(&f->chip, sizeof(f->chip));
    free(f);
}

static int cannot_load(const struct sim_file *f, int err,
                       const struct reason *why)
{
    if (err == HD_ERR_IO) {
        return because(why, err, "%s: %s", f->path, strerror(errno));
    }
    return because(why, err,
                   "%s is not a virtual chip of this version, or is damaged",
                   f->path);
}

/* The first lock is taken here, to say clearly what is wrong with the file. */
static int open_file(struct sim_file *f, const char *path,
                     const struct reason *why)
{
    char text[512] = "";
    if (hd_vfile_find(path, f->path, text, sizeof(text)) != HD_OK) {
        return because(why, HD_ERR_IO, "%s", text);
    }
    f->lock = hd_vfile_lock(f->path, HD_PORT_LOCK_MS, text, sizeof(text));
    if (f->lock < 0) {
        return because(why, f->lock, "%s", text);
    }
    int err = load(f);
    if (err) {
        cannot_load(f, err, why);
    }
    close(f->lock);
    f->lock = -1;
    return err;
}

int open_sim(struct hd_port *port, const char *rest, uint8_t addr7,
             const struct reason *why)
{
    struct sim_file *f = calloc(1, sizeof(*f));

    (void)addr7; /* the file knows it */
    if (!f) {
        return because(why, HD_ERR_IO, "out of memory");
    }
    f->lock = -1;
    f->sim.bus = &f->bus;
    hd_vbus_init(&f->bus, 400000);
    int err = open_file(f, rest, why);
    if (err) {
        free(f);
        return err;
    }
    port->bus = &sim_file_bus;
    port->ctx = f;
    port->addr7 = f->chip.swi ? 0 : f->chip.addr7;
    port->probe = f->chip.swi ? NULL : sim_probe;
    port->why = sim_why;
    port->close = sim_close;
    snprintf(port->about, sizeof(port->about), "virtual chip %.100s", rest);
    return HD_OK;
}
