/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The subcommands of vsphere-tool. */
#ifndef H2K_TESTS_VSPHERE_TOOL_H
#define H2K_TESTS_VSPHERE_TOOL_H

#include "provider/vsphere/vsphere.h"

/* ARGS: what stands after the subcommand, ended by NULL.  -1 with the error,
 * which is printed. */
struct tool_command {
    const char *name;
    int (*run)(struct h2k_vsphere *vs, char **args);
    const char *usage;
};

/* Each ends with one without a name. */
extern const struct tool_command tool_inventory[];

#endif
