/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Purposes: what slots are for, and the bits that follow. Order matters when
 * a configuration is read back: of equal fits the first is named, so the
 * special ones come after the plain ones they resemble, except those that
 * nothing else looks like. The last one fits anything, by bits.
 */
#include <string.h>

#include "policy/policy.h"

/* clang-format off */
const struct hd_policy_purpose hd_policy_purposes[] = {
    {"identity", 0x0081, 0x0053, HD_CONTENT_BORN, HD_LOCK_NEVER, HD_POLICY_ANY, 0,
     "private key that proves which device this is (TLS, tokens); born in the chip, never replaced"},
    {"attestation", 0x0082, 0x0053, HD_CONTENT_BORN, HD_LOCK_NEVER, HD_POLICY_ANY, 0,
     "private key that signs only what the chip says about itself"},
    {"renewable", 0x2081, 0x0073, HD_CONTENT_BORN, HD_LOCK_LATER, HD_POLICY_ANY, 0,
     "private key of the owner's choosing (LDevID): GenKey makes a new one"},
    {"update-key", 0x0084, 0x0053, HD_CONTENT_BORN, HD_LOCK_NEVER, HD_POLICY_ANY, 0,
     "private key that opens updates encrypted for this device (ECDH)"},
    {"issuer", 0x00A1, 0x0053, HD_CONTENT_BORN, HD_LOCK_NEVER, HD_POLICY_ANY, 0,
     "private key that signs certificates, as often as counter 0 lets it"},
    {"private-key", 0x0085, 0x0053, HD_CONTENT_BORN, HD_LOCK_NEVER, HD_POLICY_ANY, 0,
     "any other private key: signs digests and agrees on secrets"},
    {"secret", 0x8F8F, 0x005C, HD_CONTENT_UNIQUE, HD_LOCK_NEVER, HD_POLICY_ANY, 0,
     "symmetric key for MACs and key derivation"},
    {"io-protection", 0x8F8F, 0x005C, HD_CONTENT_UNIQUE, HD_LOCK_NEVER, HD_POLICY_608, 0,
     "key shared by this chip and this host, against somebody between them"},
    {"accessory-key", 0x8F8F, 0x005C, HD_CONTENT_UNIQUE, HD_LOCK_NEVER, HD_POLICY_ANY, 0,
     "symmetric key by which an accessory proves that it is genuine, derived from its serial number"},
    {"authorisation", 0x8F8F, 0x005C, HD_CONTENT_UNIQUE, HD_LOCK_NEVER, HD_POLICY_ANY, 0,
     "key or password that must be proved before other slots work"},
    {"wrapping-key", 0x8F8F, 0x005C, HD_CONTENT_UNIQUE, HD_LOCK_NEVER, HD_POLICY_ANY, 0,
     "key that encrypts reads and writes of other slots"},
    {"closed", 0x8F9F, 0x005C, HD_CONTENT_NONE, HD_LOCK_NEVER, HD_POLICY_ANY, 0,
     "not used: nobody reads or writes it, and it answers no MAC; what is in it is zeros (slots not listed are this)"},
    {"boot-digest", 0x8F9F, 0x001C, HD_CONTENT_NONE, HD_LOCK_NEVER, HD_POLICY_608, 0,
     "where the chip keeps the digest or signature of accepted firmware; only SecureBoot writes it"},
    {"seal-key", 0x8F8F, 0x0018, HD_CONTENT_UNIQUE, HD_LOCK_NEVER, HD_POLICY_608, 0,
     "AES key for data at rest: what is sealed here opens only here"},
    {"data", 0x0F0F, 0x003C, HD_CONTENT_LATER, HD_LOCK_LATER, HD_POLICY_ANY, 0,
     "bytes that anyone may read and write"},
    {"certificate", 0x0F0F, 0x003C, HD_CONTENT_LATER, HD_LOCK_LATER, HD_POLICY_ANY, 0,
     "a certificate or its digest; it proves itself, so anyone may replace it"},
    {"constant", 0x8F0F, 0x001C, HD_CONTENT_FILE, HD_LOCK_NEVER, HD_POLICY_ANY, 0,
     "bytes written once by provisioning, read by anyone"},
    {"public-key", 0x8F0F, 0x0010, HD_CONTENT_FILE, HD_LOCK_NEVER, HD_POLICY_ANY, 8,
     "a trust anchor, written once by provisioning"},
    {"boot-key", 0x8F0F, 0x0010, HD_CONTENT_FILE, HD_LOCK_NEVER, HD_POLICY_608, 8,
     "public key that signs firmware; never replaced"},
    {"validated-key", 0x1F0F, 0x0012, HD_CONTENT_LATER, HD_LOCK_NEVER, HD_POLICY_ANY, 8,
     "public key that counts only once `validated-by` has signed for it"},
    {"custom", 0x0000, 0x0000, HD_CONTENT_NONE, HD_LOCK_NEVER, HD_POLICY_ANY, 0,
     "nothing of the above: all bits zero, then `bits` say it"},
};
/* clang-format on */

const unsigned hd_policy_purpose_count =
        sizeof hd_policy_purposes / sizeof hd_policy_purposes[0];

int hd_policy_purpose_named(const char *word)
{
    for (unsigned i = 0; i < hd_policy_purpose_count; i++) {
        if (strcmp(hd_policy_purposes[i].word, word) == 0) {
            return (int)i;
        }
    }
    return -1;
}
