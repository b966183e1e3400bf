/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sentences of the errors, in a file of their own: firmware that prints
 * no text does not link it.
 */
#include <stddef.h>

#include "halfdollar/err.h"

static const struct {
    int number;
    const char *name, *text;
} errors[] = {
#define ROW(name, number, text) {number, #name, text},
        HD_ERR_TABLE(ROW)
#undef ROW
};

static size_t find(int err)
{
    size_t i = 0;

    while (i < sizeof(errors) / sizeof(errors[0]) && errors[i].number != err) {
        i++;
    }
    return i;
}

const char *hd_strerror(int err)
{
    size_t i = find(err);

    return i < sizeof(errors) / sizeof(errors[0]) ? errors[i].text
                                                  : "unknown error";
}

const char *hd_errname(int err)
{
    size_t i = find(err);

    return i < sizeof(errors) / sizeof(errors[0]) ? errors[i].name
                                                  : "HD_ERR_UNKNOWN";
}
