/* SPDX-License-Identifier: Apache-2.0 */
/* half doctor: is this chip well, and is its board? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "doctor.h"
#include "explain/cert.h"
#include "halfdollar/crypto_openssl.h"
#include "halfdollar/port_linux.h"

#define BUNDLE_MAX 65536
#define CERT_MAX   65536

static const struct option options[] = {
        OPTION_CHIP,
        {"bundle", 0, "FILE",
         "write what was found there, without secrets, for somebody else to "
         "replay"},
        {"replay", 0, "FILE",
         "examine a virtual chip made as this bundle says"},
        {"cert", 0, "FILE",
         "the device's certificate (PEM, its chain may follow, or DER): does "
         "it fit the chip?"},
        {"ca", 0, "FILE", "the authority that it must lead to"},
        OPTION_JSON,
        OPTION_END,
};

int bundle_from_file(struct call *c, const char *path, struct hd_doctor *d)
{
    struct input in;
    const char *why = NULL;
    json_error_t where;
    json_t *o;
    int code = read_input(c, path, BUNDLE_MAX, &in);

    if (code != EXIT_DONE) {
        return code;
    }
    o = json_loadb((const char *)in.bytes, in.len, JSON_REJECT_DUPLICATES,
                   &where);
    if (o == NULL) {
        code = fail_usage(c, "%s is no JSON (line %d, column %d)", path,
                          where.line, where.column);
    } else if (hd_doctor_unbundle(d, o, &why) != HD_OK) {
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

static void tell_finding(struct call *c, const char *check,
                         const struct hd_finding *f)
{
    say(c, "%-9s %-8s %s%s%s%s\n", check,
        hd_finding_word((enum hd_finding_verdict)f->verdict), f->text,
        f->err ? " (" : "", f->err ? hd_errname(f->err) : "",
        f->err ? ")" : "");
}

static int tell(struct call *c, const struct hd_doctor *d)
{
    json_t *o = hd_doctor_bundle(d);

    for (unsigned i = 0; i < HD_CHECK_COUNT; i++) {
        tell_finding(c, hd_check_word((enum hd_check)i), &d->at[i]);
    }
    if (d->has_cert) {
        say(c, "\nthe certificate\n");
        put(c, "certificate", json_incref(json_object_get(o, "certificate")));
    }
    for (unsigned i = 0; d->has_cert && i < HD_CERT_COUNT; i++) {
        tell_finding(c, hd_cert_word((enum hd_cert_check)i), &d->cert[i]);
    }
    put(c, "findings", json_incref(json_object_get(o, "findings")));
    json_decref(o);
    if (hd_doctor_worst(d) == HD_FINDING_BAD) {
        return refuse(c, "something is wrong: see the lines marked bad");
    }
    return EXIT_DONE;
}

/* What --cert and --ca name, before the chip is asked anything. */
struct papers {
    struct input cert, ca;
    bool has_cert, has_ca;
};

static int read_papers(struct call *c, struct papers *p)
{
    const char *cert = option_text(c, "cert", NULL);
    const char *ca = option_text(c, "ca", NULL);
    int code = EXIT_DONE;

    if (ca && !cert) {
        return fail_usage(c, "--ca belongs to --cert");
    }
    if (cert && option_given(c, "replay")) {
        return fail_usage(c, "--cert needs the chip itself: a replayed one has "
                             "other keys");
    }
    if (cert) {
        code = read_input(c, cert, CERT_MAX, &p->cert);
        p->has_cert = code == EXIT_DONE;
    }
    if (code == EXIT_DONE && ca) {
        code = read_input(c, ca, CERT_MAX, &p->ca);
        p->has_ca = code == EXIT_DONE;
    }
    return code;
}

static void free_papers(struct papers *p)
{
    if (p->has_cert) {
        free_input(&p->cert);
    }
    if (p->has_ca) {
        free_input(&p->ca);
    }
}

static int check_papers(struct call *c, struct hd_doctor *d,
                        const struct papers *p, const struct hd_port *port)
{
    const struct hd_cert_files f = {.cert = p->cert.bytes,
                                    .cert_len = p->cert.len,
                                    .ca = p->has_ca ? p->ca.bytes : NULL,
                                    .ca_len = p->has_ca ? p->ca.len : 0,
                                    .now = time(NULL)};
    const char *why = NULL;

    if (p->has_cert &&
        hd_doctor_certificate(d, &f, port->bus, port->ctx, &hd_crypto_openssl,
                              &why) != HD_OK) {
        return fail_usage(c, "--cert: %s", why);
    }
    return EXIT_DONE;
}

static int examine(struct call *c, const struct papers *p)
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
    code = check_papers(c, &d, p, &port);
    hd_port_close(&port);
    if (code == EXIT_DONE) {
        code = write_bundle(c, &d);
    }
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
    struct papers p = {.has_cert = false};
    int code = read_papers(c, &p);

    if (code == EXIT_DONE) {
        code = option_given(c, "replay") ? replay(c) : examine(c, &p);
    }
    free_papers(&p);
    return code;
}

const struct verb verb_doctor = {
        .name = "doctor",
        .summary = "is this chip well, and is its board?",
        .about = "Looks at answers, wakes, bus, supply under load, part, "
                 "locks, self-test, random numbers, keys, counters and, with "
                 "--cert, at the device's certificate. "
                 "Nothing in the chip changes, but what TempKey holds is "
                 "lost. The bundle holds no secret, no slot, no OTP and no "
                 "serial number.",
        .options = options,
        .run = run,
};
