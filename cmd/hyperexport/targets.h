/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Which VMs a command line means, and where each goes. */
#ifndef H2K_CMD_HYPEREXPORT_TARGETS_H
#define H2K_CMD_HYPEREXPORT_TARGETS_H

#include "hyperexport/app.h"

#include "base/error.h"

/* A VM that was named. */
struct target {
    char *said;                   /* as it was named */
    struct h2k_vsphere_row row;   /* id is NULL where it was not found */
    char *directory;              /* where its export goes */
    struct h2k_saved_error error; /* why it was not found, or what failed */
};

struct targets {
    struct target *items;
    size_t count;
    bool many; /* a list was asked for, however long it is: each into its own
                  directory below --output, and a failure stops no other */
};

/*
 * The VMs of --vm, --batch, --folder and --filter, each once.  -1 with the
 * error where nothing can be done: no VM was named, or the one that was is
 * not there.  Clear them in both cases.
 */
int targets_find(const struct app *app, struct h2k_vsphere *vs,
                 struct targets *out);
void targets_clear(struct targets *targets);

/* Does the command line name any VM? */
bool targets_named(const struct app *app);

#endif
