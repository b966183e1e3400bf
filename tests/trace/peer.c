/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The half of the sigrok test that is ours:
 *
 *     peer live HZ FILE   runs a virtual chip, writes the trace to FILE and
 *                         prints what passed, as the bus's caller saw it
 *     peer read FILE      prints the transfers of a recording
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "live.h"

static void print(bool read, unsigned addr, bool ack, const uint8_t *bytes,
                  size_t len)
{
    printf("%s %02x %s ", read ? "read" : "write", addr, ack ? "ack" : "nack");
    for (size_t i = 0; i < len; i++) {
        printf("%02x", bytes[i]);
    }
    putchar('\n');
}

static int live(uint32_t hz, const char *path)
{
    static struct live l;
    struct hd_trace_writer *w;
    if (hd_trace_open(&w, path) != HD_OK) {
        return 1;
    }
    live_start(&l, hz, w);
    live_run(&l);
    for (size_t i = 0; i < l.count; i++) {
        print(l.log[i].read, ADDR, l.log[i].ack, l.log[i].bytes, l.log[i].len);
    }
    hd_vchip_free(&l.chip);
    return hd_trace_close(w) != HD_OK;
}

static int read_back(const char *path)
{
    struct hd_recording r;
    hd_recording_init(&r);
    int err = hd_recording_read_file(&r, path, NULL);
    for (size_t i = 0; i < r.count; i++) {
        const struct hd_transfer *t = &r.transfers[i];
        if (t->kind == HD_TRANSFER_WAKE) {
            continue;
        }
        print(t->kind == HD_TRANSFER_READ, t->addr7, t->ack,
              hd_recording_bytes(&r, t), t->len);
    }
    if (err) {
        fprintf(stderr, "%s\n", r.error);
    }
    hd_recording_free(&r);
    return err != HD_OK;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "live") == 0) {
        return live((uint32_t)strtoul(argv[2], NULL, 10), argv[3]);
    }
    if (argc == 3 && strcmp(argv[1], "read") == 0) {
        return read_back(argv[2]);
    }
    return 2;
}
