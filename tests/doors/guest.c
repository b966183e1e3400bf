/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that `half sim exec` runs: what a driver of Linux promises its
 * callers, tried on the /dev/i2c-1 that the preload library makes. Knows
 * nothing of virtual chips. Expects an awake-able chip at 0x60.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEVICE "/dev/i2c-1"
#define CHIP   0x60

#define CHECK(what)                                                            \
    do {                                                                       \
        if (!(what)) {                                                         \
            fprintf(stderr, "guest: line %d: %s is not so (errno: %s)\n",      \
                    __LINE__, #what, strerror(errno));                         \
            exit(1);                                                           \
        }                                                                      \
    } while (0)

#define FAILS(call, number) (errno = 0, (call) < 0 && errno == (number))

static int open_at(int addr7)
{
    int fd = open(DEVICE, O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0);
    CHECK(ioctl(fd, I2C_SLAVE, addr7) == 0);
    return fd;
}

/* Wakes the chip and reads its wake answer through fd; then sleeps it, so
 * that the next one finds what it expects. */
static void talk(int fd)
{
    static const uint8_t want[4] = {0x04, 0x11, 0x33, 0x43};
    uint8_t got[4] = {0};
    int zero = open_at(0x00);
    CHECK(FAILS(write(zero, "", 1), ENXIO));
    close(zero);
    usleep(1500);
    CHECK(read(fd, got, 4) == 4);
    CHECK(memcmp(got, want, 4) == 0);
    CHECK(write(fd, "\x01", 1) == 1);
    CHECK(FAILS(read(fd, got, 1), ENXIO));
}

static void test_addresses_belong_to_the_open_file(void)
{
    int one = open_at(CHIP), two = open_at(0x11);
    int copy = dup(one);
    talk(one);
    talk(copy);
    CHECK(FAILS(write(two, "", 1), ENXIO));
    CHECK(ioctl(copy, I2C_SLAVE_FORCE, 0x12) == 0); /* one file, two names */
    CHECK(FAILS(write(one, "\0", 1), ENXIO));
    CHECK(ioctl(one, I2C_SLAVE, CHIP) == 0);
    close(one);
    talk(copy);
    CHECK(dup2(copy, two) == two);
    close(copy);
    talk(two);
    close(two);
}

static void test_errors_are_those_of_the_kernel(void)
{
    struct i2c_msg msgs[43];
    struct i2c_rdwr_ioctl_data set = {msgs, 43};
    uint8_t byte = 0;
    int fd = open_at(CHIP);
    memset(msgs, 0, sizeof(msgs));
    CHECK(FAILS(ioctl(fd, I2C_RDWR, &set), EINVAL));
    set.nmsgs = 0;
    CHECK(FAILS(ioctl(fd, I2C_RDWR, &set), EINVAL));
    set.nmsgs = 1;
    msgs[0] = (struct i2c_msg){.addr = CHIP, .flags = I2C_M_TEN};
    CHECK(FAILS(ioctl(fd, I2C_RDWR, &set), EOPNOTSUPP));
    CHECK(FAILS(ioctl(fd, I2C_SLAVE, 0x80), EINVAL));
    CHECK(FAILS(ioctl(fd, 0x5401, &byte), ENOTTY));
    CHECK(FAILS(lseek(fd, 0, SEEK_SET), ESPIPE));
    CHECK(ioctl(fd, I2C_TIMEOUT, 10) == 0 && ioctl(fd, I2C_RETRIES, 2) == 0);
    close(fd);
    CHECK(FAILS(read(fd, &byte, 1), EBADF));
    fd = open(DEVICE, O_WRONLY);
    CHECK(FAILS(read(fd, &byte, 1), EBADF));
    close(fd);
    fd = open(DEVICE, O_RDONLY);
    CHECK(FAILS(write(fd, &byte, 1), EBADF));
    close(fd);
    CHECK(FAILS(open("/dev/i2c-99", O_RDWR), ENOENT));
}

static void test_it_looks_like_a_device(void)
{
    struct stat st;
    int fd = open_at(CHIP);
    CHECK(stat(DEVICE, &st) == 0 && S_ISCHR(st.st_mode));
    CHECK(fstat(fd, &st) == 0 && S_ISCHR(st.st_mode));
    CHECK(access(DEVICE, R_OK | W_OK) == 0);
    CHECK(stat("/", &st) == 0 && S_ISDIR(st.st_mode));
    close(fd);
}

static double seconds(clockid_t clock)
{
    struct timespec t;
    CHECK(clock_gettime(clock, &t) == 0);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Ten thousand seconds, in a test: if they were real it would never end. */
static void test_sleep_is_virtual(void)
{
    int fd = open_at(CHIP);
    talk(fd);
    double start = seconds(CLOCK_MONOTONIC), raw = seconds(CLOCK_MONOTONIC_RAW);
    CHECK(sleep(10000) == 0);
    CHECK(seconds(CLOCK_MONOTONIC_RAW) - raw > 9999);
    CHECK(seconds(CLOCK_MONOTONIC) - start < 9000);
    talk(fd);
    close(fd);
}

/* ------------------------------------------------- processes and threads */

static void talk_locked(int fd)
{
    CHECK(flock(fd, LOCK_EX) == 0);
    talk(fd);
    CHECK(flock(fd, LOCK_UN) == 0);
}

static void test_a_fork_has_a_line_of_its_own(void)
{
    int fd = open_at(CHIP);
    talk(fd);
    pid_t child = fork();
    int mine = open_at(CHIP); /* flock belongs to the open file */
    for (int i = 0; i < 100; i++) {
        talk_locked(mine);
    }
    if (child == 0) {
        talk_locked(mine);
        _exit(0);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    talk(fd);
    close(mine);
    close(fd);
}

static void *talk_often(void *arg)
{
    int fd = open_at(CHIP);
    for (int i = 0; i < 100; i++) {
        talk_locked(fd);
    }
    close(fd);
    return arg;
}

static void test_threads_do_not_get_each_others_bytes(void)
{
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        CHECK(pthread_create(&threads[i], NULL, talk_often, NULL) == 0);
    }
    for (size_t i = 0; i < 4; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
}

static void test_a_program_may_close_all_it_finds(void)
{
    int fd = open_at(CHIP);
    talk(fd);
    for (int i = 3; i < 200; i++) {
        close(i);
    }
    for (int i = 0; i < 3; i++) { /* takes the numbers that became free */
        CHECK(open("/dev/null", O_RDWR) >= 0);
    }
    fd = open_at(CHIP);
    talk(fd);
    CHECK(close_range(3, ~0u, 0) == 0);
    CHECK(FAILS(write(fd, "", 1), EBADF));
    fd = open("/dev/null", O_RDWR);
    CHECK(write(fd, "x", 1) == 1); /* not the bus, though its number was */
    close(fd);
    fd = open_at(CHIP);
    talk(fd);
    close(fd);
}

static void test_an_open_bus_survives_exec(const char *self)
{
    char number[16];
    int fd = open_at(CHIP), keep = fcntl(fd, F_DUPFD, 20);
    CHECK(keep >= 20);
    close(fd);
    snprintf(number, sizeof(number), "%d", keep);
    pid_t child = fork();
    if (child == 0) {
        execl(self, self, number, (char *)NULL);
        _exit(127);
    }
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    close(keep);
}

int main(int argc, char **argv)
{
    if (argc > 1) { /* run by the last test, with an open bus */
        talk((int)strtol(argv[1], NULL, 10));
        return 0;
    }
    test_addresses_belong_to_the_open_file();
    test_errors_are_those_of_the_kernel();
    test_it_looks_like_a_device();
    test_sleep_is_virtual();
    test_a_fork_has_a_line_of_its_own();
    test_threads_do_not_get_each_others_bytes();
    test_a_program_may_close_all_it_finds();
    test_an_open_bus_survives_exec(argv[0]);
    puts("good");
    return 0;
}
