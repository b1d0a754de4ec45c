/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "pipeline/json.h"

#include "base/cleanup.h"

#include <string.h>

json_t *
h2k_json_text(const char *text)
{
    if (text == NULL)
        return json_null();
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    h2k_autofree char *copy = strdup(text);
    for (char *p = copy; p != NULL && *p != '\0'; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    return json_string(copy == NULL ? "" : copy);
}

json_t *
h2k_json_strings(const struct h2k_strings *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, h2k_json_text(list->items[i]));
    return array;
}
