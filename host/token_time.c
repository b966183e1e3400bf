/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times as people write them, for the verifier of tokens. No time zones but
 * UTC, and no functions that depend on the machine's.
 */
#include "token.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Days from 1970-01-01 in the Gregorian calendar. */
static int64_t days_from_civil(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

static bool in(int value, int least, int most)
{
    return value >= least && value <= most;
}

static bool is_date(int y, int mo, int d)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (!in(y, 1970, 9999) || !in(mo, 1, 12)) {
        return false;
    }
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return in(d, 1, days[mo - 1] + (mo == 2 && leap));
}

/* Exactly so many digits, and the character after them. */
static bool take(const char **p, int digits, char after, int *out)
{
    *out = 0;
    for (; digits > 0; digits--, (*p)++) {
        if (!isdigit((unsigned char)**p)) {
            return false;
        }
        *out = *out * 10 + (**p - '0');
    }
    if (**p != after) {
        return false;
    }
    *p += after != '\0';
    return true;
}

static bool parse_date(const char *text, int64_t *out)
{
    int y, mo, d;
    int h = 0;
    int mi = 0;
    int s = 0;
    const char *p = text;
    bool has_time = strchr(text, 'T') != NULL;
    if (!take(&p, 4, '-', &y) || !take(&p, 2, '-', &mo) ||
        !take(&p, 2, has_time ? 'T' : '\0', &d) || !is_date(y, mo, d)) {
        return false;
    }
    if (has_time && (!take(&p, 2, ':', &h) || !take(&p, 2, ':', &mi) ||
                     !take(&p, 2, 'Z', &s) || *p != '\0')) {
        return false;
    }
    *out = days_from_civil(y, mo, d) * 86400 + h * 3600 + mi * 60 + s;
    return h <= 23 && mi <= 59 && s <= 60;
}

bool hd_time_parse(const char *text, int64_t *out)
{
    if (parse_date(text, out)) {
        return true;
    }
    char *stop;
    const char *number = text + (text[0] == '@');
    *out = strtoll(number, &stop, 10);
    return isdigit((unsigned char)number[0]) && *stop == '\0' &&
           *out < 253402300800;
}

void hd_time_text(int64_t t, char *out, size_t size)
{
    time_t when = (time_t)t;
    struct tm tm;
    if (gmtime_r(&when, &tm) == NULL ||
        strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
        snprintf(out, size, "%lld", (long long)t);
    }
}
