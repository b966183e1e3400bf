/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files of the first story: 128 bytes or a refusal. */
#include <string.h>

#include "provision.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t config[HD_CONFIG_BYTES];
    char text[4096];

    if (size >= sizeof(text)) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    (void)provision_parse_config(text, config);
    return 0;
}
