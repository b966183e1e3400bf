/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A wire tap: serves a virtual chip and records every byte that passes, or
 * searches such a recording.
 *
 *     half-tap serve thing.vchip SOCKET RECORDING.jsonl PID
 *     half-tap search thing.vchip FACTORY.jsonl FIELD.jsonl
 *
 * serve ends at SIGTERM or when process PID ends. search takes what it looks
 * for from the chip's memory, and first shows that it finds what is on the bus
 * for certain: the public key. Exit code of search: 0 when no private key is in
 * either recording and no secret in that of the field, 1 otherwise.
 */
#define _GNU_SOURCE /* signalfd, pidfd_open by syscall */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <jansson.h>

#include "halfdollar/chip.h"
#include "halfdollar/port_sim.h"
#include "halfdollar/vdoor.h"
#include "trace.h"

#include "search.h"

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "half-tap: %s: %s\n", what, why);
    return 2;
}

/* ------------------------------------------------------------------ serve */

/* A descriptor that becomes readable when somebody asks us to end. */
static int end_signal(void)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    return signalfd(-1, &mask, SFD_CLOEXEC);
}

/* Everything between an open door and the end of its service. */
static int run_door(struct hd_vdoor *door, char **argv, int process,
                    int signals)
{
    char why[512] = "";
    int err = hd_vdoor_add_file(door, argv[0], why, sizeof(why));

    if (err == HD_OK) {
        err = hd_vdoor_listen(door, argv[1], why, sizeof(why));
    }
    if (err == HD_OK) {
        err = hd_vdoor_watch(door, process);
    }
    if (err == HD_OK) {
        err = hd_vdoor_watch(door, signals);
    }
    while (err == HD_OK) {
        err = hd_vdoor_step(door, -1);
    }
    return err < 0 ? complain(argv[0], why[0] != '\0' ? why : hd_strerror(err))
                   : 0;
}

static int serve(char **argv)
{
    struct hd_trace_writer *writer = NULL;
    struct hd_vdoor_options options = {.trace = hd_trace_event};
    struct hd_vdoor *door = NULL;
    int process =
            (int)syscall(SYS_pidfd_open, (pid_t)strtol(argv[3], NULL, 10), 0);
    int signals = end_signal();
    int code;

    if (process < 0 || signals < 0) {
        return complain(argv[3], "no such process");
    }
    if (hd_trace_open(&writer, argv[2]) != HD_OK) {
        return complain(argv[2], "cannot be written");
    }
    options.trace_ctx = writer;
    if (hd_vdoor_open(&door, &options) != HD_OK) {
        code = complain(argv[0], "out of memory");
    } else {
        code = run_door(door, argv, process, signals);
        if (hd_vdoor_close(door) != HD_OK) {
            code = complain(argv[0], "was not saved");
        }
    }
    if (hd_trace_close(writer) != HD_OK) {
        code = complain(argv[2], "was not written completely");
    }
    close(process);
    close(signals);
    return code;
}

/* ----------------------------------------------------------------- search */

/* All bytes of a recording, one transfer after the other. */
struct heard {
    uint8_t *bytes;
    size_t len;
    unsigned transfers, commands;
};

static int digit(char c)
{
    return c >= 'a' ? c - 'a' + 10 : c - '0';
}

static void hear(struct heard *h, const char *hex)
{
    size_t len = strlen(hex) / 2;
    uint8_t *room = realloc(h->bytes, h->len + len + 1);

    if (room == NULL) {
        return;
    }
    h->bytes = room;
    for (size_t i = 0; i < len; i++) {
        room[h->len++] =
                (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    }
}

static bool read_recording(struct heard *h, const char *path)
{
    FILE *file = fopen(path, "r");
    json_t *line;

    if (file == NULL) {
        return false;
    }
    while ((line = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
        const char *hex = json_string_value(json_object_get(line, "bytes"));

        if (hex != NULL) {
            hear(h, hex);
            h->transfers++;
            h->commands += json_object_get(line, "command") != NULL;
        }
        json_decref(line);
    }
    fclose(file);
    return h->transfers > 0;
}

/* What is looked for. */
static const struct needle {
    const char *what;
    unsigned slot;
    enum { PUBLIC, PRIVATE, SECRET } kind;
} needles[] = {
        {"public key of slot 0 (to see that the search finds)", 0, PUBLIC},
        {"private key of slot 0, the identity", 0, PRIVATE},
        {"private key of slot 1, attestation", 1, PRIVATE},
        {"private key of slot 2, renewable identity", 2, PRIVATE},
        {"private key of slot 3, updates", 3, PRIVATE},
        {"private key of slot 4", 4, PRIVATE},
        {"secret of slot 5", 5, SECRET},
        {"IO protection key of slot 6", 6, SECRET},
        {"seal key of slot 9", 9, SECRET},
};

#define NEEDLES (sizeof(needles) / sizeof(needles[0]))

static bool public_key(struct hd_vchip *v, uint8_t pub[64])
{
    struct hd_vbus bus;
    struct hd_sim sim = {&bus, 0x60};
    struct hd_chip chip;
    bool ok;

    hd_vbus_init(&bus, 1000000);
    ok = hd_vbus_attach(&bus, v) == HD_OK &&
         hd_chip_open(&chip, &hd_sim_bus, &sim, NULL) == HD_OK &&
         hd_chip_pubkey(&chip, 0, pub) == HD_OK;
    hd_chip_close(&chip);
    return ok;
}

static bool pick(struct key_search *search, struct hd_vchip *v,
                 const struct needle *n)
{
    uint8_t pub[64];

    if (n->kind == PRIVATE) {
        key_search_private(search, v, n->slot);
        return true;
    }
    if (n->kind == SECRET) {
        key_search_secret(search, v, n->slot);
        return true;
    }
    if (!public_key(v, pub)) {
        return false;
    }
    key_search_bytes(search, pub, sizeof(pub));
    return true;
}

/* One row; false when it is not as it must be. */
static bool look(struct hd_vchip *v, const struct needle *n,
                 const struct heard heard[2])
{
    struct key_search search;
    unsigned found[2];

    if (!pick(&search, v, n)) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        found[i] = key_search_count(&search, heard[i].bytes, heard[i].len);
    }
    printf("  %-52s %-8s %s\n", n->what, found[0] ? "found" : "no",
           found[1] ? "found" : "no");
    if (n->kind == PUBLIC) {
        return found[0] > 0 && found[1] > 0;
    }
    return found[1] == 0 && (n->kind == SECRET || found[0] == 0);
}

static int search_in(struct hd_vchip *vchip, const struct heard heard[2])
{
    bool good = true;

    printf("  Factory: %zu bytes in %u commands. Field: %zu bytes in %u "
           "commands.\n  Searched for any %d bytes in a row of:%32s%s\n",
           heard[0].len, heard[0].commands, heard[1].len, heard[1].commands,
           KEY_WINDOW, "factory  ", "field");
    for (size_t i = 0; i < NEEDLES; i++) {
        good = look(vchip, &needles[i], heard) && good;
    }
    return good ? 0 : 1;
}

static int search(char **argv)
{
    static struct hd_vchip vchip;
    struct heard heard[2] = {{0}, {0}};
    int code;

    if (hd_vchip_load(&vchip, argv[0]) != HD_OK) {
        return complain(argv[0], "not a virtual chip");
    }
    if (read_recording(&heard[0], argv[1]) &&
        read_recording(&heard[1], argv[2])) {
        code = search_in(&vchip, heard);
    } else {
        code = complain(argv[1], "this or the next is not a recording");
    }
    hd_vchip_free(&vchip);
    free(heard[0].bytes);
    free(heard[1].bytes);
    return code;
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "serve") == 0) {
        return serve(argv + 2);
    }
    if (argc == 5 && strcmp(argv[1], "search") == 0) {
        return search(argv + 2);
    }
    fprintf(stderr, "usage: half-tap serve FILE SOCKET RECORDING PID\n"
                    "       half-tap search FILE FACTORY FIELD\n");
    return 2;
}
