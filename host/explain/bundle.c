/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An examination as JSON, without secrets, and back: on a virtual chip with
 * the faults that the findings stand for.
 */
#include <stdio.h>
#include <string.h>

#include "attack/attack.h"
#include "explain/doctor.h"
#include "halfdollar/err.h"
#include "halfdollar/port_sim.h"

#define FORMAT  "halfdollar-bundle"
#define VERSION 1

/* ---------------------------------------------------------------- writing */

static json_t *hex(const uint8_t *bytes, size_t len)
{
    char text[2 * HD_V_CONFIG_BYTES + 1] = "";

    for (size_t i = 0; i < len; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
    return json_string(text);
}

static json_t *finding(const char *check, const struct hd_finding *f)
{
    return json_pack("{s:s,s:s,s:s,s:i,s:i,s:s}", "check", check, "verdict",
                     hd_finding_word((enum hd_finding_verdict)f->verdict),
                     "error", hd_errname(f->err), "number", f->err, "detail",
                     (int)f->detail, "text", f->text);
}

static json_t *cert_findings(const struct hd_doctor *d)
{
    json_t *findings = json_array();

    for (unsigned i = 0; i < HD_CERT_COUNT; i++) {
        (void)json_array_append_new(
                findings,
                finding(hd_cert_word((enum hd_cert_check)i), &d->cert[i]));
    }
    return findings;
}

json_t *hd_doctor_bundle(const struct hd_doctor *d)
{
    json_t *findings = json_array();
    json_t *all =
            json_pack("{s:s,s:i,s:i,s:o,s:i}", "format", FORMAT, "version",
                      VERSION, "address", (int)d->addr7, "revision",
                      hex(d->revision, 4), "empty_slots", (int)d->empty);

    for (unsigned i = 0; i < HD_CHECK_COUNT; i++) {
        (void)json_array_append_new(
                findings, finding(hd_check_word((enum hd_check)i), &d->at[i]));
    }
    (void)json_object_set_new(all, "findings", findings);
    if (d->has_cert) {
        (void)json_object_set_new(all, "certificate", cert_findings(d));
    }
    if (d->has_config) {
        (void)json_object_set_new(all, "config",
                                  hex(d->config, sizeof d->config));
        (void)json_object_set_new(all, "config_locked",
                                  json_boolean(d->config[87] != 0x55));
        (void)json_object_set_new(all, "data_locked",
                                  json_boolean(d->config[86] != 0x55));
    }
    return all;
}

/* ---------------------------------------------------------------- reading */

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

static bool unhex(const json_t *text, uint8_t *out, size_t len)
{
    const char *s = json_string_value(text);

    if (s == NULL || strlen(s) != 2 * len) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        const int high = digit(s[2 * i]);
        const int low = digit(s[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

/* It is shown on terminals, and its writer is anybody. */
static void take_text(char *out, size_t size, const char *text)
{
    size_t at = 0;

    for (; *text && at + 1 < size; text++) {
        out[at++] = *text >= ' ' && *text <= '~' ? *text : '?';
    }
    out[at] = 0;
}

static bool is_between(const json_t *number, json_int_t least, json_int_t most)
{
    return json_is_integer(number) && json_integer_value(number) >= least &&
           json_integer_value(number) <= most;
}

static bool take_finding(struct hd_finding *f, const json_t *o)
{
    const char *verdict = json_string_value(json_object_get(o, "verdict"));
    const char *text = json_string_value(json_object_get(o, "text"));
    const json_t *number = json_object_get(o, "number");
    const json_t *detail = json_object_get(o, "detail");
    unsigned v = 0;

    while (verdict && v <= HD_FINDING_BAD &&
           strcmp(verdict, hd_finding_word((enum hd_finding_verdict)v)) != 0) {
        v++;
    }
    if (!verdict || v > HD_FINDING_BAD || !text ||
        !is_between(number, -128, 0) || !is_between(detail, 0, 255)) {
        return false;
    }
    f->verdict = (uint8_t)v;
    f->err = (int)json_integer_value(number);
    f->detail = (uint8_t)json_integer_value(detail);
    take_text(f->text, sizeof f->text, text);
    return true;
}

static const char *check_word(unsigned i)
{
    return hd_check_word((enum hd_check)i);
}

static const char *cert_word(unsigned i)
{
    return hd_cert_word((enum hd_cert_check)i);
}

/* Checks that this program does not know are left out. */
static bool take_findings(struct hd_finding *to, unsigned count,
                          const char *(*word)(unsigned i), const json_t *list)
{
    if (!json_is_array(list)) {
        return false;
    }
    for (size_t n = 0; n < json_array_size(list); n++) {
        const json_t *o = json_array_get(list, n);
        const char *check = json_string_value(json_object_get(o, "check"));

        for (unsigned i = 0; check && i < count; i++) {
            if (strcmp(check, word(i)) == 0 && !take_finding(&to[i], o)) {
                return false;
            }
        }
        if (!check) {
            return false;
        }
    }
    return true;
}

int hd_doctor_unbundle(struct hd_doctor *d, const json_t *bundle,
                       const char **why)
{
    const json_t *config = json_object_get(bundle, "config");
    const json_t *cert = json_object_get(bundle, "certificate");
    const json_t *address = json_object_get(bundle, "address");
    const json_t *empty = json_object_get(bundle, "empty_slots");
    const char *format = json_string_value(json_object_get(bundle, "format"));

    memset(d, 0, sizeof *d);
    *why = "it is no bundle of half doctor";
    if (format == NULL || strcmp(format, FORMAT) != 0) {
        return HD_ERR_FORMAT;
    }
    *why = "its version is not one that this program reads";
    if (json_integer_value(json_object_get(bundle, "version")) != VERSION) {
        return HD_ERR_FORMAT;
    }
    *why = "its configuration, revision, address or list of empty slots is "
           "damaged";
    if (!unhex(json_object_get(bundle, "revision"), d->revision, 4) ||
        !is_between(address, 0, 127) || !is_between(empty, 0, 0xFFFF) ||
        (config && !unhex(config, d->config, sizeof d->config))) {
        return HD_ERR_FORMAT;
    }
    d->has_config = config != NULL;
    d->has_cert = cert != NULL;
    d->addr7 = (uint8_t)json_integer_value(address);
    d->empty = (uint16_t)json_integer_value(empty);
    *why = "its findings are damaged";
    return take_findings(d->at, HD_CHECK_COUNT, check_word,
                         json_object_get(bundle, "findings")) &&
                           (!cert || take_findings(d->cert, HD_CERT_COUNT,
                                                   cert_word, cert))
                   ? HD_OK
                   : HD_ERR_FORMAT;
}

/* ----------------------------------------------------------------- replay */

/* What goes wrong in a virtual chip so that the driver sees this error. */
static const struct {
    int err;
    uint8_t kind;
    uint32_t arg;
} causes[] = {
        {HD_ERR_ABSENT, HD_FAULT_VANISH, 0},
        {HD_ERR_BUS_STUCK, HD_FAULT_STUCK, 0},
        {HD_ERR_WAKE, HD_FAULT_WAKE_NOISE, 0x5A},
        {HD_ERR_NACK, HD_FAULT_NACK, 0},
        {HD_ERR_CRC, HD_FAULT_FLIP, 9},
        {HD_ERR_COMM, HD_FAULT_FLIP_IN, 9},
        {HD_ERR_RESTARTED, HD_FAULT_BROWNOUT, 0},
        {HD_ERR_HEALTH, HD_FAULT_HEALTH, 0},
};

/* The command that a check sends. */
static uint8_t opcode_of(const struct hd_doctor *d, unsigned check)
{
    (void)d;
    switch (check) {
    case HD_CHECK_SUPPLY:
        return 0x40;
    case HD_CHECK_SELFTEST:
        return 0x77;
    case HD_CHECK_RANDOM:
        return 0x1B;
    case HD_CHECK_COUNTERS:
        return 0x24;
    default:
        return 0;
    }
}

static void add_faults(const struct hd_doctor *d, struct hd_vchip *chip)
{
    for (unsigned check = 0; check < HD_CHECK_COUNT; check++) {
        for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
            const struct hd_fault fault = {.kind = causes[i].kind,
                                           .opcode = opcode_of(d, check),
                                           .arg = causes[i].arg};

            if (d->at[check].verdict == HD_FINDING_BAD &&
                d->at[check].err == causes[i].err) {
                (void)hd_vchip_fault(chip, &fault);
            }
        }
    }
    if (d->at[HD_CHECK_SELFTEST].detail != 0) {
        const struct hd_fault fault = {.kind = HD_FAULT_SELFTEST,
                                       .arg = d->at[HD_CHECK_SELFTEST].detail};

        (void)hd_vchip_fault(chip, &fault);
    }
}

static uint8_t model_of(const struct hd_doctor *d)
{
    return d->revision[2] == 0x50  ? HD_VMODEL_508A
           : d->revision[3] < 0x03 ? HD_VMODEL_608A
                                   : HD_VMODEL_608B;
}

static void empty_slots(const struct hd_doctor *d, struct hd_vchip *chip)
{
    const size_t at = HD_V_CONFIG_BYTES + HD_V_OTP_BYTES;

    for (unsigned slot = 0; slot < 16; slot++) {
        const size_t place =
                slot <= 8 ? 36U * slot : 8U * 36 + 416 + 72U * (slot - 9);

        if ((d->empty >> slot & 1) != 0) {
            memset(chip->ee + at + place, 0, slot < 9 ? 36 : 72);
        }
    }
}

int hd_doctor_replay(const struct hd_doctor *bundle, struct hd_doctor *out,
                     const struct hd_crypto *crypto)
{
    static const uint8_t nothing[HD_V_CONFIG_BYTES] = {
            [16] = 0xC0, [86] = 0x55, [87] = 0x55};
    struct hd_vchip chip = {.state = HD_V_OFF};
    struct hd_vbus bus;
    struct hd_sim sim = {.bus = &bus, .addr7 = bundle->addr7};
    int err = hd_attack_victim(bundle->has_config ? bundle->config : nothing,
                               model_of(bundle), false, &chip);

    if (err != HD_OK) {
        return err;
    }
    empty_slots(bundle, &chip);
    chip.swi = bundle->addr7 == 0;
    chip.addr7 = bundle->addr7;
    chip.speed = HD_V_TYPICAL;
    add_faults(bundle, &chip);
    hd_vbus_init(&bus, 100000);
    (void)hd_vbus_attach(&bus, &chip);
    hd_doctor_examine(out, chip.swi ? &hd_sim_swi_bus : &hd_sim_bus, &sim,
                      bundle->addr7, crypto);
    hd_vchip_free(&chip);
    return HD_OK;
}
