/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/configure/install-section.h"
#include "guest/configure/sysv-header.h"

#include "configure.h"

#define EDIT &h2k_edit_services
#define UNITS "/usr/lib/systemd/system/"
#define LOCAL "/etc/systemd/system/"
#define WANTS LOCAL "multi-user.target.wants/"

static struct h2k_fs *
systemd(void)
{
    struct h2k_fs *fs = h2k_memfs_new(1 << 24);
    memtree_file(fs, "/usr/lib/systemd/systemd", 0755, "");
    memtree_link(fs, "/sbin/init", "../usr/lib/systemd/systemd");
    memtree_dir(fs, "/dev", 0755);
    memtree_file(fs, UNITS "ssh.service", 0644,
                 "[Unit]\nWantedBy=no.target\n[Install]\n"
                 "WantedBy = multi-user.target\nAlias=sshd.service\n");
    memtree_file(fs, UNITS "static.service", 0644, "[Service]\n");
    memtree_file(fs, UNITS "dm1.service", 0644,
                 "[Install]\nAlias=display-manager.service\n");
    memtree_file(fs, UNITS "dm2.service", 0644,
                 "[Install]\nAlias=display-manager.service\n");
    memtree_file(fs, UNITS "evil.service", 0644,
                 "[Install]\nWantedBy=../../../x.target\nAlias=a/b.service\n"
                 "Alias=evil.socket\n");
    memtree_file(fs, LOCAL "own.service", 0644, "[Install]\n");
    memtree_link(fs, LOCAL "out.service", "../../../../../../opt/x.service");
    memtree_link(fs, LOCAL "loop.service", "loop.service");
    memtree_link(fs, LOCAL "r1.service", "r2.service");
    memtree_link(fs, LOCAL "r2.service", "r1.service");
    memtree_file(fs, "/etc/init.d/script", 0755, "# Default-Start: 2\n");
    memtree_dir(fs, "/etc/rc2.d", 0755);
    return fs;
}

static void
test_systemd(void)
{
    H2K_AUTO(h2k_fs) fs = systemd();
    configured(fs, EDIT, "services: {enable: [ssh, dm1, script]}");
    leads_to(fs, WANTS "ssh.service", UNITS "ssh.service");
    leads_to(fs, LOCAL "sshd.service", UNITS "ssh.service");
    leads_to(fs, LOCAL "display-manager.service", UNITS "dm1.service");
    leads_to(fs, "/etc/rc2.d/S01script", "../init.d/script");
    warned(fs, EDIT, "services: {enable: [dm2]}",
           "display-manager.service: means another unit than dm2.service");
    warned(fs, EDIT, "services: {enable: [static]}", "cannot be enabled");
    warned(fs, EDIT, "services: {enable: [no]}",
           "no.service: there is no such unit in the guest");
    warned(fs, EDIT, "services: {disable: [no]}", "no such unit");
    warned(fs, EDIT, "services: {enable: [out]}", "not in the guest");
    warned(fs, EDIT, "services: {enable: [loop]}", "not in the guest");
    warned(fs, EDIT, "services: {enable: [r1]}", "not in the guest");
    warned(fs, EDIT, "services: {enable: [evil]}", "../../../x.target");
    warned(fs, EDIT, "services: {mask: [own]}", "disable it, or move");
    is_mode(fs, LOCAL "own.service", 0100644, 0, 0);
    warned(fs, EDIT, "services: {mask: [later]}", "masked for when there is");
    leads_to(fs, LOCAL "later.service", "/dev/null");
    warned(fs, EDIT, "services: {enable: [later]}", "is masked");
    refused(fs, EDIT, "services: {enable: [ssh], mask: [ssh.service]}",
            "ssh is to be enabled and masked");
    /* An alias stands for what it leads to. */
    configured(fs, EDIT, "services: {disable: [sshd, script], mask: [dm1]}");
    ok(!is_there(fs, WANTS "ssh.service"), "the link is gone");
    ok(!is_there(fs, LOCAL "sshd.service"), "the alias too");
    leads_to(fs, "/etc/rc2.d/K01script", "../init.d/script");
    leads_to(fs, LOCAL "dm1.service", "/dev/null");
}

/* Scripts with chkconfig's line, in the folders of Red Hat and of SUSE. */
static void
test_chkconfig(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 24);
    memtree_file(fs, "/etc/inittab", 0644, "");
    memtree_file(fs, "/etc/rc.d/init.d/httpd", 0755,
                 "#!/bin/sh\n# chkconfig: - 85 15\n");
    memtree_link(fs, "/etc/init.d", "rc.d/init.d");
    for (const char *level = "0123456"; *level != '\0'; level++) {
        char path[96], folder[32];
        snprintf(folder, sizeof(folder), "/etc/rc.d/rc%c.d", *level);
        snprintf(path, sizeof(path), "%s/K15httpd", folder);
        memtree_link(fs, path, "../init.d/httpd");
    }
    configured(fs, EDIT, "services: {enable: [httpd.service]}");
    leads_to(fs, "/etc/rc.d/rc3.d/S85httpd", "../init.d/httpd");
    leads_to(fs, "/etc/rc.d/rc6.d/K15httpd", "../init.d/httpd");
    ok(!is_there(fs, "/etc/rc.d/rc3.d/K15httpd"), "no link for both");
    warned(fs, EDIT, "services: {mask: [httpd]}", "only systemd masks");
    leads_to(fs, "/etc/rc.d/rc3.d/K15httpd", "../init.d/httpd");
    ok(!is_there(fs, "/etc/rc.d/rc3.d/S85httpd"), "it is disabled");
    warned(fs, EDIT, "services: {enable: [nginx]}", "/etc/init.d/nginx");

    H2K_AUTO(h2k_fs) suse = h2k_memfs_new(1 << 24);
    memtree_file(suse, "/etc/inittab", 0644, "");
    memtree_file(suse, "/etc/init.d/cron", 0755,
                 "### BEGIN INIT INFO\n# Default-Start: 3\n"
                 "# Default-Stop:\n### END INIT INFO\n");
    memtree_dir(suse, "/etc/init.d/rc3.d", 0755);
    configured(suse, EDIT, "services: {enable: [cron]}");
    leads_to(suse, "/etc/init.d/rc3.d/S01cron", "../cron");
}

static void
test_openrc(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 24);
    memtree_file(fs, "/sbin/openrc", 0755, "");
    memtree_file(fs, "/etc/init.d/sshd", 0755, "#!/sbin/openrc-run\n");
    memtree_file(fs, "/etc/init.d/syslog", 0755, "#!/sbin/openrc-run\n");
    memtree_link(fs, "/etc/runlevels/boot/syslog", "/etc/init.d/syslog");
    memtree_dir(fs, "/etc/runlevels/default", 0755);
    configured(fs, EDIT, "services: {enable: [sshd, syslog]}");
    leads_to(fs, "/etc/runlevels/default/sshd", "/etc/init.d/sshd");
    ok(!is_there(fs, "/etc/runlevels/default/syslog"),
       "what is in another level stays there");
    configured(fs, EDIT,
               "services: {disable: [sshd.service], mask: "
               "[syslog]}");
    ok(!is_there(fs, "/etc/runlevels/default/sshd"), "it is gone");
    ok(!is_there(fs, "/etc/runlevels/boot/syslog"), "from any level");
    warned(fs, EDIT, "services: {enable: [no]}", "/etc/init.d/no");
}

static void
test_names(void)
{
    h2k_autofree char *out = NULL;
    ok(h2k_unit_is_name("a-b@c.service") && h2k_unit_is_name("x.target"),
       "names of units");
    ok(!h2k_unit_is_name("a/b.service") && !h2k_unit_is_name(".service") &&
           !h2k_unit_is_name("ssh") && !h2k_unit_is_name("@a.service") &&
           !h2k_unit_is_name("..") && !h2k_unit_is_name(""),
       "and what is none");
    ok(h2k_install_expand("%u.target", "a.service", &out) == 0 && out == NULL,
       "a specifier that is not known is left out");
    ok(h2k_install_expand("x%", "a.service", &out) == 0 && out == NULL,
       "so is a lone percent sign");
    struct h2k_sysv_header header = h2k_sysv_header_read(NULL);
    ok_string(header.levels_on, "2345");
    header = h2k_sysv_header_read("# chkconfig: 2345 55\n25 is no number\n");
    ok(!header.chkconfig, "chkconfig's line ends where it ends");
}

int
main(void)
{
    test_systemd();
    test_chkconfig();
    test_openrc();
    test_names();
    return tap_done();
}
