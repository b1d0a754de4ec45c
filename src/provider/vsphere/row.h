/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A line of a listing out of a VM's properties. */
#ifndef H2K_PROVIDER_VSPHERE_ROW_H
#define H2K_PROVIDER_VSPHERE_ROW_H

#include "provider/vsphere/tree.h"

/* What has to be asked for, ended by NULL. */
extern const char *const h2k_row_paths[];
/* The same and what tags are made of. */
extern const char *const h2k_row_paths_with_tags[];

/* -1 with H2K_E_NOMEM.  The caller clears the row in any case. */
int h2k_row_read(const struct h2k_tree *tree, const struct h2k_object *object,
                 struct h2k_vsphere_row *row);

/* "poweredOn" and the like; unknown ones are off. */
enum h2k_vm_power h2k_power_read(const xmlNode *node);

/* Takes over ROW's texts (also on failure). */
int h2k_rows_add(struct h2k_vsphere_rows *rows, struct h2k_vsphere_row *row);

#endif
