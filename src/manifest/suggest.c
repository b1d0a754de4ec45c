/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "manifest/problems.h"

#include "base/checked.h"

#include <ctype.h>
#include <string.h>

#define MAX_WORD 40

static char
fold(char c)
{
    return c == '-' ? '_' : (char)tolower((unsigned char)c);
}

/* How many letters must be put in, left out, changed or swapped with their
 * neighbour to make B of A (optimal string alignment). */
static size_t
distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t rows[3][MAX_WORD + 1] = { 0 };
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_size; j++)
        last[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            bool same = fold(a[i - 1]) == fold(b[j - 1]);
            row[j] = h2k_min_u64(last[j - 1] + !same,
                                 h2k_min_u64(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
                fold(a[i - 2]) == fold(b[j - 1]))
                row[j] = h2k_min_u64(row[j], before[j - 2] + 1);
        }
        size_t *oldest = before;
        before = last;
        last = row;
        row = oldest;
    }
    return last[b_size];
}

const char *
h2k_nearest(const char *text, const char *const *words)
{
    const char *best = NULL;
    size_t size = strlen(text), best_distance = SIZE_MAX;
    if (size == 0 || size > MAX_WORD)
        return NULL;
    for (; *words != NULL; words++) {
        size_t word_size = strlen(*words);
        if (word_size > MAX_WORD)
            continue;
        size_t d = distance(text, size, *words, word_size);
        /* A third of the letters wrong is a typing error; more is chance. */
        if (d < best_distance && d <= 1 + (size - 1) / 3 && d < word_size) {
            best = *words;
            best_distance = d;
        }
    }
    return best;
}
