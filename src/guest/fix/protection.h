/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Files that the guest keeps from being changed, or checks when it reads
 * them. */
#ifndef H2K_GUEST_PROTECTION_H
#define H2K_GUEST_PROTECTION_H

#include "guest/fix/fix.h"

/* PATH is about to be replaced: warn of what its administrator will want to
 * know, that it is immutable, or signed for IMA's appraisal. */
int h2k_fix_warn_protected(struct h2k_fix *fix, const char *path);

#endif
