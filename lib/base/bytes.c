/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparing and wiping secrets, apart from everything else so that the
 * object file can be looked at.
 */
#include "halfdollar/base.h"

bool hd_ct_equal(const void *a, const void *b, size_t len)
{
    const volatile uint8_t *x = (const volatile uint8_t *)a;
    const volatile uint8_t *y = (const volatile uint8_t *)b;
    uint8_t differ = 0;

    while (len--) {
        differ |= (uint8_t)(*x++ ^ *y++);
    }
    return differ == 0;
}

void hd_wipe(void *secret, size_t len)
{
    volatile uint8_t *p = (volatile uint8_t *)secret;

    while (len--) {
        *p++ = 0;
    }
}
