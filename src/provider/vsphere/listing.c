/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "provider/vsphere/listing.h"

#include "provider/vsphere/match.h"

#include "base/error.h"

#include <string.h>
#include <strings.h>

void
h2k_listing_clear(struct h2k_listing *listing)
{
    h2k_tree_clear(&listing->tree);
    h2k_custom_clear(&listing->custom);
    free(listing->datacenter);
}

static bool
asks_for_tags(const struct h2k_vsphere_filter *filter)
{
    for (const char *const *pair = filter->pairs;
         pair != NULL && *pair != NULL; pair++)
        if (strncasecmp(*pair, "tag=", 4) == 0)
            return true;
    return false;
}

static int
passes(const struct h2k_listing *listing, const struct h2k_object *object,
       const struct h2k_vsphere_row *row)
{
    const struct h2k_vsphere_filter *filter = listing->filter;
    size_t count;
    if (filter->folder != NULL &&
        !h2k_match_folder(row->path, filter->folder, listing->datacenter))
        return 0;
    if (filter->pattern != NULL && !h2k_match_row(row, filter->pattern))
        return 0;
    if (!listing->wants_tags)
        return h2k_match_pairs(row, NULL, filter->pairs);
    char **tags = h2k_custom_tags(listing->custom.fields, object, &count);
    if (tags == NULL)
        return -1;
    int passed =
        h2k_match_pairs(row, (const char *const *)tags, filter->pairs);
    h2k_custom_free_tags(tags);
    return passed;
}

static void
list_start(void *opaque)
{
    struct h2k_listing *listing = opaque;
    h2k_vsphere_rows_clear(listing->rows);
}

static int
list_each(void *opaque, const struct h2k_object *object)
{
    struct h2k_listing *listing = opaque;
    struct h2k_vsphere_row row = { 0 };
    int rc = h2k_row_read(&listing->tree, object, &row);
    if (rc == 0)
        rc = passes(listing, object, &row);
    if (rc == 1)
        rc = h2k_rows_add(listing->rows, &row);
    h2k_vsphere_row_clear(&row);
    return rc;
}

static int
by_path(const void *a, const void *b)
{
    const struct h2k_vsphere_row *x = a, *y = b;
    int order = strcmp(x->path, y->path);
    return order != 0 ? order : strcmp(x->id, y->id);
}

/* The path of the datacenter that relative names are in, out of its name or
 * its path. */
static int
find_datacenter(struct h2k_vsphere *vs, struct h2k_listing *listing)
{
    const struct h2k_tree *tree = &listing->tree;
    const char *wanted = vs->datacenter;
    H2K_AUTO_BUFFER others = { 0 };
    if (wanted == NULL)
        return 0;
    for (size_t i = 0; i < tree->count && listing->datacenter == NULL; i++) {
        const struct h2k_tree_node *node = &tree->nodes[i];
        if (!node->is_datacenter)
            continue;
        h2k_autofree char *path = h2k_tree_path(tree, node->id, NULL);
        if (path == NULL)
            return -1;
        if (strcmp(path + (*wanted != '/'), wanted) == 0 ||
            strcmp(node->name, wanted) == 0)
            listing->datacenter = h2k_steal(path);
        else
            h2k_buffer_addf(&others, "%s%s", others.size > 0 ? ", " : "",
                            path);
    }
    if (listing->datacenter == NULL)
        return h2k_fail(H2K_E_NOENT, "no datacenter '%s'; there is %s", wanted,
                        others.size > 0 ? h2k_buffer_text(&others) : "none");
    return 0;
}

/* Nothing found in a folder that is not there is a mistake of the user's. */
static int
check_folder(const struct h2k_listing *listing)
{
    const char *folder = listing->filter->folder;
    if (folder == NULL || listing->rows->count > 0)
        return 0;
    for (size_t i = 0; i < listing->tree.count; i++) {
        h2k_autofree char *path =
            h2k_tree_path(&listing->tree, listing->tree.nodes[i].id, NULL);
        if (path == NULL)
            return -1;
        if (h2k_match_folder(path, folder, listing->datacenter))
            return 0;
    }
    return strcmp(folder, "/") == 0
               ? 0
               : h2k_fail(H2K_E_NOENT, "no folder '%s'", folder);
}

int
h2k_listing_read(struct h2k_vsphere *vs, struct h2k_listing *listing)
{
    listing->wants_tags = asks_for_tags(listing->filter);
    const struct h2k_property_spec spec = {
        .type = "VirtualMachine",
        .paths = listing->wants_tags ? h2k_row_paths_with_tags : h2k_row_paths,
    };
    const struct h2k_vsphere_walk walk = {
        .container_type = "Folder",
        .container_id = vs->service.root_folder,
        .specs = &spec,
        .count = 1,
        .start = list_start,
        .each = list_each,
        .opaque = listing,
    };
    if (h2k_tree_read(vs, &listing->tree) < 0 ||
        find_datacenter(vs, listing) < 0 ||
        (listing->wants_tags && h2k_custom_read(vs, &listing->custom) < 0) ||
        h2k_vsphere_walk(vs, &walk) < 0 || check_folder(listing) < 0)
        return -1;
    if (listing->rows->count > 1)
        qsort(listing->rows->items, listing->rows->count,
              sizeof(*listing->rows->items), by_path);
    return 0;
}

int
h2k_vsphere_list(struct h2k_vsphere *vs,
                 const struct h2k_vsphere_filter *filter,
                 struct h2k_vsphere_rows *rows)
{
    H2K_AUTO_LISTING listing = { .filter = filter, .rows = rows };
    *rows = (struct h2k_vsphere_rows){ 0 };
    if (h2k_match_check_pairs(filter->pairs) == 0 &&
        h2k_listing_read(vs, &listing) == 0)
        return 0;
    h2k_vsphere_rows_clear(rows);
    return -1;
}
