/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "net/content-range.h"

#include "base/checked.h"

#include <stddef.h>
#include <strings.h>

/* Digits at *TEXT, which is moved behind them.  False without any, or where
 * they are too many. */
static bool
take_number(const char **text, uint64_t *out)
{
    const char *p = *text;
    uint64_t n = 0;
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++)
        if (ckd_mul(&n, n, UINT64_C(10)) ||
            ckd_add(&n, n, (uint64_t)(*p - '0')))
            return false;
    *text = p;
    *out = n;
    return true;
}

static bool
take_char(const char **text, char c)
{
    if (**text != c)
        return false;
    (*text)++;
    return true;
}

bool
h2k_content_range_parse(const char *text, struct h2k_content_range *out)
{
    *out = (struct h2k_content_range){ 0 };
    if (text == NULL || strncasecmp(text, "bytes", 5) != 0)
        return false;
    text += 5;
    if (*text != ' ' && *text != '\t')
        return false;
    while (*text == ' ' || *text == '\t')
        text++;
    if (!take_number(&text, &out->first) || !take_char(&text, '-') ||
        !take_number(&text, &out->last) || !take_char(&text, '/'))
        return false;
    if (*text == '*') {
        out->total = UINT64_MAX;
        text++;
    } else if (!take_number(&text, &out->total)) {
        return false;
    }
    return *text == '\0' && out->first <= out->last && out->last < out->total;
}

bool
h2k_content_range_answers(const struct h2k_content_range *range,
                          uint64_t first, uint64_t length)
{
    uint64_t end; /* behind the last byte wanted */
    if (ckd_add(&end, first, length))
        end = UINT64_MAX;
    if (range->total != UINT64_MAX)
        end = h2k_min_u64(end, range->total);
    if (range->first != first)
        return false;
    /* To the end, which is not told: then any end. */
    return end == UINT64_MAX || range->last == end - 1;
}
