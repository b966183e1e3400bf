/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing and locking slots; see uses.h. */
#include "plan/uses.h"

bool uses_always(const struct stage *s, unsigned slot)
{
    (void)s;
    (void)slot;
    return true;
}

unsigned uses_read_key(const struct stage *s, unsigned slot)
{
    return (unsigned)stage_bits(s, HD_F_ReadKey, slot);
}

unsigned uses_write_key(const struct stage *s, unsigned slot)
{
    return (unsigned)stage_bits(s, HD_F_WriteKey, slot);
}

/* ------------------------------------------------------------------ reading */

static bool may_read(const struct stage *s, unsigned slot)
{
    return is_readable(s->plan->policy.config, slot);
}

static int try_read(struct stage *s, unsigned slot)
{
    uint8_t got[HD_PLAN_SLOT_SIZE] = {0};
    size_t len = hd_plan_slot_size(slot);
    int err = hd_chip_read(&s->chip, HD_ZONE_DATA, (uint16_t)slot, 0, got, len);

    err = stage_same(err, got, stage_bytes(s, slot), len);
    hd_wipe(got, sizeof got);
    return err;
}

static bool is_closed_to_read(const struct stage *s, unsigned slot)
{
    return !may_read(s, slot);
}

static bool may_read_encrypted(const struct stage *s, unsigned slot)
{
    return stage_bits(s, HD_F_IsSecret, slot) &&
           stage_bits(s, HD_F_EncryptRead, slot);
}

static int read_with(struct stage *s, unsigned slot, uint8_t flip)
{
    unsigned key_slot = uses_read_key(s, slot);
    uint8_t key[32], got[32] = {0};

    memcpy(key, stage_known(s, key_slot), sizeof key);
    key[0] ^= flip;
    int err = hd_chip_read_encrypted(&s->chip, (uint16_t)slot, 0, got,
                                     sizeof got, (uint16_t)key_slot, key);

    err = stage_same(err, got, stage_bytes(s, slot), sizeof got);
    hd_wipe(key, sizeof key);
    hd_wipe(got, sizeof got);
    return err;
}

static int try_read_encrypted(struct stage *s, unsigned slot)
{
    return read_with(s, slot, 0);
}

/* The chip gives something, which must not be the content. */
static int try_read_wrongly(struct stage *s, unsigned slot)
{
    int err = read_with(s, slot, 1);

    return err == HD_ERR_CORRUPT ? HD_ERR_EXEC : err;
}

/* ------------------------------------------------------------------ writing */

/* docs/chip part 1, 7.13: 0 always, 1 while it is no validated key. */
bool uses_may_write(const struct stage *s, unsigned slot)
{
    uint64_t config = stage_bits(s, HD_F_WriteConfig, slot);
    bool valid = slot >= 8 && stage_known(s, slot)[0] >> 4 == 5;

    return stage_kind(s, slot) != HD_KIND_PRIVATE &&
           !stage_is_locked(s, slot) &&
           (config == 0 || (config == 1 && !valid));
}

static void new_content(struct stage *s, unsigned slot, uint8_t data[32])
{
    for (unsigned i = 0; i < 32; i++) {
        data[i] = (uint8_t)~stage_bytes(s, slot)[i];
    }
}

/* The first nibble is the chip's own in a key that must be validated. */
static int check_content(struct stage *s, unsigned slot, int err,
                         const uint8_t data[32])
{
    return stage_same(err, stage_bytes(s, slot) + 1, data + 1, 31);
}

int uses_try_write(struct stage *s, unsigned slot)
{
    uint8_t data[32];

    new_content(s, slot, data);
    return check_content(s, slot,
                         hd_chip_write(&s->chip, HD_ZONE_DATA, (uint16_t)slot,
                                       0, data, sizeof data),
                         data);
}

/* Where anyone may write, nobody needs a key to. */
static bool is_closed_to_write(const struct stage *s, unsigned slot)
{
    return !uses_may_write(s, slot);
}

static bool may_write_encrypted(const struct stage *s, unsigned slot)
{
    return (stage_bits(s, HD_F_WriteConfig, slot) & 4U) != 0 &&
           !stage_is_locked(s, slot);
}

static int write_with(struct stage *s, unsigned slot, uint8_t flip)
{
    unsigned key_slot = uses_write_key(s, slot);
    uint8_t key[32], data[32];

    memcpy(key, stage_known(s, key_slot), sizeof key);
    key[0] ^= flip;
    new_content(s, slot, data);
    int err = hd_chip_write_encrypted(&s->chip, (uint16_t)slot, 0, data,
                                      sizeof data, (uint16_t)key_slot, key);

    err = check_content(s, slot, err, data);
    hd_wipe(key, sizeof key);
    return err;
}

static int try_write_encrypted(struct stage *s, unsigned slot)
{
    return write_with(s, slot, 0);
}

static int try_write_wrongly(struct stage *s, unsigned slot)
{
    return write_with(s, slot, 1);
}

/* ------------------------------------------------------------------ locking */

static bool may_lock(const struct stage *s, unsigned slot)
{
    return stage_bits(s, HD_F_Lockable, slot) && !stage_is_locked(s, slot);
}

static int try_lock(struct stage *s, unsigned slot)
{
    int err = hd_plan_lock(&s->chip, HD_PLAN_LOCK_SLOT, slot, 0);

    return err == HD_OK && !stage_is_locked(s, slot) ? HD_ERR_CORRUPT : err;
}

static int lock_then(struct stage *s, unsigned slot,
                     int (*change)(struct stage *s, unsigned slot))
{
    int err = try_lock(s, slot);

    return err == HD_OK ? change(s, slot) : HD_ERR_CORRUPT;
}

static bool writes_then_locks(const struct stage *s, unsigned slot)
{
    return may_lock(s, slot) && uses_may_write(s, slot);
}

static int try_write_locked(struct stage *s, unsigned slot)
{
    return lock_then(s, slot, uses_try_write);
}

static bool seals_then_locks(const struct stage *s, unsigned slot)
{
    return may_lock(s, slot) && may_write_encrypted(s, slot);
}

static int try_seal_locked(struct stage *s, unsigned slot)
{
    return lock_then(s, slot, try_write_encrypted);
}

static bool renews_then_locks(const struct stage *s, unsigned slot)
{
    return may_lock(s, slot) &&
           (stage_bits(s, HD_F_WriteConfig, slot) & 2U) != 0;
}

static int genkey(struct stage *s, unsigned slot)
{
    uint8_t pub[64];

    return hd_chip_genkey(&s->chip, (uint16_t)slot, pub);
}

static int try_renew_locked(struct stage *s, unsigned slot)
{
    return lock_then(s, slot, genkey);
}

/* Content that comes later: written, locked, and still there to be read. */
static bool reads_locked(const struct stage *s, unsigned slot)
{
    return writes_then_locks(s, slot) && may_read(s, slot);
}

static int try_fill_and_lock(struct stage *s, unsigned slot)
{
    int err = uses_try_write(s, slot);

    err = err == HD_OK ? try_lock(s, slot) : err;
    return err == HD_OK ? try_read(s, slot) : err;
}

/* clang-format off */
#define KEYS      HD_KIND_STORED
#define ANY       (HD_KIND_STORED | HD_KIND_PRIVATE)
#define SLOT_USE(what, word, kinds, bound, whose, concerns, allowed, attempt) \
    {what, word, HD_G_SLOT, kinds, bound, whose, concerns, allowed, attempt}
static const struct use list[] = {
    SLOT_USE("read it in clear", "read", ANY, 0, NULL, NULL, may_read, try_read),
    SLOT_USE("read it encrypted", "read", KEYS, BY_USE, uses_read_key,
             is_closed_to_read, may_read_encrypted, try_read_encrypted),
    SLOT_USE("read it with another key", "read", KEYS, 0, uses_read_key,
             may_read_encrypted, NULL, try_read_wrongly),
    SLOT_USE("write it in clear", "write", ANY, 0, NULL, NULL, uses_may_write, uses_try_write),
    SLOT_USE("write it encrypted", "write", KEYS, BY_USE, uses_write_key,
             is_closed_to_write, may_write_encrypted, try_write_encrypted),
    SLOT_USE("write it with another key", "write", KEYS, 0, uses_write_key,
             may_write_encrypted, NULL, try_write_wrongly),
    SLOT_USE("lock it", "lock", ANY, 0, NULL, NULL, may_lock, try_lock),
    SLOT_USE("write it, lock it and read it", "lock", KEYS, 0, NULL,
             reads_locked, uses_always, try_fill_and_lock),
    SLOT_USE("write it once it is locked", "lock", KEYS, 0, NULL,
             writes_then_locks, NULL, try_write_locked),
    SLOT_USE("write it encrypted once it is locked", "lock", KEYS, 0,
             uses_write_key, seals_then_locks, NULL, try_seal_locked),
    SLOT_USE("make a new key once it is locked", "lock", HD_KIND_PRIVATE, 0,
             NULL, renews_then_locks, NULL, try_renew_locked),
};
/* clang-format on */

const struct uses uses_stored = {list, sizeof list / sizeof list[0]};
