/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many commands a second pass the socket door: one client, one server in
 * a process of its own, a chip that answers at once. A command and the
 * reading of its answer are one message. Once with a round trip each, as a
 * driver does it, and once with several on the way.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "halfdollar/vdoor.h"

#define YARDSTICK 30000.0
#define ROUNDS    5
#define COMMANDS  20000
#define DEPTH     16

/* Info(Revision), and its answer from a 608B (docs/chip part 1, 4.2). */
/* clang-format off */
static const uint8_t request[] = {
        16, 0, HD_VDOOR_TRANSFER, 2,
        0x60, 8, 0, 0x03, 0x07, 0x30, 0x00, 0x00, 0x00, 0x03, 0x5D,
        0x60 | HD_VDOOR_READ, 7, 0};
/* clang-format on */
static const uint8_t revision[] = {0x07, 0x00, 0x00, 0x60, 0x03, 0x83, 0xBB};
#define REQUEST sizeof(request)
#define ANSWER  (7 + 1 + sizeof(revision))

static void need(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench_socket: %s failed\n", what);
        exit(1);
    }
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void be_server(int fd)
{
    static const uint8_t seed[32] = {'b'};
    static struct hd_vchip chip;
    const struct hd_vdoor_options options = {.hz = 1000000,
                                             .speed = HD_V_INSTANT};
    struct hd_vdoor *door;
    need(hd_vdoor_open(&door, &options) == HD_OK, "opening the door");
    need(hd_vchip_init(&chip, hd_vchip_variant("608b"), seed) == HD_OK,
         "making a chip");
    need(hd_vdoor_add_chip(door, &chip) == HD_OK, "adding the chip");
    need(hd_vdoor_adopt(door, fd) == HD_OK, "taking the client");
    int state = HD_OK;
    while (state == HD_OK) {
        state = hd_vdoor_step(door, -1);
    }
    _exit(0);
}

static void read_all(int fd, uint8_t *out, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = recv(fd, out + at, len - at, 0);
        need(n > 0, "reading");
        at += (size_t)n;
    }
}

/* The watchdog is asleep again after 1.3 s of bus time: wake before each
 * batch. */
static void wake(int fd)
{
    static const uint8_t frames[] = {
            6, 0, HD_VDOOR_TRANSFER, 1,    0x60, 1, 0, 2, 1, 0, HD_VDOOR_WAKE,
            5, 0, HD_VDOOR_DELAY,    0xD0, 0x07, 0, 0};
    static uint8_t answers[64];
    need(send(fd, frames, sizeof(frames), 0) == sizeof(frames), "sending");
    read_all(fd, answers, 8 + 7 + 7);
}

static void batch(int fd, size_t depth)
{
    static uint8_t out[DEPTH * REQUEST], in[DEPTH * ANSWER];
    for (size_t i = 0; i < depth; i++) {
        memcpy(out + i * REQUEST, request, REQUEST);
    }
    need(send(fd, out, depth * REQUEST, 0) == (ssize_t)(depth * REQUEST),
         "sending");
    read_all(fd, in, depth * ANSWER);
    for (size_t i = 0; i < depth; i++) {
        need(memcmp(in + i * ANSWER + 8, revision, sizeof(revision)) == 0,
             "a command");
    }
}

static double rate(int fd, size_t depth)
{
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double start = seconds();
        for (size_t done = 0; done < COMMANDS; done += depth) {
            if (done % 1024 == 0) {
                wake(fd);
            }
            batch(fd, depth);
        }
        double now = COMMANDS / (seconds() - start);
        best = now > best ? now : best;
    }
    return best;
}

static void row(const char *what, double value)
{
    printf("%-44s %9.0f /s  yardstick %6.0f  ratio %5.2f\n", what, value,
           YARDSTICK, value / YARDSTICK);
}

int main(void)
{
    int ends[2];
    need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    pid_t server = fork();
    need(server >= 0, "fork");
    if (server == 0) {
        close(ends[0]);
        be_server(ends[1]);
    }
    close(ends[1]);
    row("socket door, one command a round trip", rate(ends[0], 1));
    row("socket door, 16 commands on the way", rate(ends[0], DEPTH));
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    return 0;
}
