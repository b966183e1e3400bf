/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles of half doctor, for the verbs that read them. */
#ifndef HALF_DOCTOR_H
#define HALF_DOCTOR_H

#include "explain/doctor.h"

#include "half.h"

/* EXIT_DONE, or told. */
int bundle_from_file(struct call *c, const char *path, struct hd_doctor *d);

#endif
