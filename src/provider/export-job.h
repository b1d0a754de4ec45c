/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * What the files about one export share.
 *
 *     export.c            the steps, and what undoes them
 *     export-plan.c       may it be done: power, names, space
 *     export-transfer.c   the disks, several at once
 *     export-tee.c        one disk's bytes: hash, file, consumer
 *     export-resume.c     what an earlier run left
 *     export-check.c      the server's own sums; reading back
 *     export-publish.c    descriptors, manifests, final names
 *     vsphere/transport-*.c   where the bytes come from
 */
#ifndef H2K_PROVIDER_EXPORT_JOB_H
#define H2K_PROVIDER_EXPORT_JOB_H

#include "base/error.h"
#include "base/output.h"
#include "provider/export-tee.h"
#include "provider/export.h"
#include "provider/ova.h"
#include "provider/vsphere/vsphere.h"

#include <pthread.h>
#include <stdatomic.h>

struct h2k_export_job;
struct h2k_export_state;

/*
 * Where the bytes of the disks come from.  All return 0, or -1 with the
 * error; STATE is the transport's own.
 */
struct h2k_transport_ops {
    const char *name; /* "NFC lease" */
    enum h2k_export_bytes what;
    /* Ask the server; H2K_E_UNSUPPORTED where it cannot do it this way.
     * Sets what is known of job->parts[].total. */
    int (*open)(struct h2k_export_job *job, void **state);
    /* All bytes of one disk into TEE: begins it, and starts again or goes on
     * as the transport can.  Any number of disks at once, each in a thread
     * of its own. */
    int (*disk)(void *state, size_t disk, struct h2k_tee *tee);
    /* DONE of TOTAL bytes of all disks; any thread.  May be NULL. */
    void (*progress)(void *state, uint64_t done, uint64_t total);
    /* All disks came: compare with what the server knows, and tell it that
     * it is over.  May be NULL. */
    int (*finish)(void *state);
    /* Ends it in any case, and keeps the thread's error. */
    void (*close)(void *state);
};
extern const struct h2k_transport_ops h2k_transport_lease;
extern const struct h2k_transport_ops h2k_transport_datastore;
extern const struct h2k_transport_ops h2k_transport_nbd;

/* A disk on its way; beside out->disks[i]. */
struct h2k_export_part {
    const struct h2k_vm_disk *disk; /* in vm->disks */
    char *name;                     /* of the file with the bytes */
    char *path;                     /* where it will be, or NULL */
    char *device_key;               /* the lease's, or NULL */
    struct h2k_output *output;      /* or NULL */
    uint64_t kept; /* bytes in it from an earlier run, and right */
    bool complete; /* all of it was there from an earlier run */
    bool done;     /* arrived and stored */
    char sha1[41]; /* of what came by a lease; or "" */
    atomic_ullong arrived;
    atomic_ullong total; /* bytes to come, perhaps a guess */
};

struct h2k_export_job {
    struct h2k_vsphere *vs;
    const struct h2k_export_request *request;
    struct h2k_export *out;        /* vm, disks and warnings fill up */
    char *base;                    /* of the names of files */
    struct h2k_export_part *parts; /* vm->disk_count of them */

    const struct h2k_transport_ops *transport;
    void *transport_state;

    char *snapshot; /* managed object id of ours, to be removed; or NULL */
    char *snapshot_name;
    bool running; /* from a snapshot of a VM that runs */

    struct h2k_output *ovf; /* where the files are an OVF's, or NULL */
    struct h2k_ova *ova;    /* where they go into an OVA, or NULL */
    bool made_directory;
    struct h2k_export_state *earlier; /* what an earlier run left, or NULL */
    bool state_begun;                 /* its file is ours, to be removed */
    bool spoiled;                     /* what came is wrong: nothing is kept */
    bool snapshot_used; /* what came is of a snapshot that goes */

    /* Over calls of progress, out->warnings, and what is saved of a part. */
    pthread_mutex_t lock;
    atomic_bool cancelled; /* a disk failed: the others end */
};

/* The VM's name, for messages. */
const char *h2k_export_vm_name(const struct h2k_export_job *job);

/* A line for a person, or one that also goes into the manifest. */
void h2k_export_say(struct h2k_export_job *job, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void h2k_export_warn(struct h2k_export_job *job, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- export-plan.c ---- */

/* The VM's facts, the names of files, and whether it may be done. */
int h2k_export_prepare(struct h2k_export_job *job);
/* By this transport: whether it can, and the names that its files get. */
int h2k_export_use(struct h2k_export_job *job,
                   const struct h2k_transport_ops *transport);
/* The path of a file of this export, "BASE" + SUFFIX in its directory; the
 * caller frees it. */
char *h2k_export_path(const struct h2k_export_job *job, const char *name);
char *h2k_export_base_path(const struct h2k_export_job *job,
                           const char *suffix);

/* ---- export-transfer.c ---- */

/* Every disk that is not done, as many at once as asked. */
int h2k_export_transfer(struct h2k_export_job *job);

/* ---- export-resume.c ---- */

/* The directory, and the OVF or OVA in it, which no other run can then make.
 */
int h2k_export_lock(struct h2k_export_job *job);
/* What an earlier run into this directory left, if that was the same VM.  A
 * snapshot among it is used again where that helps, and removed otherwise. */
int h2k_export_read_state(struct h2k_export_job *job);
/* The files, with what was left where it can be gone on with. */
int h2k_export_open_outputs(struct h2k_export_job *job);
/* Write down where it stands, for a later run.  Under job->lock, or before
 * there are other threads. */
int h2k_export_save_state(struct h2k_export_job *job);
/* After a failure: what a later run can go on with stays, with the state,
 * the rest goes.  After success: the state goes.  Keeps the error. */
void h2k_export_end_state(struct h2k_export_job *job, bool failed);

/* ---- export-check.c ---- */

/* What the server counted, against what came.  SUM may lack any part. */
int h2k_export_compare_sum(struct h2k_export_job *job, size_t disk,
                           const struct h2k_vsphere_lease_sum *sum);
/* Read the files again and compare. */
int h2k_export_verify(struct h2k_export_job *job);

/* ---- export-publish.c ---- */

/* Descriptor, checksums and manifest; then every file gets its name. */
int h2k_export_publish(struct h2k_export_job *job);

#endif
