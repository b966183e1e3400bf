/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every error of halfdollar, in one table.
 *
 * A function returns HD_OK (0) or one negative code. Codes are grouped in
 * bands by who must act, and their numbers are never reused or renumbered:
 *
 *     -1 .. -15   the caller: an argument or the order of calls is wrong
 *    -16 .. -31   the bus: wiring, noise, power; trying again may help
 *    -32 .. -47   the chip understood and refused
 *    -48 .. -63   a format: bytes that are not what they should be
 *    -64 .. -79   a proof failed: signature, MAC, policy
 *    -80 .. -95   storage and files
 *    -96 .. -111  the port (operating system, bus driver, lock)
 *
 * hd_strerror() and hd_errname() live in a file of their own, so firmware
 * that prints no text does not carry the sentences.
 */
#ifndef HALFDOLLAR_ERR_H
#define HALFDOLLAR_ERR_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where a sentence about a status of the chip ends: who has the command, too,
 * learns which rule refused it and what would have worked. */
#define HD_ERR_ASK(status)                                                     \
    "; `half explain --status " status " --command HEX` tells why"

/* X(name, number, sentence: what happened and what to do) */
#define HD_ERR_TABLE(X)                                                        \
    X(HD_OK, 0, "done")                                                        \
    X(HD_ERR_ARG, -1,                                                          \
      "an argument is out of range: see the function's "                       \
      "description for its limits")                                            \
    X(HD_ERR_STATE, -2,                                                        \
      "called in the wrong order: an operation is still "                      \
      "running, or the chip was not opened")                                   \
    X(HD_ERR_TOO_SMALL, -3, "the buffer given is too small for the answer")    \
    X(HD_ERR_UNSUPPORTED, -4,                                                  \
      "this chip does not have that command or mode: "                         \
      "check the variant (508A, 608A or 608B)")                                \
    X(HD_ERR_NO_CRYPTO, -5,                                                    \
      "this call computes a digest or needs a host "                           \
      "nonce: give hd_chip_open a struct hd_crypto")                           \
    X(HD_ERR_ABSENT, -16,                                                      \
      "no chip answers at this address: check power, "                         \
      "wiring, pull-ups and the 7-bit address")                                \
    X(HD_ERR_BUS_STUCK, -17,                                                   \
      "the bus lines do not move: something holds SDA "                        \
      "or SCL low, or a pull-up is missing")                                   \
    X(HD_ERR_WAKE, -18,                                                        \
      "the chip's wake answer was garbled every time: "                        \
      "check the length of the wake pulse and bus noise")                      \
    X(HD_ERR_NACK, -19, "the chip did not acknowledge a transfer")             \
    X(HD_ERR_CRC, -20,                                                         \
      "the answer's checksum was wrong every time it was "                     \
      "read: check bus speed, pull-ups and noise")                             \
    X(HD_ERR_TIMEOUT, -21, "the chip stayed busy past the deadline")           \
    X(HD_ERR_WATCHDOG, -22,                                                    \
      "the command does not fit in the chip's watchdog "                       \
      "period: set ChipMode bit 2 (long watchdog) or a "                       \
      "faster clock divider before locking")                                   \
    X(HD_ERR_RESTARTED, -23,                                                   \
      "the chip restarted instead of answering: its "                          \
      "supply collapses; add capacitance at VCC")                              \
    X(HD_ERR_COMM, -24,                                                        \
      "the chip received a garbled command every time it "                     \
      "was sent: check bus speed, pull-ups and noise")                         \
    X(HD_ERR_UNSURE, -25,                                                      \
      "the answer was lost and the command must not be "                       \
      "repeated blindly: read the state back first")                           \
    X(HD_ERR_LENGTH, -26,                                                      \
      "the answer has a length this command never gives: "                     \
      "noise, or something between host and chip")                             \
    X(HD_ERR_MISMATCH, -32,                                                    \
      "the chip compared and found no match: wrong "                           \
      "signature, MAC or digest (status 0x01)" HD_ERR_ASK("0x01"))             \
    X(HD_ERR_PARSE, -33,                                                       \
      "the chip does not know this command or mode "                           \
      "(status 0x03)" HD_ERR_ASK("0x03"))                                      \
    X(HD_ERR_ECC, -34,                                                         \
      "the chip's elliptic-curve computation failed; it may "                  \
      "succeed when repeated (status 0x05)" HD_ERR_ASK("0x05"))                \
    X(HD_ERR_SELFTEST, -35,                                                    \
      "the chip failed its self test and refuses all "                         \
      "but SelfTest and configuration reads (0x07)" HD_ERR_ASK("0x07"))        \
    X(HD_ERR_HEALTH, -36,                                                      \
      "the chip's random generator failed its health "                         \
      "test (status 0x08)" HD_ERR_ASK("0x08"))                                 \
    X(HD_ERR_EXEC, -37,                                                        \
      "the chip's configuration, locks or state forbid "                       \
      "this command (status 0x0F)" HD_ERR_ASK("0x0F"))                         \
    X(HD_ERR_STATUS, -38,                                                      \
      "the chip answered with a status that no public "                        \
      "document names" HD_ERR_ASK("N"))                                        \
    X(HD_ERR_UNLOCKED, -39,                                                    \
      "refused: until the configuration zone is locked "                       \
      "this chip's random numbers are a constant")                             \
    X(HD_ERR_FORMAT, -48, "the input is not in the expected format")           \
    X(HD_ERR_MAC, -64,                                                         \
      "the MAC on the chip's answer is wrong: the answer "                     \
      "did not come from the chip that shares this key")                       \
    X(HD_ERR_SIGNATURE, -65, "the signature is not valid")                     \
    X(HD_ERR_IO, -80, "reading or writing a file failed")                      \
    X(HD_ERR_CORRUPT, -81,                                                     \
      "the stored file is damaged or was not written by "                      \
      "this program")                                                          \
    X(HD_ERR_READBACK, -82,                                                    \
      "what was written does not read back the same: "                         \
      "do not lock; write again or replace the chip")                          \
    X(HD_ERR_PORT, -96,                                                        \
      "the operating system or bus driver reported an error")                  \
    X(HD_ERR_LOCK, -97,                                                        \
      "the bus stayed locked by another process past the "                     \
      "deadline")

enum hd_err {
#define HD_ERR_ENUM(name, number, text) name = (number),
    HD_ERR_TABLE(HD_ERR_ENUM)
#undef HD_ERR_ENUM
};

/* The sentence for a code; "unknown error" for a number not in the table. */
const char *hd_strerror(int err);

/* The code's own name, for example "HD_ERR_NACK". */
const char *hd_errname(int err);

/* True for the bus band: wiring, noise, power. */
static inline bool hd_err_is_retryable(int err)
{
    return err <= -16 && err > -32;
}

/* True when the chip understood the command and refused it. */
static inline bool hd_err_is_refusal(int err)
{
    return err <= -32 && err > -48;
}

#ifdef __cplusplus
}
#endif
#endif
