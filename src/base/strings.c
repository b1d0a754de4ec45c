/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "base/strings.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Takes TEXT, which may be NULL for memory that ran out. */
static int
strings_take(struct h2k_strings *list, char *text)
{
    if (text == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
        char **items = reallocarray(list->items, capacity, sizeof(*items));
        if (items == NULL) {
            free(text);
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        }
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = text;
    return 0;
}

int
h2k_strings_add(struct h2k_strings *list, const char *text)
{
    return strings_take(list, strdup(text));
}

int
h2k_strings_addn(struct h2k_strings *list, const char *text, size_t length)
{
    return strings_take(list, strndup(text, length));
}

int
h2k_strings_addf(struct h2k_strings *list, const char *format, ...)
{
    va_list ap;
    char *text = NULL;
    va_start(ap, format);
    if (vasprintf(&text, format, ap) < 0)
        text = NULL;
    va_end(ap);
    return strings_take(list, text);
}

bool
h2k_strings_contain(const struct h2k_strings *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

int
h2k_strings_add_once(struct h2k_strings *list, const char *text)
{
    return h2k_strings_contain(list, text) ? 0 : h2k_strings_add(list, text);
}

static int
strings_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void
h2k_strings_sort(struct h2k_strings *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(*list->items), strings_compare);
}

void
h2k_strings_truncate(struct h2k_strings *list, size_t count)
{
    while (list->count > count)
        free(list->items[--list->count]);
}

void
h2k_strings_clear(struct h2k_strings *list)
{
    if (list == NULL)
        return;
    h2k_strings_truncate(list, 0);
    free(list->items);
    *list = (struct h2k_strings){ 0 };
}
