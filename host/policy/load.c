/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the texts of a file to bits: purposes first, then the file's words,
 * which change them, then raw bits, which have the last word.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/blank.h"
#include "policy/document.h"

struct loader {
    const struct document *d;
    struct hd_policy *p;
    struct hd_policy_report *report;
    /* A name that is not found is no second mistake if a slot's own name is
     * missing or wrong. */
    bool all_named;
    /* Fields that a word of this slot has set to a slot's number, so that a
     * second word cannot set them to another. */
    uint8_t labelled[HD_F_COUNT];
    char path[PATH_SIZE]; /* of the group, "" for the file */
};

static unsigned line_of(const struct loader *l, const char *key)
{
    char path[2 * PATH_SIZE];

    (void)snprintf(path, sizeof path, "%s%s%s", l->path, l->path[0] ? "/" : "",
                   key);
    return hd_policy_line_near(l->report, path);
}

/* Each mistake is noted, and reading goes on with the next thing. */
#define FAIL(l, key, ...)                                                      \
    hd_report_add((l)->report, line_of((l), (key)), __VA_ARGS__)

/* True if the group we are in has an unknown key that was meant to be this
 * one: that is told already. */
static bool is_misspelt(const struct loader *l, const char *key)
{
    size_t len = strlen(l->path);

    for (unsigned i = 0; i < l->report->place_count; i++) {
        const struct hd_policy_place *p = &l->report->places[i];
        const char *rest = p->path + len + (len > 0);
        if (p->meant && strcmp(p->meant, key) == 0 &&
            strncmp(p->path, l->path, len) == 0 &&
            (len == 0 || p->path[len] == '/') && !strchr(rest, '/')) {
            return true;
        }
    }
    return false;
}

/* For what must be there. */
#define MISSING(l, key, ...)                                                   \
    (is_misspelt((l), (key)) ? HD_ERR_FORMAT : FAIL((l), "", __VA_ARGS__))

/* ------------------------------------------------------------------- words */

/* "with 6", where slots go by their names: the name of slot 6, or NULL. */
static const char *name_by_number(const struct loader *l, const char *word)
{
    const char *digits = word + strcspn(word, "0123456789");
    char *end = NULL;
    unsigned long slot = strtoul(digits, &end, 10);

    return digits[0] && (digits == word || digits[-1] == ' ') && !*end &&
                           slot < HD_POLICY_SLOTS && l->p->slots[slot].name[0]
                   ? l->p->slots[slot].name
                   : NULL;
}

static int unknown_word(struct loader *l, const char *key,
                        const struct word_list *list, const char *word)
{
    char hint[320];

    return FAIL(l, key, "%s: there is no '%s'%s", key, word,
                hd_words_hint(list, word, hint, sizeof hint));
}

static int find_word(struct loader *l, const char *key,
                     const char *const *words, unsigned count, const char *word,
                     uint8_t *index)
{
    struct word_list list = {.count = 0};

    for (unsigned i = 0; i < count; i++) {
        if (strcmp(words[i], word) == 0) {
            *index = (uint8_t)i;
            return HD_OK;
        }
        hd_words_add(&list, words[i]);
    }
    return unknown_word(l, key, &list, word);
}

static int copy_text(struct loader *l, const char *key, const char *text,
                     char *out, size_t size)
{
    size_t len = strlen(text);

    if (len >= size) {
        return FAIL(l, key, "%s: %zu bytes; %zu is the most", key, len,
                    size - 1);
    }
    memcpy(out, text, len + 1);
    return HD_OK;
}

static bool is_name(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return text[0] >= 'a' && text[0] <= 'z' && text[len] == 0;
}

static int copy_name(struct loader *l, const char *key, const char *text,
                     char *out)
{
    if (!is_name(text)) {
        return FAIL(l, key,
                    "%s: '%s' is no name: small letters, digits and '-', "
                    "beginning with a letter",
                    key, text);
    }
    return copy_text(l, key, text, out, HD_POLICY_NAME_SIZE);
}

static int parse_number(struct loader *l, const char *key, const char *text,
                        uint64_t most, uint64_t *value)
{
    char *end = NULL;
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    size_t digits = strspn(text + (hex ? 2 : 0), "0123456789abcdefABCDEF");

    *value = strtoull(text, &end, hex ? 16 : 10);
    if (text[0] < '0' || text[0] > '9' || *end || digits > (hex ? 16 : 19) ||
        *value > most) {
        return FAIL(l, key, "%s: '%s' is not a number from 0 to %llu%s", key,
                    text, (unsigned long long)most,
                    hex || most < 256 ? "" : " (or 0x...)");
    }
    return HD_OK;
}

/* ------------------------------------------------------------- slots' names */

static int find_slot(struct loader *l, const char *key, const char *name,
                     const struct word_list *more, unsigned *slot)
{
    struct word_list list = {.count = 0};

    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        if (strcmp(l->p->slots[i].name, name) == 0) {
            *slot = i;
            return HD_OK;
        }
        if (l->p->slots[i].name[0]) {
            hd_words_add(&list, l->p->slots[i].name);
        }
    }
    for (unsigned i = 0; more && i < more->count; i++) {
        hd_words_add(&list, more->words[i]);
    }
    char hint[320];
    const char *numbered = name_by_number(l, name);
    if (!l->all_named) {
        return HD_ERR_FORMAT;
    }
    if (numbered) {
        return FAIL(l, key,
                    "%s: '%s': slots go by their names; that one is '%s'", key,
                    name, numbered);
    }
    return FAIL(l, key, "%s: no slot is called '%s'%s", key, name,
                hd_words_hint(&list, name, hint, sizeof hint));
}

static int set_label(struct loader *l, const struct hd_policy_key *key,
                     unsigned slot, const char *name,
                     const struct word_list *more)
{
    unsigned target = 0;
    int err = find_slot(l, key->name, name, more, &target);

    if (err) {
        return err;
    }
    if (l->labelled[key->label] && l->labelled[key->label] != target + 1) {
        return FAIL(l, key->name,
                    "%s: '%s', but another word of this slot puts '%s' into "
                    "%s, and the chip has one %s for both",
                    key->name, name,
                    l->p->slots[l->labelled[key->label] - 1].name,
                    hd_policy_fields[key->label].name,
                    hd_policy_fields[key->label].name);
    }
    l->labelled[key->label] = (uint8_t)(target + 1);
    hd_policy_set(l->p->config, key->label, slot, target);
    return HD_OK;
}

/* -------------------------------------------------------------- keys to bits
 */

/* Length of the part before the slot's name if text fits the pattern, else
 * SIZE_MAX. "with *" fits "with io-key", "*" fits any name. */
static size_t fits(const char *pattern, const char *text)
{
    size_t plain = strcspn(pattern, "*");

    if (pattern[plain] == 0) {
        return strcmp(pattern, text) == 0 ? plain : SIZE_MAX;
    }
    return strncmp(pattern, text, plain) == 0 && is_name(text + plain)
                   ? plain
                   : SIZE_MAX;
}

static int no_such_row(struct loader *l, const struct hd_policy_key *key,
                       const char *word, uint64_t now, bool word_exists)
{
    struct word_list list = {.count = 0};

    if (word_exists) {
        return FAIL(l, key->name, "%s: %s does not go together with '%s' here",
                    key->name, word,
                    now < key->row_count && key->rows[now][1 - key->column]
                            ? key->rows[now][1 - key->column]
                            : "the bits set so far");
    }
    const char *name = key->label == HD_F_NONE ? NULL : name_by_number(l, word);
    if (name) {
        return FAIL(l, key->name,
                    "%s: '%s': slots go by their names; that one is '%s'",
                    key->name, word, name);
    }
    for (unsigned i = 0; i < key->row_count; i++) {
        const char *w = key->rows[i][key->column];
        if (w) {
            hd_words_add(&list, strcmp(w, "*") == 0        ? "a slot's NAME"
                                : strcmp(w, "with *") == 0 ? "with NAME"
                                                           : w);
        }
    }
    return unknown_word(l, key->name, &list, word);
}

static void plain_words(const struct hd_policy_key *key, struct word_list *list)
{
    for (unsigned i = 0; i < key->row_count; i++) {
        const char *word = key->rows[i][key->column];
        if (word && !strchr(word, '*')) {
            hd_words_add(list, word);
        }
    }
}

/* The pattern among the key's words that text fits; names come last, since
 * a name may look like a word. */
static const char *pattern_of(const struct hd_policy_key *key, const char *text)
{
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned row = 0; row < key->row_count; row++) {
            const char *pattern = key->rows[row][key->column];
            if (pattern && (strchr(pattern, '*') != NULL) == (pass == 1) &&
                fits(pattern, text) != SIZE_MAX) {
                return pattern;
            }
        }
    }
    return NULL;
}

static int set_word(struct loader *l, const struct hd_policy_key *key,
                    unsigned slot, const char *word)
{
    uint64_t now = hd_policy_key_value(l->p->config, key, slot);
    const char *pattern = pattern_of(key, word);
    int row = pattern ? hd_policy_row_for(key, now, pattern) : -1;

    if (row < 0) {
        return no_such_row(l, key, word, now, pattern != NULL);
    }
    hd_policy_key_set(l->p->config, key, slot, (uint64_t)row);
    if (!strchr(pattern, '*')) {
        return HD_OK;
    }
    struct word_list list = {.count = 0};
    plain_words(key, &list);
    return set_label(l, key, slot, word + strcspn(pattern, "*"), &list);
}

static int set_number(struct loader *l, const struct hd_policy_key *key,
                      unsigned slot, const char *text)
{
    uint64_t number = 0;
    uint64_t value = 0;
    int err = parse_number(l, key->name, text, key->number->max, &number);

    if (err) {
        return err;
    }
    (void)key->number->to_field(number, &value);
    hd_policy_set(l->p->config, key->field, slot, value);
    return HD_OK;
}

static int set_key(struct loader *l, const struct hd_policy_key *key,
                   unsigned slot, const char *text)
{
    switch (key->form) {
    case HD_FORM_WORDS:
        return set_word(l, key, slot, text);
    case HD_FORM_SLOT:
        return set_label(l, key, slot, text, NULL);
    case HD_FORM_NUMBER:
        return set_number(l, key, slot, text);
    case HD_FORM_TEXT:
    case HD_FORM_OWN:
        break;
    }
    return HD_OK;
}

static const char *kind_name(uint8_t kinds)
{
    if (kinds == HD_KIND_PRIVATE) {
        return "private keys";
    }
    if (kinds == HD_KIND_PUBLIC) {
        return "public keys";
    }
    return (kinds & HD_KIND_PRIVATE) ? "keys" : "what is no private key";
}

/* A key of the file that no row of the table has for this chip and kind. */
static int out_of_place(struct loader *l, const struct hd_policy_key *key)
{
    if (!(key->chips & l->p->chips)) {
        return FAIL(l, key->name,
                    "%s: the %s has no such thing, only the %s; is `chip:` "
                    "right?",
                    key->name, hd_policy_chip_name(l->p->chips),
                    hd_policy_chip_name(key->chips));
    }
    return FAIL(l, key->name, "%s: is for %s, which this slot's purpose is not",
                key->name, kind_name(key->kinds));
}

/* Applies one group of texts; slot is 0 for groups of the zone. */
static void apply_group(struct loader *l, unsigned group, char *const *values,
                        unsigned slot, uint8_t kind)
{
    const struct hd_policy_group *g = &hd_policy_groups[group];

    for (unsigned i = 0; i < g->count; i++) {
        const struct hd_policy_key *key =
                hd_policy_key_named(group, g->keys[i].name, l->p->chips, kind);
        if (values[i]) {
            (void)(key ? set_key(l, key, slot, values[i])
                       : out_of_place(l, &g->keys[i]));
        }
    }
}

static const char *text_of(unsigned group, char *const *values,
                           const char *name)
{
    const struct hd_policy_key *key =
            hd_policy_key_named(group, name, HD_POLICY_ANY, HD_KIND_ALL);

    return key ? values[key - hd_policy_groups[group].keys] : NULL;
}

static void apply_field(struct loader *l, unsigned id, const char *text,
                        unsigned slot)
{
    const struct hd_policy_field *f = &hd_policy_fields[id];
    uint64_t value = 0;

    if (!(f->chips & l->p->chips)) {
        (void)FAIL(l, f->name, "%s: the %s has no such field", f->name,
                   hd_policy_chip_name(l->p->chips));
    } else if (!parse_number(l, f->name, text, hd_policy_field_max(id),
                             &value)) {
        hd_policy_set(l->p->config, id, slot, value);
    }
}

static void apply_bits(struct loader *l, char *const *bits, unsigned slot,
                       unsigned from, unsigned to)
{
    char outer[PATH_SIZE];

    memcpy(outer, l->path, sizeof outer);
    (void)snprintf(l->path + strlen(l->path), sizeof l->path - strlen(l->path),
                   "%sbits", l->path[0] ? "/" : "");
    for (unsigned id = from; bits && id < to; id++) {
        if (bits[id]) {
            apply_field(l, id, bits[id], slot);
        }
    }
    memcpy(l->path, outer, sizeof outer);
}

/* ------------------------------------------------------------------- slots */

static void enter_slot(struct loader *l, unsigned slot)
{
    (void)snprintf(l->path, sizeof l->path, "slots/%u", slot);
    memset(l->labelled, 0, sizeof l->labelled);
}

static int name_slot(struct loader *l, unsigned slot, char *const *values)
{
    const char *name = text_of(HD_G_SLOT, values, "name");
    struct hd_policy_slot *s = &l->p->slots[slot];
    static const char *const taken[] = {"anyone", "nobody", "nothing", "never",
                                        "chip"};

    enter_slot(l, slot);
    if (!name) {
        return MISSING(l, "name",
                       "slot %u has no name; give it one: `name: ...`", slot);
    }
    for (unsigned i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        if (strcmp(name, taken[i]) == 0) {
            return FAIL(l, "name", "name: '%s' already means something else",
                        name);
        }
    }
    for (unsigned i = 0; i < slot; i++) {
        if (strcmp(l->p->slots[i].name, name) == 0) {
            return FAIL(l, "name", "name: slot %u is called '%s' already", i,
                        name);
        }
    }
    return copy_name(l, "name", name, s->name);
}

void hd_policy_start_slot(struct hd_policy *p, unsigned slot, unsigned purpose)
{
    const struct hd_policy_purpose *u = &hd_policy_purposes[purpose];

    p->slots[slot].purpose = (uint8_t)purpose;
    p->slots[slot].content = u->content;
    p->slots[slot].lock = u->lock;
    p->config[20 + 2 * slot] = (uint8_t)u->slot_config;
    p->config[21 + 2 * slot] = (uint8_t)(u->slot_config >> 8);
    p->config[96 + 2 * slot] = (uint8_t)u->key_config;
    p->config[97 + 2 * slot] = (uint8_t)(u->key_config >> 8);
}

static int purpose_slot(struct loader *l, unsigned slot, char *const *values)
{
    const char *word = text_of(HD_G_SLOT, values, "purpose");
    struct word_list list = {.count = 0};

    for (unsigned i = 0; i < hd_policy_purpose_count; i++) {
        hd_words_add(&list, hd_policy_purposes[i].word);
    }
    if (!word) {
        return MISSING(l, "purpose",
                       "slot %u (%s) has no purpose; say what it is for: "
                       "`purpose: ...`",
                       slot, l->p->slots[slot].name);
    }
    int purpose = hd_policy_purpose_named(word);
    if (purpose < 0) {
        return unknown_word(l, "purpose", &list, word);
    }
    const struct hd_policy_purpose *u = &hd_policy_purposes[purpose];
    if (!(u->chips & l->p->chips)) {
        return FAIL(l, "purpose",
                    "purpose: %s needs an %s; this policy is "
                    "for the %s",
                    word, hd_policy_chip_name(u->chips),
                    hd_policy_chip_name(l->p->chips));
    }
    if (slot < u->slots_from) {
        return FAIL(l, "purpose",
                    "purpose: %s needs 72 bytes; slot %u has 36: use slots "
                    "%u to 15",
                    word, slot, u->slots_from);
    }
    hd_policy_start_slot(l->p, slot, (unsigned)purpose);
    return HD_OK;
}

void hd_policy_set_lock(struct hd_policy *p, unsigned slot, unsigned lock)
{
    p->slots[slot].lock = (uint8_t)lock;
    hd_policy_set(p->config, HD_F_Lockable, slot, lock != HD_LOCK_NEVER);
    hd_policy_set(p->config, HD_F_SlotLocked, slot, lock != HD_LOCK_START);
}

static int plan_slot(struct loader *l, unsigned slot, char *const *values)
{
    struct hd_policy_slot *s = &l->p->slots[slot];
    const char *lock = text_of(HD_G_SLOT, values, "lock");
    const char *content = text_of(HD_G_SLOT, values, "content");
    const char *about = text_of(HD_G_SLOT, values, "about");
    const char *file = text_of(HD_G_SLOT, values, "file");
    int err = HD_OK;

    if (lock &&
        !find_word(l, "lock", hd_policy_lock_words, 4, lock, &s->lock)) {
        hd_policy_set_lock(l->p, slot, s->lock);
    }
    if (about) {
        (void)copy_text(l, "about", about, s->about, sizeof s->about);
    }
    if (content) {
        err = find_word(l, "content", hd_policy_content_words, 6, content,
                        &s->content);
    }
    if (file && !err) {
        err = copy_text(l, "file", file, s->file, sizeof s->file);
        s->content = content ? s->content : HD_CONTENT_FILE;
    }
    return err;
}

/* What provisioning could not do. */
static int check_slot(struct loader *l, unsigned slot)
{
    const struct hd_policy_slot *s = &l->p->slots[slot];
    bool is_private = hd_policy_kind(l->p->config, slot) == HD_KIND_PRIVATE;

    if (s->content == HD_CONTENT_BORN && !is_private) {
        return FAIL(l, "content",
                    "content: only private keys are "
                    "born-in-chip");
    }
    if (s->content == HD_CONTENT_FILE && !s->file[0]) {
        return FAIL(l, "content",
                    "content: file needs `file: NAME`, the bytes that "
                    "provisioning writes to '%s' (or `content: later`)",
                    s->name);
    }
    if (s->content != HD_CONTENT_FILE && s->file[0]) {
        return FAIL(l, "file", "file: goes with `content: file` only");
    }
    return HD_OK;
}

static void load_slot(struct loader *l, unsigned slot)
{
    const struct doc_slot *texts = l->d->doc->slots[slot];

    enter_slot(l, slot);
    apply_group(l, HD_G_SLOT, texts->value, slot,
                hd_policy_kind(l->p->config, slot));
    int err = plan_slot(l, slot, texts->value);
    apply_bits(l, texts->bits, slot, 0, HD_F_FIRST_ZONE);
    if (!err) {
        (void)check_slot(l, slot);
    }
}

static void load_slots(struct loader *l)
{
    struct doc_slot *const *slots = l->d->doc->slots;
    bool has_purpose[HD_POLICY_SLOTS] = {false};

    if (!slots) {
        (void)MISSING(l, "slots", "there are no `slots:`");
        return;
    }
    /* Names first: a slot may speak of one that comes later. */
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        hd_policy_start_slot(l->p, i,
                             (unsigned)hd_policy_purpose_named("closed"));
        if (slots[i]) {
            l->all_named &= !name_slot(l, i, slots[i]->value);
            has_purpose[i] = !purpose_slot(l, i, slots[i]->value);
        }
    }
    for (unsigned i = 0; i < HD_POLICY_SLOTS; i++) {
        if (has_purpose[i]) { /* else nobody knows what its words mean */
            load_slot(l, i);
        }
    }
    l->path[0] = 0;
}

/* --------------------------------------------------------- the rest of it */

static void load_chip(struct loader *l)
{
    static const char *const words[] = {"ATECC608", "ATECC608A", "ATECC608B",
                                        "ATECC508A"};
    static const uint8_t chips[] = {HD_POLICY_608, HD_POLICY_608A,
                                    HD_POLICY_608B, HD_POLICY_508A};
    const char *word = text_of(HD_G_TOP, l->d->doc->value, "chip");
    uint8_t index = 0;

    l->p->chips = HD_POLICY_ANY; /* as long as nobody knows */
    if (!word) {
        (void)MISSING(l, "chip",
                      "which chip is it for? Say `chip: ATECC608`, "
                      "ATECC608A, ATECC608B or ATECC508A");
    } else if (!find_word(l, "chip", words, 4, word, &index)) {
        l->p->chips = chips[index];
    }
}

static void load_top(struct loader *l)
{
    char *const *values = l->d->doc->value;
    const char *name = text_of(HD_G_TOP, values, "policy");
    const char *about = text_of(HD_G_TOP, values, "about");

    if (name) {
        (void)copy_name(l, "policy", name, l->p->name);
    } else {
        (void)MISSING(l, "policy",
                      "a policy begins with its name: `policy: NAME`");
    }
    if (about) {
        (void)copy_text(l, "about", about, l->p->about, sizeof l->p->about);
    }
    load_chip(l);
}

static void load_counter(struct loader *l, unsigned n)
{
    const struct doc_counters *counters = l->d->doc->counters;
    struct hd_policy_counter *c = &l->p->counters[n];

    if (!counters || !counters->counter[n]) {
        return;
    }
    char *const *values = counters->counter[n]->value;
    const char *name = text_of(HD_G_COUNTER0 + n, values, "name");
    const char *about = text_of(HD_G_COUNTER0 + n, values, "about");
    (void)snprintf(l->path, sizeof l->path, "counters/%u", n);
    if (name) {
        (void)copy_name(l, "name", name, c->name);
    }
    if (about) {
        (void)copy_text(l, "about", about, c->about, sizeof c->about);
    }
    apply_group(l, HD_G_COUNTER0 + n, values, 0, HD_KIND_ALL);
}

static void load_locks(struct loader *l)
{
    static const char *const words[] = {"later", "at-provisioning"};
    const struct doc_group *locks = l->d->doc->group[HD_G_LOCKS];
    uint8_t when[2] = {1, 1};
    int err = HD_OK;

    for (unsigned i = 0; locks && i < 2; i++) {
        const char *key = hd_policy_groups[HD_G_LOCKS].keys[i].name;
        if (locks->value[i]) {
            err |= find_word(l, key, words, 2, locks->value[i], &when[i]);
        }
    }
    l->p->lock_config = when[0] != 0;
    l->p->lock_data = when[1] != 0;
    if (!err && l->p->lock_data && !l->p->lock_config) {
        (void)FAIL(l, "data",
                   "data: the chip locks its data zone only after its "
                   "configuration");
    }
}

static void load_groups(struct loader *l)
{
    for (unsigned g = HD_G_INTERFACE; g < HD_G_COUNTER0; g++) {
        const struct doc_group *texts = l->d->doc->group[g];

        (void)snprintf(l->path, sizeof l->path, "%s", hd_policy_groups[g].name);
        if (texts) {
            apply_group(l, g, texts->value, 0, HD_KIND_ALL);
        }
        if (g == HD_G_LOCKS) {
            load_locks(l);
        }
        if (g == HD_G_OTP && texts && texts->value[1]) {
            (void)copy_text(l, "file", texts->value[1], l->p->otp_file,
                            sizeof l->p->otp_file);
        }
    }
}

static void load_waiver(struct loader *l, unsigned n)
{
    char *const *values = l->d->doc->waivers[n].value;
    struct hd_policy_waiver *w = &l->p->waivers[n];
    const char *rule = text_of(HD_G_WAIVER, values, "rule");
    const char *where = text_of(HD_G_WAIVER, values, "where");
    const char *reason = text_of(HD_G_WAIVER, values, "reason");
    unsigned slot = 0;

    (void)snprintf(l->path, sizeof l->path, "allow/%u", n);
    if (!rule || !where || !reason || strlen(reason) < 10) {
        (void)FAIL(l, reason ? "reason" : "",
                   "an accepted finding needs `rule:`, `where:` (a slot's "
                   "name, or chip) and a `reason:` that the next reader "
                   "understands");
        return;
    }
    if (strcmp(where, "chip") != 0) {
        (void)find_slot(l, "where", where, NULL, &slot);
    }
    (void)copy_text(l, "rule", rule, w->rule, sizeof w->rule);
    (void)copy_text(l, "where", where, w->where, sizeof w->where);
    (void)copy_text(l, "reason", reason, w->reason, sizeof w->reason);
}

static void load_rest(struct loader *l)
{
    const struct doc *doc = l->d->doc;

    load_groups(l);
    for (unsigned i = 0; i < 2; i++) {
        load_counter(l, i);
    }
    l->p->waiver_count = doc->waivers ? doc->waiver_count : 0;
    for (unsigned i = 0; i < l->p->waiver_count; i++) {
        load_waiver(l, i);
    }
    l->path[0] = 0;
    apply_bits(l, doc->bits, 0, HD_F_FIRST_ZONE, HD_F_COUNT);
}

int hd_policy_read(const char *text, size_t len, struct hd_policy *policy,
                   struct hd_policy_report *report)
{
    struct document d = {.report = report};
    struct loader l = {
            .d = &d, .p = policy, .report = report, .all_named = true};

    *policy = (struct hd_policy){0};
    *report = (struct hd_policy_report){0};
    if (hd_document_read(&d, text, len) == HD_OK) {
        load_top(&l);
        hd_policy_blank(policy->chips, policy->config);
        load_slots(&l);
        load_rest(&l);
    }
    hd_document_free(&d);
    hd_report_sort(report);
    return report->count ? HD_ERR_FORMAT : HD_OK;
}

int hd_policy_load(const char *text, size_t len, struct hd_policy *policy,
                   struct hd_policy_error *why)
{
    struct hd_policy_report report;
    int err = hd_policy_read(text, len, policy, &report);

    *why = report.errors[0];
    hd_policy_report_free(&report);
    return err;
}
