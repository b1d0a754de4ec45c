/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/vsphere/row.h"

#include "base/checked.h"
#include "base/error.h"

#include <string.h>

/* Of the summary, which is there for a VM whose host is away, too. */
#define ROW_PATHS                                                         \
    "name", "parent", "parentVApp", "runtime.powerState", "runtime.host", \
        "summary.config.template", "summary.config.numCpu",               \
        "summary.config.memorySizeMB", "summary.config.guestFullName",    \
        "summary.storage.committed", "summary.storage.uncommitted"

const char *const h2k_row_paths[] = { ROW_PATHS, NULL };
const char *const h2k_row_paths_with_tags[] = { ROW_PATHS, "customValue",
                                                NULL };

enum h2k_vm_power
h2k_power_read(const xmlNode *node)
{
    const char *text = h2k_soap_get(node);
    if (text == NULL)
        return H2K_VM_OFF;
    if (strcmp(text, "poweredOn") == 0)
        return H2K_VM_ON;
    return strcmp(text, "suspended") == 0 ? H2K_VM_SUSPENDED : H2K_VM_OFF;
}

static uint64_t
number(const struct h2k_object *object, const char *path, int64_t most)
{
    int64_t n = 0;
    h2k_soap_get_i64(h2k_object_get(object, path), 0, most, &n);
    return (uint64_t)n;
}

static int
copy(const char *text, char **to)
{
    *to = text == NULL ? NULL : strdup(text);
    return text != NULL && *to == NULL ? h2k_fail(H2K_E_NOMEM, "out of memory")
                                       : 0;
}

static int
read_names(const struct h2k_tree *tree, const struct h2k_object *object,
           struct h2k_vsphere_row *row)
{
    const char *name = h2k_object_text(object, "name");
    const char *parent = h2k_soap_get(h2k_tree_vm_parent(object));
    const struct h2k_tree_node *host =
        h2k_tree_find(tree, h2k_object_text(object, "runtime.host"));
    if (name == NULL) /* may not be read: the id is what is known of it */
        name = object->id;
    row->name = h2k_vsphere_name(name);
    row->path = h2k_tree_path(tree, parent, name);
    if (row->name == NULL || row->path == NULL ||
        copy(host == NULL ? NULL : host->name, &row->host) < 0)
        return -1;
    return 0;
}

int
h2k_row_read(const struct h2k_tree *tree, const struct h2k_object *object,
             struct h2k_vsphere_row *row)
{
    uint64_t committed =
        number(object, "summary.storage.committed", INT64_MAX);
    uint64_t rest = number(object, "summary.storage.uncommitted", INT64_MAX);
    *row = (struct h2k_vsphere_row){
        .power = h2k_power_read(h2k_object_get(object, "runtime.powerState")),
        .is_template = h2k_soap_get_bool(
            h2k_object_get(object, "summary.config.template")),
        .cpus = (unsigned)number(object, "summary.config.numCpu", 65536),
        .memory_mib = number(object, "summary.config.memorySizeMB", INT32_MAX),
        .disk_bytes = committed + rest, /* of 63 bits each */
    };
    if (read_names(tree, object, row) < 0 || copy(object->id, &row->id) < 0)
        return -1;
    return copy(h2k_object_text(object, "summary.config.guestFullName"),
                &row->guest);
}

void
h2k_vsphere_row_clear(struct h2k_vsphere_row *row)
{
    free(row->id);
    free(row->name);
    free(row->path);
    free(row->guest);
    free(row->host);
    *row = (struct h2k_vsphere_row){ 0 };
}

void
h2k_vsphere_rows_clear(struct h2k_vsphere_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        h2k_vsphere_row_clear(&rows->items[i]);
    free(rows->items);
    *rows = (struct h2k_vsphere_rows){ 0 };
}

/* Room for a power of two, made anew whenever the count is one. */
int
h2k_rows_add(struct h2k_vsphere_rows *rows, struct h2k_vsphere_row *row)
{
    size_t count = rows->count;
    if (count == 0 || h2k_is_power_of_two(count)) {
        void *items = reallocarray(rows->items, count == 0 ? 1 : count * 2,
                                   sizeof(*rows->items));
        if (items == NULL) {
            h2k_vsphere_row_clear(row);
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        }
        rows->items = items;
    }
    rows->items[rows->count++] = *row;
    *row = (struct h2k_vsphere_row){ 0 };
    return 0;
}
