/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rehearsal: that sound policies pass it, that every kind of use is tried
 * by some of them, and that every use would notice a chip which answers
 * otherwise than the policy says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "halfdollar/crypto_openssl.h"
#include "plan/uses.h"

#include "rig.h"

static const char *const own_policies[] = {"guarded", "open", "old", "checked"};

#define OWN (sizeof own_policies / sizeof own_policies[0])

static void load_own(const char *name, struct hd_policy *policy)
{
    static char text[HD_POLICY_FILE_MAX];
    struct hd_policy_error why;
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s.yaml", POLICIES, name);
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    size_t len = fread(text, 1, sizeof text, f);

    (void)fclose(f);
    if (hd_policy_load(text, len, policy, &why) != HD_OK) {
        fail_msg("%s:%u: %s", path, why.line, why.text);
    }
}

/* Recipes first, then the policies of this test; false after the last. */
static bool nth_bench(struct bench *b, unsigned n, const char **name)
{
    struct hd_policy policy;
    const struct hd_policy_recipe *r = hd_policy_recipes;

    for (; r->name && n > 0; r++) {
        n--;
    }
    if (r->name) {
        *name = r->name;
        new_bench(b, r->name);
        return true;
    }
    if (n >= OWN) {
        return false;
    }
    *name = own_policies[n];
    load_own(*name, &policy);
    new_bench_policy(b, &policy);
    return true;
}

static int look(struct bench *b)
{
    int err = hd_chip_open(&b->chip, &hd_sim_bus, &b->sim, &hd_crypto_openssl);

    err = err == HD_OK ? look_and_plan(b) : err;
    hd_chip_close(&b->chip);
    return err;
}

static int rehearse(struct bench *b, struct hd_plan_rehearsal *out)
{
    int err = look(b);

    return err == HD_OK ? hd_plan_rehearse(&b->run, &b->seen, out) : err;
}

/* -------------------------------------------------------------- all is well */

static void test_sound_policies_pass_their_rehearsal(void **state)
{
    struct hd_plan_rehearsal out;
    const char *name;
    struct bench b;

    (void)state;
    for (unsigned n = 0; nth_bench(&b, n, &name); n++) {
        uint8_t before[HD_V_EEPROM_BYTES];

        memcpy(before, b.vchip.ee, sizeof before);
        if (rehearse(&b, &out) != HD_OK) {
            fail_msg("%s: %s", name, b.run.problem);
        }
        print_message("%s: %u uses\n", name, out.uses);
        assert_true(out.uses > 100);
        assert_memory_equal(before, b.vchip.ee, sizeof before);
        assert_int_equal(apply(&b), HD_OK);
        if (rehearse(&b, &out) != HD_OK) {
            fail_msg("%s, locked: %s", name, b.run.problem);
        }
        hd_vchip_free(&b.vchip);
    }
}

static void add_up(const struct hd_plan_rehearsal *one,
                   struct hd_plan_rehearsal *all)
{
    for (unsigned i = 0; i < one->tried_count; i++) {
        unsigned k = 0;

        while (k < all->tried_count &&
               strcmp(all->tried[k].what, one->tried[i].what) != 0) {
            k++;
        }
        assert_true(k < HD_PLAN_TRIED);
        all->tried_count += k == all->tried_count;
        all->tried[k].what = one->tried[i].what;
        all->tried[k].worked += one->tried[i].worked;
        all->tried[k].refused += one->tried[i].refused;
    }
}

static const struct hd_plan_tried *tried(const struct hd_plan_rehearsal *all,
                                         const char *what)
{
    for (unsigned i = 0; i < all->tried_count; i++) {
        if (strcmp(all->tried[i].what, what) == 0) {
            return &all->tried[i];
        }
    }
    fail_msg("no policy tries to %s", what);
    return NULL;
}

static void check_tried(const struct hd_plan_rehearsal *all,
                        const struct use *use)
{
    const struct hd_plan_tried *t = tried(all, use->what);

    if (use->allowed && t->worked == 0) {
        fail_msg("no policy allows to %s", use->what);
    }
    if (use->allowed != uses_always && t->refused == 0) {
        fail_msg("no policy forbids to %s", use->what);
    }
}

static void test_every_kind_of_use_is_tried_by_some_policy(void **state)
{
    static struct hd_plan_rehearsal all, one;
    const char *name;
    struct bench b;

    (void)state;
    for (unsigned n = 0; nth_bench(&b, n, &name); n++) {
        assert_int_equal(rehearse(&b, &one), HD_OK);
        assert_int_equal(one.gap_count, 0);
        add_up(&one, &all);
        hd_vchip_free(&b.vchip);
    }
    for (unsigned t = 0; uses_tables[t]; t++) {
        for (unsigned i = 0; i < uses_tables[t]->count; i++) {
            check_tried(&all, &uses_tables[t]->list[i]);
        }
    }
    assert_true(tried(&all, "use it without the proof it needs")->refused > 9);
    assert_true(tried(&all, "use it while the latch is off")->refused > 9);
    assert_true(tried(&all, "use it with a nonce from outside")->refused > 9);
    assert_true(tried(&all, "use it after its last use")->refused > 9);
    assert_true(tried(&all, "count a use")->worked > 9);
}

/* A chip whose uses were made, and whose slots somebody locked: what no longer
 * works is no difference, since the policy says that it ends. */
static void test_a_chip_in_service_is_rehearsed_as_it_is(void **state)
{
    static struct hd_plan_rehearsal out;
    struct bench b;

    (void)state;
    new_bench(&b, "accessory");
    memset(b.contents.slot[9], 0, 8);
    b.contents.slot[9][0] = b.contents.slot[9][4] = 64;
    assert_int_equal(apply(&b), HD_OK);
    assert_int_equal(rehearse(&b, &out), HD_OK);
    unsigned before = tried(&out, "make a MAC")->worked;

    /* Counter 0 at 64: docs/chip part 1, 7.5 */
    memcpy(b.vchip.ee + 52, "\xFF\xFF\x00\x00\x00\x02\x00\x01", 8);
    if (rehearse(&b, &out) != HD_OK) {
        fail_msg("%s", b.run.problem);
    }
    assert_int_equal(tried(&out, "make a MAC")->worked, before - 1);
    hd_vchip_free(&b.vchip);

    new_bench(&b, "connected-device");
    assert_int_equal(apply(&b), HD_OK);
    assert_int_equal(rehearse(&b, &out), HD_OK);
    before = tried(&out, "write it in clear")->worked;
    b.vchip.ee[89] &= 0xFE; /* slot 8 */
    b.vchip.ee[place(8) + 5] = 0x88;
    if (rehearse(&b, &out) != HD_OK) {
        fail_msg("%s", b.run.problem);
    }
    assert_int_equal(tried(&out, "write it in clear")->worked, before - 1);
    hd_vchip_free(&b.vchip);
}

static void test_a_single_wire_chip_is_rehearsed_too(void **state)
{
    static struct hd_plan_rehearsal out;
    struct bench b;

    (void)state;
    new_bench(&b, "jwt-only");
    assert_int_equal(look(&b), HD_OK);
    b.seen.config[14] &= 0xFE;
    assert_int_equal(hd_plan_rehearse(&b.run, &b.seen, &out), HD_OK);
    assert_true(out.uses > 100);
    hd_vchip_free(&b.vchip);
}

/* --------------------------------------- sound, and easily taken for unsound
 */

/* Policies of a few lines each, with what was once held against them. */
static const struct {
    const char *name, *slots;
} sound[] = {
        {"a report about another slot follows that slot's nonce rule",
         "  0: {name: about, purpose: secret, fresh-nonce: no}\n"
         "  3: {name: attest, purpose: attestation, public-key: when-made}\n"},
        {"the latch lets the parent roll a key that a proof guards",
         "  0: {name: guard, purpose: authorisation}\n"
         "  1: {name: parent, purpose: secret, needs-latch: yes}\n"
         "  2: {name: rolled, purpose: secret, derive: roll-with-mac,\n"
         "      parent: parent, authorised-by: guard}\n"
         "latch: {switched-by: guard}\n"},
        {"a slot that is locked from the start stays locked",
         "  0: {name: key, purpose: identity}\n"
         "  1: {name: unused, purpose: private-key, content: none,\n"
         "      lock: from-start}\n"},
        {"who knows an AES key can prove it",
         "  0: {name: aes, purpose: seal-key}\n"
         "  1: {name: key, purpose: secret, authorised-by: aes}\n"},
        {"firmware starts by a proof that the latch lets through",
         "  0: {name: guard, purpose: authorisation}\n"
         "  1: {name: owner, purpose: authorisation, needs-latch: yes}\n"
         "  15: {name: boot, purpose: boot-key, file: boot.pem,\n"
         "       authorised-by: owner}\n"
         "latch: {switched-by: guard}\n"
         "secure-boot: {mode: check-signature, public-key: boot}\n"},
        {"firmware sets the latch that the other switch of it needs",
         "  0: {name: guard, purpose: authorisation, needs-latch: yes}\n"
         "  15: {name: boot, purpose: boot-key, file: boot.pem}\n"
         "latch: {switched-by: guard}\n"
         "secure-boot: {mode: check-signature, public-key: boot, sets-latch: "
         "yes}\n"},
        {"a proof sets the latch for firmware that keeps it set",
         "  0: {name: guard, purpose: authorisation}\n"
         "  15: {name: boot, purpose: boot-key, file: boot.pem,\n"
         "       needs-latch: yes}\n"
         "latch: {switched-by: guard}\n"
         "secure-boot: {mode: check-signature, public-key: boot,\n"
         "              sets-latch: yes}\n"},
};

/* The policy with these slots, and a bench for it. */
static void new_bench_slots(struct bench *b, const char *slots)
{
    struct hd_policy policy;
    struct hd_policy_error why;
    char text[1024];
    int len = snprintf(text, sizeof text,
                       "policy: t\nabout: \"t\"\nchip: ATECC608\nslots:\n%s",
                       slots);

    if (hd_policy_load(text, (size_t)len, &policy, &why) != HD_OK) {
        fail_msg("%s: %u: %s", slots, why.line, why.text);
    }
    new_bench_policy(b, &policy);
}

static void test_sound_policies_are_not_taken_for_unsound_ones(void **state)
{
    static struct hd_plan_rehearsal out;
    struct bench b;

    (void)state;
    for (unsigned i = 0; i < sizeof sound / sizeof sound[0]; i++) {
        new_bench_slots(&b, sound[i].slots);
        if (rehearse(&b, &out) != HD_OK) {
            fail_msg("%s: %s", sound[i].name, b.run.problem);
        }
        assert_int_equal(apply(&b), HD_OK);
        if (rehearse(&b, &out) != HD_OK) {
            fail_msg("%s, locked: %s", sound[i].name, b.run.problem);
        }
        hd_vchip_free(&b.vchip);
    }
}

/* ------------------------------------------- a chip that does otherwise */

/* What is otherwise about it. */
struct lie {
    enum { BIT, CONTENT, REWRITE, LIES } kind;
    unsigned at, value;
};

static const uint8_t opcodes[] = {0x08, 0x12, 0x16, 0x17, 0x1B, 0x1C, 0x20,
                                  0x24, 0x28, 0x40, 0x41, 0x43, 0x45, 0x46,
                                  0x47, 0x51, 0x56, 0x77, 0x80};

/* The bytes of the zone that more than one slot follows. */
static const uint8_t zone_bytes[] = {18, 69, 70, 71, 72, 73, 74, 84,
                                     85, 90, 91, 92, 93, 94, 95};

/* The next lie; false after the last one. The slot's own words, those of
 * others, the zone's, then contents, then answers that somebody rewrites. */
static bool next_lie(struct lie *l, unsigned n, unsigned slot)
{
    if (n < 16 * 33) {
        unsigned of = (slot + n / 33) % 16, bit = n % 33;
        unsigned byte = bit < 16 ? 20 + 2 * of : 96 + 2 * of;

        *l = (struct lie){BIT, 8 * byte + bit % 16, 0};
        if (bit == 32) {
            l->at = 8 * 88 + of;
        }
        return true;
    }
    n -= 16 * 33;
    if (n < 8 * sizeof zone_bytes) {
        *l = (struct lie){BIT, 8U * zone_bytes[n / 8] + n % 8, 0};
        return true;
    }
    n -= (unsigned)(8 * sizeof zone_bytes);
    if (n < 16) {
        *l = (struct lie){CONTENT, n, 0};
        return true;
    }
    n -= 16;
    *l = (struct lie){REWRITE, n % sizeof opcodes, n / sizeof opcodes};
    return n <= 3 * sizeof opcodes;
}

static void tell_lie(struct stage *s, const struct lie *l)
{
    struct hd_fault fault = {.kind = HD_FAULT_REWRITE,
                             .opcode = opcodes[l->at % sizeof opcodes],
                             .payload_len = l->value == 2 ? 0 : 1,
                             .payload = {l->value ? 0x0F : 0x00}};

    if (l->value == 3) { /* Info says: it is set; but for the driver's first */
        fault.opcode = 0x30;
        fault.skip = 1;
        fault.payload_len = 4;
        fault.payload[0] = 1;
    }

    switch (l->kind) {
    case BIT:
        s->vchip.ee[l->at / 8] ^= (uint8_t)(1U << l->at % 8);
        break;
    case CONTENT:
        stage_bytes(s, l->at)[0] ^= 1;
        break;
    default:
        assert_int_equal(hd_vchip_fault(&s->vchip, &fault), HD_OK);
        break;
    }
}

/* Whether the use, tried on a chip with this lie in it, is named. */
static bool notices(struct stage *s, struct hd_plan_run *run,
                    const struct stage *honest, const struct use *use,
                    unsigned slot, const struct lie *l)
{
    char what[96];

    assert_int_equal(
            hd_vchip_restore(&s->vchip, honest->set, (size_t)honest->set_len),
            HD_OK);
    tell_lie(s, l);
    s->set_len = hd_vchip_snapshot(&s->vchip, s->set, sizeof s->set);
    (void)snprintf(what, sizeof what, "to %s", use->what);
    return uses_try_one(s, run, use, slot) == HD_ERR_CORRUPT &&
           strstr(run->problem, what) != NULL;
}

/* Which uses were seen to fail, by which kind of lie; LIES: not yet. */
static uint8_t caught_by[5][32];

static void hunt(struct stage *s, struct hd_plan_run *run, unsigned t,
                 unsigned i)
{
    static struct stage honest;
    const struct use *use = &uses_tables[t]->list[i];
    struct lie l;

    memcpy(honest.set, s->set, sizeof s->set);
    honest.set_len = s->set_len;
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        unsigned before = s->out->uses;

        assert_int_equal(uses_try_one(s, run, use, slot), HD_OK);
        if (s->out->uses == before) {
            continue;
        }
        for (unsigned n = 0; next_lie(&l, n, slot); n++) {
            if (notices(s, run, &honest, use, slot, &l)) {
                caught_by[t][i] = (uint8_t)l.kind;
                slot = HD_POLICY_SLOTS;
                break;
            }
        }
    }
    memcpy(s->set, honest.set, sizeof s->set);
    s->set_len = honest.set_len;
}

static void hunt_all(struct bench *b)
{
    static struct stage s;
    static struct hd_plan_rehearsal out;

    memset(&s, 0, sizeof s);
    s.plan = &b->plan;
    s.contents = &b->contents;
    s.out = &out;
    assert_int_equal(look(b), HD_OK);
    assert_int_equal(stage_open(&s, &b->seen), HD_OK);
    assert_int_equal(stage_plug(&s), HD_OK);
    assert_int_equal(stage_play(&s, &b->run, &b->seen), HD_OK);
    for (unsigned t = 0; uses_tables[t]; t++) {
        for (unsigned i = 0; i < uses_tables[t]->count; i++) {
            if (caught_by[t][i] == LIES) {
                hunt(&s, &b->run, t, i);
            }
        }
    }
    stage_close(&s);
}

static void test_every_use_notices_a_chip_that_answers_otherwise(void **state)
{
    unsigned count[LIES + 1] = {0};
    const char *name;
    struct bench b;

    (void)state;
    memset(caught_by, LIES, sizeof caught_by);
    /* the ones of this test first: they say the most */
    for (unsigned n = 5; nth_bench(&b, n, &name); n++) {
        hunt_all(&b);
        hd_vchip_free(&b.vchip);
    }
    for (unsigned n = 0; n < 5 && nth_bench(&b, n, &name); n++) {
        hunt_all(&b);
        hd_vchip_free(&b.vchip);
    }
    for (unsigned t = 0; uses_tables[t]; t++) {
        for (unsigned i = 0; i < uses_tables[t]->count; i++) {
            if (caught_by[t][i] == LIES) {
                fail_msg("nothing makes it notice: to %s",
                         uses_tables[t]->list[i].what);
            }
            count[caught_by[t][i]]++;
        }
    }
    print_message("noticed: %u by a bit that differs, %u by a content, %u by "
                  "an answer\n",
                  count[BIT], count[CONTENT], count[REWRITE]);
    assert_true(count[BIT] > 2 * count[REWRITE]);
}

/* ------------------------------------------- policies that do not hold good */

static struct bench *spoiled; /* what the functions below change */

static void set(enum hd_policy_field_id id, unsigned slot, uint64_t value)
{
    hd_policy_set(spoiled->policy.config, id, slot, value);
}

static void no_io_key(void)
{
    set(HD_F_IoProtectionKeyEnable, 0, 0);
}

/* A kind of key that the chip cannot make: refused by it, not by the plan. */
static void no_ecc_key(void)
{
    set(HD_F_KeyType, 0, 7);
}

static void no_way_to_the_latch(void)
{
    set(HD_F_VolatileKeyPermitEnable, 0, 0);
}

static void proof_of_a_private_key(void)
{
    set(HD_F_AuthKey, 2, 0);
}

static void proofs_in_a_ring(void)
{
    set(HD_F_ReqAuth, 5, 1);
    set(HD_F_AuthKey, 5, 5);
}

static void no_uses_at_all(void)
{
    memset(spoiled->contents.slot[10], 0, 32);
}

static void key_past_the_certificate(void)
{
    set(HD_F_X509format1_PublicPosition, 0, 7);
}

static void file_without_a_key(void)
{
    spoiled->contents.slot[15][10] ^= 1;
}

static void watchdog_too_short(void)
{
    set(HD_F_WatchdogDuration, 0, 0);
}

static void part_without_aes(void)
{
    spoiled->vchip.ee[13] &= 0xFE;
}

static void wrapped_with_a_private_key(void)
{
    set(HD_F_WriteKey, 8, 0);
}

static void parent_that_is_none(void)
{
    set(HD_F_ReadKey, 14, 5);
}

static void encrypted_read_of_no_secret(void)
{
    set(HD_F_IsSecret, 0, 0);
}

static void private_io_key(void)
{
    set(HD_F_IoProtectionKey, 0, 0);
}

static void private_latch_guard(void)
{
    set(HD_F_VolatileKeyPermitSlot, 0, 3);
}

static const struct {
    const char *policy;
    void (*spoil)(void);
    const char *says[3];
} spoilt[] = {
        {"connected-device",
         no_io_key,
         {"slot 3 (update-key): to agree on a secret is allowed by the policy",
          "the IO protection key is not enabled",
          "Change slots/3/agrees (yes), or io-protection/key (nobody)"}},
        {"connected-device",
         private_io_key,
         {"is allowed by the policy, but: slot 0 (identity) holds an ECC "
          "private key (KeyConfig[0].Private = 1, byte 96 bit 0), and the IO "
          "protection key must be a secret",
          "Change io-protection/key (identity)"}},
        {"guarded",
         private_latch_guard,
         {"but setting the latch failed: slot 3 (",
          "and only a secret or a public key can be proved",
          "Change latch/switched-by ("}},
        {"connected-device", no_ecc_key, {"make a private key in slot 0"}},
        {"guarded",
         no_way_to_the_latch,
         {"by the policy, but setting the latch failed: nothing sets it (",
          "latch/switched-by, secure-boot/sets-latch). Change slots/4/"
          "needs-latch (yes)"}},
        {"gateway",
         proof_of_a_private_key,
         {"slot 2 (service-a): to sign a digest is allowed",
          "but proving the key that authorises failed: slot 0 (",
          "holds an ECC private key (KeyConfig[0].Private = 1, byte 96 bit "
          "0), and only a secret or a public key can be proved. Change "
          "slots/2/authorised-by"}},
        {"gateway",
         proofs_in_a_ring,
         {"proving the key that authorises failed: CheckMac",
          "slots/5/authorised-by (operator)"}},
        {"signing-station",
         no_uses_at_all,
         {"slot 0 (issuer): to sign a digest is allowed",
          "Counter 0 has reached the limit stored in slot 10",
          "counters/0/stops-at (order-size)"}},
        {"open",
         key_past_the_certificate,
         {"slot 10 (by-certificate): to validate it is allowed",
          "where X509format says"}},
        {"connected-device",
         file_without_a_key,
         {"slot 15 (boot-key): to compute with the key of its file",
          "not a point on the curve", "Change slots/15/file"}},
        {"open",
         watchdog_too_short,
         {"does not fit in the chip's watchdog",
          "Change interface/watchdog (1.3s)"}},
        {"connected-device",
         part_without_aes,
         {"slot 9 (seal-key): to encrypt a block is allowed",
          "this part was made without AES"}},
        {"guarded",
         wrapped_with_a_private_key,
         {"slot 8 (sealed): to write it encrypted is allowed",
          "holds an ECC private key", "Change slots/8/write (with signer)"}},
        {"connected-device",
         parent_that_is_none,
         {"slot 14 (next-boot-key): to validate it is allowed",
          "slots/14/validated-by (secret)"}},
        {"connected-device",
         encrypted_read_of_no_secret,
         {"slot 0 (identity)"}},
};

static void test_what_a_policy_cannot_keep_is_said_before_a_lock(void **state)
{
    static struct hd_plan_rehearsal out;
    struct hd_policy policy;
    struct bench b;

    (void)state;
    for (unsigned i = 0; i < sizeof spoilt / sizeof spoilt[0]; i++) {
        const struct hd_policy_recipe *r = hd_policy_recipes;

        while (r->name && strcmp(r->name, spoilt[i].policy) != 0) {
            r++;
        }
        if (r->name) {
            new_bench(&b, r->name);
        } else {
            load_own(spoilt[i].policy, &policy);
            new_bench_policy(&b, &policy);
        }
        spoiled = &b;
        spoilt[i].spoil();
        assert_int_equal(rehearse(&b, &out), HD_ERR_CORRUPT);
        for (unsigned k = 0; k < 3 && spoilt[i].says[k]; k++) {
            if (!strstr(b.run.problem, spoilt[i].says[k])) {
                fail_msg("\"%s\" is not in: %s", spoilt[i].says[k],
                         b.run.problem);
            }
        }
        assert_int_equal(b.vchip.ee[87], 0x55);
        hd_vchip_free(&b.vchip);
    }
}

/* ----------------------------------------------------- what cannot be tried */

static void key_that_never_comes(void)
{
    set(HD_F_WriteConfig, 3, 0);
}

static void reserved_type(void)
{
    set(HD_F_KeyType, 10, 5);
}

static void use_lock(void)
{
    set(HD_F_UseLockEnable, 0, 5);
}

static void invalid_protection(void)
{
    set(HD_F_EcdhProt, 0, 3);
    set(HD_F_KdfProt, 0, 3);
}

static void two_proofs(void)
{
    set(HD_F_ReqAuth, 13, 1);
    set(HD_F_AuthKey, 13, 5);
}

static void nothing_to_report(void)
{
    set(HD_F_PubInfo, 1, 0);
    for (unsigned slot = 0; slot < HD_POLICY_SLOTS; slot++) {
        if (hd_policy_kind(spoiled->policy.config, slot) == HD_KIND_SECRET) {
            set(HD_F_ReqAuth, slot, 1);
            set(HD_F_AuthKey, slot, 12); /* a public key */
        }
    }
    set(HD_F_ReqAuth, 12, 0);
}

static const struct {
    void (*spoil)(void);
    unsigned count;
    const char *says;
} untried[] = {
        {key_that_never_comes, 1,
         "slot 3 (installed): its key comes later, and nothing can bring it"},
        {reserved_type, 1, "slot 10 (rolled): its KeyType is reserved"},
        {use_lock, 1, "the chip: UseLock"},
        {invalid_protection, 2, "the chip: key agreement: EcdhProt is 3"},
        {two_proofs, 1, "slot 13 (child): validating it"},
        {nothing_to_report, 1, "slot 1 (reporter): to sign a report"},
};

static void test_what_cannot_be_tried_is_said(void **state)
{
    static struct hd_plan_rehearsal out;
    struct hd_policy policy;
    struct bench b;

    (void)state;
    for (unsigned i = 0; i < sizeof untried / sizeof untried[0]; i++) {
        load_own("guarded", &policy);
        new_bench_policy(&b, &policy);
        spoiled = &b;
        untried[i].spoil();
        if (rehearse(&b, &out) != HD_OK) {
            fail_msg("%s: %s", untried[i].says, b.run.problem);
        }
        assert_int_equal(out.gap_count, untried[i].count);
        assert_non_null(strstr(out.gaps[0], untried[i].says));
        hd_vchip_free(&b.vchip);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_sound_policies_pass_their_rehearsal),
            cmocka_unit_test(test_every_kind_of_use_is_tried_by_some_policy),
            cmocka_unit_test(test_a_chip_in_service_is_rehearsed_as_it_is),
            cmocka_unit_test(test_a_single_wire_chip_is_rehearsed_too),
            cmocka_unit_test(
                    test_sound_policies_are_not_taken_for_unsound_ones),
            cmocka_unit_test(
                    test_every_use_notices_a_chip_that_answers_otherwise),
            cmocka_unit_test(
                    test_what_a_policy_cannot_keep_is_said_before_a_lock),
            cmocka_unit_test(test_what_cannot_be_tried_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
