/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened to one chip, taken from a recording of its bus: commands and
 * how they were answered, wakes and sleeps, and the configuration as far as
 * the recording shows it being read.
 */
#ifndef HD_EXPLAIN_HISTORY_H
#define HD_EXPLAIN_HISTORY_H

#include "explain/explain.h"
#include "recording.h"

struct hd_history {
    struct hd_moment *at;
    size_t count, room;
    size_t most; /* forgets all when it has so many; 0: never */
    bool forgot; /* and has done so */
    uint8_t config[HD_V_CONFIG_BYTES];
    bool known[HD_V_CONFIG_BYTES]; /* this byte was read */
    uint8_t model;                 /* from Info; 0: not asked */
    uint8_t addr7;
    struct hd_decoder *decoder; /* private */
};

/*
 * A recording in any form: those of hd_recording_read_file(), and the two
 * that halfdollar writes itself (.jsonl and text). HD_ERR_IO: errno tells.
 * HD_ERR_FORMAT: r->error tells.
 */
HD_MUST_CHECK int hd_explain_read(struct hd_recording *r, const char *path,
                                  const struct hd_capture_options *opt);

/* addr7 0: the chip that was sent the first command. HD_ERR_PORT: no memory.
 * Free in any case. */
HD_MUST_CHECK int hd_history_take(struct hd_history *h,
                                  const struct hd_recording *r, uint8_t addr7);
HD_MUST_CHECK int hd_history_add(struct hd_history *h,
                                 const struct hd_moment *m);
/* One more transfer of a running bus. h began as zeros. HD_ERR_PORT: no
 * memory. */
HD_MUST_CHECK int hd_history_hear(struct hd_history *h,
                                  const struct hd_transfer *t, bool timed,
                                  const uint8_t *bytes);
/* Wipes it, too: what was sent can have been a key. */
void hd_history_free(struct hd_history *h);

/* Bytes of the configuration that were not seen. */
unsigned hd_history_unknown(const struct hd_history *h);

/* Was this command refused? */
bool hd_moment_refused(const struct hd_moment *m);

#endif
