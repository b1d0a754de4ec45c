/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The one VM that is meant: by id, by path, or among all of them. */
#include "provider/vsphere/listing.h"
#include "provider/vsphere/match.h"

#include "base/error.h"

#include <limits.h>
#include <string.h>

#define SHOWN_MAX 10 /* paths in a message */
#define NEAR_MAX 3

static int
find_id(struct h2k_vsphere *vs, const char *id, struct h2k_vsphere_row *row)
{
    H2K_AUTO_SOAP reply = { 0 };
    H2K_AUTO_TREE tree = { 0 };
    struct h2k_object vm;
    if (h2k_vsphere_get(vs, "VirtualMachine", id, h2k_row_paths, &reply, &vm) <
            0 ||
        h2k_tree_read_around(vs, &vm, &tree) < 0)
        return -1;
    return h2k_row_read(&tree, &vm, row);
}

/* "vm-42" of a vCenter, "42" of a host. */
static bool
looks_like_id(const char *text)
{
    if (strncmp(text, "vm-", 3) == 0)
        text += 3;
    return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* 1 when PATH is that of a VM, 0 when it is none. */
static int
find_path(struct h2k_vsphere *vs, const char *path,
          struct h2k_vsphere_row *row)
{
    H2K_AUTO_REQUEST request = { .repeatable = true };
    H2K_AUTO_SOAP reply = { 0 };
    h2k_soap_begin(&request, "FindByInventoryPath", "SearchIndex",
                   vs->service.search_index);
    h2k_soap_text(&request, "inventoryPath", path + strspn(path, "/"));
    if (h2k_vsphere_call(vs, &request, &reply) < 0)
        return -1;
    const xmlNode *ref = h2k_soap_child(reply.result, "returnval");
    const char *type = h2k_soap_ref_type(ref);
    if (type == NULL || strcmp(type, "VirtualMachine") != 0)
        return 0;
    return find_id(vs, h2k_soap_get(ref), row) < 0 ? -1 : 1;
}

/* The rows that TEXT means go to the front; gives how many. */
static size_t
select_rows(struct h2k_vsphere_rows *rows, const char *text,
            const char *datacenter, bool pattern)
{
    size_t found = 0;
    for (size_t i = 0; i < rows->count; i++) {
        struct h2k_vsphere_row *row = &rows->items[i];
        if (datacenter != NULL && *text != '/' &&
            !h2k_match_folder(row->path, datacenter, NULL))
            continue;
        if (pattern ? !h2k_match_row(row, text)
                    : !h2k_match_exact(row, text, datacenter))
            continue;
        struct h2k_vsphere_row swapped = rows->items[found];
        rows->items[found++] = *row;
        *row = swapped;
    }
    return found;
}

static int
fail_several(const struct h2k_vsphere_rows *rows, size_t count,
             const char *text)
{
    H2K_AUTO_BUFFER b = { 0 };
    for (size_t i = 0; i < count && i < SHOWN_MAX; i++)
        h2k_buffer_addf(&b, "%s%s (%s)", i > 0 ? ", " : "",
                        rows->items[i].path, rows->items[i].id);
    if (count > SHOWN_MAX)
        h2k_buffer_addf(&b, " and %zu more", count - SHOWN_MAX);
    if (h2k_buffer_check(&b) < 0)
        return -1;
    return h2k_fail(H2K_E_USAGE,
                    "'%s' means %zu VMs; give the path or the id of one: %s",
                    text, count, h2k_buffer_text(&b));
}

/* The nearest first: a selection of a few, in one go. */
static int
fail_none(const struct h2k_vsphere_rows *rows, const char *text)
{
    const char *slash = strrchr(text, '/');
    const char *word = slash == NULL ? text : slash + 1;
    const struct h2k_vsphere_row *near[NEAR_MAX];
    unsigned distances[NEAR_MAX];
    size_t count = 0;
    for (size_t i = 0; i < rows->count; i++) {
        unsigned d = h2k_match_distance(word, rows->items[i].name);
        size_t at = count;
        while (at > 0 && d < distances[at - 1])
            at--;
        if (d == UINT_MAX || at == NEAR_MAX)
            continue;
        count += count < NEAR_MAX;
        memmove(&near[at + 1], &near[at], (count - 1 - at) * sizeof(*near));
        memmove(&distances[at + 1], &distances[at],
                (count - 1 - at) * sizeof(*distances));
        near[at] = &rows->items[i];
        distances[at] = d;
    }
    H2K_AUTO_BUFFER b = { 0 };
    for (size_t i = 0; i < count; i++)
        h2k_buffer_addf(&b, "%s%s", i == 0 ? "; is it " : " or ",
                        near[i]->path);
    return h2k_fail(H2K_E_NOENT, "no VM '%s'%s%s", text, h2k_buffer_text(&b),
                    count > 0 ? "?" : "");
}

static int
find_listed(struct h2k_vsphere *vs, const char *text,
            struct h2k_vsphere_rows *rows, struct h2k_vsphere_row *row)
{
    const struct h2k_vsphere_filter all = { 0 };
    H2K_AUTO_LISTING listing = { .filter = &all, .rows = rows };
    if (h2k_listing_read(vs, &listing) < 0)
        return -1;
    size_t count = select_rows(rows, text, listing.datacenter, false);
    if (count == 0 && h2k_match_is_pattern(text))
        count = select_rows(rows, text, listing.datacenter, true);
    if (count == 0)
        return fail_none(rows, text);
    if (count > 1)
        return fail_several(rows, count, text);
    *row = rows->items[0];
    rows->items[0] = (struct h2k_vsphere_row){ 0 };
    return 0;
}

/* 1 when an id or a path leads to it at once, 0 when it does not. */
static int
find_directly(struct h2k_vsphere *vs, const char *text,
              struct h2k_vsphere_row *row)
{
    if (looks_like_id(text)) {
        if (find_id(vs, text, row) == 0)
            return 1;
        if (h2k_errcode() != H2K_E_NOENT)
            return -1;
        h2k_vsphere_row_clear(row);
    }
    return *text == '/' ? find_path(vs, text, row) : 0;
}

int
h2k_vsphere_find(struct h2k_vsphere *vs, const char *text,
                 struct h2k_vsphere_row *row)
{
    struct h2k_vsphere_rows rows = { 0 };
    *row = (struct h2k_vsphere_row){ 0 };
    if (*text == '\0')
        return h2k_fail(H2K_E_USAGE, "which VM? The name is empty");
    int rc = find_directly(vs, text, row);
    if (rc == 0)
        rc = find_listed(vs, text, &rows, row);
    h2k_vsphere_rows_clear(&rows);
    if (rc < 0)
        h2k_vsphere_row_clear(row);
    return rc < 0 ? -1 : 0;
}
