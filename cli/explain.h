/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of half explain share. */
#ifndef HALF_EXPLAIN_H
#define HALF_EXPLAIN_H

#include "half.h"

/* What was given as --status. */
struct status {
    bool given;
    uint8_t byte; /* 0 if none stands behind err */
    int err;      /* HD_OK: a byte was given that is no refusal */
};

/* "0x0f", "HD_ERR_EXEC", "-37". EXIT_DONE or EXIT_USAGE. */
int status_from_text(struct call *c, const char *text, struct status *s);

int explain_status(struct call *c, const struct status *s);

#endif
