/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The steps of the edit in vmware-tools.c. */
#ifndef H2K_GUEST_VMWARE_TOOLS_H
#define H2K_GUEST_VMWARE_TOOLS_H

#include "guest/fix/fix.h"

/* Where VMware's own installer keeps its list of files. */
#define H2K_VMWARE_LIST "/etc/vmware-tools/locations"

/* systemd's units off: their links in /etc/systemd/system gone, and masked,
 * systemctl(1). */
int h2k_vmware_disable_units(struct h2k_fix *fix);
/* vmware-config.c: drivers that are to be loaded or put into initramfs
 * files; the program that a desktop starts. */
int h2k_vmware_forget_modules(struct h2k_fix *fix);
int h2k_vmware_disable_autostart(struct h2k_fix *fix);
/* System V init scripts off, and OpenRC's services, in every runlevel. */
int h2k_vmware_disable_scripts(struct h2k_fix *fix);
/* vmware-jobs.c: Upstart's jobs, no longer started by themselves. */
int h2k_vmware_disable_jobs(struct h2k_fix *fix);
/* The files that H2K_VMWARE_LIST names, where they are VMware's by their
 * names too; kernel modules stay. */
int h2k_vmware_remove_files(struct h2k_fix *fix);

#endif
