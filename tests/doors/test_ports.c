/* SPDX-License-Identifier: Apache-2.0 */
/* Chip addresses, and chips in files. */
#define _GNU_SOURCE
#include "rig.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "halfdollar/chip.h"

#define WORD 5

/* ------------------------------------------------------------- addresses */

static void test_a_wrong_address_teaches_the_right_one(void **state)
{
    static const struct {
        const char *address;
        int err;
        const char *says;
    } cases[] = {
            {"", HD_ERR_FORMAT, "i2c:1@0x60"},
            {"banana", HD_ERR_FORMAT, "i2c:1@0x60"},
            {"thing.vchip", HD_ERR_FORMAT, "did you mean sim:thing.vchip?"},
            {"/dev/ttyUSB0", HD_ERR_FORMAT, "swi:/dev/ttyUSB0"},
            {"/dev/i2c-1", HD_ERR_FORMAT, "i2c:/dev/i2c-1"},
            {"/run/x.sock", HD_ERR_FORMAT, "unix:/run/x.sock"},
            {"i2c:", HD_ERR_FORMAT, "ends too early"},
            {"i2c:one", HD_ERR_FORMAT, "adapter's number"},
            {"i2c:1@0xC0", HD_ERR_FORMAT,
             "without its read/write bit it is "
             "@0x60"},
            {"i2c:1@0x6C0", HD_ERR_FORMAT, "7-bit address"},
            {"i2c:1@0x03", HD_ERR_FORMAT, "0x08 to 0x77"},
            {"i2c:1@", HD_ERR_FORMAT, "7-bit address"},
            {"i2c:1@-5", HD_ERR_FORMAT, "7-bit address"},
            {"i2c:/dev/null", HD_ERR_UNSUPPORTED, "no adapter"},
            {"i2c:/nowhere", HD_ERR_IO, "modprobe i2c-dev"},
            {"swi:/dev/null", HD_ERR_IO, "/dev/null"},
            {"sim:/nowhere/x", HD_ERR_IO, "/nowhere/"},
            {"sim:nothing.vchip", HD_ERR_IO, "half sim create"},
            {"unix:/nowhere", HD_ERR_IO, "half sim serve"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hd_port port;
        char why[256] = "";
        int err = hd_port_open(&port, cases[i].address, why, sizeof(why));
        if (err != cases[i].err || !strstr(why, cases[i].says)) {
            fail_msg("%s: %s: %s", cases[i].address, hd_errname(err), why);
        }
        hd_port_close(&port);
        assert_int_equal(hd_port_open(&port, cases[i].address, NULL, 0), err);
    }
    unlink(".nothing.vchip.lock");
}

/* ----------------------------------------------------------------- files */

static void open_sim(struct rig *rig, struct hd_port *port)
{
    char address[128], why[256] = "";
    snprintf(address, sizeof(address), "sim:%s", rig->chip);
    assert_int_equal(hd_port_open(port, address, why, sizeof(why)), HD_OK);
}

static void test_a_file_that_is_no_chip_is_told(void **state)
{
    struct rig *rig = *state;
    struct hd_port port;
    char address[128], why[256] = "";
    FILE *f = fopen(rig->chip, "w");
    assert_non_null(f);
    fputs("not a chip", f);
    fclose(f);
    snprintf(address, sizeof(address), "sim:%s", rig->chip);
    assert_int_equal(hd_port_open(&port, address, why, sizeof(why)),
                     HD_ERR_CORRUPT);
    assert_non_null(strstr(why, "not a virtual chip"));
}

static void test_two_ports_to_one_file_see_one_chip(void **state)
{
    struct rig *rig = *state;
    struct hd_port one, two;
    uint32_t value = 0;
    open_sim(rig, &one);
    open_sim(rig, &two);
    for (uint32_t n = 1; n < 20; n++) {
        assert_int_equal(rig_write_word(n % 2 ? &one : &two, WORD, n), HD_OK);
        assert_int_equal(rig_read_word(n % 2 ? &two : &one, WORD, &value),
                         HD_OK);
        assert_int_equal(value, n);
    }
    hd_port_close(&one);
    hd_port_close(&two);
}

static void test_a_link_is_the_same_chip_and_stays_a_link(void **state)
{
    struct rig *rig = *state;
    struct rig other = *rig;
    struct hd_port one, two;
    struct stat st;
    uint32_t value = 0;
    snprintf(other.chip, sizeof(other.chip), "%s/link.vchip", rig->dir);
    assert_int_equal(symlink("a.vchip", other.chip), 0);
    open_sim(rig, &one);
    open_sim(&other, &two);
    assert_int_equal(rig_write_word(&two, WORD, 0x1234), HD_OK);
    assert_int_equal(rig_read_word(&one, WORD, &value), HD_OK);
    assert_int_equal(value, 0x1234);
    assert_int_equal(lstat(other.chip, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(two.bus->lock(two.ctx, true), HD_OK);
    assert_int_equal(hd_vfile_lock(rig->chip, 0, NULL, 0), HD_ERR_LOCK);
    assert_int_equal(hd_vfile_lock(other.chip, 0, NULL, 0), HD_ERR_ARG);
    hd_port_close(&one);
    hd_port_close(&two);
}

/* A program that becomes a daemon goes elsewhere. */
static void test_a_relative_path_survives_a_change_of_directory(void **state)
{
    struct rig *rig = *state;
    struct hd_port port;
    uint32_t value = 0;
    char *here = getcwd(NULL, 0);
    assert_non_null(here);
    assert_int_equal(chdir(rig->dir), 0);
    assert_int_equal(hd_port_open(&port, "sim:a.vchip", NULL, 0), HD_OK);
    assert_int_equal(chdir(here), 0);
    free(here);
    assert_int_equal(rig_write_word(&port, WORD, 0x77), HD_OK);
    hd_port_close(&port);
    open_sim(rig, &port);
    assert_int_equal(rig_read_word(&port, WORD, &value), HD_OK);
    assert_int_equal(value, 0x77);
    hd_port_close(&port);
}

/* Nonce(pass-through) in one process, Info(State) in the next: TempKey valid,
 * SourceFlag 1 (docs/chip part 1, 11.1). */
static void test_registers_survive_from_one_process_to_the_next(void **state)
{
    struct rig *rig = *state;
    static const uint8_t nonce[36] = {0x16, 0x03, 0, 0, 1, 2, 3};
    static const uint8_t info[4] = {0x30, 0x02, 0, 0};
    uint8_t out[64] = {0};
    struct hd_port port;
    pid_t child = fork();
    if (child == 0) {
        open_sim(rig, &port);
        int n = rig_command(&port, nonce, sizeof(nonce), out);
        hd_port_close(&port);
        _exit(n == 1 && out[0] == 0 ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    open_sim(rig, &port);
    assert_int_equal(rig_command(&port, info, sizeof(info), out), 4);
    assert_int_equal(out[1] & 0x80, 0x80);
    hd_port_close(&port);
}

/* docs/vchip.md: a chip in a file is powered by the next program. */
static void test_a_chip_that_lost_power_is_back_for_the_next_program(void **st)
{
    struct rig *rig = *st;
    static const uint8_t word[8] = {0x12, 0x00, WORD, 0x00, 1, 2, 3, 4};
    static const uint8_t info[4] = {0x30, 0x00, 0, 0};
    uint8_t out[64] = {0};
    struct hd_vchip v;
    struct hd_fault cut;
    struct hd_port port;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(hd_vchip_load(&v, rig->chip), HD_OK);
        assert_int_equal(
                hd_fault_parse(i == 0 ? "cut-byte,arg=3" : "cut-eeprom,arg=1",
                               &cut, NULL),
                HD_OK);
        assert_int_equal(hd_vchip_fault(&v, &cut), HD_OK);
        assert_int_equal(hd_vchip_save(&v, rig->chip), HD_OK);
        hd_vchip_free(&v);
        open_sim(rig, &port);
        assert_true(rig_command(&port, word, sizeof(word), out) < 0);
        hd_port_close(&port);
        open_sim(rig, &port);
        assert_int_equal(rig_command(&port, info, sizeof(info), out), 4);
        hd_port_close(&port);
    }
}

/* The driver copes with a chip that is awake, as it was in the file when the
 * word was written. */
static uint32_t word_by_driver(struct rig *rig)
{
    struct hd_port port;
    struct hd_chip chip;
    uint32_t value = 0;
    uint8_t bytes[4];
    open_sim(rig, &port);
    assert_int_equal(hd_chip_open(&chip, port.bus, port.ctx, NULL), HD_OK);
    assert_int_equal(hd_chip_read(&chip, HD_ZONE_CONFIG, 0, 4 * WORD, bytes, 4),
                     HD_OK);
    hd_chip_close(&chip);
    hd_port_close(&port);
    memcpy(&value, bytes, 4);
    return value;
}

/* The lock file carries the registers; a machine that crashes may spoil it. */
static void test_a_spoilt_lock_file_costs_registers_only(void **state)
{
    struct rig *rig = *state;
    static const uint8_t nonce[36] = {0x16, 0x03, 0, 0, 1, 2, 3};
    uint8_t out[64] = {0};
    char lock[128];
    struct hd_port port;
    snprintf(lock, sizeof(lock), "%s/.a.vchip.lock", rig->dir);
    for (long at = 0; at < 3000; at += 37) {
        open_sim(rig, &port);
        assert_int_equal(rig_write_word(&port, WORD, (uint32_t)at), HD_OK);
        assert_int_equal(rig_command(&port, nonce, sizeof(nonce), out), 1);
        hd_port_close(&port);
        FILE *f = fopen(lock, "r+");
        assert_non_null(f);
        fseek(f, at, SEEK_SET);
        fputs("spoilt!", f);
        fclose(f);
        assert_int_equal(word_by_driver(rig), at);
    }
    assert_int_equal(truncate(lock, 0), 0);
    (void)word_by_driver(rig);
}

static size_t read_whole(const char *path, uint8_t *out, size_t size)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t len = fread(out, 1, size, f);
    fclose(f);
    return len;
}

static bool holds(const uint8_t *in, size_t len, const void *what, size_t size)
{
    return memmem(in, len, what, size) != NULL;
}

/* The lock stays when a chip's file is removed: it must tell nothing. */
static void test_the_lock_file_holds_no_secret(void **state)
{
    struct rig *rig = *state;
    static const uint8_t nonce[36] = {0x16, 0x03, 0,   0,   'T', 'e', 'm',
                                      'p',  'K',  'e', 'y', '!', '!', '!'};
    uint8_t out[64] = {0}, file[5000], lock[5000];
    char path[128];
    struct hd_port port;
    struct stat st;
    snprintf(path, sizeof(path), "%s/.a.vchip.lock", rig->dir);
    open_sim(rig, &port);
    assert_int_equal(rig_command(&port, nonce, sizeof(nonce), out), 1);
    hd_port_close(&port);
    open_sim(rig, &port);
    assert_int_equal(rig_command(&port, nonce, sizeof(nonce), out), 1);
    hd_port_close(&port);
    assert_true(read_whole(rig->chip, file, sizeof(file)) > 1412);
    size_t len = read_whole(path, lock, sizeof(lock));
    assert_true(len > 200); /* registers are there */
    assert_false(holds(lock, len, nonce + 4, 8));
    for (size_t at = 12; at < 1412; at += 8) { /* EEPROM: docs/vchip.md */
        bool is_even = memcmp(file + at, file + at + 1, 7) == 0; /* FF FF .. */
        assert_false(!is_even && holds(lock, len, file + at, 8));
    }
    assert_int_equal(chmod(path, 0666), 0);
    open_sim(rig, &port);
    assert_int_equal(rig_write_word(&port, WORD, 1), HD_OK);
    hd_port_close(&port);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

/* Adds 1 to the word, rounds times, under the lock. */
static int add_ones(struct rig *rig, int rounds)
{
    struct hd_port port;
    open_sim(rig, &port);
    for (int i = 0; i < rounds; i++) {
        uint32_t value = 0;
        int err = port.bus->lock(port.ctx, true);
        /* the commands' own unlocking must not let anybody in between, so
         * they run on a bus without lock() */
        struct hd_bus bus = *port.bus;
        struct hd_port inner = port;
        bus.lock = NULL;
        inner.bus = &bus;
        err = err ? err : rig_read_word(&inner, WORD, &value);
        err = err ? err : rig_write_word(&inner, WORD, value + 1);
        int unlocked = port.bus->lock(port.ctx, false);
        if (err || unlocked) {
            return 1;
        }
    }
    hd_port_close(&port);
    return 0;
}

static void test_processes_take_turns_with_a_file(void **state)
{
    struct rig *rig = *state;
    struct hd_port port;
    uint32_t value = 1;
    open_sim(rig, &port);
    assert_int_equal(rig_write_word(&port, WORD, 0), HD_OK);
    hd_port_close(&port);
    pid_t children[3];
    for (size_t i = 0; i < 3; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            _exit(add_ones(rig, 40));
        }
    }
    for (size_t i = 0; i < 3; i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    open_sim(rig, &port);
    assert_int_equal(rig_read_word(&port, WORD, &value), HD_OK);
    assert_int_equal(value, 120);
    hd_port_close(&port);
}

static void test_a_killed_process_takes_nothing_back(void **state)
{
    struct rig *rig = *state;
    struct hd_port port;
    uint32_t value = 0;
    pid_t child = fork();
    if (child == 0) {
        open_sim(rig, &port);
        int err = port.bus->lock(port.ctx, true);
        struct hd_bus bus = *port.bus;
        struct hd_port inner = port;
        bus.lock = NULL;
        inner.bus = &bus;
        err = err ? err : rig_write_word(&inner, WORD, 0xABCD);
        _exit(err ? 1 : 0); /* never unlocks, never closes */
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    open_sim(rig, &port);
    port.bus->wait_us(port.ctx, 2000000); /* it was left awake: watchdog */
    assert_int_equal(rig_read_word(&port, WORD, &value), HD_OK);
    assert_int_equal(value, 0xABCD);
    hd_port_close(&port);
}

static void test_the_driver_finds_the_chip_in_a_file(void **state)
{
    struct rig *rig = *state;
    struct hd_port port;
    struct hd_chip chip;
    struct hd_port_found found[2];
    size_t count = 0;
    open_sim(rig, &port);
    assert_int_equal(hd_port_scan(&port, found, 2, &count), HD_OK);
    assert_int_equal(count, 1);
    assert_int_equal(found[0].addr7, 0x60);
    assert_true(found[0].is_chip);
    assert_int_equal(hd_chip_open(&chip, port.bus, port.ctx, NULL), HD_OK);
    hd_chip_close(&chip);
    hd_port_close(&port);
}

#define T(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            T(test_a_wrong_address_teaches_the_right_one),
            T(test_a_file_that_is_no_chip_is_told),
            T(test_two_ports_to_one_file_see_one_chip),
            T(test_a_link_is_the_same_chip_and_stays_a_link),
            T(test_a_relative_path_survives_a_change_of_directory),
            T(test_registers_survive_from_one_process_to_the_next),
            T(test_a_chip_that_lost_power_is_back_for_the_next_program),
            T(test_a_spoilt_lock_file_costs_registers_only),
            T(test_the_lock_file_holds_no_secret),
            T(test_processes_take_turns_with_a_file),
            T(test_a_killed_process_takes_nothing_back),
            T(test_the_driver_finds_the_chip_in_a_file),
    };
    return cmocka_run_group_tests_name("ports: addresses and files", tests,
                                       NULL, NULL);
}
