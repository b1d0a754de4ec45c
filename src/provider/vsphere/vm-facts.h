/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* All about one VM, out of its properties. */
#ifndef H2K_PROVIDER_VSPHERE_VM_FACTS_H
#define H2K_PROVIDER_VSPHERE_VM_FACTS_H

#include "provider/vsphere/tree.h"

/* What has to be asked for, ended by NULL. */
extern const char *const h2k_vm_facts_paths[];

/* What OBJECT alone tells, with TREE for the path, host and datacenter, and
 * FIELDS (custom.h) for the tags. */
struct h2k_vm *h2k_vm_facts_read(const struct h2k_object *object,
                                 const struct h2k_tree *tree,
                                 const xmlNode *fields);

#endif
