/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What a guest that was started left on its disks: the weakest evidence that
 * it came up, and all there is of one without serial console, agent and
 * network.
 */
#ifndef H2K_PIPELINE_BOOT_TRACES_H
#define H2K_PIPELINE_BOOT_TRACES_H

#include "guest/guest.h"

#include <stdint.h>

/*
 * Does the guest on these disks tell of a boot at SINCE (seconds since 1970)
 * or later?  1, with QUOTE saying where and when: a boot record of
 * /var/log/wtmp (utmp(5)), or entries of the systemd journal (its
 * JOURNAL_FILE_FORMAT, "Header").  0 when nothing does, -1 with an error when
 * the disks cannot be read.  Journals of filesystems are replayed into the
 * disks, which are overlays.
 */
int h2k_boot_traces(const struct h2k_disk_source *disks, size_t count,
                    const struct h2k_guest_settings *settings, int64_t since,
                    char quote[256]);

/* The same for a tree that is there; for tests. */
int h2k_boot_traces_in(struct h2k_root *root, int64_t since, char quote[256]);

#endif
