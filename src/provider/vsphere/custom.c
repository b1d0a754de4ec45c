/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/vsphere/custom.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define TAGS_MAX 1000

void
h2k_custom_clear(struct h2k_custom *custom)
{
    h2k_soap_reply_clear(&custom->reply);
    custom->fields = NULL;
}

int
h2k_custom_read(struct h2k_vsphere *vs, struct h2k_custom *custom)
{
    static const char *const paths[] = { "field", NULL };
    struct h2k_object manager;
    if (vs->service.custom_fields == NULL)
        return 0;
    if (h2k_vsphere_get(vs, "CustomFieldsManager", vs->service.custom_fields,
                        paths, &custom->reply, &manager) < 0)
        return -1;
    custom->fields = h2k_object_get(&manager, "field");
    return 0;
}

void
h2k_custom_free_tags(char **tags)
{
    for (size_t i = 0; tags != NULL && tags[i] != NULL; i++)
        free(tags[i]);
    free(tags);
}

static const char *
field_name(const xmlNode *fields, const char *key)
{
    h2k_soap_each (field, fields, "CustomFieldDef") {
        const char *found = h2k_soap_get_at(field, "key");
        if (found != NULL && strcmp(found, key) == 0)
            return h2k_soap_get_at(field, "name");
    }
    return NULL;
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **
h2k_custom_tags(const xmlNode *fields, const struct h2k_object *vm,
                size_t *count)
{
    char **tags = calloc(TAGS_MAX + 1, sizeof(*tags));
    const xmlNode *values = h2k_object_get(vm, "customValue");
    *count = 0;
    if (tags == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    h2k_soap_each (item, values, "CustomFieldValue") {
        const char *key = h2k_soap_get_at(item, "key");
        const char *value = h2k_soap_get_at(item, "value");
        const char *name = key == NULL ? NULL : field_name(fields, key);
        if (name == NULL || value == NULL || *count == TAGS_MAX)
            continue;
        if (asprintf(&tags[*count], "%s:%s", name, value) < 0) {
            tags[*count] = NULL;
            h2k_custom_free_tags(tags);
            return h2k_fail_null(H2K_E_NOMEM, "out of memory");
        }
        ++*count;
    }
    if (*count > 1)
        qsort(tags, *count, sizeof(*tags), by_text);
    return tags;
}
