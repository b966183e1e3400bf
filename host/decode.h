/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From transfers to what they mean: wake pulses, word addresses, commands,
 * answers, polls of a busy chip. Works on one transfer after the other, so
 * the same code explains a recording and a running bus.
 *
 *     struct hd_decoder *d = hd_decoder_new();
 *     for (each transfer t with its bytes) {
 *         struct hd_meaning m;
 *         hd_decoder_next(d, t, bytes, &m);
 *         hd_meaning_text(&m, line, sizeof line);
 *     }
 *     hd_decoder_free(d);
 *
 * Groups are checked by the driver's own hd_packet_check(). The pointers in
 * a meaning are good until the next call. Bytes may be anything: noise is
 * called noise, it never stops the decoder.
 */
#ifndef HD_HOST_DECODE_H
#define HD_HOST_DECODE_H

#include "recording.h"
#include "words.h"

enum hd_meaning_kind {
    HD_MEANS_WAKE,    /* wake pulse: address 0, or SDA held low */
    HD_MEANS_NOBODY,  /* not acknowledged: busy, asleep or absent */
    HD_MEANS_PROBE,   /* acknowledged, no bytes */
    HD_MEANS_REWIND,  /* word address 0x00 */
    HD_MEANS_SLEEP,   /* word address 0x01 */
    HD_MEANS_IDLE,    /* word address 0x02 */
    HD_MEANS_COMMAND, /* word address 0x03, the group is complete */
    HD_MEANS_PART,    /* a part of a command or of an answer */
    HD_MEANS_AWAKE,   /* 04 11 33 43 after a wake pulse */
    HD_MEANS_ANSWER,
    HD_MEANS_EMPTY,   /* only FF: nothing to read, or all was read */
    HD_MEANS_GARBLED, /* no group: noise, or not our chip */
    HD_MEANS_COUNT
};

struct hd_meaning {
    enum hd_meaning_kind kind;
    const struct hd_transfer *transfer;
    int check;            /* COMMAND, ANSWER, GARBLED: HD_OK, HD_ERR_LENGTH
                             or HD_ERR_CRC */
    const uint8_t *group; /* COMMAND, ANSWER: count to checksum */
    size_t len;
    bool has_command; /* ANSWER: the command it answers was seen */
    struct hd_command_words command;
    bool again;        /* ANSWER: read once more */
    bool timed;        /* ANSWER: since_ns is known */
    uint64_t since_ns; /* from the command's end to the answer's start */
};

struct hd_decoder;

/* NULL without memory. */
struct hd_decoder *hd_decoder_new(void);
void hd_decoder_free(struct hd_decoder *d);

/* timed: t->t_ns can be trusted. */
void hd_decoder_next(struct hd_decoder *d, const struct hd_transfer *t,
                     bool timed, const uint8_t *bytes, struct hd_meaning *out);

/* Stable short name of a kind, for example "command". */
const char *hd_meaning_name(enum hd_meaning_kind kind);

/* One line without its end; always terminated, returns the length needed. */
size_t hd_meaning_text(const struct hd_meaning *m, char *out, size_t size);

#endif
