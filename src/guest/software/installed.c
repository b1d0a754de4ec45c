/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What dpkg's status file says is installed, and relations to it. */
#include "guest/software/control.h"

#include "base/checked.h"
#include "base/error.h"

#include <stdlib.h>
#include <string.h>

/* A package, or what one provides. */
struct entry {
    char *name, *version; /* owned; version NULL: any is not it */
    char *state;          /* owned; NULL for what is provided */
};

struct h2k_installed {
    struct entry *entries; /* by name */
    size_t count;
};

/* "libc6:amd64 (>= 2.34)" cut into its parts, each of at most this. */
#define WORD 256
struct relation {
    char name[WORD], relation[3], version[WORD];
};

void
h2k_installed_free(struct h2k_installed *installed)
{
    if (installed == NULL)
        return;
    for (size_t i = 0; i < installed->count; i++) {
        free(installed->entries[i].name);
        free(installed->entries[i].version);
        free(installed->entries[i].state);
    }
    free(installed->entries);
    free(installed);
}

/* The strings are taken, on failure too; NAME NULL is no memory. */
static int
add_entry(struct h2k_installed *installed, struct entry entry)
{
    size_t count = installed->count;
    bool good = entry.name != NULL;
    if (good && (count == 0 || h2k_is_power_of_two(count))) {
        void *entries =
            reallocarray(installed->entries, count == 0 ? 1 : count * 2,
                         sizeof(*installed->entries));
        good = entries != NULL;
        if (good)
            installed->entries = entries;
    }
    if (!good) {
        free(entry.name);
        free(entry.version);
        free(entry.state);
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    }
    installed->entries[installed->count++] = entry;
    return 0;
}

/* Read up to one of ENDS, blanks at both ends not counted, into WORD, which
 * is empty where it is too long. */
static const char *
take(const char *text, const char *ends, char word[WORD])
{
    text += strspn(text, " \t\n");
    size_t length = strcspn(text, ends), shown = length;
    while (shown > 0 && strchr(" \t\n", text[shown - 1]) != NULL)
        shown--;
    if (shown >= WORD)
        shown = 0;
    memcpy(word, text, shown);
    word[shown] = '\0';
    return text + length;
}

/* The relation at TEXT: where it ends, at ",", "|" or NUL. */
static const char *
read_relation(const char *text, struct relation *out)
{
    char word[WORD];
    *out = (struct relation){ 0 };
    text = take(text, "(,|", out->name);
    out->name[strcspn(out->name, " :[")] = '\0';
    if (*text != '(')
        return text;
    text = take(text + 1, "),|", word);
    size_t length = strspn(word, "<>=");
    if (length > 0 && length <= 2) {
        memcpy(out->relation, word, length);
        take(word + length, "", out->version);
    }
    return text + strcspn(text, ",|");
}

static int
add_provided(struct h2k_installed *installed, const char *provides)
{
    struct relation one;
    while (*provides != '\0') {
        provides = read_relation(provides, &one);
        provides += *provides != '\0';
        if (one.name[0] == '\0')
            continue;
        struct entry entry = { .name = strdup(one.name) };
        if (one.version[0] != '\0')
            entry.version = strdup(one.version);
        if (add_entry(installed, entry) < 0)
            return -1;
    }
    return 0;
}

static int
add_paragraph(struct h2k_installed *installed, const char *paragraph)
{
    h2k_autofree char *provides = h2k_control_get(paragraph, "Provides");
    struct entry entry = {
        .name = h2k_control_get(paragraph, "Package"),
        .version = h2k_control_get(paragraph, "Version"),
        .state = h2k_control_get(paragraph, "Status"),
    };
    if (entry.name == NULL || entry.state == NULL) {
        free(entry.name);
        free(entry.version);
        free(entry.state);
        return 0;
    }
    const char *last = strrchr(entry.state, ' ');
    bool there = last != NULL && strcmp(last, " installed") == 0;
    if (add_entry(installed, entry) < 0)
        return -1;
    return there && provides != NULL ? add_provided(installed, provides) : 0;
}

static int
by_name(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return strcmp(x->name, y->name);
}

struct h2k_installed *
h2k_installed_new(const char *status)
{
    H2K_AUTO(h2k_installed) installed = calloc(1, sizeof(*installed));
    const char *start;
    size_t length;
    if (installed == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    while (h2k_control_next(&status, &start, &length)) {
        h2k_autofree char *paragraph = strndup(start, length);
        if (paragraph == NULL)
            return h2k_fail_null(H2K_E_NOMEM, "out of memory");
        if (add_paragraph(installed, paragraph) < 0)
            return NULL;
    }
    if (installed->count > 0)
        qsort(installed->entries, installed->count,
              sizeof(*installed->entries), by_name);
    return h2k_steal(installed);
}

/* The first of those called NAME; COUNT when there is none. */
static size_t
first_named(const struct h2k_installed *installed, const char *name)
{
    size_t low = 0, high = installed->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(installed->entries[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < installed->count &&
                   strcmp(installed->entries[low].name, name) == 0
               ? low
               : installed->count;
}

const char *
h2k_installed_state(const struct h2k_installed *installed, const char *package)
{
    size_t i = first_named(installed, package);
    for (; i < installed->count &&
           strcmp(installed->entries[i].name, package) == 0;
         i++)
        if (installed->entries[i].state != NULL)
            return installed->entries[i].state;
    return NULL;
}

static bool
fulfils(const struct entry *entry, const struct relation *relation)
{
    if (entry->state != NULL &&
        (strlen(entry->state) < 10 ||
         strcmp(entry->state + strlen(entry->state) - 10, " installed") != 0))
        return false;
    return relation->relation[0] == '\0' ||
           (entry->version != NULL &&
            h2k_deb_version_is(entry->version, relation->relation,
                               relation->version));
}

static bool
is_fulfilled(const struct h2k_installed *installed,
             const struct relation *relation)
{
    size_t i = first_named(installed, relation->name);
    for (; i < installed->count &&
           strcmp(installed->entries[i].name, relation->name) == 0;
         i++)
        if (fulfils(&installed->entries[i], relation))
            return true;
    return false;
}

int
h2k_installed_missing(const struct h2k_installed *installed,
                      const char *relations, struct h2k_strings *missing)
{
    while (*relations != '\0') {
        bool good = false;
        const char *start = relations + strspn(relations, " \t\n");
        struct relation one;
        do {
            relations += *relations == '|';
            relations = read_relation(relations, &one);
            good =
                good || one.name[0] == '\0' || is_fulfilled(installed, &one);
        } while (*relations == '|');
        if (!good &&
            h2k_strings_addn(missing, start, (size_t)(relations - start)) < 0)
            return -1;
        relations += *relations == ',';
    }
    return 0;
}
