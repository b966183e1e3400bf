/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chip's commands in words for people: names, modes, what each data
 * field holds, what an answer says. Facts from docs/chip/2-commands.md, as
 * one table; it knows no rules and no cryptography, and is shared with
 * neither the driver nor vchip.
 *
 * A "group" is what travels after the word address: count, opcode, param1,
 * param2 (low byte first), data, checksum. Nothing here checks the checksum:
 * decode.h does, with the driver's own function.
 */
#ifndef HD_HOST_WORDS_H
#define HD_HOST_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What param2 means. */
enum hd_param2 {
    HD_P2_ZERO,
    HD_P2_SLOT,
    HD_P2_KEY,     /* a slot, or 0xFFFF: TempKey */
    HD_P2_WORDS,   /* address in the configuration or OTP zone */
    HD_P2_DATA,    /* address in the data zone */
    HD_P2_BLOCK,   /* 32-byte block of the configuration or OTP zone */
    HD_P2_COUNTER, /* 0 or 1 */
    HD_P2_COUNT,   /* bytes in the data field */
    HD_P2_CRC,     /* summary checksum */
    HD_P2_CURVE,
    HD_P2_VALUE,
    HD_P2_NONCE, /* bit 15: derive from TempKey */
    HD_P2_KDF,   /* source slot, target slot */
    HD_P2_LATCH  /* bits 1:0: read, clear, set */
};

struct hd_field {
    const char *name; /* NULL ends the list */
    uint8_t len;      /* 0: all the rest */
};

#define HD_FORM_FIELDS 4
#define HD_ANY_LENGTH  0xFF

/* One form of a command: an opcode, the param1 bits that select the form,
 * and the length of its data. */
struct hd_form {
    uint8_t opcode, mask, value;
    uint8_t data_len; /* HD_ANY_LENGTH: any */
    const char *mode; /* in words */
    uint8_t param2;   /* enum hd_param2 */
    struct hd_field in[HD_FORM_FIELDS];
    struct hd_field out[HD_FORM_FIELDS]; /* of an answer that is no status */
};

/* Words for more param1 bits, said after the mode. */
struct hd_flag_words {
    uint8_t opcode, mask, value;
    const char *words;
};

extern const struct hd_form hd_forms[];            /* ended by mode NULL */
extern const struct hd_flag_words hd_flag_words[]; /* ended by words NULL */

/* "Sign", NULL if no chip of the family has that opcode. */
const char *hd_opcode_name(uint8_t opcode);

/* "execution error: ...", never NULL. */
const char *hd_status_words(uint8_t status);
/* "EXEC", for programs; never NULL. */
const char *hd_status_name(uint8_t status);

/* A command group taken apart; the views point into it. */
struct hd_command_words {
    uint8_t opcode, param1;
    uint16_t param2;
    const char *name;           /* never NULL: "unknown opcode" */
    const struct hd_form *form; /* NULL: not a mode in the table */
    bool odd_length; /* the data is not as long as this mode has it */
    int slot;        /* slot concerned, or -1 */
    const uint8_t *data;
    size_t data_len;
};

/* group: at least 7 bytes. */
void hd_command_parse(const uint8_t *group, size_t len,
                      struct hd_command_words *out);

/*
 * "Sign, external digest from TempKey, slot 2". Always terminated; returns
 * the length it needs.
 */
size_t hd_command_text(const struct hd_command_words *c, char *out,
                       size_t size);

/* What the answer's payload says, for example "counter 55"; payload of one
 * byte is a status. An empty string if bytes are all there is to say. */
size_t hd_answer_text(const struct hd_command_words *to, const uint8_t *payload,
                      size_t len, char *out, size_t size);

/* True if this payload is a status byte and not a result. */
bool hd_answer_is_status(const struct hd_command_words *to, size_t len);

/*
 * Cuts bytes into fields: calls each(ctx, name, ptr, len) for every one. What
 * is left over, or everything if the lengths do not fit, is "data".
 */
typedef void hd_field_fn(void *ctx, const char *name, const uint8_t *ptr,
                         size_t len);
void hd_fields_each(const struct hd_field *fields, const uint8_t *bytes,
                    size_t len, hd_field_fn *each, void *ctx);

#endif
