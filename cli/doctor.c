/* SPDX-License-Identifier: Apache-2.0 */
/* half doctor: is this chip well, and is its board? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "halfdollar/crypto_openssl.h"
#include "halfdollar/port_linux.h"

#define BUNDLE_MAX 65536

static const struct option options[] = {
        OPTION_CHIP,
        {"bundle", 0, "FILE",
         "write what was found there, without secrets, for somebody else to "
         "replay"},
        {"replay", 0, "FILE",
         "examine a virtual chip made as this bundle says"},
        OPTION_JSON,
        OPTION_END,
};

int bundle_from_file(struct call *c, const char *path, struct hd_doctor *d)
{
    struct input in;
    const char *why = "it is no JSON";
    json_t *o;
    int code = read_input(c, path, BUNDLE_MAX, &in);

    if (code != EXIT_DONE) {
        return code;
    }
    o = json_loadb((const char *)in.bytes, in.len, JSON_REJECT_DUPLICATES,
                   NULL);
    if (o == NULL || hd_doctor_unbundle(d, o, &why) != HD_OK) {
        code = fail_usage(c, "%s: %s", path, why);
    }
    json_decref(o);
    free_input(&in);
    return code;
}

static int write_bundle(struct call *c, const struct hd_doctor *d)
{
    const char *path = option_text(c, "bundle", NULL);
    json_t *o = path ? hd_doctor_bundle(d) : NULL;
    int code = EXIT_DONE;

    if (o && json_dump_file(o, path, JSON_INDENT(2)) != 0) {
        code = fail(c, "%s: %s", path, strerror(errno));
    }
    json_decref(o);
    return code;
}

static int tell(struct call *c, const struct hd_doctor *d)
{
    json_t *o = hd_doctor_bundle(d);

    for (unsigned i = 0; i < HD_CHECK_COUNT; i++) {
        const struct hd_finding *f = &d->at[i];

        say(c, "%-9s %-8s %s%s%s%s\n", hd_check_word((enum hd_check)i),
            hd_finding_word((enum hd_finding_verdict)f->verdict), f->text,
            f->err ? " (" : "", f->err ? hd_errname(f->err) : "",
            f->err ? ")" : "");
    }
    put(c, "findings", json_incref(json_object_get(o, "findings")));
    json_decref(o);
    if (hd_doctor_worst(d) == HD_FINDING_BAD) {
        return refuse(c, "something is wrong: see the lines marked bad");
    }
    return EXIT_DONE;
}

static int examine(struct call *c)
{
    const char *address = option_text(c, "chip", getenv("HALF_CHIP"));
    struct hd_doctor d;
    struct hd_port port;
    char why[256] = "";
    int err, code;

    if (!address || !*address) {
        return fail_usage(c, "which chip? Give --chip ADDRESS, set HALF_CHIP, "
                             "or --replay FILE");
    }
    err = hd_port_open(&port, address, why, sizeof why);
    if (err) {
        return fail_err(c, err, why[0] ? why : NULL, "%s", address);
    }
    hd_doctor_examine(&d, port.bus, port.ctx, port.addr7, &hd_crypto_openssl);
    hd_port_close(&port);
    code = write_bundle(c, &d);
    return code == EXIT_DONE ? tell(c, &d) : code;
}

/* Did the virtual chip show the same? */
static unsigned differences(struct call *c, const struct hd_doctor *then,
                            const struct hd_doctor *now)
{
    unsigned count = 0;

    for (unsigned i = 0; i < HD_CHECK_COUNT; i++) {
        if (then->at[i].verdict != now->at[i].verdict ||
            then->at[i].err != now->at[i].err) {
            fprintf(stderr, "  %s was %s there: %s\n",
                    hd_check_word((enum hd_check)i),
                    hd_finding_word(
                            (enum hd_finding_verdict)then->at[i].verdict),
                    then->at[i].text);
            count++;
        }
    }
    put(c, "differences", json_integer((json_int_t)count));
    return count;
}

static int replay(struct call *c)
{
    struct hd_doctor then, now;
    int code = bundle_from_file(c, option_text(c, "replay", NULL), &then);
    int err;

    if (code != EXIT_DONE) {
        return code;
    }
    err = hd_doctor_replay(&then, &now, &hd_crypto_openssl);
    if (err) {
        return fail_err(c, err, NULL, "the virtual chip");
    }
    (void)tell(c, &now);
    if (differences(c, &then, &now)) {
        return refuse(c, "the virtual chip does not show everything that was "
                         "found on the real one");
    }
    say(c, "The virtual chip shows the same.\n");
    return EXIT_DONE;
}

static int run(struct call *c)
{
    return option_given(c, "replay") ? replay(c) : examine(c);
}

const struct verb verb_doctor = {
        .name = "doctor",
        .summary = "is this chip well, and is its board?",
        .about = "Looks at answers, wakes, bus, supply under load, part, "
                 "locks, self-test, random numbers, keys and counters. "
                 "Nothing in the chip changes, but what TempKey holds is "
                 "lost. The bundle holds no secret, no slot, no OTP and no "
                 "serial number.",
        .options = options,
        .run = run,
};
