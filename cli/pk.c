/* SPDX-License-Identifier: Apache-2.0 */
/* Files of keys, signatures and messages; see pk.h. */
#include "pk.h"

#include <errno.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#define KEY_FILE_MAX 65536

int read_public_key(struct call *c, const char *path, uint8_t pub[PK_PUBLIC])
{
    struct input in;
    int code = read_input(c, path, KEY_FILE_MAX, &in);

    if (code != EXIT_DONE) {
        return code;
    }
    enum pk_parsed parsed = parse_public_key(in.bytes, in.len, pub);
    free_input(&in);
    if (parsed == PK_UNKNOWN) {
        return fail(c,
                    "%s: not a P-256 public key: it must be PEM or DER "
                    "(SubjectPublicKeyInfo), a PEM certificate, or the 64 "
                    "bytes X and Y, raw or in hex",
                    path);
    }
    if (parsed == PK_OFF_CURVE) {
        return fail(c, "%s: X and Y are not a point of the curve P-256", path);
    }
    return EXIT_DONE;
}

/* A file that must parse; what: how such a file looks. */
static int read_parsed(struct call *c, const char *path,
                       int (*read_file)(struct call *c, const char *path,
                                        size_t limit, struct input *in),
                       bool (*parse)(const uint8_t *bytes, size_t len,
                                     uint8_t *out),
                       uint8_t *out, const char *what)
{
    struct input in;
    int code = read_file(c, path, KEY_FILE_MAX, &in);

    if (code != EXIT_DONE) {
        return code;
    }
    bool known = parse(in.bytes, in.len, out);
    free_input(&in);
    return known ? EXIT_DONE : fail(c, "%s: not a P-256 %s", path, what);
}

int read_private_key(struct call *c, const char *path, uint8_t d[32])
{
    return read_parsed(c, path, read_private_input, parse_private_key, d,
                       "private key: it must be PEM or DER without a "
                       "password, or 32 bytes raw or in hex");
}

int read_signature(struct call *c, const char *path, uint8_t sig[PK_SIGNATURE])
{
    return read_parsed(c, path, read_input, parse_signature, sig,
                       "signature: it must be DER, or the 64 bytes R and S, "
                       "raw or in hex");
}

static int write_pem(struct call *c, const uint8_t *der, size_t len)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    int code = EXIT_USAGE;

    if (bio && PEM_write_bio(bio, "PUBLIC KEY", "", der, (long)len) > 0) {
        long size = BIO_get_mem_data(bio, &text);
        const struct output o = {.key = "pem",
                                 .bytes = (const uint8_t *)text,
                                 .len = (size_t)size,
                                 .is_text = true};
        code = write_output(c, &o);
    } else {
        code = fail(c, "OpenSSL could not write PEM");
    }
    BIO_free(bio);
    return code;
}

int write_public_key(struct call *c, const uint8_t pub[PK_PUBLIC],
                     const char *format)
{
    uint8_t der[PK_DER_MAX];
    size_t len = public_key_der(pub, der);

    if (len == 0) {
        return fail(c, "the 64 bytes are not a public key of curve P-256");
    }
    put_hex(c, "public_key", pub, PK_PUBLIC);
    if (strcmp(format, "pem") == 0) {
        return write_pem(c, der, len);
    }
    bool is_der = strcmp(format, "der") == 0;
    const struct output o = {.key = is_der ? "der" : "public_key",
                             .bytes = is_der ? der : pub,
                             .len = is_der ? len : PK_PUBLIC,
                             .format = is_der ? "raw" : format};
    return write_output(c, &o);
}

int write_signature(struct call *c, const uint8_t sig[PK_SIGNATURE],
                    const char *format)
{
    uint8_t der[PK_DER_MAX];
    size_t len = signature_der(sig, der);

    if (len == 0) {
        return fail(c, "OpenSSL could not write the signature as DER");
    }
    put_hex(c, "signature", sig, PK_SIGNATURE);
    put_hex(c, "signature_der", der, len);
    bool is_der = strcmp(format, "der") == 0;
    const struct output o = {.key = is_der ? "signature_der" : "signature",
                             .bytes = is_der ? der : sig,
                             .len = is_der ? len : PK_SIGNATURE,
                             .format = is_der ? "raw" : format};
    return write_output(c, &o);
}

/* ----------------------------------------------------------------- hashes */

static int hash_stream(struct call *c, const char *path, FILE *in,
                       EVP_MD_CTX *md, uint8_t digest[32])
{
    uint8_t buffer[65536];
    size_t got;

    if (EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1) {
        return fail(c, "OpenSSL has no SHA-256");
    }
    while ((got = fread(buffer, 1, sizeof buffer, in)) > 0) {
        if (EVP_DigestUpdate(md, buffer, got) != 1) {
            return fail(c, "OpenSSL could not hash %s", path);
        }
    }
    if (ferror(in)) {
        return fail(c, "%s: %s", path, strerror(errno));
    }
    if (EVP_DigestFinal_ex(md, digest, NULL) != 1) {
        return fail(c, "OpenSSL could not hash %s", path);
    }
    return EXIT_DONE;
}

int hash_file(struct call *c, const char *path, uint8_t digest[32])
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(path, "rb");

    if (!in) {
        return fail(c, "%s: %s", path, strerror(errno));
    }
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    int code = md ? hash_stream(c, path, in, md, digest)
                  : fail(c, "not enough memory");
    EVP_MD_CTX_free(md);
    if (!is_stdin) {
        (void)fclose(in);
    }
    return code;
}
