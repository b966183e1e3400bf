/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording of a bus: transfers in the order in which they happened,
 * whoever recorded them. The readers turn captures of logic analysers,
 * tables and pasted hex lines into this one form; decode.h explains it.
 *
 * A recording owns its memory: hd_recording_init(), readers and adders, then
 * hd_recording_free(). On failure of a reader the recording holds what was
 * read up to there, and `error` says what is wrong and where.
 *
 * Input is not trusted. Every limit is one of the constants below; input
 * past a limit is refused with a sentence, never cut in silence, except that
 * a single transfer keeps at most HD_TRANSFER_MAX bytes and is marked `cut`.
 */
#ifndef HD_HOST_RECORDING_H
#define HD_HOST_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "halfdollar/base.h"
#include "halfdollar/err.h"

#define HD_TRANSFER_MAX    1024        /* bytes kept of one transfer */
#define HD_RECORDING_MAX   1000000     /* transfers in a recording */
#define HD_RECORDING_TEXT  (64 << 20)  /* bytes of a .tsv or .hex file */
#define HD_RECORDING_LINE  8192        /* bytes of one line of those */
#define HD_SR_FILE_MAX     (1LL << 30) /* bytes of a .sr file */
#define HD_SR_SAMPLES_MAX  (8LL << 30) /* bytes of samples inside it */
#define HD_SR_METADATA_MAX 65536
#define HD_SR_CHANNELS     64
#define HD_SR_RATE_MAX     10000000000ULL /* samples a second */
#define HD_SPIKE_NS        50 /* shorter pulses are noise (UM10204 tSP) */

enum hd_transfer_kind {
    HD_TRANSFER_WRITE = 0,
    HD_TRANSFER_READ = 1,
    HD_TRANSFER_WAKE = 2 /* SDA held low without a clock */
};

struct hd_transfer {
    uint64_t t_ns;   /* its start condition, from the recording's start */
    uint64_t dur_ns; /* to the end of its stop condition; 0: not known */
    uint8_t kind;    /* enum hd_transfer_kind */
    uint8_t addr7;
    bool ack;       /* the address was acknowledged */
    bool restarted; /* ended by a repeated start in place of a stop */
    bool ragged;    /* ended in the middle of a byte */
    bool swi;       /* single-wire: a flag stands before the bytes */
    bool cut;       /* had more than HD_TRANSFER_MAX bytes */
    uint16_t taken; /* data bytes that were acknowledged */
    uint16_t len;
    size_t at; /* its first byte in struct hd_recording.bytes */
};

struct hd_recording {
    struct hd_transfer *transfers;
    size_t count;
    uint8_t *bytes;
    size_t used;
    bool timed;             /* t_ns means something */
    uint32_t skipped;       /* lines of text that hold no bus bytes */
    uint32_t first_skipped; /* number of the first of them, from 1 */
    char error[200];        /* a sentence, when a reader failed */
    size_t room, space;     /* private: allocated transfers and bytes */
};

/* Which channels of a capture are the bus; NULL: found by their names. */
struct hd_capture_options {
    const char *sda;
    const char *scl;
    int64_t max_samples; /* bytes of samples; 0: HD_SR_SAMPLES_MAX */
};

void hd_recording_init(struct hd_recording *r);
void hd_recording_free(struct hd_recording *r);

/* Copies one transfer and its t->len bytes to the end (t->at is set here).
 * HD_ERR_TOO_SMALL past HD_RECORDING_MAX, HD_ERR_PORT without memory; both
 * leave a sentence in r->error. */
int hd_recording_add(struct hd_recording *r, const struct hd_transfer *t,
                     const uint8_t *bytes);

/* The bytes of one of its transfers. */
const uint8_t *hd_recording_bytes(const struct hd_recording *r,
                                  const struct hd_transfer *t);

/*
 * A sigrok capture (.sr, what PulseView saves) in memory. HD_ERR_FORMAT: not
 * one, or damaged, or no channels that look like SDA and SCL. opt may be
 * NULL.
 */
int hd_recording_read_sr(struct hd_recording *r, const void *file, size_t len,
                         const struct hd_capture_options *opt);

/*
 * Lines of text: the tab-separated form of tests/data/traces and what people
 * paste from an analyser (docs/trace.md lists the forms). HD_ERR_FORMAT:
 * r->error names the line.
 */
int hd_recording_read_text(struct hd_recording *r, const char *text,
                           size_t len);

/* A file of any of these forms, told apart by what it holds. HD_ERR_IO:
 * errno tells. */
int hd_recording_read_file(struct hd_recording *r, const char *path,
                           const struct hd_capture_options *opt);

/* ------------------------------------------------- from levels to bytes */

/*
 * Listens to SDA and SCL and adds transfers to a recording. Feed it the
 * levels whenever one of them changes, in order of time; then flush.
 */
struct hd_tap_line {
    bool level, pending;
    uint64_t since;
};

struct hd_tap {
    struct hd_recording *out;
    uint64_t spike_ns;
    struct hd_tap_line sda, scl;
    bool started; /* levels known */
    bool busy;    /* between start and stop */
    uint8_t bits, shift;
    bool got_address;
    uint32_t clocks;
    struct hd_transfer now;
    uint8_t bytes[HD_TRANSFER_MAX];
    int err; /* sticky: the recording is full */
};

/* Pulses shorter than spike_ns are ignored; the first feed gives the levels
 * that the recording begins with. */
void hd_tap_init(struct hd_tap *tap, struct hd_recording *out,
                 uint64_t spike_ns);
void hd_tap_feed(struct hd_tap *tap, uint64_t t_ns, bool sda, bool scl);
/* Ends a transfer that is still open. Returns the sticky error. */
int hd_tap_flush(struct hd_tap *tap, uint64_t t_ns);

#endif
