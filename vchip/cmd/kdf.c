/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KDF: derives keys by the TLS 1.2 PRF, AES or HKDF, from a register or slot
 * to a register, a slot or the bus (docs/chip part 2, 10.2; 608).
 */
#include "choices.h"
#include "rules.h"

enum source { FROM_TEMPKEY, FROM_UPPER, FROM_SLOT, FROM_ALTKEY };
enum target {
    TO_TEMPKEY,
    TO_UPPER,
    TO_SLOT,
    TO_ALTKEY,
    OUT_CLEAR,
    OUT_ENCRYPTED
};
enum algorithm { PRF, AES, HKDF };
enum place { IN_SLOT, IN_TEMPKEY, IN_INPUT, IN_INPUT_WITH_IV }; /* message */

#define OPT_KDF_AES    0x0004
#define PROTECTION     0x0C00
#define PROT_ENCRYPTED 0x0400

#define PRF_64_BYTES 0x0100 /* in the details */
#define PRF_AEAD     0x0600
#define PRF_SPLIT    0x0200
#define HKDF_NO_KEY  0x0004

#define MESSAGE_MAX 128

/* One derivation, taken apart. */
struct job {
    enum source source;
    enum target target;
    enum algorithm algorithm;
    unsigned from, to; /* slots */
    uint32_t details;
    const uint8_t *key;
    size_t key_len;
    const uint8_t *message;
    size_t message_len;
    size_t result_len;
    bool split; /* AEAD: the second half goes out */
};

static enum place message_place(const struct job *j)
{
    return j->algorithm == HKDF ? (enum place)(j->details & 0x03) : IN_INPUT;
}

static bool needs_source(const struct job *j)
{
    return j->algorithm != HKDF || (j->details & HKDF_NO_KEY) == 0;
}

/* ------------------------------------------------------ taking it apart */

static uint8_t bad_details(struct hd_vchip *v)
{
    return refuse(v, HD_WHY_KDF_DETAILS, -1);
}

static uint8_t parse_prf(struct hd_vchip *v, struct job *j)
{
    uint32_t aead = j->details & PRF_AEAD;

    if ((j->details & 0x00FFF8FC) != 0 || (aead != 0 && aead != PRF_SPLIT)) {
        return bad_details(v);
    }
    j->key_len = 16 + 16 * (j->details & 0x03);
    j->split = aead == PRF_SPLIT;
    j->result_len = (j->details & PRF_64_BYTES) != 0 || j->split ? 64 : 32;
    return j->split && j->target >= OUT_CLEAR ? bad_details(v) : ST_OK;
}

static uint8_t parse_aes(struct hd_vchip *v, struct job *j)
{
    j->key_len = 16;
    j->result_len = 32;
    return (j->details & ~0x03U) != 0 ? bad_details(v) : ST_OK;
}

static uint8_t parse_hkdf(struct hd_vchip *v, struct job *j)
{
    j->key_len = 32;
    j->result_len = 32;
    return (j->details & 0x00FFF0F8) != 0 ? bad_details(v) : ST_OK;
}

static uint8_t parse(struct hd_vchip *v, const struct vcmd *c, struct job *j)
{
    static uint8_t (*const parsers[])(struct hd_vchip * v, struct job * j) = {
            parse_prf, parse_aes, parse_hkdf};
    unsigned target = c->p1 >> 2 & 0x07, algorithm = c->p1 >> 5 & 0x03;

    if ((c->p1 & 0x80) != 0 || target > OUT_ENCRYPTED || algorithm > HKDF) {
        return refuse(v, HD_WHY_PARAM1, -1);
    }
    if (c->len < 4) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    j->source = (enum source)(c->p1 & 0x03);
    j->target = (enum target)target;
    j->algorithm = (enum algorithm)algorithm;
    j->from = c->p2 & 0x0F;
    j->to = c->p2 >> 8 & 0x0F;
    j->details = c->data[0] | (uint32_t)c->data[1] << 8 |
                 (uint32_t)c->data[2] << 16 | (uint32_t)c->data[3] << 24;
    j->message = c->data + 4;
    j->message_len = j->algorithm == AES ? 16 : j->details >> 24;
    TRY(parsers[algorithm](v, j));
    /* a message that the chip has already need not be sent */
    if (c->len != 4 + j->message_len &&
        (c->len != 4 || message_place(j) > IN_TEMPKEY)) {
        return refuse(v, HD_WHY_LENGTH, -1);
    }
    return j->message_len > MESSAGE_MAX ? bad_details(v) : ST_OK;
}

/* --------------------------------------------------------- may it be done */

static uint8_t ask_algorithm(struct hd_vchip *v, const struct job *j)
{
    if (j->algorithm != AES) {
        return ST_OK;
    }
    if ((v->ee[CFG_AES_ENABLE] & 1) == 0) {
        return refuse_bits(v, HD_WHY_AES_OFF, -1, CFG_AES_ENABLE, 0x01);
    }
    if ((chip_options(v) & OPT_KDF_AES) == 0) {
        return refuse_bits(v, HD_WHY_KDF_AES_OFF, -1, CFG_OPTIONS, OPT_KDF_AES);
    }
    return ST_OK;
}

static uint8_t ask_output(struct hd_vchip *v, const struct job *j)
{
    uint16_t prot = chip_options(v) & PROTECTION;
    bool clear = j->target == OUT_CLEAR || j->split;
    bool open =
            CHOICE_KDF_IV_OPENS_OUTPUT && message_place(j) == IN_INPUT_WITH_IV;
    const uint8_t *io_key;

    if (j->target == OUT_ENCRYPTED) {
        TRY(rule_io_key(v, &io_key));
        TRY(rule_random(v));
    }
    if ((clear && prot != 0 && !open) ||
        (j->target == OUT_ENCRYPTED && prot > PROT_ENCRYPTED)) {
        return refuse_bits(v, HD_WHY_KDF_PROTECTED, -1, CFG_OPTIONS,
                           PROTECTION);
    }
    return ST_OK;
}

static bool is_symmetric(const struct hd_vchip *v, unsigned slot)
{
    return !slot_is_private(v, slot) && (key_type(v, slot) == KEY_TYPE_AES ||
                                         key_type(v, slot) == KEY_TYPE_DATA);
}

/* The part of the result that goes to the target. */
static size_t target_len(const struct job *j)
{
    return j->split ? 32 : j->result_len;
}

static uint8_t ask_target_slot(struct hd_vchip *v, const struct job *j)
{
    TRY(rule_locks(v, ACT_KDF_SLOT, (int)j->to));
    TRY(rule_slot(v, j->to, NEED_NOT_PRIVATE | NEED_NOT_LOCKED));
    if (!is_symmetric(v, j->to) || (key_config(v, j->to) & KC_PUB_INFO) == 0) {
        return refuse_key_config(v, HD_WHY_KDF_TARGET, j->to,
                                 KC_KEY_TYPE | KC_PUB_INFO);
    }
    if ((slot_config(v, j->to) & SC_WRITE_CONFIG) != 0) {
        return refuse_slot_config(v, HD_WHY_KDF_TARGET, j->to, SC_WRITE_CONFIG);
    }
    return target_len(j) > 32 ? rule_slot(v, j->to, NEED_LARGE) : ST_OK;
}

static uint8_t ask_target(struct hd_vchip *v, const struct job *j)
{
    if (j->target == TO_SLOT) {
        return ask_target_slot(v, j);
    }
    if ((j->target == TO_UPPER || j->target == TO_ALTKEY) &&
        target_len(j) > 32) {
        return bad_details(v);
    }
    /* the lower half stays, and a private key must not turn into another */
    if (j->target == TO_UPPER && v->tk.is_private) {
        return refuse(v, HD_WHY_TEMPKEY_PRIVATE, -1);
    }
    return ST_OK;
}

/* ---------------------------------------------------------------- inputs */

/* Where the key lies in the source, and how many bytes are there. */
static uint8_t find_source(struct hd_vchip *v, struct job *j, size_t *room)
{
    switch (j->source) {
    case FROM_TEMPKEY:
        TRY(tk_use(v, TK_VALID));
        j->key = v->tk.bytes;
        *room = v->tk.wide ? 64 : 32;
        return ST_OK;
    case FROM_UPPER:
        TRY(tk_use(v, TK_WIDE));
        j->key = v->tk.bytes + 32;
        *room = 32;
        return ST_OK;
    case FROM_ALTKEY:
        j->key = v->altkey;
        *room = 32;
        return v->altkey_valid ? ST_OK : refuse(v, HD_WHY_ALTKEY_EMPTY, -1);
    default:
        TRY(rule_locks(v, ACT_KDF_SLOT, (int)j->from));
        if (!is_symmetric(v, j->from)) {
            return refuse_key_config(v, HD_WHY_KDF_SOURCE, j->from,
                                     KC_KEY_TYPE | KC_PRIVATE);
        }
        j->key = slot_bytes(v, j->from);
        *room = slot_size(j->from);
        return ST_OK;
    }
}

static uint8_t source_too_short(struct hd_vchip *v, const struct job *j)
{
    switch (j->source) {
    case FROM_TEMPKEY:
        return refuse(v, HD_WHY_TEMPKEY_SHORT, -1);
    case FROM_SLOT:
        return refuse(v, HD_WHY_SLOT_TOO_SMALL, (int)j->from);
    default:
        return bad_details(v);
    }
}

static uint8_t find_key(struct hd_vchip *v, struct job *j)
{
    static const uint8_t zero[32];
    size_t room = 32;
    size_t skip = j->algorithm == AES ? 16 * (j->details & 0x03) : 0;

    if (!needs_source(j)) {
        j->key = zero;
        return ST_OK;
    }
    TRY(find_source(v, j, &room));
    if (skip + j->key_len > room) {
        return source_too_short(v, j);
    }
    j->key += skip;
    return ST_OK;
}

static uint8_t message_from_slot(struct hd_vchip *v, struct job *j)
{
    unsigned slot = j->details >> 8 & 0x0F;

    TRY(rule_locks(v, ACT_KDF_SLOT, (int)slot));
    TRY(rule_slot(v, slot, NEED_NOT_PRIVATE));
    if (CHOICE_KDF_MESSAGE_MUST_BE_READABLE && !slot_reads_clear(v, slot)) {
        return refuse_slot_config(v, HD_WHY_KDF_MESSAGE, slot,
                                  SC_SECRET | SC_ENCRYPT_READ);
    }
    if (j->message_len > slot_size(slot)) {
        return refuse(v, HD_WHY_SLOT_TOO_SMALL, (int)slot);
    }
    j->message = slot_bytes(v, slot);
    return ST_OK;
}

static uint8_t message_from_tempkey(struct hd_vchip *v, struct job *j)
{
    if (j->source <= FROM_UPPER && j->target <= TO_UPPER) {
        return refuse(v, HD_WHY_KDF_SAME, -1);
    }
    TRY(tk_use(v, j->message_len > 32 ? TK_WIDE : TK_VALID));
    j->message = v->tk.bytes;
    return j->message_len > 64 ? bad_details(v) : ST_OK;
}

static uint8_t ask_iv(struct hd_vchip *v, const struct job *j)
{
    size_t at = v->ee[CFG_KDF_IV_LOC];

    if (at == CHOICE_KDF_IV_LOC_OFF) {
        return ST_OK;
    }
    if (at + 2 > j->message_len ||
        memcmp(j->message + at, v->ee + CFG_KDF_IV_STR, 2) != 0) {
        return refuse_bits(v, HD_WHY_KDF_IV, -1, CFG_KDF_IV_LOC, 0x00FF);
    }
    return ST_OK;
}

static uint8_t find_message(struct hd_vchip *v, struct job *j)
{
    switch (message_place(j)) {
    case IN_SLOT:
        return message_from_slot(v, j);
    case IN_TEMPKEY:
        return message_from_tempkey(v, j);
    case IN_INPUT_WITH_IV:
        return ask_iv(v, j);
    default:
        return ST_OK;
    }
}

/* ------------------------------------------------------------ derivation */

/* TLS 1.2: HMAC(secret, A(i) and seed), A(i) = HMAC(secret, A(i-1)) */
static void prf(const struct job *j, uint8_t out[64])
{
    uint8_t m[32 + MESSAGE_MAX];

    v_hmac(j->key, j->key_len, j->message, j->message_len, m);
    for (size_t done = 0; done < 64; done += 32) {
        memcpy(m + 32, j->message, j->message_len);
        v_hmac(j->key, j->key_len, m, 32 + j->message_len, out + done);
        v_hmac(j->key, j->key_len, m, 32, m);
    }
    v_wipe(m, sizeof m);
}

static void derive(const struct job *j, uint8_t out[64])
{
    memset(out, 0, 64);
    switch (j->algorithm) {
    case PRF:
        prf(j, out);
        break;
    case AES:
        v_aes_encrypt(j->key, j->message, out);
        break;
    case HKDF:
        v_hmac(j->key, j->key_len, j->message, j->message_len, out);
        break;
    }
}

static void into_tempkey(struct hd_vchip *v, const struct job *j,
                         const uint8_t *result)
{
    uint8_t value[64];
    bool upper = j->target == TO_UPPER;
    bool wide = upper || v->tk.wide || target_len(j) == 64;

    memcpy(value, v->tk.bytes, sizeof value);
    memcpy(value + (upper ? 32 : 0), result, target_len(j));
    tk_load(v, value, wide ? 64 : 32)->source_input =
            !CHOICE_KDF_TARGET_IS_RANDOM;
    v_wipe(value, sizeof value);
}

static uint8_t deliver(struct hd_vchip *v, const struct job *j,
                       uint8_t result[96])
{
    const uint8_t *io_key;

    switch (j->target) {
    case TO_TEMPKEY:
    case TO_UPPER:
        into_tempkey(v, j, result);
        break;
    case TO_ALTKEY:
        memcpy(v->altkey, result, 32);
        v->altkey_valid = true;
        break;
    case TO_SLOT:
        TRY(store_slot(v, j->to, 0, result, target_len(j)));
        break;
    case OUT_CLEAR:
        answer(v, result, j->result_len);
        break;
    case OUT_ENCRYPTED:
        TRY(rule_io_key(v, &io_key));
        io_encrypt(v, io_key, result, j->result_len);
        answer(v, result, j->result_len + 32);
        break;
    }
    if (j->split) {
        answer(v, result + 32, 32);
    }
    return ST_OK;
}

uint8_t cmd_kdf(struct hd_vchip *v, const struct vcmd *c)
{
    struct job j = {0};
    uint8_t result[96], status;

    TRY(parse(v, c, &j));
    TRY(ask_algorithm(v, &j));
    TRY(ask_output(v, &j));
    TRY(ask_target(v, &j));
    TRY(find_key(v, &j));
    TRY(find_message(v, &j));
    if (needs_source(&j) && j.source == FROM_SLOT) {
        TRY(rule_use(v, j.from, USE_KEY));
    }
    derive(&j, result);
    status = deliver(v, &j, result);
    v_wipe(result, sizeof result);
    return status;
}
