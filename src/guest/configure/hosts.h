/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Lines of hosts(5): an address, and the names that it has. */
#ifndef H2K_GUEST_HOSTS_H
#define H2K_GUEST_HOSTS_H

#include "guest/configure/line-file.h"

/* A machine's name as it is to be, and was. */
struct h2k_host_name {
    const char *name; /* up to the first dot */
    const char *full; /* with its domain; NULL where it has none */
    const char *old;  /* up to the first dot; NULL: not known */
};

/* NAMES, with blanks between, have this ADDRESS and no other of its family:
 * in the line that it has already, or a new one at the end. */
int h2k_hosts_add(struct h2k_line_file *file, struct h2k_fix *fix,
                  const char *address, const char *names);
/* Where a line of the loopback addresses has the machine's old name, the new
 * one, and where it has the new one with another domain, the full one. */
int h2k_hosts_rename(struct h2k_line_file *file, struct h2k_fix *fix,
                     const struct h2k_host_name *host);
/* The full name before the short one, unless some line has it. */
int h2k_hosts_complete(struct h2k_line_file *file, struct h2k_fix *fix,
                       const struct h2k_host_name *host);
/* Is NAME in any line? */
bool h2k_hosts_have(const struct h2k_line_file *file, const char *name);

#endif
