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

int hd_packet_check(const uint8_t *group, size_t len)
{
    size_t count = len ? group[0] : 0;
    unsigned crc;

    if (count < 4 || count > len) {
        return HD_ERR_LENGTH;
    }
    crc = hd_chip_crc(group, count - 2);
    if (group[count - 2] != (crc & 0xFFU) || group[count - 1] != crc >> 8) {
        return HD_ERR_CRC;
    }
    return HD_OK;
}

int hd_packet_status(uint8_t status)
{
    /* in the order of HD_ERR_MISMATCH .. HD_ERR_EXEC, HD_ERR_STATUS */
    static const uint8_t known[] = {0x01, 0x03, 0x05, 0x07, 0x08, 0x0F};
    int i = 0;

    if (!status) {
        return HD_OK;
    }
    while (i < (int)sizeof(known) && known[i] != status) {
        i++;
    }
    return HD_ERR_MISMATCH - i;
}

_Static_assert(HD_ERR_MISMATCH - 5 == HD_ERR_EXEC, "order of known[]");
_Static_assert(HD_ERR_MISMATCH - 6 == HD_ERR_STATUS, "end of known[]");
