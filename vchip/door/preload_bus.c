/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What i2c-dev and an I2C adapter of Linux do, over the socket: read, write,
 * I2C_RDWR, and SMBus calls made of I2C messages the way the kernel makes
 * them. Errors are those of Documentation/i2c/fault-codes.
 *
 * Each thread has a connection of its own, made at its first transfer, so
 * nothing here needs a lock; a forked child makes a new one.
 */
#define _GNU_SOURCE
#include "preload.h"
#include "client.h"

#include <errno.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONGEST 8192
#define STARTUP_US                                                             \
    2000 /* what starting a program costs on the bus's clock:                  \
            one that wakes the chip and one that reads it are                  \
            then farther apart than tWHI, as they always are */
#define ADDRESSES 0x80u

struct session {
    struct link link;
    pid_t pid;
    dev_t dev; /* of the socket: a program may close it unknowingly */
    ino_t ino;
    bool real_clock;
    uint32_t bus_us; /* at the last answer */
    uint64_t wall_ns;
};

static _Thread_local struct session *session;
static pthread_key_t session_key;
static pthread_once_t session_once = PTHREAD_ONCE_INIT;
static _Atomic uint64_t ahead_ns;
static _Atomic pid_t started;

static int (*next_fstat)(int, struct stat *);
static int (*next_close)(int);
static int (*next_clock_gettime)(clockid_t, struct timespec *);

static uint64_t wall_ns(void)
{
    struct timespec t;
    next_clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool is_alive(const struct session *s)
{
    struct stat st;
    return s && s->pid == getpid() && s->link.fd >= 0 &&
           next_fstat(s->link.fd, &st) == 0 && st.st_dev == s->dev &&
           st.st_ino == s->ino;
}

static void end_session(void *ended)
{
    struct session *s = ended;
    if (is_alive(s)) {
        next_close(s->link.fd);
    }
    free(s);
}

static void make_key(void)
{
    preload_next("fstat", &next_fstat, sizeof(next_fstat));
    preload_next("close", &next_close, sizeof(next_close));
    preload_next("clock_gettime", &next_clock_gettime,
                 sizeof(next_clock_gettime));
    pthread_key_create(&session_key, end_session);
}

static int call(struct session *s)
{
    int err = link_call(&s->link);
    if (err) {
        return err == -EMSGSIZE ? -EOPNOTSUPP : -ENODEV;
    }
    uint64_t bus_ns = (uint64_t)(s->link.now_us - s->bus_us) * 1000;
    uint64_t now_ns = wall_ns();
    if (!s->real_clock && bus_ns > now_ns - s->wall_ns) {
        atomic_fetch_add(&ahead_ns, bus_ns - (now_ns - s->wall_ns));
    }
    s->bus_us = s->link.now_us;
    s->wall_ns = now_ns;
    return 0;
}

static int wait_us(struct session *s, uint32_t us)
{
    link_begin(&s->link, HD_VDOOR_DELAY);
    link_put_le(&s->link, us, 4);
    return call(s);
}

static int connect_session(struct session *s)
{
    struct stat st;
    struct link_info info;
    const char *path = getenv("HALF_VBUS_SOCKET");
    s->pid = getpid();
    s->link.fd = path ? link_connect(path) : -ENODEV;
    if (s->link.fd < 0 || next_fstat(s->link.fd, &st) != 0 ||
        link_info(&s->link, &info) != 0) {
        return -ENODEV;
    }
    s->dev = st.st_dev;
    s->ino = st.st_ino;
    s->real_clock = info.real_clock;
    s->bus_us = s->link.now_us;
    s->wall_ns = wall_ns();
    if (atomic_exchange(&started, s->pid) != s->pid) {
        return wait_us(s, STARTUP_US);
    }
    return 0;
}

/* This thread's session; NULL: the server is gone. */
static struct session *my_session(void)
{
    pthread_once(&session_once, make_key);
    if (is_alive(session)) {
        return session;
    }
    if (!session) {
        session = calloc(1, sizeof(*session));
        pthread_setspecific(session_key, session);
    }
    if (session && connect_session(session) != 0) {
        session->pid = 0;
        return NULL;
    }
    return session;
}

bool bus_waited(uint64_t ns)
{
    struct session *s = session;
    if (!s || s->real_clock || !is_alive(s)) {
        return false;
    }
    int err = 0;
    for (uint64_t us = (ns + 999) / 1000; us > 0 && !err;) {
        uint32_t part = us > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)us;
        err = wait_us(s, part);
        us -= part;
    }
    return err == 0;
}

uint64_t bus_ahead_ns(void)
{
    return atomic_load(&ahead_ns);
}

/* ------------------------------------------------------------- transfers */

static const int errno_of[] = {
        [HD_VDOOR_OK] = 0,
        [HD_VDOOR_NACK] = -ENXIO,
        [HD_VDOOR_STUCK] = -ETIMEDOUT,
        [HD_VDOOR_BAD] = -EINVAL,
        [HD_VDOOR_BUSY] = -EAGAIN,
};

static void put_message(struct link *l, const struct i2c_msg *m)
{
    bool is_read = (m->flags & I2C_M_RD) != 0;
    link_put_le(l, m->addr | (is_read ? HD_VDOOR_READ : 0u), 1);
    link_put_le(l, m->len, 2);
    if (!is_read) {
        link_put(l, m->buf, m->len);
    }
}

/* Copies what was read; the answer must hold all of it. */
static int take_reads(const struct link *l, struct i2c_msg *m, size_t count)
{
    size_t at = 1;
    for (size_t i = 0; i < count; i++) {
        if (!(m[i].flags & I2C_M_RD)) {
            continue;
        }
        if (l->body_len - at < m[i].len) {
            return -EPROTO;
        }
        if (m[i].len > 0) {
            memcpy(m[i].buf, l->body + at, m[i].len);
        }
        at += m[i].len;
    }
    return 0;
}

/* One combined transfer: 0 or a negative errno. */
static int transfer(struct i2c_msg *m, size_t count)
{
    struct session *s = my_session();
    if (!s) {
        return -ENODEV;
    }
    link_begin(&s->link, HD_VDOOR_TRANSFER);
    link_put_le(&s->link, (uint32_t)count, 1);
    for (size_t i = 0; i < count; i++) {
        put_message(&s->link, &m[i]);
    }
    int err = call(s);
    if (err) {
        return err;
    }
    if (s->link.status != HD_VDOOR_OK) {
        bool known = s->link.status < sizeof(errno_of) / sizeof(errno_of[0]);
        return known ? errno_of[s->link.status] : -EPROTO;
    }
    return s->link.body_len < 1 ? -EPROTO : take_reads(&s->link, m, count);
}

static struct i2c_msg message(unsigned addr7, unsigned flags, void *data,
                              size_t len)
{
    return (struct i2c_msg){.addr = (uint16_t)addr7,
                            .flags = (uint16_t)flags,
                            .len = (uint16_t)len,
                            .buf = data};
}

ssize_t bus_read(unsigned addr7, void *data, size_t len)
{
    struct i2c_msg m = message(addr7, I2C_M_RD, data, len);
    int err = transfer(&m, 1);
    return err ? err : (ssize_t)len;
}

ssize_t bus_write(unsigned addr7, const void *data, size_t len)
{
    uint8_t copy[LONGEST];
    memcpy(copy, data, len);
    struct i2c_msg m = message(addr7, 0, copy, len);
    int err = transfer(&m, 1);
    return err ? err : (ssize_t)len;
}

/* -------------------------------------------------------------- I2C_RDWR */

static int rdwr(const struct i2c_rdwr_ioctl_data *set)
{
    if (!set || !set->msgs || set->nmsgs < 1 ||
        set->nmsgs > I2C_RDWR_IOCTL_MAX_MSGS) {
        return -EINVAL;
    }
    for (unsigned i = 0; i < set->nmsgs; i++) {
        const struct i2c_msg *m = &set->msgs[i];
        if (m->len > LONGEST || m->addr >= ADDRESSES || (m->len && !m->buf)) {
            return -EINVAL;
        }
        if (m->flags & (I2C_M_TEN | I2C_M_RECV_LEN | I2C_M_NOSTART)) {
            return -EOPNOTSUPP;
        }
    }
    int err = transfer(set->msgs, set->nmsgs);
    return err ? err : (int)set->nmsgs;
}

/* ----------------------------------------------------------------- SMBus */

/* One SMBus call: what is written first (command, then data) and how many
 * bytes are read after it. */
struct smbus {
    uint8_t out[I2C_SMBUS_BLOCK_MAX + 2];
    size_t out_len, in_len;
};

typedef int smbus_fn(const struct i2c_smbus_ioctl_data *a, bool is_read,
                     struct smbus *s);

static int smbus_quick(const struct i2c_smbus_ioctl_data *a, bool is_read,
                       struct smbus *s)
{
    (void)a;
    (void)is_read;
    s->out_len = 0;
    return 0;
}

static int smbus_byte(const struct i2c_smbus_ioctl_data *a, bool is_read,
                      struct smbus *s)
{
    (void)a;
    s->out_len = is_read ? 0 : 1;
    s->in_len = is_read ? 1 : 0;
    return 0;
}

static int smbus_byte_data(const struct i2c_smbus_ioctl_data *a, bool is_read,
                           struct smbus *s)
{
    s->out[1] = a->data->byte;
    s->out_len = is_read ? 1 : 2;
    s->in_len = is_read ? 1 : 0;
    return 0;
}

static int smbus_word_data(const struct i2c_smbus_ioctl_data *a, bool is_read,
                           struct smbus *s)
{
    s->out[1] = (uint8_t)a->data->word;
    s->out[2] = (uint8_t)(a->data->word >> 8);
    s->out_len = is_read ? 1 : 3;
    s->in_len = is_read ? 2 : 0;
    return 0;
}

static int smbus_proc_call(const struct i2c_smbus_ioctl_data *a, bool is_read,
                           struct smbus *s)
{
    (void)is_read;
    smbus_word_data(a, false, s);
    s->in_len = 2;
    return 0;
}

static int smbus_block(const struct i2c_smbus_ioctl_data *a, bool is_read,
                       struct smbus *s)
{
    size_t len = a->data->block[0];
    if (is_read) {
        return -EOPNOTSUPP; /* needs I2C_M_RECV_LEN */
    }
    if (len < 1 || len > I2C_SMBUS_BLOCK_MAX) {
        return -EINVAL;
    }
    memcpy(s->out + 1, a->data->block, len + 1);
    s->out_len = len + 2;
    return 0;
}

static int smbus_i2c_block(const struct i2c_smbus_ioctl_data *a, bool is_read,
                           struct smbus *s)
{
    size_t len = a->size == I2C_SMBUS_I2C_BLOCK_BROKEN && is_read
                         ? I2C_SMBUS_BLOCK_MAX
                         : a->data->block[0];
    if (len < 1 || len > I2C_SMBUS_BLOCK_MAX) {
        return -EINVAL;
    }
    memcpy(s->out + 1, a->data->block + 1, is_read ? 0 : len);
    s->out_len = is_read ? 1 : len + 1;
    s->in_len = is_read ? len : 0;
    return 0;
}

static const struct {
    smbus_fn *make;
    bool needs_data;
} smbus_calls[] = {
        [I2C_SMBUS_QUICK] = {smbus_quick, false},
        [I2C_SMBUS_BYTE] = {smbus_byte, false},
        [I2C_SMBUS_BYTE_DATA] = {smbus_byte_data, true},
        [I2C_SMBUS_WORD_DATA] = {smbus_word_data, true},
        [I2C_SMBUS_PROC_CALL] = {smbus_proc_call, true},
        [I2C_SMBUS_BLOCK_DATA] = {smbus_block, true},
        [I2C_SMBUS_I2C_BLOCK_BROKEN] = {smbus_i2c_block, true},
        [I2C_SMBUS_I2C_BLOCK_DATA] = {smbus_i2c_block, true},
};

/* Puts what was read where the call wants it. */
static void smbus_take(const struct i2c_smbus_ioctl_data *a, const uint8_t *in,
                       size_t len)
{
    bool is_block = a->size >= I2C_SMBUS_I2C_BLOCK_BROKEN;
    if (is_block) {
        a->data->block[0] = (uint8_t)len;
        memcpy(a->data->block + 1, in, len);
    } else if (len == 2) {
        a->data->word = (uint16_t)(in[0] | in[1] << 8);
    } else {
        a->data->byte = in[0];
    }
}

static int smbus_run(unsigned addr7, const struct i2c_smbus_ioctl_data *a,
                     struct smbus *s)
{
    uint8_t in[I2C_SMBUS_BLOCK_MAX] = {0};
    struct i2c_msg m[2];
    size_t count = 0;
    bool is_quick = a->size == I2C_SMBUS_QUICK;
    if (s->out_len > 0 || (is_quick && a->read_write == I2C_SMBUS_WRITE)) {
        m[count++] = message(addr7, 0, s->out, s->out_len);
    }
    if (s->in_len > 0 || (is_quick && a->read_write == I2C_SMBUS_READ)) {
        m[count++] = message(addr7, I2C_M_RD, in, s->in_len);
    }
    int err = transfer(m, count);
    if (!err && s->in_len > 0) {
        smbus_take(a, in, s->in_len);
    }
    return err;
}

static int smbus(unsigned addr7, const struct i2c_smbus_ioctl_data *a)
{
    size_t known = sizeof(smbus_calls) / sizeof(smbus_calls[0]);
    if (!a || a->size >= known || !smbus_calls[a->size].make) {
        return -EINVAL;
    }
    bool is_read = a->read_write == I2C_SMBUS_READ;
    bool gives_byte = a->size == I2C_SMBUS_BYTE && is_read;
    if (!a->data && (smbus_calls[a->size].needs_data || gives_byte)) {
        return -EINVAL;
    }
    struct smbus s = {.out = {a->command}};
    int err = smbus_calls[a->size].make(a, is_read, &s);
    return err ? err : smbus_run(addr7, a, &s);
}

/* ----------------------------------------------------------------- ioctl */

#define FUNCTIONS                                                              \
    (I2C_FUNC_I2C | I2C_FUNC_SMBUS_QUICK | I2C_FUNC_SMBUS_BYTE |               \
     I2C_FUNC_SMBUS_BYTE_DATA | I2C_FUNC_SMBUS_WORD_DATA |                     \
     I2C_FUNC_SMBUS_PROC_CALL | I2C_FUNC_SMBUS_WRITE_BLOCK_DATA |              \
     I2C_FUNC_SMBUS_I2C_BLOCK)

int bus_ioctl(unsigned *addr7, unsigned long request, void *arg)
{
    unsigned long value = (unsigned long)(uintptr_t)arg;
    unsigned long functions = FUNCTIONS;
    switch (request) {
    case I2C_SLAVE:
    case I2C_SLAVE_FORCE:
        if (value >= ADDRESSES) {
            return -EINVAL;
        }
        *addr7 = (unsigned)value;
        return 0;
    case I2C_FUNCS:
        memcpy(arg, &functions, sizeof(functions));
        return 0;
    case I2C_RDWR:
        return rdwr(arg);
    case I2C_SMBUS:
        return smbus(*addr7, arg);
    case I2C_RETRIES:
    case I2C_TIMEOUT:
        return 0;
    case I2C_TENBIT:
    case I2C_PEC:
        return value ? -EINVAL : 0;
    default:
        return -ENOTTY;
    }
}
