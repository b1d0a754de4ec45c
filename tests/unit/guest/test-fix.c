/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/edits.h"
#include "guest/guest.h"
#include "guest/text/report-text.h"

#include "base/error.h"
#include "fs/memory.h"

#include "fake-devices.h"
#include "memtree.h"
#include "tap.h"

#include <sys/stat.h>

#define ROOT "UUID=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a04"
#define SWAP "UUID=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a03"
#define NOW 1770000000 /* 2026-02-02 02:40:00 UTC */
#define STAMP ".backup.hyper2kvm.20260202-024000"

static const struct h2k_edit *const all_edits[] = {
    &h2k_edit_fstab,        &h2k_edit_crypttab,
    &h2k_edit_grub,         &h2k_edit_resume,
    &h2k_edit_modprobe,     &h2k_edit_xorg,
    &h2k_edit_vmware_tools, NULL,
};

static void
debian_tree(struct h2k_fs *fs)
{
    memtree_file(fs, "/etc/fstab", 0640,
                 "/dev/sda4 / ext4 defaults 0 1\n/dev/sda3 none swap sw 0 0\n"
                 "/dev/sdq1 /data xfs nofail 0 0\n");
    memtree_owner(fs, "/etc/fstab", 0, 6);
    memtree_xattr(fs, "/etc/fstab", "security.selinux", "etc_t");
    memtree_file(fs, "/etc/crypttab", 0600, "c /dev/sda2 none luks\n");
    memtree_file(fs, "/boot/grub/grub.cfg", 0600,
                 "linux /v root=/dev/sda4\ninitrd /i\n");
    memtree_file(fs, "/boot/grub/device.map", 0644, "(hd0) /dev/sda\n");
    memtree_file(fs, "/etc/default/grub", 0644,
                 "GRUB_DISABLE_LINUX_UUID=true\n");
    memtree_file(fs, "/etc/default/grub.d/50-x.cfg", 0644,
                 "GRUB_CMDLINE_LINUX=root=/dev/sda4\n");
    memtree_file(fs, "/etc/default/grub.d/README", 0644,
                 "GRUB_CMDLINE_LINUX=root=/dev/sda4\n");
    memtree_file(fs, "/etc/kernel/cmdline", 0644, "root=/dev/sda4 ro\n");
    memtree_file(fs, "/etc/initramfs-tools/conf.d/resume", 0644,
                 "RESUME=/dev/sda3\n");
    memtree_file(fs, "/etc/initramfs-tools/conf.d/old" STAMP, 0644,
                 "RESUME=/dev/sda3\n");
    memtree_file(fs, "/etc/initramfs-tools/modules", 0644,
                 "# List\next4\nvmw_pvscsi\n");
    memtree_file(fs, "/etc/modprobe.d/old.conf", 0644,
                 "alias eth0 vmxnet3\nalias scsi_hostadapter1 mptspi\n"
                 "alias eth1 e1000\nblacklist virtio_net\nblacklist pcspkr\n"
                 "install virtio_blk /bin/true\noptions eth0 x\n");
    memtree_file(fs, "/etc/X11/xorg.conf", 0644,
                 "Section \"Device\"\n\tdriver \"vmware\"\nEndSection\n");
    memtree_file(fs, "/lib/systemd/system/open-vm-tools.service", 0644,
                 "[Unit]\n");
    memtree_link(fs, "/etc/systemd/system/vmtoolsd.service",
                 "/lib/systemd/system/open-vm-tools.service");
    memtree_link(
        fs,
        "/etc/systemd/system/multi-user.target.wants/open-vm-tools.service",
        "/lib/systemd/system/open-vm-tools.service");
    memtree_link(fs,
                 "/etc/systemd/system/multi-user.target.wants/cron.service",
                 "/lib/systemd/system/cron.service");
    memtree_file(fs, "/etc/init.d/open-vm-tools", 0755, "#!/bin/sh\n");
    memtree_link(fs, "/etc/rc2.d/S20open-vm-tools", "../init.d/open-vm-tools");
    memtree_link(fs, "/etc/rc2.d/S20cron", "../init.d/cron");
    memtree_link(fs, "/etc/rc2.d/S19vmware-tools", "../init.d/vmware-tools");
    memtree_file(fs, "/etc/modules", 0644, "loop\nvmwgfx\n");
}

static int
run(struct h2k_fs *fs, const struct h2k_fix_options *options,
    const struct h2k_edit *const *edits, struct h2k_fix_result *result)
{
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_fix fix = { .root = root,
                           .devices = fake_devices,
                           .options = options,
                           .result = result };
    *result = (struct h2k_fix_result){ 0 };
    return root == NULL ? -1 : h2k_fix_run_edits(&fix, edits);
}

static void
content(struct h2k_fs *fs, const char *path, const char *expected)
{
    h2k_autofree char *text = memtree_text(fs, path);
    printf("# %s\n", path);
    if (ok(text != NULL, "it is there"))
        same_text(text, expected);
}

static bool
is_there(struct h2k_fs *fs, const char *path)
{
    struct h2k_place place;
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    return h2k_root_lookup_nofollow(root, path, &place) == 0;
}

static void
leads_to(struct h2k_fs *fs, const char *path, const char *expected)
{
    char target[H2K_PATH_MAX + 1] = "";
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    h2k_root_readlink(root, path, target);
    ok_string(target, expected);
}

static const struct h2k_change *
find_change(const struct h2k_fix_result *result, const char *file)
{
    for (size_t i = 0; i < result->change_count; i++)
        if (strcmp(result->changes[i].file, file) == 0)
            return &result->changes[i];
    return NULL;
}

static void
check_tree(struct h2k_fs *fs)
{
    content(fs, "/etc/fstab",
            ROOT " / ext4 defaults 0 1\n" SWAP " none swap sw 0 0\n"
                 "/dev/sdq1 /data xfs nofail 0 0\n");
    content(fs, "/etc/crypttab",
            "c UUID=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a02 none luks\n");
    content(fs, "/boot/grub/grub.cfg", "linux /v root=" ROOT "\ninitrd /i\n");
    ok(!is_there(fs, "/boot/grub/device.map"), "device.map is gone");
    content(fs, "/etc/default/grub", "");
    content(fs, "/etc/default/grub.d/50-x.cfg",
            "GRUB_CMDLINE_LINUX=root=" ROOT "\n");
    content(fs, "/etc/default/grub.d/README",
            "GRUB_CMDLINE_LINUX=root=/dev/sda4\n");
    content(fs, "/etc/kernel/cmdline", "root=" ROOT " ro\n");
    content(fs, "/etc/initramfs-tools/conf.d/resume", "RESUME=" SWAP "\n");
    content(fs, "/etc/initramfs-tools/conf.d/old" STAMP, "RESUME=/dev/sda3\n");
    content(fs, "/etc/modprobe.d/old.conf",
            "alias eth0 virtio_net\nalias scsi_hostadapter1 virtio_blk\n"
            "alias eth1 e1000\n#blacklist virtio_net\nblacklist pcspkr\n"
            "#install virtio_blk /bin/true\noptions eth0 x\n");
    content(fs, "/etc/X11/xorg.conf",
            "Section \"Device\"\n\tdriver \"modesetting\"\nEndSection\n");
}

static void
check_backups(struct h2k_fs *fs, const struct h2k_fix_result *result)
{
    struct h2k_stat st;
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    content(fs, "/etc/fstab" STAMP,
            "/dev/sda4 / ext4 defaults 0 1\n/dev/sda3 none swap sw 0 0\n"
            "/dev/sdq1 /data xfs nofail 0 0\n");
    ok(h2k_root_stat(root, "/etc/fstab" STAMP, &st) == 0 &&
           (st.mode & 07777) == 0640 && st.gid == 6,
       "a backup has the mode and owner");
    ok(h2k_root_stat(root, "/etc/fstab", &st) == 0 &&
           (st.mode & 07777) == 0640 && st.gid == 6,
       "so has what replaces the file");
    content(fs, "/boot/grub/device.map" STAMP, "(hd0) /dev/sda\n");
    ok(is_there(fs, "/etc/initramfs-tools/resume" STAMP) &&
           !is_there(fs, "/etc/initramfs-tools/conf.d/resume" STAMP),
       "no backup where initramfs-tools would read it");
    ok(result->backups.count == 10, "10 backups, has %zu",
       result->backups.count);
}

static void
check_report(const struct h2k_fix_result *result)
{
    const struct h2k_change *change = find_change(result, "/etc/fstab");
    if (ok(change != NULL, "fstab's change is recorded")) {
        ok_string(change->stage, "fix");
        ok_string(change->edit, "fstab");
        ok_string(change->what, "the device of /");
        ok_string(change->before, "/dev/sda4");
        ok_string(change->after, ROOT);
    }
    change = find_change(result, "/boot/grub/device.map");
    ok(change != NULL && change->after == NULL, "what is gone has no after");
    change = find_change(result, "/etc/default/grub");
    if (ok(change != NULL && change->after == NULL, "so has a line"))
        ok_string(change->before, "GRUB_DISABLE_LINUX_UUID=true");
    ok(result->boot_updated, "the boot loader was updated");
    ok(result->fstab_entries == 3 && result->fstab_changed.count == 2,
       "3 entries, 2 changed");
    ok_string(result->fstab_changed.items[1], "/dev/sda3 -> " SWAP);
    ok(result->warnings.count == 1 &&
           strncmp(result->warnings.items[0],
                   "fstab: /etc/fstab: line 3: ", 27) == 0,
       "one warning, that says where");
    ok(result->fstab_before != NULL &&
           strncmp(result->fstab_after, ROOT " / ext4",
                   strlen(ROOT " / ext4")) == 0,
       "fstab is there to print");
}

static void
test_all(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 24);
    struct h2k_fix_options options = h2k_fix_defaults();
    struct h2k_fix_result result, second;
    options.now = NOW;
    options.print_fstab = true;
    debian_tree(fs);
    if (!ok(run(fs, &options, all_edits, &result) == 0, "all edits run"))
        return;
    check_tree(fs);
    check_backups(fs, &result);
    check_report(&result);
    ok(is_there(fs, "/etc/rc2.d/S20open-vm-tools"),
       "VMware Tools stay unless asked for");
    h2k_fix_result_free(&result);

    options.now = NOW + 60;
    ok(run(fs, &options, all_edits, &second) == 0 &&
           second.change_count == 0 && second.backups.count == 0 &&
           !second.boot_updated,
       "a second run changes nothing and backs up nothing");
    h2k_fix_result_free(&second);
}

static void
test_options(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 24);
    struct h2k_fix_options options = { .fstab_mode = H2K_FIX_FSTAB_NOOP };
    struct h2k_fix_result result;
    debian_tree(fs);
    ok(run(fs, &options, all_edits, &result) == 0, "with options off");
    ok(find_change(&result, "/etc/fstab") == NULL &&
           find_change(&result, "/etc/crypttab") == NULL &&
           find_change(&result, "/etc/default/grub") == NULL &&
           find_change(&result, "/boot/grub/device.map") == NULL &&
           result.backups.count == 0 && result.fstab_before == NULL,
       "nothing of it is done");
    ok(result.fstab_entries == 3, "fstab's entries are counted all the same");
    h2k_fix_result_free(&result);

    enum h2k_fix_fstab mode;
    ok(h2k_fix_fstab_parse("bypath-only", &mode) == 0 &&
           mode == H2K_FIX_FSTAB_BYPATH_ONLY,
       "a mode by its name");
    ok_error(h2k_fix_fstab_parse("all", &mode) < 0, H2K_E_USAGE,
             "stabilize-all, bypath-only or noop");
}

static void
test_vmware_tools(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 24);
    struct h2k_fix_options options = h2k_fix_defaults();
    struct h2k_fix_result result;
    options.now = NOW;
    options.remove_vmware_tools = true;
    debian_tree(fs);
    ok(run(fs, &options, all_edits, &result) == 0, "tools off");
    h2k_fix_result_free(&result);
    leads_to(fs, "/etc/systemd/system/open-vm-tools.service", "/dev/null");
    leads_to(fs, "/etc/systemd/system/vmtoolsd.service", "/dev/null");
    ok(!is_there(fs, "/etc/systemd/system/multi-user.target.wants/"
                     "open-vm-tools.service"),
       "it is not wanted any more");
    ok(is_there(fs, "/etc/systemd/system/multi-user.target.wants/"
                    "cron.service") &&
           is_there(fs, "/etc/rc2.d/S20cron") &&
           !is_there(fs, "/etc/systemd/system/vgauth.service"),
       "other services stay, and none is masked that is not there");
    leads_to(fs, "/etc/rc2.d/K01open-vm-tools", "../init.d/open-vm-tools");
    ok(!is_there(fs, "/etc/rc2.d/S20open-vm-tools"), "the script is off");
    ok(!is_there(fs, "/etc/rc2.d/S19vmware-tools") &&
           !is_there(fs, "/etc/rc2.d/K01vmware-tools"),
       "a link to a script that is gone only goes");
    content(fs, "/etc/modules", "loop\n#vmwgfx\n");
    content(fs, "/etc/initramfs-tools/modules", "# List\next4\n#vmw_pvscsi\n");
    ok(run(fs, &options, all_edits, &result) == 0 && result.change_count == 0,
       "a second run changes nothing");
    h2k_fix_result_free(&result);
}

/* What the other distributions have of it. */
static void
test_vmware_elsewhere(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 24);
    struct h2k_fix_options options = h2k_fix_defaults();
    struct h2k_fix_result result;
    const struct h2k_edit *const edits[] = { &h2k_edit_vmware_tools, NULL };
    options.now = NOW;
    options.remove_vmware_tools = true;
    memtree_file(fs, "/etc/dracut.conf.d/a.conf", 0644,
                 "add_drivers+=\" vmw_pvscsi xfs vmxnet3 \"\n"
                 "# force_drivers+=\" vmxnet3 \"\nomit_drivers+=\" vmwgfx \"\n"
                 "force_drivers+=\"vmw_balloon\" # vmw_vmci\n");
    memtree_file(fs, "/etc/mkinitcpio.conf", 0644,
                 "MODULES=(vmw_pvscsi ext4 vmxnet3)\nHOOKS=(base vmware)\n");
    memtree_file(fs, "/etc/sysconfig/kernel", 0644,
                 "INITRD_MODULES=\"ata_piix vmxnet3 vmw_pvscsi\"\n");
    memtree_file(fs, "/etc/modules-load.d/x.conf", 0644, "vmwgfx\nfuse\n");
    memtree_file(fs, "/etc/init.d/open-vm-tools", 0755,
                 "#!/sbin/openrc-run\n");
    memtree_link(fs, "/etc/runlevels/default/open-vm-tools",
                 "/etc/init.d/open-vm-tools");
    memtree_link(fs, "/etc/runlevels/default/sshd", "/etc/init.d/sshd");
    memtree_link(fs, "/etc/init.d/rc3.d/S10vmtoolsd", "../vmtoolsd");
    memtree_file(fs, "/etc/init/vmware-tools.conf", 0644,
                 "# VMware Tools\nstart on (runlevel [2345]\n"
                 "          and filesystem)\n  start\ton vmware \\\n or x\n"
                 "start only\nstop on runlevel [!2345]\n"
                 "pre-start script\n  echo start on\nend script\n");
    memtree_file(fs, "/etc/xdg/autostart/vmware-user.desktop", 0644,
                 "# VMware\n[Desktop Entry]\nExec=vmware-user\n");
    ok(run(fs, &options, edits, &result) == 0 && result.warnings.count == 0,
       "elsewhere too");
    h2k_fix_result_free(&result);
    content(fs, "/etc/dracut.conf.d/a.conf",
            "add_drivers+=\" xfs \"\n# force_drivers+=\" vmxnet3 \"\n"
            "omit_drivers+=\" vmwgfx \"\nforce_drivers+=\"\" # vmw_vmci\n");
    content(fs, "/etc/mkinitcpio.conf",
            "MODULES=(ext4 )\nHOOKS=(base vmware)\n");
    content(fs, "/etc/sysconfig/kernel", "INITRD_MODULES=\"ata_piix \"\n");
    content(fs, "/etc/modules-load.d/x.conf", "#vmwgfx\nfuse\n");
    ok(!is_there(fs, "/etc/runlevels/default/open-vm-tools") &&
           is_there(fs, "/etc/runlevels/default/sshd") &&
           is_there(fs, "/etc/init.d/open-vm-tools"),
       "OpenRC does not start it, and the rest stays");
    ok(!is_there(fs, "/etc/init.d/rc3.d/S10vmtoolsd"), "nor does SUSE's init");
    content(fs, "/etc/init/vmware-tools.conf",
            "# VMware Tools\n#start on (runlevel [2345]\n"
            "#          and filesystem)\n#  start\ton vmware \\\n# or x\n"
            "start only\nstop on runlevel [!2345]\n"
            "pre-start script\n  echo start on\nend script\n");
    content(fs, "/etc/xdg/autostart/vmware-user.desktop",
            "# VMware\n[Desktop Entry]\nHidden=true\nExec=vmware-user\n");
    ok(run(fs, &options, edits, &result) == 0 && result.change_count == 0,
       "a second run changes nothing");
    h2k_fix_result_free(&result);
}

static void
test_tarball(void)
{
    static const char list[] =
        "answer BINDIR /usr/bin\n"
        "directory /etc/vmware-tools\n"
        "file /etc/vmware-tools/tools.conf 1414141414\n"
        "file /usr/bin/vmware-toolbox-cmd 1414141414\n"
        "file /usr/bin/vmware-kept 1414141414\n"
        "remove_file /usr/bin/vmware-kept\n"
        "file /lib/modules/3.2/misc/vmhgfs.ko 1414141414\n"
        "file /etc/passwd\n"
        "file /etc/vmware-link/shadow\n"
        "file ../../etc/vmware-x\n"
        "file /etc/vmware-tools\n"
        "file /usr/lib/vmware-tools/../../../etc/passwd\n"
        "file \nfile\nremove_file x\n";
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 24);
    struct h2k_fix_options options = h2k_fix_defaults();
    struct h2k_fix_result result;
    const struct h2k_edit *const edits[] = { &h2k_edit_vmware_tools, NULL };
    options.now = NOW;
    options.remove_vmware_tools = true;
    memtree_file(fs, "/etc/vmware-tools/locations", 0644, list);
    memtree_file(fs, "/etc/vmware-tools/tools.conf", 0644, "x");
    memtree_file(fs, "/usr/bin/vmware-toolbox-cmd", 0755, "x");
    memtree_file(fs, "/usr/bin/vmware-kept", 0755, "x");
    memtree_file(fs, "/lib/modules/3.2/misc/vmhgfs.ko", 0644, "x");
    memtree_file(fs, "/etc/passwd", 0644, "root");
    memtree_file(fs, "/etc/shadow", 0600, "root");
    memtree_dir(fs, "/usr/lib/vmware-tools", 0755);
    memtree_link(fs, "/etc/vmware-link", "/etc");
    ok(run(fs, &options, edits, &result) == 0, "a list that means harm");
    ok(!is_there(fs, "/usr/bin/vmware-toolbox-cmd") &&
           !is_there(fs, "/etc/vmware-tools/tools.conf"),
       "what is VMware's is gone");
    ok(is_there(fs, "/etc/passwd") && is_there(fs, "/etc/shadow"),
       "what is not, also through a link or \"..\", is left");
    ok(is_there(fs, "/usr/bin/vmware-kept"), "so is what the list gave up");
    ok(is_there(fs, "/lib/modules/3.2/misc/vmhgfs.ko"),
       "so are kernel modules");
    ok(is_there(fs, "/etc/vmware-tools/tools.conf" STAMP) &&
           !is_there(fs, "/usr/bin/vmware-toolbox-cmd" STAMP),
       "what was configured has a backup");
    ok(result.warnings.count == 1, "and it is said");
    h2k_fix_result_free(&result);
}

static int
fail_edit(struct h2k_fix *fix)
{
    h2k_fix_record(fix, "/x", "a change", "\x01\xff\xc3\xa4", NULL);
    return h2k_fail(H2K_E_UNFIXABLE, "no");
}

static bool
always(struct h2k_fix *fix)
{
    return fix != NULL;
}

static void
test_failure(void)
{
    static const struct h2k_edit edit = { "sad", always, fail_edit };
    const struct h2k_edit *const edits[] = { &edit, &h2k_edit_fstab, NULL };
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(1 << 20);
    struct h2k_fix_options options = h2k_fix_defaults();
    struct h2k_fix_result result;
    debian_tree(fs);
    ok_error(run(fs, &options, edits, &result) < 0, H2K_E_UNFIXABLE,
             "sad: no");
    ok(result.change_count == 1 && result.fstab_entries == 0,
       "what was done until then is known, and nothing follows");
    ok_string(result.changes[0].before, "\\x01\\xff\xc3\xa4");
    h2k_fix_result_free(&result);

    memtree_file(fs, "/boot/grub/grub.cfg", 0600,
                 "linux /v root=/dev/sdq1\ninitrd /i\n");
    ok_error(run(fs, &options, all_edits, &result) < 0, H2K_E_UNFIXABLE,
             "grub: no entry of GRUB's menu");
    h2k_fix_result_free(&result);
}

/* No room for the backups: an error, and not half of a file. */
static void
test_full(void)
{
    H2K_AUTO(h2k_fs) fs = h2k_memfs_new(4096);
    struct h2k_fix_options options = h2k_fix_defaults();
    struct h2k_fix_result result;
    uint64_t space = 0;
    memtree_file(fs, "/etc/fstab", 0644, "/dev/sda4 / ext4 defaults 0 1\n");
    h2k_fs_space(fs, &space);
    h2k_autofree char *filler = calloc(1, (size_t)space + 1);
    memset(filler, 'x', (size_t)space);
    memtree_file(fs, "/filler", 0644, filler);
    ok_error(run(fs, &options, all_edits, &result) < 0, H2K_E_NOSPACE,
             "fstab: the backup of /etc/fstab");
    content(fs, "/etc/fstab", "/dev/sda4 / ext4 defaults 0 1\n");
    h2k_fix_result_free(&result);
}

/* A partition of the first disk, with FS or without. */
static bool
add_volume(struct h2k_guest *guest, uint32_t partition, const char *type,
           const char *uuid, const char *partuuid, struct h2k_fs *fs)
{
    struct h2k_guest_volume volume = { .partition = partition, .fs = fs };
    volume.fs_info.type = type;
    volume.fs_info.mountable = fs != NULL;
    snprintf(volume.fs_info.uuid, sizeof(volume.fs_info.uuid), "%s", uuid);
    snprintf(volume.uuid, sizeof(volume.uuid), "%s", partuuid);
    return h2k_guest_add_volume(guest, &volume) == 0;
}

static struct h2k_guest *
small_guest(const char *fstab)
{
    H2K_AUTO(h2k_guest) guest = h2k_guest_new();
    H2K_AUTO(h2k_fs) root = h2k_memfs_new(1 << 22);
    H2K_AUTO(h2k_fs) boot = h2k_memfs_new(1 << 22);
    memtree_file(root, "/etc/fstab", 0644, fstab);
    memtree_file(root, "/etc/os-release", 0644, "ID=debian\n");
    memtree_dir(root, "/boot", 0755);
    memtree_file(root, "/etc/default/grub", 0644,
                 "GRUB_CMDLINE_LINUX=resume=/dev/sda3\n");
    memtree_file(boot, "/grub/grub.cfg", 0600,
                 "linux /v root=/dev/sda4\ninitrd /i\n");
    if (!add_volume(guest, 2, "ext4", "aaaa-02", "p-02", h2k_steal(boot)) ||
        !add_volume(guest, 3, "swap", "aaaa-03", "p-03", NULL) ||
        !add_volume(guest, 4, "ext4", "aaaa-04", "p-04", h2k_steal(root)) ||
        !add_volume(guest, 5, "xfs", "aaaa-05", "p-05", NULL) ||
        !add_volume(guest, 6, "xfs", "aaaa-05", "p-06", NULL) ||
        h2k_guest_assemble(guest) < 0)
        return NULL;
    return h2k_steal(guest);
}

static void
test_guest(void)
{
    struct h2k_fix_options options = h2k_fix_defaults();
    struct h2k_fix_result result = { 0 };
    h2k_autofree char *text = NULL;
    size_t size;
    H2K_AUTO(h2k_guest)
    guest = small_guest(
        "/dev/sda4 / ext4 defaults 0 1\n/dev/sda2 /boot ext4 defaults 0 2\n"
        "/dev/sda3 none swap sw 0 0\n/dev/sda6 /data xfs nofail 0 2\n");
    options.regen_initramfs = false;
    if (!ok(guest != NULL, "a guest of two filesystems is assembled") ||
        !ok(h2k_fix_run(guest, &options, &result) == 0, "and fixed"))
        return;
    ok(result.warnings.count == 0, "without warnings");
    h2k_root_read_file(guest->root, "/etc/fstab", 4096, &text, &size);
    same_text(text, "UUID=aaaa-04 / ext4 defaults 0 1\n"
                    "UUID=aaaa-02 /boot ext4 defaults 0 2\n"
                    "UUID=aaaa-03 none swap sw 0 0\n"
                    "PARTUUID=p-06 /data xfs nofail 0 2\n");
    free(h2k_steal(text));
    h2k_root_read_file(guest->root, "/boot/grub/grub.cfg", 4096, &text, &size);
    same_text(text, "linux /v root=UUID=aaaa-04\ninitrd /i\n");
    h2k_fix_result_free(&result);
}

static void
test_report_text(void)
{
    static const struct {
        const char *bytes;
        size_t size, limit;
        const char *text;
    } cases[] = {
        { "", 0, 8, "" },
        { "abc", 3, 3, "abc" },
        { "abcd", 4, 3, "…" },
        { "abcdefgh", 8, 6, "abc…" },
        { "a\0b\n\t\x7f", 6, 99, "a\\x00b\n\t\\x7f" },
        { "\xc0\xaf\xed\xa0\x80\xf5", 6, 99,
          "\\xc0\\xaf\\xed\\xa0\\x80\\xf5" },
        { "\xe2\x82\xac\xe2\x82", 5, 99, "\xe2\x82\xac\\xe2\\x82" },
        { "\xf0\x9f\x98\x80", 4, 4, "\xf0\x9f\x98\x80" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        h2k_autofree char *text =
            h2k_report_text(cases[i].bytes, cases[i].size, cases[i].limit);
        ok(strcmp(text, cases[i].text) == 0, "report text %zu: %s", i,
           i == 4 ? "escapes" : text);
    }
}

int
main(void)
{
    test_all();
    test_options();
    test_vmware_tools();
    test_vmware_elsewhere();
    test_tarball();
    test_failure();
    test_full();
    test_guest();
    test_report_text();
    return tap_done();
}
