/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The XFS driver over a damaged image: everything is read.  Checksums are not
 * compared, or nothing would get behind them.
 * Seeds: mkfs.xfs (with TEST_DIR, TEST_DEV and QA_CHECK_FS set, it makes
 * small ones) and files put there by the kernel; the blocks that are not zero
 * (ext.h).
 */
#define FUZZ_IMAGE_SIZE (16u << 20)
#include "ext.h"

#include "fs/xfs/xfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct look {
    struct h2k_fs *fs;
    h2k_ino dir;
    int left;
};

/* What listing tells is found, in whatever case, and has the values that it
 * says it has. */
static int
take_attribute(void *opaque, const char *name)
{
    struct look *look = opaque;
    void *value = NULL;
    size_t size;
    if (h2k_fs_getxattr(look->fs, look->dir, name, &value, &size) == 0)
        free(value);
    return look->left-- <= 0;
}

static int
take_name(void *opaque, const char *name, h2k_ino ino)
{
    struct look *look = opaque;
    struct look below = { look->fs, ino, 50 };
    h2k_ino found;
    struct h2k_stat st;
    h2k_fs_lookup(look->fs, look->dir, name, &found);
    h2k_fs_listxattr(look->fs, ino, take_attribute, &below);
    if (look->left-- <= 0)
        return 1;
    below.left = look->left / 4;
    if (h2k_fs_stat(look->fs, ino, &st) == 0 && S_ISDIR(st.mode) &&
        below.left > 0)
        h2k_fs_readdir(look->fs, ino, take_name, &below);
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    H2K_AUTO(h2k_block) image = fuzz_image(data, size);
    H2K_AUTO(h2k_fs) fs = h2k_xfs_open_ignoring_sums(image, false);
    if (fs == NULL)
        return 0;
    struct look look = { fs, h2k_fs_root(fs), 300 };
    h2k_fs_readdir(fs, look.dir, take_name, &look);
    h2k_fs_lookup(fs, look.dir, "no such name", &look.dir);
    fuzz_look(fs);
    return 0;
}
