/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Noise as a policy file. What is accepted must say the same bytes when it is
 * written and read again; what is refused must say why.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"
#include "policy/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void look_at_it(const struct hd_policy *p)
{
    struct hd_policy_view view;
    char rest[64];

    for (int i = -1; i < 16; i++) {
        hd_policy_view_rest(p, i, rest, sizeof rest);
        if (i >= 0) {
            hd_policy_view_slot(p, (unsigned)i, &view);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct hd_policy first, second;
    struct hd_policy_error why;
    char *text = NULL;
    size_t size = 0;

    if (hd_policy_load((const char *)data, len, &first, &why) != HD_OK) {
        require(why.text[0] != 0);
        return 0;
    }
    look_at_it(&first);
    FILE *out = open_memstream(&text, &size);
    require(out != NULL);
    hd_policy_write(&first, out);
    (void)fclose(out);
    require(size > HD_POLICY_FILE_MAX ||
            hd_policy_load(text, size, &second, &why) == HD_OK);
    require(memcmp(first.config, second.config, sizeof first.config) == 0);
    free(text);
    return 0;
}
