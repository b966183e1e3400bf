/* SPDX-License-Identifier: Apache-2.0 */
/* Bus bytes into the virtual chip: any variant, locked or not, any story. */
#include "vchip_play.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[32] = {'f', 'u', 'z', 'z'};
    struct story s = {data, data + size};
    struct hd_vchip chip;
    struct hd_vbus bus;
    const uint8_t what = next(&s);

    if (hd_vchip_init(&chip, &hd_variants[what % 6], seed) != HD_OK) {
        return 0;
    }
    chip.speed = HD_V_INSTANT;
    chip.ee[CFG_LOCK_CONFIG] = (what & 0x40) != 0 ? 0x00 : UNLOCKED;
    chip.ee[CFG_LOCK_VALUE] = (what & 0x80) != 0 ? 0x00 : UNLOCKED;
    hd_vbus_init(&bus, 400000);
    (void)hd_vbus_attach(&bus, &chip);
    play_wake(&bus, &s);
    play(&bus, &s);
    hd_vchip_free(&chip);
    return 0;
}
