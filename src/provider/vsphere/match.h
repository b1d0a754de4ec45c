/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which VMs a user means: filters, patterns, near misses.  No server. */
#ifndef H2K_PROVIDER_VSPHERE_MATCH_H
#define H2K_PROVIDER_VSPHERE_MATCH_H

#include "provider/vsphere/vsphere.h"

/* Has TEXT a character of a pattern, fnmatch(3)? */
bool h2k_match_is_pattern(const char *text);

/* PATTERN on the row's name, or on its path where it has a '/'. */
bool h2k_match_row(const struct h2k_vsphere_row *row, const char *pattern);

/* Is PATH below FOLDER ("/DC0/vm/web"; or relative: "web" is below
 * /DATACENTER/vm, of any datacenter where DATACENTER is NULL)? */
bool h2k_match_folder(const char *path, const char *folder,
                      const char *datacenter);

/* Are PAIRS all known keys with values that may be?  -1 with H2K_E_USAGE. */
int h2k_match_check_pairs(const char *const *pairs);
/* Does a row, whose custom attributes are TAGS ("name:value", ended by NULL),
 * pass PAIRS? */
bool h2k_match_pairs(const struct h2k_vsphere_row *row,
                     const char *const *tags, const char *const *pairs);

/* Does TEXT, a name or a path, mean just this row? */
bool h2k_match_exact(const struct h2k_vsphere_row *row, const char *text,
                     const char *datacenter);

/* How far TEXT is from NAME, in letters to change, upper and lower case being
 * one; UINT_MAX when they have nothing in common. */
unsigned h2k_match_distance(const char *text, const char *name);

#endif
