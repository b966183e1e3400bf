/* SPDX-License-Identifier: Apache-2.0 */
/* Files that hold keys; see keyfile.h. */
#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_ours(const struct stat *st)
{
    return st->st_uid == geteuid() || st->st_uid == 0;
}

static bool file_ok(const char *path, const struct stat *st, char *why,
                    size_t size)
{
    if (!S_ISREG(st->st_mode)) {
        (void)snprintf(why, size,
                       "%s is not a regular file: a key is kept in one, for "
                       "its owner only (chmod 600)",
                       path);
        return false;
    }
    if (!is_ours(st)) {
        (void)snprintf(why, size,
                       "%s belongs to user %lu, who can read and change it. "
                       "Copy a key that you trust to a file of your own, or "
                       "do `chown %lu %s`",
                       path, (unsigned long)st->st_uid,
                       (unsigned long)geteuid(), path);
        return false;
    }
    if ((st->st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        (void)snprintf(why, size,
                       "%s holds a secret, but others may read it or change "
                       "it (mode %03o). Do `chmod 600 %s`; if anybody could "
                       "have read it, make a new key",
                       path, (unsigned)(st->st_mode & 0777), path);
        return false;
    }
    return true;
}

int hd_keyfile_open(const char *path, char *why, size_t size)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) != 0) {
        (void)snprintf(why, size, "%s: %s", path, strerror(errno));
    } else if (file_ok(path, &st, why, size)) {
        return fd;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return -1;
}

bool hd_keyfile_folder_ok(const char *dir, char *why, size_t size)
{
    struct stat st;

    if (stat(dir, &st) != 0) {
        (void)snprintf(why, size, "%s: %s", dir, strerror(errno));
        return false;
    }
    if (!S_ISDIR(st.st_mode)) {
        (void)snprintf(why, size, "%s: %s", dir, strerror(ENOTDIR));
        return false;
    }
    if (!is_ours(&st)) {
        (void)snprintf(why, size,
                       "%s belongs to user %lu, who could replace the keys in "
                       "it. Make a folder of your own: `mkdir -m 700 DIR`",
                       dir, (unsigned long)st.st_uid);
        return false;
    }
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        (void)snprintf(why, size,
                       "%s is for keys, but others may write to it (mode "
                       "%03o) and so replace them. Do `chmod 700 %s`",
                       dir, (unsigned)(st.st_mode & 0777), dir);
        return false;
    }
    return true;
}

bool hd_key_is_blank(const uint8_t *key, size_t len)
{
    uint8_t differs = 0;

    for (size_t i = 1; i < len; i++) {
        differs |= (uint8_t)(key[i] ^ key[0]);
    }
    return differs == 0;
}
