/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Device names in the menus of GRUB legacy, SYSLINUX and its family, Limine
 * and rEFInd. */
#ifndef H2K_GUEST_MENU_REWRITE_H
#define H2K_GUEST_MENU_REWRITE_H

#include "guest/boot/menu-line.h"
#include "guest/fix/kernel-cmdline.h"

/* The command lines of a menu with SYNTAX.  An entry without an initrd gets
 * names that the kernel itself understands. */
int h2k_menu_rewrite(struct h2k_rewrite *rewrite,
                     const struct h2k_menu_syntax *syntax,
                     struct h2k_cmdline_roots *roots);

/* refind_linux.conf: two words a line, a name and a command line; and
 * `options` of refind.conf (rEFInd's manual, "Methods of Booting Linux" and
 * "Creating Manual Boot Stanzas"). */
int h2k_refind_rewrite(struct h2k_rewrite *rewrite,
                       struct h2k_cmdline_roots *roots);

/* Assignments in a shell's text to VARIABLES, ended by NULL, whose value is a
 * kernel's command line; of `root` it is the device. */
int h2k_cmdline_variables_rewrite(struct h2k_rewrite *rewrite,
                                  const char *const *variables);

#endif
