/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The guest's name, its hosts, and its network's files. */
#include "configure.h"

#define EDIT &h2k_edit_hostname
#define NETWORK &h2k_edit_network_files

static struct h2k_fs *
debian(const char *hosts)
{
    struct h2k_fs *fs = h2k_memfs_new(1 << 24);
    memtree_file(fs, "/usr/lib/systemd/systemd", 0755, "");
    memtree_file(fs, "/etc/hostname", 0644, "# made by hand\nold\n");
    memtree_file(fs, "/etc/hosts", 0644, hosts);
    return fs;
}

static void
test_name(void)
{
    H2K_AUTO(h2k_fs)
    fs = debian("127.0.0.1\tlocalhost\n127.0.1.1\told.example.org old alias "
                "# us\n\n# IPv6\n::1 localhost ip6-localhost\n"
                "10.0.0.7 old.example.org\n");
    configured(fs, EDIT, "hostname: {hostname: web}");
    content(fs, "/etc/hostname", "# made by hand\nweb\n");
    content(fs, "/etc/hosts",
            "127.0.0.1\tlocalhost\n127.0.1.1\tweb.example.org web alias # us\n"
            "\n# IPv6\n::1 localhost ip6-localhost\n"
            "10.0.0.7 old.example.org\n");
    configured(fs, EDIT, "hostname: {domain: example.net}");
    has_line(fs, "/etc/hosts", "127.0.1.1\tweb.example.net web alias # us\n");
    ok(is_there(fs, "/etc/hosts" STAMP), "the old hosts are kept");
    configured(fs, EDIT, "hostname: {hostname: mail.example.com}");
    content(fs, "/etc/hostname", "# made by hand\nmail.example.com\n");
    has_line(fs, "/etc/hosts",
             "127.0.1.1\tmail.example.com mail alias # us\n");
}

static void
test_unresolved(void)
{
    H2K_AUTO(h2k_fs) fs = debian("127.0.0.1 localhost");
    configured(fs, EDIT, "hostname: {hostname: web, domain: example.com}");
    content(fs, "/etc/hosts",
            "127.0.0.1 localhost\n127.0.1.1\tweb.example.com web\n");

    /* nss-myhostname answers: no line is needed. */
    H2K_AUTO(h2k_fs) rhel = debian("127.0.0.1 localhost\n");
    memtree_file(rhel, "/etc/nsswitch.conf", 0644,
                 "passwd: files\nhosts:      files dns myhostname\n");
    configured(rhel, EDIT, "hostname: {hostname: web}");
    content(rhel, "/etc/hosts", "127.0.0.1 localhost\n");

    /* The name of a system that nobody has named is not replaced. */
    H2K_AUTO(h2k_fs) plain = debian("127.0.0.1 localhost localhost.x\n");
    memtree_file(plain, "/etc/hostname", 0644, "localhost.localdomain\n");
    configured(plain, EDIT, "hostname: {hostname: web}");
    content(plain, "/etc/hosts",
            "127.0.0.1 localhost localhost.x\n127.0.1.1\tweb\n");
    H2K_AUTO(h2k_fs) empty = h2k_memfs_new(1 << 20);
    configured(empty, EDIT, "hostname: {hostname: web}");
    content(empty, "/etc/hostname", "web\n");
    content(empty, "/etc/hosts", "127.0.1.1\tweb\n");
    H2K_AUTO(h2k_fs) nameless = h2k_memfs_new(1 << 20);
    refused(nameless, EDIT, "hostname: {domain: example.com}",
            "give a hostname too");
    memtree_file(empty, "/etc/cloud/cloud.cfg", 0644, "x: y\n");
    warned(empty, EDIT, "hostname: {hostname: b}", "preserve_hostname");
}

static void
test_hosts(void)
{
    H2K_AUTO(h2k_fs)
    fs = debian("127.0.0.1\tlocalhost\n127.0.1.1\told\n10.0.0.9 db web # x\n"
                "10.0.0.8 WEB\nnonsense web\n10.0.0.10 other\n");
    configured(fs, EDIT,
               "hostname: {hostname: web, domain: e.com, hosts: [{ip: "
               "127.0.0.1, hostname: localhost}, {ip: 10.0.0.10, hostname: "
               "'web.e.com  web'}, {ip: '0:0::7', hostname: six}, {ip: '::7', "
               "hostname: siete}]}");
    content(fs, "/etc/hosts",
            "127.0.0.1\tlocalhost\n10.0.0.9\tdb # x\nnonsense web\n"
            "10.0.0.10\tother web.e.com web\n0:0::7\tsix siete\n");
}

/* Guests that keep their name elsewhere. */
static void
test_places(void)
{
    H2K_AUTO(h2k_fs) rhel6 = h2k_memfs_new(1 << 20);
    memtree_file(rhel6, "/sbin/upstart", 0755, "");
    memtree_file(rhel6, "/etc/sysconfig/network", 0644,
                 "NETWORKING=yes\nHOSTNAME=old.example.com\nGATEWAY=x");
    memtree_file(rhel6, "/etc/hosts", 0644,
                 "127.0.0.1   old.example.com old localhost\n");
    configured(rhel6, EDIT, "hostname: {hostname: web, domain: e.com}");
    content(rhel6, "/etc/sysconfig/network",
            "NETWORKING=yes\nHOSTNAME=\"web.e.com\"\nGATEWAY=x");
    content(rhel6, "/etc/hosts", "127.0.0.1\tweb.e.com web localhost\n");
    ok(!is_there(rhel6, "/etc/hostname"), "no file that it does not read");

    H2K_AUTO(h2k_fs) sles = h2k_memfs_new(1 << 20);
    memtree_file(sles, "/etc/inittab", 0644, "");
    memtree_file(sles, "/etc/HOSTNAME", 0644, "old.example.com\n");
    memtree_dir(sles, "/etc/sysconfig/network", 0755);
    configured(sles, EDIT, "hostname: {hostname: web, domain: e.com}");
    content(sles, "/etc/HOSTNAME", "web.e.com\n");
    ok(!is_there(sles, "/etc/hostname"), "no file that it does not read");

    H2K_AUTO(h2k_fs) gentoo = h2k_memfs_new(1 << 20);
    memtree_file(gentoo, "/sbin/openrc", 0755, "");
    memtree_file(gentoo, "/etc/conf.d/hostname", 0644,
                 "# name\nhostname=\"localhost\"\n");
    configured(gentoo, EDIT, "hostname: {hostname: web}");
    content(gentoo, "/etc/conf.d/hostname", "# name\nhostname=\"web\"\n");
}

static void
test_network(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 20);
    memtree_file(fs, "/usr/lib/systemd/systemd-networkd", 0755, "");
    memtree_file(fs, "/usr/sbin/NetworkManager", 0755, "");
    memtree_file(fs, "/sbin/ifup", 0755, "");
    memtree_file(fs, "/etc/network/interfaces", 0644, "auto lo\n");
    memtree_file(fs, "/etc/NetworkManager/system-connections/a.nmconnection",
                 0644, "[connection]\n");
    const char *text =
        "network: {systemd_networkd: [{filename: 10-a.network, content: "
        "\"[Match]\\nName=a\\n\"}], networkmanager: [{filename: "
        "a.nmconnection, content: \"psk=geheim\\n\"}], interfaces: "
        "[{filename: eth0, content: \"auto eth0\\n\"}], netplan: [{filename: "
        "01.yaml, content: \"network: {}\\n\"}], ifcfg: [{filename: "
        "ifcfg-eth0, content: \"DEVICE=eth0\\n\"}]}";
    AUTO_RUN run = configure(fs, NETWORK, text);
    ok(run.rc == 0 && run.result.change_count == 6, "all are put in");
    for (size_t i = 0; i < run.result.change_count; i++)
        if (run.result.changes[i].after != NULL &&
            strstr(run.result.changes[i].after, "geheim") != NULL)
            ok(false, "a secret is in the report");
    configured(fs, NETWORK, text);
    content(fs, "/etc/systemd/network/10-a.network", "[Match]\nName=a\n");
    is_mode(fs, "/etc/systemd/network/10-a.network", 0100644, 0, 0);
    is_mode(fs, "/etc/NetworkManager/system-connections/a.nmconnection",
            0100600, 0, 0);
    ok(is_there(fs, "/etc/NetworkManager/a.nmconnection" STAMP),
       "its backup is not where NetworkManager would read it");
    is_mode(fs, "/etc/netplan/01.yaml", 0100600, 0, 0);
    content(fs, "/etc/network/interfaces.d/eth0", "auto eth0\n");
    content(fs, "/etc/sysconfig/network-scripts/ifcfg-eth0", "DEVICE=eth0\n");
    warned(fs, NETWORK, text, "networkd is not started");
    warned(fs, NETWORK, text, "guest does not have netplan");
    warned(fs, NETWORK, text, "add the line \"source");
    warned(fs, NETWORK, "network: {netplan: [{filename: a, content: ''}]}",
           "reads only names with .yaml");
    memtree_file(fs, "/etc/network/interfaces", 0644,
                 "source-directory interfaces.d\n");
    AUTO_RUN again = configure(fs, NETWORK,
                               "network: {interfaces: [{filename: eth0, "
                               "content: \"auto eth0\\n\"}]}");
    ok(again.result.warnings.count == 0, "and nothing is to be said");
    warned(fs, NETWORK,
           "network: {interfaces: [{filename: eth0.cfg, content: a}]}",
           "reads no names with a dot, such as eth0.cfg");
    configured(fs, NETWORK,
               "network: {interfaces: [{filename: interfaces, content: x}]}");
    content(fs, "/etc/network/interfaces", "x");
}

/* A key is for root and for the group of networkd alone. */
static void
test_key(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 20);
    const char *text =
        "network: {systemd_networkd: [{filename: 10-wg.netdev, content: "
        "\"[WireGuard]\\nPrivateKey=geheim\\n\"}, {filename: 20-wg.netdev, "
        "content: \"[WireGuard]\\nPrivateKey=geheim\\n\"}]}";
    memtree_file(fs, "/etc/group", 0644,
                 "root:x:0:\nsystemd-network:x:102:\n");
    memtree_file(fs, "/etc/systemd/network/20-wg.netdev", 0644, "[NetDev]\n");
    configured(fs, NETWORK, text);
    is_mode(fs, "/etc/systemd/network/10-wg.netdev", 0100640, 0, 102);
    is_mode(fs, "/etc/systemd/network/20-wg.netdev", 0100640, 0, 102);
    H2K_AUTO(h2k_fs) without = h2k_memfs_new(1 << 20);
    configured(without, NETWORK, text);
    is_mode(without, "/etc/systemd/network/10-wg.netdev", 0100644, 0, 0);
}

int
main(void)
{
    test_key();
    test_name();
    test_unresolved();
    test_hosts();
    test_places();
    test_network();
    return tap_done();
}
