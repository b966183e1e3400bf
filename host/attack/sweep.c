/* SPDX-License-Identifier: Apache-2.0 */
#include "inner.h"
void sweep(struct hd_attack *t, struct actor *a, enum hd_attacker who)
{
    (void)t;
    (void)a;
    (void)who;
}
