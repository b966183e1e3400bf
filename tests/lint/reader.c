/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a configuration as people do: field by field, until nothing new
 * follows. Shares no code with what it is compared with. */
#include "reader.h"

#include <string.h>

#define SLOTS 16

static unsigned slot_word(const struct reader *r, unsigned slot)
{
    return r->c[20 + 2 * slot] | (unsigned)r->c[21 + 2 * slot] << 8;
}

static unsigned key_word(const struct reader *r, unsigned slot)
{
    return r->c[96 + 2 * slot] | (unsigned)r->c[97 + 2 * slot] << 8;
}

static bool is_open(const struct reader *r, unsigned slot)
{
    return (r->c[88 + slot / 8] >> slot % 8 & 1) != 0;
}

static bool is_private(const struct reader *r, unsigned slot)
{
    return (key_word(r, slot) & 1) != 0;
}

static bool is_public(const struct reader *r, unsigned slot)
{
    return slot >= 8 && (key_word(r, slot) & 0x1D) == 0x10;
}

static bool needs_validation(const struct reader *r, unsigned slot)
{
    return is_public(r, slot) && (key_word(r, slot) & 2) != 0;
}

static unsigned write_config(const struct reader *r, unsigned slot)
{
    return slot_word(r, slot) >> 12;
}

static unsigned write_key(const struct reader *r, unsigned slot)
{
    return slot_word(r, slot) >> 8 & 0xF;
}

static unsigned read_key(const struct reader *r, unsigned slot)
{
    return slot_word(r, slot) & 0xF;
}

/* ------------------------------------------------------- use of keys (10) */

/* The latch must be on: 608 by Info, 508A by its pin, which is no matter. */
static bool latch_lets(const struct reader *r, unsigned slot)
{
    return (key_word(r, slot) & 0x1000) == 0 || (r->is_608 && r->latch);
}

static bool authorises(const struct reader *r, unsigned key, unsigned depth);

static bool auth_lets(const struct reader *r, unsigned slot, unsigned depth)
{
    return (key_word(r, slot) & 0x80) == 0 ||
           authorises(r, key_word(r, slot) >> 8 & 0xF, depth);
}

/* CheckMac with a secret he knows, Verify with a key that is his own. */
static bool authorises(const struct reader *r, unsigned key, unsigned depth)
{
    bool has = is_public(r, key) ? r->trusted[key] : r->knows[key];

    return depth < SLOTS && has && !is_private(r, key) && latch_lets(r, key) &&
           auth_lets(r, key, depth + 1);
}

static bool uses(const struct reader *r, unsigned key)
{
    return r->knows[key] && !is_private(r, key) && latch_lets(r, key) &&
           auth_lets(r, key, 0);
}

/* ------------------------------------------------------- the tables (9) */

/* A key that he put there himself opens nothing of the victim's. */
static bool opens_itself(const struct reader *r, unsigned slot, unsigned key)
{
    return key != slot || r->by_read[slot];
}

static bool reads(const struct reader *r, unsigned slot)
{
    unsigned how = slot_word(r, slot) & 0xC0;

    if (is_private(r, slot) || how == 0x80 || how == 0x40) {
        return false;
    }
    return how == 0 || (uses(r, read_key(r, slot)) &&
                        opens_itself(r, slot, read_key(r, slot)));
}

static bool writes_clear(const struct reader *r, unsigned slot)
{
    unsigned how = write_config(r, slot);

    return !is_private(r, slot) && is_open(r, slot) &&
           (how == 0 || (how == 1 && !needs_validation(r, slot)));
}

static bool writes_encrypted(const struct reader *r, unsigned slot)
{
    unsigned key = write_key(r, slot);

    return !is_private(r, slot) && is_open(r, slot) &&
           (write_config(r, slot) & 4) != 0 && uses(r, key) &&
           opens_itself(r, slot, key);
}

bool reader_writes(const struct reader *r, unsigned slot)
{
    return writes_clear(r, slot) || writes_encrypted(r, slot);
}

/* One authorisation serves one key. */
static bool derive_lets(const struct reader *r, unsigned slot)
{
    unsigned how = write_config(r, slot), parent = write_key(r, slot);
    bool create = (how & 1) != 0, mac = (how & 8) != 0;
    bool both = !create && mac && (key_word(r, slot) & 0x80) != 0 &&
                (key_word(r, parent) & 0x80) != 0;

    if (both || (!create && !(latch_lets(r, slot) && auth_lets(r, slot, 0)))) {
        return false;
    }
    if (!create && !mac) {
        return true;
    }
    return !is_private(r, parent) && latch_lets(r, parent) &&
           auth_lets(r, parent, 0) &&
           (!mac || (r->knows[parent] && opens_itself(r, slot, parent)));
}

bool reader_rolls(const struct reader *r, unsigned slot)
{
    return !is_private(r, slot) && is_open(r, slot) &&
           (write_config(r, slot) & 2) != 0 && derive_lets(r, slot);
}

bool reader_derives(const struct reader *r, unsigned slot)
{
    unsigned source =
            (write_config(r, slot) & 1) != 0 ? write_key(r, slot) : slot;

    return reader_rolls(r, slot) && r->knows[source] &&
           opens_itself(r, slot, source);
}

bool reader_regenerates(const struct reader *r, unsigned slot)
{
    return (key_word(r, slot) & 0x1D) == 0x11 && is_open(r, slot) &&
           (slot_word(r, slot) & 0x2080) == 0x2080 && auth_lets(r, slot, 0) &&
           (!r->is_608 || latch_lets(r, slot));
}

bool reader_puts_private(const struct reader *r, unsigned slot)
{
    return is_private(r, slot) && is_open(r, slot) &&
           (slot_word(r, slot) & 0x4080) == 0x4080 &&
           uses(r, write_key(r, slot));
}

/* A validated key by its parent (whose own validity nobody asks), which first
 * makes the old one invalid; with a certificate format only certificates
 * validate, and none invalidates. */
static bool is_trusted(const struct reader *r, unsigned slot)
{
    unsigned parent = read_key(r, slot);
    bool pub_invalid = write_config(r, slot) == 1 && is_open(r, slot);

    if (!is_public(r, slot)) {
        return false;
    }
    if (!needs_validation(r, slot)) {
        return reader_writes(r, slot);
    }
    if (parent == slot) {
        return reader_writes(r, slot);
    }
    return is_public(r, parent) && r->own[parent] &&
           (reader_writes(r, slot) || pub_invalid);
}

/* ------------------------------------------------------ until nothing new */

static bool read_slot(struct reader *r, unsigned slot)
{
    bool trusted = is_trusted(r, slot);
    bool seen = !is_public(r, slot) && reads(r, slot);
    bool known = seen || reader_writes(r, slot) || trusted ||
                 (!is_public(r, slot) && reader_derives(r, slot));
    bool more = (trusted && !r->trusted[slot]) ||
                (reader_writes(r, slot) && !r->own[slot]) ||
                (seen && !r->by_read[slot]) || (known && !r->knows[slot]);

    r->trusted[slot] |= trusted;
    r->own[slot] |= trusted || reader_writes(r, slot);
    r->by_read[slot] |= seen;
    r->knows[slot] |= known && !is_private(r, slot);
    return more && !is_private(r, slot);
}

/* Everything that follows, without ever changing slot `but`. */
static void follow(struct reader *r, const uint8_t config[128], bool is_608,
                   int but)
{
    bool more = true;

    memset(r, 0, sizeof *r);
    r->c = config;
    r->is_608 = is_608;
    while (more) {
        more = false;
        for (unsigned slot = 0; slot < SLOTS; slot++) {
            more |= (int)slot != but && read_slot(r, slot);
        }
        if (is_608 && !r->latch && (config[69] & 0x80) != 0 &&
            authorises(r, config[69] & 0xF, 0)) {
            r->latch = true;
            more = true;
        }
    }
}

void read_configuration(struct reader *r, const uint8_t config[128],
                        bool is_608)
{
    follow(r, config, is_608, -1);
}

/* What he reads has to be there still. */
bool reader_reads(const struct reader *r, unsigned slot)
{
    struct reader calm;

    follow(&calm, r->c, r->is_608, (int)slot);
    return reads(&calm, slot);
}
