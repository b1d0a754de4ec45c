/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Paths as a manifest writes them, made absolute. */
#include "manifest/internal.h"

#include "base/buffer.h"
#include "base/error.h"

#include <string.h>

static void
add_parts(struct h2k_buffer *b, const char *path)
{
    while (*path != '\0') {
        size_t size = strcspn(path, "/");
        if (size > 0 && !(size == 1 && *path == '.')) {
            h2k_buffer_addc(b, '/');
            h2k_buffer_add(b, path, size);
        }
        path += size + (path[size] == '/');
    }
}

const char *
h2k_path_resolve(struct h2k_document *doc, const char *base_dir,
                 const char *path)
{
    H2K_AUTO_BUFFER b = { 0 };
    if (*path != '/')
        add_parts(&b, base_dir);
    add_parts(&b, path);
    if (b.size == 0)
        h2k_buffer_addc(&b, '/');
    if (b.failed) {
        doc->failed = true;
        return NULL;
    }
    return h2k_document_string(doc, b.data, b.size);
}

char *
h2k_path_base(const char *base_dir)
{
    h2k_autofree char *here = NULL;
    H2K_AUTO_BUFFER b = { 0 };
    if (base_dir == NULL || *base_dir != '/') {
        here = getcwd(NULL, 0);
        if (here == NULL) {
            h2k_fail_errno(H2K_E_FAILED, "the current directory is gone");
            return NULL;
        }
        add_parts(&b, here);
    }
    if (base_dir != NULL)
        add_parts(&b, base_dir);
    if (b.size == 0)
        h2k_buffer_addc(&b, '/');
    return h2k_buffer_steal(&b);
}

char *
h2k_path_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *parent = slash == NULL   ? strdup(".")
                   : slash == path ? strdup("/")
                                   : strndup(path, (size_t)(slash - path));
    if (parent == NULL)
        h2k_fail(H2K_E_NOMEM, "out of memory");
    return parent;
}
