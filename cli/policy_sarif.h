/* SPDX-License-Identifier: Apache-2.0 */
/* Findings in the form that CI and code review tools take. */
#ifndef HALF_POLICY_SARIF_H
#define HALF_POLICY_SARIF_H

#include "attack.h"
#include "lint/lint.h"

/*
 * Prints SARIF 2.1.0 (OASIS): what the lint found, or, with l NULL, the
 * mistakes of a file that is no policy. EXIT_DONE, or told.
 */
int print_sarif(struct call *c, const struct subject *s,
                const struct hd_lint *l);

#endif
