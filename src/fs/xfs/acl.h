/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * POSIX ACLs, which lie on the disk in one form and are seen as an attribute
 * in another, Linux's <linux/posix_acl_xattr.h>.
 */
#ifndef H2K_FS_XFS_ACL_H
#define H2K_FS_XFS_ACL_H

#include <stddef.h>
#include <stdint.h>

/* VALUE's other form in memory that the caller frees, *SIZE bytes of it.
 * H2K_E_CORRUPT, or H2K_E_RANGE for one that was to be set. */
void *h2k_xfs_acl_from_disk(const void *value, size_t length, size_t *size);
void *h2k_xfs_acl_to_disk(const void *value, size_t length, size_t *size);

#endif
