/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Paths, links and mounts in a guest's tree, and files by path. */
#include "fs/memory.h"
#include "fs/root.h"

#include "memtree.h"
#include "tap.h"

#include <sys/stat.h>

static char *
real(struct h2k_root *root, const char *path)
{
    static char *last;
    free(last);
    return last = h2k_root_realpath(root, path);
}

static void
test_paths(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 20);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_place place = { 0 };
    char long_path[5000];
    memtree_file(fs, "/etc/fstab", 0644, "text");
    memtree_dir(fs, "/usr/lib", 0755);
    memtree_link(fs, "/lib", "usr/lib");

    ok_string(real(root, "/etc/fstab"), "/etc/fstab");
    ok_string(real(root, "//etc/.//../etc/./fstab"), "/etc/fstab");
    ok_string(real(root, "/"), "/");
    ok_string(real(root, "/../../.."), "/");
    ok_string(real(root, "/../etc/"), "/etc");
    ok_string(real(root, "/etc/.."), "/");
    ok_string(real(root, "/usr/lib/.."), "/usr");
    ok_string(real(root, "/lib/../lib/x"), "/usr/lib/x");
    ok_string(real(root, "/etc/new"), "/etc/new");
    ok_error(real(root, "/new/er") == NULL, H2K_E_NOENT, "/new does not");
    ok_error(real(root, "/etc/fstab/x") == NULL, H2K_E_NOTDIR,
             "/etc/fstab is not a directory");
    ok_error(real(root, "/etc/fstab/") == NULL, H2K_E_NOTDIR, "fstab");
    ok_error(real(root, "/etc/fstab/..") == NULL, H2K_E_NOTDIR, "fstab");
    ok_error(real(root, "/etc/fstab/.") == NULL, H2K_E_NOTDIR, "fstab");
    ok_error(real(root, "etc") == NULL, H2K_E_RANGE, "absolute");
    ok_error(real(root, "") == NULL, H2K_E_RANGE, "absolute");

    memset(long_path, '/', sizeof(long_path));
    long_path[4096] = '\0';
    ok_string(real(root, long_path), "/");
    long_path[4096] = '/', long_path[4097] = '\0';
    ok_error(real(root, long_path) == NULL, H2K_E_RANGE, "4096");
    memset(long_path + 1, 'n', 255);
    long_path[256] = '\0';
    ok_string(real(root, long_path), long_path);
    long_path[256] = 'n', long_path[257] = '\0';
    ok_error(real(root, long_path) == NULL, H2K_E_RANGE, "255");

    ok(h2k_root_lookup(root, "/lib", &place) == 0, "look up a link's end");
    h2k_ino lib = place.ino;
    ok(h2k_root_lookup(root, "/usr/lib", &place) == 0 && place.ino == lib,
       "is the directory");
    ok(h2k_root_lookup_nofollow(root, "/lib", &place) == 0 && place.ino != lib,
       "the link itself");
    ok(h2k_root_lookup_nofollow(root, "/lib/", &place) == 0 &&
           place.ino == lib,
       "before a slash it is followed all the same");
    ok_error(h2k_root_lookup(root, "/none", &place) < 0, H2K_E_NOENT,
             "/none does not exist in the guest");
    ok(h2k_root_exists(root, "/lib") && !h2k_root_exists(root, "/none") &&
           !h2k_root_exists(root, "/none/x"),
       "exists");
    ok(h2k_root_is_dir(root, "/lib") && !h2k_root_is_dir(root, "/etc/fstab"),
       "is a directory");
}

static void
test_links(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 20);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    char target[H2K_PATH_MAX + 1];
    memtree_file(fs, "/a/b/file", 0644, "text");
    memtree_link(fs, "/out", "../../../../a/b");
    memtree_link(fs, "/a/absolute", "/a/b/file");
    memtree_link(fs, "/a/relative", "./b/../b/file");
    memtree_link(fs, "/a/slash", "b/file/");
    memtree_link(fs, "/a/dangling", "/a/b/none");
    memtree_link(fs, "/self", "self");
    memtree_link(fs, "/ping", "/pong/x");
    memtree_link(fs, "/pong", "ping");
    memtree_link(fs, "/dot", ".");

    ok_string(real(root, "/out/file"), "/a/b/file");
    ok_string(real(root, "/a/absolute"), "/a/b/file");
    ok_string(real(root, "/a/relative"), "/a/b/file");
    ok_string(real(root, "/out/../absolute"), "/a/b/file");
    ok_string(real(root, "/a/dangling"), "/a/b/none");
    ok_error(real(root, "/a/slash") == NULL, H2K_E_NOTDIR, "/a/b/file");
    ok_error(real(root, "/a/dangling/x") == NULL, H2K_E_NOENT, "/a/b/none");
    ok_error(real(root, "/self") == NULL, H2K_E_LOOP, "/self");
    ok_error(real(root, "/ping") == NULL, H2K_E_LOOP, "40");
    ok_string(real(root, "/dot/dot/dot/a"), "/a");
    ok(h2k_root_readlink(root, "/a/absolute", target) == 0, "a target");
    ok_string(target, "/a/b/file");
    ok(h2k_root_readlink(root, "/a/b/file", target) < 0, "a file has none");

    char chain[] = "/c00", next[] = "c00";
    for (int i = 1; i <= 41; i++) {
        snprintf(chain, sizeof(chain), "/c%02d", i);
        memtree_link(fs, chain, i == 1 ? "a" : next);
        strcpy(next, chain + 1);
    }
    ok_string(real(root, "/c40"), "/a");
    ok_error(real(root, "/c41") == NULL, H2K_E_LOOP, "/c41");
}

/* Links that lead to ever longer paths end at the limit, not in memory. */
static void
test_long_links(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 20);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    char name[201], path[2100] = "";
    memset(name, 'd', 200);
    name[200] = '\0';
    for (int i = 0; i < 10; i++)
        strcat(strcat(path, "/"), name);
    memtree_dir(fs, path, 0755);
    memtree_link(fs, "/up", "/up2");
    memtree_link(fs, "/up2", path);
    ok_string(real(root, "/up"), path);
    ok(h2k_root_mkdirs(root, "/up/x", 0755) == 0, "a directory there");
    char deep[4200];
    snprintf(deep, sizeof(deep), "/up/x%s", path);
    ok(h2k_root_mkdirs(root, deep, 0755) == 0, "and 2000 bytes deeper");
    strcat(deep, "/");
    for (int i = 0; i < 10; i++)
        strcat(deep, "12345678/");
    ok_error(h2k_root_mkdirs(root, deep, 0755) < 0, H2K_E_UNSUPPORTED,
             "longer than 4096");
}

static void
test_mounts(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1000);
    H2K_AUTO(h2k_fs) boot = h2k_memfs_new(2000);
    H2K_AUTO(h2k_fs) efi = h2k_memfs_new(3000);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_place place;
    uint64_t space = 0;
    memtree_file(fs, "/boot/hidden", 0644, "under the mount");
    memtree_file(fs, "/etc/fstab", 0644, "fstab");
    memtree_link(fs, "/vmlinuz", "boot/vmlinuz");
    memtree_file(boot, "/vmlinuz", 0644, "kernel");
    memtree_link(boot, "/up", "../etc/fstab");
    memtree_link(boot, "/absolute", "/etc/fstab");
    memtree_dir(boot, "/efi", 0755);
    memtree_file(efi, "/EFI/shim", 0644, "shim");

    ok(h2k_root_exists(root, "/boot/hidden"), "before the mount");
    ok(h2k_root_mount(root, "/boot", boot) == 0, "mount /boot");
    ok(h2k_root_mount(root, "/boot/efi", efi) == 0, "and /boot/efi");
    ok(!h2k_root_exists(root, "/boot/hidden"), "what was there is hidden");
    ok(h2k_root_lookup(root, "/vmlinuz", &place) == 0 && place.fs == boot,
       "a link goes into a mount");
    ok(h2k_root_lookup(root, "/boot/up", &place) == 0 && place.fs == fs,
       "and .. out of it");
    ok(h2k_root_lookup(root, "/boot/absolute", &place) == 0 && place.fs == fs,
       "an absolute link begins at the guest's root");
    ok_string(real(root, "/boot/efi/EFI/../../../etc"), "/etc");
    ok(h2k_root_lookup(root, "/boot/efi/..", &place) == 0 && place.fs == boot,
       "the parent of a mount is on the parent's filesystem");
    ok(h2k_root_space(root, "/boot/efi/EFI", &space) == 0 && space == 3000 - 4,
       "free space is the mount's own");
    ok_error(h2k_root_mount(root, "/boot", efi) < 0, H2K_E_EXIST, "already");
    ok_error(h2k_root_mount(root, "/", efi) < 0, H2K_E_EXIST, "already");
    ok_error(h2k_root_mount(root, "/none", efi) < 0, H2K_E_NOENT, "/none");
    ok_error(h2k_root_mount(root, "/etc/fstab", efi) < 0, H2K_E_NOTDIR,
             "/etc/fstab");
    ok_error(h2k_root_unlink(root, "/boot") < 0, H2K_E_ISDIR, "/boot");
    ok(h2k_root_write_file(root, "/boot/efi/new", "x", 1, 0644) == 0, "write");
    h2k_autofree char *text = memtree_text(efi, "/new");
    ok_string(text, "x");
    ok(h2k_root_flush(root) == 0, "flush all");
}

static struct h2k_stat
stat_of(struct h2k_root *root, const char *path)
{
    struct h2k_stat st = { 0 };
    h2k_root_stat(root, path, &st);
    return st;
}

static size_t
names_in(struct h2k_root *root, const char *path)
{
    char **names;
    size_t count = 0;
    h2k_root_list(root, path, &names, &count);
    h2k_root_free_names(names, count);
    return count;
}

static void
test_write(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(100);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    h2k_autofree void *value = NULL;
    size_t size = 0;
    struct h2k_place place;

    ok(h2k_root_mkdirs(root, "/etc", 0755) == 0 &&
           h2k_root_write_file(root, "/etc/new", "123", 3, 0600) == 0,
       "a new file");
    struct h2k_stat st = stat_of(root, "/etc/new");
    ok(st.mode == (S_IFREG | 0600) && st.uid == 0 && st.size == 3,
       "has the given mode");

    memtree_file(fs, "/etc/real", 04750, "old");
    memtree_owner(fs, "/etc/real", 10, 20);
    h2k_root_lookup(root, "/etc/real", &place);
    h2k_fs_chmod(fs, place.ino, 04750);
    memtree_xattr(fs, "/etc/real", "security.selinux", "label");
    memtree_xattr(fs, "/etc/real", "user.note", "mine");
    memtree_link(fs, "/etc/link", "real");
    ok(h2k_root_write_file(root, "/etc/link", "newer", 5, 0600) == 0,
       "through a link");
    st = stat_of(root, "/etc/real");
    ok(st.mode == (S_IFREG | 04750) && st.uid == 10 && st.gid == 20,
       "keeps mode and owner");
    h2k_autofree char *text = memtree_text(fs, "/etc/real");
    ok_string(text, "newer");
    h2k_root_lookup(root, "/etc/real", &place);
    ok(h2k_fs_getxattr(fs, place.ino, "user.note", &value, &size) == 0 &&
           size == 4 && memcmp(value, "mine", 4) == 0,
       "and attributes");
    ok(h2k_root_readlink(root, "/etc/link", (char[H2K_PATH_MAX + 1]){ 0 }) ==
           0,
       "the link is a link still");
    ok(names_in(root, "/etc") == 3, "and nothing lies beside them");

    char big[100] = "";
    ok_error(h2k_root_write_file(root, "/etc/real", big, 100, 0) < 0,
             H2K_E_NOSPACE, "/etc/real");
    h2k_autofree char *same = memtree_text(fs, "/etc/real");
    ok_string(same, "newer");
    ok(names_in(root, "/etc") == 3, "nothing half-made stays");
    ok_error(h2k_root_append(root, "/etc/real", big, 100) < 0, H2K_E_NOSPACE,
             "/etc/real");
    ok(stat_of(root, "/etc/real").size == 5, "nor is half appended");
    ok(h2k_root_append(root, "/etc/real", "+", 1) == 0, "append");
    h2k_autofree char *longer = memtree_text(fs, "/etc/real");
    ok_string(longer, "newer+");
    ok(stat_of(root, "/etc/real").ino == place.ino, "in place");

    memtree_link(fs, "/etc/dangling", "made");
    ok(h2k_root_write_file(root, "/etc/dangling", "", 0, 0644) == 0 &&
           h2k_root_exists(root, "/etc/made"),
       "a dangling link's target is made");
    ok_error(h2k_root_write_file(root, "/etc", "", 0, 0644) < 0, H2K_E_ISDIR,
             "/etc");
    ok_error(h2k_root_write_file(root, "/", "", 0, 0644) < 0, H2K_E_ISDIR,
             "/");
    ok_error(h2k_root_write_file(root, "/etc/x/", "", 0, 0644) < 0,
             H2K_E_ISDIR, "/etc/x/");
    ok_error(h2k_root_write_file(root, "/none/x", "", 0, 0644) < 0,
             H2K_E_NOENT, "/none");
    ok_error(h2k_root_append(root, "/etc/none", "", 0) < 0, H2K_E_NOENT, "");

    char name[256 + 5] = "/etc/";
    memset(name + 5, 'n', 255);
    ok(h2k_root_write_file(root, name, "", 0, 0644) == 0 &&
           h2k_root_exists(root, name),
       "a name of 255 bytes");
    memtree_file(fs, "/etc/.made.h2k-0000", 0644, "theirs");
    ok(h2k_root_write_file(root, "/etc/made", "m", 1, 0644) == 0, "write");
    h2k_autofree char *theirs = memtree_text(fs, "/etc/.made.h2k-0000");
    ok_string(theirs, "theirs");
}

static void
test_copy(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(8 << 20);
    H2K_AUTO(h2k_fs) other = h2k_memfs_new(8 << 20);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_place place;
    char *copy;
    size_t count = (1 << 20) + 5, size;
    h2k_autofree char *data = malloc(count);
    for (size_t i = 0; i < count; i++)
        data[i] = (char)(i * 7 + i / 4096);
    memtree_bytes(fs, "/boot/initrd", 0600, data, count);
    h2k_root_lookup(root, "/boot/initrd", &place);
    h2k_fs_chown(fs, place.ino, 3, 4);
    h2k_fs_set_mtime(fs, place.ino, 12345);
    memtree_xattr(fs, "/boot/initrd", "user.x", "y");
    memtree_dir(fs, "/mnt", 0755);
    h2k_root_mount(root, "/mnt", other);

    ok(h2k_root_copy_file(root, "/boot/initrd", "/mnt/copy") == 0,
       "copy to another filesystem");
    ok(h2k_root_read_file(root, "/mnt/copy", count, &copy, &size) == 0 &&
           size == count && memcmp(copy, data, count) == 0,
       "the same bytes");
    free(copy);
    struct h2k_stat st = stat_of(root, "/mnt/copy");
    ok(st.mode == (S_IFREG | 0600) && st.uid == 3 && st.gid == 4 &&
           st.mtime == 12345,
       "mode, owner and time");
    h2k_autofree void *value = NULL;
    h2k_root_lookup(root, "/mnt/copy", &place);
    ok(h2k_fs_getxattr(other, place.ino, "user.x", &value, &size) == 0,
       "and attributes");
    ok_error(h2k_root_copy_file(root, "/boot/initrd", "/boot/../boot/initrd") <
                 0,
             H2K_E_EXIST, "itself");
    ok_error(h2k_root_copy_file(root, "/boot", "/x") < 0, H2K_E_ISDIR,
             "/boot");
    ok_error(h2k_root_read_file(root, "/mnt/copy", 100, &copy, &size) < 0,
             H2K_E_UNSUPPORTED, "/mnt/copy");
    ok_error(h2k_root_read_file(root, "/mnt", 100, &copy, &size) < 0,
             H2K_E_ISDIR, "/mnt");
}

static void
test_names(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1000);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    char **names;
    size_t count = 0;
    ok(h2k_root_mkdirs(root, "/a/b/../c/", 0700) == 0, "mkdirs");
    ok(stat_of(root, "/a/b").mode == (S_IFDIR | 0700) &&
           stat_of(root, "/a/c").mode == (S_IFDIR | 0700),
       "made each");
    ok(h2k_root_mkdirs(root, "/a/b", 0755) == 0 &&
           stat_of(root, "/a/b").mode == (S_IFDIR | 0700),
       "what is there stays as it is");
    ok_error(h2k_root_mkdirs(root, "", 0755) < 0, H2K_E_RANGE, "absolute");
    ok(h2k_root_symlink(root, "b", "/a/l") == 0, "symlink");
    ok_error(h2k_root_symlink(root, "b", "/a/l") < 0, H2K_E_EXIST, "/a/l");
    ok_error(h2k_root_symlink(root, "", "/a/m") < 0, H2K_E_RANGE, "/a/m");
    ok_error(h2k_root_symlink(root, "b", "/a/m/") < 0, H2K_E_ISDIR, "/a/m/");
    memtree_file(fs, "/a/Z", 0644, "");
    memtree_file(fs, "/a/\303\244", 0644, "");
    ok_error(h2k_root_mkdirs(root, "/a/Z/x", 0755) < 0, H2K_E_NOTDIR, "/a/Z");
    ok(h2k_root_list(root, "/a", &names, &count) == 0 && count == 5, "list");
    ok_string(names[0], "Z");
    ok_string(names[4], "\303\244");
    h2k_root_free_names(names, count);
    ok_error(h2k_root_list(root, "/a/Z", &names, &count) < 0, H2K_E_NOTDIR,
             "/a/Z");
    ok(h2k_root_unlink(root, "/a/l") == 0 && h2k_root_exists(root, "/a/b"),
       "unlink takes the link");
    ok_error(h2k_root_unlink(root, "/a/l") < 0, H2K_E_NOENT, "/a/l");
}

int
main(void)
{
    test_paths();
    test_links();
    test_long_links();
    test_mounts();
    test_write();
    test_copy();
    test_names();
    return tap_done();
}
