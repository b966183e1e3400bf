/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of a recording, and the choice of the reader for a file. Kept
 * apart from the readers so that each of them can be fuzzed alone.
 */
#include "recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void hd_recording_init(struct hd_recording *r)
{
    memset(r, 0, sizeof *r);
}

void hd_recording_free(struct hd_recording *r)
{
    free(r->transfers);
    free(r->bytes);
    memset(r, 0, sizeof *r);
}

static int out_of_memory(struct hd_recording *r)
{
    snprintf(r->error, sizeof r->error, "out of memory after %zu transfers",
             r->count);
    return HD_ERR_PORT;
}

static int make_room(struct hd_recording *r, size_t bytes)
{
    if (r->count == r->room) {
        size_t room = r->room ? r->room * 2 : 64;
        void *grown = realloc(r->transfers, room * sizeof *r->transfers);
        if (grown == NULL) {
            return out_of_memory(r);
        }
        r->transfers = grown;
        r->room = room;
    }
    if (r->space - r->used < bytes) {
        size_t space = r->space * 2 + HD_TRANSFER_MAX;
        void *grown = realloc(r->bytes, space);
        if (grown == NULL) {
            return out_of_memory(r);
        }
        r->bytes = grown;
        r->space = space;
    }
    return HD_OK;
}

int hd_recording_add(struct hd_recording *r, const struct hd_transfer *t,
                     const uint8_t *bytes)
{
    if (r->count >= HD_RECORDING_MAX) {
        snprintf(r->error, sizeof r->error,
                 "more than %d transfers: cut the recording into parts",
                 HD_RECORDING_MAX);
        return HD_ERR_TOO_SMALL;
    }
    int err = make_room(r, t->len);
    if (err) {
        return err;
    }
    struct hd_transfer *mine = &r->transfers[r->count++];
    *mine = *t;
    mine->at = r->used;
    if (t->len != 0) {
        memcpy(r->bytes + r->used, bytes, t->len);
    }
    r->used += t->len;
    return HD_OK;
}

const uint8_t *hd_recording_bytes(const struct hd_recording *r,
                                  const struct hd_transfer *t)
{
    static const uint8_t nothing[1] = {0};
    return r->bytes == NULL ? nothing : r->bytes + t->at;
}

/* Reads the whole of a file that is at most `limit` bytes. */
static int slurp(struct hd_recording *r, FILE *f, size_t limit, void **out,
                 size_t *len)
{
    size_t room = 1 << 16;
    size_t used = 0;
    char *text = malloc(room);
    while (text != NULL) {
        used += fread(text + used, 1, room - used, f);
        if (used < room || used > limit) {
            break;
        }
        room *= 2;
        char *grown = realloc(text, room);
        if (grown == NULL) {
            free(text);
        }
        text = grown;
    }
    if (text == NULL) {
        return out_of_memory(r);
    }
    *out = text;
    *len = used;
    if (ferror(f)) {
        snprintf(r->error, sizeof r->error, "the file cannot be read");
        return HD_ERR_IO;
    }
    if (used > limit) {
        snprintf(r->error, sizeof r->error,
                 "the file is larger than %zu bytes: cut it into parts", limit);
        return HD_ERR_FORMAT;
    }
    return HD_OK;
}

static bool is_zip(const uint8_t *file, size_t len)
{
    return len >= 4 && file[0] == 'P' && file[1] == 'K' && file[2] < 8;
}

int hd_recording_read_file(struct hd_recording *r, const char *path,
                           const struct hd_capture_options *opt)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        snprintf(r->error, sizeof r->error, "the file cannot be opened");
        return HD_ERR_IO;
    }
    uint8_t magic[4] = {0};
    size_t got = fread(magic, 1, sizeof magic, f);
    bool zip = is_zip(magic, got);
    void *file = NULL;
    size_t len = 0;
    int err = HD_ERR_IO;
    if (fseek(f, 0, SEEK_SET) != 0) {
        snprintf(r->error, sizeof r->error,
                 "the file cannot be read twice: give a file, not a pipe");
    } else {
        err = slurp(r, f, zip ? (size_t)HD_SR_FILE_MAX : HD_RECORDING_TEXT,
                    &file, &len);
    }
    fclose(f);
    if (err == HD_OK) {
        err = zip ? hd_recording_read_sr(r, file, len, opt)
                  : hd_recording_read_text(r, file, len);
    }
    free(file);
    return err;
}
