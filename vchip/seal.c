/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registers of a chip between two programs lie in its lock, a file that
 * outlives the chip's own. So they are sealed with what the chip's file alone
 * has: once that is gone, nobody reads them any more. The EEPROM is left out:
 * the file has it.
 *
 * The nonce is the system's: OpenSSL's provider saves its chip while the
 * process ends, when OpenSSL's own generator is gone already.
 *
 *     0   nonce 12, tag 16
 *     28  the snapshot without its EEPROM, by AES-256-GCM
 */
#define _GNU_SOURCE /* getrandom */
#include <sys/random.h>

#include "internal.h"

#define NONCE   12
#define HEAD    (NONCE + 16)
#define EE_AT   12 /* docs/vchip.md, "Files" */
#define EE_LEN  HD_V_EEPROM_BYTES
#define REST_AT (EE_AT + EE_LEN)

/* Of seed and EEPROM, which a file and its registers have in common. */
static void make_key(const struct hd_vchip *v, uint8_t key[32])
{
    static const char label[] = "halfdollar registers";
    uint8_t all[sizeof label + sizeof v->seed + sizeof v->ee];

    memcpy(all, label, sizeof label);
    memcpy(all + sizeof label, v->seed, sizeof v->seed);
    memcpy(all + sizeof label + sizeof v->seed, v->ee, sizeof v->ee);
    v_sha256(all, sizeof all, key);
    v_wipe(all, sizeof all);
}

static bool crypt(const struct hd_vchip *v, uint8_t *head, size_t len,
                  bool is_sealing)
{
    uint8_t key[32];
    bool is_good;

    make_key(v, key);
    is_good = v_gcm(key, head, head + HEAD, len, head + NONCE, is_sealing);
    v_wipe(key, sizeof key);
    return is_good;
}

int hd_vchip_seal(const struct hd_vchip *v, uint8_t out[HD_V_SNAPSHOT_MAX])
{
    uint8_t whole[HD_V_SNAPSHOT_MAX], nonce[NONCE];
    const int len = hd_vchip_snapshot(v, whole, sizeof whole);
    size_t rest;

    _Static_assert(HEAD <= EE_LEN, "the seal needs less than the EEPROM");
    if (len < 0 || getrandom(nonce, sizeof nonce, 0) != NONCE) {
        v_wipe(whole, sizeof whole);
        return len < 0 ? len : HD_ERR_PORT;
    }
    rest = (size_t)len - REST_AT;
    memcpy(out, nonce, NONCE);
    memcpy(out + HEAD, whole, EE_AT);
    memcpy(out + HEAD + EE_AT, whole + REST_AT, rest);
    v_wipe(whole, sizeof whole);
    (void)crypt(v, out, EE_AT + rest, true);
    return (int)(HEAD + EE_AT + rest);
}

int hd_vchip_unseal(struct hd_vchip *v, uint8_t *sealed, size_t len)
{
    uint8_t whole[HD_V_SNAPSHOT_MAX];
    size_t rest;
    int err;

    if (len < HEAD + EE_AT || len > sizeof whole - EE_LEN + HEAD ||
        !crypt(v, sealed, len - HEAD, false)) {
        return HD_ERR_CORRUPT;
    }
    rest = len - HEAD - EE_AT;
    memcpy(whole, sealed + HEAD, EE_AT);
    memcpy(whole + EE_AT, v->ee, EE_LEN);
    memcpy(whole + REST_AT, sealed + HEAD + EE_AT, rest);
    err = hd_vchip_restore(v, whole, REST_AT + rest);
    v_wipe(whole, sizeof whole);
    return err;
}
