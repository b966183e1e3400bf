/* SPDX-License-Identifier: Apache-2.0 */
/* Checksum and outer form of the groups; all that crosses the bus. */
#include "internal.h"

/* Data bits come lowest first, the register shifts towards its top. It is
 * kept in the upper half of a word, where its top bit is a sign. */
uint16_t hd_chip_crc(const uint8_t *data, size_t len)
{
    uint32_t crc = 0;

    while (len--) {
        uint32_t bits = *data++ | 0x100U; /* the 1 says when to stop */
        do {
            uint32_t top = crc ^ bits << 31;
            crc <<= 1;
            if (top >> 31) {
                crc ^= 0x80050000U;
            }
            bits >>= 1;
        } while (bits != 1);
    }
    return (uint16_t)(crc >> 16);
}

/* For a group to be sent, whose checksum is still zero: fills it in. For one
 * that was received: leaves zeros and returns 0 if the checksum was right. */
unsigned hd_crc_differs(uint8_t *group, size_t len)
{
    unsigned crc = hd_chip_crc(group, len);

    group[len] = (uint8_t)(group[len] ^ crc);
    group[len + 1] = (uint8_t)(group[len + 1] ^ crc >> 8);
    return group[len] | group[len + 1];
}
