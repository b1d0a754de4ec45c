/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "common/terminal-json.h"

#include "common/terminal.h"

#include "base/buffer.h"
#include "base/cleanup.h"

#include <string.h>

/* A text of several lines stays one; all else goes by terminal_safe. */
static json_t *
safe_string(const char *text)
{
    H2K_AUTO_BUFFER b = { 0 };
    for (;;) {
        size_t length = strcspn(text, "\n");
        h2k_autofree char *line = strndup(text, length);
        h2k_autofree char *safe = line == NULL ? NULL : terminal_safe(line, 0);
        if (safe == NULL)
            return NULL;
        h2k_buffer_adds(&b, safe);
        if (text[length] == '\0')
            break;
        h2k_buffer_adds(&b, "\n");
        text += length + 1;
    }
    return b.failed ? NULL : json_string(h2k_buffer_text(&b));
}

static json_t *
safe_array(const json_t *array)
{
    json_t *copy = json_array();
    const json_t *item;
    size_t i;
    json_array_foreach(array, i, item)
        json_array_append_new(copy, terminal_safe_json(item));
    return copy;
}

static json_t *
safe_object(const json_t *object)
{
    json_t *copy = json_object();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        h2k_autofree char *safe = terminal_safe(key, 0);
        if (safe != NULL)
            json_object_set_new(copy, safe, terminal_safe_json(value));
    }
    return copy;
}

json_t *
terminal_safe_json(const json_t *value)
{
    if (json_is_string(value))
        return safe_string(json_string_value(value));
    if (json_is_array(value))
        return safe_array(value);
    if (json_is_object(value))
        return safe_object(value);
    return json_deep_copy(value);
}
