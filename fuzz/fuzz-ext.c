/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The ext driver over a damaged image: everything is read, then changed.
 * Seeds: mke2fs -d DIRECTORY -b 1024 -N 32 IMAGE 256, its blocks that are
 * not zero.
 */
#include "ext.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first three names of a directory. */
struct names {
    int count;
    char name[3][H2K_NAME_MAX + 1];
    h2k_ino ino[3];
};

static int
take_name(void *opaque, const char *name, h2k_ino ino)
{
    struct names *names = opaque;
    strcpy(names->name[names->count], name);
    names->ino[names->count] = ino;
    return ++names->count == 3;
}

static void
add(struct h2k_fs *fs, h2k_ino dir)
{
    static const uint8_t bytes[5000];
    h2k_ino ino;
    char target[300];
    memset(target, 'x', sizeof(target));
    target[299] = '\0';
    if (h2k_fs_create(fs, dir, "new-file", 0644, &ino) == 0) {
        h2k_fs_write(fs, ino, bytes, sizeof(bytes), 700);
        h2k_fs_setxattr(fs, ino, "user.test", bytes, 100);
        h2k_fs_setxattr(fs, ino, "user.large", bytes, 400);
        h2k_fs_truncate(fs, ino, 2000);
    }
    h2k_fs_symlink(fs, dir, "new-link", target);
    if (h2k_fs_mkdir(fs, dir, "new-directory", 0755, &ino) == 0)
        h2k_fs_rename(fs, dir, "new-file", ino, "moved");
}

/* What is there is written to, given attributes, replaced and removed. */
static void
change(struct h2k_fs *fs, h2k_ino dir, int depth)
{
    struct names names = { 0 };
    add(fs, dir);
    h2k_fs_readdir(fs, dir, take_name, &names);
    for (int i = 0; i < names.count; i++) {
        h2k_fs_write(fs, names.ino[i], "content", 7, 3);
        h2k_fs_truncate(fs, names.ino[i], 1);
        h2k_fs_setxattr(fs, names.ino[i], "user.test", "value", 5);
        h2k_fs_chmod(fs, names.ino[i], 0600);
        if (depth < 3)
            change(fs, names.ino[i], depth + 1);
    }
    if (names.count == 3) {
        h2k_fs_rename(fs, dir, names.name[0], dir, names.name[1]);
        h2k_fs_unlink(fs, dir, names.name[2]);
    }
    h2k_fs_unlink(fs, dir, "new-link");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct h2k_fs_info info;
    H2K_AUTO(h2k_block) image = fuzz_image(data, size);
    H2K_AUTO(h2k_fs) reading = h2k_fs_open(image, false, &info);
    if (reading != NULL)
        fuzz_look(reading);
    H2K_AUTO(h2k_fs) fs = h2k_fs_open(image, true, &info);
    if (fs == NULL)
        return 0;
    change(fs, h2k_fs_root(fs), 0);
    if (h2k_fs_flush(fs) == 0)
        fuzz_look(fs);
    return 0;
}
