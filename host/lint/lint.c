/* SPDX-License-Identifier: Apache-2.0 */
/* Collects the findings, sorts them, and applies the policy's allow list. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "inner.h"

const char *const hd_severity_words[4] = {"info", "low", "medium", "high"};

const struct hd_lint_rule hd_lint_rules[HD_LINT_COUNT] = {
#define RULE(id, name, why, fix) [HD_LINT_##id] = {name, why, fix},
#include "lint/lint.def"
#undef RULE
};

#define ROOM 512 /* findings: more than all rules can make */

struct hd_finding *found(struct job *j, enum hd_lint_id id,
                         enum hd_severity severity, int slot)
{
    static struct hd_finding lost; /* never read */
    struct hd_finding *f = &lost;

    if (j->l->count < ROOM) {
        f = &j->l->findings[j->l->count++];
    }
    memset(f, 0, sizeof *f);
    f->rule = (uint8_t)id;
    f->severity = (uint8_t)severity;
    f->slot = (int8_t)slot;
    if (slot < 0) {
        (void)snprintf(f->where, sizeof f->where, "zone");
    } else {
        (void)snprintf(f->where, sizeof f->where, "slot %d", slot);
    }
    return f;
}

void say(struct hd_finding *f, const char *format, ...)
{
    size_t len = strlen(f->text);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(f->text + len, sizeof f->text - len, format, args);
    va_end(args);
}

void cite(struct hd_finding *f, const char *format, ...)
{
    size_t len = strlen(f->bits);
    va_list args;

    if (len > 0) {
        (void)snprintf(f->bits + len, sizeof f->bits - len, "; ");
        len = strlen(f->bits);
    }
    va_start(args, format);
    (void)vsnprintf(f->bits + len, sizeof f->bits - len, format, args);
    va_end(args);
}

static void bytes_text(const struct job *j, unsigned from, unsigned count,
                       char out[80])
{
    int len = count == 1 ? snprintf(out, 80, "byte %u =", from)
                         : snprintf(out, 80, "bytes %u-%u =", from,
                                    from + count - 1);

    for (unsigned i = 0; i < count && len < 76; i++) {
        len += snprintf(out + len, 80 - (size_t)len, " %02X", j->c[from + i]);
    }
}

void cite_bytes(struct job *j, struct hd_finding *f, unsigned from,
                unsigned count)
{
    char text[80];

    bytes_text(j, from, count, text);
    cite(f, "%s", text);
}

void cite_slot(struct job *j, struct hd_finding *f, unsigned slot)
{
    cite_bytes(j, f, 20 + 2 * slot, 2);
}

void cite_key(struct job *j, struct hd_finding *f, unsigned slot)
{
    cite_bytes(j, f, 96 + 2 * slot, 2);
}

void cite_other(struct job *j, struct hd_finding *f, int slot)
{
    char text[80];

    if (slot >= 0) {
        bytes_text(j, 20 + 2 * (unsigned)slot, 2, text);
        cite(f, "slot %d %s", slot, text);
    }
}

const struct hd_attack_yes *can(const struct job *j, enum hd_goal goal,
                                unsigned slot)
{
    const struct hd_attack_yes *y = hd_attack_find(j->a, HD_ON_BUS, goal, slot);

    if (y && !y->inferred) {
        return y;
    }
    y = j->in_use ? hd_attack_find(j->in_use, HD_ON_BUS, goal, slot) : NULL;
    return y && !y->inferred ? y : NULL;
}

bool is_derived(const struct hd_attack_yes *y)
{
    return strncmp(y->how, "DeriveKey", 9) == 0;
}

const char *way(const struct hd_attack_yes *y, char out[48])
{
    if (y->via >= 0) {
        (void)snprintf(out, 48, "through key %d", y->via);
    } else {
        (void)snprintf(out, 48, "%s",
                       strstr(y->how, ", clear") ? "clear" : y->how);
    }
    return out;
}

unsigned get(const struct job *j, enum hd_policy_field_id id, unsigned slot)
{
    return (unsigned)hd_policy_get(j->c, id, slot);
}

/* KeyType 6 came with the 608. */
uint8_t kind(const struct job *j, unsigned slot)
{
    uint8_t k = hd_policy_kind(j->c, slot);

    return k == HD_KIND_AES && !j->is_608 ? HD_KIND_ODD : k;
}

bool is_private(const struct job *j, unsigned slot)
{
    return kind(j, slot) == HD_KIND_PRIVATE;
}

/* The policy calls it a secret, whatever its bits have come to say. */
static bool is_called_secret(const struct job *j, unsigned slot)
{
    const struct hd_policy_purpose *u =
            j->policy ? &hd_policy_purposes[j->policy->slots[slot].purpose]
                      : NULL;

    return u && u->content == HD_CONTENT_UNIQUE &&
           j->policy->slots[slot].name[0];
}

bool is_secret(const struct job *j, unsigned slot)
{
    return kind(j, slot) == HD_KIND_SECRET &&
           (get(j, HD_F_IsSecret, slot) || is_called_secret(j, slot));
}

bool is_key(const struct job *j, unsigned slot)
{
    char roles[200];

    roles_of(j, slot, roles, sizeof roles);
    return kind(j, slot) == HD_KIND_AES || roles[0] || is_io_key(j, slot);
}

/* ------------------------------------------------------------------ order */

static int graver(const void *a, const void *b)
{
    const struct hd_finding *x = a, *y = b;

    if (x->severity != y->severity) {
        return y->severity - x->severity;
    }
    if (x->rule != y->rule) {
        return x->rule - y->rule;
    }
    return x->slot != y->slot ? x->slot - y->slot : strcmp(x->where, y->where);
}

/* "chip", or the name of the finding's slot */
static bool is_there(const struct hd_policy *p, const struct hd_finding *f,
                     const char *where)
{
    if (f->slot < 0) {
        return strcmp(where, "chip") == 0;
    }
    return p->slots[f->slot].name[0] &&
           strcmp(where, p->slots[f->slot].name) == 0;
}

static void allow(const struct hd_policy *p, struct hd_finding *f)
{
    for (unsigned i = 0; p && i < p->waiver_count; i++) {
        const struct hd_policy_waiver *w = &p->waivers[i];

        if (strcmp(w->rule, hd_lint_rules[f->rule].name) == 0 &&
            is_there(p, f, w->where)) {
            f->allowed = w->reason;
        }
    }
}

/* High findings, and those of less severity that break what the configuration
 * itself asks for, or lose the chip. */
static bool is_error(const struct job *j, const struct hd_finding *f)
{
    switch (f->rule) {
    case HD_LINT_ADDRESS_CHANGEABLE_ONCE:
    case HD_LINT_SECUREBOOT_PUBKEY_TYPE:
    case HD_LINT_AUTH_CYCLE:
        return true;
    case HD_LINT_REQRANDOM_OFF: /* of a key whose answers anyone collects */
        return f->severity > HD_INFO &&
               can(j, HD_GOAL_MAC, (unsigned)f->slot) != NULL;
    case HD_LINT_ECDH_CLEAR:
        return j->is_608 && get(j, HD_F_IoProtectionKeyEnable, 0) != 0;
    default:
        return f->severity == HD_HIGH;
    }
}

/* What works only while the latch is on has no trace on a chip that has just
 * got its power. */
static void say_when(const struct job *j, struct hd_finding *f)
{
    const struct hd_attack_yes *y = f->proof;
    unsigned slot = f->slot < 0 ? 0 : (unsigned)f->slot;

    if (j->in_use && y &&
        hd_attack_find(j->in_use, HD_ON_BUS, (enum hd_goal)y->goal, slot) ==
                y) {
        say(f, "; only while the persistent latch is on, as the host needs "
               "it in use");
        f->proof = NULL;
    }
}

static void conclude(const struct job *j, struct hd_finding *f)
{
    say_when(j, f);
    allow(j->policy, f);
    f->fails = is_error(j, f);
    j->l->counts[f->severity] += f->allowed == NULL;
    j->l->failing += f->fails && f->allowed == NULL;
}

/* A host that works has switched the latch on, and whoever is on the bus then
 * finds a chip without PersistentDisable. */
static struct hd_attack *attack_in_use(const struct job *j, uint8_t model)
{
    uint8_t config[HD_V_CONFIG_BYTES];
    bool any = false;

    memcpy(config, j->c, sizeof config);
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        any = any || get(j, HD_F_PersistentDisable, slot);
        config[97 + 2 * slot] &= (uint8_t)~0x10;
    }
    if (!any || !j->is_608 ||
        hd_attack_find(j->a, HD_ON_BUS, HD_GOAL_LATCH, 0)) {
        return NULL;
    }
    return hd_attack_run(config, model, HD_ATTACK_QUICK, NULL, NULL);
}

struct hd_lint *hd_lint_run(const uint8_t config[HD_V_CONFIG_BYTES],
                            uint8_t model, const struct hd_policy *policy)
{
    struct hd_lint *l = calloc(1, sizeof *l);
    struct job j = {.l = l, .c = config, .policy = policy};
    struct hd_attack *in_use;

    if (!l) {
        return NULL;
    }
    l->findings = calloc(ROOM, sizeof *l->findings);
    l->attack = hd_attack_run(config, model, HD_ATTACK_QUICK, NULL, NULL);
    if (!l->findings || !l->attack) {
        hd_lint_free(l);
        return NULL;
    }
    j.a = l->attack;
    j.is_608 = model != HD_VMODEL_508A;
    j.in_use = in_use = attack_in_use(&j, model);
    lint_slots(&j);
    lint_features(&j);
    lint_zone(&j);
    qsort(l->findings, l->count, sizeof *l->findings, graver);
    for (unsigned i = 0; i < l->count; i++) {
        conclude(&j, &l->findings[i]);
    }
    hd_attack_free(in_use);
    return l;
}

void hd_lint_free(struct hd_lint *l)
{
    if (l) {
        hd_attack_free(l->attack);
        free(l->findings);
        free(l);
    }
}
