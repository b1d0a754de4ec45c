/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The edit "network" on small trees, as distributions have them. */
#include "guest/fix/cards.h"
#include "guest/fix/edits.h"

#include "base/buffer.h"
#include "fs/memory.h"

#include "fake-devices.h"
#include "memtree.h"
#include "tap.h"

#define NOW 1770000000
#define A "00:50:56:aa:bb:01"
#define B "00:50:56:aa:bb:02"
#define C "00:50:56:aa:bb:03"
#define LINK(name) "/etc/systemd/network/10-hyper2kvm-" name ".link"
#define RULES "/etc/udev/rules.d/70-hyper2kvm-net.rules"
#define HEADING \
    "# Made by hyper2kvm: this card keeps the name that it had on VMware.\n"

static const struct h2k_edit *const edits[] = { &h2k_edit_network, NULL };

/* The machine's NICs, by their MACs; NULL ends them. */
struct nics {
    struct h2k_fix_nic items[8];
    size_t count;
};
static const struct nics none = { 0 };
static const struct nics one = { .items = { { "nic-0", A } }, .count = 1 };
static const struct nics two = { .items = { { "nic-0", A }, { "nic-1", B } },
                                 .count = 2 };
static const struct nics unknown = {
    .items = { { "nic-0", NULL }, { "nic-1", NULL } }, .count = 2
};

static int
run(struct h2k_fs *fs, const struct nics *nics, struct h2k_fix_result *result)
{
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_fix_options options = h2k_fix_defaults();
    options.now = NOW;
    options.nics = nics->items;
    options.nic_count = nics->count;
    struct h2k_fix fix = { .root = root,
                           .devices = fake_devices,
                           .options = &options,
                           .result = result };
    *result = (struct h2k_fix_result){ 0 };
    return h2k_fix_run_edits(&fix, edits);
}

/* What became of the names, and the warnings. */
static char *
tell(const struct h2k_fix_result *result)
{
    struct h2k_buffer out = { 0 };
    for (size_t i = 0; i < result->name_count; i++) {
        const struct h2k_fixed_name *n = &result->names[i];
        h2k_buffer_addf(&out, "%s %s %s\n", n->name,
                        n->mac == NULL ? "-" : n->mac, n->by);
    }
    for (size_t i = 0; i < result->warnings.count; i++)
        h2k_buffer_addf(&out, "! %s\n", result->warnings.items[i]);
    return h2k_buffer_steal(&out);
}

/* The edit with these NICs comes to what is EXPECTED, and a second time
 * changes nothing. */
static void
names_are(struct h2k_fs *fs, const struct nics *nics, const char *what,
          const char *expected)
{
    struct h2k_fix_result first, second;
    ok(run(fs, nics, &first) == 0, "%s", what);
    h2k_autofree char *told = tell(&first);
    same_text(told, expected);
    ok(run(fs, nics, &second) == 0 && second.change_count == 0,
       "a second run changes nothing");
    h2k_fix_result_free(&first);
    h2k_fix_result_free(&second);
}

static void
content(struct h2k_fs *fs, const char *path, const char *expected)
{
    h2k_autofree char *text = memtree_text(fs, path);
    printf("# %s\n", path);
    if (ok(text != NULL, "it is there"))
        same_text(text, expected);
}

static void
is_absent(struct h2k_fs *fs, const char *path)
{
    h2k_autofree char *text = memtree_text(fs, path);
    ok(text == NULL, "there is no %s", path);
}

/* ---- Systems ---- */

/* systemd VERSION as it is today. */
static struct h2k_fs *
systemd(int version)
{
    struct h2k_fs *fs = h2k_memfs_new(1 << 22);
    char path[128];
    snprintf(path, sizeof(path), "/usr/lib/systemd/libsystemd-shared-%d.so",
             version);
    memtree_file(fs, path, 0644, "");
    memtree_file(fs, "/usr/lib/udev/rules.d/80-net-setup-link.rules", 0644,
                 "#\n");
    return fs;
}

/* RHEL 6, SLES 11, Debian 7. */
static struct h2k_fs *
old_udev(void)
{
    struct h2k_fs *fs = h2k_memfs_new(1 << 22);
    memtree_file(fs, "/lib/udev/rules.d/75-persistent-net-generator.rules",
                 0644, "#\n");
    return fs;
}

static void
test_one(void)
{
    H2K_AUTO(h2k_fs) fs = systemd(252);
    memtree_file(fs, "/etc/network/interfaces", 0644,
                 "auto lo\niface lo inet loopback\nallow-hotplug ens192\n"
                 "iface ens192 inet static\naddress 10.0.0.5/24\n");
    names_are(fs, &one, "ifupdown, one NIC", "ens192 " A " link file\n");
    content(fs, LINK("ens192"),
            HEADING "[Match]\nPermanentMACAddress=" A
                    "\nType=ether\n\n[Link]\nName=ens192\n");

    H2K_AUTO(h2k_fs) none_fs = systemd(245);
    memtree_file(none_fs, "/etc/network/interfaces", 0644,
                 "allow-hotplug ens192\niface ens192 inet dhcp\n");
    names_are(none_fs, &none, "and no word of NICs", "ens192 - link file\n");
    content(none_fs, LINK("ens192"),
            HEADING "[Match]\nDriver=virtio_net\nType=ether\n\n"
                    "[Link]\nName=ens192\n");
    /* The manifest learns of it. */
    names_are(none_fs, &one, "then its MAC is known",
              "ens192 " A " link file\n");
    content(none_fs, LINK("ens192"),
            HEADING "[Match]\nPermanentMACAddress=" A
                    "\nType=ether\n\n[Link]\nName=ens192\n");
}

static void
test_order(void)
{
    static const struct nics many = {
        .items = { { NULL, "00:50:56:00:00:01" },
                   { NULL, "00:50:56:00:00:02" },
                   { NULL, "00:50:56:00:00:03" },
                   { NULL, "00:50:56:00:00:04" },
                   { NULL, "00:50:56:00:00:05" } },
        .count = 5,
    };
    H2K_AUTO(h2k_fs) fs = systemd(252);
    memtree_file(fs, "/etc/netplan/01.yaml", 0600,
                 "network:\n  version: 2\n  ethernets:\n"
                 "    ens161: {dhcp4: true}\n    ens160: {dhcp4: true}\n"
                 "    ens256: {dhcp4: true}\n    ens192: {dhcp4: true}\n"
                 "    ens224: {dhcp4: true}\n");
    names_are(fs, &many, "five slots of VMware's",
              "ens161 00:50:56:00:00:05 link file\n"
              "ens160 00:50:56:00:00:01 link file\n"
              "ens256 00:50:56:00:00:04 link file\n"
              "ens192 00:50:56:00:00:02 link file\n"
              "ens224 00:50:56:00:00:03 link file\n");

    static const char *const pairs[][2] = {
        { "ens192", "ens224" }, { "ens33", "ens34" },
        { "eth0", "eth1" },     { "enp3s0", "enp11s0" },
        { "enp2s1", "enp2s5" }, { "eno16777736", "eno33554960" },
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
        H2K_AUTO(h2k_fs) two_fs = systemd(252);
        char text[256], expected[256];
        snprintf(text, sizeof(text),
                 "auto %s %s\niface %s inet dhcp\niface %s inet dhcp\n",
                 pairs[i][1], pairs[i][0], pairs[i][1], pairs[i][0]);
        memtree_file(two_fs, "/etc/network/interfaces", 0644, text);
        snprintf(expected, sizeof(expected),
                 "%s " B " link file\n%s " A " link file\n", pairs[i][1],
                 pairs[i][0]);
        names_are(two_fs, &two, pairs[i][0], expected);
    }
}

static void
test_unknown(void)
{
    H2K_AUTO(h2k_fs) fs = systemd(252);
    memtree_file(fs, "/etc/network/interfaces", 0644,
                 "auto ens192 ens224\niface ens192 inet dhcp\n"
                 "iface ens224 inet dhcp\n");
    names_are(fs, &unknown, "two NICs whose MACs nobody knows",
              "ens192 - nothing\nens224 - nothing\n"
              "! network: /etc/network/interfaces: which NIC has the name "
              "ens192, ens224 is not known, so it is not kept; put the "
              "machine's NICs into the manifest's `nics`, each with its "
              "`mac`, and with its name in the guest as its `id`\n");
    is_absent(fs, LINK("ens192"));

    static const struct nics ids = {
        .items = { { "ens224", A }, { "ens192", B } }, .count = 2
    };
    names_are(fs, &ids, "the manifest says it",
              "ens192 " B " link file\nens224 " A " link file\n");

    H2K_AUTO(h2k_fs) lone = systemd(252);
    memtree_file(lone, "/etc/network/interfaces", 0644,
                 "auto ens192\niface ens192 inet dhcp\n");
    struct h2k_fix_result result;
    ok(run(lone, &two, &result) == 0 && result.warnings.count == 1 &&
           result.change_count == 0,
       "one name for two NICs is not guessed");
    h2k_fix_result_free(&result);

    H2K_AUTO(h2k_fs) custom = systemd(252);
    memtree_file(custom, "/etc/network/interfaces", 0644,
                 "auto inside outside\niface inside inet dhcp\n"
                 "iface outside inet dhcp\n");
    ok(run(custom, &two, &result) == 0 && result.warnings.count == 1 &&
           result.change_count == 0,
       "nor is what names of one's own mean");
    h2k_fix_result_free(&result);
}

static void
test_stale(void)
{
    H2K_AUTO(h2k_fs) fs = systemd(252);
    memtree_file(fs, "/etc/network/interfaces", 0644,
                 "auto ens192 eth0\niface eth0 inet dhcp\n"
                 "iface ens192 inet dhcp\n");
    names_are(fs, &one, "eth0 is left from before names were predictable",
              "ens192 " A " link file\n");
    H2K_AUTO(h2k_fs) off = systemd(239);
    memtree_file(off, "/etc/sysconfig/network-scripts/ifcfg-ens33", 0644,
                 "DEVICE=ens33\nONBOOT=no\nBOOTPROTO=dhcp\n");
    memtree_file(off, "/etc/sysconfig/network-scripts/ifcfg-ens192", 0644,
                 "DEVICE=ens192\nONBOOT=yes\nBOOTPROTO=dhcp\n");
    struct h2k_fix_result result;
    ok(run(off, &none, &result) == 0 && result.change_count == 0 &&
           result.warnings.count == 1,
       "a name that is off may be of a card all the same");
    h2k_fix_result_free(&result);
    names_are(off, &one, "ens33 is off, and there is one card",
              "ens192 " A " udev rule\n");
}

/* ---- Distributions ---- */

static void
test_netplan(void)
{
    H2K_AUTO(h2k_fs) fs = systemd(249);
    memtree_file(fs, "/etc/netplan/00-installer-config.yaml", 0644,
                 "network:\n  ethernets:\n    ens192:\n"
                 "      addresses: [10.0.0.5/24]\n"
                 "    ens224: {dhcp4: true}\n"
                 "  bonds:\n    bond0: {interfaces: [ens192, ens224]}\n"
                 "  vlans:\n    bond0.5: {id: 5, link: bond0}\n"
                 "  version: 2\n");
    names_are(fs, &two, "Ubuntu, a bond and a VLAN on it",
              "ens192 " A " link file\nens224 " B " link file\n");

    H2K_AUTO(h2k_fs) cloud = systemd(249);
    memtree_file(cloud, "/etc/netplan/50-cloud-init.yaml", 0644,
                 "network:\n  version: 2\n  renderer: NetworkManager\n"
                 "  ethernets:\n    ens192:\n      match:\n"
                 "        macaddress: " A "\n      set-name: ens192\n"
                 "      dhcp4: true\n");
    names_are(cloud, &one, "netplan names by MAC itself", "");
    is_absent(cloud, LINK("ens192"));
    static const struct nics other = { .items = { { NULL, C } }, .count = 1 };
    names_are(
        cloud, &other, "a MAC that no NIC has",
        "! network: /etc/netplan/50-cloud-init.yaml: it is for the MAC " A
        ", which none of the manifest's `nics` has: give the NIC that "
        "MAC, or correct the file\n");

    H2K_AUTO(h2k_fs) driver = systemd(249);
    memtree_file(driver, "/etc/netplan/a.yaml", 0600,
                 "network:\n  ethernets:\n    # driver: vmxnet3\n    all:\n"
                 "      match:\n        driver:\n        - vmxnet3\n"
                 "        - \"e1000\"\n      dhcp4: true\n"
                 "    b: {match: {driver: vmxnet3}}\n    vmxnet3: {}\n");
    struct h2k_fix_result result;
    ok(run(driver, &one, &result) == 0, "a match by driver");
    content(driver, "/etc/netplan/a.yaml",
            "network:\n  ethernets:\n    # driver: vmxnet3\n    all:\n"
            "      match:\n        driver:\n        - virtio_net\n"
            "        - \"virtio_net\"\n      dhcp4: true\n"
            "    b: {match: {driver: virtio_net}}\n    vmxnet3: {}\n");
    h2k_fix_result_free(&result);
}

static void
test_red_hat(void)
{
    H2K_AUTO(h2k_fs) seven = systemd(219);
    memtree_file(seven, "/etc/sysconfig/network-scripts/ifcfg-ens192", 0644,
                 "TYPE=Ethernet\nBOOTPROTO=none\nDEVICE=ens192\nONBOOT=yes\n"
                 "HWADDR=" B "\nMASTER=bond0\nSLAVE=yes\n");
    memtree_file(seven, "/etc/sysconfig/network-scripts/ifcfg-ens224", 0644,
                 "TYPE=Ethernet\nDEVICE=ens224\nONBOOT=yes\nMASTER=bond0\n"
                 "SLAVE=yes\n");
    memtree_file(seven, "/etc/sysconfig/network-scripts/ifcfg-bond0", 0644,
                 "TYPE=Bond\nDEVICE=bond0\nONBOOT=yes\nIPADDR=10.0.0.5\n"
                 "PREFIX=24\nBONDING_OPTS=mode=4\n");
    memtree_file(seven, "/etc/sysconfig/network-scripts/ifcfg-bond0.7", 0644,
                 "DEVICE=bond0.7\nVLAN=yes\nONBOOT=yes\n");
    names_are(seven, &two, "RHEL 7: one by HWADDR, the other is left",
              "ens192 " B " udev rule\nens224 " A " udev rule\n");

    H2K_AUTO(h2k_fs) team = systemd(239);
    memtree_file(team, "/etc/sysconfig/network-scripts/ifcfg-team0", 0644,
                 "DEVICE=team0\nDEVICETYPE=Team\nONBOOT=yes\n");
    memtree_file(team, "/etc/sysconfig/network-scripts/ifcfg-team0-port1",
                 0644,
                 "NAME=team0-port1\nDEVICE=ens192\nDEVICETYPE=TeamPort\n"
                 "TEAM_MASTER=team0\nONBOOT=yes\n");
    names_are(team, &one, "RHEL 8: a team", "ens192 " A " udev rule\n");

    H2K_AUTO(h2k_fs) nine = systemd(252);
    memtree_file(nine,
                 "/etc/NetworkManager/system-connections/ens192.nmconnection",
                 0600,
                 "[connection]\nid=ens192\ntype=ethernet\n"
                 "interface-name=ens192\n[ipv4]\nmethod=manual\n"
                 "address1=10.0.0.5/24,10.0.0.1\n");
    memtree_file(nine, "/etc/NetworkManager/system-connections/x", 0644,
                 "[connection]\nid=x\ntype=ethernet\n[match]\n"
                 "driver=vmxnet3\n");
    names_are(nine, &one, "RHEL 9",
              "ens192 " A " link file\n"
              "! network: /etc/NetworkManager/system-connections/x: "
              "NetworkManager does not read it: it is to be root's, with "
              "mode 0600\n");
    content(nine, "/etc/NetworkManager/system-connections/x",
            "[connection]\nid=x\ntype=ethernet\n[match]\n"
            "driver=virtio_net\n");
}

static void
test_rhel6(void)
{
    static const char rule[] =
        "# PCI device 0x15ad:0x07b0 (vmxnet3)\n"
        "SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", "
        "ATTR{address}==\"" A "\", ATTR{type}==\"1\", KERNEL==\"eth*\", "
        "NAME=\"eth0\"\n";
    static const char config[] =
        "DEVICE=eth0\nHWADDR=" A "\nTYPE=Ethernet\nONBOOT=yes\n"
        "BOOTPROTO=dhcp\n";
    H2K_AUTO(h2k_fs) fs = old_udev();
    memtree_file(fs, "/etc/sysconfig/network-scripts/ifcfg-eth0", 0644,
                 config);
    memtree_file(fs, "/etc/udev/rules.d/70-persistent-net.rules", 0644, rule);
    names_are(fs, &one, "RHEL 6: its rule by MAC stays",
              "eth0 " A " already\n");
    is_absent(fs, RULES);
    content(fs, "/etc/udev/rules.d/70-persistent-net.rules", rule);

    /* Whoever imports the disk chooses the MAC: the generator would call the
     * card eth1. */
    names_are(fs, &none, "no word of NICs",
              "eth0 - udev rule\n"
              "! network: /etc/sysconfig/network-scripts/ifcfg-eth0: it is "
              "for the MAC " A ", and the manifest has no `nics`: give the "
              "NIC that MAC, or correct the file\n");
    content(fs, RULES,
            HEADING "SUBSYSTEM==\"net\", ACTION==\"add\", "
                    "DRIVERS==\"virtio_net\", ATTR{type}==\"1\", "
                    "NAME:=\"eth0\"\n");

    /* The manifest learns of two cards: the rule for any of them goes. */
    memtree_file(fs, "/etc/sysconfig/network-scripts/ifcfg-eth1", 0644,
                 "DEVICE=eth1\nONBOOT=yes\n");
    names_are(fs, &two, "then there are two cards",
              "eth0 " A " already\neth1 " B " udev rule\n");
    content(fs, RULES,
            HEADING "SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", "
                    "ATTR{address}==\"" B "\", ATTR{type}==\"1\", "
                    "NAME:=\"eth1\"\n");

    /* systemd 197 to 208, and RHEL 7 by its manual: predictable names, and no
     * link files. */
    H2K_AUTO(h2k_fs) slot = h2k_memfs_new(1 << 22);
    memtree_file(slot, "/usr/lib/udev/rules.d/80-net-name-slot.rules", 0644,
                 "#\n");
    memtree_file(slot, "/etc/sysconfig/network-scripts/ifcfg-ens192", 0644,
                 "DEVICE=ens192\nONBOOT=yes\n");
    names_are(slot, &one, "names by slot", "ens192 " A " udev rule\n");

    H2K_AUTO(h2k_fs) swapped = old_udev();
    memtree_file(swapped, "/etc/sysconfig/network-scripts/ifcfg-eth0", 0644,
                 "DEVICE=eth0\nONBOOT=yes\nHWADDR=" B "\n");
    memtree_file(swapped, "/etc/sysconfig/network-scripts/ifcfg-eth1", 0644,
                 "DEVICE=eth1\nONBOOT=yes\n");
    names_are(swapped, &two, "two, by HWADDR",
              "eth0 " B " udev rule\neth1 " A " udev rule\n");
    content(swapped, RULES,
            HEADING "SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", "
                    "ATTR{address}==\"" B "\", ATTR{type}==\"1\", "
                    "NAME:=\"eth0\"\n"
                    "SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", "
                    "ATTR{address}==\"" A "\", ATTR{type}==\"1\", "
                    "NAME:=\"eth1\"\n");
}

static void
test_suse(void)
{
    H2K_AUTO(h2k_fs) fs = systemd(254);
    memtree_file(fs, "/boot/grub2/grub.cfg", 0600,
                 "linux /v root=UUID=x net.ifnames=0 quiet\n");
    memtree_file(fs, "/etc/sysconfig/network/ifcfg-eth0", 0644,
                 "BOOTPROTO='static'\nSTARTMODE='auto'\n"
                 "IPADDR='10.0.0.5/24'\n");
    names_are(fs, &one, "SLES with net.ifnames=0", "eth0 " A " kernel\n");
    is_absent(fs, LINK("eth0"));
    memtree_file(fs, "/etc/sysconfig/network/ifcfg-br0", 0644,
                 "BRIDGE='yes'\nBRIDGE_PORTS='eth0 eth1'\nSTARTMODE=auto\n");
    names_are(fs, &two, "a bridge over two",
              "eth0 " A " link file\neth1 " B " link file\n");
}

static void
test_networkd(void)
{
    H2K_AUTO(h2k_fs) fs = systemd(252);
    memtree_file(fs, "/etc/systemd/network/10-bond.netdev", 0644,
                 "[NetDev]\nName=uplink\nKind=bond\n");
    memtree_file(fs, "/etc/systemd/network/20-ports.network", 0644,
                 "[Match]\nName=ens192 ens224\n[Network]\nBond=uplink\n");
    memtree_file(fs, "/etc/systemd/network/30-uplink.network", 0644,
                 "[Match]\nName=uplink\n[Network]\nAddress=10.0.0.5/24\n");
    names_are(fs, &two, "networkd: the ports of a bond",
              "ens192 " A " link file\nens224 " B " link file\n");

    H2K_AUTO(h2k_fs) by_mac = systemd(252);
    memtree_file(by_mac, "/etc/systemd/network/10.network", 0644,
                 "[Match]\nMACAddress=" A "\n[Network]\nDHCP=yes\n");
    names_are(by_mac, &one, "by MAC alone: no name is needed", "");
}

/* ---- What else there is ---- */

static void
test_fights(void)
{
    static const char config[] = "auto lan0\niface lan0 inet dhcp\n";
    H2K_AUTO(h2k_fs) kept = systemd(252);
    memtree_file(kept, "/etc/network/interfaces", 0644, config);
    memtree_file(kept, "/etc/systemd/network/10-lan0.link", 0644,
                 "[Match]\nMACAddress=" A "\n[Link]\nName=lan0\n");
    names_are(kept, &one, "a link file by MAC stays", "lan0 " A " already\n");

    H2K_AUTO(h2k_fs) path = systemd(252);
    memtree_file(path, "/etc/network/interfaces", 0644, config);
    memtree_file(path, "/etc/systemd/network/05-lan0.link", 0644,
                 "[Match]\nPath=pci-0000:0b:00.0\n[Link]\nName=lan0\n");
    names_are(path, &one, "one by VMware's bus before ours: a rule wins",
              "lan0 " A " udev rule\n");

    H2K_AUTO(h2k_fs) mtu = systemd(252);
    memtree_file(mtu, "/etc/network/interfaces", 0644,
                 "auto ens192\niface ens192 inet dhcp\n");
    memtree_file(mtu, "/etc/systemd/network/50-mtu.link", 0644,
                 "[Match]\nMACAddress=" A "\n[Link]\nMTUBytes=9000\n");
    names_are(mtu, &one, "settings of another link file are not lost",
              "ens192 " A " udev rule\n");

    H2K_AUTO(h2k_fs) rule = systemd(252);
    memtree_file(rule, "/etc/network/interfaces", 0644, config);
    memtree_file(rule, "/etc/udev/rules.d/70-lan.rules", 0644,
                 "SUBSYSTEM==\"net\", DRIVERS==\"vmxnet3\", NAME=\"lan0\"\n");
    names_are(rule, &one, "a rule by VMware's driver",
              "lan0 " A " udev rule\n");
    content(rule, "/etc/udev/rules.d/70-lan.rules",
            "SUBSYSTEM==\"net\", DRIVERS==\"virtio_net\", NAME=\"lan0\"\n");

    H2K_AUTO(h2k_fs) masked = systemd(252);
    memtree_file(masked, "/etc/network/interfaces", 0644, config);
    memtree_link(masked, "/etc/udev/rules.d/80-net-setup-link.rules",
                 "/dev/null");
    names_are(masked, &one, "no link file is applied",
              "lan0 " A " udev rule\n");
}

static void
test_hostile(void)
{
    static const char *const names[] = {
        "", ".", "..", "a/b", "a b", "a\nb", "a\"b", "-a", "0123456789abcdef",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        ok(!h2k_is_interface_name(names[i]), "name %zu is none", i);
    ok(h2k_is_interface_name("ens192") && h2k_is_interface_name("a.b_c-1"),
       "others are");
    H2K_AUTO(h2k_fs) fs = systemd(252);
    memtree_file(fs, "/etc/netplan/a.yaml", 0600,
                 "network:\n  ethernets:\n"
                 "    \"x\\\"\\n[Link]\\nName=y\": {dhcp4: true}\n"
                 "    ../../../etc/passwd: {dhcp4: true}\n");
    names_are(fs, &one, "names that mean harm", "");

    H2K_AUTO(h2k_fs) alpine = h2k_memfs_new(1 << 20);
    memtree_file(alpine, "/etc/network/interfaces", 0644,
                 "auto eth0 eth1\niface eth0 inet dhcp\n"
                 "iface eth1 inet dhcp\n");
    names_are(alpine, &two, "no udev",
              "eth0 " A " kernel\neth1 " B " kernel\n");
    names_are(alpine, &unknown, "and no MACs",
              "eth0 - kernel\neth1 - kernel\n");
}

/* Patterns that fit on VMware alone. */
static void
test_patterns(void)
{
    static const char warning[] =
        "! network: /etc/systemd/network/20.network: it is for cards with "
        "names like ens*, which they have on VMware, and may not have on "
        "KVM: widen it to en*, or put the machine's NICs into the manifest's "
        "`nics`, each with its `mac`, and with its name in the guest as its "
        "`id`\n";
    static const struct nics ids = {
        .items = { { "ens192", A }, { "ens224", B } }, .count = 2
    };
    H2K_AUTO(h2k_fs) fs = systemd(252);
    memtree_file(fs, "/etc/systemd/network/20.network", 0644,
                 "[Match]\nName=ens*\n[Network]\nDHCP=yes\n");
    names_are(fs, &two, "a pattern of VMware's names", warning);
    names_are(fs, &ids, "whose names the manifest tells",
              "ens192 " A " link file\nens224 " B " link file\n");

    static const char *const wide[] = { "e*", "en*", "eth*", "ens* enp*" };
    for (size_t i = 0; i < sizeof(wide) / sizeof(*wide); i++) {
        H2K_AUTO(h2k_fs) any = systemd(252);
        char text[128];
        snprintf(text, sizeof(text), "[Match]\nName=%s\n[Network]\nDHCP=yes\n",
                 wide[i]);
        memtree_file(any, "/etc/systemd/network/20.network", 0644, text);
        names_are(any, &ids, wide[i], "");
    }

    H2K_AUTO(h2k_fs) dropped = systemd(252);
    memtree_file(dropped, "/etc/systemd/network/20.network", 0644,
                 "[Match]\nName=ens192\n");
    memtree_file(dropped, "/etc/systemd/network/20.network.d/a.conf", 0644,
                 "[Match]\nDriver=vmxnet3\n");
    names_are(dropped, &one, "a drop-in names VMware's driver",
              "ens192 " A " link file\n");
    content(dropped, "/etc/systemd/network/20.network.d/a.conf",
            "[Match]\nDriver=virtio_net\n");
}

/* Of a definition that is found by its MAC, netplan's id is no name. */
static void
test_ids(void)
{
    H2K_AUTO(h2k_fs) fs = systemd(252);
    memtree_file(fs, "/etc/netplan/a.yaml", 0600,
                 "network:\n  ethernets:\n"
                 "    left: {match: {macaddress: '" A "'}}\n"
                 "    right: {match: {macaddress: '" B "'}}\n"
                 "  bonds:\n    bond0: {interfaces: [left, right]}\n");
    names_are(fs, &two, "ids of what is found by MAC", "");
    H2K_AUTO(h2k_fs) lone = systemd(252);
    memtree_file(lone, "/etc/netplan/a.yaml", 0600,
                 "network:\n  ethernets:\n"
                 "    left: {match: {macaddress: '" A "'}}\n"
                 "  bridges:\n    br0: {interfaces: [left]}\n");
    names_are(lone, &none, "and of the only one",
              "! network: /etc/netplan/a.yaml: it is for the MAC " A
              ", and the manifest has no `nics`: give the NIC that MAC, or "
              "correct the file\n");
}

/* A guest that was migrated before, of which another machine was made. */
static void
test_again(void)
{
    static const struct nics swapped = {
        .items = { { "ens192", B }, { "ens224", A } }, .count = 2
    };
    H2K_AUTO(h2k_fs) fs = systemd(252);
    memtree_file(fs, "/etc/systemd/network/10-hyper2kvm-ens192.link", 0644,
                 "[Match]\nDriver=virtio_net\nType=ether\n[Link]\n"
                 "Name=ens192\n");
    memtree_file(fs, "/etc/network/interfaces", 0644,
                 "auto ens224\niface ens224 inet dhcp\n");
    names_are(fs, &swapped, "our own file for any card comes first",
              "ens224 " A " udev rule\n");
}

/* RHEL 7 with UEFI has its menu on the system partition. */
static void
test_uefi_menu(void)
{
    H2K_AUTO(h2k_fs) fs = systemd(252);
    memtree_file(fs, "/boot/efi/EFI/redhat/grub.cfg", 0600,
                 "linuxefi /v root=UUID=x net.ifnames=0 biosdevname=0\n");
    memtree_file(fs, "/etc/sysconfig/network-scripts/ifcfg-eth0", 0644,
                 "DEVICE=eth0\nONBOOT=yes\n");
    names_are(fs, &one, "net.ifnames=0 there", "eth0 " A " kernel\n");
}

int
main(void)
{
    test_patterns();
    test_ids();
    test_again();
    test_uefi_menu();
    test_one();
    test_order();
    test_unknown();
    test_stale();
    test_netplan();
    test_red_hat();
    test_rhel6();
    test_suse();
    test_networkd();
    test_fights();
    test_hostile();
    return tap_done();
}
