/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads sigrok captures (.sr): a zip archive with a text file "metadata" and
 * the samples in "logic-1" or "logic-1-1", "logic-1-2", ... The samples are
 * streamed, so a long capture costs time and no memory. The format:
 * sigrok.org/wiki/File_format:Sigrok/v2.
 */
#include "recording.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zip.h>

#define NAME_MAX_LEN 64

struct capture {
    struct hd_recording *out;
    zip_t *zip;
    char file[NAME_MAX_LEN]; /* "logic-1" */
    uint64_t rate;
    unsigned unit; /* bytes a sample */
    char names[HD_SR_CHANNELS][NAME_MAX_LEN];
    int sda, scl; /* channel numbers from 0 */
    int64_t max_samples;
    uint64_t samples; /* so far */
    struct hd_tap tap;
    uint8_t last_sda, last_scl;
};

__attribute__((format(printf, 2, 3))) static int bad(struct hd_recording *r,
                                                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(r->error, sizeof r->error, format, args);
    va_end(args);
    return HD_ERR_FORMAT;
}

/* ------------------------------------------------------------- metadata */

struct scale {
    const char *name;
    uint64_t factor;
};

static const struct scale scales[] = {
        {"hz", 1}, {"khz", 1000}, {"mhz", 1000000}, {"ghz", 1000000000}};

/* "500 kHz", "24 MHz", "1000000" */
static bool parse_rate(const char *text, uint64_t *out)
{
    char *end;
    uint64_t number = strtoull(text, &end, 10);
    uint64_t factor = *end == '\0' ? 1 : 0;
    while (*end == ' ') {
        end++;
    }
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        if (strcasecmp(end, scales[i].name) == 0) {
            factor = scales[i].factor;
        }
    }
    if (!isdigit((unsigned char)text[0]) || factor == 0 ||
        number > HD_SR_RATE_MAX / factor) {
        return false;
    }
    *out = number * factor;
    return *out != 0;
}

/* Names are shown in messages: a file must not steer the terminal. */
static void copy_name(char *out, const char *text)
{
    snprintf(out, NAME_MAX_LEN, "%s", text);
    for (; *out != '\0'; out++) {
        *out = isprint((unsigned char)*out) ? *out : '?';
    }
}

static void metadata_pair(struct capture *c, const char *key, const char *value)
{
    if (strcmp(key, "capturefile") == 0) {
        copy_name(c->file, value);
    } else if (strcmp(key, "unitsize") == 0) {
        unsigned long unit = strtoul(value, NULL, 10);
        c->unit = unit <= HD_SR_CHANNELS / 8 ? (unsigned)unit : 0;
    } else if (strcmp(key, "samplerate") == 0) {
        if (!parse_rate(value, &c->rate)) {
            c->rate = 0;
        }
    } else if (strncmp(key, "probe", 5) == 0 &&
               isdigit((unsigned char)key[5])) {
        char *end;
        unsigned long channel = strtoul(key + 5, &end, 10);
        if (*end == '\0' && channel >= 1 && channel <= HD_SR_CHANNELS) {
            copy_name(c->names[channel - 1], value);
        }
    }
}

/* Key = value lines of the first [device ...] section. */
static void parse_metadata(struct capture *c, char *text)
{
    int section = 0;
    char *rest = text;
    for (char *line = strsep(&rest, "\r\n"); line != NULL;
         line = strsep(&rest, "\r\n")) {
        if (line[0] == '[') {
            section += strncmp(line, "[device", 7) == 0 ? 1 : 0;
            continue;
        }
        char *equals = strchr(line, '=');
        if (section == 1 && equals != NULL) {
            *equals = '\0';
            metadata_pair(c, line, equals + 1);
        }
    }
}

/* Reads a whole small entry of the archive; NULL if it is not there. */
static char *read_entry(struct capture *c, const char *name, size_t limit)
{
    zip_file_t *f = zip_fopen(c->zip, name, 0);
    if (f == NULL) {
        return NULL;
    }
    char *text = calloc(1, limit + 1);
    if (text != NULL && zip_fread(f, text, limit) < 0) {
        free(text);
        text = NULL;
    }
    zip_fclose(f);
    return text;
}

static int read_metadata(struct capture *c)
{
    char *text = read_entry(c, "metadata", HD_SR_METADATA_MAX);
    if (text == NULL) {
        return bad(c->out, "no file \"metadata\" in it: this zip file is not "
                           "a sigrok capture");
    }
    c->unit = 1;
    parse_metadata(c, text);
    free(text);
    if (c->rate == 0) {
        return bad(c->out, "its metadata gives no usable samplerate (at most "
                           "10 GHz)");
    }
    if (c->unit < 1 || c->unit > HD_SR_CHANNELS / 8) {
        return bad(c->out, "its metadata gives a unitsize outside 1..%d",
                   HD_SR_CHANNELS / 8);
    }
    if (c->file[0] == '\0') {
        return bad(c->out, "its metadata names no logic samples (an analog "
                           "capture?)");
    }
    return HD_OK;
}

/* ------------------------------------------------------------- channels */

static bool holds_word(const char *name, const char *word)
{
    size_t len = strlen(word);
    for (; *name != '\0'; name++) {
        if (strncasecmp(name, word, len) == 0) {
            return true;
        }
    }
    return false;
}

/* The channel of that name, else the only one whose name contains it. */
static int find_channel(const struct capture *c, const char *name)
{
    int found = -1;
    int matches = 0;
    for (int i = 0; i < (int)c->unit * 8; i++) {
        if (strcasecmp(c->names[i], name) == 0) {
            return i;
        }
        if (holds_word(c->names[i], name)) {
            found = i;
            matches++;
        }
    }
    return matches == 1 ? found : -1;
}

static int no_channel(struct capture *c, const char *wanted)
{
    char list[120] = "";
    size_t used = 0;
    for (unsigned i = 0; i < c->unit * 8; i++) {
        size_t len = strlen(c->names[i]);
        if (len == 0 || used + len + 2 > sizeof list) {
            continue;
        }
        used += (size_t)snprintf(list + used, sizeof list - used, " %s",
                                 c->names[i]);
    }
    return bad(c->out, "no channel named %.20s; the capture has:%s", wanted,
               used ? list : " none with a name");
}

static int choose_channels(struct capture *c,
                           const struct hd_capture_options *opt)
{
    const char *sda = opt && opt->sda ? opt->sda : "SDA";
    const char *scl = opt && opt->scl ? opt->scl : "SCL";
    c->sda = find_channel(c, sda);
    c->scl = find_channel(c, scl);
    if (c->sda < 0 || c->scl < 0) {
        return no_channel(c, c->sda < 0 ? sda : scl);
    }
    return HD_OK;
}

/* -------------------------------------------------------------- samples */

static uint64_t time_of(const struct capture *c, uint64_t sample)
{
    uint64_t seconds = sample / c->rate;
    uint64_t rest = sample % c->rate;
    return seconds * 1000000000ULL + rest * 1000000000ULL / c->rate;
}

static void take_samples(struct capture *c, const uint8_t *buf, size_t len)
{
    const uint8_t *sda = buf + c->sda / 8;
    const uint8_t *scl = buf + c->scl / 8;
    uint8_t sda_bit = (uint8_t)(1u << (c->sda % 8));
    uint8_t scl_bit = (uint8_t)(1u << (c->scl % 8));
    for (size_t i = 0; i < len; i += c->unit, c->samples++) {
        uint8_t d = sda[i] & sda_bit;
        uint8_t k = scl[i] & scl_bit;
        if (d == c->last_sda && k == c->last_scl && c->samples != 0) {
            continue;
        }
        c->last_sda = d;
        c->last_scl = k;
        hd_tap_feed(&c->tap, time_of(c, c->samples), d != 0, k != 0);
    }
}

static int read_chunk(struct capture *c, zip_file_t *f)
{
    uint8_t buf[1 << 15]; /* a multiple of every unit that is a power of 2 */
    size_t size = sizeof buf - sizeof buf % c->unit;
    for (;;) {
        zip_int64_t got = zip_fread(f, buf, size);
        if (got < 0) {
            return bad(c->out, "the samples are damaged (zip: %s)",
                       zip_error_strerror(zip_file_get_error(f)));
        }
        if (got == 0) {
            return HD_OK;
        }
        if ((size_t)got % c->unit != 0) {
            return bad(c->out, "the samples end in the middle of one");
        }
        take_samples(c, buf, (size_t)got);
        if (c->samples * c->unit > (uint64_t)c->max_samples) {
            return bad(c->out,
                       "more than %lld bytes of samples: cut the "
                       "capture into parts",
                       (long long)c->max_samples);
        }
        if (c->tap.err) {
            return c->tap.err;
        }
    }
}

static int read_named(struct capture *c, const char *name, bool *found)
{
    zip_file_t *f = zip_fopen(c->zip, name, 0);
    *found = f != NULL;
    if (f == NULL) {
        return HD_OK;
    }
    int err = read_chunk(c, f);
    zip_fclose(f);
    return err;
}

static int read_samples(struct capture *c)
{
    bool found;
    int err = read_named(c, c->file, &found);
    for (unsigned i = 1; err == HD_OK && (found || i == 1); i++) {
        char name[NAME_MAX_LEN + 16];
        snprintf(name, sizeof name, "%s-%u", c->file, i);
        err = read_named(c, name, &found);
    }
    if (err == HD_OK && c->samples == 0) {
        err = bad(c->out, "no samples in it (no file %.40s)", c->file);
    }
    return err;
}

static int read_capture(struct capture *c, const struct hd_capture_options *opt)
{
    c->max_samples =
            opt && opt->max_samples ? opt->max_samples : HD_SR_SAMPLES_MAX;
    int err = read_metadata(c);
    if (err == HD_OK) {
        err = choose_channels(c, opt);
    }
    if (err) {
        return err;
    }
    hd_tap_init(&c->tap, c->out, HD_SPIKE_NS);
    err = read_samples(c);
    int flushed = hd_tap_flush(&c->tap, time_of(c, c->samples));
    c->out->timed = true;
    return err ? err : flushed;
}

int hd_recording_read_sr(struct hd_recording *r, const void *file, size_t len,
                         const struct hd_capture_options *opt)
{
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *source = zip_source_buffer_create(file, len, 0, &why);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &why) : NULL;
    if (zip == NULL) {
        bad(r, "not a usable zip archive: %s", zip_error_strerror(&why));
        if (source != NULL) {
            zip_source_free(source);
        }
        zip_error_fini(&why);
        return HD_ERR_FORMAT;
    }
    struct capture *c = calloc(1, sizeof *c);
    int err = HD_ERR_PORT;
    if (c != NULL) {
        c->out = r;
        c->zip = zip;
        err = read_capture(c, opt);
    }
    free(c);
    zip_discard(zip);
    zip_error_fini(&why);
    return err;
}
