/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes in and out of files, standard input and standard output. Buffers are
 * wiped when they are given back: any of them may hold a secret.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "half.h"
#include "keyfile.h"
#include "parse.h"

static bool is_dash(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* ------------------------------------------------------------------ input */

/* Doubles the buffer, by hand because realloc leaves a copy behind. */
static bool grow(struct input *in, size_t *size)
{
    size_t more = *size ? *size * 2 : 4096;
    uint8_t *bytes = malloc(more);

    if (!bytes) {
        return false;
    }
    if (in->bytes) {
        memcpy(bytes, in->bytes, in->len);
        hd_wipe(in->bytes, *size);
        free(in->bytes);
    }
    in->bytes = bytes;
    *size = more;
    return true;
}

static int slurp(struct call *c, const char *path, int fd, size_t limit,
                 struct input *in)
{
    size_t size = 0;

    for (;;) {
        if (in->len == size && !grow(in, &size)) {
            return fail(c, "%s: not enough memory", path);
        }
        ssize_t got = read(fd, in->bytes + in->len, size - in->len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail(c, "%s: %s", path, strerror(errno));
        }
        if (got == 0) {
            return EXIT_DONE;
        }
        in->len += (size_t)got;
        if (in->len > limit) {
            return fail(c, "%s: longer than %zu bytes: is it the right file?",
                        path, limit);
        }
    }
}

/* Takes the descriptor over. */
static int read_open(struct call *c, const char *path, int fd, size_t limit,
                     struct input *in)
{
    int code = slurp(c, path, fd, limit, in);
    if (fd != STDIN_FILENO) {
        close(fd);
    }
    if (code != EXIT_DONE) {
        free_input(in);
    }
    return code;
}

int read_input(struct call *c, const char *path, size_t limit, struct input *in)
{
    int fd = is_dash(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

    *in = (struct input){0};
    return fd < 0 ? fail(c, "%s: %s", path, strerror(errno))
                  : read_open(c, path, fd, limit, in);
}

int read_private_input(struct call *c, const char *path, size_t limit,
                       struct input *in)
{
    char why[HD_KEYFILE_WHY];
    int fd = is_dash(path) ? STDIN_FILENO
                           : hd_keyfile_open(path, why, sizeof why);

    *in = (struct input){0};
    return fd < 0 ? fail(c, "%s", why) : read_open(c, path, fd, limit, in);
}

void free_input(struct input *in)
{
    if (in->bytes) {
        hd_wipe(in->bytes, in->len);
        free(in->bytes);
    }
    *in = (struct input){0};
}

int check_key_dir(struct call *c, const char *dir)
{
    char why[HD_KEYFILE_WHY];

    return hd_keyfile_folder_ok(dir, why, sizeof why) ? EXIT_DONE
                                                      : fail(c, "%s", why);
}

/* AES keys of 16 bytes come from test vectors, too, where zeros are usual. */
static int check_is_key(struct call *c, const char *path, const uint8_t *secret,
                        size_t len)
{
    if (len < 32 || !hd_key_is_blank(secret, len)) {
        return EXIT_DONE;
    }
    return fail(c,
                "%s: no key: its %zu bytes are all %02x, as in a slot or a "
                "file that was never filled. A new one: `openssl rand -hex "
                "%zu`",
                path, len, secret[0], len);
}

int read_secret(struct call *c, const char *path, uint8_t *secret, size_t len)
{
    struct input in;
    size_t got = 0;
    int code = read_private_input(c, path, 4096, &in);

    if (code != EXIT_DONE) {
        return code;
    }
    if (in.bytes && in.len == len) {
        memcpy(secret, in.bytes, len);
    } else if (!parse_hex((const char *)in.bytes, in.len, secret, len, &got) ||
               got != len) {
        code = fail(c,
                    "%s: not a key of %zu bytes: it must hold them raw, or "
                    "as %zu hex digits",
                    path, len, 2 * len);
    }
    if (code == EXIT_DONE) {
        code = check_is_key(c, path, secret, len);
    }
    if (code != EXIT_DONE) {
        hd_wipe(secret, len);
    }
    free_input(&in);
    return code;
}

/* ----------------------------------------------------------------- output */

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t put_bytes = write(fd, bytes, len);
        if (put_bytes < 0 && errno == EINTR) {
            continue;
        }
        if (put_bytes < 0) {
            return errno;
        }
        bytes += put_bytes;
        len -= (size_t)put_bytes;
    }
    return 0;
}

static int write_fd(struct call *c, const char *path, int fd,
                    const struct output *o)
{
    int error = 0;

    if (o->is_text || strcmp(o->format, "raw") == 0) {
        error = write_all(fd, o->bytes, o->len);
    } else {
        size_t size = 2 * o->len + 2;
        char *text = malloc(size);
        if (!text) {
            return fail(c, "not enough memory");
        }
        hex_text(o->bytes, o->len, text);
        text[size - 2] = '\n';
        error = write_all(fd, (const uint8_t *)text, size - 1);
        hd_wipe(text, size);
        free(text);
    }
    return error ? fail(c, "%s: %s", path, strerror(error)) : EXIT_DONE;
}

static int write_stdout(struct call *c, const struct output *o)
{
    if (c->doc) {
        if (o->is_text) {
            put(c, o->key, json_stringn((const char *)o->bytes, o->len));
        } else {
            put_hex(c, o->key, o->bytes, o->len);
        }
        return EXIT_DONE;
    }
    if (!o->is_text && strcmp(o->format, "raw") == 0 && isatty(STDOUT_FILENO)) {
        return fail_usage(c, "raw bytes do not belong on a terminal: use "
                             "--output FILE, or --format hex");
    }
    (void)fflush(stdout);
    return write_fd(c, "standard output", STDOUT_FILENO, o);
}

/*
 * A secret goes to a new file: an old one would keep its mode and the
 * descriptors that others have on it. Devices and pipes stay what they are.
 */
static int open_secret(const char *path)
{
    struct stat st;

    if (lstat(path, &st) == 0) {
        if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)) {
            return open(path, O_WRONLY | O_CLOEXEC);
        }
        if (unlink(path) != 0) {
            return -1;
        }
    }
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

int write_output(struct call *c, const struct output *o)
{
    const char *path = option_text(c, "output", "-");

    if (is_dash(path)) {
        return write_stdout(c, o);
    }
    int fd = o->secret ? open_secret(path)
                       : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                              0666);
    if (fd < 0) {
        return fail(c, "%s: %s", path, strerror(errno));
    }
    int code = write_fd(c, path, fd, o);
    if (close(fd) != 0 && code == EXIT_DONE) {
        code = fail(c, "%s: %s", path, strerror(errno));
    }
    put(c, "output", json_string(path));
    return code;
}
