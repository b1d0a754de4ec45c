/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A root that is a read-only snapshot: what is told, and what may change. */
#include "guest/read-only.h"

#include "base/error.h"
#include "fs/memory.h"
#include "guest/fix/edits.h"
#include "guest/fix/protection.h"
#include "memtree.h"

#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A filesystem in memory whose folders are subvolumes, as in btrfs. */
static const struct h2k_subvolume layout[] = {
    { .path = "", .read_only = false },
    { .path = "snapshot", .read_only = true },
    { .path = "snapshot/etc", .read_only = false },
    { .path = "var", .read_only = false },
    { .path = "old", .read_only = true },
};
#define COUNT (sizeof(layout) / sizeof(layout[0]))

static h2k_ino
place_of(struct h2k_fs *fs, const char *path)
{
    char full[64];
    struct h2k_place place = { 0 };
    H2K_AUTO(h2k_root) root = h2k_root_new_at(fs, h2k_fs_root(fs));
    snprintf(full, sizeof(full), "/%s", path);
    if (h2k_root_lookup(root, full, &place) < 0)
        abort();
    return place.ino;
}

static void
sub_close(void *state)
{
    h2k_fs_close(state);
}

static h2k_ino
sub_root(void *state)
{
    return h2k_fs_root(state);
}

static int
sub_lookup(void *state, h2k_ino dir, const char *name, h2k_ino *out)
{
    return h2k_fs_lookup(state, dir, name, out);
}

static int
sub_stat(void *state, h2k_ino ino, struct h2k_stat *out)
{
    return h2k_fs_stat(state, ino, out);
}

static int
sub_readdir(void *state, h2k_ino dir, h2k_readdir_fn fn, void *opaque)
{
    return h2k_fs_readdir(state, dir, fn, opaque);
}

static int
sub_read(void *state, h2k_ino ino, void *buffer, size_t count, uint64_t offset)
{
    return h2k_fs_read(state, ino, buffer, count, offset);
}

static int
sub_readlink(void *state, h2k_ino ino, char *target, size_t size)
{
    return h2k_fs_readlink(state, ino, target, size);
}

/* The default one is the snapshot. */
static int
sub_subvolume(void *state, const char *options, h2k_ino *root)
{
    const char *path = strstr(options, "subvol=");
    *root = place_of(state, path == NULL ? "snapshot" : path + 7);
    return 0;
}

static int
sub_each(void *state, h2k_subvolume_fn fn, void *opaque)
{
    for (size_t i = 0; i < COUNT; i++) {
        struct h2k_subvolume s = layout[i];
        s.root = place_of(state, s.path);
        int rc = fn(opaque, &s);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static const struct h2k_fs_ops ops = {
    .name = "subvolumes",
    .close = sub_close,
    .root = sub_root,
    .lookup = sub_lookup,
    .stat = sub_stat,
    .readdir = sub_readdir,
    .read = sub_read,
    .readlink = sub_readlink,
    .subvolume = sub_subvolume,
    .each_subvolume = sub_each,
};

/* As MicroOS lays itself out, with SNAPSHOT for "/". */
static struct h2k_guest *
microos(const char *fstab, const char *top)
{
    struct h2k_fs *fs = h2k_memfs_new(1 << 20);
    memtree_file(fs, "/snapshot/usr/lib/os-release", 0644,
                 "ID=opensuse-microos\n");
    memtree_file(fs, "/snapshot/usr/sbin/transactional-update", 0755, "x");
    memtree_file(fs, "/snapshot/etc/fstab", 0644, fstab);
    memtree_link(fs, "/snapshot/etc/link", "../usr/lib/os-release");
    memtree_dir(fs, "/snapshot/var", 0755);
    memtree_dir(fs, "/snapshot/boot", 0755);
    memtree_dir(fs, "/var/lib", 0755);
    memtree_file(fs, "/old/usr/lib/os-release", 0644, "ID=old\n");
    h2k_ino system = place_of(fs, top);
    struct h2k_guest *guest = h2k_guest_new();
    struct h2k_guest_volume volume = {
        .partition = 1,
        .length = 1 << 20,
        .fs = h2k_fs_new(&ops, fs, false),
        .fs_info = { .type = "btrfs", .mountable = true },
    };
    if (h2k_guest_add_volume(guest, &volume) < 0)
        abort();
    guest->root_volume = &guest->volumes[0];
    guest->volumes[0].system = system;
    guest->root = h2k_root_new_at(guest->volumes[0].fs, system);
    return guest;
}

static void
test_places(void)
{
    H2K_AUTO(h2k_guest) guest = microos("", "snapshot");
    if (h2k_root_mount_at(guest->root, "/var", guest->volumes[0].fs,
                          place_of(guest->volumes[0].fs, "var")) < 0)
        abort();
    ok_string(h2k_guest_immutable(guest), "transactional-update");
    ok(!h2k_guest_may_change(guest, "/boot/initrd", true) &&
           !h2k_guest_may_change(guest, "/usr/lib/os-release", true) &&
           !h2k_guest_may_change(guest, "/.autorelabel", true),
       "nothing in the snapshot may change");
    ok(h2k_guest_may_change(guest, "/etc/fstab", true) &&
           h2k_guest_may_change(guest, "/var/lib/x", true),
       "other subvolumes may, nested ones and mounted ones");
    ok(h2k_guest_may_change(guest, "/etc/link", false) &&
           !h2k_guest_may_change(guest, "/etc/link", true),
       "a link counts by what is done with it");
    ok(h2k_guest_may_change(NULL, "/boot", true), "without a guest all may");
}

static void
test_warnings(void)
{
    H2K_AUTO(h2k_guest)
    guest = microos("overlay /etc overlay "
                    "defaults,lowerdir=/sysroot/etc,upperdir=/sysroot/var/lib/"
                    "overlay/1/etc 0 0\n",
                    "snapshot");
    ok(h2k_guest_warn_read_only(guest) == 0 && guest->warnings.count == 2,
       "%zu warnings", guest->warnings.count);
    ok(strstr(guest->warnings.items[0], "ro false") != NULL,
       "the way out of the snapshot");
    ok(strstr(guest->warnings.items[1], "overlay") != NULL,
       "and what lies over /etc");

    H2K_AUTO(h2k_guest) other = microos("", "var");
    ok(h2k_guest_immutable(other) == NULL &&
           h2k_guest_warn_read_only(other) == 0 && other->warnings.count == 0,
       "nothing is said of a root that is writable");
    H2K_AUTO(h2k_guest) old = microos("", "old");
    ok_string(h2k_guest_immutable(old), "btrfs");
}

/* An edit that would have to is a warning, and the others go on. */
static void
test_edits(void)
{
    struct h2k_fix_options options = h2k_fix_defaults();
    struct h2k_fix_result result = { 0 };
    H2K_AUTO(h2k_guest) guest = microos("", "snapshot");
    struct h2k_fix fix = { .guest = guest,
                           .root = guest->root,
                           .options = &options,
                           .result = &result };
    ok_error(h2k_fix_create(&fix, "/boot/x", "x", 1, 0644) < 0, H2K_E_READONLY,
             "read-only snapshot");
    ok(h2k_fix_pass_image(&fix) == 0 && result.warnings.count == 1,
       "it is a warning");
    (void)h2k_fail(H2K_E_UNFIXABLE, "it does not boot");
    ok(h2k_fix_pass_image(&fix) < 0, "other errors are errors");
    h2k_fix_result_free(&result);
}

int
main(void)
{
    test_places();
    test_warnings();
    test_edits();
    return tap_done();
}
