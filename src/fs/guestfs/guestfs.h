/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A filesystem read and written by Linux in libguestfs' appliance, for what
 * our own drivers do not read or not write.
 *
 * It is mounted at its first use, which is when the appliance is started.
 * Flushing unmounts it, so that it is clean in its volume; it is mounted
 * again if more comes.
 */
#ifndef H2K_FS_GUESTFS_GUESTFS_H
#define H2K_FS_GUESTFS_GUESTFS_H

#include "fs/fs.h"
#include "fs/guestfs/appliance.h"

/* What the appliance mounts. */
struct h2k_guestfs_source {
    const char *device;  /* its name there: h2k_appliance_device's, or
                            "/dev/vg/lv" */
    const char *options; /* more mount options, as "subvolid=5"; or NULL */
};

/* A filesystem in APPLIANCE, which must outlive it.  Read-only: what the
 * appliance writes is thrown away where its volume was added so. */
struct h2k_fs *h2k_guestfs_open(struct h2k_appliance *appliance,
                                const struct h2k_guestfs_source *source,
                                bool writable);

/* Is TYPE, as h2k_fs_info has it, a filesystem that Linux writes and a Linux
 * guest may keep its files on?  Those that tests have seen written.  Not so:
 * swap, parts of something larger, and Windows' and Apple's own. */
bool h2k_guestfs_takes(const char *type);
/* What has to be said when TYPE is mounted; NULL for most. */
const char *h2k_guestfs_options(const char *type);

#endif
