/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * A VM as it travels: an OVF with its files beside it, or an OVA, which is a
 * tar archive of the same (DSP0243 5).
 *
 * Opening one reads the envelope and the manifest of checksums, and finds
 * every disk's file.  The disks are opened by whoever wants their bytes.
 */
#ifndef H2K_OVF_PACKAGE_H
#define H2K_OVF_PACKAGE_H

#include "ovf/machine.h"

/* Where disk I of the machine is. */
struct h2k_ovf_source {
    char *path;     /* its file, or the OVA */
    char *member;   /* its name in the OVA; NULL for a file */
    char *checksum; /* of its file, as in struct h2k_manifest_disk; NULL:
                       none is known */
};

struct h2k_ovf_package {
    struct h2k_ovf_machine *machine;
    struct h2k_ovf_source *sources; /* machine->disk_count */
};

enum h2k_ovf_container { H2K_OVF_IN_FILES, H2K_OVF_IN_TAR };

/*
 * The OVF or OVA at PATH.  With VERIFY, the envelope must have the sum that
 * the manifest of checksums, where there is one, says: H2K_E_CHECKSUM.
 * Otherwise NULL with H2K_E_SOURCE (it, or a file that it needs, is not
 * there), or the errors of machine.h and block/tar.h; the message names the
 * file.  What is odd is a warning of the machine.
 */
struct h2k_ovf_package *h2k_ovf_package_open(const char *path,
                                             enum h2k_ovf_container container,
                                             bool verify);
void h2k_ovf_package_free(struct h2k_ovf_package *p); /* NULL is fine */
H2K_DEFINE_AUTO(h2k_ovf_package, h2k_ovf_package_free)

#endif
