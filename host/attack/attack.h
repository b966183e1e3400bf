/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What could somebody do to a chip with this configuration?
 *
 * The 128 bytes are loaded into a virtual chip whose slots hold secrets, and
 * an attacker with the whole bus plays against it: he tries every way to
 * read, replace, destroy or use each slot, alone and in chains (overwrite the
 * key that protects another slot, then use it). Nothing here knows the
 * rules: an answer is yes when the virtual chip let it happen, and then it
 * comes with the command groups that did it, which can be replayed.
 *
 *     struct hd_attack *a = hd_attack_run(config, model, HD_ATTACK_FULL,
 *                                         NULL, NULL);
 *     const struct hd_attack_yes *y =
 *             hd_attack_find(a, HD_ON_BUS, HD_GOAL_REGENERATE, 2);
 *     if (y != NULL) ... y->steps
 *     hd_attack_free(a);
 *
 * The first attacker sends commands and knows the 128 bytes, public keys and
 * no secret. The second one also owns the processor's flash: he knows every
 * key that a host must hold to talk to the chip (for reads, writes,
 * authorisation, IO protection). Neither opens the package.
 *
 * Slots are judged as the chip would be with both zones locked. What the
 * zones' locks themselves leave open is HD_GOAL_CONFIG and HD_GOAL_DATA.
 */
#ifndef HD_ATTACK_H
#define HD_ATTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "halfdollar/vchip.h"

enum hd_attacker { HD_ON_BUS, HD_OWNS_FLASH, HD_ATTACKERS };

/* X(id, word, what the attacker can do, as an end of "anyone can ...") */
#define HD_GOALS(X)                                                            \
    X(READ, "read", "read what is in it")                                      \
    X(OVERWRITE, "overwrite", "put a value he knows into it")                  \
    X(TRUST, "trust", "make the chip trust his own public key there")          \
    X(REGENERATE, "regenerate", "replace the private key by a new one")        \
    X(ROLL, "roll", "replace the key by DeriveKey")                            \
    X(DESTROY, "destroy", "destroy what is in it")                             \
    X(SIGN, "sign", "have any digest signed")                                  \
    X(REPORT, "report", "have an internal message signed")                     \
    X(AGREE, "agree", "have the shared secret of an ECDH")                     \
    X(MAC, "mac", "have any challenge answered with the key")                  \
    X(CIPHER, "cipher", "have blocks encrypted or decrypted with the key")     \
    X(DERIVE, "derive", "have keys derived from it")                           \
    X(EXHAUST, "exhaust", "use up the key's uses")                             \
    X(PLANT, "plant", "put an ECDH result he knows into the next slot")        \
    X(FREEZE, "freeze", "lock the slot for ever")                              \
    X(CONFIG, "config", "rewrite the configuration")                           \
    X(DATA, "data", "write slots whatever the configuration says")             \
    X(ADDRESS, "address", "move the chip to another bus address, for ever")    \
    X(EXTRA, "extra", "set the free byte UserExtra, for ever")                 \
    X(SELECTOR, "selector", "change byte 85 (Selector, or UserExtraAdd)")      \
    X(COUNT0, "count0", "advance counter 0, which never goes back")            \
    X(COUNT1, "count1", "advance counter 1, which never goes back")            \
    X(OTP, "otp", "change the OTP zone")                                       \
    X(LATCH, "latch", "switch the persistent latch on")                        \
    X(BOOT, "boot", "have his own firmware accepted by SecureBoot")            \
    X(FORGE, "forge", "forge answers that the IO protection key vouches for")

enum hd_goal {
#define HD_GOAL_ID(id, word, text) HD_GOAL_##id,
    HD_GOALS(HD_GOAL_ID)
#undef HD_GOAL_ID
            HD_GOAL_COUNT
};
#define HD_GOAL_FIRST_ZONE HD_GOAL_CONFIG /* from here: slot is 0 */

const char *hd_goal_word(enum hd_goal goal);
const char *hd_goal_text(enum hd_goal goal);

enum hd_attack_kind { HD_STEP_WAKE, HD_STEP_SLEEP, HD_STEP_COMMAND };

struct hd_attack_step {
    uint8_t kind; /* enum hd_attack_kind */
    uint8_t len;
    uint32_t repeat; /* this often; 1: once */
    uint8_t group[HD_V_GROUP_MAX];
};

/* One thing that can be done, and how. */
struct hd_attack_yes {
    uint8_t goal;   /* enum hd_goal */
    int8_t slot;    /* -1: the chip */
    int8_t via;     /* slot of the key that opened it, or -1 */
    uint16_t taken; /* slots whose keys he had to replace or read first */
    bool swept;     /* found by the sweep alone */
    /* It rests on a rule of the chip that no public document states and the
     * virtual chip had to choose (vchip/choices.h). */
    bool inferred;
    const char *how; /* "Write, clear" */
    const struct hd_attack_step *steps;
    unsigned count;
    /* What he claims: the value read or put there, the digest signed... */
    uint8_t proof[72];
    uint8_t proof_len;
};

struct hd_attack;

/* Called now and then with the commands tried so far, and a share of 1000. */
typedef void hd_attack_progress(void *ctx, uint64_t commands, unsigned share);

enum hd_attack_depth {
    HD_ATTACK_QUICK,    /* the first attacker, certain rules: milliseconds */
    HD_ATTACK_DIRECTED, /* both attackers, inferred rules too */
    HD_ATTACK_FULL      /* and every command in every mode against every slot
                           from every prepared state: a second */
};

/* model: enum hd_vmodel. progress: may be NULL. NULL: no memory. */
struct hd_attack *hd_attack_run(const uint8_t config[HD_V_CONFIG_BYTES],
                                uint8_t model, enum hd_attack_depth depth,
                                hd_attack_progress *progress, void *ctx);
void hd_attack_free(struct hd_attack *a);

/* NULL: he cannot. slot is ignored for goals of the chip. */
const struct hd_attack_yes *hd_attack_find(const struct hd_attack *a,
                                           enum hd_attacker who,
                                           enum hd_goal goal, unsigned slot);

/*
 * What nobody must be able to do to a slot (-1: to the chip), by what it
 * holds: the gravest first, ended by HD_GOAL_COUNT. Nothing about data.
 */
const uint8_t *hd_attack_unwanted(const uint8_t config[HD_V_CONFIG_BYTES],
                                  int slot);
bool hd_attack_is_unwanted(const uint8_t config[HD_V_CONFIG_BYTES], int slot,
                           enum hd_goal goal);

/* Commands tried, and of those the ones that the sweep sent. */
uint64_t hd_attack_commands(const struct hd_attack *a);
uint64_t hd_attack_swept(const struct hd_attack *a);

/* Slots whose keys a host must hold, as the second attacker has them. */
uint16_t hd_attack_host_keys(const struct hd_attack *a);

/*
 * Plays the steps to a fresh virtual chip with the same configuration and
 * looks at what has become of it. True: what *yes says is so.
 */
bool hd_attack_replay(const struct hd_attack *a,
                      const struct hd_attack_yes *yes);

/* The chip that *yes begins with, before its steps. HD_OK, or
 * hd_vchip_init()'s error. The caller frees it with hd_vchip_free(). */
int hd_attack_scene(const struct hd_attack *a, const struct hd_attack_yes *yes,
                    struct hd_vchip *chip);

/* A fresh chip as every attack and replay begins with. The caller frees it
 * with hd_vchip_free(). */
int hd_attack_victim(const uint8_t config[HD_V_CONFIG_BYTES], uint8_t model,
                     bool locked, struct hd_vchip *chip);

#endif
