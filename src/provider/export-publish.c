/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * Descriptors, checksums and manifest; then every file gets its name.  All
 * of them are whole and durable before the first one is renamed, and the
 * manifest, which says that the rest is there, is the last.
 */
#include "provider/export-job.h"

#include "base/log.h"
#include "provider/export-manifest.h"
#include "provider/file-name.h"
#include "provider/flat-descriptor.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct publish {
    struct h2k_export_job *job;
    size_t disk_count;
    bool flat;
    /* Of the OVF: of a flat disk its descriptor, then its extent. */
    struct h2k_ovf_file *files;
    size_t file_count;
    char **descriptor_names; /* of flat disks */
    struct h2k_output **descriptors;
    struct h2k_output *mf;
};

static void
publish_clear(struct publish *p)
{
    for (size_t i = 0; i < p->disk_count; i++) {
        if (p->descriptors != NULL)
            h2k_output_free(p->descriptors[i]);
        if (p->descriptor_names != NULL)
            free(p->descriptor_names[i]);
    }
    free(p->descriptors);
    free(p->descriptor_names);
    free(p->files);
    h2k_output_free(p->mf);
}

static int
publish_init(struct publish *p, struct h2k_export_job *job)
{
    size_t count = job->out->vm->disk_count;
    *p = (struct publish){
        .job = job,
        .disk_count = count,
        .flat = job->transport->what == H2K_BYTES_FLAT,
        .files = calloc(2 * count + 1, sizeof(*p->files)),
        .descriptor_names = calloc(count + 1, sizeof(char *)),
        .descriptors = calloc(count + 1, sizeof(*p->descriptors)),
    };
    if (p->files == NULL || p->descriptor_names == NULL ||
        p->descriptors == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    return 0;
}

/* ---- Small files ---- */

static int
write_text(struct h2k_output *output, const char *text)
{
    for (size_t left = strlen(text); left > 0;) {
        ssize_t n = write(h2k_output_fd(output), text, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return h2k_fail_errno(H2K_E_OUTPUT, "%s: cannot be written",
                                  h2k_output_path(output));
        text += n;
        left -= (size_t)n;
    }
    return 0;
}

static struct h2k_output *
new_text(struct h2k_export_job *job, const char *name, const char *text)
{
    h2k_autofree char *path = h2k_export_path(job, name);
    H2K_AUTO(h2k_output) output = path == NULL ? NULL : h2k_output_new(path);
    if (output == NULL || write_text(output, text) < 0)
        return NULL;
    return h2k_steal(output);
}

static int
hash_text(const char *text, char hex[H2K_SHA256_HEX_SIZE])
{
    uint8_t digest[H2K_SHA256_SIZE];
    H2K_AUTO(h2k_sha256) sha = h2k_sha256_new();
    if (sha == NULL || h2k_sha256_update(sha, text, strlen(text)) < 0 ||
        h2k_sha256_finish(sha, digest) < 0)
        return -1;
    h2k_sha256_hex(digest, hex);
    return 0;
}

/* ---- The OVF's files ---- */

static struct h2k_ovf_file *
add_file(struct publish *p, size_t disk)
{
    struct h2k_ovf_file *file = &p->files[p->file_count++];
    const struct h2k_export_disk *got = &p->job->out->disks[disk];
    *file = (struct h2k_ovf_file){
        .name = p->job->parts[disk].name,
        .size = got->size,
        .format = p->flat ? H2K_OVF_VMDK_FLAT : H2K_OVF_VMDK_STREAM,
    };
    memcpy(file->sha256, got->sha256, sizeof(file->sha256));
    return file;
}

/* NAME-disk1.vmdk, which says that NAME-disk1-flat.vmdk is the disk. */
static int
add_flat_descriptor(struct publish *p, size_t i)
{
    struct h2k_export_job *job = p->job;
    const struct h2k_vm_disk *disk = job->parts[i].disk;
    h2k_autofree char *text = h2k_flat_descriptor(
        job->parts[i].name, disk->capacity, disk->bus, disk->controller);
    p->descriptor_names[i] =
        h2k_export_disk_name(job->base, (unsigned)i + 1, ".vmdk");
    if (text == NULL || p->descriptor_names[i] == NULL)
        return -1;
    p->descriptors[i] = new_text(job, p->descriptor_names[i], text);
    if (p->descriptors[i] == NULL)
        return -1;
    struct h2k_ovf_file *file = add_file(p, i);
    file->name = p->descriptor_names[i];
    file->size = strlen(text);
    file->disk = disk;
    return hash_text(text, file->sha256);
}

static int
list_files(struct publish *p)
{
    for (size_t i = 0; i < p->disk_count; i++) {
        if (p->flat && add_flat_descriptor(p, i) < 0)
            return -1;
        struct h2k_ovf_file *file = add_file(p, i);
        if (!p->flat)
            file->disk = p->job->parts[i].disk;
    }
    return 0;
}

/* What the server says of the VM; NULL where it does not. */
static char *
server_descriptor(struct publish *p)
{
    struct h2k_export_job *job = p->job;
    h2k_autofree struct h2k_vsphere_ovf_file *files =
        calloc(p->disk_count + 1, sizeof(*files));
    if (files == NULL || p->flat)
        return NULL;
    for (size_t i = 0; i < p->disk_count; i++)
        files[i] = (struct h2k_vsphere_ovf_file){
            .device_key = job->parts[i].device_key,
            .path = job->parts[i].name,
            .size = job->out->disks[i].size,
            .capacity = job->parts[i].disk->capacity,
        };
    char *xml = h2k_vsphere_descriptor(job->vs, job->request->vm_id, files,
                                       p->disk_count);
    if (xml == NULL)
        h2k_log(H2K_LOG_INFO, "the server writes no descriptor: %s",
                h2k_errmsg());
    return xml;
}

static char *
make_ovf(struct publish *p)
{
    struct h2k_export_job *job = p->job;
    h2k_autofree char *xml = server_descriptor(p);
    h2k_autofree char *warning = NULL;
    char *text = h2k_ovf_choose(
        job->out->vm, xml, p->files, p->file_count,
        job->ova == NULL ? 0 : h2k_ova_ovf_room(job->ova), &warning);
    if (warning != NULL)
        h2k_export_warn(job, "%s", warning);
    return text;
}

static int
make_mf(struct publish *p, const char *ovf)
{
    h2k_autofree char *ovf_name = NULL, *mf_name = NULL;
    if (asprintf(&ovf_name, "%s.ovf", p->job->base) < 0 ||
        asprintf(&mf_name, "%s.mf", p->job->base) < 0)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    h2k_autofree char *text =
        h2k_ovf_manifest(ovf_name, ovf, strlen(ovf), p->files, p->file_count);
    if (text == NULL)
        return -1;
    p->mf = new_text(p->job, mf_name, text);
    return p->mf == NULL ? -1 : 0;
}

/* ---- The Artifact Manifest ---- */

static enum h2k_export_transport
transport_of(const struct h2k_export_job *job)
{
    if (job->transport == &h2k_transport_datastore)
        return H2K_TRANSPORT_DATASTORE;
    return job->transport == &h2k_transport_nbd ? H2K_TRANSPORT_NBD
                                                : H2K_TRANSPORT_LEASE;
}

/* Made in any case: a conversion begins with it. */
static int
make_manifest(struct h2k_export_job *job)
{
    struct h2k_export *out = job->out;
    size_t count = out->vm->disk_count;
    h2k_autofree struct h2k_export_manifest_file *files =
        calloc(count + 1, sizeof(*files));
    if (files == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++)
        files[i] = (struct h2k_export_manifest_file){
            .vm_disk = job->parts[i].disk,
            .name = job->parts[i].name,
            .what = job->transport->what,
            .size = out->disks[i].size,
            .sha256 = out->disks[i].sha256,
        };
    const char *directory =
        job->request->directory != NULL ? job->request->directory : ".";
    out->manifest = h2k_export_manifest_build(
        &(struct h2k_export_manifest){
            .vm = out->vm,
            .transport = transport_of(job),
            .files = files,
            .file_count = count,
            .checksums = job->request->manifest_checksum,
            .from_snapshot = job->running,
            .target = job->request->manifest_target,
            .warnings = (const char *const *)out->warnings,
            .warning_count = out->warning_count,
        },
        directory);
    return out->manifest == NULL ? -1 : 0;
}

/* ---- Names ---- */

static int
sync_all(struct publish *p)
{
    for (size_t i = 0; i < p->disk_count; i++)
        if (h2k_output_sync(p->job->parts[i].output) < 0 ||
            (p->flat && h2k_output_sync(p->descriptors[i]) < 0))
            return -1;
    return h2k_output_sync(p->job->ovf) < 0 ? -1 : h2k_output_sync(p->mf);
}

/* One that is to be replaced tells of files that are no more. */
static int
remove_old_manifest(struct h2k_export_job *job)
{
    h2k_autofree char *path = h2k_export_path(job, "artifact-manifest.json");
    if (path == NULL)
        return -1;
    if (job->request->manifest && unlink(path) < 0 && errno != ENOENT)
        return h2k_fail_errno(H2K_E_OUTPUT, "%s: cannot be replaced", path);
    return 0;
}

static int
rename_all(struct publish *p)
{
    struct h2k_export_job *job = p->job;
    if (remove_old_manifest(job) < 0)
        return -1;
    for (size_t i = 0; i < p->disk_count; i++) {
        if (h2k_output_publish(job->parts[i].output) < 0 ||
            (p->flat && h2k_output_publish(p->descriptors[i]) < 0))
            return -1;
        job->out->disks[i].path = h2k_steal(job->parts[i].path);
    }
    if (h2k_output_publish(job->ovf) < 0 || h2k_output_publish(p->mf) < 0)
        return -1;
    job->out->descriptor = h2k_export_base_path(job, ".ovf");
    return job->out->descriptor == NULL ? -1 : 0;
}

static int
write_manifest(struct h2k_export_job *job)
{
    if (!job->request->manifest)
        return 0;
    h2k_autofree char *path = h2k_export_path(job, "artifact-manifest.json");
    if (path == NULL || h2k_manifest_write(job->out->manifest, path) < 0)
        return -1;
    if (job->request->verify_manifest) {
        h2k_export_say(job, "checking the manifest and its files");
        if (h2k_export_manifest_verify(path, &job->request->progress) < 0) {
            unlink(path); /* it would be believed */
            return h2k_prefix("the manifest, read again (it is removed): ");
        }
    }
    job->out->manifest_path = h2k_steal(path);
    return 0;
}

static int
publish_ovf(struct publish *p)
{
    struct h2k_export_job *job = p->job;
    if (list_files(p) < 0)
        return -1;
    h2k_autofree char *ovf = make_ovf(p);
    if (ovf == NULL || write_text(job->ovf, ovf) < 0 || make_mf(p, ovf) < 0 ||
        make_manifest(job) < 0 || sync_all(p) < 0 ||
        (job->request->verify && h2k_export_verify(job) < 0) ||
        rename_all(p) < 0)
        return -1;
    return write_manifest(job);
}

static int
publish_ova(struct publish *p)
{
    struct h2k_export_job *job = p->job;
    if (list_files(p) < 0)
        return -1;
    h2k_autofree char *ovf = make_ovf(p);
    if (ovf == NULL || make_manifest(job) < 0 ||
        (job->request->verify && h2k_export_verify(job) < 0) ||
        h2k_ova_finish(job->ova, ovf) < 0)
        return -1;
    job->out->descriptor = h2k_export_base_path(job, ".ova");
    return job->out->descriptor == NULL ? -1 : 0;
}

int
h2k_export_publish(struct h2k_export_job *job)
{
    job->out->transport = transport_of(job);
    if (!job->request->keep)
        return make_manifest(job);
    struct publish p;
    int rc = publish_init(&p, job);
    if (rc == 0)
        rc = job->ova != NULL ? publish_ova(&p) : publish_ovf(&p);
    publish_clear(&p);
    return rc;
}
