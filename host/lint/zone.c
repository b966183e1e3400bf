/* SPDX-License-Identifier: Apache-2.0 */
/* Rules about the rest of the bytes: locks, reserved bits, the whole chip. */
#include <stdio.h>

#include "inner.h"

static struct hd_finding *at_byte(struct job *j, enum hd_lint_id id,
                                  enum hd_severity severity, unsigned byte)
{
    struct hd_finding *f = found(j, id, severity, -1);

    cite_bytes(j, f, byte, 1);
    return f;
}

/* ------------------------------------------------------------------ locks */

static void locks(struct job *j)
{
    const struct hd_attack_yes *y = can(j, HD_GOAL_CONFIG, 0);
    struct hd_finding *f;

    if (y) {
        f = at_byte(j, HD_LINT_CONFIG_UNLOCKED, HD_HIGH, 87);
        say(f, "LockConfig is 0x55: anyone on the bus can rewrite every "
               "policy byte 16-83 and 88-127, and the random number generator "
               "gives the fixed FF FF 00 00 pattern");
        f->proof = y;
    }
    y = can(j, HD_GOAL_DATA, 0);
    if (j->c[86] == 0x55) {
        f = at_byte(j, HD_LINT_DATA_UNLOCKED, HD_HIGH, 86);
        say(f, "LockValue is 0x55: once the configuration is locked, slots "
               "take clear 32-byte writes, PrivWrite and GenKey whatever "
               "WriteConfig says, until the data zone is locked");
        f->proof = y;
    }
}

/* Slots in words: "0, 4, 5" */
static unsigned list_slots(unsigned mask, char *out, size_t size)
{
    unsigned count = 0;
    size_t len = 0;

    out[0] = 0;
    for (unsigned i = 0; i < SLOTS; i++) {
        if ((mask >> i & 1) != 0 && len < size) {
            int n = snprintf(out + len, size - len, "%s%u", count ? ", " : "",
                             i);
            len += n > 0 ? (size_t)n : 0;
            count++;
        }
    }
    return count;
}

static void slot_locks(struct job *j)
{
    unsigned locked = ~(j->c[88] | (unsigned)j->c[89] << 8) & 0xFFFF;
    unsigned open = 0;
    struct hd_finding *f;
    char list[64];

    for (unsigned i = 0; i < SLOTS; i++) {
        open |= can(j, HD_GOAL_FREEZE, i) ? 1U << i : 0;
    }
    if (list_slots(locked, list, sizeof list)) {
        f = found(j, HD_LINT_SLOTS_LOCKED, HD_INFO, -1);
        say(f, "individually locked slots: %s", list);
        cite_bytes(j, f, 88, 2);
    }
    if (list_slots(open, list, sizeof list)) {
        f = found(j, HD_LINT_SLOTS_FREEZABLE, HD_INFO, -1);
        say(f,
            "anyone on the bus can lock slots %s one by one, which freezes "
            "their content for ever (also the way to close open slots on a "
            "chip whose zones are locked)",
            list);
        cite_bytes(j, f, 88, 2);
        cite(f, "KeyConfig bit 5 = 1");
    }
}

/* ------------------------------------------------------- nonsense as a whole
 */

static void text(struct job *j)
{
    unsigned blanks = 0, run = 0, at = 0;
    struct hd_finding *f;

    for (unsigned i = 16; i < 128; i++) {
        bool blank = j->c[i] == 0x20;

        blanks += blank;
        run = blank ? run + 1 : 0;
        at = run == 4 && at == 0 ? i - 3 : at;
    }
    if (blanks < 16 || at == 0) {
        return; /* sixteen slots with GenKey have as many, one by one */
    }
    f = found(j, HD_LINT_TEXT_IN_CONFIG, HD_HIGH, -1);
    say(f,
        "%u of the 112 bytes 16-127 are 0x20, the ASCII space: source text "
        "has got into the data and the rest is shifted",
        blanks);
    cite(f, "for example bytes %u-%u = 20 20 20 20", at, at + 3);
}

static void no_private_key(struct job *j)
{
    unsigned odd = 0;
    struct hd_finding *f;

    for (unsigned i = 0; i < SLOTS; i++) {
        if (kind(j, i) == HD_KIND_PRIVATE) {
            return;
        }
        odd += kind(j, i) == HD_KIND_ODD;
    }
    f = found(j, HD_LINT_NO_PRIVATE_KEY, odd > SLOTS / 2 ? HD_HIGH : HD_INFO,
              -1);
    say(f, "no slot is a P-256 private key: GenKey, Sign and ECDH fail on "
           "every slot");
    cite(f, "bytes 96-127");
}

/* --------------------------------------------------------- the chip at large
 */

static void address(struct job *j)
{
    const struct hd_attack_yes *y = can(j, HD_GOAL_ADDRESS, 0);
    /* those of the maker's provisioned parts are known to hosts */
    bool usual = j->c[16] == 0x6A || j->c[16] == 0x6C || j->c[16] == 0xB2;
    struct hd_finding *f;

    if (y) {
        f = found(j, HD_LINT_ADDRESS_CHANGEABLE_ONCE, HD_MEDIUM, -1);
        say(f, "ChipMode bit 0 = 1 and UserExtraAdd = 0: anyone on the bus "
               "can move the chip to another I2C address, once and for ever, "
               "with UpdateExtra; it works on the locked chip");
        cite(f, "byte 19 = %02X (bit 0), byte 85 = %02X", j->c[19], j->c[85]);
        f->proof = y;
    }
    if (j->c[16] != 0xC0 && (j->c[14] & 1) != 0) {
        f = at_byte(j, HD_LINT_I2C_ADDRESS, usual ? HD_INFO : HD_MEDIUM, 16);
        say(f, "7-bit address 0x%02X, not the blank-part default 0x60",
            j->c[16] >> 1);
    }
}

/* Single-wire parts have no address; their byte 16 is about a pin. */
static void gpio(struct job *j)
{
    static const char *const modes[] = {"off", "authorisation", "input",
                                        "output"};
    unsigned slot = j->c[16] >> 4;
    const struct hd_attack_yes *y;
    struct hd_finding *f;

    if ((j->c[14] & 1) != 0 || (j->c[16] & 3) == 0) {
        return;
    }
    y = can(j, HD_GOAL_OVERWRITE, slot);
    y = y ? y : can(j, HD_GOAL_READ, slot);
    y = (j->c[16] & 3) == 1 ? y : NULL;
    f = at_byte(j, HD_LINT_GPIO_PIN, y ? HD_MEDIUM : HD_INFO, 16);
    say(f, "single-wire part, pin mode %s", modes[j->c[16] & 3]);
    if ((j->c[16] & 3) == 1) {
        say(f, ", switched by authorisation with slot %u%s", slot,
            y ? ", whose key anyone can have" : "");
    }
    f->proof = y;
}

static void counters(struct job *j)
{
    bool match = j->is_608 && get(j, HD_F_CountMatchEnable, 0);
    const struct hd_attack_yes *y = can(j, HD_GOAL_COUNT0, 0);
    struct hd_finding *f;

    y = y ? y : can(j, HD_GOAL_COUNT1, 0);
    if (!y) {
        return;
    }
    f = found(j, HD_LINT_COUNTERS_OPEN, HD_INFO, -1);
    say(f, "anyone on the bus can advance the counters and so use up whatever "
           "hangs on them; they never go back");
    cite(f, "no configuration bit restricts Counter(increment)%s",
         match ? " but CountMatch" : "");
    f->proof = y;
}

static void bytes_84_85(struct job *j)
{
    const struct hd_attack_yes *y = can(j, HD_GOAL_EXTRA, 0);
    struct hd_finding *f;

    if (y) {
        f = at_byte(j, HD_LINT_USEREXTRA_FREE, HD_INFO, 84);
        say(f, "UserExtra is still 0: anyone can write it once, on the locked "
               "chip too");
        f->proof = y;
    }
    y = can(j, HD_GOAL_SELECTOR, 0);
    if (y && !j->is_608 && !get(j, HD_F_SelectorMode, 0)) {
        f = found(j, HD_LINT_SELECTOR_OPEN, HD_INFO, -1);
        say(f, "Selector may be written at any time by anyone (used by the "
               "Pause command only)");
        cite(f, "byte 19 = %02X (bit 0 = 0)", j->c[19]);
        f->proof = y;
    }
}

static void otp(struct job *j)
{
    const struct hd_attack_yes *y = can(j, HD_GOAL_OTP, 0);
    struct hd_finding *f;

    if (!j->is_608 && y) {
        f = at_byte(j, HD_LINT_OTP_CONSUMPTION, HD_LOW, 18);
        say(f, "OTP zone in consumption mode: anyone can clear OTP bits (1 to "
               "0) for ever");
        f->proof = y;
    }
}

static void self_test(struct job *j)
{
    struct hd_finding *f;

    if (j->is_608 && get(j, HD_F_PowerOnSelfTest, 0)) {
        f = found(j, HD_LINT_SELF_TEST_AT_WAKE, HD_LOW, -1);
        say(f, "power-on/wake self test on: the chip needs 20 ms after wake, "
               "a host that waits 1.5 ms finds nobody");
        cite(f, "byte 90 = %02X (bit 0)", j->c[90]);
    }
}

static void certificates(struct job *j)
{
    struct hd_finding *f;

    if ((j->c[92] | j->c[93] | j->c[94] | j->c[95]) != 0) {
        f = found(j, HD_LINT_X509FORMAT, HD_INFO, -1);
        say(f, "certificate format set");
        cite_bytes(j, f, 92, 4);
    }
}

/* ------------------------------------------------------------ reserved bits */

static bool any_set(const uint8_t *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (bytes[i] != 0) {
            return true;
        }
    }
    return false;
}

static void reserved_608(struct job *j)
{
    struct hd_finding *f;

    if (get(j, HD_F_CountMatchRFU, 0)) {
        f = at_byte(j, HD_LINT_COUNTMATCH_RESERVED, HD_MEDIUM, 18);
        say(f, "CountMatch bits 3-1 must be 0%s",
            j->c[18] == 0x55 || j->c[18] == 0xAA
                    ? " (it is a value of the 508A's OTPmode)"
                    : "");
    }
    if (j->c[68] != 0) {
        f = at_byte(j, HD_LINT_USELOCK_SET, HD_MEDIUM, 68);
        say(f, "UseLock enable code %X, slot %u: effect not public, 00 is off",
            j->c[68] & 0x0F, j->c[68] >> 4);
        f->inferred = true;
    }
    if (get(j, HD_F_VolatileKeyPermitRFU, 0)) {
        f = at_byte(j, HD_LINT_VOLATILE_RESERVED, HD_MEDIUM, 69);
        say(f, "VolatileKeyPermission bits 6-4 must be 0");
    }
    if (get(j, HD_F_SecureBootRFU2, 0) || get(j, HD_F_SecureBootRFU5, 0)) {
        f = found(j, HD_LINT_SECUREBOOT_RESERVED, HD_MEDIUM, -1);
        say(f, "SecureBoot bits 2 and 7-5 must be 0");
        cite_bytes(j, f, 70, 2);
    }
    if (any_set(j->c + 75, 9)) {
        f = found(j, HD_LINT_RESERVED_NONZERO, HD_MEDIUM, -1);
        say(f, "reserved bytes 75-83 must be 0%s",
            j->c[75] == 0xFF && j->c[83] == 0xFF
                    ? " (FF = the 508A LastKeyUse template)"
                    : "");
        cite_bytes(j, f, 75, 9);
    }
}

static void options_608(struct job *j)
{
    struct hd_finding *f;
    unsigned divider = get(j, HD_F_ClockDivider, 0);

    if (divider != 0x00 && divider != 0x05 && divider != 0x0D) {
        f = found(j, HD_LINT_CLOCK_DIVIDER, HD_MEDIUM, -1);
        say(f,
            "clock divider 0x%02X is none of 0x00, 0x05, 0x0D: undefined "
            "timing",
            divider);
        cite(f, "byte 19 = %02X (bits 7-3)", j->c[19]);
    }
    if (get(j, HD_F_ChipOptionsRFU, 0)) {
        f = found(j, HD_LINT_CHIPOPTIONS_RESERVED, HD_MEDIUM, -1);
        say(f, "ChipOptions bits 7-4 must be 0");
        cite_bytes(j, f, 90, 2);
    }
    if (get(j, HD_F_EcdhProt, 0) == 3 || get(j, HD_F_KdfProt, 0) == 3) {
        f = found(j, HD_LINT_CHIPOPTIONS_RESERVED, HD_MEDIUM, -1);
        say(f, "protection value 3 is invalid");
        cite_bytes(j, f, 90, 2);
    }
}

static bool is_use_pattern(uint8_t byte)
{
    return (byte & (byte + 1)) == 0; /* ones at the low end alone */
}

static void last_key_use(struct job *j)
{
    struct hd_finding *f;

    for (unsigned at = 68; at < 84; at++) {
        if (!is_use_pattern(j->c[at])) {
            f = at_byte(j, HD_LINT_LAST_KEY_PATTERN, HD_MEDIUM, at);
            say(f, "LastKeyUse: uses are taken from the top bit, so this "
                   "byte cannot come about");
            return;
        }
    }
}

static void reserved_508(struct job *j)
{
    struct hd_finding *f;

    last_key_use(j);
    if (j->c[18] != 0xAA && j->c[18] != 0x55) {
        f = at_byte(j, HD_LINT_OTP_MODE_RESERVED, HD_MEDIUM, 18);
        say(f, "OTPmode is neither AA (read-only) nor 55 (consumption)");
    }

    if (any_set(j->c + 90, 2)) {
        f = found(j, HD_LINT_RESERVED_NONZERO, HD_MEDIUM, -1);
        say(f, "reserved bytes 90-91 must be 0");
        cite_bytes(j, f, 90, 2);
    }
    if (get(j, HD_F_ChipModeRFU, 0)) {
        f = at_byte(j, HD_LINT_RESERVED_NONZERO, HD_MEDIUM, 19);
        say(f, "ChipMode bits 7-3 must be 0");
    }
}

/* --------------------------------------------------------------- counters */

/* The eight bytes of this value (docs/chip part 2, 7.2). */
static void counter_bytes(unsigned v, uint8_t out[8])
{
    unsigned lin[2] = {v % 32, v < 16 ? 0 : (v - 16) % 32};
    unsigned bin[2] = {v / 32, v < 16 ? 0 : (v - 16) / 32};

    for (unsigned i = 0; i < 2; i++) {
        unsigned ones = lin[i] >= 16 ? 0 : 0xFFFFU >> lin[i];

        out[2 * i] = (uint8_t)(ones >> 8);
        out[2 * i + 1] = (uint8_t)ones;
        out[4 + 2 * i] = (uint8_t)(bin[i] >> 8);
        out[5 + 2 * i] = (uint8_t)bin[i];
    }
}

/* A value has its multiple of 32 in the bytes. */
static bool is_counter(const uint8_t c[8])
{
    unsigned base = (unsigned)c[4] << 8 | c[5];
    uint8_t bytes[8];

    for (unsigned v = 32 * base; v < 32 * base + 32 && v <= 2097151; v++) {
        counter_bytes(v, bytes);
        if (memcmp(bytes, c, sizeof bytes) == 0) {
            return true;
        }
    }
    return false;
}

static void counter_patterns(struct job *j)
{
    for (unsigned i = 0; i < 2; i++) {
        struct hd_finding *f;

        if (is_counter(j->c + 52 + 8 * (size_t)i)) {
            continue;
        }
        f = found(j, HD_LINT_COUNTER_PATTERN, HD_MEDIUM, -1);
        (void)snprintf(f->where, sizeof f->where, "counter %u", i);
        say(f, "not a value the counter encoding can produce: behaviour "
               "undefined");
        cite_bytes(j, f, 52 + 8 * i, 8);
    }
}

void lint_zone(struct job *j)
{
    static void (*const rules[])(struct job *) = {
            locks,   slot_locks, text,         no_private_key,
            address, gpio,       counters,     bytes_84_85,
            otp,     self_test,  certificates, counter_patterns};

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        rules[i](j);
    }
    if (j->c[17] != 0) {
        say(at_byte(j, HD_LINT_RESERVED_NONZERO, HD_MEDIUM, 17),
            "reserved byte 17 must be 0");
    }
    if (j->is_608) {
        reserved_608(j);
        options_608(j);
    } else {
        reserved_508(j);
    }
}
