/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Refusals: recording them, and turning them into sentences. The reasons
 * themselves are the table include/halfdollar/vchip_reasons.def.
 */
#include <stdarg.h>
#include <stdio.h>

#include "internal.h"

#define NO_BYTE 0xFF

static const struct {
    const char *name;
    const char *text;
    uint8_t status;
} reasons[HD_WHY_COUNT] = {
        {"NONE", "nothing was refused.", ST_OK},
#define X(name, status, text) {#name, text, status},
#include "halfdollar/vchip_reasons.def"
#undef X
};

static struct hd_refusal *record(struct hd_vchip *v, enum hd_why why, int slot)
{
    struct hd_refusal *r = &v->refusal;

    r->why = (uint8_t)why;
    r->status = reasons[why].status;
    r->slot = (int8_t)slot;
    r->byte = NO_BYTE;
    r->mask = 0;
    r->value = 0;
    return r;
}

uint8_t refuse(struct hd_vchip *v, enum hd_why why, int slot)
{
    return record(v, why, slot)->status;
}

uint8_t refuse_bits(struct hd_vchip *v, enum hd_why why, int slot, uint8_t byte,
                    uint16_t mask)
{
    struct hd_refusal *r = record(v, why, slot);

    r->byte = byte;
    r->mask = mask;
    r->value = le16(v->ee + byte) & mask;
    return r->status;
}

const char *hd_why_name(enum hd_why why)
{
    return why < HD_WHY_COUNT ? reasons[why].name : "UNKNOWN";
}

/* ----------------------------------------------------- the modes in words */

static const struct {
    uint8_t op, mask, value;
    const char *words;
} modes[] = {
        {OP_READ, 0x03, 0x00, "configuration zone"},
        {OP_READ, 0x03, 0x01, "OTP zone"},
        {OP_READ, 0x03, 0x02, "data zone"},
        {OP_WRITE, 0x43, 0x00, "configuration zone"},
        {OP_WRITE, 0x43, 0x01, "OTP zone"},
        {OP_WRITE, 0x43, 0x02, "data zone"},
        {OP_WRITE, 0x43, 0x41, "OTP zone, encrypted"},
        {OP_WRITE, 0x43, 0x42, "data zone, encrypted"},
        {OP_PRIVWRITE, 0x40, 0x00, "in clear"},
        {OP_PRIVWRITE, 0x40, 0x40, "encrypted"},
        {OP_GENKEY, 0x1C, 0x00, "public key"},
        {OP_GENKEY, 0x1C, 0x04, "create"},
        {OP_GENKEY, 0x1C, 0x08, "public key and digest"},
        {OP_GENKEY, 0x1C, 0x0C, "create and digest"},
        {OP_GENKEY, 0x10, 0x10, "digest of a stored public key"},
        {OP_SIGN, 0x80, 0x80, "external message"},
        {OP_SIGN, 0x80, 0x00, "internal message"},
        {OP_VERIFY, 0x07, 0x00, "stored key"},
        {OP_VERIFY, 0x07, 0x01, "validate by certificate"},
        {OP_VERIFY, 0x07, 0x02, "external key"},
        {OP_VERIFY, 0x07, 0x03, "validate"},
        {OP_VERIFY, 0x07, 0x07, "invalidate"},
        {OP_NONCE, 0x03, 0x00, "random"},
        {OP_NONCE, 0x03, 0x01, "random"},
        {OP_NONCE, 0x03, 0x03, "pass-through"},
        {OP_LOCK, 0x03, 0x00, "configuration zone"},
        {OP_LOCK, 0x03, 0x01, "data zone"},
        {OP_LOCK, 0x03, 0x02, "one slot"},
        {OP_GENDIG, 0x07, 0x00, "configuration zone"},
        {OP_GENDIG, 0x07, 0x01, "OTP zone"},
        {OP_GENDIG, 0x07, 0x02, "data slot"},
        {OP_GENDIG, 0x07, 0x03, "shared nonce"},
        {OP_GENDIG, 0x07, 0x04, "counter"},
        {OP_GENDIG, 0x07, 0x05, "key configuration"},
        {OP_SHA, 0x07, 0x00, "start"},
        {OP_SHA, 0x07, 0x01, "update"},
        {OP_SHA, 0x07, 0x02, "end"},
        {OP_SHA, 0x07, 0x03, "public key"},
        {OP_SHA, 0x07, 0x04, "HMAC start"},
        {OP_SHA, 0x07, 0x05, "HMAC end"},
        {OP_SHA, 0x07, 0x06, "read context"},
        {OP_SHA, 0x07, 0x07, "write context"},
        {OP_AES, 0x07, 0x00, "encrypt"},
        {OP_AES, 0x07, 0x01, "decrypt"},
        {OP_AES, 0x07, 0x03, "GFM"},
        {OP_KDF, 0x60, 0x00, "PRF"},
        {OP_KDF, 0x60, 0x20, "AES"},
        {OP_KDF, 0x60, 0x40, "HKDF"},
        {OP_COUNTER, 0x01, 0x00, "read"},
        {OP_COUNTER, 0x01, 0x01, "increment"},
        {OP_SECUREBOOT, 0x07, 0x05, "Full"},
        {OP_SECUREBOOT, 0x07, 0x06, "FullStore"},
        {OP_SECUREBOOT, 0x07, 0x07, "FullCopy"},
        {OP_INFO, 0xFF, 0x00, "revision"},
        {OP_INFO, 0xFF, 0x01, "key valid"},
        {OP_INFO, 0xFF, 0x02, "state"},
        {OP_INFO, 0xFF, 0x03, "GPIO"},
        {OP_INFO, 0xFF, 0x04, "persistent latch"},
};

static const char *mode_words(const struct hd_refusal *r)
{
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (modes[i].op == r->opcode &&
            (r->param1 & modes[i].mask) == modes[i].value) {
            return modes[i].words;
        }
    }
    return NULL;
}

/* ------------------------------------------------ the bits by their names */

/*
 * A field: its mask in the little-endian word at its byte. SlotConfig and
 * KeyConfig have one word a slot. Where fields overlap (a private slot reads
 * ReadKey and WriteConfig bit by bit) the wider one comes first.
 */
static const struct field {
    uint8_t first, last;
    uint16_t mask;
    const char *name;
} fields[] = {
        {CFG_SLOT, CFG_SLOT + 31, SC_READ_KEY, "ReadKey"},
        {CFG_SLOT, CFG_SLOT + 31, SC_EXT_SIGN, "ReadKey.ExternalSign"},
        {CFG_SLOT, CFG_SLOT + 31, SC_INT_SIGN, "ReadKey.InternalSign"},
        {CFG_SLOT, CFG_SLOT + 31, SC_ECDH, "ReadKey.ECDH"},
        {CFG_SLOT, CFG_SLOT + 31, SC_ECDH_NEXT, "ReadKey.ECDHtoNextSlot"},
        {CFG_SLOT, CFG_SLOT + 31, SC_NO_MAC, "NoMac"},
        {CFG_SLOT, CFG_SLOT + 31, SC_LIMITED, "LimitedUse"},
        {CFG_SLOT, CFG_SLOT + 31, SC_ENCRYPT_READ, "EncryptRead"},
        {CFG_SLOT, CFG_SLOT + 31, SC_SECRET, "IsSecret"},
        {CFG_SLOT, CFG_SLOT + 31, SC_WRITE_KEY, "WriteKey"},
        {CFG_SLOT, CFG_SLOT + 31, SC_WRITE_CONFIG, "WriteConfig"},
        {CFG_SLOT, CFG_SLOT + 31, 0x2000, "WriteConfig.GenKey"},
        {CFG_SLOT, CFG_SLOT + 31, 0x4000, "WriteConfig.Encrypt"},
        {CFG_SLOT, CFG_SLOT + 31, 0x8000, "WriteConfig.MacOrNever"},
        {CFG_KEY, CFG_KEY + 31, KC_PRIVATE, "Private"},
        {CFG_KEY, CFG_KEY + 31, KC_PUB_INFO, "PubInfo"},
        {CFG_KEY, CFG_KEY + 31, KC_KEY_TYPE, "KeyType"},
        {CFG_KEY, CFG_KEY + 31, KC_LOCKABLE, "Lockable"},
        {CFG_KEY, CFG_KEY + 31, KC_REQ_RANDOM, "ReqRandom"},
        {CFG_KEY, CFG_KEY + 31, KC_REQ_AUTH, "ReqAuth"},
        {CFG_KEY, CFG_KEY + 31, KC_AUTH_KEY, "AuthKey"},
        {CFG_KEY, CFG_KEY + 31, KC_PERSISTENT, "PersistentDisable"},
        {CFG_KEY, CFG_KEY + 31, KC_X509, "X509id"},
        {CFG_AES_ENABLE, CFG_AES_ENABLE, 0x01, "AES_Enable"},
        {CFG_I2C_ENABLE, CFG_I2C_ENABLE, 0x01, "I2C_Enable"},
        {CFG_I2C_ADDRESS, CFG_I2C_ADDRESS, 0xF0, "GPIO SignalKey"},
        {CFG_I2C_ADDRESS, CFG_I2C_ADDRESS, 0x03, "GPIO_Mode"},
        {CFG_OTP_MODE, CFG_OTP_MODE, 0xFF, "OTPmode"},
        {CFG_COUNT_MATCH, CFG_COUNT_MATCH, 0x01, "CountMatch.Enable"},
        {CFG_COUNT_MATCH, CFG_COUNT_MATCH, 0xF0, "CountMatch.Slot"},
        {CFG_CHIP_MODE, CFG_CHIP_MODE, 0x01, "ChipMode bit 0"},
        {CFG_VOLATILE, CFG_VOLATILE, 0x80, "VolatileKeyPermission.Enable"},
        {CFG_VOLATILE, CFG_VOLATILE, 0x0F, "VolatileKeyPermission.Slot"},
        {CFG_SECUREBOOT, CFG_SECUREBOOT, 0x0003, "SecureBoot.Mode"},
        {CFG_SECUREBOOT, CFG_SECUREBOOT, 0x0008, "SecureBoot.Persistent"},
        {CFG_SECUREBOOT, CFG_SECUREBOOT, 0x0010, "SecureBoot.RandNonce"},
        {CFG_SECUREBOOT, CFG_SECUREBOOT, 0x0F00, "SecureBoot.SigDigSlot"},
        {CFG_SECUREBOOT, CFG_SECUREBOOT, 0xF000, "SecureBoot.PubKeySlot"},
        {CFG_KDF_IV_LOC, CFG_KDF_IV_LOC, 0xFF, "KdfIvLoc"},
        {CFG_KDF_IV_STR, CFG_KDF_IV_STR, 0xFFFF, "KdfIvStr"},
        {CFG_USER_EXTRA, CFG_USER_EXTRA, 0xFF, "UserExtra"},
        {CFG_SELECTOR, CFG_SELECTOR, 0xFF, "UserExtraAdd/Selector"},
        {CFG_LOCK_VALUE, CFG_LOCK_VALUE, 0x00FF, "LockValue"},
        {CFG_LOCK_VALUE, CFG_LOCK_VALUE, 0xFF00, "LockConfig"},
        {CFG_OPTIONS, CFG_OPTIONS, 0x0001, "ChipOptions.PowerOnSelfTest"},
        {CFG_OPTIONS, CFG_OPTIONS, 0x0002, "ChipOptions.IoProtKeyEnable"},
        {CFG_OPTIONS, CFG_OPTIONS, 0x0004, "ChipOptions.KdfAesEnable"},
        {CFG_OPTIONS, CFG_OPTIONS, 0x0300, "ChipOptions.EcdhProt"},
        {CFG_OPTIONS, CFG_OPTIONS, 0x0C00, "ChipOptions.KdfProt"},
        {CFG_OPTIONS, CFG_OPTIONS, 0xF000, "ChipOptions.IoProtKey"},
        {CFG_X509, CFG_X509 + 3, 0xFF, "X509format"},
};

/* -------------------------------------------------------------- sentences */

/* Writes what fits, counts all: one pass measures and writes. */
struct writer {
    char *out;
    size_t size, need;
};

static void put_n(struct writer *w, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++, w->need++) {
        if (w->need + 1 < w->size) {
            w->out[w->need] = text[i];
        }
    }
}

__attribute__((format(printf, 2, 3))) static void put(struct writer *w,
                                                      const char *format, ...)
{
    char text[160];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    put_n(w, text, strlen(text));
}

static void put_command(struct writer *w, const struct hd_refusal *r)
{
    const struct vcmd_row *row = vchip_command(r->opcode);
    const char *words = mode_words(r);

    if (row == NULL) {
        put(w, "command 0x%02X", r->opcode);
        return;
    }
    put(w, words != NULL ? "%s (%s)" : "%s", row->name, words);
}

static void put_slot(struct writer *w, const struct hd_refusal *r)
{
    if (r->slot < 0) {
        put(w, "the slot");
        return;
    }
    put(w, "slot %d", r->slot);
}

static unsigned lowest_bit(uint16_t mask)
{
    unsigned n = 0;

    while (n < 15 && (mask >> n & 1) == 0) {
        n++;
    }
    return n;
}

static unsigned highest_bit(uint16_t mask)
{
    unsigned n = 15;

    while (n > 0 && (mask >> n & 1) == 0) {
        n--;
    }
    return n;
}

/* "bit 7 of configuration bytes 26-27" */
static void put_place(struct writer *w, const struct hd_refusal *r)
{
    const unsigned low = lowest_bit(r->mask);
    const unsigned high = highest_bit(r->mask);

    if (low == high) {
        put(w, ", bit %u of configuration byte", low);
    } else {
        put(w, ", bits %u-%u of configuration byte", high, low);
    }
    if (high > 7) {
        put(w, "s %u-%u", r->byte, r->byte + 1u);
        return;
    }
    put(w, " %u", r->byte);
}

static void put_field(struct writer *w, const struct hd_refusal *r,
                      const struct field *f)
{
    const unsigned value =
            (unsigned)(r->value & f->mask) >> lowest_bit(f->mask);
    const unsigned index = (unsigned)(r->byte - f->first);

    if (f->first == CFG_SLOT || f->first == CFG_KEY) {
        put(w, "%s[%u].", f->first == CFG_SLOT ? "SlotConfig" : "KeyConfig",
            index / 2);
    }
    put(w, "%s", f->name);
    if (f->first == CFG_X509) {
        put(w, "[%u]", index);
    }
    put(w, value > 9 ? " = 0x%X" : " = %u", value);
}

/* The fields that lie wholly in the mask, each bit named once; true if they
 * are all of it. */
static bool put_fields(struct writer *w, const struct hd_refusal *r)
{
    uint16_t left = r->mask;

    for (size_t i = 0; i < sizeof fields / sizeof *fields && left != 0; i++) {
        const struct field *f = &fields[i];

        if (r->byte < f->first || r->byte > f->last ||
            (f->mask & left) != f->mask) {
            continue;
        }
        put(w, "%s", left == r->mask ? "" : ", ");
        put_field(w, r, f);
        left = (uint16_t)(left & ~f->mask);
    }
    return left == 0;
}

static void put_bits(struct writer *w, const struct hd_refusal *r)
{
    const unsigned low = lowest_bit(r->mask);

    if (r->byte == NO_BYTE) {
        put(w, "no configuration bit");
        return;
    }
    if (r->byte == CFG_SLOT_LOCKED) {
        put(w, "SlotLocked[%u] = %u", low, (unsigned)r->value >> low);
    } else if (!put_fields(w, r)) {
        put(w, "value 0x%X", (unsigned)r->value >> low);
    }
    put_place(w, r);
}

static void put_param1(struct writer *w, const struct hd_refusal *r)
{
    put(w, "0x%02X", r->param1);
}

static void put_param2(struct writer *w, const struct hd_refusal *r)
{
    put(w, "0x%04X", r->param2);
}

static const struct {
    const char *key;
    void (*put)(struct writer *w, const struct hd_refusal *r);
} keys[] = {{"{cmd}", put_command},
            {"{slot}", put_slot},
            {"{bits}", put_bits},
            {"{p1}", put_param1},
            {"{p2}", put_param2}};

/* Writes the value of the key that text begins with; returns the key's
 * length, 0 if there is none. */
static size_t put_key(struct writer *w, const char *text,
                      const struct hd_refusal *r)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const size_t len = strlen(keys[i].key);

        if (strncmp(text, keys[i].key, len) == 0) {
            keys[i].put(w, r);
            return len;
        }
    }
    return 0;
}

size_t hd_refusal_text(const struct hd_refusal *r, char *out, size_t size)
{
    struct writer w = {out, size, 0};
    const char *p =
            r->why < HD_WHY_COUNT ? reasons[r->why].text : "unknown reason.";

    while (*p != '\0') {
        const size_t len = *p == '{' ? put_key(&w, p, r) : 0;

        if (len == 0) {
            put_n(&w, p, 1);
        }
        p += len > 0 ? len : 1;
    }
    if (size > 0) {
        out[w.need < size ? w.need : size - 1] = '\0';
    }
    return w.need;
}
