/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * The descriptor of a flat disk (VMware's "Virtual Disk Format 5.0", "The
 * Descriptor File"), for bytes that came without one: NAME.vmdk, a text that
 * says that NAME-flat.vmdk holds the disk.
 */
#ifndef H2K_PROVIDER_FLAT_DESCRIPTOR_H
#define H2K_PROVIDER_FLAT_DESCRIPTOR_H

#include "provider/vm.h"

/*
 * The text for the file FLAT_NAME (a safe name, see file-name.h) beside it,
 * with CAPACITY bytes.  BUS and CONTROLLER as in struct h2k_vm_disk choose
 * the adapter that it names.  The caller frees it.  NULL with H2K_E_RANGE
 * for a name that cannot stand in it or a capacity of no whole sectors.
 */
char *h2k_flat_descriptor(const char *flat_name, uint64_t capacity,
                          enum h2k_vm_bus bus, const char *controller);

#endif
