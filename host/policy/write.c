/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From bits back to a file. What a purpose already says is not repeated;
 * what a word can say is said in words; the rest goes under `bits`. Each line
 * is applied, as it is written, to a shadow that began like the reader will
 * begin: what still differs at the end is by construction all that is left
 * to say, so that the file means the same bytes whatever they are.
 */
#include <stdarg.h>
#include <string.h>

#include "policy/blank.h"
#include "policy/document.h"

/* out NULL: only counts, to find the purpose that needs least. */
struct writer {
    const struct hd_policy *p;
    struct hd_policy shadow;
    FILE *out;
    unsigned lines;
    unsigned bits;
    const char *indent;
    const char *heading; /* written before the first line of a group */
};

__attribute__((format(printf, 2, 3))) static void line(struct writer *w,
                                                       const char *format, ...)
{
    va_list args;

    w->lines++;
    if (!w->out) {
        return;
    }
    if (w->heading) {
        fprintf(w->out, "%s", w->heading);
        w->heading = NULL;
    }
    fprintf(w->out, "%s", w->indent);
    va_start(args, format);
    (void)vfprintf(w->out, format, args);
    va_end(args);
    fputc('\n', w->out);
}

/* Free text, in quotes; all of it was UTF-8 when it was read. */
static void text(struct writer *w, const char *key, const char *value)
{
    char quoted[4 * HD_POLICY_TEXT_SIZE + 3];
    size_t at = 0;

    if (!value[0]) {
        return;
    }
    quoted[at++] = '"';
    for (const char *c = value; *c; c++) {
        if (*c == '"' || *c == '\\') {
            quoted[at++] = '\\';
            quoted[at++] = *c;
        } else if ((unsigned char)*c < 32 || *c == 127) {
            at += (size_t)snprintf(quoted + at, 5, "\\x%02x",
                                   (unsigned char)*c);
        } else {
            quoted[at++] = *c;
        }
    }
    quoted[at++] = '"';
    quoted[at] = 0;
    line(w, "%s: %s", key, quoted);
}

/* -------------------------------------------------------------------- keys */

/* Makes the shadow say this key's word too; false if it takes bits. */
static bool shadow_word(struct writer *w, const struct hd_policy_key *key,
                        unsigned slot)
{
    uint64_t value = hd_policy_key_value(w->p->config, key, slot);
    const char *word = key->rows[value][key->column];
    int row = hd_policy_row_for(
            key, hd_policy_key_value(w->shadow.config, key, slot), word);

    if (row < 0) {
        return false;
    }
    hd_policy_key_set(w->shadow.config, key, slot, (uint64_t)row);
    if (strchr(word, '*')) {
        hd_policy_set(w->shadow.config, key->label, slot,
                      hd_policy_get(w->p->config, key->label, slot));
    }
    return true;
}

/* `parent` is worth a word only where DeriveKey looks at it. */
static bool is_parent_used(const struct writer *w, unsigned slot)
{
    char word[64];
    const struct hd_policy_key *derive = hd_policy_key_named(
            HD_G_SLOT, "derive", HD_POLICY_ANY, HD_KIND_STORED);

    return hd_policy_say(w->p, derive, slot, word, sizeof word) &&
           strcmp(word, "never") != 0 && strcmp(word, "roll") != 0;
}

static void write_key(struct writer *w, const struct hd_policy_key *key,
                      unsigned slot)
{
    char now[64];
    char then[64];

    if (!hd_policy_say(w->p, key, slot, now, sizeof now)) {
        return;
    }
    if (hd_policy_say(&w->shadow, key, slot, then, sizeof then) &&
        strcmp(now, then) == 0) {
        return;
    }
    if (key->form == HD_FORM_WORDS && !shadow_word(w, key, slot)) {
        return;
    }
    if (key->form == HD_FORM_SLOT && key->field == HD_F_WriteKey &&
        !is_parent_used(w, slot)) {
        return;
    }
    if (key->form != HD_FORM_WORDS) {
        hd_policy_set(w->shadow.config, key->field, slot,
                      hd_policy_get(w->p->config, key->field, slot));
    }
    line(w, "%s: %s", key->name, now);
}

static void write_keys(struct writer *w, unsigned group, unsigned slot,
                       uint8_t kind)
{
    const struct hd_policy_group *g = &hd_policy_groups[group];

    for (unsigned i = 0; i < g->count; i++) {
        const struct hd_policy_key *key = &g->keys[i];
        if ((key->chips & w->p->chips) && (key->kinds & kind) &&
            key->form != HD_FORM_TEXT && key->form != HD_FORM_OWN) {
            write_key(w, key, slot);
        }
    }
}

static void write_bits(struct writer *w, unsigned slot, unsigned from,
                       unsigned to)
{
    bool begun = false;

    for (unsigned id = from; id < to; id++) {
        uint64_t value = hd_policy_get(w->p->config, id, slot);
        if (!(hd_policy_fields[id].chips & w->p->chips) ||
            hd_policy_get(w->shadow.config, id, slot) == value) {
            continue;
        }
        if (!begun) {
            line(w, "bits:");
            begun = true;
        }
        w->bits++;
        line(w, hd_policy_fields[id].width > 8 ? "  %s: 0x%llx" : "  %s: %llu",
             hd_policy_fields[id].name, (unsigned long long)value);
    }
}

/* ------------------------------------------------------------------- slots */

static void write_slot(struct writer *w, unsigned slot, unsigned purpose)
{
    const struct hd_policy_slot *s = &w->p->slots[slot];
    struct hd_policy_slot *shadow = &w->shadow.slots[slot];

    hd_policy_start_slot(&w->shadow, slot, purpose);
    uint8_t kind = hd_policy_kind(w->shadow.config, slot);
    if (w->out) {
        fprintf(w->out, "\n  %u:\n", slot);
    }
    line(w, "name: %s", s->name);
    line(w, "purpose: %s", hd_policy_purposes[purpose].word);
    text(w, "about", s->about);
    write_keys(w, HD_G_SLOT, slot, kind);
    if (s->lock != shadow->lock) {
        hd_policy_set_lock(&w->shadow, slot, s->lock);
        line(w, "lock: %s", hd_policy_lock_words[s->lock]);
    }
    if (s->content != shadow->content) {
        line(w, "content: %s", hd_policy_content_words[s->content]);
    }
    text(w, "file", s->file);
    write_bits(w, slot, 0, HD_F_FIRST_ZONE);
}

static void write_slots(struct writer *w)
{
    fprintf(w->out, "\nslots:\n");
    w->indent = "    ";
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        if (w->p->slots[i].name[0]) {
            write_slot(w, i, w->p->slots[i].purpose);
        }
    }
}

/* --------------------------------------------------------- the rest of it */

static void write_groups(struct writer *w)
{
    for (unsigned g = HD_G_INTERFACE; g < HD_G_COUNTER0; g++) {
        char heading[40];
        (void)snprintf(heading, sizeof heading, "\n%s:\n",
                       hd_policy_groups[g].name);
        w->heading = heading;
        w->indent = "  ";
        write_keys(w, g, 0, HD_KIND_ALL);
        if (g == HD_G_OTP) {
            text(w, "file", w->p->otp_file);
        }
        if (g == HD_G_LOCKS) {
            line(w, "configuration: %s",
                 w->p->lock_config ? "at-provisioning" : "later");
            line(w, "data: %s", w->p->lock_data ? "at-provisioning" : "later");
        }
        w->heading = NULL;
    }
}

static void write_counters(struct writer *w)
{
    bool begun = false;

    for (unsigned i = 0; i < 2; i++) {
        const struct hd_policy_counter *c = &w->p->counters[i];
        char heading[40];
        (void)snprintf(heading, sizeof heading, "%s  %u:\n",
                       begun ? "" : "\ncounters:\n", i);
        w->heading = heading;
        w->indent = "    ";
        if (c->name[0]) {
            line(w, "name: %s", c->name);
        }
        text(w, "about", c->about);
        write_keys(w, HD_G_COUNTER0 + i, 0, HD_KIND_ALL);
        begun = begun || !w->heading;
        w->heading = NULL;
    }
}

static void write_waivers(struct writer *w)
{
    if (w->p->waiver_count) {
        fprintf(w->out, "\nallow:\n");
    }
    w->indent = "    ";
    for (unsigned i = 0; i < w->p->waiver_count; i++) {
        const struct hd_policy_waiver *v = &w->p->waivers[i];
        w->indent = "  - ";
        text(w, "rule", v->rule);
        w->indent = "    ";
        text(w, "where", v->where);
        text(w, "reason", v->reason);
    }
}

void hd_policy_write(const struct hd_policy *policy, FILE *out)
{
    struct writer w = {.p = policy, .out = out, .indent = ""};

    w.shadow = *policy; /* names, to speak of slots by */
    hd_policy_blank(policy->chips, w.shadow.config);
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        hd_policy_start_slot(&w.shadow, i,
                             (unsigned)hd_policy_purpose_named("closed"));
    }
    line(&w, "policy: %s", policy->name);
    text(&w, "about", policy->about);
    line(&w, "chip: %s", hd_policy_chip_name(policy->chips));
    write_slots(&w);
    write_counters(&w);
    write_groups(&w);
    write_waivers(&w);
    w.indent = "";
    fputc('\n', out);
    write_bits(&w, 0, HD_F_FIRST_ZONE, HD_F_COUNT);
}

/* ------------------------------------------------------- from a bare chip */

/* Roles of slots that need somebody who names them. */
struct role {
    const char *purpose;
    uint8_t enabled; /* field that must not be 0, of the zone or any slot */
    uint8_t names;   /* field that names the slot */
};

static const struct role roles[] = {
        {"io-protection", HD_F_IoProtectionKeyEnable, HD_F_IoProtectionKey},
        {"boot-key", HD_F_SecureBootMode, HD_F_SecureBootPubKey},
        {"boot-digest", HD_F_SecureBootMode, HD_F_SecureBootSigDig},
        {"authorisation", HD_F_ReqAuth, HD_F_AuthKey},
        {"wrapping-key", HD_F_EncryptRead, HD_F_ReadKey},
};

static bool is_named(const struct hd_policy *p, const struct role *r,
                     unsigned slot)
{
    unsigned owners = hd_policy_is_slot_field(r->names) ? HD_POLICY_SLOTS : 1;

    for (unsigned i = 0; i < owners; i++) {
        if ((hd_policy_fields[r->names].chips & p->chips) &&
            hd_policy_get(p->config, r->enabled, i) &&
            hd_policy_get(p->config, r->names, i) == slot) {
            return true;
        }
    }
    return false;
}

/* True if the purpose is a role and the slot does not play it. */
static bool plays_no_such_role(const struct hd_policy *p, unsigned slot,
                               const char *purpose, bool *plays_it)
{
    *plays_it = false;
    for (unsigned i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        if (strcmp(roles[i].purpose, purpose) == 0) {
            *plays_it = is_named(p, &roles[i], slot);
            return !*plays_it;
        }
    }
    return strcmp(purpose, "accessory-key") == 0; /* no bit tells it */
}

/* Purposes that promise nothing about who may do what. */
static bool is_general(const char *purpose)
{
    static const char *const general[] = {"private-key", "secret",
                                          "seal-key",    "data",
                                          "public-key",  "custom"};

    for (unsigned i = 0; i < sizeof general / sizeof general[0]; i++) {
        if (strcmp(general[i], purpose) == 0) {
            return true;
        }
    }
    return false;
}

/* Bits that make a purpose what it is: who reads, writes, and what a private
 * key does. */
static uint16_t essence(const uint8_t *config, unsigned slot)
{
    uint16_t word =
            (uint16_t)(config[20 + 2 * slot] | config[21 + 2 * slot] << 8);
    bool is_private = hd_policy_kind(config, slot) == HD_KIND_PRIVATE;

    return word & (is_private ? 0x600F : 0xF0C0);
}

static bool may_be(const struct hd_policy *p, unsigned slot,
                   const struct hd_policy_purpose *u, bool *plays_it)
{
    uint8_t base[HD_POLICY_CONFIG_BYTES] = {0};

    base[20] = (uint8_t)u->slot_config;
    base[21] = (uint8_t)(u->slot_config >> 8);
    base[96] = (uint8_t)u->key_config;
    if (plays_no_such_role(p, slot, u->word, plays_it)) {
        return false;
    }
    if (strcmp(u->word, "custom") == 0) {
        return true;
    }
    return (u->chips & p->chips) && slot >= u->slots_from &&
           hd_policy_kind(base, 0) == hd_policy_kind(p->config, slot) &&
           (is_general(u->word) || *plays_it ||
            essence(base, 0) == essence(p->config, slot));
}

/* The purpose that leaves least to say; a raw field weighs like three lines,
 * and a role that somebody names the slot for saves three. */
static unsigned guess_purpose(const struct hd_policy *p, unsigned slot)
{
    unsigned best = hd_policy_purpose_count - 1;
    unsigned least = UINT32_MAX;
    struct writer w = {.p = p, .shadow = *p};

    for (unsigned i = 0; i < hd_policy_purpose_count; i++) {
        const struct hd_policy_purpose *u = &hd_policy_purposes[i];
        bool plays_it = false;
        if (!may_be(p, slot, u, &plays_it)) {
            continue;
        }
        w.lines = 0;
        w.bits = 0;
        hd_policy_set(w.shadow.config, HD_F_SlotLocked, slot, 1);
        write_slot(&w, slot, i);
        unsigned cost = w.lines + 2 * w.bits + (plays_it ? 0 : 3) +
                        (i + 1 == hd_policy_purpose_count ? 20 : 0);
        if (cost < least) {
            least = cost;
            best = i;
        }
    }
    return best;
}

static void name_slot(struct hd_policy *p, unsigned slot)
{
    unsigned same = 0;

    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        same += p->slots[i].purpose == p->slots[slot].purpose;
    }
    (void)snprintf(p->slots[slot].name, sizeof p->slots[slot].name,
                   same > 1 ? "%s-%u" : "%s",
                   hd_policy_purposes[p->slots[slot].purpose].word, slot);
}

static uint8_t lock_of(const uint8_t *config, unsigned slot)
{
    if (!hd_policy_get(config, HD_F_Lockable, slot)) {
        return HD_LOCK_NEVER;
    }
    return hd_policy_get(config, HD_F_SlotLocked, slot) ? HD_LOCK_LATER
                                                        : HD_LOCK_START;
}

int hd_policy_from_config(const uint8_t config[HD_POLICY_CONFIG_BYTES],
                          struct hd_policy *p, struct hd_policy_error *why)
{
    uint8_t chip = hd_policy_chip_of(config);

    *p = (struct hd_policy){.lock_config = true, .lock_data = true};
    *why = (struct hd_policy_error){0};
    if (!chip) {
        p->chips = HD_POLICY_608;
        (void)hd_policy_fits(p, config, why);
        return HD_ERR_FORMAT;
    }
    p->chips = chip & HD_POLICY_608 ? HD_POLICY_608 : chip;
    memcpy(p->config, config, sizeof p->config);
    (void)snprintf(p->name, sizeof p->name, "from-chip");
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        (void)snprintf(p->slots[i].name, sizeof p->slots[i].name, "slot-%u", i);
        p->slots[i].lock = lock_of(config, i);
    }
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        p->slots[i].purpose = (uint8_t)guess_purpose(p, i);
    }
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        struct hd_policy_slot *s = &p->slots[i];
        name_slot(p, i);
        s->content = hd_policy_purposes[s->purpose].content;
        if (s->content == HD_CONTENT_FILE) {
            s->content = HD_CONTENT_LATER; /* whose bytes, no bit tells */
        }
    }
    return HD_OK;
}
