/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and their authorities, on a bus that nobody answers on. The
 * first byte says where the second file begins. */
#include <stdlib.h>

#include "explain/cert.h"
#include "halfdollar/crypto_openssl.h"
#include "halfdollar/err.h"
#include "halfdollar/port_sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hd_vbus bus;
    struct hd_sim sim = {.bus = &bus, .addr7 = 0x60};
    struct hd_cert_files f = {.now = 1800000000};
    struct hd_doctor d = {.addr7 = 0x60};
    const char *why = NULL;
    size_t first;

    if (size < 1) {
        return 0;
    }
    first = data[0] == 0 ? size - 1 : (size - 1) * data[0] / 256;
    f.cert = data + 1;
    f.cert_len = first;
    f.ca = data[0] == 0 ? NULL : data + 1 + first;
    f.ca_len = size - 1 - first;
    hd_vbus_init(&bus, 100000);
    if (hd_doctor_certificate(&d, &f, &hd_sim_bus, &sim, &hd_crypto_openssl,
                              &why) != HD_OK) {
        if (why == NULL) {
            abort(); /* a failure without a sentence */
        }
        return 0;
    }
    for (unsigned i = 0; i < HD_CERT_COUNT; i++) {
        if (d.cert[i].text[0] == '\0') {
            abort(); /* a check that says nothing */
        }
    }
    return 0;
}
