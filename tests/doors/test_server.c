/* SPDX-License-Identifier: Apache-2.0 */
/* The socket server as a process: sharing, restarts, sudden death, noise. */
#include "rig.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "halfdollar/chip.h"

#define WORD 5 /* configuration bytes 20-23: SlotConfig 0 and 1 */

static void open_port(struct rig *rig, const char *addr, struct hd_port *port)
{
    char address[128], why[256] = "";
    int err = hd_port_open(port, rig_address(rig, addr, address), why,
                           sizeof(why));
    if (err) {
        print_error("%s\n", why);
    }
    assert_int_equal(err, HD_OK);
}

static void test_the_driver_opens_a_chip_through_the_socket(void **state)
{
    struct rig *rig = *state;
    struct hd_port port;
    struct hd_chip chip;
    rig_serve(rig, &(struct rig_serve){0});
    open_port(rig, "", &port);
    assert_int_equal(hd_chip_open(&chip, port.bus, port.ctx, NULL), HD_OK);
    assert_int_equal(hd_chip_variant(&chip), HD_CHIP_608B);
    hd_chip_close(&chip);
    hd_port_close(&port);
    rig_stop(rig);
}

static void test_several_chips_share_one_bus(void **state)
{
    struct rig *rig = *state;
    struct hd_port port;
    struct hd_port_found found[4];
    size_t count = 0;
    char other[128];
    snprintf(other, sizeof(other), "%s/b.vchip", rig->dir);
    rig_make_chip(other, "tflxtls", 2);
    rig_serve(rig, &(struct rig_serve){.chips = {rig->chip, other}});
    open_port(rig, "@0x36", &port);
    assert_int_equal(hd_port_scan(&port, found, 4, &count), HD_OK);
    assert_int_equal(count, 2);
    assert_int_equal(found[0].addr7, 0x36);
    assert_int_equal(found[1].addr7, 0x60);
    assert_true(found[0].is_chip && found[1].is_chip);
    hd_port_close(&port);
    rig_stop(rig);
}

static void test_chips_with_one_address_are_refused(void **state)
{
    struct rig *rig = *state;
    struct hd_vdoor *door;
    char other[128], why[512] = "";
    snprintf(other, sizeof(other), "%s/b.vchip", rig->dir);
    rig_make_chip(other, "608a", 2);
    assert_int_equal(hd_vdoor_open(&door, NULL), HD_OK);
    assert_int_equal(hd_vdoor_add_file(door, rig->chip, why, sizeof(why)),
                     HD_OK);
    assert_int_equal(hd_vdoor_add_file(door, other, why, sizeof(why)),
                     HD_ERR_STATE);
    assert_non_null(strstr(why, "0x60"));
    assert_int_equal(hd_vdoor_close(door), HD_OK);
}

static void test_a_restart_keeps_what_was_written(void **state)
{
    struct rig *rig = *state;
    struct hd_port port;
    uint32_t value = 0;
    rig_serve(rig, &(struct rig_serve){0});
    open_port(rig, "", &port);
    assert_int_equal(rig_write_word(&port, WORD, 0x12345678), HD_OK);
    hd_port_close(&port);
    rig_stop(rig);
    rig_serve(rig, &(struct rig_serve){0});
    open_port(rig, "", &port);
    assert_int_equal(rig_read_word(&port, WORD, &value), HD_OK);
    assert_int_equal(value, 0x12345678);
    hd_port_close(&port);
    rig_stop(rig);
}

/* Writes 1, 2, 3, ... until the server dies, and reports each that the chip
 * confirmed. */
static void write_numbers(struct rig *rig, int report)
{
    struct hd_port port;
    char address[128];
    if (hd_port_open(&port, rig_address(rig, "", address), NULL, 0) != HD_OK) {
        _exit(1);
    }
    for (uint32_t n = 1;; n++) {
        if (rig_write_word(&port, WORD, n) != HD_OK ||
            write(report, &n, sizeof(n)) != sizeof(n)) {
            _exit(0);
        }
    }
}

static uint32_t last_number(int fd)
{
    uint32_t n = 0, next = 0;
    while (read(fd, &next, sizeof(next)) == sizeof(next)) {
        n = next;
    }
    return n;
}

static void test_kill_9_leaves_the_old_or_the_new_state(void **state)
{
    struct rig *rig = *state;
    for (unsigned round = 0; round < 12; round++) {
        struct hd_port port;
        uint32_t value = 0;
        int pipes[2];
        rig_serve(rig, &(struct rig_serve){0});
        assert_int_equal(pipe(pipes), 0);
        pid_t writer = fork();
        if (writer == 0) {
            write_numbers(rig, pipes[1]);
        }
        close(pipes[1]);
        rig_pause_us(20000 + 1700 * round);
        rig_kill(rig);
        uint32_t confirmed = last_number(pipes[0]);
        close(pipes[0]);
        assert_int_equal(waitpid(writer, NULL, 0), writer);
        rig_serve(rig, &(struct rig_serve){0});
        open_port(rig, "", &port);
        assert_int_equal(rig_read_word(&port, WORD, &value), HD_OK);
        hd_port_close(&port);
        rig_stop(rig);
        if (confirmed > 0) {
            assert_in_range(value, confirmed, confirmed + 1);
        }
    }
}

static void draw(struct rig *rig, uint8_t random[64])
{
    static const uint8_t command[] = {0x1B, 0, 0, 0};
    struct hd_port port;
    open_port(rig, "@0x36", &port);
    assert_int_equal(rig_command(&port, command, sizeof(command), random), 32);
    hd_port_close(&port);
}

static void test_kill_9_does_not_bring_a_random_number_back(void **state)
{
    struct rig *rig = *state;
    uint8_t before[64], after[64];
    rig_make_chip(rig->chip, "tflxtls", 3);
    rig_serve(rig, &(struct rig_serve){0});
    draw(rig, before);
    rig_kill(rig);
    rig_serve(rig, &(struct rig_serve){0});
    draw(rig, after);
    assert_memory_not_equal(before, after, 32);
    rig_stop(rig);
}

static void test_noise_from_one_client_does_not_hurt_another(void **state)
{
    struct rig *rig = *state;
    struct hd_port port;
    uint8_t noise[3000];
    unsigned seed = 3;
    uint32_t value;
    rig_serve(rig, &(struct rig_serve){0});
    open_port(rig, "", &port);
    for (int i = 0; i < 100; i++) {
        int fd = link_connect(rig->socket);
        assert_true(fd >= 0);
        for (size_t j = 0; j < sizeof(noise); j++) {
            noise[j] = (uint8_t)rand_r(&seed);
        }
        noise[1] &= 0x0F; /* a length that is believed */
        if (i % 2) {      /* never finishes the frame */
            noise[0] = 0xFF;
        }
        (void)send(fd, noise, i % 5 ? sizeof(noise) : 3, MSG_NOSIGNAL);
        if (i % 3) {
            close(fd); /* others stay until the end of the test */
        }
    }
    assert_int_equal(rig_write_word(&port, WORD, 77), HD_OK);
    assert_int_equal(rig_read_word(&port, WORD, &value), HD_OK);
    assert_int_equal(value, 77);
    hd_port_close(&port);
    rig_stop(rig);
}

static void test_a_client_that_never_reads_is_not_waited_for(void **state)
{
    struct rig *rig = *state;
    struct hd_port port;
    uint32_t value;
    uint8_t ask[8 * 64];
    static const uint8_t one[8] = {5,    0,   HD_VDOOR_TRANSFER, 1, 0xE0,
                                   0xFF, 0x2F};
    rig_serve(rig, &(struct rig_serve){0});
    int fd = link_connect(rig->socket);
    assert_true(fd >= 0);
    for (size_t i = 0; i < sizeof(ask); i += 7) {
        memcpy(ask + i, one, sizeof(ask) - i < 7 ? sizeof(ask) - i : 7);
    }
    for (int i = 0; i < 1000; i++) {
        (void)send(fd, ask, 7 * 64, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    open_port(rig, "", &port);
    assert_int_equal(rig_read_word(&port, WORD, &value), HD_OK);
    hd_port_close(&port);
    close(fd);
    rig_stop(rig);
}

static void test_a_dead_holder_gives_the_lock_back(void **state)
{
    struct rig *rig = *state;
    struct hd_port one, two;
    rig_serve(rig, &(struct rig_serve){0});
    open_port(rig, "", &one);
    open_port(rig, "", &two);
    assert_int_equal(one.bus->lock(one.ctx, true), HD_OK);
    hd_port_close(&one);
    assert_int_equal(two.bus->lock(two.ctx, true), HD_OK);
    hd_port_close(&two);
    rig_stop(rig);
}

static void test_a_served_chip_cannot_be_opened_twice(void **state)
{
    struct rig *rig = *state;
    struct hd_port port;
    char address[128], why[512] = "";
    snprintf(address, sizeof(address), "sim:%s", rig->chip);
    rig_serve(rig, &(struct rig_serve){0});
    assert_int_equal(hd_port_open(&port, address, why, sizeof(why)),
                     HD_ERR_LOCK);
    assert_non_null(strstr(why, "unix:"));
    rig_stop(rig);
}

static void test_the_socket_is_private(void **state)
{
    struct rig *rig = *state;
    struct stat st;
    rig_serve(rig, &(struct rig_serve){0});
    assert_int_equal(stat(rig->socket, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    rig_stop(rig);
    assert_int_not_equal(stat(rig->socket, &st), 0);
}

static void test_only_a_stale_socket_is_replaced(void **state)
{
    struct rig *rig = *state;
    struct hd_vdoor *door;
    char why[512] = "";
    rig_serve(rig, &(struct rig_serve){0});
    assert_int_equal(hd_vdoor_open(&door, NULL), HD_OK);
    assert_int_equal(hd_vdoor_listen(door, rig->socket, why, sizeof(why)),
                     HD_ERR_LOCK);
    rig_kill(rig); /* leaves its socket behind */
    assert_int_equal(hd_vdoor_listen(door, rig->socket, why, sizeof(why)),
                     HD_OK);
    assert_int_equal(hd_vdoor_listen(door, rig->chip, why, sizeof(why)),
                     HD_ERR_IO);
    assert_non_null(strstr(why, "not a socket"));
    assert_int_equal(hd_vdoor_close(door), HD_OK);
}

#define T(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            T(test_the_driver_opens_a_chip_through_the_socket),
            T(test_several_chips_share_one_bus),
            T(test_chips_with_one_address_are_refused),
            T(test_a_restart_keeps_what_was_written),
            T(test_kill_9_leaves_the_old_or_the_new_state),
            T(test_kill_9_does_not_bring_a_random_number_back),
            T(test_noise_from_one_client_does_not_hurt_another),
            T(test_a_client_that_never_reads_is_not_waited_for),
            T(test_a_dead_holder_gives_the_lock_back),
            T(test_a_served_chip_cannot_be_opened_twice),
            T(test_the_socket_is_private),
            T(test_only_a_stale_socket_is_replaced),
    };
    return cmocka_run_group_tests_name("doors: server", tests, NULL, NULL);
}
