/* SPDX-License-Identifier: Apache-2.0 */
/* Key URIs: whatever parses is written again as a URI that means the same;
 * whatever does not has a reason. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hdp_uri uri, again;
    char text[2048], written[8 * HDP_VALUE_MAX], why[256] = "";

    if (size >= sizeof(text)) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    if (!hdp_uri_parse(text, &uri, why, sizeof(why))) {
        must(why[0] != '\0' && strlen(why) < sizeof(why) && uri.slot == -1);
        return 0;
    }
    must(hdp_uri_format(&uri, written, sizeof(written)) < sizeof(written));
    must(hdp_uri_parse(written, &again, why, sizeof(why)));
    must(uri.slot == again.slot && strcmp(uri.chip, again.chip) == 0 &&
         strcmp(uri.io_key_file, again.io_key_file) == 0);
    return 0;
}
