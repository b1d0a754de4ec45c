/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What an export needs, asked before anything is done. */
#include "provider/export-job.h"

#include "base/buffer.h"
#include "base/checked.h"
#include "provider/file-name.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define GIB (UINT64_C(1) << 30)
#define MIB (UINT64_C(1) << 20)

/* ---- The VM ---- */

/* May a VM that runs, or is suspended, be exported as asked? */
static int
check_power(const struct h2k_export_job *job)
{
    const struct h2k_export_request *r = job->request;
    const struct h2k_vm *vm = job->out->vm;
    if (r->power_off && r->snapshot)
        return h2k_fail(H2K_E_USAGE, "--power-off and --snapshot exclude each "
                                     "other: choose one");
    if (vm->power == H2K_VM_OFF || r->power_off || r->snapshot)
        return 0;
    return h2k_fail(H2K_E_USAGE,
                    "VM %s is %s: shut it down, or use --power-off (it is "
                    "shut down and stays off) or --snapshot (it goes on; "
                    "what it writes from then on is not exported)",
                    vm->name,
                    vm->power == H2K_VM_ON ? "running" : "suspended");
}

static int
check_disks(const struct h2k_export_job *job)
{
    const struct h2k_vm *vm = job->out->vm;
    if (vm->disk_count == 0)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "VM %s has no disks: there is nothing to export",
                        vm->name);
    if (!job->request->snapshot || vm->power == H2K_VM_OFF)
        return 0;
    for (size_t i = 0; i < vm->disk_count; i++)
        if (vm->disks[i].independent)
            return h2k_fail(H2K_E_UNSUPPORTED,
                            "VM %s: %s is independent, so that a snapshot "
                            "does not hold it still: use --power-off",
                            vm->name, vm->disks[i].label);
    return 0;
}

static int
check_vm(const struct h2k_export_job *job)
{
    const struct h2k_vm *vm = job->out->vm;
    if (vm->encrypted)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "VM %s is encrypted, and vSphere exports no encrypted "
                        "disks: decrypt it first (its storage policy)",
                        vm->name);
    if (check_power(job) < 0)
        return -1;
    return check_disks(job);
}

/* A name "disk-000002.vmdk": changes over another disk, since a snapshot. */
static bool
is_delta(const char *backing)
{
    size_t length = strlen(backing);
    if (length < 12 || strcmp(backing + length - 5, ".vmdk") != 0 ||
        backing[length - 12] != '-')
        return false;
    for (size_t i = length - 11; i < length - 5; i++)
        if (!isdigit((unsigned char)backing[i]))
            return false;
    return true;
}

/* Can the disk's flat bytes be read from its datastore? */
static int
check_flat(const struct h2k_export_job *job, const struct h2k_vm_disk *disk)
{
    const char *name = h2k_export_vm_name(job);
    if (disk->backing == NULL)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "VM %s: %s is no file on a datastore: use "
                        "--transport lease",
                        name, disk->label);
    if (disk->raw_mapped)
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "VM %s: %s is a raw device mapping, whose bytes are "
                        "not on the datastore: use --transport lease",
                        name, disk->label);
    if (is_delta(disk->backing))
        return h2k_fail(H2K_E_UNSUPPORTED,
                        "VM %s: %s stands in the changes since a snapshot "
                        "(%s), which the datastore does not give as one disk: "
                        "remove the VM's snapshots, or use --transport lease",
                        name, disk->label, disk->backing);
    return 0;
}

/* ---- The transport ---- */

static int
check_transport(struct h2k_export_job *job)
{
    const struct h2k_export_request *r = job->request;
    const struct h2k_vm *vm = job->out->vm;
    if (r->transport == H2K_TRANSPORT_NBD &&
        r->nbd_uri_count != vm->disk_count)
        return h2k_fail(H2K_E_USAGE,
                        "VM %s has %zu disks, and %zu NBD addresses are "
                        "given: one is needed for each, in the order of "
                        "--vm-info",
                        vm->name, vm->disk_count, r->nbd_uri_count);
    bool datastore = job->transport == &h2k_transport_datastore;
    for (size_t i = 0; datastore && i < vm->disk_count; i++)
        if (check_flat(job, &vm->disks[i]) < 0)
            return -1;
    if (r->format == H2K_EXPORT_OVA && r->keep) {
        if (job->transport->what == H2K_BYTES_FLAT)
            return h2k_fail(H2K_E_USAGE,
                            "an OVA holds streamOptimized disks, which come "
                            "by --transport lease only: use that, or "
                            "--format ovf");
        if (r->manifest)
            return h2k_fail(H2K_E_USAGE,
                            "an Artifact Manifest names disk files, and an "
                            "OVA has them inside: use --format ovf, or leave "
                            "--manifest out");
    }
    return 0;
}

/* ---- Names ---- */

char *
h2k_export_path(const struct h2k_export_job *job, const char *name)
{
    char *path = NULL;
    const char *directory = job->request->directory;
    size_t length = strlen(directory);
    const char *slash = length > 0 && directory[length - 1] == '/' ? "" : "/";
    if (asprintf(&path, "%s%s%s", directory, slash, name) < 0)
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    return path;
}

char *
h2k_export_base_path(const struct h2k_export_job *job, const char *suffix)
{
    h2k_autofree char *name = NULL;
    if (asprintf(&name, "%s%s", job->base, suffix) < 0) {
        name = NULL;
        return h2k_fail_null(H2K_E_NOMEM, "out of memory");
    }
    return h2k_export_path(job, name);
}

static int
name_parts(struct h2k_export_job *job)
{
    bool flat = job->transport->what == H2K_BYTES_FLAT;
    const struct h2k_vm *vm = job->out->vm;
    bool files = job->request->keep && job->request->format == H2K_EXPORT_OVF;
    for (size_t i = 0; i < vm->disk_count; i++) {
        struct h2k_export_part *part = &job->parts[i];
        part->disk = &vm->disks[i];
        atomic_store(&part->total, vm->disks[i].capacity);
        free(part->name);
        free(part->path);
        part->path = NULL;
        part->name = h2k_export_disk_name(job->base, (unsigned)i + 1,
                                          flat ? "-flat.vmdk" : ".vmdk");
        if (part->name == NULL)
            return -1;
        if (files) {
            part->path = h2k_export_path(job, part->name);
            if (part->path == NULL)
                return -1;
        }
    }
    return 0;
}

static void
add_if_there(const struct h2k_export_job *job, const char *name,
             struct h2k_buffer *found)
{
    h2k_autofree char *path = h2k_export_path(job, name);
    struct stat st;
    if (path == NULL)
        found->failed = true;
    else if (lstat(path, &st) == 0)
        h2k_buffer_addf(found, "%s%s", found->size > 0 ? ", " : "", name);
}

/* Every name that the export will give, those that are taken in FOUND. */
static void
find_taken(const struct h2k_export_job *job, struct h2k_buffer *found)
{
    static const char *const ovf[] = { ".ovf", ".mf", NULL };
    static const char *const ova[] = { ".ova", NULL };
    bool is_ova = job->request->format == H2K_EXPORT_OVA;
    for (const char *const *s = is_ova ? ova : ovf; *s != NULL; s++) {
        h2k_autofree char *name = NULL;
        if (asprintf(&name, "%s%s", job->base, *s) < 0) {
            name = NULL;
            found->failed = true;
            return;
        }
        add_if_there(job, name, found);
    }
    for (size_t i = 0; !is_ova && i < job->out->vm->disk_count; i++) {
        h2k_autofree char *vmdk =
            h2k_export_disk_name(job->base, (unsigned)i + 1, ".vmdk");
        if (vmdk == NULL) {
            found->failed = true;
            return;
        }
        add_if_there(job, vmdk, found);
        if (job->transport->what == H2K_BYTES_FLAT)
            add_if_there(job, job->parts[i].name, found);
    }
    if (job->request->manifest)
        add_if_there(job, "artifact-manifest.json", found);
}

static int
check_names(const struct h2k_export_job *job)
{
    const struct h2k_export_request *r = job->request;
    if (!r->keep || r->force || r->resume)
        return 0;
    H2K_AUTO_BUFFER found = { 0 };
    find_taken(job, &found);
    if (h2k_buffer_check(&found) < 0)
        return -1;
    if (found.size == 0)
        return 0;
    return h2k_fail(H2K_E_OUTPUT,
                    "%s: there already: %s; use --force to replace, or "
                    "choose another --output",
                    r->directory, h2k_buffer_text(&found));
}

int
h2k_export_use(struct h2k_export_job *job,
               const struct h2k_transport_ops *transport)
{
    job->transport = transport;
    if (check_transport(job) < 0 || name_parts(job) < 0)
        return -1;
    return check_names(job);
}

/* ---- Room ---- */

/* Free bytes for us where DIRECTORY is, or will be made. */
static int
free_bytes(const char *directory, uint64_t *bytes)
{
    h2k_autofree char *at = strdup(directory);
    if (at == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    struct statvfs fs;
    while (statvfs(at[0] != '\0' ? at : ".", &fs) < 0) {
        if (errno != ENOENT || at[0] == '\0')
            return h2k_fail_errno(H2K_E_OUTPUT, "output directory %s", at);
        size_t n = strlen(at);
        while (n > 0 && at[n - 1] == '/')
            n--;
        while (n > 0 && at[n - 1] != '/')
            n--;
        at[n] = '\0';
    }
    if (ckd_mul(bytes, (uint64_t)fs.f_bavail, (uint64_t)fs.f_frsize))
        *bytes = UINT64_MAX;
    return 0;
}

/*
 * What is surely needed: what thin disks take on their datastores.  A thick
 * one takes its capacity whatever is in it, and zeros are neither sent by a
 * lease nor stored of flat bytes, so it may fit all the same: then a full
 * disk ends the export later, and it is said now.
 */
static int
check_room(struct h2k_export_job *job)
{
    const struct h2k_vm *vm = job->out->vm;
    uint64_t capacity = 0, room = 0;
    bool thin = true;
    for (size_t i = 0; i < vm->disk_count; i++) {
        thin = thin && vm->disks[i].thin;
        if (ckd_add(&capacity, capacity, vm->disks[i].capacity))
            capacity = UINT64_MAX;
    }
    if (free_bytes(job->request->directory, &room) < 0)
        return -1;
    uint64_t known = h2k_min_u64(vm->committed, capacity);
    if (thin && known > 0 && room < known)
        return h2k_fail(H2K_E_OUTPUT,
                        "%s: %" PRIu64 " MiB are free, and the disks of VM "
                        "%s take %" PRIu64 " MiB: make room there, or choose "
                        "another --output",
                        job->request->directory, room / MIB, vm->name,
                        h2k_div_up(known, MIB));
    if (room < (known > 0 ? known : capacity))
        h2k_export_say(job,
                       "%s has %.1f GiB free, and the disks have up to %.1f "
                       "GiB: it may become full",
                       job->request->directory, (double)room / (double)GIB,
                       (double)(known > 0 ? known : capacity) / (double)GIB);
    return 0;
}

/* ---- All of it ---- */

static const struct h2k_transport_ops *
first_transport(enum h2k_export_transport asked)
{
    switch (asked) {
    case H2K_TRANSPORT_DATASTORE:
        return &h2k_transport_datastore;
    case H2K_TRANSPORT_NBD:
        return &h2k_transport_nbd;
    case H2K_TRANSPORT_AUTO:
    case H2K_TRANSPORT_LEASE:
        break;
    }
    return &h2k_transport_lease;
}

static int
read_vm(struct h2k_export_job *job)
{
    struct h2k_vm *vm = h2k_vsphere_vm(job->vs, job->request->vm_id);
    if (vm == NULL)
        return -1;
    job->out->vm = vm;
    job->base = h2k_export_file_name(vm->name);
    job->parts = calloc(vm->disk_count + 1, sizeof(*job->parts));
    job->out->disks = calloc(vm->disk_count + 1, sizeof(*job->out->disks));
    if (job->base == NULL || job->parts == NULL || job->out->disks == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < vm->disk_count; i++)
        job->out->disks[i].vm_disk = &vm->disks[i];
    return 0;
}

int
h2k_export_prepare(struct h2k_export_job *job)
{
    if (read_vm(job) < 0 || check_vm(job) < 0 ||
        h2k_export_use(job, first_transport(job->request->transport)) < 0)
        return -1;
    return job->request->keep ? check_room(job) : 0;
}
