/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State records of the virtual chip: what is damaged is refused, what is
 * accepted is a chip that can be used. The first 2 bytes say how much of the
 * rest is the record; it is given a good digest, or nothing would be read.
 */
#include "vchip_play.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct story s = {data, data + size};
    struct hd_vchip chip;
    struct hd_vbus bus;
    uint8_t record[HD_V_SNAPSHOT_MAX] = {0}, again[HD_V_SNAPSHOT_MAX];
    const size_t low = next(&s);
    const size_t len = (low | (size_t)next(&s) << 8) % sizeof record;
    int n;

    take(&s, record, len);
    if (len > 32) {
        v_sha256(record, len - 32, record + len - 32);
    }
    memset(&chip, 0, sizeof chip);
    if (hd_vchip_restore(&chip, record, len) != HD_OK) {
        return 0;
    }
    n = hd_vchip_snapshot(&chip, again, sizeof again);
    if (n != (int)len || memcmp(record, again, len) != 0) {
        abort(); /* what was read is what is written */
    }
    hd_vbus_init(&bus, 400000);
    (void)hd_vbus_attach(&bus, &chip);
    play(&bus, &s);
    hd_vchip_free(&chip);
    return 0;
}
