/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the attack share.
 *
 *   math.c    the attacker's arithmetic (OpenSSL)
 *   victim.c  the chip under attack, and what really is in it
 *   actor.c   sending commands, recording them, taking keys
 *   moves.c   the ways to do something to a slot
 *   validate.c  his own public keys, trusted
 *   zone.c    the ways to do something to the chip
 *   sweep.c   every command in every mode
 *   attack.c  asks all questions until nothing new comes out
 *   replay.c  plays a trace again and judges it
 *   unwanted.c  what a slot is there to prevent
 */
#ifndef HD_ATTACK_INNER_H
#define HD_ATTACK_INNER_H

#include <string.h>

#include "attack/attack.h"
#include "attack/math.h"
#include "halfdollar/port_sim.h"

/* Short names inside, prefixed ones for the linker: programs that use this
 * library have functions of these names too. */
#define slot_length        attack_slot_length
#define slot_place         attack_slot_place
#define digest_96          attack_digest_96
#define field_of           attack_field_of
#define stored_form        attack_stored_form
#define refusal            attack_refusal
#define claim              attack_claim
#define acquire            attack_acquire
#define remember           attack_remember
#define sign_own           attack_sign_own
#define authorise          attack_authorise
#define authorise_again    attack_authorise_again
#define authorises         attack_authorises
#define trust_written      attack_trust_written
#define trust_encrypted    attack_trust_encrypted
#define trust_by_itself    attack_trust_by_itself
#define trust_validated    attack_trust_validated
#define destroy_invalidate attack_destroy_invalidate
#define write_any          attack_write_any
#define write_clear        attack_write_clear
#define write_encrypted    attack_write_encrypted
#define show_progress      attack_show_progress
#define attempt            attack_attempt
#define note               attack_note
#define sweep              attack_sweep
#define is_true            attack_is_true
#define is_noted           attack_is_noted
#define link_up            attack_link_up
#define link_wake          attack_link_wake
#define link_sleep         attack_link_sleep
#define link_idle          attack_link_idle
#define link_send          attack_link_send
#define link_send_awake    attack_link_send_awake
#define send_command       attack_send_command
#define send_again         attack_send_again
#define send_wake          attack_send_wake
#define send_sleep         attack_send_sleep

enum {
#define X(name, code) OP_##name = (code),
#include "halfdollar/vchip_ops.def"
#undef X
};

/* -------------------------------------------------------------- victim.c */

#define SLOTS 16

size_t slot_length(unsigned slot);
size_t slot_place(unsigned slot); /* in hd_vchip.ee */
unsigned field_of(const uint8_t *config, unsigned byte, uint16_t mask);
bool holds_private(const uint8_t *config, unsigned slot);
bool holds_public(const uint8_t *config, unsigned slot);
bool needs_validation(const uint8_t *config, unsigned slot);
/* The 72 bytes of a stored public key. */
void stored_form(const uint8_t xy[64], uint8_t out[72]);
/* A victim whose slot `other` (or -1) holds another secret than usual. */
int victim_with(const uint8_t *config, uint8_t model, bool locked, int other,
                struct hd_vchip *chip);
/* Wipes nothing, ends nothing: one command to an awake chip. */
struct link {
    struct hd_vchip chip;
    struct hd_vbus bus;
    const struct hd_bus *port; /* I2C or, if chip.swi, single-wire */
    struct hd_sim sim;         /* its context */
    uint8_t answer[HD_V_GROUP_MAX];
    size_t len; /* of the answer's payload; 0: none came */
};
void link_up(struct link *l);
void link_wake(struct link *l);
void link_sleep(struct link *l);
void link_idle(struct link *l);
/* Sends a group; true if the command was carried out. */
bool link_send(struct link *l, const uint8_t *group, size_t len);
/* Without waking it first: its watchdog goes on. */
bool link_send_awake(struct link *l, const uint8_t *group, size_t len);

/* --------------------------------------------------------------- actor.c */

#define STEPS_MAX 96

struct actor;
/* Does it, or gives up: the chip's last refusal says why. */
typedef bool move_fn(struct actor *a, unsigned slot, int key);

struct move {
    uint8_t goal;
    bool keyed;    /* with each key he knows; otherwise once, key = -1 */
    bool inferred; /* rests on a choice of the virtual chip */
    move_fn *run;
    const char *how;
};

/* How he came to know what is in a slot. */
struct known {
    bool have;             /* value[] is what the slot then holds */
    bool own_key;          /* it is his own public key */
    bool given;            /* from the flash: nothing need be done */
    const struct move *by; /* to be repeated at the beginning of a chain */
    int via, auth;
    bool latch;
    uint8_t value[32];
};

/* Chains begin alike: most of what he signs he has signed before. */
#define SIGNED 8
struct signature {
    uint8_t digest[32], rs[64];
};

struct actor {
    struct link l;
    const uint8_t *config; /* the configuration attacked */
    uint8_t fresh[HD_V_SNAPSHOT_MAX];
    size_t fresh_len;
    uint8_t before[HD_V_EEPROM_BYTES]; /* the victim's memory */
    uint8_t sn[9];
    uint8_t own_d[32], own_xy[64];
    struct signature signatures[SIGNED];
    unsigned signed_last;
    struct known known[SLOTS];
    uint16_t taken;      /* keys acquired in this chain */
    uint8_t tempkey[32]; /* what he knows to be in there */
    int auth;            /* authorise with this key first, or -1 */
    bool latch;          /* switch the latch on first */
    bool guess;          /* he tries what is only inferred, too */
    int spared;          /* a slot that he does not touch to get keys, or -1 */
    unsigned depth;
    struct hd_attack_step steps[STEPS_MAX];
    unsigned count;
    bool overflow;
    uint8_t proof[72];
    size_t proof_len;
    uint64_t commands;
};

void actor_begin(struct actor *a); /* fresh chip, empty chain */
bool send_command(struct actor *a, uint8_t op, uint8_t p1, unsigned p2,
                  const void *data, size_t len);
/* The last command, until it is refused or was sent so often. */
bool send_again(struct actor *a, unsigned most);
void send_wake(struct actor *a);
void send_sleep(struct actor *a);
const struct hd_refusal *refusal(const struct actor *a);
void claim(struct actor *a, const void *proof, size_t len);
/* With his own private key. */
bool sign_own(struct actor *a, const uint8_t digest[32], uint8_t rs[64]);
bool acquire(struct actor *a, int key);
/* What he just claimed is what the slot holds. */
void remember(struct actor *a, unsigned slot);
bool authorise(struct actor *a, int key);
/* With the key that the last refusal asked for. */
bool authorise_again(struct actor *a);
/* A slot's ReqAuth names this key. */
bool authorises(const struct actor *a, int key);
/* The whole chain: keys first, then the move; tries again with what the
 * chip's refusal asks for. */
bool attempt(struct actor *a, const struct move *m, unsigned slot, int key);

/* --------------------------------------------------------------- moves.c */

bool do_nonce_random(struct actor *a);
bool do_nonce_fixed(struct actor *a, const uint8_t value[32]);
bool do_gendig(struct actor *a, int key);
/* SHA-256 of the 96 bytes that GenDig, DeriveKey and encrypted writes agree
 * on; `last` stands at the end. */
void digest_96(const struct actor *a, const uint8_t first[32], uint8_t op,
               uint8_t p1, unsigned p2, const void *last, size_t len,
               uint8_t digest[32]);
bool do_latch(struct actor *a);
extern const uint8_t own_value[32]; /* what he writes, signs, asks */
extern const struct move slot_moves[];
extern const unsigned slot_move_count;

/* validate.c: his own public key in a slot, and trusted there. */
bool trust_written(struct actor *a, unsigned slot, int key);
bool trust_encrypted(struct actor *a, unsigned slot, int key);
bool trust_by_itself(struct actor *a, unsigned slot, int key);
bool trust_validated(struct actor *a, unsigned slot, int key);
bool destroy_invalidate(struct actor *a, unsigned slot, int key);
bool write_any(struct actor *a, unsigned slot); /* clear, or with its key */
bool write_clear(struct actor *a, unsigned slot, int key);
bool write_encrypted(struct actor *a, unsigned slot, int key);

/* ---------------------------------------------------------------- zone.c */
extern const struct move zone_moves[];
extern const unsigned zone_move_count;

/* -------------------------------------------------------------- attack.c */

struct hd_attack {
    uint8_t config[HD_V_CONFIG_BYTES];
    uint8_t model;
    uint64_t commands, swept;
    uint16_t host_keys;
    unsigned share; /* of the work done, of 1000 */
    struct hd_attack_yes yes[HD_ATTACKERS][HD_GOAL_COUNT][SLOTS];
    hd_attack_progress *progress;
    void *ctx;
};

/* Notes that the actor's chain reached the goal, if it is true. */
bool note(struct hd_attack *t, struct actor *a, enum hd_attacker who,
          const struct hd_attack_yes *what);
void show_progress(struct hd_attack *t, const struct actor *a, unsigned share);
bool is_noted(const struct hd_attack *t, enum hd_attacker who, unsigned goal,
              unsigned slot);

/* --------------------------------------------------------------- sweep.c */
void sweep(struct hd_attack *t, struct actor *a, enum hd_attacker who);

/* -------------------------------------------------------------- replay.c */
/* Is it so, judged by the chip's memory before and after? */
bool is_true(const struct link *l, const uint8_t *before,
             const struct hd_attack_yes *yes);

#endif
