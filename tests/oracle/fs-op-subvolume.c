/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Trees of files beside the one that is the root. */
#include "fs-op.h"

static int
print_subvolume(void *opaque, const struct h2k_subvolume *subvolume)
{
    (void)opaque;
    printf("/%s%s\n", subvolume->path, subvolume->read_only ? " ro" : "");
    return 0;
}

int
op_subvolumes(struct session *s, char **w)
{
    (void)w;
    return h2k_fs_each_subvolume(s->fs, print_subvolume, NULL);
}

/* mounted OPTIONS: the tree that a mount with them shows */
int
op_mounted(struct session *s, char **w)
{
    h2k_ino ino;
    if (h2k_fs_subvolume(s->fs, w[1], &ino) < 0)
        return -1;
    return print_tree(s->fs, ino, "", false, stdout);
}
