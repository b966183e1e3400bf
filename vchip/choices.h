/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no public document says, and what vchip does about it.
 *
 * docs/chip marks such places "(inferred)" or lists them as open questions.
 * Every decision that a measurement on silicon could overturn stands here
 * once, with the place in docs/chip (P1 = part 1, P2 = part 2), so that it is
 * one line to change. The handlers test the constant.
 *
 * X(name, value, reference, what it decides)
 */
#ifndef VCHIP_CHOICES_H
#define VCHIP_CHOICES_H

/* clang-format off */
#define V_CHOICES(X)                                                           \
    X(MAC_NEEDS_DATA_LOCK, 1, "P2 4.1, P1 8.2",                                \
      "MAC and HMAC with a slot key need the data zone locked")                \
    X(ECDH_NEEDS_DATA_LOCK, 1, "P2 6.5, P1 8.2",                               \
      "ECDH needs both zones locked")                                          \
    X(SLOT_LOCK_NEEDS_DATA_LOCK, 0, "P1 8.1, P2 7.4, open 11",                 \
      "locking one slot needs the data zone locked")                           \
    X(COUNT_MATCH_NEEDS_BOTH, 0, "P1 7.4; the vendor's device tests",          \
      "two copies of the match value that differ end all uses")                \
    X(COUNTER_STEP_NEEDS_LOCK, 1, "P1 Q18, P2 7.2",                            \
      "Counter(increment) needs the configuration locked")                     \
    X(POLICY_BEFORE_DATA_LOCK, 0, "P1 8.2",                                    \
      "ReqAuth, ReqRandom and latches bind before the data zone is locked")    \
    X(SIGN_REQ_RANDOM, 0, "P1 10.5",                                           \
      "ReqRandom of a private key binds Sign")                                 \
    X(REQ_RANDOM_BINDS_MESSAGE, 1, "P1 10.5",                                  \
      "MAC, CheckMac and Verify with a ReqRandom key need TempKey in the "     \
      "message")                                                               \
    X(CALC_NONCE_IS_RANDOM, 0, "P2 2.1, open 3",                               \
      "Nonce with param2 = 0x8000 sets SourceFlag to random")                  \
    X(RANDOM_CLEARS_508, 1, "P2 1.3, P1 Q26",                                  \
      "508A: Random invalidates TempKey")                                      \
    X(CHECKMAC_MISS_CLEARS_AUTH, 1, "P2 4.2, open 10",                         \
      "a CheckMac that does not match drops an authorisation")                 \
    X(VERIFY_MISS_CLEARS_AUTH, 0, "P2 open 10",                                \
      "a Verify that fails drops an authorisation")                            \
    X(LATCH_WRITE_USES_AUTH, 1, "P2 7.1",                                      \
      "changing the persistent latch uses the authorisation up")               \
    X(LATCH_CLEAR_NEEDS_AUTH, 1, "P2 7.1, P1 7.6",                             \
      "clearing the persistent latch needs authorisation, as setting does")    \
    X(ECDH_NEXT_IGNORES_WRITE_CONFIG, 1, "P2 open 8",                          \
      "ECDH that ReadKey bit 3 sends to the next slot ignores its WriteConfig")\
    X(ECDH_NAMED_SLOT_ASKS_WRITE_CONFIG, 1, "P2 open 8",                       \
      "ECDH that only its mode sends into a slot needs WriteConfig Always")    \
    X(VALIDATE_PARENT_MAY_BE_INVALID, 1, "P1 10.8",                            \
      "a public key that is itself not validated may validate others")         \
    X(ECDH_BAD_POINT_STATUS, 0x05, "P2 6.5",                                   \
      "status for a peer point off the curve (0x05 or 0x0F)")                  \
    X(BOOT_STORE_IGNORES_LOCKS, 1, "P2 10.3",                                  \
      "SecureBoot stores regardless of WriteConfig and slot lock")             \
    X(BOOT_MISS_CLEARS_LATCH, 1, "P2 10.3, open 4",                            \
      "a SecureBoot mismatch clears the persistent latch (if it controls it)") \
    X(BOOT_PROHIBIT_ON_FAILURE, 1, "P2 open 4",                                \
      "the prohibit bit takes effect although the image was wrong")            \
    X(BOOT_NONCE_NEEDS_MAC, 1, "P2 open 4, P1 7.7",                            \
      "RandNonce of SecureBoot also forbids the command without MAC")          \
    X(BOOT_NEEDS_DATA_LOCK, 1, "P1 8.2 (silent)",                              \
      "SecureBoot needs both zones locked")                                    \
    X(KDF_SLOTS_NEED_DATA_LOCK, 1, "P1 8.2 (silent)",                          \
      "KDF from or to a slot needs both zones locked")                         \
    X(KDF_TARGET_IS_RANDOM, 0, "P2 open 2",                                    \
      "TempKey filled by KDF or ECDH counts as random")                        \
    X(KDF_MESSAGE_MUST_BE_READABLE, 1, "P2 open 5",                            \
      "an HKDF message in a slot must be readable in the clear")               \
    X(KDF_IV_LOC_OFF, 0xF0, "P1 Q20",                                          \
      "this KdfIvLoc asks for no initialisation vector")                       \
    X(KDF_IV_OPENS_OUTPUT, 1, "P2 10.2",                                       \
      "HKDF in IV mode may leave in the clear although KdfProt forbids")       \
    X(AES_GFM_NEEDS_ENABLE, 0, "P2 10.1, open 9",                              \
      "AES(GFM) needs AES_Enable")                                             \
    X(X509_FIRST_BLOCK, 0, "P1 7.11, P2 6.4",                                  \
      "number of the first SHA block in X509format")                           \
    X(GENKEY_OTHER_OPTIONAL, 1, "P2 6.1; a 508A on a logic analyser takes it", \
      "GenKey mode 0x10 works without OtherData, which then counts as zeros")  \
    X(SHA_END_TAKES_64, 1, "P2 9, open 6",                                     \
      "608: SHA(End) takes up to 64 bytes")                                    \
    X(PRIVATE_BIT_ALONE, 1, "P1 7.12, P2 3",                                   \
      "KeyConfig.Private protects a slot whatever its KeyType")                \
    X(SELFTEST_BIT1, 1, "P2 7.5, open 9",                                      \
      "SelfTest takes bit 1, which older headers call ECDSA verify")           \
    X(UPDATE_EXTRA_BEFORE_LOCK, 1, "P1 7.9, P2 7.3",                           \
      "UpdateExtra works before the configuration is locked")                  \
    X(SELECTOR_ONCE, 1, "P1 Q14, P2 7.3",                                      \
      "508A: SelectorMode 1 lets Selector change only while it is 0")          \
    X(WATCHDOG_MS, 1300, "P1 6.1: 0.7 to 1.7 s",                               \
      "the watchdog with ChipMode bit 2 = 0")                                  \
    X(LONG_WATCHDOG_MS, 10000, "P1 6.1, Q15: 10 or 13 s",                      \
      "the watchdog with ChipMode bit 2 = 1")                                  \
    X(SWI_TIMEOUT_MS, 65, "P1 3.2: 45 to 85 ms",                               \
      "single-wire: a gap this long in a transfer puts the chip to sleep")     \
    X(REFUSAL_TIME_SHARE, 4, "P1 12.1: well before the typical time",          \
      "a refusal takes this fraction of the command's time")                   \
    X(HALF_COMMAND_READS_FF, 1, "P1 2.6, Q1",                                  \
      "I2C: reads between the parts of a command are acknowledged, all FF")    \
    X(RESERVED_WORD_ACKED, 1, "P1 2.3, Q19",                                   \
      "I2C: word addresses 04 to FF are acknowledged and ignored")
/* clang-format on */

enum v_choice {
#define V_CHOICE_ENUM(name, value, ref, text) CHOICE_##name = (value),
    V_CHOICES(V_CHOICE_ENUM)
#undef V_CHOICE_ENUM
};

#endif
