/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stage of a rehearsal: a virtual chip with the plan carried out, raised
 * anew for every use that is tried, so that nothing which one use spends or
 * changes is missing from the next. Private to host/plan.
 *
 * Where a use needs the private half of a key that only its maker has (a boot
 * key, the parent of a validated key), a stand-in takes its place: a key pair
 * of which both halves are known here.
 */
#ifndef HD_PLAN_STAGE_H
#define HD_PLAN_STAGE_H

#include "halfdollar/port_sim.h"
#include "halfdollar/vchip.h"

#include "plan/apply.h"
#include "plan/inner.h"

/* What failed if it was not the use itself, and which word of the policy asked
 * for it; all may be missing. */
struct stage_blame {
    const char *doing; /* "setting the latch" */
    char why[320];     /* where no command was refused */
    const char *word;  /* the key of the policy ... */
    uint8_t group;     /* ... in this group, HD_G_... */
    unsigned slot;
};

struct stage {
    const struct hd_plan *plan;
    const struct hd_plan_contents *contents;
    struct hd_plan_rehearsal *out;
    struct hd_vchip vchip;
    struct hd_vbus bus;
    struct hd_sim sim;
    struct hd_chip chip;
    uint8_t set[HD_V_SNAPSHOT_MAX]; /* everything done, unplugged */
    int set_len;
    uint8_t d[32], pub[64]; /* the stand-in */
    struct stage_blame blame;
    bool stale;          /* the next nonce comes from outside */
    uint8_t tempkey[32]; /* what stage_nonce() left there */
    uint8_t source;      /* bit 2 of modes that use it */
};

/* The chip as it was seen, blank or locked. */
int stage_open(struct stage *s, const struct hd_plan_seen *seen) HD_MUST_CHECK;
void stage_close(struct stage *s);

/* Opens the driver on it. */
int stage_plug(struct stage *s) HD_MUST_CHECK;
/* The plan, carried out; then stage_set(). rehearse.c */
int stage_play(struct stage *s, struct hd_plan_run *run,
               const struct hd_plan_seen *seen) HD_MUST_CHECK;
/* Keeps it as it is now, and puts in what comes to the chip later. */
int stage_set(struct stage *s) HD_MUST_CHECK;
/* As it was kept: before asking what is allowed. */
int stage_reset(struct stage *s) HD_MUST_CHECK;
/* ... and freshly plugged in, before doing it. */
int stage_raise(struct stage *s) HD_MUST_CHECK;

/* ------------------------------------------------------------- what is there
 */

static inline uint64_t stage_bits(const struct stage *s,
                                  enum hd_policy_field_id id, unsigned slot)
{
    return hd_policy_get(s->plan->policy.config, id, slot);
}

static inline uint8_t stage_kind(const struct stage *s, unsigned slot)
{
    return hd_policy_kind(s->plan->policy.config, slot);
}

static inline bool stage_is_608(const struct stage *s)
{
    return s->vchip.model != HD_VMODEL_508A;
}

static inline uint8_t stage_content(const struct stage *s, unsigned slot)
{
    return s->plan->policy.slots[slot].content;
}

/* The bytes themselves, in the virtual chip's memory. */
uint8_t *stage_bytes(struct stage *s, unsigned slot);
/* What a slot holds: by the plan; as it is now where that is no secret, where
 * it comes later, and where there may be a stand-in. */
const uint8_t *stage_known(const struct stage *s, unsigned slot);
const uint8_t *stage_io_key(struct stage *s);
bool stage_is_locked(const struct stage *s, unsigned slot);

/* The public half of the private key in the slot. */
bool stage_public(struct stage *s, unsigned slot, uint8_t pub[64]);
/* The stand-in takes the place of the slot's public key; valid: as if its
 * parent had vouched for it, where that is asked. */
void stage_stand_in(struct stage *s, unsigned slot, bool valid);
int stage_sign(struct stage *s, const uint8_t digest[32],
               uint8_t sig[64]) HD_MUST_CHECK;

/* Counter 0: where it stands, where its uses end, and setting it. */
uint32_t stage_count(const struct stage *s, unsigned slot);
uint32_t stage_count_end(const struct stage *s);
void stage_count_set(struct stage *s, unsigned id, uint32_t value);
/* All uses were made, in service, of the slot or of a key it needs. */
bool stage_is_spent(const struct stage *s, unsigned slot);
/* As if all uses of the slot had been made but so many. */
void stage_spend(struct stage *s, unsigned slot, uint32_t left);

/* --------------------------------------------------------- before a use */

enum { WITHOUT_NOTHING = 0, WITHOUT_PROOF = 1, WITHOUT_LATCH = 2 };

/* Sets the latch if the slot's uses need it, whatever is proved for them. */
int stage_latch(struct stage *s, unsigned slot) HD_MUST_CHECK;
/* Proves what the slot's uses ask to be proved, and sets the latch if they
 * need it; leaves out what `without` says. */
int stage_admit(struct stage *s, unsigned slot, unsigned without) HD_MUST_CHECK;
/* Proves the keys that guard this slot, then the slot itself. */
int stage_prove(struct stage *s, unsigned slot) HD_MUST_CHECK;
/* Starts firmware with the stand-in as its maker. */
int stage_boot(struct stage *s, uint8_t mode, const uint8_t digest[32],
               bool good) HD_MUST_CHECK;
/* ... and checks that the verdict is the chip's own. */
int stage_boot_mac(struct stage *s, uint8_t mode, const uint8_t digest[32],
                   bool good) HD_MUST_CHECK;

/* TempKey: random, or from outside when the stage says so. */
int stage_nonce(struct stage *s) HD_MUST_CHECK;
/* TempKey becomes the digest of the slot's public key (GenKey, mode 0x08 or
 * 0x10), and s->tempkey with it. */
int stage_pubkey_digest(struct stage *s, uint8_t mode, unsigned slot,
                        const uint8_t pub[64]) HD_MUST_CHECK;

/* ------------------------------------------------------------- arithmetic */

/* docs/chip part 2, 1.6: a, op, p1, p2, serial number, zeros, b; hashed. */
void stage_g96(const struct stage *s, const uint8_t a[32], const uint8_t op[4],
               const uint8_t b[32], uint8_t digest[32]);
/* The 88 bytes of MAC and CheckMac; head: op, mode, key; zeros if NULL. */
void stage_m88(const struct stage *s, const uint8_t key[32],
               const uint8_t *head, uint8_t mac[32]);
/* What Sign(internal) signs over s->tempkey; other: 19 bytes. */
void stage_internal(const struct stage *s, const uint8_t other[19],
                    uint8_t digest[32]);
bool stage_aes(const uint8_t key[16], const uint8_t in[16], uint8_t out[16]);

/* A use was carried out; was it with the right result? */
static inline int stage_same(int err, const void *got, const void *want,
                             size_t len)
{
    return err == HD_OK && !hd_ct_equal(got, want, len) ? HD_ERR_CORRUPT : err;
}

/* For uses with a wrong proof: the chip must say that it is wrong. */
static inline int stage_wrong(int err)
{
    return err == HD_ERR_MISMATCH ? HD_ERR_EXEC : err;
}

#endif
