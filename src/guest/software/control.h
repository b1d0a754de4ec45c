/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * dpkg's texts: paragraphs of fields, deb822(5), as control files and
 * /var/lib/dpkg/status are; versions, deb-version(7); and relations between
 * packages, Debian Policy 7.1.
 */
#ifndef H2K_GUEST_CONTROL_H
#define H2K_GUEST_CONTROL_H

#include "base/cleanup.h"
#include "base/strings.h"

#include <stdbool.h>
#include <stddef.h>

/* The value of FIELD in the paragraph TEXT, with the lines that continue it;
 * the caller's.  NULL where there is none, or no memory. */
char *h2k_control_get(const char *text, const char *field);

/* The next paragraph of *TEXT, which goes on behind it; false at the end.
 * The paragraph is [*start, *start + *length). */
bool h2k_control_next(const char **text, const char **start, size_t *length);

/* < 0, 0 or > 0 as A is older than, as new as, or newer than B. */
int h2k_deb_version_compare(const char *a, const char *b);
/* Is it so that VERSION is RELATION ("<<", "<=", "=", ">=", ">>") OTHER? */
bool h2k_deb_version_is(const char *version, const char *relation,
                        const char *other);

/* What a guest has: each package that is installed, and what packages
 * provide. */
struct h2k_installed;
/* From /var/lib/dpkg/status; NULL with H2K_E_NOMEM. */
struct h2k_installed *h2k_installed_new(const char *status);
void h2k_installed_free(struct h2k_installed *installed);
H2K_DEFINE_AUTO(h2k_installed, h2k_installed_free)
/* "install ok installed" and so on, or NULL where it is not known. */
const char *h2k_installed_state(const struct h2k_installed *installed,
                                const char *package);
/* Of the relations ("libc6 (>= 2.34), a | b"), those that nothing installed
 * fulfils, to MISSING.  0 or -1. */
int h2k_installed_missing(const struct h2k_installed *installed,
                          const char *relations, struct h2k_strings *missing);

#endif
