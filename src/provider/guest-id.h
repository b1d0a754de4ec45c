/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What VMware's guest ids (VirtualMachineGuestOsIdentifier) mean to others. */
#ifndef H2K_PROVIDER_GUEST_ID_H
#define H2K_PROVIDER_GUEST_ID_H

/* The CIM_OperatingSystem.OSType of a guest id, as an OVF wants it: 1
 * (other) or 102 (other, 64 bits) for one that it has no number for, and for
 * NULL. */
unsigned h2k_guest_id_cim(const char *guest_id);

#endif
