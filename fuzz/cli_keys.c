/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Noise where `half` expects keys and signatures. What is taken for good
 * must come out of its DER unchanged.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/pk_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t value[64];
    uint8_t again[64];
    uint8_t der[PK_DER_MAX];

    if (parse_public_key(data, len, value) == PK_GOOD) {
        size_t size = public_key_der(value, der);
        require(size > 0 && parse_public_key(der, size, again) == PK_GOOD);
        require(memcmp(value, again, sizeof value) == 0);
    }
    if (parse_signature(data, len, value)) {
        size_t size = signature_der(value, der);
        require(size > 0 && parse_signature(der, size, again));
        require(memcmp(value, again, sizeof value) == 0);
    }
    (void)parse_private_key(data, len, value);
    return 0;
}
