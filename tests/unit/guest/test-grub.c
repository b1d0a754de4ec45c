/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "guest/fix/grub.h"

#include "fake-devices.h"
#include "tap.h"

#define ROOT "UUID=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a04"
#define SWAP "UUID=0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a03"
#define ROOT_PART "PARTUUID=6a1f0f6e-1c5b-4c0e-9a6d-0d6a0b1f2c04"

enum kind { MENU, DEFAULTS, CMDLINE };

static int
fill(struct h2k_rewrite *rewrite, enum kind kind, struct h2k_grub_seen *seen)
{
    switch (kind) {
    case MENU:
        return h2k_grub_cfg_rewrite(rewrite, seen);
    case DEFAULTS:
        return h2k_grub_default_rewrite(rewrite, seen);
    case CMDLINE:
        return h2k_cmdline_rewrite(rewrite, rewrite->text, rewrite->size, NULL,
                                   0, H2K_READER_USERLAND, &seen->roots);
    }
    return -1;
}

/* BEFORE becomes AFTER, with WARNINGS, and AFTER stays. */
static struct h2k_grub_seen
becomes(enum kind kind, const char *before, const char *after, size_t warnings)
{
    struct h2k_grub_seen seen = { 0 }, again = { 0 };
    H2K_AUTO_REWRITE first = { .text = before,
                               .size = strlen(before),
                               .devices = &fake_devices };
    h2k_autofree char *text = NULL;
    size_t size;
    if (!ok(fill(&first, kind, &seen) == 0 &&
                h2k_rewrite_apply(&first, &text, &size) == 0,
            "it is read"))
        return seen;
    same_text(text, after);
    ok(first.warnings.count == warnings, "%zu warnings, has %zu", warnings,
       first.warnings.count);
    for (size_t i = 0; i < first.warnings.count; i++)
        printf("# %s\n", first.warnings.items[i]);
    H2K_AUTO_REWRITE second = { .text = text,
                                .size = size,
                                .devices = &fake_devices };
    ok(fill(&second, kind, &again) == 0 && second.count == 0,
       "a second time changes nothing");
    return seen;
}

/* The shape that grub-mkconfig 2.06 writes on Debian, shortened. */
#define MENU_TEXT(root, resume)                                              \
    "if [ -s $prefix/grubenv ]; then\n"                                      \
    "  set have_grubenv=true\n"                                              \
    "fi\n"                                                                   \
    "if [ \"${next_entry}\" ] ; then\n"                                      \
    "   set default=\"${next_entry}\"\n"                                     \
    "fi\n"                                                                   \
    "function savedefault {\n"                                               \
    "  if [ -z \"${boot_once}\" ]; then\n"                                   \
    "    saved_entry=\"${chosen}\"\n"                                        \
    "  fi\n"                                                                 \
    "}\n"                                                                    \
    "# menuentry's comment with root=/dev/sda4 and it's quote\n"             \
    "menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option "      \
    "'gnulinux-simple-/dev/sda4' {\n"                                        \
    "\tload_video\n"                                                         \
    "\tif [ x$grub_platform = xxen ]; then insmod xzio; insmod lzopio; fi\n" \
    "\tset root='hd0,gpt2'\n"                                                \
    "\tsearch --no-floppy --fs-uuid --set=root 0b2c7a52-5f5e-4d7a-8f0c\n"    \
    "\techo\t'Loading Linux root=/dev/sda4 ...'\n"                           \
    "\tlinux\t/vmlinuz-6.1.0-56-amd64 root=" root " ro resume=" resume       \
    " console=tty0 console=ttyS0,115200 \n"                                  \
    "\tinitrd\t/initrd.img-6.1.0-56-amd64\n"                                 \
    "}\n"                                                                    \
    "submenu 'Advanced options' {\n"                                         \
    "\tmenuentry 'recovery' {\n"                                             \
    "\t\tlinux16 /vmlinuz-6.1.0-56-amd64 root=\"" root "\" ro single\n"      \
    "\t\tinitrd16 /initrd.img-6.1.0-56-amd64\n"                              \
    "\t}\n"                                                                  \
    "}\n"

static void
test_menu(void)
{
    struct h2k_grub_seen seen = becomes(
        MENU, MENU_TEXT("/dev/sda4", "/dev/sda3"), MENU_TEXT(ROOT, SWAP), 0);
    ok(seen.roots.good == 2 && seen.roots.lost == 0 && !seen.bare_kernel,
       "two roots were found, both with an initramfs");
}

static void
test_without_initrd(void)
{
    struct h2k_grub_seen seen =
        becomes(MENU,
                "menuentry a {\n linux /a root=/dev/sda4\n}\n"
                "menuentry b {\n linux /b root=/dev/sda4\n initrd /i\n}\n"
                "menuentry c {\n if x; then linux /c root=/dev/sda4; fi\n"
                " if y; then initrd /i; fi\n}\n"
                "menuentry memtest {\n linux16 /memtest86+.bin\n}\n"
                "linux /d root=/dev/sda4\n",
                "menuentry a {\n linux /a root=" ROOT_PART "\n}\n"
                "menuentry b {\n linux /b root=" ROOT "\n initrd /i\n}\n"
                "menuentry c {\n if x; then linux /c root=" ROOT "; fi\n"
                " if y; then initrd /i; fi\n}\n"
                "menuentry memtest {\n linux16 /memtest86+.bin\n}\n"
                "linux /d root=" ROOT_PART "\n",
                0);
    ok(seen.bare_kernel, "a kernel without an initramfs was seen");
    /* Nothing that a kernel alone understands. */
    seen = becomes(MENU, "linux /a root=/dev/sdd\n",
                   "linux /a root=/dev/sdd\n", 1);
    ok(seen.roots.lost == 1, "a root that cannot be named is lost");
}

static void
test_menu_words(void)
{
    becomes(MENU,
            "linux /v 'root=/dev/sda4' \"resume=/dev/sda3\" \\\n ro\n"
            "initrd /i",
            "linux /v 'root=" ROOT "' \"resume=" SWAP "\" \\\n ro\ninitrd /i",
            0);
    becomes(MENU, "linux /v root=/dev/sda4\r\ninitrd /i\r\n",
            "linux /v root=" ROOT "\r\ninitrd /i\r\n", 0);
    becomes(MENU, "linux /v root=/dev/sd\"a4\"\ninitrd /i\n",
            "linux /v root=/dev/sd\"a4\"\ninitrd /i\n", 1);
    becomes(MENU, "linux /v root=/dev/sda4;initrd /i;linux /w root=/dev/sda4",
            "linux /v root=" ROOT ";initrd /i;linux /w root=" ROOT_PART, 0);
    becomes(MENU,
            "multiboot2 /xen.gz placeholder\n"
            "module2 /vmlinuz placeholder root=/dev/sda4 ro\n"
            "module2 --nounzip /initrd.img\n",
            "multiboot2 /xen.gz placeholder\n"
            "module2 /vmlinuz placeholder root=" ROOT " ro\n"
            "module2 --nounzip /initrd.img\n",
            0);
    /* Only whole words are parameters. */
    becomes(MENU,
            "linux /v rd.root=UUID=x noroot=/x xroot= root= root =/dev/sda4 "
            "root=${r} root=/dev/sda4x\ninitrd /i",
            "linux /v rd.root=UUID=x noroot=/x xroot= root= root =/dev/sda4 "
            "root=${r} root=/dev/sda4x\ninitrd /i",
            0);
    becomes(MENU, "set x=linux root=/dev/sda4\necho linux root=/dev/sda4\n",
            "set x=linux root=/dev/sda4\necho linux root=/dev/sda4\n", 0);
    becomes(MENU, "", "", 0);
}

/* Photon's menu, and what Fedora's has beside its boot loader entries. */
static void
test_variables(void)
{
    struct h2k_grub_seen seen = becomes(
        MENU,
        "set rootpartition=/dev/sda4\nload_env -f /photon.cfg\n"
        "menuentry \"Photon\" {\n"
        " linux /$photon_linux root=$rootpartition $photon_cmdline\n"
        " if [ -f /$photon_initrd ]; then\n  initrd /$photon_initrd\n fi\n"
        "}\n",
        "set rootpartition=" ROOT_PART "\nload_env -f /photon.cfg\n"
        "menuentry \"Photon\" {\n"
        " linux /$photon_linux root=$rootpartition $photon_cmdline\n"
        " if [ -f /$photon_initrd ]; then\n  initrd /$photon_initrd\n fi\n"
        "}\n",
        0);
    ok(seen.roots.good == 1 && seen.roots.lost == 0, "one root, by its name");
    seen = becomes(MENU, "r=/dev/sdx9\nlinux /v root=${r}\n",
                   "r=/dev/sdx9\nlinux /v root=${r}\n", 1);
    ok(seen.roots.good == 0 && seen.roots.lost == 1, "or it is lost");
    seen = becomes(MENU,
                   "set root='hd0,msdos1' b=/dev/sda4\nset x=/dev/sda4\n"
                   "set kernelopts=\"root=/dev/sda4 ro resume=/dev/sda3 \"\n"
                   "default_kernelopts='root=/dev/sdx9 ro'\n",
                   "set root='hd0,msdos1' b=/dev/sda4\nset x=/dev/sda4\n"
                   "set kernelopts=\"root=" ROOT " ro resume=" SWAP " \"\n"
                   "default_kernelopts='root=/dev/sdx9 ro'\n",
                   1);
    ok(seen.roots.good == 0 && seen.roots.lost == 0,
       "what may never be used is no root");
    becomes(MENU, "set o='quiet root=/dev/sda4'\nlinux /v $o\ninitrd /i\n",
            "set o='quiet root=" ROOT "'\nlinux /v $o\ninitrd /i\n", 0);
    /* A device without a name that the kernel alone understands. */
    becomes(MENU, "r=/dev/sdd\nlinux /v root=$r\ninitrd /i\n",
            "r=LABEL=KEYS\nlinux /v root=$r\ninitrd /i\n", 0);
}

static void
test_braces(void)
{
    becomes(MENU,
            "menuentry 'a'{linux /a root=/dev/sda4\n}menuentry b{\n"
            "linux /b${x} root=/dev/sda4 ${y}\ninitrd /i}",
            "menuentry 'a'{linux /a root=" ROOT_PART "\n}menuentry b{\n"
            "linux /b${x} root=" ROOT " ${y}\ninitrd /i}",
            0);
}

static void
test_unbalanced(void)
{
    struct h2k_grub_seen seen =
        becomes(MENU,
                "linux /v root=/dev/sda4\ninitrd /i\necho Don't\n"
                "linux /w root=/dev/sda4\n",
                "linux /v root=" ROOT "\ninitrd /i\necho Don't\n"
                "linux /w root=/dev/sda4\n",
                1);
    ok(seen.roots.good == 1, "what stands before is used");
    becomes(MENU, "}}}} { { linux /v root=/dev/sda4\n }}}}\ninitrd /i\n",
            "}}}} { { linux /v root=" ROOT_PART "\n }}}}\ninitrd /i\n", 0);
    becomes(MENU, "linux /v root=/dev/sda4 \\",
            "linux /v root=" ROOT_PART " \\", 0);
    becomes(DEFAULTS, "A=\"\nGRUB_DISABLE_LINUX_UUID=true\n",
            "A=\"\nGRUB_DISABLE_LINUX_UUID=true\n", 1);
}

static const char debian_default[] =
    "# If you change this file, run 'update-grub' afterwards to update\n"
    "# /boot/grub/grub.cfg.  Don't forget it.\n"
    "\n"
    "GRUB_DEFAULT=0\n"
    "GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`\n"
    "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet resume=/dev/sda3\"\n"
    "GRUB_CMDLINE_LINUX='console=tty0 root=/dev/sda4'\n"
    "# Uncomment if you don't want GRUB to pass \"root=UUID=xxx\"\n"
    "GRUB_DISABLE_LINUX_UUID=true\n"
    "#GRUB_DISABLE_LINUX_UUID=true\n"
    "GRUB_DISABLE_LINUX_PARTUUID=\"true\"  \n"
    "GRUB_DEVICE=/dev/sda4\n";

static void
test_default(void)
{
    becomes(DEFAULTS, debian_default,
            "# If you change this file, run 'update-grub' afterwards to "
            "update\n"
            "# /boot/grub/grub.cfg.  Don't forget it.\n"
            "\n"
            "GRUB_DEFAULT=0\n"
            "GRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo "
            "Debian`\n"
            "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet resume=" SWAP "\"\n"
            "GRUB_CMDLINE_LINUX='console=tty0 root=" ROOT "'\n"
            "# Uncomment if you don't want GRUB to pass \"root=UUID=xxx\"\n"
            "#GRUB_DISABLE_LINUX_UUID=true\n"
            "GRUB_DEVICE=/dev/disk/by-uuid/"
            "0b2c7a52-5f5e-4d7a-8f0c-2f1d3c4b5a04\n",
            0);
    /* Where a line is not alone it is turned off instead. */
    becomes(DEFAULTS,
            "if true; then\nGRUB_DISABLE_LINUX_UUID=\"true\"\nfi\n"
            "export GRUB_DISABLE_LINUX_UUID=true; A=1\n",
            "if true; then\nGRUB_DISABLE_LINUX_UUID=false\nfi\n"
            "export GRUB_DISABLE_LINUX_UUID=false; A=1\n",
            0);
    becomes(DEFAULTS, "A=1 \\\nGRUB_DISABLE_LINUX_UUID=true\nB=2\n",
            "A=1 \\\nGRUB_DISABLE_LINUX_UUID=false\nB=2\n", 0);
    becomes(DEFAULTS, "GRUB_DISABLE_LINUX_UUID=false\n",
            "GRUB_DISABLE_LINUX_UUID=false\n", 0);
    becomes(DEFAULTS, "GRUB_DISABLE_LINUX_UUID=true", "", 0);
    becomes(
        DEFAULTS,
        "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX root=/dev/sda4 x=\\\"y "
        "root=/dev/sda4\\\"\"\nGRUB_CMDLINE_LINUX+=\" resume=/dev/sda3\"\n"
        "GRUB_CMDLINE_LINUX_XEN_REPLACE=root=/dev/sda4\n"
        "echo GRUB_CMDLINE_LINUX=root=/dev/sda4\n",
        "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX root=" ROOT
        " x=\\\"y root=/dev/sda4\\\"\"\nGRUB_CMDLINE_LINUX+=\" resume=" SWAP
        "\"\nGRUB_CMDLINE_LINUX_XEN_REPLACE=root=" ROOT
        "\necho GRUB_CMDLINE_LINUX=root=/dev/sda4\n",
        0);
}

static void
test_cmdline(void)
{
    struct h2k_grub_seen seen = becomes(
        CMDLINE,
        "root=/dev/sda4 ro  resume=/dev/sda3\tquiet mount.usr=/dev/sdb1 "
        "cryptdevice=/dev/sda4:cryptroot:allow-discards "
        "cryptopts=target=r,source=/dev/sda4,lvm=vg root=block:/dev/sda4 "
        "root=\"/dev/sda4\" \"root=/dev/sda4\" foo=/dev/sda4 kgdboc=/dev/tty1 "
        "root=UUID=x root=/dev/mapper/vg-root root=/dev/sdq1\n",
        "root=" ROOT " ro  resume=" SWAP
        "\tquiet mount.usr=PARTUUID=1234abcd-01 cryptdevice=" ROOT
        ":cryptroot:allow-discards cryptopts=target=r,source=" ROOT
        ",lvm=vg root=block:" ROOT " root=\"" ROOT "\" \"root=" ROOT
        "\" foo=/dev/sda4 kgdboc=/dev/tty1 root=UUID=x "
        "root=/dev/mapper/vg-root root=/dev/sdq1\n",
        2);
    ok(seen.roots.good == 6 && seen.roots.lost == 1, "every root= is counted");
    becomes(CMDLINE, "root=\" = \"\" \"= =\"", "root=\" = \"\" \"= =\"", 0);
    becomes(CMDLINE, "cryptopts=target=r root= \"",
            "cryptopts=target=r root= "
            "\"",
            0);
}

int
main(void)
{
    test_menu();
    test_without_initrd();
    test_menu_words();
    test_variables();
    test_braces();
    test_unbalanced();
    test_default();
    test_cmdline();
    return tap_done();
}
