/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Files that the guest keeps from being changed, or checks when it reads
 * them. */
#ifndef H2K_GUEST_PROTECTION_H
#define H2K_GUEST_PROTECTION_H

#include "guest/fix/fix.h"

/* PATH is about to be replaced: warn of what its administrator will want to
 * know, that it is immutable, or signed for IMA's appraisal. */
int h2k_fix_warn_protected(struct h2k_fix *fix, const char *path);

/* PATH, or where a link there leads with FOLLOW, is about to be changed:
 * H2K_E_READONLY where that is in the image of a guest whose system is one.
 * Nothing there is ever written. */
int h2k_fix_check_place(struct h2k_fix *fix, const char *path, bool follow);

/* An edit failed with the thread's error.  For H2K_E_READONLY on such a guest
 * a warning, and 0: the others go on.  Else -1. */
int h2k_fix_pass_image(struct h2k_fix *fix);

#endif
