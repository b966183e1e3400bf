/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes and ciphers, all by OpenSSL. Elliptic curves are in crypto_ec.c.
 *
 * Algorithms are fetched once into a library context of our own: vchip may
 * run inside a program that uses OpenSSL itself, even inside our own OpenSSL
 * provider, and must not meet what that program configured. The working
 * contexts belong to the thread.
 *
 * Running out of memory here ends the program: a chip cannot answer "no
 * memory", and a wrong digest would be worse.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "crypto.h"

_Noreturn void v_fail(void)
{
    fputs("vchip: OpenSSL failed where it may not (no memory, or a build "
          "without P-256, SHA-256 or AES)\n",
          stderr);
    abort();
}

static struct {
    OSSL_LIB_CTX *lib;
    EVP_MD *sha256;
    EVP_MAC *hmac;
    EVP_CIPHER *aes, *gcm;
} algs;

struct work {
    EVP_MD_CTX *md;
    EVP_MAC_CTX *mac;
    EVP_CIPHER_CTX *cipher;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t work_key;
static _Thread_local struct work *work_here;

static void work_free(void *arg)
{
    struct work *w = arg;

    EVP_MD_CTX_free(w->md);
    EVP_MAC_CTX_free(w->mac);
    EVP_CIPHER_CTX_free(w->cipher);
    free(w);
}

static void fetch_all(void)
{
    algs.lib = OSSL_LIB_CTX_new();
    v_must(algs.lib != NULL);
    algs.sha256 = EVP_MD_fetch(algs.lib, "SHA256", NULL);
    algs.hmac = EVP_MAC_fetch(algs.lib, "HMAC", NULL);
    algs.aes = EVP_CIPHER_fetch(algs.lib, "AES-128-ECB", NULL);
    algs.gcm = EVP_CIPHER_fetch(algs.lib, "AES-256-GCM", NULL);
    v_must(algs.gcm != NULL && algs.sha256 != NULL && algs.hmac != NULL &&
           algs.aes != NULL);
    v_must(pthread_key_create(&work_key, work_free) == 0);
}

static struct work *work(void)
{
    struct work *w = work_here;

    if (w != NULL) {
        return w;
    }
    pthread_once(&once, fetch_all);
    w = calloc(1, sizeof *w);
    v_must(w != NULL);
    w->md = EVP_MD_CTX_new();
    w->mac = EVP_MAC_CTX_new(algs.hmac);
    w->cipher = EVP_CIPHER_CTX_new();
    v_must(w->md != NULL && w->mac != NULL && w->cipher != NULL);
    v_must(pthread_setspecific(work_key, w) == 0);
    work_here = w;
    return w;
}

OSSL_LIB_CTX *v_lib(void)
{
    (void)work();
    return algs.lib;
}

bool v_entropy(uint8_t out[32])
{
    return RAND_priv_bytes_ex(v_lib(), out, 32, 0) == 1;
}

/* ---------------------------------------------------------------- hashes */

void v_sha256(const void *data, size_t len, uint8_t digest[32])
{
    EVP_MD_CTX *md = work()->md;

    v_must(EVP_DigestInit_ex2(md, algs.sha256, NULL) == 1 &&
           EVP_DigestUpdate(md, data, len) == 1 &&
           EVP_DigestFinal_ex(md, digest, NULL) == 1);
}

void v_hmac(const uint8_t *key, size_t key_len, const void *data, size_t len,
            uint8_t mac[32])
{
    char name[] = "SHA256";
    const OSSL_PARAM params[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
            OSSL_PARAM_construct_end()};
    EVP_MAC_CTX *c = work()->mac;
    size_t n = 0;

    v_must(EVP_MAC_init(c, key, key_len, params) == 1 &&
           EVP_MAC_update(c, data, len) == 1 &&
           EVP_MAC_final(c, mac, &n, 32) == 1);
}

/* --------------------------------------------------------------- ciphers */

static void aes(const uint8_t key[16], const uint8_t in[16], uint8_t out[16],
                int encrypt)
{
    EVP_CIPHER_CTX *c = work()->cipher;
    int n = 0;

    v_must(EVP_CipherInit_ex2(c, algs.aes, key, NULL, encrypt, NULL) == 1 &&
           EVP_CIPHER_CTX_set_padding(c, 0) == 1 &&
           EVP_CipherUpdate(c, out, &n, in, 16) == 1);
    EVP_CIPHER_CTX_reset(c); /* wipes the key schedule */
}

void v_aes_encrypt(const uint8_t key[16], const uint8_t in[16], uint8_t out[16])
{
    aes(key, in, out, 1);
}

void v_aes_decrypt(const uint8_t key[16], const uint8_t in[16], uint8_t out[16])
{
    aes(key, in, out, 0);
}

bool v_gcm(const uint8_t key[32], const uint8_t nonce[12], uint8_t *bytes,
           size_t len, uint8_t tag[16], bool is_sealing)
{
    EVP_CIPHER_CTX *c = work()->cipher;
    int n = 0, end = 0;
    bool is_good;

    v_must(EVP_CipherInit_ex2(c, algs.gcm, key, nonce, is_sealing, NULL) == 1 &&
           EVP_CipherUpdate(c, bytes, &n, bytes, (int)len) == 1);
    if (!is_sealing) {
        v_must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, 16, tag) == 1);
    }
    is_good = EVP_CipherFinal_ex(c, bytes + n, &end) == 1;
    if (is_sealing) {
        v_must(is_good &&
               EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, tag) == 1);
    }
    EVP_CIPHER_CTX_reset(c);
    return is_good;
}

/* ------------------------------------------------------------- GF(2^128) */

/* GCM writes the coefficient of x^0 in the top bit of byte 0; a BIGNUM has
 * it in bit 0. Reversing each byte turns one into the other, little-endian. */
static void reverse_bits(const uint8_t in[16], uint8_t out[16])
{
    for (size_t i = 0; i < 16; i++) {
        uint8_t b = in[i];

        b = (uint8_t)((b & 0xF0) >> 4 | (b & 0x0F) << 4);
        b = (uint8_t)((b & 0xCC) >> 2 | (b & 0x33) << 2);
        out[i] = (uint8_t)((b & 0xAA) >> 1 | (b & 0x55) << 1);
    }
}

static BIGNUM *field_element(const uint8_t bytes[16])
{
    uint8_t le[16];

    reverse_bits(bytes, le);
    return BN_lebin2bn(le, sizeof le, NULL);
}

void v_gf128_mul(const uint8_t h[16], const uint8_t in[16], uint8_t out[16])
{
    static const int gcm_polynomial[] = {128, 7, 2, 1, 0, -1};
    BIGNUM *a = field_element(h);
    BIGNUM *b = field_element(in);
    BN_CTX *ctx = BN_CTX_new();
    uint8_t le[16];

    v_must(a != NULL && b != NULL && ctx != NULL &&
           BN_GF2m_mod_mul_arr(a, a, b, gcm_polynomial, ctx) == 1 &&
           BN_bn2lebinpad(a, le, sizeof le) == sizeof le);
    reverse_bits(le, out);
    BN_clear_free(a);
    BN_clear_free(b);
    BN_CTX_free(ctx);
}

/* ----------------------------------------------------------------- bytes */

void v_wipe(void *p, size_t len)
{
    OPENSSL_cleanse(p, len);
}

bool v_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}
