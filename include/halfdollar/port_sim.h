/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The in-process port: a bus that ends in a virtual chip.
 *
 * Time is the virtual bus's: waiting costs nothing, now_us() is the bus's
 * clock. The table hd_sim_bus talks I2C, hd_sim_swi_bus the single-wire
 * interface, both through the same context:
 *
 *     struct hd_sim sim = {.bus = &bus, .addr7 = 0x60};
 *     hd_chip_open(&chip, &hd_sim_bus, &sim, crypto);
 *
 * The caller owns the bus and its chips and keeps them alive. One context,
 * one thread.
 */
#ifndef HALFDOLLAR_PORT_SIM_H
#define HALFDOLLAR_PORT_SIM_H

#include "halfdollar/bus.h"
#include "halfdollar/vchip.h"

#ifdef __cplusplus
extern "C" {
#endif

struct hd_sim {
    struct hd_vbus *bus;
    uint8_t addr7; /* unused on single-wire */
};

extern const struct hd_bus hd_sim_bus;
extern const struct hd_bus hd_sim_swi_bus;

#ifdef __cplusplus
}
#endif
#endif
