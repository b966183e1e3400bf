/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sigrok captures. The first byte chooses: the rest is an archive as it
 * stands, or it is metadata, a NUL and samples, which are packed into a good
 * archive first (mutation alone does not get past the checksums of zip).
 */
#include "trace_explain.h"

#include <string.h>

#include <zip.h>

#define SAMPLES_MAX (1 << 16)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_archive(const void *file, size_t len)
{
    static const struct hd_capture_options opt = {.max_samples = SAMPLES_MAX};
    struct hd_recording r;
    hd_recording_init(&r);
    explain(&r, hd_recording_read_sr(&r, file, len, &opt));
}

static void add_entry(zip_t *zip, const char *name, const void *bytes,
                      size_t len)
{
    zip_source_t *source = zip_source_buffer(zip, bytes, len, 0);
    zip_int64_t index = zip_file_add(zip, name, source, 0);
    if (index < 0 || zip_set_file_compression(zip, (zip_uint64_t)index,
                                              ZIP_CM_STORE, 0) != 0) {
        abort();
    }
}

static void pack_and_read(const uint8_t *data, size_t size)
{
    const uint8_t *nul = memchr(data, 0, size);
    size_t metadata = nul ? (size_t)(nul - data) : size;
    size_t samples = nul ? size - metadata - 1 : 0;
    zip_error_t why;
    zip_source_t *file = zip_source_buffer_create(NULL, 0, 0, &why);
    zip_t *zip = zip_open_from_source(file, ZIP_TRUNCATE, &why);
    if (zip == NULL) {
        abort();
    }
    zip_source_keep(file);
    add_entry(zip, "metadata", data, metadata);
    if (nul != NULL) {
        add_entry(zip, "logic-1-1", nul + 1, samples / 2);
        add_entry(zip, "logic-1-2", nul + 1 + samples / 2,
                  samples - samples / 2);
    }
    static uint8_t packed[1 << 17];
    if (zip_close(zip) != 0 || zip_source_open(file) != 0) {
        abort();
    }
    zip_int64_t len = zip_source_read(file, packed, sizeof packed);
    zip_source_close(file);
    zip_source_free(file);
    read_archive(packed, len > 0 ? (size_t)len : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > SAMPLES_MAX) {
        return 0;
    }
    if (data[0] & 1) {
        pack_and_read(data + 1, size - 1);
    } else {
        read_archive(data + 1, size - 1);
    }
    return 0;
}
