/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The steps of the edit in guest-agent.c. */
#ifndef H2K_GUEST_AGENT_H
#define H2K_GUEST_AGENT_H

#include "guest/fix/fix.h"
#include "guest/software/software.h"

/* guest-agent-dpkg.c, guest-agent-rpm.c: put PACKAGE, which is of the
 * guest's kind and machine, into the guest.  0 also where that is not
 * possible, after a warning that says why. */
int h2k_agent_put_deb(struct h2k_fix *fix, const struct h2k_software *package);
int h2k_agent_put_rpm(struct h2k_fix *fix, const struct h2k_software *package);

/* ---- guest-agent-files.c ---- */

/* What FILE is called in the guest until the package is configured, into
 * PATH: FILE's own path, or another. */
typedef void (*h2k_agent_name_fn)(const struct h2k_software *package,
                                  const char *file, char path[H2K_PATH_MAX]);

/* 1 when all of PACKAGE's files can be put into the guest; 0 after a warning
 * that says which are in the way, or that there is no space. */
int h2k_agent_has_room(struct h2k_fix *fix, const struct h2k_software *package,
                       h2k_agent_name_fn name);
/* Put them there: owners, modes, times and links as the package has them.
 * Directories that are there stay as they are. */
int h2k_agent_put_files(struct h2k_fix *fix,
                        const struct h2k_software *package,
                        h2k_agent_name_fn name);
/* Enable the package's systemd units where their [Install] sections say. */
int h2k_agent_enable_units(struct h2k_fix *fix,
                           const struct h2k_software *package);

#endif
