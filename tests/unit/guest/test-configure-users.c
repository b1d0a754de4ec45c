/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/configure/accounts.h"

#include "configure.h"

#include <crypt.h>

#define EDIT &h2k_edit_users
#define HASH                                                            \
    "$6$abcdefgh$D7W7qyozKBT.t6FD3DVYHvADbIO0eSyI4.p20LaEUjro8PqTGYYo/" \
    "EQcuNjhFbzo9Yg5ir1KIEqFY/yJpgFph0"
#define KEY "AAAAC3NzaC1lZDI1NTE5AAAAIKtL"

static struct h2k_fs *
debian(void)
{
    struct h2k_fs *fs = h2k_memfs_new(1 << 24);
    memtree_file(fs, "/etc/passwd", 0644,
                 "root:x:0:0:root:/root:/bin/bash\n"
                 "daemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n"
                 "broken:x:7\n"
                 "# a comment\n"
                 "ann:x:1000:1000:Ann,,,:/home/ann:/bin/sh\n"
                 "old:x:1001:1001::/home/old:/bin/sh\n"
                 "+::::::");
    memtree_file(fs, "/etc/shadow", 0640,
                 "root:*:19000:0:99999:7:::\n"
                 "daemon:*:19000:0:99999:7:::\n"
                 "ann:" HASH ":19000:0:99999:7:::\n"
                 "old:" HASH ":19000:0:99999:7:::\n");
    memtree_owner(fs, "/etc/shadow", 0, 42);
    memtree_file(fs, "/etc/group", 0644,
                 "root:x:0:\nsudo:x:27:ann,old\nann:x:1000:\nold:x:1001:\n"
                 "users:x:100:\n+:::\n");
    memtree_file(fs, "/etc/gshadow", 0640,
                 "root:*::\nsudo:*:old:ann,old\nann:!::\nold:!::\n");
    memtree_file(fs, "/etc/subuid", 0644,
                 "ann:100000:65536\nold:165536:65536\n");
    memtree_file(fs, "/etc/subgid", 0644, "old:165536:65536\n");
    memtree_file(fs, "/etc/login.defs", 0644,
                 "# UID_MIN 5\nUID_MIN\t\t\t 1000\nHOME_MODE 0750\n"
                 "PASS_MAX_DAYS 99999\nPASS_MIN_DAYS 0\nPASS_WARN_AGE 7\n"
                 "USERGROUPS_ENAB yes\nENCRYPT_METHOD SHA512\n");
    memtree_file(fs, "/etc/skel/.profile", 0644, "x\n");
    memtree_link(fs, "/etc/skel/.rc", ".profile");
    memtree_file(fs, "/etc/skel/.config/s", 0600, "s\n");
    memtree_file(fs, "/etc/sudoers", 0440, "@includedir /etc/sudoers.d\n");
    memtree_file(fs, "/bin/bash", 0755, "");
    memtree_file(fs, "/home/old/x", 0644, "");
    return fs;
}

static void
test_create(void)
{
    H2K_AUTO(h2k_fs) fs = debian();
    configured(fs, EDIT,
               "users: {create: [{name: bob.b, comment: Bob, groups: [sudo], "
               "password: '" HASH "', sudo: 'ALL=(ALL) NOPASSWD: ALL', "
               "ssh_authorized_keys: ['ssh-ed25519 " KEY " bob@x', "
               "'no-pty,command=\"a b\" ssh-ed25519 " KEY " again']}]}");
    content(fs, "/etc/passwd",
            "root:x:0:0:root:/root:/bin/bash\n"
            "daemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n"
            "broken:x:7\n"
            "# a comment\n"
            "ann:x:1000:1000:Ann,,,:/home/ann:/bin/sh\n"
            "old:x:1001:1001::/home/old:/bin/sh\n"
            "bob.b:x:1002:1002:Bob:/home/bob.b:/bin/bash\n"
            "+::::::");
    has_line(fs, "/etc/shadow", "bob.b:" HASH ":20486:0:99999:7:::\n");
    is_mode(fs, "/etc/shadow", 0100640, 0, 42);
    has_line(fs, "/etc/group", "sudo:x:27:ann,old,bob.b\n");
    has_line(fs, "/etc/group", "bob.b:x:1002:\n+:::\n");
    has_line(fs, "/etc/gshadow", "sudo:*:old:ann,old,bob.b\n");
    has_line(fs, "/etc/gshadow", "bob.b:!::\n");
    has_line(fs, "/etc/subuid", "bob.b:231072:65536\n");
    has_line(fs, "/etc/subgid", "bob.b:100000:65536\n");
    is_mode(fs, "/home/bob.b", 0040750, 1002, 1002);
    is_mode(fs, "/home/bob.b/.profile", 0100644, 1002, 1002);
    is_mode(fs, "/home/bob.b/.rc", 0120777, 1002, 1002);
    is_mode(fs, "/home/bob.b/.config/s", 0100600, 1002, 1002);
    is_mode(fs, "/home/bob.b/.ssh", 0040700, 1002, 1002);
    is_mode(fs, "/home/bob.b/.ssh/authorized_keys", 0100600, 1002, 1002);
    content(fs, "/home/bob.b/.ssh/authorized_keys",
            "ssh-ed25519 " KEY " bob@x\n");
    content(fs, "/etc/sudoers.d/bob+b", "bob.b ALL=(ALL) NOPASSWD: ALL\n");
    is_mode(fs, "/etc/sudoers.d/bob+b", 0100440, 0, 0);
    ok(is_there(fs, "/etc/shadow" STAMP), "the old shadow is kept");
    configured(fs, EDIT, "users: {create: [{name: s, home: /nonexistent}]}");
    ok(!is_there(fs, "/nonexistent"), "what says so is not made");
    is_mode(fs, "/etc/shadow" STAMP, 0100640, 0, 42);
}

static void
test_change(void)
{
    H2K_AUTO(h2k_fs) fs = debian();
    memtree_file(fs, "/home/ann/.ssh/authorized_keys", 0644,
                 "# mine\nssh-rsa AAAAB3NzaC1yc2E ann");
    memtree_owner(fs, "/home/ann", 1000, 1000);
    memtree_owner(fs, "/home/ann/.ssh", 1000, 1000);
    AUTO_RUN run = configure(
        fs, EDIT,
        "users: {create: [{name: ann, uid: 1000, shell: /bin/bash, lock: "
        "true, ssh_authorized_keys: ['ssh-rsa AAAAB3NzaC1yc2E other', "
        "'ssh-ed25519 " KEY "']}]}");
    ok(run.rc == 0, "it is put in");
    has_line(fs, "/etc/passwd",
             "ann:x:1000:1000:Ann,,,:/home/ann:/bin/bash\n");
    has_line(fs, "/etc/shadow", "ann:!" HASH ":19000:0:99999:7:::\n");
    content(fs, "/home/ann/.ssh/authorized_keys",
            "# mine\nssh-rsa AAAAB3NzaC1yc2E ann\nssh-ed25519 " KEY "\n");
    ok(!is_there(fs, "/home/ann/.profile"), "a home that is there stays");
    for (size_t i = 0; i < run.result.change_count; i++) {
        const struct h2k_change *c = &run.result.changes[i];
        if (strcmp(c->file, "/etc/shadow") != 0)
            continue;
        ok_string(c->before, "(a hash)");
        ok_string(c->after, "!(a hash)");
    }
    configured(fs, EDIT, "users: {create: [{name: ann, lock: false}]}");
    has_line(fs, "/etc/shadow", "ann:" HASH ":19000:0:99999:7:::\n");
}

static void
test_disable_delete(void)
{
    H2K_AUTO(h2k_fs) fs = debian();
    configured(fs, EDIT, "users: {disable: [ann], delete: [old, nobody]}");
    has_line(fs, "/etc/shadow", "ann:!" HASH ":19000:0:99999:7::1:\n");
    content(fs, "/etc/group",
            "root:x:0:\nsudo:x:27:ann\nann:x:1000:\nusers:x:100:\n+:::\n");
    content(fs, "/etc/gshadow", "root:*::\nsudo:*::ann\nann:!::\n");
    content(fs, "/etc/subuid", "ann:100000:65536\n");
    content(fs, "/etc/subgid", "");
    ok(is_there(fs, "/home/old/x"), "the home stays");
    H2K_AUTO(h2k_fs) other = debian();
    memtree_file(other, "/usr/lib/sysusers.d/basic.conf", 0644,
                 "#u ann 5\nu\tdaemon 1 - /usr/sbin\nu old1 1\n");
    warned(other, EDIT, "users: {delete: [daemon]}", "daemon again when");
    AUTO_RUN quiet = configure(other, EDIT, "users: {delete: [ann]}");
    ok(quiet.result.warnings.count == 1, "only for those that it names");
    configured(fs, EDIT, "users: {create: [{name: ann, lock: false}]}");
    has_line(fs, "/etc/shadow", "ann:" HASH ":19000:0:99999:7:::\n");
    configured(fs, EDIT,
               "users: {create: [{name: eve, password: '" HASH
               "'}, {name: ann, password_plain: x}], disable: [eve, ann]}");
    has_line(fs, "/etc/shadow", "eve:!" HASH ":20486:0:99999:7::1:\n");
    warned(fs, EDIT, "users: {disable: [nobody]}", "no user nobody");
    refused(fs, EDIT, "users: {delete: [root]}", "uid is 0");
}

/* Of a guest with busybox: neither shadow nor gshadow nor login.defs. */
static void
test_without_shadow(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 24);
    memtree_file(fs, "/etc/real-passwd", 0644,
                 "root:x:0:0:root:/root:/bin/ash\n");
    memtree_link(fs, "/etc/passwd", "/etc/real-passwd");
    memtree_file(fs, "/etc/group", 0644, "root:x:0:root\nwheel:x:10\n");
    memtree_file(fs, "/bin/sh", 0755, "");
    configured(fs, EDIT,
               "users: {create: [{name: bob, groups: [wheel], password: '" HASH
               "'}, {name: eve}]}");
    content(fs, "/etc/real-passwd",
            "root:x:0:0:root:/root:/bin/ash\n"
            "bob:" HASH ":1000:1000::/home/bob:/bin/sh\n"
            "eve:!:1001:1001::/home/eve:/bin/sh\n");
    leads_to(fs, "/etc/passwd", "/etc/real-passwd");
    content(fs, "/etc/group",
            "root:x:0:root\nwheel:x:10:bob\nbob:x:1000:\neve:x:1001:\n");
    is_mode(fs, "/home/bob", 0040700, 1000, 1000);
    ok(!is_there(fs, "/etc/shadow") && !is_there(fs, "/etc/gshadow"),
       "no shadow is made");
    warned(fs, EDIT, "users: {disable: [bob]}", "keys still open");
}

/* An image-based system: what its image has is copied before it changes. */
static void
test_image_based(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 24);
    memtree_file(fs, "/etc/passwd", 0644, "root:x:0:0:root:/root:/bin/sh\n");
    memtree_file(fs, "/etc/group", 0644, "root:x:0:\n");
    memtree_file(fs, "/usr/lib/passwd", 0644,
                 "chrony:x:1000:994::/var/lib/chrony:/sbin/nologin\n");
    memtree_file(fs, "/usr/lib/group", 0644, "wheel:x:10:\nx:x:1001:\n");
    memtree_dir(fs, "/var/home", 0755);
    memtree_link(fs, "/home", "var/home");
    configured(fs, EDIT, "users: {create: [{name: core, groups: [wheel]}]}");
    has_line(fs, "/etc/passwd", "core:!:1001:1002::/home/core:/bin/sh\n");
    content(fs, "/etc/group", "root:x:0:\ncore:x:1002:\nwheel:x:10:core\n");
    content(fs, "/usr/lib/group", "wheel:x:10:\nx:x:1001:\n");
    is_mode(fs, "/var/home/core", 0040700, 1001, 1002);
    refused(fs, EDIT, "users: {create: [{name: chrony}]}", "system image");
    refused(fs, EDIT, "users: {delete: [chrony]}", "system image");
    memtree_dir(fs, "/sysroot/ostree/repo", 0755);
    warned(fs, &h2k_edit_image_based, "hostname: {hostname: a}",
           "this deployment's /etc");
    warned(fs, EDIT,
           "users: {create: [{name: core, password: "
           "'$y$j9T$F5Jx5fExrKuPp53xLKQ..1$"
           "X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7'}]}",
           "may not know it");
}

static void
test_plain_password(void)
{
    H2K_AUTO(h2k_fs) fs = debian();
    const char *text = "users: {create: [{name: bob, password_plain: 'a: b'},"
                       " {name: ann, password_plain: c}]}";
    AUTO_RUN run = configure(fs, EDIT, text);
    h2k_autofree char *shadow = memtree_text(fs, "/etc/shadow");
    char hash[200] = "";
    ok(run.rc == 0, "it is put in");
    sscanf(strstr(shadow, "bob:") + 4, "%199[^:]", hash);
    ok(strncmp(hash, "$6$", 3) == 0, "hashed as login.defs says");
    ok_string(crypt("a: b", hash), hash);
    ok(strstr(shadow, ":20486:0:99999:7:::\nold") != NULL, "ann's is dated");
    for (size_t i = 0; i < run.result.change_count; i++) {
        const struct h2k_change *c = &run.result.changes[i];
        if ((c->after != NULL && strchr(c->after, '$') != NULL) ||
            (c->before != NULL && strchr(c->before, '$') != NULL))
            ok(false, "a hash is in the report");
    }
    configured(fs, EDIT, text);
    memtree_file(fs, "/etc/login.defs", 0644, "ENCRYPT_METHOD YESCRYPT\n");
    configured(fs, EDIT, "users: {create: [{name: cid, password_plain: d}]}");
    h2k_autofree char *again = memtree_text(fs, "/etc/shadow");
    ok(strstr(again, "cid:$y$") != NULL, "yescrypt where the guest has it");
}

static void
test_refusals(void)
{
    H2K_AUTO(h2k_fs) fs = debian();
    refused(fs, EDIT, "users: {create: [{name: b, groups: [wheel]}]}",
            "the group wheel, which the guest does not have");
    refused(fs, EDIT, "users: {create: [{name: b, uid: 1000}]}",
            "1000 is ann's");
    refused(fs, EDIT, "users: {create: [{name: ann, uid: 5}]}",
            "with uid 1000");
    refused(fs, EDIT, "users: {create: [{name: ann, gid: 5}]}",
            "no group has 5");
    refused(fs, EDIT, "users: {create: [{name: b, password: hash}]}",
            "no whole hash");
    refused(fs, EDIT, "users: {create: [{name: b, sudo: 'ALL'}]}",
            "its sudo rule, \"ALL\", has no \"=\"");
    refused(fs, EDIT, "users: {create: [{name: b}], delete: [b]}",
            "created and deleted");
    refused(fs, EDIT, "users: {create: [{name: b, ssh_authorized_keys: [x]}]}",
            "ssh_authorized_keys[0] is no public key");
    warned(fs, EDIT, "users: {create: [{name: b, shell: /bin/zsh}]}",
           "/bin/zsh, is not in the guest");
    warned(fs, EDIT, "users: {create: [{name: c}]}",
           "/etc/passwd: line 3 is no entry");
    configured(fs, EDIT,
               "users: {create: [{name: bob.b, sudo: 'ALL=(ALL) ALL'}, "
               "{name: bob_b, sudo: 'ALL=/bin/ls'}, "
               "{name: ALL, sudo: 'ALL=/bin/id'}]}");
    content(fs, "/etc/sudoers.d/bob+b", "bob.b ALL=(ALL) ALL\n");
    content(fs, "/etc/sudoers.d/bob_b", "bob_b ALL=/bin/ls\n");
    content(fs, "/etc/sudoers.d/ALL", "\"ALL\" ALL=/bin/id\n");
    memtree_file(fs, "/etc/sudoers", 0440, "root ALL=(ALL) ALL\n");
    warned(fs, EDIT, "users: {create: [{name: d, sudo: 'ALL=(ALL) ALL'}]}",
           "does not include /etc/sudoers.d");
}

static void
test_sudo_rules(void)
{
    static const char *const good[] = {
        "ALL=(ALL) ALL",
        "ALL=(ALL:ALL) NOPASSWD: ALL",
        "ALL = (root) NOPASSWD:NOEXEC: /bin/ls, /usr/bin/less /var/log/*",
        "www1, !www2 = (www : www, #33) /bin/x a\\,b, !/bin/y",
        "ALL=(root) /a b\\:c : web = (www) /d",
        "ALL=(x) CWD=/srv NOPASSWD: /bin/ls",
        "10.0.0.0/8=SHUTDOWN, sudoedit /etc/motd",
    };
    static const char *const bad[] = {
        "ALL=CWD=/srv (x) /bin/ls",
        "",
        "ALL",
        "ALL=",
        "=(ALL) ALL",
        "ALL=(ALL ALL",
        "ALL=(ALL) NOPASSWD ALL",
        "ALL=(ALL) NOPASWD: ALL",
        "ALL=(ALL) ls",
        "ALL=(ALL) ALL,",
        "ALL=(ALL) /bin/x a=b",
        "ALL=(ALL) /bin/x \\",
        "ALL=(ALL) ALL ALL",
        "ALL=(ALL) ALL\nroot",
        "ALL=(ALL) ALL : ",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        if (!ok(h2k_sudo_rule_problem(good[i]) == NULL, "%s", good[i]))
            printf("# %s\n", h2k_sudo_rule_problem(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        ok(h2k_sudo_rule_problem(bad[i]) != NULL, "a wrong rule is refused");
}

int
main(void)
{
    test_create();
    test_change();
    test_disable_delete();
    test_without_shadow();
    test_image_based();
    test_plain_password();
    test_refusals();
    test_sudo_rules();
    return tap_done();
}
