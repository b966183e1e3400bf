/* SPDX-License-Identifier: Apache-2.0 */
/* half sim create: a new virtual chip in a file. */
#include <string.h>
#include <unistd.h>

#include "parse.h"
#include "policy.h"
#include "sim.h"

static const struct option options[] = {
        {"variant", 0, "NAME",
         "608b (default), 608a, 508a, 608b-swi, 508a-swi, tflxtls, blank"},
        {"seed", 0, "HEX",
         "up to 32 bytes that decide all that is random in the chip, for "
         "tests: who knows them knows its keys"},
        {"config", 0, "FILE",
         "128 configuration bytes, as hex ('#' begins a comment) or raw; "
         "serial number and revision "
         "stay the new chip's own"},
        {"force", 0, NULL, "replace a file that exists: that chip is lost"},
        OPTION_JSON,
        OPTION_END,
};

static int unknown_variant(struct call *c, const char *name)
{
    const char *names[32];
    char list[256] = "";
    size_t count = 0;

    for (const struct hd_variant *v = hd_variants; v->name && count < 32; v++) {
        names[count++] = v->name;
        size_t at = strlen(list);
        (void)snprintf(list + at, sizeof list - at, "%s%s", at ? ", " : "",
                       v->name);
    }
    const char *near = nearest_word(name, names, count);
    if (near) {
        return fail_usage(c, "--variant: there is no '%s'; did you mean '%s'?",
                          name, near);
    }
    return fail_usage(c, "--variant: there is no '%s'; there are %s", name,
                      list);
}

static int read_seed(struct call *c, uint8_t seed[32], bool *given)
{
    const char *text = option_text(c, "seed", NULL);
    size_t len = 0;

    *given = text != NULL;
    memset(seed, 0, 32);
    if (text && (!parse_hex(text, strlen(text), seed, 32, &len) || len == 0)) {
        return fail_usage(c, "--seed: 1 to 32 bytes as hex, not '%s'", text);
    }
    return EXIT_DONE;
}

/* The chip's own serial number and revision are kept; whether its data zone
 * is locked is what byte 86 says. */
static int read_config(struct call *c, struct hd_variant *variant,
                       uint8_t config[HD_V_CONFIG_BYTES])
{
    const char *path = option_text(c, "config", NULL);

    if (!path) {
        return EXIT_DONE;
    }
    int code = config_from_file(c, path, config);
    if (code != EXIT_DONE) {
        return code;
    }
    memcpy(config, variant->config, 16);
    variant->config = config;
    variant->data_locked = config[86] != 0x55;
    return EXIT_DONE;
}

static void tell(struct call *c, const struct hd_vchip *chip, const char *path)
{
    uint8_t serial[9];
    char text[2 * sizeof serial + 1];

    memcpy(serial, chip->ee, 4);
    memcpy(serial + 4, chip->ee + 8, 5);
    hex_text(serial, sizeof serial, text);
    say(c, "%s: serial %s, ", path, text);
    if (chip->swi) {
        say(c, "single-wire\n");
    } else {
        say(c, "I2C address 0x%02X\n", chip->addr7);
    }
    put(c, "file", json_string(path));
    put(c, "serial", json_string(text));
    put(c, "address", json_integer(chip->addr7));
}

static int make(struct call *c, const struct hd_variant *variant,
                const uint8_t *seed)
{
    const char *path = c->args[0];
    struct hd_vchip chip;
    struct sim_file file;

    int code = sim_lock_new(c, path, &file);
    if (code != EXIT_DONE) {
        return code;
    }
    if (access(path, F_OK) == 0 && !option_given(c, "force")) {
        code = refuse(c,
                      "%s exists; --force replaces it, and the chip in it "
                      "is lost",
                      path);
    } else if (hd_vchip_init(&chip, variant, seed) != HD_OK) {
        code = fail(c, "the system gives no random bytes");
    } else {
        code = sim_save(c, &chip, &file);
        if (code == EXIT_DONE) {
            tell(c, &chip, path);
        }
        hd_vchip_free(&chip);
    }
    sim_unlock(&file);
    return code;
}

static int run(struct call *c)
{
    const char *name = option_text(c, "variant", "608b");
    const struct hd_variant *found =
            hd_vchip_variant(strcmp(name, "blank") == 0 ? "608b" : name);
    uint8_t config[HD_V_CONFIG_BYTES];
    uint8_t seed[32];
    bool seeded = false;

    if (!found) {
        return unknown_variant(c, name);
    }
    struct hd_variant variant = *found;
    int code = read_seed(c, seed, &seeded);
    if (code == EXIT_DONE) {
        code = read_config(c, &variant, config);
    }
    if (code == EXIT_DONE) {
        code = make(c, &variant, seeded ? seed : NULL);
    }
    hd_wipe(seed, sizeof seed);
    return code;
}

const struct verb verb_sim_create = {
        .group = "sim",
        .name = "create",
        .args = "FILE",
        .summary = "makes a virtual chip",
        .about = "The file holds the whole chip, its keys too, and is readable "
                 "by its owner only.",
        .options = options,
        .run = run,
        .least_args = 1,
        .most_args = 1,
};
