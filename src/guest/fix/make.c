/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What FIX makes in a guest: the one place where something new appears, and
 * so where it gets its owner and its label.
 */
#include "guest/fix/fix.h"

#include "base/error.h"
#include "guest/fix/labels.h"
#include "guest/fix/protection.h"

#include <string.h>

/* PATH was made just now: whose it is, MODE again, as chown(2) takes bits of
 * it away, and its label. */
static int
finish(struct h2k_fix *fix, const char *path, uint32_t mode,
       const struct h2k_owner *owner)
{
    struct h2k_place place;
    if (owner != NULL && (owner->uid != 0 || owner->gid != 0) &&
        (h2k_root_lookup(fix->root, path, &place) < 0 ||
         h2k_fs_chown(place.fs, place.ino, owner->uid, owner->gid) < 0 ||
         h2k_fs_chmod(place.fs, place.ino, mode) < 0))
        return -1;
    return h2k_fix_label(fix, path);
}

/* One directory; what is there already stays as it is. */
static int
make_dir(struct h2k_fix *fix, const char *path, uint32_t mode,
         const struct h2k_owner *owner)
{
    if (h2k_root_is_dir(fix->root, path))
        return 0;
    if (h2k_fix_check_place(fix, path, true) < 0 ||
        h2k_root_mkdirs(fix->root, path, mode) < 0)
        return -1;
    return finish(fix, path, mode, owner);
}

int
h2k_fix_make_dirs(struct h2k_fix *fix, const char *path, uint32_t mode,
                  const struct h2k_owner *owner)
{
    h2k_autofree char *part = strdup(path);
    if (part == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (char *p = part; *p != '\0';) {
        p += strspn(p, "/");
        p += strcspn(p, "/");
        char after = *p;
        *p = '\0';
        bool last = after == '\0' || p[1 + strspn(p + 1, "/")] == '\0';
        if (make_dir(fix, part, last ? mode : 0755, last ? owner : NULL) < 0)
            return -1;
        *p = after;
        if (last)
            break;
    }
    return 0;
}

/* The directory that PATH is to be in. */
static int
make_parent(struct h2k_fix *fix, const char *path)
{
    const char *slash = strrchr(path, '/');
    h2k_autofree char *parent = strndup(path, (size_t)(slash - path));
    if (parent == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return *parent == '\0' ? 0 : h2k_fix_make_dirs(fix, parent, 0755, NULL);
}

int
h2k_fix_create_as(struct h2k_fix *fix, const char *path, const void *data,
                  size_t size, uint32_t mode, const struct h2k_owner *owner)
{
    if (h2k_fix_check_place(fix, path, true) < 0 ||
        make_parent(fix, path) < 0 ||
        h2k_root_write_file(fix->root, path, data, size, mode) < 0)
        return -1;
    h2k_autofree char *real = h2k_root_realpath(fix->root, path);
    return real == NULL ? -1 : finish(fix, real, mode, owner);
}

int
h2k_fix_create(struct h2k_fix *fix, const char *path, const void *data,
               size_t size, uint32_t mode)
{
    return h2k_fix_create_as(fix, path, data, size, mode, NULL);
}

int
h2k_fix_symlink(struct h2k_fix *fix, const char *target, const char *path)
{
    if (h2k_fix_check_place(fix, path, false) < 0 ||
        make_parent(fix, path) < 0 ||
        h2k_root_symlink(fix->root, target, path) < 0)
        return -1;
    return h2k_fix_label(fix, path);
}
