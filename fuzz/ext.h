/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is done to every image of a filesystem: of ext, with a journal or not,
 * of vfat and of XFS. */
#ifndef H2K_FUZZ_EXT_H
#define H2K_FUZZ_EXT_H

#include "base/endian.h"
#include "block/memory.h"
#include "fs/fs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FUZZ_BLOCK 1024u
#ifndef FUZZ_IMAGE_SIZE /* at most 64 MiB */
#define FUZZ_IMAGE_SIZE (4u << 20)
#endif

/* An input is a list of blocks, each of 1 KiB behind its number in two
 * bytes, the lower first; the rest of the image is zero.  So the empty part
 * of a journal costs nothing.  Of a last block cut short, the rest is zero
 * too. */
static struct h2k_block *
fuzz_image(const uint8_t *data, size_t size)
{
    struct h2k_block *image = h2k_memory_new(NULL, FUZZ_IMAGE_SIZE);
    if (image == NULL)
        abort();
    while (size > 2) {
        uint64_t number = h2k_get_le16(data) % (FUZZ_IMAGE_SIZE / FUZZ_BLOCK);
        size_t n = size - 2 < FUZZ_BLOCK ? size - 2 : FUZZ_BLOCK;
        if (h2k_block_pwrite(image, data + 2, n, number * FUZZ_BLOCK) < 0)
            abort();
        data += 2 + n;
        size -= 2 + n;
    }
    return image;
}

struct fuzz_walk {
    struct h2k_fs *fs;
    int left; /* entries to look at */
    int depth;
};

static int
fuzz_attribute(void *opaque, const char *name)
{
    (void)opaque;
    return strlen(name) > 300;
}

static void
fuzz_file(struct h2k_fs *fs, h2k_ino ino, const struct h2k_stat *st)
{
    uint8_t part[8192];
    char target[H2K_PATH_MAX + 1];
    if (S_ISLNK(st->mode))
        h2k_fs_readlink(fs, ino, target, sizeof(target));
    if (!S_ISREG(st->mode))
        return;
    size_t n = st->size < sizeof(part) ? st->size : sizeof(part);
    h2k_fs_read(fs, ino, part, n, 0);
    h2k_fs_read(fs, ino, part, n, st->size - n);
    h2k_fs_read(fs, ino, part, n, (st->size - n) / 2);
}

static int
fuzz_entry(void *opaque, const char *name, h2k_ino ino)
{
    struct fuzz_walk *walk = opaque;
    struct h2k_stat st;
    void *value = NULL;
    size_t size = 0;
    (void)name;
    if (walk->left-- <= 0)
        return 1;
    if (h2k_fs_stat(walk->fs, ino, &st) < 0)
        return 0;
    fuzz_file(walk->fs, ino, &st);
    h2k_fs_listxattr(walk->fs, ino, fuzz_attribute, NULL);
    if (h2k_fs_getxattr(walk->fs, ino, "user.test", &value, &size) == 0)
        free(value);
    if (!S_ISDIR(st.mode) || walk->depth >= 6)
        return 0;
    walk->depth++;
    h2k_fs_readdir(walk->fs, ino, fuzz_entry, walk);
    walk->depth--;
    return 0;
}

static int
fuzz_free(void *opaque, uint64_t offset, uint64_t length)
{
    uint64_t *end = opaque;
    if (length == 0 || offset < *end || offset + length > FUZZ_IMAGE_SIZE)
        abort();
    *end = offset + length;
    return 0;
}

static void
fuzz_look(struct h2k_fs *fs)
{
    struct fuzz_walk walk = { fs, 200, 0 };
    uint64_t bytes, end = 0;
    h2k_fs_readdir(fs, h2k_fs_root(fs), fuzz_entry, &walk);
    h2k_fs_space(fs, &bytes);
    h2k_fs_each_free(fs, fuzz_free, &end);
}

#endif
