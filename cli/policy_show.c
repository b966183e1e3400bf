/* SPDX-License-Identifier: Apache-2.0 */
/* half policy show: who may do what, as a table. */
#include <string.h>

#include "policy.h"
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
static void show_unlisted(const struct hd_policy *p)
{
    unsigned count = 0;

    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        if (!p->slots[i].name[0]) {
            printf("%s%u", count++ ? ", " : "the others, closed: ", i);
        }
    }
    if (count) {
        printf("\n");
    }
}

static void show_slots(const struct hd_policy *p)
{
    struct hd_policy_view view[HD_POLICY_SLOTS];
    char number[HD_POLICY_SLOTS][12];
    int width[COLUMNS] = {4, 4, 7, 4, 5, 5, 4};
    const char *row[COLUMNS];

    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        hd_policy_view_slot(p, i, &view[i]);
        (void)snprintf(number[i], sizeof number[i], "%4u", i);
        cells(p, i, &view[i], number[i], row);
        for (int k = 0; k < COLUMNS; k++) {
            int len = (int)strlen(row[k]);
            width[k] = len > width[k] ? len : width[k];
        }
    }
    print_row(titles, width);
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        char rest[160];
        if (!p->slots[i].name[0]) {
            continue;
        }
        cells(p, i, &view[i], number[i], row);
        print_row(row, width);
        hd_policy_view_rest(p, (int)i, rest, sizeof rest);
        if (view[i].use[0] || rest[0]) {
            printf("      %s%s%s\n", view[i].use,
                   view[i].use[0] && rest[0] ? "; " : "", rest);
        }
    }
    show_unlisted(p);
}

/* ---------------------------------------------------------------- the zone */

static bool has_words(const struct hd_policy *p,
                      const struct hd_policy_key *key)
{
    return (key->chips & p->chips) && key->form != HD_FORM_TEXT &&
           key->form != HD_FORM_OWN;
}

static void show_group(const struct hd_policy *p, unsigned g)
{
    const struct hd_policy_group *group = &hd_policy_groups[g];
    char word[64];
    unsigned count = 0;

    for (unsigned i = 0; i < group->count; i++) {
        const struct hd_policy_key *key = &group->keys[i];
        if (count && g == HD_G_SECURE_BOOT &&
            hd_policy_get(p->config, HD_F_SecureBootMode, 0) == 0) {
            break; /* the rest has no effect */
        }
        if (has_words(p, key) && hd_policy_say(p, key, 0, word, sizeof word)) {
            if (count++ == 0) {
                printf("%-14s  %s %s", group->name, key->name, word);
            } else {
                printf("; %s %s", key->name, word);
            }
        }
    }
    if (g >= HD_G_COUNTER0 && p->counters[g - HD_G_COUNTER0].name[0]) {
        const struct hd_policy_counter *counter =
                &p->counters[g - HD_G_COUNTER0];
        printf("; %s%s%s", counter->name, counter->about[0] ? ": " : "",
               counter->about);
    }
    if (count) {
        printf("\n");
    }
}

static void show_zone(const struct hd_policy *p)
{
    char rest[512];

    printf("\n");
    for (unsigned g = HD_G_INTERFACE; g < HD_G_SLOT; g++) {
        if (g == HD_G_LOCKS) {
            printf("%-14s  configuration %s; data %s\n", "locks",
                   p->lock_config ? "at-provisioning" : "later",
                   p->lock_data ? "at-provisioning" : "later");
            continue;
        }
        show_group(p, g);
    }
    hd_policy_view_rest(p, -1, rest, sizeof rest);
    if (rest[0]) {
        printf("%-14s  %s\n", "other bits", rest);
    }
    for (unsigned i = 0; i < p->waiver_count; i++) {
        printf("%-14s  %s at %s: %s\n", "allowed", p->waivers[i].rule,
               p->waivers[i].where, p->waivers[i].reason);
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
        printf("%s, for %s%s%s\n\n", p.name, hd_policy_chip_name(p.chips),
               p.about[0] ? ": " : "", p.about);
        show_slots(&p);
        show_zone(&p);
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
