/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why the chip refused what a verb asked of it, the same way on every chip:
 * what the session sent is remembered, and played again on a virtual chip
 * with this chip's configuration and locks (host/explain). A real chip says a
 * status byte and nothing more.
 */
#ifndef HALF_WHY_H
#define HALF_WHY_H

#include "explain/explain.h"
#include "session.h"

struct why {
    char reason[1024];       /* "": nobody can say */
    bool explained;          /* e is about this refusal */
    struct hd_explanation e; /* what would have worked, or never */
    char command[1536];      /* `half explain` with all it needs, or "" */
};

/* Listens to the session's bus; the port must be open. */
void why_listen(struct session *s);

/*
 * After the driver said err. Reads from the chip what was not read yet of its
 * configuration, nothing else is sent; *w stays empty if that cannot be, if
 * it was no refusal, or if the virtual chip would not have refused.
 */
void why_ask(struct session *s, int err, struct why *w);

/* The lines below the reason. */
void why_tell(struct call *c, const struct why *w);

#endif
