/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* A job whose source is an OVA or OVF: what is in it, as a manifest. */
#ifndef H2K_PIPELINE_PACKAGE_H
#define H2K_PIPELINE_PACKAGE_H

#include <hyper2kvm/manifest.h>

/* Is M's source an ova or ovf, whose disks are not known yet? */
bool h2k_package_is_closed(const struct h2k_manifest *m);

/*
 * M, which is such, with the disks, the machine and the NICs that the OVF
 * describes, and with what is odd about it as its warnings.  The disks are
 * "disk-0", "disk-1" … in the order of ovf/machine.h, with the checksums
 * that stand beside the OVF; the first is the one to boot.  NULL with the
 * errors of ovf/package.h and manifest/contents.h.
 */
struct h2k_manifest *h2k_package_open(const struct h2k_manifest *m);

#endif
