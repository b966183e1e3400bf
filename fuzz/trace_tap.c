/* SPDX-License-Identifier: Apache-2.0 */
/* Levels of SDA and SCL: two bits of a byte, the others are time. */
#include "trace_explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hd_recording r;
    struct hd_tap tap;
    uint64_t t = 0;
    hd_recording_init(&r);
    hd_tap_init(&tap, &r, HD_SPIKE_NS);
    for (size_t i = 0; i < size; i++) {
        /* 8 ns to 66 us: below a spike, and above a wake pulse */
        unsigned step = data[i] >> 2;
        t += step < 32 ? step * 8 : (uint64_t)(step - 31) * 2048;
        hd_tap_feed(&tap, t, data[i] & 1, data[i] & 2);
    }
    r.timed = true;
    explain(&r, hd_tap_flush(&tap, t));
    return 0;
}
