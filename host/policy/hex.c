/* SPDX-License-Identifier: Apache-2.0 */
/* The other forms of 128 bytes: annotated hex, and a C header. */
#include <ctype.h>
#include <string.h>

#include <openssl/evp.h>

#include "policy/document.h"

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Two digits make a byte; between bytes blanks, commas, colons and 0x. */
int hd_policy_read_hex(const char *text, size_t len,
                       uint8_t config[HD_POLICY_CONFIG_BYTES],
                       struct hd_policy_error *why)
{
    unsigned count = 0;
    unsigned line = 1;

    *why = (struct hd_policy_error){0};
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '#') {
            while (i < len && text[i] != '\n') {
                i++;
            }
        }
        if (i >= len) {
            break;
        }
        line += text[i] == '\n';
        if (text[i] && strchr(" \t\r\n,:", text[i])) {
            continue;
        }
        if (text[i] == '0' && i + 1 < len && (text[i + 1] | 0x20) == 'x') {
            i++;
            continue;
        }
        int high = digit(text[i]);
        int low = i + 1 < len ? digit(text[i + 1]) : -1;
        if (high < 0 || low < 0) {
            return hd_policy_fail(why, line,
                                  "byte %u is not two hex digits; what is "
                                  "not hex stands behind a '#'",
                                  count);
        }
        if (count == HD_POLICY_CONFIG_BYTES) {
            return hd_policy_fail(why, line,
                                  "more than the 128 bytes of a "
                                  "configuration zone");
        }
        config[count++] = (uint8_t)(high << 4 | low);
        i++;
    }
    if (count < HD_POLICY_CONFIG_BYTES) {
        return hd_policy_fail(why, line,
                              "%u bytes; a configuration zone has "
                              "128",
                              count);
    }
    return HD_OK;
}

/* ------------------------------------------------------------------ writing */

struct span {
    uint8_t first, count;
    const char *doc;
};

static void write_span(const uint8_t *config, const struct span *s, FILE *out)
{
    for (unsigned i = 0; i < s->count; i++) {
        fprintf(out, "%02X ", config[s->first + i]);
    }
    fprintf(out, "%*s# %u-%u  %s\n", s->count < 8 ? (8 - s->count) * 3 : 0, "",
            s->first, s->first + s->count - 1U, s->doc);
}

static void write_slot_words(const struct hd_policy *p, unsigned byte,
                             const char *word, FILE *out)
{
    fprintf(out, "# %s\n", word);
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        char doc[64];
        struct span s = {(uint8_t)(byte + 2 * i), 2, doc};
        (void)snprintf(doc, sizeof doc, "slot %u%s%s", i,
                       p->slots[i].name[0] ? ": " : "", p->slots[i].name);
        write_span(p->config, &s, out);
    }
}

void hd_policy_write_hex(const struct hd_policy *p, FILE *out)
{
    static const struct span head[] = {
            {0, 4, "serial number (the chip's own)"},
            {4, 4, "revision (the chip's own)"},
            {8, 5, "serial number (the chip's own)"},
            {13, 3, "AES_Enable, I2C_Enable, reserved (the chip's own)"},
            {16, 4, "I2C_Address, reserved, CountMatch or OTPmode, ChipMode"}};
    static const struct span middle[] = {
            {52, 8, "Counter[0]"},
            {60, 8, "Counter[1]"},
            {68, 7,
             "UseLock, VolatileKeyPermission, SecureBoot, KdfIvLoc, "
             "KdfIvStr; 508A: LastKeyUse"},
            {75, 9, "reserved; 508A: LastKeyUse"},
            {84, 2, "UserExtra, UserExtraAdd (UpdateExtra writes them)"},
            {86, 2, "LockValue, LockConfig (Lock writes them)"},
            {88, 2, "SlotLocked"},
            {90, 2, "ChipOptions"},
            {92, 4, "X509format"}};

    fprintf(out, "# policy %s, for %s\n", p->name,
            hd_policy_chip_name(p->chips));
    for (unsigned i = 0; i < sizeof head / sizeof head[0]; i++) {
        write_span(p->config, &head[i], out);
    }
    write_slot_words(p, 20, "SlotConfig", out);
    fprintf(out, "# the zone\n");
    for (unsigned i = 0; i < sizeof middle / sizeof middle[0]; i++) {
        write_span(p->config, &middle[i], out);
    }
    write_slot_words(p, 96, "KeyConfig", out);
}

static void upper(char *text)
{
    for (char *c = text; *c; c++) {
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    }
}

static void write_guard(const char *prefix, FILE *out)
{
    char guard[2 * HD_POLICY_NAME_SIZE];

    (void)snprintf(guard, sizeof guard, "%s_policy_h", prefix);
    upper(guard);
    fprintf(out, "#ifndef %s\n#define %s\n\n", guard, guard);
}

static void write_constant(const char *prefix, const char *what,
                           const char *name, const char *value,
                           const char *about, FILE *out)
{
    char constant[3 * HD_POLICY_NAME_SIZE];

    (void)snprintf(constant, sizeof constant, "%s_%s%s%s", prefix, what,
                   name[0] ? "_" : "", name);
    upper(constant);
    fprintf(out, "#define %-36s %s", constant, value);
    if (about && about[0] && !strstr(about, "*/")) {
        fprintf(out, " /* %s */", about);
    }
    fputc('\n', out);
}

static void write_bytes(const uint8_t *bytes, size_t len, FILE *out)
{
    for (size_t i = 0; i < len; i++) {
        fprintf(out, "%s0x%02X,", i % 8 ? " " : "\n    ", bytes[i]);
    }
}

void hd_policy_write_header(const struct hd_policy *p, const char *prefix,
                            FILE *out)
{
    char value[16];
    uint8_t digest[32] = {0};

    (void)EVP_Digest(p->config + 16, sizeof p->config - 16, digest, NULL,
                     EVP_sha256(), NULL);
    fprintf(out,
            "/* Policy %s, for %s.\n * Made by `half policy compile`: "
            "change the policy, not this file. */\n",
            p->name, hd_policy_chip_name(p->chips));
    write_guard(prefix, out);
    fprintf(out, "#include <stdint.h>\n\n");
    (void)snprintf(value, sizeof value, "0x%02X", p->config[16] >> 1);
    write_constant(prefix, "chip-address", "", value, "7 bits", out);
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        const struct hd_policy_slot *s = &p->slots[i];
        (void)snprintf(value, sizeof value, "%u", i);
        if (s->name[0]) {
            write_constant(prefix, "slot", s->name, value,
                           hd_policy_purposes[s->purpose].word, out);
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        (void)snprintf(value, sizeof value, "%u", i);
        if (p->counters[i].name[0]) {
            write_constant(prefix, "counter", p->counters[i].name, value, NULL,
                           out);
        }
    }
    fprintf(out,
            "\n/* The configuration zone. Of these, a host writes 16-83 "
            "and 88-127. */\nstatic const uint8_t %s_config[128] = {",
            prefix);
    write_bytes(p->config, sizeof p->config, out);
    fprintf(out,
            "\n};\n\n/* SHA-256 of bytes 16-127 above. */\n"
            "static const uint8_t %s_config_digest[32] = {",
            prefix);
    write_bytes(digest, sizeof digest, out);
    fprintf(out, "\n};\n\n#endif\n");
}
