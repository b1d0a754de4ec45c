/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/boot/file-block.h"

#include "base/error.h"

#include <sys/stat.h>

static int
file_block_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    const struct h2k_place *place = state;
    return h2k_fs_read(place->fs, place->ino, buffer, count, offset);
}

static const struct h2k_block_ops file_block_ops = {
    .name = "file in the guest",
    .close = free,
    .pread = file_block_pread,
};

struct h2k_block *
h2k_file_block_open(struct h2k_root *root, const char *path)
{
    h2k_autofree struct h2k_place *place = malloc(sizeof(*place));
    struct h2k_stat st;
    if (place == NULL)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    if (h2k_root_lookup(root, path, place) < 0 ||
        h2k_fs_stat(place->fs, place->ino, &st) < 0)
        return NULL;
    if (!S_ISREG(st.mode))
        return h2k_fail_null(H2K_E_ISDIR, "%s: not a regular file", path);
    if (st.size > H2K_BLOCK_SIZE_MAX)
        return h2k_fail_null(H2K_E_CORRUPT, "%s: %llu bytes", path,
                             (unsigned long long)st.size);
    return h2k_block_new(&file_block_ops, h2k_steal(place), st.size, false);
}
