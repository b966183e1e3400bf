/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tries sequences until the virtual chip accepts one: first the command as
 * it was after one preparation, then its other forms, then two
 * preparations, and only at last those that cannot be undone.
 */
#include "inner.h"

struct prefix {
    uint8_t prep[3];
    int8_t key[3];
    unsigned count;
};

static bool prepare(struct seeker *s, const struct prefix *p)
{
    actor_begin(&s->a);
    memset(s->a.tempkey, 0, sizeof s->a.tempkey);
    s->tried++;
    for (unsigned i = 0; i < p->count; i++) {
        if (!preparations[p->prep[i]].run(s, p->key[i])) {
            return false;
        }
    }
    return true;
}

/* A bit counts more than another state. */
void note_deeper(struct seeker *s)
{
    const struct hd_refusal *r = refusal(&s->a);

    if (s->first.byte == 0xFF && r->why != s->first.why && r->status != 0x03 &&
        (s->then.why == HD_WHY_NONE ||
         (s->then.byte == 0xFF && r->byte != 0xFF))) {
        s->then = *r;
    }
}

/* Each form has to see the state that the preparation left. */
static bool ask(struct seeker *s, const struct prefix *p, unsigned first,
                unsigned last, bool *changed)
{
    if (!prepare(s, p)) {
        return false;
    }
    if (forms[0](s) && !s->a.overflow) {
        *changed = false;
        return true;
    }
    s->refused = refusal(&s->a)->why;
    if (s->first.status != 0x03) { /* the state may have been put right */
        note_deeper(s);
    }
    for (unsigned form = first > 0 ? first : 1; form < last; form++) {
        if (prepare(s, p) && forms[form](s) && !s->a.overflow) {
            *changed = true;
            return true;
        }
    }
    return false;
}

/* All prefixes that are one preparation longer; true if one works. */
static bool extend(struct seeker *s, struct prefix *p, unsigned first,
                   unsigned last, bool for_ever, bool *changed)
{
    const unsigned at = p->count++;

    for (unsigned i = 0; i < preparation_count; i++) {
        const int keys = preparations[i].keyed ? SLOTS : 1;

        if (preparations[i].for_ever != for_ever) {
            continue;
        }
        p->prep[at] = (uint8_t)i;
        for (int key = 0; key < keys; key++) {
            p->key[at] = (int8_t)key;
            if (ask(s, p, first, last, changed)) {
                return true;
            }
        }
    }
    p->count = at;
    return false;
}

/* What may stand first of two: it leaves something that a nonce does not
 * take away. */
static bool stays(struct seeker *s, const struct prefix *p)
{
    const struct hd_vchip *chip = &s->a.l.chip;

    return prepare(s, p) && s->a.count > 0 &&
           (chip->auth_valid || chip->latch || chip->mdb_len != 0 ||
            chip->altkey_valid || chip->sha.running != 0 ||
            preparations[p->prep[0]].for_ever);
}

static bool two(struct seeker *s, bool for_ever, unsigned last, bool *changed)
{
    for (unsigned i = 0; i < preparation_count; i++) {
        const int keys = preparations[i].keyed ? SLOTS : 1;

        for (int key = 0; key < keys; key++) {
            struct prefix p = {
                    .prep = {(uint8_t)i}, .key = {(int8_t)key}, .count = 1};

            if (preparations[i].for_ever == for_ever && stays(s, &p) &&
                (extend(s, &p, 0, last, false, changed) ||
                 (for_ever && extend(s, &p, 0, last, true, changed)))) {
                return true;
            }
        }
    }
    return false;
}

/* Both zones locked, then one preparation. */
static bool locked_first(struct seeker *s, bool *changed)
{
    struct prefix p = {.prep = {(uint8_t)(preparation_count - 2),
                                (uint8_t)(preparation_count - 1)},
                       .count = 2};

    return ask(s, &p, 0, form_count, changed) ||
           extend(s, &p, 0, form_count, false, changed);
}

bool search(struct seeker *s, unsigned depth, bool *changed)
{
    struct prefix none = {.count = 0};

    *changed = false;
    s->irreversible = true;
    if (ask(s, &none, 0, 1, changed) ||
        extend(s, &none, 0, 1, false, changed) ||
        ask(s, &none, 1, form_count, changed)) {
        return true;
    }
    if (depth < 2) {
        return false;
    }
    return extend(s, &none, 1, form_count, false, changed) ||
           two(s, false, form_count, changed) ||
           extend(s, &none, 0, form_count, true, changed) ||
           two(s, true, form_count, changed) || locked_first(s, changed);
}

void look_deeper(struct seeker *s)
{
    struct prefix p = {.count = 0};
    bool changed;

    s->irreversible = false;
    (void)extend(s, &p, 0, 1, false, &changed);
}
