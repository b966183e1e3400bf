/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any command, past and status, with any configuration: 128 bytes of it, one
 * for the part, one for the status, then moments: a byte whose low bits are
 * the kind, for commands a length and the bytes between count and checksum.
 * What would have worked takes a thousand times as long as the reason, so only
 * inputs of one length in many are asked for it.
 */
#include <stdlib.h>
#include <string.h>

#include "explain/explain.h"
#include "halfdollar/err.h"

#define MOMENTS  4
#define SEARCHED 48

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t take_moment(struct hd_moment *m, const uint8_t *at, size_t left)
{
    size_t len;

    memset(m, 0, sizeof *m);
    m->kind = at[0] % (HD_MOMENT_POWER + 1);
    m->answered = (at[0] & 0x80) != 0;
    if (m->kind != HD_MOMENT_COMMAND || left < 2) {
        return 1;
    }
    len = at[1] < left - 2 ? at[1] : left - 2;
    len = len > HD_V_GROUP_MAX - 3 ? HD_V_GROUP_MAX - 3 : len;
    m->group[0] = (uint8_t)(len + 3);
    memcpy(m->group + 1, at + 2, len);
    hd_explain_seal(m->group, len + 1);
    m->len = (uint8_t)(len + 3);
    return len + 2;
}

static void judge(const struct hd_explanation *e)
{
    char text[256];

    if (e->count > HD_EXPLAIN_STEPS || e->or_else_count > HD_EXPLAIN_OR_ELSE ||
        memchr(e->reason, 0, sizeof e->reason) == NULL ||
        (e->why.why != HD_WHY_NONE && e->reason[0] == 0)) {
        abort();
    }
    hd_explain_assumed_text(e, text, sizeof text);
    hd_explain_bits_text(e, text, sizeof text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t models[] = {HD_VMODEL_508A, HD_VMODEL_608A,
                                     HD_VMODEL_608B};
    struct hd_moment m[MOMENTS];
    struct hd_explanation e;
    struct hd_explain_case c = {.before = m};
    size_t at = 130, count = 0;

    if (size < at) {
        return 0;
    }
    memcpy(c.config, data, sizeof c.config);
    c.model = models[data[128] % 3];
    c.swi = (data[128] & 0x40) != 0;
    c.answered = (data[128] & 0x80) != 0;
    c.status = data[129];
    while (at < size && count < MOMENTS) {
        at += take_moment(&m[count++], data + at, size - at);
    }
    if (count == 0 || m[count - 1].kind != HD_MOMENT_COMMAND) {
        return 0;
    }
    c.before_count = count - 1;
    c.group = m[count - 1].group;
    c.len = m[count - 1].len;
    c.reason_only = size % SEARCHED != 0;
    if (hd_explain(&c, &e) == HD_OK) {
        judge(&e);
    }
    return 0;
}
