/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The btrfs driver over damaged images: everything is read.
 *
 * An input is a byte of flags and then pieces: the number of a block of
 * 4 KiB in three bytes, an offset in it and a length in two each, the lowest
 * byte first, and the bytes.  The rest of the image is zero.  Numbers from
 * 0x10000 on are a second device's.  With flag 1 checksums are left as they
 * are; else those of superblocks and tree blocks are made right, so that what
 * is behind them is reached.  With flag 2 only the first device is there.
 * fuzz/btrfs-seed.py makes an input of images.
 */
#include "base/crc32c.h"
#include "base/endian.h"
#include "base/error.h"
#include "fs/fs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BLOCK 4096u
#define DEVICE_BLOCKS 0x10000u
#define BLOCKS (2 * DEVICE_BLOCKS)
#define SUPER 16u /* the superblock's block */

struct image {
    uint8_t *blocks[BLOCKS]; /* NULL: zeros */
    uint32_t there[BLOCKS];  /* those that are not */
    uint32_t count;
};

struct device {
    struct image *image;
    uint32_t first;
};

static uint8_t *
get_block(struct image *image, uint32_t number)
{
    number %= BLOCKS;
    if (image->blocks[number] == NULL) {
        image->blocks[number] = calloc(1, BLOCK);
        if (image->blocks[number] == NULL)
            abort();
        image->there[image->count++] = number;
    }
    return image->blocks[number];
}

static void
device_close(void *state)
{
    free(state);
}

static int
device_pread(void *state, void *buffer, size_t count, uint64_t offset)
{
    struct device *device = state;
    uint8_t *to = buffer;
    for (size_t n; count > 0; to += n, offset += n, count -= n) {
        size_t inside = offset % BLOCK;
        const uint8_t *block =
            device->image->blocks[device->first + offset / BLOCK];
        n = count < BLOCK - inside ? count : BLOCK - inside;
        if (block == NULL)
            memset(to, 0, n);
        else
            memcpy(to, block + inside, n);
    }
    return 0;
}

static struct h2k_block *
open_device(struct image *image, uint32_t first)
{
    static const struct h2k_block_ops ops = {
        .name = "device",
        .close = device_close,
        .pread = device_pread,
    };
    struct device *device = malloc(sizeof(*device));
    if (device == NULL)
        abort();
    *device = (struct device){ image, first };
    return h2k_block_new(&ops, device, (uint64_t)DEVICE_BLOCKS * BLOCK, false);
}

static void
fill_image(struct image *image, const uint8_t *data, size_t size)
{
    while (size > 7) {
        uint8_t *block =
            get_block(image, h2k_get_le16(data) | (uint32_t)data[2] << 16);
        size_t offset = h2k_get_le16(data + 3) % BLOCK;
        size_t length = h2k_get_le16(data + 5);
        data += 7;
        size -= 7;
        if (length > size)
            length = size;
        if (length > BLOCK - offset)
            length = BLOCK - offset;
        memcpy(block + offset, data, length);
        data += length;
        size -= length;
    }
}

/* The checksum of what is in SIZE bytes at block NUMBER. */
static void
fix_sum(struct image *image, uint32_t number, uint32_t size)
{
    uint8_t *first = get_block(image, number);
    uint32_t crc = h2k_crc32c(0, first + 32, BLOCK - 32);
    for (uint32_t i = 1; i < size / BLOCK; i++)
        crc = h2k_crc32c(crc, get_block(image, number + i), BLOCK);
    h2k_put_le32(first, crc);
}

static void
fix_sums(struct image *image)
{
    uint8_t *super = get_block(image, SUPER);
    uint32_t node_size = h2k_get_le32(super + 148);
    if (node_size < BLOCK || node_size > 65536 || node_size % BLOCK != 0)
        node_size = BLOCK;
    for (uint32_t i = 0, count = image->count; i < count; i++) {
        const uint8_t *block = image->blocks[image->there[i]];
        if (memcmp(block + 32, super + 32, 16) != 0)
            continue;
        bool is_super = memcmp(block + 64, "_BHRfS_M", 8) == 0;
        fix_sum(image, image->there[i], is_super ? BLOCK : node_size);
    }
}

/* ---- Reading ---- */

struct walk {
    struct h2k_fs *fs;
    h2k_ino dir;
    int left, depth;
};

static int
see_attribute(void *opaque, const char *name)
{
    struct walk *walk = opaque;
    void *value = NULL;
    size_t size;
    if (h2k_fs_getxattr(walk->fs, walk->dir, name, &value, &size) == 0)
        free(value);
    return walk->left-- <= 0;
}

static void
see_file(struct h2k_fs *fs, h2k_ino ino, const struct h2k_stat *st)
{
    static uint8_t part[40000];
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
see_entry(void *opaque, const char *name, h2k_ino ino)
{
    struct walk *walk = opaque;
    struct h2k_stat st;
    h2k_ino found;
    if (walk->left-- <= 0)
        return 1;
    h2k_fs_lookup(walk->fs, walk->dir, name, &found);
    if (h2k_fs_stat(walk->fs, ino, &st) < 0)
        return 0;
    if (st.ino != ino)
        abort();
    see_file(walk->fs, ino, &st);
    struct walk below = { walk->fs, ino, walk->left, walk->depth + 1 };
    h2k_fs_listxattr(walk->fs, ino, see_attribute, &below);
    if (S_ISDIR(st.mode) && walk->depth < 100)
        h2k_fs_readdir(walk->fs, ino, see_entry, &below);
    walk->left = below.left;
    return 0;
}

static int
see_subvolume(void *opaque, const struct h2k_subvolume *subvolume)
{
    struct walk *walk = opaque;
    struct walk below = { walk->fs, subvolume->root, 50, 0 };
    char options[H2K_PATH_MAX + 20] = "ro,subvol=";
    h2k_ino ino;
    strcat(options, subvolume->path);
    if (h2k_fs_subvolume(walk->fs, options, &ino) == 0 &&
        ino != subvolume->root && strchr(subvolume->path, ',') == NULL &&
        subvolume->path[0] != '\0')
        abort();
    h2k_fs_readdir(walk->fs, subvolume->root, see_entry, &below);
    return walk->left-- <= 0;
}

static int
see_free(void *opaque, uint64_t offset, uint64_t length)
{
    uint64_t *end = opaque;
    if (length == 0 || offset < *end || offset < 1048576 ||
        offset + length > (uint64_t)DEVICE_BLOCKS * BLOCK)
        abort();
    *end = offset + length;
    return 0;
}

static void
see_all(struct h2k_fs *fs)
{
    struct walk walk = { fs, h2k_fs_root(fs), 300, 0 };
    uint64_t bytes;
    h2k_ino ino;
    h2k_fs_readdir(fs, walk.dir, see_entry, &walk);
    walk.left = 20;
    h2k_fs_each_subvolume(fs, see_subvolume, &walk);
    h2k_fs_subvolume(fs, "subvolid=256", &ino);
    h2k_fs_space(fs, &bytes);
    for (size_t i = 0; i < 2; i++) {
        uint64_t end = 0;
        h2k_fs_each_free_on(fs, i, see_free, &end);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct image image;
    if (size < 1)
        return 0;
    fill_image(&image, data + 1, size - 1);
    if ((data[0] & 1) == 0)
        fix_sums(&image);
    {
        H2K_AUTO(h2k_block) first = open_device(&image, 0);
        H2K_AUTO(h2k_block) second = open_device(&image, DEVICE_BLOCKS);
        struct h2k_block *const devices[] = { second, first };
        bool alone =
            (data[0] & 2) != 0 || image.blocks[DEVICE_BLOCKS + SUPER] == NULL;
        H2K_AUTO(h2k_fs)
        fs = alone ? h2k_fs_open(first, false, NULL)
                   : h2k_fs_open_members(devices, 2, false, NULL);
        if (fs != NULL)
            see_all(fs);
    }
    for (uint32_t i = 0; i < image.count; i++) {
        free(image.blocks[image.there[i]]);
        image.blocks[image.there[i]] = NULL;
    }
    image.count = 0;
    return 0;
}
