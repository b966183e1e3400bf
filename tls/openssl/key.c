/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key object: an EVP_PKEY for all that is public, and the chip's slot
 * for what is not. See internal.h for why.
 */
#include "internal.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/params.h>

struct hdp_key *hdp_key_new(struct hdp_provider *p)
{
    struct hdp_key *key = OPENSSL_zalloc(sizeof(*key));

    if (key != NULL) {
        key->refs = 1;
        key->provider = p;
    }
    return key;
}

/* The provider's lock guards the count: keys are few, and shared rarely. */
static int add_refs(struct hdp_key *key, int n)
{
    int left = -1;

    if (CRYPTO_THREAD_write_lock(key->provider->lock)) {
        key->refs += n;
        left = key->refs;
        CRYPTO_THREAD_unlock(key->provider->lock);
    }
    return left;
}

bool hdp_key_up_ref(struct hdp_key *key)
{
    return add_refs(key, 1) > 0;
}

void hdp_key_free(struct hdp_key *key)
{
    if (key == NULL || add_refs(key, -1) != 0) {
        return;
    }
    EVP_PKEY_free(key->soft);
    OPENSSL_free(key->io_key_file);
    OPENSSL_free(key);
}

/* An EVP_PKEY of the soft context from X and Y. The point is checked. */
static EVP_PKEY *soft_public(struct hdp_provider *p,
                             const uint8_t pub[HDP_POINT])
{
    uint8_t point[1 + HDP_POINT] = {POINT_CONVERSION_UNCOMPRESSED};
    char group[] = "P-256";
    OSSL_PARAM params[] = {
            OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group,
                                   sizeof(group) - 1),
            OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point,
                                    sizeof(point)),
            OSSL_PARAM_END,
    };
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(p->soft, "EC", NULL);
    EVP_PKEY *key = NULL;

    memcpy(point + 1, pub, HDP_POINT);
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static bool bind(struct hdp_key *key, struct hdp_device *device, uint8_t slot,
                 const char *io_key_file)
{
    key->device = device;
    key->slot = slot;
    if (io_key_file[0] != '\0') {
        key->io_key_file = OPENSSL_strdup(io_key_file);
        return key->io_key_file != NULL;
    }
    return true;
}

struct hdp_key *hdp_key_from_chip(struct hdp_provider *p,
                                  struct hdp_device *device, uint8_t slot,
                                  const char *io_key_file, bool public_only)
{
    uint8_t pub[HDP_POINT];
    struct hdp_key *key;

    if (!hdp_device_pubkey(device, slot, pub)) {
        return NULL;
    }
    key = hdp_key_new(p);
    if (key == NULL) {
        return NULL;
    }
    key->soft = soft_public(p, pub);
    key->has_public = key->soft != NULL;
    if (!key->has_public) {
        hdp_raise(p, HDP_R_KEY,
                  "the chip's answer for slot %d is not a point of P-256",
                  slot);
    }
    if (!key->has_public ||
        (!public_only && !bind(key, device, slot, io_key_file))) {
        hdp_key_free(key);
        return NULL;
    }
    return key;
}

bool hdp_key_point(const struct hdp_key *key, uint8_t point[HDP_POINT])
{
    uint8_t encoded[1 + HDP_POINT];
    char group[32];
    size_t len = 0;

    if (key->soft == NULL ||
        EVP_PKEY_get_group_name(key->soft, group, sizeof(group), &len) != 1 ||
        (strcmp(group, "prime256v1") != 0 && strcmp(group, "P-256") != 0) ||
        EVP_PKEY_get_octet_string_param(key->soft,
                                        OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
                                        encoded, sizeof(encoded), &len) != 1 ||
        len != sizeof(encoded) || encoded[0] != POINT_CONVERSION_UNCOMPRESSED) {
        return false;
    }
    memcpy(point, encoded + 1, HDP_POINT);
    return true;
}

/* R and S to DER. *len: capacity, then length. 0 when it does not fit. */
static int signature_der(const uint8_t raw[64], uint8_t *der, size_t *len)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, 32, NULL);
    BIGNUM *s = BN_bin2bn(raw + 32, 32, NULL);
    int need = 0;

    if (sig == NULL || r == NULL || s == NULL ||
        ECDSA_SIG_set0(sig, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(sig);
        return 0;
    }
    need = i2d_ECDSA_SIG(sig, NULL);
    if (need > 0 && (size_t)need <= *len) {
        need = i2d_ECDSA_SIG(sig, &der);
        *len = (size_t)need;
    } else {
        need = 0;
    }
    ECDSA_SIG_free(sig);
    return need > 0;
}

int hdp_key_sign_chip(struct hdp_key *key, const uint8_t *digest,
                      size_t digest_len, uint8_t *sig, size_t *sig_len)
{
    uint8_t raw[64];

    if (digest_len < HDP_DIGEST) {
        return hdp_raise(key->provider, HDP_R_DIGEST,
                         "a digest of %zu bytes: the chip signs %d, use "
                         "SHA-256 (of longer digests the first %d count, as "
                         "ECDSA defines)",
                         digest_len, HDP_DIGEST, HDP_DIGEST);
    }
    if (!hdp_device_sign(key->device, key->slot, digest, raw)) {
        return 0;
    }
    if (!signature_der(raw, sig, sig_len)) {
        return hdp_raise(key->provider, HDP_R_BUFFER,
                         "a P-256 signature needs up to 72 bytes");
    }
    return 1;
}
