/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A VM in words, and as JSON. */
#ifndef H2K_CMD_HYPEREXPORT_VM_TEXT_H
#define H2K_CMD_HYPEREXPORT_VM_TEXT_H

#include "provider/vm.h"

#include <jansson.h>

const char *vm_power_text(enum h2k_vm_power power); /* "on", "off" … */
const char *vm_bus_text(enum h2k_vm_bus bus);       /* "SCSI" … */

/* All of it; a new reference. */
json_t *vm_json(const struct h2k_vm *vm);
/* All of it for a person, on standard output; -1 with the error. */
int vm_print(const struct h2k_vm *vm);

#endif
