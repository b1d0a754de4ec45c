/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What VMware's guest ids (VirtualMachineGuestOsIdentifier) mean to others. */
#ifndef H2K_OVF_GUEST_ID_H
#define H2K_OVF_GUEST_ID_H

/* The CIM_OperatingSystem.OSType of a guest id, as an OVF wants it: 1
 * (other) or 102 (other, 64 bits) for one that it has no number for, and for
 * NULL. */
unsigned h2k_guest_id_cim(const char *guest_id);

/* A manifest's os_hint ("debian", "windows" …) of a guest id, and of a CIM
 * number; NULL for what is not known.  Static. */
const char *h2k_guest_id_hint(const char *guest_id);
const char *h2k_guest_cim_hint(unsigned cim);

/* The version that a guest id tells ("12"), in TEXT or static; or NULL. */
const char *h2k_guest_id_version(const char *guest_id, char text[64]);

#endif
