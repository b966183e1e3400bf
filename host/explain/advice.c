/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to do about an error of the driver, one line more than its sentence in
 * err.h has room for: that one is carried by firmware, this one is not.
 */
#include <string.h>

#include "explain/explain.h"
#include "halfdollar/chip.h"
#include "halfdollar/err.h"

static const struct {
    int err;
    const char *text;
} advice[] = {
        {HD_OK, "Nothing: it worked."},
        {HD_ERR_ARG, "Compare slot, length and pointers with the function's "
                     "description in include/halfdollar/chip.h; nothing was "
                     "sent to the chip."},
        {HD_ERR_STATE, "Poll the running operation to its end, or call "
                       "hd_chip_open first; nothing was sent to the chip."},
        {HD_ERR_TOO_SMALL, "Give a buffer of the size that the header names; "
                           "a chip's answer is never cut."},
        {HD_ERR_UNSUPPORTED, "`half chip info` says which part it is, "
                             "docs/chip/2-commands.md what each part has."},
        {HD_ERR_NO_CRYPTO, "Open the chip with hd_crypto_openssl, or with a "
                           "struct hd_crypto of your own."},
        {HD_ERR_ABSENT, "`half chip scan i2c:N` lists who answers; a chip of "
                        "the Trust family is at 0x35 or 0x36, a blank one at "
                        "0x60. Then measure VCC and the pull-ups."},
        {HD_ERR_BUS_STUCK, "Switch the chip's power off and on; if the lines "
                           "stay low without it, look for a short or another "
                           "device on the bus."},
        {HD_ERR_WAKE, "SDA must be low for 60 us or more: 100 kHz or slower "
                      "if the pulse is a byte. `half doctor` tries it eight "
                      "times."},
        {HD_ERR_NACK, "Record it (HALF_TRACE=FILE) and look at what came "
                      "before: a chip that sleeps or computes does not "
                      "acknowledge."},
        {HD_ERR_CRC, "`half doctor` counts how often. Slow the bus down, "
                     "shorten the wires, use 2.2 to 4.7 kOhm pull-ups."},
        {HD_ERR_TIMEOUT, "Something took longer than the data sheet allows: "
                         "power the chip off and on, then `half doctor`."},
        {HD_ERR_WATCHDOG, "Split the sequence, or let the chip idle and wake "
                          "before the long command; once the configuration is "
                          "locked ChipMode cannot change."},
        {HD_ERR_RESTARTED, "100 nF and 1 uF or more next to VCC; `half doctor` "
                           "loads the supply and says whether it holds."},
        {HD_ERR_COMM, "The chip answered 0xFF: it saw another checksum. `half "
                      "doctor` tells noise in one direction from noise in "
                      "both."},
        {HD_ERR_UNSURE, "It may have happened or not. Read the slot, counter "
                        "or lock back, then repeat what is missing; `half "
                        "apply` does that by itself."},
        {HD_ERR_LENGTH, "Record it (HALF_TRACE=FILE) and let `half chip trace` "
                        "read it: is it a chip of this family?"},
        {HD_ERR_MISMATCH, "The proof is wrong, not the configuration: another "
                          "key, nonce, message or order of X and Y."},
        {HD_ERR_PARSE, "Compare opcode, mode and length with "
                       "docs/chip/2-commands.md; `half explain --command HEX "
                       "--config FILE` names which of them."},
        {HD_ERR_ECC, "Repeat it. If it lasts, a key is damaged or the supply "
                     "collapses: `half doctor`."},
        {HD_ERR_SELFTEST, "Power the chip off and on, then `half chip "
                          "selftest`; if it fails again, replace the chip."},
        {HD_ERR_HEALTH, "Let it sleep, wake, and repeat; if it lasts, replace "
                        "the chip. Use no key it made meanwhile."},
        {HD_ERR_EXEC, "One byte stands for many rules: give the command and "
                      "the configuration (--command, --config or --chip), or "
                      "a recording, and the rule and its bit are named."},
        {HD_ERR_STATUS, "Record it (HALF_TRACE=FILE): the status is in the "
                        "answer. It is no answer of an ATECC508A, 608A or "
                        "608B."},
        {HD_ERR_UNLOCKED, "Lock the configuration first (`half plan`, `half "
                          "apply`), and make keys and nonces only then."},
        {HD_ERR_FORMAT, "Look at what was given: hex, PEM, DER or raw, and "
                        "how long it has to be."},
        {HD_ERR_MAC, "Is it the IO protection key of this chip (`--io-key`)? "
                     "If it is, somebody stands between host and chip: trust "
                     "nothing it said."},
        {HD_ERR_SIGNATURE, "Check message, key and the order R, S; then do not "
                           "trust the message."},
        {HD_ERR_IO, "The message names the file; the system's own reason "
                    "stands beside it."},
        {HD_ERR_CORRUPT, "Restore the file from a copy; a virtual chip whose "
                         "file is damaged is not repaired by guessing."},
        {HD_ERR_READBACK, "Write again and compare; noise on the bus is caught "
                          "by a checksum, so suspect supply or chip."},
        {HD_ERR_PORT, "The message names the device; try permissions (group "
                      "i2c or dialout) and whether another driver holds it."},
        {HD_ERR_LOCK, "Another program keeps the chip: `fuser` on the device "
                      "or file names it."},
};

const char *hd_explain_advice(int err)
{
    for (size_t i = 0; i < sizeof advice / sizeof advice[0]; i++) {
        if (advice[i].err == err) {
            return advice[i].text;
        }
    }
    return NULL;
}

int hd_explain_err_named(const char *name)
{
    for (size_t i = 0; i < sizeof advice / sizeof advice[0]; i++) {
        if (strcmp(hd_errname(advice[i].err), name) == 0) {
            return advice[i].err;
        }
    }
    return 1;
}

/* Bytes with a reason first: many have none. */
static void count_one(void *ctx, const char *name, const char *sentence)
{
    (void)ctx;
    (void)name;
    (void)sentence;
}

uint8_t hd_explain_status_of(int err)
{
    for (unsigned status = 1; status < 256; status++) {
        if (hd_packet_status((uint8_t)status) == err &&
            hd_explain_status((uint8_t)status, count_one, NULL) > 0) {
            return (uint8_t)status;
        }
    }
    return 0;
}
