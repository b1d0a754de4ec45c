/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A guest made of volumes in memory: what devices mean, what is mounted, and
 * what the inspection says. */
#include "guest/inspect/inspect.h"

#include "block/memory.h"
#include "block/overlay.h"
#include "fs/memory.h"
#include "guest/fstab-read.h"

#include "memtree.h"
#include "tap.h"

/* ---- Guests ---- */

static struct h2k_fs *
root_tree(void)
{
    static const uint8_t elf[20] = { 0x7f, 'E', 'L',      'F',      2,
                                     1,    1,   [16] = 3, [18] = 62 };
    struct h2k_fs *fs = h2k_memfs_new(1 << 24);
    memtree_file(fs, "/usr/lib/os-release", 0644,
                 "# comment\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"
                 "ID=debian\nVERSION_ID='12'\n");
    memtree_link(fs, "/etc/os-release", "../usr/lib/os-release");
    memtree_file(fs, "/etc/fstab", 0644,
                 "/dev/sda3 / ext4 defaults 0 1\n"
                 "# comment\n\n"
                 "UUID=bbbb-01\t/boot\text4\tdefaults 0 2\n"
                 "LABEL=\"my\\040data\" /srv/my\\040data ext4 nofail 0 2\n"
                 "/dev/sda2 none swap sw 0 0\n"
                 "proc /proc proc defaults 0 0\n"
                 "/dev/sdz1 /gone ext4 defaults 0 0\n"
                 "/dev/sdb2 /opt xfs defaults 0 0\n");
    memtree_file(fs, "/etc/hostname", 0644, "\n# name\nweb01\n");
    memtree_file(fs, "/etc/selinux/config", 0644, "SELINUX=permissive\n");
    memtree_bytes(fs, "/usr/bin/dash", 0755, elf, sizeof(elf));
    memtree_link(fs, "/bin", "usr/bin");
    memtree_link(fs, "/usr/bin/sh", "dash");
    memtree_file(fs, "/usr/bin/apt-get", 0755, "");
    memtree_file(fs, "/usr/bin/vmtoolsd", 0755, "");
    memtree_file(fs, "/usr/lib/systemd/systemd", 0755, "");
    memtree_link(fs, "/sbin/init", "../usr/lib/systemd/systemd");
    memtree_dir(fs, "/boot", 0755);
    memtree_dir(fs, "/srv/my data", 0755);
    memtree_file(fs, "/etc/network/interfaces", 0644,
                 "source /etc/network/interfaces.d/*\nauto lo\n"
                 "iface lo inet loopback\nallow-hotplug ens192\n"
                 "iface ens192 inet static\n\taddress 10.0.2.15/24\n"
                 "\thwaddress ether 00:50:56:aa:bb:01\n");
    memtree_file(fs, "/etc/network/interfaces.d/more", 0644,
                 "iface ens224 inet dhcp\n");
    memtree_file(fs, "/etc/systemd/network/10-lan.network", 0644,
                 "[Match]\nName=ens256\n[Network]\nAddress=10.1.0.2/16\n");
    memtree_file(fs, "/etc/netplan/01.yaml", 0600,
                 "network:\n  version: 2\n  ethernets:\n    ens161:\n"
                 "      dhcp4: true\n    nic2:\n      match:\n"
                 "        macaddress: 00:50:56:aa:bb:07\n"
                 "      set-name: lan0\n      addresses: [10.9.0.1/24]\n");
    memtree_file(fs, "/etc/NetworkManager/system-connections/a.nmconnection",
                 0600,
                 "[connection]\nid=a\ninterface-name=ens33\n[ipv4]\n"
                 "method=manual\naddress1=10.3.0.4/24\n");
    memtree_file(fs, "/etc/sysconfig/network-scripts/ifcfg-eth0", 0644,
                 "DEVICE=eth0\nBOOTPROTO=\"none\"\nIPADDR=10.4.0.5\n"
                 "HWADDR=00:0C:29:00:00:01\n");
    return fs;
}

static struct h2k_fs *
boot_tree(void)
{
    struct h2k_fs *fs = h2k_memfs_new(1 << 24);
    memtree_file(fs, "/vmlinuz-6.1.0-1", 0644, "kernel");
    memtree_file(fs, "/config-6.1.0-1", 0644,
                 "CONFIG_VIRTIO=y\nCONFIG_VIRTIO_PCI=y\nCONFIG_VIRTIO_BLK=y\n"
                 "# CONFIG_SCSI_VIRTIO is not set\n");
    memtree_file(fs, "/grub/grub.cfg", 0600, "");
    return fs;
}

static void
add_volume(struct h2k_guest *guest, size_t disk, uint32_t partition,
           const char *type, const char *uuid, const char *label,
           struct h2k_fs *fs)
{
    struct h2k_guest_volume v = {
        .disk = disk,
        .partition = partition,
        .length = 1 << 20,
        .fs = fs,
        .fs_info = { .type = type, .mountable = fs != NULL },
    };
    snprintf(v.fs_info.uuid, sizeof(v.fs_info.uuid), "%s", uuid);
    snprintf(v.fs_info.label, sizeof(v.fs_info.label), "%s", label);
    snprintf(v.uuid, sizeof(v.uuid), "part-%zu-%u", disk, partition);
    snprintf(v.label, sizeof(v.label), "name %u", partition);
    if (partition == 4)
        snprintf(v.type, sizeof(v.type), "%s",
                 "21686148-6449-6E6F-744E-656564454649");
    if (h2k_guest_add_volume(guest, &v) < 0)
        abort();
}

/* Two disks of 4 MiB without tables, and volumes that stand for theirs. */
static struct h2k_guest *
make_guest(struct h2k_fs *root)
{
    static const char *const ids[] = { "disk-0", "disk-1" };
    struct h2k_guest *guest = h2k_guest_new();
    for (size_t i = 0; i < 2; i++) {
        H2K_AUTO(h2k_block) block = h2k_memory_new(NULL, 4 << 20);
        struct h2k_disk_source source = { .id = ids[i], .block = block };
        if (h2k_guest_add_disk(guest, &source) < 0)
            abort();
    }
    guest->volume_count = 0; /* what was seen of the empty disks */
    for (size_t i = 0; i < 2; i++)
        h2k_block_unref(guest->volumes[i].block);
    add_volume(guest, 0, 1, "ext4", "bbbb-01", "", boot_tree());
    add_volume(guest, 0, 2, "swap", "cccc-02", "", NULL);
    add_volume(guest, 0, 3, "ext4", "dddd-03", "", root);
    add_volume(guest, 0, 4, "unknown", "", "", NULL);
    add_volume(guest, 1, 1, "ext4", "eeee-04", "my data", h2k_memfs_new(4096));
    add_volume(guest, 1, 2, "xfs", "ffff-05", "", NULL);
    add_volume(guest, 1, 3, "LVM2_member", "gggg-06", "", NULL);
    return guest;
}

/* ---- fstab ---- */

static void
test_fstab(void)
{
    static const char text[] = "  # comment\n/dev/sda1\t/a\\040b ext4 a,nofail"
                               " 0 0\r\nUUID=x /c\n\nonly-one\n/dev/sdb / x";
    struct h2k_fstab_cursor cursor = { .text = text,
                                       .size = sizeof(text) - 1 };
    struct h2k_fstab_entry e;
    ok(h2k_fstab_next(&cursor, &e) && e.line == 2 &&
           memcmp(text + e.spec_at, "/dev/sda1", e.spec_len) == 0,
       "the first entry and its place");
    ok_string(e.dir, "/a b");
    ok(h2k_fstab_has_option(e.options, "nofail") &&
           !h2k_fstab_has_option(e.options, "fail"),
       "options");
    ok(h2k_fstab_next(&cursor, &e) && e.line == 3 && e.type[0] == '\0',
       "an entry of two fields");
    ok(h2k_fstab_next(&cursor, &e) && e.line == 6, "one without a newline");
    ok(!h2k_fstab_next(&cursor, &e), "the end");
}

/* ---- Devices ---- */

static void
means(struct h2k_guest *guest, const char *spec, size_t disk,
      uint32_t partition)
{
    const struct h2k_guest_volume *v = NULL;
    int rc = h2k_guest_resolve(guest, spec, &v);
    ok(rc == 0 && v->disk == disk && v->partition == partition,
       "%s is disk %zu, partition %u", spec, disk, partition);
}

static void
means_nothing(struct h2k_guest *guest, const char *spec, enum h2k_errcode code)
{
    const struct h2k_guest_volume *v = NULL;
    ok(h2k_guest_resolve(guest, spec, &v) < 0 && h2k_errcode() == code &&
           strstr(h2k_errmsg(), spec) != NULL && v == NULL,
       "%s means nothing", spec);
}

static void
test_resolve(void)
{
    H2K_AUTO(h2k_guest) guest = make_guest(root_tree());
    means(guest, "UUID=bbbb-01", 0, 1);
    means(guest, "UUID=\"BBBB-01\"", 0, 1);
    means(guest, "LABEL='my data'", 1, 1);
    means(guest, "PARTUUID=part-0-3", 0, 3);
    means(guest, "PARTLABEL=name 4", 0, 4);
    means(guest, "/dev/disk/by-uuid/dddd-03", 0, 3);
    means(guest, "/dev/disk/by-label/my\\x20data", 1, 1);
    means(guest, "/dev/sda3", 0, 3);
    means(guest, "/dev/sdb1", 1, 1);
    means(guest, "/dev/hda1", 0, 1);
    means(guest, "/dev/xvdb2", 1, 2);
    means(guest, "/dev/vda2", 0, 2);
    means(guest, "/dev/nvme0n2p1", 1, 1);
    means(guest, "/dev/disk/by-path/pci-0000:03:00.0-scsi-0:0:1:0-part1", 1,
          1);
    means(guest, "/dev/disk/by-path/pci-0000:02:03.0-ata-1.0-part3", 0, 3);
    means(guest, "/dev/disk/by-path/pci-0000:0b:00.0-nvme-2-part2", 1, 2);
    means_nothing(guest, "/dev/sda", H2K_E_NOENT);
    means_nothing(guest, "/dev/sda9", H2K_E_NOENT);
    means_nothing(guest, "/dev/sda03", H2K_E_NOENT);
    means_nothing(guest, "/dev/sdc1", H2K_E_NOENT);
    means_nothing(guest, "/dev/sd", H2K_E_NOENT);
    means_nothing(guest, "/dev/sdaaaaaaaaaaaaaa1", H2K_E_NOENT);
    means_nothing(guest, "UUID=", H2K_E_NOENT);
    means_nothing(guest, "LABEL=MY DATA", H2K_E_NOENT);
    means_nothing(guest, "tmpfs", H2K_E_NOENT);
    means_nothing(guest, "/dev/mapper/vg-root", H2K_E_NOENT);
    means_nothing(guest, "/dev/disk/by-path/pci-0000:03:00.0-scsi-0:0:7:0",
                  H2K_E_NOENT);
    means_nothing(guest, "/dev/disk/by-id/wwn-0x6000c29-part1", H2K_E_NOENT);
    add_volume(guest, 1, 4, "ext4", "bbbb-01", "", NULL);
    means_nothing(guest, "UUID=bbbb-01", H2K_E_CORRUPT);
}

/* ---- Assembling ---- */

static bool
warned(const struct h2k_strings *warnings, const char *words)
{
    for (size_t i = 0; i < warnings->count; i++)
        if (strstr(warnings->items[i], words) != NULL)
            return true;
    return false;
}

static void
test_assemble(void)
{
    H2K_AUTO(h2k_guest) guest = make_guest(root_tree());
    if (!ok(h2k_guest_assemble(guest) == 0, "a guest is assembled"))
        return;
    ok(guest->root_volume->partition == 3, "its root is found");
    ok(h2k_root_exists(guest->root, "/boot/vmlinuz-6.1.0-1"),
       "/boot is mounted");
    const struct h2k_guest_mount *data =
        h2k_guest_find_mount(guest, "/srv/my data");
    ok(data != NULL && data->mounted, "a path with a space, too");
    const struct h2k_guest_mount *top = h2k_guest_find_mount(guest, "/");
    ok(top == &guest->mounts[0] && strcmp(top->spec, "/dev/sda3") == 0,
       "/ has its line");
    ok(guest->mount_count == 5, "five mounts");
    ok(warned(&guest->warnings, "/gone: /dev/sdz1: disk 26 of 2"),
       "a disk that is missing is told");
    ok(warned(&guest->warnings, "/opt: xfs is not read yet"),
       "a filesystem that is not read is told");
    ok(guest->warnings.count == 2, "and nothing else");
}

/* A system partition that fstab need not name. */
static void
test_implied(bool has_efi)
{
    static const char generator[] =
        "/usr/lib/systemd/system-generators/systemd-gpt-auto-generator";
    const char *where = has_efi ? "/efi" : "/boot";
    struct h2k_fs *root = h2k_memfs_new(1 << 20);
    struct h2k_fs *esp = h2k_memfs_new(1 << 20);
    memtree_file(root, generator, 0755, "");
    memtree_file(root, "/etc/os-release", 0644, "ID=arch\n");
    memtree_file(root, "/sbin/init", 0755, "");
    memtree_dir(root, "/boot", 0755);
    if (has_efi)
        memtree_dir(root, "/efi", 0755);
    memtree_file(esp, "/loader/loader.conf", 0644, "");
    H2K_AUTO(h2k_guest) guest = h2k_guest_new();
    H2K_AUTO(h2k_block) block = h2k_memory_new(NULL, 4 << 20);
    struct h2k_disk_source source = { .id = "disk-0", .block = block };
    if (h2k_guest_add_disk(guest, &source) < 0)
        abort();
    guest->volume_count = 0;
    h2k_block_unref(guest->volumes[0].block);
    add_volume(guest, 0, 1, "vfat", "AB12-34CD", "", esp);
    add_volume(guest, 0, 2, "ext4", "dddd-03", "", root);
    snprintf(guest->volumes[0].type, sizeof(guest->volumes[0].type),
             "C12A7328-F81F-11D2-BA4B-00A0C93EC93B");
    ok(h2k_guest_assemble(guest) == 0, "a guest whose fstab names no ESP");
    const struct h2k_guest_mount *mount = h2k_guest_find_mount(guest, where);
    ok(mount != NULL && mount->mounted && guest->mount_count == 2,
       "has it at %s", where);
    ok_string(h2k_inspect_bootloader(guest->root), "systemd-boot");
}

static void
test_no_root(void)
{
    H2K_AUTO(h2k_guest) empty = make_guest(h2k_memfs_new(4096));
    ok_error(h2k_guest_assemble(empty) < 0, H2K_E_UNFIXABLE,
             "disk-1 partition 2: xfs is not read yet");
    H2K_AUTO(h2k_guest) windows = make_guest(h2k_memfs_new(4096));
    add_volume(windows, 1, 4, "ntfs", "", "", NULL);
    ok_error(h2k_guest_assemble(windows) < 0, H2K_E_UNFIXABLE,
             "Windows guests are not fixed yet (disk-1 partition 4");
    H2K_AUTO(h2k_guest) two = make_guest(root_tree());
    add_volume(two, 1, 4, "ext4", "", "", root_tree());
    ok_error(h2k_guest_assemble(two) < 0, H2K_E_UNFIXABLE,
             "2 operating systems found: disk-0 partition 3 (ext4), disk-1 "
             "partition 4");
}

/* ---- Inspecting ---- */

static const struct h2k_interface *
find_interface(const struct h2k_inspection *in, const char *name)
{
    for (size_t i = 0; i < in->network.count; i++)
        if (strcmp(in->network.items[i].name, name) == 0)
            return &in->network.items[i];
    return NULL;
}

static void
interface_is(const struct h2k_inspection *in, const char *name,
             const char *kind, const char *method, const char *address,
             const char *mac)
{
    const struct h2k_interface *i = find_interface(in, name);
    ok(i != NULL && strcmp(i->source, kind) == 0 &&
           (method == NULL ||
            (i->method != NULL && strcmp(i->method, method) == 0)) &&
           (address == NULL
                ? i->addresses.count == 0
                : i->addresses.count == 1 &&
                      strcmp(i->addresses.items[0], address) == 0) &&
           (mac == NULL ? i->mac == NULL
                        : (i->mac != NULL && strcmp(i->mac, mac) == 0) ||
                              (i->given_mac != NULL &&
                               strcmp(i->given_mac, mac) == 0)),
       "%s by %s", name, kind);
}

static void
test_network(const struct h2k_inspection *in)
{
    interface_is(in, "ens192", "ifupdown", "static", "10.0.2.15/24",
                 "00:50:56:aa:bb:01");
    interface_is(in, "ens224", "ifupdown", "dhcp", NULL, NULL);
    interface_is(in, "ens256", "networkd", NULL, "10.1.0.2/16", NULL);
    interface_is(in, "ens161", "netplan", "dhcp", NULL, NULL);
    interface_is(in, "lan0", "netplan", "static", "10.9.0.1/24",
                 "00:50:56:aa:bb:07");
    interface_is(in, "ens33", "NetworkManager", "manual", "10.3.0.4/24", NULL);
    interface_is(in, "eth0", "ifcfg", "none", "10.4.0.5", "00:0c:29:00:00:01");
    ok(in->network.count == 7, "seven interfaces");
}

static void
test_inspect(void)
{
    struct h2k_inspection in = { 0 };
    H2K_AUTO(h2k_guest) guest = make_guest(root_tree());
    if (!ok(h2k_guest_assemble(guest) == 0 && h2k_inspect(guest, &in) == 0,
            "a guest is inspected"))
        return;
    ok_string(in.os_type, "linux");
    ok_string(in.distro, "debian");
    ok_string(in.os_version, "12");
    ok_string(in.product_name, "Debian GNU/Linux 12 (bookworm)");
    ok_string(in.arch, "x86_64");
    ok_string(in.hostname, "web01");
    ok_string(in.selinux, "permissive");
    ok_string(in.init, "systemd");
    ok_string(in.package_manager, "apt");
    ok_string(in.vmware_tools, "open-vm-tools");
    ok_string(in.bootloader, "grub2");
    ok_string(in.firmware, "bios");
    ok_string(in.kernel_version, "6.1.0-1");
    const struct h2k_inspected_kernel *k = in.kernels;
    ok(in.kernel_count == 1 && k->is_default && k->has_virtio &&
           k->drivers[H2K_DRIVER_VIRTIO_BLK].state == H2K_DRIVER_BUILTIN &&
           k->drivers[H2K_DRIVER_VIRTIO_SCSI].state == H2K_DRIVER_MISSING,
       "a kernel without modules says by its configuration what it has");
    ok(in.filesystem_count == 7 && in.mountpoint_count == 5 &&
           strcmp(in.filesystems[2].uuid, "dddd-03") == 0,
       "volumes and mounts");
    ok(in.lvm.count == 1 && strcmp(in.lvm.items[0], "disk-1 partition 3") == 0,
       "a physical volume is named");
    test_network(&in);
    h2k_inspection_free(&in);
}

/* ---- Discarding ---- */

static void
test_discard(void)
{
    uint64_t bytes = 0;
    h2k_autofree uint8_t *disk = malloc(1 << 20);
    h2k_autofree uint8_t *got = malloc(1 << 20);
    memset(disk, 'x', 1 << 20);
    memcpy(disk + 4086, "SWAPSPACE2", 10);
    H2K_AUTO(h2k_block) parent = h2k_memory_view(disk, 1 << 20);
    H2K_AUTO(h2k_block) overlay = h2k_overlay_new(parent, NULL);
    struct h2k_disk_source source = { .id = "disk-0", .block = overlay };
    H2K_AUTO(h2k_guest) guest = h2k_guest_new();
    ok(h2k_guest_add_disk(guest, &source) == 0, "a disk of swap space");
    guest->volumes[0].fs_info.type = "swap";
    ok(h2k_guest_discard_free(guest, &bytes) == 0 &&
           bytes == (1 << 20) - 65536,
       "its content is left out, not its header");
    ok(h2k_block_pread(overlay, got, 1 << 20, 0) == 0 &&
           memcmp(got, disk, 65536) == 0 && got[65536] == 0 &&
           got[(1 << 20) - 1] == 0,
       "and reads as zeros");
    ok(h2k_guest_discard_free(guest, &bytes) == 0 && bytes == 0,
       "a second time there is nothing left");
    h2k_overlay_reset(overlay);
    memcpy(disk + 4086, "S1SUSPEND\0", 10);
    ok(h2k_guest_discard_free(guest, &bytes) == 0 && bytes == 0,
       "a system that sleeps in it is kept");
}

int
main(void)
{
    test_fstab();
    test_resolve();
    test_assemble();
    test_implied(true);
    test_implied(false);
    test_no_root();
    test_inspect();
    test_discard();
    return tap_done();
}
