/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef H2K_GUEST_GRUB_VARIABLES_H
#define H2K_GUEST_GRUB_VARIABLES_H

#include "guest/fix/kernel-cmdline.h"
#include "guest/text/shell-words.h"

/* Menus have a handful; more are left as they are. */
#define H2K_GRUB_VARIABLES_MAX 64

struct h2k_grub_variable {
    char *name;                  /* owned */
    enum h2k_spec_reader reader; /* the kernel, where one of those that take
                                    it in has no initramfs */
};

/* Initialise with { 0 }. */
struct h2k_grub_variables {
    struct h2k_grub_variable items[H2K_GRUB_VARIABLES_MAX];
    size_t count;
};

void h2k_grub_variables_free(struct h2k_grub_variables *variables);
#define H2K_AUTO_GRUB_VARIABLES \
    __attribute__((cleanup(h2k_grub_variables_free))) struct h2k_grub_variables

/* The variables in WORD, of a kernel's command line that READER reads. */
int h2k_grub_variables_note(struct h2k_grub_variables *variables,
                            const struct h2k_shell *word,
                            enum h2k_spec_reader reader);

/* WORD is an assignment: where one of VARIABLES gets its value, a device or
 * parameters, what changes its name in it is replaced.  A device counts as a
 * root. */
int h2k_grub_variables_rewrite(struct h2k_grub_variables *variables,
                               struct h2k_rewrite *rewrite,
                               const struct h2k_shell *word,
                               struct h2k_cmdline_roots *roots);

#endif
