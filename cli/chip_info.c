/* SPDX-License-Identifier: Apache-2.0 */
/* half chip info: what chip it is, and what its configuration says. */
#include "describe.h"
#include "session.h"

static const struct option options[] = {
        OPTION_CHIP,
        OPTION_JSON,
        OPTION_END,
};

static void tell_identity(struct session *s, const uint8_t config[128])
{
    const struct hd_chip *chip = &s->chip;
    enum hd_variant_id variant = hd_chip_variant(chip);
    uint8_t address = describe_address(config, variant != HD_CHIP_508A);
    bool is_i2c = config[14] & 1;
    char revision[9];

    hex_text(hd_chip_revision(chip), 4, revision);
    say(s->call, "chip      %s, revision %s\n", variant_name(variant),
        revision);
    say(s->call, "serial    %s\n", s->serial);
    if (is_i2c) {
        say(s->call, "bus       I2C, 7-bit address 0x%02x\n", address);
    } else {
        say(s->call, "bus       single-wire\n");
    }
    put(s->call, "variant", json_string(variant_name(variant)));
    put(s->call, "revision", json_string(revision));
    put(s->call, "interface", json_string(is_i2c ? "i2c" : "swi"));
    put(s->call, "address", is_i2c ? json_integer(address) : json_null());
}

static void tell_locks(struct session *s)
{
    bool config = hd_chip_config_is_locked(&s->chip);
    bool data = hd_chip_data_is_locked(&s->chip);

    say(s->call, "locks     configuration %s, data and OTP %s\n",
        config ? "locked" : "NOT locked", data ? "locked" : "NOT locked");
    put(s->call, "config_locked", json_boolean(config));
    put(s->call, "data_locked", json_boolean(data));
}

/* Two numbers, or null where the chip does not say. */
static int tell_counters(struct session *s)
{
    json_t *values = json_array();

    say(s->call, "counters ");
    for (uint8_t id = 0; id < 2; id++) {
        uint32_t value = 0;
        int err = hd_chip_counter(&s->chip, id, false, &value);
        if (err && !hd_err_is_refusal(err)) {
            json_decref(values);
            return chip_failed(s, err, NULL, "reading counter %u", id);
        }
        (void)json_array_append_new(values,
                                    err ? json_null() : json_integer(value));
        if (err) {
            say(s->call, " %u: ?", id);
        } else {
            say(s->call, " %u: %lu", id, (unsigned long)value);
        }
    }
    say(s->call, "\n");
    put(s->call, "counters", values);
    return EXIT_DONE;
}

static json_t *slot_json(unsigned slot, const struct slot_view *v)
{
    return json_pack(
            "{s:i,s:s,s:i,s:s,s:s,s:s,s:b,s:b,s:b,s:i,s:i}", "slot", (int)slot,
            "type", v->type, "size", (int)describe_slot_size(slot), "read",
            v->read, "write", v->write, "use", v->use, "private", v->is_private,
            "lockable", v->is_lockable, "locked", v->is_locked, "slot_config",
            (int)v->slot_config, "key_config", (int)v->key_config);
}

static void tell_slots(struct session *s, const uint8_t config[128])
{
    json_t *slots = json_array();

    say(s->call, "\nslot  %-14s %-18s %-28s %s\n", "type", "read", "write",
        "use");
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        struct slot_view view;
        describe_slot(config, slot, &view);
        say(s->call, "%4u  %-14s %-18s %-28s %s\n", slot, view.type, view.read,
            view.write, view.use[0] ? view.use : "-");
        (void)json_array_append_new(slots, slot_json(slot, &view));
    }
    put(s->call, "slots", slots);
}

static int work(struct session *s, void *ctx)
{
    uint8_t config[128];
    int code = read_config(s, config);

    (void)ctx;
    if (code != EXIT_DONE) {
        return code;
    }
    tell_identity(s, config);
    tell_locks(s);
    code = tell_counters(s);
    if (code != EXIT_DONE) {
        return code;
    }
    put_hex(s->call, "config", config, sizeof config);
    tell_slots(s, config);
    return EXIT_DONE;
}

static int run(struct call *c)
{
    return with_chip(c, work, NULL);
}

const struct verb verb_chip_info = {
        .group = "chip",
        .name = "info",
        .summary = "what chip it is, its locks, and what each slot is for",
        .about = "The slots' rules are what the configuration says; they are "
                 "in force once the data zone is locked.",
        .options = options,
        .run = run,
};
