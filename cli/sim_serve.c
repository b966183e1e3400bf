/* SPDX-License-Identifier: Apache-2.0 */
/* half sim serve: virtual chips behind a Unix socket or a serial line. */
#define _GNU_SOURCE /* signalfd, pidfd_open by syscall */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim.h"

static const struct option options[] = {
        OPTION_CHIP_FILES,
        {"socket", 0, "PATH", "listen there (docs/protocol-socket.md)"},
        {"swi-socket", 0, "PATH",
         "listen there for single-wire characters, as from a UART"},
        {"pty", 0, "LINK",
         "open a pseudo terminal for single-wire and link LINK to it"},
        {"no-echo", 0, NULL,
         "single-wire: do not send back what is received, as a UART would "
         "hear itself"},
        OPTION_CLOCK,
        OPTION_SPEED,
        OPTION_HZ,
        OPTION_TRACE,
        {"exit-with", 0, "PID", "end when that process ends"},
        OPTION_JSON,
        OPTION_END,
};

static int open_ways(struct call *c, struct hd_vdoor *door)
{
    const char *socket = option_text(c, "socket", NULL);
    const char *swi = option_text(c, "swi-socket", NULL);
    const char *pty = option_text(c, "pty", NULL);
    char why[512] = "", name[64];

    if (!socket && !swi && !pty) {
        return fail_usage(c, "nowhere to listen: give --socket PATH, "
                             "--swi-socket PATH or --pty LINK");
    }
    if (socket && hd_vdoor_listen(door, socket, why, sizeof why) != HD_OK) {
        return fail(c, "%s", why);
    }
    if (swi && hd_vdoor_listen_swi(door, swi, why, sizeof why) != HD_OK) {
        return fail(c, "%s", why);
    }
    if (pty && hd_vdoor_open_pty(door, pty, name, sizeof name, why,
                                 sizeof why) != HD_OK) {
        return fail(c, "%s", why);
    }
    return EXIT_DONE;
}

static int watch_process(struct call *c, struct hd_vdoor *door, int *fd)
{
    unsigned long pid = 0;

    int code = option_number(c, "exit-with", 1, INT_MAX, &pid);
    if (code != EXIT_DONE || pid == 0) {
        return code;
    }
    *fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    if (*fd < 0 || hd_vdoor_watch(door, *fd) != HD_OK) {
        return fail(c, "--exit-with %lu: %s", pid, strerror(errno));
    }
    return EXIT_DONE;
}

static int watch_signals(struct call *c, struct hd_vdoor *door, int *fd)
{
    sigset_t mask;

    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, SIGTERM);
    (void)sigaddset(&mask, SIGINT);
    (void)sigaddset(&mask, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &mask, NULL);
    *fd = signalfd(-1, &mask, SFD_CLOEXEC);
    if (*fd < 0 || hd_vdoor_watch(door, *fd) != HD_OK) {
        return fail(c, "signalfd: %s", strerror(errno));
    }
    return EXIT_DONE;
}

static int serve(struct call *c, struct hd_vdoor *door)
{
    int told = HD_OK;
    int state = HD_OK;

    say(c, "ready\n");
    (void)fflush(stdout);
    while (state <= HD_OK) {
        state = hd_vdoor_step(door, -1);
        if (state < 0 && told == HD_OK) {
            told = state;
            (void)fail(c, "%s", hd_vdoor_error(door));
        }
    }
    return told == HD_OK ? EXIT_DONE : EXIT_USAGE;
}

static int run(struct call *c)
{
    struct hd_vdoor *door;
    int signals = -1, process = -1;

    int code = sim_open_door(c, &door, option_given(c, "no-echo"));
    if (code != EXIT_DONE) {
        return code;
    }
    code = open_ways(c, door);
    if (code == EXIT_DONE) {
        code = watch_signals(c, door, &signals);
    }
    if (code == EXIT_DONE) {
        code = watch_process(c, door, &process);
    }
    if (code == EXIT_DONE) {
        code = serve(c, door);
    }
    code = sim_close_door(c, door, code);
    if (signals >= 0) {
        close(signals);
    }
    if (process >= 0) {
        close(process);
    }
    return code;
}

const struct verb verb_sim_serve = {
        .group = "sim",
        .name = "serve",
        .summary = "serves virtual chips on a socket or a serial line",
        .about = "Prints \"ready\" and runs until SIGTERM, SIGINT or the end "
                 "of --exit-with. Each change of a chip's memory is in its "
                 "file before it is answered; the rest of its state is saved "
                 "at the end. Single-wire lines run in real time.",
        .options = options,
        .run = run,
};
