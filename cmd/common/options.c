/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "common/options.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *
text_keep_add(struct text_keep *keep, const char *text)
{
    char *copy = strdup(text);
    char **items = reallocarray(keep->items, keep->count + 1, sizeof(*items));
    if (items != NULL)
        keep->items = items;
    if (copy == NULL || items == NULL) {
        free(copy);
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    return items[keep->count++] = copy;
}

void
text_keep_clear(struct text_keep *keep)
{
    for (size_t i = 0; i < keep->count; i++)
        free(keep->items[i]);
    free(keep->items);
    *keep = (struct text_keep){ 0 };
}

static bool
same_name(const char *a, const char *b, size_t length)
{
    if (strlen(a) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (a[i] != (b[i] == '_' ? '-' : b[i]))
            return false;
    return true;
}

static const struct option *
find(const struct option *table, const char *name, size_t length)
{
    for (; table->name != NULL; table++)
        if (same_name(table->name, name, length) ||
            (length == 1 && table->letter == name[0]))
            return table;
    return NULL;
}

/* Levenshtein's distance, of short words; longer ones are far apart. */
static unsigned
distance(const char *a, const char *b)
{
    enum { MOST = 40 };
    unsigned row[MOST + 1];
    size_t m = strlen(a), n = strlen(b);
    if (m > MOST || n > MOST)
        return MOST;
    for (size_t j = 0; j <= n; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= m; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[n];
}

static int
unknown(const struct option *table, const char *word)
{
    char name[64];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
    const struct option *nearest = NULL;
    unsigned best = 4; /* further away is no help */
    for (; table->name != NULL; table++) {
        unsigned d = distance(name, table->name);
        if (d < best) {
            best = d;
            nearest = table;
        }
    }
    if (nearest == NULL)
        return h2k_fail(H2K_E_USAGE, "unknown option --%s; see --help-all",
                        name);
    return h2k_fail(H2K_E_USAGE, "unknown option --%s; did you mean --%s?",
                    name, nearest->name);
}

static int
parse_bool(const char *name, const char *text, bool *value)
{
    static const char *const yes[] = { "true", "yes", "on", "1" };
    static const char *const no[] = { "false", "no", "off", "0" };
    for (size_t i = 0; i < 4; i++) {
        if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
            *value = strcasecmp(text, yes[i]) == 0;
            return 0;
        }
    }
    return h2k_fail(H2K_E_USAGE, "--%s is true or false, not '%s'", name,
                    text);
}

/* VALUE is NULL for a flag that was named alone. */
static int
apply(const struct option *option, const char *value, void *options)
{
    char *at = (char *)options + option->offset;
    struct text_list *list = (struct text_list *)at;
    bool flag = true;
    if (option->given != 0)
        *(bool *)((char *)options + option->given) = true;
    switch (option->kind) {
    case OPTION_FLAG:
    case OPTION_UNSET:
        if (value != NULL && parse_bool(option->name, value, &flag) < 0)
            return -1;
        *(bool *)at = flag == (option->kind == OPTION_FLAG);
        return 0;
    case OPTION_COUNT:
        *(int *)at += 1;
        return 0;
    case OPTION_TEXT:
        *(const char **)at = value;
        return 0;
    case OPTION_LIST:
        if (list->count == sizeof(list->items) / sizeof(list->items[0]))
            return h2k_fail(H2K_E_USAGE, "--%s was given too often",
                            option->name);
        list->items[list->count++] = value;
        return 0;
    }
    return 0;
}

static bool
takes_value(const struct option *option)
{
    return option->kind == OPTION_TEXT || option->kind == OPTION_LIST;
}

/* "-vv": the same letter more than once. */
static int
repeated_letter(const struct option *table, const char *word, void *options)
{
    const struct option *option = find(table, word, 1);
    size_t n = strlen(word);
    if (option == NULL || takes_value(option) ||
        strspn(word, (char[2]){ word[0] }) != n)
        return 0;
    for (size_t i = 0; i < n; i++)
        if (apply(option, NULL, options) < 0)
            return -1;
    return 1;
}

/* The option at ARGV[*I], whose value may be the next word. */
static int
parse_one(const struct option *table, int argc, char **argv, int *i,
          void *options)
{
    const char *word = argv[*i] + 1 + (argv[*i][1] == '-');
    size_t length = strcspn(word, "=");
    const struct option *option = find(table, word, length);
    const char *value = word[length] == '=' ? word + length + 1 : NULL;
    if (option == NULL) {
        int rc = repeated_letter(table, word, options);
        return rc != 0 ? (rc < 0 ? -1 : 0) : unknown(table, word);
    }
    if (takes_value(option) && value == NULL) {
        if (*i + 1 >= argc)
            return h2k_fail(H2K_E_USAGE, "--%s needs a value: %s",
                            option->name, option->argument);
        value = argv[++*i];
    }
    return apply(option, value, options);
}

int
options_parse(const struct option *table, int argc, char **argv, void *options,
              struct text_list *rest)
{
    bool ended = false;
    for (int i = 1; i < argc; i++) {
        if (!ended && strcmp(argv[i], "--") == 0) {
            ended = true;
        } else if (!ended && argv[i][0] == '-' && argv[i][1] != '\0') {
            if (parse_one(table, argc, argv, &i, options) < 0)
                return -1;
        } else {
            if (rest->count == sizeof(rest->items) / sizeof(rest->items[0]))
                return h2k_fail(H2K_E_USAGE, "too many arguments");
            rest->items[rest->count++] = argv[i];
        }
    }
    return 0;
}

int
options_set(const struct option *table, const char *name, const char *value,
            void *options)
{
    const struct option *option = find(table, name, strlen(name));
    return option == NULL ? unknown(table, name)
                          : apply(option, value, options);
}

static void
print_option(const struct option *option, FILE *out)
{
    char left[64];
    char letter[5] = "    ";
    if (option->letter != 0)
        snprintf(letter, sizeof(letter), "-%c, ", option->letter);
    snprintf(left, sizeof(left), "  %s--%s%s%s", letter, option->name,
             option->argument == NULL ? "" : " ",
             option->argument == NULL ? "" : option->argument);
    fprintf(out, "%-28s %s\n", left, option->help);
}

void
options_print(const struct option *table, bool all, FILE *out)
{
    const char *group = NULL;
    for (; table->name != NULL; table++) {
        if (!all && !table->common)
            continue;
        if (all && (group == NULL || strcmp(group, table->group) != 0))
            fprintf(out, "\n%s:\n", table->group);
        group = table->group;
        print_option(table, out);
    }
}
