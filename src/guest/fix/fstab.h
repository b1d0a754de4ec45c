/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Device names in the text of /etc/fstab, fstab(5), and /etc/crypttab,
 * crypttab(5). */
#ifndef H2K_GUEST_FSTAB_H
#define H2K_GUEST_FSTAB_H

#include "guest/fix/rewrite.h"

/* Replace what MODE asks for.  *ENTRIES counts the lines that name a
 * filesystem. */
int h2k_fstab_rewrite(struct h2k_rewrite *rewrite, enum h2k_fix_fstab mode,
                      size_t *entries);
int h2k_crypttab_rewrite(struct h2k_rewrite *rewrite, enum h2k_fix_fstab mode);

/* Does MODE ask for names of this kind? */
bool h2k_fstab_mode_wants(enum h2k_fix_fstab mode, enum h2k_spec_kind kind);

#endif
