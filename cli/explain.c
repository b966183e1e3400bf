/* SPDX-License-Identifier: Apache-2.0 */
/* half explain: why a chip refused, and what would have worked. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "explain.h"
#include "explain/history.h"
#include "halfdollar/chip.h"
#include "parse.h"
#include "policy.h"
#include "words.h"

#define REPLAYED 10000 /* moments before a command, at most */
#define TOLD_MAX 200   /* explanations of one recording */

static const struct option options[] = {
        {"command", 0, "HEX...",
         "command group (count to checksum, or without count and checksum: "
         "opcode, param1, param2 low, high, data); given several times: the "
         "last was refused, the others went before it"},
        {"status", 0, "N",
         "what the chip answered, 0x0f for example, or an error of the driver: "
         "HD_ERR_EXEC or -37"},
        {"config", 0, "FILE",
         "its configuration: 128 bytes, hex or raw (half policy from-hex "
         "reads the same)"},
        OPTION_CHIP,
        {"bundle", 0, "FILE", "the configuration in a bundle of half doctor"},
        {"variant", 0, "508a|608a|608b",
         "which part it is (from the "
         "configuration, or 608b)"},
        {"at", 0, "N", "explain the Nth command of the recording, from 1"},
        {"all", 0, NULL, "explain every refusal in the recording"},
        {"address", 0, "N", "which chip of the recording (7-bit address)"},
        {"sda", 0, "NAME", "channel of a .sr capture that is SDA (SDA)"},
        {"scl", 0, "NAME", "channel of a .sr capture that is SCL (SCL)"},
        OPTION_JSON,
        OPTION_END,
};

/* ------------------------------------------------------------------- text */

static const char *const chips[] = {[HD_VMODEL_508A] = "508A",
                                    [HD_VMODEL_608A] = "608A",
                                    [HD_VMODEL_608B] = "608B"};

static void say_steps(struct call *c, const struct hd_explanation *e)
{
    for (unsigned i = 0; i < e->count; i++) {
        const struct hd_explain_step *s = &e->steps[i];
        char words[240], hex[2 * HD_V_GROUP_MAX + 1];

        hd_explain_step_text(s, words, sizeof words);
        say(c, "  %u. %s%s\n", i + 1, words,
            s->for_ever ? " (cannot be undone)" : "");
        if (s->kind == HD_MOMENT_COMMAND && s->computed) {
            hex_text(s->group, s->len > 7 ? 5 : 3, hex);
            say(c, "     %s... %s\n", hex,
                s->len > 7 ? "its data is computed: from the key, the nonce "
                             "and the message"
                           : "its checksum is computed over what the zone "
                             "holds");
        } else if (s->kind == HD_MOMENT_COMMAND) {
            hex_text(s->group, s->len, hex);
            say(c, "     %s\n", hex);
        }
    }
}

static void say_models(struct call *c, const struct hd_explanation *e)
{
    for (unsigned i = 0; i < sizeof chips / sizeof chips[0]; i++) {
        if (chips[i] && (e->models & i)) {
            say(c, "An ATECC%s knows it.\n", chips[i]);
        }
    }
}

static void say_works(struct call *c, const struct hd_explain_case *k)
{
    say(c, "The virtual chip accepts it with this configuration and locks");
    if (k->answered && k->status == 0) {
        say(c, ", as the chip did: nothing\nwas refused.\n");
        return;
    }
    say(c, ". If the real chip refuses it,\nthe reason is something that "
           "neither shows: what is in its slots, its counters, or what\nwent "
           "before. Give a trace of the bus, or --status.\n");
}

static void say_verdict(struct call *c, const struct hd_explain_case *k,
                        const struct hd_explanation *e)
{
    char bits[160];

    switch (e->verdict) {
    case HD_EXPLAIN_WORKS:
        say_works(c, k);
        return;
    case HD_EXPLAIN_STEPS_WORK:
        say(c, "This would have worked%s:\n",
            e->changed ? " (the command in another form)" : "");
        say_steps(c, e);
        return;
    case HD_EXPLAIN_NOT_FOUND:
        say(c,
            "No sequence was found that makes it work from here (%u "
            "tried); no configuration bit\nforbids it: it depends on data "
            "or on the past, as the reason says.\n",
            e->tried);
        return;
    default:
        break;
    }
    say(c,
        e->verdict == HD_EXPLAIN_NEVER
                ? "Never, because of that: no sequence of commands "
                  "changes it (%u tried).\n"
                : "Not with these bits (%u sequences tried), but the "
                  "configuration is not locked yet.\n",
        e->tried);
    if (e->mask) {
        hd_explain_bits_text(e, bits, sizeof bits);
        say(c, "A chip with %s would have taken:\n", bits);
        say_steps(c, e);
    }
    say_models(c, e);
}

/* ------------------------------------------------------------------- json */

static json_t *steps_json(const struct hd_explanation *e)
{
    static const char *const kinds[] = {"command", "wake", "sleep", "idle",
                                        "power"};
    json_t *all = json_array();

    for (unsigned i = 0; i < e->count; i++) {
        const struct hd_explain_step *s = &e->steps[i];
        char words[240];
        json_t *one;

        hd_explain_step_text(s, words, sizeof words);
        one = json_pack("{s:s,s:s,s:b,s:b}", "step", kinds[s->kind], "words",
                        words, "computed", s->computed, "for_ever",
                        s->for_ever);
        if (s->kind == HD_MOMENT_COMMAND) {
            (void)json_object_set_new(
                    one, "group",
                    json_hex(s->group, s->computed ? 3U : s->len));
        }
        (void)json_array_append_new(all, one);
    }
    return all;
}

static json_t *explanation_json(const struct hd_explanation *e)
{
    static const char *const verdicts[] = {"works", "steps", "reconfigure",
                                           "never", "not-found"};
    json_t *or_else = json_array();
    json_t *one = json_pack(
            "{s:s,s:s,s:s,s:i,s:s,s:s?,s:b,s:b,s:o,s:i}", "command", e->command,
            "reason", hd_why_name((enum hd_why)e->why.why), "text", e->reason,
            "status", e->why.status, "verdict", verdicts[e->verdict], "assumed",
            e->assumed, "disagrees", e->disagrees, "changed", e->changed,
            "steps", steps_json(e), "tried", (int)e->tried);

    for (unsigned i = 0; i < e->or_else_count; i++) {
        (void)json_array_append_new(or_else, json_string(e->or_else[i]));
    }
    (void)json_object_set_new(one, "or_else", or_else);
    if (e->why.byte != 0xFF && e->why.mask) {
        (void)json_object_set_new(one, "bits",
                                  json_pack("{s:i,s:i,s:i}", "byte",
                                            e->why.byte, "mask", e->why.mask,
                                            "value", e->why.value));
    }
    if (e->then.why != HD_WHY_NONE) {
        (void)json_object_set_new(
                one, "then",
                json_pack("{s:s,s:s}", "reason",
                          hd_why_name((enum hd_why)e->then.why), "text",
                          e->then_reason));
    }
    if (e->mask) {
        (void)json_object_set_new(one, "works_with",
                                  json_pack("{s:i,s:i,s:i}", "byte", e->byte,
                                            "mask", e->mask, "value",
                                            e->value));
    }
    return one;
}

/* -------------------------------------------------------------------- run */

static int explain_one(struct call *c, const struct hd_explain_case *k,
                       json_t *list)
{
    struct hd_explanation e;
    char assumed[256];
    int err = hd_explain(k, &e);

    if (err) {
        return fail_err(c, err, NULL, "the command");
    }
    say(c, "%s\n", e.command);
    if (e.disagrees) {
        say(c,
            "The chip answered 0x%02X (%s); the virtual chip with this "
            "configuration does not,\nwhatever is assumed about its past. "
            "Is it this chip's configuration?\n",
            k->status, hd_status_words(k->status));
    }
    if (e.why.why != HD_WHY_NONE) {
        say(c, "%s [%s, status 0x%02X]\n", e.reason,
            hd_why_name((enum hd_why)e.why.why), e.why.status);
    }
    if (e.then.why != HD_WHY_NONE && e.verdict != HD_EXPLAIN_STEPS_WORK) {
        say(c, "And once that is put right:\n%s [%s]\n", e.then_reason,
            hd_why_name((enum hd_why)e.then.why));
    }
    if (e.assumed) {
        hd_explain_assumed_text(&e, assumed, sizeof assumed);
        say(c, "It answers so if %s.\n", assumed);
    }
    say_verdict(c, k, &e);
    (void)json_array_append_new(list, explanation_json(&e));
    return EXIT_DONE;
}

/* A whole group, or what is between count and checksum. */
/* Hex as people paste it, from C as well: "0x07, 0x41". */
static bool read_group(const char *text, uint8_t *bytes, size_t size,
                       size_t *len)
{
    char plain[8 * (HD_V_GROUP_MAX + 1)];
    size_t at = 0;

    for (; *text && at < sizeof plain; text++) {
        const bool prefix = text[0] == '0' && (text[1] | 0x20) == 'x';

        plain[at++] = prefix || *text == ',' ? ' ' : *text;
        text += prefix;
    }
    return *text == 0 && parse_hex(plain, at, bytes, size, len);
}

/* With a count in front? Of ECDH with 63 bytes the opcode looks like one. */
static bool is_whole(const uint8_t *bytes, size_t len)
{
    struct hd_command_words words;

    if (len < 7 || bytes[0] != len) {
        return false;
    }
    hd_command_parse(bytes, len, &words);
    return hd_packet_check(bytes, len) == HD_OK ||
           strncmp(words.name, "unknown", 7) != 0;
}

static int add_command(struct call *c, const char *text, struct hd_history *h)
{
    struct hd_moment m = {.kind = HD_MOMENT_COMMAND};
    uint8_t bytes[HD_V_GROUP_MAX + 1];
    size_t len = 0;

    if (!read_group(text, bytes, sizeof bytes, &len) || len < 4) {
        return fail_usage(c,
                          "--command %.60s%s: not a command group in hex, at "
                          "least opcode, param1, param2 low and high: 41800200 "
                          "is Sign with slot 2",
                          text, strlen(text) > 60 ? "..." : "");
    }
    if (is_whole(bytes, len)) {
        memcpy(m.group, bytes, len);
    } else if (len >= 8 && bytes[0] == 0x03 && bytes[1] == len - 1) {
        memcpy(m.group, bytes + 1, --len); /* the word address, too */
    } else if (len + 3 > sizeof m.group) {
        return fail_usage(c,
                          "--command: %zu bytes are more than a command "
                          "group holds (%zu)",
                          len + 3, sizeof m.group);
    } else {
        m.group[0] = (uint8_t)(len + 3);
        memcpy(m.group + 1, bytes, len);
        hd_explain_seal(m.group, len + 1);
        len += 3;
    }
    m.len = (uint8_t)len;
    return hd_history_add(h, &m) ? fail(c, "not enough memory") : EXIT_DONE;
}

/* A pipe cannot be read twice, as the readers do: so a file that nobody sees.
 * NULL: errno says why. */
static FILE *copy_of(FILE *in)
{
    FILE *out = tmpfile();
    char block[4096];
    size_t got, sum = 0;

    while (out && sum <= HD_RECORDING_TEXT &&
           (got = fread(block, 1, sizeof block, in)) > 0) {
        sum += fwrite(block, 1, got, out);
    }
    if (out && (ferror(in) || fflush(out) != 0)) {
        (void)fclose(out);
        out = NULL;
    }
    return out;
}

static bool is_pipe(const char *path)
{
    struct stat st;

    return strcmp(path, "-") == 0 ||
           (stat(path, &st) == 0 &&
            (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
             S_ISCHR(st.st_mode)));
}

static int take_recording(struct call *c, const char *path, const char *name,
                          struct hd_history *h)
{
    const struct hd_capture_options opt = {.sda = option_text(c, "sda", NULL),
                                           .scl = option_text(c, "scl", NULL)};
    struct hd_recording r;
    unsigned long addr7 = 0;
    int code = option_number(c, "address", 1, 127, &addr7);
    int err;

    if (code != EXIT_DONE) {
        return code;
    }
    hd_recording_init(&r);
    err = hd_explain_read(&r, path, &opt);
    if (err) {
        code = fail(c, "%s: %s", name,
                    err == HD_ERR_IO ? strerror(errno) : r.error);
    } else if (hd_history_take(h, &r, (uint8_t)addr7)) {
        code = fail(c, "not enough memory");
    }
    hd_recording_free(&r);
    return code;
}

static int take_pipe(struct call *c, const char *path, struct hd_history *h)
{
    const bool named = strcmp(path, "-") != 0;
    FILE *in = named ? fopen(path, "rb") : stdin;
    FILE *file = in ? copy_of(in) : NULL;
    char copy[64];
    int code;

    if (!file) {
        code = fail(c, "%s: %s", path, strerror(errno));
    } else {
        (void)snprintf(copy, sizeof copy, "/proc/self/fd/%d", fileno(file));
        code = take_recording(c, copy, path, h);
        (void)fclose(file);
    }
    if (named && in) {
        (void)fclose(in);
    }
    return code;
}

static int take_history(struct call *c, struct hd_history *h)
{
    int code = !c->count ? EXIT_DONE
               : is_pipe(c->args[0])
                       ? take_pipe(c, c->args[0], h)
                       : take_recording(c, c->args[0], c->args[0], h);

    for (unsigned i = 0; code == EXIT_DONE && i < c->repeat_count; i++) {
        code = add_command(c, option_all(c)[i], h);
    }
    return code;
}

static int config_from_bundle(struct call *c, const char *path,
                              uint8_t config[128])
{
    struct hd_doctor d;
    int code = bundle_from_file(c, path, &d);

    if (code == EXIT_DONE && !d.has_config) {
        code = fail_usage(c, "%s holds no configuration", path);
    }
    memcpy(config, d.config, sizeof d.config);
    return code;
}

/* --config, --bundle, --chip, or what the recording shows. */
static int find_config(struct call *c, const struct hd_history *h,
                       struct hd_explain_case *k)
{
    const char *file = option_text(c, "config", NULL);
    const unsigned unknown = hd_history_unknown(h);

    if (option_given(c, "config") + option_given(c, "bundle") +
                option_given(c, "chip") >
        1) {
        return fail_usage(c, "--config, --bundle and --chip exclude each "
                             "other: each gives the configuration");
    }

    if (file) {
        return config_from_file(c, file, k->config);
    }
    if (option_given(c, "bundle")) {
        return config_from_bundle(c, option_text(c, "bundle", NULL), k->config);
    }
    if (option_given(c, "chip") || (unknown && getenv("HALF_CHIP"))) {
        return config_from_chip(c, k->config);
    }
    memcpy(k->config, h->config, sizeof k->config);
    return unknown ? fail_usage(
                             c,
                             "which configuration? Give --config FILE (`half "
                             "chip read config` prints it), --bundle FILE "
                             "or --chip ADDRESS%s",
                             c->count ? ": the recording does not show all "
                                        "of it being read"
                                      : "")
                   : EXIT_DONE;
}

static uint8_t find_model(struct call *c, const struct hd_history *h,
                          const uint8_t config[128])
{
    const char *name = option_text(c, "variant", NULL);
    const uint8_t chips_of = hd_policy_chip_of(config);

    if (name) {
        return strcmp(name, "508a") == 0   ? HD_VMODEL_508A
               : strcmp(name, "608a") == 0 ? HD_VMODEL_608A
                                           : HD_VMODEL_608B;
    }
    if (h->model) {
        return h->model;
    }
    return chips_of & HD_POLICY_608B   ? HD_VMODEL_608B
           : chips_of & HD_POLICY_608A ? HD_VMODEL_608A
           : chips_of & HD_POLICY_508A ? HD_VMODEL_508A
                                       : HD_VMODEL_608B;
}

/* Without --at and --all: the command given, or the last refusal. */
static size_t last_one(struct call *c, const struct hd_history *h)
{
    for (size_t i = h->count; i > 0; i--) {
        if (c->repeat_count ? h->at[i - 1].kind == HD_MOMENT_COMMAND
                            : hd_moment_refused(&h->at[i - 1])) {
            return i - 1;
        }
    }
    return h->count;
}

static bool is_wanted(struct call *c, const struct hd_moment *m, size_t number,
                      unsigned long at, bool is_last)
{
    if (at) {
        return number == at;
    }
    return option_given(c, "all") ? hd_moment_refused(m) : is_last;
}

static int explain_moment(struct call *c, const struct hd_history *h, size_t i,
                          struct hd_explain_case *k, json_t *list)
{
    const struct hd_moment *m = &h->at[i];
    struct hd_explain_case one = *k;
    const size_t from = i > REPLAYED ? i - REPLAYED : 0;

    if (from > 0) {
        say(c, "(Of what went before, the last %d are replayed.)\n", REPLAYED);
    }
    one.before = h->at + from;
    one.before_count = i - from;
    one.group = m->group;
    one.len = m->len;
    one.answered = k->answered || m->answered;
    one.status = m->answered ? m->status : k->status;
    return explain_one(c, &one, list);
}

/* Nothing was refused, or nothing like that is there. */
static int told_nothing(struct call *c, size_t number, unsigned long at)
{
    if (number == 0 && option_given(c, "address")) {
        return fail_usage(c, "--address %s: no command went there",
                          option_text(c, "address", ""));
    }
    if (at) {
        return fail_usage(c, "--at %lu: it has %zu command%s", at, number,
                          number == 1 ? "" : "s");
    }
    say(c, "%zu command%s, and none of them was refused%s.\n", number,
        number == 1 ? "" : "s",
        number ? "; --at N explains one all the same" : "");
    return EXIT_DONE;
}

static int explain_history(struct call *c, const struct hd_history *h,
                           struct hd_explain_case *k, unsigned long at)
{
    json_t *list = json_array();
    const size_t last = last_one(c, h);
    size_t number = 0, told = 0, left = 0;
    int code = EXIT_DONE;

    for (size_t i = 0; code == EXIT_DONE && i < h->count; i++) {
        if (h->at[i].kind != HD_MOMENT_COMMAND ||
            !is_wanted(c, &h->at[i], ++number, at, i == last)) {
            continue;
        }
        if (told == TOLD_MAX) {
            left++;
            continue;
        }
        say(c, "%s", told ? "\n" : "");
        if (c->count) {
            say(c, "command %zu of the recording\n", number);
        }
        code = explain_moment(c, h, i, k, list);
        told++;
    }
    put(c, "explanations", list);
    if (left > 0) {
        put(c, "left_out", json_integer((json_int_t)left));
        say(c, "\n... and %zu more refusals: --at N explains one of them.\n",
            left);
    }
    return code == EXIT_DONE && told == 0 ? told_nothing(c, number, at) : code;
}

static int explain_all(struct call *c, struct hd_history *h,
                       const struct status *status, unsigned long at)
{
    struct hd_explain_case k = {.answered = status->given,
                                .status = status->byte};
    int code = take_history(c, h);

    if (code == EXIT_DONE) {
        code = find_config(c, h, &k);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    k.model = find_model(c, h, k.config);
    k.swi = (k.config[14] & 1) == 0;
    return explain_history(c, h, &k, at);
}

/* `half explain HD_ERR_EXEC`: no recording is called like that. */
static bool is_error_name(const struct call *c)
{
    return c->count == 1 && strncmp(c->args[0], "HD_", 3) == 0 &&
           access(c->args[0], F_OK) != 0;
}

static int run(struct call *c)
{
    struct hd_history h = {.at = NULL};
    struct status status = {.given = false};
    const bool named = is_error_name(c);
    const char *text = option_text(c, "status", named ? c->args[0] : NULL);
    unsigned long at = 0;
    int code = text ? status_from_text(c, text, &status) : EXIT_DONE;

    if (code == EXIT_DONE) {
        code = option_number(c, "at", 1, 1000000, &at);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    if ((named || !c->count) && !c->repeat_count) {
        return text ? explain_status(c, &status)
                    : fail_usage(c, "what? Give a recording, --command HEX "
                                    "or --status N");
    }
    code = explain_all(c, &h, &status, at);
    hd_history_free(&h);
    return code;
}

const struct verb verb_explain = {
        .name = "explain",
        .args = "[RECORDING|-]",
        .most_args = 1,
        .summary = "why a chip refused, and what would have worked",
        .about = "Plays the command again on a virtual chip with the same "
                 "configuration and locks: which rule and bit refused it, and "
                 "the shortest sequence that would have worked, or why there "
                 "is none. RECORDING is a trace of half, a capture (.sr), a "
                 "table or pasted hex (docs/trace.md). With --chip only the "
                 "configuration is read from the chip; the command is not "
                 "sent to it.",
        .options = options,
        .run = run,
};
