/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * One file of a guest's network configuration, which the first byte chooses,
 * on a system that the second does: what is read of it, and the edit
 * "network", which leaves a tree that it leaves alone.
 */
#include "fs/memory.h"
#include "guest/fix/edits.h"
#include "guest/network/network.h"

#include "rewrite.h"

static const char *const files[] = {
    "/etc/network/interfaces",
    "/etc/network/interfaces.d/a",
    "/etc/netplan/a.yaml",
    "/etc/NetworkManager/system-connections/a.nmconnection",
    "/etc/sysconfig/network-scripts/ifcfg-ens192",
    "/etc/sysconfig/network/ifcfg-eth0",
    "/etc/systemd/network/a.network",
    "/etc/systemd/network/a.netdev",
    "/etc/systemd/network/00-a.link",
    "/etc/udev/rules.d/70-persistent-net.rules",
    "/var/lib/dhcp/dhclient.leases",
    "/boot/grub/grub.cfg",
    "/etc/udev/rules.d/70-hyper2kvm-net.rules",
    "/etc/systemd/network/10-hyper2kvm-ens192.link",
    "/etc/wicked/ifconfig/a.xml",
    "/etc/systemd/network/b.network.d/a.conf",
    "/var/lib/dhcp/dhclient.ens192.leases",
};
#define FILES (sizeof(files) / sizeof(files[0]))

/* Bits of the second byte. */
enum {
    LINK_FILES = 1,
    GENERATOR = 2,
    OLD_SYSTEMD = 4,
    SECOND_NAME = 8,
    NICS_AT = 4, /* how many NICs: two bits */
    NO_MAC = 64,
};

static const struct h2k_edit *const edits[] = { &h2k_edit_network, NULL };

static void
put(struct h2k_root *root, const char *path, const void *data, size_t size)
{
    h2k_autofree char *folder = strdup(path);
    *strrchr(folder, '/') = '\0';
    if (h2k_root_mkdirs(root, folder, 0755) < 0 ||
        h2k_root_write_file(root, path, data, size, 0600) < 0)
        abort();
}

static void
put_system(struct h2k_root *root, unsigned system)
{
    static const char config[] = "auto ens192\niface ens192 inet dhcp\n";
    static const char unit[] = "[Match]\nName=ens*\n";
    static const char more[] = "auto ens224\niface ens224 inet dhcp\n";
    put(root, "/usr/lib/udev/rules.d/60-block.rules", "#\n", 2);
    if (system & LINK_FILES)
        put(root, "/usr/lib/udev/rules.d/80-net-setup-link.rules", "#\n", 2);
    if (system & GENERATOR)
        put(root, "/usr/lib/udev/rules.d/75-persistent-net-generator.rules",
            "#\n", 2);
    put(root,
        system & OLD_SYSTEMD ? "/usr/lib/systemd/libsystemd-shared-239.so"
                             : "/usr/lib/systemd/libsystemd-shared-252.so",
        "", 0);
    put(root, "/etc/network/interfaces",
        "source /etc/network/interfaces.d/*\n", 35);
    put(root, "/etc/network/interfaces.d/one", config, sizeof(config) - 1);
    put(root, "/etc/systemd/network/b.network", unit, sizeof(unit) - 1);
    if (system & SECOND_NAME)
        put(root, "/etc/network/interfaces.d/two", more, sizeof(more) - 1);
}

static int
run(struct h2k_root *root, unsigned system, int64_t now, size_t *changes)
{
    const char *mac = system & NO_MAC ? NULL : "00:50:56:aa:bb:02";
    const struct h2k_fix_nic nics[] = { { "nic-0", "00:50:56:aa:bb:01" },
                                        { "ens224", mac },
                                        { NULL, "00:50:56:aa:bb:03" } };
    struct h2k_fix_options options = h2k_fix_defaults();
    struct h2k_fix_result result = { 0 };
    options.now = now;
    options.nics = nics;
    options.nic_count = (system >> NICS_AT) & 3;
    struct h2k_fix fix = { .root = root,
                           .devices = fuzz_devices,
                           .options = &options,
                           .result = &result };
    int rc = h2k_fix_run_edits(&fix, edits);
    *changes = result.change_count + result.changes_left_out;
    h2k_fix_result_free(&result);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 24);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    size_t changes;
    if (size < 2)
        return 0;
    put_system(root, data[1]);
    put(root, files[data[0] % FILES], data + 2, size - 2);
    if (run(root, data[1], 1770000000, &changes) < 0)
        return 0;
    if (run(root, data[1], 1770000001, &changes) < 0 || changes != 0)
        abort();
    return 0;
}
