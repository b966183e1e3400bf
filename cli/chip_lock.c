/* SPDX-License-Identifier: Apache-2.0 */
/*
 * half chip lock: what makes a chip secure, and cannot be taken back. Shows
 * what would be locked; locks only with the serial number typed back, and
 * lets the chip compare the content's checksum, so that a write that went
 * wrong is not locked in.
 */
#include <string.h>

#include "lint/lint.h"
#include "plan/apply.h"

#include "describe.h"
#include "parse.h"
#include "policy.h"
#include "session.h"

#define DATA_MAX       (1208 + 64)
#define FINDINGS_SHOWN 5

static const struct option options[] = {
        OPTION_CHIP,
        OPTION_CONFIRM,
        {"expect", 0, "FILE",
         "what the zone must hold, raw or hex. config: 128 bytes (0-15 and "
         "84-87 are not compared), such as `half policy compile` writes; data: "
         "slots 0 to 15 without private keys, "
         "then the 64 bytes of OTP"},
        {"crc", 0, "N", "the checksum of that, in place of --expect"},
        OPTION_JSON,
        OPTION_END,
};

enum what { CONFIG, DATA, SLOT };

struct job {
    enum what what;
    uint16_t slot;
    bool has_crc;
    uint16_t crc;
    bool has_expected;
    uint8_t expected[DATA_MAX];
    size_t len;
};

/* ----------------------------------------------------------------- config */

static void show_config(struct call *c, const uint8_t config[128])
{
    char text[33];

    say(c, "configuration that would be locked:\n");
    for (unsigned at = 0; at < 128; at += 16) {
        hex_text(config + at, 16, text);
        say(c, "  %3u  %s\n", at, text);
    }
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        struct slot_view view;
        describe_slot(config, slot, &view);
        say(c, "  slot %2u  %-14s read: %s; write: %s\n", slot, view.type,
            view.read, view.write);
    }
}

/* What a reviewer would say before this is locked, where it is grave. */
static void show_findings(struct call *c, const uint8_t config[128])
{
    uint8_t then[128];

    memcpy(then, config, sizeof then);
    then[86] = 0;
    then[87] = 0;
    struct hd_lint *l = hd_lint_run(then, hd_policy_chip_of(config), NULL);

    if (!l) {
        return;
    }
    put(c, "high", json_integer((json_int_t)l->counts[HD_HIGH]));
    put(c, "medium", json_integer((json_int_t)l->counts[HD_MEDIUM]));
    say(c, "\n%u high, %u medium findings once it is locked%s\n",
        l->counts[HD_HIGH], l->counts[HD_MEDIUM],
        l->counts[HD_HIGH] ? "; READ THEM FIRST (half policy lint --chip):"
                           : "");
    for (unsigned i = 0; i < l->count && i < FINDINGS_SHOWN; i++) {
        const struct hd_finding *f = &l->findings[i];

        if (f->severity == HD_HIGH) {
            say(c, "  %s at %s: %s\n", hd_lint_rules[f->rule].name, f->where,
                f->text);
        }
    }
    hd_lint_free(l);
}

/* Bytes that the factory or Lock sets are the chip's own. */
static bool is_own_byte(unsigned at)
{
    return at < 16 || (at >= 84 && at < 88);
}

static int compare_config(struct session *s, const struct job *job,
                          const uint8_t config[128])
{
    for (unsigned at = 0; at < 128; at++) {
        if (!is_own_byte(at) && config[at] != job->expected[at]) {
            return refuse(s->call,
                          "configuration byte %u is 0x%02x, and should be "
                          "0x%02x: nothing was locked. Write it first "
                          "(`half chip write config`).",
                          at, config[at], job->expected[at]);
        }
    }
    return EXIT_DONE;
}

static int prepare_config(struct session *s, struct job *job)
{
    uint8_t config[128];
    int code = read_config(s, config);

    if (code != EXIT_DONE) {
        return code;
    }
    if (hd_chip_config_is_locked(&s->chip)) {
        return refuse(s->call, "the configuration is locked already");
    }
    show_config(s->call, config);
    show_findings(s->call, config);
    if (job->has_expected) {
        code = compare_config(s, job, config);
    }
    uint16_t crc = hd_chip_crc(config, sizeof config);
    if (code == EXIT_DONE && job->has_crc && job->crc != crc) {
        code = refuse(s->call,
                      "the checksum of the configuration is 0x%04x, not "
                      "0x%04x: nothing was locked",
                      crc, job->crc);
    }
    job->crc = crc;
    return code;
}

/* ------------------------------------------------------------------- data */

static size_t data_summary_size(const uint8_t config[128])
{
    size_t sum = 64; /* OTP */

    for (unsigned slot = 0; slot < SLOTS; slot++) {
        sum += describe_is_private(config, slot) ? 0 : describe_slot_size(slot);
    }
    return sum;
}

static int prepare_data(struct session *s, struct job *job)
{
    uint8_t config[128];
    int code = read_config(s, config);

    if (code != EXIT_DONE) {
        return code;
    }
    if (hd_chip_data_is_locked(&s->chip)) {
        return refuse(s->call, "the data and OTP zones are locked already");
    }
    size_t size = data_summary_size(config);
    if (!job->has_crc && !job->has_expected) {
        return fail_usage(
                s->call,
                "the data zone cannot be read before it is locked, so say "
                "what it must hold: --expect FILE with %zu bytes (the slots "
                "without private keys in order, then OTP), or --crc",
                size);
    }
    if (job->has_expected && job->len != size) {
        return fail(s->call,
                    "--expect: this chip's slots without private keys and OTP "
                    "have %zu bytes, not %zu",
                    size, job->len);
    }
    if (job->has_expected) {
        job->crc = hd_chip_crc(job->expected, job->len);
    }
    say(s->call,
        "data and OTP zones that would be locked: checksum 0x%04x over %zu "
        "bytes\n",
        job->crc, size);
    return EXIT_DONE;
}

/* ------------------------------------------------------------------- slot */

static int prepare_slot(struct session *s, struct job *job)
{
    uint8_t config[128];
    struct slot_view view;
    int code = read_config(s, config);

    if (code != EXIT_DONE) {
        return code;
    }
    describe_slot(config, job->slot, &view);
    if (view.is_locked) {
        return refuse(s->call, "slot %u is locked already", job->slot);
    }
    say(s->call, "slot that would be locked: %u, %s; write: %s\n", job->slot,
        view.type, view.write);
    return EXIT_DONE;
}

/* ------------------------------------------------------------- all three */

static const struct {
    enum hd_plan_kind kind;
    int (*prepare)(struct session *s, struct job *job);
    const char *warning;
    const char *likely;
} kinds[] = {
        [CONFIG] = {HD_PLAN_LOCK_CONFIG, prepare_config,
                    "The configuration would be locked for ever: what each "
                    "slot is for, and who may use it.",
                    "the checksum did not match, or it is locked already"},
        [DATA] = {HD_PLAN_LOCK_DATA, prepare_data,
                  "The data and OTP zones would be locked for ever: from then "
                  "on slots obey the rules of the configuration.",
                  "the configuration is not locked yet, or the checksum does "
                  "not match what the zones hold"},
        [SLOT] = {HD_PLAN_LOCK_SLOT, prepare_slot,
                  "The slot would be locked for ever: its content could not "
                  "be changed any more.",
                  "the configuration must be locked and the slot be lockable "
                  "(KeyConfig bit 5)"},
};

static int work(struct session *s, void *ctx)
{
    struct job *job = ctx;
    int code = kinds[job->what].prepare(s, job);

    if (code != EXIT_DONE) {
        return code;
    }
    put(s->call, "zone", json_string(s->call->args[0]));
    if (job->what == SLOT) {
        put(s->call, "slot", json_integer(job->slot));
    } else {
        put(s->call, "crc", json_integer(job->crc));
    }
    (void)fflush(stdout);
    code = confirm(s, kinds[job->what].warning);
    if (code != EXIT_DONE) {
        return code;
    }
    int err =
            hd_plan_lock(&s->chip, kinds[job->what].kind, job->slot, job->crc);
    if (err) {
        return chip_failed(s, err, kinds[job->what].likely, "Lock");
    }
    put(s->call, "locked", json_boolean(true));
    say(s->call, "locked\n");
    return EXIT_DONE;
}

static int expected_from_options(struct call *c, struct job *job)
{
    const char *path = option_text(c, "expect", NULL);
    unsigned long crc = 0;
    struct input in;
    int code = option_number(c, "crc", 0, 0xFFFF, &crc);

    job->has_crc = option_given(c, "crc");
    job->crc = (uint16_t)crc;
    if (code != EXIT_DONE || !path) {
        return code;
    }
    if (job->has_crc) {
        return fail_usage(c, "--crc and --expect exclude each other");
    }
    job->has_expected = true;
    if (job->what == CONFIG) {
        job->len = HD_CONFIG_BYTES;
        return config_from_file(c, path, job->expected);
    }
    code = read_input(c, path, 8192, &in);
    if (code != EXIT_DONE) {
        return code;
    }
    if (!parse_hex((const char *)in.bytes, in.len, job->expected,
                   sizeof job->expected, &job->len)) {
        job->len = in.len;
        if (in.len <= sizeof job->expected) {
            memcpy(job->expected, in.bytes, in.len);
        }
    }
    free_input(&in);
    return EXIT_DONE;
}

static int what_from_args(struct call *c, struct job *job)
{
    static const char *const names[] = {"config", "data", "slot"};
    unsigned long slot = 0;
    int code = EXIT_DONE;

    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(c->args[0], names[i]) != 0) {
            continue;
        }
        job->what = (enum what)i;
        if ((c->count == 2) != (job->what == SLOT)) {
            return fail_usage(c, "give `config`, `data`, or `slot N`");
        }
        if (job->what == SLOT) {
            code = parse_number_arg(c, "slot", c->args[1], 0, 15, &slot);
            job->slot = (uint16_t)slot;
        }
        return code;
    }
    return fail_usage(c, "'%s' is not config, data or slot", c->args[0]);
}

static int run(struct call *c)
{
    struct job job = {0};
    int code = what_from_args(c, &job);

    if (code == EXIT_DONE) {
        code = expected_from_options(c, &job);
    }
    if (code == EXIT_DONE) {
        code = with_chip(c, work, &job);
    }
    hd_wipe(&job, sizeof job);
    return code;
}

const struct verb verb_chip_lock = {
        .group = "chip",
        .name = "lock",
        .args = "config|data|slot [N]",
        .least_args = 1,
        .most_args = 2,
        .summary = "lock a zone or a slot, for ever",
        .about = "Without --confirm it shows what would be locked and changes "
                 "nothing. The chip compares a checksum before it locks: of "
                 "the configuration as it was just read, or of what --expect "
                 "or --crc say. `half plan` and `half apply` do all of this "
                 "from a policy, after a rehearsal.",
        .options = options,
        .run = run,
};
