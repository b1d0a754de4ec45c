/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Device names in a kernel's command line: the kernel's
 * admin-guide/kernel-parameters, bootparam(7), dracut.cmdline(7),
 * initramfs-tools(7).
 */
#ifndef H2K_GUEST_KERNEL_CMDLINE_H
#define H2K_GUEST_KERNEL_CMDLINE_H

#include "guest/fix/rewrite.h"

/* What was seen of the root= parameters; counts are added up. */
struct h2k_cmdline_roots {
    size_t good; /* stable, or made so; a variable is neither */
    size_t lost; /* device names that cannot be told */
};

/*
 * Replace the device names in the command line BYTES, whose byte I stands
 * at PLACES[I] of the rewrite's text; PLACES NULL: at BASE + I.  A value
 * that is not written in one piece is left with a warning.
 */
int h2k_cmdline_rewrite(struct h2k_rewrite *rewrite, const char *bytes,
                        size_t size, const size_t *places, size_t base,
                        enum h2k_spec_reader reader,
                        struct h2k_cmdline_roots *roots);

#endif
