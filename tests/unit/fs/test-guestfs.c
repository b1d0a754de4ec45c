/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* libguestfs' driver over an appliance that is a tree in memory. */
#include "fs/guestfs/guestfs.h"

#include "base/error.h"
#include "block/memory.h"
#include "fs/memory.h"
#include "fs/root.h"

#include "fake-guestfs.h"
#include "memtree.h"
#include "tap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* An appliance with one volume, and the tree that is in it. */
static struct h2k_appliance *
appliance_begin(void)
{
    unsigned disk = 99;
    memset(&fake, 0, sizeof(fake));
    fake.fs = h2k_memfs_new(1 << 24);
    memtree_file(fake.fs, "/etc/fstab", 0644, "/dev/sda1 / jfs");
    memtree_file(fake.fs, "/etc/\xff\x80 name", 0600, "any bytes");
    memtree_link(fake.fs, "/etc/link", "fstab");
    memtree_dir(fake.fs, "/var/lib", 0755);
    struct h2k_appliance *appliance = h2k_appliance_new(&fake_guestfs_ops);
    H2K_AUTO(h2k_block) volume = h2k_memory_new(NULL, 1 << 20);
    ok(h2k_appliance_add(appliance, volume, true, &disk) == 0 && disk == 0,
       "an appliance with a volume");
    return appliance;
}

static void
appliance_end(struct h2k_appliance *appliance)
{
    h2k_appliance_free(appliance);
    ok(fake.closed == fake.opened, "what was opened is closed");
    h2k_fs_close(fake.fs);
}

static bool
memtree_is(struct h2k_fs *fs, const char *path, const char *expected)
{
    h2k_autofree char *text = memtree_text(fs, path);
    return text != NULL && strcmp(text, expected) == 0;
}

static struct h2k_fs *
open_volume(struct h2k_appliance *appliance, const char *options)
{
    const struct h2k_guestfs_source source = { "/dev/sda", options };
    return h2k_guestfs_open(appliance, &source, true);
}

static void
test_names(void)
{
    char name[H2K_APPLIANCE_DEVICE];
    h2k_appliance_device(0, name);
    ok_string(name, "/dev/sda");
    h2k_appliance_device(25, name);
    ok_string(name, "/dev/sdz");
    h2k_appliance_device(26, name);
    ok_string(name, "/dev/sdaa");
    h2k_appliance_device(254, name);
    ok_string(name, "/dev/sdiu");
    ok(h2k_guestfs_takes("jfs") && h2k_guestfs_takes("btrfs"),
       "Linux' filesystems are taken");
    ok(!h2k_guestfs_takes("ntfs") && !h2k_guestfs_takes("swap") &&
           !h2k_guestfs_takes("LVM2_member") && !h2k_guestfs_takes("unknown"),
       "and others are not");
}

static void
test_laziness(void)
{
    struct h2k_appliance *appliance = appliance_begin();
    H2K_AUTO(h2k_block) volume = h2k_memory_new(NULL, 1 << 20);
    struct h2k_fs *fs = open_volume(appliance, NULL);
    struct h2k_fs *other = open_volume(appliance, "subvolid=5");
    struct h2k_stat st;
    unsigned disk;
    ok(fake.opened == 0 && h2k_fs_flush(fs) == 0 && fake.opened == 0,
       "opening starts nothing, nor does flushing then");
    ok_string(h2k_fs_driver(fs), "libguestfs");
    ok(h2k_fs_stat(fs, h2k_fs_root(fs), &st) == 0 && fake.launched == 1 &&
           fake.mounts == 1,
       "the first use starts the appliance");
    ok(fake.connectable, "which has a socket to connect to");
    ok_string(fake.options, "rw,noatime");
    ok(h2k_fs_stat(other, h2k_fs_root(other), &st) == 0 &&
           fake.launched == 1 && fake.mounts == 2,
       "which the second one shares");
    ok_string(fake.options, "rw,noatime,subvolid=5");
    ok(h2k_appliance_info(appliance)->started, "it says so");
    ok_error(h2k_appliance_add(appliance, volume, true, &disk) < 0,
             H2K_E_RANGE, "takes no more volumes");
    ok(h2k_fs_flush(fs) == 0 && fake.umounts == 1 && fake.syncs == 1,
       "flushing unmounts, and waits");
    ok(h2k_fs_flush(other) == 0, "the other, too");
    h2k_appliance_stop(appliance);
    ok(fake.closed == 1, "it is ended");
    h2k_ino ino;
    ok(h2k_fs_lookup(fs, h2k_fs_root(fs), "var", &ino) == 0 &&
           fake.launched == 2 && fake.mounts == 3,
       "and started again when it is needed");
    h2k_fs_close(fs);
    h2k_fs_close(other);
    appliance_end(appliance);
}

static void
test_files(void)
{
    struct h2k_appliance *appliance = appliance_begin();
    struct h2k_fs *fs = open_volume(appliance, NULL);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    h2k_autofree char *text = NULL, *bytes = NULL;
    size_t size;
    struct h2k_stat st;
    ok(h2k_root_read_file(root, "/etc/link", 100, &text, &size) == 0,
       "a file is read, by a link that we follow ourselves");
    ok_string(text, "/dev/sda1 / jfs");
    ok(h2k_root_read_file(root, "/etc/\xff\x80 name", 100, &bytes, &size) == 0,
       "a name of any bytes");
    int calls = fake.calls;
    ok(!h2k_root_exists(root, "/etc/nothing") &&
           h2k_root_exists(root, "/etc/fstab") && fake.calls == calls,
       "a directory is asked for once");
    ok(h2k_root_write_file(root, "/etc/fstab", "new", 3, 0644) == 0 &&
           memtree_is(fake.fs, "/etc/fstab", "new"),
       "a file is replaced");
    ok(h2k_root_write_file(root, "/var/lib/made", "m", 1, 04711) == 0 &&
           h2k_root_stat(root, "/var/lib/made", &st) == 0 &&
           st.mode == (S_IFREG | 04711) && st.gid == 0 && st.size == 1,
       "one is made, with the mode and owner that were asked for");
    ok(h2k_root_mkdirs(root, "/a/b/c", 0750) == 0 &&
           h2k_root_stat(root, "/a/b/c", &st) == 0 &&
           st.mode == (S_IFDIR | 0750),
       "directories, too");
    ok(h2k_root_symlink(root, "there", "/a/l") == 0 &&
           h2k_root_append(root, "/var/lib/made", "ore", 3) == 0 &&
           memtree_is(fake.fs, "/var/lib/made", "more"),
       "a link; more bytes");
    ok(h2k_root_copy_file(root, "/var/lib/made", "/a/copy") == 0 &&
           memtree_is(fake.fs, "/a/copy", "more"),
       "a copy");
    ok(h2k_root_unlink(root, "/a/copy") == 0 &&
           !h2k_root_exists(root, "/a/copy") &&
           h2k_root_symlink(root, "x", "/a/copy") == 0,
       "gone, and its name is free");
    h2k_fs_close(fs);
    appliance_end(appliance);
}

static void
test_rename(void)
{
    struct h2k_appliance *appliance = appliance_begin();
    struct h2k_fs *fs = open_volume(appliance, NULL);
    h2k_ino root = h2k_fs_root(fs);
    h2k_ino etc = 0, var = 0, file = 0, link = 0, found = 0;
    char byte;
    ok(h2k_fs_lookup(fs, root, "etc", &etc) == 0 &&
           h2k_fs_lookup(fs, root, "var", &var) == 0 &&
           h2k_fs_lookup(fs, etc, "fstab", &file) == 0 &&
           h2k_fs_lookup(fs, etc, "link", &link) == 0 &&
           h2k_fs_rename(fs, etc, "fstab", var, "moved") == 0,
       "a file is moved");
    ok(h2k_fs_lookup(fs, var, "moved", &found) == 0 && found == file &&
           h2k_fs_read(fs, file, &byte, 1, 0) == 0 && byte == '/',
       "it keeps its number");
    ok(h2k_fs_rename(fs, var, "moved", etc, "link") == 0 &&
           h2k_fs_lookup(fs, etc, "link", &found) == 0 && found == file,
       "over another");
    struct h2k_stat st;
    ok_error(h2k_fs_stat(fs, link, &st) < 0, H2K_E_NOENT, "has no name");
    h2k_fs_close(fs);
    appliance_end(appliance);
}

static int
count_names(void *opaque, const char *name, h2k_ino ino)
{
    (void)name, (void)ino;
    ++*(int *)opaque;
    return 0;
}

/* A filesystem that lies about its directories. */
static void
test_hostile(void)
{
    struct h2k_appliance *appliance = appliance_begin();
    struct h2k_fs *fs = open_volume(appliance, NULL);
    h2k_ino root = h2k_fs_root(fs), ino = 0;
    int count = 0;
    fake.hostile = "loop";
    ok_error(h2k_fs_lookup(fs, root, "loop", &ino) < 0, H2K_E_CORRUPT,
             "cannot be read");
    ok(h2k_fs_lookup(fs, root, "etc", &ino) == 0,
       "what is beside a directory in itself is read");
    ok_error(h2k_fs_readdir(fs, root, count_names, &count) < 0, H2K_E_CORRUPT,
             "cannot be read");
    ok_error(h2k_fs_stat(fs, 12345, &(struct h2k_stat){ 0 }) < 0, H2K_E_RANGE,
             "no inode");
    h2k_fs_close(fs);
    appliance_end(appliance);
}

static void
test_options(void)
{
    ok(h2k_guestfs_options("jfs") == NULL, "most mount as they are");
    ok(strstr(h2k_guestfs_options("reiserfs"), "user_xattr") != NULL,
       "one has to be asked for attributes");
}

static void
test_failures(void)
{
    struct h2k_appliance *appliance = appliance_begin();
    struct h2k_fs *fs = open_volume(appliance, NULL);
    struct h2k_stat st;
    fake.launch_fails = true;
    ok_error(h2k_fs_stat(fs, 1, &st) < 0, H2K_E_COMPONENT,
             "cannot start the libguestfs appliance");
    ok_error(h2k_fs_stat(fs, 1, &st) < 0, H2K_E_COMPONENT, "no kernel found");
    ok(fake.launched == 1, "that is not tried twice");
    h2k_fs_close(fs);
    appliance_end(appliance);

    setenv("HYPER2KVM_LIBGUESTFS", "/nonexistent/libguestfs.so.0", 1);
    H2K_AUTO(h2k_appliance) none = h2k_appliance_new(NULL);
    ok_error(h2k_appliance_check(none) < 0, H2K_E_COMPONENT, "libguestfs");
    char version[200];
    h2k_appliance_version(version, sizeof(version));
    ok(strstr(version, "libguestfs") != NULL, "%s", version);
    unsetenv("HYPER2KVM_LIBGUESTFS");
}

/* Its kernel panics, or somebody kills it. */
static void
test_death(void)
{
    struct h2k_appliance *appliance = appliance_begin();
    struct h2k_fs *fs = open_volume(appliance, NULL);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    ok(h2k_root_exists(root, "/etc/fstab") && !h2k_appliance_ended(appliance),
       "an appliance that answers");
    ok_error(h2k_root_unlink(root, "/etc/nothing") < 0, H2K_E_NOENT,
             "nothing");
    ok(!h2k_appliance_ended(appliance), "or says no");
    fake.dead = true;
    ok_error(h2k_root_unlink(root, "/etc/fstab") < 0, H2K_E_FAILED,
             "ended by itself");
    ok(h2k_appliance_ended(appliance), "one that has ended is known to");
    fake.dead = false;
    ok_error(h2k_root_unlink(root, "/etc/fstab") < 0, H2K_E_FAILED,
             "ended by itself");
    ok_error(h2k_fs_flush(fs) < 0, H2K_E_FAILED, "ended by itself");
    ok(fake.launched == 1 &&
           memtree_is(fake.fs, "/etc/fstab", "/dev/sda1 / jfs"),
       "nothing is done afterwards, and it is not started again");
    h2k_fs_close(fs);
    appliance_end(appliance);
}

int
main(void)
{
    setenv("LIBGUESTFS_BACKEND_SETTINGS", "force_tcg", 1);
    test_names();
    test_laziness();
    test_files();
    test_rename();
    test_hostile();
    test_options();
    test_failures();
    test_death();
    return tap_done();
}
