/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Files of a datastore over HTTPS (vSphere Web Services SDK Programming
 * Guide, "HTTP Access to vSphere Server Files"). */
#include "provider/vsphere/internal.h"

#include "base/error.h"

#include <string.h>

/* Each part of PATH apart: '/' stays what it is. */
static int
add_path(struct h2k_buffer *b, const char *path)
{
    while (*path != '\0') {
        size_t length = strcspn(path, "/");
        h2k_autofree char *part = strndup(path, length);
        if (part == NULL)
            return h2k_fail(H2K_E_NOMEM, "out of memory");
        if (length == 0 || strcmp(part, ".") == 0 || strcmp(part, "..") == 0)
            return h2k_fail(H2K_E_SOURCE,
                            "a path that is not one of a datastore's file");
        h2k_autofree char *escaped = h2k_url_escape(part);
        if (escaped == NULL)
            return -1;
        h2k_buffer_addf(b, "/%s", escaped);
        path += length;
        if (*path == '/' && *++path == '\0')
            return h2k_fail(H2K_E_SOURCE, "the path of a folder");
    }
    return 0;
}

/* "[datastore] folder/name.vmdk"; a datastore's name may have a ']'. */
static int
split(const char *backing, char **datastore, const char **path)
{
    const char *end = strstr(backing, "] ");
    if (*backing != '[' || end == NULL || end == backing + 1 || end[2] == '\0')
        return h2k_fail(H2K_E_SOURCE, "not of the form '[datastore] path'");
    *path = end + 2;
    *datastore = strndup(backing + 1, (size_t)(end - backing - 1));
    return *datastore != NULL ? 0 : h2k_fail(H2K_E_NOMEM, "out of memory");
}

static char *
make_url(const struct h2k_vsphere *vs, const char *datacenter,
         const char *backing)
{
    h2k_autofree char *datastore = NULL;
    H2K_AUTO_BUFFER b = { 0 };
    const char *path = NULL;
    if (split(backing, &datastore, &path) < 0)
        return NULL;
    h2k_buffer_addf(&b, "%s/folder", vs->origin);
    if (add_path(&b, path) < 0)
        return NULL;
    h2k_autofree char *dc =
        h2k_url_escape(datacenter + strspn(datacenter, "/"));
    h2k_autofree char *ds = h2k_url_escape(datastore);
    if (dc == NULL || ds == NULL)
        return NULL;
    h2k_buffer_addf(&b, "?dcPath=%s&dsName=%s", dc, ds);
    return h2k_buffer_steal(&b);
}

char *
h2k_vsphere_datastore_url(struct h2k_vsphere *vs, const char *datacenter,
                          const char *backing)
{
    char *url = make_url(vs, datacenter, backing);
    if (url == NULL)
        h2k_prefix("%s: ", backing);
    return url;
}
