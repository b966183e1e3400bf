/* SPDX-License-Identifier: Apache-2.0 */
/* Which files are taken as keys, and which folders as a place for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keyfile.h"

static char folder[] = "/tmp/keyfile.XXXXXX";
static char file[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) {
        return -1;
    }
    (void)snprintf(file, sizeof file, "%s/key", folder);
    int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return fd < 0 ? -1 : close(fd);
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(file);
    return rmdir(folder);
}

/* part NULL: the folder must be taken. */
static void check_folder(const char *dir, const char *part)
{
    char why[HD_KEYFILE_WHY] = "";

    assert_int_equal(hd_keyfile_folder_ok(dir, why, sizeof why), part == NULL);
    assert_non_null(strstr(why, part ? part : ""));
}

static void check_file(const char *part)
{
    char why[HD_KEYFILE_WHY] = "";
    int fd = hd_keyfile_open(file, why, sizeof why);

    assert_int_equal(fd >= 0, part == NULL);
    assert_non_null(strstr(why, part ? part : ""));
    if (fd >= 0) {
        assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
        assert_int_equal(close(fd), 0);
    }
}

static void test_every_bit_for_others_refuses_a_key_file(void **state)
{
    (void)state;
    for (mode_t bit = 1; bit <= 040; bit <<= 1) {
        assert_int_equal(chmod(file, 0600 | bit), 0);
        check_file("chmod 600");
    }
    assert_int_equal(chmod(file, 0400), 0);
    check_file(NULL);
    assert_int_equal(chmod(file, 0600), 0);
    check_file(NULL);
}

static void test_a_folder_that_others_may_write_gets_no_keys(void **state)
{
    (void)state;
    for (mode_t mode = 0; mode <= 077; mode++) {
        assert_int_equal(chmod(folder, 0700 | mode), 0);
        check_folder(folder, mode & 022 ? "chmod 700" : NULL);
    }
    assert_int_equal(chmod(folder, 01777), 0); /* sticky: new names still */
    check_folder(folder, "chmod 700");
    assert_int_equal(chmod(folder, 0700), 0);
}

static void test_a_folder_of_somebody_else_gets_no_keys(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip(); /* nobody else can give a folder away */
    }
    assert_int_equal(chown(folder, 65534, 65534), 0);
    check_folder(folder, "belongs to user 65534");
    assert_int_equal(chown(folder, 0, 0), 0);
    check_folder(folder, NULL);
}

static void test_what_is_no_folder_gets_no_keys(void **state)
{
    (void)state;
    check_folder(file, "Not a directory");
    check_folder("/nowhere/at/all", "No such file");
}

static void test_one_bit_makes_a_key(void **state)
{
    uint8_t key[32];

    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        memset(key, (int)byte, sizeof key);
        assert_true(hd_key_is_blank(key, sizeof key));
        key[byte % 32] ^= 0x80;
        assert_false(hd_key_is_blank(key, sizeof key));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_every_bit_for_others_refuses_a_key_file),
            cmocka_unit_test(test_a_folder_that_others_may_write_gets_no_keys),
            cmocka_unit_test(test_a_folder_of_somebody_else_gets_no_keys),
            cmocka_unit_test(test_what_is_no_folder_gets_no_keys),
            cmocka_unit_test(test_one_bit_makes_a_key),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
