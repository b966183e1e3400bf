/* SPDX-License-Identifier: Apache-2.0 */
/*
 * half sim replay: plays a recording to a virtual chip and says what it did
 * and what became of the chip. For the answers of `half policy attack --save`,
 * and for anything that was recorded on a real bus.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "explain/history.h"
#include "halfdollar/bus.h"
#include "halfdollar/port_sim.h"
#include "plan/plan.h"
#include "sim.h"
#include "words.h"

#define WAKE_MS  21   /* with a self-test at each wake (docs/chip part 1) */
#define POLLS_MS 2000 /* longer than the longest command */

static const struct option options[] = {
        {"keep", 0, NULL, "leave the file as it was"},
        OPTION_JSON,
        OPTION_END,
};

struct player {
    struct call *c;
    struct hd_vchip *chip;
    struct hd_vbus bus;
    struct hd_sim sim;
    const struct hd_bus *port;
    json_t *list;
    unsigned commands, refused;
};

/* -------------------------------------------------------------------- bus */

static void word(struct player *p, uint8_t value)
{
    p->sim.addr7 = p->chip->addr7; /* may have become another one */
    (void)p->port->send(&p->sim, value, NULL, 0);
}

/* A pause that TempKey survives, so that each command has the watchdog's
 * whole time: a recording tells little of the pauses that there were. */
static void wake(struct player *p)
{
    word(p, HD_WORD_IDLE);
    (void)p->port->wake(&p->sim);
    hd_vbus_advance(&p->bus, WAKE_MS * UINT64_C(1000000));
}

/* Bytes of the answer; 0: none. */
static size_t send(struct player *p, const struct hd_moment *m,
                   uint8_t answer[HD_V_GROUP_MAX])
{
    wake(p);
    p->sim.addr7 = p->chip->addr7;
    if (p->port->send(&p->sim, HD_WORD_COMMAND, m->group, m->len) != HD_OK) {
        return 0;
    }
    for (unsigned ms = 0; ms < POLLS_MS; ms++) {
        if (p->port->recv(&p->sim, answer, HD_V_GROUP_MAX) == HD_OK) {
            return answer[0] < 4 || answer[0] > HD_V_GROUP_MAX ? 0
                                                               : answer[0] - 3U;
        }
        hd_vbus_advance(&p->bus, 1000000);
    }
    return 0;
}

/* ------------------------------------------------------------------- words */

static void tell(struct player *p, const struct hd_moment *m,
                 const uint8_t *answer, size_t len)
{
    const struct hd_refusal *why = hd_vchip_refusal(p->chip);
    bool refused = why->why != HD_WHY_NONE;
    struct hd_command_words words;
    char text[160], hex[2 * HD_V_GROUP_MAX + 1], reason[300] = "";

    hd_command_parse(m->group, m->len, &words);
    (void)hd_command_text(&words, text, sizeof text);
    hex_text(answer + 1, len, hex);
    if (refused) {
        (void)hd_refusal_text(why, reason, sizeof reason);
    }
    p->commands++;
    p->refused += refused;
    say(p->c, "%s\n  %s%s\n", text, refused ? "refused: " : "",
        refused                      ? reason
        : len == 0                   ? "no answer"
        : answer[1] == 0 && len == 1 ? "done"
                                     : hex);
    (void)json_array_append_new(p->list,
                                json_pack("{s:s, s:b, s:s, s:s}", "command",
                                          text, "refused", refused, "answer",
                                          hex, "reason", reason));
}

/* What is not as it was: slots by number, the zones by name. */
static void tell_changes(struct player *p, const uint8_t *before)
{
    const uint8_t *now = p->chip->ee;
    size_t at = HD_V_CONFIG_BYTES + HD_V_OTP_BYTES;
    json_t *list = json_array();
    char name[32];

    if (memcmp(before, now, HD_V_CONFIG_BYTES) != 0) {
        (void)json_array_append_new(list, json_string("configuration"));
    }
    if (memcmp(before + HD_V_CONFIG_BYTES, now + HD_V_CONFIG_BYTES,
               HD_V_OTP_BYTES) != 0) {
        (void)json_array_append_new(list, json_string("OTP"));
    }
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        size_t len = hd_plan_slot_size(slot);

        if (memcmp(before + at, now + at, len) != 0) {
            (void)snprintf(name, sizeof name, "slot %u", slot);
            (void)json_array_append_new(list, json_string(name));
        }
        at += len;
    }
    say(p->c, "\n%u command%s, %u refused; changed:", p->commands,
        p->commands == 1 ? "" : "s", p->refused);
    for (size_t i = 0; i < json_array_size(list); i++) {
        say(p->c, "%s %s", i ? "," : "",
            json_string_value(json_array_get(list, i)));
    }
    say(p->c, json_array_size(list) ? "\n" : " nothing\n");
    put(p->c, "changed", list);
}

/* -------------------------------------------------------------------- play */

static void play(struct player *p, const struct hd_history *h)
{
    uint8_t answer[HD_V_GROUP_MAX];

    for (size_t i = 0; i < h->count; i++) {
        const struct hd_moment *m = &h->at[i];

        switch (m->kind) {
        case HD_MOMENT_COMMAND:
            tell(p, m, answer, send(p, m, answer));
            break;
        case HD_MOMENT_SLEEP:
            word(p, HD_WORD_SLEEP);
            break;
        default:
            wake(p);
            break;
        }
    }
    hd_wipe(answer, sizeof answer);
}

static int read_history(struct call *c, const char *path, struct hd_history *h)
{
    struct hd_recording r;
    int code = EXIT_DONE;

    hd_recording_init(&r);
    int err = hd_explain_read(&r, path, NULL);

    if (err != HD_OK) {
        code = fail(c, "%s: %s", path,
                    err == HD_ERR_IO && errno ? strerror(errno) : r.error);
    } else if (hd_history_take(h, &r, 0) != HD_OK) {
        code = fail(c, "not enough memory");
    } else if (h->count == 0) {
        code = fail(c, "%s: no command in it", path);
    }
    hd_recording_free(&r);
    return code;
}

static int replay(struct call *c, struct hd_vchip *chip,
                  const struct hd_history *h)
{
    uint8_t before[HD_V_EEPROM_BYTES];
    struct player p = {.c = c, .chip = chip, .list = json_array()};

    memcpy(before, chip->ee, sizeof before);
    hd_vbus_init(&p.bus, 1000000);
    if (hd_vbus_attach(&p.bus, chip) != HD_OK) {
        json_decref(p.list);
        return fail(c, "the virtual bus takes no chip");
    }
    p.port = chip->swi ? &hd_sim_swi_bus : &hd_sim_bus;
    p.sim.bus = &p.bus;
    play(&p, h);
    put(c, "commands", p.list);
    tell_changes(&p, before);
    hd_wipe(before, sizeof before);
    return p.refused ? EXIT_REFUSED : EXIT_DONE;
}

static int with_file(struct call *c, const struct hd_history *h)
{
    const char *path = sim_path(c->args[0]);
    struct hd_vchip chip;
    struct sim_file file;
    int code = sim_load(c, path, &chip, &file);

    if (code != EXIT_DONE) {
        return code;
    }
    code = replay(c, &chip, h);
    if (!option_given(c, "keep")) {
        int saved = sim_save(c, &chip, &file);

        code = saved == EXIT_DONE ? code : saved;
    }
    hd_vchip_free(&chip);
    sim_unlock(&file);
    return code;
}

static int run(struct call *c)
{
    struct hd_history h = {0};
    int code = read_history(c, c->args[1], &h);

    if (code == EXIT_DONE) {
        code = with_file(c, &h);
    }
    hd_history_free(&h);
    return code;
}

const struct verb verb_sim_replay = {
        .group = "sim",
        .name = "replay",
        .args = "FILE RECORDING",
        .summary = "plays a recording to a virtual chip",
        .about = "Sends the commands of a recording in any form "
                 "(docs/trace.md) and says what the chip answers, why it "
                 "refuses, and what has changed in it. Exit code 1 if it "
                 "refused something. Random numbers are the chip's own, so "
                 "what a host computed from others is refused.",
        .options = options,
        .run = run,
        .least_args = 2,
        .most_args = 2,
};
