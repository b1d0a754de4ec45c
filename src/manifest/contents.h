/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What is in an ova or ovf, once somebody has opened it. */
#ifndef H2K_MANIFEST_CONTENTS_H
#define H2K_MANIFEST_CONTENTS_H

#include <hyper2kvm/manifest.h>

struct h2k_manifest_contents {
    const char *vm_name;                   /* or NULL */
    struct h2k_manifest_vm vm;             /* 0 and NULL: the default */
    const struct h2k_manifest_disk *disks; /* `local_path` is not used */
    size_t disk_count;
    const struct h2k_manifest_nic *nics;
    size_t nic_count;
    const char *const *warnings;
    size_t warning_count;
};

/*
 * The migration manifest M, whose source is an ova or ovf, with the disks
 * and all else that is in there, copied; its warnings are those.  It is
 * written and rebuilt as M is.  NULL with H2K_E_NOMEM, or H2K_E_USAGE where
 * an output would overwrite one of the disks.
 */
struct h2k_manifest *
h2k_manifest_with_contents(const struct h2k_manifest *m,
                           const struct h2k_manifest_contents *contents);

#endif
