/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The guest agent put in from a package, on trees in memory. */
#include "guest/boot/cpio.h"
#include "guest/fix/edits.h"
#include "guest/software/control.h"
#include "guest/software/software.h"

#include "base/buffer.h"
#include "base/error.h"
#include "fs/memory.h"

#include "memtree.h"
#include "tap.h"

#include <stdlib.h>
#include <sys/stat.h>

#define STATUS "/var/lib/dpkg/status"
#define UNIT "/lib/systemd/system/qemu-guest-agent.service"
#define ONCE "/etc/systemd/system/hyper2kvm-guest-agent.service"
#define WANTS                                                                \
    "/etc/systemd/system/dev-virtio\\x2dports-org.qemu.guest_agent.0.device" \
    ".wants/qemu-guest-agent.service"

static const char libc[] = "Package: libc6\nStatus: install ok installed\n"
                           "Architecture: amd64\nVersion: 2.36-9\n\n";
static const char systemd[] = "Package: systemd\n"
                              "Status: install ok installed\n"
                              "Version: 252.1\n";

/* The first bytes of a program for x86-64: System V ABI, "ELF Header". */
static const unsigned char elf[64] = {
    0x7f, 'E', 'L', 'F', 2, 1, 1, [16] = 3, [18] = 62, [20] = 1
};

static const char *
package(const char *name)
{
    static char paths[4][4096];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, 4096, "%s/fuzz/corpus/software/%s", getenv("H2K_SOURCE"),
             name);
    return path;
}

static struct h2k_fs *
new_guest(void)
{
    struct h2k_fs *fs = h2k_memfs_new(16u << 20);
    memtree_dir(fs, "/usr/lib/systemd/system", 0755);
    memtree_bytes(fs, "/usr/lib/systemd/systemd", 0755, elf, sizeof(elf));
    memtree_bytes(fs, "/usr/bin/ls", 0755, elf, sizeof(elf));
    memtree_bytes(fs, "/usr/bin/sh", 0755, elf, sizeof(elf));
    memtree_link(fs, "/lib", "usr/lib");
    memtree_link(fs, "/bin", "usr/bin");
    memtree_link(fs, "/sbin", "usr/sbin");
    memtree_link(fs, "/usr/sbin/init", "/lib/systemd/systemd");
    memtree_dir(fs, "/etc/systemd/system", 0755);
    return fs;
}

static struct h2k_fs *
new_debian(const char *first, const char *second)
{
    struct h2k_fs *fs = new_guest();
    char status[1024];
    snprintf(status, sizeof(status), "%s%s", first, second);
    memtree_file(fs, STATUS, 0644, status);
    return fs;
}

static int
run(struct h2k_fs *fs, const char *const *packages, size_t count,
    struct h2k_fix_result *result)
{
    static const struct h2k_edit *const edits[] = { &h2k_edit_guest_agent,
                                                    NULL };
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_fix_options options = h2k_fix_defaults();
    options.now = 1770000000;
    options.guest_agents = packages;
    options.guest_agent_count = count;
    struct h2k_fix fix = { .root = root,
                           .options = &options,
                           .result = result };
    *result = (struct h2k_fix_result){ 0 };
    return h2k_fix_run_edits(&fix, edits);
}

static bool
has(struct h2k_fs *fs, const char *path, const char *words)
{
    h2k_autofree char *text = memtree_text(fs, path);
    return text != NULL && strstr(text, words) != NULL;
}

static void
test_deb(void)
{
    H2K_AUTO(h2k_fs) fs = new_debian(libc, systemd);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    const char *packages[] = { package("gzip.rpm"), package("gzip.deb") };
    struct h2k_fix_result result;
    struct h2k_stat st;
    char target[H2K_PATH_MAX + 1] = "";
    ok(run(fs, packages, 2, &result) == 0 && result.warnings.count == 0,
       "the .deb of two packages is taken");
    ok(h2k_root_stat(root, "/usr/sbin/qemu-ga", &st) == 0 &&
           st.mode == (S_IFREG | 0755),
       "the program is there");
    ok(!h2k_root_exists(root, "/etc/init.d/qemu-guest-agent") &&
           has(fs, "/etc/init.d/qemu-guest-agent.dpkg-new", "#!/bin/sh"),
       "its configuration waits for dpkg");
    ok(has(fs, "/usr" UNIT, "Agent"), "the unit is behind the link of /lib");
    h2k_root_readlink(root, WANTS, target);
    ok_string(target, UNIT);
    ok(has(fs, STATUS,
           "Version: 252.1\n\nPackage: qemu-guest-agent\n"
           "Status: install ok unpacked\nConffiles:\n"
           " /etc/init.d/qemu-guest-agent newconffile\nVersion: 1:7.2-1\n"),
       "dpkg knows of it");
    ok(has(fs, "/var/lib/dpkg/info/qemu-guest-agent.list",
           "/etc/init.d\n/etc/init.d/qemu-guest-agent\n") &&
           has(fs, "/var/lib/dpkg/info/qemu-guest-agent.postinst", "exit 0"),
       "and of its files and scripts");
    ok(has(fs, ONCE, "--configure qemu-guest-agent\nExecStart=/bin/rm -f "),
       "a unit configures it once");
    h2k_fix_result_free(&result);
    ok(run(fs, packages, 2, &result) == 0 && result.change_count == 0 &&
           result.warnings.count == 0,
       "a second time nothing changes");
    h2k_fix_result_free(&result);
}

/* The guest stays as it is, and WORDS say why. */
static void
refused(struct h2k_fs *fs, const char *name, const char *words)
{
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    const char *packages[] = { package(name) };
    struct h2k_fix_result result;
    ok(run(fs, packages, 1, &result) == 0 && result.change_count == 0,
       "nothing is changed");
    ok(result.warnings.count == 1 &&
           strstr(result.warnings.items[0], words) != NULL,
       "it is said: %s", words);
    ok(!h2k_root_exists(root, ONCE), "and nothing is to be done later");
    if (result.warnings.count > 0)
        printf("# %s\n", result.warnings.items[0]);
    h2k_fix_result_free(&result);
}

static void
test_refused(void)
{
    H2K_AUTO(h2k_fs)
    old = new_debian(
        "Package: libc6\nStatus: install ok installed\nVersion: 2.31-13\n\n",
        systemd);
    refused(old, "gzip.deb", "needs what the guest does not have: libc6 (>=");
    H2K_AUTO(h2k_fs)
    removed = new_debian(
        libc, "Package: systemd\nStatus: deinstall ok config-files\n"
              "Version: 1\n");
    refused(removed, "gzip.deb", "systemd | sysvinit");
    H2K_AUTO(h2k_fs) rpm = new_guest();
    memtree_dir(rpm, "/var/lib/rpm", 0755);
    refused(rpm, "gzip.deb", "no package that was given is an .rpm");
    refused(rpm, "gzip.rpm", "libc.so.6(GLIBC_2.34)");
    H2K_AUTO(h2k_fs) neither = new_guest();
    refused(neither, "gzip.deb", "neither dpkg nor rpm");
    H2K_AUTO(h2k_fs) taken = new_debian(libc, systemd);
    memtree_file(taken, "/usr/sbin/qga", 0755, "mine");
    refused(taken, "zstd.deb", "/usr/sbin/qga is in the guest already");
    H2K_AUTO(h2k_fs)
    half =
        new_debian(libc, "Package: systemd\nStatus: install ok installed\n\n"
                         "Package: qemu-guest-agent\n"
                         "Status: deinstall ok config-files\nVersion: 1\n");
    refused(half, "gzip.deb", "deinstall ok config-files");
    H2K_AUTO(h2k_fs) diverted = new_debian(libc, systemd);
    memtree_file(diverted, "/var/lib/dpkg/diversions", 0644,
                 "/usr/sbin/qemu-ga\n/usr/sbin/qemu-ga.real\n:\n");
    refused(diverted, "gzip.deb", "diverts files");
}

static void
test_rpm(void)
{
    H2K_AUTO(h2k_fs) fs = new_guest();
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    const char *packages[] = { package("zstd.rpm") };
    struct h2k_fix_result result;
    char target[H2K_PATH_MAX + 1] = "";
    memtree_dir(fs, "/var/lib/rpm", 0755);
    memtree_bytes(fs, "/usr/lib64/libc.so.6", 0755, "\0GLIBC_2.34\0x", 13);
    ok(run(fs, packages, 1, &result) == 0 && result.warnings.count == 0,
       "an .rpm is taken");
    ok(has(fs, "/usr/bin/qemu-ga", "#!/bin/sh") &&
           has(fs, "/etc/sysconfig/qemu-ga", "X=1"),
       "its files are there");
    h2k_root_readlink(root, WANTS, target);
    ok_string(target, "/usr" UNIT);
    ok(has(fs, ONCE, "ExecStart=/bin/rpm -U --replacepkgs /var/lib/hyper2kvm"),
       "rpm is to take it over");
    ok(h2k_root_exists(root, "/var/lib/hyper2kvm/qemu-guest-agent.rpm"),
       "for which the package is there");
    h2k_fix_result_free(&result);
    ok(run(fs, packages, 1, &result) == 0 && result.change_count == 0,
       "a second time nothing changes");
    h2k_fix_result_free(&result);
}

static void
test_wrong(void)
{
    H2K_AUTO(h2k_fs) fs = new_debian(libc, systemd);
    struct h2k_fix_result result;
    const char *none[] = { "/nonexistent.deb" };
    const char *other[] = { package("../file-contexts/policy") };
    ok_error(run(fs, none, 1, &result) < 0, H2K_E_SOURCE, "/nonexistent.deb");
    h2k_fix_result_free(&result);
    ok_error(run(fs, other, 1, &result) < 0, H2K_E_UNSUPPORTED,
             "neither a .deb nor an .rpm");
    h2k_fix_result_free(&result);
}

/* One member of a tar archive, "Basic Tar Format" of GNU tar's manual. */
static void
add_member(struct h2k_buffer *tar, const char *name, char type,
           const char *data, size_t size)
{
    static const char zeros[512];
    char header[512] = { 0 };
    unsigned sum = 0;
    snprintf(header, 100, "%s", name);
    snprintf(header + 100, 24, "%07o", 0644);
    snprintf(header + 108, 8, "%07o", 0);
    snprintf(header + 116, 8, "%07o", 0);
    snprintf(header + 124, 12, "%011zo", size);
    snprintf(header + 136, 12, "%011o", 0);
    memset(header + 148, ' ', 8);
    header[156] = type;
    memcpy(header + 257, "ustar  ", 8);
    for (size_t i = 0; i < sizeof(header); i++)
        sum += (unsigned char)header[i];
    snprintf(header + 148, 8, "%06o", sum);
    h2k_buffer_add(tar, header, sizeof(header));
    h2k_buffer_add(tar, data, size);
    h2k_buffer_add(tar, zeros, (512 - size % 512) % 512);
}

/* Names of a mebibyte each would take all memory. */
static void
test_long_path(void)
{
    H2K_AUTO_BUFFER tar = { 0 };
    struct h2k_software_files files = { 0 };
    char name[5001];
    memset(name, 'a', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    add_member(&tar, "././@LongLink", 'L', name, sizeof(name));
    add_member(&tar, "a", '0', "x", 1);
    ok_error(h2k_software_unpack(tar.data, tar.size, &files) < 0,
             H2K_E_UNSUPPORTED, "more than 4095 bytes");
    h2k_software_files_clear(&files);
}

/* So would a name that says it has 4 GiB, and has not. */
static void
test_cpio(void)
{
    H2K_AUTO_BUFFER cpio = { 0 };
    struct h2k_cpio_writer writer = { .out = &cpio };
    struct h2k_software_files files = { 0 };
    h2k_cpio_add_file(&writer, "./a", 0644, 0, "xy", 2);
    size_t second = cpio.size;
    h2k_cpio_add_file(&writer, "./b", 0644, 0, "z", 1);
    h2k_cpio_end(&writer);
    ok(h2k_software_unpack(cpio.data, cpio.size, &files) == 0 &&
           files.count == 2 && files.items[0].size == 2,
       "a cpio archive");
    h2k_software_files_clear(&files);
    memcpy(cpio.data + second + 94, "fffffff0", 8);
    ok_error(h2k_software_unpack(cpio.data, cpio.size, &files) < 0,
             H2K_E_CORRUPT, "a header in its archive is damaged");
    h2k_software_files_clear(&files);
}

/* By deb-version(7), in order. */
static void
test_versions(void)
{
    static const char *const ordered[] = {
        "~~", "~~a",  "~",   "",     "1~rc1", "1",  "1-0.1", "1-1",   "1-1+b1",
        "1a", "1+b1", "1.2", "1.10", "1.10a", "10", "1:0~~", "2:0~1", "2:0-1",
    };
    size_t count = sizeof(ordered) / sizeof(ordered[0]);
    bool good = true;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            int order = h2k_deb_version_compare(ordered[i], ordered[j]);
            bool right = i < j ? order < 0 : i > j ? order > 0 : order == 0;
            if (!right)
                printf("# %s and %s: %d\n", ordered[i], ordered[j], order);
            good = good && right;
        }
    ok(good, "versions have dpkg's order");
    ok(h2k_deb_version_compare("1.0", "0:1.00-0") == 0 &&
           h2k_deb_version_is("2.36-9", ">=", "2.34") &&
           !h2k_deb_version_is("2.31", ">=", "2.34") &&
           h2k_deb_version_is("1", "<<", "2") &&
           !h2k_deb_version_is("2", "<<", "2") &&
           h2k_deb_version_is("3", ">>", "2") &&
           h2k_deb_version_is("2", "=", "2-0"),
       "and its relations");
}

int
main(void)
{
    test_deb();
    test_refused();
    test_rpm();
    test_wrong();
    test_long_path();
    test_cpio();
    test_versions();
    return tap_done();
}
