/* SPDX-License-Identifier: Apache-2.0 */
/* The driver's single-wire port against the chip's single-wire doors. */
#include "rig.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "halfdollar/chip.h"

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

static void driver_works(const char *path)
{
    struct hd_port port;
    struct hd_chip chip;
    open_swi(path, &port);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(hd_chip_open(&chip, port.bus, port.ctx, NULL), HD_OK);
        assert_int_equal(hd_chip_variant(&chip), HD_CHIP_608B);
        hd_chip_close(&chip);
    }
    hd_port_close(&port);
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

static void test_a_command_over_single_wire_lasts(void **state)
{
    struct rig *rig = *state;
    struct hd_port port;
    char link[128];
    uint32_t value = 0;
    snprintf(link, sizeof(link), "%s/tty", rig->dir);
    for (uint32_t round = 1; round <= 2; round++) {
        rig_serve(rig, &(struct rig_serve){.pty = link});
        open_swi(link, &port);
        if (round == 1) {
            assert_int_equal(rig_write_word(&port, 5, 0xCAFE1234), HD_OK);
        }
        assert_int_equal(rig_read_word(&port, 5, &value), HD_OK);
        assert_int_equal(value, 0xCAFE1234);
        hd_port_close(&port);
        rig_stop(rig);
    }
}

/* The characters that docs/chip part 1, 3.3 gives for 0x88 and for the
 * answer 04 11 33 43. */
static void test_the_wire_carries_the_documented_characters(void **state)
{
    struct rig *rig = *state;
    static const uint8_t flag[8] = {0x7D, 0x7D, 0x7D, 0x7F,
                                    0x7D, 0x7D, 0x7D, 0x7F};
    static const uint8_t first[16] = {
            0x7D, 0x7D, 0x7F, 0x7D, 0x7D, 0x7D, 0x7D, 0x7D, /* 04 */
            0x7F, 0x7D, 0x7D, 0x7D, 0x7F, 0x7D, 0x7D, 0x7D, /* 11 */
    };
    uint8_t got[1 + 8 + 32];
    char path[128];
    snprintf(path, sizeof(path), "%s/swi", rig->dir);
    rig_serve(rig, &(struct rig_serve){.swi = path});
    int fd = link_connect(path);
    assert_true(fd >= 0);
    assert_int_equal(send(fd, "\0", 1, 0), 1);
    rig_pause_us(5000);
    assert_int_equal(send(fd, flag, sizeof(flag), 0), sizeof(flag));
    assert_int_equal(recv(fd, got, sizeof(got), MSG_WAITALL), sizeof(got));
    assert_int_equal(got[0], 0x00); /* the echo */
    assert_memory_equal(got + 1, flag, sizeof(flag));
    assert_memory_equal(got + 9, first, sizeof(first));
    close(fd);
    rig_stop(rig);
}

static void test_an_absent_chip_is_silence(void **state)
{
    struct rig *rig = *state;
    struct hd_port port;
    struct hd_chip chip;
    char path[128];
    rig_make_chip(rig->chip, "608b", 5); /* an I2C part: deaf here */
    snprintf(path, sizeof(path), "%s/swi", rig->dir);
    rig_serve(rig, &(struct rig_serve){.swi = path});
    open_swi(path, &port);
    assert_int_equal(hd_chip_open(&chip, port.bus, port.ctx, NULL),
                     HD_ERR_ABSENT);
    hd_chip_close(&chip);
    hd_port_close(&port);
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
