/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Extended attributes. */
#include "fs-op.h"

#include "base/error.h"

#include <string.h>

/* setxattr PATH NAME VALUE, or NAME COUNT SEED */
int
op_setxattr(struct session *s, char **w)
{
    h2k_ino ino;
    if (walk(s->fs, w[1], &ino, NULL) < 0)
        return -1;
    if (w[4] == NULL)
        return h2k_fs_setxattr(s->fs, ino, w[2], w[3], strlen(w[3]));
    h2k_autofree uint8_t *value = malloc(number(w[3]) + 1);
    fill(value, number(w[3]), number(w[4]));
    return h2k_fs_setxattr(s->fs, ino, w[2], value, number(w[3]));
}

struct copy {
    struct h2k_fs *fs;
    h2k_ino from, to;
};

static int
copy_one(void *opaque, const char *name)
{
    struct copy *copy = opaque;
    h2k_autofree void *value = NULL;
    size_t size = 0;
    if (h2k_fs_getxattr(copy->fs, copy->from, name, &value, &size) < 0)
        return -1;
    return h2k_fs_setxattr(copy->fs, copy->to, name, value, size);
}

/* copyxattr FROM TO: all that a copy of a file should carry */
int
op_copyxattr(struct session *s, char **w)
{
    struct copy copy = { .fs = s->fs };
    if (walk(s->fs, w[1], &copy.from, NULL) < 0 ||
        walk(s->fs, w[2], &copy.to, NULL) < 0)
        return -1;
    return h2k_fs_listxattr(s->fs, copy.from, copy_one, &copy);
}
