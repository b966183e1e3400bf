/* SPDX-License-Identifier: Apache-2.0 */
/* Finished devices for tests; see chips.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "chips.h"
#include "rig.h"

#define IO_KEY_SLOT 6

void make_chip(const char *path, uint8_t seed)
{
    static struct bench b;

    new_bench_seeded(&b, "connected-device", seed);
    for (unsigned i = 0; i < 32; i++) {
        b.contents.slot[IO_KEY_SLOT][i] = CHIPS_IO_KEY_BYTE(i);
    }
    assert_int_equal(apply(&b), HD_OK);
    assert_int_equal(hd_vchip_save(&b.vchip, path), HD_OK);
    hd_vchip_free(&b.vchip);
}
