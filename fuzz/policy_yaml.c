/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Noise as a policy file. What is accepted must say the same bytes when it is
 * written and read again; what is refused must say why, in the order of the
 * file's lines.
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

static void check_report(const struct hd_policy_report *r, bool is_policy)
{
    require(is_policy == (r->count == 0));
    require(r->count <= HD_POLICY_ERRORS);
    for (unsigned i = 0; i < r->count; i++) {
        require(r->errors[i].text[0] != 0);
        require(i == 0 || r->errors[i].line >= r->errors[i - 1].line);
    }
    for (unsigned i = 0; i < r->place_count; i++) {
        require(hd_policy_line(r, r->places[i].path) == r->places[i].line);
        require(hd_policy_line_near(r, r->places[i].path) > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct hd_policy first, second;
    struct hd_policy_report report;
    struct hd_policy_error why;
    char *text = NULL;
    size_t size = 0;
    int err = hd_policy_read((const char *)data, len, &first, &report);

    check_report(&report, err == HD_OK);
    hd_policy_report_free(&report);
    if (err != HD_OK) {
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
