/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a certificate fit the chip? Its key, its signers, its dates, what it
 * may be used for, and what of it the chip holds. All X.509 is OpenSSL's.
 *
 *     struct hd_cert_files f = {.cert = pem, .cert_len = n, .now = time(NULL)};
 *     err = hd_doctor_certificate(&d, &f, port.bus, port.ctx, &crypto);
 *     ... d.cert[HD_CERT_KEY].text
 *
 * After hd_doctor_examine(), which leaves the configuration in d. The chip is
 * asked for public keys and for slots that everybody may read; nothing in it
 * changes. No finding names a subject, a serial number, a key or a date: a
 * bundle does not say whose device it is.
 */
#ifndef HD_EXPLAIN_CERT_H
#define HD_EXPLAIN_CERT_H

#include <time.h>

#include "explain/doctor.h"

struct hd_cert_files {
    const uint8_t *cert; /* PEM, its chain may follow, or one DER */
    size_t cert_len;
    const uint8_t *ca; /* the authority to trust, likewise; NULL: none given */
    size_t ca_len;
    time_t now;
};

/* HD_ERR_FORMAT: cert or ca holds no certificate; *why is a sentence.
 * HD_ERR_PORT: no memory. */
HD_MUST_CHECK int hd_doctor_certificate(struct hd_doctor *d,
                                        const struct hd_cert_files *f,
                                        const struct hd_bus *bus, void *ctx,
                                        const struct hd_crypto *crypto,
                                        const char **why);

#endif
