/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Noise as configuration bytes, and as their hex. Bytes become a policy that
 * compiles to the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void there_and_back(const uint8_t *config)
{
    static struct hd_policy first, second;
    struct hd_policy_error why;
    char *text = NULL;
    size_t size = 0;

    if (hd_policy_from_config(config, &first, &why) != HD_OK) {
        return;
    }
    FILE *out = open_memstream(&text, &size);
    require(out != NULL);
    hd_policy_write(&first, out);
    (void)fclose(out);
    require(hd_policy_load(text, size, &second, &why) == HD_OK);
    for (unsigned i = 0; i < 128; i++) {
        require(!hd_policy_decides(i) || config[i] == second.config[i]);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t config[128] = {0};
    struct hd_policy_error why;

    if (hd_policy_read_hex((const char *)data, len, config, &why) == HD_OK) {
        there_and_back(config);
        return 0;
    }
    require(why.text[0] != 0);
    memcpy(config, data, len < sizeof config ? len : sizeof config);
    config[6] = config[6] & 1 ? 0x50 : 0x60;
    there_and_back(config);
    return 0;
}
