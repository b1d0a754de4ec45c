/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "ovf/sums.h"

#include "base/error.h"
#include "base/utf8.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* "SHA256", "SHA-256", "sha256 ". */
static bool
find_kind(const char *text, size_t size, enum h2k_hash_kind *kind)
{
    char word[16];
    size_t n = 0;
    for (size_t i = 0; i < size && n < sizeof(word) - 1; i++)
        if (text[i] != '-' && !is_blank(text[i]))
            word[n++] = text[i];
    word[n] = '\0';
    for (int i = H2K_HASH_SHA1; i <= H2K_HASH_SHA512; i++)
        if (strcasecmp(word, h2k_hash_word((enum h2k_hash_kind)i)) == 0) {
            *kind = (enum h2k_hash_kind)i;
            return true;
        }
    return false;
}

/* The digits of KIND from TEXT to END. */
static bool
take_digits(const char *text, const char *end, struct h2k_ovf_sum *sum)
{
    enum h2k_hash_kind kind;
    size_t n = 0;
    while (text < end && is_blank(*text))
        text++;
    while (text < end && n < sizeof(sum->hex) - 1 &&
           isxdigit((unsigned char)*text))
        sum->hex[n++] = (char)tolower((unsigned char)*text++);
    while (text < end && is_blank(*text))
        text++;
    sum->hex[n] = '\0';
    return text == end && h2k_hash_kind_of(sum->hex, &kind) &&
           kind == sum->kind;
}

static int
add_sum(struct h2k_ovf_sums *sums, const struct h2k_ovf_sum *sum,
        const char *name, size_t size)
{
    for (size_t i = 0; i < sums->count; i++) {
        const struct h2k_ovf_sum *other = &sums->sums[i];
        if (other->kind == sum->kind && strlen(other->name) == size &&
            memcmp(other->name, name, size) == 0)
            return strcmp(other->hex, sum->hex) == 0
                       ? 0
                       : h2k_fail(H2K_E_CORRUPT, "has two sums for %.200s",
                                  other->name);
    }
    struct h2k_ovf_sum *larger =
        reallocarray(sums->sums, sums->count + 1, sizeof(*larger));
    if (larger == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    sums->sums = larger;
    larger[sums->count] = *sum;
    larger[sums->count].name = strndup(name, size);
    if (larger[sums->count].name == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    sums->count++;
    return 0;
}

/* A name may have a ')' in it, so the last one ends it. */
static int
take_line(struct h2k_ovf_sums *sums, const char *line, size_t size,
          unsigned number)
{
    struct h2k_ovf_sum sum = { 0 };
    const char *end = line + size;
    while (line < end && is_blank(*line))
        line++;
    if (line == end)
        return 0;
    const char *open = memchr(line, '(', (size_t)(end - line));
    const char *close = memrchr(line, ')', (size_t)(end - line));
    const char *equals =
        close == NULL ? NULL : memchr(close, '=', (size_t)(end - close));
    if (open == NULL || equals == NULL || close <= open)
        return h2k_fail(H2K_E_CORRUPT, "line %u is no checksum", number);
    if (!find_kind(line, (size_t)(open - line), &sum.kind))
        return 0;
    if (!take_digits(equals + 1, end, &sum))
        return h2k_fail(H2K_E_CORRUPT, "line %u is no checksum of %s", number,
                        h2k_hash_name(sum.kind));
    return add_sum(sums, &sum, open + 1, (size_t)(close - open - 1));
}

struct h2k_ovf_sums *
h2k_ovf_sums_parse(const char *text, size_t size)
{
    unsigned number = 1;
    if (h2k_utf8_valid_prefix(text, size) != size)
        return h2k_fail_null(H2K_E_CORRUPT, "is not text in UTF-8");
    H2K_AUTO(h2k_ovf_sums) sums = calloc(1, sizeof(*sums));
    if (sums == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    for (const char *end = text + size; text < end; number++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (stop == NULL)
            stop = end;
        if (take_line(sums, text, (size_t)(stop - text), number) < 0)
            return NULL;
        text = stop + (stop < end);
    }
    return h2k_steal(sums);
}

void
h2k_ovf_sums_free(struct h2k_ovf_sums *sums)
{
    if (sums == NULL)
        return;
    for (size_t i = 0; i < sums->count; i++)
        free(sums->sums[i].name);
    free(sums->sums);
    free(sums);
}

const struct h2k_ovf_sum *
h2k_ovf_sums_find(const struct h2k_ovf_sums *sums, const char *name)
{
    const struct h2k_ovf_sum *found = NULL;
    for (size_t i = 0; sums != NULL && i < sums->count; i++)
        if (strcmp(sums->sums[i].name, name) == 0 &&
            (found == NULL || sums->sums[i].kind > found->kind))
            found = &sums->sums[i];
    return found;
}
