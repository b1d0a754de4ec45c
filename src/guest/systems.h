/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Where in a filesystem the directory is that was a system's "/". */
#ifndef H2K_GUEST_SYSTEMS_H
#define H2K_GUEST_SYSTEMS_H

#include "base/buffer.h"
#include "fs/fs.h"

/* Does the directory INO of FS hold what a system's "/" does, or OSTree's
 * deployments, each of which does? */
bool h2k_guest_is_system(struct h2k_fs *fs, h2k_ino ino);
/* The first of the two. */
bool h2k_guest_is_plain_system(struct h2k_fs *fs, h2k_ino ino);

/*
 * *SYSTEM is that directory, or 0.
 *
 * Of the subvolumes of a filesystem, snapshots do not count as further
 * systems: the default one is it, or the one that the fstab there says; and
 * where the default one holds no system, the one that all fstabs in
 * subvolumes say.  Where that leaves several, SEVERAL gets their names
 * ("@debian, @fedora"), and *SYSTEM is the first.
 */
int h2k_guest_find_system(struct h2k_fs *fs, h2k_ino *system,
                          struct h2k_buffer *several);

#endif
