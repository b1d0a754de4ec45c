/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * SELinux's labels of what FIX makes.
 *
 * The label is the one that the guest's own policy gives the path, as
 * restorecon(8) would: /etc/selinux/TYPE/contexts/files.  A guest without
 * SELinux, or whose files have no labels, gets none.
 */
#ifndef H2K_GUEST_LABELS_H
#define H2K_GUEST_LABELS_H

#include "fs/root.h"

struct h2k_fix;
struct h2k_labels; /* the guest's policy, read when it is first needed */

/* Label what is at PATH, a link too, where it has no label yet.  Where the
 * label cannot be known, the guest is told to relabel itself
 * (/.autorelabel), with a warning; that is no failure. */
int h2k_fix_label(struct h2k_fix *fix, const char *path);

void h2k_labels_free(struct h2k_labels *labels); /* NULL is fine */

#endif
