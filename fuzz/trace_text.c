/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings that are text: tables and pasted lines. */
#include "trace_explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hd_recording r;
    hd_recording_init(&r);
    explain(&r, hd_recording_read_text(&r, (const char *)data, size));
    return 0;
}
