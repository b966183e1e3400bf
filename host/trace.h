/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes what passes on a bus, while it happens (from a virtual bus) or from
 * a recording: as text for people, as JSON lines for programs, as VCD
 * waveforms for PulseView, sigrok-cli and GTKWave. docs/trace.md describes
 * the three forms.
 *
 *     struct hd_trace_writer *w;
 *     int err = hd_trace_open(&w, "bus.vcd");
 *     bus.trace = hd_trace_event;                   (an hd_trace_fn)
 *     bus.trace_ctx = w;
 *     ...
 *     err = hd_trace_close(w);
 *
 * Whatever travels in clear on the bus is in the file, keys too if somebody
 * loads them in clear: new files are readable by their owner only.
 */
#ifndef HD_HOST_TRACE_H
#define HD_HOST_TRACE_H

#include "halfdollar/vchip.h"
#include "recording.h"

enum hd_trace_format { HD_TRACE_TEXT, HD_TRACE_JSON, HD_TRACE_VCD };

struct hd_trace_writer;

/* By suffix: .vcd is VCD, .json and .jsonl are JSON lines, all else text. */
enum hd_trace_format hd_trace_format_of(const char *path);

/* HD_ERR_IO: the file cannot be made, errno tells. HD_ERR_PORT: no memory.
 * path "-" is standard output. The file is replaced. */
HD_MUST_CHECK int hd_trace_open(struct hd_trace_writer **out, const char *path);
HD_MUST_CHECK int hd_trace_open_as(struct hd_trace_writer **out,
                                   const char *path,
                                   enum hd_trace_format format);

/* An hd_trace_fn; ctx is the writer. */
void hd_trace_event(void *writer, const struct hd_event *event);

/* One transfer of a recording; timed as in struct hd_recording. */
void hd_trace_transfer(struct hd_trace_writer *w, const struct hd_transfer *t,
                       bool timed, const uint8_t *bytes);

/* The sentence of a refusal, where a port knows no more than that. */
void hd_trace_refused(struct hd_trace_writer *w, uint64_t t_ns, uint8_t addr7,
                      const char *reason);

/* Writes what is left and frees. HD_ERR_IO: something was not written, then
 * or earlier. w may be NULL. */
int hd_trace_close(struct hd_trace_writer *w);

#endif
