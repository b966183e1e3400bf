/* SPDX-License-Identifier: Apache-2.0 */
/* The in-process port: driver calls become transfers of a virtual bus. */
#include <string.h>

#include "halfdollar/err.h"
#include "halfdollar/port_sim.h"

#define SEND_MAX 156 /* word address and the longest group */

static int sim_wake(void *ctx)
{
    const struct hd_sim *sim = ctx;

    return hd_vbus_wake(sim->bus);
}

static int sim_send(void *ctx, uint8_t word, const uint8_t *data, size_t len)
{
    const struct hd_sim *sim = ctx;
    uint8_t bytes[SEND_MAX];

    if (len > sizeof bytes - 1) {
        return HD_ERR_ARG;
    }
    bytes[0] = word;
    if (len > 0) {
        memcpy(bytes + 1, data, len);
    }
    return hd_vbus_write(sim->bus, sim->addr7, bytes, len + 1, NULL);
}

static int sim_recv(void *ctx, uint8_t *data, size_t len)
{
    const struct hd_sim *sim = ctx;

    return hd_vbus_read(sim->bus, sim->addr7, data, len);
}

static uint32_t sim_now_us(void *ctx)
{
    const struct hd_sim *sim = ctx;

    return (uint32_t)(sim->bus->now_ns / 1000);
}

static void sim_wait_us(void *ctx, uint32_t us)
{
    const struct hd_sim *sim = ctx;

    hd_vbus_advance(sim->bus, (uint64_t)us * 1000);
}

const struct hd_bus hd_sim_bus = {.wake = sim_wake,
                                  .send = sim_send,
                                  .recv = sim_recv,
                                  .now_us = sim_now_us,
                                  .wait_us = sim_wait_us,
                                  .lock = NULL};

/* ------------------------------------------------------------ single wire */

enum {
    FLAG_COMMAND = 0x77,
    FLAG_TRANSMIT = 0x88,
    FLAG_IDLE = 0xBB,
    FLAG_SLEEP = 0xCC
};

/* Sends a byte, least significant bit first; what comes back lands in chars
 * (8 * HD_V_GROUP_MAX at most), its number is returned. */
static size_t swi_byte(struct hd_vbus *bus, uint8_t byte, uint8_t *chars)
{
    size_t n = 0;

    for (unsigned i = 0; i < 8; i++) {
        const uint8_t c = (byte >> i & 1) != 0 ? 0x7F : 0x7D;

        n = hd_vbus_swi_char(bus, c, chars, 8 * HD_V_GROUP_MAX);
    }
    return n;
}

static int swi_flag_of(uint8_t word)
{
    switch (word) {
    case HD_WORD_SLEEP:
        return FLAG_SLEEP;
    case HD_WORD_IDLE:
        return FLAG_IDLE;
    case HD_WORD_COMMAND:
        return FLAG_COMMAND;
    default:
        return -1; /* nothing to rewind: every transmit flag does it */
    }
}

static int swi_send(void *ctx, uint8_t word, const uint8_t *data, size_t len)
{
    const struct hd_sim *sim = ctx;
    const int flag = swi_flag_of(word);
    uint8_t chars[8 * HD_V_GROUP_MAX];

    if (flag < 0) {
        return HD_OK;
    }
    (void)swi_byte(sim->bus, (uint8_t)flag, chars);
    for (size_t i = 0; i < len; i++) {
        (void)swi_byte(sim->bus, data[i], chars);
    }
    return HD_OK;
}

static int swi_recv(void *ctx, uint8_t *data, size_t len)
{
    const struct hd_sim *sim = ctx;
    uint8_t chars[8 * HD_V_GROUP_MAX];
    const size_t bits = swi_byte(sim->bus, FLAG_TRANSMIT, chars);

    memset(data, 0xFF, len);
    if (bits == 0) {
        return HD_ERR_NACK;
    }
    for (size_t i = 0; i < bits && i < 8 * len; i++) {
        if (chars[i] != 0x7F) {
            data[i / 8] &= (uint8_t) ~(1u << i % 8);
        }
    }
    return HD_OK;
}

const struct hd_bus hd_sim_swi_bus = {.wake = sim_wake,
                                      .send = swi_send,
                                      .recv = swi_recv,
                                      .now_us = sim_now_us,
                                      .wait_us = sim_wait_us,
                                      .lock = NULL};
