/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the explanation share.
 *
 *   scene.c    the chip as it was when it refused
 *   prepare.c  what can be done before a command, and its other forms
 *   search.c   tries them, shortest first
 *   explain.c  asks, and says what came out
 *   history.c  from a recording to what happened
 *   reader.c   files of recordings, of all kinds
 */
#ifndef HD_EXPLAIN_INNER_H
#define HD_EXPLAIN_INNER_H

#include "attack/inner.h"
#include "explain/explain.h"

struct seeker {
    struct actor a; /* the owner: he knows every key */
    const struct hd_explain_case *c;
    uint8_t op, p1;
    uint16_t p2;
    uint8_t data[HD_V_GROUP_MAX];
    size_t data_len;
    int slot;
    uint32_t tried;
    bool late;                     /* of the world that was made */
    bool irreversible;             /* locks may be tried */
    struct hd_refusal first, then; /* of the command as it was */
    uint8_t refused; /* why the command as it was is refused here */
};

/* ---------------------------------------------------------------- scene.c */

enum world_kind {
    WORLD_MEMORY,  /* in the slots, before everything */
    WORLD_STATE,   /* of the chip when the command came */
    WORLD_TEMPKEY, /* likewise; a past that begins with a wake shows it */
    WORLD_LATE     /* the command came when the watchdog was about to end */
};

/* A circumstance that the configuration does not show. */
struct world {
    const char *text; /* NULL: nothing special */
    void (*make)(struct hd_vchip *chip, unsigned slot);
    uint8_t kind;
};
extern const struct world worlds[];
extern const unsigned world_count;

/* The chip, after all that went before the command. config: of the case, or
 * another one. The caller gives it back with scene_free(). */
int scene_make(struct seeker *s, const uint8_t *config, uint8_t model,
               const struct world *world);
void scene_free(struct seeker *s);
/* Sends the command as it was. */
bool scene_ask(struct seeker *s);

/* -------------------------------------------------------------- prepare.c */

struct preparation {
    bool (*run)(struct seeker *s, int key);
    bool keyed;    /* for each of the 16 slots */
    bool for_ever; /* it cannot be undone */
};
extern const struct preparation preparations[];
extern const unsigned preparation_count;

/* Ways to say the same thing. The first is the command as it was. */
typedef bool form_fn(struct seeker *s);
extern form_fn *const forms[];
extern const unsigned form_count;

/* --------------------------------------------------------------- search.c */

/* True: s->a.steps is a sequence that the chip accepts. *changed: its last
 * command is another form. */
bool search(struct seeker *s, unsigned depth, bool *changed);
/* What refuses here would be next, once the first reason is put right. */
void note_deeper(struct seeker *s);
/* Fills s->then: what refuses after one preparation. */
void look_deeper(struct seeker *s);

#endif
