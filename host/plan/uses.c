/* SPDX-License-Identifier: Apache-2.0 */
/* Tries the uses of the tables, each on a stage of its own; see uses.h. */
#include "plan/uses.h"

/* How a use is tried: as the policy says, or without what binds it. */
struct way {
    const char *what; /* counted under this; NULL: under the use's own name */
    const char *how;  /* "without the proof" */
    const char *word; /* the slot's key in the policy that binds it */
    uint8_t bound;    /* only uses that this binds */
    enum hd_policy_field_id field; /* only where this is 1 */
    unsigned without;
    bool stale, spent;
};

/* clang-format off */
static const struct way plain = {NULL, "", NULL, 0, HD_F_NONE, WITHOUT_NOTHING, false, false};
static const struct way ways[] = {
    {"use it without the proof it needs", " without that proof", "authorised-by",
     BY_PROOF, HD_F_ReqAuth, WITHOUT_PROOF, false, false},
    {"use it while the latch is off", " while the latch is off", "needs-latch",
     BY_LATCH, HD_F_PersistentDisable, WITHOUT_LATCH, false, false},
    {"use it with a nonce from outside", " with a nonce from outside", "fresh-nonce",
     BY_NONCE, HD_F_ReqRandom, WITHOUT_NOTHING, true, false},
    {"use it after its last use", " after its last use", "limited-use",
     BY_COUNT, HD_F_LimitedUse, WITHOUT_NOTHING, false, true},
};
/* clang-format on */

/* The slot whose words bind this use; -1: nothing does, as with reading in
 * clear. What must fail by itself gets all that it could ask for. */
static int bound_by(const struct stage *s, const struct use *use, unsigned slot)
{
    if (use->whose) {
        return (int)use->whose(s, slot);
    }
    return use->kinds && (use->bound || !use->allowed) ? (int)slot : -1;
}

/* On a stage of its own, with all that the use asks for but what is left
 * out. */
static int prepare(struct stage *s, const struct use *use, unsigned slot,
                   unsigned without)
{
    int key = bound_by(s, use, slot);
    int err = stage_raise(s);

    if (err == HD_OK && key >= 0 && use->kinds && !(without & WITHOUT_LATCH)) {
        err = stage_latch(s, slot); /* where another key is asked as well */
    }
    return err == HD_OK && key >= 0 ? stage_admit(s, (unsigned)key, without)
                                    : err;
}

static int perform(struct stage *s, const struct use *use, unsigned slot,
                   const struct way *way)
{
    int key = bound_by(s, use, slot);
    int err = prepare(s, use, slot, way->without);

    if (err != HD_OK) {
        return err;
    }
    s->stale = way->stale;
    if (way->spent && key >= 0) {
        stage_spend(s, (unsigned)key, 0);
    }
    return use->attempt(s, slot);
}

/* ---------------------------------------------------------------- counting */

static void count(struct hd_plan_rehearsal *out, const char *what, bool worked)
{
    unsigned i = 0;

    while (i < out->tried_count && strcmp(out->tried[i].what, what) != 0) {
        i++;
    }
    out->uses++;
    if (i == HD_PLAN_TRIED) {
        return;
    }
    if (i == out->tried_count) {
        out->tried[out->tried_count++] = (struct hd_plan_tried){what, 0, 0};
    }
    out->tried[i].worked += worked;
    out->tried[i].refused += !worked;
}

/* ------------------------------------------------------------------ failing */

/* What happened instead, to follow "but": ": CheckMac: ...", or " setting the
 * latch failed: ...". */
static void tell(const struct stage *s, int err, const struct hd_refusal *why,
                 char *out, size_t size)
{
    const char *doing = err != HD_OK ? s->blame.doing : NULL;
    char reason[328];

    if (why) {
        (void)hd_refusal_text(why, reason, sizeof reason);
    } else {
        (void)snprintf(reason, sizeof reason, "%s.",
                       err == HD_OK            ? "the chip did it"
                       : s->blame.why[0]       ? s->blame.why
                       : err == HD_ERR_CORRUPT ? "what came of it is wrong"
                                               : hd_strerror(err));
    }
    (void)snprintf(out, size, "%s%s%s: %s", doing ? " " : "",
                   doing ? doing : "", doing ? " failed" : "", reason);
}

/* The word to change, if it is not the use's own. */
static void name_culprit(const struct stage *s, int err,
                         const struct hd_refusal *why, const struct way *way,
                         struct use *named, unsigned *slot)
{
    const struct stage_blame *b = &s->blame;

    if (err == HD_ERR_WATCHDOG) {
        named->group = HD_G_INTERFACE;
        named->word = "watchdog";
    } else if (err != HD_OK && b->word && (b->doing || !why)) {
        named->group = b->group;
        named->word = b->word;
        *slot = b->slot;
    } else if (way->word) {
        *slot = (unsigned)bound_by(s, named, *slot);
        named->group = HD_G_SLOT;
        named->word = way->word;
    }
}

static int differ(struct stage *s, struct hd_plan_run *run,
                  const struct use *use, unsigned slot, const struct way *way,
                  bool allowed, int err)
{
    const struct hd_refusal *why = hd_vchip_refusal(&s->vchip);
    char where[64] = "the chip", instead[400], advice[192];
    struct use named = *use;

    if (!hd_err_is_refusal(err) || why->why == HD_WHY_NONE) {
        why = NULL;
    }
    if (use->kinds) {
        slot_text(&s->plan->policy, slot, where, sizeof where);
    }
    name_culprit(s, err, why, way, &named, &slot);
    tell(s, err, why, instead, sizeof instead);
    uses_advise(s, &named, slot, why, advice, sizeof advice);
    (void)snprintf(run->problem, sizeof run->problem,
                   "rehearsal: %s: to %s%s is %s by the policy, but%s%s", where,
                   use->what, way->how, allowed ? "allowed" : "forbidden",
                   instead, advice);
    return HD_ERR_CORRUPT;
}

/* Refused for what the command asks, not for noise or a wrong call. */
static bool is_refused(int err)
{
    return err == HD_ERR_EXEC || err == HD_ERR_PARSE;
}

static int try_way(struct stage *s, struct hd_plan_run *run,
                   const struct use *use, unsigned slot, const struct way *way,
                   bool allowed)
{
    int err = perform(s, use, slot, way);

    if (allowed ? err != HD_OK : !is_refused(err)) {
        return differ(s, run, use, slot, way, allowed, err);
    }
    count(s->out, way->what ? way->what : use->what, allowed);
    return HD_OK;
}

/* ------------------------------------------------------------------- trying */

/* One use costs one, and one that is left can be had. */
static int try_count(struct stage *s, struct hd_plan_run *run,
                     const struct use *use, unsigned slot)
{
    static const struct way way = {
            "count a use", ", its last one,", "limited-use", 0,
            HD_F_NONE,     WITHOUT_NOTHING,   false,         false};
    unsigned key = (unsigned)bound_by(s, use, slot);
    int err = prepare(s, use, slot, WITHOUT_NOTHING);

    stage_spend(s, key, 1);
    uint32_t before = stage_count(s, key);

    err = err == HD_OK ? use->attempt(s, slot) : err;
    if (err == HD_OK && stage_count(s, key) != before + 1) {
        (void)snprintf(s->blame.why, sizeof s->blame.why,
                       "it did not count as one use");
        err = HD_ERR_CORRUPT;
    }
    if (err != HD_OK) {
        return differ(s, run, use, slot, &way, true, err);
    }
    count(s->out, way.what, true);
    return HD_OK;
}

static bool binds(const struct stage *s, const struct use *use, unsigned slot,
                  const struct way *way)
{
    int key = bound_by(s, use, slot);

    unsigned bound = use->bound;

    if (bound & BY_LATCH_608 && stage_is_608(s)) {
        bound |= BY_LATCH;
    }
    if (key < 0 || !(bound & way->bound) ||
        !stage_bits(s, way->field, (unsigned)key)) {
        return false;
    }
    /* Where a report is about another slot, the nonce is that slot's affair. */
    return way->bound != BY_NONCE ||
           stage_kind(s, (unsigned)key) != HD_KIND_PRIVATE ||
           uses_reports_itself(s, (unsigned)key);
}

static bool concerns(const struct stage *s, const struct use *use,
                     unsigned slot)
{
    if (use->kinds ? !(use->kinds & stage_kind(s, slot)) : slot != 0) {
        return false;
    }
    return !use->concerns || use->concerns(s, slot);
}

int uses_try_one(struct stage *s, struct hd_plan_run *run,
                 const struct use *use, unsigned slot)
{
    int err = stage_reset(s);

    if (err != HD_OK || !concerns(s, use, slot)) {
        return err;
    }
    bool allowed = use->allowed && use->allowed(s, slot);
    int key = bound_by(s, use, slot);
    bool spent = allowed && key >= 0 && stage_is_spent(s, (unsigned)key);

    err = try_way(s, run, use, slot, &plain, allowed && !spent);

    if (err != HD_OK || !allowed || spent) {
        return err;
    }
    for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (!binds(s, use, slot, &ways[i])) {
            continue;
        }
        err = ways[i].spent ? try_count(s, run, use, slot) : HD_OK;
        err = err == HD_OK ? try_way(s, run, use, slot, &ways[i], false) : err;
        if (err != HD_OK) {
            return err;
        }
    }
    return HD_OK;
}

static int try_table(struct stage *s, struct hd_plan_run *run,
                     const struct uses *table)
{
    for (unsigned i = 0; i < table->count; i++) {
        for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
            int err = uses_try_one(s, run, &table->list[i], slot);

            if (err != HD_OK) {
                return err;
            }
        }
    }
    return HD_OK;
}

/* --------------------------------------------------------- what is not tried
 */

static void add_gap(struct stage *s, int slot, const char *why)
{
    struct hd_plan_rehearsal *out = s->out;
    char where[64] = "the chip";

    if (slot >= 0) {
        slot_text(&s->plan->policy, (unsigned)slot, where, sizeof where);
    }
    if (out->gap_count < HD_PLAN_GAPS) {
        (void)snprintf(out->gaps[out->gap_count], HD_PLAN_TEXT, "%s: %s", where,
                       why);
    }
    out->gap_count++;
}

static void find_gaps(struct stage *s)
{
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        uint8_t kind = stage_kind(s, slot);
        const char *why = NULL;

        if (kind == HD_KIND_ODD || (kind == HD_KIND_AES && !stage_is_608(s))) {
            why = "its KeyType is reserved, or contradicts Private";
        } else if (kind == HD_KIND_PRIVATE) {
            why = uses_gap_private(s, slot);
        } else if (kind == HD_KIND_PUBLIC) {
            why = uses_gap_public(s, slot);
        }
        if (why) {
            add_gap(s, (int)slot, why);
        }
    }
    if (!stage_is_608(s)) {
        return;
    }
    if (stage_bits(s, HD_F_UseLockEnable, 0)) {
        add_gap(s, -1, "UseLock: what it does is not public");
    }
    if (stage_bits(s, HD_F_EcdhProt, 0) == 3) {
        add_gap(s, -1, "key agreement: EcdhProt is 3, which is invalid");
    }
    if (stage_bits(s, HD_F_KdfProt, 0) == 3) {
        add_gap(s, -1, "KDF: KdfProt is 3, which is invalid");
    }
}

const struct uses *const uses_tables[] = {
        &uses_stored, &uses_private, &uses_secret,
        &uses_public, &uses_chip,    NULL,
};

int uses_try(struct stage *s, struct hd_plan_run *run)
{
    int err = HD_OK;

    find_gaps(s);
    for (unsigned i = 0; uses_tables[i] && err == HD_OK; i++) {
        err = try_table(s, run, uses_tables[i]);
    }
    return err;
}
