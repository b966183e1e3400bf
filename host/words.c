/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands and answers in words, from the table in words_table.c. Everything
 * here only formats; bytes may be anything.
 */
#include "words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const struct {
    uint8_t opcode;
    const char *name;
} opcodes[] = {
        {0x51, "AES"},         {0x28, "CheckMac"}, {0x24, "Counter"},
        {0x1C, "DeriveKey"},   {0x43, "ECDH"},     {0x15, "GenDig"},
        {0x40, "GenKey"},      {0x11, "HMAC"},     {0x30, "Info"},
        {0x56, "KDF"},         {0x17, "Lock"},     {0x08, "MAC"},
        {0x16, "Nonce"},       {0x01, "Pause"},    {0x46, "PrivWrite"},
        {0x1B, "Random"},      {0x02, "Read"},     {0x80, "SecureBoot"},
        {0x77, "SelfTest"},    {0x47, "SHA"},      {0x41, "Sign"},
        {0x20, "UpdateExtra"}, {0x45, "Verify"},   {0x12, "Write"},
};

static const struct {
    uint8_t status;
    const char *name, *words;
} statuses[] = {
        {0x00, "OK", "success"},
        {0x01, "MISCOMPARE", "no match"},
        {0x03, "PARSE", "parse error: no such command, mode or length"},
        {0x05, "ECC", "ECC fault, may work when repeated"},
        {0x07, "SELFTEST", "self test failed"},
        {0x08, "HEALTH", "random generator failed its health test"},
        {0x0F, "EXEC",
         "execution error: configuration, locks or state forbid it"},
        {0x11, "WAKE", "awake"},
        {0xEE, "WATCHDOG", "watchdog about to expire, nothing was done"},
        {0xFF, "COMM", "communication error: checksum or count was wrong"},
};

const char *hd_opcode_name(uint8_t opcode)
{
    for (size_t i = 0; i < COUNT(opcodes); i++) {
        if (opcodes[i].opcode == opcode) {
            return opcodes[i].name;
        }
    }
    return NULL;
}

const char *hd_status_words(uint8_t status)
{
    for (size_t i = 0; i < COUNT(statuses); i++) {
        if (statuses[i].status == status) {
            return statuses[i].words;
        }
    }
    return "a status that no public document names";
}

const char *hd_status_name(uint8_t status)
{
    for (size_t i = 0; i < COUNT(statuses); i++) {
        if (statuses[i].status == status) {
            return statuses[i].name;
        }
    }
    return "UNKNOWN";
}

/* ------------------------------------------------------- growing a text */

struct text {
    char *out;
    size_t size, used;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *t,
                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool fits = t->used < t->size;
    int n = vsnprintf(fits ? t->out + t->used : NULL,
                      fits ? t->size - t->used : 0, format, args);
    va_end(args);
    t->used += n > 0 ? (size_t)n : 0;
}

static struct text begin(char *out, size_t size)
{
    if (size > 0) {
        out[0] = '\0';
    }
    return (struct text){out, size, 0};
}

/* ------------------------------------------------------------- commands */

static bool fits_mode(const struct hd_form *f, uint8_t opcode, uint8_t param1)
{
    return f->opcode == opcode && (param1 & f->mask) == f->value;
}

static const struct hd_form *find_form(struct hd_command_words *c)
{
    const struct hd_form *near = NULL;
    for (const struct hd_form *f = hd_forms; f->mode != NULL; f++) {
        if (!fits_mode(f, c->opcode, c->param1)) {
            continue;
        }
        if (f->data_len == HD_ANY_LENGTH || f->data_len == c->data_len) {
            return f;
        }
        near = near ? near : f;
    }
    c->odd_length = near != NULL;
    return near;
}

static int slot_of(const struct hd_command_words *c)
{
    if (c->form == NULL) {
        return -1;
    }
    switch (c->form->param2) {
    case HD_P2_SLOT:
        return c->param2 & 0x0F;
    case HD_P2_KEY:
        return c->param2 == 0xFFFF ? -1 : c->param2 & 0x0F;
    case HD_P2_DATA:
        return c->param2 >> 3 & 0x0F;
    default:
        break;
    }
    bool slot_lock = c->opcode == 0x17 && (c->param1 & 3) == 2;
    return slot_lock ? c->param1 >> 2 & 0x0F : -1;
}

void hd_command_parse(const uint8_t *group, size_t len,
                      struct hd_command_words *out)
{
    memset(out, 0, sizeof *out);
    out->slot = -1;
    out->opcode = group[1];
    out->param1 = group[2];
    out->param2 = (uint16_t)(group[3] | group[4] << 8);
    out->data = group + 5;
    out->data_len = len - 7;
    const char *name = hd_opcode_name(out->opcode);
    out->name = name ? name : "unknown opcode";
    out->form = find_form(out);
    out->slot = slot_of(out);
}

static void say_data_address(struct text *t, uint16_t address, bool block32)
{
    unsigned first = (address >> 8 & 0x0F) * 32u;
    unsigned last = first + 31;
    if (!block32) {
        first += (address & 7u) * 4u;
        last = first + 3;
    }
    say(t, ", slot %u bytes %u-%u", address >> 3 & 0x0Fu, first, last);
}

static void say_word_address(struct text *t, uint16_t address, bool block32)
{
    unsigned first = (address >> 3 & 3u) * 32u;
    unsigned last = first + 31;
    if (!block32) {
        first += (address & 7u) * 4u;
        last = first + 3;
    }
    say(t, ", bytes %u-%u", first, last);
}

static void say_key(struct text *t, uint16_t key)
{
    if (key < 16) {
        say(t, ", slot %u", key);
    } else {
        say(t, ", slot %u (key id 0x%04X)", key & 0x0Fu, key);
    }
}

static void say_kdf(struct text *t, const struct hd_command_words *c)
{
    if ((c->param1 & 0x03) == 0x02) {
        say(t, ", source slot %u", c->param2 & 0xFFu);
    }
    if ((c->param1 & 0x1C) == 0x08) {
        say(t, ", target slot %u", c->param2 >> 8 & 0xFFu);
    }
}

static void say_latch(struct text *t, uint16_t p2)
{
    static const char *const words[] = {"read", "read", "clear", "set"};
    say(t, ", %s", words[p2 & 3]);
}

static void say_param2(struct text *t, const struct hd_command_words *c)
{
    uint16_t p2 = c->param2;
    bool block32 = (c->param1 & 0x80) != 0;
    switch (c->form->param2) {
    case HD_P2_SLOT:
        say_key(t, p2);
        break;
    case HD_P2_KEY:
        if (p2 == 0xFFFF) {
            say(t, ", TempKey");
        } else {
            say_key(t, p2);
        }
        break;
    case HD_P2_WORDS:
        say_word_address(t, p2, block32);
        break;
    case HD_P2_DATA:
        say_data_address(t, p2, block32);
        break;
    case HD_P2_BLOCK:
        say(t, " %u", p2);
        break;
    case HD_P2_COUNTER:
        say(t, ", counter %u", p2);
        break;
    case HD_P2_COUNT:
        say(t, ", %u bytes", p2);
        break;
    case HD_P2_CRC:
        say(t, ", checksum 0x%04X", p2);
        break;
    case HD_P2_CURVE:
        say(t, p2 == 4 ? ", P-256" : ", curve 0x%04X", p2);
        break;
    case HD_P2_VALUE:
        say(t, ", value 0x%02X", p2);
        break;
    case HD_P2_NONCE:
        say(t, "%s", p2 & 0x8000 ? ", derived from TempKey" : "");
        break;
    case HD_P2_KDF:
        say_kdf(t, c);
        break;
    case HD_P2_LATCH:
        say_latch(t, p2);
        break;
    default:
        if (p2 != 0) {
            say(t, ", param2 0x%04X", p2);
        }
        break;
    }
}

static void say_flags(struct text *t, const struct hd_command_words *c)
{
    for (const struct hd_flag_words *f = hd_flag_words; f->words; f++) {
        if (f->opcode == c->opcode && (c->param1 & f->mask) == f->value) {
            say(t, ", %s", f->words);
        }
    }
}

size_t hd_command_text(const struct hd_command_words *c, char *out, size_t size)
{
    struct text t = begin(out, size);
    if (c->form == NULL) {
        say(&t, "%s 0x%02X, param1 0x%02X, param2 0x%04X", c->name, c->opcode,
            c->param1, c->param2);
        return t.used;
    }
    say(&t, "%s: %s", c->name, c->form->mode);
    say_param2(&t, c);
    if (c->slot >= 0 && c->form->param2 == HD_P2_ZERO) {
        say(&t, ", slot %d", c->slot);
    }
    say_flags(&t, c);
    if (c->odd_length) {
        say(&t, ", with %zu data bytes where this mode has %u", c->data_len,
            c->form->data_len);
    }
    return t.used;
}

/* -------------------------------------------------------------- answers */

static uint32_t little32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static void say_revision(struct text *t, const uint8_t *p)
{
    const char *chip = "unknown chip";
    if (p[2] == 0x50) {
        chip = "ATECC508A";
    } else if (p[2] == 0x60) {
        chip = p[3] >= 3 ? "ATECC608B" : "ATECC608A";
    }
    say(t, "%s, revision %02X %02X %02X %02X", chip, p[0], p[1], p[2], p[3]);
}

/* Info(State), docs/chip/2-commands.md 7.1 */
static void say_state(struct text *t, const uint8_t *p)
{
    bool valid = (p[1] & 0x80) != 0;
    say(t, "TempKey %s", valid ? "valid" : "not valid");
    if (valid) {
        say(t, ", from %s%s%s%s", p[0] & 0x10 ? "input" : "random",
            p[0] & 0x20 ? ", GenDig" : "", p[0] & 0x40 ? ", GenKey" : "",
            p[0] & 0x80 ? ", NoMac" : "");
        say(t, ", key id %u", p[0] & 0x0Fu);
    }
    if (p[1] & 0x04) {
        say(t, "; authorised by slot %u", p[1] >> 3 & 0x0Fu);
    }
}

static void say_info(struct text *t, uint8_t mode, const uint8_t *p)
{
    switch (mode) {
    case 0:
        say_revision(t, p);
        break;
    case 1:
        say(t, p[0] ? "key is valid" : "key is not valid");
        break;
    case 2:
        say_state(t, p);
        break;
    case 3:
        say(t, "pin is %s", p[0] ? "high" : "low");
        break;
    default:
        say(t, "latch is %s", p[0] ? "set" : "clear");
        break;
    }
}

bool hd_answer_is_status(const struct hd_command_words *to, size_t len)
{
    (void)to;
    return len == 1;
}

size_t hd_answer_text(const struct hd_command_words *to, const uint8_t *payload,
                      size_t len, char *out, size_t size)
{
    struct text t = begin(out, size);
    if (len == 1) {
        bool is_map = to->opcode == 0x77 && payload[0] != 0;
        if (is_map) {
            say(&t, "failed tests 0x%02X, or status", payload[0]);
        }
        say(&t, is_map ? " \"%s\"" : "%s", hd_status_words(payload[0]));
    } else if (to->opcode == 0x24 && len == 4) {
        say(&t, "counter %u", little32(payload));
    } else if (to->opcode == 0x30 && len == 4) {
        say_info(&t, to->param1, payload);
    }
    return t.used;
}

/* --------------------------------------------------------------- fields */

static bool lengths_fit(const struct hd_field *fields, size_t len)
{
    size_t sum = 0;
    for (size_t i = 0; i < HD_FORM_FIELDS && fields[i].name; i++) {
        sum += fields[i].len;
        if (fields[i].len == 0) {
            return len >= sum;
        }
    }
    return sum == len;
}

void hd_fields_each(const struct hd_field *fields, const uint8_t *bytes,
                    size_t len, hd_field_fn *each, void *ctx)
{
    if (fields == NULL || !lengths_fit(fields, len)) {
        if (len > 0) {
            each(ctx, "data", bytes, len);
        }
        return;
    }
    for (size_t i = 0; i < HD_FORM_FIELDS && fields[i].name; i++) {
        size_t part = fields[i].len ? fields[i].len : len;
        if (part > 0) {
            each(ctx, fields[i].name, bytes, part);
        }
        bytes += part;
        len -= part;
    }
}
