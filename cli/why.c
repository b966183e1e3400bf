/* SPDX-License-Identifier: Apache-2.0 */
/* Why the chip refused; see why.h. */
#include <stdlib.h>
#include <string.h>

#include "why.h"

/* Commands kept of one session. A hash of a large file is longer: then what
 * lies further back does not matter or cannot be known. */
#define REMEMBERED 512

#define STATUS_NO_MATCH 0x01

/* ------------------------------------------------------------- listening */

static void heard(void *ctx, const struct hd_transfer *t, const uint8_t *bytes)
{
    struct hd_history *h = ctx;

    if (hd_history_hear(h, t, true, bytes) != HD_OK) {
        h->forgot = true;
    }
}

void why_listen(struct session *s)
{
    s->past.most = REMEMBERED;
    s->past.addr7 = s->port.addr7;
    s->spy.heard = heard;
    s->spy.heard_ctx = &s->past;
}

/* The command that the chip answered with this status: the last of them. */
static size_t refused_at(const struct hd_history *h, uint8_t status)
{
    for (size_t i = h->count; i > 0; i--) {
        const struct hd_moment *m = &h->at[i - 1];

        if (hd_moment_refused(m) && m->status == status) {
            return i - 1;
        }
    }
    return h->count;
}

/* What the session did not happen to read. */
static bool know_config(struct session *s)
{
    uint8_t block[32];

    for (uint16_t at = 0; at < HD_CONFIG_BYTES; at += sizeof block) {
        bool known = true;

        for (unsigned i = 0; i < sizeof block; i++) {
            known = known && s->past.known[at + i];
        }
        if (!known && hd_chip_read(&s->chip, HD_ZONE_CONFIG, 0, at, block,
                                   sizeof block) != HD_OK) {
            return false;
        }
    }
    return hd_history_unknown(&s->past) == 0;
}

/* --------------------------------------------- the same at the next prompt */

/* Does this command carry what must not stand on a command line? for: the
 * opcode that its bytes are for; the digest of a signature is no secret. */
static bool may_be_secret(const struct hd_moment *m, uint8_t for_op)
{
    static const uint8_t harmless[] = {
            0x02, /* Read */ 0x15,   /* GenDig */ 0x17, /* Lock */
            0x1B, /* Random */ 0x24,                    /* Counter */
            0x30, /* Info */ 0x40,                      /* GenKey */
            0x41, /* Sign */ 0x43,                      /* ECDH */
            0x45, /* Verify */ 0x77,                    /* SelfTest */
    };
    const bool digest = for_op == 0x41 || for_op == 0x45;
    const bool nonce = m->group[1] == 0x16 && (digest || (m->group[2] & 3) < 2);

    return m->len > 7 && !nonce &&
           memchr(harmless, m->group[1], sizeof harmless) == NULL;
}

/* Would `half explain` with these commands alone say the same? */
static bool says_the_same(const struct hd_explain_case *k, size_t from,
                          const struct hd_explanation *e)
{
    struct hd_explain_case typed = *k;
    struct hd_explanation again;
    struct hd_moment *before;
    size_t count = 0;
    bool same;

    before = calloc(k->before_count - from + 1, sizeof *before);
    if (!before) {
        return false;
    }
    for (size_t i = from; i < k->before_count; i++) {
        if (k->before[i].kind == HD_MOMENT_COMMAND) {
            before[count] = k->before[i];
            before[count++].answered = false;
        }
    }
    typed.before = before;
    typed.before_count = count;
    typed.reason_only = true;
    same = hd_explain(&typed, &again) == HD_OK && !again.disagrees &&
           again.why.why == e->why.why && count < REPEATS_MAX;
    hd_wipe(before, count * sizeof *before);
    free(before);
    return same;
}

/* What was sent since the chip's registers were last empty. */
static size_t began(const struct hd_explain_case *k)
{
    size_t i = k->before_count;

    while (i > 0 && k->before[i - 1].kind != HD_MOMENT_SLEEP &&
           k->before[i - 1].kind != HD_MOMENT_POWER) {
        i--;
    }
    /* Questions about the chip itself leave nothing behind. */
    while (i < k->before_count &&
           (k->before[i].kind != HD_MOMENT_COMMAND ||
            k->before[i].group[1] == 0x02 || k->before[i].group[1] == 0x30)) {
        i++;
    }
    return i;
}

static size_t append(char *out, size_t size, size_t at, const char *text)
{
    const size_t len = strlen(text);

    if (at + len >= size) {
        return size; /* full for good */
    }
    memcpy(out + at, text, len + 1);
    return at + len;
}

static size_t append_group(char *out, size_t size, size_t at,
                           const uint8_t *group, size_t len)
{
    char hex[2 * HD_V_GROUP_MAX + 1];

    hex_text(group, len, hex);
    return append(out, size, append(out, size, at, " --command "), hex);
}

/* The address as it was given, if a shell takes it as it is. */
static const char *address_of(struct call *c)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
                                "UVWXYZ0123456789:/@._-+,=";
    const char *address = option_text(c, "chip", getenv("HALF_CHIP"));

    return address && address[strspn(address, plain)] == 0 ? address : NULL;
}

static void write_command(struct session *s, const struct hd_explain_case *k,
                          const struct hd_moment *refused, struct why *w)
{
    const char *address = address_of(s->call);
    const size_t from = began(k);
    char *out = w->command;
    char status[32];
    size_t at;

    if (!address || may_be_secret(refused, 0) ||
        !says_the_same(k, from, &w->e)) {
        return;
    }
    (void)snprintf(status, sizeof status, " --status 0x%02x", k->status);
    at = append(out, sizeof w->command, 0, "half explain --chip ");
    at = append(out, sizeof w->command, at, address);
    at = append(out, sizeof w->command, at, status);
    for (size_t i = from; i < k->before_count; i++) {
        const struct hd_moment *m = &k->before[i];

        if (m->kind == HD_MOMENT_COMMAND) {
            at = may_be_secret(m, refused->group[1])
                         ? sizeof w->command
                         : append_group(out, sizeof w->command, at, m->group,
                                        m->len);
        }
    }
    at = append_group(out, sizeof w->command, at, k->group, k->len);
    if (at >= sizeof w->command) {
        out[0] = 0;
    }
}

/* ----------------------------------------------------------------- asking */

/* What lies too far back cannot be played: then only a bit is sure. */
static bool is_sure(const struct session *s, const struct hd_explanation *e)
{
    return e->why.why != HD_WHY_NONE && !e->disagrees &&
           (!s->past.forgot || e->why.byte != 0xFF);
}

static void replay(struct session *s, const struct hd_moment *refused,
                   size_t at, struct why *w)
{
    struct hd_explain_case k = {
            .model = s->past.model ? s->past.model : HD_VMODEL_608B,
            .swi = s->port.addr7 == 0,
            .before_count = at,
            .group = refused->group,
            .len = refused->len,
            .answered = true,
            .status = refused->status,
            .reason_only = refused->status == STATUS_NO_MATCH};
    char assumed[256] = "";

    if (!know_config(s)) {
        return;
    }
    memcpy(k.config, s->past.config, sizeof k.config);
    k.before = s->past.at;
    if (hd_explain(&k, &w->e) != HD_OK || !is_sure(s, &w->e)) {
        return;
    }
    w->explained = w->reason[0] == 0 || strcmp(w->reason, w->e.reason) == 0;
    if (w->explained && w->reason[0] == 0) {
        if (w->e.or_else_count > 0) { /* else the reason says it */
            hd_explain_assumed_text(&w->e, assumed, sizeof assumed);
        }
        (void)snprintf(w->reason, sizeof w->reason, "%s%s%s%s", w->e.reason,
                       assumed[0] ? " It answers so if " : "", assumed,
                       assumed[0] ? "." : "");
    }
    if (w->explained && !k.reason_only) {
        write_command(s, &k, refused, w);
    }
}

void why_ask(struct session *s, int err, struct why *w)
{
    memset(w, 0, sizeof *w);
    if (!hd_err_is_refusal(err)) {
        return;
    }
    /* A virtual chip at hand knows, until it is asked something else. */
    hd_port_why(&s->port, w->reason, sizeof w->reason);
    const uint8_t status = hd_chip_last_status(&s->chip);
    const size_t at = refused_at(&s->past, status);

    if (status != 0 && at < s->past.count && hd_packet_status(status) == err) {
        struct hd_moment refused = s->past.at[at];

        s->past.most = 0; /* nothing may move any more */
        replay(s, &refused, at, w);
        hd_wipe(&refused, sizeof refused);
    }
}

/* ---------------------------------------------------------------- telling */

static const char *warning(const struct hd_explain_step *step)
{
    return !step->for_ever ? ""
           : step->group[1] == 0x17 /* Lock */
                   ? " (cannot be undone: see half plan)"
                   : " (cannot be undone)";
}

static void tell_steps(const struct hd_explanation *e, json_t *steps)
{
    char words[240];

    for (unsigned i = 0; i < e->count; i++) {
        hd_explain_step_text(&e->steps[i], words, sizeof words);
        fprintf(stderr, "    %u. %s%s\n", i + 1, words, warning(&e->steps[i]));
        (void)json_array_append_new(steps, json_string(words));
    }
}

static void tell_never(const struct hd_explanation *e, json_t *steps)
{
    char bits[160];

    if (e->then.why != HD_WHY_NONE) {
        fprintf(stderr, "  and once that is put right: %s\n", e->then_reason);
    }
    fprintf(stderr, e->verdict == HD_EXPLAIN_NEVER
                            ? "  never: no sequence of commands changes that\n"
                            : "  the configuration is not locked yet: these "
                              "bits can still be changed\n");
    if (e->mask) {
        hd_explain_bits_text(e, bits, sizeof bits);
        fprintf(stderr, "  a chip with %s takes:\n", bits);
        tell_steps(e, steps);
    }
}

void why_tell(struct call *c, const struct why *w)
{
    static const char *const verdicts[] = {"works", "steps", "reconfigure",
                                           "never", "not-found"};
    json_t *steps = json_array();
    json_t *error = c->doc ? json_object_get(c->doc, "error") : NULL;

    if (w->explained && w->e.verdict == HD_EXPLAIN_STEPS_WORK) {
        fprintf(stderr, "  this would have worked%s:\n",
                w->e.changed ? " (the command in another form)" : "");
        tell_steps(&w->e, steps);
    } else if (w->explained && (w->e.verdict == HD_EXPLAIN_NEVER ||
                                w->e.verdict == HD_EXPLAIN_RECONFIGURE)) {
        tell_never(&w->e, steps);
    }
    if (w->command[0]) {
        fprintf(stderr, "  byte by byte: %s\n", w->command);
        (void)json_object_set_new(error, "explain", json_string(w->command));
    }
    if (w->explained) {
        (void)json_object_set_new(error, "verdict",
                                  json_string(verdicts[w->e.verdict]));
        (void)json_object_set(error, "steps", steps);
    }
    json_decref(steps);
}
