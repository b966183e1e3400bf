/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A chip as bytes: snapshots and files are the same record.
 *
 *     magic    8   "hdvchip" and 0
 *     version  2   1
 *     length   2   of the whole record
 *     fields       in the order of the tables below, little-endian
 *     digest  32   SHA-256 of all before it
 *
 * The volatile state is part of it, so that programs that use the same file
 * one after the other see a chip that stays powered in between. Times are
 * kept as distances from now: the clock belongs to the bus. Every field says
 * its range; a record with a value outside is damaged.
 *
 * A new field means a new version; old versions stay readable.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

#define MAGIC   "hdvchip"
#define VERSION 1
#define HEAD    12
#define DIGEST  32

/* ------------------------------------------------------------------ tables */

enum type { BYTES, U8, BOOL, U16, U32, U64 };

/* A field of a struct. U8: `size` is the largest value allowed; BYTES: the
 * number of bytes. */
struct field {
    uint16_t at;
    uint8_t type;
    uint16_t size;
};

#define CHIP(member, type, size)                                               \
    {                                                                          \
        offsetof(struct hd_vchip, member), type, size                          \
    }
#define FAULT(member, type, size)                                              \
    {                                                                          \
        offsetof(struct hd_fault, member), type, size                          \
    }

static const struct field chip_fields[] = {
        CHIP(ee, BYTES, HD_V_EEPROM_BYTES),
        CHIP(model, U8, HD_VMODEL_608B),
        CHIP(swi, BOOL, 1),
        CHIP(latch, BOOL, 1),
        CHIP(boot_prohibit, BOOL, 1),
        CHIP(gpio_latch, BOOL, 1),
        CHIP(tk.bytes, BYTES, 64),
        CHIP(tk.key_id, U8, 15),
        CHIP(tk.valid, BOOL, 1),
        CHIP(tk.source_input, BOOL, 1),
        CHIP(tk.gendig_data, BOOL, 1),
        CHIP(tk.genkey_data, BOOL, 1),
        CHIP(tk.no_mac, BOOL, 1),
        CHIP(tk.wide, BOOL, 1),
        CHIP(tk.is_private, BOOL, 1),
        CHIP(tk.used, BOOL, 1),
        CHIP(tk.fresh, BOOL, 1),
        CHIP(mdb, BYTES, 64),
        CHIP(mdb_len, U8, 64),
        CHIP(altkey, BYTES, 32),
        CHIP(altkey_valid, BOOL, 1),
        CHIP(sha.state, BYTES, 32),
        CHIP(sha.block, BYTES, 64),
        CHIP(sha.total, U32, 0),
        CHIP(sha.hmac_key, BYTES, 32),
        CHIP(sha.running, U8, 2),
        CHIP(sha.blocks, U8, 255),
        CHIP(sha.public_slot, U8, 255),
        CHIP(sha.public_block, U8, 255),
        CHIP(auth_valid, BOOL, 1),
        CHIP(auth_key, U8, 15),
        CHIP(selftest_fail, U8, 255),
        CHIP(health_fail, BOOL, 1),
        CHIP(sram_seeded, BOOL, 1),
        CHIP(eeprom_seeded, BOOL, 1),
        CHIP(x509_slot, U8, 255),
        CHIP(x509_block, U8, 255),
        CHIP(x509_total, U8, 255),
        CHIP(state, U8, HD_V_BUSY),
        CHIP(addr7, U8, 127),
        CHIP(chip_mode, U8, 255),
        CHIP(in, BYTES, HD_V_GROUP_MAX + 1),
        CHIP(in_len, U8, HD_V_GROUP_MAX),
        CHIP(out, BYTES, HD_V_GROUP_MAX + 1),
        CHIP(out_len, U8, HD_V_GROUP_MAX),
        CHIP(out_at, U8, HD_V_GROUP_MAX),
        CHIP(last_out, BYTES, HD_V_GROUP_MAX + 1),
        CHIP(last_op, U8, 255),
        CHIP(swi_bits, U8, 7),
        CHIP(swi_byte, U8, 255),
        CHIP(swi_flag, U8, 255),
        CHIP(swi_last_ns, U64, 0),
        CHIP(ready_ns, U64, 0),
        CHIP(watchdog_ns, U64, 0),
        CHIP(speed, U8, HD_V_INSTANT),
        CHIP(seed, BYTES, 32),
        CHIP(draws, U64, 0),
        CHIP(bus_bytes, U64, 0),
        CHIP(ee_writes, U64, 0),
        CHIP(commands, U64, 0),
        CHIP(refusal.why, U8, HD_WHY_COUNT - 1),
        CHIP(refusal.status, U8, 255),
        CHIP(refusal.opcode, U8, 255),
        CHIP(refusal.param1, U8, 255),
        CHIP(refusal.param2, U16, 0),
        CHIP(refusal.slot, BYTES, 1),
        CHIP(refusal.byte, U8, 255),
        CHIP(refusal.mask, U16, 0),
        CHIP(refusal.value, U16, 0),
};

static const struct field fault_fields[] = {
        FAULT(kind, U8, HD_FAULT_KINDS - 1),
        FAULT(opcode, U8, 255),
        FAULT(skip, U16, 0),
        FAULT(count, U16, 0),
        FAULT(arg, U32, 0),
        FAULT(payload_len, U8, 66),
        FAULT(payload, BYTES, 66),
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ------------------------------------------------------------------ fields */

static size_t width(const struct field *f)
{
    static const uint8_t widths[] = {
            [U8] = 1, [BOOL] = 1, [U16] = 2, [U32] = 4, [U64] = 8};

    return f->type == BYTES ? f->size : widths[f->type];
}

static size_t widths(const struct field *table, size_t count)
{
    size_t sum = 0;

    for (size_t i = 0; i < count; i++) {
        sum += width(&table[i]);
    }
    return sum;
}

static size_t record_size(void)
{
    return HEAD + widths(chip_fields, COUNT(chip_fields)) +
           HD_V_FAULTS * widths(fault_fields, COUNT(fault_fields)) + DIGEST;
}

static void put_le(uint8_t *out, uint64_t n, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(n >> 8 * i);
    }
}

static uint64_t get_le(const uint8_t *in, size_t bytes)
{
    uint64_t n = 0;

    for (size_t i = 0; i < bytes; i++) {
        n |= (uint64_t)in[i] << 8 * i;
    }
    return n;
}

static uint64_t get_member(const struct field *f, const void *member)
{
    uint64_t u64 = 0;
    uint32_t u32 = 0;
    uint16_t u16 = 0;
    bool b = false;

    switch (f->type) {
    case BOOL:
        memcpy(&b, member, sizeof b);
        return b;
    case U8:
        return *(const uint8_t *)member;
    case U16:
        memcpy(&u16, member, sizeof u16);
        return u16;
    case U32:
        memcpy(&u32, member, sizeof u32);
        return u32;
    default:
        memcpy(&u64, member, sizeof u64);
        return u64;
    }
}

static void set_member(const struct field *f, void *member, uint64_t n)
{
    const uint64_t u64 = n;
    const uint32_t u32 = (uint32_t)n;
    const uint16_t u16 = (uint16_t)n;
    const bool b = n != 0;

    switch (f->type) {
    case BOOL:
        memcpy(member, &b, sizeof b);
        break;
    case U8:
        *(uint8_t *)member = (uint8_t)n;
        break;
    case U16:
        memcpy(member, &u16, sizeof u16);
        break;
    case U32:
        memcpy(member, &u32, sizeof u32);
        break;
    default:
        memcpy(member, &u64, sizeof u64);
        break;
    }
}

/* Returns the place after the fields. */
static uint8_t *encode(uint8_t *out, const void *from,
                       const struct field *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct field *f = &table[i];
        const uint8_t *member = (const uint8_t *)from + f->at;

        if (f->type == BYTES) {
            memcpy(out, member, f->size);
        } else {
            put_le(out, get_member(f, member), width(f));
        }
        out += width(f);
    }
    return out;
}

/* Returns the place after the fields, or NULL at a value out of range. */
static const uint8_t *decode(const uint8_t *in, void *to,
                             const struct field *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct field *f = &table[i];
        uint8_t *member = (uint8_t *)to + f->at;
        const uint64_t n = f->type == BYTES ? 0 : get_le(in, width(f));

        if ((f->type == U8 || f->type == BOOL) && n > f->size) {
            return NULL;
        }
        if (f->type == BYTES) {
            memcpy(member, in, f->size);
        } else {
            set_member(f, member, n);
        }
        in += width(f);
    }
    return in;
}

/* ------------------------------------------------------------------- record */

static uint64_t distance(uint64_t later, uint64_t sooner)
{
    return later > sooner ? later - sooner : 0;
}

int hd_vchip_snapshot(const struct hd_vchip *v, uint8_t *out, size_t size)
{
    const size_t len = record_size();
    struct hd_vchip now = *v;
    uint8_t *p = out + HEAD;

    _Static_assert(HD_V_SNAPSHOT_MAX <= UINT16_MAX, "the length field");
    if (size < len) {
        return HD_ERR_TOO_SMALL;
    }
    now.ready_ns = distance(v->ready_ns, v->now_ns);
    now.watchdog_ns = distance(v->watchdog_ns, v->now_ns);
    now.swi_last_ns = distance(v->swi_last_ns + SWI_TIMEOUT_NS, v->now_ns);
    memcpy(out, MAGIC, 8);
    put_le(out + 8, VERSION, 2);
    put_le(out + 10, len, 2);
    p = encode(p, &now, chip_fields, COUNT(chip_fields));
    for (size_t i = 0; i < HD_V_FAULTS; i++) {
        p = encode(p, &v->faults[i], fault_fields, COUNT(fault_fields));
    }
    v_sha256(out, len - DIGEST, p);
    v_wipe(&now, sizeof now);
    return (int)len;
}

static bool is_whole(const uint8_t *in, size_t len)
{
    uint8_t digest[DIGEST];

    if (len != record_size() || memcmp(in, MAGIC, 8) != 0 ||
        get_le(in + 8, 2) != VERSION || get_le(in + 10, 2) != len) {
        return false;
    }
    v_sha256(in, len - DIGEST, digest);
    return memcmp(digest, in + len - DIGEST, DIGEST) == 0;
}

/* What the ranges of single fields do not say. */
static bool is_sound(const struct hd_vchip *v)
{
    const bool one_model = v->model == HD_VMODEL_508A ||
                           v->model == HD_VMODEL_608A ||
                           v->model == HD_VMODEL_608B;

    return one_model && v->out_at <= v->out_len &&
           v->last_out[0] <= HD_V_GROUP_MAX && v->mdb_len % 32 == 0 &&
           v->refusal.slot >= -1 && v->refusal.slot <= 15 &&
           v->ready_ns < INT64_MAX && v->watchdog_ns < INT64_MAX &&
           v->swi_last_ns < INT64_MAX;
}

/* *v is untouched unless HD_OK is returned. */
static int read_record(struct hd_vchip *v, const uint8_t *in, size_t len,
                       uint64_t now_ns)
{
    struct hd_vchip new = {0};
    const uint8_t *p = in + HEAD;

    if (!is_whole(in, len)) {
        return HD_ERR_CORRUPT;
    }
    p = decode(p, &new, chip_fields, COUNT(chip_fields));
    for (size_t i = 0; p != NULL && i < HD_V_FAULTS; i++) {
        p = decode(p, &new.faults[i], fault_fields, COUNT(fault_fields));
    }
    if (p == NULL || !is_sound(&new)) {
        v_wipe(&new, sizeof new);
        return HD_ERR_CORRUPT;
    }
    new.now_ns = now_ns;
    new.ready_ns += now_ns;
    new.watchdog_ns += now_ns;
    new.swi_last_ns += now_ns - SWI_TIMEOUT_NS; /* may wrap, and back */
    fault_count(&new);
    *v = new;
    v_wipe(&new, sizeof new);
    return HD_OK;
}

int hd_vchip_restore(struct hd_vchip *v, const uint8_t *in, size_t len)
{
    hd_trace_fn *trace = v->trace;
    void *trace_ctx = v->trace_ctx;
    void *ec_cache = v->ec_cache;
    const int err = read_record(v, in, len, v->now_ns);

    if (err != HD_OK) {
        return err;
    }
    v->trace = trace;
    v->trace_ctx = trace_ctx;
    v->ec_cache = ec_cache; /* found by key bytes: still right */
    v->dirty = true;
    return HD_OK;
}

/* ------------------------------------------------------------------- files */

static int write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        const ssize_t n = write(fd, data, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return HD_ERR_IO;
        }
        data += n;
        len -= (size_t)n;
    }
    return HD_OK;
}

/* So that the rename itself survives a power cut. */
static int sync_directory(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash == NULL || slash == path
                        ? strdup(slash == NULL ? "." : "/")
                        : strndup(path, (size_t)(slash - path));
    int fd, err = HD_OK;

    if (dir == NULL) {
        return HD_ERR_IO;
    }
    fd = open(dir, O_RDONLY | O_DIRECTORY);
    free(dir);
    if (fd < 0) {
        return HD_ERR_IO;
    }
    if (fsync(fd) != 0 && errno != EINVAL) { /* not every file system can */
        err = HD_ERR_IO;
    }
    close(fd);
    return err;
}

/* Fills the temporary file and closes it. */
static int fill(int fd, const uint8_t *data, size_t len)
{
    int err = write_all(fd, data, len);

    if (err == HD_OK && fsync(fd) != 0) {
        err = HD_ERR_IO;
    }
    if (close(fd) != 0) {
        err = HD_ERR_IO;
    }
    return err;
}

/* rename() would put a second chip in the link's place. */
static bool is_link(const char *path)
{
    struct stat st;

    if (lstat(path, &st) != 0 || !S_ISLNK(st.st_mode)) {
        return false;
    }
    errno = ELOOP;
    return true;
}

/* The name beside the file is always the same, so that what a killed process
 * left there, keys and all, is gone with the next save. */
static int replace(const char *path, const uint8_t *data, size_t len)
{
    const size_t size = strlen(path) + sizeof ".new";
    char *temp = is_link(path) ? NULL : malloc(size);
    int fd, err;

    if (temp == NULL) {
        return HD_ERR_IO;
    }
    (void)snprintf(temp, size, "%s.new", path);
    unlink(temp);
    fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    err = fd < 0 ? HD_ERR_IO : fill(fd, data, len);
    if (err == HD_OK && rename(temp, path) != 0) {
        err = HD_ERR_IO;
    }
    if (err != HD_OK && fd >= 0) {
        const int why = errno;

        unlink(temp);
        errno = why;
    }
    free(temp);
    return err == HD_OK ? sync_directory(path) : err;
}

int hd_vchip_save(struct hd_vchip *v, const char *path)
{
    uint8_t record[HD_V_SNAPSHOT_MAX];
    const int len = hd_vchip_snapshot(v, record, sizeof record);
    int err;

    if (len < 0) {
        return len;
    }
    err = replace(path, record, (size_t)len);
    v_wipe(record, sizeof record);
    if (err == HD_OK) {
        v->dirty = false;
    }
    return err;
}

/* Reads at most size bytes; negative: HD_ERR_IO. */
static int read_file(const char *path, uint8_t *out, size_t size)
{
    const int fd = open(path, O_RDONLY);
    size_t len = 0;
    ssize_t n = 1;

    if (fd < 0) {
        return HD_ERR_IO;
    }
    while (len < size && n > 0) {
        n = read(fd, out + len, size - len);
        if (n < 0 && errno == EINTR) {
            n = 1;
            continue;
        }
        len += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    return n < 0 ? HD_ERR_IO : (int)len;
}

int hd_vchip_load(struct hd_vchip *v, const char *path)
{
    uint8_t record[HD_V_SNAPSHOT_MAX + 1];
    const int len = read_file(path, record, sizeof record);
    int err = HD_ERR_IO;

    if (len >= 0) {
        err = read_record(v, record, (size_t)len, 0);
    }
    if (err == HD_OK) {
        hd_vchip_power(v, true); /* only does something if it was off */
    }
    if (err == HD_OK) {
        v->dirty = false; /* the file has it */
    }
    v_wipe(record, sizeof record);
    return err;
}
