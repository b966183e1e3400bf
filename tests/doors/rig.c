/* SPDX-License-Identifier: Apache-2.0 */
/* Fixtures of the tests of the doors. */
#define _GNU_SOURCE
#include "rig.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int rig_set_up(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    assert_non_null(rig);
    snprintf(rig->dir, sizeof(rig->dir), "/tmp/hd-doors-XXXXXX");
    assert_non_null(mkdtemp(rig->dir));
    snprintf(rig->chip, sizeof(rig->chip), "%s/a.vchip", rig->dir);
    snprintf(rig->socket, sizeof(rig->socket), "%s/bus", rig->dir);
    rig_make_chip(rig->chip, "608b", 1);
    rig->leash = -1;
    *state = rig;
    return 0;
}

static void remove_all(const char *dir)
{
    char path[320];
    DIR *d = opendir(dir);
    if (!d) {
        return;
    }
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            unlink(path);
        }
    }
    closedir(d);
    rmdir(dir);
}

int rig_tear_down(void **state)
{
    struct rig *rig = *state;
    if (rig->server > 0) {
        rig_kill(rig);
    }
    remove_all(rig->dir);
    free(rig);
    return 0;
}

void rig_make_chip(const char *path, const char *variant, uint8_t seed)
{
    struct hd_vchip chip;
    uint8_t seeds[32] = {seed};
    assert_int_equal(hd_vchip_init(&chip, hd_vchip_variant(variant), seeds),
                     HD_OK);
    assert_int_equal(hd_vchip_save(&chip, path), HD_OK);
    hd_vchip_free(&chip);
}

/* ---------------------------------------------------------------- server */

static void need(int err, const char *why)
{
    if (err != HD_OK) {
        fprintf(stderr, "server: %s: %s\n", hd_errname(err), why);
        _exit(3);
    }
}

static void add_chips(struct rig *rig, const struct rig_serve *how,
                      struct hd_vdoor *door)
{
    char why[512] = "";
    if (!how->chips[0]) {
        need(hd_vdoor_add_file(door, rig->chip, why, sizeof(why)), why);
    }
    for (size_t i = 0; i < 3 && how->chips[i]; i++) {
        need(hd_vdoor_add_file(door, how->chips[i], why, sizeof(why)), why);
    }
}

static void be_server(struct rig *rig, const struct rig_serve *how, int leash,
                      int report)
{
    struct hd_vdoor *door;
    char why[512] = "", name[64];
    alarm(120); /* whatever happens to the test */
    need(hd_vdoor_open(&door, &how->options), "open");
    add_chips(rig, how, door);
    need(hd_vdoor_listen(door, rig->socket, why, sizeof(why)), why);
    if (how->pty) {
        need(hd_vdoor_open_pty(door, how->pty, name, sizeof(name), why,
                               sizeof(why)),
             why);
    }
    if (how->swi) {
        need(hd_vdoor_listen_swi(door, how->swi, why, sizeof(why)), why);
    }
    need(hd_vdoor_watch(door, leash), "watch");
    if (write(report, "r", 1) != 1) {
        _exit(4);
    }
    close(report);
    int state = HD_OK;
    while (state == HD_OK) {
        state = hd_vdoor_step(door, -1);
    }
    need(state == 1 ? HD_OK : state, hd_vdoor_error(door));
    need(hd_vdoor_close(door), "close");
    _exit(0);
}

void rig_serve(struct rig *rig, const struct rig_serve *how)
{
    int leash[2], report[2];
    char ready = 0;
    assert_int_equal(pipe2(leash, O_CLOEXEC), 0);
    assert_int_equal(pipe2(report, O_CLOEXEC), 0);
    rig->server = fork();
    assert_true(rig->server >= 0);
    if (rig->server == 0) {
        close(leash[1]);
        be_server(rig, how, leash[0], report[1]);
    }
    close(leash[0]);
    close(report[1]);
    rig->leash = leash[1];
    assert_int_equal(read(report[0], &ready, 1), 1);
    close(report[0]);
}

static int reap(struct rig *rig)
{
    int status = -1;
    close(rig->leash);
    assert_int_equal(waitpid(rig->server, &status, 0), rig->server);
    rig->server = 0;
    rig->leash = -1;
    return status;
}

void rig_stop(struct rig *rig)
{
    int status = reap(rig);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

void rig_kill(struct rig *rig)
{
    kill(rig->server, SIGKILL);
    reap(rig);
}

void rig_pause_us(unsigned us)
{
    const struct timespec t = {us / 1000000, (long)(us % 1000000) * 1000};
    nanosleep(&t, NULL);
}

const char *rig_address(struct rig *rig, const char *addr, char out[128])
{
    snprintf(out, 128, "unix:%s%s", rig->socket, addr);
    return out;
}

/* --------------------------------------------------------------- commands */

/* CRC-16, polynomial 0x8005, bits least significant first (docs/chip part 1,
 * 4.2). */
static uint16_t crc16(const uint8_t *data, size_t len)
{
    unsigned crc = 0;
    for (size_t i = 0; i < 8 * len; i++) {
        unsigned bit = data[i / 8] >> i % 8 & 1;
        bool flip = bit != (crc >> 15 & 1);
        crc = (crc << 1 & 0xFFFF) ^ (flip ? 0x8005u : 0);
    }
    return (uint16_t)crc;
}

static int wake(struct hd_port *port)
{
    static const uint8_t want[4] = {0x04, 0x11, 0x33, 0x43};
    uint8_t got[4];
    int err = port->bus->wake(port->ctx);
    port->bus->wait_us(port->ctx, 1500);
    err = err ? err : port->bus->recv(port->ctx, got, sizeof(got));
    return err ? err : memcmp(got, want, 4) ? HD_ERR_WAKE : HD_OK;
}

static int wait_answer(struct hd_port *port, uint8_t *answer, size_t size)
{
    int err = HD_ERR_NACK;
    for (int i = 0; i < 200 && err == HD_ERR_NACK; i++) {
        port->bus->wait_us(port->ctx, 1000);
        err = port->bus->recv(port->ctx, answer, size);
    }
    return err;
}

static int exchange(struct hd_port *port, const uint8_t *group, size_t len,
                    uint8_t out[64])
{
    uint8_t packet[160], answer[40];
    packet[0] = (uint8_t)(len + 3);
    memcpy(packet + 1, group, len);
    uint16_t crc = crc16(packet, len + 1);
    packet[len + 1] = (uint8_t)crc;
    packet[len + 2] = (uint8_t)(crc >> 8);
    int err = wake(port);
    err = err ? err
              : port->bus->send(port->ctx, HD_WORD_COMMAND, packet, len + 3);
    err = err ? err : wait_answer(port, answer, sizeof(answer));
    if (err) {
        return err;
    }
    size_t count = answer[0];
    if (count < 4 || count > sizeof(answer)) {
        return HD_ERR_LENGTH;
    }
    crc = crc16(answer, count - 2);
    if (answer[count - 2] != (uint8_t)crc ||
        answer[count - 1] != (uint8_t)(crc >> 8)) {
        return HD_ERR_CRC;
    }
    memcpy(out, answer + 1, count - 3);
    err = port->bus->send(port->ctx, HD_WORD_IDLE, NULL, 0);
    return err ? err : (int)(count - 3);
}

int rig_command(struct hd_port *port, const uint8_t *group, size_t len,
                uint8_t out[64])
{
    int err = port->bus->lock ? port->bus->lock(port->ctx, true) : HD_OK;
    if (err) {
        return err;
    }
    int n = exchange(port, group, len, out);
    err = port->bus->lock ? port->bus->lock(port->ctx, false) : HD_OK;
    return err ? err : n;
}

int rig_write_word(struct hd_port *port, uint8_t word, uint32_t value)
{
    uint8_t group[8] = {0x12, 0x00, word, 0x00}, out[64] = {0};
    memcpy(group + 4, &value, 4);
    int n = rig_command(port, group, sizeof(group), out);
    return n < 0 ? n : n == 1 && out[0] == 0 ? HD_OK : HD_ERR_EXEC;
}

int rig_read_word(struct hd_port *port, uint8_t word, uint32_t *value)
{
    const uint8_t group[4] = {0x02, 0x00, word, 0x00};
    uint8_t out[64] = {0};
    int n = rig_command(port, group, sizeof(group), out);
    if (n == 4) {
        memcpy(value, out, 4);
        return HD_OK;
    }
    return n < 0 ? n : HD_ERR_EXEC;
}
