/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* ~/.hyperexport: the configuration file and the profiles. */
#ifndef H2K_CMD_HYPEREXPORT_HOME_H
#define H2K_CMD_HYPEREXPORT_HOME_H

/* "~/.hyperexport/REST"; the caller frees it.  NULL with the error. */
char *home_path(const char *rest);

/* PATH with a leading "~/" replaced, and, where it is relative, below
 * DIRECTORY (NULL: as it is).  The caller frees it. */
char *home_expand(const char *path, const char *directory);

#endif
