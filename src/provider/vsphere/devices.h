/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Virtual hardware, out of the devices of a configuration. */
#ifndef H2K_PROVIDER_VSPHERE_DEVICES_H
#define H2K_PROVIDER_VSPHERE_DEVICES_H

#include "provider/vm.h"
#include "provider/vsphere/soap.h"

/* What DEVICES (an ArrayOfVirtualDevice, or a VirtualHardware) has of disks
 * and cards, into VM, which has none.  BOOT (a VirtualMachineBootOptions, or
 * NULL): disks of its bootOrder come first.  -1 with H2K_E_NOMEM or
 * H2K_E_CORRUPT. */
int h2k_disks_read(const xmlNode *devices, const xmlNode *boot,
                   struct h2k_vm *vm);
/* VM's power tells whether "connected" is what is now, or at the next start.
 * A card whose network is not told by name has the network's key for it:
 * h2k_nic_network. */
int h2k_nics_read(const xmlNode *devices, struct h2k_vm *vm);

/* What a card's network is known by. */
struct h2k_nic_network {
    const char *port_group; /* id of a DistributedVirtualPortgroup, or NULL */
    const char *opaque;     /* id of an opaque network (NSX), or NULL */
};
struct h2k_nic_network h2k_nic_network(const xmlNode *devices, int32_t key);

bool h2k_devices_have_tpm(const xmlNode *devices);
/* Is the backing of one of the disks encrypted? */
bool h2k_devices_are_encrypted(const xmlNode *devices);

#endif
