/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What a lease serves: HttpNfcLeaseInfo and its HttpNfcLeaseDeviceUrl, read
 * as what a server sent that may be anybody's.
 */
#ifndef H2K_PROVIDER_VSPHERE_LEASE_FILES_H
#define H2K_PROVIDER_VSPHERE_LEASE_FILES_H

#include "provider/vsphere/soap.h"
#include "provider/vsphere/vsphere.h"

#define H2K_LEASE_FILES_MAX 1000

struct h2k_lease_files {
    struct h2k_vsphere_lease_file *items;
    size_t count;
    unsigned timeout_ms; /* leaseTimeout: 1 s to a day; 5 min where unsaid */
};
void h2k_lease_files_clear(struct h2k_lease_files *files);
#define H2K_AUTO_LEASE_FILES \
    __attribute__((cleanup(h2k_lease_files_clear))) struct h2k_lease_files

/*
 * INFO, an HttpNfcLeaseInfo, into FILES, which is { 0 }.  ORIGIN is where the
 * client is connected to ("https://host:443"): a URL's host of '*' becomes
 * its host, and a URL without TLS is taken only from and at a server that is
 * spoken to without.  VM's disks are what the files' keys are matched with;
 * in a SNAPSHOT its independent disks are missing.  H2K_E_CORRUPT,
 * H2K_E_SOURCE.
 */
int h2k_lease_files_read(const xmlNode *info, const char *origin,
                         const struct h2k_vm *vm, bool snapshot,
                         struct h2k_lease_files *files);

/* Is it another host than ORIGIN's that serves URL? */
bool h2k_lease_url_is_foreign(const char *url, const char *origin);

#endif
