/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults: their names, when they strike, and their written form
 * ("flip,arg=13,opcode=sign,skip=2,count=1").
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "internal.h"

static const char *const kind_names[HD_FAULT_KINDS] = {
        [HD_FAULT_NONE] = "none",
        [HD_FAULT_NACK] = "nack",
        [HD_FAULT_FLIP] = "flip",
        [HD_FAULT_FLIP_IN] = "flip-in",
        [HD_FAULT_TRUNCATE] = "truncate",
        [HD_FAULT_LATE] = "late",
        [HD_FAULT_DUPLICATE] = "duplicate",
        [HD_FAULT_REPLAY] = "replay",
        [HD_FAULT_LOST_WAKE] = "lost-wake",
        [HD_FAULT_WAKE_NOISE] = "wake-noise",
        [HD_FAULT_VANISH] = "vanish",
        [HD_FAULT_STUCK] = "stuck",
        [HD_FAULT_BROWNOUT] = "brownout",
        [HD_FAULT_CUT_BYTE] = "cut-byte",
        [HD_FAULT_CUT_EEPROM] = "cut-eeprom",
        [HD_FAULT_REWRITE] = "rewrite",
        [HD_FAULT_SELFTEST] = "selftest",
        [HD_FAULT_HEALTH] = "health",
};

/* ---------------------------------------------------------------- striking */

void fault_count(struct hd_vchip *v)
{
    v->fault_mask = 0;
    for (size_t i = 0; i < HD_V_FAULTS; i++) {
        if (v->faults[i].kind != HD_FAULT_NONE) {
            v->fault_mask |= 1u << v->faults[i].kind;
        }
    }
}

static bool concerns(const struct hd_fault *f, enum hd_fault_kind kind,
                     uint8_t opcode)
{
    return f->kind == kind && (f->opcode == 0 || f->opcode == opcode);
}

/* The last strike leaves the rest of the record readable. */
static void use_up(struct hd_vchip *v, struct hd_fault *f)
{
    f->kind = HD_FAULT_NONE;
    fault_count(v);
}

const struct hd_fault *fault_strikes(struct hd_vchip *v,
                                     enum hd_fault_kind kind, uint8_t opcode)
{
    if (!fault_waits(v, kind)) {
        return NULL;
    }
    for (size_t i = 0; i < HD_V_FAULTS; i++) {
        struct hd_fault *f = &v->faults[i];

        if (!concerns(f, kind, opcode)) {
            continue;
        }
        if (f->skip > 0) {
            f->skip--;
            continue;
        }
        trace_text(v, HD_EVENT_FAULT, kind_names[kind]);
        if (f->count == 1) {
            use_up(v, f);
        } else if (f->count > 1) {
            f->count--;
        }
        return f;
    }
    return NULL;
}

/* Counts n chances down; how many of them pass before the strike. */
static size_t count_down(struct hd_vchip *v, enum hd_fault_kind kind, size_t n,
                         uint8_t opcode)
{
    size_t pass = n;

    if (!fault_waits(v, kind)) {
        return n;
    }
    for (size_t i = 0; i < HD_V_FAULTS; i++) {
        struct hd_fault *f = &v->faults[i];

        if (!concerns(f, kind, opcode)) {
            continue;
        }
        if (f->arg > n) {
            f->arg -= (uint32_t)n;
            continue;
        }
        pass = f->arg == 0 ? 0 : f->arg - 1;
        trace_text(v, HD_EVENT_FAULT, kind_names[kind]);
        use_up(v, f);
        break;
    }
    return pass;
}

size_t fault_cut_byte(struct hd_vchip *v, size_t n, uint8_t opcode)
{
    return n == 0 ? 0 : count_down(v, HD_FAULT_CUT_BYTE, n, opcode);
}

bool fault_cut_word(struct hd_vchip *v)
{
    return count_down(v, HD_FAULT_CUT_EEPROM, 1, v->last_op) == 0;
}

int hd_vchip_fault(struct hd_vchip *v, const struct hd_fault *fault)
{
    for (size_t i = 0; i < HD_V_FAULTS; i++) {
        if (v->faults[i].kind == HD_FAULT_NONE) {
            v->faults[i] = *fault;
            fault_count(v);
            return HD_OK;
        }
    }
    return HD_ERR_TOO_SMALL;
}

void hd_vchip_clear_faults(struct hd_vchip *v)
{
    memset(v->faults, 0, sizeof v->faults);
    v->fault_mask = 0;
}

/* ----------------------------------------------------------------- reading */

/* One item of the list: from p to end; key and value parted at '='. */
struct item {
    const char *key, *value;
    size_t key_len, value_len;
};

static bool is_name(const char *name, const char *text, size_t len)
{
    return strlen(name) == len && strncasecmp(name, text, len) == 0;
}

static bool read_number(const char *p, size_t len, uint32_t max, uint32_t *out)
{
    const bool hex = len > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
    const uint32_t base = hex ? 16 : 10;
    uint64_t n = 0;

    if (len == 0) {
        return false;
    }
    for (size_t i = hex ? 2 : 0; i < len; i++) {
        const int c = tolower((unsigned char)p[i]);
        const uint32_t digit = (uint32_t)(c >= 'a' ? c - 'a' + 10 : c - '0');

        if (!isalnum(c) || digit >= base || n * base + digit > max) {
            return false;
        }
        n = n * base + digit;
    }
    *out = (uint32_t)n;
    return true;
}

static const char *read_opcode(const struct item *it, struct hd_fault *f)
{
    uint32_t n;

    for (unsigned op = 1; op < 256; op++) {
        const struct vcmd_row *row = vchip_command((uint8_t)op);

        if (row != NULL && is_name(row->name, it->value, it->value_len)) {
            f->opcode = (uint8_t)op;
            return NULL;
        }
    }
    if (!read_number(it->value, it->value_len, 0xFF, &n)) {
        return "opcode: give a command's name (sign, genkey, ...) or a number "
               "up to 0xFF";
    }
    f->opcode = (uint8_t)n;
    return NULL;
}

static const char *read_skip(const struct item *it, struct hd_fault *f)
{
    uint32_t n;

    if (!read_number(it->value, it->value_len, UINT16_MAX, &n)) {
        return "skip: give the number of chances to let pass, 0 to 65535";
    }
    f->skip = (uint16_t)n;
    return NULL;
}

static const char *read_count(const struct item *it, struct hd_fault *f)
{
    uint32_t n;

    if (!read_number(it->value, it->value_len, UINT16_MAX, &n)) {
        return "count: give how often the fault strikes, 1 to 65535, or 0 for "
               "ever";
    }
    f->count = (uint16_t)n;
    return NULL;
}

static const char *read_arg(const struct item *it, struct hd_fault *f)
{
    if (!read_number(it->value, it->value_len, UINT32_MAX, &f->arg)) {
        return "arg: give a number; its meaning depends on the fault (bit, "
               "byte, microseconds)";
    }
    return NULL;
}

static const char *read_payload(const struct item *it, struct hd_fault *f)
{
    const char *bad = "payload: give up to 66 bytes as an even number of hex "
                      "digits";

    if (it->value_len % 2 != 0 || it->value_len == 0 ||
        it->value_len > 2 * sizeof f->payload) {
        return bad;
    }
    for (size_t i = 0; i < it->value_len / 2; i++) {
        const char digits[4] = {'0', 'x', it->value[2 * i],
                                it->value[2 * i + 1]};
        uint32_t n;

        if (!read_number(digits, sizeof digits, 0xFF, &n)) {
            return bad;
        }
        f->payload[i] = (uint8_t)n;
    }
    f->payload_len = (uint8_t)(it->value_len / 2);
    return NULL;
}

static const struct {
    const char *name;
    const char *(*read)(const struct item *it, struct hd_fault *f);
} keys[] = {{"opcode", read_opcode},
            {"skip", read_skip},
            {"count", read_count},
            {"arg", read_arg},
            {"payload", read_payload}};

static const char *read_item(const struct item *it, struct hd_fault *f)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (is_name(keys[i].name, it->key, it->key_len)) {
            return keys[i].read(it, f);
        }
    }
    return "after the kind of fault come opcode=, skip=, count=, arg= or "
           "payload=, with commas between";
}

static const char *read_kind(const char *text, size_t len, struct hd_fault *f)
{
    for (unsigned i = 1; i < HD_FAULT_KINDS; i++) {
        if (is_name(kind_names[i], text, len)) {
            f->kind = (uint8_t)i;
            return NULL;
        }
    }
    return "a fault begins with its kind: nack, flip, flip-in, truncate, late, "
           "duplicate, replay, lost-wake, wake-noise, vanish, stuck, brownout, "
           "cut-byte, cut-eeprom, rewrite, selftest or health";
}

static const char *read_fault(const char *text, struct hd_fault *f)
{
    size_t len = strcspn(text, ",");
    const char *error = read_kind(text, len, f);

    f->count = 1;
    for (text += len; error == NULL && *text == ','; text += len) {
        struct item it = {.key = ++text};

        len = strcspn(text, ",");
        it.key_len = strcspn(text, "=,");
        it.value = text + it.key_len + (it.key_len < len ? 1 : 0);
        it.value_len = (size_t)(text + len - it.value);
        error = read_item(&it, f);
    }
    return error;
}

int hd_fault_parse(const char *text, struct hd_fault *out, const char **error)
{
    struct hd_fault f = {0};
    const char *why = read_fault(text, &f);

    if (error != NULL) {
        *error = why;
    }
    if (why != NULL) {
        return HD_ERR_FORMAT;
    }
    *out = f;
    return HD_OK;
}

/* ----------------------------------------------------------------- writing */

struct writer {
    char *out;
    size_t size, need;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *w,
                                                      const char *format, ...)
{
    const size_t room = w->need < w->size ? w->size - w->need : 0;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(room > 0 ? w->out + w->need : NULL, room, format, args);
    va_end(args);
    w->need += n > 0 ? (size_t)n : 0;
}

static void put_opcode(struct writer *w, uint8_t opcode)
{
    const struct vcmd_row *row = vchip_command(opcode);

    if (row == NULL) {
        put(w, ",opcode=0x%02X", opcode);
        return;
    }
    put(w, ",opcode=");
    for (const char *p = row->name; *p != '\0'; p++) {
        put(w, "%c", tolower((unsigned char)*p));
    }
}

size_t hd_fault_text(const struct hd_fault *f, char *out, size_t size)
{
    struct writer w = {out, size, 0};

    if (size > 0) {
        out[0] = '\0';
    }
    put(&w, "%s", f->kind < HD_FAULT_KINDS ? kind_names[f->kind] : "unknown");
    if (f->kind == HD_FAULT_NONE) {
        return w.need;
    }
    if (f->arg != 0) {
        put(&w, ",arg=%lu", (unsigned long)f->arg);
    }
    if (f->opcode != 0) {
        put_opcode(&w, f->opcode);
    }
    if (f->skip != 0) {
        put(&w, ",skip=%u", f->skip);
    }
    put(&w, ",count=%u", f->count);
    if (f->payload_len > 0) {
        put(&w, ",payload=");
    }
    for (size_t i = 0; i < f->payload_len && i < sizeof f->payload; i++) {
        put(&w, "%02X", f->payload[i]);
    }
    return w.need;
}
