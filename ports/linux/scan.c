/* SPDX-License-Identifier: Apache-2.0 */
/* Who is on the bus. */
#include "ports.h"

#include <string.h>

#define FIRST    0x08
#define LAST     0x77
#define T_WHI_US 1500

static int probe_all(struct hd_port *port, struct hd_port_found *found,
                     size_t size, size_t *count)
{
    static const uint8_t wake_answer[4] = {0x04, 0x11, 0x33, 0x43};

    for (unsigned addr7 = FIRST; addr7 <= LAST; addr7++) {
        uint8_t answer[4] = {0};
        int err = port->probe(port->ctx, (uint8_t)addr7, answer);
        if (err == HD_ERR_NACK) {
            continue;
        }
        if (err) {
            return err;
        }
        if (*count < size) {
            found[*count].addr7 = (uint8_t)addr7;
            found[*count].is_chip =
                    memcmp(answer, wake_answer, sizeof(answer)) == 0;
        }
        ++*count;
    }
    return HD_OK;
}

/* Only the chip of the port's own address can be sent to idle through the
 * table; the others' watchdogs send them to sleep. */
static int scan_locked(struct hd_port *port, struct hd_port_found *found,
                       size_t size, size_t *count)
{
    int err = port->bus->wake(port->ctx);
    if (err) {
        return err;
    }
    port->bus->wait_us(port->ctx, T_WHI_US);
    err = probe_all(port, found, size, count);
    int idle = port->bus->send(port->ctx, HD_WORD_IDLE, NULL, 0);
    return err || idle == HD_ERR_NACK ? err : idle;
}

int hd_port_scan(struct hd_port *port, struct hd_port_found *found, size_t size,
                 size_t *count)
{
    *count = 0;
    if (!port->probe) {
        return HD_ERR_UNSUPPORTED;
    }
    int err = port->bus->lock ? port->bus->lock(port->ctx, true) : HD_OK;
    if (err) {
        return err;
    }
    err = scan_locked(port, found, size, count);
    int unlocked = port->bus->lock ? port->bus->lock(port->ctx, false) : HD_OK;
    return err ? err : unlocked;
}
