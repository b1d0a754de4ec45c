/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The vfat driver over a damaged image: everything is read, then changed
 * and read again.  What could be written to once is still sound afterwards.
 * Seeds: mkfs.fat and mcopy on an image of at most 4 MiB, its blocks that
 * are not zero (ext.h).
 */
#include "base/error.h"
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

/* Gives whether the filesystem let itself be written to. */
static bool
add(struct h2k_fs *fs, h2k_ino dir)
{
    static const uint8_t bytes[5000];
    h2k_ino ino, below;
    bool made = h2k_fs_create(fs, dir, "a new file.long", 0644, &ino) == 0;
    if (made) {
        h2k_fs_write(fs, ino, bytes, sizeof(bytes), 700);
        h2k_fs_truncate(fs, ino, 2000);
        h2k_fs_truncate(fs, ino, 9000);
    }
    if (h2k_fs_mkdir(fs, dir, "NEWDIR", 0755, &ino) == 0) {
        h2k_fs_rename(fs, dir, "a new file.long", ino, "moved");
        h2k_fs_mkdir(fs, ino, "below it", 0755, &below);
    }
    return made;
}

/* What is there is written to, replaced and removed. */
static bool
change(struct h2k_fs *fs, h2k_ino dir, int depth)
{
    struct names names = { 0 };
    bool changed = add(fs, dir);
    h2k_fs_readdir(fs, dir, take_name, &names);
    for (int i = 0; i < names.count; i++) {
        h2k_fs_write(fs, names.ino[i], "content", 7, 3);
        h2k_fs_truncate(fs, names.ino[i], 1);
        h2k_fs_chmod(fs, names.ino[i], 0400);
        h2k_fs_set_mtime(fs, names.ino[i], 1000000000);
        if (depth < 2)
            changed |= change(fs, names.ino[i], depth + 1);
    }
    if (names.count > 2) {
        h2k_fs_rename(fs, dir, names.name[0], dir, names.name[1]);
        h2k_fs_unlink(fs, dir, names.name[2]);
    }
    return changed;
}

/* Nothing that we did made it one that we would not write to. */
static void
must_be_sound(struct h2k_block *image)
{
    h2k_ino ino;
    H2K_AUTO(h2k_fs) fs = h2k_fs_open(image, true, NULL);
    if (fs == NULL)
        abort();
    if (h2k_fs_create(fs, h2k_fs_root(fs), "once more", 0644, &ino) < 0 &&
        h2k_errcode() == H2K_E_CORRUPT)
        abort();
    fuzz_look(fs);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    H2K_AUTO(h2k_block) image = fuzz_image(data, size);
    H2K_AUTO(h2k_fs) reading = h2k_fs_open(image, false, NULL);
    if (reading != NULL)
        fuzz_look(reading);
    H2K_AUTO(h2k_fs) fs = h2k_fs_open(image, true, NULL);
    if (fs == NULL)
        return 0;
    bool changed = change(fs, h2k_fs_root(fs), 0);
    if (h2k_fs_flush(fs) == 0 && changed)
        must_be_sound(image);
    return 0;
}
