/* SPDX-License-Identifier: Apache-2.0 */
/* half chip scan: which addresses of a bus answer, and with what. */
#include <stdlib.h>
#include <string.h>

#include "session.h"

static const struct option options[] = {
        OPTION_CHIP,
        OPTION_JSON,
        OPTION_END,
};

#define FOUND_MOST 112 /* 0x08 to 0x77 */

/* What `half chip info` would begin with; EXIT_DONE even if the chip does not
 * say, for a scan goes on. */
static void identify(struct call *c, const char *address, json_t *entry)
{
    struct hd_port port;
    struct hd_chip chip;
    char serial[19] = "";
    int err = hd_port_open(&port, address, NULL, 0);

    if (!err) {
        err = hd_chip_open(&chip, port.bus, port.ctx, &hd_crypto_openssl);
        if (!err) {
            hex_text(hd_chip_serial(&chip), 9, serial);
            say(c, "%s  %s  %s  configuration %s, data %s\n", address,
                variant_name(hd_chip_variant(&chip)), serial,
                hd_chip_config_is_locked(&chip) ? "locked" : "NOT locked",
                hd_chip_data_is_locked(&chip) ? "locked" : "NOT locked");
            (void)json_object_update_new(
                    entry,
                    json_pack("{s:s,s:s,s:b,s:b}", "variant",
                              variant_name(hd_chip_variant(&chip)), "serial",
                              serial, "config_locked",
                              hd_chip_config_is_locked(&chip), "data_locked",
                              hd_chip_data_is_locked(&chip)));
        }
        hd_chip_close(&chip);
        hd_port_close(&port);
    }
    if (err) {
        say(c, "%s  a chip, but: %s\n", address, hd_strerror(err));
        (void)json_object_set_new(entry, "error", json_string(hd_errname(err)));
    }
}

static void tell(struct call *c, const char *bus,
                 const struct hd_port_found *found, json_t *list)
{
    char address[300];

    /* A file holds one chip, and knows its address. */
    bool is_file = strncmp(bus, "sim:", 4) == 0;
    int len = snprintf(address, sizeof address, "%s", bus);
    if (!is_file && len > 0 && (size_t)len < sizeof address) {
        (void)snprintf(address + len, sizeof address - (size_t)len, "@0x%02x",
                       found->addr7);
    }
    json_t *entry = json_pack("{s:s,s:i,s:n}", "chip", address, "address",
                              (int)found->addr7, "variant");
    if (found->is_chip) {
        identify(c, address, entry);
    } else {
        say(c, "%s  something else\n", address);
    }
    (void)json_array_append_new(list, entry);
}

static int scan(struct call *c, const char *address)
{
    struct hd_port port;
    struct hd_port_found found[FOUND_MOST];
    char why[256] = "";
    size_t count = 0;
    int err = hd_port_open(&port, address, why, sizeof why);

    if (err) {
        return fail_err(c, err, why[0] ? why : NULL, "%s", address);
    }
    err = hd_port_scan(&port, found, FOUND_MOST, &count);
    hd_port_close(&port);
    if (err) {
        return fail_err(c, err, NULL, "scanning %s", address);
    }
    json_t *list = json_array();
    char bus[256];
    bool is_file = strncmp(address, "sim:", 4) == 0;
    (void)snprintf(bus, sizeof bus, "%.*s",
                   (int)strcspn(address, is_file ? "" : "@"), address);
    for (size_t i = 0; i < count && i < FOUND_MOST; i++) {
        tell(c, bus, &found[i], list);
    }
    put(c, "found", list);
    return count ? EXIT_DONE : refuse(c, "nothing answers on %s", address);
}

static int run(struct call *c)
{
    const char *address =
            c->count ? c->args[0] : option_text(c, "chip", getenv("HALF_CHIP"));

    if (!address || !*address) {
        return fail_usage(c, "which bus? For example i2c:1");
    }
    return scan(c, address);
}

const struct verb verb_chip_scan = {
        .group = "chip",
        .name = "scan",
        .args = "[BUS]",
        .most_args = 1,
        .summary = "which addresses of a bus answer, and with what",
        .about = "BUS is an address of a chip without the part behind the @: "
                 "i2c:1, unix:/run/thing.sock. Every address from 0x08 to "
                 "0x77 sees a read of four bytes.",
        .options = options,
        .run = run,
};
