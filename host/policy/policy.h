/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy: what each slot of a chip is for and who may do what, in words.
 *
 * A policy file is YAML (docs/policy.md). Reading it gives a struct
 * hd_policy: the 128 configuration bytes that the words stand for, and beside
 * them what bytes cannot say (names, purposes, what is written and locked
 * when). The bytes are the truth: whatever is asked about permissions is read
 * back from them, so a policy made from a chip and one made from a file are
 * the same kind of thing.
 *
 *     struct hd_policy policy;
 *     struct hd_policy_report report;
 *     if (hd_policy_read(text, len, &policy, &report) != HD_OK) {
 *         for (unsigned i = 0; i < report.count; i++) {
 *             fprintf(stderr, "%s:%u: %s\n", path, report.errors[i].line,
 *                     report.errors[i].text);
 *         }
 *     }
 *     hd_policy_report_free(&report);
 *     write(policy.config, 128) ...
 *
 * Three tables hold all knowledge of the format, and everything else
 * (reading, writing, showing, the documentation's test) walks over them:
 *
 *     hd_policy_fields    every bit field of the zone, as in the data sheet
 *     hd_policy_groups    every key of the file, its words, and the field
 *                         that each word sets
 *     hd_policy_purposes  every purpose, and the bits it starts from
 *
 * What the chip does with these bits is not here: ask a vchip that holds
 * them. Nothing keeps state; a struct hd_policy owns no memory and may be
 * copied. Where its file says what is no part of it: the report of the
 * reading knows, for as long as somebody asks.
 */
#ifndef HD_POLICY_H
#define HD_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "halfdollar/base.h"
#include "halfdollar/err.h"

#define HD_POLICY_CONFIG_BYTES 128
#define HD_POLICY_SLOTS        16
#define HD_POLICY_NAME_SIZE    32
#define HD_POLICY_TEXT_SIZE    256
#define HD_POLICY_WAIVERS      32
#define HD_POLICY_FILE_MAX     65536 /* bytes; more is refused unread */

/* Kinds of chip, as bits; the same numbers as enum hd_vmodel. */
enum { HD_POLICY_508A = 1, HD_POLICY_608A = 2, HD_POLICY_608B = 4 };
#define HD_POLICY_608 (HD_POLICY_608A | HD_POLICY_608B)
#define HD_POLICY_ANY (HD_POLICY_508A | HD_POLICY_608)

/* ---------------------------------------------------------------- policy */

/* What provisioning puts into a slot. Same order as the words of `content`. */
enum hd_policy_content {
    HD_CONTENT_NONE,   /* nothing: stays as the factory left it */
    HD_CONTENT_BORN,   /* a private key, made inside the chip */
    HD_CONTENT_UNIQUE, /* drawn at random for this one device */
    HD_CONTENT_SHARED, /* the same bytes in every device of the fleet */
    HD_CONTENT_FILE,   /* public bytes of a file */
    HD_CONTENT_LATER   /* written in the field, by the device itself */
};

/* When a slot is locked one by one. Same order as the words of `lock`. */
enum hd_policy_lock {
    HD_LOCK_NEVER,  /* cannot be: Lockable = 0 */
    HD_LOCK_LATER,  /* can be; provisioning does not */
    HD_LOCK_FILLED, /* provisioning locks it once it is filled */
    HD_LOCK_START   /* from the moment the configuration is locked */
};

struct hd_policy_slot {
    char name[HD_POLICY_NAME_SIZE]; /* unique; empty: not in the file */
    char about[HD_POLICY_TEXT_SIZE];
    char file[HD_POLICY_TEXT_SIZE]; /* with HD_CONTENT_FILE */
    uint8_t purpose;                /* index in hd_policy_purposes */
    uint8_t content;                /* enum hd_policy_content */
    uint8_t lock;                   /* enum hd_policy_lock */
};

/* A lint finding that the author accepts, and why. */
struct hd_policy_waiver {
    char rule[HD_POLICY_NAME_SIZE];
    char where[HD_POLICY_NAME_SIZE]; /* a slot's name, or "chip" */
    char reason[HD_POLICY_TEXT_SIZE];
};

struct hd_policy_counter {
    char name[HD_POLICY_NAME_SIZE];
    char about[HD_POLICY_TEXT_SIZE];
};

struct hd_policy {
    char name[HD_POLICY_NAME_SIZE];
    char about[HD_POLICY_TEXT_SIZE];
    uint8_t chips; /* which kinds it is for: HD_POLICY_... */
    struct hd_policy_slot slots[HD_POLICY_SLOTS];
    struct hd_policy_counter counters[2];
    bool lock_config, lock_data; /* provisioning locks these zones */
    char otp_file[HD_POLICY_TEXT_SIZE];
    struct hd_policy_waiver waivers[HD_POLICY_WAIVERS];
    unsigned waiver_count;
    /* Bytes 0-15 and 86-87 belong to the chip: those of a blank one. */
    uint8_t config[HD_POLICY_CONFIG_BYTES];
};

struct hd_policy_error {
    unsigned line; /* of the file; 0: no line in particular */
    char text[512];
};

#define HD_POLICY_ERRORS    32 /* told of one file */
#define HD_POLICY_PATH_SIZE 72

/* Where a key of the file stands, and what follows it. Private. */
struct hd_policy_place {
    char path[HD_POLICY_PATH_SIZE]; /* "slots/3/write" */
    unsigned line;
    uint8_t shape;     /* of its value */
    const char *meant; /* the key that this unknown one is nearest to */
};

/* What reading a file found out beside the policy. */
struct hd_policy_report {
    struct hd_policy_error errors[HD_POLICY_ERRORS]; /* by line */
    unsigned count;
    bool more; /* there are more than fit */
    /* Private: for hd_policy_line. */
    struct hd_policy_place *places;
    unsigned place_count;
};

/*
 * Reads a policy file. HD_OK; HD_ERR_FORMAT if it is not a policy (then
 * *policy is not to be used), with everything that is wrong with it: first
 * what is no YAML, no key or of the wrong shape; if there are only unknown
 * keys or nothing of that, also each value, name and contradiction. Free
 * *report in both cases.
 */
int hd_policy_read(const char *text, size_t len, struct hd_policy *policy,
                   struct hd_policy_report *report) HD_MUST_CHECK;
void hd_policy_report_free(struct hd_policy_report *report);

/* The line of a key, given as "slots/3/write" or "slots/3/bits/ReadKey"; 0
 * if it is not in the file. The second: or of what it would stand in, 1 at
 * last. */
unsigned hd_policy_line(const struct hd_policy_report *report,
                        const char *path);
unsigned hd_policy_line_near(const struct hd_policy_report *report,
                             const char *path);

/* The same for those who ask one question only: *why is the first error. */
int hd_policy_load(const char *text, size_t len, struct hd_policy *policy,
                   struct hd_policy_error *why) HD_MUST_CHECK;

/*
 * A policy that says what these 128 bytes say: purposes guessed, slots named
 * after them. HD_ERR_FORMAT if bytes 4-7 are no known chip's.
 */
int hd_policy_from_config(const uint8_t config[HD_POLICY_CONFIG_BYTES],
                          struct hd_policy *policy,
                          struct hd_policy_error *why) HD_MUST_CHECK;

/* Writes it as a file that hd_policy_load turns into the same bytes. */
void hd_policy_write(const struct hd_policy *policy, FILE *out);

/* A C header: slot numbers by name, address, the bytes, their digest. */
void hd_policy_write_header(const struct hd_policy *policy, const char *prefix,
                            FILE *out);

/* The bytes with a comment at each field: the .hex form. */
void hd_policy_write_hex(const struct hd_policy *policy, FILE *out);

/*
 * The 128 bytes of a .hex file: hex digits, blanks, and comments from '#' to
 * the end of the line. HD_ERR_FORMAT with *why.
 */
int hd_policy_read_hex(const char *text, size_t len,
                       uint8_t config[HD_POLICY_CONFIG_BYTES],
                       struct hd_policy_error *why) HD_MUST_CHECK;

/* Which chip the revision in bytes 4-7 names; 0: none that is known. */
uint8_t hd_policy_chip_of(const uint8_t config[HD_POLICY_CONFIG_BYTES]);

/* "ATECC608", "ATECC508A" ... for a mask of chips. */
const char *hd_policy_chip_name(uint8_t chips);

/* True if the policy may be written to the chip with this configuration;
 * otherwise *why says what differs. */
bool hd_policy_fits(const struct hd_policy *policy,
                    const uint8_t config[HD_POLICY_CONFIG_BYTES],
                    struct hd_policy_error *why);

/* Copies what belongs to the chip (bytes 0-15, 86, 87) into the policy. */
void hd_policy_adopt(struct hd_policy *policy,
                     const uint8_t config[HD_POLICY_CONFIG_BYTES]);

/* True for the bytes that a policy decides: 16-85 and 88-127. */
bool hd_policy_decides(unsigned byte);

/* ---------------------------------------------------------------- fields */

/* Index in hd_policy_fields. The first ones exist once for each slot. */
enum hd_policy_field_id {
#define FIELD(id, ...) HD_F_##id,
#include "policy/fields.def"
#undef FIELD
    HD_F_COUNT
};
#define HD_F_NONE       HD_F_COUNT
#define HD_F_FIRST_ZONE HD_F_I2C_Address /* those before are a slot's */

struct hd_policy_field {
    const char *name; /* the data sheet's */
    const char *word; /* the register it is part of: "KeyConfig" */
    uint8_t byte;     /* of slot 0, for a slot's field */
    uint8_t shift;    /* from bit 0 of that byte, little-endian */
    uint8_t width;    /* bits; 64 = eight bytes, first byte on top */
    uint8_t chips;
    const char *doc;
};

extern const struct hd_policy_field hd_policy_fields[HD_F_COUNT];

/* slot is ignored for fields of the zone. */
uint64_t hd_policy_get(const uint8_t *config, enum hd_policy_field_id id,
                       unsigned slot);
void hd_policy_set(uint8_t *config, enum hd_policy_field_id id, unsigned slot,
                   uint64_t value);
static inline bool hd_policy_is_slot_field(enum hd_policy_field_id id)
{
    return id < HD_F_FIRST_ZONE;
}
uint64_t hd_policy_field_max(enum hd_policy_field_id id);
/* "byte 24 bit 6", "bytes 90-91 bits 9-8" */
void hd_policy_field_place(enum hd_policy_field_id id, unsigned slot, char *out,
                           size_t size);

/* ------------------------------------------------------------------ keys */

/* What a slot holds, by Private and KeyType. */
enum {
    HD_KIND_PRIVATE = 1, /* P-256 private key */
    HD_KIND_PUBLIC = 2,  /* P-256 public key */
    HD_KIND_SECRET = 4,  /* key for SHA commands, or data (KeyType 7) */
    HD_KIND_AES = 8,
    HD_KIND_ODD = 16 /* a reserved or contradictory KeyType */
};
#define HD_KIND_STORED (HD_KIND_PUBLIC | HD_KIND_SECRET | HD_KIND_AES)
#define HD_KIND_ALL    31

uint8_t hd_policy_kind(const uint8_t *config, unsigned slot);

enum hd_policy_form {
    HD_FORM_TEXT,   /* free text; goes beside the bytes */
    HD_FORM_WORDS,  /* one of words; a '*' in a word is a slot's name */
    HD_FORM_SLOT,   /* a slot's name, put into `label` */
    HD_FORM_NUMBER, /* decimal or 0x.. */
    HD_FORM_OWN     /* a word list, with a meaning of its own */
};

/*
 * Words of one field: the field's value is the row. A field that answers two
 * questions at once (WriteConfig: who writes, and how a key is derived) has
 * two columns, and two keys share the rows. NULL: no words for that value.
 * Of equal rows the first is the one written.
 */
typedef const char *const hd_policy_row[2];

/* Turns a number of the file into the field's value, and back. */
struct hd_policy_number {
    uint64_t max;
    bool (*to_field)(uint64_t number, uint64_t *value);
    bool (*from_field)(uint64_t value, uint64_t *number);
    bool hex;
};

struct hd_policy_key {
    const char *name;
    const char *doc;
    enum hd_policy_form form;
    uint8_t chips;
    uint8_t kinds;  /* for a slot's key: kinds of slot that have it */
    uint8_t field;  /* HD_F_..., or HD_F_NONE */
    uint8_t column; /* of rows */
    uint8_t row_count;
    hd_policy_row *rows;
    uint8_t label; /* field that takes the slot's number */
    const struct hd_policy_number *number;
};

struct hd_policy_group {
    const char *name;
    const char *doc;
    const struct hd_policy_key *keys;
    unsigned count;
};

enum {
    HD_G_TOP, /* keys of the file itself */
    HD_G_INTERFACE,
    HD_G_SECURE_BOOT,
    HD_G_IO_PROTECTION,
    HD_G_LATCH,
    HD_G_SELF_TEST,
    HD_G_KDF,
    HD_G_OTP,
    HD_G_EXTRA,
    HD_G_LOCKS,
    HD_G_COUNTER0,
    HD_G_COUNTER1,
    HD_G_SLOT,
    HD_G_WAIVER,
    HD_G_COUNT
};

extern const struct hd_policy_group hd_policy_groups[HD_G_COUNT];

/* The key's value in words ("with io-key"), from the bytes; false if the
 * bytes say something that has no word. */
bool hd_policy_say(const struct hd_policy *policy,
                   const struct hd_policy_key *key, unsigned slot, char *out,
                   size_t size);

/* The row that the bytes are at (a key's words may span two fields). */
uint64_t hd_policy_key_value(const uint8_t *config,
                             const struct hd_policy_key *key, unsigned slot);
void hd_policy_key_set(uint8_t *config, const struct hd_policy_key *key,
                       unsigned slot, uint64_t value);

/* The first row with this word that leaves the other column as it is in row
 * `now`; -1 if there is none. A word with a name in it is given as "with *". */
int hd_policy_row_for(const struct hd_policy_key *key, uint64_t now,
                      const char *word);

/* Some names mean one thing for one chip or kind of slot and another for the
 * other: the key of that name for any of these; NULL if there is none. */
const struct hd_policy_key *hd_policy_key_named(unsigned group,
                                                const char *name, uint8_t chips,
                                                uint8_t kinds);

/* -------------------------------------------------------------- purposes */

struct hd_policy_purpose {
    const char *word;
    uint16_t slot_config, key_config; /* to start from */
    uint8_t content, lock;            /* unless the file says otherwise */
    uint8_t chips;
    uint8_t slots_from; /* a public key needs slot 8 or above */
    const char *doc;
};

extern const struct hd_policy_purpose hd_policy_purposes[];
extern const unsigned hd_policy_purpose_count;

/* Index, or -1. */
int hd_policy_purpose_named(const char *word);

extern const char *const hd_policy_content_words[6];
extern const char *const hd_policy_lock_words[4];

/* ---------------------------------------------------------------- recipes */

struct hd_policy_recipe {
    const char *name;
    const char *text;
    size_t len;
};

/* The files of policies/, ended by name NULL. */
extern const struct hd_policy_recipe hd_policy_recipes[];

#endif
