/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Names of backups; making one is h2k_fix_backup, fix.h. */
#ifndef H2K_GUEST_BACKUP_H
#define H2K_GUEST_BACKUP_H

#include <stdint.h>

#define H2K_BACKUP_INFIX ".backup.hyper2kvm."

/* The name that FILE, an absolute path without links, gets at NOW (seconds
 * since 1970, written in UTC); the caller's to free. */
char *h2k_backup_name(const char *file, int64_t now);

#endif
