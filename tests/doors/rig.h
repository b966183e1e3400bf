/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the doors share: a directory that vanishes, chip files
 * with a fixed seed, a server in a process of its own, and single commands
 * over a port. Packets are made here, by the data sheet, and not by the
 * driver or the chip.
 */
#ifndef TESTS_DOORS_RIG_H
#define TESTS_DOORS_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

#include "halfdollar/port_linux.h"
#include "halfdollar/vdoor.h"

struct rig {
    char dir[64];
    char chip[96];   /* path of a chip file */
    char socket[96]; /* path for a server */
    pid_t server;
    int leash; /* the server ends when this is closed */
};

/* cmocka fixtures; *state is a struct rig with a blank 608B in a file. */
int rig_set_up(void **state);
int rig_tear_down(void **state);

/* Makes a chip file. */
void rig_make_chip(const char *path, const char *variant, uint8_t seed);

/* How the server of a rig begins. */
struct rig_serve {
    const char *chips[3]; /* files; NULL: only the rig's own */
    const char *pty;      /* link of a single-wire terminal, or NULL */
    const char *swi;      /* socket of single-wire characters, or NULL */
    struct hd_vdoor_options options;
};

/* Serves in a new process until rig_stop(); returns when it listens. */
void rig_serve(struct rig *rig, const struct rig_serve *how);
/* Ends it in an orderly way, and checks that it did. */
void rig_stop(struct rig *rig);
/* SIGKILL. */
void rig_kill(struct rig *rig);

/* A real pause. */
void rig_pause_us(unsigned us);

/* "unix:" and the rig's socket, "@0x60" or what addr says. */
const char *rig_address(struct rig *rig, const char *addr, char out[128]);

/* Wakes, sends one command, polls, reads: the answer's payload. Returns the
 * payload's length, or a negative error of the port. */
int rig_command(struct hd_port *port, const uint8_t *group, size_t len,
                uint8_t out[64]);

/* Config words of a blank chip: the simplest state that lasts. */
int rig_write_word(struct hd_port *port, uint8_t word, uint32_t value);
int rig_read_word(struct hd_port *port, uint8_t word, uint32_t *value);

#endif
