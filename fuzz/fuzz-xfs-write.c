/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Random changes of a damaged XFS, whose checksums are not looked at, so that
 * the damage gets through: refused or made, and what was made is read again.
 * The first eight bytes of an input choose the changes; the rest is an image
 * (ext.h).  Seeds: mkfs.xfs (with TEST_DIR, TEST_DEV and QA_CHECK_FS set, it
 * makes small ones) and files put there by the kernel.
 */
#define FUZZ_IMAGE_SIZE (16u << 20)
#include "ext.h"

#include "base/error.h"
#include "fs/xfs/xfs.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS 60
#define NAMES 24
#define DIRS 8

struct run {
    struct h2k_fs *fs;
    uint64_t seed;
    char name[NAMES][H2K_NAME_MAX + 1]; /* what is there, and what may be */
    uint32_t names;
    h2k_ino dir[DIRS];
    uint32_t dirs;
    uint8_t bytes[70000];
};

static uint32_t
any(struct run *r, uint32_t below)
{
    r->seed = r->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(r->seed >> 33) % below;
}

static int
take_name(void *opaque, const char *name, h2k_ino ino)
{
    struct run *r = opaque;
    struct h2k_stat st;
    if (r->names < NAMES / 2)
        strcpy(r->name[r->names++], name);
    if (h2k_fs_stat(r->fs, ino, &st) == 0 && S_ISDIR(st.mode) &&
        r->dirs < DIRS)
        r->dir[r->dirs++] = ino;
    return r->names == NAMES / 2 && r->dirs == DIRS;
}

static void
look_around(struct run *r)
{
    r->dir[r->dirs++] = h2k_fs_root(r->fs);
    for (uint32_t i = 0; i < r->dirs; i++)
        h2k_fs_readdir(r->fs, r->dir[i], take_name, r);
    for (uint32_t i = 0; r->names < NAMES; i++)
        snprintf(r->name[r->names++], H2K_NAME_MAX, "new%u-%.*s", i,
                 (int)(i * 17),
                 "--------------------------------------------"
                 "--------------------------------------------"
                 "--------------------------------------------"
                 "--------------------------------------------");
}

static void
change_file(struct run *r, h2k_ino ino)
{
    char attribute[40];
    uint32_t size = any(r, any(r, 3) == 0 ? sizeof(r->bytes) : 200);
    switch (any(r, 6)) {
    case 0:
    case 1:
        h2k_fs_write(r->fs, ino, r->bytes, size, any(r, 300000));
        break;
    case 2:
        h2k_fs_truncate(r->fs, ino, any(r, 300000));
        break;
    case 3:
        h2k_fs_chmod(r->fs, ino, any(r, 4096));
        break;
    default:
        snprintf(attribute, sizeof(attribute), "user.attribute%u", any(r, 20));
        h2k_fs_setxattr(r->fs, ino, attribute, r->bytes, size % 65537);
    }
}

static void
take_step(struct run *r)
{
    const char *name = r->name[any(r, NAMES)], *other = r->name[any(r, NAMES)];
    h2k_ino dir = r->dir[any(r, r->dirs)], to = r->dir[any(r, r->dirs)], ino;
    char target[900];
    switch (any(r, 12)) {
    case 0:
    case 1:
        h2k_fs_create(r->fs, dir, name, 0644, &ino);
        break;
    case 2:
        if (h2k_fs_mkdir(r->fs, dir, name, 0755, &ino) == 0 && r->dirs < DIRS)
            r->dir[r->dirs++] = ino;
        break;
    case 3:
        snprintf(target, sizeof(target), "%0*d", (int)any(r, 890) + 1, 1);
        h2k_fs_symlink(r->fs, dir, name, target);
        break;
    case 4:
        h2k_fs_unlink(r->fs, dir, name);
        break;
    case 5:
        h2k_fs_rename(r->fs, dir, name, to, other);
        break;
    default:
        if (h2k_fs_lookup(r->fs, dir, name, &ino) == 0)
            change_file(r, ino);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct run r;
    if (size < 8)
        return 0;
    r.names = r.dirs = 0;
    r.seed = h2k_get_le64(data);
    H2K_AUTO(h2k_block) image = fuzz_image(data + 8, size - 8);
    H2K_AUTO(h2k_fs) fs = h2k_xfs_open_ignoring_sums(image, true);
    if (fs == NULL)
        return 0;
    r.fs = fs;
    look_around(&r);
    for (int i = 0; i < STEPS; i++)
        take_step(&r);
    fuzz_look(fs);
    if (h2k_fs_flush(fs) < 0)
        return 0;
    H2K_AUTO(h2k_fs) again = h2k_xfs_open_ignoring_sums(image, false);
    if (again != NULL)
        fuzz_look(again);
    return 0;
}
