/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The disks of a guest in QEMU as it has written them, while QEMU holds
 * them. */
#ifndef H2K_PIPELINE_QEMU_DISKS_H
#define H2K_PIPELINE_QEMU_DISKS_H

#include "block/block.h"
#include "qemu/qemu.h"

/*
 * Stops the guest and opens its drives disk0, disk1, … for reading, through
 * NBD on a socket of their own in a directory that only we may enter.  The
 * COUNT references in BLOCKS are the caller's, and end before QEMU does; on
 * failure there are none.  The monitor has taken qmp_capabilities.
 */
int h2k_qemu_disks_open(struct h2k_qemu *qemu, size_t count,
                        struct h2k_block **blocks);

#endif
