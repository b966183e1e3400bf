/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver's single-wire port against the chip's single-wire doors. These
 * follow the wall clock, as a UART does: silence is an answer that did not
 * come in time. A machine that is too busy to be in time is recognised, and
 * does not count.
 */
#include "rig.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "door.h"
#include "halfdollar/chip.h"

/* ----------------------------------------------------------------- lateness */

#define LATE_NS     2000000u /* a machine in peace needs a tenth of that */
#define TRIES       8
#define LOOK_US     1000
#define WATCHDOG_US 1500000

struct clockwatch {
    pthread_t thread;
    atomic_bool stop;
    uint64_t worst_ns;
};

/* Sleeps a little, again and again: how much too long at worst? */
static void *watch_clock(void *ctx)
{
    struct clockwatch *w = ctx;
    while (!atomic_load(&w->stop)) {
        uint64_t start = door_clock_ns();
        rig_pause_us(LOOK_US);
        uint64_t late = door_clock_ns() - start - LOOK_US * 1000u;
        w->worst_ns = late > w->worst_ns ? late : w->worst_ns;
    }
    return NULL;
}

static int told(int err, const struct clockwatch *w)
{
    if (err) {
        print_error("%s, and the machine was only %u us late\n",
                    hd_errname(err), (unsigned)(w->worst_ns / 1000u));
    }
    return err;
}

/* What the attempt returns. One that fails while this machine let its programs
 * wait proves nothing, and is made again; one that fails in peace counts. */
static int in_time(int (*attempt)(const char *path), const char *path)
{
    int err = HD_OK;
    for (int i = 0; i < TRIES; i++) {
        struct clockwatch w = {.worst_ns = 0};
        atomic_init(&w.stop, false);
        assert_int_equal(pthread_create(&w.thread, NULL, watch_clock, &w), 0);
        err = attempt(path);
        atomic_store(&w.stop, true);
        assert_int_equal(pthread_join(w.thread, NULL), 0);
        if (err == HD_OK || w.worst_ns < LATE_NS) {
            return told(err, &w);
        }
        print_message("%s, but the machine was %u ms late: once more\n",
                      hd_errname(err), (unsigned)(w.worst_ns / 1000000u));
        rig_pause_us(WATCHDOG_US); /* the chip may have been left awake */
    }
    return err;
}

/* -------------------------------------------------------------------- tests */

static int set_up(void **state)
{
    rig_set_up(state);
    struct rig *rig = *state;
    rig_make_chip(rig->chip, "608b-swi", 5);
    return 0;
}

static void open_swi(const char *path, struct hd_port *port)
{
    char address[160], why[256] = "";
    snprintf(address, sizeof(address), "swi:%s", path);
    int err = hd_port_open(port, address, why, sizeof(why));
    if (err) {
        print_error("%s\n", why);
    }
    assert_int_equal(err, HD_OK);
}

static int open_twice(const char *path)
{
    struct hd_port port;
    struct hd_chip chip;
    int err = HD_OK;
    open_swi(path, &port);
    for (int i = 0; i < 2 && err == HD_OK; i++) {
        err = hd_chip_open(&chip, port.bus, port.ctx, NULL);
        if (err == HD_OK) {
            assert_int_equal(hd_chip_variant(&chip), HD_CHIP_608B);
        }
        hd_chip_close(&chip);
    }
    hd_port_close(&port);
    return err;
}

static void driver_works(const char *path)
{
    assert_int_equal(in_time(open_twice, path), HD_OK);
}

static void test_the_driver_talks_single_wire_over_a_terminal(void **state)
{
    struct rig *rig = *state;
    char link[128];
    snprintf(link, sizeof(link), "%s/tty", rig->dir);
    rig_serve(rig, &(struct rig_serve){.pty = link});
    driver_works(link);
    driver_works(link); /* closed and opened again */
    rig_stop(rig);
    assert_int_not_equal(access(link, F_OK), 0);
}

static void test_the_driver_talks_single_wire_over_a_socket(void **state)
{
    struct rig *rig = *state;
    char path[128];
    snprintf(path, sizeof(path), "%s/swi", rig->dir);
    rig_serve(rig, &(struct rig_serve){.swi = path});
    driver_works(path);
    rig_stop(rig);
}

#define WORD  5
#define VALUE 0xCAFE1234u

static int write_value(const char *path)
{
    struct hd_port port;
    open_swi(path, &port);
    int err = rig_write_word(&port, WORD, VALUE);
    hd_port_close(&port);
    return err;
}

static int read_value(const char *path)
{
    struct hd_port port;
    uint32_t value = 0;
    open_swi(path, &port);
    int err = rig_read_word(&port, WORD, &value);
    hd_port_close(&port);
    if (err == HD_OK) {
        assert_int_equal(value, VALUE);
    }
    return err;
}

static void test_a_command_over_single_wire_lasts(void **state)
{
    struct rig *rig = *state;
    char link[128];
    snprintf(link, sizeof(link), "%s/tty", rig->dir);
    rig_serve(rig, &(struct rig_serve){.pty = link});
    assert_int_equal(in_time(write_value, link), HD_OK);
    assert_int_equal(in_time(read_value, link), HD_OK);
    rig_stop(rig);
    rig_serve(rig, &(struct rig_serve){.pty = link});
    assert_int_equal(in_time(read_value, link), HD_OK);
    rig_stop(rig);
}

/* The characters that docs/chip part 1, 3.3 gives for 0x88 and for the
 * answer 04 11 33 43. The loop of a server, on a clock of its own. */
static void test_the_wire_carries_the_documented_characters(void **state)
{
    struct rig *rig = *state;
    static const uint8_t flag[8] = {0x7D, 0x7D, 0x7D, 0x7F,
                                    0x7D, 0x7D, 0x7D, 0x7F};
    static const uint8_t first[16] = {
            0x7D, 0x7D, 0x7F, 0x7D, 0x7D, 0x7D, 0x7D, 0x7D, /* 04 */
            0x7F, 0x7D, 0x7D, 0x7D, 0x7F, 0x7D, 0x7D, 0x7D, /* 11 */
    };
    struct hd_vdoor *door;
    uint8_t got[1 + 8 + 32 + 1];
    char why[256];
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(hd_vdoor_open(&door, NULL), HD_OK);
    assert_int_equal(hd_vdoor_add_file(door, rig->chip, why, sizeof(why)),
                     HD_OK);
    assert_non_null(door_client_add(door, ends[1], CLIENT_SWI));
    assert_int_equal(send(ends[0], "\0", 1, 0), 1);
    assert_int_equal(hd_vdoor_step(door, -1), HD_OK);
    hd_vbus_advance(&door->bus, 5000000);
    assert_int_equal(send(ends[0], flag, sizeof(flag), 0), sizeof(flag));
    assert_int_equal(hd_vdoor_step(door, -1), HD_OK);
    assert_int_equal(recv(ends[0], got, sizeof(got), MSG_DONTWAIT),
                     sizeof(got) - 1);
    assert_int_equal(got[0], 0x00); /* the echo */
    assert_memory_equal(got + 1, flag, sizeof(flag));
    assert_memory_equal(got + 9, first, sizeof(first));
    close(ends[0]);
    assert_int_equal(hd_vdoor_close(door), HD_OK);
}

/* The driver asks a silent line for five seconds; for this one time runs
 * faster. */
#define HURRY 20

static const struct hd_bus *real_bus;

static uint32_t hurried_now_us(void *ctx)
{
    return HURRY * real_bus->now_us(ctx);
}

static void hurried_wait_us(void *ctx, uint32_t us)
{
    real_bus->wait_us(ctx, us / HURRY);
}

static int open_absent(const char *path)
{
    struct hd_port port;
    struct hd_chip chip;
    open_swi(path, &port);
    real_bus = port.bus;
    struct hd_bus bus = *port.bus;
    bus.now_us = hurried_now_us;
    bus.wait_us = hurried_wait_us;
    int err = hd_chip_open(&chip, &bus, port.ctx, NULL);
    hd_chip_close(&chip);
    hd_port_close(&port);
    return err == HD_ERR_ABSENT ? HD_OK : err ? err : HD_ERR_STATE;
}

static void test_an_absent_chip_is_silence(void **state)
{
    struct rig *rig = *state;
    char path[128];
    rig_make_chip(rig->chip, "608b", 5); /* an I2C part: deaf here */
    snprintf(path, sizeof(path), "%s/swi", rig->dir);
    rig_serve(rig, &(struct rig_serve){.swi = path});
    assert_int_equal(in_time(open_absent, path), HD_OK);
    rig_stop(rig);
}

static void test_a_line_without_echo_is_told(void **state)
{
    struct rig *rig = *state;
    struct hd_port port;
    char path[128];
    snprintf(path, sizeof(path), "%s/swi", rig->dir);
    rig_serve(rig,
              &(struct rig_serve){.swi = path, .options = {.no_echo = true}});
    open_swi(path, &port);
    assert_int_equal(port.bus->wake(port.ctx), HD_ERR_BUS_STUCK);
    hd_port_close(&port);
    rig_stop(rig);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            T(test_the_driver_talks_single_wire_over_a_terminal),
            T(test_the_driver_talks_single_wire_over_a_socket),
            T(test_a_command_over_single_wire_lasts),
            T(test_the_wire_carries_the_documented_characters),
            T(test_an_absent_chip_is_silence),
            T(test_a_line_without_echo_is_told),
    };
    return cmocka_run_group_tests_name("doors: single-wire", tests, NULL, NULL);
}
