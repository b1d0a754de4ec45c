/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Package databases that are texts, and what is asked of them. */
#include "guest/packages/packages.h"

#include "fs/memory.h"
#include "fs/root.h"

#include "memtree.h"
#include "tap.h"

/* Read FS's packages and free it. */
static struct h2k_packages
read_tree(struct h2k_fs *fs)
{
    struct h2k_packages packages = { 0 };
    struct h2k_root *root = h2k_root_new(fs);
    ok(h2k_packages_read(root, &packages) == 0, "the database is read");
    h2k_root_free(root);
    h2k_fs_close(fs);
    return packages;
}

static const char *
version_of(const struct h2k_packages *packages, const char *name)
{
    static char text[H2K_PACKAGE_VERSION];
    const struct h2k_package *found = h2k_packages_find(packages, name);
    if (found == NULL)
        return NULL;
    h2k_package_version_text(found, text);
    return text;
}

static const char *
owner_of(const struct h2k_packages *packages, const char *path)
{
    const struct h2k_package *found = h2k_packages_owner(packages, path);
    return found == NULL ? NULL : found->name;
}

static void
test_dpkg(void)
{
    struct h2k_fs *fs = h2k_memfs_new(1 << 24);
    memtree_file(fs, "/var/lib/dpkg/status", 0644,
                 "Package: udev\nStatus: install ok installed\n"
                 "Architecture: amd64\nVersion: 252.30-1~deb12u2\n"
                 "Description: daemon\n Version: not a field\n\n"
                 "Package: gone\nStatus: deinstall ok config-files\n"
                 "Version: 1\n\n"
                 "Package: torn\nStatus: install reinstreq half-installed\n"
                 "Version: 2\n\n"
                 "Package: bind9\nStatus: hold ok installed\n"
                 "Version: 1:9.18.28-1-2\nArchitecture: amd64\n\n"
                 "Package: linux-image-6.1.0-25-amd64\n"
                 "Status: install ok half-configured\n"
                 "Architecture: amd64\nVersion: 6.1.106-3\n\n"
                 "Package: linux-image-rt\nStatus: install ok installed\n"
                 "Architecture: arm64\nVersion: 5\n");
    memtree_file(fs, "/var/lib/dpkg/info/linux-image-6.1.0-25-amd64.list",
                 0644,
                 "/.\n/boot\n/boot/vmlinuz-6.1.0-25-amd64\n"
                 "/lib/modules/6.1.0-25-amd64\n"
                 "/lib/modules/6.1.0-25-amd64/kernel/x.ko\n");
    memtree_file(fs, "/var/lib/dpkg/info/linux-image-rt:arm64.list", 0644,
                 "/boot/vmlinuz-5\n");
    memtree_file(fs, "/var/lib/dpkg/info/udev.list", 0644, "/boot/udev\n");
    struct h2k_packages p = read_tree(fs);
    ok_string(p.format, "deb");
    ok(p.count == 4, "four are installed, not what is only configured");
    ok_string(version_of(&p, "udev"), "252.30-1~deb12u2");
    ok_string(h2k_packages_version(&p, "udev"), "252.30");
    ok_string(version_of(&p, "bind9"), "1:9.18.28-1-2");
    ok(h2k_packages_find(&p, "bind9")->epoch == 1, "an epoch is one");
    ok_string(h2k_packages_find(&p, "bind9")->release, "2");
    ok_string(version_of(&p, "linux-image-rt"), "5");
    ok(h2k_packages_find(&p, "gone") == NULL, "what is gone is not there");
    ok(h2k_packages_find(&p, "torn") == NULL, "nor what is half there");
    ok_string(owner_of(&p, "/boot/vmlinuz-6.1.0-25-amd64"),
              "linux-image-6.1.0-25-amd64");
    ok_string(owner_of(&p, "/lib/modules/6.1.0-25-amd64"),
              "linux-image-6.1.0-25-amd64");
    ok_string(owner_of(&p, "/boot/vmlinuz-5"), "linux-image-rt");
    ok(owner_of(&p, "/lib/modules/6.1.0-25-amd64/kernel/x.ko") == NULL,
       "a single module is not kept");
    ok(owner_of(&p, "/boot/vmlinuz-6.1.0-26-amd64") == NULL,
       "nor what nobody owns");
    h2k_packages_clear(&p);
}

static void
test_status_files(void)
{
    struct h2k_fs *fs = h2k_memfs_new(1 << 24);
    memtree_file(fs, "/var/lib/dpkg/status.d/base", 0644,
                 "Package: base-files\nVersion: 12.4\nArchitecture: all\n");
    memtree_file(fs, "/var/lib/dpkg/status.d/base.md5sums", 0644,
                 "Package: no\nVersion: 1\n");
    struct h2k_packages p = read_tree(fs);
    ok(p.count == 1 && p.problem[0] == '\0', "status.d has one package");
    ok_string(version_of(&p, "base-files"), "12.4");
    h2k_packages_clear(&p);
}

static void
test_apk(void)
{
    struct h2k_fs *fs = h2k_memfs_new(1 << 24);
    memtree_file(fs, "/var/lib/dpkg/status", 0644, "");
    memtree_file(fs, "/lib/apk/db/installed", 0644,
                 "C:Q1=\nP:musl\nV:1.2.5-r0\nA:x86_64\nF:lib\n"
                 "R:libc.so\na:0:0:755\n\n"
                 "P:linux-lts\nV:6.6.56-r0\nA:x86_64\nF:boot\nM:0:0:755\n"
                 "R:vmlinuz-lts\nF:lib/modules/6.6.56-0-lts\n"
                 "R:modules.order\n");
    struct h2k_packages p = read_tree(fs);
    ok_string(p.format, "apk");
    ok(p.count == 2, "two packages");
    ok_string(version_of(&p, "musl"), "1.2.5-r0");
    ok_string(owner_of(&p, "/boot/vmlinuz-lts"), "linux-lts");
    ok_string(owner_of(&p, "/lib/modules/6.6.56-0-lts/modules.order"),
              "linux-lts");
    ok(p.file_count == 2, "other files are not kept");
    h2k_packages_clear(&p);
}

static void
test_pacman(void)
{
    struct h2k_fs *fs = h2k_memfs_new(1 << 24);
    memtree_file(fs, "/var/lib/pacman/local/ALPM_DB_VERSION", 0644, "9\n");
    memtree_file(fs, "/var/lib/pacman/local/linux-6.11-1/desc", 0644,
                 "%NAME%\nlinux\n\n%VERSION%\n1:6.11.3.arch1-1\n\n"
                 "%ARCH%\nx86_64\n\n");
    memtree_file(fs, "/var/lib/pacman/local/linux-6.11-1/files", 0644,
                 "%FILES%\nusr/\nusr/lib/modules/6.11.3-arch1-1/vmlinuz\n\n"
                 "%BACKUP%\nboot/no\n");
    memtree_file(fs, "/var/lib/pacman/local/broken-1/desc", 0644, "x\n");
    struct h2k_packages p = read_tree(fs);
    ok_string(p.format, "pacman");
    ok_string(version_of(&p, "linux"), "1:6.11.3.arch1-1");
    ok_string(owner_of(&p, "/usr/lib/modules/6.11.3-arch1-1/vmlinuz"),
              "linux");
    ok(owner_of(&p, "/boot/no") == NULL, "only the list of files is one");
    ok(p.count == 1 && strstr(p.problem, "broken-1/desc") != NULL,
       "what is broken is told, the rest is there");
    h2k_packages_clear(&p);
}

static void
test_none(void)
{
    struct h2k_packages p = read_tree(h2k_memfs_new(1 << 20));
    ok(p.format == NULL && p.count == 0 && p.problem[0] == '\0',
       "no database is no problem");
    ok(h2k_packages_find(&p, "a") == NULL &&
           h2k_packages_owner(&p, "/boot/a") == NULL,
       "and has nothing");
    h2k_packages_clear(&p);
}

int
main(void)
{
    test_dpkg();
    test_status_files();
    test_apk();
    test_pacman();
    test_none();
    return tap_done();
}
