/* SPDX-License-Identifier: Apache-2.0 */
/* half sim fault: what shall go wrong with a virtual chip. */
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "sim.h"

static const struct option options[] = {
        {"list", 0, NULL, "show the faults that wait"},
        {"clear", 0, NULL, "take all faults away"},
        OPTION_JSON,
        OPTION_END,
};

/* ------------------------------------------------------------------ files */

static void list(struct call *c, const struct hd_vchip *chip)
{
    json_t *all = is_text(c) ? NULL : json_array();

    for (size_t i = 0; i < HD_V_FAULTS; i++) {
        char text[512];
        if (chip->faults[i].kind == HD_FAULT_NONE) {
            continue;
        }
        (void)hd_fault_text(&chip->faults[i], text, sizeof text);
        say(c, "%s\n", text);
        if (all) {
            (void)json_array_append_new(all, json_string(text));
        }
    }
    if (all) {
        put(c, "faults", all);
    }
}

static int change(struct call *c, struct hd_vchip *chip)
{
    struct hd_fault fault;
    const char *why = "not understood";

    if (option_given(c, "clear")) {
        hd_vchip_clear_faults(chip);
    }
    if (c->count < 2) {
        return EXIT_DONE;
    }
    if (hd_fault_parse(c->args[1], &fault, &why) != HD_OK) {
        return fail_usage(c, "'%s': %s", c->args[1], why);
    }
    if (hd_vchip_fault(chip, &fault) != HD_OK) {
        return refuse(c,
                      "this chip has all the %d faults it can hold; --clear "
                      "takes them away",
                      HD_V_FAULTS);
    }
    return EXIT_DONE;
}

static int run_file(struct call *c, const char *path)
{
    struct hd_vchip chip;
    struct sim_file file;

    int code = sim_load(c, path, &chip, &file);
    if (code != EXIT_DONE) {
        return code;
    }
    code = change(c, &chip);
    if (code == EXIT_DONE && (option_given(c, "clear") || c->count > 1)) {
        code = sim_save(c, &chip, &file);
    }
    if (code == EXIT_DONE && option_given(c, "list")) {
        list(c, &chip);
    }
    hd_vchip_free(&chip);
    sim_unlock(&file);
    return code;
}

/* ---------------------------------------------------------------- sockets */

static int send_fault(struct call *c, struct link *l, uint8_t addr7,
                      const char *text)
{
    link_begin(l, HD_VDOOR_FAULT);
    link_put_le(l, addr7, 1);
    link_put(l, text, strlen(text));
    int err = link_call(l);
    if (err) {
        return fail(c, "%s: %s", c->args[0], strerror(-err));
    }
    if (l->status != HD_VDOOR_OK) {
        return fail_usage(c, "%.*s", (int)l->body_len, (const char *)l->body);
    }
    return EXIT_DONE;
}

static int run_link(struct call *c, struct link *l)
{
    struct link_info info;

    if (link_info(l, &info) != 0 || info.chips != 1) {
        return fail(c,
                    "%s: serves more than one chip; stop it and name the "
                    "chip's file",
                    c->args[0]);
    }
    int code = EXIT_DONE;
    if (option_given(c, "clear")) {
        code = send_fault(c, l, info.addr7[0], "");
    }
    if (code == EXIT_DONE && c->count > 1) {
        code = send_fault(c, l, info.addr7[0], c->args[1]);
    }
    return code;
}

static int run_socket(struct call *c, const char *path)
{
    struct link l = {.fd = link_connect(path)};

    if (option_given(c, "list")) {
        return fail_usage(c, "--list works on files only: stop the server");
    }
    if (l.fd < 0) {
        return fail(c, "%s: %s", path, strerror(-l.fd));
    }
    int code = run_link(c, &l);
    close(l.fd);
    return code;
}

static int run(struct call *c)
{
    if (c->count < 2 && !option_given(c, "list") && !option_given(c, "clear")) {
        return fail_usage(c, "nothing to do: give a fault, --list or --clear");
    }
    if (strncmp(c->args[0], "unix:", 5) == 0) {
        return run_socket(c, c->args[0] + 5);
    }
    return run_file(c, sim_path(c->args[0]));
}

const struct verb verb_sim_fault = {
        .group = "sim",
        .name = "fault",
        .args = "FILE|unix:SOCKET [FAULT]",
        .summary = "lets something go wrong with a virtual chip",
        .about = "FAULT is a kind with conditions, for example "
                 "nack,skip=2,count=1 or flip,arg=13,opcode=sign or "
                 "cut-eeprom,arg=3. See half-sim(1) for the kinds.",
        .options = options,
        .run = run,
        .least_args = 1,
        .most_args = 2,
};
