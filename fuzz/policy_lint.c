/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Noise as configuration bytes: lint and attacker judge them, and what the
 * attacker says he can do happens again on a fresh chip.
 */
#include <stdlib.h>
#include <string.h>

#include "lint/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const uint8_t models[] = {HD_VMODEL_508A, HD_VMODEL_608A,
                                     HD_VMODEL_608B};
    struct hd_lint *l;

    if (len < HD_V_CONFIG_BYTES + 1) {
        return 0;
    }
    l = hd_lint_run(data + 1, models[data[0] % 3], NULL);
    require(l != NULL);
    for (unsigned i = 0; i < l->count; i++) {
        const struct hd_finding *f = &l->findings[i];

        require(f->text[0] && f->bits[0] && f->where[0]);
        require(strlen(f->text) + 1 < sizeof f->text);
        require(strlen(f->bits) + 1 < sizeof f->bits);
        require(!f->proof || hd_attack_replay(l->attack, f->proof));
    }
    hd_lint_free(l);
    return 0;
}
