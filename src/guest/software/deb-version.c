/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Versions of Debian packages, deb-version(7): [EPOCH:]UPSTREAM[-REVISION],
 * compared part by part. */
#include "guest/software/control.h"

#include <ctype.h>
#include <string.h>

struct part {
    const char *at, *end;
};

static bool
at_digit(struct part p)
{
    return p.at < p.end && isdigit((unsigned char)*p.at);
}

/* Where a character stands: "~" before the end, the end before letters, and
 * letters before all others. */
static int
rank(struct part p)
{
    if (p.at == p.end || isdigit((unsigned char)*p.at))
        return 0;
    if (*p.at == '~')
        return -1;
    unsigned char c = (unsigned char)*p.at;
    return isalpha(c) ? c : c + 256;
}

static int
compare_text(struct part *a, struct part *b)
{
    while ((a->at < a->end && !at_digit(*a)) ||
           (b->at < b->end && !at_digit(*b))) {
        int order = rank(*a) - rank(*b);
        if (order != 0)
            return order;
        a->at += a->at < a->end && !at_digit(*a);
        b->at += b->at < b->end && !at_digit(*b);
    }
    return 0;
}

static int
compare_number(struct part *a, struct part *b)
{
    int first = 0;
    while (a->at < a->end && *a->at == '0')
        a->at++;
    while (b->at < b->end && *b->at == '0')
        b->at++;
    for (; at_digit(*a) && at_digit(*b); a->at++, b->at++)
        if (first == 0)
            first = *a->at - *b->at;
    return at_digit(*a) ? 1 : at_digit(*b) ? -1 : first;
}

static int
compare(struct part a, struct part b)
{
    int order = 0;
    while (order == 0 && (a.at < a.end || b.at < b.end)) {
        order = compare_text(&a, &b);
        if (order == 0)
            order = compare_number(&a, &b);
    }
    return order;
}

struct version {
    struct part epoch, upstream, revision;
};

static struct version
split(const char *text)
{
    const char *end = text + strlen(text);
    const char *colon = strchr(text, ':');
    const char *start = colon == NULL ? text : colon + 1;
    const char *dash = strrchr(start, '-');
    return (struct version){
        .epoch = { text, colon == NULL ? text : colon },
        .upstream = { start, dash == NULL ? end : dash },
        .revision = { dash == NULL ? end : dash + 1, end },
    };
}

int
h2k_deb_version_compare(const char *a, const char *b)
{
    struct version x = split(a), y = split(b);
    int order = compare_number(&x.epoch, &y.epoch);
    if (order == 0)
        order = compare(x.upstream, y.upstream);
    return order != 0 ? order : compare(x.revision, y.revision);
}

bool
h2k_deb_version_is(const char *version, const char *relation,
                   const char *other)
{
    int order = h2k_deb_version_compare(version, other);
    if (strcmp(relation, "<<") == 0)
        return order < 0;
    if (strcmp(relation, ">>") == 0)
        return order > 0;
    if (strcmp(relation, "=") == 0)
        return order == 0;
    /* "<" and ">" are old names of "<=" and ">=". */
    return relation[0] == '<' ? order <= 0 : order >= 0;
}
