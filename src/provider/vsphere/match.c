/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/vsphere/match.h"

#include "base/error.h"

#include <ctype.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

bool
h2k_match_is_pattern(const char *text)
{
    return strpbrk(text, "*?[") != NULL;
}

/* A slash is one letter of a pattern for a path: "/DC0/vm/web*" has what is
 * in the folders below, too. */
bool
h2k_match_row(const struct h2k_vsphere_row *row, const char *pattern)
{
    if (strchr(pattern, '/') != NULL &&
        fnmatch(pattern, row->path, FNM_NOESCAPE) == 0)
        return true;
    return fnmatch(pattern, row->name, FNM_NOESCAPE) == 0;
}

/* ---- Folders ---- */

/* What of PATH comes after FOLDER's; NULL when it is elsewhere. */
static const char *
after(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    while (length > 0 && folder[length - 1] == '/')
        length--;
    if (strncmp(path, folder, length) != 0 ||
        (path[length] != '/' && path[length] != '\0'))
        return NULL;
    return path + length;
}

/* PATH below the "vm" folder of its datacenter, and that one the wanted. */
static const char *
inside_datacenter(const char *path, const char *datacenter)
{
    if (datacenter != NULL) {
        char *prefix = NULL;
        const char *slash = *datacenter == '/' ? "" : "/";
        if (asprintf(&prefix, "%s%s", slash, datacenter) < 0)
            return NULL;
        path = after(path, prefix);
        free(prefix);
        return path == NULL ? NULL : after(path, "/vm");
    }
    const char *vm = strstr(path, "/vm/");
    return vm == NULL ? NULL : vm + 3;
}

bool
h2k_match_folder(const char *path, const char *folder, const char *datacenter)
{
    if (*folder == '/')
        return after(path, folder) != NULL;
    const char *inside = inside_datacenter(path, datacenter);
    return inside != NULL && *inside == '/' &&
           after(inside + 1, folder) != NULL;
}

bool
h2k_match_exact(const struct h2k_vsphere_row *row, const char *text,
                const char *datacenter)
{
    if (strcmp(row->name, text) == 0 || strcmp(row->path, text) == 0)
        return true;
    const char *last = strrchr(row->path, '/');
    if (last != NULL && strcmp(last + 1, text) == 0)
        return true; /* the encoded name */
    if (strchr(text, '/') == NULL || *text == '/')
        return false;
    if (strcmp(row->path + 1, text) == 0)
        return true; /* "DC0/vm/web-01" */
    const char *inside = inside_datacenter(row->path, datacenter);
    return inside != NULL && *inside == '/' && strcmp(inside + 1, text) == 0;
}

/* ---- Pairs ---- */

typedef bool (*pair_test)(const struct h2k_vsphere_row *row,
                          const char *const *tags, const char *value);

static bool
glob(const char *value, const char *text)
{
    return text != NULL &&
           fnmatch(value, text, FNM_NOESCAPE | FNM_CASEFOLD) == 0;
}

static bool
test_power(const struct h2k_vsphere_row *row, const char *const *tags,
           const char *value)
{
    static const char *const names[] = { "off", "on", "suspended" };
    (void)tags;
    return strcasecmp(value, names[row->power]) == 0;
}

static bool
test_guest(const struct h2k_vsphere_row *row, const char *const *tags,
           const char *value)
{
    (void)tags;
    return glob(value, row->guest);
}

static bool
test_host(const struct h2k_vsphere_row *row, const char *const *tags,
          const char *value)
{
    (void)tags;
    return glob(value, row->host);
}

static bool
test_name(const struct h2k_vsphere_row *row, const char *const *tags,
          const char *value)
{
    (void)tags;
    return glob(value, row->name);
}

static bool
test_template(const struct h2k_vsphere_row *row, const char *const *tags,
              const char *value)
{
    (void)tags;
    return row->is_template ==
           (strcasecmp(value, "true") == 0 || strcasecmp(value, "yes") == 0);
}

/* "name:value", or the value alone. */
static bool
test_tag(const struct h2k_vsphere_row *row, const char *const *tags,
         const char *value)
{
    (void)row;
    for (; tags != NULL && *tags != NULL; tags++) {
        const char *colon = strchr(*tags, ':');
        if (glob(value, *tags) || (colon != NULL && glob(value, colon + 1)))
            return true;
    }
    return false;
}

static const struct key {
    const char *name;
    pair_test test;
    const char *values; /* all there are, with a space after each; NULL: any */
} keys[] = {
    { "power", test_power, "on off suspended " },
    { "guest", test_guest, NULL },
    { "host", test_host, NULL },
    { "name", test_name, NULL },
    { "template", test_template, "true false yes no " },
    { "tag", test_tag, NULL },
};

static const struct key *
find_key(const char *pair, const char **value)
{
    size_t length = strcspn(pair, "=");
    *value = pair + length + (pair[length] == '=');
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (pair[length] == '=' && strlen(keys[i].name) == length &&
            strncasecmp(pair, keys[i].name, length) == 0)
            return &keys[i];
    return NULL;
}

static bool
is_among(const char *value, const char *values)
{
    size_t length = strlen(value);
    for (; *values != '\0'; values += strcspn(values, " ") + 1)
        if (strcspn(values, " ") == length &&
            strncasecmp(values, value, length) == 0)
            return true;
    return false;
}

int
h2k_match_check_pairs(const char *const *pairs)
{
    for (; pairs != NULL && *pairs != NULL; pairs++) {
        const char *value;
        const struct key *key = find_key(*pairs, &value);
        if (key == NULL)
            return h2k_fail(H2K_E_USAGE,
                            "the filter '%s' is not of power=, guest=, host=, "
                            "name=, template= or tag=",
                            *pairs);
        if (key->values != NULL && !is_among(value, key->values))
            return h2k_fail(H2K_E_USAGE,
                            "the filter '%s': it may be one of: %.*s", *pairs,
                            (int)strlen(key->values) - 1, key->values);
    }
    return 0;
}

bool
h2k_match_pairs(const struct h2k_vsphere_row *row, const char *const *tags,
                const char *const *pairs)
{
    for (; pairs != NULL && *pairs != NULL; pairs++) {
        const char *value;
        const struct key *key = find_key(*pairs, &value);
        if (key == NULL || !key->test(row, tags, value))
            return false;
    }
    return true;
}

/* ---- Near misses ---- */

#define WORD_MAX 80

static unsigned
least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static bool
same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Letters to put in, leave out, change, or swap with their neighbour. */
static unsigned
edits(const char *a, size_t a_size, const char *b, size_t b_size)
{
    unsigned rows[3][WORD_MAX + 1] = { 0 };
    for (unsigned j = 0; j <= b_size; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        const unsigned *last = rows[(i - 1) % 3], *older = rows[(i + 1) % 3];
        unsigned *row = rows[i % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_size; j++) {
            row[j] = least(last[j - 1] + !same(a[i - 1], b[j - 1]),
                           least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
                same(a[i - 2], b[j - 1]))
                row[j] = least(row[j], older[j - 2] + 1);
        }
    }
    return rows[a_size % 3][b_size];
}

unsigned
h2k_match_distance(const char *text, const char *name)
{
    size_t a = strlen(text), b = strlen(name);
    if (a == 0 || a > WORD_MAX || b == 0 || b > WORD_MAX)
        return UINT_MAX;
    unsigned distance = edits(text, a, name, b);
    if (distance <= 1 + (a - 1) / 3 && distance < b)
        return distance;
    /* "web" where it is "web-01.example.com" */
    return a >= 3 && strcasestr(name, text) != NULL ? distance : UINT_MAX;
}
