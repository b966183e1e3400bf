/* SPDX-License-Identifier: Apache-2.0 */
/*
 * half sim exec: runs a program that finds virtual chips at /dev/i2c-N.
 *
 * This process serves the chips on a private socket and waits for the
 * program; the preload library in the program turns I2C calls into messages.
 */
#define _GNU_SOURCE /* signalfd, mkdtemp */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim.h"

static const struct option options[] = {
        OPTION_CHIP_FILES,
        {"bus", 0, "N", "the program finds the bus at /dev/i2c-N; default 1"},
        OPTION_CLOCK,
        OPTION_SPEED,
        OPTION_HZ,
        OPTION_TRACE,
        OPTION_END,
};

struct exec {
    char dir[PATH_MAX - 32]; /* private */
    char socket[PATH_MAX];
    char preload[PATH_MAX];
    sigset_t old_mask;
    int signals; /* signalfd */
    pid_t child;
    int status; /* exit code to give */
    bool ended;
};

/* --------------------------------------------------------------- preload */

/* Where the library may be, from where the tool is. */
static const char *const places[] = {
        "libhalf_preload.so",
        "../vchip/door/libhalf_preload.so",
        "../" HALF_LIBDIR "/halfdollar/libhalf_preload.so",
        "../lib/halfdollar/libhalf_preload.so",
};

static bool find_beside_tool(char out[PATH_MAX])
{
    char self[PATH_MAX];
    char path[2 * PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    if (n < 0) {
        return false;
    }
    self[n] = 0;
    *strrchr(self, '/') = 0;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", self, places[i]);
        if (realpath(path, out)) {
            return true;
        }
    }
    return false;
}

static int find_preload(struct call *c, char out[PATH_MAX])
{
    const char *given = getenv("HALF_PRELOAD");

    if (given ? !realpath(given, out) : !find_beside_tool(out)) {
        return fail(c, "libhalf_preload.so is not where the build or the "
                       "installation puts it; name it in HALF_PRELOAD");
    }
    if (strpbrk(out, " :")) {
        return fail(c,
                    "%s: LD_PRELOAD cannot carry a path with a blank or a "
                    "colon; name a copy elsewhere in HALF_PRELOAD",
                    out);
    }
    return EXIT_DONE;
}

/* ----------------------------------------------------------------- child */

static void prepend_preload(const char *library)
{
    char list[2 * PATH_MAX];
    const char *old = getenv("LD_PRELOAD");

    (void)snprintf(list, sizeof list, "%s%s%s", library, old ? ":" : "",
                   old ? old : "");
    (void)setenv("LD_PRELOAD", list, 1);
}

/* Never returns; the reason why the program did not start goes to the pipe. */
static void become(const struct exec *e, struct call *c, int report)
{
    (void)signal(SIGPIPE, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &e->old_mask, NULL);
    prepend_preload(e->preload);
    (void)setenv("HALF_VBUS_SOCKET", e->socket, 1);
    (void)setenv("HALF_VBUS_NUMBER", option_text(c, "bus", "1"), 1);
    (void)execvp(c->args[0], c->args);
    int err = errno;
    if (write(report, &err, sizeof err) < 0) {
        _exit(127);
    }
    _exit(err == ENOENT ? 127 : 126);
}

static int start(struct call *c, struct exec *e)
{
    int report[2];
    int err = 0;

    if (pipe2(report, O_CLOEXEC) != 0) {
        return fail(c, "pipe: %s", strerror(errno));
    }
    (void)fflush(NULL);
    e->child = fork();
    if (e->child == 0) {
        become(e, c, report[1]);
    }
    close(report[1]);
    bool failed = e->child < 0 || read(report[0], &err, sizeof err) > 0;
    err = e->child < 0 ? errno : err;
    close(report[0]);
    return failed ? fail(c, "%s: %s", c->args[0], strerror(err)) : EXIT_DONE;
}

/* ---------------------------------------------------------------- parent */

static int catch_signals(struct call *c, struct exec *e)
{
    static const int wanted[] = {SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT};
    sigset_t mask;

    (void)sigemptyset(&mask);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        (void)sigaddset(&mask, wanted[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &mask, &e->old_mask);
    e->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    return e->signals < 0 ? fail(c, "signalfd: %s", strerror(errno))
                          : EXIT_DONE;
}

static void look_at_child(struct exec *e)
{
    int status = 0;

    if (waitpid(e->child, &status, WNOHANG) != e->child) {
        return;
    }
    e->ended = true;
    e->status =
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A signal that the terminal sent has reached the program by itself. */
static void pass_on(struct exec *e, const struct signalfd_siginfo *s)
{
    if (s->ssi_signo == SIGCHLD) {
        look_at_child(e);
    } else if (s->ssi_code != SI_KERNEL) {
        (void)kill(e->child, (int)s->ssi_signo);
    }
}

static int serve(struct call *c, struct exec *e, struct hd_vdoor *door)
{
    struct signalfd_siginfo s;
    int told = HD_OK;

    while (!e->ended) {
        int err = hd_vdoor_step(door, -1);
        if (err < 0 && told == HD_OK) {
            told = err;
            (void)fail(c, "%s", hd_vdoor_error(door));
        }
        while (err == 1 &&
               read(e->signals, &s, sizeof s) == (ssize_t)sizeof s) {
            pass_on(e, &s);
        }
    }
    return told == HD_OK ? e->status : EXIT_USAGE;
}

/* ------------------------------------------------------------------- run */

static int make_place(struct call *c, struct exec *e)
{
    const char *base = getenv("XDG_RUNTIME_DIR");

    if (!base || access(base, W_OK) != 0) {
        base = getenv("TMPDIR");
    }
    (void)snprintf(e->dir, sizeof e->dir, "%s/half-XXXXXX",
                   base ? base : "/tmp");
    if (!mkdtemp(e->dir)) {
        return fail(c, "%s: %s", e->dir, strerror(errno));
    }
    (void)snprintf(e->socket, sizeof e->socket, "%s/bus", e->dir);
    return EXIT_DONE;
}

static void remove_place(const struct exec *e)
{
    char path[PATH_MAX + 8];

    (void)snprintf(path, sizeof path, "%s.i2c", e->socket);
    (void)unlink(path);
    (void)rmdir(e->dir);
}

static int run_door(struct call *c, struct exec *e, struct hd_vdoor *door)
{
    char why[512];

    if (hd_vdoor_listen(door, e->socket, why, sizeof why) != HD_OK) {
        return fail(c, "%s", why);
    }
    int code = catch_signals(c, e);
    if (code != EXIT_DONE) {
        return code;
    }
    if (hd_vdoor_watch(door, e->signals) != HD_OK) {
        code = fail(c, "too much to watch");
    }
    if (code == EXIT_DONE) {
        code = start(c, e);
    }
    if (code == EXIT_DONE) {
        code = serve(c, e, door);
    }
    close(e->signals);
    (void)sigprocmask(SIG_SETMASK, &e->old_mask, NULL);
    return code;
}

static int run(struct call *c)
{
    struct exec e = {.child = -1};
    struct hd_vdoor *door;
    unsigned long bus = 1;

    int code = option_number(c, "bus", 0, 255, &bus);
    if (code == EXIT_DONE) {
        code = find_preload(c, e.preload);
    }
    if (code == EXIT_DONE) {
        code = sim_open_door(c, &door, false);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    code = make_place(c, &e);
    if (code == EXIT_DONE) {
        code = run_door(c, &e, door);
        code = sim_close_door(c, door, code);
        remove_place(&e);
        return code;
    }
    return sim_close_door(c, door, code);
}

const struct verb verb_sim_exec = {
        .group = "sim",
        .name = "exec",
        .args = "-- PROGRAM [ARG...]",
        .summary = "runs a program that finds virtual chips at /dev/i2c-N",
        .about = "The program, and all it starts, talk to the chips of --chip "
                 "as if an adapter were there: open, I2C_SLAVE, I2C_RDWR, "
                 "SMBus calls, read and write. In virtual time a thread that "
                 "has used the bus does not really sleep: its sleeps are told "
                 "to the chips and return at once. The exit status is the "
                 "program's; the chips are saved when it ends. Programs that "
                 "are linked statically, or set-user-ID, cannot be served.",
        .options = options,
        .run = run,
        .least_args = 1,
        .most_args = UINT_MAX,
        .rest_is_args = true,
};
