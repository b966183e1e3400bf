/* SPDX-License-Identifier: Apache-2.0 */
/* `half --list`, the completion's source of truth; see complete.c. */
#ifndef HALF_COMPLETE_H
#define HALF_COMPLETE_H

#include "half.h"

/* Prints what may follow these words (ended by NULL), one a line. */
void complete(char **words);

#endif
