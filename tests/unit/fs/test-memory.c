/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The filesystem in memory: as strict as a driver on a disk has to be. */
#include "fs/memory.h"

#include "tap.h"

#include <sys/stat.h>

static struct h2k_stat
stat_of(struct h2k_fs *fs, h2k_ino ino)
{
    struct h2k_stat st = { 0 };
    h2k_fs_stat(fs, ino, &st);
    return st;
}

static void
test_files(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1000);
    h2k_ino root = h2k_fs_root(fs), file, found;
    char buffer[16] = "";
    ok(h2k_fs_create(fs, root, "a", 0640, &file) == 0, "create");
    ok(stat_of(fs, file).mode == (S_IFREG | 0640) &&
           stat_of(fs, file).links == 1,
       "its mode and links");
    ok(h2k_fs_lookup(fs, root, "a", &found) == 0 && found == file, "look up");
    ok(h2k_fs_write(fs, file, "cd", 2, 2) == 0 &&
           h2k_fs_write(fs, file, "a", 1, 0) == 0 &&
           h2k_fs_read(fs, file, buffer, 4, 0) == 0 &&
           memcmp(buffer, "a\0cd", 4) == 0,
       "a write beyond the end extends with zeros");
    ok(h2k_fs_truncate(fs, file, 1) == 0 &&
           h2k_fs_truncate(fs, file, 4) == 0 &&
           h2k_fs_read(fs, file, buffer, 4, 0) == 0 &&
           memcmp(buffer, "a\0\0\0", 4) == 0,
       "what was cut off does not come back");
    ok_error(h2k_fs_create(fs, root, "a", 0644, &found) < 0, H2K_E_EXIST,
             "exists");
    ok_error(h2k_fs_create(fs, file, "b", 0644, &found) < 0, H2K_E_NOTDIR,
             "not a directory");
    ok_error(h2k_fs_read(fs, root, buffer, 1, 0) < 0, H2K_E_ISDIR, "");
    ok(h2k_fs_unlink(fs, root, "a") == 0, "unlink");
    ok(h2k_fs_stat(fs, file, &(struct h2k_stat){ 0 }) < 0,
       "an inode does not outlive its name");
    ok(h2k_fs_create(fs, root, "b", 0640, &found) == 0 && found != file,
       "and its number is not used again");
}

static void
test_space(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(100);
    h2k_ino root = h2k_fs_root(fs), a, b;
    static const char data[101];
    uint64_t space = 0;
    h2k_fs_create(fs, root, "a", 0644, &a);
    h2k_fs_create(fs, root, "b", 0644, &b);
    ok(h2k_fs_write(fs, a, data, 60, 0) == 0, "60 of 100 bytes");
    ok_error(h2k_fs_write(fs, b, data, 41, 0) < 0, H2K_E_NOSPACE, "full");
    ok(stat_of(fs, b).size == 40, "what fits is there");
    ok(h2k_fs_truncate(fs, b, 0) == 0, "and goes");
    ok(h2k_fs_write(fs, b, data, 40, 0) == 0 &&
           h2k_fs_space(fs, &space) == 0 && space == 0,
       "the last 40");
    ok(h2k_fs_rename(fs, root, "a", root, "b") == 0 &&
           h2k_fs_space(fs, &space) == 0 && space == 40,
       "replacing gives back the space of what was there");
    ok(h2k_fs_truncate(fs, a, 10) == 0 && h2k_fs_space(fs, &space) == 0 &&
           space == 90,
       "so does cutting");
    ok_error(h2k_fs_truncate(fs, a, UINT64_C(1) << 49) < 0, H2K_E_NOSPACE, "");
    ok(h2k_fs_unlink(fs, root, "b") == 0 && h2k_fs_space(fs, &space) == 0 &&
           space == 100,
       "and removing");
}

static int
count_names(void *opaque, const char *name, h2k_ino ino)
{
    (void)name, (void)ino;
    ++*(int *)opaque;
    return 0;
}

static int
stop_with_7(void *opaque, const char *name, h2k_ino ino)
{
    (void)opaque, (void)name, (void)ino;
    return 7;
}

struct changer {
    struct h2k_fs *fs;
    h2k_ino dir;
    int rc;
};

static int
change(void *opaque, const char *name, h2k_ino ino)
{
    struct changer *c = opaque;
    (void)ino;
    c->rc = h2k_fs_unlink(c->fs, c->dir, name);
    return 1;
}

static void
test_directories(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1000);
    h2k_ino root = h2k_fs_root(fs), dir, file;
    char target[10];
    int count = 0;
    ok(h2k_fs_mkdir(fs, root, "dir", 01777, &dir) == 0 &&
           stat_of(fs, dir).mode == (S_IFDIR | 01777),
       "a directory");
    ok(stat_of(fs, root).links == 3 && stat_of(fs, dir).links == 2,
       "links of directories count .. and .");
    h2k_fs_create(fs, dir, "file", 0644, &file);
    ok(h2k_fs_symlink(fs, dir, "link", "some/path") == 0, "a link");
    h2k_ino link = 0;
    h2k_fs_lookup(fs, dir, "link", &link);
    ok(h2k_fs_readlink(fs, link, target, sizeof(target)) == 0, "reads");
    ok_string(target, "some/path");
    ok(h2k_fs_readlink(fs, link, target, 9) < 0, "no room for the NUL");
    ok(h2k_fs_readlink(fs, file, target, 9) < 0, "a file is no link");
    ok(h2k_fs_readdir(fs, dir, count_names, &count) == 0 && count == 2,
       "lists two names");
    ok(h2k_fs_readdir(fs, dir, stop_with_7, NULL) == 7, "stops when told");
    struct changer c = { .fs = fs, .dir = dir };
    h2k_fs_readdir(fs, dir, change, &c);
    ok(c.rc < 0, "a directory is not changed while it is read");
    ok_error(h2k_fs_unlink(fs, root, "dir") < 0, H2K_E_ISDIR, "directory");
    ok_error(h2k_fs_rename(fs, dir, "file", root, "dir") < 0, H2K_E_ISDIR,
             "directory");
    ok_error(h2k_fs_rename(fs, dir, "none", root, "x") < 0, H2K_E_NOENT, "");
    ok(h2k_fs_rename(fs, dir, "file", root, "moved") == 0 &&
           h2k_fs_lookup(fs, root, "moved", &link) == 0 && link == file &&
           h2k_fs_lookup(fs, dir, "file", &link) < 0,
       "a file moves");
}

static int
copy_name(void *opaque, const char *name)
{
    strcat(strcat(opaque, name), " ");
    return 0;
}

static void
test_attributes(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1000);
    h2k_ino root = h2k_fs_root(fs), file = 0;
    h2k_autofree void *value = NULL;
    size_t size = 9;
    char names[100] = "";
    h2k_fs_create(fs, root, "a", 0644, &file);
    ok(h2k_fs_chmod(fs, file, 04755) == 0 &&
           stat_of(fs, file).mode == (S_IFREG | 04755),
       "chmod keeps the type");
    ok(h2k_fs_chown(fs, file, 5, 70000) == 0 && stat_of(fs, file).uid == 5 &&
           stat_of(fs, file).gid == 70000,
       "chown");
    ok(stat_of(fs, file).mode == (S_IFREG | 0755),
       "takes the set-user-ID bit away");
    ok(h2k_fs_set_mtime(fs, file, -5) == 0 && stat_of(fs, file).mtime == -5,
       "mtime");
    ok_error(h2k_fs_getxattr(fs, file, "user.x", &value, &size) < 0,
             H2K_E_NOENT, "user.x");
    ok(size == 0, "no value");
    ok(h2k_fs_setxattr(fs, file, "user.x", "12345", 5) == 0 &&
           h2k_fs_setxattr(fs, file, "security.y", "", 0) == 0 &&
           h2k_fs_setxattr(fs, file, "user.x", "678", 3) == 0 &&
           h2k_fs_getxattr(fs, file, "user.x", &value, &size) == 0 &&
           size == 3 && memcmp(value, "678", 3) == 0,
       "attributes, the last value");
    ok(h2k_fs_listxattr(fs, file, copy_name, names) == 0, "list them");
    ok_string(names, "user.x security.y ");
}

int
main(void)
{
    test_files();
    test_space();
    test_directories();
    test_attributes();
    return tap_done();
}
