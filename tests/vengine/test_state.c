/* SPDX-License-Identifier: Apache-2.0 */
/* Files and snapshots: everything comes back, nothing damaged is believed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "bench_chip.h"

/* The digest at the record's end, made good again by OpenSSL itself. */
static void bench_sign_record(uint8_t *record, size_t len)
{
    assert_int_equal(EVP_Digest(record, len - 32, record + len - 32, NULL,
                                EVP_sha256(), NULL),
                     1);
}

struct place {
    struct bench b;
    char dir[64], path[96];
};

static int set_up(void **state)
{
    static struct place p;

    bench_start(&p.b, "tflxtls");
    (void)snprintf(p.dir, sizeof p.dir, "/tmp/vengine.XXXXXX");
    if (mkdtemp(p.dir) == NULL) {
        return -1;
    }
    (void)snprintf(p.path, sizeof p.path, "%s/thing.vchip", p.dir);
    *state = &p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;

    hd_vchip_free(&p->b.chip);
    unlink(p->path);
    return rmdir(p->dir); /* fails when a temporary file was left behind */
}

/* A chip in the middle of things: awake, TempKey loaded, an answer waiting,
 * half a command received, faults set. */
static void make_busy_life(struct bench *b)
{
    static const uint8_t nonce[32] = {1, 2, 3};
    const struct hd_fault f = {.kind = HD_FAULT_REWRITE,
                               .opcode = 0x41,
                               .skip = 3,
                               .count = 2,
                               .arg = 0x12345678,
                               .payload_len = 2,
                               .payload = {9, 8}};

    bench_wake(b);
    (void)bench_status(b, 0x16, 0x03, 0, nonce, 32);
    (void)bench_run(b, 0x1B, 0, 0, NULL, 0);
    (void)bench_status(b, 0x99, 1, 2, NULL, 0);
    b->chip.latch = true;
    b->chip.mdb_len = 64;
    b->chip.mdb[63] = 7;
    b->chip.sha.total = 0x01020304;
    hd_vchip_fault(&b->chip, &f);
    (void)hd_vbus_write(&b->bus, b->chip.addr7, (const uint8_t *)"\x03\x07\x30",
                        3, NULL);
}

static void assert_same(const struct hd_vchip *a, const struct hd_vchip *b)
{
    uint8_t one[HD_V_SNAPSHOT_MAX], two[HD_V_SNAPSHOT_MAX];
    const int len = hd_vchip_snapshot(a, one, sizeof one);

    assert_true(len > 0);
    assert_int_equal(hd_vchip_snapshot(b, two, sizeof two), len);
    assert_memory_equal(one, two, (size_t)len);
    /* and in the struct itself, lest a field is missing in the record */
    assert_memory_equal(a->ee, b->ee, sizeof a->ee);
    assert_memory_equal(&a->tk, &b->tk, sizeof a->tk);
    assert_memory_equal(&a->sha, &b->sha, sizeof a->sha);
    assert_memory_equal(a->mdb, b->mdb, sizeof a->mdb);
    assert_memory_equal(a->out, b->out, sizeof a->out);
    assert_memory_equal(a->in, b->in, a->in_len);
    assert_int_equal(a->in_len, b->in_len);
    assert_int_equal(a->mdb_len, b->mdb_len);
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->latch, b->latch);
    assert_int_equal(a->draws, b->draws);
    assert_int_equal(a->refusal.why, b->refusal.why);
    assert_int_equal(a->refusal.param2, b->refusal.param2);
    assert_int_equal(a->fault_mask, b->fault_mask);
    assert_memory_equal(&a->faults[0].payload, &b->faults[0].payload, 66);
    assert_int_equal(a->faults[0].arg, b->faults[0].arg);
    assert_int_equal(a->watchdog_ns - a->now_ns, b->watchdog_ns - b->now_ns);
}

static void test_a_file_brings_back_the_whole_chip(void **state)
{
    struct place *p = *state;
    struct hd_vchip back;

    make_busy_life(&p->b);
    assert_true(p->b.chip.dirty);
    assert_int_equal(hd_vchip_save(&p->b.chip, p->path), HD_OK);
    assert_false(p->b.chip.dirty);
    memset(&back, 0xEE, sizeof back); /* load needs no initialised struct */
    assert_int_equal(hd_vchip_load(&back, p->path), HD_OK);
    assert_same(&p->b.chip, &back);
    hd_vchip_free(&back);
}

static void test_a_file_continues_where_another_process_stopped(void **state)
{
    struct place *p = *state;
    struct bench next;

    bench_wake(&p->b);
    (void)bench_send(&p->b, 0x30, 0, 0, NULL, 0);
    hd_vbus_advance(&p->b.bus, 5 * MS);
    assert_int_equal(hd_vchip_save(&p->b.chip, p->path), HD_OK);
    assert_int_equal(hd_vchip_load(&next.chip, p->path), HD_OK);
    hd_vbus_init(&next.bus, 100000);
    next.bus.now_ns = 5000 * MS;
    assert_int_equal(hd_vbus_attach(&next.bus, &next.chip), HD_OK);
    assert_int_equal(hd_vbus_read(&next.bus, 0x36, next.reply, 7), HD_OK);
    assert_int_equal(next.reply[4], 0x03);
    hd_vbus_advance(&next.bus, 1300 * MS);
    assert_int_equal(next.chip.state, HD_V_SLEEP);
    hd_vchip_free(&next.chip);
}

static void
test_opening_the_file_of_a_chip_without_power_plugs_it_in(void **state)
{
    struct place *p = *state;
    struct bench next;

    p->b.chip.latch = true;
    hd_vchip_power(&p->b.chip, false);
    assert_int_equal(hd_vchip_save(&p->b.chip, p->path), HD_OK);
    assert_int_equal(hd_vchip_load(&next.chip, p->path), HD_OK);
    hd_vbus_init(&next.bus, 100000);
    assert_int_equal(hd_vbus_attach(&next.bus, &next.chip), HD_OK);
    bench_wake(&next);
    assert_wake_answer(&next);
    assert_false(next.chip.latch);
    hd_vchip_free(&next.chip);
}

static void test_the_file_is_its_owners_alone(void **state)
{
    struct place *p = *state;
    struct stat st;

    assert_int_equal(hd_vchip_save(&p->b.chip, p->path), HD_OK);
    assert_int_equal(chmod(p->path, 0666), 0);
    assert_int_equal(hd_vchip_save(&p->b.chip, p->path), HD_OK);
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(st.st_size <= 4096);
}

static void test_what_a_killed_save_left_is_gone_after_the_next(void **state)
{
    struct place *p = *state;
    char left[sizeof p->path + sizeof ".new"];
    int fd;

    (void)snprintf(left, sizeof left, "%s.new", p->path);
    fd = open(left, O_WRONLY | O_CREAT, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "keys", 4), 4);
    close(fd);
    assert_int_equal(hd_vchip_save(&p->b.chip, p->path), HD_OK);
    assert_int_equal(access(left, F_OK), -1);
    assert_int_equal(hd_vchip_load(&p->b.chip, p->path), HD_OK);
}

/* A rename over the link would make two chips of one. */
static void test_a_link_is_not_replaced_by_a_chip(void **state)
{
    struct place *p = *state;
    char link[sizeof p->path + 8];
    struct stat st;

    assert_int_equal(hd_vchip_save(&p->b.chip, p->path), HD_OK);
    (void)snprintf(link, sizeof link, "%s.link", p->path);
    assert_int_equal(symlink(p->path, link), 0);
    assert_int_equal(hd_vchip_save(&p->b.chip, link), HD_ERR_IO);
    assert_int_equal(errno, ELOOP);
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(unlink(link), 0);
}

static void test_a_file_that_cannot_be_written_is_an_io_error(void **state)
{
    struct place *p = *state;

    assert_int_equal(hd_vchip_save(&p->b.chip, "/nonexistent/x"), HD_ERR_IO);
    assert_int_equal(hd_vchip_load(&p->b.chip, "/nonexistent/x"), HD_ERR_IO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(hd_vchip_load(&p->b.chip, p->dir), HD_ERR_IO);
    assert_int_equal(p->b.chip.model, HD_VMODEL_608B);
}

/* Any change to the record is noticed, and the chip is left as it was. */
static void test_damage_at_every_byte_is_refused(void **state)
{
    struct place *p = *state;
    uint8_t record[HD_V_SNAPSHOT_MAX];
    struct hd_vchip other = {0};
    int len;

    make_busy_life(&p->b);
    len = hd_vchip_snapshot(&p->b.chip, record, sizeof record);
    assert_int_equal(hd_vchip_restore(&other, record, (size_t)len), HD_OK);
    for (int i = 0; i < len; i++) {
        record[i] ^= (uint8_t)(1 + i % 255);
        assert_int_equal(hd_vchip_restore(&other, record, (size_t)len),
                         HD_ERR_CORRUPT);
        record[i] ^= (uint8_t)(1 + i % 255);
    }
    assert_same(&p->b.chip, &other);
    hd_vchip_free(&other);
}

static void test_every_wrong_length_is_refused(void **state)
{
    struct place *p = *state;
    uint8_t record[HD_V_SNAPSHOT_MAX + 1] = {0};
    struct hd_vchip other = {0};
    const int len = hd_vchip_snapshot(&p->b.chip, record, HD_V_SNAPSHOT_MAX);

    for (size_t n = 0; n <= sizeof record; n++) {
        const int want = n == (size_t)len ? HD_OK : HD_ERR_CORRUPT;

        assert_int_equal(hd_vchip_restore(&other, record, n), want);
    }
    for (size_t n = 0; n < (size_t)len; n++) {
        assert_int_equal(hd_vchip_snapshot(&p->b.chip, record, n),
                         HD_ERR_TOO_SMALL);
    }
    hd_vchip_free(&other);
}

static void write_file(const char *path, const uint8_t *data, size_t len)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

static void test_a_damaged_or_foreign_file_is_refused(void **state)
{
    struct place *p = *state;
    uint8_t record[HD_V_SNAPSHOT_MAX + 8] = {0};
    const int len = hd_vchip_snapshot(&p->b.chip, record, HD_V_SNAPSHOT_MAX);
    struct hd_vchip other = {.model = 99};

    static const size_t cuts[] = {0, 1, 11, 12, 100};
    for (size_t i = 0; i < 5; i++) {
        write_file(p->path, record, cuts[i]);
        assert_int_equal(hd_vchip_load(&other, p->path), HD_ERR_CORRUPT);
    }
    write_file(p->path, record, sizeof record);
    assert_int_equal(hd_vchip_load(&other, p->path), HD_ERR_CORRUPT);
    write_file(p->path, (const uint8_t *)"%PDF-1.7", 8);
    assert_int_equal(hd_vchip_load(&other, p->path), HD_ERR_CORRUPT);
    assert_int_equal(other.model, 99);
    write_file(p->path, record, (size_t)len);
    assert_int_equal(hd_vchip_load(&other, p->path), HD_OK);
    hd_vchip_free(&other);
}

/* Values no chip can have, under a digest that is right: read, or refused,
 * but never trusted as an index. */
static void test_a_well_signed_record_with_wild_values_is_harmless(void **state)
{
    struct place *p = *state;
    uint8_t record[HD_V_SNAPSHOT_MAX];
    int len, refused = 0;

    make_busy_life(&p->b);
    len = hd_vchip_snapshot(&p->b.chip, record, sizeof record);
    for (int i = 12 + HD_V_EEPROM_BYTES; i < len - 32; i++) {
        const uint8_t was = record[i];
        struct bench b;

        record[i] = 0xFF;
        bench_sign_record(record, (size_t)len);
        memset(&b, 0, sizeof b);
        hd_vbus_init(&b.bus, 400000);
        if (hd_vchip_restore(&b.chip, record, (size_t)len) == HD_OK) {
            (void)hd_vbus_attach(&b.bus, &b.chip);
            (void)bench_send(&b, 0x30, 0, 0, NULL, 0);
            hd_vbus_advance(&b.bus, 5 * MS);
            (void)hd_vbus_read(&b.bus, b.chip.addr7, b.reply, 160);
        } else {
            refused++;
        }
        hd_vchip_free(&b.chip);
        record[i] = was;
    }
    assert_true(refused > 20);
}

static void test_a_newer_version_is_refused(void **state)
{
    struct place *p = *state;
    uint8_t record[HD_V_SNAPSHOT_MAX];
    const int len = hd_vchip_snapshot(&p->b.chip, record, sizeof record);
    struct hd_vchip other = {0};

    record[8]++;
    bench_sign_record(record, (size_t)len);
    assert_int_equal(hd_vchip_restore(&other, record, (size_t)len),
                     HD_ERR_CORRUPT);
}

static void test_restore_keeps_the_place_on_the_bus(void **state)
{
    struct place *p = *state;
    uint8_t record[HD_V_SNAPSHOT_MAX];
    int len;

    bench_wake(&p->b);
    len = hd_vchip_snapshot(&p->b.chip, record, sizeof record);
    hd_vbus_advance(&p->b.bus, 1300 * MS);
    assert_int_equal(p->b.chip.state, HD_V_SLEEP);
    assert_int_equal(hd_vchip_restore(&p->b.chip, record, (size_t)len), HD_OK);
    assert_int_equal(p->b.chip.now_ns, p->b.bus.now_ns);
    assert_wake_answer(&p->b);
}

/* Every byte of a chip shows in its record, but for what belongs to the
 * process it lives in (trace hook and context, key objects, dirty), what is
 * made of the faults (their mask), and padding: on LP64 24 bytes in the faults
 * and 30 elsewhere. A new field without a row in vchip/state.c fails here. */
static void test_the_record_leaves_nothing_out(void **state)
{
    const size_t left_out =
            3 * sizeof(void *) + sizeof(bool) + sizeof(uint32_t) + 24 + 30;
    uint8_t plain[HD_V_SNAPSHOT_MAX], changed[HD_V_SNAPSHOT_MAX];
    struct hd_vchip v;
    size_t silent = 0;
    int len;

    (void)state;
    memset(&v, 0, sizeof v);
    len = hd_vchip_snapshot(&v, plain, sizeof plain);
    for (size_t i = 0; i < sizeof v; i++) {
        ((uint8_t *)&v)[i] = 1;
        assert_int_equal(hd_vchip_snapshot(&v, changed, sizeof changed), len);
        silent += memcmp(plain, changed, (size_t)len) == 0;
        ((uint8_t *)&v)[i] = 0;
    }
    if (sizeof(void *) == 8) {
        assert_int_equal(silent, left_out);
    }
}

/* ------------------------------------------------------------- determinism */

static int live(struct bench *b, uint8_t *record)
{
    static const uint8_t digest[32] = {5};

    bench_wake(b);
    (void)bench_run(b, 0x1B, 0, 0, NULL, 0);
    (void)bench_status(b, 0x16, 0x43, 0, digest, 32);
    assert_int_equal(bench_run(b, 0x41, 0xA0, 0, NULL, 0), 67);
    assert_int_equal(bench_run(b, 0x40, 0x04, 2, NULL, 0), 67);
    return hd_vchip_snapshot(&b->chip, record, HD_V_SNAPSHOT_MAX);
}

static void test_same_seed_and_same_transfers_give_the_same_bytes(void **state)
{
    uint8_t records[2][HD_V_SNAPSHOT_MAX];
    int len[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bench b;

        bench_start(&b, "tflxtls");
        len[i] = live(&b, records[i]);
        hd_vchip_free(&b.chip);
    }
    assert_int_equal(len[0], len[1]);
    assert_memory_equal(records[0], records[1], (size_t)len[0]);
}

static void test_a_restored_chip_lives_on_as_the_original_would(void **state)
{
    struct place *p = *state;
    uint8_t start[HD_V_SNAPSHOT_MAX], one[HD_V_SNAPSHOT_MAX],
            two[HD_V_SNAPSHOT_MAX];
    const int len = hd_vchip_snapshot(&p->b.chip, start, sizeof start);

    assert_int_equal(live(&p->b, one), len);
    assert_int_equal(hd_vchip_restore(&p->b.chip, start, (size_t)len), HD_OK);
    assert_int_equal(live(&p->b, two), len);
    assert_memory_equal(one, two, (size_t)len);
}

static void test_another_seed_gives_another_chip(void **state)
{
    static const uint8_t seeds[2][32] = {{1}, {2}};
    struct hd_vchip chips[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        hd_vchip_init(&chips[i], hd_vchip_variant("tflxtls"), seeds[i]);
    }
    assert_memory_not_equal(chips[0].ee + 2, chips[1].ee + 2, 2);
    assert_memory_not_equal(chips[0].ee + 8, chips[1].ee + 8, 4);
    assert_memory_not_equal(chips[0].ee + 192 + 4, chips[1].ee + 192 + 4, 32);
    hd_vchip_free(&chips[0]);
    hd_vchip_free(&chips[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(test_a_file_brings_back_the_whole_chip),
            TEST(test_a_file_continues_where_another_process_stopped),
            TEST(test_opening_the_file_of_a_chip_without_power_plugs_it_in),
            TEST(test_the_file_is_its_owners_alone),
            TEST(test_what_a_killed_save_left_is_gone_after_the_next),
            TEST(test_a_link_is_not_replaced_by_a_chip),
            TEST(test_a_file_that_cannot_be_written_is_an_io_error),
            TEST(test_damage_at_every_byte_is_refused),
            TEST(test_every_wrong_length_is_refused),
            TEST(test_a_damaged_or_foreign_file_is_refused),
            TEST(test_a_well_signed_record_with_wild_values_is_harmless),
            TEST(test_a_newer_version_is_refused),
            TEST(test_restore_keeps_the_place_on_the_bus),
            TEST(test_the_record_leaves_nothing_out),
            TEST(test_same_seed_and_same_transfers_give_the_same_bytes),
            TEST(test_a_restored_chip_lives_on_as_the_original_would),
            TEST(test_another_seed_gives_another_chip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
