/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times as people write them, for the verifier of tokens. No time zones but
 * UTC, and no functions that depend on the machine's.
 */
#include "token.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
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

bool hd_time_parse(const char *text, int64_t *out)
{
    int y, mo, d;
    int h = 0;
    int mi = 0;
    int s = 0;
    int end = -1;
    bool date = sscanf(text, "%4d-%2d-%2d%n", &y, &mo, &d, &end) == 3 &&
                text[end] == '\0';
    if (!date) {
        end = -1;
        date = sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &y, &mo, &d, &h, &mi,
                      &s, &end) == 6 &&
               end > 0 && text[end] == '\0';
    }
    if (date) {
        if (!is_date(y, mo, d) || !in(h, 0, 23) || !in(mi, 0, 59) ||
            !in(s, 0, 60)) {
            return false;
        }
        *out = days_from_civil(y, mo, d) * 86400 + h * 3600 + mi * 60 + s;
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
