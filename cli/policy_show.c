/* SPDX-License-Identifier: Apache-2.0 */
/* half policy show: who may do what, as a table. */
#include <string.h>

#include "policy.h"
#include "policy/blank.h"
#include "policy/view.h"

static const struct option options[] = {
        OPTION_HEX,
        OPTION_CHIP,
        OPTION_JSON,
        OPTION_END,
};

/* ------------------------------------------------------------------- slots */

enum { COLUMNS = 7 };
static const char *const titles[COLUMNS] = {"slot",  "name",  "purpose", "read",
                                            "write", "renew", "lock"};

static void cells(const struct hd_policy *p, unsigned slot,
                  const struct hd_policy_view *v, const char *number,
                  const char *out[COLUMNS])
{
    const struct hd_policy_slot *s = &p->slots[slot];

    out[0] = number;
    out[1] = s->name[0] ? s->name : "-";
    out[2] = hd_policy_purposes[s->purpose].word;
    out[3] = v->read;
    out[4] = v->write;
    out[5] = v->renew;
    out[6] = v->lock;
}

static void print_row(const char *const row[COLUMNS], const int width[COLUMNS])
{
    for (int i = 0; i + 1 < COLUMNS; i++) {
        printf("%-*s  ", width[i], row[i]);
    }
    printf("%s\n", row[COLUMNS - 1]);
}

/* Slots that the file does not mention are closed; one line says so. */
static void show_unlisted(const struct hd_policy *p, int line)
{
    char text[128] = "the others are closed:";
    size_t used = strlen(text);
    unsigned count = 0;

    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        if (!p->slots[i].name[0]) {
            used += (size_t)snprintf(text + used, sizeof text - used, "%s %u",
                                     count++ ? "," : "", i);
        }
    }
    if (count) {
        print_wrapped(stdout, text, 0, 0, line);
    }
}

struct table {
    struct hd_policy_view view[HD_POLICY_SLOTS];
    char number[HD_POLICY_SLOTS][12];
    int width[COLUMNS];
    int total;
};

static void measure(const struct hd_policy *p, struct table *t)
{
    const char *row[COLUMNS];

    t->total = 2 * (COLUMNS - 1);
    for (int k = 0; k < COLUMNS; k++) {
        t->width[k] = (int)strlen(titles[k]);
    }
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        hd_policy_view_slot(p, i, &t->view[i]);
        (void)snprintf(t->number[i], sizeof t->number[i], "%4u", i);
        cells(p, i, &t->view[i], t->number[i], row);
        for (int k = 0; k < COLUMNS && p->slots[i].name[0]; k++) {
            int len = (int)strlen(row[k]);
            t->width[k] = len > t->width[k] ? len : t->width[k];
        }
    }
    for (int k = 0; k < COLUMNS; k++) {
        t->total += t->width[k];
    }
}

/* "with 4": slots that other slots speak of go by their numbers. */
static void by_numbers(const struct hd_policy *p, struct table *t)
{
    struct hd_policy numbered = *p;

    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        (void)snprintf(numbered.slots[i].name, sizeof numbered.slots[i].name,
                       "%u", i);
    }
    measure(&numbered, t);
}

static void show_slot(const struct hd_policy *p, unsigned slot,
                      const struct table *t, int line)
{
    const struct hd_policy_slot *s = &p->slots[slot];
    char rest[160], text[2 * HD_POLICY_TEXT_SIZE + 160];
    const char *use = t->view[slot].use;
    const char *row[COLUMNS];

    cells(p, slot, &t->view[slot], t->number[slot], row);
    print_row(row, t->width);
    if (s->about[0]) {
        printf("%*s", 6, "");
        print_wrapped(stdout, s->about, 6, 6, line);
    }
    hd_policy_view_rest(p, (int)slot, rest, sizeof rest);
    (void)snprintf(text, sizeof text, "%s%s%s", use,
                   use[0] && rest[0] ? "; " : "", rest);
    if (text[0]) {
        printf("%*s", 6, "");
        print_wrapped(stdout, text, 6, 6, line);
    }
}

static void show_slots(const struct hd_policy *p, int line)
{
    struct table t, narrow;
    bool is_narrow;

    measure(p, &t);
    is_narrow = t.total > line;
    if (is_narrow) {
        by_numbers(p, &narrow);
        for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
            struct hd_policy_view *v = &narrow.view[i];
            memcpy(v->use, t.view[i].use, sizeof v->use);
        }
        narrow.width[1] = t.width[1]; /* the names themselves stay */
        t = narrow;
    }
    print_row(titles, t.width);
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        if (p->slots[i].name[0]) {
            show_slot(p, i, &t, line);
        }
    }
    show_unlisted(p, line);
    if (is_narrow) {
        printf("\n(with 4: with the key of slot 4)\n");
    }
}

/* ---------------------------------------------------------------- the zone */

static bool has_words(const struct hd_policy *p,
                      const struct hd_policy_key *key)
{
    return (key->chips & p->chips) && key->form != HD_FORM_TEXT &&
           key->form != HD_FORM_OWN;
}

enum { TEXT_AT = 15 };

/* "name           text", wrapped. */
static void show_line(const char *name, const char *text, int line)
{
    printf("%-*s ", TEXT_AT - 1, name);
    print_wrapped(stdout, text, TEXT_AT, TEXT_AT, line);
}

/* All is as it would be if the file said nothing. */
static bool is_usual(const struct hd_policy *p, unsigned g)
{
    uint8_t usual[HD_POLICY_CONFIG_BYTES];
    const struct hd_policy_group *group = &hd_policy_groups[g];

    hd_policy_blank(p->chips, usual);
    for (unsigned i = 0; i < group->count; i++) {
        const struct hd_policy_key *key = &group->keys[i];
        if (has_words(p, key) && hd_policy_key_value(p->config, key, 0) !=
                                         hd_policy_key_value(usual, key, 0)) {
            return false;
        }
    }
    return true;
}

static void group_text(const struct hd_policy *p, unsigned g, char *out,
                       size_t size)
{
    const struct hd_policy_group *group = &hd_policy_groups[g];
    char word[64];
    size_t used = 0;

    out[0] = 0;
    for (unsigned i = 0; i < group->count && used < size; i++) {
        const struct hd_policy_key *key = &group->keys[i];
        if (used && g == HD_G_SECURE_BOOT &&
            hd_policy_get(p->config, HD_F_SecureBootMode, 0) == 0) {
            break; /* the rest has no effect */
        }
        if (has_words(p, key) && hd_policy_say(p, key, 0, word, sizeof word)) {
            int n = snprintf(out + used, size - used, "%s%s %s",
                             used ? "; " : "", key->name, word);
            used += n > 0 ? (size_t)n : 0;
        }
    }
}

static void show_counter(const struct hd_policy *p, unsigned n, int line)
{
    const struct hd_policy_counter *counter = &p->counters[n];
    char text[1024], words[512];

    group_text(p, HD_G_COUNTER0 + n, words, sizeof words);
    (void)snprintf(text, sizeof text, "%s%s%s%s%s", counter->name,
                   counter->about[0] ? ": " : "", counter->about,
                   counter->name[0] ? "; " : "", words);
    show_line(hd_policy_groups[HD_G_COUNTER0 + n].name, text, line);
}

static void show_locks(const struct hd_policy *p, int line)
{
    char text[80];

    (void)snprintf(text, sizeof text, "configuration %s; data %s",
                   p->lock_config ? "at-provisioning" : "later",
                   p->lock_data ? "at-provisioning" : "later");
    show_line("locks", text, line);
}

/* The address and the locks always; of the rest what is not as it would be
 * anyway. */
static void show_groups(const struct hd_policy *p, int line)
{
    char text[512], usual[256] = "";
    size_t used = 0;

    for (unsigned g = HD_G_INTERFACE; g < HD_G_COUNTER0; g++) {
        group_text(p, g, text, sizeof text);
        if (g == HD_G_LOCKS) {
            show_locks(p, line);
        } else if (g != HD_G_INTERFACE && is_usual(p, g)) {
            used += text[0] ? (size_t)snprintf(usual + used,
                                               sizeof usual - used, "%s%s",
                                               used ? ", " : "",
                                               hd_policy_groups[g].name)
                            : 0;
        } else {
            show_line(hd_policy_groups[g].name, text, line);
        }
    }
    show_counter(p, 0, line);
    show_counter(p, 1, line);
    if (used) {
        show_line("defaults", usual, line);
    }
}

static void show_zone(const struct hd_policy *p, int line)
{
    char rest[512];

    printf("\n");
    show_groups(p, line);
    hd_policy_view_rest(p, -1, rest, sizeof rest);
    if (rest[0]) {
        show_line("other bits", rest, line);
    }
    for (unsigned i = 0; i < p->waiver_count; i++) {
        char text[HD_POLICY_TEXT_SIZE + 2 * HD_POLICY_NAME_SIZE + 8];
        (void)snprintf(text, sizeof text, "%s at %s: %s", p->waivers[i].rule,
                       p->waivers[i].where, p->waivers[i].reason);
        show_line(i ? "" : "allowed", text, line);
    }
}

/* -------------------------------------------------------------------- json */

static json_t *bits_json(const struct hd_policy *p, unsigned from, unsigned to,
                         unsigned slot)
{
    json_t *bits = json_object();

    for (unsigned id = from; id < to; id++) {
        uint64_t value = hd_policy_get(p->config, id, slot);
        if (!(hd_policy_fields[id].chips & p->chips)) {
            continue;
        }
        char hex[20];
        (void)snprintf(hex, sizeof hex, "%016llx", (unsigned long long)value);
        (void)json_object_set_new(bits, hd_policy_fields[id].name,
                                  hd_policy_fields[id].width == 64
                                          ? json_string(hex)
                                          : json_integer((json_int_t)value));
    }
    return bits;
}

static json_t *slot_json(const struct hd_policy *p, unsigned slot)
{
    const struct hd_policy_slot *s = &p->slots[slot];
    struct hd_policy_view v;

    hd_policy_view_slot(p, slot, &v);
    return json_pack("{s:i,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o}",
                     "slot", (int)slot, "name", s->name, "purpose",
                     hd_policy_purposes[s->purpose].word, "about", s->about,
                     "type", v.type, "read", v.read, "write", v.write, "renew",
                     v.renew, "use", v.use, "lock",
                     hd_policy_lock_words[s->lock], "content",
                     hd_policy_content_words[s->content], "file", s->file,
                     "bits", bits_json(p, 0, HD_F_FIRST_ZONE, slot));
}

static json_t *settings_json(const struct hd_policy *p)
{
    json_t *all = json_object();
    char word[64];

    for (unsigned g = HD_G_INTERFACE; g < HD_G_SLOT; g++) {
        json_t *one = json_object();
        for (unsigned i = 0; i < hd_policy_groups[g].count; i++) {
            const struct hd_policy_key *key = &hd_policy_groups[g].keys[i];
            if (has_words(p, key) &&
                hd_policy_say(p, key, 0, word, sizeof word)) {
                (void)json_object_set_new(one, key->name, json_string(word));
            }
        }
        (void)json_object_set_new(all, hd_policy_groups[g].name, one);
    }
    return all;
}

static void put_policy(struct call *c, const struct hd_policy *p)
{
    json_t *slots = json_array();
    json_t *allow = json_array();

    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        (void)json_array_append_new(slots, slot_json(p, i));
    }
    for (unsigned i = 0; i < p->waiver_count; i++) {
        (void)json_array_append_new(
                allow,
                json_pack("{s:s,s:s,s:s}", "rule", p->waivers[i].rule, "where",
                          p->waivers[i].where, "reason", p->waivers[i].reason));
    }
    put(c, "policy", json_string(p->name));
    put(c, "about", json_string(p->about));
    put(c, "chip", json_string(hd_policy_chip_name(p->chips)));
    put_hex(c, "config", p->config, sizeof p->config);
    put(c, "slots", slots);
    put(c, "settings", settings_json(p));
    put(c, "counters",
        json_pack("[s,s]", p->counters[0].name, p->counters[1].name));
    put(c, "lock_config", json_boolean(p->lock_config));
    put(c, "lock_data", json_boolean(p->lock_data));
    put(c, "bits", bits_json(p, HD_F_FIRST_ZONE, HD_F_COUNT, 0));
    put(c, "allow", allow);
}

static void show(const struct hd_policy *p)
{
    int line = text_width();

    printf("%s, for %s\n", p->name, hd_policy_chip_name(p->chips));
    if (p->about[0]) {
        print_wrapped(stdout, p->about, 0, 0, line);
    }
    printf("\n");
    show_slots(p, line);
    show_zone(p, line);
}

static int run(struct call *c)
{
    struct hd_policy p;
    struct hd_policy_report report;
    int code = policy_from_call(c, &p, &report);

    hd_policy_report_free(&report);
    if (code != EXIT_DONE) {
        return code;
    }
    if (is_text(c)) {
        show(&p);
    } else {
        put_policy(c, &p);
    }
    return EXIT_DONE;
}

const struct verb verb_policy_show = {
        .group = "policy",
        .name = "show",
        .args = "[FILE|-]",
        .most_args = 1,
        .summary = "show who may do what, slot by slot",
        .about = "Of a policy FILE, of configuration bytes (--hex) or of a "
                 "chip (--chip). `read`, `write` and `renew` say who may, once "
                 "both zones are locked.",
        .options = options,
        .run = run,
};
