/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles of half doctor: what is read is written back the same, and replayed
 * now and then (a replay computes on the curve, which takes its time). */
#include <stdlib.h>
#include <string.h>

#include "explain/doctor.h"
#include "halfdollar/crypto_openssl.h"
#include "halfdollar/err.h"

#define REPLAY_EACH 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_back(const struct hd_doctor *d)
{
    struct hd_doctor again;
    const char *why = NULL;
    json_t *o = hd_doctor_bundle(d);

    if (o == NULL || hd_doctor_unbundle(&again, o, &why) != HD_OK ||
        again.addr7 != d->addr7 || again.empty != d->empty ||
        again.has_cert != d->has_cert ||
        memcmp(again.config, d->config, sizeof d->config) != 0) {
        abort();
    }
    json_decref(o);
}

static void replay(const struct hd_doctor *d)
{
    static unsigned count;
    struct hd_doctor out;

    if (count++ % REPLAY_EACH == 0) {
        (void)!hd_doctor_replay(d, &out, &hd_crypto_openssl);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hd_doctor d;
    const char *why = NULL;
    json_t *o =
            json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    const int err = hd_doctor_unbundle(&d, o, &why);

    json_decref(o);
    if (err != HD_OK) {
        if (why == NULL) {
            abort(); /* a failure without a sentence */
        }
        return 0;
    }
    write_back(&d);
    replay(&d);
    return 0;
}
