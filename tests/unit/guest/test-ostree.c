/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which deployment of OSTree is the guest, and what is mounted in it. */
#include "fs/memory.h"
#include "guest/deployments.h"
#include "guest/fix/protection.h"
#include "guest/read-only.h"
#include "memtree.h"

#include "tap.h"

#include <stdio.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static void
deployment(struct h2k_fs *fs, const char *stateroot, const char *name,
           const char *bootcsum, const char *id)
{
    char path[256], text[512];
    snprintf(path, sizeof(path), "/ostree/deploy/%s/deploy/%s", stateroot,
             name);
    snprintf(text, sizeof(text), "%s/usr/lib/os-release", path);
    memtree_file(fs, text, 0644, id);
    static const char *const directories[] = { "etc", "var", "boot",
                                               "sysroot" };
    for (size_t i = 0; i < 4; i++) {
        snprintf(text, sizeof(text), "%s/%s", path, directories[i]);
        memtree_dir(fs, text, 0755);
    }
    snprintf(text, sizeof(text), "%s/ostree", path);
    memtree_link(fs, text, "sysroot/ostree");
    snprintf(path, sizeof(path), "/ostree/deploy/%s/var/lib", stateroot);
    memtree_dir(fs, path, 0755);
    snprintf(path, sizeof(path), "/ostree/boot.1.1/%s/%s/0", stateroot,
             bootcsum);
    snprintf(text, sizeof(text), "../../../deploy/%s/deploy/%s", stateroot,
             name);
    memtree_link(fs, path, text);
}

/* Two stateroots, as Debian's and Fedora's beside each other. */
static struct h2k_fs *
physical(void)
{
    struct h2k_fs *fs = h2k_memfs_new(1 << 24);
    memtree_link(fs, "/boot/loader", "loader.0");
    memtree_dir(fs, "/ostree/repo/objects", 0755);
    deployment(fs, "fedora", A ".0", B, "ID=fedora\nPRETTY_NAME=\"F 1\"\n");
    deployment(fs, "fedora", B ".1", A, "ID=fedora\nPRETTY_NAME=\"F 2\"\n");
    deployment(fs, "debian", C ".0", C, "ID=debian\nVERSION_ID=12\n");
    memtree_link(fs, "/ostree/boot.1", "boot.1.1");
    memtree_file(fs, "/ostree/deploy/fedora/deploy/" A ".0.origin", 0644,
                 "[origin]\nrefspec=fedora:fedora/x86_64/silverblue\n");
    return fs;
}

/* The entry NAME of VERSION, which starts TARGET of the stateroot. */
static void
entry(struct h2k_fs *fs, const char *boot, const char *name,
      const char *version, const char *stateroot, const char *target)
{
    char path[512], text[1024], kernel[256];
    snprintf(kernel, sizeof(kernel), "/ostree/%s-%s/vmlinuz-6.1.0", stateroot,
             target);
    snprintf(path, sizeof(path), "%s%s", boot, kernel);
    memtree_file(fs, path, 0644, "kernel");
    snprintf(path, sizeof(path), "%s/loader.0/entries/%s", boot, name);
    snprintf(text, sizeof(text),
             "version %s\nlinux %s\noptions root=UUID=x rw "
             "ostree=/ostree/boot.1/%s/%s/0 quiet\n",
             version, kernel, stateroot, target);
    memtree_file(fs, path, 0644, text);
}

static void
add(struct h2k_guest *guest, uint32_t partition, struct h2k_fs *fs)
{
    struct h2k_guest_volume volume = { .partition = partition,
                                       .length = 1 << 20,
                                       .fs = fs,
                                       .fs_info = { .type = "ext4",
                                                    .mountable = true } };
    if (h2k_guest_add_volume(guest, &volume) < 0)
        abort();
}

static struct h2k_guest *
guest_of(struct h2k_fs *boot, struct h2k_fs *root)
{
    struct h2k_guest *guest = h2k_guest_new();
    if (boot != NULL)
        add(guest, 3, boot);
    add(guest, 4, root);
    return guest;
}

static const char *
chosen(const struct h2k_guest *guest)
{
    return guest->ostree == NULL
               ? "none"
               : guest->ostree->items[guest->ostree->chosen].path;
}

static void
test_names(void)
{
    static const char *const bad[] = {
        "",
        "/ostree/deploy/",
        "/ostree/deploy/fedora/deploy/" A,
        "/ostree/deploy/fedora/deploy/" A ".",
        "/ostree/deploy/fedora/deploy/" A ".0.origin",
        "/ostree/deploy/fedora/deploy/" A ".999999999",
        "/ostree/deploy/fedora/deploy/" A ".0/etc",
        "/ostree/deploy//deploy/" A ".0",
        "/ostree/deploy/../deploy/" A ".0",
        "/ostree/deploy/fedora/deploy/x" A ".0",
        "/sysroot/ostree/deploy/fedora/deploy/" A ".0",
    };
    struct h2k_ostree_name name;
    ok(h2k_ostree_parse("/ostree/deploy/fedora-iot/deploy/" A ".12", &name),
       "a deployment's path");
    ok_string(name.stateroot, "fedora-iot");
    ok_string(name.checksum, A);
    ok(name.serial == 12, "its serial is %u", name.serial);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ok(!h2k_ostree_parse(bad[i], &name), "'%s' is none", bad[i]);
}

/* /boot is a volume of its own, and fstab says nothing. */
static void
test_separate_boot(void)
{
    struct h2k_fs *boot = h2k_memfs_new(1 << 20), *root = physical();
    memtree_link(boot, "/loader", "loader.0");
    entry(boot, "", "ostree-1.conf", "1", "fedora", B);
    entry(boot, "", "ostree-2.conf", "2", "debian", C);
    entry(boot, "", "ostree-10.conf", "10", "fedora", A);
    memtree_dir(root,
                "/ostree/deploy/fedora/deploy/" B ".1/"
                "usr/lib/modules/6.1.0",
                0755);
    memtree_dir(root,
                "/ostree/deploy/debian/deploy/" C ".0/"
                "usr/lib/modules/6.1.0",
                0755);
    H2K_AUTO(h2k_guest) guest = guest_of(boot, root);
    if (!ok(h2k_guest_assemble(guest) == 0, "a deployment is the guest"))
        return;
    ok_string(chosen(guest), "/ostree/deploy/fedora/deploy/" B ".1");
    ok(guest->ostree->count == 3 && guest->warnings.count == 0,
       "%zu deployments, %zu warnings", guest->ostree->count,
       guest->warnings.count);
    ok_string(guest->ostree->items[0].version, "12");
    ok_string(guest->ostree->items[1].origin,
              "fedora:fedora/x86_64/silverblue");
    ok_string(guest->ostree->items[1].entry,
              "/boot/loader/entries/ostree-1.conf");
    ok(h2k_root_is_dir(guest->root, "/sysroot/boot") &&
           h2k_root_is_dir(guest->root, "/var/lib") &&
           h2k_root_exists(guest->root, "/boot/loader/entries/ostree-2.conf"),
       "with /sysroot, its /var and /boot");
    const struct h2k_kernels *kernels = h2k_guest_kernels(guest);
    if (!ok(kernels != NULL && kernels->count == 3, "three kernels"))
        return;
    for (size_t i = 0; i < 3; i++) {
        const struct h2k_kernel *k = &kernels->items[i];
        bool fedora = strstr(k->image, "fedora-" A) != NULL;
        bool debian = strstr(k->image, "debian-") != NULL;
        ok(k->is_default == fedora, "%s: %s", k->image,
           k->is_default ? "default" : "not the default");
        ok_string(k->modules_dir == NULL ? "none" : k->modules_dir,
                  fedora   ? "/usr/lib/modules/6.1.0"
                  : debian ? "/sysroot/ostree/deploy/debian/deploy/" C
                             ".0/usr/lib/modules/6.1.0"
                           : "none");
    }
}

/* What may be changed, by names that lead there in several ways. */
static void
test_places(void)
{
    struct h2k_fs *root = physical();
    entry(root, "/boot", "ostree-1.conf", "1", "fedora", A);
    memtree_link(root, "/ostree/deploy/fedora/deploy/" B ".1/etc/unit",
                 "../usr/lib/unit");
    H2K_AUTO(h2k_guest) guest = guest_of(NULL, root);
    if (!ok(h2k_guest_assemble(guest) == 0, "/boot in the physical root"))
        return;
    static const char *const good[] = { "/etc/fstab", "/var/lib/x",
                                        "/boot/loader/entries/ostree-1.conf",
                                        "/etc/unit" };
    static const char *const bad[] = {
        "/usr/lib/x",     "/.autorelabel", "/etc/../usr/lib/os-release",
        "/ostree/repo/x", "/etcetera",     "/sysroot/boot",
        "/etc/unit/x",    "/usr",          "/etc/unit",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        ok(h2k_guest_may_change(guest, good[i], false), "%s may change",
           good[i]);
    memtree_dir(root, "/ostree/deploy/fedora/deploy/" B ".1/usr/lib/unit",
                0755);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ok(!h2k_guest_may_change(guest, bad[i], true), "%s may not", bad[i]);
}

/* Entries that lead nowhere, and out of the root. */
static void
test_lost(void)
{
    struct h2k_fs *root = physical();
    entry(root, "/boot", "ostree-1.conf", "1", "debian", C);
    entry(root, "/boot", "ostree-2.conf", "2", "fedora", C);
    entry(root, "/boot", "ostree-3.conf", "3", "out", A);
    memtree_link(root, "/ostree/boot.1.1/out/" A "/0",
                 "../../../../../../../ostree/repo");
    H2K_AUTO(h2k_guest) guest = guest_of(NULL, root);
    if (!ok(h2k_guest_assemble(guest) == 0, "one entry leads somewhere"))
        return;
    ok_string(chosen(guest), "/ostree/deploy/debian/deploy/" C ".0");
    ok(guest->warnings.count == 2 &&
           strstr(guest->warnings.items[0],
                  "ostree-2.conf: /ostree/boot.1/"
                  "fedora/" C "/0 leads to no") != NULL,
       "the others are warnings");
}

/* A system that OSTree was only tried beside stays the guest. */
static void
test_plain(void)
{
    struct h2k_fs *root = physical();
    memtree_file(root, "/etc/os-release", 0644, "ID=debian\n");
    H2K_AUTO(h2k_guest) guest = guest_of(NULL, root);
    ok(h2k_guest_assemble(guest) == 0 && guest->ostree == NULL,
       "nothing starts the deployments: the system is the other");

    root = physical();
    memtree_file(root, "/etc/os-release", 0644, "ID=debian\n");
    entry(root, "/boot", "ostree-1.conf", "1", "fedora", B);
    H2K_AUTO(h2k_guest) beside = guest_of(NULL, root);
    ok(h2k_guest_assemble(beside) == 0 && beside->ostree != NULL,
       "an entry starts one: that is the guest");
    ok_string(chosen(beside), "/ostree/deploy/fedora/deploy/" A ".0");

    H2K_AUTO(h2k_guest) alone = guest_of(NULL, physical());
    ok(h2k_guest_assemble(alone) == 0 && alone->ostree != NULL &&
           alone->warnings.count >= 1,
       "without entries and another system, one is taken, and it is said");
}

int
main(void)
{
    test_names();
    test_separate_boot();
    test_places();
    test_lost();
    test_plain();
    return tap_done();
}
