/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Each format of network configuration, as distributions write it. */
#include "guest/network/network.h"

#include "base/buffer.h"
#include "base/cleanup.h"
#include "fs/memory.h"

#include "memtree.h"
#include "tap.h"

static void
add_strings(struct h2k_buffer *out, const char *before,
            const struct h2k_strings *list)
{
    for (size_t i = 0; i < list->count; i++)
        h2k_buffer_addf(out, "%s%s", i == 0 ? before : ",", list->items[i]);
}

static void
add_interface(struct h2k_buffer *out, const struct h2k_interface *i)
{
    h2k_buffer_addf(out, "%s %s %s", i->source,
                    i->name[0] == '\0' ? "-" : i->name,
                    h2k_interface_type_name(i->type));
    if (i->method != NULL)
        h2k_buffer_addf(out, " %s", i->method);
    add_strings(out, " ", &i->addresses);
    add_strings(out, " on ", &i->lower);
    if (i->mac != NULL)
        h2k_buffer_addf(out, " mac=%s", i->mac);
    if (i->given_mac != NULL)
        h2k_buffer_addf(out, " given=%s", i->given_mac);
    if (i->driver != NULL)
        h2k_buffer_addf(out, " driver=%s", i->driver);
    h2k_buffer_addf(out, "%s%s%s\n", i->pattern ? " pattern" : "",
                    i->renamed ? " renamed" : "", i->off ? " off" : "");
}

static void
add_naming(struct h2k_buffer *out, const struct h2k_naming *n)
{
    static const char *const by[] = { "link", "rule", "lease" };
    h2k_buffer_addf(
        out, "%s %s %s%s%s\n", by[n->by], n->name[0] == '\0' ? "-" : n->name,
        n->mac == NULL ? "-" : n->mac, n->any_virtio ? " virtio" : "",
        n->settings ? " settings" : "");
}

static void
same(const char *got, const char *expected)
{
    if (!ok(strcmp(got, expected) == 0, "what is read of it"))
        printf("# got:\n%s# expected:\n%s", got, expected);
}

/* What is read of both files, and warned about. */
static void
reads_two(const char *path, const char *text, const char *second_path,
          const char *second_text, const char *expected)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 22);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    H2K_AUTO_NETWORK network = { 0 };
    H2K_AUTO_STRINGS warnings = { 0 };
    H2K_AUTO_BUFFER out = { 0 };
    memtree_file(fs, path, 0600, text);
    if (second_path != NULL)
        memtree_file(fs, second_path, 0600, second_text);
    printf("# %s\n", path);
    if (!ok(h2k_network_read(root, &network, &warnings) == 0, "it is read"))
        return;
    for (size_t i = 0; i < network.count; i++)
        add_interface(&out, &network.items[i]);
    for (size_t i = 0; i < network.naming_count; i++)
        add_naming(&out, &network.namings[i]);
    for (size_t i = 0; i < warnings.count; i++)
        h2k_buffer_addf(&out, "! %s\n", warnings.items[i]);
    same(h2k_buffer_text(&out), expected);
}

static void
reads(const char *path, const char *text, const char *expected)
{
    reads_two(path, text, NULL, NULL, expected);
}

static void
test_mac(void)
{
    static const struct {
        const char *text, *mac;
    } macs[] = {
        { "00:50:56:AA:bb:01", "00:50:56:aa:bb:01" },
        { "00-50-56-AA-BB-01", "00:50:56:aa:bb:01" },
        { "0050.56aa.bb01", "00:50:56:aa:bb:01" },
        { "00:50:56:aa:bb", NULL },
        { "00:50:56:aa:bb:01:02", NULL },
        { "0:50:56:aa:bb:01", NULL },
        { "00:50:56:aa:bb:01:", NULL },
        { "", NULL },
    };
    for (size_t i = 0; i < sizeof(macs) / sizeof(*macs); i++) {
        char mac[H2K_MAC_TEXT];
        bool good = h2k_mac_parse(macs[i].text, mac);
        ok(good == (macs[i].mac != NULL) &&
               (!good || strcmp(mac, macs[i].mac) == 0),
           "MAC \"%s\"", macs[i].text);
    }
}

/* ---- ifupdown ---- */

static void
test_ifupdown(void)
{
    static const char path[] = "/etc/network/interfaces";
    reads(path,
          "# This file describes the network interfaces\n"
          "source /etc/network/interfaces.d/*\n\nauto lo\n"
          "iface lo inet loopback\n\nallow-hotplug ens192\n"
          "iface ens192 inet static\n\taddress 10.0.2.15/24\n"
          "\tgateway 10.0.2.2\n\taddress 10.0.2.16\n"
          "\tnetmask 255.255.255.0\n"
          "iface ens192 inet6 auto\n"
          "auto ens192:1\niface ens192:1 inet static\n"
          "address 10.0.3.1/24\n",
          "ifupdown ens192 physical static "
          "10.0.2.15/24,10.0.2.16/24,10.0.3.1/24\n");
    reads(path,
          "auto bond0 bond0.100 br0\n"
          "iface bond0 inet manual\n  bond-slaves ens192 \\\n ens224\n"
          "  bond-mode active-backup\n"
          "iface bond0.100 inet static\n  address 10.1.0.1\n"
          "  netmask 255.255.0.0\n"
          "iface br0 inet dhcp\n  bridge_ports bond0.100 regex veth.*\n"
          "  hwaddress ether 00:50:56:AA:BB:09\n",
          "ifupdown bond0 bond manual on ens192,ens224\n"
          "ifupdown bond0.100 vlan static 10.1.0.1/16 on bond0\n"
          "ifupdown br0 bridge dhcp on bond0.100 given=00:50:56:aa:bb:09\n");
    reads(path,
          "auto /eth*=wired mac/00:50:56:aa:bb:01=lan home=x\n"
          "iface wired inet dhcp\niface lan inet dhcp\n"
          "iface base inet manual\n"
          "iface ens1 inet static inherits base\naddress 1.2.3.4/8\n"
          "rename ens7=front\nauto front\niface front inet dhcp\n",
          "ifupdown eth* physical dhcp pattern\n"
          "ifupdown - physical dhcp mac=00:50:56:aa:bb:01\n"
          "ifupdown base virtual manual off\n"
          "ifupdown ens1 physical static 1.2.3.4/8 off\n"
          "ifupdown front physical dhcp renamed\n"
          "ifupdown ens7 physical off\n");
    reads(path,
          "auto /ens*\niface ens192 inet static\n netmask 255.255.255.0\n"
          " address 10.0.0.5\niface eth0 inet static\n address 10.0.0.6\n"
          "auto bond0\niface bond0\n bond-members ens192 ens224\n",
          "ifupdown ens192 physical static 10.0.0.5/24\n"
          "ifupdown eth0 physical static 10.0.0.6 off\n"
          "ifupdown bond0 bond on ens192,ens224\n");
    reads(path,
          "mapping eth0\n script /bin/choose\n map eth0-home home\n"
          "iface home inet dhcp\nsource $(echo /etc/x)\n",
          "ifupdown eth0 physical off\nifupdown - physical dhcp\n"
          "! /etc/network/interfaces: mapping eth0: a script chooses what is "
          "configured; it was not run\n"
          "! /etc/network/interfaces: source $(echo: only patterns of file "
          "names are read\n");
}

/* ---- netplan ---- */

static void
test_netplan(void)
{
    static const char path[] = "/etc/netplan/00-installer-config.yaml";
    reads(path,
          "# This is the network config written by 'subiquity'\nnetwork:\n"
          "  ethernets:\n    ens192:\n      addresses:\n"
          "      - 10.0.0.5/24\n      - 10.0.0.6/24:\n          label: a\n"
          "      nameservers:\n        addresses: [10.0.0.1]\n"
          "    ens224:\n      dhcp4: true\n  version: 2\n",
          "netplan ens192 physical static 10.0.0.5/24,10.0.0.6/24\n"
          "netplan ens224 physical dhcp\n");
    reads(path,
          "network:\n  version: 2\n  renderer: NetworkManager\n"
          "  ethernets:\n    lan:\n      match: {macaddress: "
          "'00:50:56:AA:BB:01'}\n      set-name: lan0\n      dhcp4: yes\n"
          "    any:\n      match: {name: 'en*'}\n"
          "    vm:\n      match: {driver: [vmxnet3]}\n"
          "    a: {match: {name: ens224}}\n"
          "  bonds:\n    bond0:\n      interfaces: [lan, a, ens256]\n"
          "      macaddress: 00:50:56:aa:bb:07\n"
          "  vlans:\n    v5: {id: 5, link: bond0, addresses: [10.5.0.1/24]}\n"
          "  bridges:\n    br0: {interfaces: [v5]}\n"
          "  dummy-devices:\n    d0: {}\n",
          "netplan lan0 physical dhcp mac=00:50:56:aa:bb:01 renamed\n"
          "netplan en* physical static pattern\n"
          "netplan - physical static driver=vmxnet3\n"
          "netplan ens224 physical static\n"
          "netplan bond0 bond static on lan0,ens224,ens256 "
          "given=00:50:56:aa:bb:07\n"
          "netplan br0 bridge static on v5\n"
          "netplan v5 vlan static 10.5.0.1/24 on bond0\nnetplan d0 virtual "
          "static\n");
    reads(path, "network: [\n",
          "! /etc/netplan/00-installer-config.yaml: no YAML that can be "
          "read\n");
    reads(path, "\n", "");
}

/* ---- NetworkManager ---- */

static void
test_keyfiles(void)
{
    static const char path[] =
        "/etc/NetworkManager/system-connections/ens192.nmconnection";
    reads(path,
          "[connection]\nid=ens192\n"
          "uuid=03da7500-2101-c722-2438-d0d006c28c73\ntype=ethernet\n"
          "autoconnect-priority=-999\ninterface-name=ens192\n\n[ethernet]\n"
          "mac-address=00:50:56:AA:BB:01\n"
          "cloned-mac-address=00:50:56:AA:BB:02\n\n[ipv4]\n"
          "address1=10.0.0.5/24,10.0.0.1\ndns=10.0.0.1;\nmethod=manual\n\n"
          "[ipv6]\naddress1=fd00::5/64\naddr-gen-mode=eui64\n",
          "NetworkManager ens192 physical manual 10.0.0.5/24,fd00::5/64 "
          "mac=00:50:56:aa:bb:01 given=00:50:56:aa:bb:02\n");
    reads(path,
          "[connection]\nid=Wired\ntype=802-3-ethernet\n"
          "[802-3-ethernet]\nmac-address=0:50:56:aa:bb:1\n"
          "[match]\ndriver=vmxnet3;\ninterface-name=ens192;ens224;\n"
          "[ipv4]\nmethod=manual\naddresses=10.0.0.5;24;10.0.0.1;\n",
          "NetworkManager ens192 physical manual 10.0.0.5/24 "
          "driver=vmxnet3;\n"
          "NetworkManager ens224 physical manual 10.0.0.5/24 "
          "driver=vmxnet3;\n");
    reads(path,
          "[connection]\ntype=ethernet\n[match]\n"
          "interface-name=|ens192;&ens224;!eth0;\n",
          "NetworkManager ens192 physical\nNetworkManager ens224 physical\n");
    reads_two(path, "[connection]\ntype=ethernet\ninterface-name=ens192\n",
              "/etc/NetworkManager/system-connections/off.nmconnection",
              "[connection]\ntype=ethernet\ninterface-name=ens192\n"
              "autoconnect=false\n",
              "NetworkManager ens192 physical\n");
    reads("/etc/NetworkManager/system-connections/ca.pem",
          "[connection]\ninterface-name=ens192\n", "");
    reads(path,
          "[connection]\ntype=vlan\ninterface-name=bond0.7\n"
          "autoconnect=false\n[vlan]\nparent=bond0\nid=7\n",
          "NetworkManager bond0.7 vlan on bond0 off\n");
    reads(path, "[connection]\ntype=ethernet\n[ipv4]\nmethod=auto\n", "");
}

/* ---- ifcfg ---- */

static void
test_ifcfg(void)
{
    static const char path[] = "/etc/sysconfig/network-scripts/ifcfg-ens192";
    reads(path,
          "TYPE=\"Ethernet\"\nPROXY_METHOD=\"none\"\nBOOTPROTO=\"none\"\n"
          "DEFROUTE=\"yes\"\nNAME=\"ens192\"\n"
          "UUID=\"9b0c7f0e-8d4c-4f5b-a5f4-1c3fd1f39c1b\"\n"
          "DEVICE=\"ens192\" # the first\nONBOOT=\"yes\"\n"
          "IPADDR=\"10.0.0.5\"\nPREFIX=\"24\"\nGATEWAY=\"10.0.0.1\"\n"
          "IPADDR1=10.0.0.6\nNETMASK1=255.255.0.0\n",
          "ifcfg ens192 physical none 10.0.0.5/24,10.0.0.6/16\n");
    reads("/etc/sysconfig/network-scripts/ifcfg-eth0",
          "DEVICE=eth0\nHWADDR=00:0C:29:00:00:01\nTYPE=Ethernet\n"
          "ONBOOT=no\nNM_CONTROLLED=yes\nBOOTPROTO=dhcp\n",
          "ifcfg eth0 physical dhcp mac=00:0c:29:00:00:01 off\n");
    reads("/etc/sysconfig/network-scripts/ifcfg-bond0",
          "DEVICE=bond0\nTYPE=Bond\nBONDING_MASTER=yes\n"
          "BONDING_OPTS=\"mode=1 miimon=100\"\n",
          "ifcfg bond0 bond\n");
    reads("/etc/sysconfig/network-scripts/ifcfg-vlan5",
          "VLAN=yes\nTYPE=Vlan\nPHYSDEV=ens192\nDEVICE=vlan5\n",
          "ifcfg vlan5 vlan on ens192\n");
    reads("/etc/sysconfig/network-scripts/ifcfg-ens192.5",
          "VLAN=yes\nDEVICE=ens192.5\n", "ifcfg ens192.5 vlan on ens192\n");
    reads("/etc/sysconfig/network-scripts/ifcfg-team0",
          "DEVICE=team0\nDEVICETYPE=Team\nTEAM_CONFIG='{\"runner\": {}}'\n",
          "ifcfg team0 team\n");
    reads("/etc/sysconfig/network-scripts/ifcfg-p1",
          "DEVICE=ens224\nDEVICETYPE=TeamPort\nTEAM_MASTER=team0\n",
          "ifcfg ens224 physical\n");
    reads(path,
          "DEVICE=$(ls /sys/class/net | head -n1)\nBOOTPROTO=dhcp\n"
          "if true; then rm -rf /; fi\nMACADDR=$MAC\n",
          "ifcfg ens192 physical dhcp\n"
          "! /etc/sysconfig/network-scripts/ifcfg-ens192: DEVICE is what a "
          "shell makes of it, which was not run\n"
          "! /etc/sysconfig/network-scripts/ifcfg-ens192: MACADDR is what a "
          "shell makes of it, which was not run\n");
    reads("/etc/sysconfig/network-scripts/ifcfg-Wired",
          "TYPE=Ethernet\nUUID=9b0c7f0e-8d4c-4f5b-a5f4-1c3fd1f39c1b\n"
          "NAME=Wired\nBOOTPROTO=dhcp\nONBOOT=yes\n",
          "");
    reads_two(path, "DEVICE=ens192\nONBOOT=yes\n",
              "/etc/sysconfig/network-scripts/ifcfg-other",
              "DEVICE=ens192\nONBOOT=False\n", "ifcfg ens192 physical\n");
    reads(path, "DEVICE=ens192\nONBOOT=False\n",
          "ifcfg ens192 physical off\n");
    reads("/etc/sysconfig/network-scripts/ifcfg-ens192.bak", "DEVICE=x\n", "");
}

static void
test_suse(void)
{
    reads("/etc/sysconfig/network/ifcfg-eth0",
          "BOOTPROTO='static'\nSTARTMODE='auto'\nIPADDR='10.0.0.5/24'\n"
          "IPADDR_1='10.0.0.6'\nNETMASK_1='255.255.255.0'\nMTU=''\n"
          "ETHTOOL_OPTIONS=''\n",
          "wicked eth0 physical static 10.0.0.5/24,10.0.0.6/24\n");
    reads("/etc/sysconfig/network/ifcfg-bond0",
          "STARTMODE='auto'\nBOOTPROTO='dhcp'\nBONDING_MASTER='yes'\n"
          "BONDING_SLAVE_0='eth0'\nBONDING_SLAVE_1='eth1'\n",
          "wicked bond0 bond dhcp on eth0,eth1\n");
    reads("/etc/sysconfig/network/ifcfg-br0",
          "BRIDGE='yes'\nBRIDGE_PORTS='eth0 eth1'\nSTARTMODE=off\n",
          "wicked br0 bridge on eth0,eth1 off\n");
    reads("/etc/sysconfig/network/ifcfg-vlan5",
          "ETHERDEVICE='eth0'\nVLAN_ID='5'\n", "wicked vlan5 vlan on eth0\n");
    reads("/etc/sysconfig/network/ifcfg-team0",
          "TEAM_RUNNER='roundrobin'\nTEAM_PORT_DEVICE_0='eth0'\n",
          "wicked team0 team on eth0\n");
    reads("/etc/sysconfig/network/ifcfg-eth-id-00:50:56:aa:bb:01",
          "BOOTPROTO='dhcp'\n",
          "wicked - physical dhcp mac=00:50:56:aa:bb:01\n");
    reads("/etc/wicked/ifconfig/a.xml",
          "<?xml version=\"1.0\"?>\n<interface origin=\"static\">\n"
          "  <name>eth0</name>\n  <control><mode>boot</mode></control>\n"
          "  <ipv4:static><address><local>10.0.0.5/24</local></address>\n"
          "  </ipv4:static>\n  <ipv6:static><address>\n"
          "  <local> fd00::5/64 </local></address></ipv6:static>\n"
          "</interface>\n<!-- a second -->\n<interface>\n"
          "  <name namespace=\"ethernet\"><permanent-address>"
          "00:50:56:AA:BB:01</permanent-address></name>\n"
          "  <ipv4:dhcp><enabled>true</enabled></ipv4:dhcp></interface>\n"
          "<interface><name>bond0</name><control><mode>manual</mode>"
          "</control><bond><mode>active-backup</mode><slaves><slave>"
          "<device>eth1</device></slave><slave><device>eth2</device>"
          "</slave></slaves></bond></interface>\n"
          "<interface><name>lo</name></interface><interface/>\n",
          "wicked eth0 physical static 10.0.0.5/24,fd00::5/64\n"
          "wicked - physical dhcp mac=00:50:56:aa:bb:01\n"
          "wicked bond0 bond on eth1,eth2 off\n");
    reads("/etc/wicked/ifconfig/a.xml",
          "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n"
          "<interface><name>&x;</name></interface>\n",
          "! /etc/wicked/ifconfig/a.xml: is not well-formed XML without a "
          "document type (line 3)\n");
}

/* ---- systemd ---- */

static void
test_networkd(void)
{
    reads("/etc/systemd/network/10-lan.network",
          "[Match]\nName=ens192 ens224\n\n[Network]\nDHCP=yes\n"
          "Address=10.0.0.5/24\n[Address]\nAddress=10.0.0.6/24\n",
          "networkd ens192 physical yes 10.0.0.5/24,10.0.0.6/24\n"
          "networkd ens224 physical yes 10.0.0.5/24,10.0.0.6/24\n");
    reads("/etc/systemd/network/10-mac.network",
          "[Match]\nPermanentMACAddress=00:50:56:aa:bb:01\n"
          "[Link]\nMACAddress=00:50:56:aa:bb:0f\n[Network]\nDHCP=ipv4\n",
          "networkd - physical ipv4 mac=00:50:56:aa:bb:01 "
          "given=00:50:56:aa:bb:0f\n");
    reads("/etc/systemd/network/99-dhcp-en.network",
          "[Match]\nName=e*\n\n[Network]\nDHCP=yes\nIPv6AcceptRA=no\n",
          "networkd e* physical yes pattern\n");
    reads("/etc/systemd/network/10-lan.network",
          "[Match]\nName=eth0\nName=\nName=ens192\nName=ens224\n"
          "MACAddress=00:50:56:aa:bb:01 00:50:56:aa:bb:02\nType=ether\n"
          "Kind=!*\n",
          "networkd ens192 physical\nnetworkd ens224 physical\n");
    reads("/etc/systemd/network/10-joined.network",
          "[Match]\nName=ens192 \\\n# not this\n  ens224\\\n\n"
          "[Network]\nDHCP=yes\n[Match]\nDriver=a\\",
          "networkd ens192 physical yes driver=a\\\n"
          "networkd ens224 physical yes driver=a\\\n");
    reads("/etc/systemd/network/10-off.network",
          "[Match]\nName=ens192\n[Link]\nActivationPolicy=manual\n",
          "networkd ens192 physical off\n");
    reads("/etc/systemd/network/10-wifi.network",
          "[Match]\nName=w0\nType=wlan\n", "networkd w0 virtual\n");
    reads("/etc/systemd/network/10-vm.network",
          "[Match]\nName=ens192\nVirtualization=vmware\n",
          "networkd ens192 physical\n"
          "! /etc/systemd/network/10-vm.network: it is for VMware alone; "
          "change \"Virtualization=vmware\" to \"kvm\" in it\n");
    reads_two("/etc/systemd/network/10-bond.netdev",
              "[NetDev]\nName=uplink\nKind=bond\n",
              "/etc/systemd/network/20-port.network",
              "[Match]\nName=ens192\n[Network]\nBond=uplink\n",
              "networkd uplink bond on ens192\nnetworkd ens192 physical\n");
    reads_two("/etc/systemd/network/10-lan.network",
              "[Match]\nName=ens192\n[Network]\nDHCP=yes\n",
              "/etc/systemd/network/10-lan.network.d/static.conf",
              "[Network]\nDHCP=no\nAddress=10.0.0.5/24\n",
              "networkd ens192 physical no 10.0.0.5/24\n");
    reads("/etc/systemd/network/10-netplan-ens192.network.d/a.conf",
          "[Match]\nName=ens256\n[Network]\nDHCP=no\n", "");
    reads_two("/etc/systemd/network/10-lan0.link",
              "[Match]\nMACAddress=00:50:56:aa:bb:01\n"
              "MACAddress=00:50:56:aa:bb:02\n[Link]\nName=lan0\n",
              "/etc/systemd/network/10-lan0.link.d/mtu.conf",
              "[Link]\nMTUBytes=9000\n",
              "link lan0 00:50:56:aa:bb:01 settings\n"
              "link lan0 00:50:56:aa:bb:02 settings\n");
    reads("/etc/systemd/network/10-bond.netdev",
          "[NetDev]\nName=uplink\nKind=bond\n[Bond]\nMode=802.3ad\n",
          "networkd uplink bond\n");
    reads("/etc/systemd/network/10-lan0.link",
          "[Match]\nMACAddress=00:50:56:aa:bb:01 00:50:56:aa:bb:02\n"
          "[Link]\nName=lan0\n",
          "link lan0 00:50:56:aa:bb:01\nlink lan0 00:50:56:aa:bb:02\n");
    reads("/etc/systemd/network/10-path.link",
          "[Match]\nPath=pci-0000:0b:00.0\n[Link]\nName=lan0\nMTUBytes=9000\n",
          "link lan0 - settings\n");
    reads("/etc/systemd/network/10-hyper2kvm-ens192.link",
          "[Match]\nDriver=virtio_net\nType=ether\n[Link]\nName=ens192\n",
          "link ens192 - virtio\n");
}

static void
test_rules(void)
{
    static const char path[] = "/etc/udev/rules.d/70-persistent-net.rules";
    reads(
        path,
        "# PCI device 0x15ad:0x07b0 (vmxnet3)\n"
        "SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", "
        "ATTR{address}==\"00:50:56:aa:bb:01\", ATTR{type}==\"1\", "
        "KERNEL==\"eth*\", NAME=\"eth0\"\n"
        "SUBSYSTEM==\"net\", ACTION==\"add\", KERNELS==\"0000:0b:00.0\", \\\n"
        " NAME=\"lan1\"\n"
        "SUBSYSTEM==\"net\", NAME=\"$env{X}\"\n"
        "SUBSYSTEM==\"block\", NAME=\"x\"\n"
        "SUBSYSTEM==\"net\", ATTR{address}!=\"00:50:56:aa:bb:01\", "
        "NAME=\"other\"\nnonsense\n",
        "rule eth0 00:50:56:aa:bb:01\nrule lan1 -\nrule other -\n");
    reads("/var/lib/dhcp/dhclient.ens192.leases",
          "lease {\n  interface \"ens192\";\n  fixed-address 10.0.2.15;\n"
          "  option dhcp-client-identifier 1:0:50:56:aa:bb:1;\n}\n"
          "lease {\n  interface \"ens192\";\n"
          "  option dhcp-client-identifier 1:0:50:56:aa:bb:1;\n}\n"
          "lease {\n  option dhcp-client-identifier ff:1:2:3:4:5:6;\n}\n",
          "lease ens192 00:50:56:aa:bb:01\n");
}

int
main(void)
{
    test_mac();
    test_ifupdown();
    test_netplan();
    test_keyfiles();
    test_ifcfg();
    test_suse();
    test_networkd();
    test_rules();
    return tap_done();
}
