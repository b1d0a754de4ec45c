/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* Where a vSphere server is, out of what a user writes. */
#ifndef H2K_PROVIDER_VSPHERE_ADDRESS_H
#define H2K_PROVIDER_VSPHERE_ADDRESS_H

struct h2k_vsphere_address {
    char *origin;   /* "https://host:port" */
    char *endpoint; /* "https://host:port/sdk" */
    char *username; /* decoded; NULL where there is none in it */
};
/* TEXT as in struct h2k_vsphere_login.  H2K_E_USAGE, without showing what
 * could be a password. */
int h2k_vsphere_address_parse(const char *text,
                              struct h2k_vsphere_address *address);
void h2k_vsphere_address_clear(struct h2k_vsphere_address *address);
#define H2K_AUTO_ADDRESS \
    __attribute__((      \
        cleanup(h2k_vsphere_address_clear))) struct h2k_vsphere_address

#endif
