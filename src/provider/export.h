/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Exporting a VM: its disks and its description into a directory, with an
 * Artifact Manifest; or its disks into somebody's hands as they arrive.
 *
 *     lease ─┐                              ┌─ NAME-disk1.vmdk (or the OVA)
 *     ranges ├─ a disk's bytes, in order ─┬─┤
 *     nbd   ─┘                            │ └─ SHA-256
 *                                         └─ the consumer: conversion
 *
 * Whatever ends it, no file has a final name that is not whole, the lease is
 * completed or aborted, and a snapshot that was made is removed.
 */
#ifndef H2K_PROVIDER_EXPORT_H
#define H2K_PROVIDER_EXPORT_H

#include "base/hash.h"
#include "provider/vm.h"

#include <hyper2kvm/manifest.h>

struct h2k_vsphere;

enum h2k_export_format { H2K_EXPORT_OVF, H2K_EXPORT_OVA };
enum h2k_export_transport {
    H2K_TRANSPORT_AUTO,      /* the lease; the datastore where there is none */
    H2K_TRANSPORT_LEASE,     /* streamOptimized VMDKs */
    H2K_TRANSPORT_DATASTORE, /* flat bytes, by parallel ranges */
    H2K_TRANSPORT_NBD,       /* flat bytes from nbd_uris */
};

/* What a disk's bytes are. */
enum h2k_export_bytes {
    H2K_BYTES_VMDK_STREAM, /* a streamOptimized VMDK from its first byte */
    H2K_BYTES_FLAT,        /* the virtual disk itself */
};

/*
 * Takes each disk's bytes as they arrive, beside the file or instead of it.
 * Calls for one disk come one after another, those for different disks from
 * different threads.  -1 with an error set ends the export.
 */
struct h2k_export_consumer {
    /* Before the first byte; again when the disk has to start again, and
     * what came before is then void.  CAPACITY: of the virtual disk, bytes. */
    int (*begin)(void *opaque, size_t disk, enum h2k_export_bytes what,
                 uint64_t capacity);
    int (*data)(void *opaque, size_t disk, const void *bytes, size_t count);
    /* All arrived; their SHA-256, and how many. */
    int (*end)(void *opaque, size_t disk,
               const char sha256[H2K_SHA256_HEX_SIZE], uint64_t size);
    void *opaque;
};

struct h2k_export_progress {
    /* DONE of TOTAL bytes of a disk (TOTAL grows where it was a guess).
     * Called from any thread, one at a time. */
    void (*bytes)(void *opaque, size_t disk, uint64_t done, uint64_t total);
    /* "creating a snapshot", "waiting for the lease", "disk 2 starts again:
     * …": a line for a person.  WARNING: goes into the manifest as well. */
    void (*message)(void *opaque, bool warning, const char *text);
    void *opaque;
};

struct h2k_export_request {
    const char *vm_id;     /* managed object id */
    const char *directory; /* made where it is missing */
    enum h2k_export_format format;
    enum h2k_export_transport transport;
    const char *const *nbd_uris; /* one a disk, in controller order */
    size_t nbd_uri_count;
    unsigned parallel; /* disks at once, and connections of ranges */
    bool power_off;    /* shut it down where it runs */
    bool snapshot;     /* export it running, from a snapshot */
    bool force;        /* replace what is there */
    bool resume;       /* go on with what an earlier run left */
    bool verify;       /* read the files again and compare */
    bool keep;         /* false: only the consumer gets the bytes */
    bool manifest;     /* write artifact-manifest.json */
    bool manifest_checksum;
    bool verify_manifest;
    const char *manifest_target;                /* output.format */
    const struct h2k_export_consumer *consumer; /* or NULL */
    struct h2k_export_progress progress;
};

struct h2k_export_disk {
    const struct h2k_vm_disk *vm_disk; /* in vm->disks */
    char *path;    /* of the file, NULL where it was not kept */
    uint64_t size; /* bytes that arrived */
    char sha256[H2K_SHA256_HEX_SIZE];
};

struct h2k_export {
    struct h2k_vm *vm;
    enum h2k_export_transport transport; /* the one that was used */
    struct h2k_export_disk *disks;       /* vm->disk_count of them */
    char *descriptor;              /* path of the .ovf or .ova, or NULL */
    char *manifest_path;           /* or NULL */
    struct h2k_manifest *manifest; /* what is in it, made in any case */
    char **warnings;
    size_t warning_count;
    double seconds; /* of the download */
};
/* 0, or -1 with the error; *OUT is cleared by the caller in both cases. */
int h2k_export_run(struct h2k_vsphere *vs,
                   const struct h2k_export_request *request,
                   struct h2k_export *out);
void h2k_export_clear(struct h2k_export *out);

/* What would be done, without doing it: the VM, its disks and the transport
 * that would be used, checks included (power, space, names that exist). */
int h2k_export_plan(struct h2k_vsphere *vs,
                    const struct h2k_export_request *request,
                    struct h2k_export *out);

#endif
