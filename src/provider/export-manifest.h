/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* The Artifact Manifest of an export: what was really found, and where it
 * lies. */
#ifndef H2K_PROVIDER_EXPORT_MANIFEST_H
#define H2K_PROVIDER_EXPORT_MANIFEST_H

#include "base/hash.h"
#include "provider/export.h"
#include "provider/vm.h"

/* One disk's file, in the order of vm->disks. */
struct h2k_export_manifest_file {
    const struct h2k_vm_disk *vm_disk;
    const char *name; /* relative to the manifest */
    /* A streamOptimized VMDK, or the flat bytes: "NAME-disk1-flat.vmdk",
     * which is raw, so that its checksum covers the disk. */
    enum h2k_export_bytes what;
    uint64_t size;      /* bytes of the file */
    const char *sha256; /* its hex digits, or NULL */
};

struct h2k_export_manifest {
    const struct h2k_vm *vm;
    enum h2k_export_transport transport; /* the one that was used */
    const struct h2k_export_manifest_file *files;
    size_t file_count;
    bool checksums;              /* write them */
    bool from_snapshot;          /* it ran: its memory stayed behind */
    const char *target;          /* output.format, NULL: qcow2 */
    const char *const *warnings; /* of the export's stage */
    size_t warning_count;
    const char *const *notes;
    size_t note_count;
};

/*
 * The manifest, checked, with paths relative to DIRECTORY.  What a person
 * should know of the VM itself (a TPM, raw mappings, independent or shared
 * disks, encryption, snapshots, a suspended state) is added to the
 * warnings.  Files need not exist.
 */
struct h2k_manifest *
h2k_export_manifest_build(const struct h2k_export_manifest *what,
                          const char *directory);

/* The warnings about VM that are added above, for --dry-run: calls WARN with
 * each. */
void h2k_export_manifest_vm_warnings(const struct h2k_vm *vm,
                                     void (*warn)(void *opaque,
                                                  const char *text),
                                     void *opaque);

/* Load the file that was written at PATH again, and check it with its files,
 * and their checksums where it has some.  PROGRESS may be NULL.  -1 with the
 * first error: H2K_E_VALIDATION where it is not what was to be written,
 * H2K_E_CHECKSUM, H2K_E_SOURCE. */
int h2k_export_manifest_verify(const char *path,
                               const struct h2k_export_progress *progress);

#endif
