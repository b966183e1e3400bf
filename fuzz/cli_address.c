/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Noise where a chip's address is expected. The openers are replaced by ones
 * that check what the parser promises them, and open nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "ports/linux/ports.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

static int opened(struct hd_port *port, const char *rest, uint8_t addr7,
                  const struct reason *why)
{
    (void)why;
    require(rest[0] && addr7 >= 0x08 && addr7 <= 0x77);
    port->addr7 = addr7;
    return HD_OK;
}

int open_i2c(struct hd_port *port, const char *rest, uint8_t addr7,
             const struct reason *why)
{
    return opened(port, rest, addr7, why);
}

int open_swi(struct hd_port *port, const char *rest, uint8_t addr7,
             const struct reason *why)
{
    return opened(port, rest, addr7, why);
}

int open_sim(struct hd_port *port, const char *rest, uint8_t addr7,
             const struct reason *why)
{
    return opened(port, rest, addr7, why);
}

int open_socket(struct hd_port *port, const char *rest, uint8_t addr7,
                const struct reason *why)
{
    return opened(port, rest, addr7, why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char text[6000];
    char why[64] = "";
    struct hd_port port;

    if (len >= sizeof text) {
        return 0;
    }
    memcpy(text, data, len);
    text[len] = 0;
    int err = hd_port_open(&port, text, why, sizeof why);
    require(err == HD_OK || (why[0] && port.addr7 == 0));
    require(strlen(why) < sizeof why);
    hd_port_close(&port);
    return 0;
}
