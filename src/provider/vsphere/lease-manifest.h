/* SPDX-License-Identifier: LGPL-3.0-or-later */
#ifndef H2K_PROVIDER_VSPHERE_LEASE_MANIFEST_H
#define H2K_PROVIDER_VSPHERE_LEASE_MANIFEST_H

#include "provider/vsphere/soap.h"
#include "provider/vsphere/vsphere.h"

/* The response of HttpNfcLeaseGetManifest, as h2k_vsphere_lease_manifest
 * gives it. */
int h2k_lease_manifest_read(const xmlNode *response,
                            struct h2k_vsphere_lease_sum **sums,
                            size_t *count);

#endif
