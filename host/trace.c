/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The front of the trace writer: opens files, turns the events of a virtual
 * bus into transfers, lets the decoder explain them, hands them to a form.
 */
#include "trace.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace_forms.h"

struct hd_trace_writer {
    FILE *f;
    bool is_stdout;
    const struct hd_trace_form *form; /* NULL: VCD */
    struct hd_decoder *decoder;
    struct hd_vcd vcd;
    uint64_t bit_ns;         /* of the last write that was taken whole */
    struct hd_transfer poll; /* the last one that nobody acknowledged */
    bool polling, timed;
    unsigned more; /* and so many like it since it was told */
};

enum hd_trace_format hd_trace_format_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    if (dot != NULL && strcasecmp(dot, ".vcd") == 0) {
        return HD_TRACE_VCD;
    }
    if (dot != NULL &&
        (strcasecmp(dot, ".json") == 0 || strcasecmp(dot, ".jsonl") == 0)) {
        return HD_TRACE_JSON;
    }
    return HD_TRACE_TEXT;
}

/* A file that is there already keeps its mode; keys may be in what follows.
 * Pipes and devices are what somebody made them. */
static bool close_to_others(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 &&
           (!S_ISREG(st.st_mode) || (st.st_mode & 077) == 0 ||
            fchmod(fd, 0600) == 0);
}

static FILE *create(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return NULL;
    }
    FILE *f = close_to_others(fd) ? fdopen(fd, "w") : NULL;
    if (f == NULL) {
        close(fd);
    }
    return f;
}

static void begin(struct hd_trace_writer *w, enum hd_trace_format format)
{
    static const struct hd_trace_form *const forms[] = {
            [HD_TRACE_TEXT] = &hd_trace_text_form,
            [HD_TRACE_JSON] = &hd_trace_json_form,
            [HD_TRACE_VCD] = NULL};
    w->form = forms[format];
    if (w->form == NULL) {
        hd_vcd_begin(&w->vcd, w->f);
        return;
    }
    /* Somebody may be watching the file grow. */
    setvbuf(w->f, NULL, _IOLBF, 0);
    w->form->begin(w->f);
}

int hd_trace_open_as(struct hd_trace_writer **out, const char *path,
                     enum hd_trace_format format)
{
    *out = NULL;
    struct hd_trace_writer *w = calloc(1, sizeof *w);
    struct hd_decoder *decoder = hd_decoder_new();
    if (w == NULL || decoder == NULL) {
        free(w);
        hd_decoder_free(decoder);
        return HD_ERR_PORT;
    }
    w->decoder = decoder;
    w->is_stdout = strcmp(path, "-") == 0;
    w->f = w->is_stdout ? stdout : create(path);
    if (w->f == NULL) {
        hd_decoder_free(decoder);
        free(w);
        return HD_ERR_IO;
    }
    begin(w, format);
    *out = w;
    return HD_OK;
}

int hd_trace_open(struct hd_trace_writer **out, const char *path)
{
    return hd_trace_open_as(out, path, hd_trace_format_of(path));
}

static void end_polls(struct hd_trace_writer *w)
{
    if (w->more > 0 && w->form->more != NULL) {
        w->form->more(w->f, &w->poll, w->timed, w->more);
    }
    w->more = 0;
    w->polling = false;
}

/* True if this is one more of the same, to be counted and not told. */
static bool is_more(struct hd_trace_writer *w, const struct hd_meaning *m,
                    bool timed)
{
    const struct hd_transfer *t = m->transfer;
    bool poll = m->kind == HD_MEANS_NOBODY && w->form->more != NULL;
    bool same = poll && w->polling && t->kind == w->poll.kind &&
                t->addr7 == w->poll.addr7;
    if (!same) {
        end_polls(w);
    }
    w->more += same;
    w->polling = poll;
    w->poll = *t;
    w->timed = timed;
    return same;
}

void hd_trace_transfer(struct hd_trace_writer *w, const struct hd_transfer *t,
                       bool timed, const uint8_t *bytes)
{
    if (w->form == NULL) {
        hd_vcd_transfer(&w->vcd, t, bytes);
        return;
    }
    struct hd_meaning m;
    hd_decoder_next(w->decoder, t, timed, bytes, &m);
    if (!is_more(w, &m, timed)) {
        w->form->transfer(w->f, &m, timed, bytes);
    }
}

static void tell(struct hd_trace_writer *w, const struct hd_remark *r)
{
    end_polls(w);
    w->form->remark(w->f, r);
}

/* -------------------------------------------------- events of a live bus */

/*
 * A virtual bus says of a write only whether all of it was taken. Nobody
 * there: no byte was sent. Somebody: the last byte sent was refused; how
 * many were sent shows in the time that it took.
 */
static uint16_t bytes_sent(const struct hd_event *e, uint64_t bit_ns)
{
    size_t len = e->len < HD_TRANSFER_MAX ? e->len : HD_TRANSFER_MAX;
    if (e->ack || e->kind != HD_EVENT_WRITE) {
        return (uint16_t)len;
    }
    if (e->chip == NULL || bit_ns == 0) {
        return 0;
    }
    uint64_t sent = e->dur_ns / (9 * bit_ns);
    sent = sent > 0 ? sent - 1 : 0; /* the address */
    return (uint16_t)(sent < len ? sent : len);
}

static void event_transfer(struct hd_trace_writer *w, const struct hd_event *e)
{
    static const uint8_t kinds[] = {
            [HD_EVENT_WAKE] = HD_TRANSFER_WAKE,
            [HD_EVENT_WRITE] = HD_TRANSFER_WRITE,
            [HD_EVENT_READ] = HD_TRANSFER_READ,
    };
    struct hd_transfer t = {
            .t_ns = e->t_ns,
            .dur_ns = e->dur_ns,
            .kind = kinds[e->kind],
            .addr7 = e->addr7,
            .ack = e->chip != NULL,
            .swi = e->chip != NULL && e->chip->swi,
            .cut = e->len > HD_TRANSFER_MAX,
    };
    if (e->kind == HD_EVENT_WAKE) {
        hd_trace_transfer(w, &t, true, NULL);
        return;
    }
    t.len = bytes_sent(e, w->bit_ns);
    t.taken = t.len;
    if (e->kind == HD_EVENT_WRITE && t.ack && !e->ack && t.len > 0) {
        t.taken--;
    }
    if (e->ack && !t.swi && e->dur_ns != 0) {
        w->bit_ns = e->dur_ns / (9 * (e->len + 1) + 1);
    }
    hd_trace_transfer(w, &t, true, e->bytes);
}

static void event_remark(struct hd_trace_writer *w, const struct hd_event *e,
                         const char *kind)
{
    char sentence[512];
    struct hd_remark r = {.kind = kind,
                          .t_ns = e->t_ns,
                          .addr7 = e->addr7,
                          .text = e->text ? e->text : "",
                          .why = e->why};
    if (w->form == NULL) {
        return;
    }
    if (e->kind == HD_EVENT_COMMAND) {
        hd_refusal_text(e->why, sentence, sizeof sentence);
        r.text = sentence;
    }
    tell(w, &r);
}

void hd_trace_refused(struct hd_trace_writer *w, uint64_t t_ns, uint8_t addr7,
                      const char *reason)
{
    const struct hd_remark r = {
            .kind = "refused", .t_ns = t_ns, .addr7 = addr7, .text = reason};
    if (w->form != NULL) {
        tell(w, &r);
    }
}

void hd_trace_event(void *writer, const struct hd_event *event)
{
    struct hd_trace_writer *w = writer;
    switch (event->kind) {
    case HD_EVENT_WAKE:
    case HD_EVENT_WRITE:
    case HD_EVENT_READ:
        event_transfer(w, event);
        break;
    case HD_EVENT_COMMAND:
        if (event->why != NULL) {
            event_remark(w, event, "refused");
        }
        break;
    case HD_EVENT_POWER:
        event_remark(w, event, "power");
        break;
    case HD_EVENT_FAULT:
        event_remark(w, event, "fault");
        break;
    case HD_EVENT_ANSWER: /* is seen when it is read */
        break;
    }
}

int hd_trace_close(struct hd_trace_writer *w)
{
    if (w == NULL) {
        return HD_OK;
    }
    if (w->form == NULL) {
        hd_vcd_end(&w->vcd);
    } else {
        end_polls(w);
    }
    bool failed = fflush(w->f) != 0 || ferror(w->f);
    if (!w->is_stdout) {
        failed = fclose(w->f) != 0 || failed;
    }
    hd_decoder_free(w->decoder);
    free(w);
    return failed ? HD_ERR_IO : HD_OK;
}
