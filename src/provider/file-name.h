/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Names of files out of names of VMs, which may hold anything.
 *
 * What comes out is one component of a path, at most H2K_FILE_NAME_MAX bytes
 * of UTF-8, that means the same to everybody who will read it: a shell, a
 * tar archive (100 bytes with a suffix), an OVF's href (a URI reference,
 * taken raw by some and decoded by others), a VMDK descriptor (no way to
 * quote a '"'), qemu-img ("a:b" is a protocol) and a share for Windows.
 */
#ifndef H2K_PROVIDER_FILE_NAME_H
#define H2K_PROVIDER_FILE_NAME_H

#include <stdbool.h>

#define H2K_FILE_NAME_MAX 80

/*
 * The base name, without a suffix, of the files of the VM that is called
 * NAME.  Spaces, '&', quotes of one stroke and letters of all languages
 * stay; what cannot becomes '_'.  A name that is too long is cut at a
 * character and gets eight digits of its hash, so that two of them stay
 * two.  Never empty, never "." or "..", never with a '-' or '.' in front.
 * The caller frees it; NULL with H2K_E_NOMEM.
 */
char *h2k_export_file_name(const char *name);

/* "BASE-disk3SUFFIX" for NUMBER 3 (from 1), SUFFIX as ".vmdk".  The caller
 * frees it; NULL with H2K_E_NOMEM. */
char *h2k_export_disk_name(const char *base, unsigned number,
                           const char *suffix);

/* May NAME stand in a tar, an OVF and a descriptor as it is: one component
 * of a path, of at most 100 bytes, without the characters that are replaced
 * above?  All of our own names may. */
bool h2k_export_name_is_safe(const char *name);

#endif
