/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of groups and verbs, from verbs.def. */
#include "half.h"

#define GROUP(name, summary)
#define VERB(name) extern const struct verb verb_##name;
#include "verbs.def"
#undef GROUP
#undef VERB

const struct group groups[] = {
#define GROUP(name, summary) {name, summary},
#define VERB(name)
#include "verbs.def"
#undef GROUP
#undef VERB
        {NULL, NULL},
};

const struct verb *const verbs[] = {
#define GROUP(name, summary)
#define VERB(name) &verb_##name,
#include "verbs.def"
#undef GROUP
#undef VERB
        NULL,
};
