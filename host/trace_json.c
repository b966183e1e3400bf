/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trace as JSON lines: one object a line, in the stable shape that
 * docs/trace.md describes. Members may be added; none changes its meaning.
 */
#include "trace_forms.h"

#include <stdlib.h>

#include <jansson.h>

#define VERSION 1

static void write_line(FILE *f, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    if (text != NULL) {
        fprintf(f, "%s\n", text);
    }
    free(text);
    json_decref(object);
}

static json_t *hex(const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * HD_TRANSFER_MAX];
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    return json_stringn(text, 2 * len);
}

static json_t *number(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static void begin(FILE *f)
{
    write_line(f, json_pack("{s:s, s:i}", "format", "halfdollar-trace",
                            "version", VERSION));
}

static void add_field(void *ctx, const char *name, const uint8_t *ptr,
                      size_t len)
{
    json_object_set_new(ctx, name, hex(ptr, len));
}

static const char *check_word(int check)
{
    return check == HD_OK ? "ok" : check == HD_ERR_CRC ? "crc" : "length";
}

static json_t *command(const struct hd_command_words *c)
{
    json_t *data = json_object();
    hd_fields_each(c->form ? c->form->in : NULL, c->data, c->data_len,
                   add_field, data);
    char text[512];
    hd_command_text(c, text, sizeof text);
    json_t *o = json_pack("{s:s, s:i, s:i, s:i, s:s, s:o}", "name", c->name,
                          "opcode", c->opcode, "param1", c->param1, "param2",
                          c->param2, "text", text, "data", data);
    json_object_set_new(o, "mode",
                        c->form ? json_string(c->form->mode) : json_null());
    json_object_set_new(o, "slot",
                        c->slot >= 0 ? json_integer(c->slot) : json_null());
    return o;
}

static json_t *answer(const struct hd_meaning *m)
{
    const uint8_t *payload = m->group + 1;
    size_t len = m->len - 3;
    char text[256];
    hd_answer_text(&m->command, payload, len, text, sizeof text);
    json_t *o = json_pack("{s:o, s:b, s:s}", "payload", hex(payload, len),
                          "again", m->again, "text", text);
    json_object_set_new(o, "to",
                        m->has_command ? json_string(m->command.name)
                                       : json_null());
    if (len == 1) {
        json_object_set_new(o, "status", json_integer(payload[0]));
        json_object_set_new(o, "status_name",
                            json_string(hd_status_name(payload[0])));
        return o;
    }
    json_t *data = json_object();
    const struct hd_form *form = m->has_command ? m->command.form : NULL;
    hd_fields_each(form ? form->out : NULL, payload, len, add_field, data);
    json_object_set_new(o, "data", data);
    return o;
}

static void transfer(FILE *f, const struct hd_meaning *m, bool timed,
                     const uint8_t *bytes)
{
    static const char *const kinds[] = {"write", "read", "wake"};
    const struct hd_transfer *t = m->transfer;
    json_t *o = json_pack("{s:s, s:s, s:i, s:b, s:o, s:s}", "event", "transfer",
                          "kind", kinds[t->kind], "addr", t->addr7, "ack",
                          t->ack, "bytes", hex(bytes, t->len), "means",
                          hd_meaning_name(m->kind));
    json_object_set_new(o, "t_ns", timed ? number(t->t_ns) : json_null());
    if (t->dur_ns != 0) {
        json_object_set_new(o, "dur_ns", number(t->dur_ns));
    }
    if (m->kind == HD_MEANS_COMMAND) {
        json_object_set_new(o, "command", command(&m->command));
    }
    if (m->kind == HD_MEANS_ANSWER) {
        json_object_set_new(o, "answer", answer(m));
        json_object_set_new(o, "since_ns",
                            m->timed ? number(m->since_ns) : json_null());
    }
    if (m->kind == HD_MEANS_COMMAND || m->kind == HD_MEANS_ANSWER ||
        m->kind == HD_MEANS_GARBLED) {
        json_object_set_new(o, "check", json_string(check_word(m->check)));
    }
    write_line(f, o);
}

static void add_refusal(json_t *o, const struct hd_refusal *why)
{
    const char *name = hd_opcode_name(why->opcode);
    json_object_set_new(o, "command", json_string(name ? name : "unknown"));
    json_object_set_new(o, "status", json_integer(why->status));
    json_object_set_new(o, "reason", json_string(hd_why_name(why->why)));
    json_object_set_new(o, "slot",
                        why->slot >= 0 ? json_integer(why->slot) : json_null());
    if (why->byte != 0xFF) {
        json_object_set_new(o, "bits",
                            json_pack("{s:i, s:i, s:i}", "byte", why->byte,
                                      "mask", why->mask, "value", why->value));
    }
}

static void remark(FILE *f, const struct hd_remark *r)
{
    json_t *o = json_pack("{s:s, s:o, s:i, s:s}", "event", r->kind, "t_ns",
                          number(r->t_ns), "addr", r->addr7, "text", r->text);
    if (r->why != NULL) {
        add_refusal(o, r->why);
    }
    write_line(f, o);
}

const struct hd_trace_form hd_trace_json_form = {begin, transfer, remark, NULL};
