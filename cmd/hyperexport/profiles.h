/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The profiles: ~/.hyperexport/profiles/NAME.json. */
#ifndef H2K_CMD_HYPEREXPORT_PROFILES_H
#define H2K_CMD_HYPEREXPORT_PROFILES_H

#include "hyperexport/app.h"

/* The path of the profile called NAME, which exists; the caller frees it.
 * NULL with H2K_E_USAGE: no name, or no such profile (with the nearest). */
char *profile_find(const char *name);

/* What the command line and its profile say, as the profile called
 * --save-profile; printed is where.  -1 with the error: it exists (and no
 * --force), nothing was said. */
int profile_save(const struct app *app);
int profile_delete(const char *name);

#endif
