/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The menus of boot loaders: what they start, and the devices in them. */
#include "guest/boot/menu.h"

#include "base/error.h"
#include "fs/memory.h"
#include "guest/boot/kernels.h"
#include "guest/fix/edits.h"
#include "guest/fix/menu-rewrite.h"

#include "fake-devices.h"
#include "memtree.h"
#include "tap.h"

#define ROOT "UUID=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a04"
#define SWAP "UUID=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a03"
#define ROOT_PART "PARTUUID=6a1f0f6e-1c5b-4c0e-9a6d-0d6a0b1f2c04"

static int
fill(struct h2k_rewrite *rewrite, const struct h2k_menu_syntax *syntax,
     struct h2k_cmdline_roots *roots)
{
    return syntax == NULL ? h2k_refind_rewrite(rewrite, roots)
                          : h2k_menu_rewrite(rewrite, syntax, roots);
}

/* BEFORE becomes AFTER, with WARNINGS, and AFTER stays. */
static void
becomes(const struct h2k_menu_syntax *syntax, const char *before,
        const char *after, size_t warnings)
{
    struct h2k_cmdline_roots roots = { 0 };
    H2K_AUTO_REWRITE first = { .text = before,
                               .size = strlen(before),
                               .devices = &fake_devices };
    h2k_autofree char *text = NULL;
    size_t size;
    if (!ok(fill(&first, syntax, &roots) == 0 &&
                h2k_rewrite_apply(&first, &text, &size) == 0,
            "it is read"))
        return;
    same_text(text, after);
    ok(first.warnings.count == warnings, "%zu warnings, has %zu", warnings,
       first.warnings.count);
    H2K_AUTO_REWRITE second = { .text = text,
                                .size = size,
                                .devices = &fake_devices };
    ok(fill(&second, syntax, &roots) == 0 && second.count == 0,
       "a second time changes nothing");
}

/* As Debian's update-grub wrote it for GRUB legacy, shortened. */
#define DEBIAN_LEGACY(root, swap)                                      \
    "# menu.lst - See: grub(8), info grub, update-grub(8)\n"           \
    "default\t\t0\n"                                                   \
    "timeout\t\t5\n"                                                   \
    "### BEGIN AUTOMAGIC KERNELS LIST\n"                               \
    "## default kernel options for automagic boot options\n"           \
    "## e.g. kopt=root=/dev/hda1 ro\n"                                 \
    "##      kopt_2_6_8=root=/dev/hdc1 ro\n"                           \
    "# kopt=root=" root " ro\n"                                        \
    "## default grub root device\n"                                    \
    "# groot=(hd0,0)\n"                                                \
    "# alternative=true\n"                                             \
    "# defoptions=quiet resume=" swap "\n"                             \
    "## ## End Default Options ##\n"                                   \
    "\n"                                                               \
    "title\t\tDebian GNU/Linux, kernel 2.6.32-5-amd64\n"               \
    "root\t\t(hd0,0)\n"                                                \
    "kernel\t\t/boot/vmlinuz-2.6.32-5-amd64 root=" root " ro quiet \n" \
    "initrd\t\t/boot/initrd.img-2.6.32-5-amd64\n"

static void
test_grub_legacy(void)
{
    becomes(&h2k_menu_grub_legacy, DEBIAN_LEGACY("/dev/sda4", "/dev/sda3"),
            DEBIAN_LEGACY(ROOT, SWAP), 0);
    /* RHEL's, with switches; a kernel without an initramfs. */
    becomes(&h2k_menu_grub_legacy,
            "default=1\n#boot=/dev/sda\ntitle A (2.6.32)\n\troot (hd0,0)\n"
            "\tkernel --no-mem-option /vmlinuz-2.6.32 ro root=/dev/sda4\r\n"
            "\tinitrd /initramfs-2.6.32.img\r\n"
            "title B\n\tkernel=/vmlinuz root=/dev/sda4",
            "default=1\n#boot=/dev/sda\ntitle A (2.6.32)\n\troot (hd0,0)\n"
            "\tkernel --no-mem-option /vmlinuz-2.6.32 ro root=" ROOT "\r\n"
            "\tinitrd /initramfs-2.6.32.img\r\n"
            "title B\n\tkernel=/vmlinuz root=" ROOT_PART,
            0);
    /* Xen: its modules are the kernel and the initramfs. */
    becomes(&h2k_menu_grub_legacy,
            "title X\nkernel /xen.gz\nmodule /vmlinuz root=/dev/sda4\n"
            "module /initrd\n",
            "title X\nkernel /xen.gz\nmodule /vmlinuz root=" ROOT "\n"
            "module /initrd\n",
            0);
    becomes(&h2k_menu_grub_legacy, "kernel /a root=/dev/sdx1\ninitrd /i\n",
            "kernel /a root=/dev/sdx1\ninitrd /i\n", 1);
}

static void
test_syslinux(void)
{
    /* Alpine's update-extlinux. */
    becomes(&h2k_menu_syslinux,
            "DEFAULT menu.c32\nPROMPT 0\nMENU TITLE Alpine/Linux Boot Menu\n"
            "LABEL lts\n  MENU DEFAULT\n  MENU LABEL Linux lts\n"
            "  LINUX vmlinuz-lts\n  INITRD initramfs-lts\n"
            "  APPEND root=/dev/sda4 modules=sd-mod,ext4 quiet\n\n"
            "MENU SEPARATOR\n",
            "DEFAULT menu.c32\nPROMPT 0\nMENU TITLE Alpine/Linux Boot Menu\n"
            "LABEL lts\n  MENU DEFAULT\n  MENU LABEL Linux lts\n"
            "  LINUX vmlinuz-lts\n  INITRD initramfs-lts\n"
            "  APPEND root=" ROOT " modules=sd-mod,ext4 quiet\n\n"
            "MENU SEPARATOR\n",
            0);
    /* initrd= in the command line; none at all; for all entries. */
    becomes(&h2k_menu_syslinux,
            "append resume=/dev/sda3\nlabel a\nkernel /vmlinuz\n"
            "append initrd=/u.img,/initrd.img root=/dev/sda4\n"
            "label b\nkernel /vmlinuz\nappend root=/dev/sda4\n"
            "label c\n kernel chain.c32\n append hd0 0\n",
            "append resume=" SWAP "\nlabel a\nkernel /vmlinuz\n"
            "append initrd=/u.img,/initrd.img root=" ROOT "\n"
            "label b\nkernel /vmlinuz\nappend root=" ROOT_PART "\n"
            "label c\n kernel chain.c32\n append hd0 0\n",
            0);
}

static void
test_others(void)
{
    becomes(&h2k_menu_limine,
            "timeout: 5\n\n/Arch Linux\n    protocol: linux\n"
            "    path: boot():/vmlinuz-linux\n"
            "    cmdline: root=/dev/sda4 rw\n"
            "    module_path: boot():/initramfs-linux.img\n",
            "timeout: 5\n\n/Arch Linux\n    protocol: linux\n"
            "    path: boot():/vmlinuz-linux\n"
            "    cmdline: root=" ROOT " rw\n"
            "    module_path: boot():/initramfs-linux.img\n",
            0);
    becomes(&h2k_menu_limine,
            ":Arch\nPROTOCOL=linux\nCMDLINE=root=/dev/sda4 rw\n"
            "KERNEL_PATH=boot:///vmlinuz-linux\nMODULE_PATH=boot:///i\n",
            ":Arch\nPROTOCOL=linux\nCMDLINE=root=" ROOT " rw\n"
            "KERNEL_PATH=boot:///vmlinuz-linux\nMODULE_PATH=boot:///i\n",
            0);
    becomes(NULL,
            "# comment root=/dev/sda4\n"
            "\"Boot with standard options\"  \"ro root=/dev/sda4 quiet\"\n"
            "\"Boot to single-user\" \"ro root=/dev/sda4 single\"\n",
            "# comment root=/dev/sda4\n"
            "\"Boot with standard options\"  \"ro root=" ROOT " quiet\"\n"
            "\"Boot to single-user\" \"ro root=" ROOT " single\"\n",
            0);
}

static void
test_grub_entries(void)
{
    static const char text[] =
        "set default=\"1>1\"\nset default=\"${saved_entry}\"\n"
        "menuentry 'Debian' --class debian $menuentry_id_option 'simple' {\n"
        " if true; then linux /vmlinuz-2 root=x; fi\n initrd /initrd-2\n}\n"
        "submenu 'Advanced' $menuentry_id_option 'adv' {\n"
        " menuentry 'two' --id e2 {\n linux /vmlinuz-2\n"
        "  initrd /ucode.img /initrd-2 $extra\n }\n"
        " menuentry 'one' --id e1 {\n linux /vmlinuz-1\n }\n}\n"
        "menuentry 'memtest' {\n linux16 /memtest.bin\n}\n"
        "menuentry 'setup' {\n fwsetup\n}\n";
    H2K_AUTO(h2k_menu)
    menu = h2k_menu_parse_grub("/boot/grub", text, strlen(text));
    if (!ok(menu != NULL && menu->count == 4, "four entries start something"))
        return;
    const struct h2k_menu_entry *e = menu->items;
    ok_string(e[0].place, "0");
    ok_string(e[0].title, "Debian");
    ok_string(e[0].id, "simple");
    ok_string(e[0].kernel, "/vmlinuz-2");
    ok(e[0].initrds.count == 1, "with one initrd");
    ok_string(e[1].place, "1>0");
    ok(e[1].initrds.count == 2, "several initrds on a line");
    ok_string(e[2].place, "1>1");
    ok(e[2].initrds.count == 0, "none is none");
    ok_string(e[3].place, "2");
    ok(h2k_menu_default(menu, NULL) == 2, "the default by its place");
    ok(h2k_menu_default(menu, "1") == 1, "a menu is its first entry");
    ok(h2k_menu_default(menu, "adv>e1") == 2, "by ids");
    ok(h2k_menu_default(menu, "Debian") == 0, "by its title");
    ok(h2k_menu_default(menu, "9") == 4 && h2k_menu_default(menu, "") == 4,
       "what is not there is none");
}

static struct h2k_fs *
guest(void)
{
    struct h2k_fs *fs = h2k_memfs_new(1 << 16);
    memtree_file(fs, "/boot/vmlinuz-6.1.0-1", 0644, "kernel");
    memtree_file(fs, "/boot/initrd.img-6.1.0-1", 0644, "i");
    memtree_file(fs, "/boot/vmlinuz-6.1.0-9", 0644, "kernel");
    memtree_file(fs, "/boot/initrd.img-6.1.0-9", 0644, "i");
    return fs;
}

static void
default_is(struct h2k_fs *fs, const char *version, const char *initramfs)
{
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    H2K_AUTO(h2k_kernels) kernels = h2k_kernels_read(root);
    const struct h2k_kernel *k =
        kernels == NULL ? NULL : h2k_kernels_default(kernels);
    if (!ok(k != NULL, "there is a default"))
        return;
    ok_string(k->version, version);
    ok_string(k->initramfs_path == NULL ? "none" : k->initramfs_path,
              initramfs == NULL ? "none" : initramfs);
}

static void
test_defaults(void)
{
    H2K_AUTO(h2k_fs) legacy = guest();
    memtree_file(legacy, "/boot/grub/menu.lst", 0644,
                 "default 1\ntitle memtest\nkernel /boot/memtest86+.bin\n"
                 "title old\nkernel (hd0,0)/vmlinuz-6.1.0-1 ro\n"
                 "initrd /initrd.img-6.1.0-1\n"
                 "title new\nkernel /vmlinuz-6.1.0-9 ro\n"
                 "initrd /initrd.img-6.1.0-9\n");
    default_is(legacy, "6.1.0-1", "/boot/initrd.img-6.1.0-1");

    H2K_AUTO(h2k_fs) extlinux = guest();
    memtree_file(extlinux, "/boot/special.img", 0644, "s");
    memtree_file(extlinux, "/boot/extlinux/extlinux.conf", 0644,
                 "default l1\ninclude linux.cfg\n");
    memtree_file(extlinux, "/boot/extlinux/linux.cfg", 0644,
                 "label l0\nlinux /boot/vmlinuz-6.1.0-9\n"
                 "initrd /boot/initrd.img-6.1.0-9\n"
                 "label l1\nlinux ../vmlinuz-6.1.0-1\n"
                 "initrd ../initrd.img-6.1.0-1,../special.img\n");
    default_is(extlinux, "6.1.0-1", "/boot/special.img");

    H2K_AUTO(h2k_fs) grub2 = guest();
    memtree_file(grub2, "/boot/grub/grub.cfg", 0644,
                 "set default=\"1>0\"\n"
                 "menuentry a { linux /boot/vmlinuz-6.1.0-9\n"
                 "initrd /boot/initrd.img-6.1.0-9\n}\n"
                 "submenu more {\n menuentry b { linux "
                 "/boot/vmlinuz-6.1.0-1\n initrd /boot/initrd.img-6.1.0-1\n"
                 "}\n}\n");
    default_is(grub2, "6.1.0-1", "/boot/initrd.img-6.1.0-1");
}

/* What grub-mkconfig 2.06 puts before every menu, whatever its default. */
#define GRUB_HEAD(value)                                                  \
    "if [ \"${next_entry}\" ] ; then\n  set default=\"${next_entry}\"\n"  \
    "else\n  set default=\"" value "\"\nfi\n"                             \
    "if [ \"${prev_saved_entry}\" ]; then\n"                              \
    "  set saved_entry=\"${prev_saved_entry}\"\n  save_env saved_entry\n" \
    "fi\nfunction savedefault {\n  saved_entry=\"${chosen}\"\n}\n"
#define GRUB_ENTRIES(boot)                                      \
    "menuentry a {\n linux " boot "/vmlinuz-6.1.0-9\n"          \
    " initrd " boot "/initrd.img-6.1.0-9\n}\n"                  \
    "menuentry b --id old {\n linux " boot "/vmlinuz-6.1.0-1\n" \
    " initrd " boot "/initrd.img-6.1.0-1\n}\n"
#define GRUBENV "# GRUB Environment Block\nsaved_entry=old\n####"

/* A name that was saved once counts only in a menu that asks for it. */
static void
test_saved(void)
{
    H2K_AUTO(h2k_fs) fs = guest();
    memtree_file(fs, "/boot/grub/grubenv", 0644, GRUBENV);
    memtree_file(fs, "/boot/grub/grub.cfg", 0644,
                 GRUB_HEAD("0") GRUB_ENTRIES(""));
    default_is(fs, "6.1.0-9", "/boot/initrd.img-6.1.0-9");
    memtree_file(fs, "/boot/grub/grub.cfg", 0644,
                 GRUB_HEAD("${saved_entry}") GRUB_ENTRIES(""));
    default_is(fs, "6.1.0-1", "/boot/initrd.img-6.1.0-1");
    memtree_file(fs, "/boot/grub/grub.cfg", 0644,
                 "default=old\n" GRUB_ENTRIES(""));
    default_is(fs, "6.1.0-1", "/boot/initrd.img-6.1.0-1");
}

/* Fedora's: the numbers are of entries elsewhere. */
static void
test_blscfg(void)
{
    H2K_AUTO(h2k_fs) fs = guest();
    memtree_file(fs, "/boot/grub/grubenv", 0644,
                 "# GRUB Environment Block\nsaved_entry=0\n####");
    memtree_file(fs, "/boot/grub/grub.cfg", 0644,
                 "set default=\"${saved_entry}\"\nblscfg\n"
                 "menuentry own {\n linux /vmlinuz-6.1.0-1\n"
                 " initrd /initrd.img-6.1.0-1\n}\n");
    memtree_file(fs, "/boot/loader/entries/x.conf", 0644,
                 "version 6.1.0-9\nlinux /vmlinuz-6.1.0-9\n"
                 "initrd /initrd.img-6.1.0-9\n");
    default_is(fs, "6.1.0-9", "/boot/initrd.img-6.1.0-9");
}

/* Paths that count from the top of the volume, above the root. */
static void
test_subvolumes(void)
{
    static const char *const paths[] = {
        "default=old\n" GRUB_ENTRIES("/@/boot"),
        "default=old\n" GRUB_ENTRIES("/@boot"),
        "default=old\n" GRUB_ENTRIES("/BOOT/debian@"),
    };
    for (size_t i = 0; i < 3; i++) {
        H2K_AUTO(h2k_fs) fs = guest();
        memtree_file(fs, "/boot/grub/grub.cfg", 0644, paths[i]);
        default_is(fs, "6.1.0-1", "/boot/initrd.img-6.1.0-1");
    }
}

/* An entry that gives its kernel no initramfs boots without one, whatever
 * stands beside it. */
static void
test_no_initrd(void)
{
    H2K_AUTO(h2k_fs) fs = guest();
    memtree_file(fs, "/boot/grub/grub.cfg", 0644,
                 "menuentry a { linux /vmlinuz-6.1.0-9\n}\n"
                 "menuentry b { linux /vmlinuz-6.1.0-1\n"
                 " initrd /$initrd\n}\n");
    default_is(fs, "6.1.0-9", NULL);
    memtree_file(fs, "/boot/grub/grub.cfg", 0644,
                 "default=1\nmenuentry a { linux /vmlinuz-6.1.0-9\n}\n"
                 "menuentry b { linux /vmlinuz-6.1.0-1\n"
                 " initrd $initrd\n}\n");
    default_is(fs, "6.1.0-1", "/boot/initrd.img-6.1.0-1");
}

/* Links make many large files of one; what is read of them has a bound. */
static void
test_bounds(void)
{
    H2K_AUTO(h2k_fs) fs = guest();
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    H2K_AUTO_STRINGS paths = { 0 };
    for (int i = 0; i < 600; i++) {
        char path[64];
        snprintf(path, sizeof(path), "/boot/extlinux/%d.cfg", i);
        memtree_file(fs, path, 0644, "label a\nlinux /vmlinuz-6.1.0-9\n");
    }
    ok(h2k_menu_files(root, H2K_MENU_SYSLINUX, &paths) == 0 &&
           paths.count == H2K_MENU_FILES_MAX,
       "no more than %d files", H2K_MENU_FILES_MAX);

    static char words[8 * 4096];
    for (size_t i = 0; i + 8 < sizeof(words); i += 8)
        memcpy(words + i, " /i-file", 8);
    words[sizeof(words) - 1] = '\0';
    h2k_autofree char *text = NULL;
    ok(asprintf(&text, "linux /vmlinuz\ninitrd%s\n", words) > 0, "text");
    H2K_AUTO(h2k_menu)
    menu = h2k_menu_parse_grub("/boot/grub", text, strlen(text));
    ok(menu != NULL && menu->items[0].initrds.count == H2K_MENU_INITRDS_MAX,
       "nor more than %d initrds", 16);
}

static int
run(struct h2k_fs *fs, struct h2k_fix_result *result, bool backup)
{
    static const struct h2k_edit *const edits[] = { &h2k_edit_grub,
                                                    &h2k_edit_menus, NULL };
    struct h2k_fix_options options = h2k_fix_defaults();
    options.backup = backup;
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    struct h2k_fix fix = { .root = root,
                           .devices = fake_devices,
                           .options = &options,
                           .result = result };
    *result = (struct h2k_fix_result){ 0 };
    return h2k_fix_run_edits(&fix, edits);
}

static void
content(struct h2k_fs *fs, const char *path, const char *expected)
{
    h2k_autofree char *text = memtree_text(fs, path);
    if (ok(text != NULL, "%s is there", path))
        same_text(text, expected);
}

static void
test_edit(void)
{
    struct h2k_fix_result result;
    H2K_AUTO(h2k_fs) fs = guest();
    memtree_file(fs, "/boot/grub/device.map", 0600, "(hd0) /dev/sda\n");
    memtree_file(fs, "/boot/grub/menu.lst", 0600,
                 DEBIAN_LEGACY("/dev/sda4", "/dev/sda3"));
    memtree_file(fs, "/etc/default/extlinux", 0644,
                 "EXTLINUX_ROOT=\"root=/dev/sda4\"\n"
                 "EXTLINUX_PARAMETERS=\"ro quiet\"\n");
    memtree_file(fs, "/etc/default/limine", 0644,
                 "KERNEL_CMDLINE[default]=\"root=/dev/sda4 rw\"\n"
                 "KERNEL_CMDLINE[\"linux-lts\"]+=' resume=/dev/sda3'\n"
                 "x[root]=/dev/sda4\n");
    memtree_file(fs, "/etc/update-extlinux.conf", 0644,
                 "overwrite=1\nroot=/dev/sda4\n"
                 "default_kernel_opts=\"resume=/dev/sda3 quiet\"\n");
    ok(run(fs, &result, true) == 0 && result.boot_updated, "the edit runs");
    ok(result.change_count == 9, "%zu changes", result.change_count);
    ok(result.backups.count == 5, "%zu backups", result.backups.count);
    content(fs, "/etc/default/limine",
            "KERNEL_CMDLINE[default]=\"root=" ROOT " rw\"\n"
            "KERNEL_CMDLINE[\"linux-lts\"]+=' resume=" SWAP "'\n"
            "x[root]=/dev/sda4\n");
    content(fs, "/boot/grub/menu.lst", DEBIAN_LEGACY(ROOT, SWAP));
    content(fs, "/etc/default/extlinux",
            "EXTLINUX_ROOT=\"root=" ROOT "\"\n"
            "EXTLINUX_PARAMETERS=\"ro quiet\"\n");
    content(fs, "/etc/update-extlinux.conf",
            "overwrite=1\nroot=" ROOT "\n"
            "default_kernel_opts=\"resume=" SWAP " quiet\"\n");
    for (size_t i = 0; i < result.backups.count; i++)
        if (strstr(result.backups.items[i], "menu.lst") != NULL)
            content(fs, result.backups.items[i],
                    DEBIAN_LEGACY("/dev/sda4", "/dev/sda3"));
    h2k_fix_result_free(&result);
    ok(run(fs, &result, true) == 0 && result.change_count == 0,
       "a second run changes nothing");
    h2k_fix_result_free(&result);
}

/* What the next menu of grub-mkconfig has from files of the user's own; other
 * scripts are no menus. */
#define CUSTOM(root)                                                       \
    "#!/bin/sh\nexec tail -n +3 $0\n# Don't change the lines above.\n"     \
    "menuentry own {\n linux /vmlinuz-6.1.0-1 root=" root "\n initrd /i\n" \
    "}\n"
#define SCRIPT "#!/bin/sh\necho x\nlinux /v root=/dev/sda4\n"

static void
test_custom(void)
{
    struct h2k_fix_result result;
    struct h2k_stat st;
    H2K_AUTO(h2k_fs) fs = guest();
    memtree_file(fs, "/etc/default/grub", 0644, "GRUB_DEFAULT=0\n");
    memtree_file(fs, "/etc/grub.d/10_linux", 0755, SCRIPT);
    memtree_file(fs, "/etc/grub.d/40_custom", 0755, CUSTOM("/dev/sda4"));
    ok(run(fs, &result, true) == 0 && result.change_count == 1,
       "one is changed");
    content(fs, "/etc/grub.d/40_custom", CUSTOM(ROOT));
    content(fs, "/etc/grub.d/10_linux", SCRIPT);
    H2K_AUTO(h2k_root) root = h2k_root_new(fs);
    ok(h2k_root_stat(root, "/etc/grub.d/40_custom", &st) == 0 &&
           (st.mode & 0777) == 0755,
       "it can be run as before");
    ok(result.backups.count == 1 &&
           strncmp(result.backups.items[0], "/etc/40_custom.backup.", 22) == 0,
       "its backup is no part of a menu");
    h2k_fix_result_free(&result);
    ok(run(fs, &result, true) == 0 && result.change_count == 0,
       "a second run changes nothing");
    h2k_fix_result_free(&result);
}

static void
test_refusals(void)
{
    struct h2k_fix_result result;
    H2K_AUTO(h2k_fs) lost = guest();
    memtree_file(lost, "/boot/grub/menu.lst", 0644,
                 "title a\nkernel /vmlinuz root=/dev/sdx1\ninitrd /i\n");
    ok_error(run(lost, &result, false) < 0, H2K_E_UNFIXABLE,
             "/boot/grub/menu.lst");
    h2k_fix_result_free(&result);

    H2K_AUTO(h2k_fs) lilo = guest();
    memtree_file(lilo, "/etc/lilo.conf", 0644, "boot=/dev/sda\n");
    ok_error(run(lilo, &result, false) < 0, H2K_E_UNFIXABLE, "LILO");
    h2k_fix_result_free(&result);
    memtree_file(lilo, "/boot/grub/grub.cfg", 0644, "linux /a root=" ROOT);
    ok(run(lilo, &result, false) == 0, "what is left of LILO does not matter");
    h2k_fix_result_free(&result);
}

int
main(void)
{
    test_grub_legacy();
    test_syslinux();
    test_others();
    test_grub_entries();
    test_defaults();
    test_saved();
    test_blscfg();
    test_subvolumes();
    test_no_initrd();
    test_bounds();
    test_edit();
    test_custom();
    test_refusals();
    return tap_done();
}
