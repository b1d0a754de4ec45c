/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What has to be known of a VM before it is changed, and how messages name
 * it. */
#ifndef H2K_PROVIDER_VSPHERE_SUBJECT_H
#define H2K_PROVIDER_VSPHERE_SUBJECT_H

#include "provider/vsphere/internal.h"

struct h2k_vsphere_subject {
    const char *id; /* the caller's */
    char *text;     /* "VM web-01" */
    enum h2k_vm_power power;
    bool tools_run;
};
/* Read from the server now.  SUBJECT is { 0 }. */
int h2k_vsphere_subject(struct h2k_vsphere *vs, const char *vm_id,
                        struct h2k_vsphere_subject *subject);
void h2k_vsphere_subject_clear(struct h2k_vsphere_subject *subject);
#define H2K_AUTO_SUBJECT \
    __attribute__((      \
        cleanup(h2k_vsphere_subject_clear))) struct h2k_vsphere_subject

#endif
