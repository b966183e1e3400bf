/* SPDX-License-Identifier: Apache-2.0 */
/* See blank.h. Bytes 0-15: docs/chip part 1, 7.16. */
#include <string.h>

#include "policy/blank.h"

void hd_policy_blank(uint8_t chips, uint8_t config[HD_POLICY_CONFIG_BYTES])
{
    static const uint8_t head[] = {0x01, 0x23, 0, 0, 0,    0,    0x60, 0x03,
                                   0,    0,    0, 0, 0xEE, 0xC1, 0x55, 0};
    bool is_508a = chips == HD_POLICY_508A;

    memset(config, 0, HD_POLICY_CONFIG_BYTES);
    memcpy(config, head, sizeof head);
    if (chips == HD_POLICY_608A) {
        config[7] = 0x02;
    }
    hd_policy_set(config, HD_F_I2C_Address, 0, 0xC0);
    memset(config + 52, 0xFF, 4);
    memset(config + 60, 0xFF, 4);
    memset(config + 86, 0x55, 2);
    memset(config + 88, 0xFF, 2);
    if (is_508a) {
        config[6] = 0x50;
        config[7] = 0;
        config[13] = 0xC0;
        hd_policy_set(config, HD_F_OTPmode, 0, 0xAA);
        memset(config + 68, 0xFF, 16);
    }
}
